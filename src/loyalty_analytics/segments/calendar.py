"""Every client's own calendar: one model of when a client buys, behind kinds and lifecycle.

A client of class *regular* or *sporadic* orders by a Poisson process that follows the market's
calendar; a *seasonal* one follows a calendar of its own instead (a window, a smooth wave or two windows
a year); a *one_off* orders within one month and never again. Rates are gamma distributed within a
class, death is geometric by month with a hazard of its own in each class. Those who were clients
before the data begin show up within its first months, the busiest first; so the shares of the classes
differ by the time of the first order. Given class, profile and
month of death the likelihood is a closed form (the conjugate gamma-Poisson of Schmittlein, Morrison
and Colombo 1987 with the months of the calendar as exposure), so posteriors are sums over classes,
profiles and months of death.
Shares of classes and profiles, rates, hazard and market calendar are learned from the base by EM
with priors that hold for small bases.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from scipy.special import digamma, gammaln

from ..grid import Grid
from .seasons import profiles

__all__ = ["CLASSES", "YEARLY", "Calendar", "Posterior", "fit", "infer"]

CLASSES = ("regular", "seasonal", "sporadic", "one_off")
_FIRST = 0.5  # a client's first order comes in the middle of its month, on average
_OFFSETS = np.array([0, 1, 2, 4, 8, 16, 32, 10_000])  # months of silence after which death is placed
_ENTRY = np.array([0, 1, 4, 12])  # months after the start of the data at which groups of first orders begin
_MORE = 0.3  # of the one-off clients with the most orders of the table the share that has one more
YEARLY = 18  # months of data from which on a calendar can be learned
_CHUNK = 192  # clients at a time: their table stays in the cache
_SAMPLE = 2500  # clients that EM looks at
_FLOAT = np.float32  # of the table clients × components, where relative errors of 1e-6 do not matter


@dataclass(frozen=True)
class Calendar:
    """Parameters of the base.

    Attributes
    ----------
    share : (4,) shares of the classes
    rate : (3, 2) gamma shape and rate of orders a month for regular, seasonal, sporadic
    spread : (profiles,) shares of the seasonal profiles
    market : (12,) the market's calendar, mean 1
    hazard : (3,) chance of the end of a relation in a month, by class
    further : shares of the one-off clients with 1, 2, 3, 4 or more orders in their month
    entry : (groups, 4) log of the shares of the classes among first orders of that time over ``share``
    burst : extra variance of monthly orders over Poisson, relative to the squared mean
    """

    share: np.ndarray = field(default_factory=lambda: np.array([0.45, 0.2, 0.2, 0.15]))
    rate: np.ndarray = field(default_factory=lambda: np.array([[1.5, 0.8], [1.5, 0.9], [4.0, 20.0]]))
    spread: np.ndarray = field(default_factory=lambda: _even_spread())
    market: np.ndarray = field(default_factory=lambda: np.ones(12))
    hazard: np.ndarray = field(default_factory=lambda: np.full(3, 0.015))
    further: np.ndarray = field(default_factory=lambda: np.array([0.6, 0.3, 0.08, 0.02]))
    entry: np.ndarray = field(default_factory=lambda: np.zeros((len(_ENTRY), 4)))
    burst: float = 0.0


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
    shape : (clients, 12) mean seasonal profile, given seasonal
    by_month : (clients, 12) days with orders by month of the year
    spread : (profiles,) expected clients per seasonal profile
    moments : (3, 3) responsibility, its expected rate and log rate, by class
    deaths : (2, 3) expected deaths and months at risk, by class
    """

    classes: np.ndarray
    alive: np.ndarray
    profile: np.ndarray
    shape: np.ndarray
    by_month: np.ndarray
    spread: np.ndarray
    moments: np.ndarray
    deaths: np.ndarray


def infer(g: Grid, calendar: Calendar, rows: np.ndarray | None = None, learn: bool = False) -> Posterior:
    """Posterior of class, profile and life of each client.

    Parameters
    ----------
    rows : positions of clients, optional
    learn : bool
        Also gather what EM needs: ``spread``, ``moments``, ``deaths`` (else zero).
    """
    rows = np.arange(len(g.ids)) if rows is None else rows
    parts = _Components.of(g, calendar)
    # Clients of like silence share a chunk, so that the active ones need one month of death only.
    order = np.argsort(g.last[rows], kind="stable")[::-1]
    done = [_chunk(g, calendar, parts, rows[order[at : at + _CHUNK]], learn) for at in range(0, len(rows), _CHUNK)]
    back = np.empty(len(rows), dtype=np.int64)
    back[order] = np.arange(len(rows))
    each = [np.concatenate([one[position] for one in done])[back] for position in range(5)]
    sums = [sum(one[position] for one in done) for position in range(5, 8)]
    return Posterior(*each, *sums)


@dataclass(frozen=True)
class _Components:
    """Every class and profile but the one-off: 0 regular, 1 sporadic, then the seasonal profiles."""

    kind: np.ndarray  # class of each component
    log_weight: np.ndarray  # (12, components)
    prior: np.ndarray
    exposure: np.ndarray  # (months + 2, components): cumulated, the last row with the unfinished month

    @classmethod
    def of(cls, g: Grid, calendar: Calendar) -> _Components:
        book = profiles()
        weight = np.vstack([calendar.market, calendar.market, book.weight])
        kind = np.concatenate([[0, 2], np.ones(len(book.weight), dtype=int)])
        with np.errstate(divide="ignore"):
            prior = np.log(calendar.share[kind])
            prior[2:] += np.log(calendar.spread)
        begun = 0.0 if g.as_of.whole else g.as_of.end.day / g.as_of.end.days_in_month
        months = np.append(g.calendar, (g.start + g.months) % 12)
        each = weight[:, months].T
        each[-1] *= begun
        exposure = np.vstack([np.zeros(len(weight)), np.cumsum(each, axis=0)])
        return cls(kind, np.log(weight).T, prior, exposure.astype(_FLOAT))


def _deaths(silent: np.ndarray, hazard: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Months of silence lived through before death, in intervals, with their log probability by class."""
    survive = np.log1p(-hazard)
    for low, high in pairwise(_OFFSETS):
        real = silent > low
        if not real.any():
            return
        upto = np.where(real, np.minimum(high, silent), low)[:, None]
        with np.errstate(divide="ignore"):
            log = np.log(np.maximum(np.exp(low * survive) - np.exp(upto * survive), 0))
        yield np.where(real, (low + upto[:, 0] - 1) // 2, 0), log


def _chunk(g: Grid, calendar: Calendar, parts: _Components, rows: np.ndarray, learn: bool) -> tuple[np.ndarray, ...]:
    days, months, here = g.days[rows], g.months, np.arange(len(rows))
    by_month = g.by_calendar(days)
    first, last = np.minimum(g.first[rows], months - 1), np.minimum(g.last[rows], months - 1)
    total = days.sum(axis=1)
    excess = calendar.burst * np.maximum((days**2).sum(axis=1) / np.maximum(total, 1) - 1, 0) + 1e-9
    # Orders that come in bursts say less than their number; an empty month says log(1 + x) / x of a Poisson one.
    temper, quiet = 1 / (1 + excess), np.log1p(excess) / excess
    repeats = np.maximum(total - 1, 0) * temper
    since = g.last[rows] >= months  # an order in the unfinished month
    a, b = calendar.rate.T
    shape_post = a + repeats[:, None]  # by class
    constant = gammaln(shape_post) - gammaln(a) + a * np.log(b)
    kind = parts.kind
    lift = calendar.entry[_entered(g, rows)]
    base = (temper[:, None] * by_month) @ parts.log_weight + parts.prior + (constant + lift[:, [0, 1, 2]])[:, kind]
    peak = base.max(axis=1)  # taken off, so that single precision is exact enough
    base -= peak[:, None]
    base32, shape32, b32 = base.astype(_FLOAT), shape_post[:, kind].astype(_FLOAT), b[kind].astype(_FLOAT)
    silent = months - 1 - last
    ends = [(last + 1 + over, log) for over, log in _deaths(silent, calendar.hazard)]
    ends.append((np.where(since, months, months + 1), silent[:, None] * np.log1p(-calendar.hazard)))
    rates = _rates(g, parts, rows, first, last, [place for place, _ in ends], b32, temper, quiet)
    dense = np.log(rates)
    dense *= -shape32
    dense += base32
    for node, (_, log) in enumerate(ends):
        dense[node] += log.astype(_FLOAT)[:, kind]
    dense[:-1, since] = -np.inf
    # The one-off: all orders in the first month.
    once = (total == days[here, first]) & ~since
    one_off = np.log(calendar.share[3]) + lift[:, 3] + _within_a_month(total, calendar.further) - peak
    one_off = np.where(once, one_off, -np.inf)
    top = np.maximum(dense.max(axis=2).max(axis=0), one_off)
    dense -= top[:, None].astype(_FLOAT)
    np.exp(dense, out=dense)
    joint, single = dense.sum(axis=0), np.exp(one_off - top)
    whole = joint.sum(axis=1, dtype=float) + single
    seasonal = joint[:, 2:]
    p_seasonal = seasonal.sum(axis=1, dtype=float)
    classes = np.stack([joint[:, 0], p_seasonal, joint[:, 1], single], axis=1) / whole[:, None]
    alive = np.minimum(dense[-1].sum(axis=1, dtype=float) / whole, 1.0)
    shape = (seasonal @ profiles().weight.astype(_FLOAT)) / np.maximum(p_seasonal, 1e-30)[:, None]
    out = (classes, alive, seasonal.argmax(axis=1), shape.astype(float), by_month)
    if not learn:
        return (*out, np.zeros(1), np.zeros((3, 3)), np.zeros((2, 3)))
    dense /= whole[:, None].astype(_FLOAT)
    return (*out, *_learnt(dense, rates, shape_post, ends, first, months))


def _entered(g: Grid, rows: np.ndarray) -> np.ndarray:
    """Group of the first order by the time since the data begin."""
    return np.searchsorted(_ENTRY, g.first[rows], side="right") - 1


def _within_a_month(total: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Log density of the orders of a one-off client: their number, at any times in what is left of the month."""
    over = np.maximum(total - len(share), 0)
    tail = np.where(total >= len(share), np.log1p(-_MORE) + over * np.log(_MORE), 0.0)
    number = np.log(share)[np.clip(total, 1, len(share)) - 1] + tail
    return number + gammaln(np.maximum(total, 1)) - np.maximum(total - 1, 0) * np.log(_FIRST)


def _rates(
    g: Grid, parts: _Components, rows: np.ndarray, first: np.ndarray, last: np.ndarray, places: list[np.ndarray],
    rate: np.ndarray, temper: np.ndarray, quiet: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Rate parameter of the posterior gamma by month of death: prior plus exposure lived through."""
    lived = parts.exposure
    at_last = lived[last + 1]
    active = at_last - (1 - _FIRST) * lived[first + 1] - _FIRST * lived[first]
    gaps = not g.known[rows].all()
    before = _gaps(g, rows, parts, last + 1) if gaps else None
    if before is not None:
        active = active - before
    active = rate + np.maximum(active * temper[:, None].astype(_FLOAT), 1e-6)
    out = np.empty((len(places), *active.shape), dtype=_FLOAT)
    for node, place in enumerate(places):
        after = lived[place] - at_last
        if before is not None:
            after -= _gaps(g, rows, parts, place) - before
        np.multiply(after, quiet[:, None].astype(_FLOAT), out=out[node])
        out[node] += active
    return out


def _gaps(g: Grid, rows: np.ndarray, parts: _Components, place: np.ndarray) -> np.ndarray:
    """Exposure of the months without data between a client's first order and ``place``: no silence."""
    at = np.arange(g.months)
    gap = ~g.known[rows] & (at > g.first[rows, None]) & (at < place[:, None])
    return gap.astype(_FLOAT) @ np.diff(parts.exposure, axis=0)[: g.months]


def _learnt(
    dense: np.ndarray, rates: np.ndarray, shape_post: np.ndarray, ends: list[tuple[np.ndarray, np.ndarray]],
    first: np.ndarray, months: int,
) -> tuple[np.ndarray, ...]:  # fmt: skip
    moments = np.zeros((3, 3))
    groups = (slice(0, 1), slice(2, None), slice(1, 2))
    for position, columns in enumerate(groups):
        own, rate, shape = dense[:, :, columns], rates[:, :, columns], shape_post[:, position]
        moments[position, 0] = own.sum(dtype=float)
        moments[position, 1] = ((own / rate).sum(axis=(0, 2)) * shape).sum()
        log_rate = (own.sum(axis=(0, 2)) * digamma(shape)).sum() - (own * np.log(rate)).sum(dtype=float)
        moments[position, 2] = log_rate
    lived = np.stack([place - 1 - first for place, _ in ends]).clip(0)
    deaths = np.zeros((2, 3))
    for position, columns in enumerate(groups):
        own = dense[:, :, columns].sum(axis=2, dtype=float)
        deaths[:, position] = own[:-1].sum(), (own * np.minimum(lived, months - 1 - first)).sum()
    return dense[:, :, 2:].sum(axis=(0, 1), dtype=float), moments, deaths


def _sample(g: Grid) -> np.ndarray:
    """Clients for EM, spread evenly over an order that depends on the data alone, not on ids."""
    if len(g.ids) <= _SAMPLE:
        return np.arange(len(g.ids))
    mix = g.days @ np.sin(1.0 + np.arange(g.months) * 12.9898)
    order = np.lexsort((g.revenue.sum(axis=1), mix, g.last, g.first))
    return order[np.linspace(0, len(order) - 1, _SAMPLE).astype(int)]


def fit(g: Grid, rounds: int = 16) -> Calendar:
    """Parameters of the base by EM (maximum a posteriori; priors worth some dozens of clients)."""
    rows = _sample(g)
    calendar = start = Calendar()
    # The first rounds only have to come near: a part of a large sample does.
    part = rows[:: max(len(rows) // 800, 1)]
    for at in range(rounds):
        some = part if at < rounds - 4 else rows
        calendar = _update(g, some, infer(g, calendar, some, learn=True), calendar, start)
    return calendar


def _update(g: Grid, rows: np.ndarray, seen: Posterior, old: Calendar, start: Calendar) -> Calendar:
    share = seen.classes.sum(axis=0) + 20 * start.share
    spread = seen.spread + 20 * start.spread
    rate = np.array([_gamma(seen.moments[position], start.rate[position]) for position in range(3)])
    if g.months < YEARLY:  # nothing has repeated yet: a season cannot be told from a life that ended
        share[1] = 0.0
        share *= 0.98 / share.sum()
        share[1] = 0.02
    hazard = _hazard(seen.deaths[0], seen.deaths[1], float(start.hazard[0]))
    market = _market(g, rows, seen)
    return replace(
        old, share=share / share.sum(), spread=spread / spread.sum(), rate=rate, hazard=hazard,
        market=market, burst=_burst(g, rows, seen, market), further=_further(g, rows, seen, start),
        entry=_entry(g, rows, seen),
    )  # fmt: skip


def _hazard(died: np.ndarray, risk: np.ndarray, start: float, prior: float = 400.0) -> np.ndarray:
    """Hazards of the classes, shrunk to the common one, which is shrunk to the usual."""
    common = (died.sum() + prior * start) / (risk.sum() + prior)
    return (died + prior * common) / (risk + prior)


def _further(g: Grid, rows: np.ndarray, seen: Posterior, start: Calendar, prior: float = 20.0) -> np.ndarray:
    """Shares of the one-off clients by their number of orders."""
    number = np.clip(g.days[rows].sum(axis=1), 1, len(start.further)) - 1  # 0: the one order is in the unfinished month
    got = np.bincount(number, weights=seen.classes[:, 3], minlength=len(start.further)) + prior * start.further
    return got / got.sum()


def _entry(g: Grid, rows: np.ndarray, seen: Posterior, prior: float = 40.0) -> np.ndarray:
    """Log of the shares of the classes by the time of the first order over those of the whole base."""
    group = np.eye(len(_ENTRY))[_entered(g, rows)]
    common = seen.classes.mean(axis=0) + 1e-9
    got = group.T @ seen.classes + prior * common
    return np.log(got / got.sum(axis=1, keepdims=True) / common)


def _gamma(moments: np.ndarray, start: np.ndarray, prior: float = 5.0) -> np.ndarray:
    """Gamma shape and rate from expected rates and log rates; the prior counts as ``prior`` clients."""
    shape0, rate0 = start
    n = moments[0] + prior
    mean = (moments[1] + prior * shape0 / rate0) / n
    log_mean = (moments[2] + prior * (digamma(shape0) - np.log(rate0))) / n
    gap = max(np.log(mean) - log_mean, 1e-3)
    # Minka 2002, closed start; good to a per cent or two.
    shape = (3 - gap + np.sqrt((gap - 3) ** 2 + 24 * gap)) / (12 * gap)
    return np.array([shape, shape / mean])


def _within(g: Grid, rows: np.ndarray) -> np.ndarray:
    """Months strictly after the first and up to the last order, where the data are known."""
    at = np.arange(g.months)
    return (at > g.first[rows, None]) & (at <= g.last[rows, None]) & g.known[rows]


def _market(g: Grid, rows: np.ndarray, seen: Posterior, prior: float = 200.0) -> np.ndarray:
    """The calendar of the clients that follow the market, shrunk to an even one."""
    if g.months < YEARLY:
        return np.ones(12)
    flat = seen.classes[:, 0] + seen.classes[:, 2]
    days, within = g.days[rows], _within(g, rows)
    level = (days * within).sum(axis=1) / np.maximum(within.sum(axis=1), 1)
    orders, expected = np.full(12, prior), np.full(12, prior)
    np.add.at(orders, g.calendar, (flat[:, None] * days * within).sum(axis=0))
    np.add.at(expected, g.calendar, (flat[:, None] * level[:, None] * within).sum(axis=0))
    market = orders / expected
    return market / market.mean()


def _burst(g: Grid, rows: np.ndarray, seen: Posterior, market: np.ndarray) -> float:
    """Overdispersion of regular clients' months: a median, so that breaks and pauses do not count."""
    within = _within(g, rows)
    count = within.sum(axis=1)
    chosen = (seen.classes[:, 0] > 0.9) & (count >= 8)
    if chosen.sum() < 20:
        return 0.0
    days, within, count = g.days[rows][chosen], within[chosen], count[chosen]
    calendar = market[g.calendar]
    level = (days * within).sum(axis=1) / (within * calendar).sum(axis=1)
    expected = np.maximum(level[:, None] * calendar, 1e-9)
    ratio = (((days - expected) ** 2 / expected) * within).sum(axis=1) / (count - 1)
    return float(max(np.median((ratio - 1) / level), 0.0))
