"""The public functions under every disguise in which a table may come: what they say must not change.

Each disguise changes the form of the tables and nothing of their meaning: order of rows, dtypes, index, zone of
stamps, further columns. What is no table, or lacks a column, is refused with advice.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la

MONTH = "2026-06"
Tables = dict[str, pd.DataFrame]


def _world() -> Tables:
    dice = np.random.default_rng(5)
    ids = [f"C{number:02d}" for number in range(24)]
    days = pd.date_range("2024-01-05", "2026-06-25", freq="15D")
    rows = [
        (client, day, round(float(1000 * (1 + number) * dice.lognormal(0, 0.3)), 2))
        for number, client in enumerate(ids)
        for day in days
        if dice.random() < 0.8 and not (number == 3 and day > pd.Timestamp("2025-11-01"))
    ]
    orders = pd.DataFrame(rows, columns=["client_id", "date", "amount"])
    orders.insert(0, "transaction_id", [f"D{number}" for number in range(len(orders))])
    orders["gross_profit"] = (orders["amount"] * 0.3).round(2)
    orders["product_id"] = np.where(np.arange(len(orders)) % 3 == 0, "P1", "P2")
    asked = pd.DataFrame({
        "invitation_id": [f"I{n}" for n in range(24)], "client_id": ids, "wave": "2026-Q2",
        "sent_at": pd.Timestamp("2026-05-10"), "status": ["answered"] * 16 + ["refused"] * 3 + ["no_answer"] * 5,
    })  # fmt: skip
    answers = pd.DataFrame({
        "answer_id": [f"A{n}" for n in range(16)], "client_id": ids[:16], "question_id": "Q1",
        "answered_at": pd.Timestamp("2026-05-11 10:00"), "score": [10.0, 9, 9, 8, 7, 7, 6, 3] * 2,
    })  # fmt: skip
    met = pd.DataFrame({
        "meeting_id": [f"M{n}" for n in range(60)], "client_id": [ids[n % 24] for n in range(60)],
        "held_at": pd.date_range("2024-03-01", periods=60, freq="14D"), "status": "held", "purpose": "quarterly",
        "format": "meeting",
    })  # fmt: skip
    cases = pd.DataFrame({
        "action_id": [f"K{n}" for n in range(20)], "client_id": ids[:20],
        "opened_at": pd.date_range("2026-01-01 09:00", periods=20, freq="8D"),
        "first_contact_at": pd.date_range("2026-01-02 09:00", periods=20, freq="8D"),
        "due_at": pd.date_range("2026-01-15", periods=20, freq="8D"), "closed_at": pd.NaT, "status": "open",
    })  # fmt: skip
    clients = pd.DataFrame({
        "client_id": ids, "client_type": "regular", "manager_id": ["M1", "M2"] * 12,
        "acquisition_channel": ["fair", "web"] * 12, "industry": ["bank", "shop", "clinic"] * 8,
    })  # fmt: skip
    spend = pd.DataFrame({
        "period_start": pd.date_range("2025-07-01", periods=12, freq="MS"), "channel": ["fair", "web"] * 6,
        "amount": 500.0,
    })  # fmt: skip
    budgets = pd.DataFrame({
        "client_id": ids, "period_start": pd.Timestamp("2026-01-01"), "period_end": pd.Timestamp("2026-06-30"),
        "category": "radio", "total_budget": 90000.0, "asked_at": pd.Timestamp("2026-02-01"),
    })  # fmt: skip
    events = pd.DataFrame({
        "event_id": ["E1", "E2"], "date": pd.to_datetime(["2025-10-20", "2026-01-10"]), "client_id": [ids[3], None],
        "kind": ["budget_cut", "price_change"],
    })  # fmt: skip
    questions = pd.DataFrame({"question_id": ["Q1"], "metric": ["nps"], "scale_min": [0.0], "scale_max": [10.0]})
    panel = la.monthly_panel(orders, MONTH).table
    return {
        "orders": orders, "panel": panel, "breaks": la.find_breaks(panel, MONTH).table, "clients": clients,
        "invitations": asked, "answers": answers, "meetings": met, "actions": cases, "spend": spend,
        "budgets": budgets, "events": events, "questions": questions,
    }  # fmt: skip


@pytest.fixture(scope="module")
def world() -> Tables:
    return _world()


CALLS: dict[str, tuple[tuple[str, ...], Callable[[Any], Any]]] = {
    "monthly_panel": (("orders",), lambda t: la.monthly_panel(t["orders"], MONTH)),
    "client_kinds": (("panel",), lambda t: la.client_kinds(t["panel"], MONTH)),
    "lifecycle": (("panel",), lambda t: la.lifecycle(t["panel"], MONTH)),
    "rfm": (("panel",), lambda t: la.rfm(t["panel"], MONTH)),
    "cohorts": (("panel",), lambda t: la.cohorts(t["panel"], MONTH)),
    "movement": (("panel",), lambda t: la.movement(t["panel"], MONTH)),
    "find_breaks": (("panel",), lambda t: la.find_breaks(t["panel"], MONTH)),
    "base_metrics": (
        ("panel", "orders", "spend"),
        lambda t: la.base_metrics(t["panel"], MONTH, transactions=t["orders"], marketing_spend=t["spend"]),
    ),
    "channels": (
        ("panel", "clients", "spend"),
        lambda t: la.channels(t["panel"], MONTH, clients=t["clients"], marketing_spend=t["spend"], months=36),
    ),
    "wallet_share": (
        ("panel", "budgets", "clients"),
        lambda t: la.wallet_share(t["panel"], MONTH, client_budgets=t["budgets"], clients=t["clients"]),
    ),
    "explain_breaks": (
        ("breaks", "orders", "events", "budgets", "clients", "meetings"),
        lambda t: la.explain_breaks(
            t["breaks"], t["orders"], events=t["events"], client_budgets=t["budgets"], clients=t["clients"],
            meetings=t["meetings"], as_of=MONTH,
        ),
    ),
    "nps": (
        ("answers", "questions", "clients", "orders", "invitations"),
        lambda t: la.nps(t["answers"], 24, questions=t["questions"], clients=t["clients"], transactions=t["orders"],
                         invitations=t["invitations"], as_of=MONTH),
    ),
    "silent": (
        ("answers", "invitations", "questions", "clients"),
        lambda t: la.silent(t["answers"], t["invitations"], 24, questions=t["questions"], clients=t["clients"],
                            as_of=MONTH),
    ),
    "response_rate": (
        ("invitations", "answers", "clients", "orders"),
        lambda t: la.response_rate(t["invitations"], t["answers"], clients=t["clients"], transactions=t["orders"],
                                   by="industry", as_of=MONTH),
    ),
    "plan_visits": (("clients", "meetings"), lambda t: la.plan_visits(t["clients"], t["meetings"], MONTH)),
    "visit_effect": (
        ("meetings", "panel", "clients"),
        lambda t: la.visit_effect(t["meetings"], t["panel"], t["clients"], MONTH),
    ),
    "closed_loop": (("actions",), lambda t: la.closed_loop(t["actions"], MONTH)),
}  # fmt: skip
_MONEY = ("amount", "revenue", "gross_profit", "total_budget")
_ONE_ROW_EACH = ("clients", "questions")


def _dates(table: pd.DataFrame) -> list[str]:
    return [name for name in table if pd.api.types.is_datetime64_any_dtype(table[name].dtype)]


def _changed(table: pd.DataFrame, change: Callable[[pd.Series], Any], names: list[str]) -> pd.DataFrame:
    return table.assign(**{name: change(table[name]) for name in names})


def _months(table: pd.DataFrame) -> list[str]:
    return [name for name in _dates(table) if name in ("month", "break_month", "low", "high", "period_start")]


def _arrow(table: pd.DataFrame) -> pd.DataFrame:
    return table.convert_dtypes(dtype_backend="pyarrow")


def _nobody(table: pd.DataFrame) -> pd.DataFrame:
    """Two rows without a client: nobody's, and nobody's money may go to another."""
    if not {"client_id", "month"} <= set(table) and not {"client_id", "amount"} <= set(table):
        return table
    return pd.concat([table, table.head(2).assign(client_id=None)], ignore_index=True)


DISGUISES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "columns reversed": lambda table: table[table.columns[::-1]],
    "object": lambda table: table.astype(object),
    "category": lambda table: table.astype({n: "category" for n in table if str(table[n].dtype) == "str"}),
    "arrow": _arrow,
    "nullable": lambda table: table.convert_dtypes(),
    "nanoseconds": lambda table: table.astype(dict.fromkeys(_dates(table), "datetime64[ns]")),
    "zone": lambda table: _changed(table, lambda s: s.dt.tz_localize("Europe/Moscow"), _dates(table)),
    "ISO texts": lambda table: _changed(table, lambda s: s.map(lambda v: None if pd.isna(v) else v.isoformat()),
                                        _dates(table)),
    "Periods": lambda table: _changed(table, lambda s: s.dt.to_period("M"), _months(table)),
    "yyyy-mm": lambda table: _changed(table, lambda s: s.dt.strftime("%Y-%m"), _months(table)),
    "Decimal": lambda table: _changed(
        table, lambda s: pd.Series([Decimal(f"{v:.2f}") for v in s], index=s.index, dtype=object),
        [name for name in _MONEY if name in table],
    ),
    "one index value": lambda table: table.set_axis([0] * len(table)),
    "index named like a column": lambda table: table.rename_axis(index=table.columns[0]),
    "attributes": lambda table: _with_attributes(table),
    "further columns": lambda table: table.assign(**{
        name: "x" for name in ("index", "month_index", "revenue_x", "n", "rank", "day", "number", "size", "count")
        if name not in table
    }),
    "columns that are no text": lambda table: _with_odd_columns(table),
    "rows of nobody": _nobody,
}  # fmt: skip


def _with_attributes(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    table.attrs = {"source": pd.DataFrame({"x": [1]})}
    return table


def _with_odd_columns(table: pd.DataFrame) -> pd.DataFrame:
    table = table.copy()
    table[0], table[("a", "b")], table[pd.Timestamp("2020-01-01")] = 1, 2, 3
    return table


def _plain(table: pd.DataFrame) -> pd.DataFrame:
    columns = {}
    for name in table:
        column = table[name]
        if isinstance(column.dtype, pd.PeriodDtype):
            column = column.dt.to_timestamp()
        columns[str(name)] = [
            None if value is None or value is pd.NaT or value is pd.NA or value != value
            else round(float(value), 6) if isinstance(value, (float, Decimal, np.floating)) else value
            for value in column.astype(object)
        ]  # fmt: skip
    return pd.DataFrame(columns, dtype=object)


@pytest.mark.parametrize("disguise", list(DISGUISES))
@pytest.mark.parametrize("name", list(CALLS))
def test_a_disguise_changes_nothing(name: str, disguise: str, world: Tables) -> None:
    needs, call = CALLS[name]
    tables = {key: DISGUISES[disguise](world[key].copy()) for key in needs}
    before = {key: table.copy(deep=True) for key, table in tables.items()}
    expected, got = call(world), call(tables)
    pd.testing.assert_frame_equal(_plain(got.table), _plain(expected.table))
    for key, table in tables.items():
        pd.testing.assert_frame_equal(table, before[key], check_flags=False)


@pytest.mark.parametrize("name", list(CALLS))
def test_results_stand_for_tables_and_repeated_cards_for_one(name: str, world: Tables) -> None:
    needs, call = CALLS[name]
    expected = _plain(call(world).table)
    for key in needs:
        wrapped = call({**world, key: la.Result(frame=world[key])})
        pd.testing.assert_frame_equal(_plain(wrapped.table), expected)
        if key in _ONE_ROW_EACH:
            twice = call({**world, key: pd.concat([world[key], world[key].head(2)], ignore_index=True)})
            pd.testing.assert_frame_equal(_plain(twice.table), expected)


@pytest.mark.parametrize("name", list(CALLS))
def test_what_is_no_table_is_refused_with_advice(name: str, world: Tables) -> None:
    needs, call = CALLS[name]
    for key in needs:
        with pytest.raises(la.LoyaltyError):
            call({**world, key: 5})
        twice = pd.concat([world[key], world[key].iloc[:, :1]], axis=1)
        with pytest.raises(la.LoyaltyError, match="stands twice"):
            call({**world, key: twice})


@pytest.mark.parametrize("name", list(CALLS))
def test_no_column_is_missed_with_a_trace(name: str, world: Tables) -> None:
    """Without any one column a function works or says which one it needs."""
    needs, call = CALLS[name]
    for key in needs:
        for column in world[key].columns:
            with suppress(la.LoyaltyError):
                call({**world, key: world[key].drop(columns=column)})


def test_numbers_in_one_table_and_texts_in_another_are_refused(world: Tables) -> None:
    numbered = world["budgets"].assign(client_id=range(len(world["budgets"])))
    with pytest.raises(la.LoyaltyError, match="Client budgets have numbers as client_id, panel have texts"):
        la.wallet_share(world["panel"], MONTH, client_budgets=numbered)


def test_a_deal_without_a_number_is_an_order_of_its_own() -> None:
    deals = pd.DataFrame({"client_id": [1, 1, 1, 2], "date": "2026-01-05", "amount": [1.0, 2.0, 3.0, 4.0]})
    orders = lambda numbers: la.monthly_panel(deals.assign(transaction_id=numbers)).table["orders"].tolist()  # noqa: E731
    assert la.monthly_panel(deals).table["orders"].tolist() == [3, 1]
    assert orders(None) == [3, 1]
    assert orders(["a", None, None, "b"]) == [3, 1]
    assert orders(["a", "a", None, None]) == [2, 1]
    assert orders(["a", "a", "a", "b"]) == [1, 1]


def test_money_of_nobody_goes_to_nobody() -> None:
    months = pd.period_range("2025-01", "2026-06", freq="M").astype(str)
    panel = pd.DataFrame({"client_id": "a", "month": months, "revenue": 10.0})
    more = pd.DataFrame({"client_id": None, "month": months, "revenue": 1000.0})
    both = pd.concat([panel, more], ignore_index=True)
    for function in (la.lifecycle, la.client_kinds, la.rfm, la.base_metrics):
        pd.testing.assert_frame_equal(_plain(function(both).table), _plain(function(panel).table))


def test_a_parquet_file_that_is_none_is_refused(tmp_path: Any) -> None:
    with pytest.raises(la.SourceError, match=r"deals\.parquet: There is no such Parquet file"):
        la.monthly_panel(str(tmp_path / "deals.parquet"))
    (tmp_path / "deals.csv").write_text("client_id;date;amount\n")
    with pytest.raises(la.SourceError, match=r"deals\.csv: It cannot be read as Parquet"):
        la.monthly_panel(tmp_path / "deals.csv")


def test_a_parquet_file_with_days_as_texts_is_read(tmp_path: Any) -> None:
    deals = pd.DataFrame({"client_id": ["a", "a"], "date": ["2026-01-05", "2026-02-05"], "amount": [1.0, 2.0]})
    deals.to_parquet(tmp_path / "deals.parquet")
    expected = la.monthly_panel(deals).table
    pd.testing.assert_frame_equal(la.monthly_panel(tmp_path / "deals.parquet").table, expected)


def _sorted(table: pd.DataFrame) -> pd.DataFrame:
    rows = _plain(table)
    return rows.iloc[rows.map(str).agg("|".join, axis=1).argsort(kind="stable")].reset_index(drop=True)


@pytest.mark.parametrize("name", list(CALLS))
def test_the_order_of_rows_does_not_matter(name: str, world: Tables) -> None:
    needs, call = CALLS[name]
    mixed = {key: world[key].sample(frac=1, random_state=8) for key in needs}
    pd.testing.assert_frame_equal(_sorted(call(mixed).table), _sorted(call(world).table))


def test_draws_of_the_drivers_do_not_depend_on_the_order_of_rows() -> None:
    dice = np.random.default_rng(2)
    items = pd.DataFrame(dice.integers(3, 11, (40, 3)).astype(float), columns=["price", "staff", "speed"])
    items["csat"] = (items["price"] + 2 * items["staff"]) / 3 + dice.normal(size=40)
    expected = la.key_drivers(items, "csat", draws=60).table
    mixed = la.key_drivers(items.sample(frac=1, random_state=1), "csat", draws=60).table
    pd.testing.assert_frame_equal(mixed, expected)


def test_the_effect_of_visits_is_free_of_units(world: Tables) -> None:
    panel = world["panel"]
    thousand = panel.assign(revenue=panel["revenue"] * 1000)
    effects = [la.visit_effect(world["meetings"], table, as_of=MONTH).table["effect"] for table in (panel, thousand)]
    assert effects[0].notna().any()
    np.testing.assert_allclose(effects[1], effects[0], rtol=1e-4)
