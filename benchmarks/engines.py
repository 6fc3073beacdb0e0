"""The same month on DuckDB, PostgreSQL and Spark (local[2]): equal to the kopeck, seconds of each.

    python -m benchmarks.engines [--millions 1] [--month 2024-12] [--url postgres://user@host/base] [--threads 2]

Without --url a PostgreSQL of its own is started in a scratch folder. Spark needs Java and the extra `spark`, PostgreSQL
the extra `postgres`; what is missing is told and the others run. Spark's start is timed apart from its work.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from benchmarks._table import lacking, ratios, show
from benchmarks.scale import generate

COLUMNS = {"transaction_id": "bigint", "client_id": "bigint", "date": "timestamp", "amount": "double precision",
           "gross_profit": "double precision", "kind": "text", "status": "text"}  # fmt: skip


def programs() -> Path | None:
    """Folder of PostgreSQL's programs; None where it is not installed."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb")) or [Path(shutil.which("initdb") or "/absent")]
    return found[-1].parent if found[-1].is_file() else None


def lacking_postgres() -> str:
    """Why PostgreSQL cannot run here; empty where it can."""
    return lacking("psycopg") or ("" if programs() else "not run: PostgreSQL is not on this machine")


def lacking_spark() -> str:
    """Why Spark cannot run here; empty where it can."""
    return lacking("pyspark") or lacking(program="java")


@contextlib.contextmanager
def cluster(data: Path, user: str = "tester", password: str = "") -> Iterator[str]:
    """Address (host:port/base) of a PostgreSQL of its own in a scratch folder; it refuses to run as root."""
    folder, as_user = programs(), []
    if folder is None:
        raise FileNotFoundError("PostgreSQL is not installed: apt-get install postgresql")
    secret = data / "secret"
    secret.write_text(password or "none")
    if os.geteuid() == 0:
        as_user = ["runuser", "-u", "postgres", "--"]
        for path in (data, *data.parents[:2]):
            path.chmod(path.stat().st_mode | 0o755)
        for path in (data, secret):
            shutil.chown(path, "postgres")
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])

    def run(*command: object) -> None:
        subprocess.run([*as_user, *map(str, command)], check=True, capture_output=True, cwd="/")

    how = "md5" if password else "trust"
    run(folder / "initdb", "-D", data / "db", "-A", how, "-U", user, "--no-sync", "--pwfile", secret)
    options = f"-p {port} -k {data} -c listen_addresses=127.0.0.1 -c fsync=off"
    run(folder / "pg_ctl", "-D", data / "db", "-w", "-o", options, "-l", data / "log", "start")
    try:
        yield f"127.0.0.1:{port}/postgres"
    finally:
        run(folder / "pg_ctl", "-D", data / "db", "-m", "fast", "-t", "20", "stop")


def fill(url: str, file: Path) -> None:
    """Copy a Parquet file of transactions into a table of that name."""
    import psycopg
    import pyarrow.parquet as parquet

    source = parquet.ParquetFile(file)
    names = [name for name in COLUMNS if name in source.schema_arrow.names]
    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection, connection.cursor() as cursor:
        cursor.execute(f"create table transactions ({', '.join(f'{name} {COLUMNS[name]}' for name in names)})")
        with cursor.copy(f"copy transactions ({', '.join(names)}) from stdin") as copy:
            for batch in source.iter_batches(50_000, columns=names):
                table = batch.to_pandas().astype(object)
                for row in table.where(table.notna(), None).itertuples(index=False):
                    copy.write_row(row)
        connection.commit()
        cursor.execute("analyze transactions")


def server_version(url: str) -> str:
    """Version of the server."""
    import psycopg

    with psycopg.connect(url.replace("postgres://", "postgresql://")) as connection:
        return str(connection.info.parameter_status("server_version"))


@contextlib.contextmanager
def spark(threads: int = 2) -> Iterator[Any]:
    """An Ibis connection to a local Spark."""
    import ibis
    from pyspark.sql import SparkSession

    session = (
        SparkSession.builder.master(f"local[{threads}]").appName("loyalty").config("spark.ui.enabled", "false")
        .config("spark.sql.session.timeZone", "UTC").config("spark.sql.shuffle.partitions", str(2 * threads))
        .config("spark.driver.memory", "2g").getOrCreate()
    )  # fmt: skip
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


def month(source: Any, as_of: str, **options: Any) -> dict[str, pd.DataFrame]:
    """What a month needs of an engine: the panel; all else is NumPy on it."""
    import loyalty_analytics as la

    panel = la.monthly_panel(source, as_of, **options)
    return {"panel": panel.frame, "rfm": la.rfm(panel).frame, "metrics": la.base_metrics(panel).frame}


def timed(name: str, call: Callable[[], dict[str, pd.DataFrame]], same_as: dict[str, pd.DataFrame]) -> dict[str, Any]:
    """Least wall seconds of two runs, and whether every table is the same, value by value."""
    seconds, made = float("inf"), {}
    for _ in range(2):
        start = time.perf_counter()
        made = call()
        seconds = min(seconds, time.perf_counter() - start)
    for key, table in made.items():
        pd.testing.assert_frame_equal(table, same_as.setdefault(key, table), check_exact=True)
    revenue = made["panel"]["revenue"].sum()
    return {"engine": name, "wall s": seconds, "client-months": len(made["panel"]), "revenue": f"{revenue:.2f}",
            "equal": "yes"}  # fmt: skip


def main() -> None:
    """Generate, run, compare, print the table."""
    import ibis

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--millions", type=float, default=1)
    parser.add_argument("--month", default="2024-12")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--url", default="", help="a PostgreSQL that holds nothing called transactions")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        import ibis

        scratch = stack.enter_context(tempfile.TemporaryDirectory(prefix="loyalty-engines-"))
        file, same = Path(scratch) / "transactions.parquet", {}
        generate(file, int(given.millions * 10**6), given.threads)
        duck = ibis.duckdb.connect(threads=given.threads).read_parquet(str(file))
        rows: list[dict[str, Any]] = [
            timed("DuckDB on Parquet", lambda: month(duck, given.month), same) | {"remark": version("duckdb")}
        ]
        if reason := lacking("psycopg") if given.url else lacking_postgres():
            rows.append({"engine": "PostgreSQL", "remark": reason})
        else:
            (folder := Path(scratch) / "postgres").mkdir()
            url = given.url or f"postgres://tester@{stack.enter_context(cluster(folder))}"
            start = time.perf_counter()
            fill(url, file)
            filled = f"{server_version(url)}, filled in {time.perf_counter() - start:.0f} s before"
            row = timed("PostgreSQL", lambda: month(url, given.month, table="transactions"), same)
            rows.append(row | {"remark": filled})
        if reason := lacking_spark():
            rows.append({"engine": "Spark", "remark": reason})
        else:
            start = time.perf_counter()
            engine = stack.enter_context(spark(given.threads))
            table = engine.read_parquet(str(file), table_name="transactions")
            started = f"{version('pyspark')}, started in {time.perf_counter() - start:.0f} s before"
            row = timed(f"Spark local[{given.threads}]", lambda: month(table, given.month), same)
            rows.append(row | {"remark": started})
        rows = ratios(rows, "wall s", "times DuckDB")
        show(f"{given.month} of {given.millions:g} million transactions: panel, RFM and base metrics", rows,
             "Equal: all three tables compared value by value, exactly. The lesser of two runs.")  # fmt: skip


if __name__ == "__main__":
    main()
