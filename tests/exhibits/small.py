"""Small worlds by hand: two clients, 24 months, a break, a plan; for sentences whose numbers can be foreseen."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd

from loyalty_analytics import tables
from loyalty_analytics.exhibits import brief, brief_voice
from loyalty_analytics.months import as_of
from loyalty_analytics.orders import Orders
from loyalty_analytics.results import Result
from loyalty_analytics.segments.movement import bridge

_EMPTY = {name: tables.empty(name) for name in tables.names()}  # made once: nothing below changes a table
MONTHS = pd.period_range("2024-11", "2026-10", freq="M")
PARAMS = SimpleNamespace(
    currency="RUB", codebook="general", title_in=lambda language: "Client", nps={}, loop={}, meetings={}
)
PASSPORT = {"clients": 2, "deals": 48, "answered": 0, "invited": 0, "answers": 0, "findings": {"warning": 1}}


def data(revenue=None, missing=(), **frames):
    """Data of two clients, A and B, with monthly revenue from November 2024 to October 2026."""
    whole = _EMPTY | frames
    revenue = {"A": 100_000.0, "B": 50_000.0} if revenue is None else revenue
    rows = [
        {"client_id": client, "month": month.to_timestamp(), "revenue": value, "orders": int(value > 0)}
        for client, values in revenue.items()
        for month, value in zip(MONTHS, np.broadcast_to(values, len(MONTHS)))
        if value
    ]
    panel = pd.DataFrame(rows, columns=["client_id", "month", "revenue", "orders"])
    if "clients" not in frames:
        whole["clients"] = pd.DataFrame({"client_id": ["A", "B"], "client_name": ["ООО «Альфа»", "ООО «Бета»"]})
    orders = tables.conform(whole["transactions"], "transactions")
    return SimpleNamespace(
        orders=Orders(Path("none"), lambda empty: orders),
        as_of=as_of("2026-10"),
        params=PARAMS,
        passport=PASSPORT,
        missing=missing,
        panel=panel,
        texts=None,
        **whole,
    )


def plan(amount):
    """Plan of the company's revenue, the same each month."""
    months = MONTHS.to_timestamp()
    return pd.DataFrame(
        {"period_start": months, "metric": "revenue", "level": "company", "level_id": None, "amount": amount}
    )


def found(rows=(), judged=2, clients=2):
    """A result of `la.find_breaks` with these rows; see `fall`."""
    columns = ["client_id", "break_month", "low", "high", "direction", "effect", "effect_low", "effect_high", "lost",
               "market"]  # fmt: skip
    frame = pd.DataFrame(rows, columns=columns).astype({"market": bool})
    overview = pd.DataFrame({"measure": ["clients", "judged", "expected_false"], "value": [clients, judged, 0.2]})
    result = Result(frame=frame, overview=overview, as_of=as_of("2026-10"))
    object.__setattr__(result, "levels", lambda wanted: pd.DataFrame(
        {"client_id": "A", "month": MONTHS.to_timestamp(), "revenue": 1.0, "level": 1.0, "expected": 1.0}))  # fmt: skip
    return result


def fall(client="A", month="2026-07-01"):
    """A row for `found`: a halved level, 200 thousand lost."""
    stamp = pd.Timestamp(month)
    return (client, stamp, stamp, stamp, -1, -0.5, -0.6, -0.4, 200_000.0, False)


LATE = pd.DataFrame(columns=["client_id", "last_date", "expected_gap", "days_late", "usual_order"])
NO_VOICE = brief_voice.Voice(None, None, None, pd.DataFrame())
COUNTS = pd.DataFrame(columns=["cause", "after", "before", "n_after", "n_before"])


def front(data, language, breaks=None, late=LATE, overdue=0, counts=COUNTS):
    """The first screen of the brief."""
    loop = Result(frame=pd.DataFrame())
    object.__setattr__(loop, "overdue", pd.DataFrame({"action_id": range(overdue)}))
    return brief.front(
        data, language, bridge=bridge(data.panel, "2026-10"), breaks=breaks or found(), late=Result(frame=late),
        voice=NO_VOICE, counts=counts, loop=loop,
    )  # fmt: skip


def plain(text):
    """A text with breaking spaces."""
    return text.replace("\u00a0", " ")
