"""Codebooks: causes, the words that show them, who owns them and what to do; read from YAML.

A codebook of a client lies in ``params/codebooks/<name>.yaml`` and usually extends a shipped one.
A fault is an error that names the file and the line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path

import yaml

from ..errors import ParamsError, nearest

__all__ = ["SHIPPED", "Cause", "Codebook", "CodebookError", "Rule", "read_codebook"]

SHIPPED = ("general", "radio", "bank", "clinic", "restaurant", "retail")
LANGUAGES = ("ru", "en")
OWNERS = ("front", "middle", "top")
#: words: about this cause; hints: the same where nothing surer stands in the sentence; positive, negative: about
#: it, with a sign; not: looks like it and is not.
KINDS = ("words", "hints", "positive", "negative", "not")
_CAUSE_KEYS = ("title", "owner", "advice", *LANGUAGES)
_TOP_KEYS = ("codebook", "extends", "title", "causes", "opinions")


#: A phrase of plain words and choices of them needs no closer look.
_SOUND = re.compile(r"=?[\w-]+(?:\|=?[\w-]+)*(?: (?:\.\.\.? )?=?[\w-]+(?:\|=?[\w-]+)*)*")


class CodebookError(ParamsError):
    """A codebook has a fault; ``file`` and ``line`` say where."""

    def __init__(self, problem: str, cure: str = "", *, file: str = "", line: int | None = None) -> None:
        self.file, self.line = file, line
        place = ", ".join(part for part in (file, f"line {line}" if line else "") if part)
        super().__init__(f"{place}: {problem}" if place else problem, cure)


@dataclass(frozen=True)
class Rule:
    """One line of a codebook: a word or phrase and what it shows."""

    cause: str | None
    kind: str
    text: str
    language: str

    @property
    def name(self) -> str:
        """What `tag` puts in its column ``rule``."""
        return f"{self.cause or 'opinion'}:{self.kind}:{self.text}"


@dataclass
class Cause:
    """A cause with its names, its owner and the advice."""

    name: str
    title: dict[str, str] = field(default_factory=dict)
    owner: str = "middle"
    advice: dict[str, str] = field(default_factory=dict)


@dataclass
class Codebook:
    """Causes in two levels (``staff``, ``staff.contact``) and the rules that find them."""

    name: str
    causes: dict[str, Cause]
    rules: dict[tuple[str | None, str, str], Rule]
    #: the texts that it was read from; two codebooks of the same texts are the same
    sources: tuple[str, ...] = ()

    def title(self, cause: str, language: str) -> str:
        """Name of a cause for readers.

        >>> read_codebook("general").title("price.level", "en")
        'price level'
        """
        known = self.causes.get(cause)
        return (known.title.get(language) if known else None) or cause


def _fail(node: yaml.Node, file: str, problem: str, cure: str = "") -> None:
    raise CodebookError(problem, cure, file=file, line=node.start_mark.line + 1)


def _pairs(node: yaml.Node, file: str, what: str) -> list[tuple[str, yaml.Node, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        _fail(node, file, f"{what} must be a list of names with values.", "Write «name: value» lines.")
        return []
    seen: set[str] = set()
    pairs = []
    for key, value in node.value:
        if key.value in seen:
            _fail(key, file, f"{key.value!r} stands twice in {what}.", "Join the two.")
        seen.add(key.value)
        pairs.append((str(key.value), key, value))
    return pairs


def _texts(node: yaml.Node, file: str, what: str) -> list[tuple[str, int]]:
    """Phrases and their lines: a list, or a block of text with commas between them."""
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            if not isinstance(item, yaml.ScalarNode) or not item.value.strip():
                _fail(item, file, f"{what} holds something that is no word or phrase.", "Put it in quotes.")
        return [(_plain(item.value), item.start_mark.line + 1) for item in node.value]
    if not isinstance(node, yaml.ScalarNode):
        _fail(node, file, f"{what} must be a list.", "Write «- word» lines or a block: «words: |».")
    first = node.start_mark.line + (2 if getattr(node, "style", None) == "|" else 1)
    return [
        (_plain(text), first + offset)
        for offset, line in enumerate(node.value.split("\n"))
        for text in line.split(",")
        if text.strip()
    ]


def _plain(text: str) -> str:
    return text.strip().lower().replace("ё", "е")


def _translated(node: yaml.Node, file: str, what: str) -> dict[str, str]:
    words: dict[str, str] = {}
    for language, key, value in _pairs(node, file, what):
        if language not in LANGUAGES:
            _fail(key, file, f"Unknown language {language!r} in {what}.", nearest(language, LANGUAGES))
        words[language] = str(value.value)
    return words


def _read_rules(book: Codebook, cause: str | None, language: str, node: yaml.Node, file: str) -> None:
    signs: dict[str, str] = {}
    for kind, key, value in _pairs(node, file, f"{cause or 'opinions'} in {language}"):
        if kind not in KINDS:
            _fail(key, file, f"Unknown kind of rule {kind!r}.", nearest(kind, KINDS))
        for text, item in _texts(value, file, kind):
            if signs.setdefault(text, kind) != kind:
                problem = f"{text!r} is both {signs[text]} and {kind} for {cause or 'opinions'}."
                raise CodebookError(problem, "Keep one.", file=file, line=item)
            fault = phrase_fault(text)
            if fault:
                cure = "See the page on causes for the signs of a phrase."
                raise CodebookError(f"{text!r}: {fault}.", cure, file=file, line=item)
            book.rules[cause, language, text] = Rule(cause, kind, text, language)


def phrase_fault(text: str) -> str:
    """What is wrong with a phrase, or nothing.

    >>> phrase_fault("цена ... высокий"), phrase_fault("... высокий")
    ('', 'a gap needs a word on both sides')
    """
    if _SOUND.fullmatch(text):
        return ""
    for part in text.split("&"):
        words = part.split()
        if not words:
            return "nothing stands on one side of &"
        if words[0] in ("..", "...") or words[-1] in ("..", "..."):
            return "a gap needs a word on both sides"
        for word in words:
            if word in ("..", "..."):
                continue
            options = word.rstrip("?").split("|")
            if not all(option.strip("=*#") for option in options):
                return f"{word!r} has an empty alternative"
            for part_word in (piece for option in options for piece in option.split("_")):
                if part_word.startswith("#") and part_word not in _classes():
                    return f"{part_word!r} is no class of words"
            if any(option.endswith("*") and len(option) < 4 for option in options):
                return f"{word!r} is too short a beginning: three letters at least"
    return ""


def _read_cause(book: Codebook, name: str, key: yaml.Node, node: yaml.Node, file: str) -> None:
    if name.count(".") > 1 or not all(part.isidentifier() for part in name.split(".")):
        _fail(
            key, file, f"{name!r} is no name of a cause.", "Write top or top.sub in plain letters, e.g. staff.contact."
        )
    cause = book.causes.setdefault(name, Cause(name))
    for word, place, value in _pairs(node, file, name):
        if word not in _CAUSE_KEYS:
            _fail(place, file, f"Unknown key {word!r} in {name}.", nearest(word, _CAUSE_KEYS))
        if word == "title":
            cause.title = {**cause.title, **_translated(value, file, "title")}
        elif word == "advice":
            cause.advice = {**cause.advice, **_translated(value, file, "advice")}
        elif word == "owner":
            if value.value not in OWNERS:
                _fail(value, file, f"Unknown owner {value.value!r}.", nearest(str(value.value), OWNERS))
            cause.owner = value.value
        else:
            _read_rules(book, name, word, value, file)


def _compose(text: str, file: str) -> yaml.Node:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        node = yaml.compose(text, Loader=loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise CodebookError(
            f"not readable as YAML: {fault.problem}.",
            "Check quotes, colons and the spaces in front.",
            file=file,
            line=mark.line + 1 if mark else None,
        ) from None
    except (yaml.YAMLError, RecursionError) as fault:
        reason = " ".join(str(fault).split())[:120]
        raise CodebookError(f"not readable as YAML: {reason}.", "Take out what is no text.", file=file) from None
    if not isinstance(node, yaml.MappingNode):
        raise CodebookError("holds no codebook.", "Begin with «codebook: name» and «causes:».", file=file, line=1)
    return node


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as fault:
        line = path.read_bytes()[: fault.start].count(b"\n") + 1
        raise CodebookError("is no text in UTF-8.", "Save it as UTF-8.", file=path.name, line=line) from None


def _own_folder(root: Path | None) -> Path | None:
    """params/codebooks of the project that we stand in."""
    start = Path(root) if root is not None else Path.cwd()
    for folder in [start] if root is not None else [start, *start.parents]:
        if (folder / "params" / "codebooks").is_dir():
            return folder / "params" / "codebooks"
    return None


def _find(name: str, root: Path | None, shipped_only: bool) -> tuple[str, str]:
    """Name of the file and its text."""
    own = None if shipped_only else _own_folder(root)
    if not name.replace("_", "").replace("-", "").isalnum():
        raise CodebookError(f"{name!r} is no name of a codebook.", f"Shipped: {', '.join(SHIPPED)}.")
    if own is not None and (own / f"{name}.yaml").is_file():
        return f"params/codebooks/{name}.yaml", _text(own / f"{name}.yaml")
    shipped = files(__package__) / "codebooks" / f"{name}.yaml"
    if name in SHIPPED and shipped.is_file():
        return f"{name}.yaml", shipped.read_text(encoding="utf-8")
    known = {*SHIPPED, *(path.stem for path in own.glob("*.yaml"))} if own is not None else set(SHIPPED)
    raise CodebookError(f"No codebook {name!r}.", nearest(name, known))


def read_codebook(codebook: str | Path = "general", root: Path | None = None) -> Codebook:
    """A codebook with all that it extends.

    Parameters
    ----------
    codebook : str or Path
        Name of a shipped codebook or of one in params/codebooks, or the path of a YAML file.
    root : Path, optional
        Folder that holds params/; default: the current folder or one above it.

    Raises
    ------
    CodebookError
        With the file and the line of the fault.

    Examples
    --------
    >>> read_codebook("general").causes["staff.contact"].owner
    'front'
    """
    if isinstance(codebook, Path) or str(codebook).endswith((".yaml", ".yml")):
        path = Path(codebook)
        if not path.is_file():
            raise CodebookError(f"No file {path.name}.", "Give the path of a codebook or the name of a shipped one.")
        file, text, name = path.name, _text(path), path.stem
    else:
        name = str(codebook)
        file, text = _find(name, root, shipped_only=False)
    return _read(text, file, name, root, ())


def _read(text: str, file: str, name: str, root: Path | None, above: tuple[str, ...]) -> Codebook:
    parts = {}
    for key, place, value in _pairs(_compose(text, file), file, "the codebook"):
        if key not in _TOP_KEYS:
            _fail(place, file, f"Unknown key {key!r}.", nearest(key, _TOP_KEYS))
        parts[key] = value
    base = parts.get("extends")
    if base is not None and base.value not in ("null", "~", ""):
        if base.value in above:
            _fail(base, file, f"{base.value!r} extends itself.", "Extend a shipped codebook.")
        try:
            # A client's own «radio» may extend the shipped «radio».
            source = _find(base.value, root, shipped_only=base.value == name)
        except CodebookError as fault:
            raise CodebookError(fault.problem, fault.cure, file=file, line=base.start_mark.line + 1) from None
        book = _read(source[1], source[0], base.value, root, (*above, base.value))
        book = Codebook(name, book.causes, book.rules, (*book.sources, text))
    else:
        book = Codebook(name, {}, {}, (text,))
    if "causes" in parts:
        for cause, key_node, value in _pairs(parts["causes"], file, "causes"):
            _read_cause(book, cause, key_node, value, file)
    if "opinions" in parts:
        for language, key_node, value in _pairs(parts["opinions"], file, "opinions"):
            if language not in LANGUAGES:
                _fail(key_node, file, f"Unknown language {language!r}.", nearest(language, LANGUAGES))
            _read_rules(book, None, language, value, file)
    return book


@cache
def _classes() -> frozenset[str]:
    """Names of the classes of words that phrases may use: #num, #time."""
    roles = (role for language in LANGUAGES for role in read_lexicon(language))
    return frozenset("#" + role.removeprefix("class_") for role in roles if role.startswith("class_"))


@cache
def read_lexicon(language: str) -> dict[str, list[str]]:
    """Opinion words, negators, conjunctions of a language: what does not depend on the trade."""
    text = (files(__package__) / "lexicon" / f"{language}.yaml").read_text(encoding="utf-8")
    # BaseLoader: in YAML «no» and «on» would be booleans, here they are words.
    raw: dict[str, str] = yaml.load(text, Loader=yaml.BaseLoader)
    return {
        role: [_plain(word) for line in block.splitlines() for word in line.split(",") if word.strip()]
        for role, block in raw.items()
    }
