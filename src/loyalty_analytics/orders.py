"""Transactions that are read as far as they are asked for: some columns, some days, a million rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from . import tables
from .money import from_minor, to_minor
from .results import Result, as_table

__all__ = ["Orders", "holds", "orders_of", "parts_of", "plain", "rows_of"]

_SMALL = 1_000_000  # rows that are held in memory once read
_CODES = ("client_id", "unit_id", "product_id", "manager_id", "kind", "status")
_ALWAYS = ("client_id", "date")
_NEEDED = (*_ALWAYS, "amount")
_MONEY = ("amount", "paid_amount", "gross_profit")


def _as_it_is(frame: pd.DataFrame) -> pd.DataFrame:
    return frame


@dataclass(frozen=True, eq=False)
class Orders:
    """The transactions of a client in their Parquet file, for all functions that take transactions.

    Twenty million orders fill the memory of a worker; most questions need three columns of a year.

    Attributes
    ----------
    file : Path
        May be absent: no transactions.
    change : callable (rows of the file) -> rows
        What is done to rows before anybody sees them: cut at a day, joined to groups, dated by payment.
    looks_at : tuple of str
        Columns that ``change`` needs besides client_id and date.
    moves : bool
        ``change`` gives rows other dates.
    whole : bool
        ``change`` must see all rows at once.
    lines : bool
        Several rows may be lines of one order.
    sold : callable or None
        What is done to rows instead of ``change`` where a deal is asked for as it was made.

    Examples
    --------
    >>> import tempfile
    >>> file = Path(tempfile.mkdtemp()) / "transactions.parquet"
    >>> deals = pd.DataFrame({"transaction_id": ["1", "2"], "client_id": "A",
    ...                       "date": pd.to_datetime(["2026-01-31", "2026-02-01"]), "amount": [10.0, 5.0]})
    >>> tables.conform(deals, "transactions").to_parquet(file)
    >>> orders = Orders(file)
    >>> orders.columns, orders.read("amount", since=pd.Timestamp("2026-02-01"))["amount"].tolist()
    (('transaction_id', 'client_id', 'date', 'amount'), [5.0])
    """

    file: Path
    change: Callable[[pd.DataFrame], pd.DataFrame] = _as_it_is
    looks_at: tuple[str, ...] = ()
    moves: bool = False
    whole: bool = False
    lines: bool = False
    sold: Callable[[pd.DataFrame], pd.DataFrame] | None = None
    small: int = field(default=_SMALL, repr=False)
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Orders:
        """A canonical table as orders."""
        return cls(Path(), lambda _: frame, whole=True)

    @cached_property
    def as_sold(self) -> Orders:
        """The same deals on their day and with their sum: neither spread over campaigns nor dated by payment."""
        if self.sold is None:
            return self
        return replace(self, change=self.sold, sold=None, moves=False, whole=False, kept={})

    @cached_property
    def frame(self) -> pd.DataFrame:
        """All rows and columns; kept, so that they are read once."""
        if not self.file.is_file():
            return self.change(tables.empty("transactions"))
        return self.change(tables.conform(pd.read_parquet(self.file), "transactions"))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """Columns that hold anything, in the order of the canonical table."""
        if self._held:
            return tuple(str(name) for name in self.frame if self.frame[name].notna().any())
        names = self._meta.schema.names
        holds = {
            name for group in range(self._meta.num_row_groups) for place, name in enumerate(names)
            if _holds(self._meta.row_group(group).column(place))
        }  # fmt: skip
        return tuple(name for name in names if name in holds)

    @cached_property
    def _meta(self) -> Any:
        import pyarrow.parquet as pq

        return pq.read_metadata(self.file)

    @cached_property
    def _held(self) -> bool:
        return self.whole or not self.file.is_file() or self._meta.num_rows <= self.small

    def read(
        self,
        *columns: str,
        since: pd.Timestamp | None = None,
        until: pd.Timestamp | None = None,
        filled: Sequence[str] = (),
        keep: Callable[[pd.DataFrame], Any] | None = None,
    ) -> pd.DataFrame:
        """Rows as a table with canonical columns and dtypes; without names all columns.

        Parameters
        ----------
        columns : str
            A column that the client does not have is null.
        since, until : Timestamp, optional
            First and last moment.
        filled : sequence of str
            Only rows that have a value in each of these columns.
        keep : callable (rows) -> mask, optional
            Which rows to take.
        """
        if not columns and since is None and until is None and keep is None:
            return self.frame.copy(deep=False)
        wanted = list(columns) or list(tables.get("transactions").columns)
        if not set(filled) <= set(self.columns):
            return tables.empty("transactions")[wanted]
        parts = []
        for part in self.parts(list(dict.fromkeys([*wanted, *filled])), since, until, codes=False):
            if filled:
                part = part.dropna(subset=list(filled))
            parts.append(part if keep is None else part[np.asarray(keep(part), dtype=bool)])
        if not parts:
            return tables.empty("transactions")[wanted]
        rows = pd.concat(parts, ignore_index=True) if len(parts) > 1 else parts[0].reset_index(drop=True)
        return tables.conform(rows, "transactions")[wanted]

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made of all orders and is small: two functions of a report need not read them twice."""
        if key not in self.kept:
            self.kept[key] = make()
        return self.kept[key]

    def parts(
        self,
        columns: Sequence[str],
        since: pd.Timestamp | None = None,
        until: pd.Timestamp | None = None,
        codes: bool = True,
    ) -> Iterator[pd.DataFrame]:
        """The rows in their order, about a million at a time, of the columns that the client has.

        With ``codes`` ids and words of a long file are categories, those of each part its own.
        """
        if self._held:
            frame = self.frame
            yield _within(frame, since, until)[[name for name in columns if name in frame]]
            return
        import pyarrow.parquet as pq

        has = self._meta.schema.names
        wanted = [name for name in has if name in {*columns, *self.looks_at, *_ALWAYS}]
        words = [name for name in _CODES if name in wanted] if codes else []
        with pq.ParquetFile(self.file, read_dictionary=words) as reader:
            place = has.index("date")
            for group in range(reader.num_row_groups):
                days = self._meta.row_group(group).column(place).statistics
                if not self.moves and _outside(days, since, until):
                    continue
                frame = reader.read_row_group(group, columns=wanted).to_pandas()
                frame = _within(self.change(frame), since, until)
                yield frame[[name for name in columns if name in frame]]


def _holds(chunk: Any) -> bool:
    """Whether a column of a row group has a value; unknown counts as yes."""
    told = chunk.statistics
    return told is None or not told.has_null_count or told.null_count < chunk.num_values


def _outside(days: Any, since: pd.Timestamp | None, until: pd.Timestamp | None) -> bool:
    """Whether a row group has no day of the span, by its own least and greatest day."""
    if days is None or not days.has_min_max:
        return False
    return bool((since is not None and days.max < since) or (until is not None and days.min > until))


def _within(frame: pd.DataFrame, since: pd.Timestamp | None, until: pd.Timestamp | None) -> pd.DataFrame:
    inside = None
    if since is not None:
        inside = (frame["date"] >= since).to_numpy(dtype=bool)
    if until is not None:
        before = (frame["date"] <= until).to_numpy(dtype=bool)
        inside = before if inside is None else inside & before
    return frame if inside is None or inside.all() else frame[inside]


def rows_of(
    transactions: Orders | Result | pd.DataFrame | None,
    columns: Iterable[str],
    since: pd.Timestamp | None = None,
    until: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """The rows that a function needs: a table as it is, of `Orders` the columns that hold anything and the days.

    >>> rows_of(pd.DataFrame({"amount": [1.0]}), ["amount", "status"]).columns.tolist()
    ['amount']
    """
    if not isinstance(transactions, Orders):
        return as_table(transactions)
    return transactions.read(*_known(transactions, columns), since=since, until=until)


def orders_of(
    transactions: Orders | Result | pd.DataFrame | None,
    columns: Sequence[str],
    since: pd.Timestamp | None = None,
    until: pd.Timestamp | None = None,
) -> pd.DataFrame:
    """One row per order as it was sold: lines of one number are joined, their money is added up.

    A row without a number is an order of its own; of the other columns the first known value counts.

    >>> lines = pd.DataFrame({"transaction_id": ["1", "1", None], "date": "2026-10-01", "amount": [1.0, 2.0, 9.0]})
    >>> orders_of(lines, ["date", "amount"])["amount"].tolist()
    [3.0, 9.0]
    """
    sold = transactions.as_sold if isinstance(transactions, Orders) else transactions
    numbered = not isinstance(sold, Orders) or sold.lines
    wanted = dict.fromkeys((*columns, "transaction_id", "client_id")) if numbered else columns
    rows = rows_of(sold, wanted, since, until)
    if not numbered or "transaction_id" not in rows or rows["transaction_id"].dropna().is_unique:
        return rows
    known = [name for name in ("date", "amount") if name in rows]
    rows = rows.sort_values(known, kind="stable") if known else rows  # the first line is the earliest one
    code = pd.factorize(rows["transaction_id"])[0]
    code = np.where(code >= 0, code, -1 - np.arange(len(code)))
    # Numbers that begin anew for another client are other orders.
    keys = [code, pd.factorize(rows["client_id"])[0]] if "client_id" in rows else [code]
    used = [name for name in columns if name in rows]
    money = {name: to_minor(rows[name]) for name in used if name in _MONEY}
    grouped = rows[used].assign(**money).groupby(keys, sort=False)
    joined = grouped[used].first()
    for name in money:
        joined[name] = from_minor(grouped[name].sum(min_count=1))
    return joined.reset_index(drop=True)


def parts_of(
    transactions: Orders | Result | pd.DataFrame | None, columns: Sequence[str], until: pd.Timestamp | None = None
) -> Iterator[pd.DataFrame]:
    """The same part by part, for what can be summed up on the way; a table is one part."""
    if not isinstance(transactions, Orders):
        yield as_table(transactions)
        return
    yield from transactions.parts(_known(transactions, columns), until=until)


def plain(frame: pd.DataFrame) -> pd.DataFrame:
    """Categories back to what they stand for."""
    coded = [name for name in frame if isinstance(frame[name].dtype, pd.CategoricalDtype)]
    return frame.astype({name: frame[name].cat.categories.dtype for name in coded}) if coded else frame


def holds(transactions: Orders | Result | pd.DataFrame | None, column: str) -> bool:
    """Whether a column is there and any row has a value in it."""
    if isinstance(transactions, Orders):
        return column in transactions.columns
    table = as_table(transactions)
    return column in table and bool(table[column].notna().any())


def _known(orders: Orders, columns: Iterable[str]) -> list[str]:
    return [name for name in columns if name in orders.columns or name in _NEEDED]
