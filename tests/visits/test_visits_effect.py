"""Effect of visits on invented worlds: eight ways of choosing whom to visit, planted effects, units and order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from benchmarks import visits as worlds

import loyalty_analytics as la


def _counts(way, effect, runs, first):
    row = worlds.run(way, effect, runs, 200, {"ours": worlds.estimate}, first).iloc[0]
    # `pytest -rP` lists these figures: docs/visits.md takes its table from them.
    print(f"{way}, planted {effect:.0%}, {runs} worlds: mean {row['mean']:+.2%}, excludes zero "
          f"{row['excludes_zero']:.2%}, covers {row['covers']:.2%}, width {row['width']:.2%}")  # fmt: skip
    return row


def test_quiet_worlds_rarely_show_an_effect():
    # 40 worlds: more than 6 false alarms come by chance in 1.4 % at a true 5 %; fixed seeds make it a regression test.
    alarms = sum(_counts(way, 0.0, 5, 9000)["excludes_zero"] * 5 for way in worlds.WAYS)
    assert alarms <= 6


def test_a_planted_effect_is_covered():
    covered = sum(_counts(way, 0.10, 3, 9500)["covers"] * 3 for way in worlds.WAYS)
    assert covered >= 19  # of 24: fewer come by chance in .5 % at a true 93 %


def test_the_effect_of_earlier_visits_does_not_hide_that_of_the_next():
    # Managers who like to visit did so before: the usual volume of their clients holds the effect already.
    table = worlds.run("by each manager's habit", 0.20, 6, 300, {"ours": worlds.estimate}, 9900).iloc[0]
    assert abs(table["mean"] - 0.20) < 0.02


def test_before_after_errs_where_visits_go_to_those_who_fell():
    table = worlds.run("to those who fell", 0.0, 3, 200, first=9700).set_index("design")
    assert table.loc["before-after", "excludes_zero"] == 1
    assert table.loc["before-after", "mean"] > 0.04
    assert abs(table.loc["visit_effect", "mean"]) < 0.04


@pytest.mark.proof
@pytest.mark.parametrize("way", worlds.WAYS)
def test_no_effect_is_excluded_in_three_to_seven_percent(way):
    # 1,000 worlds: the share has a standard error of .7 points.
    assert 0.03 <= _counts(way, 0.0, 1000, 20_000)["excludes_zero"] <= 0.07


@pytest.mark.proof
@pytest.mark.parametrize("effect", [0.05, 0.10])
@pytest.mark.parametrize("way", worlds.WAYS)
def test_planted_effects_are_covered_in_93_percent(way, effect):
    assert _counts(way, effect, 400, 30_000)["covers"] >= 0.93


def test_units_of_money_and_order_of_rows_do_not_matter():
    meetings, panel = worlds.world("to the large", 0.05, 80, seed=5)
    first = la.visit_effect(meetings, panel).table
    shuffled = panel.assign(revenue=panel["revenue"] * 1000).sample(frac=1, random_state=2)
    other = la.visit_effect(meetings.sample(frac=1, random_state=1), shuffled).table
    # The slight ridge of the logit leaves a trace in the sixth digit.
    np.testing.assert_allclose(first[["effect", "low", "high"]], other[["effect", "low", "high"]], atol=1e-5, rtol=0)


def test_nothing_to_estimate_is_null_and_no_exception():
    panel = pd.DataFrame({"client_id": "A", "month": pd.period_range("2024-01", periods=30, freq="M"), "revenue": 1.0})
    none = pd.DataFrame({"client_id": [], "held_at": [], "purpose": [], "status": []})
    row = la.visit_effect(none, panel).table.iloc[0]
    assert row["question"] == "visits"
    assert np.isnan(row["effect"])
