"""From raw columns to a canonical table: names, value maps, types, tax, returns."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd

from .. import tables
from ..errors import SourceError
from .findings import Findings
from .read import RawTable
from .spec import Revenue, Source
from .values.lookup import is_clean

__all__ = ["by_payment", "canonical", "chooses", "complete_orders", "kinds", "spread_airing", "without_tax"]

_TRUE = frozenset(["да", "yes", "true", "1", "y", "д", "истина", "+", "есть"])
_FALSE = frozenset(["нет", "no", "false", "0", "n", "н", "ложь"])
# Value added tax in Russia by first day of validity: Federal laws 303-FZ of 2018 and 425-FZ of 2025.
_RATES = {"RUB": {"2004-01-01": 18.0, "2019-01-01": 20.0, "2026-01-01": 22.0}}


def kinds(source: Source, table: str) -> dict[str, str]:
    """How each canonical column is to be read: columns with a value map or fixed words are texts."""
    columns = tables.get(table).columns
    return {
        name: "str" if name in source.values or columns[name].allowed else columns[name].kind for name in source.columns
    }


def chooses(source: Source) -> bool:
    """Whether params themselves say which rows count, so that nothing else may."""
    return bool(source.keep or source.drop or "status" in source.columns or "status" in source.fixed)


def canonical(raw: RawTable, source: Source, table: str, file: str, found: Findings) -> pd.DataFrame:
    """Map and type the columns of one raw file.

    Returns the canonical columns that the file has, ``_row``, the line of the file, and ``_copies``, how often the
    file holds the row.
    """
    frame = raw.frame.assign(_row=raw.lines, _copies=raw.copies)
    frame = _chosen(frame, source, file, found)
    rows = frame["_row"]
    declared = tables.get(table).columns
    filled: dict[str, pd.Series] = {}
    for name in source.columns:
        values = frame[name]
        if name in source.values:
            values = _mapped(values, source.values[name])
        filled[name] = _typed(values, declared[name], rows, file, found)
    for name, value in source.fixed.items():
        filled[name] = _typed(pd.Series([value] * len(frame), index=frame.index), declared[name], rows, file, found)
    return pd.DataFrame(filled | {"_row": rows, "_copies": frame["_copies"]}, index=frame.index, copy=False)


def _chosen(frame: pd.DataFrame, source: Source, file: str, found: Findings) -> pd.DataFrame:
    for keeps, choices in ((True, source.keep), (False, source.drop)):
        for header, wanted in choices.items():
            values = frame[f"raw:{header}"].astype("str").str.strip()
            inside = values.isin(wanted).to_numpy(dtype=bool, na_value=False)
            out = ~inside if keeps else inside
            if out.any():
                counts = values[out].fillna("—").value_counts().sort_index()
                listed = ", ".join(f"{value}: {number}" for value, number in counts.items())
                found.add("left_out", file=file, column=header, rows=int(out.sum()), listed=listed)
            frame = frame[~out]
    return frame


def _mapped(values: pd.Series, pairs: dict[str, Any]) -> pd.Series:
    text = values.astype("str").str.strip()
    by_case = {key.casefold(): value for key, value in pairs.items()}
    return text.map(lambda value: by_case.get(value.casefold(), value), na_action="ignore")


def _typed(values: pd.Series, declared: tables.Column, rows: pd.Series, file: str, found: Findings) -> pd.Series:
    result: Any
    if declared.kind == "bool":
        result = _truth(values)
    elif declared.kind == "list":
        return values.map(_listed).astype(object)
    elif declared.kind in ("date", "month"):
        result = pd.to_datetime(values, errors="coerce").astype("datetime64[us]").dt.normalize()
        result = (
            result.dt.to_period("M").dt.to_timestamp().astype("datetime64[us]") if declared.kind == "month" else result
        )
    elif declared.kind == "ts":
        result = pd.to_datetime(values, errors="coerce").astype("datetime64[us]")
    elif declared.kind == "int":
        number = pd.to_numeric(values, errors="coerce").astype("float64")
        result = number.where(number == np.rint(number)).astype("Int64")
    elif declared.kind in ("num", "money"):
        result = pd.to_numeric(values, errors="coerce").astype("float64")
    else:
        result = _text(values)
    lost = values.notna() & result.isna()
    if lost.any():
        lost &= values.astype("str").str.strip() != ""
    if declared.allowed:
        known = result.isin(declared.allowed) | result.isna()
        if not known.all():
            lost |= ~known
            result = result.where(known)
    if lost.any():
        samples = ", ".join(sorted(values[lost].astype("str").unique())[:5])
        found.add(
            "not_understood", "error" if declared.required else "warning", file=file, row=int(rows[lost].iloc[0]),
            column=declared.name, rows=int(lost.sum()), samples=samples,
            allowed=", ".join(declared.allowed) or declared.kind,
        )  # fmt: skip
    return result


def _text(values: pd.Series) -> pd.Series:
    if pd.api.types.is_float_dtype(values) and (values.dropna() == np.rint(values.dropna())).all():
        values = values.astype("Int64")
    if pd.api.types.is_datetime64_any_dtype(values):
        text = values.dt.strftime("%Y-%m-%d")
    elif is_clean(values):
        return values
    else:
        text = values.astype("str").str.strip()
    return text.where(values.notna() & (text != "")).astype("str")


def _truth(values: pd.Series) -> pd.Series:
    if pd.api.types.is_bool_dtype(values):
        return values.astype("boolean")
    text = values.astype("str").str.strip().str.casefold().str.removesuffix(".0")
    result = pd.Series(pd.NA, index=values.index, dtype="boolean")
    result[text.isin(_TRUE).to_numpy(dtype=bool, na_value=False)] = True
    result[text.isin(_FALSE).to_numpy(dtype=bool, na_value=False)] = False
    return result


def _listed(value: Any) -> list[str] | None:
    if isinstance(value, (list, tuple, np.ndarray)):
        return [str(item) for item in value]
    if not isinstance(value, str) or not value.strip():
        return None
    return [part.strip() for part in re.split(r"[;,|]", value) if part.strip()]


def complete_orders(
    orders: pd.DataFrame, revenue: Revenue, currency: str, source: Source, found: Findings
) -> pd.DataFrame:
    """Amounts from quantity and price, kinds from signs, money without tax and on the day that counts."""
    orders = orders.copy(deep=False)  # pandas copies what is written to
    if "amount" not in orders and {"quantity", "unit_price"} <= set(orders):
        orders["amount"] = (orders["quantity"] * orders["unit_price"]).round(2)
        found.add("amount_computed", rows=len(orders))
    if source.return_prefix and "transaction_id" in orders:
        back = orders["transaction_id"].str.startswith(source.return_prefix).fillna(False).to_numpy(dtype=bool)
        orders["kind"] = np.where(back, "return", "sale")
        found.add("cancellations", rows=int(orders.loc[back, "_copies"].sum()), prefix=source.return_prefix,
                  money=float(orders.loc[back, "amount"].sum()))  # fmt: skip
    if "amount" in orders:
        if "kind" not in orders:
            orders["kind"] = np.where(orders["amount"] < 0, "return", "sale")
        orders["kind"] = orders["kind"].astype("str")
        orders = _signed(orders, found)
    if revenue.vat == "included":
        orders = without_tax(orders, revenue.rates or _RATES.get(currency, {}), currency)
        found.add("tax_taken_out", rows=len(orders))
    return orders


def _signed(orders: pd.DataFrame, found: Findings) -> pd.DataFrame:
    """Returns are negative: all are turned where the export writes them without a sign.

    Where most have one, a positive return is a correction of a return and counts as it stands.
    """
    back = (orders["kind"] == "return") & orders["amount"].notna()
    wrong = back & (orders["amount"] > 0)
    if not wrong.any():
        return orders
    if wrong.sum() > 0.5 * back.sum():
        found.add("returns_turned", "warning", column="amount", rows=int(wrong.sum()))
        return orders.assign(amount=orders["amount"].mask(wrong, -orders["amount"]))
    found.add(
        "returns_positive",
        "warning",
        column="amount",
        rows=int(wrong.sum()),
        row=int(orders.loc[wrong, "_row"].iloc[0]),
    )
    return orders.assign(kind=orders["kind"].mask(wrong, "sale"))


def without_tax(orders: pd.DataFrame, rates: dict[str, float], currency: str) -> pd.DataFrame:
    """Money columns without value added tax at the rate of each row's date, rounded to the kopeck."""
    if not rates:
        raise SourceError(
            f"No rates of value added tax are known for {currency}.", "Write revenue: {rates: {2019-01-01: 20}}."
        )
    starts = pd.to_datetime(pd.Series(sorted(rates))).astype("datetime64[us]")
    values = np.array([rates[key] for key in sorted(rates)])
    place = np.searchsorted(starts.to_numpy(), orders["date"].to_numpy(), side="right") - 1
    share = 1 + values[np.clip(place, 0, None)] / 100
    changed = {
        name: (orders[name] / share).round(2) for name in ("amount", "paid_amount", "unit_price") if name in orders
    }
    return orders.assign(**changed)


def by_payment(orders: pd.DataFrame) -> pd.DataFrame:
    """Money on the day when it came: the paid amount, or the whole one where only the day is known."""
    paid = orders[orders["paid_date"].notna()]
    return paid.assign(date=paid["paid_date"], amount=paid["paid_amount"].fillna(paid["amount"])).reset_index(drop=True)


def spread_airing(orders: pd.DataFrame) -> pd.DataFrame:
    """Campaigns by their days: one row per campaign and month on the air, sums kept to the kopeck.

    A row without campaign dates stays as it is.
    """
    if not {"campaign_start", "campaign_end"} <= set(orders):
        return orders
    spread = orders["campaign_start"].notna() & (orders["campaign_end"] >= orders["campaign_start"])
    first = orders.loc[spread, "campaign_start"].dt.to_period("M")
    last = orders.loc[spread, "campaign_end"].dt.to_period("M")
    months = (last.dt.year * 12 + last.dt.month - first.dt.year * 12 - first.dt.month + 1).to_numpy()
    long = orders.loc[spread].loc[np.repeat(orders.index[spread], months)].copy()
    step = np.arange(len(long)) - np.repeat(np.cumsum(months) - months, months)
    month = np.repeat(first.to_numpy(dtype="datetime64[M]"), months) + step
    start = np.maximum(long["campaign_start"].to_numpy(dtype="datetime64[D]"), month.astype("datetime64[D]"))
    stop = np.minimum(long["campaign_end"].to_numpy(dtype="datetime64[D]"), (month + 1).astype("datetime64[D]") - 1)
    whole = (long["campaign_end"] - long["campaign_start"]).dt.days.to_numpy() + 1
    begun = (start - long["campaign_start"].to_numpy(dtype="datetime64[D]")).astype(int)
    ended = (stop - long["campaign_start"].to_numpy(dtype="datetime64[D]")).astype(int) + 1
    for name in ("amount", "paid_amount", "gross_profit", "quantity"):
        if name in long:
            # Differences of rounded running sums: the parts add up to the whole exactly.
            value = long[name].to_numpy()
            long[name] = np.round(np.round(value * ended / whole, 2) - np.round(value * begun / whole, 2), 2)
    long["date"] = start.astype("datetime64[us]")
    return pd.concat([orders.loc[~spread], long], ignore_index=True)
