"""Months without purchase: has a client left, judged by its own calendar of purchases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

__all__ = ["Silence", "silence", "visit_evidence"]

_SHRINK = 2.0  # years that the client's overall rate counts in each month of the year
_SHORTEST = 3  # months of silence
_MISSED = 3  # months with and months without purchase from which a rate can be seen to change
_ODDS_SD = 1.5  # of a change of the log odds of a purchase


@dataclass(frozen=True, eq=False)
class Silence:
    """Clients that are silent at the end.

    Attributes
    ----------
    rows : int array
    p_value : float array
        Probability of so long a silence of a client that has not left.
    dates : float array (rows, months)
        Posterior of the first month after leaving.
    since : int array
        First month without purchase.
    """

    rows: np.ndarray
    p_value: np.ndarray
    dates: np.ndarray
    since: np.ndarray


def silence(bought: np.ndarray, known: np.ndarray, calendar: np.ndarray, least: int) -> Silence:
    """Length of the last silence against the client's own calendar and its own earlier pauses.

    A month's chance of a purchase is the share of purchases in the same month of earlier years,
    shrunk to the client's overall rate, which itself is updated by the silent months (so that three
    silent months are not three independent surprises). A pause as long as an earlier one is at most
    as surprising as those were frequent.
    """
    months = bought.shape[1]
    last = months - 1 - bought[:, ::-1].argmax(1) if months else np.zeros(len(bought), dtype=np.int64)
    tail = (known & (np.arange(months) > last[:, None])).sum(1) if months else np.zeros(len(bought), dtype=np.int64)
    rows = np.flatnonzero((bought.sum(1) >= least) & (tail >= _SHORTEST)) if months else np.empty(0, dtype=np.int64)
    own, seen, since = bought[rows], known[rows], last[rows] + 1
    past = seen & (np.arange(months) < since[:, None])
    by_month = (np.arange(12)[:, None] == calendar).astype(float)
    done, asked = own.astype(float) @ by_month.T, past.astype(float) @ by_month.T
    bought_in_all, asked_in_all = own.sum(1), past.sum(1)
    survive = np.zeros((len(rows), months + 1))  # log chance that all silent months before t are silent
    silent = np.zeros(len(rows))
    for t in range(int(since.min()) if len(rows) else months, months):
        active = seen[:, t] & (t >= since)
        rate = (bought_in_all + 0.5) / (asked_in_all + silent + 1)
        chance = (done[:, calendar[t]] + _SHRINK * rate) / (asked[:, calendar[t]] + _SHRINK)
        survive[:, t + 1] = survive[:, t] + np.where(active, np.log1p(-np.minimum(chance, 0.995)), 0)
        silent += active
    p = np.maximum(np.exp(survive[:, -1]), _pauses(own, past, silent))
    weight = np.where(seen & (np.arange(months) >= since[:, None]), np.exp(survive[:, :-1]), 0.0)
    return Silence(rows, p, weight / np.maximum(weight.sum(1, keepdims=True), 1e-300), since)


def _pauses(own: np.ndarray, past: np.ndarray, silent: np.ndarray) -> np.ndarray:
    """Earlier pauses at least as long as the present one, per purchase (0 where there was none)."""
    run = np.zeros(len(own))
    long = np.zeros(len(own))
    for t in range(own.shape[1]):
        long += own[:, t] & (run >= silent)
        run = np.where(own[:, t], 0, run + past[:, t])
    return long / np.maximum(own.sum(1), 1)


def visit_evidence(bought: np.ndarray, known: np.ndarray, calendar: np.ndarray) -> np.ndarray:
    """Log Bayes factor of a change of the rate of purchases from each month on (0 where none can be seen).

    Score test of a step in the log odds of a purchase, normal prior of the step, the client's own
    calendar as the rates without it; purchases more clustered than chance count less.
    """
    months = bought.shape[1]
    out = np.zeros(bought.shape)
    missed = (known & ~bought).sum(1)
    rows = np.flatnonzero((missed >= _MISSED) & (bought.sum(1) >= _MISSED))
    if not len(rows):
        return out
    own, seen = bought[rows].astype(float), known[rows].astype(float)
    by_month = (np.arange(12)[:, None] == calendar).astype(float)
    rate = own.sum(1, keepdims=True) / seen.sum(1, keepdims=True)
    done, asked = own @ by_month.T, seen @ by_month.T
    chance = ((done + _SHRINK * rate) / (asked + _SHRINK))[:, calendar]
    rest = (own - chance) * seen
    weight = chance * (1 - chance) * seen
    pairs = (rest[:, 1:] * rest[:, :-1]).sum(1) / np.maximum((rest**2).sum(1), 1e-9)
    clustered = np.clip((1 + pairs) / (1 - pairs), 1.0, 4.0)[:, None]
    after = weight[:, ::-1].cumsum(1)[:, ::-1]
    whole = np.maximum(weight.sum(1, keepdims=True), 1e-9)
    score = rest[:, ::-1].cumsum(1)[:, ::-1] - after / whole * rest.sum(1, keepdims=True)
    information = after * (1 - after / whole) / clustered
    score = score / clustered
    log = 0.5 * score**2 / (information + 1 / _ODDS_SD**2) - 0.5 * np.log1p(information * _ODDS_SD**2)
    fits = (seen.cumsum(1) - seen >= 6) & (seen[:, ::-1].cumsum(1)[:, ::-1] >= 3)
    out[rows] = np.where(fits & (np.arange(months) > 0), log, 0.0)
    return out
