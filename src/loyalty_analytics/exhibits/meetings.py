"""Report 06: the plan of the quarter and the rules.

The work of managers stands in `meetings_work`, cases in `meetings_loop`, files in `meetings_files`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..intervals import wilson
from ..months import to_periods
from ..plots import meetings as plots
from ..visits.weeks import workdays
from .base import Exhibit, Front, Tile, drawn, exhibit, glossary
from .meetings_base import Visits, measure, next_clients, problems, say, staff, to_visit, why
from .table import Column, Table, total_rows
from .volume import figure_names, label_of, names

if TYPE_CHECKING:
    from ..load import Data
    from ..visits.loop import Loop
    from ..visits.plan import Plan

__all__ = [
    "Visits", "calendar", "client_head", "compliance", "exceptions", "front", "glossary", "load", "measure",
    "next_clients", "problems", "staff", "to_visit", "unplanned", "why",
]  # fmt: skip

_SHOWN = 24  # clients in the calendar
_URGENT = 3  # clients named on the first screen


def front(data: Data, language: str, visits: Visits) -> Front:
    """The first screen: critics heard, promises overdue, meetings against capacity, whom first."""
    sentences = [
        _critics_sentence(visits, language),
        _overdue_sentence(visits.loop, language),
        _capacity_sentence(visits.plan, language),
        _first_sentence(data, visits, language),
    ]
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, say("title", language), language, summary, _tiles(visits, language))


def _critics_sentence(visits: Visits, language: str) -> str:
    row = visits.critics
    if row is None:  # without cases nobody knows whether there were critics
        return say("cases_unknown" if visits.loop is None else "critics_none", language)
    if not row["judged"]:
        return say("critics_young", language, n=words.number(row["n"], language))
    heard = round(row["in_time"] * row["judged"])
    return say(
        "critics",
        language,
        a=words.number(heard, language),
        b=words.count(int(row["judged"]), "meetings.critics_of", language),
    )


def _overdue_sentence(loop: Loop | None, language: str) -> str:
    if loop is None:
        return ""
    late = len(loop.overdue)
    if not late:
        return say("overdue_none", language)
    owners = loop.overdue["owner_id"].value_counts() if "owner_id" in loop.overdue else pd.Series(dtype=int)
    longest = words.count(int(loop.overdue["days_overdue"].iloc[0]), "day", language)
    key = "overdue" if len(owners) != 1 else "overdue_one"
    return say(key, language, n=words.count(late, "promise", language), longest=longest)


def _capacity_sentence(plan: Plan | None, language: str) -> str:
    if plan is None:
        return say("plan_unknown", language)
    if not plan.load["limit"].sum():
        return say("plan_nobody", language)
    if not len(plan.frame):
        return say("plan_empty", language) + "."
    meetings = int((plan.frame["format"] != "call").sum())
    text = say(
        "plan_fits", language, q=words.count(meetings, "meeting", language),
        calls=words.count(len(plan.frame) - meetings, "call", language),
        cap=words.number(plan.load["limit"].sum(), language),
    )  # fmt: skip
    if len(plan.exceptions):
        text += " " + say("plan_broken", language, n=words.number(len(plan.exceptions), language))
    return text


def _first_sentence(data: Data, visits: Visits, language: str) -> str:
    if visits.plan is None or visits.priority is None:
        return ""
    soon = visits.plan.frame[to_periods(visits.plan.frame["month"]) == data.as_of.month + 1]
    order = visits.priority.frame[visits.priority.frame["client_id"].isin(soon["client_id"])]
    if not len(order):
        return ""
    known = names(data)
    chosen = ", ".join(label_of(known, client) for client in order["client_id"].head(_URGENT))
    return say("first", language, names=chosen)


def _tiles(visits: Visits, language: str) -> list[Tile]:
    tiles = []
    row = visits.critics
    if row is not None and row["judged"]:
        heard = round(row["in_time"] * row["judged"])
        part = f"{words.number(heard, language)} / {words.number(row['judged'], language)}"
        tiles.append(Tile(value=part, label=say("tile_critics", language)))
    if visits.loop is not None:
        late = len(visits.loop.overdue)
        noun = words.plural(late, "promise", language)
        tiles.append(Tile(value=words.number(late, language), label=say("tile_overdue", language, noun=noun)))
    plan = visits.plan
    if plan is not None and plan.load["limit"].sum():
        meetings = int((plan.frame["format"] != "call").sum())
        change = say("tile_capacity", language, cap=words.number(plan.load["limit"].sum(), language))
        label = say("tile_meetings", language, noun=words.plural(meetings, "meeting", language))
        tiles.append(Tile(value=words.number(meetings, language), label=label, change=change))
        calls = len(plan.frame) - meetings
        tiles.append(Tile(value=words.number(calls, language), label=words.plural(calls, "call", language)))
        broken = words.number(len(plan.exceptions), language)
        tiles.append(Tile(value=broken, label=say("tile_broken", language)))
    if visits.kept is not None and len(visits.kept.frame):
        share = words.percent(visits.kept.frame["kept"].mean(), language)
        tiles.append(Tile(value=share, label=say("tile_kept", language)))
    return tiles[:6]


def nothing(name: str, language: str, key: str, *, missing: bool = False, **values: Any) -> Exhibit:
    """An exhibit that says why it has no picture; ``missing`` where the client's data cannot carry it."""
    title, reason = say(f"{name}_name", language), say(key, language, **values)
    if missing:
        return Exhibit(name=name, title=title, language=language, note=reason, missing=True)
    return Exhibit(name=name, title=reason.rstrip("."), language=language, subtitle=title)


def client_head(rows: pd.DataFrame, language: str) -> Column:
    """The column of names: clients, or units where cases are those of units."""
    key = "brief.col_client" if rows["client_id"].notna().all() else "meetings.col_place"
    return Column(key="label", label=words.say(key, language))


def unplanned(name: str, visits: Visits, language: str) -> Exhibit:
    """Why there is no plan to show: nobody who visits, or nothing that the rules ask for."""
    if visits.plan is None or not visits.plan.load["limit"].sum():
        return nothing(name, language, "plan_no_visitors", missing=True)
    return nothing(name, language, "plan_empty")


@exhibit("meetings", "compliance", needs=("clients", "meetings"))
def compliance(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Share of the visiting rules kept over a year, by rule."""
    rows = visits.kept.frame if visits.kept is not None else pd.DataFrame()
    if not len(rows):
        return nothing("compliance", language, "compliance_none")
    bars = _shares(rows, "rule")
    bars["label"] = [words.say(f"brief.reason_{rule}", language) for rule in bars["rule"]]
    by_type, by_visitor = _shares(rows, "client_type"), _shares(rows.dropna(subset=["visitor_id"]), "visitor_id")
    people = staff(data)
    by_type["label"] = [say(f"type_{kind}", language) for kind in by_type["client_type"]]
    by_visitor["label"] = [label_of(people, who) for who in by_visitor["visitor_id"]]
    parts = {"rule": bars, "client_type": by_type, "visitor_id": by_visitor}
    table = pd.concat([part.assign(group=say(f"by_{key}", language)) for key, part in parts.items()], ignore_index=True)
    worst = bars.iloc[-1]
    title = say(
        "compliance_title", language, share=words.percent(rows["kept"].mean(), language), worst=worst["label"],
        kept=words.number(worst["kept"], language), demands=words.number(worst["demands"], language),
    )  # fmt: skip
    note, seen = _seen_note(data, visits, language)
    if rows["kept"].all():
        title = say("compliance_all", language, n=words.number(len(rows), language))
    return Exhibit(
        name="compliance", title=title, language=language,
        subtitle=say("compliance_sub", language, n=words.number(len(rows), language)),
        draw=drawn(plots.shares, bars, language=language, height=60 + 32 * len(bars)),
        alt="; ".join(f"{label} {words.percent(x, language)}" for label, x in zip(bars["label"], bars["share"])),
        table=Table(frame=table, columns=[
            Column(key="label", label=say("col_what", language)), Column(key="group", label=say("col_group", language)),
            Column(key="demands", label=say("col_demands", language), kind="number"),
            Column(key="kept", label=say("col_kept", language), kind="number"),
            Column(key="share", label=say("col_share", language), kind="percent"),
        ], totals=[
            *total_rows("label", language, {"common.sum_all": {
                "demands": len(rows), "kept": rows["kept"].sum(), "share": rows["kept"].mean()}}),
            *seen,
        ]),
        note=note,
    )  # fmt: skip


def _shares(rows: pd.DataFrame, key: str) -> pd.DataFrame:
    table = rows.groupby(key, as_index=False).agg(demands=("kept", "size"), kept=("kept", "sum"))
    table["share"] = table["kept"] / table["demands"]
    table["low"], table["high"] = wilson(table["kept"].to_numpy(), table["demands"].to_numpy())
    return table.sort_values(["share", "demands"], ascending=False, kind="stable", ignore_index=True)


def _seen_note(data: Data, visits: Visits, language: str) -> tuple[str, list[dict[str, Any]]]:
    """Regular clients below two meetings, never visited, decision makers among those interviewed."""
    year = (data.as_of.month - 11).start_time
    held = data.meetings[(data.meetings["status"] == "held").fillna(False).to_numpy(bool)]
    met = held[(held["format"] != "call").fillna(True).to_numpy(bool) & (held["held_at"] >= year).to_numpy(bool)]
    planned = set(visits.kept.frame["client_id"]) if visits.kept is not None else set()
    base = data.clients[data.clients["client_id"].isin(planned)]
    regular = base.loc[base["client_type"].fillna("regular") == "regular", "client_id"]
    few = int((regular.map(met.groupby("client_id").size()).fillna(0) < 2).sum())
    never = int((~base["client_id"].isin(held["client_id"])).sum())
    text = say(
        "seen_note", language, few=words.number(few, language), regular=words.number(len(regular), language),
        never=words.number(never, language), base=words.number(len(base), language),
    )  # fmt: skip
    rows = {"meetings.sum_few": {"kept": few, "demands": len(regular)},
            "meetings.sum_never": {"kept": never, "demands": len(base)}}  # fmt: skip
    role = data.contacts.drop_duplicates("contact_id").set_index("contact_id")["role"]
    asked = data.survey_answers[data.survey_answers["answered_at"] >= year]["contact_id"].dropna().unique()
    if len(asked) and len(role):
        known = pd.Series(asked).map(role)
        rows["meetings.sum_deciders"] = {"kept": int((known == "decision_maker").sum()), "demands": len(asked)}
        text += " " + say(
            "deciders_note", language, n=words.number(int((known == "decision_maker").sum()), language),
            of=words.number(len(asked), language),
        )  # fmt: skip
    return text, total_rows("label", language, rows)


def planned(data: Data, visits: Visits, language: str, *, standing: bool = False) -> pd.DataFrame:
    """The plan in the reader's words, urgent clients first; ``standing``: with what stands in an unfinished month."""
    assert visits.plan is not None
    assert visits.priority is not None
    rows = visits.plan.frame
    if standing and len(visits.plan.standing):
        rows = pd.concat([visits.plan.standing, rows], ignore_index=True)
    rows = rows.merge(visits.priority.frame, on="client_id", how="left")
    known, people = names(data), staff(data)
    return rows.assign(
        name=[label_of(known, client) for client in rows["client_id"]],
        how=[words.say(f"brief.format_{kind}", language) for kind in rows["format"]],
        aim=[", ".join(words.say(f"brief.reason_{r}", language) for r in text.split(", ")) for text in rows["reason"]],
        because=[why(row, data, language) for row in rows.to_dict("records")],
        visitor=[label_of(people, who) if pd.notna(who) else "–" for who in rows["visitor_id"]],
        manager=[label_of(people, who) if pd.notna(who) else "–" for who in rows["manager_id"]],
        fixed=[words.say("common.yes", language) if agreed else "" for agreed in rows["agreed"]],
    ).sort_values(["week", "priority", "name"], ascending=[True, False, True], kind="stable", ignore_index=True)


@exhibit("meetings", "calendar", needs=("clients",))
def calendar(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """The quarter by client and week: dark a meeting, light a call."""
    if visits.plan is None or not len(visits.plan.frame):
        return unplanned("calendar", visits, language)
    rows, note = planned(data, visits, language), say("calendar_note", language)
    listed = planned(data, visits, language, standing=True)
    if len(listed) > len(rows):
        note = say("calendar_stands", language, month=words.month(data.as_of.month, language, "genitive")) + " " + note
    meetings, calls = int((rows["format"] != "call").sum()), int((rows["format"] == "call").sum())
    clients = rows["client_id"].nunique()
    first = rows.sort_values(["priority", "money"], ascending=False, kind="stable")["client_id"].unique()[:_SHOWN]
    shown = rows[rows["client_id"].isin(first)]
    order = {client: place for place, client in enumerate(first)}
    short = figure_names(data)
    drawn_rows = shown.assign(
        place=shown["client_id"].map(order), name=[label_of(short, client) for client in shown["client_id"]]
    )
    columns = [
        Column(key="name", label=words.say("brief.col_client", language)),
        Column(key="week", label=words.say("brief.col_week", language), kind="day"),
        Column(key="how", label=words.say("brief.col_format", language)),
        Column(key="aim", label=say("col_rule", language)),
        Column(key="because", label=say("col_because", language)),
        Column(key="visitor", label=words.say("brief.col_visitor", language)),
        Column(key="fixed", label=say("col_agreed", language)),
    ]
    values = {
        "meetings": words.count(meetings, "meeting", language), "calls": words.count(calls, "call", language),
        "n": words.count(clients, "clients_of", language),
    }  # fmt: skip
    return Exhibit(
        name="calendar", title=say("calendar_title", language, **values), language=language,
        subtitle=say("calendar_sub", language, shown=words.number(len(first), language),
                     n=words.number(clients, language)),
        draw=drawn(plots.calendar, drawn_rows, language=language, height=70 + 19 * len(first),
                   narrow_height=70 + 29 * len(first)),
        alt=say("calendar_alt", language, **values), table=Table(frame=listed, columns=columns),
        note=note,
    )  # fmt: skip


@exhibit("meetings", "load", needs=("clients",))
def load(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Meetings of each visitor and month against the goal and the limit."""
    if visits.plan is None or not len(visits.plan.frame):
        return unplanned("load", visits, language)
    people = staff(data)
    rows = visits.plan.load[visits.plan.load["visitor_id"].notna()].copy()
    rows["label"] = [label_of(people, who) for who in rows["visitor_id"]]
    busy = rows.groupby("visitor_id")[["meetings", "calls"]].transform("sum").sum(axis=1) > 0
    rows = rows[busy].reset_index(drop=True)
    if not len(rows):
        return nothing("load", language, "load_unknown")
    full = rows[rows["meetings"] >= rows["limit"]]
    below = rows[rows["meetings"] < rows["goal"]]
    rows["days"] = workdays(pd.PeriodIndex(to_periods(rows["month"])), visits.plan.options["country"])
    short = rows.loc[below.index].drop_duplicates("month").sort_values("month")
    listed = ", ".join(
        say("load_month", language, month=words.month(month, language), days=words.count(days, "workday", language))
        for month, days in zip(short["month"], short["days"])
    )
    values = {
        "full": words.number(len(full), language), "below": words.number(len(below), language),
        "n": words.number(len(rows), language),
    }  # fmt: skip
    key = "load_full" if len(full) else "load_below" if len(below) else "load_good"
    goal, limit = visits.plan.options["capacity"]
    return Exhibit(
        name="load", title=say(key, language, **values), language=language,
        subtitle=say("load_sub", language, goal=words.number(goal, language), limit=words.number(limit, language)),
        draw=drawn(plots.load, rows, language=language, height=70 + 26 * len(rows)),
        alt="; ".join(f"{r.label} {words.month(r.month, language, 'short')} {r.meetings}" for r in rows.itertuples()),
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("brief.col_visitor", language)),
            Column(key="month", label=words.say("brief.col_month", language), kind="month"),
            Column(key="meetings", label=say("col_meetings", language), kind="number"),
            Column(key="calls", label=say("col_calls", language), kind="number"),
            Column(key="goal", label=say("col_goal", language), kind="number"),
            Column(key="limit", label=say("col_limit", language), kind="number"),
            Column(key="days", label=say("col_workdays", language), kind="number"),
        ], totals=total_rows("label", language, {"common.sum_all": {
            "meetings": rows["meetings"].sum(), "calls": rows["calls"].sum(),
            "limit": visits.plan.load["limit"].sum()}})),
        note=say("load_short", language, months=listed) if listed else "",
    )  # fmt: skip


@exhibit("meetings", "exceptions", needs=("clients",))
def exceptions(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Rules that cannot be kept, per month and manager, and what calls would solve."""
    plan = visits.plan
    if plan is None or not (plan.load["limit"].sum() or len(plan.exceptions)):
        return unplanned("exceptions", visits, language)
    if not len(plan.exceptions):
        return Exhibit(name="exceptions", title=say("exceptions_none", language).rstrip("."), language=language)
    people = staff(data)
    rows = plan.shortage.copy()
    for name in ("manager", "visitor"):
        rows[name] = [label_of(people, who) if pd.notna(who) else "–" for who in rows[f"{name}_id"]]
    missing, solved = int(rows["missing"].sum()), int(rows["calls_would_do"].sum())
    key = "exceptions_calls" if solved else "exceptions_title"
    gap = plan.overview["gap"].max()
    note = "" if gap == 0 else say("gap_note", language, gap=words.percent(gap, language, 1))
    return Exhibit(
        name="exceptions", language=language, note=note,
        title=say(key, language, n=words.number(len(plan.exceptions), language),
                  missing=words.number(missing, language), solved=words.number(solved, language)),
        subtitle=say("exceptions_sub", language),
        table=Table(frame=rows, columns=[
            Column(key="month", label=words.say("brief.col_month", language), kind="month"),
            Column(key="manager", label=say("col_manager", language)),
            Column(key="visitor", label=words.say("brief.col_visitor", language)),
            Column(key="rules", label=say("col_rules", language), kind="number"),
            Column(key="missing", label=say("col_missing", language), kind="number"),
            Column(key="calls_would_do", label=say("col_by_call", language), kind="number"),
        ]),
    )  # fmt: skip
