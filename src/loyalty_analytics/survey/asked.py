"""Who was asked, and what came of it: the best status of each client."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..results import as_table
from .votes import answers_seen, of_metric, present

__all__ = ["STATUSES", "as_invitations", "of_question", "statuses"]

STATUSES = ("answered", "refused", "no_answer", "not_delivered")


def as_invitations(invitations: Any) -> pd.DataFrame:
    """Invitations as a table with a status."""
    table = as_table(invitations)
    if "status" not in table:
        raise DataError("The invitations have no column 'status'.", f"Allowed values: {', '.join(STATUSES)}.")
    return table


def of_question(invitations: pd.DataFrame, questions: pd.DataFrame | None, metric: str) -> pd.DataFrame:
    """Invitations that asked a question of the metric.

    One question per client: who got another question is not silent about this one. An invitation that names no
    question is a whole questionnaire.
    """
    if "question_id" not in invitations or invitations["question_id"].isna().all():
        return invitations
    asked = invitations.index.isin(of_metric(invitations, questions, [metric]).index)
    return invitations[asked | invitations["question_id"].isna()]


def statuses(
    invitations: pd.DataFrame, answers: pd.DataFrame | None = None, *, as_of: Any = None, window: int | None = 3
) -> pd.DataFrame:
    """One row per invited client (or anonymous invitation): its best status in the window.

    Parameters
    ----------
    invitations : table of survey_invitations
    answers : table of survey_answers; a client with an answer has answered, whatever the invitation says

    Returns
    -------
    pandas.DataFrame
        client_id, status {answered, refused, no_answer, not_delivered}, asked_at and the invitation's columns
    """
    sent, _ = answers_seen(invitations, as_of, window, "sent_at")
    bad = set(sent["status"].dropna().unique()) - set(STATUSES)
    if bad:
        raise DataError(f"Unknown status {sorted(bad)[0]!r}.", nearest(str(sorted(bad)[0]), STATUSES))
    rank = sent["status"].map({name: place for place, name in enumerate(STATUSES)}).astype("float64")
    replied = present(answers)
    if replied is not None and "client_id" in replied and "client_id" in sent:
        seen, _ = answers_seen(replied, as_of, window)
        rank = rank.mask(sent["client_id"].isin(seen["client_id"].dropna()), 0.0)
    ranked = sent.assign(_rank=rank)
    named = ranked["client_id"].notna() if "client_id" in ranked else pd.Series(False, index=ranked.index)
    order = ["_rank"] + [name for name in ("sent_at", "invitation_id") if name in ranked]
    best = ranked[named].sort_values(order, kind="stable").drop_duplicates("client_id") if named.any() else ranked[:0]
    rows = pd.concat([best, ranked[~named]]) if len(best) else ranked[~named]
    names = np.array(STATUSES, dtype=object)
    chosen = rows["_rank"].fillna(len(STATUSES) - 1).astype(int).to_numpy()
    rows = rows.assign(status=pd.Series(names[chosen], index=rows.index, dtype="str")).drop(columns="_rank")
    if "sent_at" in rows:
        rows = rows.rename(columns={"sent_at": "asked_at"})
    return rows.reset_index(drop=True)
