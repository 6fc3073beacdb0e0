"""Breaks of totals by manager, industry, product or region, and how many clients made them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..results import Note, Result, as_table
from .find import COLUMNS, BreaksResult, find_breaks
from .panels import read_volume

__all__ = ["TOTAL_COLUMNS", "find_total_breaks"]

TOTAL_COLUMNS = ["group", *COLUMNS[1:], "clients", "change", "made_by", "share_of_top", "verdict"]
_WINDOW = 6  # months on each side that measure a total's change
_FEW = 3


def find_total_breaks(
    panel: Any, groups: Any = None, as_of: Any = None, *, breaks: BreaksResult | None = None, **options: Any
) -> Result:
    """Breaks of the totals of groups of clients.

    Parameters
    ----------
    panel : pandas.DataFrame or Result
        As for `find_breaks`.
    groups : Series, mapping or table (client_id and one further column), optional
        Group of each client, for example its manager. None = the whole market in one total.
    as_of : month or day, optional
    breaks : BreaksResult, optional
        Breaks of single clients, to count how many of them stand near.
    **options
        Passed to `find_breaks`.

    Returns
    -------
    Result
        ``.table``: group, the columns of `find_breaks` after client_id, clients (in the group),
        change (money per month, mean of up to six months after against before), made_by (least
        number of clients whose changes sum to four fifths of it), share_of_top (share of the
        three largest), verdict {few, broad}: few = at most three clients made it.

    Raises
    ------
    DataError
        groups has no client_id, or the panel cannot be read.

    Examples
    --------
    >>> months = pd.period_range("2023-01", "2026-10", freq="M")
    >>> rng = np.random.default_rng(3)
    >>> money = 100 * np.exp(rng.normal(0, 0.1, (8, len(months))))
    >>> money[0, 30:] *= 0.02
    >>> money[0] *= 5
    >>> panel = pd.DataFrame(money, index=list("ABCDEFGH"), columns=months)
    >>> manager = pd.Series(["m1"] * 4 + ["m2"] * 4, index=panel.index)
    >>> find_total_breaks(panel, manager).table[["group", "break_month", "direction", "made_by", "verdict"]]
      group break_month  direction  made_by verdict
    0    m1  2025-07-01         -1        1     few
    """
    volume = read_volume(panel, as_of)
    labels = _labels(groups, volume.ids)
    known = labels.notna().to_numpy()
    codes, names = pd.factorize(labels[known].to_numpy())
    values = volume.values[known]
    months = values.shape[1]
    totals = np.zeros((len(names), months))
    np.add.at(totals, codes, np.nan_to_num(values))
    started = np.cumsum(totals > 0, axis=1) > 0
    wide = pd.DataFrame(np.where(started, totals, np.nan), index=pd.Index(names), columns=volume.months.to_period("M"))
    result = find_breaks(wide, volume.as_of, **options)
    table = result.table.rename(columns={"client_id": "group"})
    made = [_made(values[codes == names.tolist().index(row.group)], wide, row) for row in table.itertuples()]
    parts = pd.DataFrame(made, columns=["clients", "change", "made_by", "share_of_top"], index=table.index)
    table = pd.concat([table, parts], axis=1)
    table["verdict"] = np.where(table["made_by"] <= _FEW, "few", "broad")
    note = Note("breaks_scan.totals", {"breaks": len(table), "groups": len(names)})
    return Result(
        frame=table[TOTAL_COLUMNS], overview=result.overview, notes=(note,), options=result.options, as_of=volume.as_of
    )


def _labels(groups: Any, ids: pd.Index) -> pd.Series:
    if groups is None:
        return pd.Series("all", index=ids)
    if isinstance(groups, pd.Series):
        return groups.reindex(ids)
    if isinstance(groups, dict):
        return pd.Series(groups).reindex(ids)
    table = as_table(groups)
    if "client_id" not in table or table.shape[1] != 2:
        raise DataError("groups needs client_id and one further column.", nearest("client_id", map(str, table.columns)))
    return table.drop_duplicates("client_id").set_index("client_id").iloc[:, 0].reindex(ids)


def _made(values: np.ndarray, wide: pd.DataFrame, row: Any) -> tuple[int, float, int, float]:
    """Clients, change per month, number of clients who made four fifths of it, share of three."""
    at = int(wide.columns.get_indexer(pd.PeriodIndex([row.break_month], freq="M"))[0])
    known = np.nan_to_num(values)
    before = known[:, max(at - _WINDOW, 0) : at].mean(axis=1)
    change = known[:, at : at + _WINDOW].mean(axis=1) - before
    total = float(change.sum())
    along = np.sort(change * np.sign(total))[::-1]
    reached = np.cumsum(along) >= 0.8 * abs(total)
    made_by = int(reached.argmax()) + 1 if reached.any() else len(along)
    top = float(along[:_FEW].sum() / abs(total)) if total else 0.0
    return int((known.sum(1) > 0).sum()), total, made_by, top
