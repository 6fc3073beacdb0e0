"""The generated worlds of the benchmarks, for the tests of reasons and localisation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def reason_worlds(root: Path, module_at: Callable[[Path], ModuleType]) -> ModuleType:
    return module_at(root / "benchmarks" / "reasons.py")


@pytest.fixture(scope="session")
def slice_worlds(root: Path, module_at: Callable[[Path], ModuleType]) -> ModuleType:
    return module_at(root / "benchmarks" / "localise.py")
