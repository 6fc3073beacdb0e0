"""Faults and repairs as rows: what, where, what to do, how much."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

import pandas as pd

from .. import words

__all__ = ["COLUMNS", "Findings", "render"]

COLUMNS = ["severity", "file", "row", "column", "problem", "advice", "rows", "money", "code", "values"]
_DAY = re.compile(r"(?:19|20|21)\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_FIGURE = re.compile(r"-?\d+(?:\.(\d+))?")
_FIGURES = ("rows", "orders", "clients", "count", "months", "scale", "total", "sum")  # said as the language writes them
_ORDER = {"error": 0, "warning": 1, "note": 2}


class Findings:
    """A growing list of findings.

    Severities: ``error`` = numbers are wrong or rows are lost until someone acts; ``warning`` = look
    at it; ``note`` = repaired or left out as announced, counted here.
    """

    def __init__(self) -> None:
        self._rows: list[dict[str, Any]] = []

    def add(
        self,
        code: str,
        severity: str = "note",
        *,
        file: str = "",
        row: int | None = None,
        column: str | None = None,
        rows: int = 0,
        money: float | None = None,
        **values: Any,
    ) -> None:
        """Add one: ``code`` is a key of words/<language>/sources.yaml, ``values`` fill its text."""
        self._rows.append(
            {
                "severity": severity,
                "file": file,
                "row": row,
                "column": column,
                "rows": int(rows),
                "money": None if money is None else round(money, 2),
                "code": code,
                "values": {key: str(value) for key, value in values.items()},
            }
        )

    def extend(self, other: Findings) -> None:
        """Take over the findings of another list."""
        self._rows.extend(other._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def drop(self, code: str, keep: Iterable[str] = ()) -> None:
        """Forget findings of a code, save those about certain columns."""
        kept = set(keep)
        self._rows = [row for row in self._rows if row["code"] != code or row["column"] in kept]

    def named(self, code: str, value: str) -> list[str]:
        """A value of each finding of a code."""
        return [row["values"][value] for row in self._rows if row["code"] == code]

    def codes(self) -> list[str]:
        """Codes in the order in which they were found."""
        return [row["code"] for row in self._rows]

    def frame(self, language: str = "en") -> pd.DataFrame:
        """The findings as a table with sentences in a language, worst first."""
        table = pd.DataFrame(self._rows, columns=[c for c in COLUMNS if c not in ("problem", "advice")])
        table["values"] = [json.dumps(value, ensure_ascii=False, sort_keys=True) for value in table["values"]]
        # A file that feeds two tables is read twice and tells the same.
        return render(table.drop_duplicates(ignore_index=True), language)


def render(findings: pd.DataFrame, language: str) -> pd.DataFrame:
    """Findings with their sentences said in a language."""
    table = findings.copy()
    if table.empty:
        return pd.DataFrame({name: pd.Series(dtype=_dtype(name)) for name in COLUMNS})
    spoken = [
        _say(code, language, {**json.loads(values), "rows": rows, "column": column, "file": file, "row": row})
        for code, values, rows, column, file, row in zip(
            table["code"], table["values"], table["rows"], table["column"], table["file"], table["row"]
        )
    ]
    table["problem"] = [problem for problem, _ in spoken]
    table["advice"] = [advice for _, advice in spoken]
    table = table[COLUMNS].astype({name: _dtype(name) for name in COLUMNS})
    return table.sort_values("severity", key=lambda s: s.map(_ORDER), kind="stable", ignore_index=True)


def _dtype(name: str) -> Any:
    return {"row": "Int64", "rows": "int64", "money": "float64"}.get(name, "str")


def _say(code: str, language: str, values: Mapping[str, Any]) -> tuple[str, str]:
    sample = values.get("sample")
    if isinstance(sample, str) and _DAY.fullmatch(sample):
        with suppress(ValueError):  # «2024-02-30» is told as it was written
            values = {**values, "sample": words.day(sample, language)}
    values = {**values, **{key: _figure(str(values[key]), language) for key in _FIGURES if key in values}}
    return (
        words.say(f"sources.{code}", language, **values),
        words.say(f"sources.{code}_advice", language, **values),
    )


def _figure(text: str, language: str) -> str:
    """A number in the digits of a language, with the decimals it came with; other text as it is.

    >>> _figure("1000", "en"), _figure("1234.50", "en"), _figure("0.01", "ru")
    ('1,000', '1,234.50', '0,01')
    """
    found = _FIGURE.fullmatch(text)
    return words.number(float(text), language, len(found[1] or "")) if found else text
