"""All files of a client as canonical tables: monthly exports joined, keys made unique, clients completed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import tables
from ..errors import SourceError
from . import clean, privacy
from .findings import Findings
from .read import RawTable, read_source
from .spec import Revenue, Source
from .values.lookup import repeated

__all__ = ["gather", "join_exports", "raw_files"]

_FEWEST = 30
_FAR_DAYS = 400
_DATES = (
    re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])[-_.]?([0-2]\d|3[01])(?!\d)"),
    re.compile(r"(?<!\d)([0-2]\d|3[01])[-_.](0[1-9]|1[0-2])[-_.](20\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(20\d\d)[-_.]?(0[1-9]|1[0-2])(?!\d)"),
    re.compile(r"(?<!\d)(0[1-9]|1[0-2])[-_.](20\d\d)(?!\d)"),
    re.compile(r"(?<!\d)(20\d\d)(?!\d)"),
)


def raw_files(folder: Path, source: Source, table: str) -> list[Path]:
    """Files of a source, oldest export first."""
    found: dict[Path, None] = {}
    for pattern in source.files:
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts or not pattern.strip():
            raise SourceError(
                f"{pattern!r} is no file below data/raw/{folder.name} (sources: {table}).",
                "Put the file there and give its name; `url` reads a database.",
            )
        matches = [path for path in folder.glob(pattern) if path.is_file() and not path.name.startswith((".", "~$"))]
        if not matches:
            raise SourceError(
                f"No file {pattern!r} in data/raw/{folder.name} (sources: {table}).",
                "Put the file there or change `files` in params.",
            )
        found.update(dict.fromkeys(matches))
    return sorted(found, key=lambda path: _age(path.relative_to(folder).as_posix(), source.order))


def _age(name: str, order: Sequence[str]) -> tuple[int, str, str]:
    """Sorts exports: as params say, by the date in the file's name, else in that of its folder."""
    file = name.rpartition("/")[2]
    return _place(file, order), export_date(file) or export_date(name), name


def _place(name: str, order: Sequence[str]) -> int:
    return next((place for place, pattern in enumerate(order) if fnmatch(name, pattern)), -1)


def export_date(name: str) -> str:
    """The date in a file's name as text that sorts; '' without one.

    >>> export_date("deals_2026-09.csv"), export_date("сделки 31.10.2026.xlsx"), export_date("deals.csv")
    ('2026-09', '2026-10-31', '')
    """
    for number, pattern in enumerate(_DATES):
        match = pattern.search(name)
        if match:
            parts = match.groups()
            return "-".join(reversed(parts) if number in (1, 3) else parts)
    return ""


def gather(
    folder: Path, sources: Mapping[str, Sequence[Source]], revenue: Revenue, currency: str, found: Findings
) -> dict[str, pd.DataFrame]:
    """Canonical tables of a client, each with all its columns.

    A file that cannot be read is a SourceError: half of the data would look like a fall.
    """
    gathered, errors = {}, []
    for table in tables.names():
        try:
            parts = [_source(folder, source, table, revenue, currency, found) for source in sources.get(table, ())]
            if parts:
                frame = parts[0] if len(parts) == 1 else pd.concat(parts, ignore_index=True)
                gathered[table] = _finish(frame, table, sources[table][0], found)
        except SourceError as error:
            errors.append(error)
    if errors:
        raise errors[0] if len(errors) == 1 else _all_of(errors)
    _complete_clients(gathered, found)
    return gathered


def _all_of(errors: Sequence[SourceError]) -> SourceError:
    """Every file that could not be read, told at once."""
    problems = " ".join(f"({number}) {error}" for number, error in enumerate(errors, start=1))
    return SourceError(f"{len(errors)} sources cannot be read: {problems}", "Correct them all and check again.")


def _raw(folder: Path, source: Source, table: str) -> Iterator[tuple[str, RawTable]]:
    """The files of a source, or its table of a database, one after the other."""
    options: dict[str, Any] = {
        "columns": source.columns, "kinds": clean.kinds(source, table), "also": [*source.keep, *source.drop],
        "won_only": table == "transactions" and not clean.chooses(source), **source.hints(),
    }  # fmt: skip
    if source.url is not None:
        from . import database

        name = source.table or "query"
        yield name, database.read_table(source.url, table=source.table, sql=source.sql, **options)
    for path in raw_files(folder, source, table):
        yield path.name, read_source(path, **options)


def _source(folder: Path, source: Source, table: str, revenue: Revenue, currency: str, found: Findings) -> pd.DataFrame:
    headers = [str(header) for header in source.columns.values()]
    privacy.refuse_family([*headers, *source.keep, *source.drop], table)
    exports = []
    for name, raw in _raw(folder, source, table):
        # Spellings matter where the name is read from; elsewhere the code of the client decides.
        raw.found.drop("spellings", keep=["client_name"] if "client_name" in source.columns else [])
        found.extend(raw.found)
        frame = clean.canonical(raw, source, table, name, found)
        if table == "transactions":
            frame = clean.complete_orders(frame, revenue, currency, source, found)
        frame["_file"] = name
        _no_far_future(frame, tables.get(table), found)
        _refuse_repeated(frame, source, name)
        exports.append(frame)
    return join_exports(exports, table, found)


def _refuse_repeated(frame: pd.DataFrame, source: Source, file: str) -> None:
    if not source.unique:
        return
    keys = frame.dropna(subset=source.unique)
    doubled = keys.duplicated(source.unique, keep=False)
    if doubled.any():
        lines = keys.loc[doubled, "_row"].head(6).tolist()
        raise SourceError(
            f"{', '.join(source.unique)} repeats with different content in rows {', '.join(map(str, lines))}.",
            "Correct the file, or remove `unique` from params if these are lines of one order.",
            file=file, row=lines[0], column=source.unique[0],
        )  # fmt: skip


def join_exports(exports: Sequence[pd.DataFrame], table: str, found: Findings) -> pd.DataFrame:
    """Exports of several months as one table: where a key comes again, the newest export wins.

    Rows that vanished from a newer export of the same period stay and are a finding.
    """
    key = tables.get(table).key
    joined = exports[0]
    for newer in exports[1:]:
        known = [str(name) for name in joined if name in newer and not str(name).startswith("_")]
        if key is not None and key in known:
            joined = _renew(joined, newer, key, known, table, found)
        else:
            before = len(joined) + len(newer)
            joined = _union(joined, newer, known)
            if len(joined) < before:
                found.add("overlap", file=newer["_file"].iloc[0], rows=before - len(joined), table=table)
    return joined.reset_index(drop=True)


def _renew(
    old: pd.DataFrame, new: pd.DataFrame, key: str, known: list[str], table: str, found: Findings
) -> pd.DataFrame:
    again = old[key].isin(new[key].dropna())
    moment = tables.get(table).moment
    file = str(new["_file"].iloc[0]) if len(new) else ""
    if again.any():
        before = set(map(tuple, old.loc[again, known].astype("str").to_numpy()))
        same = [tuple(row) in before for row in new.loc[new[key].isin(old[key]), known].astype("str").to_numpy()]
        changed = len(same) - int(np.sum(same))
        found.add("overlap", file=file, rows=int(again.sum()), table=table)
        if changed:
            found.add("changed", "warning", file=file, rows=changed, table=table)
        if moment in known and new[moment].notna().any():
            low, high = new[moment].min(), new[moment].max()
            vanished = old[moment].between(low, high) & ~again
            if vanished.any():
                money = float(old.loc[vanished, "amount"].sum()) if "amount" in old else None
                sample = ", ".join(old.loc[vanished, key].astype("str").head(5))
                found.add("vanished", "warning", file=file, rows=int(vanished.sum()), money=money,
                          table=table, sample=sample)  # fmt: skip
    return pd.concat([old[~again], new], ignore_index=True)


def _union(old: pd.DataFrame, new: pd.DataFrame, known: list[str]) -> pd.DataFrame:
    """Both with each row as often as the export has it where it is most frequent."""
    count_old = old.groupby(known, dropna=False).cumcount()
    count_new = new.groupby(known, dropna=False).cumcount()
    both = pd.concat([old.assign(_n=count_old), new.assign(_n=count_new)], ignore_index=True)
    return both[~both.duplicated([*known, "_n"], keep="last")].drop(columns="_n")


def _finish(frame: pd.DataFrame, table: str, source: Source, found: Findings) -> pd.DataFrame:
    declared = tables.get(table)
    if declared.key is not None and declared.key not in frame:
        frame[declared.key] = [f"{table}-{number}" for number in range(1, len(frame) + 1)]
    for name in declared.required:
        if name not in frame:
            raise SourceError(
                f"The table {table} needs {name}.", f"Map a column to it under sources: {table}: columns."
            )
    if table == "useful_dates":
        frame = _without_family(frame, found)
    frame = _drop_incomplete(frame, declared, found)
    if declared.key is not None:
        frame = _unique(frame, declared.key, table, found)
    ordered = tables.conform(frame.drop(columns=["_row", "_copies", "_file"]), table)
    return ordered.reset_index(drop=True)


def _no_far_future(frame: pd.DataFrame, declared: tables.Table, found: Findings) -> None:
    """A few dates more than a year behind all others are slips of the pen: they would become the last month."""
    for column in declared.columns.values():
        if column.kind not in ("date", "ts") or column.name not in frame:
            continue
        days = frame[column.name].value_counts().sort_index()
        behind = days.to_numpy()[::-1].cumsum()[::-1]  # rows of this day and after
        if not len(days) or behind[0] < _FEWEST:
            continue
        gaps = np.flatnonzero(np.diff(days.index.to_numpy()) > np.timedelta64(_FAR_DAYS, "D")) + 1
        late = gaps[behind[gaps] <= max(3, behind[0] // 200)]
        if not len(late):
            continue
        far = frame[column.name]
        wrong = far[far >= days.index[late[0]]].sort_values(kind="stable").index
        for file, line, moment in frame.loc[wrong, ["_file", "_row", column.name]].itertuples(index=False):
            sample = f"{moment:%Y-%m-%d}"
            found.add("far_future", "warning", file=str(file), row=int(line), column=column.name, rows=1, sample=sample)
        frame.loc[wrong, column.name] = pd.NaT


def _without_family(frame: pd.DataFrame, found: Findings) -> pd.DataFrame:
    if "note" not in frame:
        return frame
    about = frame["note"].map(privacy.family, na_action="ignore").fillna(False).to_numpy(dtype=bool)
    if about.any():
        found.add("family_row", "warning", file=str(frame["_file"].iloc[0]), row=int(frame.loc[about, "_row"].iloc[0]),
                  column="note", rows=int(about.sum()), table="useful_dates")  # fmt: skip
    return frame[~about]


def _drop_incomplete(frame: pd.DataFrame, declared: tables.Table, found: Findings) -> pd.DataFrame:
    for name in declared.required:
        lost = frame[name].isna()
        if lost.any():
            money = float(frame.loc[lost, "amount"].sum()) if "amount" in frame else None
            rows = frame.loc[lost, "_row"]
            found.add(
                "no_value", "warning", file=str(frame.loc[lost, "_file"].iloc[0]), row=int(rows.iloc[0]),
                column=name, rows=int(frame.loc[lost, "_copies"].sum()), money=money, table=declared.name,
            )  # fmt: skip
            frame = frame[~lost]
    if declared.either:
        given = [name for name in declared.either if name in frame]
        lost = frame[given].isna().all(axis=1) if given else pd.Series(True, index=frame.index)
        if lost.any():
            found.add("no_value", "warning", column=" / ".join(declared.either), rows=int(lost.sum()),
                      table=declared.name)  # fmt: skip
            frame = frame[~lost]
    return frame


def _unique(frame: pd.DataFrame, key: str, table: str, found: Findings) -> pd.DataFrame:
    """Lines of one order keep their common number; any other table keeps the last row of a key."""
    doubled = repeated(frame[key])
    if not doubled.any():
        return frame
    if table == "transactions":
        found.add("order_lines", rows=int(doubled.sum()), orders=int(frame.loc[doubled, key].nunique()))
        return frame
    frame = frame[~frame.drop(columns=["_row", "_copies", "_file"]).astype("str").duplicated(keep="last")]
    doubled = frame.duplicated(key, keep=False)
    if not doubled.any():
        return frame
    found.add("repeated_key", "warning", column=key, rows=int(doubled.sum()), table=table,
              sample=", ".join(frame.loc[doubled, key].unique()[:5]), row=int(frame.loc[doubled, "_row"].iloc[0]),
              file=str(frame.loc[doubled, "_file"].iloc[0]))  # fmt: skip
    return frame[~frame.duplicated(key, keep="last")]


def _complete_clients(gathered: dict[str, pd.DataFrame], found: Findings) -> None:
    """Clients that only the transactions know get a row of their own."""
    orders = gathered.get("transactions")
    if orders is None or orders.empty:
        return
    clients = gathered.get("clients")
    known = set(clients["client_id"]) if clients is not None else set()
    unknown = sorted(set(orders["client_id"].unique()) - known)
    if not unknown:
        return
    added = tables.conform(pd.DataFrame({"client_id": unknown, "client_name": unknown}), "clients")
    if clients is None:
        found.add("clients_made", rows=len(unknown))
        gathered["clients"] = added
        return
    inside = orders["client_id"].isin(unknown)
    found.add("unknown_clients", "warning", column="client_id", rows=int(inside.sum()),
              money=float(orders.loc[inside, "amount"].sum()), table="transactions",
              sample=", ".join(unknown[:5]), clients=len(unknown))  # fmt: skip
    gathered["clients"] = pd.concat([clients, added], ignore_index=True)
