"""Transactions and breaks as the anatomy and the evidence need them: minor units, days and month numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import to_minor
from ..months import AsOf, as_of, month_number
from ..orders import Orders, parts_of, rows_of
from ..results import Result, as_table

__all__ = ["Sold", "day_numbers", "known_ids", "months_of_days", "prepare_breaks", "prepare_orders"]

_NEEDED = ("client_id", "date", "amount")
_USED = (
    *_NEEDED, "status", "kind", "product_id", "manager_id", "due_date", "paid_date", "discount_pct", "quantity",
    "unit_price",
)  # fmt: skip
_IDS = ("client_id", "product", "manager")
_OF_ROWS = ("quantity", "unit_price", "discount_pct", "listed", "late")  # facts of single orders
_AT_ONCE = 4_000_000  # orders
_MOST_CELLS = 2.0**62


@dataclass(frozen=True, eq=False)
class Sold:
    """What the anatomy and the evidence know of the transactions.

    Attributes
    ----------
    orders : pandas.DataFrame
        client_id, product, manager (categories), month (number), minor, sale (bool), n (deals that the row stands for:
        a line of a deal of four is a quarter) and what else the data have of single orders: quantity, listed (minor
        units before discount), late (days); where they have none of these, one row per client, month, product and
        manager.
    delivered : pandas.DataFrame
        transaction_id, client_id, day of the orders that have deliveries.
    """

    orders: pd.DataFrame
    delivered: pd.DataFrame

    @property
    def first(self) -> pd.Series:
        """Month of the first order by client_id."""
        months = self.orders.groupby("client_id", observed=True)["month"].min()
        return months.set_axis(known_ids(months.index))


def day_numbers(values: Any) -> pd.Series:
    """Dates, timestamps or ISO texts as days since 1970 (float, NaN = missing)."""
    column = values if isinstance(values, pd.Series) else pd.Series(values)
    stamps = pd.to_datetime(column, errors="coerce", format="ISO8601" if column.dtype == object else None)
    if getattr(stamps.dt, "tz", None) is not None:
        stamps = stamps.dt.tz_localize(None)
    days = (stamps.dt.floor("D") - pd.Timestamp(0)) / pd.Timedelta(days=1)
    return pd.Series(days.to_numpy(float), index=column.index)


def months_of_days(days: np.ndarray) -> np.ndarray:
    """Month numbers (year·12 + month − 1) of days since 1970."""
    dates = np.asarray(days, dtype="int64").astype("datetime64[D]")
    return dates.astype("datetime64[M]").astype("int64") + 1970 * 12


def first_day(months: np.ndarray) -> np.ndarray:
    """Days since 1970 of the first of each month number."""
    starts = (np.asarray(months, dtype="int64") - 1970 * 12).astype("datetime64[M]")
    return starts.astype("datetime64[D]").astype("int64")


def _need(table: pd.DataFrame, columns: tuple[str, ...], name: str) -> None:
    for column in columns:
        if column not in table.columns:
            raise DataError(f"Table {name} has no column {column!r}.", nearest(column, map(str, table.columns)))


def prepare_breaks(breaks: Result | pd.DataFrame) -> pd.DataFrame:
    """Columns client_id, month, low, high (month numbers), direction, market; one row per break, order kept."""
    table = as_table(breaks)
    _need(table, ("client_id", "break_month"), "breaks")
    table = table[table["break_month"].notna()].reset_index(drop=True)
    month = month_number(table["break_month"], "break_month")
    low, high = (_bound(table, name, month) for name in ("low", "high"))
    direction = pd.to_numeric(table["direction"], errors="coerce").fillna(-1) if "direction" in table else -1
    market = table["market"].astype("boolean").fillna(False).astype(bool) if "market" in table else False
    return pd.DataFrame(
        {
            "client_id": table["client_id"],
            "month": month,
            "low": np.minimum(low, month),
            "high": np.maximum(high, month),
            "direction": direction,
            "market": market,
        }
    )


def _bound(table: pd.DataFrame, name: str, month: np.ndarray) -> np.ndarray:
    if name not in table:
        return month
    known = table[name].notna().to_numpy()
    bound = month.copy()
    if known.any():
        bound[known] = month_number(table.loc[known, name], name)
    return bound


def last_month(orders: Orders | pd.DataFrame, breaks: Result | pd.DataFrame, value: Any) -> AsOf:
    """The moment up to which facts count: given, or that of the breaks, or the last month of the orders."""
    if value is None and isinstance(breaks, Result):
        value = breaks.as_of
    if value is not None:
        return as_of(value)
    table = rows_of(orders, ["date"])
    days = day_numbers(table["date"]).dropna() if "date" in table else pd.Series(dtype=float)
    latest = pd.Timestamp(0) + pd.Timedelta(days=float(days.max())) if len(days) else pd.Timestamp("1970-01-01")
    return as_of(latest.to_period("M"))


def known_ids(values: Any) -> pd.Index:
    """Ids as they were given, of categories."""
    index = pd.Index(values)
    if not isinstance(index, pd.CategoricalIndex):
        return index
    return index.categories.take(index.codes) if len(index) else index.categories[:0]


def prepare_orders(transactions: Orders | pd.DataFrame, seen: AsOf, deliveries: pd.DataFrame | None = None) -> Sold:
    """Done transactions of whole months.

    ``product``, ``manager``, ``quantity`` and ``listed`` are there only where the data have them.
    ``quantity`` is missing for clients of whom less than nine tenths of the rows have one.
    """
    named = pd.Index([])
    if deliveries is not None and "transaction_id" in deliveries:
        named = pd.Index(deliveries["transaction_id"].dropna().unique())
    if isinstance(transactions, Orders) and not len(named):
        return transactions.once(("sold", seen.last_whole_number), lambda: _sold(transactions, seen, named))
    return _sold(transactions, seen, named)


def _sold(transactions: Orders | pd.DataFrame, seen: AsOf, named: pd.Index) -> Sold:
    parts: list[pd.DataFrame] = []
    delivered, waiting = [], 0
    lines = _lines(transactions, seen)
    used = (*_USED, "transaction_id") if len(named) or lines is not None else _USED
    for table in parts_of(transactions, used, seen.last_whole.end_time):
        part = _shared(_done(table, seen), lines)
        if len(named) and "transaction_id" in part:
            mine = part.loc[part["transaction_id"].isin(named), ["transaction_id", "client_id", "day"]]
            delivered.append(mine.assign(client_id=known_ids(mine["client_id"])))
        parts.append(part.drop(columns=[name for name in ("transaction_id", "day") if name in part]))
        waiting += len(part)
        if waiting > _AT_ONCE:  # sums take the place of rows, so that memory does not grow with the orders
            parts, waiting = [_summed(_joined(parts))], 0
    names = ["transaction_id", "client_id", "day"]
    of = pd.concat(delivered) if delivered else pd.DataFrame({name: pd.Series(dtype=float) for name in names})
    return Sold(_summed(_priced(_joined(parts))), of.drop_duplicates("transaction_id"))


def _lines(transactions: Orders | pd.DataFrame, seen: AsOf) -> pd.Series | None:
    """Number of rows of each deal that has several, lines or months, by its `_deals`; None where none has."""
    if isinstance(transactions, Orders) and not (transactions.lines or transactions.whole):
        return None
    wanted = (*_NEEDED, "status", "kind", "transaction_id")
    keys = []
    for table in parts_of(transactions, wanted, seen.last_whole.end_time):
        if "transaction_id" not in table:
            return None
        keys.append(_deals(_done(table[[name for name in wanted if name in table]], seen)).to_numpy())
    found, count = np.unique(np.concatenate(keys), return_counts=True) if keys else (np.zeros(0), np.zeros(0))
    return pd.Series(count[count > 1], index=found[count > 1]) if (count > 1).any() else None


def _deals(orders: pd.DataFrame) -> pd.Series:
    """What stands for the deal of each sale that has a number: numbers of different clients are different deals."""
    if "transaction_id" not in orders:
        return pd.Series(dtype="uint64")
    sold = orders.loc[orders["sale"] & orders["transaction_id"].notna(), ["transaction_id", "client_id"]]
    return pd.util.hash_pandas_object(sold, index=False)


def _shared(orders: pd.DataFrame, lines: pd.Series | None) -> pd.DataFrame:
    """Each row of a deal as its share of one deal."""
    if lines is None:
        return orders
    many = _deals(orders).map(lines).reindex(orders.index).fillna(1)
    return orders.assign(n=1.0 / many.to_numpy(float))


def _done(transactions: pd.DataFrame, seen: AsOf) -> pd.DataFrame:
    """A part of the transactions: client_id, day, month, minor, sale, n and what else is known of them."""
    _need(transactions, _NEEDED, "transactions")
    used = [name for name in (*_USED, "transaction_id") if name in transactions]
    transactions = transactions[[name for name in used if name in _NEEDED or transactions[name].notna().any()]]
    day = day_numbers(transactions["date"])
    keep = day.notna() & transactions["client_id"].notna() & transactions["amount"].notna()
    if "status" in transactions:
        keep &= (transactions["status"].isna() | transactions["status"].eq("done")).astype(bool)
    table, day = (transactions, day) if keep.all() else (transactions[keep], day[keep])
    day = day.astype("int64")
    month = pd.Series(months_of_days(day.to_numpy()), index=day.index)
    whole = (month <= seen.last_whole_number).to_numpy()
    if not whole.all():
        table, day, month = table[whole], day[whole], month[whole]
    minor = to_minor(table["amount"]).astype("int64")
    sale = minor >= 0
    if "kind" in table:
        sale &= ~table["kind"].eq("return").fillna(False).astype(bool)
    orders = pd.DataFrame({
        "client_id": _coded(table["client_id"]), "day": day, "month": month.astype("int32"), "minor": minor,
        "sale": sale, "n": np.int8(1),
    })  # fmt: skip
    for name, column in (("product", "product_id"), ("manager", "manager_id")):
        if column in table and table[column].notna().any():
            orders[name] = _coded(table[column])
    if "due_date" in table and "paid_date" in table and table["paid_date"].notna().any():
        orders["late"] = day_numbers(table["paid_date"]) - day_numbers(table["due_date"])
    further = [name for name in ("discount_pct", "quantity", "unit_price", "transaction_id") if name in table]
    return orders.assign(**{name: table[name] for name in further})


def _coded(column: pd.Series) -> pd.Series:
    """Ids as categories: small codes in place of texts, in the order of the ids."""
    return column if isinstance(column.dtype, pd.CategoricalDtype) else column.astype("category")


def _joined(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The parts of a long table as one, column by column; ids under common categories."""
    if len(parts) == 1:
        return parts[0].reset_index(drop=True)
    names = dict.fromkeys(str(name) for part in parts for name in part)
    columns: dict[str, Any] = {}
    for name in names:
        kind = next(part[name].dtype for part in parts if name in part) if name in _IDS else float
        pieces = [part.pop(name) if name in part else pd.Series(np.nan, part.index, dtype=kind) for part in parts]
        if name in _IDS:
            columns[name] = pd.api.types.union_categoricals(pieces, sort_categories=True, ignore_order=True)
        else:
            columns[name] = pd.concat(pieces, ignore_index=True)
    return pd.DataFrame(columns, copy=False)


def _summed(orders: pd.DataFrame) -> pd.DataFrame:
    """One row per client, month, side, product and manager: exact, since all sums of money are of whole numbers.

    Rows stay as they are where something else is known of single orders.
    """
    if not set(_OF_ROWS).isdisjoint(orders):
        return orders
    names = [name for name in ("client_id", "month", "sale", "product", "manager") if name in orders]
    low = int(orders["month"].min()) if len(orders) else 0
    sizes, key = [], np.zeros(len(orders), dtype=np.int64)
    for name in names:
        code = _codes(orders[name], low)
        sizes.append(int(code.max()) + 1 if len(code) else 1)
        key *= sizes[-1]
        key += code
    cells = float(np.prod(np.array(sizes, dtype=float)))
    if cells > _MOST_CELLS:
        return orders
    # Where the cells are few, each has its place; else the places are found.
    place, keys = (key, np.arange(int(cells))) if cells <= 4 * len(key) else pd.factorize(key)
    sums = {name: np.zeros(len(keys), dtype=orders[name].to_numpy().dtype.kind + "8") for name in ("minor", "n")}
    for name, values in sums.items():
        np.add.at(values, place, orders[name].to_numpy())
    order = np.argsort(keys) if len(keys) < cells else np.flatnonzero(sums["n"])
    keys, made = keys[order], {name: values[order] for name, values in sums.items()}
    columns: dict[str, Any] = {}
    for name, size in zip(names[::-1], sizes[::-1]):
        keys, code = np.divmod(keys, size)
        if name in _IDS:
            columns[name] = pd.Categorical.from_codes(code - 1, categories=orders[name].cat.categories)
        else:
            columns[name] = code + low if name == "month" else code.astype(bool)
    return pd.DataFrame(columns | made)


def _codes(column: pd.Series, low: int) -> np.ndarray:
    """Whole numbers from 0 that stand for a column; 0 = missing where ids may be."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.cat.codes.to_numpy() + np.int64(1)
    return column.to_numpy() - low if column.name == "month" else column.to_numpy()


def _priced(table: pd.DataFrame) -> pd.DataFrame:
    """Quantity and amount before discount, where most rows know them."""
    orders = table.drop(columns=[name for name in ("discount_pct", "quantity", "unit_price") if name in table])
    if "discount_pct" in table and table["discount_pct"].notna().any():
        off = pd.to_numeric(table["discount_pct"], errors="coerce").fillna(0).clip(0, 99) / 100
        orders["listed"] = orders["minor"] / (1 - off)
    if "quantity" not in table and "unit_price" not in table:
        return orders
    listed = orders.get("listed", orders["minor"]).astype(float)
    quantity = pd.Series(np.nan, index=orders.index)
    if "quantity" in table:
        quantity = pd.to_numeric(table["quantity"], errors="coerce").astype(float)
    if "unit_price" in table:
        price = pd.to_numeric(table["unit_price"], errors="coerce").astype(float) * 100
        quantity = quantity.fillna((listed / price).where(price > 0))
    quantity = quantity.where(quantity > 0)
    if quantity.isna().all():
        return orders
    share = quantity.notna().astype(float).where(orders["sale"]).groupby(orders["client_id"]).transform("mean")
    if not (share >= 0.9).any():
        return orders
    usual = (listed / quantity).groupby(orders["client_id"]).transform("median")
    orders["quantity"] = quantity.fillna(listed / usual.where(usual > 0)).fillna(1.0).where(share >= 0.9)
    return orders
