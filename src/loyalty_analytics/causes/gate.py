"""How one label is found: by the rules, by a linear model on top of them, or not at all.

A model takes over a label only where it is better than the rules on texts that it has not seen. It may lean on the
rules: a text that they have given the label needs less of a chance than another one. With few corrected texts
everything that is chosen once is chosen by luck, so three strengths are averaged and three deals of folds are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp

__all__ = ["Label", "Weak", "learn_label"]

_FOLDS = 5
#: Deals of folds (rows are mixed by a step modulo a prime); luck averages out by itself where there are many texts.
_SHUFFLES, _PRIME, _MANY = (1, 7919, 104_729), 1_000_003, 2000
_STRENGTHS = (0.25, 1.0, 4.0)
_LEAST_POSITIVE = 5
_LEAST_WRONG = 10
#: With fewer corrected texts no test out of fold can tell a model from luck: labels stay with the rules.
_LEAST_CASES = 80
#: Thresholds that are tried; the first keeps and the last drops whatever the rules have found.
_STEPS = np.array([0.0, *np.arange(0.15, 0.86, 0.05), 1.01])
#: How sure a model must be of being better than the rules, by texts with the label: 98 % at 10, 75 % from 60.
_RARE, _DOUBT = (10, 60), (0.02, 0.25)
#: What a text that only the rules have labelled counts beside one that a person has.
_WEAK = 0.3
#: Added to the sums whose log-odds stretch the features, against the luck of rare ones.
_FLAT = 0.5

_Linear = tuple[np.ndarray, float]
#: Texts of the rules' teaching and their verdicts.
Weak = tuple[sp.csr_matrix, np.ndarray]


@dataclass
class Label:
    """How one label is found.

    Attributes
    ----------
    by : {'rules', 'model', 'none'}
    model : tuple, optional
        Weights and offset.
    thresholds : tuple
        The chance that is needed where the rules say so, and where they do not.
    """

    by: str
    model: _Linear | None = None
    thresholds: tuple[float, float] = (0.5, 0.5)

    def found(self, chances: np.ndarray, ruled: np.ndarray) -> np.ndarray:
        """Which texts have the label by its model."""
        return chances >= np.where(ruled, *self.thresholds)


def learn_label(
    matrix: sp.csr_matrix, truth: np.ndarray, ruled: np.ndarray | None, weak: Weak | None = None
) -> tuple[Label, dict[str, Any]]:
    """Model or rules for one label, by what each does on texts not seen; ruled None = there are no rules."""
    row: dict[str, Any] = {"n": int(truth.sum()), "rules_f1": np.nan, "model_f1": np.nan}
    if ruled is not None:
        row["rules_f1"] = _f1(truth, ruled)
        if not truth.any():
            # Never right: silenced once there is enough to tell.
            by = "none" if len(truth) >= 100 and ruled.sum() >= _LEAST_WRONG else "rules"
            return Label(by), {**row, "by": by}
    few = ruled is not None and (len(truth) < _LEAST_CASES or truth.sum() < _LEAST_POSITIVE)
    if few or truth.sum() < 2 or truth.all():
        by = "rules" if ruled is not None else "none"
        return Label(by), {**row, "by": by}
    said = np.zeros(len(truth), dtype=bool) if ruled is None else ruled
    best: tuple[float, Weak | None, list[np.ndarray], list[np.ndarray]] | None = None
    for given in (None, weak) if weak else (None,):
        deals = list(_deals(truth, said))
        chances = [_out_of_fold(matrix, truth, folds, given) for folds in deals]
        found = [_decided(truth, said, *pair) for pair in zip(chances, deals)]
        score = float(np.mean([_f1(truth, one) for one in found]))
        if best is None or score > best[0] + 0.002:
            best = (score, given, chances, found)
    assert best is not None
    row["model_f1"], given, chances, found = best
    if ruled is not None and not _better(truth, ruled, found):
        return Label("rules"), {**row, "by": "rules"}
    low, high = np.mean([_thresholds(truth, said, one) for one in chances], axis=0)
    return Label("model", _fit(matrix, truth, given), (float(low), float(high))), {**row, "by": "model"}


def _f1(truth: np.ndarray, found: np.ndarray) -> float:
    total = truth.sum() + found.sum()
    return float(2 * (truth & found).sum() / total) if total else 1.0


def _deals(truth: np.ndarray, said: np.ndarray) -> Iterator[np.ndarray]:
    """Folds dealt so that rare and frequent classes are spread evenly; every deal another one."""
    places = np.arange(len(truth))
    for step in _SHUFFLES[: len(_SHUFFLES) if len(truth) < _MANY else 1]:
        folds = np.empty(len(truth), dtype=int)
        folds[np.lexsort((places * step % _PRIME, said, truth))] = places % _FOLDS
        yield folds


def _fit(matrix: sp.csr_matrix, truth: np.ndarray, weak: Weak | None = None) -> _Linear:
    """Logistic regressions whose features are stretched by how well each tells the label (Wang & Manning 2012).

    The mean of weights of several strengths.
    """
    from sklearn.linear_model import LogisticRegression

    trust = np.ones(len(truth))
    if weak is not None:
        matrix, truth = sp.vstack([matrix, weak[0]], format="csr"), np.concatenate([truth, weak[1]])
        trust = np.concatenate([trust, np.full(len(weak[1]), _WEAK)])
    telling = _telling(matrix, truth)
    stretched = matrix.multiply(telling).tocsr()
    weights, offset = np.zeros(matrix.shape[1]), 0.0
    for strength in _STRENGTHS:
        model = LogisticRegression(
            C=strength, class_weight="balanced", solver="liblinear", dual=True, tol=1e-3, max_iter=300, random_state=0
        )
        model.fit(stretched, truth, sample_weight=trust)
        weights += model.coef_[0] / len(_STRENGTHS)
        offset += float(model.intercept_[0]) / len(_STRENGTHS)
    return weights * telling, offset


def _telling(matrix: sp.csr_matrix, truth: np.ndarray) -> np.ndarray:
    """Half constant, half the size of each feature's log-odds between texts with the label and without."""
    with_label = np.asarray(matrix[truth].sum(axis=0)).ravel() + _FLAT
    without = np.asarray(matrix[~truth].sum(axis=0)).ravel() + _FLAT
    odds = np.abs(np.log(with_label / with_label.sum()) - np.log(without / without.sum()))
    return np.asarray((1 + odds / max(odds.mean(), 1e-9)) / 2)


def _out_of_fold(matrix: sp.csr_matrix, truth: np.ndarray, folds: np.ndarray, weak: Weak | None) -> np.ndarray:
    chances = np.zeros(len(truth))
    for fold in np.unique(folds):
        rest = folds != fold
        if truth[rest].any() and not truth[rest].all():
            weights, offset = _fit(matrix[rest], truth[rest], weak)
            chances[~rest] = 1 / (1 + np.exp(-(matrix[~rest] @ weights + offset)))
    return chances


def _thresholds(truth: np.ndarray, said: np.ndarray, chances: np.ndarray) -> tuple[float, float]:
    """Thresholds in the middle of the best region, lower where the rules say so: the single best is mostly luck."""
    above = chances >= _STEPS[:, None]
    right = np.add.outer(*((above & truth & side).sum(axis=1) for side in (said, ~said)))
    named = np.add.outer(*((above & side).sum(axis=1) for side in (said, ~said)))
    scores = np.pad(2 * right / np.maximum(named + truth.sum(), 1), 1, mode="edge")
    size = len(_STEPS)
    smooth = np.mean([scores[i : i + size, j : j + size] for i in range(3) for j in range(3)], axis=0)
    smooth -= 1e-6 * np.abs(_STEPS - 0.5)  # where nothing tells them apart: the middle
    smooth[np.tril_indices(size, -1)] = smooth[:, 0] = -1.0  # never all texts that the rules leave out
    low, high = np.unravel_index(int(np.argmax(smooth)), smooth.shape)
    return float(_STEPS[low]), float(_STEPS[high])


def _decided(truth: np.ndarray, said: np.ndarray, chances: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Decisions whose thresholds were chosen on the other folds."""
    found = np.zeros(len(truth), dtype=bool)
    for fold in np.unique(folds):
        rest = folds != fold
        label = Label("model", None, _thresholds(truth[rest], said[rest], chances[rest]))
        found[~rest] = label.found(chances[~rest], said[~rest])
    return found


def _better(truth: np.ndarray, ruled: np.ndarray, founds: Sequence[np.ndarray]) -> bool:
    """Is the model better than the rules beyond the luck of few texts? A paired bootstrap."""
    draws = np.random.default_rng(20).integers(0, len(truth), (400, len(truth)))
    rules = _drawn_f1(truth, ruled, draws)
    gain = np.mean([_drawn_f1(truth, found, draws) for found in founds], axis=0) - rules
    return bool(np.quantile(gain, float(np.interp(truth.sum(), _RARE, _DOUBT))) > 0)


def _drawn_f1(truth: np.ndarray, found: np.ndarray, draws: np.ndarray) -> np.ndarray:
    both, total = (truth & found).astype(int), truth.astype(int) + found
    return np.asarray(2 * both[draws].sum(axis=1) / np.maximum(total[draws].sum(axis=1), 1))
