"""Words, numbers, money and months in Russian and English.

Each area has one file per language, ``words/ru/<area>.yaml`` and ``words/en/<area>.yaml``, with the
same keys. A value is a template for `str.format`, or the plural forms of a noun
(one, few, many, other). A key is written ``area.key``.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd
import yaml
from babel import Locale

from ..errors import LoyaltyError, nearest
from ..months import to_periods

__all__ = [
    "LANGUAGES",
    "count",
    "day",
    "interval",
    "known",
    "money",
    "month",
    "number",
    "percent",
    "plural",
    "quoted",
    "say",
    "say_list",
    "symbol",
    "unit_of",
    "unit_words",
]

LANGUAGES = ("ru", "en")
_NBSP = "\u00a0"
# What stays on one line: a number and what it counts.
_JOINED = re.compile(r"\bn = |\d (?=%|ч\b|мес|клиент|ответ|дн[еяй]|день|раз\b|балл|h\b|client|answer|month|day)")
_MINUS = "\u2212"
_SYMBOLS = {"RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "KZT": "₸", "BYN": "Br", "UZS": "сум"}
_SCALES = {"bn": 1e9, "m": 1e6, "k": 1e3, "": 1.0}


@cache
def area(name: str, language: str) -> dict[str, Any]:
    """All words of one area in one language."""
    file = files(__package__) / language / f"{name}.yaml"
    if language not in LANGUAGES or not file.is_file():
        raise LoyaltyError(f"No words for {name!r} in {language!r}.", f"Languages: {', '.join(LANGUAGES)}.")
    return yaml.safe_load(file.read_text(encoding="utf-8")) or {}


def _find(key: str, language: str) -> Any:
    name, _, rest = key.partition(".")
    entries = area(name, language)
    if rest not in entries:
        raise LoyaltyError(f"No word {key!r} in {language!r}.", nearest(rest, entries))
    return entries[rest]


def say(key: str, language: str, **values: Any) -> str:
    """The sentence of a key with its values, which are text or already formatted numbers.

    >>> say("common.too_few", "en", n="5 answers").replace(chr(160), " ")
    'too little data: 5 answers'
    """
    text = _find(key, language)
    if not isinstance(text, str):
        raise LoyaltyError(f"{key!r} is a noun with plural forms, not a sentence.", "Use words.count.")
    return _JOINED.sub(lambda found: found[0].replace(" ", _NBSP), text.format(**values).strip())


def known(key: str, language: str) -> bool:
    """Whether there is a word for a key.

    >>> known("common.nothing", "ru"), known("common.everything", "ru")
    (True, False)
    """
    name, _, rest = key.partition(".")
    return rest in area(name, language)


def say_list(key: str, language: str) -> list[str]:
    """A list of words, such as the names of the months.

    >>> say_list("months.short", "en")[0]
    'Jan'
    """
    return list(_find(key, language))


def quoted(text: str, language: str) -> str:
    """A text in the quotation marks of the language; what it quotes itself stands in the inner ones.

    >>> quoted("deals", "ru"), quoted("deals", "en")
    ('«deals»', '“deals”')
    >>> quoted("ООО «Альфа»", "ru"), quoted("the “Alpha”", "en")
    ('«ООО „Альфа“»', '“the ‘Alpha’”')
    """
    if language == "ru":
        return f"«{text.replace('«', '„').replace('»', '“')}»"
    return f"“{text.replace('“', '‘').replace('”', '’')}”"


def plural(n: float, noun: str, language: str) -> str:
    """The form of a noun that goes with a number.

    >>> plural(2, "client", "ru"), plural(5, "client", "ru")
    ('клиента', 'клиентов')
    """
    forms = _find(noun if "." in noun else f"nouns.{noun}", language)
    rule = Locale(language).plural_form(n if n != int(n) else abs(int(n)))
    return forms.get(rule) or forms["other"]


def count(n: int, noun: str, language: str) -> str:
    """A number with its noun.

    >>> count(21, "client", "ru").replace(chr(160), " ")
    '21 клиент'
    """
    return f"{number(n, language)}{_NBSP}{plural(n, noun, language)}"


def number(value: float, language: str, digits: int = 0, sign: bool = False) -> str:
    """A number as people write it: decimal comma and no-break spaces in Russian, a true minus.

    >>> number(-1234.56, "ru", 1).replace(chr(160), " ")
    '−1 234,6'
    >>> number(-1234.56, "en", 1)
    '−1,234.6'
    >>> number(float("nan"), "en")
    '–'
    """
    if pd.isna(value):
        return "–"
    text = f"{abs(value):,.{digits}f}"
    if language == "ru":
        text = text.replace(",", _NBSP).replace(".", ",")
    zero = not any(character in "123456789" for character in text)
    return ("" if zero else _MINUS if value < 0 else "+" if sign else "") + text


def percent(share: float, language: str, digits: int = 0, sign: bool = False) -> str:
    """A share (0.08) as per cent.

    >>> percent(-0.08, "ru").replace(chr(160), " "), percent(-0.08, "en")
    ('−8 %', '−8%')
    """
    text = number(share * 100 if pd.notna(share) else share, language, digits, sign)
    return text if text == "–" else text + (f"{_NBSP}%" if language == "ru" else "%")


def unit_of(value: float) -> str:
    """The scale in which an amount reads best: '', 'k', 'm' or 'bn'.

    >>> unit_of(14_200_000), unit_of(950)
    ('m', '')
    """
    for unit, size in _SCALES.items():
        if abs(value) >= size * (1 if unit != "k" else 10):
            return unit
    return ""


def money(
    value: float, currency: str, language: str, unit: str | None = None, digits: int | None = None, sign: bool = False
) -> str:
    """An amount in its best or a given scale.

    >>> money(14_200_000, "RUB", "ru").replace(chr(160), " "), money(14_200_000, "RUB", "en").replace(chr(160), " ")
    ('14,2 млн ₽', 'RUB 14.2 m')
    """
    if pd.isna(value):
        return "–"
    unit = unit_of(value) if unit is None else unit
    scaled = value / _SCALES[unit]
    if digits is None:
        digits = 1 if unit in ("m", "bn") and abs(scaled) < 100 else 0
    text = number(scaled, language, digits, sign)
    word = _find(f"units.{unit}", language) if unit else ""
    parts = [text, word, symbol(currency, language)] if language == "ru" else [currency, text, word]
    return _NBSP.join(part for part in parts if part)


def symbol(currency: str, language: str) -> str:
    """A currency as the reader writes it.

    >>> symbol("RUB", "ru"), symbol("RUB", "en")
    ('₽', 'RUB')
    """
    return _SYMBOLS.get(currency, currency) if language == "ru" else currency


def unit_words(unit: str, currency: str, language: str) -> str:
    """The unit of a column of money.

    >>> unit_words("m", "RUB", "en").replace(chr(160), " ")
    'RUB m'
    """
    word = _find(f"units.{unit}", language) if unit else ""
    parts = [word, symbol(currency, language)] if language == "ru" else [currency, word]
    return _NBSP.join(part for part in parts if part)


def interval(low: float, high: float, language: str, digits: int = 0) -> str:
    """An interval as it stands behind an estimate.

    >>> interval(9, 38, "en")
    '[9; 38]'
    """
    return f"[{number(low, language, digits)}; {number(high, language, digits)}]"


def month(value: Any, language: str, case: str = "nominative", year: bool = True) -> str:
    """A month in words.

    Parameters
    ----------
    case : {'nominative', 'genitive', 'dative', 'prepositional', 'short'}
        «октябрь», «с октября», «к октябрю», «в октябре», «окт.».

    >>> month("2026-10", "ru", "genitive").replace(chr(160), " "), month("2026-10", "en").replace(chr(160), " ")
    ('октября 2026', 'October 2026')
    """
    period = value if isinstance(value, pd.Timestamp | pd.Period) else to_periods([value])[0]
    name = _find(f"months.{case}", language)[period.month - 1]
    return f"{name}{_NBSP}{period.year}" if year else name


def day(value: Any, language: str) -> str:
    """A day: 31.10.2026 in Russian, 31 Oct 2026 in English.

    >>> day("2026-10-31", "en").replace(chr(160), " ")
    '31 Oct 2026'
    """
    stamp = pd.Timestamp(value)
    if language == "ru":
        return f"{stamp:%d.%m.%Y}"
    return _NBSP.join([str(stamp.day), _find("months.short", language)[stamp.month - 1], str(stamp.year)])
