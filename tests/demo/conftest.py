"""The demo clients as the package loads them, and the truth that was planted in them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import loyalty_analytics as la

MONTH = "2026-10"


@pytest.fixture(scope="session")
def truth(root: Path) -> dict[str, pd.DataFrame]:
    """Planted truth by name: radio_story, radio_silent, radio_causes, radio_channels, clinic_story, clinic_causes."""
    return {file.stem: pd.read_csv(file) for file in sorted((root / "tests" / "demo" / "truth").glob("*.csv"))}


@pytest.fixture(scope="session")
def radio(root: Path):
    """The radio group as of its last month."""
    return la.load("radio", month=MONTH, root=root)


@pytest.fixture(scope="session")
def clinic(root: Path):
    """The clinic as of its last month."""
    return la.load("clinic", month=MONTH, root=root)
