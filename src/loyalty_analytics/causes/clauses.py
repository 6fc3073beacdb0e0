"""How a text hangs together: its clauses and sentences, and the words that turn what others say.

Negators, wishes, exceptions, decoys («the question is not the price»), other times («it used to be fast»),
other places («cheaper across the road») and retorts («Fast? Not these guys.»).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cached_property
from itertools import accumulate

from .matcher import AND, COMMA, CONTRAST, SENTENCE, Match, Token
from .text import bidding

__all__ = ["Layout", "agreed", "default_sign", "outside_longer"]

_FIELDS = {"like": 1, "dislike": -1, "improve": -1, "problem": -1, "strengthen": -1}
_NEGATION_REACH = 4
_BACK_REACH = 3
#: A question of so few words names a topic.
_TOPIC = 2
#: «Не в самой цене, а …»: words from the negator to what is put in its place.
_CORRECTED = 4
_UNLESS_REACH = 5
#: Fields of the form in which people say what they would have, not what is.
_WISHES = ("improve", "strengthen")
#: «Сделать…», «Дайте…» at the head of a sentence is a wish; words that only look like it stand in the lexicon.
_INFINITIVE = re.compile(r"(?!.*[оеа]ст[ьи]$)[а-я]{2,}(?:ть|ти|чь|ться|тись|чься|йте|ите|ьте)")
#: "Make …", "Add …" at the head of a sentence; not those that praise, too ("Try the soup", "Give them a call").
_REQUEST = re.compile(
    "make|add|improve|fix|lower|reduce|train|teach|hire|provide|allow|update|expand|extend|include|install|bring"
    "|turn|remove|return|restore|change|send|call|answer|stop|learn|simplify|lengthen|widen|introduce|consider|replace|repair"
)
#: Negators of what stands behind them only.
_WITHOUT = ("без", "without")
_SAYING = ("сказать", "утверждать", "поверить", "верить", "думать", "сообщить", "похвалиться", "написать")
_OPENERS = ("не", "ну", "и", "еще", "just", "please", "maybe")
#: Up to so many words a walk costs less than an index of the whole text.
_NEAR = 24


class Layout:
    """One text with its clauses, before anything is said about its causes."""

    def __init__(self, tokens: list[Token], matches: list[Match], field: str | None) -> None:
        self.tokens = tokens
        self.roles: dict[str, list[Match]] = {}
        for match in matches:
            self.roles.setdefault(match.entry.role, []).append(match)
        self.wishing = field in _WISHES
        self.blocked = self.places("block")
        self._split()
        self.negators = self.places("negator")
        self.later = self.places("negator_after")
        # «Не видел хамства»: what denies the word before it denies the word behind it, where it is a verb.
        self.deniers = self.negators | {m.used[-1] for m in self.roles.get("negator_after", ()) if len(m.used) > 1}
        self.deniers |= {place for place in self.later if tokens[place].word.negates}
        self.troubles, self.demands = self.places("trouble"), self.places("demand")
        far = [match.used for match in self.roles.get("negator_far", ())]
        # «Вежливым его не назовёшь»: at the end of a clause it reaches back.
        ends = [used for used in far if used[-1] + 1 == len(tokens) or self.borders[used[-1] + 1] >= COMMA]
        self.denied = self.negators | self.later | {place for used in far for place in used}
        self.far = sorted((used[-1], used[0]) for used in far)
        self.later |= {place for used in ends if self.borders[used[0]] < COMMA for place in used}
        # «Если бы не цены, …»: what stands in the way; the rest of the sentence is no wish.
        self.unless = {match.used[-1]: self.sentence[match.used[0]] for match in self.roles.get("unless", ())}
        self.excepts = sorted(match.used[-1] for match in self.roles.get("except", ()))
        self.polar_places = {
            place for role in ("opinion", "tag") for m in self.roles.get(role, ()) if m.entry.sign for place in m.used
        }
        self.wishes = sorted([match.used[0] for match in self.roles.get("wish", ())] + self._heads())
        self.decoys = self._clauses_of("decoy")
        #: clauses of plans, of others and of what was never tried: a cause without an opinion is only mentioned there
        #: «не X, а Y», «не то чтобы X, но Y»: places of what is set right
        self.corrected = self._corrected() | self._softened()
        self.mentioned = self._clauses_of("mention") | self.corrected

    def places(self, *roles: str) -> set[int]:
        """Places of all words with one of the roles."""
        found = [match for role in roles if role in self.roles for match in self.roles[role]]
        return {place for match in found for place in match.used} if found else set()

    def _split(self) -> None:
        """Number of the clause and of the sentence for every token."""
        borders = [token.border for token in self.tokens]
        for match in self.roles.get("and", ()):
            borders[match.used[0]] = max(borders[match.used[0]], AND)
        for role in ("contrast", "concession", "except", "unless"):
            for match in self.roles.get(role, ()):
                borders[match.used[0]] = max(borders[match.used[0]], CONTRAST)
        self.borders = borders
        self.clause: list[int] = []
        self.sentence: list[int] = []
        #: number of the part of a sentence between conjunctions of contrast
        self.part: list[int] = []
        clause = sentence = part = 0
        for border in borders:
            clause += border >= COMMA
            sentence += border >= SENTENCE
            part += border >= CONTRAST
            self.clause.append(clause)
            self.sentence.append(sentence)
            self.part.append(part)

    def _heads(self) -> list[int]:
        """Sentences that begin with what should be done."""
        heads: list[int] = []
        silent, opinions = self.blocked | self.places("no_wish"), self.places("opinion")
        fresh = True
        for place, token in enumerate(self.tokens):
            fresh = fresh or self.borders[place] >= SENTENCE
            if not fresh:
                continue
            if place in silent and place + 1 < len(self.tokens) and place + 1 not in silent:
                # «Честно: …» opens a sentence, «не могу не …» stands in its middle.
                fresh = self.borders[place + 1] >= COMMA
            elif place not in silent and token.text not in _OPENERS:
                # The word may stand in a longer phrase («ждать не пришлось»).
                told = place in opinions or any(entry.role == "no_wish" for entry in token.word.singles)
                bids = _INFINITIVE.fullmatch(token.text) and bidding(token.text)
                if not told and (bids or _REQUEST.fullmatch(token.text)):
                    heads.append(place)
                fresh = False
        return heads

    def _clauses_of(self, role: str) -> set[int]:
        """Places of the clauses that hold a role, as those that only say what the matter is not."""
        clauses = {self.clause[match.used[0]] for match in self.roles.get(role, ())}
        return {place for place, clause in enumerate(self.clause) if clause in clauses} if clauses else set()

    def _corrected(self) -> set[int]:
        """«Смутила не цена, а …»: places between the negator and the clause that says what it is."""
        places: set[int] = set()
        for match in self.roles.get("contrast", ()):
            start = match.used[0]
            if self.tokens[start].text != "а" or self.borders[start] < COMMA:
                continue
            for place in range(start - 1, max(start - _CORRECTED, 0) - 1, -1):
                if self.tokens[place].text == "не":
                    places.update(range(place + 1, start))
                    break
                if self.borders[place] >= COMMA:
                    break
        return places

    def _softened(self) -> set[int]:
        """«Хлеб не то чтобы чёрствый, но …»: places between the words and the contrast."""
        places: set[int] = set()
        for match in self.roles.get("negator_far", ()):
            if [self.tokens[place].text for place in match.used[-2:]] == ["то", "чтобы"]:
                span = range(match.used[-1] + 1, self._begin(self.sentence[match.used[0]] + 1))
                contrast = next((place for place in span if self.tokens[place].word.turns), 0)
                places.update(range(span.start, contrast))
        return places

    @cached_property
    def _borders_from(self) -> list[tuple[int, list[int]]]:
        """Places of the borders of at least a strength, the strongest first."""
        strengths = (SENTENCE, CONTRAST, COMMA, AND)
        return [(least, [at for at, border in enumerate(self.borders) if border >= least]) for least in strengths]

    @cached_property
    def _heavy(self) -> list[int]:
        """Words before each place, particles not counted."""
        return list(accumulate([not token.word.light for token in self.tokens], initial=0))

    def border_between(self, left: int, right: int) -> int:
        """The strongest border between two places."""
        if left > right:
            left, right = right, left
        if right - left <= _NEAR:
            return max(self.borders[left + 1 : right + 1], default=0)
        for least, places in self._borders_from:
            nearest = bisect_right(places, left)
            if nearest < len(places) and places[nearest] <= right:
                return least
        return 0

    def steps(self, left: int, right: int) -> int:
        """Words from one place to another, particles not counted."""
        if left == right:
            return 0
        low, high = (left, right) if left < right else (right, left)
        return self._heavy[high] - self._heavy[low + 1] + 1

    def span(self, sentence: int) -> range:
        """Places of a sentence."""
        return range(self._begin(sentence), self._begin(sentence + 1))

    def negated(self, match: Match) -> bool:
        """Does a negator reach the words of a match in its clause?"""
        held = self._held.get(-match.entry.sign, ())
        if not (self.denied or held):
            return False
        first, last = match.used[0], match.used[-1]
        if any(self.tokens[place].word.negates for place in match.used):
            # «Ни разу не подняла глаз»: negations agree, the one in the phrase is counted.
            return False
        inside = (p for p in range(first + 1, last) if p not in match.used and (p in self.denied or p in held))
        if any(self.tokens[place].text not in _WITHOUT for place in inside):
            # «Скидка … не действует»: the negator stands inside the phrase.
            return True
        return self._reached(range(first, 0, -1), -1, self.deniers, _NEGATION_REACH) or self._reached(
            range(last + 1, len(self.tokens)), 0, self.later, _BACK_REACH
        )

    @cached_property
    def _held(self) -> dict[int, set[int]]:
        """Negators within phrases of a sign: «Персонал не хамит» is what «не хамит» says."""
        found: dict[int, set[int]] = {}
        if not any(token.word.negates for token in self.tokens):
            return found
        for role in ("opinion", "tag"):
            for match in self.roles.get(role, ()):
                if match.entry.sign and len(match.used) > 1:
                    negators = (place for place in match.used if self.tokens[place].word.negates)
                    found.setdefault(match.entry.sign, set()).update(negators)
        return found

    def _reached(self, way: Iterable[int], shift: int, negators: set[int], reach: int) -> bool:
        """Walk from a word until a negator, a border, another polar word or too many words."""
        steps = 0
        for border in way:
            if steps >= reach or self.borders[border] >= AND:
                return False
            place = border + shift
            if place in negators:
                return True
            if place in self.polar_places:
                return False
            steps += not self.tokens[place].word.light
        return False

    def denied_from_afar(self, match: Match) -> bool:
        """«I would not say that …»."""
        place = match.used[0]
        nearest = bisect_left(self.far, (place, 0))
        # «Не было звонка, о котором не предупредили»: its last word may stand inside the phrase.
        if nearest < len(self.far) and self.far[nearest][1] < place < self.far[nearest][0] < match.used[-1]:
            return True
        # «Не скажу, что …»: over the comma behind it, not over the next.
        return nearest > 0 and self.border_between(self.far[nearest - 1][0] + 1, place) < COMMA

    def in_the_way(self, place: int) -> bool:
        """«Если бы не цены»: does the place follow such words in their clause?"""
        return any(0 < place - at <= _UNLESS_REACH and self.border_between(at, place) <= AND for at in self.unless)

    def wished(self, place: int) -> bool:
        """Does the place stand in a wish («could be faster»)?"""
        if self.unless and self.sentence[place] in self.unless.values():
            return False
        nearest = bisect_left(self.wishes, place)
        return any(self.border_between(start, place) <= AND for start in self.wishes[max(nearest - 1, 0) : nearest + 1])

    def turned(self) -> set[int]:
        """Places whose opinion holds for another time or place, so that the opposite holds here."""
        return self._former() | self._elsewhere() | self._retorted() | self._unsaid()

    def _former(self) -> set[int]:
        """«Раньше …, теперь …»: from the word at the head of a clause up to a word of now or of contrast."""
        places: set[int] = set()
        now = self.places("now")
        for match in self.roles.get("before", ()):
            first = match.used[0]
            if self.borders[first] < COMMA and not (first and self.borders[first - 1] >= COMMA):
                continue
            for place in range(match.used[-1] + 1, len(self.tokens)):
                if place in now or place in places or self.borders[place] >= CONTRAST:
                    break
                places.add(place)
        return places

    def _elsewhere(self) -> set[int]:
        """«У соседей дешевле»: the clause, unless it compares («дешевле, чем у соседей»)."""
        rivals = [match.used[0] for match in self.roles.get("rival", ())]
        if not rivals:
            return set()
        compared = {self.sentence[place] for place in self.places("than")}
        clauses = {self.clause[place] for place in rivals if self.sentence[place] not in compared}
        return {place for place, clause in enumerate(self.clause) if clause in clauses}

    def _retorted(self) -> set[int]:
        """«Быстро? Это не про вас.»: the sentence before and the clauses before it in its own."""
        ends = {self.sentence[match.used[0]]: match.used[0] for match in self.roles.get("retort", ())}
        # «Вежливость? Не слышали.»: only behind a question.
        for match in self.roles.get("heard", ()):
            first = match.used[0]
            begin = self._begin(self.sentence[first])
            if first - begin <= 1 and begin and self.tokens[begin - 1].asks:
                ends[self.sentence[first]] = first
        return {place for sentence, end in ends.items() for place in range(self._begin(sentence - 1), end)}

    def _unsaid(self) -> set[int]:
        """«Сказать, что в туалете чисто, язык не повернётся»: what stands between «что» and a far negator behind it."""
        places: set[int] = set()
        for match in self.roles.get("negator_far", ()):
            first = match.used[0]
            if self.borders[first] < COMMA:
                continue
            for place in range(first - 1, self._begin(self.sentence[first]), -1):
                if self.tokens[place].text == "что" and self.tokens[place - 1].text in _SAYING:
                    places.update(range(place + 1, first))
                    break
        return places

    def inquiries(self) -> set[int]:
        """Sentences that only ask for something («Подскажите, …», "Do you have …"): no blame, so no cause."""
        asked = {self.sentence[match.used[0]] for match in self.roles.get("inquiry", ())}
        asked |= self._questions()
        if not asked:
            return asked
        blame = (m for role in ("tag", "opinion") for m in self.roles.get(role, ()) if m.entry.sign < 0)
        return asked - {self.sentence[match.used[0]] for match in blame}

    def _questions(self) -> set[int]:
        """Sentences with a question mark, without those that demand («Где акты?»), wish or complain."""
        # English ones are left to phrases: among tweets most questions complain.
        asks = {self.sentence[at] for at, token in enumerate(self.tokens) if token.asks and not token.text.isascii()}
        # «Качество? Отличное!»: so short a question only names what is answered.
        asked = {sentence for sentence in asks if len(self.span(sentence)) > _TOPIC}
        if not asked:
            return asked
        pressing = {self.sentence[place] for place in self.places("demand", "wish", "trouble", "negator", "retort")}
        answers = (match for role in ("retort", "heard") for match in self.roles.get(role, ()))
        answered = {self.sentence[match.used[0]] - 1 for match in answers}
        return asked - pressing - answered

    def _begin(self, sentence: int) -> int:
        return bisect_left(self.sentence, sentence)


def agreed(polar: list[Match]) -> list[Match]:
    """Of two readings of the same words with opposite signs the longer one holds, then the earlier («не вышел»)."""
    if len({match.entry.sign for match in polar if match.entry.cause is not None}) < 2:
        return polar
    kept: list[Match] = []
    signs: dict[int, set[int]] = {}
    for match in sorted(polar, key=lambda m: (-len(m.used), m.used)):
        if match.entry.cause is not None:
            if any(-match.entry.sign in signs.get(place, ()) for place in match.used):
                continue
            for place in match.used:
                signs.setdefault(place, set()).add(match.entry.sign)
        kept.append(match)
    return sorted(kept, key=lambda m: m.used)


def outside_longer(polar: list[Match]) -> list[Match]:
    """Single words inside a longer phrase of another cause and the same sign go («про задержку не сказали»)."""
    longer = [match for match in polar if match.used[-1] - match.used[0] > 1 and match.entry.cause]
    if not longer:
        return polar

    def covered(match: Match) -> bool:
        place, cause, sign = match.used[0], match.entry.cause, match.entry.sign
        return any(o.used[0] < place < o.used[-1] and o.entry.sign == sign and o.entry.cause != cause for o in longer)

    return [match for match in polar if len(match.used) > 1 or match.entry.cause is None or not covered(match)]


def default_sign(field: str | None, score: float | None) -> int:
    """Sign of what says nothing itself, from its place in the form, else from the 0-10 score beside it."""
    if field in _FIELDS:
        return _FIELDS[field]
    return 0 if score is None else -1 if score <= 6 else 1 if score >= 8 else 0
