"""From low scores to causes, and a cause before and after a measure against it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import wilson
from ..months import as_of as read_as_of
from ..results import Note, Result, as_table

__all__ = ["before_after", "drill"]

_BAD = ("negative", "mixed")


def drill(
    tags: pd.DataFrame | Result,
    feedback: pd.DataFrame | Result,
    by: str = "unit_id",
    *,
    low: float = 6,
    least: int = 8,
    level: float = 0.95,
) -> Result:
    """Where low scores come from, then which causes stand in them.

    Parameters
    ----------
    tags : DataFrame
        feedback_id, cause, sentiment.
    feedback : DataFrame
        feedback_id, score and the column ``by`` (unit_id, manager_id …); ``by='month'`` uses created_at.
    low : float
        Scores up to this are low.
    least : int
        Groups with fewer scores are left out.

    Returns
    -------
    Result
        The worst group first, its causes by frequency: the column ``by``, n (scores), low_scores, share with
        low and high, cause, named (complaints among the low scores), cause_share.

    Examples
    --------
    >>> tags = pd.DataFrame({"feedback_id": [0], "cause": ["price"], "sentiment": ["negative"]})
    >>> scores = pd.DataFrame({"feedback_id": range(8), "score": [2] + [9] * 7, "unit_id": "S1"})
    >>> drill(tags, scores).table.loc[0, ["unit_id", "cause"]].tolist()
    ['S1', 'price']
    """
    rows, tagged = as_table(feedback), as_table(tags)
    rows = rows.assign(month=pd.to_datetime(rows["created_at"]).dt.to_period("M")) if by == "month" else rows
    if by not in rows.columns:
        raise DataError(f"The feedback has no column {by!r}.", f"Columns: {', '.join(map(str, rows.columns))}.")
    rows = rows[pd.to_numeric(rows["score"], errors="coerce").notna() & rows[by].notna()]
    rows = rows.assign(low_score=pd.to_numeric(rows["score"]) <= low)
    groups = rows.groupby(by)["low_score"].agg(["size", "sum"]).reset_index()
    groups = groups.rename(columns={"size": "n", "sum": "low_scores"})
    groups = groups[groups["n"] >= least].astype({"low_scores": "int64"})
    groups["share"] = groups["low_scores"] / groups["n"]
    groups["low"], groups["high"] = wilson(groups["low_scores"].to_numpy(), groups["n"].to_numpy(), level)
    bad = tagged[tagged["sentiment"].isin(_BAD)].drop_duplicates(["feedback_id", "cause"])
    named = bad.merge(rows.loc[rows["low_score"], ["feedback_id", by]], on="feedback_id")
    counts = named.groupby([by, "cause"]).size().rename("named").reset_index()
    frame = groups.merge(counts, on=by, how="left")
    frame["named"] = frame["named"].fillna(0).astype("int64")
    frame["cause_share"] = np.where(frame["low_scores"] > 0, frame["named"] / frame["low_scores"].clip(lower=1), 0.0)
    frame = frame.sort_values(["share", by, "named", "cause"], ascending=[False, True, False, True], kind="stable")
    return Result(frame=frame.reset_index(drop=True), options={"by": by, "low": low, "least": least})


def before_after(
    tags: pd.DataFrame | Result,
    feedback: pd.DataFrame | Result,
    cause: str,
    since: Any,
    *,
    months: int = 6,
    level: float = 0.95,
) -> Result:
    """Complaints about a cause before and after a measure against it.

    Parameters
    ----------
    cause : str
        A top cause counts all that lie in it.
    since : month or day
        When the measure began; its first day belongs to «after».
    months : int
        Months on each side.

    Returns
    -------
    Result
        One row: cause, n_before, before, n_after, after (shares of texts), change with low and high
        (Newcombe 1998, method 10), verdict {fell, rose, cannot tell}.

    Examples
    --------
    >>> tags = pd.DataFrame({"feedback_id": range(20), "cause": "price", "sentiment": "negative"})
    >>> when = ["2026-01-15"] * 40 + ["2026-03-15"] * 40
    >>> texts = pd.DataFrame({"feedback_id": range(80), "created_at": when})
    >>> before_after(tags, texts, "price", "2026-02").table.loc[0, "verdict"]
    'fell'
    """
    rows, tagged = as_table(feedback), as_table(tags)
    start = read_as_of(since)
    first = start.month.start_time if start.whole else pd.Timestamp(start.date)
    when = pd.to_datetime(rows["created_at"])
    own = tagged["cause"].map(lambda name: name == cause or str(name).startswith(cause + "."))
    named = set(tagged.loc[own & tagged["sentiment"].isin(_BAD), "feedback_id"])
    hit = rows["feedback_id"].isin(named).to_numpy()
    late = ((when >= first) & (when < first + pd.DateOffset(months=months))).to_numpy()
    early = ((when < first) & (when >= first - pd.DateOffset(months=months))).to_numpy()
    sides = [(int(hit[side].sum()), int(side.sum())) for side in (early, late)]
    row: dict[str, Any] = {"cause": cause, "n_before": sides[0][1], "n_after": sides[1][1]}
    row |= dict.fromkeys(("before", "after", "change", "low", "high"), np.nan) | {"verdict": "cannot tell"}
    if sides[0][1] and sides[1][1]:
        (low1, high1), (low2, high2) = (wilson(k, n, level) for k, n in sides)
        was, now = (k / n for k, n in sides)
        change = now - was
        low = change - float(np.hypot(now - low2, high1 - was))
        high = change + float(np.hypot(high2 - now, was - low1))
        verdict = "fell" if high < 0 else "rose" if low > 0 else "cannot tell"
        row |= {"before": was, "after": now, "change": change, "low": low, "high": high, "verdict": verdict}
    return Result(
        frame=pd.DataFrame([row]),
        notes=(Note(f"causes.{row['verdict'].replace(' ', '_')}", {"cause": cause}),),
        options={"months": months, "level": level},
    )
