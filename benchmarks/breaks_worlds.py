"""Invented panels of monthly volume with known breaks, each kind with a break-free twin.

    panel, truth, clients = world("ledger", seed=1)            # about 35 % of the clients break
    panel, truth, clients = world("ledger", seed=1, quiet=True)  # the same kind, nobody breaks

truth: client, break_month, kind, direction, size, n_pre, n_post, snr (distance from the same path
without the break in standard deviations of the noise, autocorrelation allowed for).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

MONTHS = 72
KINDS = ("level_drop", "gradual_decay", "churn", "slope_down", "level_rise", "recovery")
_SHARES = np.array([0.46, 0.15, 0.13, 0.12, 0.04, 0.10])
WORLDS = (
    "ledger", "heavy_tails", "orders", "growing_season", "moving_holidays", "contracts", "walks", "market_shock",
    "bulk", "prepaid", "tariffs", "young", "uneven_noise", "closures", "trends", "small_base",
)  # fmt: skip


def world(
    name: str, seed: int, clients: int = 1000, quiet: bool = False
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Panel (wide, monthly periods), truth and clients of one kind of world."""
    rng = np.random.default_rng([seed, WORLDS.index(name), int(quiet)])
    n = 60 if name == "small_base" else clients
    t = np.arange(MONTHS)
    kind = rng.choice(["anchor", "regular", "seasonal", "intermittent"], n, p=[0.15, 0.45, 0.23, 0.17])
    sigma = np.select(
        [kind == "anchor", kind == "intermittent"], [rng.uniform(0.08, 0.2, n), rng.uniform(0.25, 0.5, n)],
        rng.uniform(0.12, 0.35, n),
    )  # fmt: skip
    zero_share = np.where(kind == "intermittent", rng.uniform(0.1, 0.45, n), 0.0)
    phi = rng.uniform(0, 0.4, n)
    first = np.where(rng.random(n) < 0.45, 0, rng.integers(0, MONTHS - 23, n))
    season = _season(rng, kind, n)
    trend = np.where(rng.random(n) < 0.5, rng.uniform(-0.006, 0.012, n), 0.0)
    base = rng.normal(10.9, 1.0, n)
    path = base[:, None] + trend[:, None] * (t - first[:, None]) + season
    noise = _ar(rng, n, phi, "heavy" if name == "heavy_tails" else "normal") * sigma[:, None]
    path, noise = _particular(rng, name, path, noise, season, sigma, first, t)
    stray = (rng.random((n, MONTHS)) < 0.007) * rng.uniform(0.8, 2.2, (n, MONTHS)) * rng.choice([-1, 1], (n, MONTHS))
    rate, gap = rng.uniform(1.5, 15, n), rng.integers(1, 5, n)
    seen_sd = np.sqrt(sigma**2 + 1.2 / rate) if name == "orders" else sigma
    missed = 1 - 1 / gap if name == "bulk" else zero_share
    truth, factor, gone = _breaks(rng, n, first, seen_sd, phi, missed, quiet)
    money = np.exp(path + np.log(factor) + noise + stray)
    bought = rng.random((n, MONTHS)) >= zero_share[:, None]
    money = _orders(rng, name, money, bought, n, t, rate, gap)
    money[t >= gone[:, None]] = 0.0
    for row in np.flatnonzero(rng.random(n) < 0.08):
        begin = rng.integers(first[row], MONTHS - 6)
        money[row, begin : begin + rng.integers(1, 7)] = np.nan
    money[t < first[:, None]] = np.nan
    index = pd.Index([f"C{i:05d}" for i in range(n)], name="client")
    panel = pd.DataFrame(money, index=index, columns=pd.period_range("2020-01", periods=MONTHS, freq="M"))
    truth = pd.DataFrame(truth, columns=[
        "row", "at", "kind", "direction", "size", "effect_end", "n_pre", "n_post", "snr"
    ])  # fmt: skip
    truth.insert(0, "client", index[truth.pop("row").to_numpy(dtype=int)])
    truth.insert(1, "break_month", panel.columns[truth.pop("at").to_numpy(dtype=int)].astype(str))
    about = pd.DataFrame({"client": index, "type": kind, "sigma": sigma, "broken": index.isin(truth["client"])})
    return panel, truth, about


def _season(rng: np.random.Generator, kind: np.ndarray, n: int) -> np.ndarray:
    month = np.arange(MONTHS) % 12
    market = np.array([-0.26, -0.11, 0.01, 0.03, 0.01, -0.03, -0.07, -0.04, 0.04, 0.08, 0.11, 0.16])
    market = np.roll(market, rng.integers(0, 12)) * rng.uniform(0.5, 1.5)
    size = np.select([kind == "seasonal", kind == "anchor"], [rng.uniform(0.4, 0.8, n), 0.02], 0.05)
    angle = 2 * np.pi * month / 12
    own = np.zeros((n, MONTHS))
    for k, share in ((1, 1.0), (2, 0.5), (3, 0.3)):
        own += share * np.cos(k * angle + rng.uniform(0, 2 * np.pi, (n, 1)))
    return market[month] * rng.uniform(0.7, 1.3, (n, 1)) + own * size[:, None]


def _ar(rng: np.random.Generator, n: int, phi: np.ndarray, law: str) -> np.ndarray:
    shocks = rng.standard_t(3, (n, MONTHS)) / np.sqrt(3) if law == "heavy" else rng.normal(size=(n, MONTHS))
    out = np.empty((n, MONTHS))
    out[:, 0] = shocks[:, 0]
    for t in range(1, MONTHS):
        out[:, t] = phi * out[:, t - 1] + np.sqrt(1 - phi**2) * shocks[:, t]
    return out


def _particular(
    rng: np.random.Generator, name: str, path: np.ndarray, noise: np.ndarray, season: np.ndarray,
    sigma: np.ndarray, first: np.ndarray, t: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """What makes one kind of world different from the ledger."""
    n = len(path)
    if name == "growing_season":
        path = path + season * (t / 12 * rng.uniform(0.1, 0.35, (n, 1)))
    elif name == "moving_holidays":
        when = np.array([3, 2, 3, 3, 4, 3]) + 12 * np.arange(6)
        ramadan = np.array([4, 3, 3, 2, 2, 1]) + 12 * np.arange(6)
        exposed = rng.uniform(0.2, 0.7, n) * (rng.random(n) < 0.6)
        path = path + exposed[:, None] * np.isin(t, when) - 0.3 * exposed[:, None] * np.isin(t, ramadan)
    elif name == "contracts":
        renewed = (t[None, :] - rng.integers(0, 12, (n, 1))) // 12
        steps = np.cumsum(rng.normal(0.04, 0.05, (n, 8)), axis=1)
        path = path + np.take_along_axis(steps, np.maximum(renewed, 0), 1)
        noise = noise * 0.5
    elif name == "walks":
        path = path + np.cumsum(rng.normal(size=path.shape), axis=1) * rng.uniform(0.03, 0.12, (n, 1))
        noise = noise * 0.5
    elif name == "market_shock":
        month = rng.integers(30, 66)
        path = path - rng.uniform(0.25, 0.6) * rng.uniform(0.6, 1.4, (n, 1)) * (t >= month)
    elif name == "young":
        path = path - rng.uniform(0.3, 1.5, (n, 1)) * np.exp(-(t - first[:, None]).clip(0) / rng.uniform(4, 14, (n, 1)))
    elif name == "uneven_noise":
        noise = noise * (0.5 + 1.2 * t / MONTHS) * rng.uniform(0.7, 1.5, (n, 12))[:, t % 12]
    elif name == "trends":
        path = path + rng.normal(0, 0.18, (n, 1)) * (t - MONTHS / 2) / 12
    return path, noise


def _orders(
    rng: np.random.Generator,
    name: str,
    money: np.ndarray,
    bought: np.ndarray,
    n: int,
    t: np.ndarray,
    rate: np.ndarray,
    gap: np.ndarray,
) -> np.ndarray:
    """From money due to money booked."""
    if name == "orders":
        cheque = np.exp(rng.normal(8.0, 0.4, n))
        count = rng.poisson(rate[:, None] * money / np.median(money, axis=1, keepdims=True))
        spread = rng.uniform(0.2, 0.6, (n, 1))
        return np.where(count > 0, count * cheque[:, None], 0.0) * np.exp(
            rng.normal(size=money.shape) * spread / np.sqrt(np.maximum(count, 1))
        )
    if name == "bulk":
        due = (t[None, :] + rng.integers(0, 4, (n, 1))) % gap[:, None] == 0
        late = rng.random(due.shape) < 0.15
        moved = np.roll(due & late, 1, axis=1)
        return np.where((due & ~late) | moved, money, 0.0)
    if name == "prepaid":
        money = money * bought
        early = (rng.random(money.shape) < 0.08) & (t < MONTHS - 1)
        early &= ~np.roll(early, 1, axis=1)
        moved = np.where(early, np.roll(money, -1, axis=1), 0)
        return np.where(np.roll(early, 1, axis=1), 0, money + moved)
    if name == "tariffs":
        unit = np.exp(np.median(np.log(money), axis=1, keepdims=True)) / rng.integers(4, 40, (n, 1))
        calm = np.exp(np.round(np.log(money / unit) * 4) / 4)
        return np.round(calm) * unit * bought
    if name == "closures":
        month = rng.integers(0, 12, (n, 1))
        length = rng.integers(1, 4, (n, 1)) * (rng.random((n, 1)) < 0.5)
        closed = ((t[None, :] % 12 - month) % 12 < length) & (rng.random((n, len(t))) < 0.9)
        return np.where(closed, 0.0, money * bought)
    return money * bought


def _breaks(
    rng: np.random.Generator, n: int, first: np.ndarray, sigma: np.ndarray, phi: np.ndarray,
    zero_share: np.ndarray, quiet: bool,
) -> tuple[list[tuple], np.ndarray, np.ndarray]:  # fmt: skip
    factor, gone, truth = np.ones((n, MONTHS)), np.full(n, MONTHS), []
    if quiet:
        return truth, factor, gone
    for row in np.flatnonzero(rng.random(n) < 0.35):
        kind = KINDS[rng.choice(len(KINDS), p=_SHARES)]
        earliest, latest = int(first[row]) + 9, MONTHS - 3
        if kind == "recovery":
            latest = MONTHS - 12
        recent = rng.random() < 0.3
        from_month = max(earliest, latest - 12) if recent else earliest
        at = int(rng.integers(from_month, latest + 1)) if latest > earliest else earliest
        size = float(rng.uniform(0.17, 0.72))
        since = np.arange(MONTHS) - at
        after = since >= 0
        post = MONTHS - at
        if kind == "churn":
            gone[row] = at
            rows = [(at, kind, -1, -1.0, -1.0)]
        elif kind == "gradual_decay":
            size = float(rng.uniform(0.3, 0.85))
            factor[row] = np.where(after, 1 - size * -np.expm1(-np.maximum(since + 1, 0) / rng.uniform(2.5, 4.5)), 1)
            rows = [(at, kind, -1, -size, float(factor[row, -1] - 1))]
        elif kind == "slope_down":
            size = float(min(rng.uniform(0.012, 0.045) * post, 0.9))
            factor[row] = np.where(after, 1 - size * (since + 1) / post, 1)
            rows = [(at, kind, -1, -size, -size)]
        elif kind == "level_rise":
            factor[row] = np.where(after, 1 + size, 1)
            rows = [(at, kind, 1, size, size)]
        else:
            factor[row] = np.where(after, 1 - size, 1)
            rows = [(at, "level_drop", -1, -size, -size)]
            if kind == "recovery":
                back = at + int(rng.integers(6, min(18, MONTHS - 3 - at) + 1))
                level = 1 - size * rng.uniform(0, 0.3)
                factor[row, back:] = level
                rows.append((back, kind, 1, float(level / (1 - size) - 1), float(level / (1 - size) - 1)))
        for k, (month, what, sign, share, end) in enumerate(rows):
            until = rows[k + 1][0] if k + 1 < len(rows) else MONTHS
            if what == "churn":
                snr = 6 * np.sqrt(until - month)
            else:
                gap = np.log(factor[row, month:until] / factor[row, month - 1])
                have = (1 - zero_share[row]) * (1 - phi[row]) / (1 + phi[row])
                before = month - (rows[k - 1][0] if k else first[row])
                snr = np.sqrt((gap**2).sum() * have * before / (before + until - month)) / sigma[row]
            truth.append((row, month, what, sign, share, end, month - int(first[row]), MONTHS - month, float(snr)))
    return truth, factor, gone
