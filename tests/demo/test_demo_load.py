"""The radio group as `la.load` sees it: few findings, all of them planted."""

from __future__ import annotations

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import tables
from loyalty_analytics.synthetic import radio as radio_world


@pytest.fixture(scope="module")
def world():
    return radio_world()


def test_every_canonical_table_is_there(radio):
    assert radio.missing == ()
    assert all(len(getattr(radio, name)) for name in tables.names())


def test_findings_are_few_and_expected(radio):
    assert radio.findings[radio.findings["severity"] == "error"].empty, radio.findings.to_string()
    assert len(radio.findings) <= 60, radio.findings.to_string()


def test_two_owners_with_two_entities_are_one_client_each(radio):
    assert radio.passport["clients"] == 60
    assert not {"C061", "C062"} & set(radio.transactions["client_id"])


def test_open_and_lost_deals_are_left_out(radio, world):
    assert set(radio.transactions["transaction_id"]) <= set(world.tables["transactions"]["transaction_id"])


def test_money_of_won_deals_survives_dirt_to_the_kopeck(radio, world):
    """Duplicates, overlaps, total rows, lost and open deals change no sum."""
    planned = world.tables["transactions"].query("campaign_end <= '2026-10-31'").set_index("transaction_id")
    # A campaign over two months is two rows of one deal.
    read = radio.transactions.groupby("transaction_id")[["amount", "gross_profit"]].sum().reindex(planned.index)
    for name in ("amount", "gross_profit"):
        assert ((read[name] * 100).round() == (planned[name] * 100).round()).all(), name


def test_the_panel_holds_what_was_on_the_air(radio, world):
    table = radio.panel.table if hasattr(radio.panel, "table") else radio.panel
    deals = world.tables["transactions"]
    inside = deals[(deals["campaign_end"] <= "2026-10-31")]
    partly = deals[(deals["campaign_start"] <= "2026-10-31") & (deals["campaign_end"] > "2026-10-31")]
    low, high = inside["amount"].sum(), inside["amount"].sum() + partly["amount"].sum()
    assert low - 0.01 <= table["revenue"].sum() <= high + 0.01


@pytest.mark.parametrize("month", ["2025-06", "2026-03"])
def test_an_earlier_month_sees_no_later_data(root, month):
    data = la.load("radio", month=month, root=root)
    end = pd.Period(month, "M").end_time
    assert data.transactions["date"].max() <= end
    assert data.survey_answers["answered_at"].max() <= end
    assert data.feedback["created_at"].max() <= end


@pytest.mark.parametrize(
    "table",
    ["contacts", "offers", "survey_answers", "survey_invitations", "complaints", "actions", "events", "meetings"],
)
def test_tables_come_back_as_they_were_made(radio, world, table):
    made, read = world.tables[table], getattr(radio, table)
    key = tables.get(table).key
    assert set(made[key]) == set(read[key])
    both = made.merge(read, on=key, suffixes=("", "_read"))
    for name in (
        "score",
        "amount",
        "status",
        "outcome",
        "kind",
        "attitude",
        "tax_id",
        "text",
        "opened_at",
        "created_at",
        "held_at",
    ):
        if name in made and f"{name}_read" in both:
            made_texts, read_texts = (both[column].astype("object").astype("str") for column in (name, f"{name}_read"))
            empty = both[name].isna() & both[f"{name}_read"].isna()
            same = (made_texts.str.removesuffix(".0") == read_texts.str.removesuffix(".0")) | empty
            assert same.all(), both.loc[~same, [key, name, f"{name}_read"]].head().to_string()


def test_budgets_are_in_roubles(radio, world):
    """The file counts in thousands, the table does not."""
    assert radio.client_budgets["total_budget"].sum() == pytest.approx(
        world.tables["client_budgets"]["total_budget"].sum()
    )
