"""Worlds of known rhythm, and how well kinds and lifecycle see it.

    python -m benchmarks.rhythm            # table of figures on seeds that nothing was tuned on
    python -m benchmarks.rhythm --seeds 3
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from benchmarks._table import show

RHYTHMS = ("regular", "seasonal", "sporadic", "one_off")
MARKET = np.array([0.78, 0.90, 1.00, 1.03, 0.99, 0.96, 0.86, 0.87, 1.05, 1.05, 1.10, 1.39])
WORLDS = {
    "window": {"shape": "window"},
    "smooth": {"shape": "smooth"},
    "two_peaks": {"shape": "two_peaks"},
    "window_24": {"shape": "window", "months": 24},
    "smooth_24": {"shape": "smooth", "months": 24},
    "two_peaks_24": {"shape": "two_peaks", "months": 24},
    "mixed": {"shape": "mixed"},
    "small": {"shape": "window", "clients": 150},
    "varied": {"shape": "window", "varied": True},
    "bursty": {"shape": "window", "bursts": 0.7},
}


def season(shape: str, rng: np.random.Generator, off: float = 0.04) -> np.ndarray:
    """Relative rate of the twelve months of one seasonal client, mean 1."""
    month = np.arange(12)
    start = rng.integers(12)
    if shape == "mixed":
        shape = rng.choice(["window", "smooth", "two_peaks"])
    if shape == "window":
        rate = np.where((month - start) % 12 < rng.integers(2, 6), 1.0, off)
    elif shape == "smooth":
        peak, power = 12 * rng.random(), rng.choice([1.0, 2.0, 4.0])
        rate = off + (1 - off) * (0.5 + 0.5 * np.cos(2 * np.pi * (month - peak) / 12)) ** power
    else:
        apart, one, two = rng.integers(4, 9), *rng.integers(1, 4, size=2)
        first, second = (month - start) % 12 < one, (month - start - apart) % 12 < two
        rate = np.where(first, 1.0, np.where(second, rng.uniform(0.5, 1.0), off))
    return rate / rate.mean()


def rates(
    kind: np.ndarray, months: int, shape: str, varied: bool, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Expected orders, clients × months, and who is an anchor.

    Fitted to the shared simulated base: gamma rates of regular (mean 2.1 a month, shape 3) and seasonal
    clients (2.75, shape 4, on a calendar of their own), narrow ones of the sporadic (.09-.21), 4 %
    anchors, 5 % of the regular pausing for 6-10 months, 6.5 % of these two kinds falling to .25-.70.
    ``varied`` spreads the rates of the sporadic (gamma of shape 3): the hard case, where a slow
    regular client and a busy sporadic one are the same.
    """
    clients, at = len(kind), np.arange(months)
    anchor = (rng.random(clients) < 0.04) & (kind < 2)
    sporadic = rng.gamma(3.0, 0.055, clients) if varied else rng.uniform(0.09, 0.21, clients)
    level = np.select(
        [kind == 0, kind == 1], [rng.gamma(3.0, 2.12 / 3, clients), rng.gamma(4.0, 2.75 / 4, clients)], sporadic
    )
    rate = np.outer(level * np.where(anchor, 2.2, 1.0), MARKET[at % 12] / MARKET.mean())
    for row in np.flatnonzero(kind == 1):
        rate[row] = rate[row].sum() / months * season(shape, rng)[at % 12]
    for row in np.flatnonzero((kind == 0) & (rng.random(clients) < 0.05)):
        pause = rng.integers(months)
        rate[row, pause : pause + rng.integers(6, 11)] = 0
    for row in np.flatnonzero((kind < 2) & (rng.random(clients) < 0.065)):
        rate[row, rng.integers(6, months) :] *= rng.uniform(0.25, 0.7)
    return rate, anchor


def world(
    seed: int, shape: str = "window", clients: int = 2000, months: int = 48, churn: float = 0.015,
    bursts: float = 0.0, share: tuple[float, ...] = (0.45, 0.2, 0.15, 0.2), varied: bool = False,
) -> tuple[pd.DataFrame, pd.DataFrame]:  # fmt: skip
    """Panel (client_id, month, orders, days, revenue, last_date) and truth (rhythm, anchor, churned, orders).

    Half of the clients are there when the data begin, the others come at any time; a one-off client
    orders once or twice in its month. ``bursts`` is the variance of a lognormal factor on each month's
    rate: orders are no Poisson then.
    """
    rng = np.random.default_rng(seed)
    start = pd.Period("2021-01", "M")
    kind = rng.choice(len(RHYTHMS), size=clients, p=share)
    born = np.where(rng.random(clients) < 0.5, 0, rng.integers(0, months, clients))
    died = born + rng.geometric(churn, clients)
    at = np.arange(months)
    alive = (at >= born[:, None]) & (at < died[:, None])
    rate, anchor = rates(kind, months, shape, varied, rng)
    if bursts:
        rate *= np.exp(rng.normal(-bursts / 2, np.sqrt(bursts), rate.shape))
    orders = rng.poisson(rate) * alive
    once = np.flatnonzero(kind == 3)
    orders[once] = 0
    orders[once, born[once]] = 1 + (rng.random(len(once)) < 0.48)
    cheque = rng.lognormal(10.66, 0.7, clients) * np.where(anchor, rng.lognormal(2.7, 0.5, clients), 1.0)
    row, column = np.nonzero(orders)
    count = orders[row, column]
    length = np.array([(start + int(c)).days_in_month for c in at])[column]
    last = 1 + np.floor(rng.beta(count, 1) * length).clip(max=length - 1).astype(int)
    month = pd.PeriodIndex.from_ordinals(start.ordinal + column, freq="M").to_timestamp()
    panel = pd.DataFrame({
        "client_id": row, "month": month, "orders": count, "days": count,
        "revenue": np.round(count * cheque[row] * rng.lognormal(0, 0.4, len(row)), 2),
        "last_date": month + pd.to_timedelta(last - 1, unit="D"),
    })  # fmt: skip
    truth = pd.DataFrame({
        "client_id": np.arange(clients), "rhythm": np.array(RHYTHMS)[kind], "anchor": anchor,
        "churned": died < months, "n_orders": orders.sum(axis=1),
    })  # fmt: skip
    return panel, truth[truth["n_orders"] > 0].reset_index(drop=True)


def score(panel: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """Figures of one world; unknown counts as wrong in F1 and as not covered in accuracy."""
    import loyalty_analytics as la

    end = "2021-01" if truth.empty else str(panel["month"].max())[:7]
    kinds = truth.merge(la.client_kinds(panel, end).table, on="client_id")
    life = truth.merge(la.lifecycle(panel, end).table, on="client_id")
    y, q = kinds["rhythm_x"].to_numpy(), kinds["rhythm_y"].to_numpy()
    guess = kinds["best_guess"].to_numpy()

    def f1(said: np.ndarray) -> float:
        each = [2 * ((y == k) & (said == k)).sum() / max(1, (y == k).sum() + (said == k).sum()) for k in RHYTHMS]
        return float(np.mean(each))

    covered = q != "unknown"
    right = y == guess
    surest = np.argsort(-kinds["probability"].to_numpy(), kind="stable")[: int(0.85 * len(kinds))]
    out = {"macro_f1": f1(q), "macro_f1_guess": f1(guess), "coverage": covered.mean(),
           "accuracy": (y == q)[covered].mean(), "accuracy_at_85": right[surest].mean()}  # fmt: skip
    anchor, called = kinds["anchor"].to_numpy(), kinds["is_anchor"].to_numpy()
    out["anchor_precision"] = (anchor & called).sum() / max(called.sum(), 1)
    out["anchor_recall"] = (anchor & called).sum() / max(anchor.sum(), 1)
    bins = np.digitize(kinds["probability"], [0.6, 0.7, 0.8, 0.9, 0.97])
    said = kinds["probability"].to_numpy()
    gaps = [abs(right[bins == b].mean() - said[bins == b].mean()) * (bins == b).mean() for b in set(bins)]
    out["calibration_error"] = float(sum(gaps))
    seasonal = life["rhythm"] == "seasonal"
    steady = life["rhythm"].isin(["regular", "seasonal"])
    lost, gone = life["status"] == "lost", life["churned"]
    out["lost_f1"] = 2 * (lost & gone & steady).sum() / ((lost & steady).sum() + (gone & steady).sum())
    wide = life["rhythm"] != "one_off"
    out["lost_f1_sporadic_too"] = 2 * (lost & gone & wide).sum() / ((lost & wide).sum() + (gone & wide).sum())
    out["false_alarm_seasonal"] = (lost & ~gone & seasonal).sum() / (~gone & seasonal).sum()
    out["sleeping_seasonal"] = ((life["status"] == "sleeping") & ~gone & seasonal).sum() / (~gone & seasonal).sum()
    return {name: round(float(value), 4) for name, value in out.items()}


def calibration(panel: pd.DataFrame, truth: pd.DataFrame) -> pd.DataFrame:
    """Share of right calls by the probability that was said."""
    import loyalty_analytics as la

    both = truth.merge(la.client_kinds(panel, str(panel["month"].max())[:7]).table, on="client_id")
    bins = pd.cut(both["probability"], [0, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1])
    right = (both["rhythm_x"] == both["best_guess"]).groupby(bins, observed=True)
    said = both["probability"].groupby(bins, observed=True)
    return pd.DataFrame({"clients": said.size(), "said": said.mean(), "right": right.mean()})


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=900)
    parser.add_argument("--calibration", action="store_true", help="share of right calls by the probability said")
    options = parser.parse_args()
    rows = []
    for name, how in WORLDS.items():
        runs = [score(*world(options.first + seed, **how)) for seed in range(options.seeds)]
        rows.append({"world": name, **{key: float(value) for key, value in pd.DataFrame(runs).mean().items()}})
    show(f"Kinds of clients and lost clients in invented worlds, seeds: {options.seeds}", rows)
    for name in ("window", "smooth", "two_peaks", "window_24") if options.calibration else ():
        print(f"\ncalibration, {name}")
        print(calibration(*world(options.first, clients=5000, **WORLDS[name])).round(3).to_string())


if __name__ == "__main__":
    main()
