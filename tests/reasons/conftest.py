"""The generated worlds of the benchmarks, for the tests of reasons and localisation."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest


def _benchmark(name: str) -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reason_worlds() -> ModuleType:
    return _benchmark("reasons")


@pytest.fixture(scope="session")
def slice_worlds() -> ModuleType:
    return _benchmark("localise")
