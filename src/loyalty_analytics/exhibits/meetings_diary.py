"""The plan as a calendar file: one entry per planned visit that a replan moves instead of adding another."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words

if TYPE_CHECKING:
    from ..months import AsOf

__all__ = ["calendar_file", "plain_id", "slots", "visit_numbers"]

_STARTS = ((10, 0), (11, 30), (14, 0), (15, 30), (17, 0))  # of a visitor's contacts on one day
_MINUTES = {"meeting": 40, "online": 40, "call": 20}


def visit_numbers(plan: pd.DataFrame, meetings: pd.DataFrame, seen: AsOf) -> pd.Series:
    """Which contact with its client each row of the plan is, counted over the whole history.

    The number does not change when a replan moves the visit to another month, and goes on once it was held. What
    is agreed for the rest of an unfinished month belongs in ``plan``: it comes before what is planned later.
    """
    held = meetings[(meetings["status"] == "held").fillna(False).to_numpy(bool)]
    done = held[(pd.to_datetime(held["held_at"]) <= seen.end).to_numpy(bool)].groupby("client_id").size()
    order = plan.sort_values(["month", "week"], kind="stable").groupby("client_id").cumcount()
    return (plan["client_id"].map(done).fillna(0).astype(np.int64) + order.reindex(plan.index) + 1).astype(np.int64)


def slots(plan: pd.DataFrame, meetings: pd.DataFrame, seen: AsOf, country: str, december_until: int) -> pd.Series:
    """A start for each contact: what is agreed keeps its day; others fill the working days of their week.

    Parameters
    ----------
    plan : client_id, month, week, format, purpose, visitor_id, agreed
    meetings : client_id, planned_at, status, format
    """
    import holidays

    years = sorted({*pd.DatetimeIndex(plan["week"]).year, *(pd.DatetimeIndex(plan["week"]).year + 1)})
    free = holidays.country_holidays(country, years=years)
    waiting = meetings[
        (meetings["status"] == "planned").fillna(False).to_numpy(bool)
        & (pd.to_datetime(meetings["planned_at"]) > seen.end).to_numpy(bool)
    ]
    agreed: dict[tuple[Any, pd.Period, bool], pd.Timestamp] = {}
    for row in waiting.sort_values("planned_at", kind="stable").to_dict("records"):
        fixed = pd.Timestamp(row["planned_at"])
        agreed.setdefault((row["client_id"], fixed.to_period("M"), row["format"] == "call"), fixed)
    taken: dict[tuple[Any, Any], int] = {}
    starts: dict[Any, pd.Timestamp] = {}
    # What is agreed comes first: the rest is laid around it.
    order = plan.assign(
        rest=~plan["agreed"], who=plan["visitor_id"].astype("object").where(plan["visitor_id"].notna(), "")
    )
    for row in order.sort_values(["rest", "who", "week"], kind="stable").reset_index(names="at").to_dict("records"):
        month = pd.Timestamp(row["month"]).to_period("M")
        day = agreed.get((row["client_id"], month, row["format"] == "call")) if row["agreed"] else None
        if day is None:
            last = pd.Timestamp(month.start_time.replace(day=december_until)) if row["purpose"] == "year_end" else None
            day = _free_day(row["who"], pd.Timestamp(row["week"]), month, last, free, taken)
        place = taken.get((row["who"], day.normalize()), 0)
        taken[row["who"], day.normalize()] = place + 1
        hour, minute = _STARTS[place % len(_STARTS)]
        fixed = day if day != day.normalize() else day + pd.Timedelta(hours=hour, minutes=minute)
        starts[row["at"]] = fixed
    return pd.Series(starts, dtype="datetime64[us]").reindex(plan.index)


def _free_day(
    who: Any, monday: pd.Timestamp, month: pd.Period, last: pd.Timestamp | None, free: Any, taken: dict[Any, int]
) -> pd.Timestamp:
    """The working day of the week (inside its month where it can be) on which the visitor has least to do."""
    days = [monday + pd.Timedelta(days=step) for step in range(5)]
    working = [day for day in days if day not in free]
    inside = [day for day in working or days if day.to_period("M") == month and (last is None or day <= last)]
    pick = inside or working or days
    return min(pick, key=lambda day: (taken.get((who, day), 0), day))


def plain_id(value: Any) -> str:
    """An id as letters, digits and dots; any other as its digest: not every reader undoes the escapes of a UID.

    >>> plain_id("C017"), plain_id("A;1")
    ('C017', '81c5d74854')
    """
    text = str(value)
    plain = re.fullmatch(r"[A-Za-z0-9._]{1,40}", text)
    return text if plain else hashlib.sha256(text.encode()).hexdigest()[:10]


def calendar_file(rows: pd.DataFrame, title: str, client: str, seen: AsOf, timezone: str, language: str) -> bytes:
    """An iCalendar file of the plan; the same bytes for the same plan.

    Parameters
    ----------
    rows : client_id, number, start, format, name, aim, because, visitor, agreed, address
        Texts in the reader's language.
    title : name of the calendar
    client : whose data these are; part of each UID
    seen : the plan's month: newer plans carry a higher SEQUENCE
    timezone : of the visitors, such as Europe/Moscow

    Notes
    -----
    RFC 5545. UID = client, client_id and the number of the contact in its history; a visit that was dropped
    by a replan stays in calendars that do not remove what a newer file lacks.
    """
    from zoneinfo import ZoneInfo

    from icalendar import Calendar, Event

    zone = ZoneInfo(timezone)
    diary = Calendar()
    diary.add("prodid", "-//loyalty_analytics//plan of visits//EN")
    diary.add("version", "2.0")
    diary.add("method", "PUBLISH")
    diary.add("x-wr-calname", title)
    diary.add("x-wr-caldesc", words.say("visits.personal", language))
    stamp = datetime(seen.date.year, seen.date.month, seen.date.day, tzinfo=ZoneInfo("UTC"))
    version = (seen.date - pd.Timestamp("2000-01-01")).days
    for row in rows.sort_values(["start", "client_id"], kind="stable").to_dict("records"):
        event = Event()
        start = row["start"].to_pydatetime().replace(tzinfo=zone)
        event.add("uid", f"{client}-{plain_id(row['client_id'])}-{row['number']}@loyalty-analytics")
        event.add("dtstamp", stamp)
        event.add("sequence", version)
        event.add("dtstart", start)
        event.add("dtend", start + timedelta(minutes=_MINUTES.get(row["format"], 40)))
        how = words.say(f"brief.format_{row['format']}", language)
        event.add("summary", f"{how[:1].upper()}{how[1:]}: {row['name']}")
        event.add("description", "\n".join([row["aim"], row["because"], row["visitor"]]))
        if isinstance(row.get("address"), str) and row["format"] == "meeting":
            event.add("location", row["address"])
        event.add("status", "CONFIRMED" if row["agreed"] else "TENTATIVE")
        diary.add_component(event)
    if len(rows):
        # No longer than the plan: where changes of a zone are listed as further dates some readers lose the first.
        first, last = rows["start"].min().date(), rows["start"].max().date()
        diary.add_missing_timezones(first_date=first.replace(day=1), last_date=last + timedelta(days=1))
    return bytes(diary.to_ical())
