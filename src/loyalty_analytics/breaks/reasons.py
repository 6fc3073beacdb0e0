"""Why: what a change is made of, which dated facts stand near it, and how much that proves.

Parts are Shapley values (`anatomy`), evidence is weighed as in `evidence_weigh`; docs/reasons.md says how
and how well.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..money import from_minor
from ..months import AsOf, from_number
from ..orders import Orders
from ..results import Note, Result, as_table, takes
from .anatomy import PARTS, anatomy, windows
from .evidence_facts import dated_facts
from .evidence_near import facts_near
from .evidence_weigh import weigh
from .reason_orders import last_month, prepare_breaks, prepare_orders
from .reason_season import season_means

__all__ = ["ReasonsResult", "explain_breaks"]

COLUMNS = ["client_id", "break_month", "reason", "part", "change", "evidence", "days_before", "grade"]
_MORE = ["probability", "likelihood_ratio", "chance", "date", "source_id"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ReasonsResult(Result):
    """Reasons of breaks with what they rest on.

    Attributes
    ----------
    changes : pandas.DataFrame
        One row per break: client_id, break_month, months (length of either window; 0 = no data on one
        side), before, after (currency units of the windows), change.
    facts : pandas.DataFrame
        Dated facts from half a year before each break to a quarter after it: client_id, break_month,
        date, reason, source, source_id, days_before (the first day of the break month; negative after it).
    """

    changes: pd.DataFrame = field(default_factory=pd.DataFrame)
    facts: pd.DataFrame = field(default_factory=pd.DataFrame)


@takes(
    breaks=["client_id", "break_month"], transactions=["client_id", "date", "amount"], events=["date"],
    complaints=["client_id", "created_at"], tags=["feedback_id"], deliveries=["transaction_id"], offers=["client_id"],
    manager_assignments=["client_id", "manager_id", "valid_from"], products=["product_id"], clients=["client_id"],
    managers=["manager_id"], feedback=["feedback_id"], contacts=["client_id"], meetings=["client_id"],
    client_budgets=["client_id", "period_start", "total_budget"],
)  # fmt: skip
def explain_breaks(
    breaks: Result | pd.DataFrame, transactions: Orders | pd.DataFrame, *, events: pd.DataFrame | None = None,
    complaints: pd.DataFrame | None = None, tags: pd.DataFrame | None = None, deliveries: pd.DataFrame | None = None,
    offers: pd.DataFrame | None = None, manager_assignments: pd.DataFrame | None = None,
    products: pd.DataFrame | None = None, clients: pd.DataFrame | None = None, managers: pd.DataFrame | None = None,
    feedback: pd.DataFrame | None = None, contacts: pd.DataFrame | None = None, meetings: pd.DataFrame | None = None,
    client_budgets: pd.DataFrame | None = None, as_of: Any = None, strong: float = 0.8, possible: float = 0.4,
) -> ReasonsResult:  # fmt: skip
    """What each change is made of, to the kopeck, and which reasons the facts speak for.

    Parameters
    ----------
    breaks : result of `la.find_breaks` or a table
        client_id, break_month (first month of the new regime); low, high (months), direction, market where known.
    transactions : canonical table, or ``data.orders``
        client_id, date, amount; product_id, manager_id, quantity, unit_price, discount_pct, due_date,
        paid_date, kind and status where known.
    events, complaints, …, client_budgets : canonical tables or None
        Where dated facts are looked for; None or an empty table = no data. ``tags`` (of `la.tag_causes`)
        count when they carry client_id and created_at, else ``feedback`` lends them.
    as_of : month or day, optional
        Later facts are not seen. None = that of the breaks, else the last month of the transactions.
    strong, possible : float, (0, 1)
        Least posterior probability of a reason for either grade. A grade also needs that at most 2 %
        and 10 % of months without a break look as convincing.

    Returns
    -------
    ReasonsResult
        ``.table``, the likeliest reason of each break first, its parts last: client_id, break_month,
        reason (a kind of `events`, or a part: frequency, cheque, price, discount, mix, lost_products,
        new_products, managers, season, returns), part (currency units, null in rows of evidence; the parts
        of a break sum to ``change``), change (sales of the months after the break less those of as many
        before it), evidence (the tables that speak for the reason, joined by ' + '), days_before (from the
        fact to the interval of the break; 0 inside it, negative after it), grade {strong, possible, none};
        then probability, likelihood_ratio (against «no reason»), chance (share of months without a break
        that look as convincing), date and source_id of the nearest fact.

    Raises
    ------
    DataError
        A table lacks a column that is needed.

    Examples
    --------
    >>> months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    >>> deals = pd.DataFrame({"client_id": 7, "date": months + "-15", "amount": [100.0] * 6 + [40.1] * 6})
    >>> breaks = pd.DataFrame({"client_id": [7], "break_month": ["2025-07"]})
    >>> explain_breaks(breaks, deals).table[["reason", "part", "change"]]
          reason   part  change
    0     cheque -359.4  -359.4
    1  frequency    0.0  -359.4
    """
    known = prepare_breaks(breaks)
    seen = last_month(transactions, breaks, as_of)
    last = seen.last_whole_number
    sold = prepare_orders(transactions, seen, deliveries)
    known = windows(known, sold.first, last)
    sums = anatomy(sold.orders, known, season_means(sold.orders, known, last))
    facts = _facts_seen(seen, {
        "events": events, "complaints": complaints, "tags": _dated_tags(tags, feedback), "offers": offers,
        "manager_assignments": manager_assignments, "managers": managers, "contacts": contacts,
        "meetings": meetings, "client_budgets": client_budgets,
    })  # fmt: skip
    evidence = weigh(known, sold, facts, last, deliveries=deliveries, strong=strong, possible=possible)
    frame = _assemble(known, evidence, _part_rows(known, sums))
    return ReasonsResult(
        frame=frame, overview=_overview(frame, known), notes=_notes(frame, known), changes=_changes(known, sums),
        facts=_facts_near(known, facts), options={"strong": strong, "possible": possible}, as_of=seen, draw=_draw,
    )  # fmt: skip


def _facts_seen(seen: AsOf, tables: dict[str, Any]) -> pd.DataFrame:
    """Dated facts up to the last day seen."""
    facts = dated_facts(tables)
    return facts[facts["day"] <= (seen.end - pd.Timestamp(0)) / pd.Timedelta(days=1)]


def _dated_tags(tags: Any, feedback: pd.DataFrame | None) -> pd.DataFrame | None:
    """Tags with client and date, lent by the feedback that they were read from."""
    table = None if tags is None else as_table(tags)
    if table is None or feedback is None or not len(feedback) or not len(table) or "client_id" in table:
        return table
    lent = [name for name in ("client_id", "created_at") if name in feedback]
    return table.merge(feedback[["feedback_id", *lent]].drop_duplicates("feedback_id"), on="feedback_id", how="left")


def _changes(known: pd.DataFrame, sums: pd.DataFrame) -> pd.DataFrame:
    money = {side: from_minor(sums[side].reindex(known.index)) for side in ("before", "after")}
    return pd.DataFrame(
        {
            "client_id": known["client_id"],
            "break_month": from_number(known["month"]),
            "months": known["length"],
            **money,
            "change": (money["after"] - money["before"]).round(2),
        }
    )


def _facts_near(known: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    near = facts_near(known, facts)
    return pd.DataFrame(
        {
            "client_id": known["client_id"].to_numpy()[near["spot"].to_numpy()],
            "break_month": from_number(near["month"]),
            "date": pd.to_datetime(near["day"].to_numpy(float), unit="D"),
            "reason": near["reason"].to_numpy(),
            "source": near["source"].to_numpy(),
            "source_id": near["source_id"].to_numpy(),
            "days_before": near["lag"].to_numpy(float),
        }
    )


def _best_grades(frame: pd.DataFrame, known: pd.DataFrame) -> dict[str, int]:
    """Number of breaks by their best grade."""
    rank = frame["grade"].map({"strong": 2, "possible": 1, "none": 0}).groupby(
        [frame["client_id"], frame["break_month"]]
    ).max()  # fmt: skip
    counts = rank.value_counts()
    return {name: int(counts.get(value, 0)) for name, value in (("strong", 2), ("possible", 1), ("none", 0))}


def _overview(frame: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    counts = _best_grades(frame, known)
    return pd.DataFrame([("breaks", len(known)), *counts.items()], columns=["measure", "value"])


def _notes(frame: pd.DataFrame, known: pd.DataFrame) -> tuple[Note, ...]:
    counts = _best_grades(frame, known)
    return (Note("breaks.reasons_note", {"n": len(known), **counts}), Note("breaks.reasons_proof"))


def _draw(result: ReasonsResult, **options: Any) -> Any:
    from ..plots.reasons import timeline

    return timeline(result.facts, result.frame, **options)


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
    quiet = known.index.difference(pd.Index(rows["row"]))
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
