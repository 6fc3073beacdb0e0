"""Steps of the closed loop: figures of R survival, and the traps of clocks and months."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.visits.survival import kaplan_meier, quantile

# Remission of leukaemia under 6-MP, 21 patients: E. J. Freireich et al., Blood 21 (1963) 699-716, as printed in
# D. R. Cox, D. Oakes, Analysis of Survival Data (1984), table 1.1. A + of the source is a False here.
WEEKS = [6, 6, 6, 6, 7, 9, 10, 10, 11, 13, 16, 17, 19, 20, 22, 23, 25, 32, 32, 34, 35]
SEEN = [1, 1, 1, 0, 1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0]


def test_kaplan_meier_of_the_leukaemia_trial():
    # Cox and Oakes (1984), table 4.1: the product-limit estimate at each time of relapse.
    curve = kaplan_meier(WEEKS, SEEN)
    assert curve["time"].tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert curve["at_risk"].tolist() == [21, 17, 15, 12, 11, 7, 6]
    np.testing.assert_allclose(curve["waiting"], [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448], atol=5e-4)
    # survfit(Surv(time, status) ~ 1, conf.type = "log-log"): median 23, lower 13, upper not reached.
    median, low, high = quantile(curve, 0.5)
    assert (median, low) == (23, 13)
    assert np.isnan(high)


def _case(**columns):
    return pd.DataFrame({"opened_at": ["2026-10-10 12:00:00"], **{name: [value] for name, value in columns.items()}})


def _step(cases, step, as_of="2026-10", **options):
    table = la.closed_loop(cases, as_of, **options).table
    return table[table["step"] == step].iloc[0]


def test_exactly_48_hours_is_in_time_and_a_second_more_is_not():
    assert _step(_case(first_contact_at="2026-10-12 12:00:00"), "contacted")["in_time"] == 1
    assert _step(_case(first_contact_at="2026-10-12 12:00:01"), "contacted")["in_time"] == 0


def test_a_young_case_is_not_judged_yet():
    young = _step(_case(first_contact_at=None), "contacted", as_of="2026-10-11")
    assert young["judged"] == 0
    assert np.isnan(young["in_time"])
    old = _step(_case(first_contact_at=None), "contacted", as_of="2026-10-20")
    assert (old["judged"], old["in_time"]) == (1, 0)


def test_a_case_closed_after_the_month_is_open_whatever_its_status_says():
    cases = _case(closed_at="2026-11-02", status="closed", due_at="2026-10-20")
    assert _step(cases, "closed")["share"] == 0
    assert len(la.closed_loop(cases, "2026-10").overdue) == 1
    assert len(la.closed_loop(cases, "2026-11").overdue) == 0


def test_due_today_is_not_overdue():
    cases = _case(due_at="2026-10-20")
    assert len(la.closed_loop(cases, "2026-10-20").overdue) == 0
    late = la.closed_loop(cases, "2026-10-21").overdue
    assert late["days_overdue"].tolist() == [1]


def test_the_working_clock_stands_still_on_weekends():
    # Friday 9 October 2026 18:00 to Tuesday 13 October 17:00: 95 hours, 47 of them on working days.
    cases = pd.DataFrame({"opened_at": ["2026-10-09 18:00"], "first_contact_at": ["2026-10-13 17:00"]})
    assert _step(cases, "contacted")["in_time"] == 0
    assert _step(cases, "contacted", clock="working")["in_time"] == 1
    assert _step(cases, "contacted", clock="working")["median"] == pytest.approx(47 / 24)


def test_cases_opened_later_are_invisible_and_no_cases_are_an_answer():
    assert _step(_case(), "contacted", as_of="2026-09")["n"] == 0
    assert la.closed_loop(pd.DataFrame(columns=["opened_at"]), "2026-10").table["n"].tolist() == [0] * 4


def test_unknown_clock_is_refused():
    with pytest.raises(DataError, match="clock"):
        la.closed_loop(_case(), "2026-10", clock="lunar")
