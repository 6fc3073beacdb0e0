"""Pairs of alike texts among many: only those are compared that share a rare piece, and none is missed.

Likeness is 1 − d / (a + b): a and b the lengths, d the fewest signs to take out of one text and put into the other;
.88 allows d ≤ .12·(a + b) = D. Of D + 1 pieces of the longer text one stands unchanged in the other, at most D places
aside (G. Li, D. Deng, J. Wang, J. Feng 2011, Pass-Join), and so do any three signs of that piece: the rarest three are
looked up. A sieve follows: signs and pairs of signs that only one of the two texts has cost changes too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

__all__ = ["alike_pairs"]

_LEAST = 88.0  # below it a text is not long enough for so many pieces of three signs
_GRAM = 3
_PART = 1_000_000  # pairs that are looked at together

Pairs = tuple[np.ndarray, np.ndarray, np.ndarray]


def alike_pairs(words: Sequence[str], least: float = _LEAST) -> Iterator[Pairs]:
    """All pairs of different texts whose likeness (0-100, `rapidfuzz.fuzz.ratio`) is at least ``least``, part by part.

    Parameters
    ----------
    words : different texts, shorter ones first
    least : 88 to 100

    Yields
    ------
    places of the one, places of the other (before the one), likeness

    Examples
    --------
    >>> words = ["василек", "рекламный дом", "рекламный дон", "рекламный дом 2"]
    >>> pairs = [pair for part in alike_pairs(words) for pair in zip(*part)]
    >>> [(words[one], words[other], round(float(likeness))) for one, other, likeness in pairs]
    [('рекламный дон', 'рекламный дом', 92), ('рекламный дом 2', 'рекламный дом', 93)]
    """
    from rapidfuzz import fuzz, process

    if not _LEAST <= least <= 100:
        raise ValueError(f"least is {least}: below {_LEAST:g} pairs would be missed.")
    texts = np.array(words, dtype=object)
    for one, other in _near(words, 1 - least / 100):
        scores = process.cpdist(texts[one], texts[other], scorer=fuzz.ratio, score_cutoff=least)
        good = scores > 0
        yield one[good], other[good], scores[good].astype(float)


def _near(words: Sequence[str], share: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs that may be alike: the sieve."""
    yield _shortest(words)
    grams = _Grams(words)
    for one, other in grams.sharing(share):
        out, into = _changes(grams.sizes[one], grams.sizes[other], share)
        for bits, width in ((grams.signs, 1), (grams.couples, 2)):
            good = _holds(bits[one], bits[other], out, into, width)
            one, other, out, into = one[good], other[good], out[good], into[good]
        both = np.unique(one * len(words) + other)
        yield both // len(words), both % len(words)


def _shortest(words: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Texts of five signs and those that lack one of them: too short for two pieces of three."""
    known = {word: place for place, word in enumerate(words) if len(word) == 4}
    found = [
        (place, known[less])
        for place, word in enumerate(words)
        if len(word) == 5
        for less in {word[:sign] + word[sign + 1 :] for sign in range(5)} & known.keys()
    ]
    one, other = np.array(sorted(found), dtype=np.int64).reshape(-1, 2).T
    return one, other


def _changes(long: np.ndarray, short: np.ndarray, share: float) -> tuple[np.ndarray, np.ndarray]:
    """How many signs of the longer text may go, and how many may come; negative where the pair cannot be alike."""
    both = long + short
    most = np.floor(share * both + 1e-9).astype(np.int64)
    most -= (most ^ both) & 1  # what goes less what comes is the difference of lengths
    return (most + long - short) // 2, (most - long + short) // 2


def _holds(left: np.ndarray, right: np.ndarray, out: np.ndarray, into: np.ndarray, width: int) -> np.ndarray:
    """Whether the marks that only one of two texts has are few enough for the changes allowed.

    A sign that goes takes ``width`` marks of so many signs with it, one that comes tears ``width − 1``.
    """
    lost, new = np.bitwise_count(left & ~right), np.bitwise_count(right & ~left)
    return (lost <= width * out + (width - 1) * into) & (new <= width * into + (width - 1) * out)


class _Grams:
    """Three signs in a row of every text: where they stand, and how rare they are."""

    def __init__(self, words: Sequence[str]) -> None:
        self.sizes = np.array([len(word) for word in words], dtype=np.int64)
        if (self.sizes[1:] < self.sizes[:-1]).any():
            raise ValueError("Sort the texts by length.")
        of = np.repeat(np.arange(len(words)), self.sizes)
        place = np.arange(len(of)) - (np.cumsum(self.sizes) - self.sizes)[of]
        left = self.sizes[of] - place  # signs to the end of the text
        sign = np.frombuffer("".join(words).encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.int64)
        second, third = (np.append(sign[step:], np.zeros(min(step, len(sign)), np.int64)) for step in (1, 2))
        self.signs = self._bits(sign, of)
        self.couples = self._bits((sign * 31 + second)[left > 1], of[left > 1])
        whole = left >= _GRAM
        marks = (sign << 42 | second << 21 | third)[whole]
        _, self._gram, counts = np.unique(marks, return_inverse=True, return_counts=True)
        self._rarity, self._place = counts[self._gram], place[whole]
        self._width = int(self.sizes[-1]) + 1 if len(words) else 1
        keys = self._key(self._gram, self.sizes[of[whole]], self._place)
        order = np.argsort(keys, kind="stable")
        self._keys, self._of = keys[order], of[whole][order]

    def _key(self, gram: np.ndarray, size: np.ndarray, place: np.ndarray) -> np.ndarray:
        return (gram * self._width + size) * self._width + place

    def _bits(self, marks: np.ndarray, of: np.ndarray) -> np.ndarray:
        """Which of 64 kinds of marks a text holds."""
        bits = np.zeros(len(self.sizes), dtype=np.uint64)
        np.bitwise_or.at(bits, of, np.left_shift(np.uint64(1), (marks % 64).astype(np.uint64)))
        return bits

    def sharing(self, share: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Pairs that share the rarest gram of a piece at places that fit: each text with those before it, in order."""
        present = np.unique(self.sizes)
        begins = np.cumsum(np.maximum(self.sizes - _GRAM + 1, 0)) - np.maximum(self.sizes - _GRAM + 1, 0)
        for size in present[present >= 2 * _GRAM].tolist():
            low, high = np.searchsorted(self.sizes, [size, size + 1])
            shorter = present[: np.searchsorted(present, size, side="right")]
            out, into = _changes(np.full_like(shorter, size), shorter, share)
            shorter, out, into = (part[into >= 0] for part in (shorter, out, into))
            entry = self._rarest(begins[low:high], size, int((out + into).max()) + 1)[:, :, None]
            gram, place = self._gram[entry], self._place[entry]
            first = np.searchsorted(self._keys, self._key(gram, shorter, np.maximum(place - out, 0)))
            last = np.searchsorted(
                self._keys, self._key(gram, shorter, np.minimum(place + into, shorter)), side="right"
            )
            yield from self._expanded(low, first.reshape(high - low, -1), last.reshape(high - low, -1))

    def _rarest(self, begins: np.ndarray, size: int, pieces: int) -> np.ndarray:
        """The rarest gram of each piece of texts of one length."""
        grams = begins[:, None] + np.arange(size - _GRAM + 1)
        bounds = (np.arange(pieces + 1) * size // pieces).tolist()
        rare = [low + self._rarity[grams[:, low : high - _GRAM + 1]].argmin(axis=1) for low, high in pairwise(bounds)]
        return begins[:, None] + np.array(rare).T

    def _expanded(self, low: int, first: np.ndarray, last: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Ranges of keys, a row per text, as pairs of texts: so many rows together as memory allows."""
        number = last - first
        until = np.cumsum(number.sum(axis=1))
        start = 0
        while start < len(number):
            stop = max(start + 1, int(np.searchsorted(until, (until[start - 1] if start else 0) + _PART, side="right")))
            counts = number[start:stop].ravel()
            before = np.repeat(np.cumsum(counts) - counts - first[start:stop].ravel(), counts)
            one = np.repeat(np.arange(low + start, low + stop), number[start:stop].sum(axis=1))
            other = self._of[np.arange(len(one)) - before]
            yield one[other < one], other[other < one]
            start = stop
