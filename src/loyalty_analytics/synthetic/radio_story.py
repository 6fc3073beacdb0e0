"""What happens to the clients of the radio group: the truth that an analysis should find."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import stream, vocabulary

__all__ = ["FIRST", "LAST", "MONTHS", "SILENT", "buyers", "story", "volumes"]

FIRST, LAST = pd.Period("2023-11", "M"), pd.Period("2026-10", "M")
MONTHS = pd.period_range(FIRST, LAST, freq="M")
# Deals of October are partly for airings in November.
_AHEAD = pd.period_range(FIRST, LAST + 1, freq="M")

# client, kind, first month of the new regime, relative change (per month for a decline), event
_STORY: list[tuple[str, str, str, float, str]] = [
    ("C036", "break", "2024-11", -0.48, "competitor"),
    ("C029", "break", "2025-04", -0.52, "product_change"),
    ("C022", "break", "2025-09", -0.60, "contact_left"),
    ("C015", "break", "2026-05", -0.55, "airing_defect"),
    ("C008", "break", "2026-07", -0.55, "budget_cut"),
    ("C003", "break", "2026-08", -0.52, "competitor"),
    ("C011", "decline", "2025-05", -0.055, ""),
    ("C033", "decline", "2025-10", -0.07, ""),
    ("C019", "growth", "2026-01", 0.85, "campaign"),
    ("C006", "manager", "2025-12", -0.56, "manager_change"),
    ("C013", "manager", "2026-01", -0.55, "manager_change"),
    ("C020", "manager", "2025-12", -0.54, "manager_change"),
    ("C027", "manager", "2026-01", -0.52, "manager_change"),
    ("C039", "manager", "2025-12", -0.52, "manager_change"),
    ("C017", "price", "2026-03", -0.54, "price_change"),
    ("C024", "price", "2026-03", -0.52, "price_change"),
    ("C031", "price", "2026-03", -0.54, "price_change"),
    ("C005", "churn", "2025-03", -1.0, ""),
    ("C018", "churn", "2025-08", -1.0, ""),
    ("C026", "churn", "2025-11", -1.0, ""),
    ("C037", "churn", "2026-03", -1.0, ""),
    ("C052", "churn", "2026-03", -1.0, ""),
    ("C040", "churn", "2026-07", -1.0, ""),
    ("C041", "season_only", "2026-08", 0.0, ""),
    ("C045", "season_only", "2026-10", 0.0, ""),
    ("C050", "season_only", "2026-09", 0.0, ""),
    ("C056", "season_only", "2026-09", 0.0, ""),
]
SILENT = [
    "C004", "C005", "C006", "C010", "C011", "C020", "C023", "C026", "C031", "C034",
    "C036", "C037", "C039", "C040", "C043", "C047", "C049", "C052", "C054", "C058",
]  # fmt: skip


def story() -> pd.DataFrame:
    """Planted truths: client_id, kind, break_month (first of the new regime), size, event."""
    return pd.DataFrame(_STORY, columns=["client_id", "kind", "break_month", "size", "event"])


def volumes(seed: int) -> pd.DataFrame:
    """Planned volume on the air in roubles, month × client: level, seasons, autocorrelated noise and the story.

    The last row is the month after the last one that is reported.
    """
    words = vocabulary("radio_clients")
    calendar = np.asarray(_AHEAD.month)
    market = np.asarray(words["market_season"])[calendar - 1] * 1.007 ** np.arange(len(_AHEAD))
    columns = {
        client: _volume(stream(seed, "volume", client), row, market, calendar, words["trade_season"][row[2]])
        for client, row in words["clients"].items()
    }
    table = pd.DataFrame(columns, index=_AHEAD)
    for client, kind, month, size, _ in _STORY:
        table[client] *= _shape(kind, pd.Period(month, "M"), size)
    return table


def _volume(
    rng: np.random.Generator, row: list[Any], market: np.ndarray, calendar: np.ndarray, trade: list[float]
) -> np.ndarray:
    level, first, often, noise, season = row[3], pd.Period(row[4], "M"), row[5], row[6], row[7:]
    steps = rng.standard_normal(len(calendar)) * noise
    wave = np.zeros(len(calendar))
    for t in range(len(calendar)):
        wave[t] = 0.3 * (wave[t - 1] if t else 0.0) + steps[t]
    value = level * 1000 * np.exp(wave) * np.asarray(trade)[calendar - 1]
    value *= market**0.5 if season else market
    if season:
        place = (calendar - season[0]) % 12
        # A season rises, stands and falls off; outside it nothing is bought.
        hill = np.sin(np.pi * (place + 0.75) / (season[1] + 0.5)).clip(min=0) ** 0.6
        value = value * hill * (place < season[1])
    value[rng.random(len(calendar)) > often] = 0.0
    # A rare special project; it lasts one month and means nothing.
    value[(rng.random(len(calendar)) < 0.006) & (value > 0)] *= 1.9
    value[np.asarray(first > _AHEAD)] = 0.0
    return value


def _shape(kind: str, month: pd.Period, size: float) -> np.ndarray:
    since = np.asarray([(m - month).n for m in _AHEAD])
    if kind == "decline":
        return (1 + size) ** np.clip(since + 1, 0, 16)
    return np.where(since >= 0, 1 + size, 1.0)


def buyers(volumes: pd.DataFrame, month: pd.Period) -> list[str]:
    """Clients that buy in a month."""
    table: Any = volumes
    return [str(client) for client in volumes.columns if table.at[month, client] > 0]
