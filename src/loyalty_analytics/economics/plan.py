"""Plan against fact, by month and year to date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..money import to_minor
from ..months import from_number, month_number
from ..results import Note, Result, as_table

__all__ = ["plan_fact"]

_COLUMNS = ["month", "metric", "level", "level_id", "plan", "fact", "share", "plan_to_date", "fact_to_date",
            "share_to_date"]  # fmt: skip


def plan_fact(panel: Any, as_of: Any = None, *, targets: Any = None, facts: Any = None, clients: Any = None) -> Result:
    """Targets beside what came of them.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        Whole months only.
    targets : table, optional
        period_start, metric, level {company, unit, manager, client}, level_id, amount.
    facts : table, optional
        Facts that the panel does not hold (meetings, conversion, units): month, metric, level,
        level_id, amount.
    clients : table, optional
        client_id with manager_id and unit_id, for the levels of managers and units.

    Returns
    -------
    Result
        ``.table``: month, metric, level, level_id, plan, fact, share (fact / plan), then the same
        from January to the month; plan outside the data has no fact (null).

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 1], "month": ["2026-01", "2026-02"], "revenue": [80.0, 120.0]})
    >>> plan = pd.DataFrame({"period_start": ["2026-01", "2026-02"], "metric": "revenue", "level": "company",
    ...                      "level_id": None, "amount": [100.0, 100.0]})
    >>> plan_fact(panel, targets=plan).table[["month", "plan", "fact", "share", "share_to_date"]]
           month   plan   fact  share  share_to_date
    0 2026-01-01  100.0   80.0    0.8            0.8
    1 2026-02-01  100.0  120.0    1.2            1.0
    """
    table = as_table(targets) if targets is not None else pd.DataFrame()
    full, seen = read_panel(panel, as_of)
    if table.empty or seen is None:
        return Result(frame=pd.DataFrame(columns=_COLUMNS), as_of=seen, notes=(Note("acquisition.no_targets"),))
    end = seen.last_whole.year * 12 + seen.last_whole.month - 1
    plan = pd.DataFrame({
        "number": month_number(table["period_start"], "period_start"),
        "metric": table["metric"].astype("object").to_numpy(),
        "level": table["level"].astype("object").to_numpy() if "level" in table else "company",
        "level_id": _ids(table),
        "plan": to_minor(table["amount"]).to_numpy(dtype=float, na_value=np.nan) / 100,
    })  # fmt: skip
    plan = plan[plan["number"] <= end]
    done = pd.concat([_facts(full, end, clients), _given(facts)], ignore_index=True)
    keys = ["number", "metric", "level", "level_id"]
    sums = done.groupby(keys)["fact"].sum(min_count=1).reset_index()
    frame = plan.groupby(keys)["plan"].sum(min_count=1).reset_index().merge(sums, on=keys, how="left")
    # A month of the data without a row of this level is a fact of zero, for what the panel counts.
    counted = frame["metric"].isin(["revenue", "gross_profit", "new_clients"])
    known = counted & frame["metric"].isin(done["metric"]) & (frame["number"] >= full["number"].min())
    fact = frame["fact"].astype("float64")
    frame["fact"] = fact.mask(known & fact.isna(), 0.0)
    frame = frame.sort_values(["metric", "level", "level_id", "number"], kind="stable").reset_index(drop=True)
    group = [frame["metric"], frame["level"], frame["level_id"], frame["number"] // 12]
    frame["share"] = frame["fact"] / frame["plan"].where(frame["plan"] != 0)
    frame["plan_to_date"] = frame["plan"].groupby(group).cumsum()
    frame["fact_to_date"] = frame["fact"].groupby(group).cumsum()
    frame["share_to_date"] = frame["fact_to_date"] / frame["plan_to_date"].where(frame["plan_to_date"] != 0)
    frame["month"] = from_number(frame["number"])
    frame["level_id"] = frame["level_id"].replace("", None)
    return Result(frame=frame[_COLUMNS], as_of=seen, notes=(Note("acquisition.plan", {"rows": str(len(frame))}),))


def _ids(table: pd.DataFrame) -> np.ndarray:
    """Ids of levels as text; the company has none."""
    if "level_id" not in table:
        return np.full(len(table), "", dtype=object)
    return table["level_id"].astype("object").map(lambda value: "" if pd.isna(value) else str(value)).to_numpy()


def _given(facts: Any) -> pd.DataFrame:
    table = as_table(facts) if facts is not None else pd.DataFrame()
    if table.empty:
        return pd.DataFrame(columns=["number", "metric", "level", "level_id", "fact"])
    return pd.DataFrame({
        "number": month_number(table["month"]), "metric": table["metric"].astype("object").to_numpy(),
        "level": table["level"].astype("object").to_numpy() if "level" in table else "company",
        "level_id": _ids(table), "fact": table["amount"].astype("float64").to_numpy(),
    })  # fmt: skip


def _facts(full: pd.DataFrame, end: int, clients: Any) -> pd.DataFrame:
    """Revenue, gross profit and new clients of the panel at each level, by month."""
    full = full[full["number"] <= end]
    bought = full[full["orders"].fillna(0) > 0]
    first = bought.groupby("client_id")["number"].transform("min")
    rows = pd.DataFrame({
        "client_id": full["client_id"], "number": full["number"],
        "revenue": to_minor(full["revenue"]).astype("Float64"),
        "gross_profit": to_minor(full["gross_profit"]).astype("Float64"),
        "new_clients": (bought["number"] == first).reindex(full.index, fill_value=False).astype("float64") * 100,
    })  # fmt: skip
    levels = {"company": pd.Series("", rows.index), "client": rows["client_id"].astype("object").map(str)}
    people = as_table(clients) if clients is not None else pd.DataFrame()
    for level in ("manager", "unit"):
        if f"{level}_id" in people:
            owner = people.set_index("client_id")[f"{level}_id"].astype("object")
            levels[level] = rows["client_id"].map(owner).map(lambda value: "" if pd.isna(value) else str(value))
    made = []
    for level, ids in levels.items():
        sums = rows.assign(level_id=ids.to_numpy()).groupby(["number", "level_id"])[
            ["revenue", "gross_profit", "new_clients"]
        ].sum(min_count=1)  # fmt: skip
        long = sums.reset_index().melt(["number", "level_id"], var_name="metric", value_name="fact")
        made.append(long.assign(level=level, fact=long["fact"].astype("float64") / 100))
    return pd.concat(made, ignore_index=True)
