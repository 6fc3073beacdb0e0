"""Canonical tables as they were known on a day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from .. import tables

__all__ = ["as_known", "first_day", "grouped", "last_month", "seen", "texts"]

Frames = Mapping[str, pd.DataFrame]

# Dates that may lie ahead of the day on which they are known.
_AHEAD = frozenset(["planned_at", "due_date", "due_at", "campaign_start", "campaign_end", "period_end", "valid_to"])
# What becomes known with a date: with a later date these are unknown too.
_KNOWN_WITH = {
    "offers": {"decided_at": ["lost_reason"]},
    "transactions": {"paid_date": ["paid_amount"]},
    "complaints": {"resolved_at": ["solved_level", "compensation", "score_after", "reopened"]},
    "referrals": {"first_purchase_at": ["new_client_id", "bonus_amount"]},
    "actions": {"closed_at": ["result"]},
}


def as_known(frames: Frames, end: pd.Timestamp) -> dict[str, pd.DataFrame]:
    """Rows and dates up to ``end``; outcomes that came later are open again."""
    known = {name: seen(frame, name, end) for name, frame in frames.items()}
    _reopen(known, frames, end)
    return known


def seen(frame: pd.DataFrame, name: str, end: pd.Timestamp) -> pd.DataFrame:
    """One table up to ``end``."""
    return _dates(_rows(frame, name, end), name, end)


def _rows(frame: pd.DataFrame, name: str, end: pd.Timestamp) -> pd.DataFrame:
    moment = tables.get(name).moment
    if name == "meetings":
        # A meeting held or cancelled later was not known to be so; planned ones stay in the plan.
        later = frame["held_at"].fillna(frame["planned_at"]) > end
        return frame[~(later & (frame["status"] != "planned"))]
    if name == "client_budgets":
        return frame[~(frame["asked_at"].fillna(frame["period_start"]) > end)]
    if name == "clients" or moment is None:
        return frame
    later = frame[moment] > end
    return frame[~later] if later.any() else frame


def _dates(frame: pd.DataFrame, name: str, end: pd.Timestamp) -> pd.DataFrame:
    changed: dict[str, pd.Series] = {}
    for column in tables.get(name).columns.values():
        if column.kind not in ("date", "ts") or column.name in _AHEAD or column.name not in frame:
            continue
        late = frame[column.name] > end
        if not late.any():
            continue
        changed[column.name] = frame[column.name].mask(late)
        for other in _KNOWN_WITH.get(name, {}).get(column.name, ()):
            if other in frame:
                changed[other] = frame[other].mask(late)
        if (name, column.name) == ("offers", "decided_at"):
            changed["outcome"] = frame["outcome"].mask(late, "open")
        if (name, column.name) == ("actions", "closed_at"):
            changed["status"] = frame["status"].mask(late, "in_progress")
    return frame.assign(**changed).reset_index(drop=True)


def _reopen(known: dict[str, pd.DataFrame], frames: Frames, end: pd.Timestamp) -> None:
    invited, answers = known["survey_invitations"], frames["survey_answers"]
    later = answers.loc[answers["answered_at"] > end, "invitation_id"].dropna().unique()
    waiting = (invited["status"] == "answered") & invited["invitation_id"].isin(later)
    if waiting.any():
        known["survey_invitations"] = invited.assign(status=invited["status"].mask(waiting, "no_answer"))
    clients, orders = known["clients"], known["transactions"]
    born_later = frames["clients"]["first_contact_date"].reset_index(drop=True) > end
    everything = len(orders) == len(frames["transactions"])
    if everything and not born_later.any():
        return
    ordered = orders["client_id"].unique()
    unseen = born_later & ~clients["client_id"].isin(ordered)
    if not everything:
        # Clients without a date of first contact exist from their first order on, if they have one at all.
        ordered_later = set(frames["transactions"]["client_id"].unique()) - set(ordered)
        unseen |= clients["first_contact_date"].isna() & clients["client_id"].isin(ordered_later)
    known["clients"] = clients[~unseen].reset_index(drop=True)


def grouped(frames: Frames) -> dict[str, pd.DataFrame]:
    """Clients of one group as one client: its id is the group's, the legal entity stays as ``payer_id``."""
    clients = frames["clients"]
    inside = clients["group_id"].notna()
    if not inside.any():
        return dict(frames)
    group = dict(zip(clients.loc[inside, "client_id"], clients.loc[inside, "group_id"]))
    joined = {}
    for name, frame in frames.items():
        references = [c.name for c in tables.get(name).columns.values() if c.refers == "clients"]
        changed = {column: frame[column].map(lambda value: group.get(value, value)) for column in references}
        changed = {column: values.astype("str") for column, values in changed.items()}
        if name == "transactions":
            changed["payer_id"] = frame["client_id"]
        joined[name] = frame.assign(**changed)
    # The member that carries the group's own id stands for it, else the first one.
    head = clients["client_id"] == clients["group_id"]
    order = clients.assign(_head=~head).sort_values("_head", kind="stable").drop(columns="_head")
    one = order.assign(client_id=order["group_id"].fillna(order["client_id"]))
    joined["clients"] = one[~one["client_id"].duplicated()].sort_index().reset_index(drop=True)
    return joined


def _moments(frames: Frames) -> pd.Series:
    names = ("transactions", "survey_answers", "survey_invitations", "feedback", "complaints")
    parts = [frames[name][tables.get(name).moment].dropna() for name in names if len(frames[name])]
    parts += [frames["meetings"]["held_at"].dropna()] if len(frames["meetings"]) else []
    return pd.concat(parts, ignore_index=True) if parts else pd.Series(dtype="datetime64[us]")


def last_month(frames: Frames) -> Any:
    """Last month in which something happened."""
    orders = frames["transactions"]["date"].dropna()
    moments = orders if len(orders) else _moments(frames)
    return None if moments.empty else moments.max().to_period("M")


def first_day(frames: Frames) -> Any:
    """First day on which something happened."""
    moments = _moments(frames)
    return None if moments.empty else moments.min().normalize()


def texts(frames: Frames) -> pd.DataFrame:
    """All that clients wrote or said, in the columns of feedback and its ``source``.

    Columns: feedback_id (that of feedback; ``answer:…``, ``complaint:…``, ``meeting:…`` of the others), source
    {feedback, answer, complaint, meeting}, client_id, unit_id, contact_id, created_at, channel, field, text, score,
    stage, question_id, manager_id, language, may_quote.
    """
    parts = [
        _texts(frames["feedback"], "feedback", "", created_at="created_at"),
        _texts(frames["survey_answers"], "answer", "answer_id", created_at="answered_at"),
        _texts(frames["complaints"], "complaint", "complaint_id", created_at="created_at", score="score_after"),
        _texts(frames["meetings"], "meeting", "meeting_id", created_at="held_at", text="notes"),
    ]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled or parts[:1], ignore_index=True)


_TEXT = {
    "feedback_id": "str", "source": "str", "client_id": "str", "unit_id": "str", "contact_id": "str",
    "created_at": "datetime64[us]", "channel": "str", "field": "str", "text": "str", "score": "float64",
    "stage": "str", "question_id": "str", "manager_id": "str", "language": "str", "may_quote": "boolean",
}  # fmt: skip


def _texts(frame: pd.DataFrame, source: str, key: str, **renamed: str) -> pd.DataFrame:
    text = frame[renamed.get("text", "text")]
    frame = frame[text.notna() & (text.str.strip() != "")]
    columns: dict[str, Any] = {}
    for name, dtype in _TEXT.items():
        column = renamed.get(name, name)
        if column in frame:
            columns[name] = frame[column].astype(dtype)  # type: ignore[call-overload]
        else:
            missing = pd.NaT if dtype.startswith("datetime") else None
            columns[name] = pd.Series(missing, index=frame.index, dtype=dtype)
    columns["source"] = pd.Series(source, index=frame.index, dtype="str")
    if key:
        columns["feedback_id"] = (f"{source}:" + frame[key]).astype("str")
    return pd.DataFrame(columns)
