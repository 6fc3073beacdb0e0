"""Numbers as people and programs write them: decimal marks, groups, minus forms, currencies, units."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["MISSING", "NumberColumn", "currency_of", "is_missing", "parse_numbers", "unit_of"]

# Texts that say that there is no value. Bare words such as NA may be names, so they count in numbers and dates only.
MISSING = frozenset(
    [
        "", "-", "–", "—", "−", "--", "---", "н/д", "н.д.", "н/а", "нет данных", "не указано", "не указан",
        "не указана", "не заполнено", "#н/д", "#знач!", "#дел/0!", "#ссылка!", "#имя?", "#число!", "#пусто!",
        "n/a", "#n/a", "#value!", "#ref!", "#div/0!", "#name?", "#num!", "#null!", "(пусто)", "(blank)",
        "(null)", "<null>", "\\n", "null",
    ]
)  # fmt: skip
_MISSING_NUMBER = MISSING | {"na", "nan", "none", "nil", "nat", "нет", "x", "х", "?", "..."}
_SPACES = " \u00a0\u202f\u205f\u3000\u2000-\u200a'’`_"
_CURRENCY = {
    "₽": "RUB", "руб": "RUB", "рублей": "RUB", "рубль": "RUB", "рубля": "RUB", "р": "RUB", "rub": "RUB", "rur": "RUB",
    "$": "USD", "usd": "USD", "долл": "USD", "€": "EUR", "eur": "EUR", "евро": "EUR", "£": "GBP", "gbp": "GBP",
    "₸": "KZT", "kzt": "KZT", "тг": "KZT", "тенге": "KZT", "₴": "UAH", "грн": "UAH", "byn": "BYN", "cny": "CNY",
    "¥": "CNY", "chf": "CHF", "us$": "USD",
}  # fmt: skip
# In a cell «5 т» may be tonnes and «5 m» metres: those count in headers only, beside a currency.
_SCALE_WORDS = {
    "тыс": 1e3, "тысяч": 1e3, "тысячи": 1e3, "млн": 1e6, "миллионов": 1e6, "млрд": 1e9, "thousand": 1e3,
    "thousands": 1e3, "k": 1e3, "million": 1e6, "millions": 1e6, "mln": 1e6, "mio": 1e6, "bn": 1e9, "billion": 1e9,
    "billions": 1e9,
}  # fmt: skip
_UNIT_WORDS = _SCALE_WORDS | {"m": 1e6}
_WORDS = re.compile(r"[^\W\d_]+\$?|[₽$€£₸₴¥]")
_NUMBER = re.compile(
    rf"(?P<int>\d{{1,3}}(?:[{_SPACES}]\d{{3}})+|\d+|)(?P<rest>(?:[.,]\d+)*)(?P<open>[.,])?"
    r"(?P<exp>[eEеЕ][+-]?\d{1,3})?"
)
_SIGNS = "-−–‒"
# «1 234 руб. 50 коп.» and Bitrix24's «1500.50|RUB»
_KOPECKS = re.compile(
    r"\s*(?P<whole>.*\d)\s*р(?:уб)?(?:\.|л[а-я]{1,2})?\s*,?\s*(?P<part>\d\d)\s*к(?:оп)?(?:\.|е[а-я]{2,3})?\s*"
)
_PIPED = re.compile(r"\|(?=[A-Z]{3}$)")


@dataclass
class NumberColumn:
    """What the distinct texts of a column mean.

    Attributes
    ----------
    values : dict
        text -> float, or None where the text says that there is no value.
    unknown : list of str
        Texts that are no numbers.
    ambiguous : list of str
        Texts such as 1,234 that mean two numbers and nothing tells which.
    lost : list of str
        Numbers written as 1,23E+09, whose last digits are gone.
    commas, points : int
        Texts that prove a decimal comma or point.
    """

    values: dict[str, float | None] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    currencies: set[str] = field(default_factory=set)
    scaled: list[str] = field(default_factory=list)
    percent: int = 0
    commas: int = 0
    points: int = 0


def is_missing(text: str, number: bool = False) -> bool:
    """Whether a text says that there is no value.

    >>> is_missing(" - "), is_missing("н/д"), is_missing("NA"), is_missing("NA", number=True), is_missing("0")
    (True, True, False, True, False)
    """
    return text.strip().casefold() in (_MISSING_NUMBER if number else MISSING)


def parse_numbers(texts: Iterable[str], decimal: str | None = None) -> NumberColumn:
    """Read the distinct texts of a column.

    Parameters
    ----------
    texts : distinct non-empty texts
    decimal : ',' or '.' for texts that are ambiguous by themselves; None = they are listed
    """
    column = NumberColumn()
    for text in texts:
        if is_missing(text, number=True):
            column.values[text] = None
            column.marks.append(text)
        else:
            _one(column, text, decimal)
    return column


def _one(column: NumberColumn, text: str, decimal: str | None) -> None:
    if match := _KOPECKS.fullmatch(text.replace("\u00a0", " ")):
        whole = parse_numbers([match["whole"]], decimal).values.get(match["whole"])
        if whole is not None and whole == int(whole):
            column.values[text] = round(whole + int(match["part"]) / 100 * (-1 if whole < 0 else 1), 2)
            column.currencies.add("RUB")
            return
    body, negative, scale, percent, currency = _undress(text)
    match = _NUMBER.fullmatch(body) if body else None
    if match is None or (not match["int"] and not match["rest"]) or match["open"]:
        column.unknown.append(text)
        return
    digits = re.sub(rf"[{_SPACES}]", "", match["int"])
    grouped = digits != match["int"]
    reading = _reading(digits, match["rest"], grouped, decimal, column)
    if reading is None:
        column.unknown.append(text)
        return
    if reading == "?":
        column.ambiguous.append(text)
        return
    if match["exp"]:
        power = int(match["exp"][1:])
        fraction = reading.partition(".")[2]
        if power > len(fraction):
            column.lost.append(text)
            column.values[text] = None
            return
        reading += f"e{power}"
    value = float(reading)
    if scale != 1:
        value = round(value * scale, 6)
        column.scaled.append(text)
    if currency:
        column.currencies.add(currency)
    column.percent += percent
    column.values[text] = -value if negative else value


def _undress(text: str) -> tuple[str, bool, float, bool, str]:
    """The bare digits of a text, its sign, scale, per cent sign and currency."""
    body = _PIPED.sub(" ", text.replace("\u00a0", " ").strip().lstrip("'"))
    negative = False
    if body.startswith("(") and body.endswith(")"):
        body, negative = body[1:-1].strip(), True
    percent = body.endswith("%")
    body = body.removesuffix("%").strip()
    scale, currency = 1.0, ""
    # Words and currency signs may stand before or behind the digits, in any number.
    while body and (found := _end_word(body)):
        word, body = found
        folded = word.casefold()
        if folded in _CURRENCY:
            currency = _CURRENCY[folded]
        elif folded in _SCALE_WORDS and scale == 1:
            scale = _SCALE_WORDS[folded]
        else:
            return "", False, 1.0, False, ""
    for sign in _SIGNS:
        if body.startswith(sign):
            body, negative = body[1:].lstrip(), not negative
            break
        if body.endswith(sign):
            body, negative = body[:-1].rstrip(), not negative
            break
    else:
        body = body.removeprefix("+").lstrip()
    while body and (found := _end_word(body)):  # −$5
        word, body = found
        if word.casefold() not in _CURRENCY:
            return "", False, 1.0, False, ""
        currency = _CURRENCY[word.casefold()]
    return body, negative, scale, percent, currency


def _end_word(body: str) -> tuple[str, str] | None:
    """A word or currency sign at the beginning or the end, and what is left."""
    match = re.match(r"([^\W\d_]+\$?|[₽$€£₸₴¥])\.?\s*(?=[\d(+\-−–.,₽$€£])", body)
    if match:
        return match[1], body[match.end() :]
    match = re.search(r"(?<=[\d\s.)])\s*([^\W\d_]+|[₽$€£₸₴¥])\.?$", body)
    if match:
        return match[1], body[: match.start()].rstrip(" ").rstrip("." if body[match.start()] in " ." else "")
    return None


def _reading(digits: str, rest: str, grouped: bool, decimal: str | None, column: NumberColumn) -> str | None:
    """Digits with a decimal point; '?' where comma or point may mean two things; None for no number."""
    if not rest:
        return digits
    marks = re.findall(r"[.,]", rest)
    parts = re.split(r"[.,]", rest)[1:]
    if len(marks) == 1:
        mark, part = marks[0], parts[0]
        # 1,234 is two numbers; 0,234 and 1234,567 and 1 234,567 and 12,5 are one.
        if not grouped and len(part) == 3 and 1 <= len(digits) <= 3 and not digits.startswith("0"):
            if decimal is None:
                return "?"
            return f"{digits}.{part}" if mark == decimal else digits + part
        _prove(column, mark)
        return f"{digits or '0'}.{part}"
    if grouped or not 1 <= len(digits) <= 3:
        return None
    *groups, last = parts
    if any(len(part) != 3 for part in groups):
        return None
    if len(set(marks)) == 1:  # 1,234,567
        if len(last) != 3:
            return None
        _prove(column, "." if marks[0] == "," else ",")
        return digits + "".join(parts)
    if len(set(marks[:-1])) == 1 and marks[-1] != marks[0]:  # 1,234.56
        _prove(column, marks[-1])
        return f"{digits}{''.join(groups)}.{last}"
    return None


def _prove(column: NumberColumn, mark: str) -> None:
    if mark == ",":
        column.commas += 1
    else:
        column.points += 1


_HUNDREDTHS = re.compile(r"(?<![^\W\d_])(?:коп(?:е[а-я]+)?|kopecks?|cents|pence)(?![^\W\d_])")
_WHOLE = re.compile(
    r"(?<![^\W\d_])(?:руб|р\.|roubles?|rubles?|dollars?|euros?|pounds?)"
)  # «руб. коп.»: roubles with kopecks
_MONEY_NAMES = r"(?:rub|usd|eur|gbp|[₽$€£])"
_UNIT = re.compile(
    r"(?:(?<![^\W\d_])(?P<word>тыс(?:яч[аи]?)?|млн|млрд|т(?=\.?\s*(?:р(?:уб)?\b|₽))|thousands?|millions?|mln|mio|bn|"
    r"billions?|[’']?000s?)(?![^\W\d_])"
    rf"|(?<![^\W\d_])(?P<before>[km])(?=\s*{_MONEY_NAMES})|[₽$€£]\s?(?P<sign>[km])\b"
    r"|(?:rub|usd|eur|gbp)[\s,]+(?P<after>[km])\b)"
)


def unit_of(header: str) -> float:
    """By how much a header multiplies its values.

    >>> unit_of("Сумма, тыс. руб."), unit_of("Выручка (млн ₽)"), unit_of("Revenue, USD k"), unit_of("Сумма, коп.")
    (1000.0, 1000000.0, 1000.0, 0.01)
    """
    text = " ".join(header.casefold().replace("\u00a0", " ").split())
    match = _UNIT.search(text)
    if match is None:
        return 0.01 if _HUNDREDTHS.search(text) and not _WHOLE.search(text) else 1.0
    word = next(found for found in match.groups() if found)
    if word.endswith(("000", "000s")):
        return 1e3
    return _UNIT_WORDS.get(word, 1e3)


def currency_of(header: str) -> str:
    """The currency that a header names; '' without one.

    >>> currency_of("Сумма, тыс. руб."), currency_of("Amount, $"), currency_of("Клиент")
    ('RUB', 'USD', '')
    """
    for word in _WORDS.findall(header.casefold()):
        if word in _CURRENCY and word != "р":
            return _CURRENCY[word]
    return "RUB" if re.search(r"(?<!\w)т\.?\s?р\.?(?!\w)", header.casefold()) else ""
