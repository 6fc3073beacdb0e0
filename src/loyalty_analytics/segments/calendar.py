"""Every client's own calendar: one model of when a client buys, behind kinds and lifecycle.

A client of class *regular* or *sporadic* orders by a Poisson process that follows the market's
calendar; a *seasonal* one follows a profile of its own (a window, a smooth wave or two windows a
year); a *one_off* orders within one month and never again. Rates are gamma distributed within a
class, death is geometric by month. Given class, profile and month of death the likelihood is a
closed form (the conjugate gamma-Poisson of Schmittlein, Morrison and Colombo 1987 with the months
of the calendar as exposure), so posteriors are sums over classes, profiles and months of death.
Shares of classes and profiles, rates, hazard and market calendar are learned from the base by EM
with priors that hold for small bases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise

import numpy as np
from scipy.special import digamma, gammaln

from ..grid import Grid

__all__ = ["CLASSES", "Calendar", "Posterior", "fit", "infer", "profiles"]

CLASSES = ("regular", "seasonal", "sporadic", "one_off")
_FLOOR = 0.05  # rate out of season relative to the rate in season
_FIRST = 0.5  # a client's first order comes in the middle of its month, on average
_OFFSETS = np.array([0, 1, 2, 4, 8, 16, 32, 10_000])  # months of silence after which death is placed
_CHUNK = 2048
_SAMPLE = 4000  # clients that EM looks at


@dataclass(frozen=True)
class Profiles:
    """Dictionary of seasonal calendars, rows of mean 1 over the twelve months."""

    weight: np.ndarray
    shape: np.ndarray  # 0 window, 1 wave, 2 two windows
    season: np.ndarray  # bool (profiles, 12): months that belong to the season


@cache
def profiles() -> Profiles:
    """Windows of 1-6 months at each start, waves of two widths, pairs of windows."""
    rows, shapes = [], []
    month = np.arange(12)
    for length in range(1, 7):
        for start in range(12):
            rows.append(np.where((month - start) % 12 < length, 1.0, _FLOOR))
            shapes.append(0)
    for sharpness in (1.0, 3.0):
        for peak in np.arange(0, 12, 0.5):
            wave = (0.5 + 0.5 * np.cos(2 * np.pi * (month - peak) / 12)) ** sharpness
            rows.append(_FLOOR + (1 - _FLOOR) * wave)
            shapes.append(1)
    for length in (1, 2, 3):
        for start in range(12):
            for apart in range(length + 2, 7):
                if apart == 6 and start >= 6:
                    continue
                first, second = (month - start) % 12 < length, (month - start - apart) % 12 < length
                rows.append(np.where(first | second, 1.0, _FLOOR))
                shapes.append(2)
    weight = np.array(rows)
    weight /= weight.mean(axis=1, keepdims=True)
    return Profiles(weight, np.array(shapes), weight > 1.0)


@dataclass(frozen=True)
class Calendar:
    """Parameters of the base.

    Attributes
    ----------
    share : (4,) shares of the classes
    rate : (3, 2) gamma shape and rate of orders a month for regular, seasonal, sporadic
    spread : (profiles,) shares of the seasonal profiles
    market : (12,) the market's calendar, mean 1
    hazard : chance of the end of a relation in a month
    extra : mean number of further orders of a one-off client in its month
    """

    share: np.ndarray = field(default_factory=lambda: np.array([0.45, 0.2, 0.2, 0.15]))
    rate: np.ndarray = field(default_factory=lambda: np.array([[1.5, 0.8], [1.5, 0.9], [2.0, 8.0]]))
    spread: np.ndarray = field(default_factory=lambda: _even_spread())
    market: np.ndarray = field(default_factory=lambda: np.ones(12))
    hazard: float = 0.015
    extra: float = 0.5


def _even_spread() -> np.ndarray:
    shape = profiles().shape
    kinds = np.bincount(shape, minlength=3)
    return (np.array([0.5, 0.25, 0.25]) / kinds)[shape]


@dataclass(frozen=True)
class Posterior:
    """What the model says of each client.

    Attributes
    ----------
    classes : (clients, 4) probabilities
    alive : (clients,) probability that the relation has not ended
    profile : (clients,) most probable seasonal profile
    spread : (clients, profiles) probabilities of the profiles, given seasonal
    """

    classes: np.ndarray
    alive: np.ndarray
    profile: np.ndarray
    spread: np.ndarray | None
    moments: np.ndarray  # (clients, 3, 3): responsibility, its E[rate] and E[log rate], by class
    deaths: np.ndarray  # (clients, 2): expected deaths, expected months at risk
    by_month: np.ndarray  # (clients, 12): days with orders by month of the year


def _exposure(g: Grid, calendar: Calendar, weight: np.ndarray) -> np.ndarray:
    """Cumulated exposure (months + 1, components): what a rate of 1 would bring up to each month."""
    months = g.calendar
    each = (weight * calendar.market)[:, months].T
    return np.vstack([np.zeros(len(weight)), np.cumsum(each, axis=0)])


def _components(calendar: Calendar) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Profiles, class and log prior of every component but the one-off."""
    book = profiles()
    weight = np.vstack([np.ones((2, 12)), book.weight])
    kind = np.concatenate([[0, 2], np.ones(len(book.weight), dtype=int)])
    with np.errstate(divide="ignore"):
        prior = np.log(calendar.share[kind])
        prior[2:] += np.log(calendar.spread)
    return weight, kind, prior


def infer(g: Grid, calendar: Calendar, rows: np.ndarray | None = None, full: bool = False) -> Posterior:
    """Posterior of class, profile and life of each client.

    Parameters
    ----------
    rows : positions of clients, optional
    full : bool
        Keep the posterior of every profile (needed by EM).
    """
    rows = np.arange(len(g.ids)) if rows is None else rows
    weight, kind, prior = _components(calendar)
    cumulated = _exposure(g, calendar, weight)
    parts = [
        _infer_chunk(g, calendar, rows[at : at + _CHUNK], weight, kind, prior, cumulated, full)
        for at in range(0, len(rows), _CHUNK)
    ]
    joined = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("classes", "alive", "profile", "moments", "deaths", "by_month")
    ]
    spread = np.concatenate([part.spread for part in parts if part.spread is not None]) if full else None
    classes, alive, profile, moments, deaths, by_month = joined
    return Posterior(classes, alive, profile, spread, moments, deaths, by_month)


def _counts(g: Grid, rows: np.ndarray) -> tuple[np.ndarray, ...]:
    days = g.days[rows]
    months = g.months
    by_month = np.zeros((len(rows), 12))
    for month in range(12):
        by_month[:, month] = days[:, g.calendar == month].sum(axis=1)
    first = np.minimum(g.first[rows], months - 1)
    last = np.minimum(g.last[rows], months - 1)
    total = days.sum(axis=1)
    return days, by_month, first, last, total


def _infer_chunk(
    g: Grid, calendar: Calendar, rows: np.ndarray, weight: np.ndarray, kind: np.ndarray, prior: np.ndarray,
    cumulated: np.ndarray, full: bool,
) -> Posterior:  # fmt: skip
    days, by_month, first, last, total = _counts(g, rows)
    months = g.months
    here = np.arange(len(rows))
    repeats = np.maximum(total - 1, 0).astype(float)
    shape, scale = calendar.rate[np.array([0, 1, 2])[kind]].T  # by component
    # Likelihood of the months of the orders, given their number.
    with np.errstate(divide="ignore"):
        placed = by_month @ np.log(weight).T
    begin = cumulated[first] + (1 - _FIRST) * (cumulated[first + 1] - cumulated[first])
    shape_post = shape + repeats[:, None]
    base = placed + prior + gammaln(shape_post) - gammaln(shape) + shape * np.log(scale)
    # Death right after the last order, in intervals of silence, or not at all.
    silent = months - 1 - last
    survive = np.log1p(-calendar.hazard)
    nodes, logs = [], []
    for low, high in pairwise(_OFFSETS):
        upto = np.minimum(high, silent)
        real = silent > low
        middle = np.where(real, (low + upto - 1) // 2, 0)
        nodes.append(last + 1 + middle)
        with np.errstate(divide="ignore"):
            logs.append(np.where(real, np.log(np.maximum(np.exp(low * survive) - np.exp(upto * survive), 0)), -np.inf))
    nodes.append(np.full(len(rows), months))
    bought_since = g.last[rows] >= months  # an order in the unfinished month
    logs.append(silent * survive)
    rate_post, likelihood = [], []
    for place, log_weight in zip(nodes, logs, strict=True):
        exposure = scale + np.maximum(cumulated[np.minimum(place, months)] - begin, 1e-9)
        rate_post.append(exposure)
        likelihood.append(base - shape_post * np.log(exposure) + log_weight[:, None])
    stack = np.stack(likelihood)  # nodes × clients × components
    stack[:-1, bought_since] = -np.inf
    # The one-off: all orders in the first month, further ones Poisson.
    in_first = total == days[here, first]
    thin = np.log(np.maximum(calendar.extra, 1e-9))
    halves = np.log(_FIRST * calendar.market[g.calendar[first]])
    one_off = np.where(
        in_first & ~bought_since,
        np.log(calendar.share[3]) - calendar.extra + repeats * (thin - halves), -np.inf,
    )  # fmt: skip
    top = np.maximum(stack.max(axis=(0, 2)), one_off)
    dense = np.exp(stack - top[None, :, None])
    single = np.exp(one_off - top)
    mass = dense.sum(axis=(0, 2)) + single
    dense /= mass[None, :, None]
    joint = dense.sum(axis=0)
    classes = np.stack(
        [joint[:, 0], joint[:, 2:].sum(axis=1), joint[:, 1], single / mass], axis=1
    )
    alive = dense[-1].sum(axis=1)
    seasonal = joint[:, 2:]
    moments = np.zeros((len(rows), 3, 3))
    exposure = np.stack(rate_post)
    mean_rate = shape_post / exposure
    for position, own in enumerate(([0], range(2, len(kind)), [1])):
        columns = np.array(list(own))
        resp = dense[:, :, columns]
        moments[:, position, 0] = resp.sum(axis=(0, 2))
        if full:
            moments[:, position, 1] = (resp * mean_rate[:, :, columns]).sum(axis=(0, 2))
            log_rate = digamma(shape_post[:, columns])[None] - np.log(exposure[:, :, columns])
            moments[:, position, 2] = (resp * log_rate).sum(axis=(0, 2))
    died = dense[:-1].sum(axis=2)
    risk = (died * (np.stack(nodes[:-1]) - 1 - first)).sum(axis=0) + alive * (months - 1 - first)
    deaths = np.stack([died.sum(axis=0), risk], axis=1)
    return Posterior(classes, alive, seasonal.argmax(axis=1), seasonal if full else None, moments, deaths, by_month)


def _sample(g: Grid) -> np.ndarray:
    """Clients for EM, spread evenly over an order that depends on the data alone, not on ids."""
    if len(g.ids) <= _SAMPLE:
        return np.arange(len(g.ids))
    mix = g.days @ np.sin(1.0 + np.arange(g.months) * 12.9898)
    order = np.lexsort((g.revenue.sum(axis=1), mix, g.last, g.first))
    return order[np.linspace(0, len(order) - 1, _SAMPLE).astype(int)]


def fit(g: Grid, rounds: int = 12) -> Calendar:
    """Parameters of the base by EM (maximum a posteriori; priors worth some dozens of clients)."""
    rows = _sample(g)
    calendar = start = Calendar()
    for _ in range(rounds):
        seen = infer(g, calendar, rows, full=True)
        calendar = _update(g, rows, seen, calendar, start)
    return calendar


def _update(g: Grid, rows: np.ndarray, seen: Posterior, old: Calendar, start: Calendar) -> Calendar:
    share = seen.classes.sum(axis=0) + 20 * start.share
    assert seen.spread is not None
    spread = seen.spread.sum(axis=0) + 20 * start.spread
    rate = np.array([_gamma(seen.moments[:, position], start.rate[position]) for position in range(3)])
    died, risk = seen.deaths.sum(axis=0)
    hazard = (died + 20 * start.hazard / 0.015 * 0.3) / (risk + 20 * 20.0)
    return replace(
        old, share=share / share.sum(), spread=spread / spread.sum(), rate=rate, hazard=float(hazard),
        market=_market(g, rows, seen, old),
    )  # fmt: skip


def _gamma(moments: np.ndarray, start: np.ndarray, prior: float = 20.0) -> np.ndarray:
    """Gamma shape and rate from expected rates and log rates; the prior counts as ``prior`` clients."""
    shape0, rate0 = start
    n = moments[:, 0].sum() + prior
    mean = (moments[:, 1].sum() + prior * shape0 / rate0) / n
    log_mean = (moments[:, 2].sum() + prior * (digamma(shape0) - np.log(rate0))) / n
    gap = max(np.log(mean) - log_mean, 1e-3)
    # Minka 2002, closed start; good to a per cent or two.
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    return np.array([shape, shape / mean])


def _market(g: Grid, rows: np.ndarray, seen: Posterior, old: Calendar, prior: float = 200.0) -> np.ndarray:
    """The calendar of the clients that follow the market, shrunk to an even one."""
    flat = seen.classes[:, 0] + seen.classes[:, 2]
    days = g.days[rows]
    at = np.arange(g.months)
    within = (at > g.first[rows, None]) & (at <= g.last[rows, None])
    level = (days * within).sum(axis=1) / np.maximum(within.sum(axis=1), 1)
    orders, expected = np.full(12, prior), np.full(12, prior)
    np.add.at(orders, g.calendar, (flat[:, None] * days * within).sum(axis=0))
    np.add.at(expected, g.calendar, (flat[:, None] * level[:, None] * within).sum(axis=0))
    market = orders / expected
    return market / market.mean()
