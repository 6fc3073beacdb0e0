"""What it costs to begin: imports and the smallest commands beside those of others (`python -m benchmarks.start`)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from benchmarks._table import lacking, ratios, show, spent

TIMES = 3


def main() -> None:
    """Print two tables, least of several runs."""
    steady = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    rows: list[dict[str, object]] = []
    for module in ("loyalty_analytics", "numpy", "pandas", "polars", "papermill", "ruptures", "lifetimes", "pingouin"):
        row: dict[str, object] = {"import": module}
        if reason := lacking(module):
            rows.append(row | {"remark": reason})
            continue
        cost = spent([sys.executable, "-c", f"import {module}"], env=steady, times=TIMES)
        rows.append(row | {"CPU s": cost.cpu, "peak MB": cost.mb})
    show(f"Import, least of {TIMES}", ratios(rows, "CPU s", "times the CPU"), "The interpreter itself is included.")
    rows = []
    for name in ("loyalty", "papermill", "jupyter-nbconvert", "quarto"):
        found = Path(sys.executable).parent / name
        reason = "" if found.is_file() else lacking(program=name)
        if reason:
            rows.append({"command": f"{name} --help", "remark": reason})
            continue
        cost = spent([str(found if found.is_file() else name), "--help"], env=steady, times=TIMES)
        rows.append({"command": f"{name} --help", "CPU s": cost.cpu, "peak MB": cost.mb})
    show(f"Commands, least of {TIMES}", ratios(rows, "CPU s", "times the CPU"))


if __name__ == "__main__":
    main()
