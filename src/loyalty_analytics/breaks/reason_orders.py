"""Transactions and breaks as the anatomy and the evidence need them: minor units, days and month numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import to_minor
from ..months import AsOf, as_of, month_number
from ..results import Result, as_table

__all__ = ["day_numbers", "months_of_days", "prepare_breaks", "prepare_orders"]

_USED = (
    "client_id", "date", "amount", "status", "kind", "product_id", "manager_id", "transaction_id", "due_date",
    "paid_date", "discount_pct", "quantity", "unit_price",
)  # fmt: skip


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
    market = table["market"].fillna(False).astype(bool) if "market" in table else False
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


def last_month(orders: pd.DataFrame, breaks: Result | pd.DataFrame, value: Any) -> AsOf:
    """The moment up to which facts count: given, or that of the breaks, or the last month of the orders."""
    if value is None and isinstance(breaks, Result):
        value = breaks.as_of
    days = day_numbers(orders["date"]).dropna() if "date" in orders else pd.Series(dtype=float)
    latest = pd.Timestamp(0) + pd.Timedelta(days=float(days.max())) if len(days) else pd.Timestamp("1970-01-01")
    return as_of(value, latest.to_period("M"))


def prepare_orders(transactions: pd.DataFrame, seen: AsOf) -> pd.DataFrame:
    """Done transactions of whole months: client_id, day, month, minor, sale and what else is known of them.

    ``product``, ``manager``, ``quantity`` and ``listed`` (minor units before discount) are there only
    where the data have them. ``quantity`` is missing for clients of whom less than nine tenths of
    the rows have one.
    """
    _need(transactions, ("client_id", "date", "amount"), "transactions")
    transactions = transactions[
        [name for name in _USED if name in transactions and (name in _USED[:3] or transactions[name].notna().any())]
    ]
    day = day_numbers(transactions["date"])
    keep = day.notna() & transactions["client_id"].notna() & transactions["amount"].notna()
    if "status" in transactions:
        keep &= transactions["status"].fillna("done").eq("done")
    table, day = (transactions, day) if keep.all() else (transactions[keep], day[keep])
    day = day.astype("int64")
    month = pd.Series(months_of_days(day.to_numpy()), index=day.index)
    whole = (month <= seen.last_whole_number).to_numpy()
    if not whole.all():
        table, day, month = table[whole], day[whole], month[whole]
    minor = to_minor(table["amount"]).astype("int64")
    sale = minor >= 0
    if "kind" in table:
        sale &= ~table["kind"].fillna("sale").eq("return")
    orders = pd.DataFrame({"client_id": table["client_id"], "day": day, "month": month, "minor": minor, "sale": sale})
    for name, column in (("product", "product_id"), ("manager", "manager_id"), ("transaction_id", "transaction_id")):
        if column in table and table[column].notna().any():
            orders[name] = table[column]
    if "due_date" in table and "paid_date" in table and table["paid_date"].notna().any():
        orders["late"] = day_numbers(table["paid_date"]) - day_numbers(table["due_date"])
    return _priced(orders, table).reset_index(drop=True)


def _priced(orders: pd.DataFrame, table: pd.DataFrame) -> pd.DataFrame:
    """Quantity and amount before discount, where most rows know them."""
    if "discount_pct" in table and table["discount_pct"].notna().any():
        off = pd.to_numeric(table["discount_pct"], errors="coerce").fillna(0).clip(0, 99) / 100
        orders["listed"] = orders["minor"] / (1 - off)
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
