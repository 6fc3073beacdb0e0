"""What a linear model sees of a text: hits of the rules, words, pairs of words and pieces of words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from zlib import crc32

import numpy as np
import scipy.sparse as sp

from .matcher import Token
from .rules import Hit

__all__ = ["Vectoriser", "rule_columns", "rule_rows"]

_BITS = 20
_STEM = 6
_PIECES = (3, 4, 5)
#: Words whose features are kept at hand: a long stream brings ever new ones.
_REMEMBERED = 50_000


def _hash(text: str) -> int:
    # crc32 is the same on every machine and in every process; hash() is not.
    return crc32(text.encode()) & ((1 << _BITS) - 1)


class Vectoriser:
    """Texts as sparse rows of length 1, weighted by rarity; fitted columns only."""

    def __init__(self) -> None:
        self._words: dict[str, np.ndarray] = {}
        self.columns = np.zeros(0, dtype=np.int64)
        self.rarity = np.zeros(0)

    def _word(self, word: str) -> np.ndarray:
        found = self._words.get(word)
        if found is None:
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            framed = f"<{word}>"
            names = {f"w {word}", f"s {word[:_STEM]}"}
            names |= {f"c {framed[i : i + n]}" for n in _PIECES for i in range(len(framed) - n + 1)}
            found = self._words[word] = np.array(sorted(map(_hash, names)), dtype=np.int64)
        return found

    def raw(self, texts: Sequence[Sequence[Token]], rules: Sequence[Iterable[str]]) -> tuple[np.ndarray, np.ndarray]:
        """Row and hashed column of every feature."""
        parts: list[np.ndarray] = []
        rows: list[int] = []
        for tokens, fired in zip(texts, rules):
            size = 0
            last = ""
            extra = [_hash(f"r {name}") for name in fired]
            for token in tokens:
                word = token.text
                found = self._words.get(word)
                if found is None:
                    found = self._word(word)
                parts.append(found)
                size += len(found)
                stem = word[:_STEM]
                extra.append(_hash(f"b {last} {stem}"))
                last = stem
            if extra:
                parts.append(np.array(extra, dtype=np.int64))
            rows.append(size + len(extra))
        columns = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
        return np.repeat(np.arange(len(rows)), rows), columns

    def fit(self, texts: Sequence[Sequence[Token]], rules: Sequence[Iterable[str]], least: int = 1) -> Vectoriser:
        """Choose the columns seen in at least `least` texts and learn how rare each is."""
        rows, columns = self.raw(texts, rules)
        pairs = np.unique(columns << 32 | rows) >> 32
        names, counts = np.unique(pairs, return_counts=True)
        kept = counts >= least
        self.columns = names[kept]
        self.rarity = np.log((1 + len(texts)) / (1 + counts[kept])) + 1
        return self

    def transform(self, texts: Sequence[Sequence[Token]], rules: Sequence[Iterable[str]]) -> sp.csr_matrix:
        """Rows of texts."""
        rows, columns = self.raw(texts, rules)
        size = len(self.columns)
        if not size:
            return sp.csr_matrix((len(texts), 0))
        place = np.minimum(np.searchsorted(self.columns, columns), size - 1)
        known = self.columns[place] == columns
        ones = np.ones(int(known.sum()))
        matrix = sp.csr_matrix((ones, (rows[known], place[known])), shape=(len(texts), size))
        matrix.data = (1 + np.log(matrix.data)) * self.rarity[matrix.indices]
        lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
        lengths[lengths == 0] = 1
        matrix.data /= np.repeat(lengths, np.diff(matrix.indptr))
        return matrix


def rule_columns(causes: Iterable[str]) -> dict[str, int]:
    """Column of each cause and sign, of the finer and of the top causes."""
    names = sorted({name for cause in causes for name in (cause, cause.partition(".")[0])})
    return {f"{name}{sign}": index for index, (name, sign) in enumerate((n, s) for n in names for s in "+-0")}


def rule_rows(hits: Sequence[Sequence[Hit]], columns: dict[str, int]) -> sp.csr_matrix:
    """What the rules found, one row per text."""
    rows, places = [], []
    for row, found in enumerate(hits):
        seen = set()
        for hit in found:
            sign = "+" if hit.sign > 0 else "-" if hit.sign < 0 else "0"
            for name in (hit.cause, hit.cause.partition(".")[0]):
                place = columns.get(name + sign)
                if place is not None:
                    seen.add(place)
        rows += [row] * len(seen)
        places += sorted(seen)
    return sp.csr_matrix((np.ones(len(rows)), (rows, places)), shape=(len(hits), len(columns)))
