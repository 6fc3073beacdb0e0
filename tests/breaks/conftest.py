"""Invented worlds of the benchmark and the scores of ../shared for the tests of breaks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def worlds(root: Path, module_at: Callable[[Path], ModuleType]) -> ModuleType:
    return module_at(root / "benchmarks" / "breaks_worlds.py")


@pytest.fixture(scope="session")
def scores(shared: Path, module_at: Callable[[Path], ModuleType]) -> ModuleType:
    return module_at(shared / "tools" / "score_breaks.py")
