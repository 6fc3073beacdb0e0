"""Level of each client with one step, scored at every month for all clients at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Found", "scan"]

_EDGE = 3  # months with a purchase needed on each side


@dataclass(frozen=True, eq=False)
class Found:
    """Candidates of all clients: the strongest break of each."""

    rows: pd.DataFrame
    clients: pd.DataFrame
    fitted: np.ndarray
    seasonal: np.ndarray


def scan(values: np.ndarray, start: int, *, level: float = 0.95, min_months: int = 12) -> Found:
    """Score every month of every client as the first of a new level."""
    from scipy.special import stdtr

    n, months = values.shape
    bought = np.nan_to_num(values) > 0
    known = ~np.isnan(values)
    calendar = (start + np.arange(months)) % 12
    z = np.where(bought, np.log(np.where(bought, values, 1.0)), np.nan)
    count = bought.sum(1)
    judged = count >= min_months
    mean = np.array([np.nanmedian(row) if have else 0.0 for row, have in zip(z, bought.any(1))])
    centred = z - mean[:, None]
    profile = np.zeros(12)
    for month in np.unique(calendar):
        seen = centred[judged][:, calendar == month]
        profile[month] = np.nanmedian(seen) if (~np.isnan(seen)).any() else 0.0
    d = np.where(bought, centred - profile[calendar], 0.0)
    w = bought.astype(float)
    before_n, before_s, before_q = (np.cumsum(x, 1) - x for x in (w, d, d * d))
    after_n, after_s, after_q = (
        x.sum(1, keepdims=True) - y for x, y in ((w, before_n), (d, before_s), (d * d, before_q))
    )
    allowed = (before_n >= _EDGE) & (after_n >= _EDGE) & bought & judged[:, None]
    a, b = before_s / np.maximum(before_n, 1), after_s / np.maximum(after_n, 1)
    rss = before_q + after_q - before_n * a**2 - after_n * b**2
    scale = np.maximum(rss / np.maximum(count[:, None] - 2, 1), 1e-6)
    t2 = (b - a) ** 2 / (scale * (1 / np.maximum(before_n, 1) + 1 / np.maximum(after_n, 1)))
    t2 = np.where(allowed, t2 / 1.5, 0.0)
    best = t2.argmax(1)
    at = (np.arange(n), best)
    tried = allowed.sum(1)
    p = np.where(tried > 0, np.minimum(2 * tried * stdtr(np.maximum(count - 2, 1), -np.sqrt(t2[at])), 1.0), 1.0)
    gain = np.where(allowed, np.exp((t2 - t2[at][:, None]) / 2), 0.0)
    mass = np.cumsum(gain, 1) / np.maximum(gain.sum(1, keepdims=True), 1e-300)
    tail = (1 - level) / 2
    change = (b - a)[at]
    width = 1.96 * np.sqrt(scale[at] * 1.5 * (1 / np.maximum(before_n[at], 1) + 1 / np.maximum(after_n[at], 1)))
    fitted = np.exp(mean[:, None] + np.where(np.arange(months) < best[:, None], a[at][:, None], b[at][:, None]))
    seasonal = np.broadcast_to(np.exp(profile[calendar]), values.shape)
    lost = np.where(
        known & (np.arange(months) >= best[:, None]),
        np.exp(mean + a[at])[:, None] * seasonal - np.nan_to_num(values),
        0.0,
    ).sum(1)
    rows = pd.DataFrame({
        "row": np.arange(n),
        "break_month": best,
        "low": np.minimum((mass < tail).sum(1), best),
        "high": np.maximum((mass < 1 - tail).sum(1), best),
        "kind": np.where(change < 0, "level", "rise"),
        "direction": np.where(change < 0, -1, 1),
        "effect": np.expm1(change),
        "effect_low": np.expm1(change - width),
        "effect_high": np.expm1(change + width),
        "p_value": p,
        "lost": lost,
    })[judged & (tried > 0)]  # fmt: skip
    reason = np.where(judged, None, np.where(known.any(1), "short", "no_data"))
    clients = pd.DataFrame({
        "judged": judged,
        "reason": pd.Series(reason, dtype="object"),
        "months": known.sum(1),
        "purchases": count,
        "p_value": np.where(judged, p, np.nan),
    })  # fmt: skip
    return Found(rows.reset_index(drop=True), clients, fitted, seasonal)
