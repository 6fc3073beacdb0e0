"""Can the tags be trusted: what each rule does, where it errs, what is left untagged, do two readers agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import wilson
from ..results import Note, Result, as_table, no_rows
from .codebook import read_codebook

__all__ = ["RuleReport", "kappa", "rule_report"]

_COLUMNS = [
    "cause", "rule", "hits", "checked", "right", "precision", "precision_low", "precision_high",
    "missed", "recall", "recall_low", "recall_high", "sentiment_right", "conflicts", "example",
]  # fmt: skip
_KINDS = dict.fromkeys(("cause", "rule", "example"), "str") | dict.fromkeys(
    ("hits", "checked", "right", "missed", "conflicts"), "int64"
)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class RuleReport(Result):
    """What each rule does.

    Attributes
    ----------
    silent : DataFrame
        cause, rule: rules of the codebook that never fired (empty without ``codebook``).
    untagged : float
        Share of the texts in which nothing was found (null without ``feedback``).
    """

    silent: pd.DataFrame = field(default_factory=pd.DataFrame)
    untagged: float = float("nan")


def rule_report(
    tags: pd.DataFrame | Result,
    corrections: pd.DataFrame | Result | None = None,
    *,
    feedback: pd.DataFrame | Result | None = None,
    codebook: str | None = None,
    level: float = 0.95,
) -> RuleReport:
    """Hits, precision and recall per cause and per rule.

    Parameters
    ----------
    tags : TagResult or DataFrame
        feedback_id, cause, sentiment, rule, evidence; with ``text`` (or with ``feedback``) they can be compared.
    corrections : DataFrame, optional
        text, cause, sentiment as for `Tagger.learn`: the truth.
    feedback : DataFrame, optional
        feedback_id, text: the texts that were tagged; gives recall and the share of untagged text.
    codebook : str, optional
        Name of the codebook: rules that never fired are listed in ``.silent``.

    Returns
    -------
    RuleReport
        One row per cause (``rule`` null) and one per rule that fired: cause, rule, hits, checked (of these in
        corrected texts), right, precision with interval, missed, recall with interval (causes only),
        sentiment_right (share), conflicts (same place, other sign), example (the most frequent evidence).

    Raises
    ------
    DataError
        When a needed column of the tags or of the corrections is missing.

    Examples
    --------
    >>> tags = pd.DataFrame({"feedback_id": [1], "cause": ["price"], "sentiment": ["negative"], "rule": ["r"],
    ...                      "evidence": ["dear"]})
    >>> report = rule_report(tags).table
    >>> report.loc[0, "cause"], int(report.loc[0, "hits"]), int(report.loc[0, "checked"])
    ('price', 1, 0)
    """
    tagged = as_table(tags)
    for name in ("feedback_id", "cause", "sentiment", "rule"):
        if name not in tagged.columns:
            raise DataError(f"The tags have no column {name!r}.", "Give the result of la.tag_causes.")
    texts = None if feedback is None else as_table(feedback)
    joined = _with_text(tagged, texts)
    truth = _truth(None if corrections is None else as_table(corrections))
    rows = [
        _row(joined[joined["cause"] == cause], str(cause), None, truth, texts, level)
        for cause in sorted(joined["cause"].unique())
    ]
    for (cause, rule), part in joined.groupby(["cause", "rule"], sort=True):
        rows.append(_row(part, str(cause), str(rule), truth, None, level))
    frame = (pd.DataFrame(rows, columns=_COLUMNS) if rows else no_rows(_COLUMNS)).astype(_KINDS)
    untagged = _untagged(tags, tagged, texts)
    share = "–" if np.isnan(untagged) else f"{untagged:.0%}"
    return RuleReport(
        frame=frame,
        overview=frame[frame["rule"].isna()].drop(columns=["rule"]).reset_index(drop=True),
        notes=(Note("causes.trust", {"checked": len(truth), "untagged": share}),),
        options={"level": level},
        silent=_silent(tagged, codebook),
        untagged=untagged,
    )


def _with_text(tags: pd.DataFrame, texts: pd.DataFrame | None) -> pd.DataFrame:
    if texts is None or "text" in tags.columns:
        return tags if "text" in tags.columns else tags.assign(text=None)
    place = dict(zip(texts["feedback_id"], texts["text"]))
    return tags.assign(text=tags["feedback_id"].map(place))


def _truth(corrections: pd.DataFrame | None) -> dict[str, dict[str, Any]]:
    """Causes and sentiments of each corrected text."""
    known: dict[str, dict[str, Any]] = {}
    if corrections is None:
        return known
    for name in ("text", "cause"):
        if name not in corrections.columns:
            columns = ", ".join(map(str, corrections.columns))
            raise DataError(f"The corrections have no column {name!r}.", f"Columns: {columns}.")
    signs = corrections["sentiment"] if "sentiment" in corrections.columns else [None] * len(corrections)
    for text, cause, sign in zip(corrections["text"], corrections["cause"], signs):
        said = known.setdefault(text, {})
        if isinstance(cause, str) and cause:
            said[cause] = sign if isinstance(sign, str) else None
    return known


def _row(
    part: pd.DataFrame,
    cause: str,
    rule: str | None,
    truth: dict[str, dict[str, Any]],
    texts: pd.DataFrame | None,
    level: float,
) -> dict[str, Any]:
    checked = part[np.array([text in truth for text in part["text"]], dtype=bool)]
    said = [truth[text].get(cause, False) for text in checked["text"]]
    right = sum(sign is not False for sign in said)
    signed = [(sign, found) for sign, found in zip(said, checked["sentiment"]) if sign not in (False, None)]
    row: dict[str, Any] = dict.fromkeys(_COLUMNS, np.nan)
    row |= {"cause": cause, "rule": rule, "hits": len(part), "checked": len(checked), "right": right, "missed": 0}
    row["precision"], row["precision_low"], row["precision_high"] = _share(right, len(checked), level)
    if rule is None and texts is not None:
        seen = set(texts["text"]) & truth.keys()
        missed = sum(cause in truth[text] for text in seen) - len(
            {t for t, s in zip(checked["text"], said) if s is not False}
        )
        row["missed"] = max(missed, 0)
        row["recall"], row["recall_low"], row["recall_high"] = _share(right, right + row["missed"], level)
    row["sentiment_right"] = sum(sign == found for sign, found in signed) / len(signed) if signed else np.nan
    row["conflicts"] = int((part["sentiment"] == "mixed").sum())
    row["example"] = _usual(part["evidence"]) if "evidence" in part.columns else None
    return row


def _usual(evidence: pd.Series) -> str | None:
    """The most frequent words, of equally frequent ones the first of the alphabet."""
    counts = evidence.value_counts()
    return min(counts.index[counts == counts.max()], default=None)


def _share(part: int, whole: int, level: float) -> tuple[float, float, float]:
    """A share with Wilson's interval; nothing out of nothing is unknown."""
    if not whole:
        return np.nan, np.nan, np.nan
    low, high = wilson(part, whole, level)
    return part / whole, float(low), float(high)


def _untagged(given: pd.DataFrame | Result, tags: pd.DataFrame, texts: pd.DataFrame | None) -> float:
    if texts is not None:
        filled = texts[[isinstance(text, str) and any(map(str.isalpha, text)) for text in texts["text"]]]
        return float((~filled["feedback_id"].isin(tags["feedback_id"])).mean()) if len(filled) else float("nan")
    count = getattr(given, "texts", 0)
    return len(getattr(given, "untagged", ())) / count if count else float("nan")


def _silent(tags: pd.DataFrame, codebook: str | None) -> pd.DataFrame:
    if codebook is None:
        return pd.DataFrame({"cause": [], "rule": []}, dtype="str")
    fired = set(tags["rule"])
    rules = [rule for rule in read_codebook(codebook).rules.values() if rule.kind != "not" and rule.name not in fired]
    return pd.DataFrame({"cause": [rule.cause for rule in rules], "rule": [rule.name for rule in rules]}, dtype="str")


def kappa(first: Sequence[Any], second: Sequence[Any], *, level: float = 0.95) -> tuple[float, float, float]:
    """Cohen's kappa of two annotators with its interval (Fleiss, Cohen & Everitt 1969).

    Examples
    --------
    >>> kappa(list("aabb"), list("aabb"))[0]
    1.0
    """
    from scipy.stats import norm

    names = sorted({*map(str, first), *map(str, second)})
    place = {name: index for index, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for left, right in zip(first, second, strict=True):
        table[place[str(left)], place[str(right)]] += 1
    size = table.sum()
    if not size:
        return np.nan, np.nan, np.nan
    shares = table / size
    rows, columns = shares.sum(axis=1), shares.sum(axis=0)
    agreed, chance = float(np.trace(shares)), float(rows @ columns)
    if chance == 1:
        return 1.0, 1.0, 1.0
    value = (agreed - chance) / (1 - chance)
    diagonal = np.diag(shares)
    first_part = (diagonal * (1 - (rows + columns) * (1 - value)) ** 2).sum()
    weights = (columns[:, None] + rows[None, :]) ** 2
    second_part = (1 - value) ** 2 * ((shares * weights).sum() - (diagonal * np.diag(weights)).sum())
    third = (value - chance * (1 - value)) ** 2
    spread = np.sqrt(max(first_part + second_part - third, 0.0) / size) / (1 - chance)
    z = norm.ppf((1 + level) / 2)
    return value, max(value - z * spread, -1.0), min(value + z * spread, 1.0)
