"""What the score hangs on: importance of the items by LMG (Shapley) and Johnson, with intervals and refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..results import Note, Result, as_table
from .votes import last_answers, present

__all__ = ["MIN_DRIVERS", "Drivers", "key_drivers"]

MIN_DRIVERS = 30  # complete answers below which drivers are noise
_MOST_LMG = 14  # 2^14 regressions per bootstrap draw; above it Johnson's weights
COLUMNS = [
    "driver", "importance", "share", "share_low", "share_high", "rank", "rank_low", "rank_high",
    "correlation", "performance", "performance_low", "performance_high", "n", "quadrant",
]  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Drivers(Result):
    """Result of `key_drivers`.

    Attributes
    ----------
    r2 : float
        Share of the target's variance that all items together tell.
    n : int
        Answers used (the smallest pair with pairwise data).
    refused : str
        '' or the reason: few, apart (never asked together), flat, indefinite.
    """

    r2: float = np.nan
    n: int = 0
    refused: str = ""


def key_drivers(
    answers: Any, target: str, method: str = "lmg", *, drivers: Sequence[str] | None = None,
    questions: pd.DataFrame | None = None, weights: str | None = None, missing: str = "complete",
    draws: int = 1000, seed: int = 0, level: float = 0.95,
) -> Drivers:  # fmt: skip
    """Importance of each item for a score: how much of its variance the item tells.

    Parameters
    ----------
    answers : table
        Wide (a row per client, a column per item), or survey_answers (client_id, question_id, score), of which the
        last answer per client and question counts.
    target : column or question_id; a metric ('csat', 'nps') where ``questions`` has one question of it
    method : {'lmg', 'johnson'}
    drivers : items; None = all other numeric columns but ids (questions of metric 'factor' where known)
    questions : table of questions
    weights : column of weights of the wide table
    missing : {'complete', 'pairwise'}
        Rows with every item, or each correlation from the rows that have both.
    draws : bootstrap draws over clients
    seed : of the draws
    level : float

    Returns
    -------
    Drivers
        driver, importance (parts of R²), share (of 1), share_low, share_high, rank, rank_low, rank_high,
        correlation with the target, performance (mean score) with interval, n,
        quadrant {keep, improve, maintain, watch} only where both intervals leave the cross-hairs, else ''.
        Sorted by share. Without rows where ``.refused`` says why.

    Raises
    ------
    DataError
        Unknown target, item, method or rule.

    Notes
    -----
    LMG: mean gain in R² over all orders of entry (Lindeman, Merenda and Gold 1980, p. 119 ff; Grömping, Journal of
    Statistical Software 17 (2006) 1). Johnson: Multivariate Behavioral Research 35 (2000) 1-19. Percentile bootstrap.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> items = pd.DataFrame(rng.normal(size=(200, 2)), columns=["staff", "price"])
    >>> items["csat"] = 2 * items["staff"] + items["price"] + rng.normal(size=200)
    >>> key_drivers(items, "csat", draws=200).table[["driver", "rank"]].values.tolist()
    [['staff', 1], ['price', 2]]
    """
    _check("method", method, ("lmg", "johnson"))
    _check("missing", missing, ("complete", "pairwise"))
    wide, target, items = _wide(as_table(answers), target, drivers, present(questions), weights)
    weight = np.ones(len(wide)) if weights is None else wide[weights].to_numpy(dtype=np.float64)
    values = wide[[target, *items]].to_numpy(dtype=np.float64)
    used = _usable(values, missing)
    together = _together(values[used])
    if together < MIN_DRIVERS:
        return _refusal(values, target, items, method)
    values, weight = _in_order(values[used], weight[used])
    matrix = _correlations(values, weight[None, :])[0]
    if np.isnan(matrix).any() or np.linalg.eigvalsh(matrix).min() < 1e-8:
        return _empty("flat" if np.isnan(matrix).any() else "indefinite", {"n": together, "target": target}, method)
    parts = _importance(matrix[None], method)[0]
    shares = np.full(len(values), 1 / len(values))
    repeats = np.random.default_rng(seed).multinomial(len(values), shares, size=draws) * weight
    drawn = _bootstrap(values, repeats, method)
    frame = _table(items, parts, drawn, matrix[0, 1:], values[:, 1:], weight, level, together)
    options = {"target": target, "method": method, "missing": missing, "draws": draws, "seed": seed, "level": level}
    return Drivers(frame=frame, notes=_notes(frame.iloc[0], target, together, parts.sum()), options=options,
                   r2=float(parts.sum()), n=together, draw=_draw)  # fmt: skip


def _in_order(values: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows sorted by what they hold: the draws must not depend on the order in which they came."""
    order = np.lexsort([weight, *values.T[::-1]])
    return values[order], weight[order]


def _usable(values: np.ndarray, missing: str) -> np.ndarray:
    """Rows with every item; with pairwise data all rows."""
    return np.ones(len(values), dtype=bool) if missing == "pairwise" else ~np.isnan(values).any(axis=1)


def _together(values: np.ndarray) -> int:
    """Answers to the pair of items that fewest clients answered together."""
    known = (~np.isnan(values)).astype(float)
    return int((known.T @ known).min())


def _notes(lead: pd.Series, target: str, n: int, r2: float) -> tuple[Note, ...]:
    values = {"target": target, "driver": lead["driver"], "share": lead["share"], "low": lead["share_low"],
              "high": lead["share_high"], "n": n, "r2": r2}  # fmt: skip
    return Note("survey.drivers", values), Note("survey.drivers_no_cause")


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise DataError(f"{name}={value!r} is unknown.", nearest(str(value), allowed))


def _draw(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import driver_bars

    return driver_bars(result.frame, **options)


def _wide(
    table: pd.DataFrame, target: str, drivers: Sequence[str] | None, questions: pd.DataFrame | None,
    weights: str | None,
) -> tuple[pd.DataFrame, str, list[str]]:  # fmt: skip
    if {"question_id", "score"} <= set(table.columns):
        key = "client_id" if "client_id" in table and table["client_id"].notna().any() else "invitation_id"
        if key not in table:
            raise DataError("The answers do not tell who gave them.", "Pass client_id, or a wide table.")
        last = last_answers(table[table[key].notna() & table["score"].notna()], [key, "question_id"])
        metric = {} if questions is None else dict(zip(questions["question_id"], questions["metric"]))
        if target not in set(last["question_id"]):
            named = [question for question, name in metric.items() if name == target]
            if len(named) != 1:
                names = map(str, last["question_id"].unique())
                raise DataError(f"There is no question {target!r}.", nearest(str(target), names))
            target = named[0]
        if drivers is None and metric:
            drivers = [q for q in dict.fromkeys(last["question_id"]) if metric.get(q) == "factor" and q != target]
            drivers = sorted(drivers, key=str)
        wide = last.pivot(index=key, columns="question_id", values="score").reset_index()
        wide.columns.name = None
        table = wide.drop(columns=key) if drivers is None else wide
    table = table.infer_objects()
    numeric = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name]) and name != weights]
    if target not in numeric:
        if target not in table.columns:
            table, numeric = table.assign(**{target: np.nan}), [*numeric, target]
        else:
            raise DataError(f"There is no numeric column {target!r}.", nearest(str(target), map(str, numeric)))
    # Numbers of clients and answers are names, not scores.
    scored = [name for name in numeric if name != target and not str(name).endswith("_id")]
    items = scored if drivers is None else list(drivers)
    for item in items:
        if item not in table.columns:
            table = table.assign(**{item: np.nan})
    if not items:
        raise DataError("There is no item beside the target.", "Pass drivers=[...].")
    return table, target, items


def _refusal(values: np.ndarray, target: str, items: list[str], method: str) -> Drivers:
    """Few answers, or none at all to two questions by the same client."""
    known = (~np.isnan(values)).astype(float)
    pairs = known.T @ known
    answered = np.diag(pairs)
    apart = (pairs == 0) & (answered[:, None] > 0) & (answered[None, :] > 0)
    n = int((~np.isnan(values)).all(axis=1).sum())
    return _empty("apart" if apart.any() else "few", {"n": n, "target": target, "least": MIN_DRIVERS}, method)


def _empty(reason: str, values: dict[str, Any], method: str) -> Drivers:
    frame = pd.DataFrame({name: pd.Series(dtype="str" if name in ("driver", "quadrant") else "float64")
                          for name in COLUMNS})  # fmt: skip
    return Drivers(frame=frame, notes=(Note(f"survey.drivers_{reason}", values),), n=values["n"], refused=reason,
                   options={"method": method})  # fmt: skip


def _correlations(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted correlations per row of weights; each pair from the rows that have both."""
    known = ~np.isnan(values)
    filled = np.where(known, values, 0.0)
    k = values.shape[1]
    result = np.empty((len(weights), k, k))
    for i in range(k):
        for j in range(i, k):
            both = (known[:, i] & known[:, j]).astype(float)
            w = weights * both
            total = w.sum(axis=1)
            with np.errstate(divide="ignore", invalid="ignore"):
                a, b = filled[:, i], filled[:, j]
                ma, mb = w @ a / total, w @ b / total
                cov = w @ (a * b) / total - ma * mb
                va, vb = w @ (a * a) / total - ma**2, w @ (b * b) / total - mb**2
                flat = (va <= 1e-12 * (1 + ma**2)) | (vb <= 1e-12 * (1 + mb**2))
                result[:, i, j] = result[:, j, i] = np.where(flat, np.nan, cov / np.sqrt(va * vb))
    return result


def _importance(matrices: np.ndarray, method: str) -> np.ndarray:
    """Parts of R² per item, for a stack of correlation matrices (target first)."""
    inner, outer = matrices[:, 1:, 1:], matrices[:, 1:, 0]
    if method == "johnson" or inner.shape[1] > _MOST_LMG:
        values, vectors = np.linalg.eigh(inner)
        root = np.sqrt(np.clip(values, 1e-12, None))
        loads = np.einsum("bik,bk,bjk->bij", vectors, root, vectors)
        betas = np.einsum("bik,bk,bjk,bj->bi", vectors, 1 / root, vectors, outer)
        return np.einsum("bij,bj->bi", loads**2, betas**2)
    return _lmg(inner, outer)


def _lmg(inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Mean gain over all orders: R² of every subset, one sweep each (depth first), then Shapley's weights."""
    size = inner.shape[1]
    told = np.zeros((1 << size, len(inner)))
    start = np.concatenate([np.concatenate([inner, outer[:, :, None]], 2),
                            np.concatenate([outer[:, None, :], np.ones((len(inner), 1, 1))], 2)], 1)  # fmt: skip

    def visit(matrix: np.ndarray, chosen: int, first: int) -> None:
        for item in range(first, size):
            pivot = np.maximum(matrix[:, item, item], 1e-12)
            row = matrix[:, item, :]
            swept = matrix - row[:, :, None] * row[:, None, :] / pivot[:, None, None]
            subset = chosen | 1 << item
            told[subset] = 1 - swept[:, size, size]
            if item + 1 < size:
                visit(swept, subset, item + 1)

    visit(start, 0, 0)
    parts = np.zeros((len(inner), size))
    subsets = np.arange(1 << size)
    members = np.array([bin(subset).count("1") for subset in subsets])
    weight = np.array([factorial(m) * factorial(size - m - 1) / factorial(size) if m < size else 0.0
                       for m in members])  # fmt: skip
    for item in range(size):
        without = subsets[(subsets >> item) & 1 == 0]
        gain = told[without | 1 << item] - told[without]
        parts[:, item] = weight[without] @ gain
    return parts


def _bootstrap(values: np.ndarray, repeats: np.ndarray, method: str) -> np.ndarray:
    drawn = []
    for start in range(0, len(repeats), 200):
        matrices = _correlations(values, repeats[start : start + 200])
        matrices = matrices[~np.isnan(matrices).any(axis=(1, 2))]
        # A draw that repeats few clients may be singular: it says nothing about shares.
        matrices = matrices[np.linalg.eigvalsh(matrices).min(axis=1) > 1e-8] if len(matrices) else matrices
        if len(matrices):
            drawn.append(_importance(matrices, method))
    return np.concatenate(drawn) if drawn else np.empty((0, values.shape[1] - 1))


def _ranks(parts: np.ndarray) -> np.ndarray:
    return (-parts).argsort(axis=-1, kind="stable").argsort(axis=-1, kind="stable") + 1


def _table(
    items: Sequence[str], parts: np.ndarray, drawn: np.ndarray, correlation: np.ndarray, values: np.ndarray,
    weight: np.ndarray, level: float, n: int,
) -> pd.DataFrame:  # fmt: skip
    from scipy.special import stdtrit

    tails = [0.5 - level / 2, 0.5 + level / 2]
    shares = drawn / drawn.sum(axis=1, keepdims=True)
    low, high = np.quantile(shares, tails, axis=0)
    rank_low, rank_high = np.quantile(_ranks(drawn), tails, axis=0, method="inverted_cdf")
    w = np.where(np.isnan(values), 0.0, weight[:, None])
    mean = (w * np.nan_to_num(values)).sum(axis=0) / w.sum(axis=0)
    count = w.sum(axis=0) ** 2 / (w**2).sum(axis=0)
    variance = (w * (np.nan_to_num(values) - mean) ** 2).sum(axis=0) / w.sum(axis=0)
    half = stdtrit(count - 1, tails[1]) * np.sqrt(variance / (count - 1))
    frame = pd.DataFrame({
        "driver": list(items), "importance": parts, "share": parts / parts.sum(), "share_low": low,
        "share_high": high, "rank": _ranks(parts), "rank_low": rank_low.astype(int),
        "rank_high": rank_high.astype(int), "correlation": correlation, "performance": mean,
        "performance_low": mean - half, "performance_high": mean + half, "n": n,
    })  # fmt: skip
    frame["quadrant"] = _quadrants(frame)
    return frame.sort_values("rank", kind="stable").reset_index(drop=True)[COLUMNS]


def _quadrants(frame: pd.DataFrame) -> np.ndarray:
    """Importance × performance against their means, told only where both intervals leave the cross-hairs."""
    level, middle = 1 / len(frame), frame["performance"].mean()
    heavy, light = frame["share_low"] > level, frame["share_high"] < level
    good, poor = frame["performance_low"] > middle, frame["performance_high"] < middle
    names = np.select([heavy & good, heavy & poor, light & good, light & poor],
                      ["keep", "improve", "maintain", "watch"], "")  # fmt: skip
    return names.astype(object)
