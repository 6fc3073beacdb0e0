"""The finished table of a file: months as rows, and what its values together show."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ...errors import SourceError
from ..findings import Findings
from ..values import companies
from ..values.column import Column
from ..values.roles import role_of
from . import headers, wide

__all__ = ["currencies", "long", "spellings"]

_SHOWN = 5


def long(
    frame: pd.DataFrame, plan: wide.Wide, columns: Sequence[Column], lines: np.ndarray, copies: np.ndarray,
    found: Findings, file: str,
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:  # fmt: skip
    """A row per month in place of a column per month; blank cells are left out and counted."""
    names = [column.name for column in columns]
    months = {names[place] for place in plan.months} | {names[place] for place in plan.sums}
    places, by_measure, when = wide.reshape(plan, len(frame))
    result = {name: frame[name].iloc[places].reset_index(drop=True) for name in frame if name not in months}
    result["month"] = pd.Series(when)
    table = np.column_stack([frame[names[place]].to_numpy(dtype="float64") for place in plan.months])
    column_of = {place: number for number, place in enumerate(plan.months)}
    filled = np.zeros(len(places), dtype=bool)
    for measure, source in by_measure.items():
        number = np.array([column_of.get(place, -1) for place in source.tolist()])
        values = np.where(number >= 0, table[places, np.clip(number, 0, None)], np.nan)
        result[measure or "amount"] = pd.Series(values)
        filled |= ~np.isnan(values)
    _compare_sums(frame, plan, names, table, lines, found, file)
    if not filled.all():
        found.add("blank_months", file=file, rows=int((~filled).sum()))
    if not filled.any():
        raise SourceError("No month holds a figure.", "Check the export.", file=file)
    found.add("reshaped", file=file, rows=len(frame), months=len({month for month, _ in plan.months.values()}))
    return pd.DataFrame(result)[filled].reset_index(drop=True), lines[places][filled], copies[places][filled]


def _compare_sums(
    frame: pd.DataFrame, plan: wide.Wide, names: Sequence[str], table: np.ndarray, lines: np.ndarray, found: Findings,
    file: str,
) -> None:  # fmt: skip
    """Columns of totals beside the months: compared with the sum of the row where they are its whole."""
    for place in plan.sums:
        given = frame[names[place]].to_numpy(dtype="float64")
        if not headers.is_total(names[place]):
            continue
        wrong = np.abs(given - np.nansum(table, axis=1)) > 0.0051 + 1e-9 * np.abs(given)
        if wrong.any():
            found.add("row_total_differs", "warning", file=file, row=int(lines[wrong][0]), column=names[place],
                      rows=int(wrong.sum()))  # fmt: skip
    if plan.sums:
        found.add("sum_columns", file=file, rows=len(frame), columns=", ".join(names[place] for place in plan.sums))


def currencies(frame: pd.DataFrame, found: Findings, file: str) -> None:
    """A column of currencies with more than one: sums of the file mean nothing."""
    for name in frame:
        if re.search(r"валют|currenc", str(name), re.IGNORECASE) and frame[name].nunique() > 1:
            listed = ", ".join(sorted(frame[name].dropna().astype("str").unique())[:_SHOWN])
            found.add("currencies", "error", file=file, column=str(name), rows=len(frame), names=listed)


def spellings(frame: pd.DataFrame, lines: np.ndarray, found: Findings, file: str) -> None:
    """Several spellings of one name: a finding; the names stay as they are."""
    for name in frame:
        if role_of(str(name)) != "name" or not isinstance(frame[name].dtype, pd.StringDtype):
            continue
        groups = companies.spellings(frame[name])
        if groups:
            rows_of = frame[name].isin([one for group in groups for one in group]).to_numpy(dtype=bool)
            listed = "; ".join(" / ".join(group) for group in groups[:_SHOWN])
            found.add("spellings", "warning", file=file, row=int(lines[rows_of][0]), column=str(name),
                      rows=int(rows_of.sum()), names=listed, count=len(groups))  # fmt: skip
