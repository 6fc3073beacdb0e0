"""Themes that nobody named before: what this window says more often than the earlier ones.

Single words are too rare to test: a theme with 5 % of 300 texts uses each of its words once or twice. So texts
are grouped first, without looking at their dates (module `grouping`: by cause, field of words, stem and likeness),
and each group is tested as a whole. Only a group that has become several times as frequent can be a new theme, so
chance, too, is counted among such groups only: the large ones, which chance moves a little every quarter, cost
nothing. The chance that the strongest group would look so strong if dates were dealt at random is found by dealing
them again (max-T of Westfall & Young 1993), which allows for all tests at once; causes, few and well made, weigh more
than fields, stems and clusters.
Log-odds with a prior: Monroe, Colaresi & Quinn (2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..months import as_of as read_as_of
from ..panel import id_rank
from ..results import Note, Result, as_table, no_rows
from .grouping import Group, by_cause, by_likeness, marks_of, telling, terms_of

__all__ = ["emerging_themes"]

_COLUMNS = ["theme", "kind", "n", "n_before", "share", "share_before", "log_odds", "z", "p_value", "q_value",
            "example", "feedback_ids", "snippet", "would_catch", "would_catch_before"]  # fmt: skip
_KINDS = dict.fromkeys(("theme", "kind", "example", "snippet"), "str") | dict.fromkeys(
    ("n", "n_before", "would_catch", "would_catch_before"), "int64"
) | {"feedback_ids": "object"}  # fmt: skip
_PRIOR = 1.0
#: Two groups that share this much of their new texts are one theme.
_SAME = 0.5


def emerging_themes(
    feedback: pd.DataFrame | Result,
    tags: pd.DataFrame | Result | None = None,
    as_of: Any = None,
    *,
    months: int = 3, earlier: int = 12, false_discovery: float = 0.03, least: int = 5, times: float = 3.0,
    draws: int = 400, seed: int = 11,
) -> Result:  # fmt: skip
    """Groups of texts that are several times as frequent in the last months as before.

    Parameters
    ----------
    feedback : DataFrame
        feedback_id, text, created_at. Blank texts and answers such as «no» are left out.
    tags : DataFrame, optional
        feedback_id, cause, sentiment from `tag_causes`: causes are groups, too.
    as_of : month or day, optional
        End of the window; default: the month of the last text.
    months, earlier : int, at least 1
        Length of the window, and of the time before it that is compared.
    false_discovery : float
        Chance of any false theme that is accepted.
    least : int, at least 3
        A theme has at least so many texts in the window.
    times : float, at least 1
        A theme has become at least so many times as frequent; slower risers are causes on the move, not new themes.

    Returns
    -------
    Result
        Surest first: theme (its words or cause), kind {cause, theme}, n and n_before (texts in the window and
        before), share, share_before, log_odds (with a Dirichlet prior), z, p_value, q_value (allows for all
        tests), example, feedback_ids (list), snippet (lines for a codebook), would_catch, would_catch_before
        (texts that the snippet's words would catch).

    Raises
    ------
    DataError
        When a column is missing.

    Examples
    --------
    >>> texts = pd.DataFrame({"feedback_id": [1], "text": ["Fine"], "created_at": ["2026-10-05"]})
    >>> len(emerging_themes(texts))
    0
    """
    kept, new, words = _read(as_table(feedback), as_of, months, earlier)
    found: list[dict[str, Any]] = []
    if new.sum() >= least and (~new).sum() >= least:
        tagged = None if tags is None else as_table(tags)
        groups = by_cause(kept, tagged, least) + by_likeness(words, marks_of(kept, tagged), least)
        found = _tested(groups, new, kept, words, np.random.default_rng(seed), draws, least, times, false_discovery)
    rows = [{name: row[name] for name in _COLUMNS} for row in _distinct(found)]
    frame = pd.DataFrame(rows, columns=_COLUMNS) if rows else no_rows(_COLUMNS, **_KINDS)
    values = {"themes": len(frame), "n": int(new.sum()), "before": int((~new).sum())}
    options = {
        "months": months, "earlier": earlier, "false_discovery": false_discovery, "least": least, "times": times,
    }  # fmt: skip
    note = Note("causes.themes", values)
    return Result(frame=frame, overview=pd.DataFrame([values]), notes=(note,), options=options)


def _read(
    rows: pd.DataFrame, as_of: Any, months: int, earlier: int
) -> tuple[pd.DataFrame, np.ndarray, list[list[str]]]:
    """Texts of both windows that say something, which of them are new, and their words."""
    for name in ("feedback_id", "text", "created_at"):
        if name not in rows.columns:
            raise DataError(f"The feedback has no column {name!r}.", f"Columns: {', '.join(map(str, rows.columns))}.")
    kept, new = _windows(rows, as_of, months, earlier)
    words = [terms_of(text) for text in kept["text"]]
    filled = np.array([bool(terms) for terms in words], dtype=bool)
    return kept[filled].reset_index(drop=True), new[filled], [terms for terms in words if terms]


def _windows(rows: pd.DataFrame, as_of: Any, months: int, earlier: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Texts of the window and of the months before it."""
    when = pd.to_datetime(rows["created_at"], errors="coerce")
    texts = rows.assign(when=when)[when.notna() & rows["text"].map(lambda text: isinstance(text, str)).to_numpy(bool)]
    if not len(texts):
        return texts, np.zeros(0, dtype=bool)
    # Dates are dealt to the texts in this order, which must not be that of the rows.
    keys = id_rank(pd.Index(texts["text"])), id_rank(pd.Index(texts["feedback_id"])), texts["when"].to_numpy()
    texts = texts.iloc[np.lexsort(keys)]
    end = (texts["when"].max() if as_of is None else _end(as_of)).to_period("M")
    texts = texts[texts["when"] <= (_end(as_of) if as_of is not None else texts["when"].max())]
    age = (end.year - texts["when"].dt.year) * 12 + end.month - texts["when"].dt.month
    texts, age = texts[age < months + earlier], age[age < months + earlier]
    return texts.reset_index(drop=True), (age < months).to_numpy()


def _end(as_of: Any) -> pd.Timestamp:
    return pd.Timestamp(read_as_of(as_of).end)


def _z(inside: np.ndarray, size: np.ndarray, new: int, before: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the window against before with a Dirichlet prior, and their z."""
    share = size / (new + before)
    prior_new, prior_old = _PRIOR * share * 2, _PRIOR * share * 2
    a, c = inside + prior_new, size - inside + prior_old
    b, d = new - inside + _PRIOR * 2 - prior_new, before - (size - inside) + _PRIOR * 2 - prior_old
    value = np.log(a / b) - np.log(c / d)
    return value, value / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def _tested(
    groups: list[Group],
    new: np.ndarray,
    kept: pd.DataFrame,
    words: Sequence[Sequence[str]],
    dice: np.random.Generator,
    draws: int,
    least: int,
    times: float,
    level: float,
) -> list[dict[str, Any]]:
    """Groups that pass, with the chance that allows for all groups."""
    if not groups:
        return []
    rows = np.concatenate([group.rows for group in groups])
    size = np.array([len(group.rows) for group in groups])
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    weight = np.array([group.weight for group in groups])
    total, after = len(new), int(new.sum())
    # Exact tail chances make groups of 8 and of 80 texts comparable; one table serves all draws.
    tail, place_of = _tails(size, total, after, times)
    inside = np.add.reduceat(new[rows].astype(int), starts)
    own = tail[place_of + inside] / weight
    smallest = np.full(draws, np.inf)
    for draw in range(draws):
        dealt = dice.permutation(new)
        smallest[draw] = (tail[place_of + np.add.reduceat(dealt[rows].astype(int), starts)] / weight).min()
    log_odds, z = _z(inside.astype(float), size.astype(float), after, total - after)
    out = []
    for place in np.argsort(own, kind="stable").tolist():
        q_value = (1 + int((smallest <= own[place] * (1 + 1e-9)).sum())) / (draws + 1)
        if q_value > level or np.isinf(own[place]):
            break
        if inside[place] >= least:
            numbers = float(own[place] * weight[place]), q_value, float(log_odds[place]), float(z[place])
            out.append(_described(groups[place], new, kept, words, *numbers))
    return out


def _tails(size: np.ndarray, total: int, after: int, times: float) -> tuple[np.ndarray, np.ndarray]:
    """Chances of at least k of a group's texts in the window, for every size and k, and each group's place.

    Infinite where k of them would not make the group ``times`` as frequent as before.
    """
    from scipy.stats import hypergeom

    known = np.unique(size)
    starts = np.concatenate([[0], np.cumsum(known + 1)[:-1]])
    tails = []
    for n in known.tolist():
        k = np.arange(n + 1)
        grown = k * (total - after) >= times * (n - k) * after
        tails.append(np.where(grown, hypergeom.sf(k - 1, total, n, after), np.inf))
    return np.concatenate(tails), starts[np.searchsorted(known, size)]


def _described(
    group: Group, new: np.ndarray, kept: pd.DataFrame, words: Sequence[Sequence[str]],
    chance: float, q_value: float, log_odds: float, z: float,
) -> dict[str, Any]:  # fmt: skip
    """A group as a row of the result."""
    fresh = group.rows[new[group.rows]]
    own = telling(group.rows, words)
    # A field or stem is what its words catch; a cluster is caught by the words that tell it best.
    own = [word for word in own if word in group.words] or own
    label = group.label or ", ".join(own[:3])
    catching = own[: 8 if group.words else 3] if group.kind == "theme" else []
    caught = np.array([bool(set(catching) & set(terms)) for terms in words], dtype=bool)
    example = min((kept["text"].iloc[row] for row in fresh), key=lambda text: abs(len(text) - 80))
    return {
        "theme": label, "kind": group.kind, "n": len(fresh), "n_before": len(group.rows) - len(fresh),
        "share": len(fresh) / new.sum(), "share_before": (len(group.rows) - len(fresh)) / max((~new).sum(), 1),
        "log_odds": log_odds, "z": z, "p_value": chance, "q_value": q_value, "example": example,
        "feedback_ids": kept["feedback_id"].iloc[fresh].tolist(), "snippet": _snippet(catching),
        "would_catch": int((caught & new).sum()), "would_catch_before": int((caught & ~new).sum()),
    }  # fmt: skip


def _snippet(terms: list[str]) -> str:
    """Lines for params/codebooks: the analyst chooses the name, or merges them into a cause that is there."""
    if not terms:
        return ""
    language = "en" if all(term.isascii() for term in terms) else "ru"
    return f"causes:\n  company.new_theme:\n    {language}:\n      words: |\n        {', '.join(terms)}\n"


def _distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per theme, surest first: a group whose new texts mostly stand in a surer one is the same theme."""
    chosen: list[dict[str, Any]] = []
    for row in found:
        own = set(row["feedback_ids"])
        if all(len(own & set(other["feedback_ids"])) < _SAME * min(len(own), other["n"]) for other in chosen):
            chosen.append(row)
    return chosen
