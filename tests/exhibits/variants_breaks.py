"""Report 03: its sentences, variant by variant, from tables of two clients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import small
from matplotlib.figure import Figure
from variants import Cases, cells

import loyalty_analytics as la
from loyalty_analytics import tables, words
from loyalty_analytics.breaks.find import BreaksResult
from loyalty_analytics.breaks.history import alarm_history
from loyalty_analytics.breaks.reason_bridge import portfolio_bridge
from loyalty_analytics.breaks.reasons import ReasonsResult
from loyalty_analytics.breaks.totals import find_total_breaks
from loyalty_analytics.exhibits import breaks as report
from loyalty_analytics.exhibits import breaks_facts
from loyalty_analytics.exhibits import breaks_months as months
from loyalty_analytics.exhibits import breaks_why as why
from loyalty_analytics.plots.breaks import breaks_scan, breaks_small_multiples
from loyalty_analytics.results import Result

cases = Cases("breaks", "breaks_scan")
PEOPLE = pd.DataFrame({"manager_id": ["M1", "M2"], "manager_name": ["Лаптева Ольга Сергеевна", "Юдин Семён"]})
JULY = pd.Timestamp("2026-07-01")


def _data(missing: tuple[str, ...] = (), **cards: Any) -> Any:
    clients = {"client_id": list("ABCD"), "client_name": ["ООО «Альфа»", "АО «Бета»", "Гамма", "Дельта"],
               "manager_id": ["M1", "M1", "M1", "M2"], "industry": "Медицина"}  # fmt: skip
    return small.data(missing=missing, clients=pd.DataFrame(clients | cards), managers=PEOPLE)


def _break(client: str = "A", month: str = "2026-07-01", *, lost: float = 2.23e6, low: str = "") -> dict[str, Any]:
    stamp = pd.Timestamp(month)
    sign = -1 if lost > 0 else 1
    return {"client_id": client, "break_month": stamp, "low": pd.Timestamp(low or month), "high": stamp,
            "direction": sign, "effect": sign * 0.43, "effect_low": min(sign * 0.53, sign * 0.32),
            "effect_high": max(sign * 0.53, sign * 0.32),
            "lost": lost, "market": False, "q_value": 0.00001}  # fmt: skip


def _breaks(*rows: dict[str, Any], judged: int = 21, clients: int = 31) -> BreaksResult:
    frame = pd.DataFrame(list(rows), columns=list(_break()))
    frame = frame.astype({"market": bool, "break_month": "datetime64[us]"})
    overview = pd.DataFrame({"measure": ["clients", "judged", "expected_false"], "value": [clients, judged, 0.4]})
    made = BreaksResult(frame=frame, overview=overview, expected_false=0.4)
    object.__setattr__(made, "levels", lambda wanted: pd.DataFrame())
    return made


def _reasons(*grades: str, reason: str = "manager_change", months: int = 4, after: float = 2.9e6) -> ReasonsResult:
    """A, B, C … broke in July with these grades; the part «cheque» explains the change."""
    stamps = {"break_month": JULY, "low": JULY, "high": JULY}
    rows, changes = [], []
    first = -0.5e6 if after < 5e6 else -2e5  # what the frequency took
    for client, grade in zip("ABCD", grades):
        rows.append({"client_id": client, **stamps, "direction": -1, "reason": reason, "part": np.nan, "grade": grade,
                     "evidence": "events + transactions", "days_before": 18.0, "date": pd.Timestamp("2026-06-13")})
        for part, money in (("frequency", first), ("cheque", after - 6.2e6 - first)):
            rows.append({"client_id": client, **stamps, "direction": -1, "reason": part, "part": money,
                         "grade": "none"})  # fmt: skip
        changes.append({"client_id": client, "break_month": JULY, "months": months, "before": 6.2e6, "after": after,
                        "change": after - 6.2e6})  # fmt: skip
    names = ["client_id", "break_month", "low", "high", "direction", "reason", "part", "grade", "evidence",
             "days_before", "date"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=names).astype({"break_month": "datetime64[us]", "part": float})
    frame["probability"] = frame["grade"].map({"strong": 0.9, "possible": 0.5, "none": 0.1})
    facts = frame.loc[frame["part"].isna(), ["client_id", "break_month", "date", "reason", "days_before"]]
    facts = facts.assign(source="events")
    columns = ["client_id", "break_month", "months", "before", "after", "change"]
    own = pd.DataFrame(changes, columns=columns).astype({"break_month": "datetime64[us]"})
    return ReasonsResult(frame=frame, changes=own, facts=facts)


NONE, SHORT = _breaks(), _breaks(judged=5)
THREE = (_break(), _break("B", lost=1.4e6), _break("C", lost=9e5))


def _front(language: str, breaks: BreaksResult, reasons: ReasonsResult) -> Any:
    return report.front(_data(), language, breaks=breaks, reasons=reasons)


@cases
def front_with_reasons(language: str) -> Any:
    return _front(language, _breaks(*THREE), _reasons("strong", "strong", "possible"))


@cases
def front_month_not_sure(language: str) -> Any:
    rows = _break(low="2026-05-01"), _break("B", lost=1.4e6)
    return [_front(language, _breaks(*rows), _reasons(grade, "strong")).summary for grade in ("possible", "none")]


@cases
def front_without_a_reason(language: str) -> Any:
    data = small.data({"A": 725.0, "B": 50_000.0})
    return report.front(data, language, breaks=_breaks(_break(lost=21_000.0)), reasons=_reasons("none", after=2_900.0))


@cases
def front_nothing_happened(language: str) -> Any:
    old = _breaks(_break(month="2024-07-01"))
    shown = [_front(language, breaks, _reasons()).summary for breaks in (NONE, SHORT, old)]
    missing = report.front(_data(missing=("transactions",)), language, breaks=NONE, reasons=_reasons()).summary
    return [*shown, missing]


@cases
def scan_of_falls_and_rises(language: str) -> Any:
    made = report.scan(_data(), _breaks(*THREE, _break("D", lost=-3.9e6)), language=language)
    return [made, *cells(made, 4)]


@cases
def scan_otherwise(language: str) -> Any:
    shown = [_breaks(*THREE), _breaks(_break()), _breaks(_break("D", lost=-3.9e6)), NONE, SHORT]
    return [report.scan(_data(), breaks, language=language).title for breaks in shown]


@cases
def multiples_before_and_after(language: str) -> Any:
    made = report.multiples(_data(), _breaks(*THREE), language=language)
    one, none = (report.multiples(_data(), shown, language=language).title for shown in (_breaks(_break()), NONE))
    return [made, *cells(made), one, none]


@cases
def label_of_a_break(language: str) -> Any:
    levels = pd.DataFrame({"client_id": "A", "month": small.MONTHS.to_timestamp(), "revenue": 1.0, "level": 1.0,
                           "expected": 1.0})  # fmt: skip
    ax = breaks_small_multiples(levels, _breaks(_break()).frame, language=language)
    scan = breaks_scan(_breaks(_break()).frame, Figure().subplots(), language=language)
    steady = pd.concat([levels.assign(client_id=client) for client in "AB"])
    peaked = pd.concat([steady, levels.assign(client_id="C", revenue=[50.0, *[1.0] * (len(levels) - 1)])])
    panels = breaks_small_multiples(peaked, _breaks(*THREE).frame, language=language).get_figure().axes
    return [*(text.get_text() for text in ax.texts), scan.get_xlabel(), scan.get_title("left"),
            panels[2].get_title("left")]  # fmt: skip


@cases
def months_of_a_manager(language: str) -> Any:
    falls = _breaks(*THREE, _break("D", "2026-03-01"))
    made = months.by_manager(_data(), falls, language=language)
    return [made, *cells(made)]


@cases
def months_otherwise(language: str) -> Any:
    spread = _data(industry=["Медицина", "Финансы", "Туризм", None])
    made = months.by_industry(spread, _breaks(*THREE, _break("D", "2026-03-01")), language=language)
    flat, none = (months.by_industry(spread, breaks, language=language).title for breaks in (_breaks(_break()), NONE))
    return [made, *cells(made, 4), flat, none]


@cases
def months_of_nobody_known(language: str) -> Any:
    data = _data(manager_id=None, industry=None)
    made = [make(data, _breaks(*THREE), language=language) for make in (months.by_manager, months.by_industry)]
    assert all(item.missing for item in made)
    return made


@cases
def timeline_of_facts(language: str) -> Any:
    made = breaks_facts.timeline(_data(), _breaks(*THREE), _reasons("strong", "possible", "none"), language=language)
    return [made, *cells(made, 3), breaks_facts.timeline(_data(), NONE, _reasons(), language=language).title]


@cases
def reasons_by_grade(language: str) -> Any:
    made, more = (
        why.reasons(_data(), _breaks(*THREE), _reasons(*grades), language=language)
        for grades in (("strong", "possible", "none"), ("strong", "strong", "none"))
    )
    return [made, *cells(made), more.title]


@cases
def reasons_otherwise(language: str) -> Any:
    grades = [("possible", "none", "none"), ("none", "none", "none")]
    shown = [why.reasons(_data(), _breaks(*THREE), _reasons(*grade), language=language).title for grade in grades]
    return [*shown, why.reasons(_data(), NONE, _reasons(), language=language).title]


@cases
def reasons_of_each_kind(language: str) -> Any:
    kinds = [key for key in words.area("breaks", "ru") if key.startswith("kind_")]
    return [report.verdict("strong", kind.removeprefix("kind_"), language) for kind in kinds]


@cases
def parts_of_the_falls(language: str) -> Any:
    made = why.parts(_data(), _breaks(_break()), _reasons("strong"), language=language)
    return [made, *cells(made)]


@cases
def parts_otherwise(language: str) -> Any:
    fallen = _breaks(_break())
    rise = _reasons("strong", after=7.1e6)
    rise.frame["part"] = rise.frame["part"].abs()
    shown = [(fallen, _reasons("strong", after=7.1e6)), (fallen, rise), (fallen, _reasons("strong", months=0)),
             (NONE, _reasons())]  # fmt: skip
    return [why.parts(_data(), breaks, reasons, language=language).title for breaks, reasons in shown]


def _bridge(before: float, after: float, *parts: tuple[str, float], months: int = 12) -> Result:
    frame = pd.DataFrame(parts, columns=["reason", "part"])
    overview = pd.DataFrame([{"months": months, "before": before, "after": after, "clients": 60}])
    return Result(frame=frame, overview=overview)


PARTS = ("frequency", "cheque", "price", "discount", "mix", "lost_products", "new_products", "managers", "season",
         "returns", "lost_clients", "new_clients")  # fmt: skip


@cases
def bridge_down(language: str) -> Any:
    made = why.bridge(_data(), _bridge(149e6, 143.7e6, ("frequency", -0.2e6), ("cheque", -5.1e6)), language=language)
    return [made, *cells(made)]


@cases
def bridge_otherwise(language: str) -> Any:
    shown = [_bridge(3.4e6, 4.6e6, ("new_products", 1.2e6)), _bridge(1e6, 1e6), _bridge(0, 0, months=0)]
    young = why.bridge(_data(), _bridge(1e6, 2e6, ("new_clients", 1e6), months=1), language=language).subtitle
    return [*(why.bridge(_data(), result, language=language).title for result in shown), young]


@cases
def bridge_of_all_parts(language: str) -> Any:
    shown = _bridge(1e6, 1e6 + 12e4, *((part, 1e4) for part in PARTS))
    return cells(why.bridge(_data(), shown, language=language), 12)


def _slices(change: float, slices: int = 1, before: float = 9e6) -> Result:
    overview = pd.DataFrame([{"before": before, "after": before + change, "change": change, "cells": 113}])
    rows = {"industry": "Медицина", "manager_id": "M1", "unit_id": "U1", "product": "Ролик", "region": None,
            "channel": None, "amount_before": 5e6, "amount_after": 5e6 + change, "part": change}  # fmt: skip
    return Result(frame=pd.DataFrame([rows] * slices, columns=list(rows)), overview=overview)


@cases
def slices_that_fell(language: str) -> Any:
    made = why.where(_data(), _slices(-2.9e6, 2), language=language)
    return [made, *cells(made)]


@cases
def slices_otherwise(language: str) -> Any:
    shown = [_slices(1.2e6, 5), _slices(-2.9e6, 0), _slices(1.2e6, 0), _slices(1.0, before=0.0)]
    alone = _slices(1.2e6, 0)
    alone.overview["cells"] = 1
    made = why.where(_data(), alone, language=language)
    assert made.missing
    return [*(why.where(_data(), result, language=language).title for result in shown), made.note]


@cases
def nobody_can_be_judged(language: str) -> Any:
    data, said = _data(), _reasons()
    made = [
        report.multiples(data, SHORT, language=language), why.reasons(data, SHORT, said, language=language),
        breaks_facts.timeline(data, SHORT, said, language=language), why.parts(data, SHORT, said, language=language),
        months.by_manager(data, SHORT, language=language), why.questions(data, SHORT, said, language=language),
    ]  # fmt: skip
    assert all(item.missing for item in made)
    return made


@cases
def questions_for_meetings(language: str) -> Any:
    said = _reasons("strong", "possible")
    many = why.questions(_data(), _breaks(*THREE[:2]), said, language=language)
    one, none = (why.questions(_data(), breaks, said, language=language).title for breaks in (_breaks(_break()), NONE))
    return [many, *cells(many, 2), one, none]


@cases
def notes_of_engines(language: str) -> Any:
    rng, span = np.random.default_rng(7), pd.period_range("2023-01", periods=36, freq="M")
    money = 100 * np.exp(rng.normal(0, 0.1, (4, len(span))))
    money[1, 30:] *= 0.3
    money[3, :34] = np.nan
    panel = pd.DataFrame(money, index=list("ABCD"), columns=span)
    leaves = pd.DataFrame({"manager": ["x", "y"] * 9, "product": np.repeat(list("abc"), 6), "amount": 100.0})
    halved = leaves.assign(amount=leaves["amount"].where(leaves["manager"] == "x", 50.0))
    step = np.r_[np.zeros(20), np.ones(20)] + rng.normal(0, 0.1, 40)
    deals = pd.DataFrame({"client_id": "B", "date": span.to_timestamp(), "amount": money[1]})
    broken = la.find_breaks(panel)
    results = [
        broken, la.find_breaks(panel.loc[["A", "C"]]), la.find_series_breaks(step),
        la.find_series_breaks(np.tile([1.0, 2.0], 20)), la.breakpoints(step), alarm_history(panel, runs=2),
        la.localise(leaves, halved, ["manager", "product"]), la.localise(leaves, leaves, ["manager", "product"]),
        find_total_breaks(panel, breaks=broken), la.explain_breaks(broken, deals), portfolio_bridge(deals, "2025-07"),
    ]  # fmt: skip
    return [note.text(language) for result in results for note in result.notes]


@cases
def tables_missing(language: str) -> Any:
    data, said = _data(missing=tuple(tables.names())), _reasons()
    shown = [
        report.scan(data, NONE, language=language), report.multiples(data, NONE, language=language),
        why.reasons(data, NONE, said, language=language), breaks_facts.timeline(data, NONE, said, language=language),
        why.parts(data, NONE, said, language=language), months.by_manager(data, NONE, language=language),
        months.by_industry(data, NONE, language=language), why.bridge(data, said, language=language),
        why.where(data, said, language=language), why.questions(data, NONE, said, language=language),
    ]  # fmt: skip
    assert all(item.missing for item in shown)
    return shown
