"""What report 06 stands on: who is to be visited, why, the plan, the rules kept, the closed loop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..breaks import find_breaks
from ..months import to_periods
from ..segments.kinds import client_kinds
from ..segments.lifecycle import lifecycle
from ..survey.response import statuses
from ..visits.compliance import kept_rules
from ..visits.loop import Loop, closed_loop
from ..visits.plan import Plan, plan_visits
from ..visits.priority import priorities
from .brief_voice import visit_tables, visited
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["Visits", "measure", "next_clients", "problems", "say", "staff", "to_visit", "why"]


@dataclass(frozen=True, eq=False)
class Visits:
    """What the report stands on; None where the client has no list of clients or no cases."""

    plan: Plan | None
    priority: Result | None
    kept: Result | None
    loop: Loop | None
    critics: pd.Series | None  # step «contacted» of the cases of detractors, last three months


def to_visit(data: Data, life: Result) -> pd.DataFrame:
    """The clients of the plan with their season; lost ones (declared or by their calendar) are left out.

    Parameters
    ----------
    life : result of `la.lifecycle`
    """
    stays = visited(data, life)
    if not len(data.panel):
        return stays
    kinds = client_kinds(data.panel, data.as_of, **data.params.kinds).frame
    seasons = kinds.loc[kinds["rhythm"] == "seasonal", ["client_id", "season_start", "season_months"]]
    return stays.merge(seasons, on="client_id", how="left")


def problems(data: Data, breaks: Result, since: Any = None) -> pd.DataFrame:
    """What calls for a visit at once: open complaints and cases, low scores, strong falls, defects.

    Parameters
    ----------
    since : month or None
        None: what is open now; a month: everything that came up since, open or not.
    """
    begin = (data.as_of.month if since is None else pd.Period(since, "M")).start_time
    parts = []
    if since is None:
        parts.append(visit_tables(data)["problems"])
    else:
        parts.append(data.complaints[["client_id", "created_at"]].set_axis(["client_id", "opened_at"], axis=1))
    scale = data.questions[(data.questions["metric"] == "nps") & (data.questions["scale_max"] == 10)]["question_id"]
    low = data.survey_answers[data.survey_answers["question_id"].isin(scale) & (data.survey_answers["score"] <= 6)]
    parts.append(low[["client_id", "answered_at"]].set_axis(["client_id", "opened_at"], axis=1))
    defects = data.deliveries[data.deliveries["defect"].fillna(False).astype(bool)]
    if len(defects):
        orders = data.orders.read(
            "transaction_id", "client_id", keep=lambda rows: rows["transaction_id"].isin(defects["transaction_id"])
        ).drop_duplicates("transaction_id")
        client = defects["transaction_id"].map(orders.set_index("transaction_id")["client_id"])
        parts.append(pd.DataFrame({"client_id": client, "opened_at": defects["planned_at"]}))
    falls = breaks.frame[breaks.frame["direction"] < 0] if len(breaks.frame) else breaks.frame
    if since is None and len(falls):
        month = to_periods(falls["break_month"]).to_timestamp()
        parts.append(pd.DataFrame({"client_id": falls["client_id"].to_numpy(), "opened_at": month}))
    found = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True).dropna()
    at = pd.to_datetime(found["opened_at"])
    # A fall of two months ago is still a reason to come; a defect or score of last year is not.
    early = begin - pd.DateOffset(months=2) if since is None else begin
    return found[(at >= early).to_numpy(bool)].drop_duplicates(ignore_index=True)


def measure(data: Data, breaks: Result, life: Result) -> Visits:
    """Plan, priorities, compliance and the closed loop in one go.

    Parameters
    ----------
    breaks, life : results of `la.find_breaks`, `la.lifecycle`
    """
    loop = closed_loop(data.actions, data.as_of, **data.params.loop) if data.has("actions") else None
    recent = data.actions[
        (data.actions["source"] == "detractor").fillna(False).to_numpy(bool)
        & (data.actions["opened_at"] >= (data.as_of.month - 2).start_time).to_numpy(bool)
    ]
    critics = closed_loop(recent, data.as_of, **data.params.loop).frame.iloc[0] if len(recent) else None
    if not data.has("clients"):
        return Visits(None, None, None, loop, critics)
    tables = visit_tables(data)
    urgent = problems(data, breaks)
    base = to_visit(data, life)
    asked = data.questions.loc[data.questions["metric"] == "nps", "question_id"]
    order = priorities(
        base, data.as_of, panel=data.panel, breaks=breaks, life=life, silent=_silent(data),
        scores=data.survey_answers[data.survey_answers["question_id"].isin(asked)], actions=data.actions,
        meetings=data.meetings, problems=urgent,
    )  # fmt: skip
    # Who has not been on the air for three months is seen in rhythm again.
    running = tables["campaigns"]
    running = running[(running["end"] >= (data.as_of.month - 2).start_time).to_numpy(bool)]
    options = {**tables, "campaigns": running, "problems": urgent, **data.params.meetings}
    plan = plan_visits(base, data.meetings, data.as_of, priority=order, **options)
    kept = None
    if data.has("meetings"):
        past = problems(data, breaks, since=data.as_of.month - 11)
        kept = kept_rules(
            base, data.meetings, data.as_of, campaigns=tables["campaigns"], problems=past,
            managers=data.managers, mode=data.params.meetings.get("mode"),
        )  # fmt: skip
    return Visits(plan, order, kept, loop, critics)


def next_clients(data: Data) -> list[Any]:
    """Clients with a contact planned for the next month, the most urgent first: whose dossiers are wanted."""
    breaks = find_breaks(data.panel, as_of=data.as_of, **data.params.breaks)
    found = measure(data, breaks, lifecycle(data.panel, data.as_of, **data.params.lifecycle))
    if found.plan is None or found.priority is None:
        return []
    soon = found.plan.frame[to_periods(found.plan.frame["month"]) == data.as_of.month + 1]
    order = found.priority.frame["client_id"]
    return order[order.isin(soon["client_id"])].tolist()


def _silent(data: Data) -> pd.Series | None:
    if not data.has("survey_invitations"):
        return None
    asked = statuses(data.survey_invitations, data.survey_answers, as_of=data.as_of)
    if "client_id" not in asked:
        return None
    return asked.loc[asked["status"].isin(["refused", "no_answer"]), "client_id"]


def say(key: str, language: str, **values: Any) -> str:
    """A sentence of this report."""
    return words.say(f"meetings.{key}", language, **values)


def staff(data: Data) -> pd.Series:
    """Short name of each employee by id."""
    known = data.managers.dropna(subset=["manager_name"]).drop_duplicates("manager_id").set_index("manager_id")
    return known["manager_name"].map(short_name)


def why(row: Any, data: Data, language: str) -> str:
    """The reasons of a client's priority in words, with their numbers.

    Parameters
    ----------
    row : one row of `priorities` as a mapping
    """
    out = []
    for reason in filter(None, str(row["reasons"]).split(", ")):
        key, values = f"why_{reason}", {}
        if reason == "break":
            values["month"] = words.month(row["break_month"], language, "genitive")
        elif reason == "score":
            values["score"] = words.number(row["score"], language)
        elif reason == "promise":
            values["days"] = words.count(int(row["promise_days"]), "day", language)
        elif reason == "late":
            values["days"] = words.count(int(row["late_days"]), "day", language)
        elif reason == "money":
            values["money"] = words.money(row["money"], data.params.currency, language)
        elif reason == "overdue":
            months = int(row["months_unseen"])
            key = "why_never" if months >= 99 else key
            values["months"] = words.count(months, "month", language)
        out.append(say(key, language, **values))
    return "; ".join(out) or say("why_none", language)
