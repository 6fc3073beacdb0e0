"""Transactions → client × month, as one Ibis expression on DuckDB, PostgreSQL, Spark or another engine.

Money is summed as int64 minor units, so that every engine and every order of rows gives the same
kopeck. Days with a purchase are kept as a bit mask per month: orders split over several documents
on one day stay one day.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import DataError, SourceError, nearest
from .money import MINOR, from_minor, to_minor
from .months import AsOf, from_number
from .months import as_of as read_as_of
from .results import Note, Result, as_table

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["id_rank", "monthly_panel", "panel_expression"]

_NEEDED = ("client_id", "date", "amount")
# Two workers side by side have two cores and 4 GB between them.
_BOUNDS = {"threads": min(2, os.cpu_count() or 1), "memory_limit": "1GB", "preserve_insertion_order": False}
_ORDERLY_MONTHS = 6  # months of history before the end of the last one can be judged


def monthly_panel(
    source: Any,
    as_of: Any = None,
    *,
    table: str = "transactions",
    minor: bool = False,
    lines: bool | None = None,
) -> Result:
    """Client × month table of orders, revenue, gross profit and the day of the last order.

    Parameters
    ----------
    source : pandas.DataFrame, path of Parquet file(s), URL of a database or Ibis table
        Transactions with ``client_id``, ``date`` and ``amount`` (currency units, returns
        negative). Used where present: ``gross_profit``, ``kind`` {sale, return}, ``status``
        (planned and cancelled rows are left out) and ``transaction_id``.
    as_of : month or day, optional
        Rows after it are not seen. A day leaves its month unfinished (``whole`` is False). None
        means the last month present; that month counts as unfinished where the data stop much
        earlier in it than in any of at least six months before.
    table : str
        Name of the table where ``source`` is a URL such as ``postgres://…`` or ``pyspark://…``.
    minor : bool
        Amounts are whole minor units (kopecks) already.
    lines : bool, optional
        Rows are lines of orders, so orders are distinct ``transaction_id``. None looks for
        repeated ids in a DataFrame and takes one row as one order elsewhere.

    Returns
    -------
    Result
        ``.table``: client_id, month (month start), orders (returns are no orders), revenue and
        gross_profit (currency units, returns deducted; null = not known), last_date (of an order;
        null in a month of returns only), days (different days with an order), whole (False in the
        unfinished month). One row per client and month with a transaction, sorted.

    Raises
    ------
    DataError
        A needed column is missing, or the source is of an unknown kind.

    Examples
    --------
    >>> orders = pd.DataFrame({"client_id": [7, 7, 7], "date": ["2026-09-01", "2026-09-30", "2026-10-05"],
    ...                        "amount": [100.0, 50.5, 10.0]})
    >>> monthly_panel(orders).table[["client_id", "month", "orders", "revenue", "last_date"]]
       client_id      month  orders  revenue  last_date
    0          7 2026-09-01       2    150.5 2026-09-30
    1          7 2026-10-01       1     10.0 2026-10-05
    """
    if isinstance(source, (Result, pd.DataFrame)):
        raw, ids = _from_frame(as_table(source, "transactions", _NEEDED), as_of, minor, lines)
    else:
        with _quiet(), _opened(source, table) as opened:
            expression = panel_expression(opened, as_of, minor=minor, lines=bool(lines))
            raw, ids = expression.to_pyarrow().to_pandas(), None
    return _finish(raw, ids, as_of)


def panel_expression(
    transactions: ir.Table, as_of: Any = None, *, minor: bool = False, lines: bool = False
) -> ir.Table:
    """The panel as an Ibis expression: client_id, month (year·12 + month − 1), orders, revenue and
    gross_profit (minor units), last_date, day_mask.

    It compiles for every engine that Ibis knows with integers, ``BIT_OR`` and ``MAX``.
    """
    import ibis

    t = transactions
    missing = [name for name in _NEEDED if name not in t.columns]
    if missing:
        raise DataError(
            f"Transactions lack {', '.join(missing)}; columns: {', '.join(t.columns)}.", nearest(missing[0], t.columns)
        )
    if t.date.type().is_string():
        t = t.mutate(date=t.date.cast("timestamp"))
    t = t.filter(t.client_id.notnull(), t.date.notnull())
    if "status" in t.columns:
        t = t.filter(ibis.coalesce(t.status.cast("string"), "done").notin(["planned", "cancelled"]))
    if as_of is not None:
        t = t.filter(t.date.cast("date") <= ibis.date(f"{read_as_of(as_of).end:%Y-%m-%d}"))
    amount = t.amount if minor else _minor_units(t.amount)
    sale = ibis.coalesce(t.amount >= 0, True)
    if "kind" in t.columns:
        sale = sale & (ibis.coalesce(t.kind.cast("string"), "sale") != "return")
    profit = ibis.null("int64")
    if "gross_profit" in t.columns:
        profit = t.gross_profit.cast("int64") if minor else _minor_units(t.gross_profit)
    slim: dict[str, Any] = {
        "client_id": t.client_id,
        "month": (t.date.year().cast("int64") * 12 + t.date.month().cast("int64") - 1),
        # 0-30: a shift by 31 turns negative on Spark. Two casts: PostgreSQL's day is numeric, which Ibis
        # holds for int32, and numeric cannot shift.
        "day": (t.date.day().cast("int64") - 1).cast("int32"),
        "date": t.date.cast("date"),
        "amount": amount.cast("int64"),
        "gross_profit": profit,
        "sale": ibis.ifelse(sale, 1, 0).cast("int64"),
    }
    if lines and "transaction_id" in t.columns:
        slim["transaction_id"] = t.transaction_id
    s = t.select(**slim)
    bit = (ibis.literal(1, "int32") << s.day).cast("int64")
    orders = s.sale.sum()
    if "transaction_id" in slim:  # a line without a number is an order of its own
        alone = ibis.ifelse(s.transaction_id.isnull(), s.sale, 0).sum()
        orders = s.transaction_id.nunique(where=s.sale == 1) + alone
    return s.group_by("client_id", "month").agg(
        orders=orders.cast("int64"),
        revenue=s.amount.sum().cast("int64"),
        gross_profit=s.gross_profit.sum().cast("int64"),
        last_date=ibis.ifelse(s.sale == 1, s.date, ibis.null("date")).max(),
        latest=s.date.max(),
        day_mask=_bit_or()(ibis.ifelse(s.sale == 1, bit, 0).cast("int64")),
    )


@cache
def _bit_or() -> Any:
    """BIT_OR by its name, which all engines know; Ibis has no rule for it on Spark."""
    import ibis

    def bit_or(value: int) -> int: ...  # type: ignore[empty-body]

    return ibis.udf.agg.builtin(bit_or, signature=(("int64",), "int64"))


def _minor_units(amount: Any) -> Any:
    """Half to even at the kopeck, spelt out because the ROUND of engines differs at halves."""
    import ibis

    if amount.type().is_floating():
        amount = ibis.ifelse(amount.isnan(), ibis.null(amount.type()), amount)
    scaled = amount.cast("float64") * MINOR
    below = scaled.floor().cast("int64")
    rest = scaled - below
    up = (rest > 0.5) | ((rest == 0.5) & (below % 2 != 0))
    return below + ibis.ifelse(up, 1, 0).cast("int64")


@contextmanager
def _quiet() -> Iterator[None]:
    """Ibis 12 calls a method that DuckDB 2 has renamed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
        yield


@contextmanager
def _engine() -> Iterator[Any]:
    """A DuckDB of its own, so that calls share nothing, in bounded memory: what does not fit goes to a folder."""
    import duckdb
    import ibis

    with tempfile.TemporaryDirectory(prefix="loyalty-", ignore_cleanup_errors=True) as spill:
        engine = ibis.duckdb.connect(temp_directory=spill, **_BOUNDS)
        with suppress(duckdb.InvalidInputException):  # a kernel without widgets shows no bar and forbids the word
            engine.raw_sql("set enable_progress_bar = false")  # it would stand in logs and under cells
        try:
            yield engine
        finally:
            engine.disconnect()


@contextmanager
def _opened(source: Any, table: str) -> Iterator[ir.Table]:
    import ibis

    if isinstance(source, Path) or (isinstance(source, str) and "://" not in source):
        with _engine() as engine:
            yield _parquet(engine, str(source))
    elif isinstance(source, str):
        yield ibis.connect(source).table(table)
    elif hasattr(source, "group_by"):
        yield source
    else:
        raise DataError(
            f"A {type(source).__name__} is no source of transactions.",
            "Give a DataFrame, the path of a Parquet file, the URL of a database or an Ibis table.",
        )


def _parquet(engine: Any, path: str) -> ir.Table:
    import duckdb

    name = Path(path).name
    try:
        return engine.read_parquet(path)
    except duckdb.IOException:
        raise SourceError("There is no such Parquet file.", "Check the path.", file=name) from None
    except duckdb.Error as error:
        problem = str(error).splitlines()[0]
        cure = "Give a Parquet file; la.read_source reads CSV and Excel."
        raise SourceError(f"It cannot be read as Parquet: {problem}.", cure, file=name) from None


def _from_frame(
    source: pd.DataFrame, as_of: Any, minor: bool, lines: bool | None
) -> tuple[pd.DataFrame, pd.Index | None]:
    """Through DuckDB with integer codes in place of ids, so that ids of any type come back as given."""
    missing = [name for name in _NEEDED if name not in source.columns]
    if missing:
        raise DataError(f"Transactions lack {', '.join(missing)}: the table is empty.", "Give its columns at least.")
    import ibis
    import pyarrow as pa

    codes, ids = pd.factorize(source["client_id"])
    slim = pd.DataFrame({"client_id": codes.astype("int64"), "date": _dates(source["date"]).to_numpy()})
    for name in ("amount", "gross_profit"):
        if name in source.columns:
            known = source[name].astype("Int64") if minor else to_minor(source[name])
            slim[name] = known.array
    for name in ("kind", "status"):
        if name in source.columns:
            slim[name] = source[name].astype("object").to_numpy()
    if lines is None:
        lines = "transaction_id" in source.columns and not source["transaction_id"].dropna().is_unique
    if lines and "transaction_id" in source.columns:
        number = pd.Series(pd.factorize(source["transaction_id"])[0], dtype="Int64")
        slim["transaction_id"] = number.mask(number < 0)
    slim = slim[(slim["client_id"] >= 0) & slim["date"].notna()]
    if slim.empty:
        return pd.DataFrame(), ids
    for name in ("kind", "status"):
        if name in slim.columns:
            slim[name] = slim[name].astype("str")
    rows = ibis.memtable(pa.Table.from_pandas(slim, preserve_index=False))
    with _quiet(), _engine() as engine:
        raw = engine.to_pyarrow(panel_expression(rows, as_of, minor=True, lines=lines)).to_pandas()
    return raw, pd.Index(ids)


def _dates(column: pd.Series) -> pd.Series:
    try:
        dates = pd.to_datetime(column, format="ISO8601" if column.dtype.kind not in "Mi" else None)
    except (ValueError, TypeError) as error:
        raise DataError(f"Column 'date' holds no dates: {error}.", "Write dates as 'yyyy-mm-dd'.") from None
    return dates.dt.tz_localize(None).astype("datetime64[us]")


def _finish(raw: pd.DataFrame, ids: pd.Index | None, as_of: Any) -> Result:
    """Engine rows to the public table."""
    if raw.empty:
        seen = read_as_of(as_of) if as_of is not None else None
        return Result(frame=_empty(ids), as_of=seen, notes=(Note("segments.panel_empty"),))
    latest = pd.Timestamp(pd.to_datetime(raw["latest"]).max())
    seen = read_as_of(as_of) if as_of is not None else _last_month(raw, latest)
    number = raw["month"].to_numpy(dtype=np.int64)
    client = ids.take(raw["client_id"].to_numpy()) if ids is not None else pd.Index(raw["client_id"])
    frame = pd.DataFrame({
        "client_id": client.to_numpy() if client.dtype == object else client.array,
        "month": from_number(number),
        "orders": raw["orders"].to_numpy(dtype=np.int64),
        "revenue": from_minor(raw["revenue"]).to_numpy(),
        "gross_profit": from_minor(pd.Series(raw["gross_profit"]).astype("Float64")).to_numpy(),
        "last_date": pd.to_datetime(raw["last_date"]).astype("datetime64[us]").to_numpy(),
        "days": np.bitwise_count(raw["day_mask"].to_numpy(dtype=np.int64)).astype(np.int64),
        "whole": number <= seen.last_whole_number,
    })  # fmt: skip
    order = np.lexsort((number, id_rank(client)))
    frame = frame.iloc[order].reset_index(drop=True)
    values = {"clients": frame["client_id"].nunique(), "rows": len(frame), "as_of": str(seen)}
    key = "segments.panel" if seen.whole else "segments.panel_unfinished"
    return Result(frame=frame, as_of=seen, notes=(Note(key, values),))


def _empty(ids: pd.Index | None) -> pd.DataFrame:
    stamps = pd.Series([], dtype="datetime64[us]")
    return pd.DataFrame({
        "client_id": pd.Series([], dtype=ids.dtype if ids is not None else "str"),
        "month": stamps,
        "orders": pd.Series([], dtype="int64"),
        "revenue": pd.Series([], dtype="float64"),
        "gross_profit": pd.Series([], dtype="float64"),
        "last_date": stamps,
        "days": pd.Series([], dtype="int64"),
        "whole": pd.Series([], dtype="bool"),
    })  # fmt: skip


def id_rank(ids: pd.Index) -> np.ndarray:
    """Sortable codes of ids; ids of mixed types are ordered by their text."""
    codes, values = pd.factorize(ids)
    try:
        order = np.argsort(np.asarray(values), kind="stable")
    except TypeError:
        order = np.argsort(np.asarray([str(value) for value in values]), kind="stable")
    rank = np.empty(len(values), dtype=np.int64)
    rank[order] = np.arange(len(values))
    return rank[codes]


def _last_month(raw: pd.DataFrame, latest: pd.Timestamp) -> AsOf:
    """The last month present; unfinished where the data stop far earlier in it than in any month before.

    The silence at the end of the last month must be more than twice the longest one before plus
    two days: an export made on the 9th is seen, a quiet end of December is not.
    """
    month = latest.to_period("M")
    ends = pd.to_datetime(raw["latest"]).groupby(raw["month"].to_numpy()).max()
    silence = (ends.dt.days_in_month - ends.dt.day).to_numpy()
    if len(silence) > _ORDERLY_MONTHS and silence[-1] > 2 * silence[:-1].max() + 2:
        return read_as_of(f"{latest:%Y-%m-%d}")
    return read_as_of(month)
