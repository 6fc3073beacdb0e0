"""The plan of visits, solved exactly: fewest broken rules, then fewest changes, then fewest contacts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..months import AsOf, from_number, month_number
from ..months import as_of as read_as_of
from ..panel import id_rank
from ..results import Note, Result, as_table, takes
from .rules import PURPOSES, column, due_rules, held_contacts, plan_month
from .solve import Problem, solve
from .weeks import limits, weeks

__all__ = ["Plan", "people", "plan_visits"]

_COLUMNS = [
    "client_id", "month", "week", "format", "purpose", "manager_id", "visitor_id", "reason", "agreed",
]  # fmt: skip
_BY_CALL = ["gap", "before", "after", "season", "problem"]  # rules that a call serves


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Plan(Result):
    """The plan with the rules that cannot be kept.

    Attributes
    ----------
    exceptions : DataFrame
        client_id, rule, month (last month in which it could be kept), missing (contacts lacking),
        manager_id, visitor_id, call_would_do (bool).
    load : DataFrame
        visitor_id, month, meetings, calls, goal, limit.
    shortage : DataFrame
        The exceptions summed: month, manager_id, visitor_id, rules (broken), clients, missing (contacts),
        calls_would_do (of the missing contacts, where a call serves the rule).
    standing : DataFrame
        Columns of the table: contacts agreed for the rest of an unfinished month. They count as held.
    """

    exceptions: pd.DataFrame = field(default_factory=pd.DataFrame)
    load: pd.DataFrame = field(default_factory=pd.DataFrame)
    shortage: pd.DataFrame = field(default_factory=pd.DataFrame)
    standing: pd.DataFrame = field(default_factory=pd.DataFrame)


@takes(
    clients=["client_id"], meetings=["client_id"], campaigns=["client_id", "start", "end"],
    problems=["client_id", "opened_at"], managers=["manager_id"], priority=["client_id"],
)  # fmt: skip
def plan_visits(
    clients: pd.DataFrame | Result, meetings: pd.DataFrame | Result | None = None, as_of: Any = None, *,
    capacity: tuple[int, int] = (10, 15), months: int = 3, absence: Mapping[Any, Sequence[str]] | None = None,
    campaigns: pd.DataFrame | None = None, problems: pd.DataFrame | None = None, managers: pd.DataFrame | None = None,
    by_workdays: bool = False, country: str = "RU", calls: bool = True, mode: str | dict[Any, str] | None = None,
    weights: Mapping[str, int] | None = None, december_until: int = 25, time_limit: float = 5.0,
    priority: pd.DataFrame | Result | None = None, timezone: str = "Europe/Moscow",
) -> Plan:  # fmt: skip
    """Plan contacts for the months after ``as_of``: fewest broken rules first (`visits.rules`, docs/visits.md).

    Parameters
    ----------
    clients : client_id; optional client_type (null: regular), is_anchor, company_size, season_start, season_months,
        manager_id, visitor_id
    meetings : client_id, status, held_at, planned_at, format; planned ones after as_of are agreed and kept where no
        rule forbids it
    as_of : month or day; None: month of the last contact held
    capacity : (goal, limit that is never passed) of one visitor's meetings in a month; online counts, calls do not
    months : length of the plan
    absence : visitor_id -> months in which nobody is met
    campaigns, problems : client_id, start, end; client_id, opened_at
    managers : manager_id, head_id: the head visits; else ``clients.visitor_id``, else the manager
    by_workdays : scale capacity by the month's working days in ``country`` against the year's mean
    calls : False: every contact has to be a meeting
    mode : 'rhythm', 'campaigns' or client_id -> mode; None: clients with campaigns are seen around them
    weights : rule -> weight of breaking it, whole; 1 where not given
    december_until : last day of the meetings of December
    time_limit : seconds for each stage and visitor
    priority : client_id, points, reasons (see `visits.priority.priorities`): who comes first in a month; the plan
        then carries both as further columns
    timezone : of the visitors' calendar (plan.ics); the plan itself knows days only

    Returns
    -------
    Plan
        One row per contact: client_id, month, week (its Monday), format (meeting or call), purpose, manager_id,
        visitor_id, reason (names of rules, the most urgent first), agreed (bool). ``.overview`` holds the stages
        with optimum and gap; ``.exceptions``, ``.load``, ``.shortage``, ``.standing`` as `Plan` tells.

    Examples
    --------
    >>> clients = pd.DataFrame({"client_id": ["A", "B"], "client_type": ["regular", "one_off"]})
    >>> plan_visits(clients, None, "2026-03").table[["client_id", "month", "format", "reason"]]
      client_id      month   format reason
    0         A 2026-04-01  meeting    gap
    """
    clients = _cards(clients)
    meetings = pd.DataFrame(columns=["client_id"]) if meetings is None else as_table(meetings)
    seen = read_as_of(as_of, _last_held(meetings))
    ids, base = pd.Index(clients["client_id"]), int(month_number([seen.month])[0])
    stand, agreed = _agreed(meetings, ids, seen, 0), _agreed(meetings, ids, seen, months)
    rules = _rules(clients, meetings, stand, seen, months, weights, campaigns, problems, calls, mode)
    who = people(clients, managers)
    goal, limit = limits(who["visitor_id"], seen, months, capacity, absence, by_workdays, country)
    kept = agreed.drop(columns=["at", "purpose"])
    contacts, missing, stages = solve(Problem(rules, kept, who["visitor"].to_numpy(), goal, limit, months, time_limit))
    table = _with_priority(_plan_table(contacts, rules, clients, who, base), priority)
    table["week"] = weeks(table, december_until, _agreed_days(agreed, ids, base))
    exceptions = _exception_table(missing, rules, ids, who, base)
    return Plan(
        frame=_columns(table), overview=stages, notes=_notes(table, exceptions, stages), as_of=seen,
        exceptions=exceptions, shortage=_shortage(exceptions), load=_load(table, who, goal, limit, base),
        standing=_columns(_with_priority(_standing(stand, ids, who), priority)),
        options={"capacity": capacity, "months": months, "calls": calls, "country": country, "timezone": timezone,
                 "december_until": december_until},
    )  # fmt: skip


def _rules(
    clients: pd.DataFrame, meetings: pd.DataFrame, stand: pd.DataFrame, seen: AsOf, months: int,
    weights: Mapping[str, int] | None, campaigns: pd.DataFrame | None, problems: pd.DataFrame | None, calls: bool,
    mode: str | dict[Any, str] | None,
) -> pd.DataFrame:  # fmt: skip
    """The rules that fall due, with their weights; what stands for the rest of a month counts as held."""
    held = held_contacts(meetings, pd.Index(clients["client_id"]), seen)
    held = pd.concat([held, stand[held.columns]], ignore_index=True)
    rules = due_rules(clients, held, seen, months, campaigns=campaigns, problems=problems, calls=calls, mode=mode)
    rules["weight"] = rules["rule"].map({**dict.fromkeys(PURPOSES, 1), **(weights or {})}).astype(np.int64)
    return rules


def _columns(table: pd.DataFrame) -> pd.DataFrame:
    return table[[*_COLUMNS, *(name for name in ("priority", "why") if name in table)]]


def _notes(table: pd.DataFrame, exceptions: pd.DataFrame, stages: pd.DataFrame) -> tuple[Note, ...]:
    planned = Note("visits.planned", {"contacts": len(table), "broken": len(exceptions)})
    gaps = stages["gap"].fillna(1).to_numpy()  # null: a stage that found nothing in its time
    if not (gaps > 0).any():
        return (planned,)
    worst = stages.iloc[int(gaps.argmax())]
    return planned, Note("visits.gap", {"stage": worst["stage"], "gap": f"{worst['gap']:.3f}"})


def _cards(clients: pd.DataFrame | Result) -> pd.DataFrame:
    """One row per client, by id: among equal plans the solver takes the first, whatever the order of rows."""
    cards = as_table(clients)
    cards = cards if "client_id" in cards else cards.reindex(columns=["client_id"])
    cards = cards.dropna(subset=["client_id"]).drop_duplicates("client_id")
    return cards.iloc[np.argsort(id_rank(pd.Index(cards["client_id"])))].reset_index(drop=True)


def _last_held(meetings: pd.DataFrame) -> Any:
    held = pd.to_datetime(column(meetings, "held_at")).max()
    return None if pd.isna(held) else held.to_period("M")


def _agreed(meetings: pd.DataFrame, ids: pd.Index, seen: AsOf, months: int) -> pd.DataFrame:
    """Contacts already agreed for the months of the plan, once per client, month and format.

    With no months: those agreed for the rest of an unfinished month. They stand and count as if they were held.
    """
    at = pd.to_datetime(column(meetings, "planned_at"))
    client = ids.get_indexer(pd.Index(column(meetings, "client_id")))
    keep = ((column(meetings, "status") == "planned") & (at > seen.end)).to_numpy(bool) & (client >= 0)
    month = plan_month(at[keep], seen, "planned_at")
    table = pd.DataFrame(
        {
            "client": client[keep],
            "month": month,
            "meeting": (column(meetings, "format")[keep] != "call").to_numpy(bool),
            "at": at[keep].to_numpy(),
            "purpose": column(meetings, "purpose")[keep].to_numpy(),
        }
    )
    wanted = table["month"].between(1, months) if months else table["month"] == 0
    return table[wanted].sort_values("at", kind="stable").drop_duplicates(["client", "month", "meeting"])


def _agreed_days(agreed: pd.DataFrame, ids: pd.Index, base: int) -> pd.Series:
    """Day of each contact agreed by client_id, month and format."""
    keys: list[Any] = [
        ids[agreed["client"].to_numpy()],
        from_number(base + agreed["month"].to_numpy()),
        np.where(agreed["meeting"], "meeting", "call"),
    ]
    return pd.Series(agreed["at"].to_numpy(), index=pd.MultiIndex.from_arrays(keys), dtype="datetime64[us]")


def _standing(stand: pd.DataFrame, ids: pd.Index, who: pd.DataFrame) -> pd.DataFrame:
    """What is agreed for the rest of an unfinished month, as rows of a plan."""
    rows = stand["client"].to_numpy()
    day = stand["at"].dt.normalize()
    return pd.DataFrame(
        {
            "client_id": ids[rows],
            "month": day.dt.to_period("M").dt.to_timestamp().to_numpy(),
            "week": (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).to_numpy(),
            "format": np.where(stand["meeting"].to_numpy(bool), "meeting", "call"),
            "purpose": stand["purpose"].fillna("quarterly").to_numpy(),
            "manager_id": who["manager_id"].to_numpy()[rows],
            "visitor_id": who["visitor_id"].to_numpy()[rows],
            "reason": "agreed",
            "agreed": True,
        }
    ).astype({"format": "str", "purpose": "str", "reason": "str", "agreed": bool})


def _with_priority(table: pd.DataFrame, priority: pd.DataFrame | Result | None) -> pd.DataFrame:
    if priority is None:
        return table
    known = as_table(priority).drop_duplicates("client_id").set_index("client_id")
    return table.assign(
        priority=table["client_id"].map(known["points"]).fillna(0).astype(np.int64),
        why=table["client_id"].map(known["reasons"]).fillna("").astype("str"),
    )


def people(clients: pd.DataFrame, managers: pd.DataFrame | None) -> pd.DataFrame:
    """manager_id, visitor_id and the visitor's number (clients without anybody share one)."""
    manager = column(clients, "manager_id")
    visitor = column(clients, "visitor_id")
    if managers is not None and len(managers) and "head_id" in managers.columns:
        heads = managers.dropna(subset=["manager_id"]).drop_duplicates("manager_id").set_index("manager_id")["head_id"]
        visitor = visitor.where(visitor.notna(), manager.map(heads))
    visitor = visitor.where(visitor.notna(), manager)
    number, _ = pd.factorize(visitor, use_na_sentinel=False)
    return pd.DataFrame({"manager_id": manager, "visitor_id": visitor, "visitor": number}).reset_index(drop=True)


def _plan_table(
    contacts: pd.DataFrame, rules: pd.DataFrame, clients: pd.DataFrame, who: pd.DataFrame, base: int
) -> pd.DataFrame:
    """Rows of the plan with the rules that each contact serves."""
    order = {rule: place for place, rule in enumerate(PURPOSES)}
    served = contacts.reset_index(names="contact").merge(
        rules[["client", "rule", "first", "last", "meeting"]], on="client", suffixes=("", "_needed")
    )
    fits = served["month"].between(served["first"], served["last"]) & (served["meeting"] | ~served["meeting_needed"])
    served = served[fits].assign(place=lambda rows: rows["rule"].map(order)).sort_values(["contact", "place"])
    reason = served.groupby("contact")["rule"].agg(lambda names: ", ".join(dict.fromkeys(names)))
    first = served.groupby("contact")["rule"].first().map(PURPOSES)
    rows = contacts["client"].to_numpy()
    return pd.DataFrame(
        {
            "client_id": clients["client_id"].to_numpy()[rows],
            "month": from_number(base + contacts["month"].to_numpy()),
            "format": np.where(contacts["meeting"], "meeting", "call"),
            "purpose": first.reindex(contacts.index).fillna("quarterly").to_numpy(),
            "manager_id": who["manager_id"].to_numpy()[rows],
            "visitor_id": who["visitor_id"].to_numpy()[rows],
            "reason": reason.reindex(contacts.index).fillna("agreed").to_numpy(),
            "agreed": contacts["agreed"].to_numpy(bool),
            "visitor": who["visitor"].to_numpy()[rows],
        }
    ).astype({"format": "str", "purpose": "str", "reason": "str"})


def _exception_table(
    missing: np.ndarray, rules: pd.DataFrame, ids: pd.Index, who: pd.DataFrame, base: int
) -> pd.DataFrame:
    broken = rules[missing > 0]
    rows = broken["client"].to_numpy()
    table = pd.DataFrame(
        {
            "client_id": ids[rows],
            "rule": broken["rule"].to_numpy(),
            "month": from_number(base + broken["last"].to_numpy()),
            "missing": missing[missing > 0],
            "manager_id": who["manager_id"].to_numpy()[rows],
            "visitor_id": who["visitor_id"].to_numpy()[rows],
            "call_would_do": broken["rule"].isin(_BY_CALL).to_numpy(bool),
        }
    )
    return table.sort_values(["month", "rule", "client_id"], ignore_index=True)


def _shortage(exceptions: pd.DataFrame) -> pd.DataFrame:
    """Exceptions per month and manager, with what calls would solve."""
    rows = exceptions.assign(by_call=exceptions["missing"].where(exceptions["call_would_do"], 0))
    keys = ["month", "manager_id", "visitor_id"]
    table = rows.groupby(keys, dropna=False, as_index=False).agg(
        rules=("rule", "size"), clients=("client_id", "nunique"), missing=("missing", "sum"),
        calls_would_do=("by_call", "sum"),
    )  # fmt: skip
    return table.astype({"calls_would_do": np.int64})


def _load(table: pd.DataFrame, who: pd.DataFrame, goal: np.ndarray, limit: np.ndarray, base: int) -> pd.DataFrame:
    visitors = who.drop_duplicates("visitor").sort_values("visitor")
    months = limit.shape[1]
    grid = pd.DataFrame(
        {
            "visitor": np.repeat(visitors["visitor"].to_numpy(), months),
            "visitor_id": np.repeat(visitors["visitor_id"].to_numpy(), months),
            "month": np.tile(from_number(base + 1 + np.arange(months)), len(visitors)),
            "goal": goal.ravel(),
            "limit": limit.ravel(),
        }
    )
    for name in ("meeting", "call"):
        counted = table[table["format"] == name].groupby(["visitor", "month"]).size().rename(f"{name}s")
        grid = grid.merge(counted.reset_index(), on=["visitor", "month"], how="left")
        grid[f"{name}s"] = grid[f"{name}s"].fillna(0).astype(np.int64)
    return grid[["visitor_id", "month", "meetings", "calls", "goal", "limit"]]
