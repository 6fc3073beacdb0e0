"""Report 01: its sentences, variant by variant, from tables of two clients."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import small
from variants import Cases, cells

from loyalty_analytics import tables
from loyalty_analytics.economics import receivables
from loyalty_analytics.exhibits import brief, brief_loyalty, brief_money, brief_voice, matrix
from loyalty_analytics.results import Note, Result
from loyalty_analytics.segments.movement import bridge

cases = Cases("brief")
PASSPORT = {"clients": 2, "deals": 48, "answered": 35, "invited": 51, "answers": 35, "findings": {"warning": 5}}
FALLEN = {"A": np.r_[np.full(23, 100_000.0), 30_000.0], "B": np.r_[np.full(23, 50_000.0), 40_000.0]}


def _change(**row: Any) -> SimpleNamespace:
    return SimpleNamespace(frame=pd.DataFrame([{"noise": 25.0, "before": 10.0, "now": 14.0, **row}]))


def _voice(
    nps: float | None = 14.0, n: int = 35, base: float | None = 55.0, change: Any = None, asked: int = 51
) -> brief_voice.Voice:
    score = pd.DataFrame([{"nps": nps, "low": -2.0, "high": 29.0, "n": n, "population": base}])
    ways = pd.DataFrame({"way": ["respondents", "passives", "half", "detractors", "promoters"]}).assign(
        nps=14.0, low=-2.0, high=29.0, n=51, population=base)  # fmt: skip
    hushed = SimpleNamespace(frame=ways, clients=pd.DataFrame({"client_id": ["A", "B"], "revenue": [2e5, 34_000.0]}))
    response = SimpleNamespace(frame=pd.DataFrame([{"asked": asked, "answered": n, "rate": n / max(asked, 1)}]))
    months = pd.to_datetime(["2026-07-01", "2026-10-01"])
    history = pd.DataFrame({"month": months, "nps": [10.0, 14.0], "low": [-9.0, -2.0], "high": [30.0, 29.0], "n": 35})
    return brief_voice.Voice(SimpleNamespace(frame=score), hushed, response, history, change)


def _loop(overdue: int, still: int) -> Result:
    note = Note("common.nothing", {"open": still})
    made = Result(frame=pd.DataFrame({"step": ["closed"], "n": [7]}), notes=(note,))
    object.__setattr__(made, "overdue", pd.DataFrame({"action_id": range(overdue)}))
    return made


def _counts(after: int, n: int, before: int = 0, noun: str = "client") -> pd.DataFrame:
    row = {"cause": "service.speed", "after": after, "before": before, "n_after": n, "n_before": n}
    made = pd.DataFrame([row])
    made.attrs |= {"noun": noun, "n": (n, n)}
    return made.iloc[:0] if not after + before else made


def _front(data: Any, language: str, *, breaks: Any = None, late: Any = small.LATE, voice: Any = small.NO_VOICE,
           counts: Any = small.COUNTS, loop: Any = None) -> Any:  # fmt: skip
    return brief.front(
        data, language, bridge=bridge(data.panel, "2026-10"), breaks=small.found() if breaks is None else breaks,
        late=Result(frame=late), voice=voice, counts=counts, loop=loop or _loop(0, 0),
    )  # fmt: skip


@cases
def front_nothing_happened(language: str) -> Any:
    return _front(small.data(), language)


@cases
def front_bad_month(language: str) -> Any:
    data = small.data(FALLEN, targets=small.plan(140_000.0))
    data.passport = PASSPORT
    return _front(data, language, breaks=small.found([small.fall()]), voice=_voice(), counts=_counts(9, 32),
                  loop=_loop(10, 13))  # fmt: skip


@cases
def front_two_falls(language: str) -> Any:
    data = small.data({"A": FALLEN["A"], "B": np.r_[np.full(23, 60_000.0), 0.0]})
    breaks = [[], [small.fall()], [small.fall(), small.fall("B", "2026-08-01")]]
    said = [_front(data, language, breaks=small.found(rows)).summary for rows in breaks]
    four = small.data({one: np.r_[np.full(23, 50_000.0), 0.0] for one in "ABCD"})
    return [*said, _front(four, language, breaks=small.found(breaks[2])).summary]


@cases
def front_falls_of_the_season(language: str) -> Any:
    late = pd.DataFrame([{"client_id": "B", "days_late": 20}])
    return _front(small.data(FALLEN), language, late=late, counts=_counts(0, 3)).summary


@cases
def front_good_month(language: str) -> Any:
    data = small.data({"A": np.r_[np.full(23, 100_000.0), 130_000.0]}, targets=small.plan(100_000.0))
    return _front(data, language, loop=_loop(2, 2))


@cases
def volume_of_returns(language: str) -> Any:
    data = small.data({"A": np.r_[np.full(23, 1e5), -40_000.0]})
    return [_front(data, language), brief_money.bridge(data, bridge(data.panel, "2026-10"), language=language).title]


@cases
def front_without_sales(language: str) -> Any:
    data = small.data({"A": np.r_[np.full(23, 1e5), 0.0]})
    return [_front(data, language).summary, brief_money.volume_chart(data, language=language).title]


@cases
def front_too_early_for_breaks(language: str) -> Any:
    return _front(small.data(FALLEN), language, breaks=small.found(judged=0, clients=2))


@cases
def front_without_comments_on_record(language: str) -> Any:
    return _front(small.data(missing=("feedback",)), language).summary


@cases
def front_comments_without_a_client(language: str) -> Any:
    said = [_front(small.data(), language, counts=_counts(a, n, noun="text")).summary for a, n in ((10, 72), (0, 21))]
    return [text.split(". ", 2)[2] for text in said]


@cases
def front_of_a_survey(language: str) -> Any:
    data = small.data({}, missing=("transactions", "clients"))
    data.passport = PASSPORT | {"deals": 0, "invited": 0}
    voice = _voice(3.0, 66, None, _change(change=-28.0, changed=True, before=31.0, now=3.0), 477)
    return _front(data, language, voice=voice, counts=_counts(10, 72, noun="text"), loop=_loop(2, 2))


@cases
def front_of_a_silent_survey(language: str) -> Any:
    return _front(small.data({}, missing=("transactions", "clients")), language)


@cases
def volume_of_a_bad_month(language: str) -> Any:
    return brief_money.volume_chart(small.data(FALLEN, targets=small.plan(140_000.0)), language=language)


@cases
def bridge_down(language: str) -> Any:
    data = small.data(FALLEN)
    parts, breaks = bridge(data.panel, "2026-10"), small.found([small.fall()])
    made = brief_money.bridge(data, parts, breaks=breaks, language=language)
    return [made, *cells(made)]


@cases
def bridge_otherwise(language: str) -> Any:
    worlds = [{"A": np.r_[np.full(23, 1e5), 2e5], "B": np.r_[np.full(23, 50_000.0), 0.0]},
              {"A": np.r_[np.full(23, 1e5), 1.5e5], "B": np.r_[np.full(23, 50_000.0), 0.0]},
              {"A": np.r_[np.zeros(20), np.full(4, 1e5)]}, {"A": np.r_[np.full(23, 1e5), 2e5]},
              {"A": np.r_[np.full(23, 1e5), 1.1e5], "B": np.r_[np.full(23, 50_000.0), 0.0]}]  # fmt: skip
    made = [small.data(world) for world in worlds]
    return [brief_money.bridge(data, bridge(data.panel, "2026-10"), language=language).title for data in made]


@cases
def breaks_some(language: str) -> Any:
    made = brief_money.worst_breaks(small.data(), small.found([small.fall()]), language=language)
    two = small.found([small.fall(), small.fall("B", "2026-08-01")])
    return [made, *cells(made), brief_money.worst_breaks(small.data(), two, language=language).title]


@cases
def breaks_none_and_too_early(language: str) -> Any:
    shown = [small.found(judged=21, clients=30), small.found(judged=5, clients=31)]
    made = [brief_money.worst_breaks(small.data(), breaks, language=language) for breaks in shown]
    return [text for item in made for text in (item.title, *cells(item))]


@cases
def late_some_and_none(language: str) -> Any:
    rows = pd.DataFrame({"client_id": ["A", "B"], "last_date": pd.to_datetime(["2026-09-01", "2026-06-03"]),
                         "expected_gap": [20.0, 21.0], "days_late": [39.4, 121.0], "usual_order": [57_000.0, 800.0]})
    life = Result(frame=pd.DataFrame({"client_id": ["A", "B"], "status": "active"}))
    some = brief_money.late(small.data(), Result(frame=rows), life=life, language=language)
    one, none = (
        brief_money.late(small.data(), Result(frame=rows.head(n)), life=life, language=language) for n in (1, 0)
    )
    return [some, *cells(some), one.title, none.title]


@cases
def debt_some_none_and_unknown(language: str) -> Any:
    bills = pd.DataFrame({"client_id": ["A"], "date": ["2026-08-01"], "amount": [70_000.0], "due_date": ["2026-09-01"],
                          "paid_date": [None], "paid_amount": [None]})  # fmt: skip
    data = small.data(transactions=bills)
    some, none = (
        brief_money.debt(data, receivables(bills, month), language=language) for month in ("2026-10", "2026-08")
    )
    unknown = brief_money.debt(small.data(), receivables(bills, "2026-08"), language=language)
    both = pd.concat([bills, bills.assign(client_id="B", amount=20_000.0)], ignore_index=True)
    two = brief_money.debt(small.data(transactions=both), receivables(both, "2026-10"), language=language)
    return [some, *cells(some), two.title, none.title, unknown.title]


@cases
def score_with_the_silent(language: str) -> Any:
    made = brief_loyalty.loyalty(
        small.data(), _voice(change=_change(change=4.0, changed=False)), language=language)  # fmt: skip
    return [made, *cells(made, 5)]


@cases
def score_moved(language: str) -> Any:
    moved = [_change(change=30.2, changed=True, now=40.2), _change(change=-28.0, changed=True, before=31.0, now=3.0)]
    return [brief_loyalty.loyalty(small.data(), _voice(change=change), language=language).title for change in moved]


@cases
def score_missing_or_few(language: str) -> Any:
    voices = [small.NO_VOICE, *(_voice(None, n) for n in (0, 1, 2))]
    return [brief_loyalty.loyalty(small.data(), voice, language=language).title for voice in voices]


def _causes(after: int, before: int, n: int, language: str, noun: str = "client") -> Any:
    data = small.data(feedback=pd.DataFrame({"feedback_id": ["f"], "client_id": ["A"]}))
    return brief_voice.causes(data, _counts(after, n, before, noun), language=language)


@cases
def causes_more_often(language: str) -> Any:
    return _causes(20, 3, 31, language)


@cases
def causes_otherwise(language: str) -> Any:
    counts = ((3, 20, 31), (9, 7, 31), (2, 1, 4), (0, 0, 31))
    return [_causes(*count, language).title for count in counts]


@cases
def causes_of_comments(language: str) -> Any:
    made = _causes(10, 9, 72, language, "text")
    return [made.subtitle, *cells(made), _causes(1, 1, 1, language, "text").title]


def _visits(language: str, *formats: str, reason: str = "problem, gap", broken: int = 0) -> Any:
    rows = [("A", pd.Timestamp("2026-11-01"), pd.Timestamp("2026-11-02"), kind, reason, "M1") for kind in formats]
    frame = pd.DataFrame(rows, columns=["client_id", "month", "week", "format", "reason", "visitor_id"])
    frame = frame.astype({"month": "datetime64[us]", "week": "datetime64[us]"})
    people = pd.DataFrame({"manager_id": ["M1"], "manager_name": ["Крылова Нина Аркадьевна"]})
    plan = SimpleNamespace(frame=frame, exceptions=pd.DataFrame(index=range(broken)))
    return brief_voice.visits(small.data(managers=people), plan, language=language)


@cases
def visits_meetings_and_calls(language: str) -> Any:
    made = _visits(language, "meeting", "call", "online", broken=2)
    return [made, *cells(made)]


@cases
def visits_otherwise(language: str) -> Any:
    reasons = "december, season, season_after, before, after, twice, agreed"
    made = _visits(language, "meeting", reason=reasons)
    return [made.title, *cells(made), _visits(language).title]


@cases
def unknown_much(language: str) -> Any:
    data = small.data(missing=tuple(tables.names()), feedback=pd.DataFrame({"feedback_id": range(500)}))
    reasons = Result(frame=pd.DataFrame({"client_id": ["A"], "break_month": ["2026-07"], "grade": ["none"]}))
    tags = Result(frame=pd.DataFrame({"feedback_id": range(473)}))
    made = brief_voice.unknowns(data, breaks=small.found(judged=1, clients=12), reasons=reasons, tags=tags,
                                voice=_voice(), language=language)  # fmt: skip
    return [made, *cells(made, 20), brief_voice.unknowns(small.data(), language=language).title]


def _units(**columns: Any) -> pd.DataFrame:
    table = pd.DataFrame({"name": ["Север", "Юг"], **columns})
    return table.assign(**{name: np.nan for name in ("change", "nps", "answers") if name not in table})


@cases
def units_by_volume(language: str) -> Any:
    tables_of = [_units(change=[-0.31, 0.05]), _units(change=[0.1, 0.0])]
    return [matrix._matrix_title(table, language) for table in tables_of]


@cases
def units_by_score(language: str) -> Any:
    seen = {"answers": [30, 30], "nps": [9.0, -20.0]}
    tables_of = [_units(**seen, differs=[True, True]), _units(**seen, differs=[False, True]),
                 _units(**seen, differs=[False, False]), _units(nps=[9.0, -20.0], answers=[30, 3])]  # fmt: skip
    return [matrix._matrix_title(table, language) for table in tables_of]


@cases
def units_with_money_and_without(language: str) -> Any:
    units = pd.DataFrame({"unit_id": ["U1"], "unit_name": ["Север"]})
    day = pd.to_datetime(["2026-10-05", "2025-10-06"])
    orders = pd.DataFrame({"unit_id": "U1", "date": day, "amount": [69_000.0, 1e5], "status": "done"})
    paid, none = (small.data(units=units, **more) for more in ({"transactions": orders}, {}))
    return [matrix.matrix(paid, language=language), matrix.matrix(none, language=language).subtitle]


@cases
def tables_missing(language: str) -> Any:
    data, life = small.data(missing=tuple(tables.names())), SimpleNamespace(frame=pd.DataFrame())
    shown = [
        brief_money.volume_chart(data, language=language), brief_money.bridge(data, life, language=language),
        brief_money.worst_breaks(data, life, language=language),
        brief_money.late(data, life, life=life, language=language), brief_money.debt(data, life, language=language),
        matrix.matrix(data, language=language), brief_loyalty.loyalty(data, small.NO_VOICE, language=language),
        brief_voice.causes(data, small.COUNTS, language=language), brief_voice.visits(data, life, language=language),
    ]  # fmt: skip
    assert all(item.missing for item in shown)
    return shown
