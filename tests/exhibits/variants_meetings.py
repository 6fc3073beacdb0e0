"""Report 06: its sentences, variant by variant."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import small
from matplotlib.text import Text
from variants import Cases, cells

from loyalty_analytics.exhibits import meetings, meetings_base, meetings_files, meetings_loop, meetings_work
from loyalty_analytics.exhibits.meetings_base import Visits
from loyalty_analytics.results import Note, Result
from loyalty_analytics.visits.effect import visit_effect
from loyalty_analytics.visits.loop import Loop, closed_loop
from loyalty_analytics.visits.plan import Plan

cases = Cases("meetings", "visits")
BLANK = Visits(None, None, None, None, None)
STAFF = pd.DataFrame({"manager_id": ["M1", "M2"], "manager_name": ["Крылова Нина", "Юдин Сергей"], "role": "head"})
CLIENTS = pd.DataFrame({
    "client_id": ["A", "B"], "client_name": ["ООО «Альфа»", "ООО «Бета»"], "client_type": ["regular", "seasonal"],
    "manager_id": ["M1", "M2"], "status": "active", "industry": "торговля"})  # fmt: skip
_PRIORITY = pd.DataFrame({
    "client_id": ["A", "B"], "priority": [9.0, 1.0], "points": [9, 1], "rank": [1, 2], "money": [651_000.0, 0.0],
    "reasons": ["problem, break, promise, score, overdue, late, silence, money", ""], "score": [6.0, np.nan],
    "break_month": pd.to_datetime(["2026-08-01", None]), "promise_days": [26.0, np.nan], "late_days": [12.0, np.nan],
    "months_unseen": [4.0, 99.0]})  # fmt: skip


def _data(**frames: Any) -> Any:
    missing = frames.pop("missing", ())
    data = small.data(frames.pop("revenue", None), missing, **({"clients": CLIENTS, "managers": STAFF} | frames))
    data.has = lambda *names: all(len(getattr(data, name)) for name in names)
    data.client = "client"
    data.params = SimpleNamespace(**vars(small.PARAMS) | {"replies": {}, "visits": {}})
    return data


def _plan(*rows: tuple[str, str, str], limit: int = 15, goal: int = 10, broken: int = 0, **more: Any) -> Plan:
    """Contacts as (client, week, format); a visitor with three months."""
    frame = pd.DataFrame(
        [
            {
                "client_id": one,
                "month": pd.Timestamp(week).replace(day=1),
                "week": pd.Timestamp(week),
                "format": kind,
                "purpose": "quarterly",
                "manager_id": "M1",
                "visitor_id": "M1",
                "reason": "problem",
                "agreed": one == "A",
            }
            for one, week, kind in rows
        ],
        columns=["client_id", "month", "week", "format", "purpose", "manager_id", "visitor_id", "reason", "agreed"],
    )
    months = pd.date_range("2026-11-01", periods=3, freq="MS")
    count = [int(((frame["month"] == month) & (frame["format"] != "call")).sum()) for month in months]
    load = pd.DataFrame(
        {"visitor_id": "M1", "month": months, "meetings": count, "calls": 1, "goal": goal, "limit": limit}
    )
    wrong = pd.DataFrame(
        {
            "client_id": ["B"] * broken,
            "rule": "problem",
            "month": months[0],
            "missing": 2,
            "manager_id": "M1",
            "visitor_id": "M1",
            "call_would_do": more.get("calls", False),
        }
    )
    short = pd.DataFrame(
        {
            "month": [months[0]],
            "manager_id": ["M1"],
            "visitor_id": ["M1"],
            "rules": [broken],
            "clients": [1],
            "missing": [2 * broken],
            "calls_would_do": [more.get("calls", 0)],
        }
    )
    return Plan(frame=frame, load=load, exceptions=wrong, shortage=short, standing=more.get("standing", frame[:0]),
                overview=pd.DataFrame({"gap": [more.get("gap", 0.0)]}),
                options={"country": "RU", "capacity": (goal, limit), "months": 3, "december_until": 25,
                         "timezone": "Europe/Moscow"})  # fmt: skip


BUSY = _plan(("A", "2026-11-02", "meeting"), ("B", "2026-11-09", "call"), ("A", "2026-12-07", "meeting"))
ORDER = Result(frame=_PRIORITY)


def _visits(plan: Plan | None = BUSY, **more: Any) -> Visits:
    return Visits(**{"plan": plan, "priority": ORDER, "kept": None, "loop": None, "critics": None} | more)


def _actions(*rows: tuple[Any, ...]) -> pd.DataFrame:
    """Cases as (client, opened, due, closed, level)."""
    table = pd.DataFrame(rows, columns=["client_id", "opened_at", "due_at", "closed_at", "level"])
    table = table.assign(action_id=range(len(table)), unit_id=None, source="detractor", owner_id="M1", cause=None,
                         result=None, status="open")  # fmt: skip
    for name in ("opened_at", "due_at", "closed_at"):
        table[name] = pd.to_datetime(table[name])
    return table.assign(first_contact_at=table["closed_at"], cause_found_at=table["closed_at"],
                        client_informed_at=pd.NaT)  # fmt: skip


LATE = _actions(
    ("A", "2026-06-01", "2026-06-05", None, "middle"),
    ("B", "2026-09-01", "2026-10-09", "2026-10-12", "top"),
    ("B", "2026-09-01", "2026-10-20", "2026-10-12", "front"),
    ("A", "2026-09-01", "2026-11-20", None, None),
)


def _kept(*kept: bool) -> Result:
    return Result(frame=pd.DataFrame({
        "client_id": "A", "rule": ["problem", "gap"] * (len(kept) // 2), "kept": kept, "client_type": "regular",
        "visitor_id": "M1"}))  # fmt: skip


# --- the first screen -------------------------------------------------------------------------------------------------


@cases
def front_nothing_recorded(language: str) -> Any:
    return meetings.front(_data(), language, BLANK)


@cases
def front_of_a_busy_quarter(language: str) -> Any:
    critics = pd.Series({"in_time": 0.75, "judged": 21.0, "n": 22})
    loop = closed_loop(LATE, "2026-10")
    return meetings.front(_data(), language, _visits(loop=loop, critics=critics, kept=_kept(True, False)))


@cases
def front_sentences_otherwise(language: str) -> Any:
    fine = Loop(frame=pd.DataFrame(), overdue=LATE[:0])
    two = Loop(frame=pd.DataFrame(), overdue=LATE.assign(owner_id=["M1", "M2"] * 2, days_overdue=21))
    young = pd.Series({"in_time": np.nan, "judged": 0, "n": 3})
    nobody, nothing = _plan(limit=0), _plan()
    states = [
        _visits(nobody, loop=fine), _visits(nothing, loop=two, critics=young),
        _visits(_plan(("A", "2026-11-02", "call"), broken=2)),
    ]  # fmt: skip
    return [meetings.front(_data(), language, state).summary for state in states]


@cases
def why_a_client_comes_first(language: str) -> Any:
    never = _PRIORITY.iloc[0].to_dict() | {"reasons": "overdue", "months_unseen": 99}
    rows = [*_PRIORITY.to_dict("records"), never]
    return [meetings_base.why(row, _data(), language) for row in rows]


# --- the plan ---------------------------------------------------------------------------------------------------------


@cases
def calendar(language: str) -> Any:
    stands = BUSY.frame.head(1).assign(week=pd.Timestamp("2026-10-26"), month=pd.Timestamp("2026-10-01"))
    plan = _plan(("A", "2026-11-02", "meeting"), ("B", "2026-11-09", "call"), standing=stands)
    made = [meetings.calendar(_data(), _visits(one), language=language) for one in (BUSY, plan)]
    return [made[0], *cells(made[0]), made[1].note]


@cases
def no_plan(language: str) -> Any:
    states = [_visits(_plan(limit=0)), _visits(_plan())]
    made = [meetings.calendar(_data(), state, language=language) for state in states]
    return [text for item in made for text in (item.title, item.subtitle, item.note) if text]


@cases
def load(language: str) -> Any:
    plans = [
        BUSY,
        _plan(("A", "2026-11-02", "meeting"), limit=1, goal=1),
        _plan(
            *[("A", f"2026-{month}", "meeting") for month in ("11-02", "12-07")], ("B", "2027-01-11", "meeting"), goal=1
        ),
    ]
    made = [meetings.load(_data(), _visits(plan), language=language) for plan in plans]
    drawn = [text.get_text() for text in made[0].draw(False).findobj(Text) if text.get_text()[:1] in "иa"]
    return [made[0], *cells(made[0]), *(item.title for item in made[1:]), *dict.fromkeys(filter(None, drawn))]


@cases
def load_unknown(language: str) -> Any:
    plan = _plan(("A", "2026-11-02", "meeting"))
    return meetings.load(
        _data(), _visits(Plan(frame=plan.frame, load=plan.load.assign(visitor_id=None))), language=language
    )


@cases
def exceptions(language: str) -> Any:
    plans = [_plan(("A", "2026-11-02", "meeting"), broken=2, gap=0.012),
             _plan(("A", "2026-11-02", "meeting"), broken=1, calls=1), BUSY]  # fmt: skip
    made = [meetings.exceptions(_data(), _visits(plan), language=language) for plan in plans]
    return [made[0], *cells(made[0]), *(item.title for item in made[1:])]


@cases
def files(language: str) -> Any:
    said = [meetings.say(f"file_{name}", language, **({"n": "3"} if name == "actions" else {}))
            for name in ("xlsx", "ics", "form", "actions")]  # fmt: skip
    needs = _data(missing=("clients",))
    absent = [function(needs, *args, language=language) for function, args in (
        (meetings_files.workbook, (BLANK, None)), (meetings_files.diary, (BLANK,)))]  # fmt: skip
    nothing = meetings_files.proposed(_data(revenue={}), BLANK, small.found(), language=language)
    return [*said, *absent, nothing.title]


@cases
def compliance(language: str) -> Any:
    met = pd.DataFrame(
        {
            "meeting_id": [1],
            "client_id": ["A"],
            "status": ["held"],
            "held_at": pd.Timestamp("2026-09-01"),
            "format": ["meeting"],
            "manager_id": ["M1"],
        }
    )
    contacts = pd.DataFrame({"contact_id": ["K1"], "role": ["decision_maker"], "client_id": ["A"]})
    answers = pd.DataFrame({"answered_at": [pd.Timestamp("2026-09-01")], "contact_id": ["K1"], "client_id": ["A"]})
    data = _data(meetings=met, contacts=contacts, survey_answers=answers)
    made = [meetings.compliance(data, _visits(kept=kept), language=language)
            for kept in (_kept(True, False, True, False), _kept(True, True), None)]  # fmt: skip
    return [made[0], *cells(made[0], 4), made[1].title, made[2].title]


# --- cases ------------------------------------------------------------------------------------------------------------


@cases
def steps(language: str) -> Any:
    told = LATE.assign(client_informed_at=LATE["closed_at"])
    young = _actions(("A", "2026-10-31", "2026-11-20", None, None))
    made = [meetings_loop.steps(_data(actions=rows), _visits(loop=closed_loop(rows, "2026-10")), language=language)
            for rows in (LATE, told, young)]  # fmt: skip
    nothing = meetings_loop.steps(_data(actions=LATE), _visits(), language=language)
    return [made[0], *cells(made[0], 4), *(item.title for item in made[1:]), nothing.title]


@cases
def overdue(language: str) -> Any:
    units = LATE.assign(client_id=None, unit_id="U1")
    data = _data(actions=LATE)
    data.units = pd.DataFrame({"unit_id": ["U1"], "unit_name": ["Север"]})
    made = [meetings_loop.overdue(data, _visits(loop=closed_loop(rows, "2026-10")), language=language)
            for rows in (LATE, units, LATE[1:])]  # fmt: skip
    return [
        made[0],
        *cells(made[0], 1),
        made[1].title,
        *cells(made[1], 1),
        made[1].table.columns[0].label,
        made[2].title,
    ]


@cases
def decisions(language: str) -> Any:
    item = meetings_work.decisions(_data(actions=LATE), language=language)
    return [item, *cells(item, 4), meetings_work.decisions(_data(actions=LATE[:0]), language=language).title]


def _complaints(language: str, days: list[float | None], **more: Any) -> Any:
    opened = pd.Series(pd.Timestamp("2026-09-01"), index=range(len(days)))
    solved = opened + pd.to_timedelta(pd.Series(days, dtype=float), unit="D")
    table = pd.DataFrame({"complaint_id": range(len(days)), "client_id": "A", "created_at": opened,
                          "first_response_at": solved, "resolved_at": solved, "reopened": None, "score_after": np.nan,
                          "compensation": np.nan}).assign(**more)  # fmt: skip
    return meetings_loop.complaints(_data(complaints=table), language=language)


@cases
def complaints(language: str) -> Any:
    full = _complaints(
        language,
        [1.0, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, None],
        reopened=[True] + [False] * 8,
        score_after=7.0,
        compensation=9_500.0,
    )
    drawn = [text.get_text() for text in full.draw(False).findobj(Text)]
    labels = [
        text
        for text in drawn
        if text in {meetings.say(f"complaint_{name}", language) for name in ("answered", "solved")}
        or text == meetings.say("axis_days", language)
    ]
    young = [pd.Timestamp("2026-09-01")] * 8 + [pd.Timestamp("2026-10-27")]
    waiting = _complaints(language, [*[1.0] * 8, None], created_at=young).note
    slow, few = _complaints(language, [1.0, *[None] * 8]), _complaints(language, [1.0] * 3)
    return [full, *cells(full, 2), *sorted(labels), waiting, slow.title, few.title]


def _worked(language: str, channel: str, tone: str, n: int = 21) -> Any:
    table = pd.DataFrame(
        {
            "feedback_id": range(n),
            "client_id": "A",
            "created_at": pd.Timestamp("2026-09-01"),
            "channel": channel,
            "text": "…",
            "field": "free",
            "score": np.nan,
            "language": "ru",
            "replied_at": [pd.Timestamp("2026-09-04") if at % 3 else pd.NaT for at in range(n)],
        }
    )
    tags = Result(frame=pd.DataFrame({"feedback_id": range(n), "cause": "staff", "sentiment": tone}))
    return meetings_loop.worked(_data(feedback=table), tags, language=language)


@cases
def worked(language: str) -> Any:
    bad, good = _worked(language, "meeting", "negative"), _worked(language, "phone", "positive")
    return [bad, *cells(bad), good.title, _worked(language, "meeting", "negative", 3).title]


@cases
def worked_in_public(language: str) -> Any:
    made = [_worked(language, "review", tone) for tone in ("negative", "mixed", "neutral", "unknown")]
    return [made[0].note, *cells(made[0]), *(item.note for item in made[1:])]


def _met(*days: str, purpose: str = "quarterly", client: str = "A") -> pd.DataFrame:
    return pd.DataFrame({"meeting_id": range(len(days)), "client_id": client, "held_at": pd.to_datetime(list(days)),
                         "status": "held", "format": "call", "purpose": purpose, "manager_id": "M1", "visitor_id": "M1",
                         "plan_amount": np.nan, "plan_period": None})  # fmt: skip


@cases
def touches(language: str) -> Any:
    some = meetings_loop.touches(_data(meetings=_met("2026-09-01", "2026-08-01")), language=language)
    old = meetings_loop.touches(_data(meetings=_met("2024-09-01")), language=language)
    return [some, *cells(some), old.title, meetings_loop.touches(_data(), language=language).note]


def _activity(language: str, leave: int) -> Any:
    """Twenty clients asked in April, half of them silent; ``leave`` of the silent stop buying."""
    ids = [f"C{at:02}" for at in range(20)]
    months = {one: [1e5] * (18 if at >= 20 - leave else 24) + [0.0] * (6 if at >= 20 - leave else 0)
              for at, one in enumerate(ids)}  # fmt: skip
    asked = pd.DataFrame({"invitation_id": ids, "client_id": ids, "sent_at": pd.Timestamp("2026-04-05"),
                          "status": ["answered"] * 10 + ["no_answer"] * 10})  # fmt: skip
    cards = pd.DataFrame({"client_id": ids, "client_name": ids})
    data = _data(revenue=months, clients=cards, survey_invitations=asked, meetings=_met("2026-09-01", client="C00"))
    return meetings_loop.activity(data, language=language)


@cases
def activity(language: str) -> Any:
    apart, alike = _activity(language, 10), _activity(language, 0)
    data = _data(
        meetings=_met("2026-09-01"),
        survey_invitations=pd.DataFrame(
            {"invitation_id": [1], "client_id": ["A"], "sent_at": [pd.Timestamp("2026-04-05")], "status": ["answered"]}
        ),
    )
    few = meetings_loop.activity(data, language=language)
    unknown = meetings_loop.activity(_data(), language=language)
    return [apart, *cells(apart, 6), alike.note, few.note, unknown.note]


def _movement(language: str, n: int) -> Any:
    ids = [f"C{at}" for at in range(n)]
    waves = [("2025-10-05", [9, 5] * n), ("2026-10-05", [9, 8, 6] * n)]
    answers = pd.concat(
        [
            pd.DataFrame(
                {
                    "answer_id": [f"{day}{one}" for one in ids],
                    "client_id": ids,
                    "question_id": "q",
                    "contact_id": None,
                    "answered_at": pd.Timestamp(day),
                    "score": scores[:n],
                }
            )
            for day, scores in waves
        ],
        ignore_index=True,
    )
    questions = pd.DataFrame({"question_id": ["q"], "metric": ["nps"], "scale_min": [0], "scale_max": [10]})
    data = _data(
        clients=pd.DataFrame({"client_id": ids, "client_name": ids}), survey_answers=answers, questions=questions
    )
    return meetings_loop.movement(data, language=language)


@cases
def movement(language: str) -> Any:
    item = _movement(language, 12)
    return [item, *cells(item, 4), _movement(language, 3).title]


# --- work of managers -------------------------------------------------------------------------------------------------


def _needs(language: str, *won: float, offers: int = 24, decided: bool = True) -> Any:
    rows = [
        {
            "offer_id": f"{manager}{at}",
            "client_id": one,
            "manager_id": manager,
            "offered_at": pd.Timestamp("2026-06-01"),
            "product_id": "p",
            "amount": 1e4,
            "outcome": ("won" if at < share * offers else "lost") if decided else "open",
            "decided_at": pd.Timestamp("2026-07-01") if decided else pd.NaT,
            "lost_reason": None,
        }
        for manager, one, share in zip(("M1", "M2"), ("A", "B"), won)
        for at in range(offers)
    ]
    data = _data(
        offers=pd.DataFrame(
            rows or None,
            columns=[
                "offer_id",
                "client_id",
                "manager_id",
                "offered_at",
                "product_id",
                "amount",
                "outcome",
                "decided_at",
                "lost_reason",
            ],
        )
    )
    return meetings_work.needs(data, language=language)


@cases
def needs(language: str) -> Any:
    apart, alike = _needs(language, 0.9, 0.1), _needs(language, 0.5, 0.4)
    return [apart, *cells(apart), alike.note, _needs(language, 0.5, 0.5, decided=False).title, _needs(language).title]


@cases
def plans(language: str) -> Any:
    said = _met("2026-07-15", "2026-08-15").assign(client_id=["A", "B"], plan_amount=[100_000.0, 300_000.0],
                                                   plan_period=["2026-09", "2026-10"])  # fmt: skip
    item = meetings_work.plans(_data(meetings=said), language=language)
    return [item, *cells(item), meetings_work.plans(_data(meetings=_met("2026-07-15")), language=language).title]


def _effect(language: str, effect: float, low: float, high: float) -> Any:
    frame = pd.DataFrame({"question": ["visits", "placebo"], "effect": [effect, 0.0], "low": [low, -0.1],
                          "high": [high, 0.1], "n": 236, "visits": [29, 28], "smallest_visible": 0.26})  # fmt: skip
    overview = pd.DataFrame({"p5": [0.07, 0.0], "p95": [0.76, 0.38]})
    real = meetings_work.visit_effect
    meetings_work.visit_effect = lambda *args, **options: Result(frame=frame, overview=overview)
    try:
        return meetings_work.effect(_data(meetings=_met("2026-09-01")), language=language)
    finally:
        meetings_work.visit_effect = real


@cases
def effect(language: str) -> Any:
    made = [_effect(language, *row) for row in ((-0.03, -0.18, 0.14), (0.2, 0.05, 0.4), (-0.2, -0.4, -0.05))]
    nothing = _effect(language, np.nan, np.nan, np.nan)
    return [made[0], *cells(made[0]), made[1].title, made[2].title, nothing.title]


@cases
def dates(language: str) -> Any:
    kinds = ("company", "professional", "public", "personal")
    table = pd.DataFrame({"client_id": "A", "contact_id": None, "date": "11-16", "kind": kinds, "recurring": True,
                          "note": "день рождения"})  # fmt: skip
    made = [meetings_work.dates(_data(useful_dates=rows), _visits(), language=language) for rows in (table, table[:0])]
    return [made[0], *cells(made[0], 4), made[1].title]


# --- names of exhibits whose tables are missing, words of closed lists, notes of engines ------------------------------


@cases
def exhibits_without_their_tables(language: str) -> Any:
    needs = _data(missing=("clients", "meetings", "actions", "feedback", "offers"))
    calls = [
        (meetings.exceptions, (BLANK,)),
        (meetings.compliance, (BLANK,)),
        (meetings.load, (BLANK,)),
        (meetings_loop.movement, ()),
        (meetings_loop.activity, ()),
        (meetings_work.needs, ()),
        (meetings_work.plans, ()),
        (meetings_work.effect, ()),
    ]
    return [function(needs, *args, language=language).title for function, args in calls]


@cases
def notes_of_engines(language: str) -> Any:
    quiet = visit_effect(_met("2026-09-01"), _data().panel, CLIENTS, "2026-10")
    notes = [
        Note("visits.personal"),
        Note("visits.planned", {"contacts": 57, "broken": 0}),
        Note("visits.kept", {"demands": 1091, "kept": 474}),
        Note("visits.loop", {"cases": 191, "open": 12}),
        Note("visits.gap", {"stage": "rules", "gap": 0.012}),
        Note("visits.effect_unclear", {"n": 236}),
        Note("visits.effect_seen", {"n": 236}),
        *quiet.notes,
    ]
    return [note.text(language) for note in notes]
