"""Forms of the Russian words of the shipped codebooks, worked out once.

The dictionary needs most of a second to inflect some five thousand words; reading them takes a few hundredths.
The file is written by ``python -m loyalty_analytics.causes.forms`` and a test keeps it in step with the codebooks;
words of a client's own codebook are inflected when they are met.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from pathlib import Path

__all__ = ["inflected", "packed", "shipped", "vocabulary"]

_NAME = "forms.txt"


@cache
def shipped() -> dict[str, str]:
    """Packed forms by word: the common beginning and the endings, «цен|а,ы,е»; words of one lexeme share them."""
    file = files(__package__) / _NAME
    if not file.is_file():
        return {}
    lines = file.read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines)
    return {word: forms for words, forms in pairs for word in words.split(",")}


def inflected(lemma: str) -> list[str] | None:
    """Forms of a word if it is among the shipped ones.

    >>> sorted(inflected("цена"))[:3]
    ['цен', 'цена', 'ценам']
    """
    found = shipped().get(lemma)
    if found is None:
        return None
    stem, _, endings = found.partition("|")
    return [stem + ending for ending in endings.split(",")]


def packed(forms: set[str]) -> str:
    """Forms in short.

    >>> packed({"цена", "цены"})
    'цен|а,ы'
    """
    first, last = min(forms), max(forms)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), min(len(first), len(last)))
    stem = first[:same]
    return f"{stem}|{','.join(sorted(form[len(stem) :] for form in forms))}"


def vocabulary() -> list[str]:
    """Russian words of the shipped codebooks and of the lexicon that may be inflected."""
    from .codebook import SHIPPED, read_codebook, read_lexicon

    texts = {text for words in read_lexicon("ru").values() for text in words}
    for name in SHIPPED:
        # From the package alone, whatever folder we stand in.
        texts |= {rule.text for rule in read_codebook(name, root=Path("/")).rules.values() if rule.language == "ru"}
    atoms = {
        atom
        for text in texts
        for word in text.replace("&", " ").replace("_", "|").split()
        for atom in word.rstrip("?").split("|")
    }
    return sorted(
        atom for atom in atoms if atom and atom[0] not in "=.#" and not atom.endswith("*") and not atom.isascii()
    )


def _write() -> None:
    from .text import analysed_forms

    words: dict[str, list[str]] = {}
    for word in vocabulary():
        words.setdefault(packed(analysed_forms(word)), []).append(word)
    lines = [f"{','.join(same)} {forms}" for forms, same in words.items()]
    Path(str(files(__package__) / _NAME)).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    _write()
