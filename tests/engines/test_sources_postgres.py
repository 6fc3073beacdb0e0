"""A client in a real PostgreSQL: read and proposed as files are; the password stays in the environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks import engines

import loyalty_analytics as la
from loyalty_analytics.errors import SourceError
from loyalty_analytics.load import prepare
from loyalty_analytics.sources.new.propose import propose

pytestmark = pytest.mark.engines
PASSWORD = "pass-of-the-test"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a server of its own that asks for a password."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra postgres)")
    with engines.cluster(tmp_path_factory.mktemp("cluster"), "anna", PASSWORD) as address:
        yield address


@pytest.fixture(scope="module")
def filled(base: str) -> str:
    import psycopg

    with psycopg.connect(f"postgresql://anna:{PASSWORD}@{base}") as connection, connection.cursor() as cursor:
        cursor.execute(
            "create table orders (order_id int, customer_id text, order_date date, amount numeric(14,2));"
            "insert into orders values (1,'007','2024-01-05',100.10),(2,'008','2024-02-06',0.20),"
            "(3,'007','2024-03-07',-50.00);"
        )
    return base


def test_a_client_in_postgresql(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", PASSWORD)
    url = f"postgres://anna:${{CRM_PASSWORD}}@{filled}"
    (tmp_path / "params").mkdir()
    made = propose("shop", [], url, tmp_path)
    assert "CRM_PASSWORD" in made.text
    assert PASSWORD not in made.text
    data = la.load("shop", root=tmp_path)
    assert data.transactions["client_id"].tolist() == ["007", "008", "007"]
    assert data.transactions["amount"].tolist() == [100.10, 0.20, -50.0]
    assert data.transactions["kind"].tolist() == ["sale", "sale", "return"]
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or PASSWORD.encode() not in path.read_bytes()


def test_a_wrong_password_is_not_told(filled: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CRM_PASSWORD", "wrong-secret")
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "shop.yaml").write_text(
        "title: S\nsources:\n  transactions:\n    url: postgres://anna:${CRM_PASSWORD}@" + filled + "\n"
        "    table: orders\n    columns: {client_id: customer_id, date: order_date, amount: amount}\n"
    )
    with pytest.raises(SourceError) as caught:
        prepare("shop", tmp_path)
    assert "wrong-secret" not in str(caught.value)
