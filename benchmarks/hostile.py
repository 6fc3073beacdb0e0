"""Hostile worlds: what the package does with data, files and params that nobody should send.

    python -m benchmarks.hostile [--clients 1000000]

Each world either works or refuses with an error of the package's own; anything else is a fault.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_analytics as la
from loyalty_analytics.errors import LoyaltyError

World = Callable[[Path], object]
CLIENTS = 20_000  # of the world of clients with one order; the command takes more


def orders(rows: int = 300, clients: int = 20, start: str = "2023-01-01") -> pd.DataFrame:
    """Plain transactions of three years."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({
        "transaction_id": np.arange(rows).astype(str), "client_id": rng.integers(0, clients, rows),
        "date": pd.Timestamp(start) + pd.to_timedelta(rng.integers(0, 1000, rows), unit="D"),
        "amount": rng.lognormal(8, 1, rows).round(2),
    })  # fmt: skip


def engines(transactions: pd.DataFrame, as_of: object = None) -> str:
    """Every engine that a monthly report runs on the panel."""
    panel = la.monthly_panel(transactions, as_of)
    calls = (la.client_kinds, la.lifecycle, la.rfm, la.cohorts, la.movement, la.base_metrics, la.find_breaks)
    return f"{len(panel)} client-months, " + ", ".join(f"{call.__name__} {len(call(panel))}" for call in calls)


def _leap(_: Path) -> str:
    days = ["2020-02-29", "2023-12-31 23:59:59.999999", "2024-01-01", "2024-02-29 23:59:59", "2024-12-31"]
    panel = la.monthly_panel(pd.DataFrame({"client_id": 1, "date": days, "amount": 1.0})).table
    assert [f"{month:%Y-%m}" for month in panel["month"]] == ["2020-02", "2023-12", "2024-01", "2024-02", "2024-12"]
    return "each day in its own month"


def _gap(_: Path) -> str:
    table = orders(900)
    return engines(table[~table["date"].between("2024-01-01", "2024-08-31")])


def _zones(_: Path) -> str:
    table = orders()
    moscow = table.assign(date=(table["date"] + pd.Timedelta("23:30:00")).dt.tz_localize("Europe/Moscow"))
    same = la.monthly_panel(moscow).table["revenue"].tolist() == la.monthly_panel(table).table["revenue"].tolist()
    assert same, "a day of another zone became another day"
    return "a day stays the day of its own clock"


def _mixed_ids(_: Path) -> str:
    table = orders()
    ids = pd.Series([one if one % 2 else f"../{one}\n=cmd|<b>" for one in table["client_id"]], dtype=object)
    assert set(la.rfm(la.monthly_panel(table.assign(client_id=ids))).table["client_id"]) == set(ids)
    return "ids come back as they were given"


def _text(unit: str) -> World:
    def world(_: Path) -> str:
        text = (unit * (100_000 // len(unit) + 1))[:100_000]
        tags = la.tag_causes(pd.DataFrame({"feedback_id": ["1"], "text": [text]})).table
        assert all(text[row.start : row.end] == row.evidence for row in tags.itertuples())
        return f"{len(tags)} causes"

    return world


DATA: dict[str, World] = {
    "clients with one order each": lambda _: engines(orders(CLIENTS, CLIENTS).assign(client_id=np.arange(CLIENTS))),
    "the same amount every month": lambda _: engines(
        pd.DataFrame(
            [
                (client, pd.Timestamp(2023, 1, 1) + pd.DateOffset(months=m), 100.0)
                for client in range(30)
                for m in range(36)
            ],
            columns=["client_id", "date", "amount"],
        )
    ),
    "no amounts": lambda _: engines(orders().assign(amount=np.nan)),
    "no dates": lambda _: engines(orders().assign(date=pd.NaT)),
    "no ids": lambda _: engines(orders().assign(client_id=None)),
    "no rows": lambda _: engines(orders(0)),
    "one row": lambda _: engines(orders(1)),
    "amounts of zero": lambda _: engines(orders().assign(amount=0.0)),
    "nothing but returns": lambda _: engines(orders().assign(amount=-5.0, kind="return")),
    "amounts of 10^13": lambda _: engines(orders().assign(amount=1e13)),
    "amounts of 10^16": lambda _: engines(orders().assign(amount=1e16)),
    "infinite amounts": lambda _: engines(orders().assign(amount=np.inf)),
    "amounts in words": lambda _: engines(orders().assign(amount="12,5 руб")),
    "decimal amounts": lambda _: engines(orders().assign(amount=[Decimal("12.50")] * 300)),
    "leap days and the last second of a year": _leap,
    "eight months without data": _gap,
    "clients born yesterday": lambda _: engines(orders().assign(date=pd.Timestamp("2025-06-30")), "2025-06-30"),
    "as of a month before all data": lambda _: engines(orders(), "1999-01"),
    "years 1901 and 2250": lambda _: engines(pd.concat([orders(start="1901-01-01"), orders(start="2250-01-01")])),
    "stamps of another time zone": _zones,
    "ids of mixed types and paths": _mixed_ids,
    "ids of 50,000 letters": lambda _: engines(
        orders().assign(client_id=lambda table: table["client_id"].map(lambda one: "я" * 50_000 + str(one)))
    ),
    "a text of 100,000 characters": _text("дорого, но вежливо. "),
    "a text without an end of sentence": _text("плохо и не "),
    "a text of one letter": _text("а"),
    "a text of marks": _text("\u202e!\u200b<b>\x00="),
}


def _book(folder: Path, change: Callable[[str], str]) -> pd.DataFrame:
    """A workbook whose sheet was changed by hand, read back."""
    plain, made = folder / "plain.xlsx", folder / "made.xlsx"
    pd.DataFrame({"date": ["2024-01-01"], "client": ["a"], "amount": [5]}).to_excel(plain, index=False)
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(plain) as source, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, change(content.decode()) if name == part else content)
    return la.read_source(made).table


def _raw(name: str, content: bytes) -> World:
    def world(folder: Path) -> str:
        (folder / name).write_bytes(content)
        return f"{len(la.read_source(folder / name).table)} rows"

    return world


def _laugh() -> str:
    lines = [f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9)]
    return '<!DOCTYPE x [<!ENTITY a "ha">' + "".join(lines) + "]>"


FILES: dict[str, World] = {
    "workbook that unpacks to 800 MB": lambda f: _book(f, lambda s: s + " " * 800_000_000),
    "workbook with a billion laughs": lambda f: _book(f, lambda s: _laugh() + s.replace("<v>5</v>", "<v>&j;</v>")),
    "workbook that asks for a file of the machine": lambda f: _book(
        f, lambda s: '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hosts">]>' + s.replace("<v>5</v>", "<v>&a;</v>")
    ),
    "workbook with a cell in the last corner": lambda f: _book(
        f, lambda s: s.replace("</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>')
    ),
    "workbook cut in half": lambda f: _book(f, lambda s: s[: len(s) // 2]),
    "CSV with a cell of 20 MB": _raw("a.csv", b"date;client;text\n2024-01-01;a;" + b"x" * 20_000_000 + b"\n"),
    "CSV with 20,000 columns": _raw(
        "a.csv", b";".join(b"c%d" % n for n in range(20_000)) + b"\n" + b"1;" * 19_999 + b"1\n"
    ),
    "CSV with zero bytes": _raw("a.csv", b"date;client;amount\n2024-01-01;a\x00b;5\n"),
    "CSV of a byte order mark alone": _raw("a.csv", b"\xff\xfe"),
    "CSV packed with gzip": _raw("a.csv", gzip.compress(b"a;b\n1;2\n" * 1000, mtime=0)),
    "Parquet in name only": _raw("a.parquet", b"PAR1" + bytes(50) + b"PAR1"),
    "XLS in name only": _raw("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(5000)),
    "a folder called CSV": lambda f: (f.joinpath("a.csv").mkdir(), la.read_source(f / "a.csv"))[1].table,
}  # fmt: skip


def _params(text: str) -> World:
    def world(folder: Path) -> str:
        (folder / "params").mkdir()
        (folder / "data" / "raw" / "x").mkdir(parents=True)
        (folder / "data" / "secret.csv").write_text("date;client_id;amount\n2024-01-01;a;5\n")
        (folder / "params" / "x.yaml").write_text(text, encoding="utf-8")
        return str(la.load("x", root=folder).as_of)

    return world


_SOURCE = (
    "client: x\ntitle: X\nsources: {{transactions: {{files: ['{}'], "
    "columns: {{date: date, client_id: client_id, amount: amount}}}}}}\n"
)
_LEVELS = "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))


def _name(name: str) -> World:
    return lambda folder: _params("client: x\n")(folder) and la.load(name, root=folder)


SETTINGS: dict[str, World] = {
    "params that run code": _params("client: !!python/object/apply:os.system ['true']\n"),
    "params with a billion laughs": _params("a0: &a0 ha\n" + _LEVELS + "client: x\ntitle: *a8\n"),
    "params nested 5,000 deep": _params("client: x\ntitle: " + "[" * 5000 + "]" * 5000 + "\n"),
    "a number of 5,000 digits": _params("client: x\ntitle: X\nbreaks: {false_discovery: " + "9" * 5000 + "}\n"),
    "a key said twice": _params("client: x\nclient: x\n"),
    "params that are binary": _params("\x00\x01"),
    "a file outside the raw folder": _params(_SOURCE.format("../../secret.csv")),
    "a file by its whole path": _params(_SOURCE.format("/etc/hosts")),
    "a client called ../x": _name("../x"),
    "a client called x, zero byte": _name("x\0"),
    "a client of 300 letters": _name("x" * 300),
}

WORLDS: dict[str, World] = {**DATA, **FILES, **SETTINGS}


def outcome(world: World) -> tuple[str, str]:
    """'works' or 'refuses', and what was said; any other exception goes through."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            said = world(Path(folder))
        except LoyaltyError as error:
            return "refuses", " ".join(str(error).split())
    return "works", f"{len(said)} rows" if isinstance(said, pd.DataFrame) else str(said)


def table() -> Iterator[dict[str, object]]:
    """One row per world with its CPU seconds."""
    for name, world in WORLDS.items():
        start = time.process_time()
        result, said = outcome(world)
        yield {"world": name, "result": result, "CPU s": round(time.process_time() - start, 2), "says": said[:140]}


def main() -> int:
    """Print the table; 1 where a world did neither."""
    global CLIENTS
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=1_000_000)
    CLIENTS = parser.parse_args().clients
    print("| world | result | CPU s | says |\n|---|---|---|---|")
    for row in table():
        print("| " + " | ".join(str(value).replace("|", "¦") for value in row.values()) + " |", flush=True)
    print(f"\nPeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GB.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
