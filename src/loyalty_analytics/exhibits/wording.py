"""What the words of one report make: sentences, heads of columns, amounts of money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from .table import Column

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["Wording", "amount", "expected", "scale_of"]


def amount(value: float, data: Data, language: str) -> str:
    """Money in the client's currency."""
    return words.money(value, data.params.currency, language)


def expected(count: float, language: str) -> str:
    """How many are expected, to a tenth; less than that is not none.

    >>> expected(0.42, "ru"), expected(0.01, "en").replace(chr(160), " ")
    ('0,4', '< 0.1')
    """
    return f"<\u00a0{words.number(0.1, language, 1)}" if 0 < count < 0.05 else words.number(count, language, 1)


def scale_of(*columns: pd.Series) -> str:
    """The scale of columns of money: thousands where they usually say something, else plain units.

    >>> scale_of(pd.Series([150_000.0, 8_000.0, 57_000.0])), scale_of(pd.Series([1_200.0, 0.0, 300.0]))
    ('k', '')
    """
    amounts = pd.concat(columns).abs()
    return "" if amounts[amounts > 0].median() < 10_000 else "k"


class Wording:
    """The words of one area: ``words/<language>/<area>.yaml``."""

    def __init__(self, area: str) -> None:
        self.area = area

    def say(self, key: str, language: str, **values: Any) -> str:
        """A sentence of this report."""
        return words.say(f"{self.area}.{key}", language, **values)

    def column(self, key: str, language: str, kind: str = "text", **options: Any) -> Column:
        """A column with the head that the words have for it, or for ``head``."""
        label = self.say(f"col_{options.pop('head', key)}", language, **options.pop("label", {}))
        return Column(key=key, label=label, kind=kind, **options)

    def money_column(self, key: str, data: Data, language: str, unit: str = "k", **options: Any) -> Column:
        """A column of money, its unit in the head."""
        label = {"unit": words.unit_words(unit, data.params.currency, language)}
        return self.column(key, language, "money", unit=unit, label=label, **options)
