"""Plan against fact, by month and year to date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import read_panel
from ..money import to_minor
from ..months import from_number, month_number
from ..orders import holds, rows_of
from ..results import Note, Result, as_table

__all__ = ["plan_fact"]

_COLUMNS = ["month", "metric", "level", "level_id", "plan", "fact", "share", "plan_to_date", "fact_to_date",
            "share_to_date"]  # fmt: skip


def plan_fact(
    panel: Any,
    as_of: Any = None,
    *,
    targets: Any = None,
    facts: Any = None,
    clients: Any = None,
    transactions: Any = None,
) -> Result:
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
    transactions : table, optional
        client_id, date, amount with manager_id and unit_id: a client's month is split among managers
        and units by its deals of that month, so a change of manager does not move the past.

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
    table = as_table(targets)
    full, seen = read_panel(panel, as_of)
    if table.empty or seen is None:
        return Result(frame=pd.DataFrame(columns=_COLUMNS), as_of=seen, notes=(Note("acquisition.no_targets"),))
    end = seen.last_whole_number
    plan = _planned(table)
    plan = plan[plan["number"] <= end]
    done = pd.concat([_facts(full, end, clients, transactions), _given(facts)], ignore_index=True)
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
    return Result(frame=frame[_COLUMNS], as_of=seen, notes=(Note("acquisition.plan", {"rows": len(frame)}),))


def _planned(table: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame({
        "number": month_number(table["period_start"], "period_start"),
        "metric": table["metric"].astype("object").to_numpy(),
        "level": table["level"].astype("object").to_numpy() if "level" in table else "company",
        "level_id": _ids(table),
        "plan": to_minor(table["amount"]).to_numpy(dtype=float, na_value=np.nan) / 100,
    })  # fmt: skip


def _ids(table: pd.DataFrame) -> np.ndarray:
    """Ids of levels as text; the company has none."""
    if "level_id" not in table:
        return np.full(len(table), "", dtype=object)
    return table["level_id"].astype("object").map(lambda value: "" if pd.isna(value) else str(value)).to_numpy()


def _deals(transactions: Any, name: str) -> pd.DataFrame:
    """client_id, number (month), date, owner (manager or unit), amount of the deals that name one."""
    if not holds(transactions, name):
        return pd.DataFrame()
    table = rows_of(transactions, ("client_id", "date", "amount", name))
    table = table[table[name].notna() & table["date"].notna()]
    dates = pd.to_datetime(table["date"])
    amount = table["amount"].astype("float64") if "amount" in table else pd.Series(1.0, table.index)
    return pd.DataFrame({
        "client_id": table["client_id"], "number": (dates.dt.year * 12 + dates.dt.month - 1).astype("int64"),
        "date": dates, "owner": table[name].astype("object"), "amount": amount.clip(lower=0).fillna(0),
    }).sort_values("date", kind="stable")  # fmt: skip


def _owned(rows: pd.DataFrame, known: pd.Series, deals: pd.DataFrame) -> pd.DataFrame:
    """Rows of the panel split among managers or units, to the kopeck.

    A client's month is split by the deals of that month; without any it goes to the owner of the last
    deal before, else to the one on the card (``known``).
    """
    rows = rows.astype({"number": "int64"}).assign(row=np.arange(len(rows)), card=known.to_numpy())
    if deals.empty:
        return rows.rename(columns={"card": "owner"})
    last = deals.drop_duplicates(["client_id", "number"], keep="last")[["client_id", "number", "owner"]]
    rows, last = (table.sort_values("number", kind="stable") for table in (rows, last))
    rows = pd.merge_asof(rows, last, on="number", by="client_id")
    rows["card"] = rows["owner"].where(rows["owner"].notna(), rows["card"])
    parts = deals[deals["amount"] > 0].groupby(["client_id", "number", "owner"])["amount"].sum().reset_index()
    parts = parts.sort_values("amount", ascending=False, kind="stable")
    split = rows.drop(columns="owner").merge(parts, on=["client_id", "number"], how="left")
    split["owner"] = split["owner"].where(split["owner"].notna(), split["card"])
    share = (split["amount"] / split.groupby("row")["amount"].transform("sum")).fillna(1.0)
    upto = share.groupby(split["row"]).cumsum()
    for name in ("revenue", "gross_profit"):
        # Rounded sums up to each part, so that the parts add up exactly.
        split[name] = (split[name] * upto).round() - (split[name] * (upto - share)).round()
    split.loc[split["row"].duplicated(), "new_clients"] = 0.0  # a client is won once, by the largest part
    return split


def _given(facts: Any) -> pd.DataFrame:
    table = as_table(facts)
    if table.empty:
        return pd.DataFrame(columns=["number", "metric", "level", "level_id", "fact"])
    return pd.DataFrame({
        "number": month_number(table["month"]), "metric": table["metric"].astype("object").to_numpy(),
        "level": table["level"].astype("object").to_numpy() if "level" in table else "company",
        "level_id": _ids(table), "fact": table["amount"].astype("float64").to_numpy(),
    })  # fmt: skip


def _facts(full: pd.DataFrame, end: int, clients: Any, transactions: Any) -> pd.DataFrame:
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
    people = as_table(clients)
    levels = {"company": rows.assign(owner=""), "client": rows.assign(owner=rows["client_id"])}
    for level in ("manager", "unit"):
        name = f"{level}_id"
        known = pd.Series(None, index=rows.index, dtype="object")
        if name in people:
            known = rows["client_id"].map(people.set_index("client_id")[name].astype("object"))
        levels[level] = _owned(rows, known, _deals(transactions, name))
    made = []
    for level, table in levels.items():
        table["level_id"] = table["owner"].astype("object").map(lambda value: "" if pd.isna(value) else str(value))
        sums = table.groupby(["number", "level_id"])[["revenue", "gross_profit", "new_clients"]].sum(min_count=1)
        long = sums.reset_index().melt(["number", "level_id"], var_name="metric", value_name="fact")
        made.append(long.assign(level=level, fact=long["fact"].astype("float64") / 100))
    return pd.concat(made, ignore_index=True)
