"""Loyalty × money: six boxes of clients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import grid
from ..results import as_table
from .kinds import anchors

__all__ = ["loyalty_boxes"]


def loyalty_boxes(
    panel: Any,
    survey_answers: Any,
    as_of: Any = None,
    *,
    questions: Any = None,
    metrics: tuple[str, ...] = ("nps", "csat", "manager_csat"),
    months: int = 12,
    share: float = 0.7,
) -> pd.DataFrame:
    """Last score of each client beside its money.

    Parameters
    ----------
    survey_answers : table
        client_id, question_id, answered_at, score.
    questions : table, optional
        question_id, metric: scores of the first of ``metrics`` that has answers are taken.
    months : int
        Older answers do not count.
    share : float
        Large clients are those that together bring this share of the year's revenue.

    Returns
    -------
    pandas.DataFrame
        client_id, score, loyalty {high (9-10), middle (7-8), low (0-6)}, money {large, small},
        revenue (of the year). Clients without a score or an order are left out.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 2], "month": "2026-10", "revenue": [90.0, 10.0]})
    >>> told = pd.DataFrame({"client_id": [1, 2], "question_id": "q", "answered_at": "2026-10-05", "score": [5, 9]})
    >>> loyalty_boxes(panel, told)[["client_id", "loyalty", "money"]]
       client_id loyalty  money
    0          1     low  large
    1          2    high  small
    """
    columns = ["client_id", "score", "loyalty", "money", "revenue"]
    g = grid(panel, as_of)
    answers = as_table(survey_answers)
    if g is None or answers.empty:
        return pd.DataFrame(columns=columns)
    answers = answers[answers["score"].notna() & answers["client_id"].notna()]
    if len(as_table(questions)):
        metric = answers["question_id"].map(as_table(questions).set_index("question_id")["metric"])
        chosen = next((name for name in metrics if (metric == name).any()), None)
        answers = answers[(metric == chosen).to_numpy()]
    at = pd.to_datetime(answers["answered_at"])
    since = g.as_of.end - pd.DateOffset(months=months)
    recent = answers[((at <= g.as_of.end) & (at > since)).to_numpy()].assign(at=at)
    last = recent.sort_values("at", kind="stable").drop_duplicates("client_id", keep="last")
    year = pd.Series(g.revenue[:, -12:].sum(axis=1), index=g.ids)
    large = pd.Series(anchors(year.to_numpy(), share), index=g.ids)
    frame = last[last["client_id"].isin(g.ids)][["client_id", "score"]].reset_index(drop=True)
    score = frame["score"].to_numpy(dtype=float)
    loyalty = np.select([score >= 9, score >= 7], ["high", "middle"], "low")
    frame["loyalty"] = pd.Series(loyalty, index=frame.index, dtype="str")
    size = np.where(frame["client_id"].map(large).to_numpy(dtype=bool), "large", "small")
    frame["money"] = pd.Series(size, index=frame.index, dtype="str")
    frame["revenue"] = frame["client_id"].map(year).to_numpy(dtype=float) / 100
    return frame[columns]
