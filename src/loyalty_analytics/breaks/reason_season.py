"""How much of a change the calendar explains: season indices of the windows around a break."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .anatomy import LONGEST

__all__ = ["season_means"]

_SHRUNK = 2.0  # years of the market's profile that a client's own profile has to outweigh


def season_means(orders: pd.DataFrame, breaks: pd.DataFrame, last: int) -> np.ndarray | None:
    """Mean season index (1 = an average month) of the windows before and after each break.

    The client's own profile of the whole years before the break, shrunk to the profile of all clients
    by its length.

    Returns
    -------
    array (2, breaks, 2) or None
        First axis: of the revenue, of the number of orders; last: before, after. None where nobody has
        two whole years.
    """
    if not len(orders) or not len(breaks):
        return None
    years = (last - int(orders["month"].min()) + 1) // 12
    if years < 2:
        return None
    weights = (orders["minor"].where(orders["sale"], 0), orders["n"].where(orders["sale"], 0))
    clients, tables = _yearly(orders, [weight.to_numpy(float) for weight in weights], last, years)
    return np.array([_means(clients, table, breaks, last, years) for table in tables])


def _means(clients: pd.Index, table: np.ndarray, breaks: pd.DataFrame, last: int, years: int) -> np.ndarray:
    market = _profile(table.sum(axis=0, keepdims=True))[0]
    own = _own(table, clients, breaks, last, years, market)
    length = breaks["length"].to_numpy()
    step = np.arange(LONGEST)
    inside = step[None, :] < length[:, None]
    means = np.ones((len(breaks), 2))
    for side, start in enumerate((breaks["month"].to_numpy() - length, breaks["month"].to_numpy())):
        value = np.take_along_axis(own, (start[:, None] + step[None, :]) % 12, axis=1)
        means[:, side] = np.where(length > 0, (value * inside).sum(axis=1) / np.maximum(length, 1), 1.0)
    return np.maximum(means, 0.05)


def _yearly(
    orders: pd.DataFrame, weights: list[np.ndarray], last: int, years: int
) -> tuple[pd.Index, list[np.ndarray]]:
    """Sums of each weight by client, year back from the last month, and calendar month (0 = January)."""
    codes, clients = orders["client_id"].cat.codes.to_numpy(np.int64), orders["client_id"].cat.categories
    back = last - orders["month"].to_numpy()
    inside = back < years * 12
    year, calendar = years - 1 - back[inside] // 12, orders["month"].to_numpy()[inside] % 12
    flat = (codes[inside] * years + year) * 12 + calendar
    shape = (len(clients), years, 12)
    sums = [np.bincount(flat, weight[inside], int(np.prod(shape))).reshape(shape) for weight in weights]
    return clients, sums


def _profile(table: np.ndarray) -> np.ndarray:
    """Season index by calendar month: the mean over years of the month's share of its year."""
    year = table.sum(axis=2, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(year > 0, table / year, np.nan) * 12
    count = (~np.isnan(share)).sum(axis=1)
    return np.where(count > 0, np.nansum(share, axis=1) / np.maximum(count, 1), 1.0)


def _own(
    table: np.ndarray, clients: pd.Index, breaks: pd.DataFrame, last: int, years: int, market: np.ndarray
) -> np.ndarray:
    place = clients.get_indexer(pd.Index(breaks["client_id"]))
    own = np.where((place >= 0)[:, None, None], table[place], 0.0)
    # A year that touches the break or what follows it would show the break as a season.
    ends = last - 12 * np.arange(years - 1, -1, -1)
    before = ends[None, :] < breaks["month"].to_numpy()[:, None]
    own = own * before[:, :, None]
    count = (own.sum(axis=2) > 0).sum(axis=1)
    profile = _profile(own)
    weight = np.where(count >= 2, count / (count + _SHRUNK), 0.0)[:, None]
    return weight * profile + (1 - weight) * market
