"""What one leaf cell says: its likelihood under «this slice moved by so much» against the noise of the rest.

A leaf is its relative change d = 2 (v − f) / (v + f) after the market's own move is taken out: −2 where
it vanished, +2 where it is new. The noise is fitted, not assumed: a mixture of normals of several
widths and a uniform outlier, symmetric, learned from the leaves that no slice claims. A moved leaf is
the same noise (or none, for deals that follow one rule) around another ratio.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Bins", "bins_of", "leaf_evidence", "market_move", "relative_change"]

_SEVERITIES = np.array([0.15, 0.2, 0.25, 0.3, 0.36, 0.43, 0.5, 0.57, 0.64, 0.71, 0.78, 0.85, 0.92, 1.0])
_SPREADS = (0.03, 0.1)  # of the ratio inside a slice whose cells follow one rule
_STAY = 0.04  # share of a slice's cells that may stay as they were
_STEPS = 75  # bins on either side of zero
_TINY = 1e-12


def market_move(f: np.ndarray, v: np.ndarray, quiet: np.ndarray) -> float:
    """Median ratio after / before of the quiet leaves."""
    known = quiet & (f > 0) & (v > 0)
    return float(np.exp(np.median(np.log(v[known] / f[known])))) if known.any() else 1.0


def relative_change(f: np.ndarray, v: np.ndarray, move: float) -> np.ndarray:
    """Relative change of every leaf once the market's move is taken out."""
    total = f * move + v
    return np.where(total > 0, 2 * (v - f * move) / np.where(total > 0, total, 1.0), 0.0)


@dataclass(frozen=True)
class Bins:
    """A grid on the relative change, finer near zero; the first and last bin are exactly −2 and +2."""

    edges: np.ndarray
    centres: np.ndarray
    widths: np.ndarray

    def place(self, d: np.ndarray) -> np.ndarray:
        """Bin of every value."""
        inner = np.clip(np.searchsorted(self.edges, d, side="right"), 1, len(self.edges) - 1)
        return np.where(d <= -2 + 1e-9, 0, np.where(d >= 2 - 1e-9, len(self.edges), inner))


def bins_of(scale: float) -> Bins:
    """A grid for noise of a scale."""
    top = np.arcsinh(2 / scale)
    edges = np.sinh(np.linspace(-top, top, 2 * _STEPS + 1)) * scale
    edges[0], edges[-1] = -2, 2
    centres = np.concatenate([[-2.0], (edges[1:] + edges[:-1]) / 2, [2.0]])
    return Bins(edges, centres, np.concatenate([[1.0], np.diff(edges), [1.0]]))


def _normal_mass(edges: np.ndarray, scale: float) -> np.ndarray:
    from scipy.special import ndtr

    inside = np.diff(ndtr(edges / scale))
    tail = ndtr(-2 / scale)
    return np.concatenate([[tail], inside, [tail]])


def fit_noise(bins: Bins, counts: np.ndarray, scale: float) -> np.ndarray:
    """Probability of every bin under the noise: a symmetric mixture fitted by EM to the bin counts."""
    uniform = np.concatenate([[0.0], np.diff(bins.edges) / 4, [0.0]])
    ends = np.zeros(len(uniform))
    ends[[0, -1]] = 0.5
    shapes = np.array([*(_normal_mass(bins.edges, scale * k) for k in (0.5, 0.8, 1.25, 2.0, 3.2)), uniform, ends])
    weight = np.array([1.0, 3, 3, 1, 0.3, 0.05, 0.02])
    weight /= weight.sum()
    total = counts.sum()
    # An eighth of a leaf of each kind of outlier: however quiet the leaves, one outlier is no miracle.
    prior = np.array([0, 0, 0, 0, 0, 0.12, 0.12])
    for _ in range(60):
        density = np.maximum(weight @ shapes, _TINY)
        weight = weight * (shapes @ (counts / density)) + prior
        weight /= total + prior.sum()
    return np.maximum(weight @ shapes, _TINY)


def _ratio(d: np.ndarray) -> np.ndarray:
    return (2 + d) / np.maximum(2 - d, 1e-9)


def _unratio(r: np.ndarray) -> np.ndarray:
    return 2 * (r - 1) / (r + 1)


def _narrow(bins: Bins, level: float, spread: float) -> np.ndarray:
    """Mass of the bins when the ratio after/before is normal around ``level`` (below 0: vanished)."""
    from scipy.special import ndtr

    mass = np.diff(ndtr((_ratio(bins.edges) - level) / spread))
    mass[-1] += ndtr((level - _ratio(bins.edges[-1:])[0]) / spread)
    return np.concatenate([[ndtr(-level / spread)], mass, [0.0]])


def _wide(bins: Bins, noise: np.ndarray, level: float) -> np.ndarray:
    """Mass of the bins when the noise stays and the ratio is multiplied by ``level``."""
    inner = np.concatenate([[0.0], np.cumsum(noise[1:-1])])
    moved = np.interp(_unratio(_ratio(bins.edges) / level), bins.edges, inner)
    mass = np.diff(moved)
    mass[0] += moved[0]
    mass[-1] += inner[-1] - moved[-1]
    return np.concatenate([[noise[0]], mass, [noise[-1]]])


def _both_sides(bins: Bins, counts: np.ndarray, scale: float, one_sided: bool) -> np.ndarray:
    """Noise of either side from its own leaves, or of both from the side with the lighter tail.

    Slices not yet found are mostly of one direction and make that side heavy.
    """
    half = len(counts) // 2
    sides = [counts[:half][::-1], counts[half:]]
    if one_sided:
        far = np.arange(half)
        light = min(sides, key=lambda side: float((side * far).sum()))
        return fit_noise(bins, np.concatenate([light[::-1], light]), scale)
    fitted = [fit_noise(bins, np.concatenate([side[::-1], side]), scale)[half:] for side in sides]
    share = (np.array([side.sum() for side in sides]) + 1) / (counts.sum() + 2)
    return np.concatenate([2 * share[0] * fitted[0][::-1], 2 * share[1] * fitted[1]])


def leaf_evidence(bins: Bins, counts: np.ndarray, scale: float, one_sided: bool) -> np.ndarray:
    """Log-likelihood ratios (hypotheses, bins): «the slice moved so» against «noise».

    Where the quiet leaves themselves would prefer a hypothesis, the noise is badly described and the
    hypothesis loses that preference.
    """
    noise = _both_sides(bins, counts, scale, one_sided)
    falls, rises = (
        [_narrow(bins, 1 - severity, spread) for severity in _SEVERITIES for spread in _SPREADS] for _ in "12"
    )
    falls += [_wide(bins, noise, 1 - severity) for severity in _SEVERITIES if severity < 1]
    # The grid is symmetric: a rise is a fall with before and after exchanged.
    rises += [_wide(bins, noise[::-1], 1 - severity) for severity in _SEVERITIES if severity < 1]
    moved = np.array([*falls, *(mass[::-1] for mass in rises)])
    table = np.log(((1 - _STAY) * moved + _STAY * noise) / noise)
    bias = table @ counts / max(counts.sum(), 1)
    return table - np.maximum(bias, 0.0)[:, None]
