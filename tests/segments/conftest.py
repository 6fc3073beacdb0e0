"""Worlds of known rhythm, from benchmarks/rhythm.py, and the shared simulated base."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pandas as pd
import pytest


@pytest.fixture(scope="session")
def rhythm(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("rhythm_worlds", root / "benchmarks" / "rhythm.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["rhythm_worlds"] = module
    spec.loader.exec_module(module)
    return module


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
