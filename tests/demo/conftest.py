"""The demo clients as the package loads them, and the truth that was planted in them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

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


def _agreement(data: Any, planted: pd.DataFrame) -> tuple[float, float]:
    tags = la.tag_causes(data.feedback, codebook=data.params.codebook).table
    seen = set(zip(tags["feedback_id"], tags["cause"]))
    said = set(zip(planted["feedback_id"], planted["cause"]))
    precision, recall = len(seen & said) / len(seen), len(seen & said) / len(said)
    print(f"\ncauses: precision {precision:.2f}, recall {recall:.2f} of {len(said)}")
    return precision, recall


@pytest.fixture(scope="session")
def agreement() -> Callable[[Any, pd.DataFrame], tuple[float, float]]:
    """Precision and recall of the tags of a client's texts against the causes planted in them."""
    return _agreement
