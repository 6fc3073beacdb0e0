"""Short answers of clients, put together from clauses with known cause and tone."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Writer"]

_VARIANTS = re.compile(r"\{([^{}]*)\}")
_PLAIN = re.compile(r"[А-ЯЁ](?![А-ЯЁ])")
_NAMES = ("Анастасия", "Ольга", "Вадим", "Регина", "Регину", "Степан")


@dataclass
class Writer:
    """Writes texts from the clauses of a vocabulary; no clause is taken again before its fellows.

    Parameters
    ----------
    words : mapping with ``causes`` {cause: {tone: clauses}}, ``special``, ``joints``, ``starts``, ``ends``
    rng : numpy Generator
    """

    words: Any
    rng: np.random.Generator
    _decks: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    _seen: set[str] = field(default_factory=set)

    def clause(self, cause: str, tone: str) -> str:
        """Next clause of a cause in a tone, its variants drawn."""
        deck = self._decks.setdefault((cause, tone), [])
        if not deck:
            source = self.words["special"].get(cause) or self.words["causes"][cause]
            clauses = list(source[tone])
            deck.extend(clauses[i] for i in self.rng.permutation(len(clauses)))
        return _VARIANTS.sub(self._draw, deck.pop())

    def _draw(self, match: re.Match[str]) -> str:
        return str(self.rng.choice(match.group(1).split("|")))

    def cause(self, topic: str) -> str:
        """Cause that a topic counts to."""
        special = self.words["special"].get(topic)
        return str(special["cause"]) if special else topic

    def write(self, said: list[tuple[str, str]], opening: str = "") -> str:
        """One text that says all of ``said`` (cause, tone), not written before where sixty tries find one."""
        for _ in range(60):
            text = self._compose(said, opening)
            # The same words behind another opening are the same text to a reader.
            core = _letters(text.removeprefix(opening))
            if core not in self._seen:
                break
        self._seen.add(core)
        return text

    def _compose(self, said: list[tuple[str, str]], opening: str) -> str:
        parts = [self.clause(*one) for one in said]
        text = parts[0]
        for (before, after), part in zip(itertools.pairwise(said), parts[1:]):
            turn = f"{before[1]}_{after[1]}"
            joints = self.words["joints"]
            joint = str(self.rng.choice(joints.get(turn, joints["same"])))
            text += joint + (part if joint.rstrip(" ").endswith(".") else _lower(part))
        start = opening or str(self.rng.choice(self.words["starts"]))
        text = start + _lower(text) if start else text
        if self.rng.random() < 0.06:
            text = self._slip(text)
        if self.rng.random() < 0.13:
            return _lower(text)
        end = str(self.rng.choice(self.words["ends"][said[-1][1]]))
        return text + (end if end.startswith(("!", ".", ")")) else "." + end)

    def _slip(self, text: str) -> str:
        """Two neighbouring letters swapped or one lost, as on a phone."""
        long = list(re.finditer(r"[а-яё]{7,}", text))
        if not long:
            return text
        word = long[int(self.rng.integers(len(long)))]
        at = word.start() + int(self.rng.integers(2, len(word.group()) - 2))
        if self.rng.random() < 0.5:
            return text[:at] + text[at + 1 :]
        return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _letters(text: str) -> str:
    return "".join(letter for letter in text.split(": ")[-1].lower() if letter.isalpha())


def _lower(text: str) -> str:
    return text[0].lower() + text[1:] if _PLAIN.match(text) and not text.startswith(_NAMES) else text
