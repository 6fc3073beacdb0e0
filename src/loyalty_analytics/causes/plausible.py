"""How plausible a tag is, by what knows no vocabulary of its own: the shape of its evidence and what stands beside it.

The chance that a cause is meant is logistic in the measures below. Their weights were fitted on the labelled texts of
the tests that have been read (`python -m benchmarks.causes_plausible` fits them again and shows what they change on
the others). A cause below the chance `LEAST` is only mentioned.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from math import log
from operator import mul

from .clauses import Layout
from .tags import Hit

__all__ = ["LEAST", "WEIGHTS", "measures", "weighed"]

#: Weight of each measure of a cause in a text; the first is the constant.
WEIGHTS = {
    "one": -0.63,
    "sure": 3.12,
    "single": -0.74,
    "long": 0.79,
    "hits": 0.43,
    "same": -2.49,
    "contrast": 1.04,
    "clause": -0.73,
    "turned": 1.15,
    "leaning": 1.57,
    "telling": 2.0,
    "apart": 0.14,
    "touching": -1.65,
    "unsigned": 0.82,
    "context": 2.28,
}
#: Chance that a cause needs, and that the likeliest cause of a sentence needs.
LEAST, LIKELIEST = 0.5, 0.3
#: Further hits of a top cause and further words that lean to it tell no more.
_HITS, _CONTEXT = 4, 1.0
#: A shorter sentence that shows one top cause only names its matter.
_STORY = 4
#: Logarithms of the words of a clause; further words tell no more.
_LOGS = [log(max(words, 1)) for words in range(13)]


def weighed(text: Layout, hits: list[Hit], tops: Mapping[str, int]) -> list[Hit]:
    """The hits, those of implausible causes as mentions; `tops` numbers the causes that words lean to."""
    *weights, context = WEIGHTS.values()
    chances: dict[int, list[tuple[float, str, Hit]]] = {}
    for cause, (best, shape) in _shapes(text, hits, tops).items():
        sentence = text.sentence[best.match.used[0]]
        chances.setdefault(sentence, []).append((sum(map(mul, weights, shape)), cause, best))
    doubtful: set[str] = set()
    for sentence, likely in chances.items():
        # Most causes are sure enough whatever their sentence is about.
        if min(likely)[0] - context * _CONTEXT >= _LEAST:
            continue
        if len(text.span(sentence)) < _STORY and len({_top(cause) for _, cause, _ in likely}) == 1:
            continue
        leans = _leans(text, sentence)
        known = [(chance + context * _ahead(text, best, tops, leans), cause) for chance, cause, best in likely]
        likeliest = max(known)[1]
        doubtful |= {cause for chance, cause in known if chance < (_LIKELIEST if cause == likeliest else _LEAST)}
    return [replace(hit, sure=0.0) if hit.cause in doubtful else hit for hit in hits] if doubtful else hits


def measures(text: Layout, hits: Sequence[Hit], tops: Mapping[str, int]) -> dict[str, tuple[float, ...]]:
    """Values of `WEIGHTS` for each cause of a text.

    Of the longest hit of the cause ``single`` (one word), ``long`` (three words or more), ``apart`` (other words
    between), ``turned`` (a negator or a wish gave the sign), ``unsigned`` (the sign is borrowed), ``clause`` (logarithm
    of the words of the clause), ``leaning`` and ``telling`` (mean and most of the leanings of its words to the top
    cause); ``hits``: of its top cause, ``sure``: of the surest. ``same``: the very words show another top cause, too;
    ``touching``: such a cause stands next to it in the clause, ``contrast``: with the other sign in the sentence.
    ``context``: leaning of the other words of the sentence to the top cause, less that to the next.
    """
    return {
        cause: (*shape, _ahead(text, best, tops, _leans(text, text.sentence[best.match.used[0]])))
        for cause, (best, shape) in _shapes(text, hits, tops).items()
    }


def _shapes(text: Layout, hits: Sequence[Hit], tops: Mapping[str, int]) -> dict[str, tuple[Hit, tuple[float, ...]]]:
    """The longest hit of each cause and all measures but the last."""
    causes: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.sure:
            causes.setdefault(hit.cause, []).append(hit)
    numbers: dict[str, int] = {}
    for cause, own in causes.items():
        numbers[_top(cause)] = numbers.get(_top(cause), 0) + len(own)
    shapes: dict[str, tuple[Hit, tuple[float, ...]]] = {}
    for cause, own in causes.items():
        best = own[0] if len(own) == 1 else max(own, key=_length)
        used, entry = best.match.used, best.match.entry
        same, contrast, touching = _beside(text, best, own, causes) if len(numbers) > 1 else (False, False, False)
        number = tops.get(_top(cause))
        leans = [] if number is None else [lean[number] for at in used if (lean := text.tokens[at].word.lean)]
        words = text.clause.count(best.clause)
        shape = (
            1.0,
            max([hit.sure for hit in own]),
            len(used) == 1,
            len(used) > 2,
            min(numbers[_top(cause)], _HITS),
            same,
            contrast,
            _LOGS[words] if words < len(_LOGS) else _LOGS[-1],
            entry.sign * best.sign < 0,
            sum(leans) / len(leans) if leans else 0.0,
            max(leans, default=0.0),
            used[-1] - used[0] >= len(used),
            touching,
            not entry.sign and not entry.hint,
        )
        shapes[cause] = best, shape
    return shapes


def _beside(text: Layout, best: Hit, own: Sequence[Hit], causes: Mapping[str, list[Hit]]) -> tuple[bool, bool, bool]:
    """Do other top causes stand at the very words, in the sentence with the other sign, next to it in the clause?"""
    used, top, sentence = best.match.used, _top(best.cause), text.sentence[best.match.used[0]]
    positive = sum([hit.sign * hit.sure for hit in own]) > 0
    same = contrast = touching = False
    for cause, hits in causes.items():
        for hit in hits if _top(cause) != top else ():
            if text.sentence[hit.match.used[0]] == sentence:
                same = same or hit.match.used == used
                contrast = contrast or (hit.sign > 0) != positive
                touching = touching or (hit.clause == best.clause and _touch(hit.match.used, used))
    return same, contrast, touching


def _leans(text: Layout, sentence: int) -> list[float]:
    """Sum of the leanings of the words of a sentence, particles left out."""
    words = [text.tokens[place].word for place in text.span(sentence)]
    return [sum(column) for column in zip(*[word.lean for word in words if word.lean and not word.light])]


def _ahead(text: Layout, hit: Hit, tops: Mapping[str, int], leans: list[float]) -> float:
    """How far the words of a sentence without those of a hit lean to its top cause before the next one."""
    number = tops.get(_top(hit.cause))
    if number is None or not leans:
        return 0.0
    for place in hit.match.used:
        word = text.tokens[place].word
        if word.lean and not word.light:
            leans = [one - other for one, other in zip(leans, word.lean)]
    step = leans[number] - max(leans[:number] + leans[number + 1 :], default=0.0)
    return max(min(step, _CONTEXT), -_CONTEXT)


@cache
def _top(cause: str) -> str:
    return cause.partition(".")[0]


def _logit(chance: float) -> float:
    return log(chance / (1 - chance))


_LEAST, _LIKELIEST = _logit(LEAST), _logit(LIKELIEST)


def _length(hit: Hit) -> tuple[int, float, int]:
    return len(hit.match.used), hit.sure, -hit.start


def _touch(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return abs(one[0] - other[-1]) <= 1 or abs(other[0] - one[-1]) <= 1
