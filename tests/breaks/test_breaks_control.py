"""Error control: Benjamini-Hochberg, uniform p-values, the identity of alarms, breaks of totals."""

from __future__ import annotations

from types import ModuleType

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks import alarm_history, control, find_total_breaks, prepare
from loyalty_analytics.breaks.control import crowded, q_values, quiet_share, weights

MONTHS = pd.period_range("2021-01", periods=60, freq="M")


def test_q_values_equal_statsmodels() -> None:
    from statsmodels.stats.multitest import multipletests

    p = np.random.default_rng(1).random(50) ** 3
    assert np.allclose(q_values(p, 50), multipletests(p, method="fdr_bh")[1])


def test_quiet_share_is_one_when_quiet_and_lower_when_not() -> None:
    rng = np.random.default_rng(2)
    assert quiet_share(rng.random(5000)) == pytest.approx(1, abs=0.06)
    half = np.r_[rng.random(3000), rng.random(2000) * 0.01]
    assert quiet_share(half) == pytest.approx(0.6, abs=0.05)


def test_weights_have_mean_one_and_know_no_units() -> None:
    rng = np.random.default_rng(4)
    volume, judged = rng.lognormal(9, 2, 40), rng.random(40) < 0.8
    assert weights(volume, judged)[judged].mean() == pytest.approx(1)
    assert np.allclose(weights(volume * 1000, judged), weights(volume, judged))
    assert (weights(np.zeros(3), np.ones(3, dtype=bool)) == 1).all()
    assert np.allclose(weights(np.full(9, 7.0), np.ones(9, dtype=bool)), 1)


def _one_large_client(seed: int, after: float) -> pd.DataFrame:
    """Thirty small clients and one with 87 % of the money and ten orders a month, from month 29 of 34 fewer."""
    rng = np.random.default_rng(seed)
    months = pd.period_range("2024-01", periods=34, freq="M")
    rate = rng.gamma(2, 0.5, 30)
    small = [[rng.lognormal(9.2, 0.4, k).sum() for k in rng.poisson(r, 34)] for r in rate]
    each = np.sum(small) * 0.87 / 0.13 / 340
    count = rng.poisson(np.where(np.arange(34) < 29, 10, 10 * after))
    large = [each * rng.lognormal(-0.08, 0.4, k).sum() for k in count]
    table = pd.DataFrame([*small, large], index=[*(f"s{i}" for i in range(30)), "large"], columns=months)
    return table.where(table.cumsum(axis=1) > 0)


def test_the_largest_client_is_not_lost_among_many_small_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    panels = [_one_large_client(seed, 0.5) for seed in range(16)]

    def seen() -> int:
        return sum("large" in set(la.find_breaks(panel).table["client_id"]) for panel in panels)

    found = seen()
    monkeypatch.setattr(control, "_BY_MONEY", 0.0)
    assert found >= seen() + 2
    assert found >= 9


def test_the_largest_client_raises_no_alarm_when_quiet() -> None:
    panels = (_one_large_client(seed, 1.0) for seed in range(20))
    assert sum("large" in set(la.find_breaks(panel).table["client_id"]) for panel in panels) <= 1


def test_the_market_is_a_median_in_which_money_does_not_count() -> None:
    """A large client's own fall is not taken for the market's: each client counts once, whatever its money."""
    panel = _one_large_client(3, 0.5)
    with np.errstate(divide="ignore"):
        log = np.log(panel.to_numpy())
    log[~np.isfinite(log)] = np.nan
    calendar = np.arange(34) % 12
    whole, without = prepare.market_path(log, calendar), prepare.market_path(log[:-1], calendar)
    assert abs((whole - without)[29:].mean()) < 0.05
    log[-1] += 3.0
    assert np.allclose(prepare.market_path(log, calendar), whole)


def test_crowd_needs_to_stand_out() -> None:
    rng = np.random.default_rng(3)
    spread = rng.integers(10, 60, 120)
    assert not crowded(spread, 300).any()
    crowd = np.r_[spread, np.full(60, 30)]
    assert crowded(crowd, 300)[-60:].all()
    assert not crowded(crowd, 300)[:120][np.abs(spread - 30) > 2].any()


@pytest.mark.parametrize("name", ["ledger", "tariffs", "closures", "market_shock"])
def test_p_values_are_uniform_on_quiet_clients(worlds: ModuleType, name: str) -> None:
    panel, _, _ = worlds.world(name, 77, 900, quiet=True)
    p = la.find_breaks(panel).clients["p_value"].dropna().to_numpy()
    for share, room in ((0.05, 0.035), (0.1, 0.035), (0.2, 0.035), (0.5, 0.08)):
        assert (p <= share).mean() <= share + room, share
    assert (p <= 0.5).mean() >= 0.35


@pytest.mark.proof
@pytest.mark.parametrize("months", [24, 36, 48, 72])
def test_quantiles_by_length(worlds: ModuleType, months: int) -> None:
    rows = {}
    for name in ("ledger", "heavy_tails", "tariffs", "walks"):
        panel, _, _ = worlds.world(name, 88, 2000, quiet=True)
        p = la.find_breaks(panel.iloc[:, -months:]).clients["p_value"].dropna()
        rows[name] = [(p <= share).mean() for share in (0.01, 0.05, 0.1, 0.2, 0.5)]
    print(pd.DataFrame(rows, index=[0.01, 0.05, 0.1, 0.2, 0.5]).round(3).to_string())
    assert rows["ledger"][1] <= 0.07
    assert all(row[1] <= 0.13 for row in rows.values())


def _panel() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    money = 1000 * np.exp(rng.normal(0, 0.15, (40, 60)))
    money[0, 50:] *= 0.3
    money[1, 53:] *= 0.3
    money[2, 20:] *= 0.4
    return pd.DataFrame(money, index=[f"C{i}" for i in range(40)], columns=MONTHS)


def test_alarms_keep_their_identity() -> None:
    table = alarm_history(_panel(), runs=12).table.set_index("client_id")
    assert table.loc["C2", "first_seen"] == pd.Timestamp("2025-01-01")  # the first run: then or earlier
    assert table.loc["C2", "state"] == "still_there"
    for client, at in (("C0", 50), ("C1", 53)):
        waited = table.loc[client, "first_seen"].to_period("M") - MONTHS[at]
        assert 1 <= waited.n <= 4
        assert table.loc[client, "state"] == "still_there"
        assert table.loc[client, "break_month_now"] == MONTHS[at].to_timestamp()


def test_history_says_what_single_runs_say() -> None:
    panel = _panel()
    table = alarm_history(panel, runs=3).table
    now = la.find_breaks(panel).frame
    standing = table[table["state"] != "withdrawn"]
    assert set(zip(standing["client_id"], standing["break_month_now"])) == set(
        zip(now["client_id"], now["break_month"])
    )


def test_totals_tell_few_clients_from_all() -> None:
    rng = np.random.default_rng(6)
    money = 1000 * np.exp(rng.normal(0, 0.1, (60, 60)))
    money[:20, 40:] *= 0.7  # every client of manager a
    money[20, :] *= 20
    money[20, 45:] *= 0.2  # one large client of manager b
    panel = pd.DataFrame(money, index=range(60), columns=MONTHS)
    manager = pd.DataFrame({"client_id": range(60), "manager_id": np.repeat(["a", "b", "c"], 20)})
    table = find_total_breaks(panel, manager).table.set_index("group")
    assert set(table.index) == {"a", "b"}
    assert table.loc["a", "break_month"] == MONTHS[40].to_timestamp()
    assert table.loc["b", "break_month"] == MONTHS[45].to_timestamp()
    assert table.loc[["a", "b"], "verdict"].tolist() == ["broad", "few"]
    assert table.loc["b", "made_by"] == 1
    assert table.loc["a", "clients"] == 20


def test_levels_follow_the_money() -> None:
    panel = _panel()
    result = la.find_breaks(panel)
    levels = result.levels("C0").set_index("month")
    assert levels["level"].iloc[20:48].mean() == pytest.approx(1000, rel=0.12)
    assert levels["level"].iloc[-1] == pytest.approx(300, rel=0.2)
    assert len(result.levels()) == 60 * result.frame["client_id"].nunique()
    with pytest.raises(la.LoyaltyError, match="No client"):
        result.levels("nobody")


def test_pictures_show_the_table() -> None:
    from loyalty_analytics.plots.breaks import breaks_scan

    result = la.find_breaks(_panel())
    axes = result.plot(language="ru", most=2)
    assert axes.get_title(loc="left") == str(result.frame["client_id"].iloc[0])
    scan = breaks_scan(result.frame, language="ru")
    assert len(scan.collections[0].get_offsets()) == len(result)


def test_notes_speak_both_languages() -> None:
    result = la.find_breaks(_panel())
    for language in ("ru", "en"):
        assert all(note.text(language) for note in result.notes)
    assert "expected_false" in set(result.overview["measure"])
