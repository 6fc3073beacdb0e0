"""The sign of a cause that brings none: the nearest opinion, then what stands further away."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property
from itertools import accumulate

from .clauses import Layout
from .matcher import AND, COMMA, CONTRAST, WIDEST, Match

__all__ = ["FAR", "Borrower"]

_EXCEPT_REACH = 5
#: How sure a sign is that comes from an opinion beyond a comma.
FAR = 0.55
#: A deed in the past: "delivered".
_DEED = re.compile(r"[a-z]{3,}ed")
#: A sentence of so many words and no opinion tells a fact.
_STORY = 4
_COST = {0: 0.0, AND: 1.5, COMMA: 4.0}


class Borrower(Layout):
    """A text whose causes borrow the signs of its opinions."""

    #: opinions in their order, and the place of the first word of each
    polar: list[Match]
    _starts: list[int]
    #: sign of what says nothing itself, from the form or the score
    default: int
    _told: dict[int, tuple[float, float]]

    @cached_property
    def _moods(self) -> dict[int, set[int]]:
        """Signs of the opinions of each sentence."""
        moods: dict[int, set[int]] = {}
        for match in self.polar:
            moods.setdefault(self.sentence[match.used[0]], set()).add(match.sign)
        return moods

    @cached_property
    def _balance(self) -> list[float]:
        """Sum of the opinions before each of them."""
        return list(accumulate((match.sign * match.weight for match in self.polar), initial=0.0))

    @cached_property
    def _denials(self) -> set[int]:
        """Clauses that hold a negator."""
        return {self.clause[place] for place in (self.negators | self.later) - self.blocked}

    def _outward(self, place: int) -> tuple[range, range]:
        """Numbers of the opinions from a place to the left and to the right."""
        middle = bisect_left(self._starts, place)
        return range(middle - 1, -1, -1), range(middle, len(self.polar))

    def _sign_of(self, aspect: Match) -> tuple[float, float]:
        """Sign of a cause without a sign of its own, and how sure it is."""
        place = aspect.used[0]
        if any(
            0 < place - start <= _EXCEPT_REACH and self.border_between(start, place) <= AND for start in self.unless
        ):
            return -1.0, 0.8
        outside = self._outside(place) if self.excepts else 0.0
        if outside:
            return (-1.0 if outside > 0 else 1.0), 0.8
        best = self._nearest(aspect)
        if best is not None and best[1] <= AND:
            best[2].attached = True
            return float(best[2].sign), 0.9 if best[0] <= 4 else 0.7
        if self.wished(place):
            return -1.0, 0.7
        # «Did not send the act», «no parking»: a negator in the clause and no opinion.
        if self.clause[place] in self._denials:
            return -1.0, 0.6
        if best is not None:
            best[2].attached = True
            return float(best[2].sign), FAR
        return self._across(place)

    def _outside(self, place: int) -> float:
        """«Всё хорошо, кроме цен»: the opinion on the rest where the place is an exception to it, else 0."""
        for start in self.excepts[bisect_left(self.excepts, place - _EXCEPT_REACH) : bisect_left(self.excepts, place)]:
            if self.border_between(start, place) <= AND:
                before, behind = (self._balance[bisect_left(self._starts, at)] for at in (start, place + 1))
                outside = round(before, 6) or round(self._balance[-1] - behind, 6)
                if outside:
                    return outside
        return 0.0

    def _nearest(self, aspect: Match) -> tuple[float, int, Match] | None:
        """The nearest opinion of the same part of a sentence: its cost and the border before it."""
        place, last = aspect.used[0], aspect.used[-1]
        best: tuple[float, int] | None = None
        found: tuple[float, int, Match] | None = None
        for way in self._outward(place):
            for number in way:
                match = self.polar[number]
                first, end = match.used[0], match.used[-1]
                border = self.border_between(place, first)
                distance = min(abs(place - first), abs(place - end), abs(last - first))
                if border not in _COST or (best and distance > best[0] + WIDEST):
                    break
                cost = distance + _COST[border] + (match.weight < 0.6) * 2
                if best is None or (cost, number) < best:
                    best, found = (cost, number), (cost, border, match)
        return found

    def _across(self, place: int) -> tuple[float, float]:
        """Sign from further away: contrast turns it round, the sentence and the text lend it."""
        sentence, behind = self.sentence[place], bisect_left(self._starts, place)
        before = self.polar[behind - 1] if behind else None
        joined = before is not None and self.sentence[before.used[0]] == sentence
        if before and joined and self.border_between(before.used[-1], place) == CONTRAST:
            return -float(before.sign), 0.5
        if self.default:
            return float(self.default), 0.5
        signs = set().union(*(self._moods.get(near, ()) for near in (sentence - 1, sentence, sentence + 1)))
        if len(signs) == 1:
            return float(signs.pop()), 0.4
        if sentence not in self._told:
            self._told[sentence] = self._plain(sentence)
        return self._told[sentence]

    def _plain(self, sentence: int) -> tuple[float, float]:
        """No opinion anywhere: «again», «had to» and the like tell trouble, a plain fact judges nothing."""
        places = self.span(sentence)
        if any(at in self.troubles or at in self.decoys for at in places):
            return -1.0, 0.3
        if self.tokens[places[-1]].asks and not self.demands.isdisjoint(places):  # «Где акты?»
            return -1.0, 0.3
        if any(at in self.blocked for at in places):  # «cannot but note», "not only"
            return 1.0, 0.3
        if len(places) < _STORY:
            return 0.0, 0.3
        # Measured: a longer English sentence without opinion and deed complains, a Russian one states a fact.
        words = [self.tokens[at].text for at in places if at not in self.blocked]
        complains = all(word.isascii() and not _DEED.fullmatch(word) for word in words)
        return (-1.0, 0.3) if complains else (0.0, 0.0)
