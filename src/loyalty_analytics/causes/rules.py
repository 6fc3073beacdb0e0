"""What a text says by rules: causes, their sentiment, the words that prove both.

A polar word may be turned round by a negator in its own clause; a cause without a sign of its own takes
the sign of the nearest opinion, but never across «but»: behind a conjunction of contrast the sign is the
opposite one until something else is said.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping

import yaml

from .borrowed import FAR, Borrower
from .clauses import agreed, default_sign, outside_longer
from .codebook import LANGUAGES, Codebook
from .matcher import AND, COMMA, Match, Token
from .matchers import matcher_of
from .phrases import NONE
from .plausible import weighed
from .tags import Hit, of_the_house
from .text import parted

__all__ = ["GENERAL", "Hit", "Reader"]

GENERAL = "company.general"
#: Causes that a sneer names («Great service, waited two hours»).
_WHOLE = (None, GENERAL, "service", "staff", "company")
#: A clause of so few words that its opinion can only be about the whole.
_SHORT = 3


class Reader:
    """Reads texts by the rules of a codebook."""

    def __init__(self, codebook: Codebook, languages: tuple[str, ...] = ("ru", "en")) -> None:
        self.codebook = codebook
        self.matcher = matcher_of(codebook, languages)
        self._own = _own_rules(codebook)

    def analyse(self, text: str, field: str | None = None, score: float | None = None) -> tuple[list[Token], list[Hit]]:
        """Tokens and hits of a text.

        Parameters
        ----------
        field : {'like', 'strengthen', 'dislike', 'improve', 'problem', 'free'}, optional
            Where the text stood in the form; used where the text itself gives no sign.
        score : float, optional
            The 0-10 score given with the text; the last resort.
        """
        reading = self.read(text, field, score)
        tokens, hits = reading.tokens, reading.hits() if reading.roles else []
        if hits:
            hits = weighed(reading, hits, self.matcher.leanings.tops)
        if "@" in text and "service.channel" in self.codebook.causes:
            hits = of_the_house(text, tokens, hits)
        return tokens, hits

    def read(self, text: str, field: str | None = None, score: float | None = None) -> _Text:
        """A text with what is found in it, before it is judged how plausible that is."""
        tokens = self._parted(self.matcher.tokens(text))
        matches = self.matcher.matches(tokens) if tokens else []
        if self._own:
            own = {match.used: match.entry.cause for match in matches if match.entry.rule in self._own}
            matches = [m for m in matches if m.entry.rule in self._own or not _beaten(m, own)]
        return _Text(tokens, matches, field, score)

    def _parted(self, tokens: list[Token]) -> list[Token]:
        """Words with «неработает» as «не работает»."""
        begun = [(place, token) for place, token in enumerate(tokens) if token.text[:2] == "не"]
        for place, token in reversed(begun):
            verb = parted(token.text)
            if not verb:
                continue
            middle = token.end - len(verb)
            tokens[place : place + 1] = [
                Token(token.start, middle, "не", self.matcher.word("не"), token.border),
                Token(middle, token.end, verb, self.matcher.word(verb), NONE, token.asks),
            ]
        return tokens


def _beaten(match: Match, own: Mapping[tuple[int, ...], str | None]) -> bool:
    """Does a rule of the codebook itself show another cause by the very same words?"""
    return match.entry.cause is not None and own.get(match.used, match.entry.cause) != match.entry.cause


def _own_rules(codebook: Codebook) -> frozenset[str]:
    """Names of the rules that a codebook adds to the one it extends: at the same words they win over its rules."""
    if len(codebook.sources) == 1:
        return frozenset()
    added = yaml.load(codebook.sources[-1], Loader=yaml.BaseLoader).get("causes") or {}
    names = set()
    for cause, said in added.items():
        for language in LANGUAGES:
            for texts in (said.get(language) or {}).values():
                items = texts if isinstance(texts, list) else texts.replace("\n", ",").split(",")
                keys = ((cause, language, item.strip().lower().replace("ё", "е")) for item in items)
                names |= {codebook.rules[key].name for key in keys if key in codebook.rules}
    return frozenset(names)


class _Text(Borrower):
    """One text while it is being read."""

    def __init__(self, tokens: list[Token], matches: list[Match], field: str | None, score: float | None) -> None:
        super().__init__(tokens, matches, field)
        self.default = default_sign(field, score)
        tags, opinions = self._tags(), self.roles.get("opinion", [])
        polar = sorted([m for m in (*opinions, *tags) if m.entry.sign], key=lambda m: m.used)
        if self.corrected:
            polar = [match for match in polar if not self.corrected.issuperset(match.used)]
        self.polar = outside_longer(self._backed(agreed(polar), tags))
        self._starts = [match.used[0] for match in self.polar]
        self.aspects = [match for match in tags if not match.entry.sign]
        turned = self.turned()
        for match in self.polar:
            match.sign, match.weight = self._signed(match, turned)
        self._told: dict[int, tuple[float, float]] = {}
        self._sneer()

    def _tags(self) -> list[Match]:
        """Causes named, without those that are only mentioned as not being the matter."""
        tags = self.roles.get("tag", [])
        if asked := self.inquiries():
            tags = [match for match in tags if self.sentence[match.used[0]] not in asked]
        if self.decoys:
            tags = [match for match in tags if self.decoys.isdisjoint(match.used)]
        if self.mentioned:
            tags = [match for match in tags if match.entry.sign or self.mentioned.isdisjoint(match.used)]
        return tags

    def _backed(self, polar: list[Match], tags: list[Match]) -> list[Match]:
        """Of causes shown by the very same words those hold whose top is named in the clause by other words, too."""
        if len({match.used for match in polar}) == len(polar):
            return polar
        same: dict[tuple[int, ...], set[str]] = {}
        for match in polar:
            if match.entry.cause:
                same.setdefault(match.used, set()).add(match.entry.cause.partition(".")[0])
        doubtful = {used: tops for used, tops in same.items() if len(tops) > 1}
        if not doubtful:
            return polar
        named: dict[int, set[str]] = {}
        for match in tags:
            if match.used not in doubtful:
                named.setdefault(self.clause[match.used[0]], set()).add(str(match.entry.cause).partition(".")[0])
        backed = {used: tops & named.get(self.clause[used[0]], set()) for used, tops in doubtful.items()}
        return [m for m in polar if not backed.get(m.used) or str(m.entry.cause).partition(".")[0] in backed[m.used]]

    def _signed(self, match: Match, turned: set[int]) -> tuple[int, float]:
        """Sign and weight of a polar word where it stands."""
        sign, weight = match.entry.sign, match.entry.weight
        # Negations agree in Russian («ничего не понравилось»): any number of them turns the sign once.
        negated, far = self.negated(match), bool(self.far) and self.denied_from_afar(match)
        if negated and far:
            # «Не было случая, чтобы к нам не прислушались»: of two that stand apart each turns.
            weight *= 0.7
        elif negated:
            sign, weight = -sign, weight * (0.9 if sign > 0 else 0.7)
        elif far:
            sign, weight = -sign, weight * (0.8 if sign > 0 or match.entry.whole else 0.5)
        if match.used[0] in turned:
            sign, weight = -sign, weight * 0.7
        if sign > 0 and not far and ((self.wishing and not match.entry.whole) or self.wished(match.used[0])):
            sign, weight = -1, 0.8
        return sign, weight

    def _sneer(self) -> None:
        """«Супер сервис, час ждали»: praise of the whole at the head of a sentence, then trouble and no «but»."""
        gone: set[int] = set()
        beside: dict[int, list[Match]] = {}
        for aspect in self.aspects:
            beside.setdefault(self.clause[aspect.used[0]], []).append(aspect)
        for place, match in enumerate(self.polar[:-1]):
            follower = self.polar[place + 1]
            if match.sign < 0 or match.entry.sign < 0 or match.entry.cause not in _WHOLE or follower.sign > 0:
                continue
            first, sentence = match.used[0], self.sentence[match.used[0]]
            if (first and self.sentence[first - 1] == sentence) or self.sentence[follower.used[0]] != sentence:
                continue
            rest = self.polar[place + 1 : bisect_left(self._starts, self._begin(sentence + 1))]
            clause = self.clause[first]
            named = beside.get(clause, ()) if clause not in gone else ()
            if (
                all(other.sign < 0 and other.weight >= 0.9 for other in rest)
                and self.border_between(first, follower.used[0]) == COMMA
                and all(aspect.entry.cause in _WHOLE for aspect in named)
            ):
                match.sign, match.weight, match.attached = -1, 0.5, True
                if any(other.entry.cause for other in rest):
                    gone.add(clause)
        if gone:
            self.aspects = [aspect for aspect in self.aspects if self.clause[aspect.used[0]] not in gone]

    def _tops_of_clauses(self) -> dict[int, set[str | None]]:
        """Top causes of the opinions of each clause; None for opinions about anything."""
        tops: dict[int, set[str | None]] = {}
        for match in self.polar:
            cause = match.entry.cause
            top = None if cause in (None, GENERAL) else str(cause).partition(".")[0]
            tops.setdefault(self.clause[match.used[0]], set()).add(top)
        return tops

    def hits(self) -> list[Hit]:
        """Hits of the text in the order of their places."""
        found: list[Hit] = []
        hints: list[tuple[Match, Hit]] = []
        mentions: list[Hit] = []
        self._tops = self._tops_of_clauses() if self.aspects else {}
        for match in self.aspects:
            if self._only_object(match):
                continue
            sign, sure = self._sign_of(match)
            if self._overruled(match, sure):
                sure = 0.0
            hit = self._hit(match, match.entry.cause or "", sign, sure)
            if not sure:
                mentions += [hit] * match.times
            elif match.entry.hint:
                hints += [(match, hit)] * match.times
            else:
                found += [hit] * match.times
        for match in self.polar:
            if match.entry.cause is not None:
                found += [self._hit(match, match.entry.cause, float(match.sign), match.weight)] * match.times
        found += self._needed(hints, found)
        found = self._parts_first(found)
        return found + self._general(found) + mentions

    def _overruled(self, aspect: Match, sure: float) -> bool:
        """Only a far opinion speaks for the cause, and its sentence shows another one by its own words."""
        if sure != FAR or self.wishing:
            return False
        sentence = self.sentence[aspect.used[0]]
        first, behind = (bisect_left(self._starts, self._begin(sentence + step)) for step in (0, 1))
        return any(match.entry.cause not in (None, GENERAL) for match in self.polar[first:behind])

    def _parts_first(self, found: list[Hit]) -> list[Hit]:
        """The whole is not named where the same clause, or with the same sign the same sentence, names a part."""
        parts = [hit for hit in found if hit.cause != GENERAL]
        if not parts or len(parts) == len(found):
            return found
        starts = {token.start: sentence for token, sentence in zip(self.tokens, self.sentence)}
        clauses = {hit.clause for hit in parts}
        signs = {(starts[hit.start], hit.sign > 0) for hit in parts}
        return [
            hit
            for hit in found
            if hit.cause != GENERAL or (hit.clause not in clauses and (starts[hit.start], hit.sign > 0) not in signs)
        ]

    def _only_object(self, aspect: Match) -> bool:
        """«The jingle was ready in a day» speaks of speed: another cause has the only opinion of the clause."""
        place, top = aspect.used[0], (aspect.entry.cause or "").partition(".")[0]
        tops = self._tops.get(self.clause[place])
        if not tops or None in tops or top in tops:
            return False
        # "Food and staff were wonderful": what «and» joins shares the opinion.
        return not any(
            self.border_between(place, m.used[0]) == AND and self.clause[m.used[0]] == self.clause[place]
            for m in self._close(place)
        )

    def _close(self, place: int) -> Iterator[Match]:
        """Opinions two words away at most."""
        for way in self._outward(place):
            for number in way:
                if self.steps(self._starts[number], place) > 2:
                    break
                yield self.polar[number]

    def _needed(self, hints: list[tuple[Match, Hit]], found: list[Hit]) -> list[Hit]:
        """Hints («manager», «campaign») where nothing surer is said, or with an opinion at their side («nice girl»)."""
        if not hints:
            return []
        starts = {token.start: place for place, token in enumerate(self.tokens)}
        sure = {self.part[starts[hit.start]] for hit in found if hit.cause != GENERAL}
        named = {self.sentence[starts[hit.start]] for hit in found if hit.cause != GENERAL}
        judged = {self.clause[place] for place in self._starts}
        whole = {self.sentence[starts[hit.start]]: hit.clause for hit in found if hit.cause == GENERAL}
        kept = []
        for match, hit in hints:
            sentence = self.sentence[match.used[0]]
            part, own = self.part[match.used[0]], hit.clause in judged and sentence in named
            # Beyond a «but» something surer may be said of another matter.
            if self._beside(match) or (
                part not in sure and (own or sentence not in named) and whole.get(sentence, hit.clause) == hit.clause
            ):
                kept.append(hit)
        # The whole is named only where no part is.
        parts = {self.sentence[starts[hit.start]] for hit in kept if hit.cause != GENERAL}
        return [hit for hit in kept if hit.cause != GENERAL or self.sentence[starts[hit.start]] not in parts]

    def _beside(self, match: Match) -> bool:
        if match.entry.cause == GENERAL:
            return False
        return any(
            other.entry.cause is None
            and not other.entry.whole
            and self.border_between(other.used[0], match.used[0]) < COMMA
            for other in self._close(match.used[0])
        )

    def _general(self, found: list[Hit]) -> list[Hit]:
        """Opinions about nothing in particular speak of the company as a whole."""
        free = [m for m in self.polar if m.entry.cause is None and not m.attached and m.weight >= 0.5]
        if not free:
            return []
        universal = {self.clause[place] for place in self.places("universal")}
        sizes: dict[int, int] = {}
        for token, clause in zip(self.tokens, self.clause):
            sizes[clause] = sizes.get(clause, 0) + (not token.word.light)
        hits = []
        for match in free:
            clause = self.clause[match.used[0]]
            if match.weight >= 0.6 and clause in universal:
                hits.append(self._hit(match, GENERAL, float(match.sign), 0.6))
            elif not found and (match.entry.whole or (match.weight >= 0.6 and sizes[clause] <= _SHORT)):
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
            match,
        )
