"""Evidence for a break of the level, for all clients at once.

For every quiet model (`kernels`) and every dated shape the marginal likelihood of a client's log
volume is known in closed form: the level is flat, the size of a break is normal around zero, the
variance follows an inverse gamma law. How common each quiet model and each shape is among the
clients is learned from the panel itself (EM), so that drifting clients get a drifting model.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .kernels import AFTER, BEFORE, CHANGE_SD, NOISES, SEASONS, SHAPES, Tables, tables
from .prepare import masked_inverse, missing_groups

__all__ = ["Evidence", "Hyper", "group_evidence", "learn", "reference_hyper"]

_DOF, _SD = 4.0, 0.2  # prior of a client's standard deviation of log volume
_CHUNK = 192
_KERNELS = len(NOISES) * len(SEASONS)
_NEVER = -1e9
_VISITS_ALONE = 0.1  # prior of a change of the rate of purchases with no change of the level
_LEAST_SHARE = 0.004  # quiet models rarer than that are left out of the scan of all clients


@dataclass(frozen=True, eq=False)
class Hyper:
    """How common the quiet models are, and how common a break."""

    kernels: np.ndarray
    broken: float

    @property
    def kept(self) -> np.ndarray:
        return np.flatnonzero(self.kernels >= _LEAST_SHARE)


@dataclass(frozen=True, eq=False)
class Evidence:
    """Of one group of clients with equal length of history.

    Attributes
    ----------
    quiet : float array (clients, kernels)
        Log evidence without a break.
    broken : float array (clients, kernels, shapes)
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
    variance: np.ndarray


def reference_hyper() -> Hyper:
    """What a panel is thought to be before it is seen."""
    noise = np.array([0.20, 0.36, 0.12, 0.02, 0.12, 0.06, 0.02, 0.02, 0.08])
    season = np.array([0.60, 0.22, 0.15, 0.03])
    return Hyper((season[:, None] * noise).ravel(), 0.15)


def log_sum(values: np.ndarray, axis: int) -> np.ndarray:
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


def group_evidence(log: np.ndarray, used: np.ndarray, hyper: Hyper, visits: np.ndarray | None = None) -> Evidence:
    """Evidence of clients with as many months as ``log`` has columns."""
    table = tables(log.shape[1])
    visits = np.zeros(log.shape) if visits is None else visits
    spans = [slice(i, i + _CHUNK) for i in range(0, len(log), _CHUNK)]
    parts = [_chunk(log[span], used[span], visits[span], hyper, table) for span in spans]
    names = Evidence.__dataclass_fields__
    return Evidence(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})


def _chunk(log: np.ndarray, used: np.ndarray, visits: np.ndarray, hyper: Hyper, table: Tables) -> Evidence:
    kept = hyper.kept
    rows, months = log.shape
    z = np.where(used, log, 0).astype(np.float32)
    missing = missing_groups(~used)
    dof = used.sum(1) - 1 + _DOF
    fits = [_quiet(z, table.precision[g], missing) for g in kept]
    base = np.stack([_DOF * _SD**2 + rss for rss, _, _ in fits], 1)
    quiet = np.full((rows, _KERNELS), _NEVER)
    for k, g in enumerate(kept):
        quiet[:, g] = -0.5 * (table.logdet[g] + fits[k][1]) - 0.5 * dof * np.log(base[:, k])
    variance = (base / dof[:, None]).min(1)
    blocked = ~_allowed(used, table)
    broken = np.full((rows, _KERNELS, len(SHAPES)), _NEVER)
    edges = np.flatnonzero(np.r_[True, np.diff(table.shape) > 0])
    present = table.shape[edges]
    top = np.full(rows, -np.inf)
    dates, shapes = np.zeros((rows, months)), np.zeros((rows, len(SHAPES)))
    best = np.full(rows, -np.inf)
    best_kernel, best_column = np.zeros((2, rows), dtype=np.int64)
    change = np.zeros(rows)
    bonus = np.logaddexp(visits, 0) - np.log(2)  # the rate of purchases may change with the level or stay
    bonus = np.where(table.end < 0, bonus[:, table.start], 0).astype(np.float32) if visits.any() else None
    size2 = CHANGE_SD[table.shape] ** 2
    for k, g in enumerate(kept):
        rss, _, inverses = fits[k]
        score, information = _scan(z, table, g, inverses)
        ratio = size2 / variance[:, None].astype(np.float32)
        held = information + 1 / ratio
        estimate = score / held
        gain = np.minimum(score * estimate, 0.999 * rss[:, None].astype(np.float32))
        value = -0.5 * dof[:, None].astype(np.float32) * np.log1p(-gain / base[:, k : k + 1].astype(np.float32))
        value -= 0.5 * np.log(held * ratio)
        value += table.prior
        if bonus is not None:
            value += bonus
        value[blocked] = -np.inf
        offset = np.where(np.isfinite(peak := value.max(1)), peak, 0).astype(np.float32)
        mass = np.exp(value - offset[:, None])
        by_shape = np.add.reduceat(mass, edges, axis=1)
        with np.errstate(divide="ignore"):
            broken[:, g, present] = np.maximum(np.log(by_shape) + offset[:, None] + quiet[:, g, None], _NEVER)
            level = offset + quiet[:, g] + np.log(hyper.kernels[g])
        new = np.maximum(top, level)
        old_weight, weight = np.exp(top - new), np.exp(level - new)
        dates = dates * old_weight[:, None] + weight[:, None] * (mass @ table.dates)
        shapes *= old_weight[:, None]
        shapes[:, present] += weight[:, None] * by_shape
        top = new
        column = value.argmax(1)
        joint = peak + quiet[:, g] + np.log(hyper.kernels[g])
        better = joint > best
        best, best_kernel, best_column = (
            np.where(better, joint, best), np.where(better, g, best_kernel), np.where(better, column, best_column)
        )
        change = np.where(better, estimate[np.arange(rows), column], change)
    null = log_sum(quiet[:, kept] + np.log(hyper.kernels[kept]), 1)
    if bonus is not None:
        alone = np.exp(np.minimum(visits + null[:, None] - top[:, None], 80)) * (visits != 0) * _VISITS_ALONE / months
        dates += alone
    total = dates.sum(1)
    safe = np.maximum(total, 1e-300)[:, None]
    with np.errstate(divide="ignore"):
        alternative = np.where(total > 0, np.log(total) + top, -np.inf)
    return Evidence(
        quiet, broken, alternative - null, dates / safe, shapes / safe, best_kernel, best_column, change, variance
    )


def _quiet(z: np.ndarray, precision: np.ndarray, missing: list) -> tuple[np.ndarray, np.ndarray, list]:
    """Residual sum of squares, log determinant of the missing part, and how to fill it."""
    score = z @ precision
    rss = np.einsum("nt,nt->n", score, z).astype(float)
    logdet = np.zeros(len(z))
    inverses = []
    for rows, places, real in missing:
        block = precision[places[:, :, None], places[:, None, :]]
        inverse = masked_inverse(block, real)
        right = np.take_along_axis(score[rows], places, 1) * real
        filled = np.einsum("nij,nj->ni", inverse, right)
        rss[rows] -= (right * filled).sum(1)
        eye = np.eye(places.shape[1], dtype=np.float32)
        logdet[rows] = -np.linalg.slogdet(inverse + eye * ~real[:, :, None])[1]
        inverses.append((rows, places, real, inverse, filled))
    return np.maximum(rss, 1e-9), logdet, inverses


def _scan(z: np.ndarray, table: Tables, g: int, inverses: list) -> tuple[np.ndarray, np.ndarray]:
    """Score and information of every dated shape, missing months taken as unknown."""
    score = z @ table.scores[g]
    if not inverses:
        return score, np.broadcast_to(table.information[g], score.shape)
    information = np.repeat(table.information[g : g + 1], len(z), 0)
    for rows, places, real, inverse, filled in inverses:
        cross = table.scores[g][places] * real[:, :, None]
        score[rows] -= (filled[:, None, :] @ cross)[:, 0]
        information[rows] -= (cross * (inverse @ cross)).sum(1)
    return score, np.maximum(information, 1e-4)


def _allowed(used: np.ndarray, table: Tables) -> np.ndarray:
    """Enough months with a purchase on both sides of a date."""
    before = np.concatenate([np.zeros((len(used), 1), dtype=np.int64), np.cumsum(used, 1)], 1)
    passed = before[:, table.start]
    return (passed >= BEFORE) & (before[:, -1:] - passed >= AFTER[table.shape])
