"""Which group differs: partial pooling, exact tests with Holm, and groups that cannot be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..intervals import nps_interval, score_interval
from ..intervals.several import holm
from ..results import Note, Result, as_table
from .nps import MIN_NUMBER, MIN_RANK
from .votes import client_column

__all__ = ["compare_groups", "self_scores", "shift_test"]

_EXACT = 60  # scores of the smaller group up to which the permutation law is added up
_MANY = 40  # groups above which one round of tests is enough and letters would not be read
COLUMNS = ["score", "low", "high", "n", "pooled", "pooled_low", "pooled_high", "p_value", "differs", "rank", "alike"]


def shift_test(one: Any, others: Any) -> float:
    """Exact permutation test that two groups of whole scores have the same mean; two-sided p value.

    The law of the sum of n₁ of the pooled scores drawn without return, added up over the distinct scores; above 60
    scores on both sides its normal limit.

    >>> round(shift_test([1, 1, 1, 0], [-1, -1, 0, -1]), 4)
    0.0571
    """
    a, b = np.asarray(one, dtype=np.int64), np.asarray(others, dtype=np.int64)
    if not len(a) or not len(b):
        return float("nan")
    if len(a) > len(b):
        a, b = b, a  # the same test, and the shorter sum
    pooled = np.concatenate([a, b])
    if len(a) > _EXACT:
        return _normal_shift(a, b, pooled)
    low = pooled.min()
    values, number = np.unique(pooled - low, return_counts=True)
    from scipy.special import gammaln

    most, width = len(a), int((pooled - low).max()) * len(a) + 1
    law = np.zeros((most + 1, width))
    law[0, 0] = 1.0
    for value, many in zip(values, number):
        drawn = np.arange(min(many, most) + 1)
        ways = np.exp(gammaln(many + 1) - gammaln(drawn + 1) - gammaln(many - drawn + 1))
        new = np.zeros_like(law)
        for k, way in zip(drawn, ways):
            step = int(value) * int(k)
            if step < width:
                new[k:, step:] += way * law[: most + 1 - k, : width - step]
        law = new / new.max()  # only proportions matter; large groups would overflow
    mass = law[most] / law[most].sum()
    centre = most * (pooled - low).mean()
    gap = np.abs(np.arange(width) - centre)
    return float(min(1.0, mass[gap >= abs((a - low).sum() - centre) - 1e-9].sum()))


def _normal_shift(a: np.ndarray, b: np.ndarray, pooled: np.ndarray) -> float:
    from scipy.special import ndtr

    variance = len(a) * len(b) / (len(pooled) - 1) * pooled.var()
    if variance == 0:
        return 1.0
    return float(2 * ndtr(-abs(a.sum() - len(a) * pooled.mean()) / np.sqrt(variance)))


def compare_groups(
    votes: Any, by: str, *, clients: pd.DataFrame | None = None, kind: str = "nps", population: Any = None,
    scale: tuple[int, int] = (1, 10), level: float = 0.95,
) -> Result:  # fmt: skip
    """Groups side by side: what each says, what remains after pooling, which differ from the others.

    Parameters
    ----------
    votes : `nps(...).votes`, or a table with ``score`` for kind='mean'; one row per voter
    by : column of votes or clients
    kind : {'nps', 'mean'}
    population : {group: clients in the base} or None; only for low and high ("what does the group say")
    scale : of kind='mean'
    level : float

    Returns
    -------
    Result
        [by], score, low, high (null below 3 votes outside a census), n; pooled, pooled_low, pooled_high: drawn
        towards all groups as far as their differences are noise (endless base: "is the process different?");
        p_value (this group against the others, exact, Holm's steps), differs bool, rank and alike (groups that share a
        letter cannot be told apart); p_value, rank, alike are null below 8 votes.

    Notes
    -----
    Empirical Bayes on the engine of the intervals: prior K·(shares of all groups), K by the likelihood of the
    Dirichlet-multinomial law with a flat prior on the shrinkage (Morris, JASA 78 (1983) 47-65). Pairs by
    `shift_test`, Holm.
    """
    if kind not in ("nps", "mean"):
        raise DataError(f"kind={kind!r} is unknown.", nearest(str(kind), ("nps", "mean")))
    table = as_table(votes)
    value = np.sign(table["vote"]) if kind == "nps" else table["score"].round()
    group = client_column(table, by, clients)
    keep = value.notna() & group.notna()
    value, group = value[keep].astype(int), group[keep]
    points = np.array([-1, 0, 1]) if kind == "nps" else np.arange(scale[0], scale[1] + 1)
    counts = pd.crosstab(group, value).reindex(columns=list(points), fill_value=0)
    frame = _estimates(counts, points, kind, population, level)
    big = np.flatnonzero(frame["n"].to_numpy() >= MIN_RANK)
    samples = [np.repeat(points, row) for row in counts.to_numpy()]
    frame["p_value"], frame["differs"] = _each_against_others(samples, big, level)
    frame["rank"], frame["alike"] = _letters(frame["score"].to_numpy(), samples, big, level)
    frame.insert(0, by, counts.index.to_numpy())
    frame = frame.sort_values(["rank", "score", by], ascending=[True, False, True], kind="stable", na_position="last")
    differ = frame.loc[frame["differs"], by].tolist()
    values = {"groups": ", ".join(map(str, differ)), "compared": len(big), "few": len(frame) - len(big)}
    note = Note("survey.groups_differ" if differ else "survey.groups_alike", values)
    return Result(frame=frame.reset_index(drop=True), notes=(note,), draw=_draw,
                  options={"by": by, "kind": kind, "level": level})  # fmt: skip


def _draw(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import group_dots

    return group_dots(result.frame, **options)


def _estimates(counts: pd.DataFrame, points: np.ndarray, kind: str, population: Any, level: float) -> pd.DataFrame:
    table = counts.to_numpy(dtype=np.float64)
    n = table.sum(axis=1)
    factor = 100.0 if kind == "nps" else 1.0
    score = np.divide(table @ points, n, out=np.full(len(n), np.nan), where=n > 0) * factor
    size = None if population is None else np.array([float(population.get(g, np.inf)) for g in counts.index])
    size = None if size is None else np.maximum(size, n)
    if kind == "nps":
        low, high = nps_interval(table[:, 2], table[:, 1], table[:, 0], size, level)
    else:
        low, high = score_interval(table, points, 0.1, size, level)
    pooled = np.full((3, len(n)), np.nan)
    if len(n) > 1 and n.sum() > 0:
        prior = _prior(table, 0.5 if kind == "nps" else 0.1)
        both = table + prior
        bounds = score_interval(table, points, prior, None, level, hold_point=False)
        pooled = factor * np.stack([both @ points / both.sum(axis=1), *map(np.asarray, bounds)])
    census = np.zeros(len(n), dtype=bool) if size is None else n == size
    few = (n < MIN_NUMBER) & ~census
    frame = pd.DataFrame({"score": score, "low": low, "high": high, "n": n.astype(int), "pooled": pooled[0],
                          "pooled_low": pooled[1], "pooled_high": pooled[2]})  # fmt: skip
    frame.loc[few, ["score", "low", "high"]] = np.nan
    return frame


def _prior(table: np.ndarray, least: float) -> np.ndarray:
    """K × shares of all groups, between each for itself (K → 0) and all one (K → ∞).

    The likelihood alone jumps to "all one" where a handful of groups happen to look alike; so K is the posterior mean
    of the shrinkage K/(K + n) under a flat prior on it.
    """
    from scipy.special import gammaln

    shares = (table.sum(axis=0) + least) / (table.sum() + least * table.shape[1])
    n = table.sum(axis=1)
    shrink = np.arange(0.01, 1.0, 0.01)
    grid = n.mean() * shrink / (1 - shrink)
    weight = grid[:, None, None] * shares
    fit = (
        (gammaln(weight + table) - gammaln(weight)).sum(axis=2) + gammaln(grid)[:, None] - gammaln(grid[:, None] + n)
    ).sum(axis=1)
    likely = np.exp(fit - fit.max())
    middle = float(likely @ shrink / likely.sum())
    return n.mean() * middle / (1 - middle) * shares


def _each_against_others(samples: Sequence[np.ndarray], big: np.ndarray, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Step down: the group furthest from the others is told and leaves; the rest are compared without it.

    Without leaving, one odd manager among three would make the other two look odd as well.
    """
    p_value = np.full(len(samples), np.nan)
    differs = np.zeros(len(samples), dtype=bool)
    left, reached = [int(group) for group in big], 0.0
    while len(left) > 1:
        raw = [shift_test(samples[i], np.concatenate([samples[j] for j in left if j != i])) for i in left]
        stepped = np.maximum(np.minimum(np.array(raw) * (len(left) if len(left) > 2 else 1), 1.0), reached)
        first = int(np.argmin(stepped))
        told = [left[first]] if len(left) > 2 else list(left)
        if stepped[first] >= 1 - level or len(left) > _MANY:
            p_value[left], differs[left] = stepped, stepped < 1 - level
            break
        reached = float(stepped[first])
        p_value[told], differs[told] = reached, True
        left = [group for group in left if group not in told]
    return p_value, differs


def _letters(
    score: np.ndarray, samples: Sequence[np.ndarray], big: np.ndarray, level: float
) -> tuple[pd.arrays.IntegerArray, np.ndarray]:
    """Ranks, and letters: neighbours share one as long as no pair among them differs."""
    rank = pd.array([pd.NA] * len(score), dtype="Int64")
    letters = np.full(len(score), "", dtype=object)
    order = big[np.argsort(-score[big], kind="stable")]
    if len(order) < 2:
        return rank, letters
    for group in order:
        rank[int(group)] = 1 + int((score[big] > score[group]).sum())
    if len(order) > _MANY:
        return rank, letters
    pairs = [(i, j) for i in range(len(order)) for j in range(i + 1, len(order))]
    raw = [shift_test(samples[order[i]], samples[order[j]]) for i, j in pairs]
    apart = {pair for pair, p in zip(pairs, holm(raw)) if p < 1 - level}
    name, covered = 0, -1
    for start in range(len(order)):
        end = start
        while end + 1 < len(order) and not any((k, end + 1) in apart for k in range(start, end + 1)):
            end += 1
        if end > covered:
            for place in range(start, end + 1):
                letters[order[place]] += _letter(name)
            name, covered = name + 1, end
    return rank, letters


def _letter(number: int) -> str:
    return chr(ord("a") + number) if number < 26 else f"({number})"


def self_scores(answers: pd.DataFrame, meetings: pd.DataFrame, *, level: float = 0.95) -> Result:
    """The clients' scores of the cooperation against the managers' own.

    Parameters
    ----------
    answers : table, client_id, score (1-10), answered_at: answers to the question of cooperation
    meetings : table with manager_id, client_id, held_at, manager_self_score

    Returns
    -------
    Result
        manager_id, own (mean of the manager's scores), client (mean of the clients' last scores), gap (own − client),
        low, high (t interval of the gap over clients; null below 3), n (clients with both), p_value (of no gap, Holm
        over managers; null below 8). Per client the last answer and the manager's last own score count.
        ``.overview``: own, client, gap, low, high, n of all clients together.
    """
    said = answers[answers["score"].notna() & answers["client_id"].notna()]
    if "answered_at" in said:
        said = said.sort_values("answered_at", kind="stable")
    said = said.drop_duplicates("client_id", keep="last")
    own = meetings[meetings["manager_self_score"].notna() & meetings["held_at"].notna()]
    own = own.sort_values("held_at", kind="stable").drop_duplicates("client_id", keep="last")
    both = own[["client_id", "manager_id", "manager_self_score"]].merge(said[["client_id", "score"]], on="client_id")
    both = both.assign(_gap=both["manager_self_score"].astype(float) - both["score"].astype(float))
    from scipy.special import stdtrit

    groups = both.groupby("manager_id", sort=True)
    frame = pd.DataFrame({
        "own": groups["manager_self_score"].mean().astype(float), "client": groups["score"].mean().astype(float),
        "gap": groups["_gap"].mean(), "_sd": groups["_gap"].std(ddof=1), "n": groups.size(),
    }).reset_index()  # fmt: skip
    n = frame["n"].to_numpy(dtype=float)
    # One point of the scale is the least doubt that whole scores allow.
    spread = np.sqrt(frame["_sd"].fillna(0).to_numpy() ** 2 + 1 / 12)
    half = np.where(n >= 3, stdtrit(np.maximum(n - 1, 1), 0.5 + level / 2) * spread / np.sqrt(np.maximum(n, 1)), np.nan)
    frame["low"], frame["high"] = frame["gap"] - half, frame["gap"] + half
    frame["p_value"] = _no_gap(frame["gap"].to_numpy(dtype=float), spread, n)
    columns = ["manager_id", "own", "client", "gap", "low", "high", "n", "p_value"]
    return Result(frame=frame[columns], overview=_together(both, level), options={"level": level})


def _together(both: pd.DataFrame, level: float) -> pd.DataFrame:
    """The gap over all clients, whoever serves them."""
    from scipy.special import stdtrit

    gap, n = both["_gap"], len(both)
    half = np.nan
    if n >= MIN_NUMBER:
        half = stdtrit(n - 1, 0.5 + level / 2) * np.sqrt((gap.var(ddof=1) + 1 / 12) / n)
    mean = {"own": both["manager_self_score"].astype(float).mean(), "client": both["score"].astype(float).mean()}
    return pd.DataFrame([{**mean, "gap": gap.mean(), "low": gap.mean() - half, "high": gap.mean() + half, "n": n}])


def _no_gap(gap: np.ndarray, spread: np.ndarray, n: np.ndarray) -> np.ndarray:
    from scipy.special import stdtr

    p_value = np.full(len(n), np.nan)
    big = n >= MIN_RANK
    if big.any():
        raw = 2 * stdtr(n[big] - 1, -np.abs(gap[big]) * np.sqrt(n[big]) / spread[big])
        p_value[big] = holm(raw)
    return p_value
