"""One raw file as a table with typed values, and all that was met on the way."""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .. import shown
from ..errors import DataError, LoyaltyError, SourceError
from .files.opened import Opened, open_file
from .findings import Findings
from .shape import finish, naming, rows, wide
from .values.column import Column
from .values.lookup import Undecided
from .values.numbers import unit_of
from .values.reader import Reader
from .values.roles import role_of

__all__ = ["Detected", "RawTable", "read_frame", "read_source"]

_WINDOW = ("1990-01-01", "2100-12-31")


class Detected(dict[str, Any]):
    """What was found out about a file: encoding, separator, decimal, header_line, date_format."""

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


@dataclass(frozen=True, eq=False, kw_only=True)
class RawTable:
    """A raw file, read.

    Attributes
    ----------
    frame : pandas.DataFrame
        Cleaned rows; read ``table`` unless you promise not to write.
    lines : numpy.ndarray
        Line of the file of each row, from 1 with the header.
    copies : numpy.ndarray
        How often the file holds each row (exact duplicates are left out).
    found : Findings
    detected : Detected
    """

    frame: pd.DataFrame
    lines: np.ndarray
    copies: np.ndarray
    found: Findings = field(repr=False)
    detected: Detected

    @property
    def table(self) -> pd.DataFrame:
        """A copy of the rows: what you do to it stays with you."""
        return self.frame.copy(deep=False)  # pandas copies what is written to

    @property
    def findings(self) -> pd.DataFrame:
        """severity, file, row, column, problem, advice, rows, money: worst first."""
        return self.found.frame()

    def __len__(self) -> int:
        return len(self.frame)

    def _repr_html_(self) -> str:
        told = self.findings[["severity", "row", "column", "problem", "advice"]].head(15)
        facts = ", ".join(f"{name} {value!r}" for name, value in self.detected.items() if value is not None)
        lead = f"<p><strong>{len(self.frame):,} rows, {len(self.found)} findings</strong> ({html.escape(facts)})</p>"
        return shown.block(lead + shown.rows(self.frame.head(10)) + (shown.rows(told) if len(told) else ""))


def read_source(
    path: str | Path, *, encoding: str | None = None, separator: str | None = None, decimal: str | None = None,
    date_format: str | None = None, dayfirst: bool | None = None, sheet: str | int | None = None,
    columns: Mapping[str, str | int] | Sequence[str] | None = None, unit: str | float | None = None,
    window: tuple[Any, Any] | None = None, kinds: Mapping[str, str] | None = None, also: Sequence[str | int] = (),
    won_only: bool = True, most: int | None = None,
) -> RawTable:  # fmt: skip
    """Read a CSV, TSV, XLSX, XLS, HTML, XML or Parquet file: rightly, or not at all.

    Parameters
    ----------
    encoding, separator, decimal : str, optional
        Found in the file unless given; ``decimal`` is ',' or '.'.
    date_format, dayfirst : str, bool, optional
        strptime format of all dates; order of slashed and dashed ones. Dotted ones begin with the day unless False.
    sheet : str or int, optional
        Sheet by name or position from 0; None = the first that holds a table.
    columns : mapping of new name to header or position from 0, or list of names for all columns, optional
        Columns that are not mentioned keep their header. A list also gives names to a file without header.
    unit : str or float, optional
        What the money columns are counted in: 'тыс. руб.' or 1000.
    window : (first, last), optional
        Plausible dates; default 1990 to 2100.
    kinds : mapping of column name to {str, num, money, int, date, ts, …}, optional
        How columns are read, in place of looking at header and values.
    also : headers or positions that stay as texts under the name 'raw:<header>'
    won_only : bool
        Leave out deals that are open, lost or tests where the file is a list of deals.
    most : int, optional
        Rows of a Parquet file that are read; None = all.

    Returns
    -------
    RawTable
        ``.table``: numbers as float64 in currency units (units of headers multiplied), dates as datetime64,
        all else as str; a column per month becomes rows of ``month`` and ``amount``. ``.findings``, ``.detected``.

    Raises
    ------
    SourceError
        Naming file, row, column and cure, where reading on would be guessing.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "deals.csv"
    >>> _ = file.write_bytes("Дата;Код;Сумма, тыс. руб.\\n31.01.2024;007;1 234,5\\nИтого;;1 234,5\\n".encode("cp1251"))
    >>> raw = read_source(file)
    >>> raw.table.values.tolist()
    [[Timestamp('2024-01-31 00:00:00'), '007', 1234500.0]]
    >>> raw.detected.encoding, raw.findings["row"].dropna().tolist()
    ('cp1251', [3])
    """
    path, found = Path(path), Findings()
    with _damage_told(path):
        names = list(columns) if columns is not None and not isinstance(columns, Mapping) else None
        opened = open_file(path, found, encoding=encoding, separator=separator, sheet=sheet, names=names, most=most)
        scale = _scale(unit, opened, found, path.name)
        reader = Reader(path.name, opened.lines, found, decimal, date_format, dayfirst, scale, _window(window))
        mapping = columns if isinstance(columns, Mapping) else None
        return _read(opened, reader, names, mapping, dict(kinds or {}), also, won_only, path)
    raise AssertionError  # the block above returns or raises


@contextmanager
def _damage_told(path: Path) -> Iterator[None]:
    """Damage that no reader foresaw as a SourceError: zip, XML and Parquet libraries have errors of their own kinds.

    Whoever looks into it finds the fault named and chained.
    """
    try:
        yield
    except (LoyaltyError, MemoryError):  # a lack of memory is no damage of the file
        raise
    except Exception as error:
        raise SourceError(
            f"The file cannot be read ({type(error).__name__}: {str(error)[:120]}).",
            "Open it in the program that made it and export it again.",
            file=path.name,
        ) from error


def read_frame(
    frame: pd.DataFrame, name: str, *, columns: Mapping[str, str | int] | None = None,
    kinds: Mapping[str, str] | None = None, also: Sequence[str | int] = (), won_only: bool = False,
    decimal: str | None = None, date_format: str | None = None, dayfirst: bool | None = None,
    unit: str | float | None = None, window: tuple[Any, Any] | None = None, **_: Any,
) -> RawTable:  # fmt: skip
    """Rows that a database gave, cleaned and typed as those of a file are."""
    if len(frame) == 0 or frame.shape[1] == 0:
        raise SourceError("The table has no rows.", "Check the query.", file=name)
    found = Findings()
    raw = [Column.of_series(str(title), frame.iloc[:, place]) for place, title in enumerate(frame.columns)]
    opened = Opened(raw, np.arange(1, len(frame) + 1), 0, [])
    scale = _scale(unit, opened, found, name)
    reader = Reader(name, opened.lines, found, decimal, date_format, dayfirst, scale, _window(window))
    return _read(opened, reader, None, columns, dict(kinds or {}), also, won_only, Path(name))


def _window(window: tuple[Any, Any] | None) -> tuple[pd.Timestamp, pd.Timestamp]:
    first, last = (pd.Timestamp(str(side)) for side in (window or _WINDOW))
    if last == last.normalize():
        last += pd.Timedelta(days=1) - pd.Timedelta(microseconds=1)
    if first > last:
        raise DataError(f"The window {window} ends before it begins.", "Give (first, last).")
    return first, last


def _scale(unit: str | float | None, opened: Opened, found: Findings, file: str) -> float | None:
    """The unit given, else one that stands above the header («в тыс. руб.»)."""
    if isinstance(unit, int | float):
        return float(unit)
    if unit is not None:
        return unit_of(unit)
    above = [scale for text in opened.above[:-1] or opened.above if (scale := unit_of(text)) != 1]
    return above[0] if above else None


def _read(
    opened: Opened, reader: Reader, names: Sequence[str] | None, mapping: Mapping[str, str | int] | None,
    kinds: dict[str, str], also: Sequence[str | int], won_only: bool, path: Path,
) -> RawTable:  # fmt: skip
    found, file = reader.found, path.name
    columns, lines, hidden = opened.columns, opened.lines, opened.hidden
    columns = naming.named(columns, names, mapping, file, found)
    columns, lines, hidden = naming.without_noise(columns, lines, hidden, found, file)
    table_names = [column.name for column in columns]
    plan = wide.months_of(table_names, [*opened.above, path.stem], file) if names is None else None
    targets = naming.targets(columns, mapping, also, kinds, plan, file)
    reader.lines = lines
    picked = rows.totals(columns)
    candidate = np.zeros(len(lines), dtype=bool)
    candidate[[total.position for total in picked]] = True
    typed, kinds_found = _typed(columns, targets, reader, candidate, plan)
    out = _left_out(columns, typed, kinds_found, picked, candidate, hidden, lines, found, file)
    kept = ~out
    doubled, copies = rows.repeats(columns if kept.all() else [column.take(kept) for column in columns])
    if doubled.any():
        where = lines[kept][doubled]
        found.add("duplicates", file=file, row=int(where[0]), rows=int(doubled.sum()))
    if not kept.any():
        raise SourceError("The file holds no row of data, only totals.", "Check the filter of the export.", file=file)
    if out.any() or doubled.any():
        places, copies = np.flatnonzero(kept)[~doubled], copies[~doubled]
        typed = {name: values.iloc[places].reset_index(drop=True) for name, values in typed.items()}
        lines = lines[places]
    frame = pd.DataFrame(typed, copy=False)
    if plan is not None:
        frame, lines, copies = finish.long(frame, plan, columns, lines, copies, found, file)
    elif won_only:
        lost = rows.not_won(frame, lines, file, found)
        if lost.all():
            raise SourceError("No deal of the file is won.", "Check the filter of the export.", file=file)
        if lost.any():
            frame, lines, copies = frame[~lost].reset_index(drop=True), lines[~lost], copies[~lost]
    finish.spellings(frame, lines, found, file)
    finish.currencies(frame, found, file)
    forms = sorted(reader.date_formats, key=lambda form: -reader.date_formats[form])
    detected = Detected(
        encoding=opened.encoding,
        separator=None if opened.separator == "\n" else opened.separator,
        decimal=reader.decimal or (next(iter(reader.proved)) if len(reader.proved) == 1 else None),
        header_line=opened.header_line,
        date_format=reader.date_format or (forms[0] if forms else None),
    )
    return RawTable(frame=frame, lines=lines, copies=copies, found=found, detected=detected)


def _typed(
    columns: Sequence[Column], targets: Sequence[tuple[str, int, str | None]], reader: Reader, candidate: np.ndarray,
    plan: wide.Wide | None,
) -> tuple[dict[str, pd.Series], dict[str, tuple[int, str]]]:  # fmt: skip
    """Values of each column of the result; numbers first where they prove the decimal mark of the file."""
    data = ~candidate
    judged = [column.take(data) if candidate.any() and data.any() else column for column in columns]
    kinds = {}
    for name, place, wanted in targets:
        month = plan is not None and (place in plan.months or place in plan.sums)
        kinds[name] = "num" if month else reader.kind_of(judged[place], wanted)
    lines = reader.lines
    typed: dict[str, pd.Series] = {}
    # Columns that prove decimal mark or order of dates by themselves come before those that need the proof.
    waiting = []
    for name, place, wanted in sorted(targets, key=lambda target: kinds[target[0]] != "num"):
        try:
            typed[name] = _whole(reader, judged[place], columns[place], kinds[name], wanted, candidate, lines)
        except Undecided:
            waiting.append((name, place, wanted))
    for name, place, wanted in waiting:
        try:
            typed[name] = _whole(reader, judged[place], columns[place], kinds[name], wanted, candidate, lines)
        except Undecided as error:
            raise SourceError(error.problem, error.cure, file=error.file, row=error.row, column=error.column) from None
    reader.lines = lines
    places = {name: (place, kinds[name]) for name, place, _ in targets}
    return {name: typed[name] for name, _, _ in targets}, places


def _whole(
    reader: Reader, judged: Column, column: Column, kind: str, wanted: str | None, candidate: np.ndarray,
    lines: np.ndarray,
) -> pd.Series:  # fmt: skip
    """Values of the data rows as read, and of the likely totals without findings."""
    if not candidate.any() or candidate.all():
        reader.lines = lines
        return reader.read(column, kind, wanted)
    reader.lines = lines[~candidate]
    values = reader.read(judged, kind, wanted)
    quiet = Reader(
        reader.file, lines[candidate], Findings(), reader.decimal, reader.date_format, reader.dayfirst, reader.unit,
        reader.window, set(reader.proved),
    )  # fmt: skip
    rest = column.take(candidate)
    try:
        others = quiet.read(rest, kind, wanted)
    except SourceError:
        others = pd.Series([None] * len(rest), dtype=values.dtype)
    places = np.concatenate([np.flatnonzero(~candidate), np.flatnonzero(candidate)])
    joined = pd.concat([values, others.astype(values.dtype)], ignore_index=True)
    return joined.iloc[np.argsort(places)].reset_index(drop=True)


def _left_out(
    columns: Sequence[Column], typed: Mapping[str, pd.Series], kinds: Mapping[str, tuple[int, str]],
    picked: Sequence[rows.Total], candidate: np.ndarray, hidden: np.ndarray | None, lines: np.ndarray, found: Findings,
    file: str,
) -> np.ndarray:  # fmt: skip
    """Rows that are totals, and hidden rows that the totals do not count."""
    figures = {place: typed[name].to_numpy() for name, (place, kind) in kinds.items() if kind == "num"}
    names = [column.name for column in columns]
    out = np.zeros(len(lines), dtype=bool)
    data = ~candidate
    hidden_data = np.zeros(len(lines), dtype=bool) if hidden is None else hidden & data
    if hidden_data.any():
        counted = _hidden_counted(picked, figures, data, hidden_data)
        amounts = [place for place in figures if role_of(names[place]) == "money"] or list(figures)
        money = float(np.nansum(figures[amounts[0]][hidden_data])) if amounts else None
        code = "hidden_kept" if counted else "hidden_left_out"
        found.add(code, "warning", file=file, row=int(lines[hidden_data][0]), rows=int(hidden_data.sum()), money=money)
        if not counted:
            out |= hidden_data
            data &= ~hidden_data
    confirmed = rows.compare_totals(picked, figures, data, lines, names, file, found)
    out[sorted(confirmed)] = True
    rows.refuse_nested(columns, figures, data & ~out, lines, file)
    return out


def _hidden_counted(
    picked: Sequence[rows.Total], figures: Mapping[int, np.ndarray], data: np.ndarray, hidden: np.ndarray
) -> bool:
    """Whether a total of the file equals the sum with the hidden rows in it."""
    for total in picked:
        for place in total.figures:
            if place not in figures or hidden[total.position]:
                continue
            value = figures[place][total.position]
            with_them = np.nansum(figures[place][data])
            without = np.nansum(figures[place][data & ~hidden])
            if abs(value - with_them) < 0.0051 and abs(value - without) > 0.0051:
                return True
    return False
