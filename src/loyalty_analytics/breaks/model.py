"""Evidence for a break of the level, for all clients at once.

For every quiet model (`kernels`) and every dated shape the marginal likelihood of a client's log
volume is known in closed form: the level is flat, the size of a break is normal around zero, the
variance follows an inverse gamma law. How common each quiet model and each shape is among the
clients is learned from the panel itself (EM), so that drifting clients get a drifting model.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from .kernels import AFTER, BEFORE, CHANGE_SD, SHAPES, Tables, tables

__all__ = [
    "DOF", "SD", "Block", "Evidence", "Hyper", "block_evidence", "blocks", "learn", "likely", "log_sum", "quiet_block",
    "reference_hyper",
]  # fmt: skip

DOF, SD = 4.0, 0.2  # prior of a client's standard deviation of log volume
_CHUNK = 128
_MANY_MISSING, _FEW_MODELS = 9, 6
_ROOM = 2**17  # numbers handled at once: what stays in the processor's cache
_SWEPT = 24  # rows of a matrix up to which all are inverted at once
_FEW = 24  # clients that are not worth splitting
_MISSING_CLASSES = (2, 9, 20, 34)  # months missing, upper ends
_NEVER = -1e9
# Prior: five of six breaks are falls (business grows in small steps and loses in large ones).
_FALL, _RISE = np.float32(np.log(1.67)), np.float32(np.log(0.33))
_VISITS_ALONE = 0.1  # prior of a change of the rate of purchases with no change of the level
_LEAST_SHARE = 0.015  # quiet models rarer than that are left out of the scan of all clients


@dataclass(frozen=True, eq=False)
class Hyper:
    """How common the quiet models are, and how common a break."""

    kernels: np.ndarray
    broken: float

    def kept(self, missing: int = 0) -> np.ndarray:
        """Quiet models worth a look; few of them where so many months are missing that they look alike."""
        least = _LEAST_SHARE
        if missing > _MANY_MISSING:
            least = max(least, float(np.sort(self.kernels)[-_FEW_MODELS]))
        return np.flatnonzero(self.kernels >= least)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of a block of clients; models are those of the block.

    Attributes
    ----------
    quiet : float array (clients, models)
        Log evidence without a break.
    broken : float array (clients, models, shapes)
        Log evidence with one, over all dates.
    statistic : float array (clients,)
        Log Bayes factor.
    dates : float array (clients, months)
        Posterior of the first month of the new regime.
    shapes : float array (clients, shapes)
        Posterior of the shape.
    best_kernel, best_column : int arrays
        Most likely quiet model and dated shape, jointly.
    change : float array
        Log change of that shape.
    """

    quiet: np.ndarray
    broken: np.ndarray
    statistic: np.ndarray
    dates: np.ndarray
    shapes: np.ndarray
    best_kernel: np.ndarray
    best_column: np.ndarray
    change: np.ndarray

    @property
    def single(self) -> np.ndarray:
        """Log Bayes factor of one lasting change under the most likely quiet model."""
        at, g = np.arange(len(self.quiet)), self.best_kernel
        lasting = [name != "pulse" for name in SHAPES]  # a pulse is a special pair
        return log_sum(self.broken[at, g][:, lasting], 1) - self.quiet[at, g]


def reference_hyper() -> Hyper:
    """What a panel is thought to be before it is seen."""
    noise = np.array([0.20, 0.36, 0.12, 0.03, 0.09, 0.06, 0.03, 0.02, 0.01, 0.05, 0.02, 0.02])
    season = np.array([0.60, 0.22, 0.15, 0.03])
    return Hyper((season[:, None] * noise).ravel(), 0.15)


def log_sum(values: np.ndarray, axis: int) -> np.ndarray:
    """Log of a sum of exponentials along an axis, without overflow."""
    most = values.max(axis=axis, keepdims=True)
    return np.squeeze(most + np.log(np.exp(values - most).sum(axis=axis, keepdims=True)), axis)


def learn(quiet: np.ndarray, broken: np.ndarray, prior: Hyper, weight: float = 20.0, rounds: int = 60) -> Hyper:
    """Shares of the quiet models and of broken clients by expectation and maximisation."""
    most = quiet.max(1, keepdims=True)
    still = np.exp(quiet - most)
    moved = np.exp(np.minimum(log_sum(broken, 2) - most, 80))
    kernels, rate = prior.kernels, prior.broken
    for _ in range(rounds):
        a, b = (1 - rate) * kernels * still, rate * kernels * moved
        total = (a.sum(1) + b.sum(1))[:, None]
        counts = ((a + b) / total).sum(0) + weight * prior.kernels
        kernels = counts / counts.sum()
        rate = float(((b.sum(1, keepdims=True) / total).sum() + weight * prior.broken) / (len(quiet) + weight))
    return Hyper(kernels, rate)


@dataclass(frozen=True, eq=False)
class Block:
    """Clients of equal length and like number of missing months under some quiet models, without a break.

    Attributes
    ----------
    z : float32 array (clients, months)
        Log volume, 0 where not used.
    used : bool array
    visits : float array
        Log Bayes factor of a change of the rate of purchases from each month on.
    kept : int array
        Quiet models looked at.
    rss, base : float32 arrays (models, clients)
        Residual sum of squares, the same with the prior of the variance.
    dof : float32 array (clients,)
    quiet : float array (clients, models)
        Log evidence.
    places, inverse, fill : arrays
        Missing months of each client (padded), inverse of their precision (zero where padded) and
        what they would have to be, per model.
    """

    z: np.ndarray
    used: np.ndarray
    visits: np.ndarray
    kept: np.ndarray
    rss: np.ndarray
    base: np.ndarray
    dof: np.ndarray
    quiet: np.ndarray
    places: np.ndarray
    inverse: np.ndarray
    fill: np.ndarray

    def take(self, rows: np.ndarray | slice, models: np.ndarray | slice = slice(None)) -> Block:
        """Some of the clients and models."""
        return Block(
            self.z[rows], self.used[rows], self.visits[rows], self.kept[models], self.rss[models][:, rows],
            self.base[models][:, rows], self.dof[rows], self.quiet[rows][:, models], self.places[rows],
            self.inverse[models][:, rows], self.fill[models][:, rows],
        )  # fmt: skip


def blocks(log: np.ndarray, used: np.ndarray) -> list[np.ndarray]:
    """Rows in blocks of like number of missing months, small enough to stay in the processor's cache."""
    missing = (~used).sum(1)
    order = np.argsort(missing, kind="stable")
    if len(order) <= _FEW:
        return [order]
    edges = [0, *np.searchsorted(missing[order], _MISSING_CLASSES, side="right"), len(order)]
    return [
        order[begin : min(begin + _CHUNK, high)]
        for low, high in itertools.pairwise(edges)
        for begin in range(low, high, _CHUNK)
    ]


def quiet_block(log: np.ndarray, used: np.ndarray, visits: np.ndarray, kept: np.ndarray) -> Block:
    """Evidence of the quiet models, missing months taken as unknown."""
    precision, logdet = tables(log.shape[1], 1).precision[kept], tables(log.shape[1], 1).logdet[kept]
    z = np.where(used, log, 0).astype(np.float32)
    dof = (used.sum(1) - 1 + DOF).astype(np.float32)
    score = z @ precision
    rss = (score * z).sum(2, dtype=np.float64)
    most = int((~used).sum(1).max(initial=0))
    places = np.argsort(used, axis=1, kind="stable")[:, :most]
    inverse = np.zeros((len(kept), len(z), most, most), dtype=np.float32)
    fill = np.zeros((len(kept), len(z), most), dtype=np.float32)
    extra: np.ndarray | float = 0.0
    if most:
        real = np.take_along_axis(~used, places, 1)
        both = real[:, :, None] & real[:, None, :]
        block = np.where(both, precision[:, places[:, :, None], places[:, None, :]], np.eye(most, dtype=np.float32))
        inverse, extra = inverse_and_logdet(block)
        inverse *= both
        right = np.where(real, score[:, np.arange(len(z))[:, None], places], 0)
        fill = (inverse @ right[..., None])[..., 0]
        rss -= (right * fill).sum(2)
    rss = np.maximum(rss, 1e-9)
    base = DOF * SD**2 + rss
    quiet = -0.5 * (logdet[:, None] + extra + dof * np.log(base)).T
    return Block(
        z, used, visits, kept, rss.astype(np.float32), base.astype(np.float32), dof, quiet, places, inverse, fill
    )


def inverse_and_logdet(block: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse and log determinant of many small positive definite matrices (..., m, m).

    Up to a handful of rows Gauss and Jordan's steps over all matrices at once are cheaper than one
    call of LAPACK for each.
    """
    m = block.shape[-1]
    if m > _SWEPT:
        return np.linalg.inv(block), np.linalg.slogdet(block)[1]
    a = np.array(np.moveaxis(block, (-2, -1), (0, 1)), order="C")  # a copy: the argument stays as it was
    logdet = np.zeros(a.shape[2:], dtype=a.dtype)
    for j in range(m):
        pivot = np.maximum(a[j, j], np.finfo(a.dtype).tiny)
        logdet += np.log(pivot)
        column, row = a[:, j].copy(), a[j] / pivot
        a -= column[:, None] * row
        a[j], a[:, j] = row, -column / pivot
        a[j, j] = 1 / pivot
    return np.ascontiguousarray(np.moveaxis(a, (0, 1), (-2, -1))), logdet


def block_evidence(block: Block, hyper: Hyper, thin: int = 0, active: np.ndarray | None = None) -> Evidence:
    """Evidence of every dated shape under the quiet models of a block.

    ``active`` (clients, models) leaves out models that a first look found hopeless.
    """
    table = tables(block.z.shape[1], thin)
    rows, months = block.z.shape
    weight = np.log(hyper.kernels[block.kept])
    null = log_sum(block.quiet + weight, 1)
    precise = (block.base / block.dof).min(0)[:, None] / CHANGE_SD[table.shape] ** 2
    offset = _prior(block, table)
    offset += 0.5 * np.log(precise)
    model, row = np.nonzero(np.ones((len(block.kept), rows), dtype=bool) if active is None else active.T)
    sums = _Sums(rows, len(block.kept), table)
    room = max(_ROOM // (len(table.shape) * max(block.places.shape[1], 1)), 1)
    for begin in range(0, len(row), room):
        k, n = model[begin : begin + room], row[begin : begin + room]
        score, held = _scan(block, k, n, table, precise)
        value = _gain(block, k, n, score, held)
        value += offset[n]
        value += np.where(score < 0, _FALL, _RISE)
        sums.add(k, n, value, block.quiet[n, k], weight, score, held)
    dates, top = (sums.mass @ table.dates).astype(float), sums.top
    shapes = np.zeros((rows, len(SHAPES)))
    shapes[:, sums.present] = np.add.reduceat(sums.mass, sums.edges, axis=1)
    if block.visits.any():
        surprise = np.exp(np.minimum(block.visits + (null - top)[:, None], 80))
        dates = dates + surprise * (block.visits != 0) * _VISITS_ALONE / months
    total = np.maximum(dates.sum(1), 1e-300)
    return Evidence(
        block.quiet, sums.broken, np.log(total) + top - null, dates / total[:, None],
        shapes / np.maximum(shapes.sum(1, keepdims=True), 1e-300), sums.kernel, sums.column, sums.change,
    )  # fmt: skip


def likely(evidence: Evidence, hyper: Hyper, kept: np.ndarray, least: float = 0.02) -> np.ndarray:
    """Quiet models (clients, models) with at least that share of a client's posterior, with or without a break."""
    weight = np.log(hyper.kernels[kept])
    both = np.maximum(evidence.quiet, log_sum(evidence.broken, 2)) + weight
    return both > both.max(1, keepdims=True) + np.log(least)


class _Sums:
    """Running sums over the quiet models, each client scaled by its largest term."""

    def __init__(self, rows: int, models: int, table: Tables) -> None:
        self.edges = np.flatnonzero(np.r_[True, np.diff(table.shape) > 0])
        self.present = table.shape[self.edges]
        self.broken = np.full((rows, models, len(SHAPES)), _NEVER)
        self.top, self.best = np.full(rows, _NEVER), np.full(rows, 2 * _NEVER)
        self.mass = np.zeros((rows, len(table.shape)), dtype=np.float32)
        self.kernel, self.column = np.zeros((2, rows), dtype=np.int64)
        self.change = np.zeros(rows)

    def add(
        self, model: np.ndarray, row: np.ndarray, value: np.ndarray, quiet: np.ndarray, weight: np.ndarray,
        score: np.ndarray, held: np.ndarray,
    ) -> None:  # fmt: skip
        """Count pairs of a quiet model and a client, models in order; ``value`` is overwritten."""
        every = np.arange(len(value))
        column = value.argmax(1)
        peak = value[every, column]
        change = score[every, column] / held[every, column]
        value -= peak[:, None]
        mass = np.exp(value, out=value)
        level = np.maximum(peak + quiet + weight[model], _NEVER)
        broken = np.full((len(value), len(SHAPES)), _NEVER)
        with np.errstate(divide="ignore"):
            by_shape = np.log(np.add.reduceat(mass, self.edges, axis=1))
        broken[:, self.present] = np.maximum(by_shape + (peak + quiet)[:, None], _NEVER)
        self.broken[row, model] = broken
        top = self.top.copy()
        np.maximum.at(self.top, row, level)
        if (self.top > top).any():
            self.mass *= np.exp(top - self.top).astype(np.float32)[:, None]
        mass *= np.exp(level - self.top[row]).astype(np.float32)[:, None]
        for low, high in _runs(model):  # a client stands once in the run of a model
            here = row[low:high]
            self.mass[here] += mass[low:high]
            better = level[low:high] > self.best[here]
            here = here[better]
            at = np.arange(low, high)[better]
            self.best[here], self.kernel[here] = level[at], model[at]
            self.column[here], self.change[here] = column[at], change[at]


def _runs(model: np.ndarray) -> list[tuple[int, int]]:
    """First and last place of each run of equal models."""
    edges = [0, *(np.flatnonzero(np.diff(model)) + 1).tolist(), len(model)]
    return list(itertools.pairwise(edges))


def _prior(block: Block, table: Tables) -> np.ndarray:
    """Log prior of each dated shape of each client, with what the months without purchase say."""
    offset = np.where(_allowed(block.used, table), table.prior, np.float32(2 * _NEVER)).astype(np.float32)
    if block.visits.any():
        # The rate of purchases may change with the level or stay.
        bonus = np.logaddexp(block.visits, 0) - np.log(2)
        offset += np.where(table.end < 0, bonus[:, table.start], 0).astype(np.float32)
    return offset


def _scan(
    block: Block, model: np.ndarray, row: np.ndarray, table: Tables, precise: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Score and posterior information of every dated shape, for pairs of a quiet model and a client.

    Missing months are unknown: they are filled with what the others make expected.
    """
    kernel = block.kept[model]
    z = block.z[row]
    if block.places.shape[1]:
        z[np.arange(len(row))[:, None], block.places[row]] -= block.fill[model, row]
    score = np.empty((len(row), len(table.shape)), dtype=np.float32)
    for low, high in _runs(model):
        np.matmul(z[low:high], table.scores[kernel[low]], out=score[low:high])
    held = precise[row]
    least = held.copy() if block.places.shape[1] else held
    held += table.information[kernel]
    if block.places.shape[1]:
        cross = table.scores[kernel[:, None], block.places[row]]
        cross *= block.inverse[model, row] @ cross
        held -= cross.sum(1)
        np.maximum(held, least, out=held)
    return score, held


def _gain(block: Block, model: np.ndarray, row: np.ndarray, score: np.ndarray, held: np.ndarray) -> np.ndarray:
    """Log Bayes factor of every dated shape but for its prior: Student's t after the variance is integrated."""
    base = block.base[model, row]
    value = np.square(score)
    value /= held
    value *= (-1 / base)[:, None]
    np.maximum(value, -0.999 * (block.rss[model, row] / base)[:, None], out=value)
    value += 1
    np.log(value, out=value)
    value *= (-0.5 * block.dof[row])[:, None]
    lost = np.log(held)
    lost *= 0.5
    value -= lost
    return value


def _allowed(used: np.ndarray, table: Tables) -> np.ndarray:
    """Enough months with a purchase on both sides of a date."""
    before = np.concatenate([np.zeros((len(used), 1), dtype=np.int64), np.cumsum(used, 1)], 1)
    passed = before[:, table.start]
    return (passed >= BEFORE) & (before[:, -1:] - passed >= AFTER[table.shape])
