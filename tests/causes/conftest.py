"""Shared by the tests of the tagging engine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from loyalty_analytics.causes.tagger import Tagger

sys.path.insert(0, str(Path(__file__).parent))
_SHARED = Path(__file__).parents[3] / "shared" / "data" / "feedback"


@pytest.fixture(scope="session")
def general() -> Tagger:
    return Tagger("general")


@pytest.fixture(scope="session")
def airline() -> tuple[list[dict], dict[str, str]]:
    """Tweets to airlines with the annotated reason (CC BY-NC-SA 4.0: read where they lie, never copied)."""
    file = _SHARED / "en_airline_dev.jsonl"
    if not file.is_file():
        pytest.skip("the shared feedback texts are not here")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    return rows, json.loads((_SHARED / "en_airline_dev.map.json").read_text(encoding="utf-8"))["map"]


@pytest.fixture(scope="session")
def own() -> list[dict]:
    file = _SHARED / "own_ru_dev.jsonl"
    if not file.is_file():
        pytest.skip("the shared feedback texts are not here")
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
