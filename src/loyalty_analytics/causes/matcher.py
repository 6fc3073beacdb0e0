"""From rules to a matcher: which words and phrases of a codebook stand where in a text."""

from __future__ import annotations

from itertools import count

from .codebook import Codebook, Rule, read_lexicon
from .entries import Begun, Entry, Match, Pattern, Token, Word
from .forms import shipped
from .leanings import Leanings
from .phrases import AND, ATOM, COMMA, CONTRAST, NONE, SENTENCE, WIDEST, follow, heads, lone, variants
from .text import ALPHABET, TOKEN, edits, forms_of, from_latin, known_russian, normalise, sounds

__all__ = ["AND", "COMMA", "CONTRAST", "SENTENCE", "WIDEST", "Entry", "Match", "Matcher", "Token", "Word"]

_LIGHT = "light"
_EMPTY: frozenset[int] = frozenset()
_STEERING = ("block", "negator_far", "decoy")
_CLASS = "class_"
#: what stands for any number in digits
_DIGITS = "0"
#: Letters of a word that may be a typo; spellings and sentences that are kept at hand; words of such a sentence.
_LONGEST, _REMEMBERED, _SHORT = 40, 50_000, 8
#: What several rules show alike is heard twice at most.
_HEARD = 2


class Matcher:
    """Finds the rules of a codebook in texts; words are resolved once and remembered."""

    def __init__(self, codebook: Codebook, languages: tuple[str, ...] = ("ru", "en")) -> None:
        self._forms: dict[str, tuple[int, ...]] = {}
        self._prefixes: dict[str, list[int]] = {}
        self._atoms: dict[str, int] = {}
        self._lexemes: dict[str, int] = {}
        self._elements: dict[str, frozenset[int]] = {}
        self._singles: dict[int, list[Entry]] = {}
        #: phrases by the symbols of their first words, not yet unfolded
        self._folded: dict[int, list[tuple[str, Entry]]] = {}
        self._unfolded: dict[tuple[str, Entry], list[tuple[frozenset[int], Pattern]]] = {}
        self._light: set[int] = set()
        self._classes: dict[str, frozenset[int]] = {}
        self._kinds: dict[int, tuple[int, ...]] = {}
        self._words: dict[str, Word] = {}
        self._known: dict[str, Word] = {}
        self._sentences: dict[tuple[int, ...], list[tuple[Entry, tuple[int, ...], int]]] = {}
        self._numbers = count(1)
        self._alike: dict[tuple[int, ...], tuple[Begun, Begun, frozenset[int]]] = {}
        for language in languages:
            self._read_classes(language)
            for role, texts in read_lexicon(language).items():
                for text in texts if not role.startswith(_CLASS) else ():
                    self._add(text, _lexicon_entry(role, text))
        for rule in codebook.rules.values():
            if rule.language in languages:
                self._add(rule.text, _rule_entry(rule))
        self.leanings = Leanings((r for r in codebook.rules.values() if r.language in languages), self._atoms)
        self._longest_prefix = max(map(len, self._prefixes), default=0)
        self._sounds: dict[str, dict[str, str]] = {}

    def _read_classes(self, language: str) -> None:
        """Words that phrases name by their class: «через #num #time»."""
        for role, texts in read_lexicon(language).items():
            if role.startswith(_CLASS):
                name = "#" + role.removeprefix(_CLASS)
                # A class is one symbol that its words bear beside their own.
                kind = self._lexemes.setdefault(name, len(self._lexemes))
                self._classes[name] = frozenset((kind,))
                for symbol in {self._atom(text) for text in texts}:
                    self._kinds[symbol] = (*self._kinds.get(symbol, ()), kind)

    def _add(self, text: str, entry: Entry) -> None:
        for element in lone(text):
            for symbol in sorted(self._element(element)):
                self._singles.setdefault(symbol, []).append(entry)
                if entry.role == _LIGHT:
                    self._light.add(symbol)
        if " " not in text and "_" not in text:
            return
        # A phrase is unfolded when a word that begins it is met; its words are known from the start.
        for atom in ATOM.findall(text):
            if atom[0] != "#" and atom not in self._atoms:
                self._atom(atom)
        for symbol in sorted({symbol for first in heads(text) for symbol in self._element(first)}):
            self._folded.setdefault(symbol, []).append((text, entry))

    def _patterns(self, phrase: tuple[str, Entry]) -> list[tuple[frozenset[int], Pattern]]:
        """A phrase unfolded: what each of its variants begins with, and the rest."""
        known = self._unfolded.get(phrase)
        if known is None:
            known = self._unfolded[phrase] = []
            for elements in variants(phrase[0]):
                if len(elements) == 1:
                    continue
                sets = [(gap, self._element(element)) for gap, element in elements]
                third = sets[2][1] if len(sets) > 2 else _EMPTY
                known.append((sets[0][1], Pattern(phrase[1], sets[1][1], third, tuple(sets[1:]))))
        return known

    def _element(self, element: str) -> frozenset[int]:
        known = self._elements.get(element)
        if known is None:
            symbols: set[int] = set()
            for atom in element.split("|"):
                symbols |= self._classes.get(atom, _EMPTY) if atom[0] == "#" else {self._atom(atom)}
            known = self._elements[element] = frozenset(symbols)
        return known

    def _atom(self, atom: str) -> int:
        known = self._atoms.get(atom)
        if known is not None:
            return known
        # Words of one lexeme («потерял», «потеряли») are one symbol.
        lexeme = shipped().get(atom, atom)
        symbol = self._atoms[atom] = self._lexemes.setdefault(lexeme, len(self._lexemes))
        if symbol < len(self._lexemes) - 1:
            return symbol
        if atom.endswith("*"):
            self._prefixes.setdefault(atom[:-1], []).append(symbol)
            return symbol
        own: dict[str, tuple[int, ...]] = dict.fromkeys(forms_of(atom), (symbol,))
        for form in self._forms.keys() & own.keys():
            own[form] = self._forms[form] + own[form]
        self._forms.update(own)
        return symbol

    def word(self, surface: str, smile: bool = False) -> Word:
        """What is known about a spelling."""
        if len(self._words) >= _REMEMBERED:
            # A long stream brings ever new numbers, names and typos.
            self._words.clear()
            self._known.clear()
        text = _smile(surface) if smile else normalise(surface)
        known = self._known.get(text)
        if known is None:
            known = self._known[text] = self._resolve(text)
        self._words[surface] = known
        return known

    def _resolve(self, text: str) -> Word:
        symbols = self._symbols(text)
        spelled = bool(symbols)
        if spelled and text not in self._forms and len(text) > 3 and not text.isascii() and not known_russian(text):
            # A beginning alone is no word: «сайтт».
            symbols = self._repaired(text) or symbols
        if not symbols and "-" in text:
            symbols = [symbol for part in text.split("-") for symbol in self._symbols(part)]
        if not symbols and len(text) > 3:
            symbols = self._repaired(text)
        ordered = sorted({*symbols, *(kind for symbol in symbols for kind in self._kinds.get(symbol, ()))})
        close, apart, own = self._begun(tuple(ordered))
        singles = tuple(e for symbol in ordered for e in self._singles.get(symbol, ()) if e.role != _LIGHT)
        return Word(
            text,
            own,
            singles,
            close,
            apart,
            any(symbol in self._light for symbol in ordered),
            not spelled and bool(symbols) and text.isascii() and from_latin(text) in self._forms,
            any(entry.role == "negator" for entry in singles),
            any(entry.role in ("contrast", "concession") for entry in singles),
            self.leanings.of(ordered),
            next(self._numbers),
        )

    def _begun(self, symbols: tuple[int, ...]) -> tuple[Begun, Begun, frozenset[int]]:
        """Phrases that begin with a word of these symbols, close behind it and apart; alike words share them."""
        known = self._alike.get(symbols)
        if known is None:
            close, apart = Begun(), Begun()
            for symbol in symbols:
                for phrase in self._folded.get(symbol, ()):
                    for first, pattern in self._patterns(phrase):
                        if symbol in first:
                            (apart if pattern.rest[0][0] else close).add(pattern)
            for begun in (close, apart):
                begun.seconds = frozenset(begun.followers)
            known = self._alike[symbols] = (close, apart, frozenset(symbols))
        return known

    def _symbols(self, text: str) -> list[int]:
        symbols = list(self._forms.get(_DIGITS if text[0].isdigit() else text, ()))
        for end in range(3, min(len(text), self._longest_prefix) + 1):
            symbols += self._prefixes.get(text[:end], ())
        return symbols

    def _repaired(self, text: str) -> list[int]:
        """Symbols of what was probably meant: one letter too many, Latin letters, a typo."""
        if len(text) > _LONGEST:
            return []
        single = "".join(a for a, b in zip(text, " " + text) if a != b)
        if single != text and (symbols := self._symbols(single)):
            return symbols
        latin = text.isascii()
        if latin and len(text) > 4 and text.isalpha():
            russian = from_latin(text)
            if russian and (symbols := self._symbols(russian)):
                return symbols
        if len(text) < 5 + 2 * latin or not text.isalpha() or (not latin and known_russian(text)):
            return []
        near = [word for word in edits(text) if word in self._forms] if len(text) > 5 else []
        if not near and not latin:
            return self._sounding(sounds(text))
        # Of words that are as near the first that says something or begins a phrase.
        telling = (w for w in near if any(self._tells(s) for s in self._forms[w]))
        return list(self._forms[next(telling, near[0])]) if near else []

    def _tells(self, symbol: int) -> bool:
        """Does a word say something by itself, or begin a phrase?"""
        return symbol in self._singles or symbol in self._folded or symbol in self._kinds

    def _sounding(self, sound: str) -> list[int]:
        """Symbols of the words that sound alike: «дорагавато», «очириди»; words of one first letter at a time."""
        if sound[:1] not in self._sounds:
            begun = {letter for letter in ALPHABET if sounds(letter) == sound[:1]}
            forms = [form for form in self._forms if len(form) > 4 and form[0] in begun]
            index = self._sounds[sound[:1]] = {}
            for form, alike in zip(forms, sounds("\n".join(forms)).split("\n")):
                index.setdefault(alike, form)
        meant = self._sounds[sound[:1]].get(sound)
        return list(self._forms[meant]) if meant else []

    def tokens(self, text: str) -> list[Token]:
        """Words and smiles of a text in their order."""
        found: list[Token] = []
        border, latin = SENTENCE, False
        words = self._words
        for part in TOKEN.finditer(text):
            kind = part.lastgroup
            if kind == "word" or kind == "smile":
                surface = part.group()
                word = words.get(surface)
                if word is None:
                    word = self.word(surface, kind == "smile")
                found.append(Token(part.start(), part.end(), word.text, word, border))
                latin = latin or word.latin
                border = NONE
            elif kind == "stop":
                border = SENTENCE
                if found and "?" in part.group():
                    found[-1].asks = True
            elif kind == "comma" and border < COMMA:
                border = COMMA
        if latin:
            # Among English words a spelling that could be Russian is none.
            english = sum(token.word.light and token.text.isascii() for token in found)
            if english > 1:
                for token in found:
                    token.word = Word(token.text) if token.word.latin else token.word
            else:
                # «Menedzher ne beret trubku»: beside such words the short ones are Russian, too.
                for token in found:
                    if not token.word.syms and len(token.text) < 5 and token.text.isascii():
                        token.word = self.word(from_latin(token.text) or token.text)
        return found

    def _phrases_in(self, tokens: list[Token]) -> list[Match]:
        """All phrases of a sentence, from its end to its beginning."""
        found: list[Match] = []
        # What stands behind a word, and close behind it, particles between: most phrases fail because
        # their second or third word is not there.
        later: set[int] = set()
        near: frozenset[int] = _EMPTY
        for place in range(len(tokens) - 1, -1, -1):
            word = tokens[place].word
            tries: list[Pattern] = []
            for begun, behind in ((word.close, near), (word.apart, later)):
                if seconds := begun.seconds & behind:
                    for second in sorted(seconds) if len(seconds) > 1 else seconds:
                        followers = begun.followers[second]
                        tries += followers.pairs
                        if not followers.thirds.isdisjoint(later):
                            tries += [p for p in followers.longer if not p.third.isdisjoint(later)]
            if tries:
                heard: dict[tuple[str, str | None, int, tuple[int, ...]], Match] = {}
                following, pair = tokens[place + 1].word.syms, (place, place + 1)
                for pattern in tries:
                    met = len(pattern.rest) == 1 and not pattern.second.isdisjoint(following)
                    used = pair if met else follow(pattern, tokens, place)
                    if used:
                        entry = pattern.entry
                        key = entry.role, entry.cause, entry.sign, used
                        same = heard.get(key)
                        if same is None:
                            heard[key] = match = Match(entry, used)
                            found.append(match)
                        else:
                            same.times = _HEARD
            later |= word.syms
            near = word.syms | near if word.light and not word.turns else word.syms
        return found

    def matches(self, tokens: list[Token]) -> list[Match]:
        """Entries in a text; no phrase reaches over the end of a sentence, so short ones are remembered."""
        found: list[Match] = []
        begins = [place for place, token in enumerate(tokens) if token.border >= SENTENCE]
        for begin, end in zip(begins, [*begins[1:], len(tokens)]):
            sentence = tokens[begin:end]
            numbers = tuple([token.word.number for token in sentence])
            known = self._sentences.get(numbers)
            if known is None:
                known = self._in_sentence(sentence)
                if len(numbers) <= _SHORT:
                    if len(self._sentences) >= _REMEMBERED:
                        self._sentences.clear()
                    self._sentences[numbers] = known
            for entry, used, times in known:
                found.append(Match(entry, tuple([begin + place for place in used]), times=times))
        return found

    def _in_sentence(self, tokens: list[Token]) -> list[tuple[Entry, tuple[int, ...], int]]:
        """Entries in a sentence and their places in it; a longer phrase silences what stands inside it."""
        phrases = self._phrases_in(tokens)
        taken: dict[int, int] = {}
        kept: list[Match] = []
        nots = [match for match in phrases if match.entry.role == "not"]
        phrases = [match for match in phrases if match.entry.role != "not"]
        # Of two phrases of one length that steer and that name a cause, the steering one wins («не скажу, что»).
        for match in sorted(phrases, key=_rank):
            size = len(match.used)
            if all(taken.get(place, size) <= size for place in match.used):
                steers = match.entry.role in _STEERING
                for place in match.used:
                    taken[place] = max(size + steers, taken.get(place, 0))
                kept.append(match)
        for place, token in enumerate(tokens):
            if place not in taken:
                kept += [Match(entry, (place,)) for entry in token.word.singles]
        kept = _allowed(kept, nots)
        kept.sort(key=lambda m: m.used)
        return [(match.entry, match.used, match.times) for match in kept]


def _allowed(found: list[Match], nots: list[Match]) -> list[Match]:
    """What looks like a cause and is not goes; the same words may still show another cause."""
    silenced: dict[tuple[int, str | None], int] = {}
    for other in (*nots, *(match for match in found if match.entry.role == "not")):
        for place in other.used:
            key = place, other.entry.cause
            silenced[key] = max(silenced.get(key, 0), len(other.used))
    if not silenced:
        return found
    return [
        match
        for match in found
        if match.entry.role != "not"
        and not any(len(match.used) <= silenced.get((place, match.entry.cause), 0) for place in match.used)
    ]


def _rank(match: Match) -> tuple[int, bool, int, tuple[int, ...]]:
    return -len(match.used), match.entry.role not in _STEERING, match.used[-1] - match.used[0], match.used


def _smile(text: str) -> str:
    """One name for a row of smiles."""
    if text[0] in ")(":
        return text[0] * 2
    return text.rstrip("\ufe0f")


def _lexicon_entry(role: str, text: str) -> Entry:
    if role.endswith(("positive", "negative")):
        sign, name = (1 if role.endswith("positive") else -1), f"opinion:{role}:{text}"
        return Entry("opinion", None, sign, 0.5 if role.startswith("weak") else 1.0, name, role.startswith("whole"))
    return Entry(role)


def _rule_entry(rule: Rule) -> Entry:
    sign = {"positive": 1, "negative": -1}.get(rule.kind, 0)
    if rule.kind == "not":
        return Entry("not", rule.cause)
    role = "opinion" if rule.cause is None else "tag"
    return Entry(role, rule.cause, sign, 1.0, rule.name, hint=rule.kind == "hints")
