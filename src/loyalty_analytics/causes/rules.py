"""What a text says by rules: causes, their sentiment, the words that prove both.

A polar word may be turned round by a negator in its own clause; a cause without a sign of its own takes
the sign of the nearest opinion, but never across «but»: behind a conjunction of contrast the sign is the
opposite one until something else is said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from .codebook import Codebook
from .matcher import AND, COMMA, CONTRAST, SENTENCE, Match, Matcher, Token

__all__ = ["GENERAL", "Hit", "Reader"]

GENERAL = "company.general"
_NEGATION_REACH = 4
_BACK_REACH = 3
_EXCEPT_REACH = 5
#: A clause of so few words that its opinion can only be about the whole.
_SHORT = 3
_COST = {0: 0.0, AND: 1.5, COMMA: 4.0}
_FIELDS = {"like": 1, "dislike": -1, "improve": -1, "problem": -1, "strengthen": -1}
#: Fields of the form in which people say what they would have, not what is.
_WISHES = ("improve", "strengthen")
#: «Сделать…», «Дайте…» at the head of a sentence is a wish; words that only look like it stand in the lexicon.
#: A deed in the past or a habit: «сделали», «присылают», "delivered".
_DEED = re.compile(r"[а-я]{3,}(?:л|ла|ли|лся|лась|лись|ют|ут|ят|ают|яют|ает|яет)|[a-z]{3,}ed")
_INFINITIVE = re.compile(r"(?!.*[оеа]ст[ьи]$)[а-я]{2,}(?:ть|ти|чь|ться|тись|чься|йте|ите)")


@dataclass(frozen=True, slots=True)
class Hit:
    """A cause at a place of a text; ``sign`` 0 means nobody said whether it is good."""

    cause: str
    sign: float
    start: int
    end: int
    rule: str
    clause: int
    sure: float


class Reader:
    """Reads texts by the rules of a codebook."""

    def __init__(self, codebook: Codebook, languages: tuple[str, ...] = ("ru", "en")) -> None:
        self.codebook = codebook
        self.matcher = Matcher(codebook, languages)

    def analyse(self, text: str, field: str | None = None, score: float | None = None) -> tuple[list[Token], list[Hit]]:
        """Tokens and hits of a text.

        Parameters
        ----------
        field : {'like', 'strengthen', 'dislike', 'improve', 'problem', 'free'}, optional
            Where the text stood in the form; used where the text itself gives no sign.
        score : float, optional
            The 0-10 score given with the text; the last resort.
        """
        tokens = self.matcher.tokens(text)
        matches = self.matcher.matches(tokens) if tokens else []
        return tokens, _Text(tokens, matches, field, score).hits() if matches else []


class _Text:
    """One text while it is being read."""

    def __init__(self, tokens: list[Token], matches: list[Match], field: str | None, score: float | None) -> None:
        self.tokens = tokens
        self.roles: dict[str, list[Match]] = {}
        for match in matches:
            self.roles.setdefault(match.entry.role, []).append(match)
        self._borders()
        self.default = _default(field, score)
        self.wishing = field in _WISHES
        self.polar = [match for match in sorted(self._of("opinion", "tag"), key=lambda m: m.used) if match.entry.sign]
        self.polar = _agreed(self.polar)
        self.aspects = [match for match in self._of("tag") if not match.entry.sign]
        for match in self.polar:
            match.sign, match.weight = self._signed(match)

    def _of(self, *roles: str) -> list[Match]:
        return [match for role in roles for match in self.roles.get(role, ())]

    def _places(self, *roles: str) -> set[int]:
        return {place for match in self._of(*roles) for place in match.used}

    def _borders(self) -> None:
        """Number of the clause and of the sentence for every token."""
        tokens = self.tokens
        borders = [token.border for token in tokens]
        for match in self._of("and"):
            borders[match.used[0]] = max(borders[match.used[0]], AND)
        for match in self._of("contrast", "concession", "except"):
            borders[match.used[0]] = max(borders[match.used[0]], CONTRAST)
        self.borders = borders
        self.clause, self.sentence = [], []
        clause = sentence = 0
        for border in borders:
            clause += border >= COMMA
            sentence += border >= SENTENCE
            self.clause.append(clause)
            self.sentence.append(sentence)
        self.negators = self._places("negator")
        self.later = self._places("negator_after")
        self.troubles = self._places("trouble")
        self.far = [match.used[-1] for match in self._of("negator_far")]
        self.blocked = self._places("block")
        self.wishes = [match.used for match in self._of("wish")] + self._heads()
        self.excepts = [match.used[-1] for match in self._of("except")]

    def _heads(self) -> list[tuple[int, ...]]:
        """Sentences that begin with what should be done."""
        heads: list[tuple[int, ...]] = []
        silent = self.blocked | self._places("no_wish")
        fresh = True
        for place, token in enumerate(self.tokens):
            fresh = fresh or self.borders[place] >= SENTENCE
            if place in silent and place + 1 < len(self.tokens) and place + 1 not in silent:
                # «Честно: …» opens a sentence, «не могу не …» stands in its middle.
                fresh = fresh and self.borders[place + 1] >= COMMA
            elif fresh and place not in silent and token.text not in ("не", "ну", "и", "еще"):
                if _INFINITIVE.fullmatch(token.text) and place not in self._places("opinion"):
                    heads.append((place,))
                fresh = False
        return heads

    def _border_between(self, left: int, right: int) -> int:
        """The strongest border between two places."""
        if left > right:
            left, right = right, left
        return max(self.borders[left + 1 : right + 1], default=0)

    def _negated(self, match: Match) -> bool:
        first, last = match.used[0], match.used[-1]
        if any(place in self.negators for place in range(first + 1, last) if place not in match.used):
            # «Скидка … не действует»: the negator stands inside the phrase.
            return True
        steps, place = 0, first
        polar_places = self._polar_places
        while place > 0 and steps < _NEGATION_REACH:
            if self.borders[place] >= AND:
                break
            place -= 1
            if place in self.negators:
                return True
            if place in polar_places:
                break
            steps += not self.tokens[place].word.light
        steps, place = 0, last
        while place + 1 < len(self.tokens) and steps < _BACK_REACH and self.borders[place + 1] < AND:
            place += 1
            if place in self.later:
                return True
            if place in polar_places:
                break
            steps += not self.tokens[place].word.light
        return False

    @property
    def _polar_places(self) -> set[int]:
        found: set[int] | None = getattr(self, "_polar_cache", None)
        if found is None:
            found = {place for m in self._of("opinion", "tag") if m.entry.sign for place in m.used}
            self._polar_cache = found
        return found

    def _signed(self, match: Match) -> tuple[int, float]:
        """Sign and weight of a polar word where it stands."""
        sign, weight = match.entry.sign, match.entry.weight
        # Negations agree in Russian («ничего не понравилось»): any number of them turns the sign once.
        if self._negated(match):
            sign, weight = -sign, weight * (0.9 if sign > 0 else 0.7)
        elif any(
            match.used[0] - place > 0 and self._border_between(place, match.used[0]) < CONTRAST for place in self.far
        ):
            sign, weight = -sign, weight * (0.8 if sign > 0 else 0.5)
        if sign > 0 and (self._wished(match.used[0]) or (self.wishing and not match.entry.whole)):
            sign, weight = -1, 0.8
        return sign, weight

    def _wished(self, place: int) -> bool:
        """Does the place stand in a wish («could be faster»)?"""
        return any(self._border_between(used[0], place) <= AND for used in self.wishes)

    def _sign_of(self, aspect: Match) -> tuple[float, float]:
        """Sign of a cause without a sign of its own, and how sure it is."""
        place = aspect.used[0]
        for start in self.excepts:
            if 0 < place - start <= _EXCEPT_REACH and self._border_between(start, place) < AND + 1:
                outside = sum(m.sign * m.weight for m in self.polar if m.used[0] < start)
                outside = outside or sum(m.sign * m.weight for m in self.polar if m.used[0] > place)
                if outside:
                    return (-1.0 if outside > 0 else 1.0), 0.8
        best: tuple[float, int, Match] | None = None
        for match in self.polar:
            border = self._border_between(place, match.used[0])
            if border in _COST:
                distance = min(
                    abs(place - match.used[0]), abs(place - match.used[-1]), abs(aspect.used[-1] - match.used[0])
                )
                cost = distance + _COST[border] + (match.weight < 0.6) * 2
                if best is None or cost < best[0]:
                    best = (cost, border, match)
        if best is not None and best[1] <= AND:
            best[2].attached = True
            return float(best[2].sign), 0.9 if best[0] <= 4 else 0.7
        if self._wished(place):
            return -1.0, 0.7
        if self._denied(place):
            return -1.0, 0.6
        if best is not None:
            best[2].attached = True
            return float(best[2].sign), 0.6
        return self._across(place)

    def _denied(self, place: int) -> bool:
        """«Did not send the act», «no parking»: a negator in the clause and no opinion."""
        return any(
            self.clause[other] == self.clause[place] and other not in self.blocked
            for other in self.negators | self.later
        )

    def _across(self, place: int) -> tuple[float, float]:
        """Sign from further away: contrast turns it round, the sentence and the text lend it."""
        same = [m for m in self.polar if self.sentence[m.used[0]] == self.sentence[place]]
        before = [m for m in same if m.used[0] < place]
        if before and self._border_between(before[-1].used[-1], place) == CONTRAST:
            return -float(before[-1].sign), 0.5
        if self.default:
            return float(self.default), 0.5
        near = [m for m in self.polar if abs(self.sentence[m.used[0]] - self.sentence[place]) <= 1]
        signs = {m.sign for m in near}
        if len(signs) == 1:
            return float(signs.pop()), 0.4
        return self._plain(place), 0.3

    def _plain(self, place: int) -> float:
        """No opinion anywhere: «again», «had to» and the like tell trouble, a plain deed is told in praise."""
        clause = [at for at in range(len(self.tokens)) if self.sentence[at] == self.sentence[place]]
        if not self.troubles.isdisjoint(clause):
            return -1.0
        done = any(_DEED.fullmatch(self.tokens[at].text) for at in clause if at not in self.blocked)
        return 1.0 if done else 0.0

    def hits(self) -> list[Hit]:
        """Hits of the text in the order of their places."""
        found: list[Hit] = []
        hints: list[tuple[Match, Hit]] = []
        for match in self.aspects:
            sign, sure = self._sign_of(match)
            hit = self._hit(match, match.entry.cause or "", sign, sure)
            if match.entry.hint:
                hints.append((match, hit))
            else:
                found.append(hit)
        for match in self.polar:
            if match.entry.cause is not None:
                found.append(self._hit(match, match.entry.cause, float(match.sign), match.weight))
        found += self._needed(hints, found)
        found += self._general(found)
        return found

    def _needed(self, hints: list[tuple[Match, Hit]], found: list[Hit]) -> list[Hit]:
        """Hints («manager», «campaign») where nothing surer is said, or with an opinion at their side («nice girl»)."""
        starts = {token.start: place for place, token in enumerate(self.tokens)}
        sure = {self.sentence[starts[hit.start]] for hit in found}
        kept = [hit for match, hit in hints if self.sentence[match.used[0]] not in sure or self._beside(match)]
        # The whole is named only where no part is.
        parts = {self.sentence[starts[hit.start]] for hit in kept if hit.cause != GENERAL}
        return [hit for hit in kept if hit.cause != GENERAL or self.sentence[starts[hit.start]] not in parts]

    def _steps(self, left: int, right: int) -> int:
        """Words from one place to another, particles not counted."""
        low, high = min(left, right), max(left, right)
        return sum(not self.tokens[place].word.light for place in range(low + 1, high)) + (high > low)

    def _beside(self, match: Match) -> bool:
        if match.entry.cause == GENERAL:
            return False
        return any(
            other.entry.cause is None
            and not other.entry.whole
            and self._steps(other.used[0], match.used[0]) <= 2
            and self._border_between(other.used[0], match.used[0]) < COMMA
            for other in self.polar
        )

    def _general(self, found: list[Hit]) -> list[Hit]:
        """Opinions about nothing in particular speak of the company as a whole."""
        universal = {self.clause[place] for place in self._places("universal")}
        sizes: dict[int, int] = {}
        for token, clause in zip(self.tokens, self.clause):
            sizes[clause] = sizes.get(clause, 0) + (not token.word.light)
        hits = []
        for match in self.polar:
            if match.entry.cause is not None or match.attached or match.weight < 0.6:
                continue
            clause = self.clause[match.used[0]]
            if clause in universal:
                hits.append(self._hit(match, GENERAL, float(match.sign), 0.6))
            elif not found and (match.entry.whole or sizes[clause] <= _SHORT):
                hits.append(self._hit(match, GENERAL, float(match.sign), 0.4))
        return hits

    def _hit(self, match: Match, cause: str, sign: float, sure: float) -> Hit:
        first, last = match.used[0], match.used[-1]
        return Hit(
            cause,
            sign,
            self.tokens[first].start,
            self.tokens[last].end,
            match.entry.rule or cause,
            self.clause[first],
            sure,
        )


def _agreed(polar: list[Match]) -> list[Match]:
    """Of two readings of the same words with opposite signs the longer one holds, then the earlier («не вышел»)."""
    kept: list[Match] = []
    for match in sorted(polar, key=lambda m: (-len(m.used), m.used)):
        clash = any(
            other.entry.sign != match.entry.sign
            and other.entry.cause is not None
            and match.entry.cause is not None
            and not set(other.used).isdisjoint(match.used)
            for other in kept
        )
        if not clash:
            kept.append(match)
    return sorted(kept, key=lambda m: m.used)


@lru_cache(maxsize=8)
def _default_of_score(score: float) -> int:
    return -1 if score <= 6 else 1 if score >= 8 else 0


def _default(field: str | None, score: float | None) -> int:
    if field in _FIELDS:
        return _FIELDS[field]
    return _default_of_score(score) if score is not None else 0
