"""Invented worlds of the benchmark and the scores of ../shared for the tests of breaks."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _module(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def worlds(root: Path) -> ModuleType:
    return _module("breaks_worlds", root / "benchmarks" / "breaks_worlds.py")


@pytest.fixture(scope="session")
def scores(shared: Path) -> ModuleType:
    return _module("score_breaks", shared / "tools" / "score_breaks.py")
