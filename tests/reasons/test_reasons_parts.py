"""The anatomy of a change: exact to the kopeck, the same in any order of factors, nothing without data."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics import tables
from loyalty_analytics.breaks.anatomy import in_minor, shapley, windows
from loyalty_analytics.breaks.reason_bridge import portfolio_bridge
from loyalty_analytics.money import to_minor
from loyalty_analytics.orders import Orders, orders_of


def _by_permutations(before, after):
    """Shapley values as they are defined: the mean over all orders in which factors change."""
    parts = np.zeros(len(before))
    orders = list(permutations(range(len(before))))
    for order in orders:
        point = list(before)
        for factor in order:
            held = np.prod(point)
            point[factor] = after[factor]
            parts[factor] += (np.prod(point) - held) / len(orders)
    return parts


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), min_size=1, max_size=6))
def test_shapley_equals_the_mean_over_all_orders(pairs):
    before, after = np.array(pairs).T
    found = shapley(before[:, None], after[:, None])[:, 0]
    assert np.allclose(
        found, _by_permutations(before, after), rtol=1e-9, atol=1e-9 * max(1, after.prod(), before.prod())
    )


def test_two_and_three_factors_have_the_published_formulas():
    # Kitagawa (1955): difference of one factor times the mean of the other. Das Gupta (1993, P23-186, ch. 2):
    # with three factors (bc + BC) / 3 + (bC + Bc) / 6 times the difference of the first.
    a, b, c, A, B, C = 2.0, 3.0, 5.0, 7.0, 11.0, 13.0
    assert shapley(np.array([[a], [b]]), np.array([[A], [B]]))[0, 0] == pytest.approx((A - a) * (B + b) / 2)
    three = shapley(np.array([[a], [b], [c]]), np.array([[A], [B], [C]]))[0, 0]
    assert three == pytest.approx((A - a) * ((b * c + B * C) / 3 + (b * C + B * c) / 6))


def test_factors_are_treated_alike():
    rng = np.random.default_rng(1)
    before, after = rng.uniform(0, 9, (2, 6, 20))
    turned = rng.permutation(6)
    assert np.allclose(shapley(before, after)[turned], shapley(before[turned], after[turned]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8), st.data())
def test_minor_units_add_up_and_stay_within_one_of_the_part(parts, data):
    exact = np.array([parts])
    total = np.array([round(exact.sum())])
    whole = in_minor(exact, total)
    assert whole.sum() == total[0]
    assert np.abs(whole - exact).max() <= 1.5
    # A part without data gets nothing.
    gap = data.draw(st.integers(0, len(parts) - 1))
    known = exact.copy()
    known[0, gap] = np.nan
    if len(parts) > 1:
        assert in_minor(known, np.array([round(np.nansum(known))]))[0, gap] == 0


def _sums(table, orders, breaks):
    """Every change again by a plain loop over integers, and whether its parts add up to it."""
    parts = table[table["part"].notna()]
    grouped = parts.groupby(["client_id", "break_month"], sort=False)
    assert (grouped["change"].nunique() == 1).all()
    added = to_minor(parts["part"]).groupby([parts["client_id"], parts["break_month"]], sort=False).sum()
    stated = to_minor(grouped["change"].first())
    assert (added == stated.reindex(added.index)).all()
    month = pd.PeriodIndex(orders["date"], freq="M")
    minor = to_minor(orders["amount"])
    last = month.max()
    for (client, start), change in stated.items():
        own = (orders["client_id"] == client).to_numpy()
        at = pd.Period(start, "M")
        length = min(12, (last - at).n + 1, (at - month[own].min()).n)
        after = minor[own & (month >= at) & (month < at + length)].sum()
        before = minor[own & (month < at) & (month >= at - length)].sum()
        assert change == after - before
    return len(stated)


def test_lines_of_a_deal_are_no_frequency():
    """Six deals before and six after, each of one line and then of three: the client did not order oftener."""
    months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    deals = pd.DataFrame({"transaction_id": [f"d{i}" for i in range(12)], "client_id": 7, "date": months + "-15",
                          "amount": [100.0] * 6 + [40.1] * 6, "product_id": "A"})  # fmt: skip
    parts = [deals.iloc[6:].assign(amount=a, product_id=p) for a, p in ((10.0, "A"), (10.1, "B"), (20.0, "C"))]
    lines = pd.concat([deals.iloc[:6], *parts])
    breaks = pd.DataFrame({"client_id": [7], "break_month": ["2025-07"]})
    for rows in (deals, lines, lines[::-1], lines.drop(columns="product_id")):
        table = la.explain_breaks(breaks, rows).table
        assert _sums(table, rows, breaks) == 1
        assert table.set_index("reason").at["frequency", "part"] == 0.0
    plain, split = (la.explain_breaks(breaks, rows.drop(columns="product_id")).table for rows in (deals, lines))
    pd.testing.assert_frame_equal(plain, split)
    # Numbers that begin anew for another client, and rows without a number, are deals of their own.
    others = pd.concat([lines, lines.assign(client_id=8)])
    pd.testing.assert_frame_equal(la.explain_breaks(breaks, others).table[["reason", "part"]],
                                  la.explain_breaks(breaks, lines).table[["reason", "part"]])  # fmt: skip
    assert la.explain_breaks(breaks, lines.assign(transaction_id=None)).table.set_index("reason").at[
        "frequency", "part"] > 0  # fmt: skip


def test_months_of_a_campaign_are_one_deal():
    """Six deals of a month each, then two of three months: as much money, in fewer and larger orders."""
    months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    names = [*"abcdef", *"ggghhh"]
    aired = pd.DataFrame({"transaction_id": names, "client_id": 7, "date": months + "-15", "amount": 100.0})
    aired["date"] = pd.to_datetime(aired["date"])
    breaks = pd.DataFrame({"client_id": [7], "break_month": ["2025-07"]})
    for orders in (aired, Orders.of(aired)):
        parts = la.explain_breaks(breaks, orders).table.set_index("reason")["part"]
        # 6 · 100 against 2 · 300 (Kitagawa): four orders fewer at a mean cheque of 200, 200 more at a mean of 4 orders.
        assert parts.to_dict() == {"frequency": -800.0, "cheque": 800.0}


def test_lines_of_a_deal_in_several_parts_of_a_file(tmp_path):
    rng = np.random.default_rng(3)
    deals = pd.DataFrame({
        "transaction_id": rng.integers(0, 90, 400).astype(str), "client_id": rng.integers(0, 3, 400).astype(str),
        "date": pd.Timestamp("2025-01-01") + pd.to_timedelta(rng.integers(0, 360, 400), "D"),
        "amount": rng.integers(-20, 90, 400).astype(float), "product_id": rng.choice(list("AB"), 400),
    })  # fmt: skip
    rows = tables.conform(deals, "transactions")
    rows.to_parquet(tmp_path / "transactions.parquet", row_group_size=70)
    orders = Orders(tmp_path / "transactions.parquet", lines=True, small=10)
    breaks = pd.DataFrame({"client_id": list("012"), "break_month": "2025-07"})
    whole, parts = (la.explain_breaks(breaks, one).table for one in (rows, orders))
    pd.testing.assert_frame_equal(whole, parts)
    assert not whole["part"].equals(la.explain_breaks(breaks, rows.assign(transaction_id=None)).table["part"])


def test_parts_add_up_on_the_simulated_base(shared):
    folder = shared / "data" / "transactions" / "b2b_simulated_2000"
    deals = pd.read_parquet(folder / "transactions.parquet").rename(
        columns={"order_date": "date", "product": "product_id", "manager": "manager_id", "revenue": "amount"}
    )
    truth = pd.read_parquet(folder / "truth.parquet")
    breaks = truth.loc[truth["break_month"].notna(), ["client_id", "break_month"]]
    table = la.explain_breaks(breaks, deals).table
    assert _sums(table, deals, breaks) > 60
    assert {"frequency", "cheque", "mix", "season"} <= set(table["reason"])
    assert not {"price", "discount"} & set(table["reason"])  # the base has no quantities and no discounts


def test_parts_add_up_on_online_retail(shared):
    lines = pd.read_parquet(shared / "data" / "transactions" / "online_retail_2009_2010.parquet")
    lines = lines[lines["Customer ID"].notna() & (lines["InvoiceDate"] < "2010-12-01")]
    amount = (lines["Quantity"] * lines["Price"]).round(2)
    deals = pd.DataFrame(
        {"transaction_id": lines["Invoice"], "client_id": lines["Customer ID"], "date": lines["InvoiceDate"],
         "amount": amount, "product_id": lines["StockCode"], "quantity": lines["Quantity"],
         "unit_price": lines["Price"]}
    )  # fmt: skip
    clients = deals.groupby("client_id")["amount"].sum().nlargest(120).index
    breaks = pd.DataFrame({"client_id": clients, "break_month": ["2010-07", "2010-09", "2010-05"] * 40})
    deals = deals[deals["client_id"].isin(clients)]
    table = la.explain_breaks(breaks, deals).table
    assert _sums(table, deals, breaks) > 110
    assert {"frequency", "cheque", "price", "lost_products", "new_products", "returns"} <= set(table["reason"])
    assert "season" not in set(table["reason"])  # one year knows no season
    # The same money as one row per invoice: as many orders, so the same part of frequency where nothing else is known.
    rows = [deals.drop(columns=["product_id", "quantity", "unit_price"])]
    rows.append(orders_of(rows[0], ["client_id", "date", "amount"]))
    split, joined = (la.explain_breaks(breaks, one).table for one in rows)
    assert split["part"].eq(joined["part"]).mean() > 0.95


def _deals(**columns):
    months = pd.period_range("2023-01", "2026-06", freq="M").to_timestamp()
    return pd.DataFrame({"client_id": "A", "date": months, **columns})


BREAK = pd.DataFrame({"client_id": ["A"], "break_month": ["2025-07"]})


def _parts(deals, **options):
    table = la.explain_breaks(BREAK, deals, **options).table
    return table[table["part"].notna()].set_index("reason")["part"]


def test_each_cause_lands_in_its_own_part():
    late = np.arange(42) >= 30
    ten = pd.Series(np.full(42, 10.0))
    assert _parts(_deals(amount=np.where(late, 60.0, 100.0))).to_dict() == {"cheque": -480.0, "frequency": 0.0}
    dearer = _deals(amount=np.where(late, 120.0, 100.0), quantity=ten)
    assert _parts(dearer)["price"] == pytest.approx(240.0)
    less = _deals(amount=np.where(late, 50.0, 100.0), quantity=np.where(late, 5.0, 10.0))
    assert _parts(less)["cheque"] == pytest.approx(-600.0)
    off = _deals(amount=np.where(late, 90.0, 100.0), quantity=ten, discount_pct=np.where(late, 10.0, 0.0))
    assert _parts(off)["discount"] == pytest.approx(-120.0)
    twice = pd.concat([_deals(amount=100.0), _deals(amount=100.0)[~late]])
    assert _parts(twice)["frequency"] == pytest.approx(-1200.0)
    gone = pd.concat([_deals(amount=100.0, product_id="P1"), _deals(amount=300.0, product_id="P2")[~late]])
    parts = _parts(gone)
    assert parts["lost_products"] < 0
    assert parts.sum() == pytest.approx(-3600.0)


def test_a_season_that_returns_every_year_is_taken_out():
    months = np.arange(42) % 12
    wave = np.where(np.isin(months, (6, 7, 8)), 300.0, 100.0)
    parts = la.explain_breaks(BREAK, _deals(amount=wave), as_of="2025-09").table.set_index("reason")
    assert parts["change"].iloc[0] == pytest.approx(600.0)
    assert parts.loc["season", "part"] > 480  # the profile is shrunk to the market, which is this client
    others = parts.drop(index="season")["part"].sum()
    assert abs(others) < 120


def test_an_unfinished_month_is_never_compared():
    deals = _deals(amount=100.0)
    whole = la.explain_breaks(BREAK, deals, as_of="2025-12")
    started = la.explain_breaks(
        BREAK, pd.concat([deals, deals.tail(1).assign(date=pd.Timestamp("2026-01-02"))]), as_of="2026-01-03"
    )
    assert whole.changes["months"].iloc[0] == started.changes["months"].iloc[0] == 6


def test_windows_stop_at_the_next_break_and_where_data_end():
    breaks = pd.DataFrame({"client_id": ["A", "A", "B"], "month": [110, 116, 101]})
    first = pd.Series({"A": 100, "B": 100})
    assert windows(breaks, first, 140)["length"].tolist() == [6, 6, 1]


def test_planned_and_cancelled_deals_do_not_count():
    deals = _deals(amount=100.0)
    noise = _deals(amount=1e6).assign(status="planned")
    both = pd.concat([deals.assign(status="done"), noise])
    pd.testing.assert_frame_equal(la.explain_breaks(BREAK, both).table, la.explain_breaks(BREAK, deals).table)


def test_a_bridge_of_the_whole_base_adds_up(shared):
    folder = shared / "data" / "transactions" / "b2b_simulated_2000"
    deals = pd.read_parquet(folder / "transactions.parquet").rename(
        columns={"order_date": "date", "product": "product_id", "manager": "manager_id", "revenue": "amount"}
    )
    clients = pd.read_parquet(folder / "clients.parquet").set_index("client_id")
    result = portfolio_bridge(deals, "2024-01")
    minor = to_minor(deals["amount"])
    year = pd.to_datetime(deals["date"]).dt.year
    expected = minor[year == 2024].sum() - minor[year == 2023].sum()
    assert to_minor(result.table["part"]).sum() == expected
    assert {"lost_clients", "new_clients", "frequency"} <= set(result.table["reason"])
    by_channel = portfolio_bridge(deals, "2024-01", groups=clients["channel"]).table
    assert to_minor(by_channel["part"]).sum() == expected
    sums = to_minor(by_channel["part"]).groupby(by_channel["group"]).sum()
    assert (sums == to_minor(by_channel.drop_duplicates("group").set_index("group")["change"])).all()


def test_a_bridge_without_months_on_one_side_is_empty():
    for deals in (_deals(amount=100.0), _deals(amount=100.0).iloc[:0]):
        result = portfolio_bridge(deals, "2023-01")
        assert result.table.empty
        assert result.overview["months"].iloc[0] == 0
