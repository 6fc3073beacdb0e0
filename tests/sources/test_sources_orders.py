"""Orders read piece by piece are the orders read whole, and what is made of them is the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
import loyalty_analytics.load as loading
from loyalty_analytics import economics, tables
from loyalty_analytics.breaks import reason_orders
from loyalty_analytics.breaks.reason_bridge import portfolio_bridge
from loyalty_analytics.orders import Orders, rows_of
from loyalty_analytics.segments.profile import price_facts
from loyalty_analytics.sources import store
from loyalty_analytics.survey.votes import revenue_of

ROOT = Path(__file__).resolve().parents[2]
MONTH = "2026-10"


@pytest.fixture(scope="module")
def data():
    return la.load("radio", month=MONTH, root=ROOT)


@pytest.fixture(params=["deal", "payment"])
def held(request, data):
    """The orders of the demo, clients joined to groups, as a frame; campaigns are not spread."""
    setup = data.params.model_copy(update={"revenue": data.params.revenue.model_copy(update={"date": request.param})})
    folder = data.orders.file.parent
    return loading._orders(folder, setup, store.read_table(folder, "clients"), data.as_of, lines=False)


@pytest.fixture
def long(held, tmp_path, monkeypatch):
    """The same orders in a file of many parts, none of which is held, and sums taken after every few rows."""
    monkeypatch.setattr(reason_orders, "_AT_ONCE", 300)
    file = tmp_path / "transactions.parquet"
    pd.read_parquet(held.file).to_parquet(file, row_group_size=97)
    return replace(held, file=file, small=0, kept={})


def _whole(held):
    """All rows as a table; a table of payments no longer knows the deals as they were sold, so there the orders."""
    return held if held.moves else held.frame


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def test_columns_and_rows(held, long):
    whole = held.read()
    known = list(tables.get("transactions").columns)
    assert long.columns == tuple(name for name in known if whole[name].notna().any())
    _same(long.read(*known), whole[known])
    _same(long.read(), whole)
    since, until = pd.Timestamp("2025-11-01"), pd.Timestamp("2026-01-31")
    inside = whole[whole["date"].between(since, until)].reset_index(drop=True)
    assert 0 < len(inside) < len(whole)
    _same(long.read("amount", "campaign_end", since=since, until=until), inside[["amount", "campaign_end"]])
    some = whole["client_id"].isin(whole["client_id"].unique()[:3])
    few = long.read("date", "client_id", keep=lambda rows: rows["client_id"].isin(whole["client_id"].unique()[:3]))
    _same(few, whole.loc[some, ["date", "client_id"]].reset_index(drop=True))
    _same(rows_of(long, ["amount", "tax"]), whole[["amount"]])


def test_only_filled_rows(held, long):
    whole = held.read()
    names = ["paid_date", "campaign_id"]
    for name in names:
        rows = whole[whole[name].notna()].reset_index(drop=True)
        _same(long.read("client_id", filled=[name]), rows[["client_id"]])
    assert long.read("client_id", filled=["payer"]).empty


def test_reasons_and_bridges(data, held, long):
    breaks = la.find_breaks(data.panel, as_of=MONTH, setting="watchful")
    given = {name: getattr(data, name) for name in ("events", "deliveries", "products", "clients", "managers")}
    one, other = (la.explain_breaks(breaks, orders, **given, as_of=MONTH) for orders in (held.frame, long))
    assert len(one) > 0
    for name in ("frame", "changes", "facts"):
        _same(getattr(one, name), getattr(other, name))
    _same(*(portfolio_bridge(orders, "2025-11", as_of=MONTH).frame for orders in (held.frame, long)))


def test_reasons_from_sums(data, held, long):
    """Where nothing is known of single orders, sums of a client's month stand for them."""
    bare = ["transaction_id", "client_id", "date", "amount", "kind", "status"]
    rows = held.read()[bare]
    rows.to_parquet(long.file, row_group_size=97)
    long = replace(long, change=lambda part: part, moves=False)
    breaks = la.find_breaks(data.panel, as_of=MONTH, setting="watchful")
    slow = rows.assign(late=np.nan)
    one, other = (la.explain_breaks(breaks, orders, as_of=MONTH) for orders in (slow, long))
    _same(one.frame, other.frame)
    sold = reason_orders.prepare_orders(long, data.as_of).orders
    assert len(sold) < len(rows)
    done = ~rows["status"].isin(["planned", "cancelled"]) & rows["amount"].notna()
    assert sold["n"].sum() == done.sum()
    assert sold["minor"].sum() == (rows.loc[done, "amount"] * 100).round().sum()


@pytest.mark.parametrize(
    "make",
    [economics.receivables, economics.cheque_spread, economics.next_products, price_facts,
     lambda orders, month: la.base_metrics(_panel(), month, transactions=orders)],
)  # fmt: skip
def test_other_questions(held, long, make):
    one, other = (make(orders, MONTH) for orders in (_whole(held), long))
    _same(*(getattr(result, "frame", result) for result in (one, other)))


def _panel() -> pd.DataFrame:
    return pd.DataFrame({"client_id": ["1", "1"], "month": ["2026-09", "2026-10"], "revenue": [5.0, 7.0]})


def test_revenue_and_deliveries(data, held, long):
    for months in (3, 12):
        one, other = (revenue_of(orders, data.as_of, months) for orders in (_whole(held), long))
        pd.testing.assert_series_equal(one, other, check_exact=True)
    _same(*(economics.deliveries(data.deliveries, orders, MONTH).frame for orders in (_whole(held), long)))


def test_load_counts_without_orders(data):
    """What the head of a page says comes from sums by day; it is what the orders say."""
    filed = pd.read_parquet(data.orders.file)
    early = la.load("radio", month="2026-03", root=ROOT)
    for one in (data, early):
        orders = filed[filed["date"] <= one.as_of.end]
        assert one.passport["deals"] == len(orders) == one.passport["rows"]["transactions"]
        assert one.passport["money"] == pytest.approx(orders["amount"].sum(), abs=0.005)
        assert set(one.transactions["client_id"]) <= set(one.clients["client_id"])
    assert 0 < early.passport["deals"] < data.passport["deals"]


def test_deals_of_a_day_are_those_of_the_panel():
    """Lines of one number are one deal, on its first day; a number of another client, or none, is another one."""
    rows = pd.DataFrame(
        [("1", "A", "2026-10-02", 1), ("1", "A", "2026-10-01", 2), ("1", "B", "2026-10-02", 4),
         ("2", "A", "2026-10-02", 8), ("2", "A", "2026-10-02", 16), (None, "A", "2026-10-02", 32),
         (None, "A", "2026-10-02", 64), ("3", "A", "2026-10-03", -5), ("3", "A", "2026-10-03", -6)],
        columns=["transaction_id", "client_id", "date", "amount"],
    )  # fmt: skip
    rows = tables.conform(rows.assign(date=pd.to_datetime(rows["date"])), "transactions")
    for shuffled in (rows, rows[::-1]):
        days = store.order_days(shuffled, shuffled["transaction_id"].duplicated(keep=False))
        assert days["orders"].tolist() == [1, 4, 0]
        assert days["rows"].tolist() == [1, 6, 2]
        assert days["money"].tolist() == [200, 12500, -1100]
    assert la.monthly_panel(rows).table["orders"].sum() == 5
    assert store.order_days(rows.head(0), rows.head(0)["date"].isna()).dtypes["orders"] == "int64"


def test_a_table_as_orders():
    deals = tables.conform(pd.DataFrame({"transaction_id": ["1"], "client_id": ["A"], "date": [pd.Timestamp(0)],
                                         "amount": [2.5]}), "transactions")  # fmt: skip
    orders = Orders.of(deals)
    assert orders.read("amount")["amount"].tolist() == [2.5]
    assert orders.columns == ("transaction_id", "client_id", "date", "amount")
    assert Orders(Path("absent.parquet")).read().empty


def test_a_client_of_transactions_alone_has_a_dossier(tmp_path):
    """No contacts, no answers, no meetings: the page says so and shows the money."""
    raw = tmp_path / "data" / "raw" / "bare"
    raw.mkdir(parents=True)
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "bare.yaml").write_text(
        "client: bare\ntitle: {en: Bare}\nlanguage: en\ncurrency: RUB\nsources:\n  transactions:\n"
        "    files: [deals.csv]\n    columns: {client_id: code, date: day, amount: sum}\n", encoding="utf-8",
    )  # fmt: skip
    (raw / "deals.csv").write_text("code;day;sum\nA;2026-01-15;10,50\nA;2026-10-02;20,00\n", encoding="utf-8")
    bare = la.load("bare", root=tmp_path)
    page = la.dossier("A", bare)
    assert page.table.set_index("measure").loc["revenue", "quarter"] == 20.0
    assert bare.passport["deals"] == 2
    assert bare.passport["money"] == 30.5
