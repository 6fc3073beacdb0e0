"""Dated facts about clients from all canonical tables, each under the name of the reason it speaks for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from .reason_orders import day_numbers

__all__ = ["KINDS", "dated_facts"]

# Kinds of `events`; every other table speaks under one of these names.
KINDS = (
    "price_change", "manager_change", "product_change", "airing_defect", "competitor", "budget_cut",
    "contact_left", "season", "macro", "other",
)  # fmt: skip

# What a complaint or a negative text is about -> the reason that it speaks for.
CAUSES = {
    "price": "price_change", "staff": "manager_change", "product": "product_change", "logistics": "airing_defect",
}  # fmt: skip
COLUMNS = ["client_id", "day", "reason", "source", "source_id"]


def dated_facts(tables: Mapping[str, pd.DataFrame | None], owners: pd.DataFrame | None = None) -> pd.DataFrame:
    """All dated facts.

    Parameters
    ----------
    tables : canonical tables by name; None or an empty one = no data

    Returns
    -------
    client_id (null = all clients), day (since 1970), reason (one of KINDS), source (table), source_id.
    One row per fact, oldest first, ties in an order that the rows given do not decide.
    """
    readers = {
        "events": _events,
        "manager_assignments": _assignments,
        "complaints": _complaints,
        "tags": _tags,
        "contacts": _contacts,
        "client_budgets": _budgets,
        "meetings": _meetings,
        "offers": _offers,
    }
    found = [
        reader(table).assign(source=name)
        for name, reader in readers.items()
        if (table := tables.get(name)) is not None and len(table)
    ]
    managers, assigned = tables.get("managers"), tables.get("manager_assignments")
    if managers is not None and len(managers) and assigned is not None and len(assigned):
        found.append(_managers_left(managers, assigned).assign(source="managers"))
    if not found:
        return pd.DataFrame({name: pd.Series(dtype=object) for name in COLUMNS}).astype({"day": float})
    facts = pd.concat([table.reindex(columns=COLUMNS).astype(object) for table in found], ignore_index=True)
    facts["day"] = facts["day"].astype(float)
    facts = facts[facts["day"].notna() & facts["reason"].notna()]
    order = facts.assign(who=facts["client_id"].astype(str), what=facts["source_id"].astype(str))
    order = order.sort_values(["day", "who", "reason", "source", "what"], kind="stable")
    return facts.loc[order.index].reset_index(drop=True)


def _column(table: pd.DataFrame, name: str) -> pd.Series:
    return table[name] if name in table else pd.Series(np.nan, index=table.index, dtype=object)


def _facts(table: pd.DataFrame, day: pd.Series, reason: pd.Series | str, key: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"client_id": _column(table, "client_id"), "day": day, "reason": reason, "source_id": _column(table, key)}
    )


def _events(table: pd.DataFrame) -> pd.DataFrame:
    kind = _column(table, "kind").astype(object)
    return _facts(table, day_numbers(_column(table, "date")), kind.where(kind.isin(KINDS), "other"), "event_id")


def _assignments(table: pd.DataFrame) -> pd.DataFrame:
    """A change is a manager other than the one before; the first one of a client is none."""
    known = table.assign(_day=day_numbers(_column(table, "valid_from"))).dropna(subset=["_day"])
    known = known.sort_values(["client_id", "_day"], kind="stable")
    previous = known.groupby("client_id", sort=False)["manager_id"].shift()
    changed = known[previous.notna() & (previous != known["manager_id"])]
    return _facts(changed, changed["_day"], "manager_change", "manager_id").assign(source_id=changed["manager_id"])


def _managers_left(managers: pd.DataFrame, assigned: pd.DataFrame) -> pd.DataFrame:
    """A manager left while serving the client and nobody is written down as the follower."""
    left = managers.assign(_left=day_numbers(_column(managers, "left_at"))).dropna(subset=["_left"])
    served = assigned.merge(left[["manager_id", "_left"]], on="manager_id")
    start, end = (day_numbers(_column(served, name)) for name in ("valid_from", "valid_to"))
    own = served[(start <= served["_left"]) & end.isna()]
    last = assigned.assign(_day=day_numbers(_column(assigned, "valid_from"))).groupby("client_id")["_day"].max()
    own = own[own["client_id"].map(last).to_numpy() <= own["_left"].to_numpy()]
    return _facts(own, own["_left"], "manager_change", "manager_id")


def _reason_of(cause: pd.Series) -> pd.Series:
    top = cause.astype(object).where(cause.notna(), "").astype(str).str.split(".").str[0]
    return top.map(CAUSES).fillna("other")


def _complaints(table: pd.DataFrame) -> pd.DataFrame:
    reason = _reason_of(_column(table, "cause"))
    return _facts(table, day_numbers(_column(table, "created_at")), reason, "complaint_id")


def _tags(table: pd.DataFrame) -> pd.DataFrame:
    if "client_id" not in table or "created_at" not in table:
        return pd.DataFrame(columns=COLUMNS)
    table = table[_column(table, "sentiment").eq("negative") & _column(table, "cause").notna()]
    return _facts(table, day_numbers(table["created_at"]), _reason_of(_column(table, "cause")), "feedback_id")


def _contacts(table: pd.DataFrame) -> pd.DataFrame:
    if "is_active" not in table:
        return pd.DataFrame(columns=COLUMNS)
    gone = table[table["is_active"].astype("boolean").eq(False).fillna(False).astype(bool)]
    return _facts(gone, day_numbers(_column(gone, "verified_at")), "contact_left", "contact_id")


def _budgets(table: pd.DataFrame) -> pd.DataFrame:
    """The budget of a category told lower than in the period before, by a tenth or more."""
    known = table.assign(
        _start=day_numbers(_column(table, "period_start")), _asked=day_numbers(_column(table, "asked_at"))
    )
    known["_end"] = day_numbers(_column(table, "period_end"))
    known["_rate"] = pd.to_numeric(known["total_budget"], errors="coerce") / (known["_end"] - known["_start"] + 1)
    known["category"] = _column(table, "category").astype(object).fillna("")
    known = known.dropna(subset=["_start"]).sort_values(["client_id", "category", "_start"], kind="stable")
    previous = known.groupby(["client_id", "category"], sort=False)["_rate"].shift()
    cut = known[known["_rate"] <= 0.9 * previous]
    day = cut["_start"] if "asked_at" not in table else cut[["_asked", "_start"]].min(axis=1)
    return _facts(cut, day, "budget_cut", "category")


def _meetings(table: pd.DataFrame) -> pd.DataFrame:
    """A plan told lower than at the meeting before by a tenth or more."""
    if "plan_amount" not in table:
        return pd.DataFrame(columns=COLUMNS)
    known = table.assign(_day=day_numbers(_column(table, "held_at")))
    known["_plan"] = pd.to_numeric(known["plan_amount"], errors="coerce")
    known = known.dropna(subset=["_day", "_plan"]).sort_values(["client_id", "_day"], kind="stable")
    previous = known.groupby("client_id", sort=False)["_plan"].shift()
    cut = known[known["_plan"] <= 0.9 * previous]
    return _facts(cut, cut["_day"], "budget_cut", "meeting_id")


def _offers(table: pd.DataFrame) -> pd.DataFrame:
    """A lost offer whose reason bears the name of a kind, and the day when offers stopped coming."""
    why = _column(table, "lost_reason").astype(object)
    lost = table[_column(table, "outcome").eq("lost") & why.isin(KINDS)]
    day = day_numbers(_column(lost, "decided_at")).fillna(day_numbers(_column(lost, "offered_at")))
    return pd.concat([_facts(lost, day, why.loc[lost.index], "offer_id"), _offers_stopped(table)])


def _offers_stopped(table: pd.DataFrame) -> pd.DataFrame:
    """After at least four offers none for three usual gaps and 90 days: dated when the next one was due."""
    known = table.assign(_day=day_numbers(_column(table, "offered_at"))).dropna(subset=["_day"])
    known = known.sort_values(["client_id", "_day"], kind="stable")
    grouped = known.groupby("client_id", sort=False)["_day"]
    gap = grouped.shift(-1).fillna(known["_day"].max()) - known["_day"]
    usual = grouped.diff().groupby(known["client_id"]).transform("median")
    silent = known[(grouped.cumcount() >= 3) & (gap >= 3 * usual) & (gap >= 90)]
    return _facts(silent, silent["_day"] + usual[silent.index], "other", "offer_id")
