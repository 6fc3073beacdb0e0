"""Codes and tax numbers: texts whose leading zeros count."""

from __future__ import annotations

import re

__all__ = ["plain_code", "restore_tax", "tax_number_holds"]

_WEIGHTS_10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_11 = (7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_WEIGHTS_12 = (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8)
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?[eEеЕ]\+?\d{1,3}")
_MARKS = frozenset(["-", "–", "—", "--", "н/д", "нет", "n/a", "#н/д", "#n/a", "нет данных", "null"])


def _control(digits: str, weights: tuple[int, ...]) -> str:
    return str(sum(int(digit) * weight for digit, weight in zip(digits, weights)) % 11 % 10)


def tax_number_holds(number: str) -> bool:
    """Whether the control digits of a Russian tax number (INN of 10 or 12 digits) agree.

    The weights are those of the order of the Federal Tax Service ED-7-14/617@ of 2023.

    >>> tax_number_holds("7707083893"), tax_number_holds("7707083894"), tax_number_holds("500100732259")
    (True, False, True)
    """
    if not number.isascii() or not number.isdigit():
        return False
    if len(number) == 10:
        return _control(number, _WEIGHTS_10) == number[9]
    if len(number) == 12:
        return _control(number, _WEIGHTS_11) == number[10] and _control(number, _WEIGHTS_12) == number[11]
    return False


def plain_code(code: str, whole: bool = True) -> tuple[str | None, str | None]:
    """A code as text and the problem met: digits lost to 1,23E+09 make it null.

    >>> plain_code("007"), plain_code("7,70701E+09"), plain_code("12.0", False)
    (('007', None), (None, 'digits_lost'), ('12', None))
    """
    code = code.strip().removeprefix("'")
    if code.casefold() in _MARKS:
        return None, None
    if _SCIENTIFIC.fullmatch(code) and (not code.isalnum() or not code.isupper()):
        return None, "digits_lost"
    if _SCIENTIFIC.fullmatch(code) and re.fullmatch(r"\dE\d{1,3}", code):
        return code, None  # «5E12» is a code as well
    if not whole and re.fullmatch(r"\d+\.0", code):
        code = code[:-2]
    return code, None


def restore_tax(code: str, whole: bool = True) -> tuple[str | None, str | None]:
    """A tax number as text: a lost leading zero comes back where the control digit agrees.

    >>> restore_tax("7707083893"), restore_tax("274062111"), restore_tax("123456789")
    (('7707083893', None), ('0274062111', 'tax_restored'), (None, 'tax_lost'))
    """
    plain, problem = plain_code(code, whole)
    if plain is None or problem:
        return plain, problem
    digits = re.sub(r"[\s\u00a0-]", "", plain)
    if not (digits.isascii() and digits.isdigit()):
        return plain, None
    if len(digits) in (9, 11):
        if tax_number_holds("0" + digits):
            return "0" + digits, "tax_restored"
        return None, "tax_lost"
    if len(digits) in (10, 12) and not tax_number_holds(digits):
        return digits, "tax_wrong"
    return digits, None
