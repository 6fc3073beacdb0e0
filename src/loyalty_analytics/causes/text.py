"""Texts as people write them: tokens with places, word forms, typos, transliteration, emoji.

Everything that costs time is done once per distinct word, never per text; places are places in the
original text, so that evidence is always a literal part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache, lru_cache
from typing import Any

from .forms import inflected

__all__ = [
    "ALPHABET",
    "TOKEN",
    "analysed_forms",
    "bidding",
    "edits",
    "english_forms",
    "forms_of",
    "from_latin",
    "known_russian",
    "normalise",
    "parted",
    "russian_lemma",
    "sounds",
]

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_STRIP = re.compile(f"[{_INVISIBLE}]")
# Order matters: what is no word (tags, addresses, entities) is swallowed before words are looked for.
TOKEN = re.compile(
    r"(?P<skip><[^<>]{0,80}>|https?://\S+|www\.\S+|[\w.+-]{1,64}+@[\w-]{1,255}\.[\w.]+|@\w+|&(?:amp|lt|gt|quot|nbsp|#\d+);)"
    rf"|(?P<word>[^\W_]\w*(?:(?:[{_INVISIBLE}]|(?<=\w)['’`\-](?=\w))\w*)*)"
    r"|(?P<smile>\){2,}|\({2,}|[:;=]-?[)(DP]|<3"
    "|[\u231a-\u23ff\u2600-\u27bf\u2b50\U0001f300-\U0001faff]\ufe0f?)"
    r"|(?P<stop>[.!?…;\n\r]+)|(?P<comma>[,:()\[\]{}«»\"“”/|]| [-–—]+ |—)"
)

_LOOKALIKE = str.maketrans("aceopxykmtbhABCEHKMOPTXYё", "асеорхукмтвнАВСЕНКМОРТХУе")
_CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)
_LATIN = re.compile("[a-z]", re.IGNORECASE)
_REPEAT = re.compile(r"(\w)\1{2,}")

# Longest first: "shch" before "sh".
_TRANSLIT = [
    ("tsya", "тся"), ("tsja", "тся"),
    ("shch", "щ"), ("sch", "щ"), ("zh", "ж"), ("kh", "х"), ("ts", "ц"), ("ch", "ч"), ("sh", "ш"), ("yo", "е"),
    ("iy", "ий"), ("ij", "ий"), ("yj", "ый"), ("jo", "е"), ("yu", "ю"), ("ju", "ю"), ("iu", "ю"),
    ("ya", "я"), ("ja", "я"), ("ia", "ия"), ("yi", "ый"), ("yy", "ый"),
    ("a", "а"), ("b", "б"), ("v", "в"), ("w", "в"), ("g", "г"),
    ("d", "д"), ("e", "е"), ("z", "з"), ("i", "и"), ("j", "й"),
    ("k", "к"), ("l", "л"), ("m", "м"), ("n", "н"), ("o", "о"), ("p", "п"), ("r", "р"), ("s", "с"), ("t", "т"),
    ("u", "у"), ("f", "ф"), ("h", "х"), ("c", "ц"), ("y", "ы"),
    ("'", "ь"), ("4", "ч"), ("6", "ш"), ("x", "кс"), ("q", "к"),
]  # fmt: skip
ALPHABET = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
_LATIN_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def normalise(word: str) -> str:
    """One spelling for a word: lower case, е for ё, no invisible signs, one alphabet.

    >>> normalise("ценa"), normalise("Ещё"), normalise("ОООчень")
    ('цена', 'еще', 'оочень')
    """
    if not word.isalpha():
        word = _STRIP.sub("", word).replace("’", "'").replace("`", "'")
    word = word.lower().replace("ё", "е")
    if not word.isascii() and _LATIN.search(word) and _CYRILLIC.search(word):
        word = word.translate(_LOOKALIKE)
    return _REPEAT.sub(r"\1\1", word)


def from_latin(word: str) -> str:
    """Russian written in Latin letters, back in Russian ones.

    >>> from_latin("menedzher"), from_latin("dostavka"), from_latin("dozvonitsya")
    ('менеджер', 'доставка', 'дозвонится')
    """
    out, place = [], 0
    while place < len(word):
        for latin, russian in _TRANSLIT:
            if word.startswith(latin, place):
                out.append(russian)
                place += len(latin)
                break
        else:
            return ""
    return "".join(out)


def edits(word: str) -> Iterable[str]:
    """All words at edit distance 1 (a letter lost, added, changed, or two swapped); the first letter stays."""
    letters = _LATIN_ALPHABET if word.isascii() else ALPHABET
    for i in range(1, len(word) + 1):
        head, tail = word[:i], word[i:]
        if tail:
            yield head + tail[1:]
            if len(tail) > 1:
                yield head + tail[1] + tail[0] + tail[2:]
            for letter in letters:
                yield head + letter + tail[1:]
        for letter in letters:
            yield head + letter + tail


#: Letters that sound alike where they are not stressed or stand at the end of a syllable; signs are not heard.
_HEARD = str.maketrans(
    {"о": "а", "е": "и", "э": "и", "я": "и", "ы": "и", "ю": "у", "г": "к", "б": "п", "в": "ф", "д": "т", "з": "с",
     "ж": "ш", "щ": "ш", "ь": None, "ъ": None}
)  # fmt: skip
_HUSHED = (
    ("ться", "ца"), ("тся", "ца"), ("тс", "ц"), ("сч", "щ"), ("стн", "сн"), ("шо", "ше"), ("жо", "же"), ("чо", "че"),
    ("чя", "ча"), ("щя", "ща"), ("чю", "чу"),
)  # fmt: skip
_TWICE = [(letter * 2, letter) for letter in "аиуклмнпрстфхцчш"]


def sounds(words: str) -> str:
    """How words sound, roughly: what people who write by ear do not tell apart is one letter.

    >>> sounds("дорагавато") == sounds("дороговато"), sounds("очириди") == sounds("очереди")
    (True, True)
    """
    for written, heard in _HUSHED:
        words = words.replace(written, heard)
    words = words.translate(_HEARD)
    for double, letter in _TWICE:
        words = words.replace(double, letter)
    return words


@cache
def _morph() -> Any:
    import pymorphy3

    return pymorphy3.MorphAnalyzer(lang="ru")


def analysed_forms(lemma: str) -> set[str]:
    """Every form of a Russian word, from the dictionary.

    A noun or adjective that is not in its dictionary form stands for itself only («неделями»);
    a verb brings all its forms («перезвонил»).

    >>> sorted(analysed_forms("цена") & {"цен", "ценами", "ценить"})
    ['цен', 'ценами']
    >>> analysed_forms("неделями")
    {'неделями'}
    """
    forms = {lemma}
    if not _CYRILLIC.search(lemma):
        return forms
    parses = _morph().parse(lemma)
    exact = [parse for parse in parses if parse.normal_form.replace("ё", "е") == lemma]
    verbs = [parse for parse in parses[:1] if parse.tag.POS in ("VERB", "PRTS")]
    for parse in exact or verbs:
        forms.update(form.word.replace("ё", "е") for form in parse.lexeme)
    return forms


@lru_cache(maxsize=100_000)
def known_russian(word: str) -> bool:
    """Is the word in the dictionary (then it is no typo)?"""
    return bool(_morph().word_is_known(word))


@lru_cache(maxsize=10_000)
def bidding(word: str) -> bool:
    """An infinitive or imperative: at the head of a sentence it says what should be done.

    >>> bidding("добавить"), bidding("сделайте"), bidding("дети")
    (True, True, False)
    """
    tag = _morph().parse(word)[0].tag
    return "INFN" in tag or "impr" in tag


@lru_cache(maxsize=10_000)
def parted(word: str) -> str:
    """The verb behind a «не» that is written together with it; nothing where the word is none of these.

    >>> parted("неработает"), parted("ненавидит"), parted("неделями")
    ('работает', '', '')
    """
    rest = word[2:]
    if not word.startswith("не") or len(rest) < 4 or known_russian(word) or not known_russian(rest) or inflected(word):
        return ""
    return rest if _morph().parse(rest)[0].tag.POS in ("VERB", "INFN") else ""


@lru_cache(maxsize=100_000)
def russian_lemma(word: str) -> str:
    """The dictionary form of a Russian word; other words stay.

    >>> russian_lemma("менеджерами"), russian_lemma("wifi")
    ('менеджер', 'wifi')
    """
    if not _CYRILLIC.search(word):
        return word
    return str(_morph().parse(word)[0].normal_form).replace("ё", "е")


_IRREGULAR = {
    "be": "is are was were been being am", "have": "has had having", "do": "does did done doing",
    "get": "got gotten getting gets", "give": "gave given giving gives", "take": "took taken taking takes",
    "break": "broke broken breaking breaks", "come": "came coming comes", "lose": "lost losing loses",
    "make": "made making makes", "tell": "told telling tells", "say": "said saying says",
    "keep": "kept keeping keeps", "know": "knew known knows knowing", "feel": "felt feels feeling",
    "forget": "forgot forgotten forgetting forgets", "bring": "brought brings bringing", "buy": "bought buys buying",
    "pay": "paid pays paying", "send": "sent sends sending", "spend": "spent spends spending",
    "sit": "sat sits sitting", "leave": "left leaves leaving", "eat": "ate eaten eats eating",
    "find": "found finds finding", "hear": "heard hears hearing", "run": "ran runs running",
    "steal": "stole stolen steals", "speak": "spoke spoken speaks speaking", "understand": "understood understands",
    "write": "wrote written writes writing", "wait": "waited waits waiting", "hold": "held holds holding",
    "cut": "cut cuts cutting", "let": "let lets letting", "put": "put puts putting", "throw": "threw thrown throws",
    "go": "went gone goes going", "see": "saw seen sees seeing",
    "think": "thought thinks", "fly": "flew flown flies flying",
    "good": "better best", "bad": "worse worst", "man": "men", "woman": "women", "child": "children kids",
    "fall": "fell fallen falls falling", "grow": "grew grown grows growing", "rise": "rose risen rises rising",
    "drink": "drank drunk drinks drinking", "drive": "drove driven drives driving", "meet": "met meets meeting",
    "sell": "sold sells selling", "show": "showed shown shows showing", "stick": "stuck sticks sticking",
    "sleep": "slept sleeps sleeping", "teach": "taught teaches",
    "win": "won wins winning", "cheat": "cheated cheats cheating",
}  # fmt: skip


@cache
def english_forms(word: str) -> frozenset[str]:
    """Forms that an English word can take; some do not exist, which harms nobody.

    >>> sorted(english_forms("delay"))[:4]
    ['delay', 'delayed', 'delayer', 'delayest']
    """
    forms = {word}
    if word in _IRREGULAR:
        return frozenset(forms | set(_IRREGULAR[word].split()))
    if len(word) < 3 or not word.isalpha():
        return frozenset(forms)
    if word.endswith("y") and word[-2] not in "aeiou":
        stem = word[:-1]
        forms |= {stem + end for end in ("ies", "ied", "ier", "iest", "ily")} | {word + "ing"}
    elif word.endswith("e"):
        forms |= {word + end for end in ("s", "d", "r", "st", "ly")} | {word[:-1] + "ing"}
        if word.endswith("le"):
            forms.add(word[:-1] + "y")
    else:
        plural = "es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s"
        forms |= {word + end for end in (plural, "ed", "ing", "er", "est", "ly")}
        if word[-1] not in "aeiouwxy" and word[-2] in "aeiou" and word[-3] not in "aeiou":
            forms |= {word + word[-1] + end for end in ("ed", "ing", "er", "est")}
    return frozenset(forms)


def forms_of(atom: str) -> list[str]:
    """Forms of one word of a rule in their order, shipped ones as they lie there: «=слово» is this form alone.

    >>> forms_of("=цены"), forms_of("price")
    (['цены'], ['price', 'priced', 'pricely', 'pricer', 'prices', 'pricest', 'pricing'])
    """
    if atom.startswith("="):
        return [atom[1:]]
    return sorted(english_forms(atom)) if atom.isascii() else inflected(atom) or sorted(analysed_forms(atom))
