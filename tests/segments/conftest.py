"""Worlds of known rhythm, from benchmarks/rhythm.py, and the shared simulated base."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def rhythm(root: Path, module_at: Callable[[Path], ModuleType]) -> ModuleType:
    return module_at(root / "benchmarks" / "rhythm.py")


@pytest.fixture(scope="session")
def world(rhythm: ModuleType) -> Callable[..., tuple[pd.DataFrame, pd.DataFrame]]:
    return rhythm.world


@pytest.fixture(scope="session")
def base(shared: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Transactions under canonical names, clients, truth of the shared base of 2,000 clients."""
    folder = shared / "data" / "transactions" / "b2b_simulated_2000"
    names = {"order_id": "transaction_id", "order_date": "date", "revenue": "amount", "profit": "gross_profit"}
    deals = pd.read_parquet(folder / "transactions.parquet").rename(columns=names)
    people = pd.read_parquet(folder / "clients.parquet").rename(columns={"channel": "acquisition_channel"})
    return deals, people, pd.read_parquet(folder / "truth.parquet")
