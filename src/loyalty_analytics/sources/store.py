"""data/processed/<client>: canonical Parquet, findings and a fingerprint of what they were made from."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__, tables
from ..errors import ParamsError
from ..money import to_minor

__all__ = [
    "decisions",
    "fingerprint",
    "is_fresh",
    "keep_decisions",
    "order_days",
    "read_findings",
    "read_orders_known",
    "read_passport",
    "read_table",
    "safe_cell",
    "write",
    "write_csv",
]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_BLOCK = 1 << 20
_SLICE = 1_000_000  # rows


def file_hash(path: Path) -> str:
    """Hash of a file's content."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def fingerprint(
    files: Iterable[Path], params_text: str, known: Mapping[str, Any] | None = None, further: Any = None
) -> dict[str, Any]:
    """What the processed tables depend on: raw files, params and versions.

    A file whose size and time of change are those of ``known`` is not read again.
    """
    remembered = (known or {}).get("files", {})
    entries: dict[str, Any] = {}
    paths = sorted(files)
    top = os.path.commonpath([path.parent for path in paths]) if paths else ""
    for path in paths:
        status = path.stat()
        stamp = [status.st_size, status.st_mtime_ns]
        name = path.relative_to(top).as_posix()  # 2026-09/deals.csv is not 2026-10/deals.csv
        before = remembered.get(name)
        same = before is not None and before[:2] == stamp
        entries[name] = [*stamp, before[2] if same else file_hash(path)]
    content = {name: entry[2] for name, entry in entries.items()}
    versions = {"loyalty_analytics": __version__, "code": _code_hash(), "pandas": pd.__version__}
    whole = json.dumps([content, params_text, versions, further], sort_keys=True, ensure_ascii=False)
    return {"hash": hashlib.blake2b(whole.encode(), digest_size=16).hexdigest(), "files": entries, "versions": versions}


def _code_hash() -> str:
    """Hash of the modules that make canonical tables: a change of theirs makes processed data stale."""
    package = Path(__file__).parent
    digest = hashlib.blake2b(digest_size=8)
    for path in sorted([*package.rglob("*.py"), package.parent / "tables.py", package.parent / "tables.txt"]):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def known_fingerprint(folder: Path) -> dict[str, Any] | None:
    """The fingerprint that lies in a processed folder."""
    try:
        return json.loads((folder / "fingerprint.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def is_fresh(folder: Path, mark: Mapping[str, Any]) -> bool:
    """Whether the processed folder was made from just this."""
    known = known_fingerprint(folder)
    return known is not None and known.get("hash") == mark["hash"]


def write(
    folder: Path,
    frames: Mapping[str, pd.DataFrame],
    findings: pd.DataFrame,
    passport: Mapping[str, Any],
    mark: Mapping[str, Any],
    matches: pd.DataFrame,
    repair: pd.DataFrame,
    page: str,
    days: pd.DataFrame,
) -> None:
    """Write a processed folder wholly or not at all; ``days`` of `order_days`."""
    said = matches.loc[matches["decision"] != "", ["client_id", "other_id", "decision"]]
    mark = {**mark, "decisions": {f"{one} {other}": word for one, other, word in said.itertuples(index=False)}}
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        for name, frame in frames.items():
            _write_parquet(frame, fresh / f"{name}.parquet")
        if "transactions" in frames:
            days.to_parquet(fresh / "order_days.parquet", index=False)
            _order_spans(frames["transactions"]).to_parquet(fresh / "order_spans.parquet", index=False)
        findings.to_parquet(fresh / "findings.parquet", index=False)
        write_csv(findings.drop(columns=["code", "values"]), fresh / "findings.csv")
        write_csv(matches, fresh / "matches.csv")
        write_csv(repair, fresh / "cards.csv")
        (fresh / "check.html").write_text(page, encoding="utf-8")
        for name, content in (("passport", passport), ("fingerprint", mark)):
            text = json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True)
            (fresh / f"{name}.json").write_text(text + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        _exchange(fresh, folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """A table slice by slice, so that it is in memory once; what nobody filled is left to `tables.conform`."""
    filled = frame[[name for name in frame if frame[name].notna().any()]] if len(frame) > _SLICE else frame
    if len(frame) <= _SLICE or "object" in filled.dtypes.astype("str").tolist():
        frame.to_parquet(path, index=False, compression="zstd")
        return
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.Schema.from_pandas(filled.head(1), preserve_index=False)
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for start in range(0, len(filled), _SLICE):
            part = filled.iloc[start : start + _SLICE]
            writer.write_table(pa.Table.from_pandas(part, schema=schema, preserve_index=False))


def order_days(transactions: pd.DataFrame, doubled: pd.Series) -> pd.DataFrame:
    """What came on each day: date, rows, orders, money (minor units); ``doubled`` tells rows whose number repeats.

    Orders are counted as the panel counts them: lines of one number and client are one, on its first day; returns,
    planned and cancelled rows are none.
    """
    date = transactions["date"].dt.floor("D")
    money = pd.DataFrame({"date": date, "money": to_minor(transactions["amount"])}).groupby("date")["money"]
    days = money.agg(rows="size", money="sum")
    sale = (transactions["amount"] >= 0) & transactions["kind"].ne("return").fillna(True)
    sale &= ~transactions["status"].isin(["planned", "cancelled"])
    line = doubled & transactions["transaction_id"].notna() & sale
    days["orders"] = date[sale & ~line].value_counts()
    lines = transactions.loc[line, ["transaction_id", "client_id"]].assign(date=date[line])
    first = lines.groupby(["transaction_id", "client_id"], sort=False)["date"].min()
    days["orders"] = days["orders"].fillna(0).add(first.value_counts(), fill_value=0).astype("int64")
    return days.reset_index()[["date", "rows", "orders", "money"]]


def _order_spans(orders: pd.DataFrame) -> pd.DataFrame:
    """First and last day with an order of each client, as two rows: client_id, date."""
    parts = []
    for start in range(0, max(len(orders), 1), _SLICE):
        part = orders.iloc[start : start + _SLICE]
        parts.append(part["date"].dt.floor("D").groupby(part["client_id"]).agg(["min", "max"]))
    ends = pd.concat(parts).groupby(level=0).agg({"min": "min", "max": "max"})
    return ends.stack().rename("date").reset_index("client_id").reset_index(drop=True)


def _exchange(fresh: Path, folder: Path) -> None:
    # Two renames: a reader between them meets no folder and prepares it again.
    if folder.exists():
        old = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
        os.replace(folder, old / "old")
        os.replace(fresh, folder)
        shutil.rmtree(old, ignore_errors=True)
    else:
        os.replace(fresh, folder)


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A processed table; an absent one is empty with canonical columns."""
    path = folder / f"{name}.parquet"
    if not path.is_file():
        return tables.empty(name)
    return tables.conform(pd.read_parquet(path), name)


def read_orders_known(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """When which clients ordered and what came on which day, without a look at single orders.

    Returns
    -------
    spans : client_id, date: the first and the last day of each client
    days : date, rows, orders, money (minor units)
    """
    spans, days = folder / "order_spans.parquet", folder / "order_days.parquet"
    if not spans.is_file():
        nothing = tables.empty("transactions")
        return nothing[["client_id", "date"]], order_days(nothing, nothing["date"].isna())
    return pd.read_parquet(spans), pd.read_parquet(days)


def read_findings(folder: Path) -> pd.DataFrame:
    """The findings of a processed folder."""
    return pd.read_parquet(folder / "findings.parquet")


def decisions(folder: Path, lasting: Path) -> pd.DataFrame:
    """Decisions of a person on pairs of clients: client_id, other_id, decision; empty where there are none yet.

    They live in params/<client>.matches.csv (``lasting``). Who decides in the list of proposals beside findings.csv
    (``folder``) is heard too: what differs there from what the last check wrote counts, and goes to ``lasting``.
    """
    kept = _pairs(lasting)
    if (folder / "matches.csv").is_file():
        written = (known_fingerprint(folder) or {}).get("decisions", {})
        proposed = _pairs(folder / "matches.csv")
        changed = {pair: word for pair, word in proposed.items() if word != written.get(" ".join(pair), "")}
        kept = {**kept, **changed}
    rows = [(*pair, word) for pair, word in sorted(kept.items()) if word]
    return pd.DataFrame(rows, columns=["client_id", "other_id", "decision"], dtype="str")


def _pairs(path: Path) -> dict[tuple[str, str], str]:
    if not path.is_file():
        return {}
    table = pd.read_csv(path, sep=";", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    for name in ("client_id", "other_id", "decision"):
        if name not in table:
            raise ParamsError(f"{path.name} has no column {name!r}.", "Correct its first line or remove the file.")
        table[name] = table[name].str.strip().str.removeprefix("'")
    words = table["decision"].str.casefold()
    wrong = ~words.isin(["", "accept", "reject"])
    if wrong.any():
        raise ParamsError(
            f"{path.name}: decision {table.loc[wrong, 'decision'].iloc[0]!r}.", "Write accept, reject or nothing."
        )
    return dict(zip(zip(table["client_id"], table["other_id"]), words))


def keep_decisions(decided: pd.DataFrame, pairs: pd.DataFrame, lasting: Path) -> None:
    """Write the decisions beside the client's params, where no cleaning up reaches them."""
    if decided.empty and not lasting.is_file():
        return
    known = {pair: word for pair, word in _pairs(lasting).items() if word}
    if known == {(one, other): word for one, other, word in decided.itertuples(index=False)}:
        return
    columns = [name for name in pairs if name not in ("score", "reason")]
    fresh = lasting.with_name(f".{lasting.name}.new")
    write_csv(pairs.loc[pairs["decision"] != "", columns], fresh)
    os.replace(fresh, lasting)


def read_passport(folder: Path) -> dict[str, Any]:
    """The passport of a processed folder."""
    return json.loads((folder / "passport.json").read_text(encoding="utf-8"))


def safe_cell(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula.

    >>> safe_cell("=1+1"), safe_cell(-5.0), safe_cell("Rose")
    ("'=1+1", -5.0, 'Rose')
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


def write_csv(frame: pd.DataFrame, path: Path) -> None:
    """A CSV for Russian Excel: BOM, semicolons, decimal comma (12.5 would open as the 12th of May), no formula."""
    plain = frame.astype(object).where(frame.notna(), "")
    columns = [_safe_cells(plain.iloc[:, place], frame.iloc[:, place]) for place in range(plain.shape[1])]
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow([safe_cell(str(name)) for name in plain.columns])
        writer.writerows(zip(*columns))


def _safe_cells(plain: pd.Series, typed: pd.Series) -> list[Any]:
    if isinstance(typed.dtype, pd.StringDtype) and not typed.str.startswith(_FORMULA).any():
        return plain.tolist()
    return [str(cell).replace(".", ",") if isinstance(cell, float) else safe_cell(cell) for cell in plain]
