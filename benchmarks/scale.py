"""Panel, RFM and base metrics on 1, 10 and 50 million transactions of one world.

    python -m benchmarks.scale                     # 1 and 10 million
    python -m benchmarks.scale --millions 1 10 50  # needs 2 GB of disk

Every subject runs in a process of its own, which reports seconds and its peak memory. The measure is the ratio of
CPU seconds to DuckDB's bare scan of the same columns of the same file on the same number of threads.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from benchmarks._table import lacking, ratios, show

CLIENT_ORDERS = 500  # orders per client: 50 million transactions are 100,000 clients
MONTHS = 48


def generate(file: Path, rows: int, threads: int = 2) -> None:
    """Write a world of transactions in bounded memory: rows are hashes of their number, streamed to Parquet.

    Clients differ in size (a few per cent bring most orders), live for a part of the span and buy more in December;
    1.5 % of the rows are returns.
    """
    import duckdb

    clients = max(rows // CLIENT_ORDERS, 50)
    days = MONTHS * 30
    engine = duckdb.connect(config={"threads": threads, "memory_limit": "1GB", "preserve_insertion_order": False})
    engine.execute(f"""
        copy (
            select n as transaction_id,
                1 + cast({clients} * pow(u, 1.8) as bigint) as client_id,
                date '2021-01-01' + cast(least(born + w * (1 - born / {days}.0) * life, {days - 1}) as integer) as date,
                round(case when r < 0.015 then -1 else 1 end * exp(8 + 2.2 * (v - 0.5) + 1.5 * (q - 0.5)), 2) as amount,
                round(exp(7 + 2.2 * (v - 0.5)), 2) as gross_profit,
                case when r < 0.015 then 'return' else 'sale' end as kind
            from (
                select n, hash(n) % 1000003 / 1000003.0 as u, hash(n + 1) % 999983 / 999983.0 as w,
                    hash(n * 3 + 2) % 999979 / 999979.0 as v, hash(n * 7 + 5) % 999961 / 999961.0 as r,
                    hash(cast(1 + {clients} * pow(hash(n) % 1000003 / 1000003.0, 1.8) as bigint)) % 1009 / 1009.0 as q,
                    greatest(0, {days} * (2 * (hash(cast(1 + {clients} * pow(hash(n) % 1000003 / 1000003.0, 1.8)
                        as bigint) + 11) % 1013 / 1013.0) - 1)) as born,
                    {days} * (0.3 + 0.7 * (hash(cast(1 + {clients} * pow(hash(n) % 1000003 / 1000003.0, 1.8)
                        as bigint) + 13) % 1019 / 1019.0)) as life
                from range({rows}) as t(n)
            )
        ) to '{file}' (format parquet, compression zstd, row_group_size 500000)
    """)


def bare_scan(file: Path, threads: int) -> object:
    """Read the columns and do next to nothing with them."""
    import duckdb

    engine = duckdb.connect(config={"threads": threads})
    return engine.execute(
        f"select max(client_id), max(date), sum(amount), sum(gross_profit), max(kind) from '{file}'"
    ).fetchone()


def ours(file: Path, threads: int) -> object:
    """The package: panel on DuckDB through Ibis, the rest on the panel."""
    import ibis

    import loyalty_analytics as la

    panel = la.monthly_panel(ibis.duckdb.connect(threads=threads).read_parquet(str(file)), "2024-12")
    rfm, metrics = la.rfm(panel), la.base_metrics(panel)
    value = metrics.frame.set_index("metric")["value"]
    return len(panel), len(rfm), float(value["revenue"]), int(rfm.frame[["r", "f", "m"]].sum().sum())


def in_pandas(file: Path, threads: int) -> object:
    """One table in pandas."""
    import numpy as np
    from scipy.stats import rankdata

    t = pd.read_parquet(file)
    date = pd.to_datetime(t["date"])
    t = pd.DataFrame({
        "client_id": t["client_id"], "month": date.dt.year * 12 + date.dt.month - 1, "date": date,
        "minor": np.rint(t["amount"] * 100).astype("int64"), "profit": np.rint(t["gross_profit"] * 100).astype("int64"),
        "sale": t["kind"] != "return",
    })  # fmt: skip
    t["sold"] = t["date"].where(t["sale"])
    panel = t.groupby(["client_id", "month"]).agg(
        orders=("sale", "sum"), minor=("minor", "sum"), profit=("profit", "sum"), last=("sold", "max"),
        days=("sold", "nunique"),
    ).reset_index()  # fmt: skip
    sums = panel.groupby("client_id").agg(orders=("orders", "sum"), minor=("minor", "sum"), last=("last", "max"))
    sums = sums[sums["orders"] > 0]
    total = 0
    recency = -(pd.Timestamp("2024-12-31") - sums["last"]).dt.days
    for values in (recency.to_numpy(), sums["orders"].to_numpy(), sums["minor"].to_numpy()):
        total += int(np.ceil(5 * (rankdata(values) - 0.5) / len(values)).sum())  # equals in the middle of their ranks
    end = 2024 * 12 + 11
    return len(panel), len(sums), float(panel.loc[panel["month"] > end - 12, "minor"].sum() / 100), total


def in_polars(file: Path, threads: int) -> object:
    """One table in polars, streamed."""
    import numpy as np
    import polars as pl
    from scipy.stats import rankdata

    t = pl.scan_parquet(file).select(
        "client_id", "date", month=pl.col("date").dt.year().cast(pl.Int64) * 12 + pl.col("date").dt.month() - 1,
        minor=(pl.col("amount") * 100).round().cast(pl.Int64),
        profit=(pl.col("gross_profit") * 100).round().cast(pl.Int64), sale=pl.col("kind") != "return",
    )  # fmt: skip
    sold = pl.col("date").filter(pl.col("sale"))
    panel = t.group_by("client_id", "month").agg(
        orders=pl.col("sale").sum(), minor=pl.col("minor").sum(), profit=pl.col("profit").sum(), last=sold.max(),
        days=sold.n_unique(),
    ).collect(engine="streaming")  # fmt: skip
    sums = panel.group_by("client_id").agg(pl.col("orders").sum(), pl.col("minor").sum(), pl.col("last").max())
    sums = sums.filter(pl.col("orders") > 0)
    total = 0
    recency = -(np.datetime64("2024-12-31") - sums["last"].to_numpy()).astype(int)
    for values in (recency, sums["orders"].to_numpy().astype(int), sums["minor"].to_numpy()):
        total += int(np.ceil(5 * (rankdata(values) - 0.5) / len(values)).sum())  # equals in the middle of their ranks
    end = 2024 * 12 + 11
    return len(panel), len(sums), float(panel.filter(pl.col("month") > end - 12)["minor"].sum() / 100), total


def lives(file: Path, threads: int) -> object:
    """Lifecycle and kinds on the panel, clients a second on one core (panel not counted)."""
    import ibis

    import loyalty_analytics as la

    panel = la.monthly_panel(ibis.duckdb.connect(threads=threads).read_parquet(str(file)), "2024-12")
    out = {}
    for engine in (la.lifecycle, la.client_kinds):
        start = time.process_time()
        clients = len(engine(panel))
        out[engine.__name__] = round(clients / (time.process_time() - start))
    return out


SUBJECTS: dict[str, tuple[str, Callable[[Path, int], object]]] = {
    "bare scan by DuckDB": ("duckdb", bare_scan), "loyalty_analytics": ("", ours),
    "polars, streamed": ("polars", in_polars), "pandas": ("pandas", in_pandas), "lives": ("", lives),
}  # fmt: skip


def _run(name: str, file: Path, threads: int) -> dict[str, object]:
    """One subject in a process of its own."""
    if reason := lacking(SUBJECTS[name][0]):
        return {"way": name, "remark": reason}
    environment = dict(os.environ, OMP_NUM_THREADS="1", POLARS_MAX_THREADS=str(threads))
    command = [sys.executable, "-m", "benchmarks.scale", "--subject", name, "--file", str(file)]
    command += ["--threads", str(threads)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        return {"way": name, "remark": f"failed: {(done.stderr.strip().splitlines() or ['killed'])[-1][:80]}"}
    return {"way": name, **json.loads(done.stdout.splitlines()[-1])}


def _subject(name: str, file: Path, threads: int) -> None:
    import ibis  # noqa: F401  (the price of imports is not what is measured)

    wall, cpu = time.perf_counter(), time.process_time()
    result = SUBJECTS[name][1](file, threads)
    spent = {"wall s": time.perf_counter() - wall, "CPU s": time.process_time() - cpu}
    peak = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 2**20
    print(json.dumps({**spent, "peak GB": peak, "result": result}, default=str))


def main() -> None:
    """Generate, measure, print a table per size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--skip", nargs="*", default=[])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--subject")
    parser.add_argument("--file", type=Path)
    options = parser.parse_args()
    if options.subject:
        _subject(options.subject, options.file, options.threads)
        return
    with tempfile.TemporaryDirectory() as scratch:
        for millions in options.millions:
            file = (options.folder or Path(scratch)) / f"transactions_{millions}.parquet"
            if not file.exists():
                generate(file, millions * 10**6, options.threads)
            rows = [_run(name, file, options.threads) for name in SUBJECTS if name not in options.skip]
            made = {row["way"]: row.pop("result", None) for row in rows}
            alike = {str(made[name]) for name in made if name not in ("bare scan by DuckDB", "lives") and made[name]}
            told = "All give the same sums" if len(alike) == 1 else f"Sums DIFFER: {alike}"
            if made.get("lives"):
                told += f"; clients per CPU second, panel given: {str(made['lives'])[1:-1]}"
            rows = ratios([row for row in rows if row["way"] != "lives"], "CPU s", "times the scan")
            title = f"Panel, RFM and base metrics of {millions} million transactions, {options.threads} threads"
            show(title, rows, f"{told}.")


if __name__ == "__main__":
    main()
