"""Sentiment of a cause in a text, learned from corrections where that beats the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse as sp

from .features import Vectoriser
from .matcher import SENTENCE, Token
from .rules import Hit
from .tags import Tag, gather

if TYPE_CHECKING:
    from .learned import Case, Model

__all__ = ["SentimentModel"]

_FOLDS = 5
_LEAST_PAIRS = 30
#: How many standard errors a model must be better than the rules' signs, by pairs of text and cause.
_PAIRS, _SPREADS = (50, 500), (3.0, 0.5)
_KNOWN = ("positive", "negative", "neutral", "mixed", "none")


@dataclass
class SentimentModel:
    """Multinomial linear model over the clause of a cause, the whole text and what the rules say."""

    whole: Vectoriser
    near: Vectoriser
    classes: list[str]
    weights: np.ndarray
    offset: np.ndarray
    causes: dict[str, int]
    mode: str

    @classmethod
    def fit(
        cls, model: Model, cases: Sequence[Case], tokens: Sequence[list[Token]], hits: Sequence[list[Hit]]
    ) -> SentimentModel | None:
        """Learn from the annotated pairs; None when there are too few or the rules are better."""
        pairs = [
            (row, cause, sentiment)
            for row, case in enumerate(cases)
            for cause, sentiment in case.causes.items()
            if sentiment
        ]
        truth = np.array([sentiment for _, _, sentiment in pairs])
        classes = sorted(set(truth.tolist()))
        if len(pairs) < _LEAST_PAIRS:
            return None
        if len(classes) == 1:
            # Complaints only: whatever is named is named as one.
            none = Vectoriser()
            return cls(none, none, classes, np.zeros((1, 0)), np.zeros(1), {}, "constant")
        causes = {name: index for index, name in enumerate(sorted({cause for _, cause, _ in pairs}))}
        view = [_view(cause, tokens[row], hits[row], model.native) for row, cause, _ in pairs]
        rows = [row for row, _, _ in pairs]
        whole = Vectoriser().fit([tokens[row] for row in rows], [[] for _ in rows])
        near = Vectoriser().fit([v.near for v in view], [[] for _ in rows])
        self = cls(whole, near, classes, np.zeros((0, 0)), np.zeros(0), causes, "model")
        matrix = self._matrix([tokens[row] for row in rows], view, [cause for _, cause, _ in pairs])
        folds = np.array([row % _FOLDS for row in rows])
        guess = truth.copy()
        for fold in range(_FOLDS):
            rest = folds != fold
            if rest.all() or not rest.any():
                continue
            fitted = _fit(matrix[rest], truth[rest])
            guess[~rest] = fitted.predict(matrix[~rest])
        ruled = np.array([v.ruled for v in view])
        mode = _mode(truth, guess, ruled)
        if mode == "rules":
            return None
        fitted = _fit(matrix, truth)
        self.classes = [str(name) for name in fitted.classes_]
        self.weights, self.offset, self.mode = _full(fitted)[0], _full(fitted)[1], mode
        return self

    def _matrix(self, tokens: Sequence[list[Token]], view: Sequence[_View], causes: Sequence[str]) -> sp.csr_matrix:
        known = len(_KNOWN)
        own = np.zeros((len(view), known * 2 + len(self.causes) + 2))
        for row, (v, cause) in enumerate(zip(view, causes)):
            own[row, _KNOWN.index(v.ruled)] = 1.5
            own[row, known + _KNOWN.index(v.overall)] = 1.0
            if cause in self.causes:
                own[row, 2 * known + self.causes[cause]] = 0.5
            own[row, -2], own[row, -1] = v.plus, v.minus
        near = _once(self.near, [v.near for v in view])
        return sp.hstack([sp.csr_matrix(own), _once(self.whole, tokens) * 1.5, near * 2], format="csr")

    def apply(
        self, model: Model, tokens: list[list[Token]], hits: list[list[Hit]], drafts: list[list[Tag]]
    ) -> list[list[Tag]]:
        """The same tags with learned sentiments."""
        places = [
            (row, index)
            for row, tags in enumerate(drafts)
            for index, tag in enumerate(tags)
            if self.mode != "silent" or tag[4] == "model"
        ]
        if not places:
            return drafts
        if self.mode == "constant":
            return [[(tag[0], self.classes[0], *tag[2:]) for tag in tags] for tags in drafts]
        causes = [_label(drafts[row][index][0], self.causes) for row, index in places]
        view = [_view(cause, tokens[row], hits[row], model.native) for (row, _), cause in zip(places, causes)]
        matrix = self._matrix([tokens[row] for row, _ in places], view, causes)
        best = np.argmax(matrix @ self.weights.T + self.offset, axis=1)
        out = [list(tags) for tags in drafts]
        for (row, index), choice in zip(places, best.tolist()):
            tag = out[row][index]
            out[row][index] = (tag[0], self.classes[choice], *tag[2:])
        return out


def _once(words: Vectoriser, texts: Sequence[list[Token]]) -> sp.csr_matrix:
    """Rows of texts, each text read once however many causes it names."""
    places: dict[int, int] = {}
    order = [places.setdefault(id(text), len(places)) for text in texts]
    known = dict(zip(order, texts))
    return words.transform(list(known.values()), [[] for _ in known])[order]


@dataclass
class _View:
    """What is known about a cause in a text before its sentiment is learned."""

    near: list[Token]
    ruled: str
    overall: str
    plus: float
    minus: float


def _label(cause: str, known: dict[str, int]) -> str:
    """The analyst's label that a cause lies in."""
    while cause not in known and "." in cause:
        cause = cause.rpartition(".")[0]
    return cause


def _view(cause: str, tokens: list[Token], hits: list[Hit], native: bool) -> _View:
    own = [] if native else [hit for hit in hits if hit.cause == cause or hit.cause.startswith(cause + ".")]
    plus = float(sum(hit.sure for hit in hits if hit.sign > 0))
    minus = float(sum(hit.sure for hit in hits if hit.sign < 0))
    overall = "positive" if plus > minus else "negative" if minus > plus else "none"
    ruled = "none"
    near: list[Token] = []
    if own:
        ruled = gather([replace(hit, cause=cause) for hit in own], mentions=True)[0][1]
        near = _around(tokens, own)
    return _View(near or tokens, ruled, overall, min(plus, 3.0) / 3, min(minus, 3.0) / 3)


def _around(tokens: list[Token], own: Sequence[Hit]) -> list[Token]:
    """Tokens of the sentences in which a cause was found."""
    starts = {hit.start for hit in own}
    near: list[Token] = []
    part: list[Token] = []
    for token in [*tokens, None]:
        if token is None or token.border >= SENTENCE - 2:
            if any(t.start in starts for t in part):
                near += part
            part = []
        if token is not None:
            part.append(token)
    return near


def _fit(matrix: sp.csr_matrix, truth: np.ndarray) -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=2.0, max_iter=300).fit(matrix, truth)


def _full(fitted: Any) -> tuple[np.ndarray, np.ndarray]:
    """Weights with one row per class, also for two classes."""
    if len(fitted.classes_) == 2:
        return np.vstack([-fitted.coef_[0], fitted.coef_[0]]), np.array([-fitted.intercept_[0], fitted.intercept_[0]])
    return fitted.coef_, fitted.intercept_


def _mode(truth: np.ndarray, guess: np.ndarray, ruled: np.ndarray) -> str:
    """Which of rules, model, or model where the rules are silent, is right most often on texts not seen."""
    silent = ruled == "none"
    rules = np.where(ruled == "none", "neutral", ruled)
    right = {
        "rules": rules == truth,
        "silent": np.where(silent, guess, rules) == truth,
        "model": guess == truth,
    }
    best = "rules"
    # Against a sign that the rules have found few pairs must speak clearly.
    sure = {"silent": 0.5, "model": float(np.interp(len(truth), _PAIRS, _SPREADS))}
    for name, spreads in sure.items():
        gain = right[name].astype(float) - right[best]
        spread = gain.std() / np.sqrt(len(gain)) if len(gain) > 1 else 1.0
        if gain.mean() > spreads * spread:
            best = name
    return best
