"""Is the sample like the base, who are the silent, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..intervals.several import holm
from ..months import as_of as read_as_of
from ..months import to_periods
from ..results import Note, Result, as_table
from .nps import MIN_RANK
from .votes import moments, present

__all__ = ["sample_like_base", "silent_later"]

_PERMUTED = 2000  # clients of the base up to which permutations are drawn
_CARD = ("client_type", "industry", "region", "company_size", "manager_id", "unit_id", "is_anchor")


def sample_like_base(
    answered: Any, clients: pd.DataFrame, *, columns: Sequence[str] | None = None, revenue: pd.Series | None = None
) -> Result:
    """Do the clients who answered resemble the base?

    Parameters
    ----------
    answered : ids of the clients who answered (or a table with client_id)
    clients : the base, with the columns to compare
    columns : cards' columns; None = client_type, industry, region, company_size, manager_id, unit_id, is_anchor
    revenue : revenue per client_id; adds the row 'revenue'

    Returns
    -------
    Result
        attribute, p_value (answered against the others of the base, chi-squared by 2000 seeded permutations, above
        2000 clients by its limit; for revenue the difference of mean ranks; Holm over attributes), category (the one
        furthest from its share), base (its share of clients), sample (its share among the answered); for revenue
        base = 1 and sample = the share of money that answered. p_value is null below 8 on either side.
    """
    ids = as_table(answered)["client_id"] if hasattr(answered, "columns") or hasattr(answered, "frame") else answered
    base = as_table(clients).drop_duplicates("client_id")
    inside = base["client_id"].isin(pd.Series(list(ids))).to_numpy()
    rng = np.random.default_rng(0)
    shuffles = np.empty((0, len(base)), bool)
    if 0 < len(base) <= _PERMUTED:
        shuffles = np.stack([rng.permutation(inside) for _ in range(2000)])
    enough = min(inside.sum(), (~inside).sum()) >= MIN_RANK
    rows = []
    for name in columns if columns is not None else [c for c in _CARD if c in base]:
        known = base[name].notna().to_numpy()
        if base[name].nunique() < 2 or not inside[known].any():
            continue
        code, labels = pd.factorize(base.loc[known, name], sort=True)
        onehot = np.eye(len(labels))[code]
        share, mine = onehot.mean(axis=0), onehot[inside[known]].mean(axis=0)
        worst = int(np.argmax(np.abs(mine - share)))
        p_value = _permuted(onehot, inside[known], shuffles[:, known], share) if enough else np.nan
        rows.append({"attribute": name, "p_value": p_value, "category": labels[worst], "base": share[worst],
                     "sample": mine[worst]})  # fmt: skip
    if revenue is not None and len(base):
        money = base["client_id"].map(revenue).fillna(0.0).to_numpy(dtype=np.float64)
        ranks = pd.Series(money).rank().to_numpy()[:, None]
        p_value = _permuted(ranks, inside, shuffles, ranks.mean(axis=0)) if enough else np.nan
        rows.append({"attribute": "revenue", "p_value": p_value, "category": None, "base": 1.0,
                     "sample": money[inside].sum() / money.sum() if money.sum() else np.nan})  # fmt: skip
    frame = pd.DataFrame(rows, columns=["attribute", "p_value", "category", "base", "sample"])
    told = frame["p_value"].notna()
    if told.any():
        frame.loc[told, "p_value"] = holm(frame.loc[told, "p_value"])
    unlike = frame.loc[frame["p_value"] < 0.05, "attribute"].tolist()
    key = "sample_unlike" if unlike else "sample_like" if told.any() else "sample_few"
    return Result(frame=frame, notes=(Note(f"survey.{key}", {"attributes": ", ".join(unlike), "n": int(inside.sum()),
                                                             "population": len(base)}),))  # fmt: skip


def _permuted(values: np.ndarray, inside: np.ndarray, shuffles: np.ndarray, expected: np.ndarray) -> float:
    """p value of Σ (mean inside − expected)²/expected over the columns."""
    n = max(int(inside.sum()), 1)
    if not len(shuffles):
        return _large(values, inside, expected)
    seen = (((inside @ values) / n - expected) ** 2 / expected).sum()
    count = np.maximum(shuffles.sum(axis=1, keepdims=True), 1)
    drawn = (((shuffles @ values) / count - expected) ** 2 / expected).sum(axis=1)
    return float((1 + (drawn >= seen - 1e-12).sum()) / (1 + len(drawn)))


def _large(values: np.ndarray, inside: np.ndarray, expected: np.ndarray) -> float:
    """The same for large bases, by the limits: chi-squared, and normal for ranks."""
    from scipy.special import chdtrc, ndtr

    n, size = int(inside.sum()), len(inside)
    gap = values[inside].mean(axis=0) - expected
    factor = n * (size - 1) / (size - n)
    if values.shape[1] > 1:
        return float(chdtrc(values.shape[1] - 1, factor * (gap**2 / expected).sum()))
    return float(2 * ndtr(-abs(gap[0]) * np.sqrt(factor / values.var())))


def silent_later(statuses: pd.DataFrame, panel: Any, *, as_of: Any = None, months: int = 3) -> Result:
    """What became of the silent: volume before and after the question, beside those who answered.

    Parameters
    ----------
    statuses : table of `response.statuses` (client_id, status, asked_at)
    panel : client × month (client_id, month, revenue; a missing row = no purchase)
    as_of : month or day up to which the panel is whole
    months : months compared before and after; clients asked later than that are left out

    Returns
    -------
    Result
        status {answered, silent}, n, before, after (revenue of all, per month), change (relative), median_change (of
        clients), stopped (share without any revenue after), p_value (of the clients' changes, Mann-Whitney, in the row
        of the silent; null below 8 on either side). A difference in time is not yet an effect of silence.
    """
    table = as_table(panel)
    columns = ["status", "n", "before", "after", "change", "median_change", "stopped", "p_value"]
    known = statuses[statuses["client_id"].notna()] if "client_id" in statuses else statuses[:0]
    if not len(known) or present(table) is None:
        return Result(frame=pd.DataFrame(columns=columns), notes=(Note("survey.later_unknown"),))
    month = to_periods(table["month"])
    number = np.asarray(month.year) * 12 + np.asarray(month.month)
    last = read_as_of(as_of, month.max()).last_whole
    asked = pd.DatetimeIndex(moments(known["asked_at"])).to_period("M")
    asked_number = np.asarray(asked.year) * 12 + np.asarray(asked.month)
    ripe = asked_number + months <= last.year * 12 + last.month
    known = known[ripe].assign(_asked=asked_number[ripe])
    rows = table[["client_id"]].assign(_month=number, _revenue=table["revenue"].astype("float64").to_numpy())
    joined = known[["client_id", "_asked"]].merge(rows, on="client_id")
    gap = joined["_month"] - joined["_asked"]
    before = joined[(gap < 0) & (gap >= -months)].groupby("client_id")["_revenue"].sum() / months
    after = joined[(gap > 0) & (gap <= months)].groupby("client_id")["_revenue"].sum() / months
    known = known.assign(
        before=known["client_id"].map(before).fillna(0.0), after=known["client_id"].map(after).fillna(0.0),
        group=np.where(known["status"] == "answered", "answered",
                       np.where(known["status"] == "not_delivered", "", "silent")),
    )  # fmt: skip
    rows_out = [_fate(name, known[known["group"] == name]) for name in ("answered", "silent")]
    frame = pd.DataFrame(rows_out, columns=columns)
    bought = known[known["before"] > 0]
    change = {name: (part["after"] / part["before"] - 1).to_numpy() for name, part in bought.groupby("group")}
    sides = [change.get(name, np.empty(0)) for name in ("answered", "silent")]
    if min(map(len, sides)) >= MIN_RANK:
        from scipy.stats import mannwhitneyu

        frame.loc[1, "p_value"] = float(mannwhitneyu(*sides).pvalue)
    key = "later" if frame["n"].min() >= MIN_RANK else "later_unknown"
    answered, hushed = frame.iloc[0], frame.iloc[1]
    return Result(frame=frame, options={"months": months}, notes=(Note(f"survey.{key}", {
        "n": int(hushed["n"]), "silent": hushed["change"], "answered": answered["change"], "months": months,
    }),))  # fmt: skip


def _fate(name: str, part: pd.DataFrame) -> dict[str, Any]:
    before, after = float(part["before"].sum()), float(part["after"].sum())
    bought = part[part["before"] > 0]
    return {
        "status": name, "n": len(part), "before": before, "after": after,
        "change": after / before - 1 if before > 0 else np.nan,
        "median_change": float((bought["after"] / bought["before"] - 1).median()) if len(bought) else np.nan,
        "stopped": float((bought["after"] <= 0).mean()) if len(bought) else np.nan, "p_value": np.nan,
    }  # fmt: skip
