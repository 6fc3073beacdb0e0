"""Share of a client's budget that comes to us."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..money import to_minor
from ..months import AsOf, month_number
from ..results import Note, Result, as_table, no_rows, takes
from . import pictures

__all__ = ["rank_share", "wallet_share"]

_COLUMNS = ["client_id", "category", "period_start", "period_end", "total_budget", "ours", "stated", "share", "gap",
            "source", "asked_at", "flag"]  # fmt: skip


def rank_share(rank: Any, brands: Any) -> Any:
    """Wallet allocation rule: the share of the brand ranked ``rank`` among ``brands`` used.

    share = (1 − rank / (brands + 1)) · 2 / brands (Keiningham et al., Harvard Business Review,
    October 2011). Ties take the mean of their ranks.

    >>> [round(rank_share(rank, 3), 3) for rank in (1, 2, 3)]
    [0.5, 0.333, 0.167]
    """
    return (1 - rank / (brands + 1)) * 2 / brands


@takes(
    panel=[], clients=["client_id"], client_budgets=["client_id", "period_start", "period_end", "total_budget"],
)  # fmt: skip
def wallet_share(
    panel: Any,
    as_of: Any = None,
    *,
    client_budgets: Any = None,
    clients: Any = None,
    latest: bool = True,
    fresh_months: int = 12,
) -> Result:
    """Ours over the budget that the client stated, with the money that goes elsewhere.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
    client_budgets : table, optional
        client_id, period_start, period_end, category, total_budget, optional our_amount, source, asked_at.
    clients : table, optional
        Gives the number of clients for the coverage; else those of the panel.
    latest : bool
        Only the last period of each client and category.
    fresh_months : int
        A budget whose period ended earlier is flagged ``old`` and left out of the overview.

    Returns
    -------
    Result
        ``.table``: client_id, category, period_start, period_end, total_budget, ours (revenue of the
        whole months in the period; of a period not yet over the budget is taken up to the last
        whole month by months), stated (our_amount as the client says), share, gap (budget less
        ours, not below 0), source, asked_at, flag {ok, above_budget (share > 1), disagrees (stated
        and ours differ by more than a fifth), no_budget, old}. ``.overview``: clients, with_budget,
        coverage, coverage_revenue, share (of sums), gap, contradictions.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1], "month": ["2026-01"], "revenue": [30.0]})
    >>> asked = pd.DataFrame({"client_id": [1], "period_start": ["2026-01-01"], "period_end": ["2026-01-31"],
    ...                       "category": ["radio"], "total_budget": [120.0]})
    >>> wallet_share(panel, client_budgets=asked).table[["client_id", "ours", "share", "gap", "flag"]]
       client_id  ours  share   gap flag
    0          1  30.0   0.25  90.0   ok
    """
    full, seen = read_panel(panel, as_of)
    table = as_table(client_budgets)
    if "client_id" in table:
        table = table[table["client_id"].notna()]
    if table.empty or seen is None:
        return Result(frame=_none(), as_of=seen, notes=(Note("acquisition.no_budgets"),))
    end = seen.last_whole_number
    frame = _known(table.reset_index(drop=True), full, seen)
    frame["share"] = frame["ours"] / frame["total_budget"].where(frame["total_budget"] > 0)
    frame["gap"] = (frame["total_budget"] - frame["ours"]).clip(lower=0)
    frame["flag"] = _flags(frame, end - fresh_months)
    frame = frame.sort_values(["period_end", "period_start"], kind="stable")
    if latest:
        frame = frame.drop_duplicates(["client_id", "category"], keep="last")
    frame = frame.sort_values("gap", ascending=False, kind="stable").reset_index(drop=True)[_COLUMNS]
    overview = _overview(frame, full, clients, end)
    note = Note("acquisition.wallet", {
        "with_budget": int(overview["with_budget"].iloc[0]), "clients": int(overview["clients"].iloc[0]),
    })  # fmt: skip
    return Result(frame=frame, overview=overview, notes=(note,), as_of=seen, options={"latest": latest},
                  draw=pictures.wallet)  # fmt: skip


def _known(table: pd.DataFrame, full: pd.DataFrame, seen: AsOf) -> pd.DataFrame:
    """Budgets asked by then of periods begun by then, up to the last whole month, beside our revenue."""
    begin = pd.Series(month_number(pd.to_datetime(table["period_start"]), "period_start"))
    finish = pd.Series(month_number(pd.to_datetime(table["period_end"]), "period_end"))
    known = begin <= seen.last_whole_number
    if "asked_at" in table:
        known &= ~(pd.to_datetime(table["asked_at"]) > seen.end)
    table, begin, finish = table[known], begin[known], finish[known]
    upto = finish.clip(upper=seen.last_whole_number)
    passed = (upto - begin + 1) / (finish - begin + 1)
    budget = to_minor(table["total_budget"]).astype("Float64").to_numpy(dtype=float, na_value=np.nan) * passed
    return pd.DataFrame({
        "client_id": table["client_id"],
        "category": table["category"].astype("str") if "category" in table else "",
        "period_start": pd.to_datetime(table["period_start"]),
        "period_end": pd.to_datetime(table["period_end"]),
        "finish": finish,
        "total_budget": budget / 100,
        "ours": _ours(full, table["client_id"], begin, upto) / 100,
        "stated": table.get("our_amount", pd.Series(np.nan, table.index)).astype("float64") * passed,
        "source": table.get("source", pd.Series(pd.NA, table.index)).astype("str"),
        "asked_at": pd.to_datetime(table["asked_at"]) if "asked_at" in table else pd.NaT,
    })  # fmt: skip


def _flags(frame: pd.DataFrame, oldest: int) -> pd.Series:
    """What to think of each budget; one whose period ended in month ``oldest`` or before is old."""
    far = (frame["stated"] - frame["ours"]).abs() > 0.2 * frame[["stated", "ours"]].max(axis=1)
    flags = np.select(
        [~(frame["total_budget"] > 0), frame["finish"] <= oldest, frame["share"] > 1, far],
        ["no_budget", "old", "above_budget", "disagrees"], "ok",
    )  # fmt: skip
    return pd.Series(flags, index=frame.index).astype("str")


def _ours(full: pd.DataFrame, client: pd.Series, begin: pd.Series, upto: pd.Series) -> np.ndarray:
    """Revenue (minor units) of each client between two months, both counted."""
    asked = pd.DataFrame({"row": np.arange(len(client)), "client_id": client.array, "begin": begin.array,
                          "upto": upto.array})  # fmt: skip
    money = full.assign(minor=to_minor(full["revenue"]).fillna(0).astype("int64"))[["client_id", "number", "minor"]]
    both = asked.merge(money, on="client_id")
    both = both[both["number"].between(both["begin"], both["upto"])]
    return both.groupby("row")["minor"].sum().reindex(range(len(client)), fill_value=0).to_numpy(dtype=float)


def _overview(frame: pd.DataFrame, full: pd.DataFrame, clients: Any, end: int) -> pd.DataFrame:
    everyone = as_table(clients)["client_id"] if len(as_table(clients)) else full["client_id"]
    has = frame.loc[(frame["total_budget"] > 0) & (frame["flag"] != "old")]
    year = full[full["number"] > end - 12]
    money = to_minor(year["revenue"]).fillna(0).groupby(year["client_id"].to_numpy()).sum()
    covered = money[money.index.isin(has["client_id"])].sum()
    budget = has["total_budget"].sum()
    return pd.DataFrame({
        "clients": [everyone.nunique()],
        "with_budget": [has["client_id"].nunique()],
        "coverage": [has["client_id"].nunique() / max(everyone.nunique(), 1)],
        "coverage_revenue": [float(covered / money.sum()) if money.sum() > 0 else np.nan],
        "share": [has["ours"].sum() / budget if budget else np.nan],
        "gap": [has["gap"].sum()],
        "contradictions": [int(frame["flag"].isin(["above_budget", "disagrees"]).sum())],
    })  # fmt: skip


def _none() -> pd.DataFrame:
    texts = dict.fromkeys(["client_id", "category", "source", "flag"], "str")
    dates = dict.fromkeys(["period_start", "period_end", "asked_at"], "datetime64[us]")
    return no_rows(_COLUMNS, **texts, **dates)
