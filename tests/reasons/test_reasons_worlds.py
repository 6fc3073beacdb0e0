"""Reasons on worlds with known truth, and laws that hold on them."""

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la

KEYS = ["client_id", "break_month"]


@pytest.fixture(scope="module")
def small(reason_worlds):
    return reason_worlds.world(np.random.default_rng(901), clients=110)


def _answer(world, **changes):
    tables = {**world.tables, **changes}
    return la.explain_breaks(world.breaks, tables.pop("transactions"), **tables)


def test_planted_reasons_are_found(reason_worlds, small):
    counts = reason_worlds.judged(_answer(small).table, small.truth)
    assert counts["planted"] > 25
    assert counts["first"] / counts["planted"] >= 0.8
    assert counts["strong_right"] / counts["strong"] >= 0.85
    assert counts["quiet_strong"] <= max(1, 0.1 * counts["quiet"])


def test_without_reasons_strong_is_rare(reason_worlds):
    counts = reason_worlds.table(1, 902, {"nothing": {"planted": 0.0, "clients": 150}}).iloc[0]
    assert counts["n quiet"] > 50
    assert counts["quiet strong"] <= 0.07
    assert counts["quiet possible"] <= 0.22


def test_columns_and_order_of_rows(small):
    table = _answer(small).table
    assert list(table.columns[:8]) == [
        "client_id", "break_month", "reason", "part", "change", "evidence", "days_before", "grade",
    ]  # fmt: skip
    assert table["grade"].isin(["strong", "possible", "none"]).all()
    evidence = table[table["part"].isna() & table["reason"].notna()]
    # The likeliest reason first, parts after all evidence.
    falling = evidence.groupby(KEYS, sort=False)["probability"].apply(lambda p: p.is_monotonic_decreasing)
    assert falling.all()
    part = table["part"].notna().astype(int)
    assert (
        part.groupby([table["client_id"], table["break_month"]], sort=False)
        .apply(lambda p: p.is_monotonic_increasing)
        .all()
    )
    assert set(map(tuple, table[KEYS].drop_duplicates().values)) == set(map(tuple, small.breaks[KEYS].values))


def test_order_of_rows_and_units_do_not_matter(small):
    base = _answer(small).table
    turned = {name: table.sample(frac=1, random_state=3) for name, table in small.tables.items()}
    again = _answer(small, **turned).table
    pd.testing.assert_frame_equal(base.drop(columns="source_id"), again.drop(columns="source_id"))
    deals = small.tables["transactions"]
    cents = deals.assign(amount=deals["amount"] * 100, unit_price=deals["unit_price"] * 100)
    scaled = _answer(small, transactions=cents).table
    shown = ["client_id", "break_month", "reason", "grade"]
    first = base[base["part"].isna()][shown].reset_index(drop=True)
    pd.testing.assert_frame_equal(first, scaled[scaled["part"].isna()][shown].reset_index(drop=True))


def test_ids_come_back_as_given(small):
    texts = {}
    for name, table in small.tables.items():
        changed = table.assign(client_id="C" + table["client_id"].astype(str)) if "client_id" in table else table
        texts[name] = changed
    breaks = small.breaks.assign(client_id="C" + small.breaks["client_id"].astype(str))
    as_text = la.explain_breaks(breaks, texts.pop("transactions"), **texts).table
    as_int = _answer(small).table
    assert as_int["client_id"].dtype.kind == "i"
    assert ("C" + as_int["client_id"].astype(str)).tolist() == as_text["client_id"].tolist()
    assert as_int["grade"].tolist() == as_text["grade"].tolist()


def test_arguments_stay_as_they_were(small):
    before = {name: table.copy() for name, table in small.tables.items()}
    breaks = small.breaks.copy()
    _answer(small)
    pd.testing.assert_frame_equal(breaks, small.breaks)
    for name, table in before.items():
        pd.testing.assert_frame_equal(table, small.tables[name])


def test_months_may_be_texts_periods_or_timestamps(small):
    base = _answer(small).table
    tables = dict(small.tables)
    deals = tables.pop("transactions")
    for form in (lambda m: m.dt.strftime("%Y-%m"), lambda m: m.dt.to_period("M")):
        breaks = small.breaks.assign(**{name: form(small.breaks[name]) for name in ("break_month", "low", "high")})
        pd.testing.assert_frame_equal(la.explain_breaks(breaks, deals, **tables).table, base)


def test_later_facts_are_not_seen(small):
    tables = dict(small.tables)
    deals = tables.pop("transactions")
    early = small.breaks[small.breaks["break_month"] < "2025-01-01"]
    full = la.explain_breaks(early, deals, **tables, as_of="2025-06").table
    cut = {name: table for name, table in tables.items() if name not in ("events", "complaints", "tags")}
    cut |= {
        "events": tables["events"][tables["events"]["date"] < "2025-07-01"],
        **{name: tables[name][tables[name]["created_at"] < "2025-07-01"] for name in ("complaints", "tags")},
    }
    cut["manager_assignments"] = tables["manager_assignments"][
        tables["manager_assignments"]["valid_from"] < "2025-07-01"
    ]
    cut["contacts"] = tables["contacts"][tables["contacts"]["verified_at"] < "2025-07-01"]
    known = la.explain_breaks(early, deals[deals["date"] < "2025-07-01"], **cut, as_of="2025-06").table
    shown = ["client_id", "break_month", "reason", "grade"]
    pd.testing.assert_frame_equal(full[shown], known[shown])


def test_tags_without_client_borrow_it_from_feedback(small):
    tags = small.tables["tags"]
    feedback = tags[["feedback_id", "client_id", "created_at"]]
    bare = tags.drop(columns=["client_id", "created_at"])
    lent = _answer(small, tags=bare, feedback=feedback).table
    pd.testing.assert_frame_equal(lent, _answer(small).table)


def test_empty_tables_are_no_data():
    from loyalty_analytics import tables

    names = [
        "events",
        "complaints",
        "deliveries",
        "offers",
        "manager_assignments",
        "contacts",
        "meetings",
        "client_budgets",
    ]
    empty = {name: tables.empty(name) for name in names}
    breaks = pd.DataFrame({"client_id": ["A"], "break_month": ["2025-07"]})
    nothing = la.explain_breaks(breaks, tables.empty("transactions"), **empty).table
    assert len(nothing) == 1
    assert nothing["grade"].tolist() == ["none"]
    assert nothing[["reason", "part", "change"]].isna().all(axis=None)
    assert la.explain_breaks(breaks.iloc[:0], tables.empty("transactions"), **empty).table.empty


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="break_month"):
        la.explain_breaks(pd.DataFrame({"client_id": ["A"]}), pd.DataFrame({"client_id": [], "date": [], "amount": []}))


def test_a_rise_is_not_explained_by_what_only_takes(small):
    up = small.breaks.assign(direction=1)
    tables = dict(small.tables)
    table = la.explain_breaks(up, tables.pop("transactions"), **tables).table
    named = table.loc[table["grade"] == "strong", "reason"]
    assert not named.isin(["airing_defect", "budget_cut", "contact_left", "competitor"]).any()


def test_breaks_of_the_market_point_to_the_market(small):
    market = small.breaks.assign(market=[True] * 8 + [False] * (len(small.breaks) - 8))
    bare = small.tables["transactions"][["client_id", "date", "amount"]]
    table = la.explain_breaks(market, bare).table
    first = table.drop_duplicates(KEYS)
    assert first["reason"].head(8).eq("macro").all()
    assert not first["reason"].iloc[8:].eq("macro").any()


def test_a_fact_about_all_clients_counts_when_many_break_after_it():
    rng = np.random.default_rng(5)
    months = pd.date_range("2023-01-01", periods=40, freq="MS")
    deals = pd.concat(
        [pd.DataFrame({"client_id": c, "date": months, "amount": rng.lognormal(4, 0.2, 40)}) for c in range(60)]
    )
    event = pd.DataFrame({"date": ["2025-03-20"], "client_id": [None], "kind": ["price_change"]})
    alone = pd.DataFrame({"client_id": [0, 1, 2, 3], "break_month": ["2025-04", "2024-03", "2024-07", "2024-11"]})
    crowd = alone.assign(break_month=["2025-04", "2025-04", "2025-04", "2024-11"])
    odds = [
        la.explain_breaks(breaks, deals, events=event)
        .table.query("client_id == 0 and reason == 'price_change'")["probability"]
        .iloc[0]
        for breaks in (alone, crowd)
    ]
    assert odds[1] > odds[0]


@pytest.mark.proof
def test_bars_of_planted_reasons(reason_worlds):
    table = reason_worlds.table(8, 31).set_index("world")
    for kind in ("all tables", "events and transactions"):
        row = table.loc[kind]
        assert row["first"] >= 0.80
        assert row["strong right"] >= 0.90
        assert row["quiet strong"] <= 0.05
        assert row["quiet possible"] <= 0.20
    for kind in ("nothing planted", "nothing planted, three times", "three times the facts"):
        limit = 0.05 if kind == "nothing planted" else 0.15
        assert table.loc[kind, "quiet strong"] <= limit
        assert table.loc[kind, "quiet possible"] <= 0.20
