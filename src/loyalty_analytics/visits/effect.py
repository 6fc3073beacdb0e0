"""Does visiting raise volume? Doubly robust g-estimation among the clients that were due."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ..grid import Grid, grid
from ..months import month_number
from ..results import Note, Result, as_table, takes
from .rules import column

__all__ = ["visit_effect"]

_WINDOW = 3  # months over which a visit is thought to work
_HISTORY = 12  # months of volume needed before a decision
_FLOOR = 0.03  # share of a usual month that stands in for nothing in logarithms
_CAP = 6.0  # a volume above six usual months is a one-off, not an effect
_FALL, _SIZE, _SIZE_BY_FALL = 0, 9, 13  # columns of `_known`
_GRID = np.expm1(np.linspace(np.log(0.1), np.log(6.0), 49))  # candidate effects, −90 % to +500 %
_COLUMNS = ["question", "effect", "low", "high", "n", "smallest_visible", "visits", "clients"]


@dataclass(frozen=True)
class _Decisions:
    """Rows client × month in which a client was due: was it visited, and what was known then."""

    client: np.ndarray
    month: np.ndarray
    visited: np.ndarray
    usual: np.ndarray  # mean revenue of the last 12 months
    known: np.ndarray  # regressors of the decision


@takes(meetings=["client_id"], panel=[], clients=["client_id"])
def visit_effect(
    meetings: pd.DataFrame | Result,
    panel: pd.DataFrame | Result,
    clients: pd.DataFrame | None = None,
    as_of: Any = None,
    *,
    purpose: str = "quarterly",
    level: float = 0.95,
    placebos: int = 1,
    seed: int = 0,
) -> Result:
    """Effect of a held visit on the revenue of the three months after it.

    Visits go to clients that fall, repeat and wear off, so before-after, fixed effects and matched
    differences mislead. Here only clients that were due (no meeting for three months) are compared, in
    the month of the decision, given everything the ledger showed by then: size, fall, last year's season,
    waiting time. The effect of later visits is divided out.

    Parameters
    ----------
    meetings : client_id, held_at, purpose; optional status (only ``held`` count), format
    panel : client_id, month, revenue (see `monthly_panel`)
    clients : client_id, client_type: only regular clients are due for quarterly visits
    as_of : month or day
    purpose : purpose of the visits judged; all others count as meetings but are not exchangeable
    level : coverage of the interval
    placebos : runs in which visits are drawn among the due with their estimated probability instead, by
        ``seed``; their effect should cover zero

    Returns
    -------
    Result
        First row: the effect. question ('visits' or 'placebo'), effect (relative change of monthly revenue), low,
        high, n (due client-months), smallest_visible (relative effect seen with 80 % power), visits, clients. Null
        only where nothing can be estimated. ``.overview``: overlap of the probabilities of a visit.

    Notes
    -----
    Structural nested mean model: for a candidate effect τ all volumes under a visit are divided by 1 + τ;
    what is left must not depend on who was visited, given what was known. Score with a logit for the visit
    and least squares for the volume, clustered by client; the interval holds every τ that is not rejected.
    J. M. Robins, Communications in Statistics 23 (1994) 2379-2412; S. Vansteelandt, M. Joffe, Statistical
    Science 29 (2014) 707-731.

    Examples
    --------
    >>> months = pd.period_range("2024-01", periods=6, freq="M").astype(str)
    >>> panel = pd.DataFrame({"client_id": "A", "month": months, "revenue": 100.0})
    >>> visits = pd.DataFrame({"client_id": ["A"], "held_at": ["2024-03-05"], "purpose": ["quarterly"]})
    >>> visit_effect(visits, panel).table[["question", "effect", "n"]]
      question  effect  n
    0   visits     NaN  0
    """
    meetings, options = as_table(meetings), {"purpose": purpose, "level": level, "seed": seed}
    volumes = grid(panel, as_of)
    if volumes is None:
        return _result([_nothing("visits", 0)], pd.DataFrame(), None, options)
    revenue = np.where(volumes.known, volumes.revenue, np.nan).astype(float)
    judged, others = _held(meetings, volumes, purpose)
    exposed = _spread(judged | others)
    decisions = _decisions(revenue, judged, others, _eligible(clients, volumes.ids), exposed)
    if decisions is None:
        return _result([_nothing("visits", 0)], pd.DataFrame(), volumes, options)
    chance = _chance(decisions)
    rows = [_estimate("visits", revenue, exposed, decisions, chance, level)]
    dice = np.random.default_rng(seed)
    for _ in range(placebos):
        drawn = replace(decisions, visited=dice.random(len(chance)) < chance)
        rows.append(_estimate("placebo", revenue, exposed, drawn, _chance(drawn), level, shift=True))
    return _result(rows, _overlap(decisions.visited, chance), volumes, options)


def _eligible(clients: pd.DataFrame | None, ids: pd.Index) -> np.ndarray:
    """Clients to whom quarterly visits are due: the regular ones, and all whose type is not known."""
    if clients is None or "client_type" not in clients.columns:
        return np.ones(len(ids), dtype=bool)
    kind = clients.drop_duplicates("client_id").set_index("client_id")["client_type"].reindex(ids)
    return (kind.isna() | (kind == "regular")).to_numpy(bool)


def _overlap(visited: np.ndarray, chance: np.ndarray) -> pd.DataFrame:
    """How far the probabilities of a visit of those visited and those not reach over one another."""
    groups = [chance[visited], chance[~visited]]
    table = pd.DataFrame({"visited": [True, False], "n": [len(group) for group in groups]})
    for percent in (5, 50, 95):
        table[f"p{percent}"] = [float(np.percentile(group, percent)) if len(group) else np.nan for group in groups]
    return table


def _result(
    rows: list[dict[str, Any]], overview: pd.DataFrame, volumes: Grid | None, options: dict[str, Any]
) -> Result:
    table = pd.DataFrame(rows, columns=_COLUMNS).astype({"question": "str"})
    first = rows[0]
    if np.isnan(first["effect"]):
        note = Note("visits.effect_none", {"n": first["n"]})
    else:
        unclear = first["low"] <= 0 <= first["high"]
        note = Note("visits.effect_unclear" if unclear else "visits.effect_seen", {"n": first["n"]})
    return Result(
        frame=table, overview=overview, notes=(note,), options=options, as_of=volumes.as_of if volumes else None
    )


def _nothing(question: str, n: int) -> dict[str, Any]:
    return {**dict.fromkeys(_COLUMNS, np.nan), "question": question, "n": n, "visits": 0, "clients": 0}


def _held(meetings: pd.DataFrame, volumes: Grid, purpose: str) -> tuple[np.ndarray, np.ndarray]:
    """Visits judged and all other meetings as bool arrays client × month."""
    judged = np.zeros(volumes.revenue.shape, dtype=bool)
    others = judged.copy()
    at = pd.to_datetime(column(meetings, "held_at"))
    client = volumes.ids.get_indexer(pd.Index(column(meetings, "client_id")))
    seen = at.notna().to_numpy() & (client >= 0) & (column(meetings, "status").fillna("held") == "held").to_numpy(bool)
    month = month_number(at[seen]) - volumes.start
    inside = (month >= 0) & (month < volumes.months)
    ours = (column(meetings, "purpose")[seen] == purpose).fillna(False).to_numpy(bool)[inside]
    place = np.column_stack([client[seen], month])[inside]
    judged[tuple(place[ours].T)] = True
    others[tuple(place[~ours].T)] = True
    return judged, others


def _spread(visits: np.ndarray) -> np.ndarray:
    """Months in which a visit is at work: the three after it."""
    out = np.zeros_like(visits)
    for step in range(1, _WINDOW + 1):
        out[:, step:] |= visits[:, :-step]
    return out


def _decisions(
    revenue: np.ndarray, judged: np.ndarray, others: np.ndarray, eligible: np.ndarray, exposed: np.ndarray
) -> _Decisions | None:
    """All months in which an eligible client with a year of history was due and not met for another reason."""
    any_visit = judged | others
    n, months = revenue.shape
    since = np.full(n, 99)
    parts = []
    for month in range(months - _WINDOW):
        if month >= _HISTORY + _WINDOW + 1:
            usual = revenue[:, month - _HISTORY : month].mean(axis=1)
            complete = ~np.isnan(revenue[:, month - _HISTORY : month + _WINDOW + 1]).any(axis=1)
            due = eligible & (since > _WINDOW) & ~others[:, month] & complete & (np.nan_to_num(usual) > 0)
            rows = np.flatnonzero(due)
            if len(rows) and 0 < judged[rows, month].sum() < len(rows):
                known = _known(revenue[rows], month, usual[rows], since[rows], exposed[rows])
                parts.append((rows, np.full(len(rows), month), judged[rows, month], usual[rows], known))
        since = np.where(any_visit[:, month], 1, since + 1)
    if not parts:
        return None
    decisions = _Decisions(*(np.concatenate(column) for column in zip(*parts)))
    # Size is a logarithm of money: about its mean, the product is free of units too.
    known = decisions.known
    known[:, _SIZE_BY_FALL] -= known[:, _SIZE].mean() * known[:, _FALL]
    return decisions


def _known(revenue: np.ndarray, month: int, usual: np.ndarray, since: np.ndarray, exposed: np.ndarray) -> np.ndarray:
    """What the ledger showed before the decision, free of units of money."""

    def level(back: int, until: int) -> np.ndarray:
        return np.maximum(revenue[:, month - back : month - until].mean(axis=1) / usual, 0) + _FLOOR

    fall = np.log(level(9, 3) / level(3, 0))
    # Who was large for years is known to the head though the last twelve months may not show it.
    counted = (~np.isnan(revenue[:, :month])).sum(axis=1)
    whole = np.maximum(np.nansum(revenue[:, :month], axis=1) / counted / usual, 0) + _FLOOR
    size = np.log(usual)
    wait = np.minimum(since, 12) - _WINDOW
    # Whoever likes to visit a client did so before: its usual volume holds the effect of those visits.
    worked = exposed[:, month - _HISTORY : month].reshape(len(exposed), -1, _WINDOW).mean(axis=2)
    return np.column_stack(
        [
            fall, np.clip(fall, -1, 3) ** 2, np.minimum(fall, 0),
            np.log(level(3, 0)), np.log(level(6, 3)), np.log(level(9, 6)), np.log(level(12, 9)),
            np.log(level(11, 8)), np.log(level(1, 0)),
            size, (size - size.mean()) ** 2, wait, since > 12, size * fall, np.log(whole), worked,
        ]
    )  # fmt: skip


def _design(decisions: _Decisions) -> np.ndarray:
    """Standardised regressors beside a dummy for each month of decision."""
    known = decisions.known - decisions.known.mean(axis=0)
    spread = known.std(axis=0)
    months = decisions.month[:, None] == np.unique(decisions.month)
    return np.hstack([known / np.where(spread > 0, spread, 1), months.astype(float)])


def _span(design: np.ndarray) -> np.ndarray:
    """Orthonormal columns of what the regressors span; of idle or repeated ones a QR would make directions of noise."""
    left, size, _ = np.linalg.svd(design, full_matrices=False)
    return np.asarray(left[:, size > 1e-8 * size.max()])


def _chance(decisions: _Decisions) -> np.ndarray:
    """Probability of a visit among the due: logit with a slight ridge, by Newton's method."""
    design, visited = _design(decisions), decisions.visited.astype(float)
    weights = np.zeros(design.shape[1])
    ridge = 1e-3 * np.eye(len(weights))
    for _ in range(40):
        chance = 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))
        hessian = design.T @ (design * (chance * (1 - chance))[:, None]) + ridge
        step = np.linalg.solve(hessian, design.T @ (visited - chance) - 1e-3 * weights)
        weights += step * min(1.0, 3 / max(np.abs(step).max(), 1e-9))
        if np.abs(step).max() < 1e-7:
            break
    return 1 / (1 + np.exp(-np.clip(design @ weights, -30, 30)))


def _estimate(
    question: str,
    revenue: np.ndarray,
    exposed: np.ndarray,
    decisions: _Decisions,
    chance: np.ndarray,
    level: float,
    shift: bool = False,
) -> dict[str, Any]:
    from scipy.special import stdtrit

    visited = decisions.visited.astype(float)
    clients = len(np.unique(decisions.client))
    n, visits = len(visited), int(visited.sum())
    basis = _span(_design(decisions))
    # Parameters of the model must leave clusters to judge by.
    if visits < 8 or n - visits < 8 or clients < 8 or n <= 2 * basis.shape[1]:
        return _nothing(question, n)
    surprise = visited - chance
    after = decisions.month[:, None] + np.arange(1, _WINDOW + 1)
    volume, at_work = revenue[decisions.client[:, None], after], exposed[decisions.client[:, None], after]
    if shift:  # a placebo's own three months carry the candidate effect, whatever really happened then
        at_work = np.repeat(decisions.visited[:, None], _WINDOW, axis=1)

    def score(effect: float) -> float:
        rest = (volume / np.where(at_work, 1 + effect, 1.0)).mean(axis=1) / decisions.usual
        rest = np.minimum(rest, _CAP)
        parts = np.bincount(decisions.client, surprise * (rest - basis @ (basis.T @ rest)))
        parts = parts[np.unique(decisions.client)]
        spread = np.sqrt((parts**2).sum() * clients / (clients - 1))
        return float(parts.sum() / spread) if spread > 0 else 0.0

    scores = np.array([score(effect) for effect in _GRID])
    bound = float(stdtrit(clients - 1, (1 + level) / 2))
    effect, low, high = (_root(score, scores, target) for target in (0.0, bound, -bound))
    if np.isnan(effect):
        return {**_nothing(question, n), "visits": visits, "clients": clients}
    low, high = (-1.0 if np.isnan(low) else low), (np.inf if np.isnan(high) else high)
    spread = (np.log1p(high) - np.log1p(max(low, -0.99))) / (2 * bound)
    return {
        "question": question,
        "effect": effect,
        "low": low,
        "high": high,
        "n": n,
        "smallest_visible": float(np.expm1((bound + 0.8416) * spread)),
        "visits": visits,
        "clients": clients,
    }


def _root(score: Any, scores: np.ndarray, target: float) -> float:
    """Candidate effect at which the falling score meets a target, nearest to no effect."""
    above = scores - target
    crossings = np.flatnonzero((above[:-1] > 0) & (above[1:] <= 0))
    if not len(crossings):
        return float("nan")
    at = crossings[np.argmin(np.abs(_GRID[crossings]))]
    low, high = _GRID[at], _GRID[at + 1]
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if score(middle) > target else (low, middle)
    return float(low + high) / 2
