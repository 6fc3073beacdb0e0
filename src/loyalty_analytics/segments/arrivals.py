"""How a client's first order came about: who was there when the data begin, and who came later.

A client that was there from the start has waited through every month before its first order, and that
silence is part of its calendar: a season that begins within the data shows up at its first month, a
busy client at once. The others came at any time before their first order, all times alike. Given a
rate of r orders a month on a profile w with cumulated exposure W the density of the first order at t is

    r · (p · exp(-r W(t)) + (1 - p) / T · ∫_0^t exp(-r (W(t) - W(s))) ds)

with p the share of the class that was there when the data begin and T the months of data. It is tabled
by rate, month and profile and read at each client's expected rate.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["HALF", "Arrivals", "arrivals", "once"]

HALF = 0.5  # a client's first order comes in the middle of its month, on average
_LEVELS = np.geomspace(0.03, 30.0, 16).astype(np.float32)  # orders a month; between them little changes
_STEP = float(np.log(_LEVELS[1] / _LEVELS[0]))


@dataclass(frozen=True)
class Arrivals:
    """Table of first orders, one row per rate and month, one column per profile.

    Attributes
    ----------
    log : (levels · months, profiles) log density
    begun : (levels · months, profiles) the part of it that is of those there from the start
    months : months of data
    """

    log: np.ndarray
    begun: np.ndarray
    months: int

    def rows(self, rate: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Row of the table for clients of these rates whose first order is in month ``first``."""
        level = np.rint(np.log(rate / _LEVELS[0]) / _STEP).clip(0, len(_LEVELS) - 1)
        return level.astype(np.int64) * self.months + first


def arrivals(weight: np.ndarray, old: np.ndarray) -> Arrivals:
    """Table for profiles ``weight`` (months, profiles) with shares ``old`` (profiles,) there from the start."""
    weight, old, months = weight.astype(np.float32), old.astype(np.float32), len(weight)
    level = _LEVELS[:, None]
    lived, came = np.ones((len(level), weight.shape[1]), np.float32), np.zeros((), np.float32)
    first, later = np.empty((2, len(level), *weight.shape), np.float32)
    for month, each in enumerate(weight):
        pace = np.maximum(level * each, np.float32(1e-4))
        half = np.exp(-np.float32(HALF) * pace)
        whole = half * half
        first[:, month] = lived * half
        later[:, month] = came * half + (1 - half) / pace
        lived, came = np.maximum(lived * whole, np.float32(1e-30)), came * whole + (1 - whole) / pace
    first *= old
    later *= (1 - old) / months
    both = first + later
    shape = (len(level) * months, weight.shape[1])
    return Arrivals(np.log(level[:, None] * both).reshape(shape), (first / both).reshape(shape), months)


def once(first: np.ndarray, months: int, old: float) -> tuple[np.ndarray, np.ndarray]:
    """Log density of the month of a one-off client, and the part of those there from the start."""
    start = np.where(first == 0, old, 0.0)
    both = start + (1 - old) / months
    return np.log(both), start / both
