"""From hits to tags: one row per text and cause."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from .matcher import Match, Token

__all__ = ["SENTIMENTS", "Hit", "Tag", "gather", "of_the_house"]

SENTIMENTS = ("positive", "negative", "neutral", "mixed")
#: Both signs said with at least this ratio of certainty: the sentiment is mixed.
_MIXED = 0.75

#: A post that is sent to an account («@bank, …»).
_HANDLE = re.compile(r"(?<![\w.])@\w")
_PERSONS = frozenset(
    "he she him her his people person lady woman man guy someone он она его ее ей ему кто-то".split()  # noqa: SIM905
)
_STAFF = ("staff", "staff.attitude", "staff.contact", "staff.competence", "staff.needs")
_HOUSE = {"staff.contact": "service.channel"}

#: cause, sentiment, start, end, rule, score
Tag = tuple[str, str, int, int, str, float]


@dataclass(slots=True)
class Hit:
    """A cause at a place of a text; ``sign`` 0: nobody said whether it is good; ``sure`` 0: it is only mentioned."""

    cause: str
    sign: float
    start: int
    end: int
    rule: str
    clause: int
    sure: float
    match: Match


def of_the_house(text: str, tokens: list[Token], hits: list[Hit]) -> list[Hit]:
    """A post to an account that names no person: who does not answer or care is the service, not staff."""
    if not _HANDLE.search(text):
        return hits
    if any(token.text in _PERSONS or any(e.cause == "staff" for e in token.word.singles) for token in tokens):
        return hits
    return [replace(hit, cause=_HOUSE.get(hit.cause, "service")) if hit.cause in _STAFF else hit for hit in hits]


def gather(hits: Sequence[Hit], mentions: bool = False) -> list[Tag]:
    """One tag per cause from the hits of a text: the sentiment of them all, the evidence of the surest.

    A bare ``staff`` beside ``staff.contact`` says nothing more and goes. A cause that is only mentioned is no tag by
    the rules; learning sees it.
    """
    causes: dict[str, list[Hit]] = {}
    for hit in hits:
        if hit.sure or mentions:
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
