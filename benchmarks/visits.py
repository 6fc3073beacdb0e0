"""Visits: does `visit_effect` find what was planted, what do the usual designs find, how fast is the plan.

    python -m benchmarks.visits effect [--runs 200] [--clients 300] [--brief]
    python -m benchmarks.visits plan

Worlds are invented here: 300 clients, 48 months, log volume = size + season + slow drift + AR(1) noise, a visit only
to clients that are due, chosen in one of eight ways from what the head could know by then. Where an effect is planted
it multiplies the volume of the three months after the visit.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
import pandas as pd
from benchmarks._table import apart, show

import loyalty_analytics as la

WAYS = ("at random", "to those who fell", "to the large", "before their season", "to the neglected and falling",
        "by each manager's habit", "after a low score", "between campaigns")  # fmt: skip
# The assumption broken on purpose: the head goes by a size that twelve months of the ledger show only in part.
HIDDEN = "by a size not in the ledger"
WINDOW = 3


def world(way: str, effect: float = 0.0, clients: int = 300, months: int = 48, seed: int = 0) -> tuple:
    """Meetings and panel of an invented base.

    Returns
    -------
    (meetings, panel) : client_id, held_at, status, format, purpose; client_id, month, revenue
    """
    dice = np.random.default_rng([seed, (*WAYS, HIDDEN).index(way), clients])
    size = dice.normal(11, 1, clients)
    volume = _volumes(dice, size, months)
    campaign = _campaigns(dice, clients, months) if way == "between campaigns" else np.zeros(volume.shape, dtype=bool)
    volume = volume * np.where(campaign, 1.8, 1.0)
    visited, prepared = np.zeros(volume.shape, dtype=bool), np.zeros(volume.shape, dtype=bool)
    since, score = dice.integers(1, 8, clients), np.full(clients, 8.0)
    habit = dice.normal(0, 0.8, (6, 3))[dice.integers(0, 6, clients)]  # of the client's manager
    for month in range(months):
        recent = (visited | prepared)[:, max(0, month - WINDOW) : month].any(axis=1)
        volume[:, month] *= np.where(recent, 1 + effect, 1.0)
        if month >= 12:
            chance = _chance(way, volume, month, since, size, habit, score)
            visited[:, month] = (since > WINDOW) & (dice.random(clients) < chance)
            told = np.clip(np.round(8 - 2 * _fall(volume, month) + dice.normal(0, 1, clients)), 0, 10)
            score = np.where(visited[:, month], told, score)
        if month + 1 < months:  # a meeting before a campaign has a purpose of its own and takes the visit's place
            prepared[:, month] = campaign[:, month + 1] & ~campaign[:, month] & (dice.random(clients) < 0.7)
            visited[:, month] &= ~prepared[:, month]
        since = np.where((visited | prepared)[:, month], 1, since + 1)
    start = pd.Period("2022-01", "M")
    parts = []
    for held, purpose in ((visited, "quarterly"), (prepared, "pre_campaign")):
        who, when = np.nonzero(held)
        days = [(start + int(m)).start_time + pd.Timedelta(days=9) for m in when]
        parts.append(pd.DataFrame({"client_id": who, "held_at": pd.to_datetime(days), "status": "held",
                                   "format": "meeting", "purpose": purpose}))  # fmt: skip
    panel = pd.DataFrame(
        {
            "client_id": np.repeat(np.arange(clients), months),
            "month": np.tile(pd.period_range(start, periods=months, freq="M").to_timestamp(), clients),
            "revenue": volume.ravel().round(2),
        }
    )
    return pd.concat(parts, ignore_index=True), panel


def _volumes(dice: np.random.Generator, size: np.ndarray, months: int) -> np.ndarray:
    """Volumes without any visit, client × month; 4 % of the months are empty."""
    clients = len(size)
    phase, swing = dice.integers(0, 12, clients), dice.uniform(0, 0.5, clients)
    drift = np.cumsum(dice.normal(0, 0.04, (clients, months)), axis=1)
    season = swing[:, None] * np.cos(2 * np.pi * (np.arange(months) - phase[:, None]) / 12)
    noise = np.zeros((clients, months))
    shocks = dice.normal(0, 0.25, (clients, months))
    for month in range(months):
        noise[:, month] = (0.5 * noise[:, month - 1] if month else 0) + shocks[:, month]
    bare = np.exp(size[:, None] + season + drift + noise)
    bare[dice.random(bare.shape) < 0.04] = 0.0
    return bare


def _campaigns(dice: np.random.Generator, clients: int, months: int) -> np.ndarray:
    """Months of campaigns: two in a row, five to twelve months from start to start."""
    running = np.zeros((clients, months + 2), dtype=bool)
    start = np.cumsum(dice.integers(5, 12, (clients, months // 5 + 1)), axis=1) - dice.integers(0, 8, (clients, 1))
    who, which = np.nonzero(start < months)
    for step in (0, 1):
        running[who, start[who, which] + step] = True
    return running[:, :months]


def _fall(volume: np.ndarray, month: int) -> np.ndarray:
    year = volume[:, month - 12 : month].mean(axis=1) + 1
    return np.clip(-np.log(volume[:, month - 3 : month].mean(axis=1) / year + 0.03), -1, 2)


def _chance(
    way: str, volume: np.ndarray, month: int, since: np.ndarray, size: np.ndarray, habit: np.ndarray, score: np.ndarray
) -> np.ndarray:
    """Probability that a client that is due is visited, from what was known by the month before."""
    year = volume[:, month - 12 : month].mean(axis=1) + 1
    fall = _fall(volume, month)
    last = np.clip(np.log(volume[:, max(0, month - 11) : month - 8].mean(axis=1) / year + 0.03), -2, 1)
    large = np.log(volume[:, :month].mean(axis=1) + 1) - 11
    wish = {
        "at random": 0 * fall,
        "to those who fell": 2.0 * fall,
        "to the large": 0.8 * large,
        HIDDEN: 0.8 * (size - 11),
        "before their season": 1.5 * last,
        "to the neglected and falling": 1.2 * fall + 0.25 * (np.minimum(since, 12) - 6),
        "by each manager's habit": habit[:, 0] + 2 * habit[:, 1] * fall + habit[:, 2] * large,
        "after a low score": 0.8 * (8 - score),
        "between campaigns": 2.0 * fall,
    }[way]
    return 1 / (1 + np.exp(1.2 - wish))


def _matrices(meetings: pd.DataFrame, panel: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    volume = panel.pivot(index="client_id", columns="month", values="revenue")
    visited = np.zeros(volume.shape, dtype=bool)
    at = pd.to_datetime(meetings["held_at"]).dt.to_period("M").dt.to_timestamp()
    visited[volume.index.get_indexer(meetings["client_id"]), volume.columns.get_indexer(at)] = True
    return volume.to_numpy(float), visited


def _least_squares(design: np.ndarray, value: np.ndarray, group: np.ndarray) -> tuple[float, float, float]:
    """First coefficient as a relative change with its 95 % interval, clustered by client."""
    inverse = np.linalg.pinv(design.T @ design)
    beta = inverse @ (design.T @ value)
    scores = np.zeros((group.max() + 1, design.shape[1]))
    np.add.at(scores, group, design * (value - design @ beta)[:, None])
    spread = float(np.sqrt((inverse @ (scores.T @ scores) @ inverse)[0, 0]))
    return tuple(float(np.expm1(beta[0] + z * spread)) for z in (0, -1.96, 1.96))


def before_after(meetings: pd.DataFrame, panel: pd.DataFrame) -> tuple[float, float, float]:
    """Three months after a visit against the three before it."""
    volume, visited = _matrices(meetings, panel)
    who, when = np.nonzero(visited[:, WINDOW : -WINDOW - 1])
    when = when + WINDOW
    after = np.array([volume[i, k + 1 : k + 1 + WINDOW].sum() for i, k in zip(who, when)])
    before = np.array([volume[i, k - WINDOW : k].sum() for i, k in zip(who, when)])
    good = (after > 0) & (before > 0)
    ratio = np.log(after[good] / before[good])
    return _least_squares(np.ones((good.sum(), 1)), ratio, who[good])


def fixed_effects(meetings: pd.DataFrame, panel: pd.DataFrame) -> tuple[float, float, float]:
    """Log volume on effects of client and month and a dummy for the three months after a visit."""
    volume, visited = _matrices(meetings, panel)
    exposed = np.zeros(volume.shape)
    for step in range(1, WINDOW + 1):
        exposed[:, step:] = np.maximum(exposed[:, step:], visited[:, :-step])
    seen = volume > 0
    parts = [np.where(seen, part, 0.0) for part in (exposed, np.log(np.where(seen, volume, 1.0)))]
    for _ in range(40):
        for part in parts:
            for axis in (0, 1):
                count = np.maximum(seen.sum(axis=axis, keepdims=True), 1)
                part -= np.where(seen, part.sum(axis=axis, keepdims=True) / count, 0.0)
    who, _ = np.nonzero(seen)
    return _least_squares(parts[0][seen][:, None], parts[1][seen], who)


def matched(meetings: pd.DataFrame, panel: pd.DataFrame) -> tuple[float, float, float]:
    """Visited against due clients: change of three months after on before, given trend, season and size."""
    volume, visited = _matrices(meetings, panel)
    since, rows = np.full(len(volume), 99), []
    for month in range(volume.shape[1] - WINDOW):
        if month >= 16:
            span = {name: volume[:, month - a : month - b].mean(axis=1)
                    for name, a, b in (("pre", 3, 0), ("prev", 9, 3), ("last", 11, 8), ("lastpre", 15, 12),
                                       ("year", 12, 0))}  # fmt: skip
            post = volume[:, month + 1 : month + 1 + WINDOW].mean(axis=1)
            good = (since > WINDOW) & (post > 0) & np.all([part > 0 for part in span.values()], axis=0)
            at = np.flatnonzero(good)
            s = {name: np.log(part[at]) for name, part in span.items()}
            rows.append(
                np.column_stack([visited[at, month], np.log(post[at]) - s["pre"], s["pre"] - s["prev"],
                                 s["last"] - s["lastpre"], s["year"], at, np.full(len(at), month)])
            )  # fmt: skip
        since = np.where(visited[:, month], 1, since + 1)
    table = np.vstack(rows)
    dummies = (table[:, [6]] == np.unique(table[:, 6])).astype(float)
    return _least_squares(np.hstack([table[:, [0]], table[:, 2:5], dummies]), table[:, 1], table[:, 5].astype(int))


def estimate(meetings: pd.DataFrame, panel: pd.DataFrame) -> tuple[float, float, float]:
    """`la.visit_effect`."""
    row = la.visit_effect(meetings, panel, placebos=0).frame.iloc[0]
    return float(row["effect"]), float(row["low"]), float(row["high"])


DESIGNS: dict[str, Callable[..., tuple[float, float, float]]] = {
    "visit_effect": estimate, "before-after": before_after, "fixed effects": fixed_effects, "matched": matched,
}  # fmt: skip


def run(way: str, effect: float, runs: int, clients: int, designs: dict | None = None, first: int = 0) -> pd.DataFrame:
    """Mean estimate, share of intervals that miss zero and that cover the planted effect."""
    found = []
    for seed in range(first, first + runs):
        tables = world(way, effect, clients, seed=seed)
        for name, design in (designs or DESIGNS).items():
            value, low, high = design(*tables)
            found.append((name, value, not low <= 0 <= high, low <= effect <= high, high - low))
    table = pd.DataFrame(found, columns=["design", "mean", "excludes_zero", "covers", "width"])
    return table.groupby("design", sort=False).mean(numeric_only=True).assign(way=way, planted=effect).reset_index()


def base(clients: int = 5000, managers: int = 100, seed: int = 1) -> dict[str, pd.DataFrame]:
    """A base to plan for, with contacts held and agreed, campaigns and problems."""
    dice = np.random.default_rng(seed)
    table = pd.DataFrame(
        {"client_id": [f"C{i}" for i in range(clients)],
         "client_type": dice.choice(["regular", "seasonal", "one_off"], clients, p=[0.7, 0.25, 0.05]),
         "is_anchor": dice.random(clients) < 0.15, "company_size": dice.choice(["large", "small"], clients),
         "season_start": dice.integers(1, 13, clients), "season_months": dice.integers(1, 6, clients),
         "manager_id": [f"M{i % managers}" for i in range(clients)]}
    )  # fmt: skip
    k, p, c, q = 2 * clients, clients // 5, clients // 5, clients // 20

    def days(first: str, spread: int, n: int) -> pd.DatetimeIndex:
        return pd.Timestamp(first) + pd.to_timedelta(dice.integers(0, spread, n), unit="D")

    held = pd.DataFrame({"client_id": dice.choice(table["client_id"], k), "status": "held",
                         "held_at": days("2026-01-05", 260, k), "planned_at": pd.NaT,
                         "format": dice.choice(["meeting", "call", "online"], k)})  # fmt: skip
    agreed = pd.DataFrame({"client_id": dice.choice(table["client_id"], p), "status": "planned", "held_at": pd.NaT,
                           "planned_at": days("2026-10-03", 88, p),
                           "format": dice.choice(["meeting", "call"], p)})  # fmt: skip
    start = days("2026-09-10", 100, c)
    campaigns = pd.DataFrame({"client_id": dice.choice(table["client_id"], c), "start": start,
                              "end": start + pd.to_timedelta(dice.integers(5, 60, c), unit="D")})  # fmt: skip
    problems = pd.DataFrame({"client_id": dice.choice(table["client_id"], q), "opened_at": days("2026-09-01", 29, q)})
    return {"clients": table, "meetings": pd.concat([held, agreed], ignore_index=True), "campaigns": campaigns,
            "problems": problems}  # fmt: skip


def _plan() -> None:
    def warm() -> object:  # imports; not in the parent, whose solver threads would not live on in a fork
        return la.plan_visits(pd.DataFrame({"client_id": ["A"]}), None, "2026-03")

    year = pd.DataFrame({"client_id": range(50), "manager_id": "M"})
    rows: list[dict[str, object]] = []
    for name, call in (
        ("50 clients x 12 months", lambda: la.plan_visits(year, None, "2025-12", months=12)),
        ("5,000 clients x 3 months x 100 managers", lambda: la.plan_visits(as_of="2026-09", **base())),
    ):
        cost = apart(call, warm)
        plan = cost.value
        rows.append({"plan": name, "CPU s": cost.cpu, "MB added": cost.mb, "contacts": len(plan),
                     "exceptions": len(plan.exceptions), "gap": float(plan.overview["gap"].max())})  # fmt: skip
    show("Plan of visits", rows)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["effect", "plan"])
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--clients", type=int, default=300)
    parser.add_argument("--brief", action="store_true", help="three ways of choosing, no effect and +10 %% only")
    asked = parser.parse_args()
    if asked.what == "plan":
        _plan()
        return
    ways, effects = ((WAYS[0], WAYS[1], WAYS[4]), (0.0, 0.10)) if asked.brief else ((*WAYS, HIDDEN), (0.0, 0.05, 0.10))
    rows = [run(way, effect, asked.runs, asked.clients) for effect in effects for way in ways]
    table = pd.concat(rows, ignore_index=True)[["planted", "way", "design", "mean", "excludes_zero", "covers", "width"]]
    table = table.rename(columns={"way": "visits go", "excludes_zero": "excludes zero", "covers": "covers planted"})
    show(f"Effect of visits, {asked.runs} worlds a line", table.to_dict("records"),
         "Mean estimate; shares of 95 % intervals that exclude zero and that cover the planted; width.")  # fmt: skip


if __name__ == "__main__":
    main()
