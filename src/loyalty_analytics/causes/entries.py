"""What words and phrases of a codebook mean, and what is found of them in a text."""

from __future__ import annotations

from dataclasses import dataclass, field

__all__ = ["Begun", "Entry", "Followers", "Match", "Pattern", "Token", "Word"]

_EMPTY: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a word or phrase means: a role (tag, opinion, negator, …), a cause, a sign and a weight."""

    role: str
    cause: str | None = None
    sign: int = 0
    weight: float = 1.0
    rule: str = ""
    whole: bool = False
    hint: bool = False


@dataclass(frozen=True, slots=True)
class Pattern:
    """A phrase of several words: for each further word the gap before it and what may stand there."""

    entry: Entry
    second: frozenset[int]
    third: frozenset[int]
    rest: tuple[tuple[int, frozenset[int]], ...]


@dataclass(slots=True)
class Followers:
    """Phrases of one second word: those of two words, the longer ones, and all that may come third in these."""

    pairs: list[Pattern] = field(default_factory=list)
    longer: list[Pattern] = field(default_factory=list)
    thirds: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Begun:
    """Phrases that begin with a word, by the symbol of their second word."""

    followers: dict[int, Followers] = field(default_factory=dict)
    seconds: frozenset[int] = _EMPTY

    def add(self, pattern: Pattern) -> None:
        """Take a phrase in; `seconds` is set when all are there."""
        for second in pattern.second:
            known = self.followers.get(second)
            if known is None:
                known = self.followers[second] = Followers()
            if pattern.third:
                known.longer.append(pattern)
                known.thirds |= pattern.third
            else:
                known.pairs.append(pattern)


@dataclass(slots=True)
class Word:
    """All that is known about one spelling."""

    text: str = ""
    syms: frozenset[int] = _EMPTY
    singles: tuple[Entry, ...] = ()
    #: phrases that begin with the word and go on close behind it, or after other words
    close: Begun = field(default_factory=Begun)
    apart: Begun = field(default_factory=Begun)
    light: bool = False
    #: read as Russian in Latin letters
    latin: bool = False
    #: «не», "never"
    negates: bool = False
    #: «но», "but": no phrase reaches over it
    turns: bool = False
    lean: tuple[float, ...] = ()  # see `Leanings`
    #: which word it is; 0: one that says nothing
    number: int = 0


@dataclass(slots=True)
class Token:
    """A word in its place; ``border`` is how strongly it is parted from the word before; ``asks``: before a «?»."""

    start: int
    end: int
    text: str
    word: Word
    border: int
    asks: bool = False


@dataclass(slots=True)
class Match:
    """An entry found at some tokens of a text."""

    entry: Entry
    used: tuple[int, ...]
    sign: int = 0
    weight: float = 1.0
    attached: bool = field(default=False, compare=False)
    #: how many rules say so, two at most
    times: int = 1
