"""From hits to tags: one row per text and cause."""

from __future__ import annotations

from collections.abc import Sequence

from .rules import Hit

__all__ = ["SENTIMENTS", "Tag", "gather"]

SENTIMENTS = ("positive", "negative", "neutral", "mixed")
#: Both signs said with at least this ratio of certainty: the sentiment is mixed.
_MIXED = 0.75

#: cause, sentiment, start, end, rule, score
Tag = tuple[str, str, int, int, str, float]


def gather(hits: Sequence[Hit]) -> list[Tag]:
    """One tag per cause from the hits of a text: the sentiment of them all, the evidence of the surest.

    A bare ``staff`` beside ``staff.contact`` says nothing more and goes.
    """
    causes: dict[str, list[Hit]] = {}
    for hit in hits:
        causes.setdefault(hit.cause, []).append(hit)
    finer = {cause.partition(".")[0] for cause in causes if "." in cause}
    tags = []
    for cause, found in causes.items():
        if cause in finer:
            continue
        plus = sum(hit.sure for hit in found if hit.sign > 0)
        minus = sum(hit.sure for hit in found if hit.sign < 0)
        if plus and minus and min(plus, minus) >= _MIXED * max(plus, minus):
            sentiment, side = "mixed", 0.0
        else:
            side = plus - minus
            sentiment = "positive" if side > 0 else "negative" if side < 0 else "neutral"
        best = max(found, key=lambda hit: (hit.sign * side > 0, hit.sure, hit.end - hit.start, -hit.start))
        tags.append((cause, sentiment, best.start, best.end, best.rule, round(min(best.sure, 1.0), 3)))
    return tags
