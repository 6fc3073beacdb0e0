"""Answers that deserve a second look: flags with their evidence, never a deletion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..intervals.several import holm
from ..results import Note, Result, as_table, takes
from .votes import answers_seen, moments, of_metric, present

__all__ = ["Quality", "answer_quality"]

_BATCH = 3  # different clients within one minute
_LINE = 4  # questions in one sitting, all with the same score
_SPEED_FROM = 100  # sittings from which "fast" has a meaning
FLAGS = ("duplicate", "batch", "straight_line", "speeder", "asked_about_himself")
COLUMNS = ["answer_id", "client_id", "flag", "evidence"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Quality(Result):
    """Result of `answer_quality`.

    Attributes
    ----------
    interviewers : pandas.DataFrame
        visitor_id, n, top (answers 9-10), share, others (share of the other visitors' answers), p_value (Fisher,
        Holm over visitors; null below 8 answers).
    not_visited : pandas.DataFrame
        client_id of active clients without a held meeting in the window, with manager and name.
    """

    interviewers: pd.DataFrame = field(default_factory=pd.DataFrame)
    not_visited: pd.DataFrame = field(default_factory=pd.DataFrame)


@takes(answers=[], invitations=[], meetings=["client_id"], questions=["question_id"], clients=["client_id"])
def answer_quality(
    answers: Any,
    *,
    invitations: pd.DataFrame | None = None,
    meetings: pd.DataFrame | None = None,
    questions: pd.DataFrame | None = None,
    clients: pd.DataFrame | None = None,
    as_of: Any = None,
    window: int | None = 3,
) -> Quality:
    """Flags on answers: duplicates, same-minute batches, straight lines, speeders, self-made interviews.

    Parameters
    ----------
    answers : table of survey_answers
    invitations : table; sent_at gives the time an answer took (speeders), channel tells meetings from forms
    meetings : table; visitor_id and held_at tell who asked
    questions : table; metric manager_csat marks the question about the manager
    clients : table; who was not visited
    as_of, window : as in `nps`

    Returns
    -------
    Quality
        answer_id, client_id, flag {duplicate, batch, straight_line, speeder, asked_about_himself}, evidence (text).
        An answer may have several flags; nothing is deleted.

    Notes
    -----
    duplicate: same client, contact, question, score and day more than once. batch: answers of at least 3 clients in
    one minute. straight_line: at least 4 questions of one sitting with one score. speeder: faster than a third of
    the median, from 100 sittings on. asked_about_himself: the visitor asked about the manager who he is.

    Examples
    --------
    >>> twice = pd.DataFrame({"answer_id": [1, 2], "client_id": [7, 7], "question_id": ["q", "q"], "score": [9, 9],
    ...                       "answered_at": ["2026-10-05 10:00", "2026-10-05 15:00"]})
    >>> answer_quality(twice).table[["answer_id", "flag"]].values.tolist()
    [[2, 'duplicate']]
    """
    table, seen = answers_seen(as_table(answers), as_of, window)
    table = table.reset_index(drop=True)
    if "answer_id" not in table:
        table = table.assign(answer_id=np.arange(len(table)))
    if "client_id" not in table:
        table = table.assign(client_id=pd.Series(None, index=table.index, dtype="object"))
    visitor = _visitors(table, meetings)
    found = [
        _duplicates(table), _batches(table), _lines(table), _speeders(table, present(invitations)),
        _himself(table, visitor, present(questions)),
    ]  # fmt: skip
    frame = pd.concat([part for part in found if len(part)] or [_flags(table[:0], "", [])])
    frame["flag"] = pd.Categorical(frame["flag"], FLAGS)
    frame = frame.sort_values(["flag", "answer_id"], kind="stable").reset_index(drop=True)
    frame["flag"] = frame["flag"].astype("str")
    shares = _interviewers(of_metric(table, questions, ["nps", "csat", "manager_csat"]), visitor)
    away = _not_visited(meetings, clients, seen, window)
    notes = (Note("survey.quality", {"answers": frame["answer_id"].nunique(), "of": len(table)}),)
    return Quality(frame=frame, interviewers=shares, not_visited=away, notes=notes, as_of=seen,
                   options={"window": window})  # fmt: skip


def _flags(rows: pd.DataFrame, flag: str, evidence: Any) -> pd.DataFrame:
    return pd.DataFrame({
        "answer_id": rows["answer_id"], "client_id": rows["client_id"],
        "flag": pd.Series(flag, index=rows.index, dtype="str"),
        "evidence": pd.Series(evidence, index=rows.index, dtype="str"),
    }, columns=COLUMNS)  # fmt: skip


def _ordered(table: pd.DataFrame) -> pd.DataFrame:
    order = [name for name in ("answered_at", "answer_id") if name in table]
    return table.sort_values(order, kind="stable")


def _duplicates(table: pd.DataFrame) -> pd.DataFrame:
    keys = [name for name in ("client_id", "contact_id", "question_id", "score", "text") if name in table]
    rows = _ordered(table[table["client_id"].notna()])
    if "answered_at" in rows:
        rows = rows.assign(_day=moments(rows["answered_at"]).dt.normalize())
        keys = [*keys, "_day"]
    again = rows[rows.duplicated(keys, keep="first")]
    return _flags(again, "duplicate", "same client, question, score and day")


def _batches(table: pd.DataFrame) -> pd.DataFrame:
    if "answered_at" not in table:
        return table[:0]
    minute = moments(table["answered_at"]).dt.floor("min")
    # A date without a time of day is midnight for all: no minute to compare.
    timed = minute.notna() & (minute != minute.dt.normalize()) & table["client_id"].notna()
    many = table[timed].groupby(minute[timed])["client_id"].transform("nunique")
    rows = table.loc[many.index[many >= _BATCH]]
    return _flags(rows, "batch", [f"{n:.0f} clients in one minute" for n in many[many >= _BATCH]])


def _sitting(table: pd.DataFrame) -> pd.Series | None:
    """A key per questionnaire filled at once; null for answers that belong to none."""
    if "invitation_id" in table and table["invitation_id"].notna().any():
        return table["invitation_id"]
    if "answered_at" not in table:
        return None
    parts = [table[name].astype("object") for name in ("client_id", "contact_id") if name in table]
    day = moments(table["answered_at"]).dt.strftime("%Y-%m-%d")
    key = pd.Series(list(zip(*parts, day)), index=table.index, dtype="object")
    return key.where(table["client_id"].notna() & day.notna())


def _lines(table: pd.DataFrame) -> pd.DataFrame:
    key = _sitting(table)
    scored = table["score"].notna() if "score" in table else pd.Series(False, index=table.index)
    if key is None or not scored.any():
        return table[:0]
    groups = table[scored].groupby(key[scored])["score"]
    same = (groups.transform("nunique") == 1) & (groups.transform("size") >= _LINE)
    rows = table.loc[same.index[same]]
    return _flags(rows, "straight_line", [f"all scores {score:g}" for score in rows["score"]])


def _speeders(table: pd.DataFrame, invitations: pd.DataFrame | None) -> pd.DataFrame:
    if "duration_s" in table:
        spent = table["duration_s"].astype("float64")
    elif invitations is not None and {"invitation_id", "sent_at", "channel"} <= set(invitations) and {
        "invitation_id", "answered_at"} <= set(table):  # fmt: skip
        # On a device the question appears at once, so the answer's delay is the time it took.
        device = invitations[invitations["channel"] == "device"].drop_duplicates("invitation_id")
        sent = table["invitation_id"].map(dict(zip(device["invitation_id"], device["sent_at"])))
        spent = (moments(table["answered_at"]) - moments(sent)).dt.total_seconds()
    else:
        return table[:0]
    spent = spent[spent.notna() & (spent >= 0)]
    if len(spent) < _SPEED_FROM:
        return table[:0]
    middle = spent.median()
    fast = spent[spent < middle / 3]
    return _flags(table.loc[fast.index], "speeder", [f"{s:.0f} s, median {middle:.0f} s" for s in fast])


def _visitors(table: pd.DataFrame, meetings: pd.DataFrame | None) -> pd.Series:
    """Who asked: the visitor of the client's meeting held on the day of the answer."""
    nobody = pd.Series(None, index=table.index, dtype="object")
    visits = present(meetings)
    if visits is None or not {"visitor_id", "held_at"} <= set(visits) or "answered_at" not in table:
        return nobody
    held = visits[visits["held_at"].notna() & visits["visitor_id"].notna()]
    if "status" in held:
        held = held[held["status"] == "held"]
    days = held.assign(_day=moments(held["held_at"]).dt.normalize())
    days = days.sort_values("visitor_id", kind="stable").drop_duplicates(["client_id", "_day"])
    asked = table[["client_id"]].assign(_day=moments(table["answered_at"]).dt.normalize())
    joined = asked.merge(days[["client_id", "_day", "visitor_id"]], on=["client_id", "_day"], how="left")
    return pd.Series(joined["visitor_id"].to_numpy(dtype=object), index=table.index)


def _himself(table: pd.DataFrame, visitor: pd.Series, questions: pd.DataFrame | None) -> pd.DataFrame:
    if questions is None or "manager_id" not in table or "question_id" not in table:
        return table[:0]
    about = table[of_mask(table, questions, "manager_csat")]
    mine = about[(visitor[about.index] == about["manager_id"]).fillna(False).astype(bool)]
    return _flags(mine, "asked_about_himself", [f"visitor {name}" for name in visitor[mine.index]])


def of_mask(table: pd.DataFrame, questions: pd.DataFrame, metric: str) -> pd.Series:
    """Rows that answer a question of a metric."""
    return table["question_id"].isin(questions.loc[questions["metric"] == metric, "question_id"])


def _interviewers(table: pd.DataFrame, visitor: pd.Series) -> pd.DataFrame:
    columns = ["visitor_id", "n", "top", "share", "others", "p_value"]
    rows = table.assign(visitor_id=visitor[table.index])
    rows = rows[rows["visitor_id"].notna() & rows["score"].notna()] if "score" in rows else rows[:0]
    if not len(rows):
        return pd.DataFrame(columns=columns)
    top = (rows["score"] >= 9).groupby(rows["visitor_id"]).agg(["sum", "size"])
    from scipy.stats import fisher_exact

    yes, n = top["sum"].to_numpy(), top["size"].to_numpy()
    rest_yes, rest = yes.sum() - yes, n.sum() - n
    raw = np.full(len(n), np.nan)
    for i in np.flatnonzero((n >= 8) & (rest >= 8)):
        raw[i] = fisher_exact([[yes[i], n[i] - yes[i]], [rest_yes[i], rest[i] - rest_yes[i]]])[1]
    told = ~np.isnan(raw)
    if told.any():
        raw[told] = holm(raw[told])
    share = np.divide(rest_yes, rest, out=np.full(len(n), np.nan), where=rest > 0)
    return pd.DataFrame({"visitor_id": top.index, "n": n, "top": yes, "share": yes / n, "others": share,
                         "p_value": raw}).reset_index(drop=True)  # fmt: skip


def _not_visited(
    meetings: pd.DataFrame | None, clients: pd.DataFrame | None, seen: Any, window: int | None
) -> pd.DataFrame:
    from .votes import active_base

    base = active_base(clients)
    if base is None or meetings is None or seen is None:
        return pd.DataFrame(columns=["client_id"])
    held = as_table(meetings)
    if "held_at" not in held:
        return base[[name for name in ("client_id", "client_name", "manager_id") if name in base]]
    held = held[held["held_at"].notna()]
    held, _ = answers_seen(held, seen, window, "held_at")
    away = base[~base["client_id"].isin(held["client_id"])]
    keep = [name for name in ("client_id", "client_name", "manager_id") if name in away]
    return away[keep].reset_index(drop=True)
