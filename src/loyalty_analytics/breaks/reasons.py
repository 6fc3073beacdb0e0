"""Why: what a change is made of, which dated facts stand near it, and how much that proves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..money import from_minor
from ..months import from_number
from ..results import Note, Result
from .anatomy import PARTS, anatomy, windows
from .evidence_facts import dated_facts
from .evidence_weigh import weigh
from .reason_orders import last_month, prepare_breaks, prepare_orders, season_means

__all__ = ["explain_breaks"]

COLUMNS = ["client_id", "break_month", "reason", "part", "change", "evidence", "days_before", "grade"]
_MORE = ["probability", "likelihood_ratio", "chance", "date", "source_id"]


def explain_breaks(
    breaks: Result | pd.DataFrame,
    transactions: pd.DataFrame,
    *,
    events: pd.DataFrame | None = None,
    complaints: pd.DataFrame | None = None,
    tags: pd.DataFrame | None = None,
    deliveries: pd.DataFrame | None = None,
    offers: pd.DataFrame | None = None,
    manager_assignments: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None,
    clients: pd.DataFrame | None = None,
    managers: pd.DataFrame | None = None,
    feedback: pd.DataFrame | None = None,
    contacts: pd.DataFrame | None = None,
    meetings: pd.DataFrame | None = None,
    client_budgets: pd.DataFrame | None = None,
    as_of: Any = None,
    strong: float = 0.8,
    possible: float = 0.4,
) -> Result:
    """What each change is made of, to the kopeck, and which reasons the facts speak for.

    Returns
    -------
    Result
        ``.table``: client_id, break_month, reason, part, change, evidence, days_before, grade.
    """
    known = prepare_breaks(breaks)
    seen = last_month(transactions, breaks, as_of)
    last = seen.last_whole.year * 12 + seen.last_whole.month - 1
    orders = prepare_orders(transactions, seen)
    known = windows(known, orders.groupby("client_id")["month"].min(), last)
    parts = _part_rows(known, anatomy(orders, known, season_means(orders, known, last)))
    facts = dated_facts(
        {
            "events": events, "complaints": complaints, "tags": tags, "deliveries": deliveries, "offers": offers,
            "manager_assignments": manager_assignments, "managers": managers, "contacts": contacts,
            "meetings": meetings, "client_budgets": client_budgets,
        }
    )  # fmt: skip
    facts = facts[facts["day"] <= (seen.end - pd.Timestamp(0)) / pd.Timedelta(days=1)]
    evidence = weigh(known, orders, facts, last, deliveries=deliveries, strong=strong, possible=possible)
    frame = _assemble(known, evidence, parts)
    return Result(
        frame=frame,
        notes=(Note("breaks.reasons_note", {"n": len(known)}),),
        options={"strong": strong, "possible": possible},
        as_of=seen,
    )


def _part_rows(known: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    """One row per break and part that is not zero; frequency always, so that each change stands."""
    long = sums[list(PARTS)].rename_axis("row").reset_index().melt("row", var_name="reason", value_name="minor")
    long = long[long["minor"].notna() & ((long["minor"] != 0) | (long["reason"] == "frequency"))]
    place = {name: i for i, name in enumerate(PARTS)}
    long = long.assign(size=-long["minor"].abs(), order=long["reason"].map(place))
    long = long.sort_values(["row", "size", "order"], kind="stable")
    return pd.DataFrame(
        {
            "row": long["row"].astype("int64"),
            "reason": long["reason"],
            "part": from_minor(long["minor"]),
            "evidence": "transactions",
            "days_before": np.nan,
            "grade": "none",
        }
    )


def _assemble(known: pd.DataFrame, evidence: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    evidence = evidence.assign(part=np.nan, block=0)
    rows = pd.concat([table for table in (evidence, parts.assign(block=1)) if len(table)] or [parts])
    quiet = known.index.difference(rows["row"])
    if len(quiet):
        rows = pd.concat([rows, pd.DataFrame({"row": quiet, "grade": "none"})])
    rows = rows.sort_values("row", kind="stable").reset_index(drop=True)
    row = rows["row"].astype("int64").to_numpy()
    change = parts.groupby("row")["part"].sum().round(2)
    frame = rows.reindex(columns=[*COLUMNS, *_MORE])
    frame["client_id"] = known["client_id"].to_numpy()[row]
    frame["break_month"] = from_number(known["month"].to_numpy()[row])
    frame["change"] = pd.Series(row).map(change).to_numpy(float)
    return frame
