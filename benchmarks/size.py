"""End to end at size: from a Parquet file of many million transactions to all reports, and many small clients.

    python -m benchmarks.size --millions 4            # 20,000 clients of 200 orders
    python -m benchmarks.size --millions 20           # the goal: 3 minutes, 4 GB, two cores; needs 2 GB of disk
    python -m benchmarks.size --small 200             # 200 clients of 50: wall seconds per report

Raw files, params and reports are made in a folder of their own. Each stage is a program of its own; CPU seconds count
its workers, the peak is that of its largest process, and reports give their own seconds and memory to the journal.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import scale
from benchmarks._table import show, spent

MONTH = "2024-12"
PARAMS = """client: {name}
title: {{ru: {name}, en: {name}}}
language: en
currency: RUB
sources:
  transactions:
    files: [transactions.parquet]
    columns: {{transaction_id: transaction_id, client_id: client_id, date: date, amount: amount, kind: kind,
              gross_profit: gross_profit}}
"""


def write_client(root: Path, name: str, rows: int, orders: int) -> None:
    """Params and raw transactions of a client: ``rows`` transactions, so many per customer."""
    raw = root / "data" / "raw" / name
    raw.mkdir(parents=True, exist_ok=True)
    (root / "params").mkdir(exist_ok=True)
    (root / "params" / f"{name}.yaml").write_text(PARAMS.format(name=name), encoding="utf-8")
    scale.CLIENT_ORDERS = orders
    scale.generate(raw / "transactions.parquet", rows)


def journal(root: Path) -> list[dict[str, Any]]:
    """What each report of the last run took."""
    lines = (root / "logs" / "loyalty.jsonl").read_text("utf-8").splitlines()
    return [line for line in map(json.loads, lines) if line["event"] == "job" and line["page"]]


def one_large(root: Path, millions: float, orders: int, jobs: int, env: dict[str, str]) -> None:
    """One client of many customers: proposal, check, all reports and a dossier, in the usual memory of a worker."""
    rows = round(millions * 10**6)
    write_client(root, "big", rows, orders)
    loyalty = str(Path(sys.executable).parent / "loyalty")
    file = root / "data" / "raw" / "big" / "transactions.parquet"
    (root / "new" / "params").mkdir(parents=True)
    stages = {
        "loyalty new (a sample of the rows)": [loyalty, "new", "big", str(file), "--root", str(root / "new")],
        "loyalty check": [loyalty, "check", "big", "--root", str(root)],
        f"loyalty report, {jobs} workers": [loyalty, "report", "big", "--month", MONTH, "--jobs", str(jobs),
                                            "--root", str(root)],
        "loyalty dossier of one client": [loyalty, "dossier", "big", "--client", "1", "--month", MONTH,
                                          "--root", str(root)],
    }  # fmt: skip
    costs = {name: spent(command, root, env) for name, command in stages.items()}
    table: list[dict[str, Any]] = [
        {"stage": name, "wall s": cost.wall, "CPU s": cost.cpu, "peak GB": cost.mb / 1024}
        for name, cost in costs.items()
    ]
    done = list(costs.values())[1:]
    table.append({"stage": "check, reports and dossier", "wall s": sum(cost.wall for cost in done),
                  "CPU s": sum(cost.cpu for cost in done),
                  "peak GB": max(cost.mb for cost in done) / 1024})  # fmt: skip
    for line in sorted(journal(root), key=lambda line: str(line["page"])):
        table.append({"stage": line["page"] + ("" if line["ok"] else " (failed)"), "wall s": float(line["seconds"]),
                      "CPU s": float(line["cpu"]), "peak GB": line["memory"] / 1024})  # fmt: skip
    show(f"{rows:,} transactions of {max(rows // orders, 50):,} clients, Parquet to reports", table)


def many_small(root: Path, clients: int, jobs: int, env: dict[str, str]) -> None:
    """Many clients of fifty customers: the price of one report."""
    for number in range(clients):
        write_client(root, f"c{number:03d}", 50 * 40, 40)
    loyalty = str(Path(sys.executable).parent / "loyalty")
    check = spent([loyalty, "check", "--all", "--root", str(root)], root, env)
    made = spent([loyalty, "report", "--all", "--month", MONTH, "--jobs", str(jobs), "--root", str(root)], root, env)
    pages = len(journal(root))
    table: list[dict[str, Any]] = [
        {"stage": "loyalty check --all, per client", "wall s": check.wall / clients, "CPU s": check.cpu / clients,
         "peak GB": check.mb / 1024},
        {"stage": f"loyalty report --all, per report of {pages:,}", "wall s": made.wall / pages,
         "CPU s": made.cpu / pages, "peak GB": made.mb / 1024},
        {"stage": "both", "wall s": check.wall + made.wall, "CPU s": check.cpu + made.cpu},
    ]  # fmt: skip
    show(f"{clients} clients of 50, {jobs} workers", table)


def main() -> None:
    """Generate, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, default=None, help="transactions of the large client")
    parser.add_argument("--orders", type=int, default=200, help="transactions per customer of the large client")
    parser.add_argument("--small", type=int, default=None, help="number of small clients")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--folder", type=Path, help="where to work; removed afterwards unless given")
    given = parser.parse_args()
    if given.millions is None and given.small is None:
        given.millions, given.small = 1.0, 10
    work = given.folder or Path(tempfile.mkdtemp(prefix="loyalty-size-"))
    env = dict(os.environ, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
    try:
        if given.millions:
            one_large(work / "large", given.millions, given.orders, given.jobs, env)
        if given.small:
            many_small(work / "small", given.small, given.jobs, env)
    finally:
        if given.folder is None:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
