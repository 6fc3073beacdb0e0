"""Which departures are reported: false discoveries over the panel, and what the whole market did."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from .engine import Found, candidates

__all__ = ["control", "crowded", "q_values", "quiet_share", "rate_of"]

_HALF = 0.5  # p-values above it belong to quiet clients
_LEAST_QUIET = 0.5
# Clients that break one way, share of all, times the usual number. Fewer than twelve are a manager's clients
# or a product's buyers rather than a market.
_CROWD, _CROWD_SHARE, _CROWD_TIMES = 12, 0.10, 3.5
_AROUND = 12  # months on each side that tell the usual number
_FADING, _LOOKS, _SAME = 3.0, (1, 2, 3), 3  # times the rate, months back, months that a date may move
_WATCHFUL = 2.0  # times the rate of the strict setting
_BY_MONEY = 0.1  # of the weights of the hypotheses that goes by the clients' shares of the volume


def q_values(p: np.ndarray, total: float) -> np.ndarray:
    """Benjamini-Hochberg q-values of the strongest of ``total`` p-values.

    >>> q_values(np.array([0.001, 0.02]), 4)
    array([0.004, 0.04 ])
    """
    order = np.argsort(p, kind="stable")
    ranked = p[order] * total / np.arange(1, len(p) + 1)
    q = np.empty(len(p))
    q[order] = np.minimum(np.minimum.accumulate(ranked[::-1])[::-1], 1.0)
    return q


def quiet_share(p: np.ndarray) -> float:
    """Share of quiet clients from the p-values above one half (Storey 2002).

    A share below one half says rather that these clients are noisier than the simulated ones than
    that most of them broke, so it is not believed and one is taken.

    >>> quiet_share(np.array([0.001, 0.3, 0.6, 0.8]))
    1.0
    """
    p = p[~np.isnan(p)]
    if not len(p):
        return 1.0
    share = float(((p > _HALF).sum() + 1) / (len(p) * (1 - _HALF)))
    return min(share, 1.0) if share >= _LEAST_QUIET else 1.0


def weights(volume: np.ndarray, judged: np.ndarray) -> np.ndarray:
    """Weights of the hypotheses, mean 1 over the clients judged, by their share of the volume.

    One client with most of the money would else need the evidence of one among many small ones.

    >>> weights(np.array([90.0, 5.0, 5.0, 7.0]), np.array([True, True, True, False])).round(3)
    array([1.17 , 0.915, 0.915, 0.9  ])
    """
    size = np.where(judged, np.clip(volume, 0, None), 0.0)
    if not size.sum():
        return np.ones(len(size))
    return 1 - _BY_MONEY + _BY_MONEY * judged.sum() * size / size.sum()


def rate_of(setting: str, false_discovery: float) -> float:
    """Rate of false discoveries of a setting."""
    return false_discovery if setting == "strict" else min(_WATCHFUL * false_discovery, 0.9)


def control(found: Found, rate: float) -> tuple[pd.DataFrame, float]:
    """Rows to report, and how many of them to expect false.

    A client is one hypothesis, tested by its smallest p-value over its weight (Genovese, Roeder and
    Wasserman 2006); a second break of a reported client has to pass on its own, given the first
    (Benjamini and Bogomolov 2014).
    """
    rows = found.rows
    every = found.clients["p_value"].to_numpy()
    judged = ~np.isnan(every)
    total, weight = quiet_share(every) * float(judged.sum()), weights(np.nansum(found.values, axis=1), judged)
    p = rows.groupby("row")["p_value"].min()
    weighed = p / weight[p.index]
    q = pd.Series(np.maximum(q_values(weighed.to_numpy(), total), p.to_numpy()), index=p.index)
    own = np.maximum(q.reindex(rows["row"]).to_numpy(), np.minimum(rows["p_second"], rate))
    rows = rows.assign(q_value=own, p_value=np.maximum(rows["p_value"], rows["p_second"]))
    strong = (rows["q_value"] <= rate).to_numpy()
    limit = float(weighed[q <= rate].max()) if (q <= rate).any() else 0.0
    weaker = ~strong & (rows["q_value"] <= _FADING * rate).to_numpy()
    stood = _stood(found, rows, weaker, limit * weight) if limit else weaker & False
    kept = rows[strong | stood].sort_values(["p_value", "row", "break_month"]).reset_index(drop=True)
    kept["market"] = False
    for way in (-1, 1):  # a market goes one way
        same = (kept["direction"] == way).to_numpy()
        months = kept.loc[same, "break_month"].to_numpy(dtype=np.int64)
        kept.loc[same, "market"] = crowded(months, int(judged.sum()))
    return kept, float(total * limit) if len(kept) else 0.0


def _stood(found: Found, rows: pd.DataFrame, weaker: np.ndarray, limit: np.ndarray) -> np.ndarray:
    """Rows a little too weak today that were strong enough in one of the months before.

    An alarm raised a month ago is not withdrawn because its p-value moved a little: recomputed from
    the data as of the earlier months, with today's limit of the client. It needs the limit of an earlier look, so
    a quiet panel, where no client passes, gets nothing from it.
    """
    stood = np.zeros(len(rows), dtype=bool)
    at = np.flatnonzero(weaker)
    backs = np.array([back for back in _LOOKS if found.values.shape[1] - back >= found.rules.min_months], dtype=int)
    if not len(at) or not len(backs):
        return stood
    own = rows["row"].to_numpy(dtype=np.int64)[at]
    clients = np.unique(own)
    some, back = np.repeat(clients, len(backs)), np.tile(backs, len(clients))
    earlier = replace(found, rules=replace(found.rules, candidate=float(limit[clients].max()), few_models=True))
    before = candidates(earlier, some, back)[0]
    before = before[before["p_value"].to_numpy() <= limit[some[before["row"].to_numpy(dtype=np.int64)]]]
    then = before["row"].to_numpy(dtype=np.int64)
    earlier_rows = pd.DataFrame({
        "row": some[then], "direction": before["direction"].to_numpy(),
        "month": before["break_month"].to_numpy() - back[then] + found.offset,
    })  # fmt: skip
    names = ["row", "direction", "break_month"]
    both = rows.iloc[at][names].assign(at=at).merge(earlier_rows, on=["row", "direction"])
    near = (both["break_month"] - both["month"]).abs() <= _SAME
    stood[both.loc[near, "at"].to_numpy(dtype=np.int64)] = True
    return stood


def crowded(month: np.ndarray, clients: int) -> np.ndarray:
    """Rows in months in which so many clients break that the market did it.

    >>> bool(crowded(np.full(40, 30), 200).all()), bool(crowded(np.arange(40), 200).any())
    (True, False)
    """
    if not len(month):
        return np.zeros(0, dtype=bool)
    span = int(month.max()) + 3
    count = np.bincount(month, minlength=span)
    near = count + np.r_[0, count[:-1]] + np.r_[count[1:], 0]
    sums = np.cumsum(np.pad(count, (_AROUND + 1, _AROUND)))
    around = sums[2 * _AROUND + 1 :] - sums[: -2 * _AROUND - 1]
    usual = 3 * (around - near) / (2 * _AROUND - 2)
    crowd = (near >= np.maximum(_CROWD, _CROWD_SHARE * clients)) & (near > _CROWD_TIMES * usual)
    # The month itself and its neighbours: dates scatter by a month.
    centre = crowd & (count >= 0.25 * near)
    return (centre | np.r_[False, centre[:-1]] | np.r_[centre[1:], False])[month]
