"""Learning from corrected tags: linear models on top of the rules, and a gate that keeps the rules' level.

For every cause the model must beat the rules on texts that it has not seen (module gate); where it does not,
the rules stay. Everything is deterministic; nothing is stored on disk: learning again costs seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ..errors import DataError, nearest
from .features import Vectoriser, rule_columns, rule_rows
from .gate import Label, learn_label
from .matcher import Token
from .rules import Hit, Reader
from .tags import SENTIMENTS, Tag, gather

__all__ = ["Case", "Model", "examples"]

#: Weight of «the rules say so» among the features of a label: with few texts the model leans on it.
_TRUST = 1.5
#: Scale of the other blocks, hits and words (whose rows have length 1 before it): with a codebook the rules have
#: their verdict besides, without one the hits must carry more.
_RULES, _WORDS = {False: 0.5, True: 1.0}, {False: 3.0, True: 2.0}


@dataclass(frozen=True)
class Case:
    """A text with all its causes as an analyst sees them; sentiment None = not annotated."""

    text: str
    causes: dict[str, str | None] = field(default_factory=dict)


def examples(corrections: pd.DataFrame) -> list[Case]:
    """Corrections as texts with their causes, in the order of first appearance; the last word on a pair counts.

    Raises
    ------
    DataError
        When a column is missing or a sentiment unknown.
    """
    for name in ("text", "cause"):
        if name not in corrections.columns:
            raise DataError(f"The corrections have no column {name!r}.", nearest(name, map(str, corrections.columns)))
    sentiments = corrections["sentiment"].tolist() if "sentiment" in corrections.columns else [None] * len(corrections)
    cases: dict[str, Case] = {}
    for text, cause, sentiment in zip(corrections["text"].tolist(), corrections["cause"].tolist(), sentiments):
        if not isinstance(text, str) or not text.strip():
            continue
        case = cases.setdefault(text, Case(text))
        if not isinstance(cause, str) or not cause.strip():
            continue
        known = sentiment if isinstance(sentiment, str) and sentiment else None
        if known is not None and known not in SENTIMENTS:
            raise DataError(f"Unknown sentiment {known!r} in the corrections.", nearest(known, SENTIMENTS))
        case.causes[cause.strip()] = known
    return list(cases.values())


def _belongs(cause: str, label: str) -> bool:
    """Does a cause of the codebook lie in a label of the analyst?"""
    return cause == label or cause.startswith(label + ".")


def _ruled(hits: Sequence[Sequence[Hit]], names: Sequence[str]) -> dict[str, np.ndarray]:
    """Which texts have each label by the rules; plain mentions do not count."""
    flags = np.zeros((len(names), len(hits)), dtype=bool)
    inside: dict[str, list[int]] = {}
    for row, found in enumerate(hits):
        for hit in found:
            if not hit.sure:
                continue
            places = inside.get(hit.cause)
            if places is None:
                places = inside[hit.cause] = [at for at, name in enumerate(names) if _belongs(hit.cause, name)]
            for place in places:
                flags[place, row] = True
    return dict(zip(names, flags))


class _Loose(dict[str, bool]):
    """Causes of the codebook that have to do with no label of the analyst: their rules speak as before."""

    def __init__(self, labels: list[str]) -> None:
        super().__init__()
        self._labels = labels

    def __missing__(self, cause: str) -> bool:
        found = self[cause] = not any(_related(cause, label) for label in self._labels)
        return found


def _with_rule(matrix: sp.csr_matrix, ruled: np.ndarray) -> sp.csr_matrix:
    return sp.hstack([sp.csr_matrix(ruled[:, None] * _TRUST), matrix], format="csr")


@dataclass
class Model:
    """What was learned; made by `fit`, used by `Tagger.tag`."""

    reader: Reader
    native: bool
    words: Vectoriser
    columns: dict[str, int]
    labels: dict[str, Label]
    one_label: bool
    sentiment: Any = None
    report: pd.DataFrame = field(default_factory=pd.DataFrame)

    @classmethod
    def fit(cls, reader: Reader, cases: list[Case], *, native: bool, unlabelled: Sequence[str] = ()) -> Model:
        """Learn from cases."""
        from .sentiment import SentimentModel

        read = [reader.analyse(case.text) for case in cases]
        tokens, hits = [t for t, _ in read], [h for _, h in read]
        more = [reader.analyse(text) for text in unlabelled]
        words = Vectoriser().fit(tokens + [t for t, _ in more], _fired(hits + [h for _, h in more]))
        columns = rule_columns(reader.codebook.causes)
        model = cls(reader, native, words, columns, {}, _single(cases))
        matrix = model._matrix(tokens, hits)
        # Unlabelled texts teach with the verdict of the rules; their hits are blanked: words are to be learned.
        taught = [hits for _, hits in more] if more and not native else []
        blank = model._matrix([t for t, _ in more], [[] for _ in more]) if taught else None
        names = sorted({cause for case in cases for cause in case.causes})
        silent = (
            set() if native else {c for found in hits for c in _tops(found) if not any(_related(c, n) for n in names)}
        )
        rows = []
        every = [*names, *sorted(silent)]
        ruled, verdicts = _ruled(hits, every), _ruled(taught, every)
        for name in every:
            truth = np.array([name in case.causes for case in cases])
            seen = matrix if native else _with_rule(matrix, ruled[name])
            weak = None if blank is None else (_with_rule(blank, np.zeros(len(more))), verdicts[name])
            label, row = learn_label(seen, truth, None if native else ruled[name], weak)
            model.labels[name] = label
            rows.append({"cause": name, **row})
        model.report = pd.DataFrame(rows)
        model.sentiment = SentimentModel.fit(model, cases, tokens, hits)
        return model

    def _matrix(self, tokens: Sequence[Sequence[Token]], hits: Sequence[Sequence[Hit]]) -> sp.csr_matrix:
        own = rule_rows(hits, self.columns) * _RULES[self.native]
        parts = [own, self.words.transform(tokens, _fired(hits)) * _WORDS[self.native]]
        return sp.hstack(parts, format="csr")

    def tag(self, read: list[tuple[list[Token], list[Hit]]], texts: list[str]) -> list[list[Tag]]:
        """Tags of texts that the reader has read."""
        tokens, hits = [t for t, _ in read], [h for _, h in read]
        said = _ruled([[] for _ in hits] if self.native else hits, list(self.labels))
        chances = self._chances(tokens, hits, said)
        chosen = self._chosen(chances, said)
        picked: list[list[str]] = [[] for _ in texts]
        for name in self.labels:
            for row in np.flatnonzero(chosen[name]).tolist():
                picked[row].append(name)
        loose = _Loose(list(self.labels))
        wanted: list[list[tuple[str, float, list[Hit]]]] = []
        for row, found in enumerate(hits):
            causes: list[tuple[str, float, list[Hit]]] = []
            for name in picked[row]:
                own = [] if self.native else [hit for hit in found if _belongs(hit.cause, name)]
                causes.append((name, float(chances[name][row]) if name in chances else 0.0, own))
            if not self.native and found:
                rest = [hit for hit in found if hit.sure and loose[hit.cause]]
                causes += [("", 0.0, rest)] if rest else []
            wanted.append(causes)
        return self._with_sentiment(texts, tokens, hits, wanted)

    def _chances(
        self, tokens: Sequence[Sequence[Token]], hits: Sequence[Sequence[Hit]], said: dict[str, np.ndarray]
    ) -> dict[str, np.ndarray]:
        """Chance of every label that has a model, all in one product."""
        models = {name: label.model for name, label in self.labels.items() if label.model is not None}
        if not models:
            return {}
        weights = np.column_stack([model[0] if self.native else model[0][1:] for model in models.values()])
        logits = self._matrix(tokens, hits) @ weights
        chances = {}
        for place, (name, model) in enumerate(models.items()):
            own = 0.0 if self.native else said[name] * _TRUST * model[0][0]
            chances[name] = 1 / (1 + np.exp(-(logits[:, place] + model[1] + own)))
        return chances

    def _chosen(self, chances: dict[str, np.ndarray], said: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        chosen = {}
        for name, label in self.labels.items():
            if label.model is not None:
                chosen[name] = label.found(chances[name], said[name])
            else:
                chosen[name] = said[name] & (label.by == "rules")
        if self.one_label and chances:
            names = list(chances)
            likely = np.column_stack([chances[name] for name in names])
            best = np.argmax(likely, axis=1)
            # Every text of the corrections has a label: none stays without.
            bare = ~np.any(list(chosen.values()), axis=0)
            for place, name in enumerate(names):
                chosen[name] = best == place if self.native else chosen[name] | (bare & (best == place))
        return chosen

    def _with_sentiment(
        self,
        texts: list[str],
        tokens: list[list[Token]],
        hits: list[list[Hit]],
        wanted: list[list[tuple[str, float, list[Hit]]]],
    ) -> list[list[Tag]]:
        drafts: list[list[Tag]] = []
        for row, causes in enumerate(wanted):
            tags: list[Tag] = []
            for name, chance, own in causes:
                if own:
                    tags += gather(own, mentions=True)
                else:
                    tags.append(self._from_model(name, chance, tokens[row], hits[row], texts[row]))
            drafts.append(tags)
        return drafts if self.sentiment is None else self.sentiment.apply(self, tokens, hits, drafts)

    def _from_model(self, name: str, chance: float, tokens: list[Token], hits: list[Hit], text: str) -> Tag:
        """A tag without a rule: its evidence is the clause of the word that weighs most."""
        label = self.labels[name]
        side = sum(hit.sign * hit.sure for hit in hits)
        sentiment = "positive" if side > 0 else "negative" if side < 0 else "neutral"
        if not tokens:
            return name, sentiment, 0, len(text), "model", round(chance, 3)
        weights = label.model[0][len(self.columns) + (not self.native) :] if label.model else np.zeros(0)
        best, place = -np.inf, 0
        for index, token in enumerate(tokens):
            own = np.searchsorted(self.words.columns, found := self.words._word(token.text))
            own = own[(own < len(weights)) & (self.words.columns[np.minimum(own, len(weights) - 1)] == found)]
            weight = float((weights[own] * self.words.rarity[own]).sum())
            if weight > best:
                best, place = weight, index
        first = last = place
        while first > 0 and tokens[first].border < 2:
            first -= 1
        while last + 1 < len(tokens) and tokens[last + 1].border < 2:
            last += 1
        return name, sentiment, tokens[first].start, tokens[last].end, "model", round(chance, 3)


def _fired(hits: Sequence[Sequence[Hit]]) -> list[list[str]]:
    return [sorted({hit.rule for hit in found}) for found in hits]


def _tops(found: Sequence[Hit]) -> set[str]:
    return {hit.cause.partition(".")[0] for hit in found}


def _related(cause: str, label: str) -> bool:
    return _belongs(cause, label) or _belongs(label, cause)


def _single(cases: Sequence[Case]) -> bool:
    """Has every text exactly one label (then the likeliest wins)?"""
    sizes = np.array([len(case.causes) for case in cases])
    return len(sizes) >= 50 and bool((sizes == 1).mean() >= 0.97)
