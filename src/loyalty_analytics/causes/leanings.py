"""Which top cause a word leans to: the phrases of a codebook, read as so many short texts about their causes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from .codebook import Rule

__all__ = ["Leanings"]

#: A word is thought to stand this often with each top cause as its share of all words would have it.
_PRIOR = 1.0


class Leanings:
    """Leaning of a word: for each top cause its share of the phrases that hold the word, less the usual share.

    Attributes
    ----------
    tops : dict
        Number of each top cause in a leaning.
    """

    def __init__(self, rules: Iterable[Rule], symbols: Mapping[str, int]) -> None:
        texts: dict[str, list[str]] = {}
        for rule in rules:
            if rule.cause is not None and rule.kind != "not":
                texts.setdefault(rule.cause.partition(".")[0], []).append(rule.text)
        self.tops = {top: number for number, top in enumerate(sorted(texts))}
        self._counts: dict[int, list[int]] = {}
        total = [0] * len(texts)
        for top, number in self.tops.items():
            for word, times in Counter(_apart(" ".join(texts[top])).split()).items():
                if word in symbols:
                    self._counts.setdefault(symbols[word], [0] * len(texts))[number] += times
                    total[number] += times
        self._usual = [times / max(sum(total), 1) for times in total]

    def of(self, symbols: Iterable[int]) -> tuple[float, ...]:
        """Leaning of a word with these symbols to each top cause; empty where no phrase holds it."""
        counts = [self._counts[symbol] for symbol in symbols if symbol in self._counts]
        if not counts:
            return ()
        sums = [sum(column) for column in zip(*counts)]
        every = sum(sums) + _PRIOR
        return tuple([(times + _PRIOR * usual) / every - usual for times, usual in zip(sums, self._usual)])


def _apart(text: str) -> str:
    """Words without the signs between them."""
    return text.replace("?", " ").replace("|", " ").replace("_", " ")
