"""Weights that make a sample add up like the base: post-stratification and raking on at most two margins.

Written here and not taken from a library: the sums are twenty lines, agree with R's survey and with svy to 1e-6
(tests), and must work in the plain installation; svy needs a data frame library of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..results import Note, Result, as_table

__all__ = ["Weighted", "post_stratify", "rake"]

# Cell of each row, its weight after the step, and the weight by which rows of a cell are averaged.
_Step = tuple[np.ndarray, np.ndarray, np.ndarray]
_DEFF = 1.5  # Kish effect from which the weights cost more than they may bring
_RATIO = 5  # a weight this many times the mean speaks for too many


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Weighted(Result):
    """Result of `rake` and `post_stratify`: the sample with a column ``weight``.

    Attributes
    ----------
    deff : float
        Kish's effect of unequal weights, n·Σw²/(Σw)².
    effective_n : float
        n / deff.
    """

    deff: float = 1.0
    effective_n: float = 0.0
    steps: tuple[_Step, ...] = field(default=(), repr=False)
    design: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(default=None, repr=False)

    def estimate(self, column: str, kind: str = "mean") -> tuple[float, float]:
        """Weighted mean or total of a column and its standard error.

        Parameters
        ----------
        column : numeric column of the sample
        kind : {'mean', 'total'}

        Returns
        -------
        (estimate, standard error)

        Formula: linearised, residuals freed of the cells that the weights were fitted to, as in R's svyrecvar.
        """
        weight = self.frame["weight"].to_numpy()
        value = self.frame[column].to_numpy(dtype=np.float64)
        total = float(weight @ value)
        if kind == "total":
            return total, self._error(weight * value)
        if kind != "mean":
            raise DataError(f"kind={kind!r} is unknown.", "Allowed: mean, total.")
        mean = float(total / weight.sum())
        return mean, self._error(weight * (value - mean) / weight.sum())

    def _error(self, pull: np.ndarray) -> float:
        assert self.design is not None
        strata, clusters, sampled = self.design
        rounds = 10 if len(self.steps) > 1 else 1
        for _ in range(rounds):
            for code, weight, first in self.steps:
                share = np.bincount(code, first * pull / weight) / np.bincount(code, first)
                pull = pull - weight * share[code]
        sums = pd.DataFrame({"s": strata, "c": clusters, "f": sampled, "x": pull})
        psu = sums.groupby(["s", "c"], sort=True).agg(x=("x", "sum"), f=("f", "first")).reset_index()
        parts = psu.groupby("s")
        many = parts["x"].transform("size").to_numpy()
        if np.any(many < 2):
            raise DataError("A stratum holds one cluster only: no error can be told.", "Join it with its neighbour.")
        gap = psu["x"] - parts["x"].transform("mean")
        return float(np.sqrt((gap**2 * many / (many - 1) * (1 - psu["f"])).sum()))


def rake(
    sample: Any,
    margins: Mapping[str, Mapping[Any, float]],
    *,
    weights: str | Sequence[float] | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    population: float | str | None = None,
    tolerance: float = 1e-10,
    rounds: int = 1000,
) -> Weighted:
    """Weights whose sums agree with one or two known margins of the base.

    Parameters
    ----------
    sample : table, one row per answer
    margins : {column: {category: clients in the base}}, at most two columns
    weights : column or values of first weights; None = equal
    clusters, strata : columns of the sampling design, for `Weighted.estimate`
    population : number of clusters (or rows) in the base, or a column with it per stratum; None = endless
    tolerance : largest relative miss of a margin at which to stop
    rounds : rounds at most

    Returns
    -------
    Weighted
        The sample's rows and ``weight``. Notes warn at a Kish effect above 1.5 or a weight above 5 times the mean.

    Raises
    ------
    DataError
        More than two margins, a category without answers or without a total, totals that do not agree.

    Source: Deming and Stephan, Annals of Mathematical Statistics 11 (1940) 427-444; error: Deville, Särndal and
    Sautory, JASA 88 (1993) 1013-1020.

    Examples
    --------
    >>> sample = pd.DataFrame({"size": ["small", "small", "large"], "kind": ["a", "b", "a"]})
    >>> rake(sample, {"size": {"small": 30, "large": 20}, "kind": {"a": 35, "b": 15}}).table["weight"].tolist()
    [15.0, 15.0, 20.0]
    """
    if not 1 <= len(margins) <= 2:
        raise DataError(
            f"{len(margins)} margins: with few answers more than two make the weights wild.",
            "Choose the one or two that matter most for the score.",
        )
    table = as_table(sample)
    weight = _first(table, weights)
    cells = [_cells(table, column, totals) for column, totals in margins.items()]
    sums = [float(total.sum()) for _, total in cells]
    if max(sums) - min(sums) > 1e-6 * max(sums):
        raise DataError(f"The margins add up to {sums[0]:g} and {sums[-1]:g} clients.", "Take both from the same base.")
    weight, steps = _settled(weight, cells, tolerance, rounds)
    return _weighted(table, weight, steps, (clusters, strata, population), {"margins": list(margins)})


def _settled(
    weight: np.ndarray, cells: list[tuple[np.ndarray, np.ndarray]], tolerance: float, rounds: int
) -> tuple[np.ndarray, tuple[_Step, ...]]:
    """Weights that meet all margins within the tolerance, and the steps of the last round."""
    for _ in range(rounds):
        steps: list[_Step] = []
        for code, total in cells:
            weight = weight * (total / np.bincount(code, weight, len(total)))[code]
            steps.append((code, weight, np.ones(len(weight))))
        miss = max(float(np.max(np.abs(np.bincount(code, weight, len(total)) / total - 1))) for code, total in cells)
        if miss <= tolerance:
            return weight, tuple(steps)
    raise DataError(f"Raking did not settle in {rounds} rounds (largest miss {miss:.1%}).", "Join small categories.")


def post_stratify(
    sample: Any,
    totals: Mapping[Any, float],
    by: str | Sequence[str],
    *,
    weights: str | Sequence[float] | None = None,
    clusters: str | None = None,
    strata: str | None = None,
    population: float | str | None = None,
) -> Weighted:
    """Weights whose sums agree with the known size of each cell of the base.

    Parameters
    ----------
    sample : table, one row per answer
    totals : {category: clients in the base}; with two columns {(a, b): clients}
    by : one or two columns of the sample
    weights, clusters, strata, population : as in `rake`

    Returns
    -------
    Weighted
        The sample's rows and ``weight``.

    Examples
    --------
    >>> sample = pd.DataFrame({"size": ["small", "small", "large"], "score": [9, 7, 10]})
    >>> result = post_stratify(sample, {"small": 30, "large": 20}, "size")
    >>> result.table["weight"].tolist(), round(result.estimate("score")[0], 2)
    ([15.0, 15.0, 20.0], 8.8)
    """
    table = as_table(sample)
    columns = [by] if isinstance(by, str) else list(by)
    absent = [column for column in columns if column not in table]
    if absent:
        has = ", ".join(map(str, table.columns))
        raise DataError(f"The sample has no column {absent[0]!r}. It has: {has}.", "Name a column of the sample.")
    if not 1 <= len(columns) <= 2:
        raise DataError("Cells are made of one or two columns.", "Choose those that matter most for the score.")
    key = table[columns[0]] if len(columns) == 1 else pd.Series(
        list(zip(*(table[column] for column in columns))), index=table.index)  # fmt: skip
    code, total = _cells(table.assign(_cell=key), "_cell", totals, " × ".join(columns))
    first = _first(table, weights)
    weight = first * (total / np.bincount(code, first, len(total)))[code]
    return _weighted(table, weight, ((code, weight, first),), (clusters, strata, population), {"by": columns})


def _first(table: pd.DataFrame, weights: str | Sequence[float] | None) -> np.ndarray:
    if weights is None:
        return np.ones(len(table))
    values = table[weights] if isinstance(weights, str) else weights
    first = np.asarray(values, dtype=np.float64)
    if len(first) != len(table) or not np.all(first > 0):
        raise DataError("First weights must be positive, one per row.", "Leave rows without weight out.")
    return first


def _cells(
    table: pd.DataFrame, column: str, totals: Mapping[Any, float], name: str | None = None
) -> tuple[np.ndarray, np.ndarray]:
    name = name or column
    if column not in table:
        raise DataError(f"The sample has no column {column!r}.", f"It has: {', '.join(map(str, table.columns))}.")
    wanted = {key: float(value) for key, value in totals.items() if value}
    place = {key: number for number, key in enumerate(wanted)}
    code = table[column].map(place)
    if code.isna().any():
        lost = table.loc[code.isna(), column].iloc[0]
        raise DataError(f"{name}: category {lost!r} of the sample has no total.", "Give its number of clients.")
    empty = sorted(set(wanted) - set(table[column]), key=str)
    if empty:
        raise DataError(
            f"{name}: nobody of category {empty[0]!r} answered, so no weight can speak for it.",
            "Join it with a neighbouring category.",
        )
    return code.to_numpy(dtype=np.int64), np.array(list(wanted.values()))


def _weighted(
    table: pd.DataFrame, weight: np.ndarray, steps: tuple[_Step, ...],
    plan: tuple[str | None, str | None, float | str | None], options: Mapping[str, Any],
) -> Weighted:  # fmt: skip
    clusters, strata, population = plan
    unit = np.arange(len(table)) if clusters is None else pd.factorize(table[clusters])[0]
    layer = np.zeros(len(table), dtype=np.int64) if strata is None else pd.factorize(table[strata])[0]
    drawn = pd.Series(unit).groupby(layer).transform("nunique").to_numpy(dtype=np.float64)
    if population is None:
        sampled = np.zeros(len(table))
    else:
        size = table[population] if isinstance(population, str) else population
        sampled = drawn / np.broadcast_to(np.asarray(size, dtype=np.float64), len(table))
    deff = float(len(weight) * (weight @ weight) / weight.sum() ** 2) if len(weight) else 1.0
    largest = float(weight.max() / weight.mean()) if len(weight) else 1.0
    values = {"n": len(weight), "deff": deff, "effective": len(weight) / deff, "ratio": largest}
    notes = [Note("survey.weighted", values)]
    if deff > _DEFF:
        notes.append(Note("survey.weights_deff", values))
    if largest > _RATIO:
        notes.append(Note("survey.weights_large", values))
    return Weighted(
        frame=table.assign(weight=weight), notes=tuple(notes), options=dict(options), steps=steps,
        overview=pd.DataFrame([values]), deff=deff, effective_n=len(weight) / deff,
        design=(layer, unit, sampled),
    )  # fmt: skip
