"""A small invented client: 60 clients, a year of quarterly interviews, some silent, some meetings and offers."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from loyalty_analytics import tables
from loyalty_analytics.survey.questions import question_bank


def world(seed: int = 1, clients: int = 60, ids: str = "str", stay: float = 1.0) -> SimpleNamespace:
    """Canonical tables of an invented client; ``stay`` = share of clients who repeat their score."""
    rng = np.random.default_rng(seed)
    number = np.arange(clients)
    name = [f"C{i:03d}" for i in number] if ids == "str" else list(number + 100)
    manager = [f"M{i % 5}" for i in number]
    cards = pd.DataFrame({
        "client_id": name, "client_name": [f"Client {i}" for i in number], "manager_id": manager,
        "industry": np.array(["retail", "food", "auto"])[number % 3], "unit_id": np.array(["U1", "U2"])[number % 2],
        "client_type": "regular", "status": "active", "is_anchor": number < 6,
    })  # fmt: skip
    people = pd.DataFrame({
        "contact_id": np.arange(2 * clients), "client_id": np.repeat(name, 2), "full_name": "x",
        "role": ["decision_maker", "user"] * clients, "decision_power": [3, 1] * clients,
    })  # fmt: skip
    liking = rng.choice([10, 9, 9, 8, 8, 7, 6, 4, 2], clients)
    sent, said = [], []
    for month in pd.period_range("2025-11", "2026-10", freq="M"):
        for i in rng.permutation(clients)[: clients // 3]:
            day, minute = int(rng.integers(0, 27)), int(rng.integers(60))
            when = month.start_time + pd.Timedelta(days=day, hours=10, minutes=minute)
            status = rng.choice(["answered", "refused", "no_answer", "not_delivered"], p=[0.7, 0.1, 0.15, 0.05])
            key = len(sent)
            sent.append((key, name[i], 2 * i, f"{month}", when, "meeting", status))
            if status != "answered":
                continue
            score = liking[i] if rng.random() < stay else rng.choice([10, 9, 8, 7, 5])
            said.append((key, name[i], 2 * i, "recommend", when, float(score)))
            for question, spread in (("effectiveness", 1), ("staff", 2), ("price", 3), ("service", 2)):
                near = float(np.clip(score + rng.integers(-spread, spread + 1), 1, 10))
                said.append((key, name[i], 2 * i, question, when, near))
    invitations = pd.DataFrame(sent, columns=["invitation_id", "client_id", "contact_id", "wave", "sent_at", "channel",
                                              "status"])  # fmt: skip
    answers = pd.DataFrame(said, columns=["invitation_id", "client_id", "contact_id", "question_id", "answered_at",
                                          "score"])  # fmt: skip
    answers.insert(0, "answer_id", np.arange(len(answers)))
    months = pd.period_range("2025-01", "2026-10", freq="M")
    deals = pd.DataFrame({
        "client_id": np.repeat(name, len(months)),
        "date": np.tile([m.start_time + pd.Timedelta(days=9) for m in months], clients),
        "amount": np.round(rng.lognormal(10, 1, clients * len(months)), 2),
    })  # fmt: skip
    deals.insert(0, "transaction_id", np.arange(len(deals)))
    meetings = invitations[invitations["status"] == "answered"].reset_index(drop=True)
    meetings = pd.DataFrame({
        "meeting_id": meetings.index, "client_id": meetings["client_id"], "held_at": meetings["sent_at"],
        "status": "held", "visitor_id": np.where(meetings.index % 4, "H1", "M1"),
        "manager_id": meetings["client_id"].map(dict(zip(name, manager))),
        "manager_self_score": rng.integers(7, 11, len(meetings)).astype(float),
        "choice_criteria": [["price", "service"] if i % 2 else ["quality", "price"] for i in meetings.index],
    })  # fmt: skip
    offers = pd.DataFrame({
        "offer_id": np.arange(120), "client_id": rng.choice(np.array(name, dtype=object), 120),
        "offered_at": pd.Timestamp("2026-03-01") + pd.to_timedelta(rng.integers(0, 230, 120), unit="D"),
        "outcome": rng.choice(["won", "lost", "open"], 120),
    })  # fmt: skip
    actions = pd.DataFrame({
        "action_id": np.arange(40), "client_id": rng.choice(np.array(name, dtype=object), 40),
        "due_at": pd.Timestamp("2026-08-05") + pd.to_timedelta(np.arange(40) * 2, unit="D"),
        "closed_at": pd.Timestamp("2026-08-04") + pd.to_timedelta(np.arange(40) * 2 + rng.integers(0, 4, 40), unit="D"),
    })  # fmt: skip
    made = {"clients": cards, "contacts": people, "survey_invitations": invitations, "survey_answers": answers,
            "questions": question_bank(), "transactions": deals, "meetings": meetings, "offers": offers,
            "actions": actions}  # fmt: skip
    if ids == "str":
        made = {key: tables.conform(table, key) for key, table in made.items()}
    return SimpleNamespace(**made)


@pytest.fixture(params=["str", "int"])
def demo(request: pytest.FixtureRequest) -> SimpleNamespace:
    return world(ids=request.param)


@pytest.fixture
def make_world():
    return world
