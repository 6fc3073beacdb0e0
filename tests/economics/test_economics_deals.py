"""A deal is one deal: neither the months of its campaign nor the lines of its invoice make it several."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import economics
from loyalty_analytics.economics import receivables
from loyalty_analytics.economics.channels import poisson_interval
from loyalty_analytics.orders import orders_of
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.movement import bridge

# One deal of 900 on the air for three months and two of 100 for one; the first is due and not paid.
_DEALS = """\
number;client;day;sum;profit;from;to;due;paid
1;A;01.01.2026;900;300;01.01.2026;31.03.2026;31.03.2026;0
2;A;01.02.2026;100;50;01.02.2026;20.02.2026;10.03.2026;100
3;B;01.03.2026;100;50;01.03.2026;20.03.2026;10.04.2026;100
"""


@pytest.fixture
def radio(tmp_path: Path) -> Any:
    (tmp_path / "params").mkdir()
    raw = tmp_path / "data" / "raw" / "radio"
    raw.mkdir(parents=True)
    (raw / "deals.csv").write_text(_DEALS)
    (tmp_path / "params" / "radio.yaml").write_text(
        textwrap.dedent("""\
            client: radio
            title: {en: Radio}
            language: en
            revenue: {date: airing, vat: none}
            sources:
              transactions:
                files: [deals.csv]
                columns: {transaction_id: number, client_id: client, date: day, amount: sum, gross_profit: profit,
                  campaign_start: from, campaign_end: to, due_date: due, paid_amount: paid}
            """)
    )
    return la.load("radio", "2026-04", root=tmp_path)


def test_cheque_of_a_campaign_is_that_of_its_deal(radio: Any) -> None:
    overview = economics.cheque_spread(radio.orders, "2026-04").overview.iloc[0]
    assert (overview["orders"], overview["median"], overview["mean"]) == (3, 100.0, pytest.approx(1100 / 3))


def test_base_metrics_count_deals_not_months_on_the_air(radio: Any) -> None:
    values = la.base_metrics(radio.panel, "2026-04", transactions=radio.orders).table.set_index("metric")["value"]
    assert radio.panel["orders"].sum() == 5  # the first deal is on the air in three months
    assert (values["orders"], values["repeat_orders"], values["cheque_median"]) == (3, 1, 100.0)
    assert values["revenue"] == 1100.0
    assert values["profit_mean"] == pytest.approx(400 / 3)


def test_an_overdue_bill_is_one_bill(radio: Any) -> None:
    owed = receivables(radio.orders, "2026-04").table.iloc[0]
    assert (owed["client_id"], owed["overdue"], owed["bills"], owed["debt"]) == ("A", 900.0, 1, 900.0)


def test_debt_is_owed_of_the_whole_deal(radio: Any, tmp_path: Path) -> None:
    """At the end of January two months of the campaign are still to come; the bill is known."""
    owed = receivables(la.load("radio", "2026-01", root=tmp_path).orders, "2026-01").table.iloc[0]
    assert (owed["debt"], owed["overdue"]) == (900.0, 0.0)


def test_cost_stands_beside_the_sum_of_the_whole_deal_and_once(radio: Any) -> None:
    sent = pd.DataFrame({
        "transaction_id": ["1", "1"], "planned_at": ["2026-01-05", "2026-03-05"],
        "actual_at": ["2026-01-05", "2026-03-05"], "cost": [45.0, 45.0],
    })  # fmt: skip
    table = economics.deliveries(sent, radio.orders, "2026-04").table
    assert table[["deliveries", "cost", "cost_share"]].values.tolist() == [[2, 90.0, 0.1]]


def test_lines_of_an_invoice_are_one_order() -> None:
    lines = pd.DataFrame({
        "transaction_id": ["1", "1", "2", None, None], "client_id": ["A", "A", "A", "A", "B"], "date": "2026-04-01",
        "amount": [10.0, 20.0, 50.0, 5.0, 7.0], "due_date": "2026-04-10", "paid_amount": 0.0,
    })  # fmt: skip
    assert sorted(orders_of(lines, ["amount"])["amount"]) == [5.0, 7.0, 30.0, 50.0]
    assert economics.cheque_spread(lines, "2026-04").overview["median"].iloc[0] == 18.5
    panel = la.monthly_panel(lines, "2026-04")
    values = la.base_metrics(panel, transactions=lines).table.set_index("metric")["value"]
    assert values["orders"] * values["cheque_mean"] == pytest.approx(values["revenue"])
    assert receivables(lines, "2026-04").table.set_index("client_id")["bills"].to_dict() == {"A": 3, "B": 1}


def test_numbers_that_begin_anew_for_another_client_are_other_orders() -> None:
    deals = pd.DataFrame({"transaction_id": ["1", "1"], "client_id": ["A", "B"], "date": "2026-04-01", "amount": 5.0})
    assert orders_of(deals, ["amount"])["amount"].tolist() == [5.0, 5.0]


def test_returns_alone_are_neither_a_new_nor_a_lost_client() -> None:
    """What growth added is never negative, and what falls took is never positive."""
    panel = pd.DataFrame({
        "client_id": ["was", "is", "new", "lost"], "month": ["2025-10", "2026-10", "2026-10", "2025-10"],
        "orders": [0, 0, 1, 1], "revenue": [-30.0, -20.0, 5.0, 7.0],
    })  # fmt: skip
    parts = bridge(panel, "2026-10").table.set_index("client_id")["part"]
    assert parts.to_dict() == {"was": "growth", "is": "fall", "new": "new", "lost": "lost"}


def _channel_world(dice: np.random.Generator, mean: float, spread: float) -> pd.DataFrame:
    """Clients won by chance through one channel, each bringing a sum of mean 100; 50 spent per expected client."""
    won = dice.poisson(mean)
    money = 100 * dice.lognormal(-(spread**2) / 2, spread, won)
    panel = pd.DataFrame({"client_id": range(won), "month": "2026-03", "orders": 1, "revenue": money})
    old = pd.DataFrame({"client_id": -1, "month": ["2024-01", "2026-10"], "orders": 1, "revenue": 1.0})
    spend = pd.DataFrame({"period_start": ["2026-01"], "channel": "fair", "amount": 50 * mean})
    clients = pd.DataFrame({"client_id": range(won), "acquisition_channel": "fair"})
    return la.channels(pd.concat([old, panel]), "2026-10", clients=clients, marketing_spend=spend).table


@pytest.mark.parametrize(("spread", "least"), [(0.0, 0.93), (0.7, 0.90), (1.3, 0.84)])
def test_payback_interval_covers_also_where_few_clients_bring_most(spread: float, least: float) -> None:
    """True payback is 2. Counting clients alone covered it in .88 and .65 of worlds at the wider spreads."""
    dice = np.random.default_rng(97)
    tables = [_channel_world(dice, 15, spread) for _ in range(150)]
    held = [bool(t["payback_low"].iloc[0] <= 2 <= t["payback_high"].iloc[0]) for t in tables]
    assert np.mean(held) >= least


def test_payback_interval_of_equal_sums_is_that_of_the_count() -> None:
    table = _channel_world(np.random.default_rng(3), 9, 0.0).iloc[0]
    low, high = poisson_interval(table["new_clients"])
    assert (table["payback_low"], table["payback_high"]) == pytest.approx((low * 100 / 450, high * 100 / 450))


def test_who_only_returned_is_active_nowhere() -> None:
    """Reports 02 and 08 count the same active clients."""
    panel = pd.DataFrame({
        "client_id": ["a", "a", "b"], "month": ["2026-01", "2026-03", "2026-03"], "orders": [1, 1, 0],
        "revenue": [10.0, 10.0, -5.0],
    })  # fmt: skip
    active = la.base_metrics(panel, "2026-03").table.set_index("metric").loc["active", "value"]
    assert flows(panel, "2026-03").table["active"].iloc[-1] == active == 1


def test_the_dossier_counts_deals_where_a_campaign_lasts_for_months(radio: Any) -> None:
    table = la.dossier("A", radio).table.set_index("measure")["quarter"]
    assert table["revenue"] == pytest.approx(900 * 59 / 90 + 100, abs=0.01)  # February and March on the air
    assert (table["orders"], table["cheque"]) == (1, 100.0)  # the first deal was made in January
