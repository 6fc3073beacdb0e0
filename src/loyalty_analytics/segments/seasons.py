"""Dictionary of the calendars that a seasonal client may have."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

__all__ = ["FLOOR", "Profiles", "profiles"]

FLOOR = 0.05  # rate out of season relative to the rate in season


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
            rows.append(np.where((month - start) % 12 < length, 1.0, FLOOR))
            shapes.append(0)
    for sharpness in (1.0, 3.0):
        for peak in np.arange(0, 12, 0.5):
            wave = (0.5 + 0.5 * np.cos(2 * np.pi * (month - peak) / 12)) ** sharpness
            rows.append(FLOOR + (1 - FLOOR) * wave)
            shapes.append(1)
    for length in (1, 2, 3):
        for start in range(12):
            for apart in range(length + 2, 7):
                if apart == 6 and start >= 6:
                    continue
                first, second = (month - start) % 12 < length, (month - start - apart) % 12 < length
                rows.append(np.where(first | second, 1.0, FLOOR))
                shapes.append(2)
    weight = np.array(rows)
    weight /= weight.mean(axis=1, keepdims=True)
    return Profiles(weight, np.array(shapes), weight > 1.0)
