"""p-values of the break statistic, from simulated quiet clients.

The statistic is a log Bayes factor with the quiet models averaged out; what is left of its law depends
on the length of history and on whether the client is steady, moving or sticky. ``quiet_quantiles.csv``
holds upper quantiles (written by ``benchmarks/breaks_calibrate.py``); beyond them the tail is exponential.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import numpy as np

from .kernels import FAMILY

__all__ = ["CLASSES", "p_value"]

CLASSES = (0, 24, 36, 55)  # months used by the level, lower ends
_TAIL = 1.1  # e-folds of the p-value per unit of the statistic beyond the table
_SMALLEST = 1e-12


@cache
def _table() -> dict[tuple[int, int], tuple[np.ndarray, np.ndarray]]:
    text = files(__package__).joinpath("quiet_quantiles.csv").read_text(encoding="utf-8")
    cells = np.array([line.split(",") for line in text.splitlines()[1:]], dtype=float)
    table = {}
    for place, low in enumerate(CLASSES):
        for family in range(int(FAMILY.max()) + 1):
            own = cells[(cells[:, 0] == low) & (cells[:, 1] == family)]
            table[place, family] = (own[:, 3], np.log(own[:, 2]))
    return table


def p_value(statistic: np.ndarray, months: np.ndarray, family: np.ndarray | None = None) -> np.ndarray:
    """Chance that a quiet client with so many months used reaches the statistic.

    ``family`` is that of each client's most likely quiet model (`kernels.FAMILY`), steady by default.

    >>> p_value(np.array([-5.0, 30.0]), np.array([60, 60]))
    array([1.e+00, 1.e-12])
    """
    statistic = np.asarray(statistic, dtype=float)
    place = np.searchsorted(CLASSES, months, side="right") - 1
    kind = np.zeros(statistic.shape, dtype=np.int64) if family is None else family
    out = np.ones(statistic.shape)
    for (k, own), (knots, logs) in _table().items():
        here = (place == k) & (kind == own)
        if not here.any():
            continue
        s = statistic[here]
        inside = np.interp(s, knots, logs)
        above = logs[-1] - _TAIL * (s - knots[-1])
        below = np.minimum(logs[0] + (knots[0] - s), 0.0)
        out[here] = np.exp(np.where(s > knots[-1], above, np.where(s < knots[0], below, inside)))
    return np.maximum(out, _SMALLEST)
