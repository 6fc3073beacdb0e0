"""Known truth: what share is found, and how many false alarms come on quiet panels."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la


def _scored(scores: ModuleType, panel: pd.DataFrame, truth: pd.DataFrame, about: pd.DataFrame) -> dict[str, float]:
    table = la.find_breaks(panel).table
    table = table[~table["market"]].rename(columns={"client_id": "client", "low": "ci_low", "high": "ci_high"})
    return scores.score_panel(table, truth, about)


def _quiet_share(worlds: ModuleType, name: str, seed: int, clients: int) -> float:
    panel, _, _ = worlds.world(name, seed, clients, quiet=True)
    table = la.find_breaks(panel).table
    return table.loc[~table["market"], "client_id"].nunique() / len(panel)


def test_development_panels(scores: ModuleType) -> None:
    got = [_scored(scores, *scores.load_panel(number)) for number in (1, 2)]
    mean = {key: np.mean([one[key] for one in got]) for key in got[0]}
    assert mean["f1@2"] >= 0.65
    assert mean["f1@1"] >= 0.57
    assert mean["recall@2[snr>=5]"] >= 0.81
    assert mean["recall@2[recent<=6]"] >= 0.52
    assert mean["sign_accuracy"] >= 0.995
    assert 0.93 <= mean["ci_coverage"] <= 0.97
    assert mean["ci_median_width"] <= 5


def test_quiet_development_panel(scores: ModuleType) -> None:
    panel, _, _ = scores.load_panel(9)
    result = la.find_breaks(panel)
    assert result.frame["client_id"].nunique() <= 30
    assert result.expected_false <= 3
    watchful = la.find_breaks(panel, setting="watchful")
    assert len(watchful) >= len(result)


@pytest.mark.parametrize("name", ["ledger", "walks", "market_shock"])
def test_worlds_in_short(worlds: ModuleType, scores: ModuleType, name: str) -> None:
    got = _scored(scores, *worlds.world(name, 7, 400))
    assert got["f1@2"] >= (0.40 if name == "walks" else 0.50)
    assert got["sign_accuracy"] >= 0.98
    assert _quiet_share(worlds, name, 8, 400) <= 0.05


def test_shock_of_the_whole_market_is_nobodys_own_break() -> None:
    rng = np.random.default_rng(21)
    months = pd.period_range("2021-01", periods=60, freq="M")
    money = np.exp(rng.normal(8, 1, (300, 1)) + rng.normal(0, 0.2, (300, 60)))
    money[:, 40:] *= 0.6
    money[0, 20:] *= 0.3
    table = la.find_breaks(pd.DataFrame(money, columns=months)).table
    own = table[~table["market"]]
    assert 0 in set(own["client_id"])
    at_shock = (own["break_month"] - pd.Timestamp("2024-05-01")).abs().dt.days < 62
    assert at_shock.mean() <= 0.05


def test_a_fall_of_many_is_marked() -> None:
    rng = np.random.default_rng(22)
    months = pd.period_range("2021-01", periods=60, freq="M")
    money = np.exp(rng.normal(8, 1, (300, 1)) + rng.normal(0, 0.15, (300, 60)))
    money[:90, 40:] *= 0.4  # one industry of several
    table = la.find_breaks(pd.DataFrame(money, columns=months)).table
    hit = table[table["client_id"] < 90]
    assert len(hit) >= 80
    assert hit["market"].mean() >= 0.95


def test_strict_finds_no_more_than_watchful(worlds: ModuleType) -> None:
    panel, _, _ = worlds.world("ledger", 3, 300)
    strict, watchful = (la.find_breaks(panel, setting=setting) for setting in ("strict", "watchful"))
    assert set(strict.frame["client_id"]) <= set(watchful.frame["client_id"])
    assert len(watchful) > len(strict)
    assert watchful.expected_false > strict.expected_false


@pytest.mark.proof
@pytest.mark.parametrize("seed", [501, 502])
def test_every_world(worlds: ModuleType, scores: ModuleType, seed: int) -> None:
    broken = {name: _scored(scores, *worlds.world(name, seed)) for name in worlds.WORLDS}
    quiet = {name: _quiet_share(worlds, name, seed + 50, 1000) for name in worlds.WORLDS}
    table = pd.DataFrame({
        name: {"f1@2": broken[name]["f1@2"], "sign": broken[name]["sign_accuracy"], "quiet": quiet[name]}
        for name in worlds.WORLDS
    }).T  # fmt: skip
    print(table.round(3).to_string())
    assert table["f1@2"].mean() >= 0.59
    assert table["quiet"].mean() <= 0.05
    assert table["quiet"].max() <= 0.10
    assert table["sign"].mean() >= 0.99


@pytest.mark.proof
def test_twelve_monthly_runs(worlds: ModuleType) -> None:
    panel, _, _ = worlds.world("ledger", 601, quiet=True)
    history = la.breaks.alarm_history(panel).table
    assert history["client_id"].nunique() / len(panel) <= 0.10
    panel, _, _ = worlds.world("ledger", 602)
    history = la.breaks.alarm_history(panel).table
    first, last = history["first_seen"].min(), history["last_seen"].max()
    fresh = history[(history["first_seen"] > first) & (history["first_seen"] < last)]
    assert len(fresh) > 60
    assert (fresh["state"] == "withdrawn").mean() <= 0.40
