"""What the words of one report make: sentences, heads of columns, amounts of money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import words
from .table import Column

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["Wording", "amount"]


def amount(value: float, data: Data, language: str) -> str:
    """Money in the client's currency."""
    return words.money(value, data.params.currency, language)


class Wording:
    """The words of one area: ``words/<language>/<area>.yaml``."""

    def __init__(self, area: str) -> None:
        self.area = area

    def say(self, key: str, language: str, **values: Any) -> str:
        """A sentence of this report."""
        return words.say(f"{self.area}.{key}", language, **values)

    def column(self, key: str, language: str, kind: str = "text", **options: Any) -> Column:
        """A column with the head that the words have for it."""
        label = self.say(f"col_{key}", language, **options.pop("label", {}))
        return Column(key=key, label=label, kind=kind, **options)

    def money_column(self, key: str, data: Data, language: str, unit: str = "k", **options: Any) -> Column:
        """A column of money, its unit in the head."""
        label = {"unit": words.unit_words(unit, data.params.currency, language)}
        return self.column(key, language, "money", unit=unit, label=label, **options)
