"""The tagger: rules first, learning from corrections on top."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import DataError, ParamsError, nearest
from ..results import Note, Result, as_table
from .codebook import LANGUAGES, Codebook, read_codebook
from .matchers import undisturbed
from .rules import Reader
from .tags import SENTIMENTS, Tag, gather

if TYPE_CHECKING:
    from .learned import Model

__all__ = ["COLUMNS", "SENTIMENTS", "TagResult", "Tagger", "tag_causes"]

COLUMNS = ("feedback_id", "cause", "sentiment", "start", "end", "evidence", "rule", "score")
_CHUNK = 4_000


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TagResult(Result):
    """Tags of a set of texts: one row per text and cause.

    Attributes
    ----------
    texts : int
        Texts that hold at least one letter.
    untagged : tuple
        Ids of the texts with words in which nothing was found.
    """

    texts: int = 0
    untagged: tuple[Any, ...] = ()


class Tagger:
    """Finds causes, their sentiment and the words that prove them.

    Parameters
    ----------
    codebook : str, Path or None
        Name of a shipped codebook (general, radio, bank, clinic, restaurant, retail) or of one in
        params/codebooks, or the path of a YAML file. None: no rules, any labels are learned.
    language : {'ru', 'en'}, optional
        Rules of this language only; default both, texts may mix them.
    root : Path, optional
        Folder that holds params/; default: the current folder or one above it.

    Raises
    ------
    CodebookError
        For a fault in the codebook, with file and line.

    Examples
    --------
    >>> feedback = pd.DataFrame({"feedback_id": [7], "text": ["Цены высокие, зато менеджер вежливый."]})
    >>> Tagger("general").tag(feedback).table[["feedback_id", "cause", "sentiment", "evidence"]]
       feedback_id           cause sentiment           evidence
    0            7     price.level  negative       Цены высокие
    1            7  staff.attitude  positive  менеджер вежливый
    """

    def __init__(
        self, codebook: str | Path | None = "general", language: str | None = None, *, root: Path | None = None
    ) -> None:
        if language is not None and language not in LANGUAGES:
            raise ParamsError(f"Unknown language {language!r}.", nearest(str(language), LANGUAGES))
        languages = (language,) if language else LANGUAGES
        self.native = codebook is None
        self.codebook: Codebook = read_codebook("general" if codebook is None else codebook, root)
        self.reader = Reader(self.codebook, languages)
        self.model: Model | None = None

    def learn(self, corrections: pd.DataFrame | Result, *, unlabelled: pd.DataFrame | Result | None = None) -> Tagger:
        """Learn from corrected tags; returns the tagger itself.

        Learning begins anew with each call, so that the same corrections give the same tagger.

        Parameters
        ----------
        corrections : DataFrame
            One row per text and cause: text, cause, sentiment, optional language. Null cause: there is
            nothing in the text. Null sentiment: not annotated.
        unlabelled : DataFrame, optional
            Further texts (text): they give word frequencies, and where that does better out of fold the rules'
            verdicts on them teach the model, too.

        Raises
        ------
        DataError
            When a column is missing or a sentiment is none of the known ones.
        """
        from .learned import Model, examples

        more = () if unlabelled is None else [_clean(text) for text in as_table(unlabelled)["text"]]
        cases = examples(as_table(corrections))
        self.model = Model.fit(self.reader, cases, native=self.native, unlabelled=more) if cases else None
        return self

    def tag(self, feedback: pd.DataFrame | Result) -> TagResult:
        """Tags of texts.

        Parameters
        ----------
        feedback : DataFrame
            feedback_id, text, optional language, field (like, strengthen, dislike, improve, problem, free)
            and score (0-10).

        Returns
        -------
        TagResult
            feedback_id, cause, sentiment {positive, negative, neutral, mixed}, start and end (places in the
            text), evidence (text[start:end]), rule (the rule that fired, or ``model``), score (0-1).

        Raises
        ------
        DataError
            When there is no column text.
        """
        table = as_table(feedback)
        if "text" not in table.columns:
            raise DataError("The feedback has no column 'text'.", f"Columns: {', '.join(map(str, table.columns))}.")
        ids = table["feedback_id"].tolist() if "feedback_id" in table.columns else table.index.tolist()
        columns: dict[str, list[Any]] = {name: [] for name in COLUMNS}
        texts, untagged = 0, []
        with undisturbed():
            for identity, text, tags in zip(ids, map(_clean, table["text"].tolist()), self._rows(table)):
                if not text.strip():
                    continue
                texts += 1
                if not tags:
                    untagged.append(identity)
                for cause, sentiment, start, end, rule, score in tags:
                    values = (identity, cause, sentiment, start, end, text[start:end], rule, score)
                    for name, value in zip(COLUMNS, values):
                        columns[name].append(value)
        frame = _framed(columns, table)
        share = len(untagged) / texts if texts else 0.0
        return TagResult(
            frame=frame,
            overview=_overview(frame),
            notes=(Note("causes.tagged", {"texts": texts, "tags": len(frame), "untagged": f"{share:.0%}"}),),
            options={"codebook": self.codebook.name, "learned": self.model is not None},
            texts=texts,
            untagged=tuple(untagged),
        )

    def _rows(self, table: pd.DataFrame) -> Iterator[list[Tag]]:
        """Tags of each row of a table, in its order."""
        texts = [_clean(text) for text in table["text"].tolist()]
        fields = _column(table, "field")
        scores = _column(table, "score")
        for begin in range(0, len(texts), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            read = [
                self.reader.analyse(text, field, score)
                for text, field, score in zip(texts[part], fields[part], scores[part])
            ]
            if self.model is not None:
                yield from self.model.tag(read, texts[part])
            else:
                yield from ([] if self.native else gather(hits) for _, hits in read)

    def stream(self, feedback: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """Tag tables one after another: a million texts in the memory of one table."""
        for table in feedback:
            yield self.tag(table).frame


def tag_causes(
    feedback: pd.DataFrame | Result,
    codebook: str | Path | None = "general",
    corrections: pd.DataFrame | Result | None = None,
    *,
    language: str | None = None,
    root: Path | None = None,
) -> TagResult:
    """Causes that people name in their texts, by rules and by what corrections taught.

    Parameters
    ----------
    feedback : DataFrame
        feedback_id, text, optional language, field and score, see `Tagger.tag`.
    codebook : str, Path or None
        See `Tagger`.
    corrections : DataFrame, optional
        See `Tagger.learn`.

    Returns
    -------
    TagResult
        feedback_id, cause, sentiment, start, end, evidence, rule, score.

    Examples
    --------
    >>> texts = pd.DataFrame({"feedback_id": ["a"], "text": ["Rates are fair, the queue was too long."]})
    >>> tag_causes(texts).table[["cause", "sentiment"]]
               cause sentiment
    0    price.level  positive
    1  service.speed  negative
    """
    tagger = Tagger(codebook, language, root=root)
    if corrections is not None:
        tagger.learn(corrections)
    return tagger.tag(feedback)


def _clean(text: Any) -> str:
    """Text as it stands; what is no text is blank."""
    return text if isinstance(text, str) else ""


def _column(table: pd.DataFrame, name: str) -> list[Any]:
    if name not in table.columns:
        return [None] * len(table)
    values = pd.to_numeric(table[name], errors="coerce") if name == "score" else table[name]
    return [None if pd.isna(value) else value for value in values.tolist()]


def _framed(columns: dict[str, list[Any]], table: pd.DataFrame) -> pd.DataFrame:
    frame = pd.DataFrame(columns)
    identity = table["feedback_id"].dtype if "feedback_id" in table.columns else table.index.dtype
    kinds = dict.fromkeys(("cause", "sentiment", "evidence", "rule"), "str")
    return frame.astype({"feedback_id": identity, **kinds, "start": "int64", "end": "int64", "score": "float64"})


def _overview(frame: pd.DataFrame) -> pd.DataFrame:
    """Texts per cause and sentiment."""
    counts = frame.groupby(["cause", "sentiment"]).size().unstack(fill_value=0)
    counts = counts.reindex(columns=list(SENTIMENTS), fill_value=0)
    counts.insert(0, "texts", counts.sum(axis=1))
    counts.columns.name = None
    return counts.sort_values(["texts"], ascending=False, kind="stable").reset_index()
