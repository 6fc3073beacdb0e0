"""Fitted level and season of single clients, for pictures and for money."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .engine import Found, shape_columns
from .kernels import NOISES, SEASONS, SHAPES, covariance, parts, tables

__all__ = ["fitted"]

_WIDE = 1.0  # prior variance of a change in the fit of a picture


def fitted(found: Found, breaks: pd.DataFrame, rows: np.ndarray, months: int) -> tuple[np.ndarray, np.ndarray]:
    """Level and seasonal factor of clients, months of the whole panel.

    Parameters
    ----------
    breaks : table with row, position (of the break month), shape
    rows : positions of the clients

    Returns
    -------
    level, season : float arrays (rows, months)
        Level in currency units (NaN before the first purchase and for clients without one), season
        and market as a factor.
    """
    level, season = np.full((2, len(rows), months), np.nan)
    prepared, offset = found.prepared, found.offset
    width = prepared.log.shape[1]
    for k, row in enumerate(rows):
        first = int(prepared.first[row])
        length = width - first
        used = prepared.used[row, first:]
        if used.sum() < 2 or length < 2:
            continue
        mine = breaks[breaks["row"] == row]
        columns, gone = _design(mine, length, first + offset)
        g = int(found.kernel[row])
        noise, waves = NOISES[g % len(NOISES)], SEASONS[g // len(NOISES)]
        smooth, wave = parts(length, noise, waves)
        cov = covariance(length, noise, waves)[np.ix_(used, used)]
        z = prepared.log[row, first:][used]
        weights = np.linalg.solve(cov, np.column_stack([columns[used], z]))
        normal = columns[used].T @ weights[:, :-1] + np.diag([0.0] + [1e-3 / _WIDE] * (columns.shape[1] - 1))
        beta = np.linalg.solve(normal, columns[used].T @ weights[:, -1])
        alpha = weights[:, -1] - weights[:, :-1] @ beta
        path = prepared.centre[row] + columns @ beta + smooth[:, used] @ alpha
        level[k, offset + first :] = np.where(np.arange(length) >= gone, 0.0, np.exp(path))
        season[k, offset + first :] = np.exp(wave[:, used] @ alpha + prepared.market[first:])
    return level, season


def _design(mine: pd.DataFrame, length: int, begin: int) -> tuple[np.ndarray, int]:
    """Constant and one column per break; the month from which the client is gone."""
    left = mine[mine["kind"] == "churn"]
    gone = int(left["position"].min()) - begin if len(left) else length
    own = mine[mine["kind"] != "churn"]
    start = np.clip(own["position"].to_numpy(dtype=np.int64) - begin, 1, length - 1)
    shape = own["shape"].map(list(SHAPES).index).to_numpy(dtype=np.int64)
    made = shape_columns(tables(length), start, shape).T if len(own) else np.empty((length, 0))
    return np.column_stack([np.ones(length), made]), gone
