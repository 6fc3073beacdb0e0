"""One expression, three engines: DuckDB, a real PostgreSQL and a real Spark give the same kopeck."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmarks import engines

import loyalty_analytics as la
from loyalty_analytics.panel import panel_expression

pytestmark = [pytest.mark.engines, pytest.mark.filterwarnings("default")]

ROWS = 40_000


@pytest.fixture(scope="module")
def deals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Transactions with all that engines disagree on: halves of a kopeck, returns, blanks, month ends, leap days."""
    rng = np.random.default_rng(404)
    day = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 1200, ROWS), unit="D")
    amount = np.round(rng.lognormal(8, 1.5, ROWS), 2)
    amount[:500] = rng.integers(1, 10**6, 500) / 8  # exact binary halves and eighths of a unit
    amount[500:900] *= -1
    amount[900:950] = np.nan
    table = pd.DataFrame({
        "transaction_id": np.arange(ROWS), "client_id": rng.zipf(1.4, ROWS) % 900, "date": day, "amount": amount,
        "gross_profit": np.round(amount * 0.3, 3), "kind": np.where(amount < 0, "return", "sale"),
        "status": rng.choice(["done", "planned", "cancelled"], ROWS, p=[0.96, 0.02, 0.02]),
    })  # fmt: skip
    file = tmp_path_factory.mktemp("engines") / "transactions.parquet"
    table.to_parquet(file, index=False)
    return file


@pytest.fixture(scope="module")
def duck(deals: Path) -> pd.DataFrame:
    return la.monthly_panel(deals, "2026-02-15").table


@pytest.fixture(scope="module")
def postgres(tmp_path_factory: pytest.TempPathFactory, deals: Path) -> Iterator[str]:
    """A server of its own that holds the transactions."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgres)")
    with engines.cluster(tmp_path_factory.mktemp("cluster")) as address:
        url = f"postgres://tester@{address}"
        engines.fill(url, deals)
        yield url


@pytest.fixture(scope="module")
def spark(deals: Path) -> Iterator[Any]:
    if reason := engines.lacking_spark():
        pytest.skip(reason)
    with engines.spark() as engine:
        yield engine.read_parquet(str(deals), table_name="transactions")


def _same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_exact=True)
    pd.testing.assert_frame_equal(la.rfm(one).table, la.rfm(other).table, check_exact=True)
    left, right = (la.base_metrics(panel).table for panel in (one, other))
    pd.testing.assert_frame_equal(left, right, check_exact=True)


def test_postgresql_by_url_gives_the_same_kopeck(duck: pd.DataFrame, postgres: str) -> None:
    _same(duck, la.monthly_panel(postgres, "2026-02-15", table="transactions").table)


def test_spark_gives_the_same_kopeck(duck: pd.DataFrame, spark: Any) -> None:
    _same(duck, la.monthly_panel(spark, "2026-02-15").table)


def test_plain_loop_gives_the_same_kopeck(duck: pd.DataFrame, deals: Path) -> None:
    """The slow twin: decimal arithmetic, one transaction at a time."""
    from decimal import ROUND_HALF_EVEN, Decimal

    table = pd.read_parquet(deals)
    table = table[(table["status"] == "done") & (table["date"] <= "2026-02-15")]
    sums: dict[tuple[int, str], Decimal] = {}
    for client, day, amount in zip(table["client_id"], table["date"], table["amount"]):
        key = (client, f"{day:%Y-%m}")
        cents = Decimal(0 if np.isnan(amount) else amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_EVEN)
        sums[key] = sums.get(key, Decimal(0)) + cents
    seen = {(c, f"{m:%Y-%m}"): 0 if np.isnan(v) else round(v * 100) for c, m, v in
            zip(duck["client_id"], duck["month"], duck["revenue"])}  # fmt: skip
    assert seen == {key: int(value) for key, value in sums.items()}


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "pyspark", "clickhouse", "bigquery"])
def test_expression_compiles_everywhere(dialect: str) -> None:
    import ibis

    if dialect == "pyspark":
        pytest.importorskip("pyspark", reason="pyspark is not installed (extra spark)")
    schema = {"client_id": "int64", "date": "date", "amount": "float64", "gross_profit": "float64", "kind": "string",
              "status": "string", "transaction_id": "int64"}  # fmt: skip
    sql = ibis.to_sql(panel_expression(ibis.table(schema, name="transactions"), "2026-10"), dialect=dialect)
    assert "transactions" in sql
    assert "group by" in sql.lower()
