"""What the report line costs beside a bare loop, papermill's API, the stock commands and Quarto.

Ten notebooks of six plots and four tables on the demo data run in every way, each in a fresh process,
imports included; CPU seconds count all children (kernels, workers). Then the first page from a cold start, fifty
clients with five notebooks each and a rerun without changes.

    python -m benchmarks.report_line [--quick] [--notebooks 10] [--clients 50]
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks._table import Cost, lacking, ratios, show
from benchmarks._table import spent as spent_by

ROOT = Path(__file__).resolve().parents[1]
MONTH = "2026-10"
STEADY = {"PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1",
          "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg"}  # fmt: skip

CELLS = [
    (
        "import numpy as np\nimport pandas as pd\nimport seaborn as sns\nimport loyalty_analytics as la\n"
        "from loyalty_analytics.exhibits.base import Exhibit, drawn"
    ),
    (
        "data = la.load(client, month=month)\npanel = data.panel.assign(year=lambda t: t['month'].dt.year)\n"
        "months = panel.groupby('month', as_index=False)[['revenue', 'orders']].sum()"
    ),
    (
        "Exhibit(name='a', title='Line', language=language, alt='Revenue by month, a line',\n"
        "    draw=drawn(lambda ax, narrow: ax.plot(months['month'], months['revenue'])))"
    ),
    (
        "Exhibit(name='b', title='Columns', language=language, alt='Orders by month, columns',\n"
        "    draw=drawn(lambda ax, narrow: ax.bar(range(len(months)), months['orders'])))"
    ),
    "months.tail(12)",
    (
        "Exhibit(name='c', title='Boxes', language=language, alt='Revenue by year, boxes',\n"
        "    draw=drawn(lambda ax, narrow: sns.boxplot(data=panel, x='year', y='revenue', ax=ax)))"
    ),
    "panel.describe()",
    (
        "wide = panel.pivot_table(index='client_id', columns='year', values='revenue', aggfunc='sum').fillna(0)\n"
        "Exhibit(name='d', title='Heat map', language=language, alt='Revenue by client and year, a heat map',\n"
        "    draw=drawn(lambda ax, narrow: sns.heatmap(wide.head(20), ax=ax, cbar=False)))"
    ),
    "wide.head(15)",
    (
        "Exhibit(name='e', title='Scatter', language=language, alt='Orders and revenue, a scatter with a line',\n"
        "    draw=drawn(lambda ax, narrow: sns.regplot(data=panel.head(400), x='orders', y='revenue', ax=ax, seed=1)))"
    ),
    (
        "Exhibit(name='f', title='Histogram', language=language, alt='Revenue of client-months, a histogram',\n"
        "    draw=drawn(lambda ax, narrow: sns.histplot(data=panel, x='revenue', ax=ax)))"
    ),
    "la.monthly_panel(data.transactions, as_of=month)",
]

BARE = """
import ast, json, sys, pathlib
import matplotlib; matplotlib.use("agg")
root, out, count = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), int(sys.argv[3])
import os; os.chdir(root)
for number in range(1, count + 1):
    parts, names = [], {"client": "radio", "month": "2026-10", "language": "ru"}
    for cell in json.loads((root / f"notebooks/{number:02d}_bench.ipynb").read_text())["cells"][1:]:
        tree = ast.parse(cell["source"])
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
            whole = hasattr(value, "_repr_mimebundle_")
            parts.append(value._repr_mimebundle_()["text/html"] if whole else value._repr_html_())
    (out / f"{number:02d}.html").write_text("\\n".join(parts))
"""

ENGINE = """
import sys, pathlib
from loyalty_analytics.report.job import Job
from loyalty_analytics.report.workers import run_jobs
root, out, count, workers = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
jobs = [Job(notebook=f"{root}/notebooks/{n:02d}_bench.ipynb", root=root, stage=out, name=f"{n:02d}", client="radio",
            month="2026-10", language="ru", key="") for n in range(1, count + 1)]
faults = []
run_jobs(jobs, workers, lambda job, outcome: faults.append(outcome) if not outcome["ok"] else [] or [])
assert not faults, faults
"""

API = """
import sys, papermill
root, out, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
for n in range(1, count + 1):
    papermill.execute_notebook(f"{root}/notebooks/{n:02d}_bench.ipynb", f"{out}/{n:02d}.ipynb", {"client": "radio"},
                               progress_bar=False, cwd=root)
"""


def notebook(path: Path, sources: list[str]) -> None:
    """Write a notebook with the agreed parameters."""
    plain: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    given = f'client = "radio"\nmonth = "{MONTH}"\nlanguage = "ru"'
    cells = [{**plain, "id": f"c{number}", "source": source} for number, source in enumerate([given, *sources])]
    cells[0]["metadata"] = {"tags": ["parameters"]}
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), "utf-8")


def environment() -> dict[str, str]:
    """The steady environment of the command, with byte code kept as on a normal machine."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | STEADY


def spent(command: list[str], cwd: Path, times: int = 1) -> Cost:
    """CPU and wall seconds of a command with all its children, the least of several runs, and its peak memory."""
    return spent_by(command, cwd, environment(), times)


def ten_notebooks(work: Path, count: int, stock: int, repeats: int) -> None:
    """The same notebooks in every way."""
    root = work / "ten"
    shutil.copytree(ROOT / "params", root / "params")
    shutil.copytree(ROOT / "data" / "raw" / "radio", root / "data" / "raw" / "radio")
    for number in range(1, count + 1):
        notebook(root / "notebooks" / f"{number:02d}_bench.ipynb", CELLS)
    out = work / "out"
    out.mkdir()
    python = [sys.executable, "-c"]
    subprocess.run([*python, "import loyalty_analytics as la; la.load('radio')"], cwd=root, check=True)
    here = [str(root), str(out)]
    ways = {
        "bare loop": ([*python, BARE, *here, str(count)], count),
        "engine, 1 worker": ([*python, ENGINE, *here, str(count), "1"], count),
        "engine, 2 workers": ([*python, ENGINE, *here, str(count), "2"], count),
        "papermill API, no page": ([*python, API, *here, str(stock)], stock),
    }
    rows: list[dict[str, object]] = []

    def row(name: str, runs: int, *costs: Cost) -> float:
        wall = sum(cost.wall for cost in costs)
        rows.append({"way": name, "CPU s": sum(cost.cpu for cost in costs) / runs, "wall s": wall / runs,
                     "peak MB": max(cost.mb for cost in costs)})  # fmt: skip
        return wall / runs

    for name, (command, runs) in ways.items():
        row(name, runs, spent(command, root, times=1 if "papermill" in name else repeats))
    script = Path(sys.executable).parent
    used = []
    for number in range(1, stock + 1):
        book = f"{out}/{number:02d}.ipynb"
        source = f"notebooks/{number:02d}_bench.ipynb"
        used.append(spent([str(script / "papermill"), source, book, "-p", "client", "radio"], root))
        used.append(spent([str(script / "jupyter-nbconvert"), "--to", "html", book], root))
    stock_wall = row("papermill + nbconvert commands", stock, *used)
    if reason := lacking(program="quarto"):
        rows.append({"way": "quarto render", "remark": reason})
    else:
        quarto = ["quarto", "render", "notebooks/01_bench.ipynb", "--to", "html", "--execute"]
        row("quarto render", 1, spent(quarto, root))
    rows = ratios(rows, "CPU s", "times bare")
    show(f"{count} notebooks of 6 plots and 4 tables: per notebook, imports included", rows,
         "Peak: the largest process of the run.")  # fmt: skip
    shutil.rmtree(root / "data" / "processed")
    for number in range(2, count + 1):
        (root / "notebooks" / f"{number:02d}_bench.ipynb").unlink()
    report = [str(script / "loyalty"), "report", "radio", "--month", MONTH]
    first = {"loyalty report, raw files read and checked": spent(report, root)}
    shutil.rmtree(root / "reports")
    shutil.rmtree(root / "logs")
    first["loyalty report, raw files read before"] = spent(report, root)
    pages = [{"way": name, "wall s": cost.wall, "CPU s": cost.cpu} for name, cost in first.items()]
    stock_row = {"way": "papermill + nbconvert commands, raw files read before", "wall s": stock_wall,
                 "CPU s": sum(cost.cpu for cost in used) / stock}  # fmt: skip
    show("First page from a cold start", ratios([*pages, stock_row], "CPU s", "times the CPU"))


def fifty_clients(work: Path, clients: int, workers: list[int]) -> None:
    """Many small clients: wall seconds, memory of a worker, a rerun without changes."""
    sys.path.insert(0, str(ROOT / "tests" / "report"))
    import conftest as kit  # type: ignore[import-not-found]

    root = work / "many"
    for number in range(clients):
        kit.write_client(root, f"c{number:03d}")
    for number in range(1, 6):
        kit.write_notebook(root / "notebooks" / f"{number:02d}_bench.ipynb", kit.BRIEF)
    loyalty = str(Path(sys.executable).parent / "loyalty")
    rows: list[dict[str, object]] = []
    for count in workers:
        for made in ("reports", "logs", "data/processed"):
            shutil.rmtree(root / made, ignore_errors=True)
        command = [loyalty, "report", "--all", "--month", MONTH, "--jobs", str(count)]
        cost = spent(command, root)
        lines = [json.loads(line) for line in (root / "logs" / "loyalty.jsonl").read_text("utf-8").splitlines()]
        peak = max(line["memory"] for line in lines if line["event"] == "job")
        rows.append({"run": f"workers: {count}", "wall s": cost.wall, "CPU s": cost.cpu, "peak MB of a worker": peak})
    cost = spent(command, root)
    rows.append({"run": "again, nothing changed", "wall s": cost.wall, "CPU s": cost.cpu})
    show(f"{clients} clients, 5 notebooks each, raw files read and checked", rows)


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few notebooks and clients")
    parser.add_argument("--notebooks", type=int, default=10)
    parser.add_argument("--stock", type=int, default=10, help="notebooks of the stock ways")
    parser.add_argument("--clients", type=int, default=50)
    given = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if given.quick:
        given.notebooks, given.stock, given.clients = 3, 1, 5
    with tempfile.TemporaryDirectory(prefix="loyalty-bench-") as name:
        ten_notebooks(Path(name), given.notebooks, min(given.stock, given.notebooks), 1 if given.quick else 3)
        fifty_clients(Path(name), given.clients, [1, 2] if given.quick or cores < 4 else [1, 2, 4])


if __name__ == "__main__":
    main()
