"""Drivers against other programs, known truth and slow twins."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.causes.drivers import _benjamini_hochberg, _shapley


def _world(seed, n=600, effect=70.0, precision=1.0, recall=1.0):
    """Scores with one harmful cause whose tags err in a known way."""
    dice = np.random.default_rng(seed)
    truth = dice.random(n) < 0.25
    score = np.where(truth & (dice.random(n) < effect / 100), 3, dice.choice([5, 8, 10], n, p=[0.2, 0.3, 0.5]))
    found = truth & (dice.random(n) < recall)
    wrong = found.sum() * (1 - precision) / precision
    found |= ~truth & (dice.random(n) < wrong / (~truth).sum())
    feedback = pd.DataFrame({"feedback_id": range(n), "text": [f"text {i}" for i in range(n)], "score": score})
    tags = pd.DataFrame({"feedback_id": np.flatnonzero(found), "cause": "price", "sentiment": "negative"})
    points = np.where(score >= 9, 100, np.where(score <= 6, -100, 0))
    return feedback, tags, truth, points[truth].mean() - points[~truth].mean()


def _checked(feedback, truth, n):
    rows = [
        {"text": text, "cause": "price" if said else None, "sentiment": "negative" if said else None}
        for text, said in zip(feedback["text"].head(n), truth)
    ]
    return pd.DataFrame(rows)


def test_odds_and_p_value_are_those_of_other_programs():
    """Fisher's tea table 3-1-1-3: p = 0.4857 (Agresti 2002, p. 92), here 10 times each cell against statsmodels."""
    from scipy.stats import fisher_exact
    from statsmodels.stats.contingency_tables import Table2x2

    named = [True] * 40 + [False] * 40
    low = [True] * 30 + [False] * 10 + [True] * 10 + [False] * 30
    feedback = pd.DataFrame({"feedback_id": range(80), "score": np.where(low, 2, 9)})
    tags = pd.DataFrame({"feedback_id": np.flatnonzero(named), "cause": "price", "sentiment": "negative"})
    row = la.cause_drivers(tags, feedback).table.iloc[0]
    other = Table2x2(np.array([[30.5, 10.5], [10.5, 30.5]]))
    assert row["odds"] == pytest.approx(other.oddsratio)
    assert (row["odds_low"], row["odds_high"]) == pytest.approx(other.oddsratio_confint())
    assert row["p_value"] == pytest.approx(fisher_exact([[30, 10], [10, 30]])[1])
    assert row["gap_observed"] == pytest.approx(-100.0)


def test_benjamini_hochberg_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p = np.array([0.001, 0.2, 0.03, 0.04, 0.9, np.nan])
    got = _benjamini_hochberg(p)
    assert got[:5] == pytest.approx(multipletests(p[:5], method="fdr_bh")[1])
    assert np.isnan(got[5])


def test_shapley_shares_equal_the_mean_over_all_orders():
    dice = np.random.default_rng(4)
    design = (dice.random((120, 4)) < 0.3).astype(float)
    value = design @ [3.0, 1.0, 0.0, -2.0] + dice.normal(size=120)

    def r2(columns):
        if not columns:
            return 0.0
        x = np.column_stack([np.ones(120), design[:, columns]])
        rest = value - x @ np.linalg.lstsq(x, value, rcond=None)[0]
        return 1 - rest.var() / value.var()

    slow = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        for place, cause in enumerate(order):
            slow[cause] += (r2(list(order[: place + 1])) - r2(list(order[:place]))) / len(orders)
    assert _shapley(design, value) == pytest.approx(slow / slow.sum(), abs=1e-6)


def _coverage(worlds):
    inside, errors, raw = 0, [], []
    for seed in range(worlds):
        feedback, tags, truth, gap = _world(seed, precision=0.8, recall=0.7)
        row = la.cause_drivers(tags, feedback, corrections=_checked(feedback, truth, 200), draws=200).table.iloc[0]
        inside += row["gap_negative_low"] <= gap <= row["gap_negative_high"]
        errors.append(abs(row["gap_negative"] - gap))
        raw.append(abs(row["gap_observed"] - gap))
    return inside / worlds, np.mean(errors), np.mean(raw)


def test_the_correction_undoes_flattening():
    covered, error, raw = _coverage(20)
    assert covered >= 0.85
    assert error <= 12
    assert error < raw / 1.5


@pytest.mark.proof
def test_the_corrected_interval_covers():
    covered, error, _ = _coverage(200)
    assert covered >= 0.90
    assert error <= 12


def test_laws_of_order_and_repetition():
    feedback, tags, _, _ = _world(1)
    dice = np.random.default_rng(0)
    straight = la.cause_drivers(tags, feedback, draws=50).table
    mixed = la.cause_drivers(tags.sample(frac=1, random_state=dice), feedback, draws=50).table
    pd.testing.assert_frame_equal(straight, mixed)
    twice = la.cause_drivers(pd.concat([tags, tags]), feedback, draws=50).table
    pd.testing.assert_frame_equal(straight, twice)
    rows = feedback.sample(frac=1, random_state=dice)
    pd.testing.assert_frame_equal(straight, la.cause_drivers(tags, rows, draws=50).table)


def test_too_few_scale_and_money():
    feedback, tags, _, _ = _world(2, n=100)
    few = la.cause_drivers(tags.head(9), feedback).table.iloc[0]
    assert few["status"] == "too few"
    assert pd.isna(few["gap_negative"])
    questions = pd.DataFrame({"question_id": ["a"], "metric": ["csat"]})
    clients = feedback.assign(question_id="a", client_id=[f"C{i % 10}" for i in range(100)])
    money = pd.DataFrame({"client_id": [f"C{i}" for i in range(10)], "revenue": 5.0})
    result = la.cause_drivers(tags, clients, questions=questions, revenue=money)
    assert result.overview["scale"].tolist() == ["mean"]
    assert abs(result.table["gap_observed"].iloc[0]) < 10
    assert result.table["money"].iloc[0] == 5.0 * result.table["clients"].iloc[0]
    empty = la.cause_drivers(tags.head(0), feedback)
    assert len(empty.table) == 0
    assert list(empty.table.columns) == list(result.table.columns)
    pd.testing.assert_series_equal(empty.table.dtypes, result.table.dtypes)


def test_drill_and_before_after():
    """Newcombe 1998, table II, method 10: 56/70 against 48/80 is 0.2000 with 0.0524 to 0.3339."""
    from loyalty_analytics.causes import before_after, drill

    when = ["2026-01-10"] * 80 + ["2026-03-10"] * 70
    feedback = pd.DataFrame({"feedback_id": range(150), "created_at": when, "score": 5, "unit_id": "S1"})
    named = [*range(48), *range(80, 80 + 56)]
    tags = pd.DataFrame({"feedback_id": named, "cause": "price.level", "sentiment": "negative"})
    row = before_after(tags, feedback, "price", "2026-02").table.iloc[0]
    assert row["change"] == pytest.approx(0.2000, abs=5e-5)
    assert (row["low"], row["high"]) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    assert row["verdict"] == "rose"
    table = drill(tags, feedback, "unit_id").table
    assert table.loc[0, ["low_scores", "named"]].tolist() == [150, 104]
