"""Every result that has a picture draws it from its own table."""

from __future__ import annotations

from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import economics, words
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.movement import bridge


@pytest.fixture(scope="module")
def results(world: Any) -> dict[str, Any]:
    panel, _ = world(71, clients=200)
    people = pd.DataFrame({"client_id": panel["client_id"].unique(), "acquisition_channel": "fair"})
    months = pd.period_range("2024-01", "2024-12", freq="M").astype(str)
    spend = pd.DataFrame({"period_start": months, "channel": "fair", "amount": 5000.0})
    told = people.head(5).assign(category="x", period_start="2024-07-01", period_end="2024-12-31", total_budget=9e9)
    leads = pd.DataFrame({"lead_id": [1, 2, 2], "stage": ["awareness", "awareness", "interest"],
                          "entered_at": "2024-12-01"})  # fmt: skip
    deals = pd.DataFrame({"client_id": 1, "date": "2024-12-01", "amount": [1.0, 20.0, 300.0]})
    return {
        "kinds": la.client_kinds(panel, "2024-12"), "lifecycle": la.lifecycle(panel, "2024-12"),
        "rfm": la.rfm(panel, "2024-12"), "cohorts": la.cohorts(panel, "2024-12", by="year"),
        "movement": la.movement(panel, "2024-12"), "bridge": bridge(panel, "2024-12"), "flows": flows(panel, "2024-12"),
        "channels": la.channels(panel, "2024-12", clients=people, marketing_spend=spend),
        "payback": economics.payback(panel, "2024-12", marketing_spend=spend),
        "wallet": la.wallet_share(panel, "2024-12", client_budgets=told),
        "funnel": economics.funnel(leads, "2024-12"), "cheque": economics.cheque_spread(deals, "2024-12"),
    }  # fmt: skip


@pytest.mark.parametrize("language", words.LANGUAGES)
@pytest.mark.parametrize("name", ["kinds", "lifecycle", "rfm", "cohorts", "movement", "bridge", "flows", "channels",
                                  "payback", "wallet", "funnel", "cheque"])  # fmt: skip
def test_a_result_draws_itself(results: dict[str, Any], name: str, language: str) -> None:
    ax = results[name].plot(language=language)
    assert ax.patches or ax.collections or ax.lines
    plt.close(ax.figure)


def test_bars_of_statuses_are_the_counts(results: dict[str, Any]) -> None:
    ax = results["lifecycle"].plot()
    counts = sorted(results["lifecycle"].overview["clients"], reverse=True)
    assert [bar.get_width() for bar in ax.patches] == counts
    plt.close(ax.figure)
