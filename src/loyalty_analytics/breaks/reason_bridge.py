"""What a change of the whole base is made of: lost and new clients, and the parts of those who stayed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from ..money import from_minor
from ..months import from_number, month_number
from ..orders import Orders
from ..results import Note, Result
from .anatomy import LONGEST, PARTS, anatomy
from .reason_orders import known_ids, last_month, prepare_orders
from .reason_season import season_means

__all__ = ["portfolio_bridge"]


def portfolio_bridge(
    transactions: Orders | pd.DataFrame,
    month: Any,
    *,
    groups: Mapping[Any, Any] | pd.Series | None = None,
    as_of: Any = None,
    longest: int = LONGEST,
) -> Result:
    """The change of all sales from the months before a month to as many months from it on, split exactly.

    Parameters
    ----------
    transactions : canonical table or ``data.orders``, as for `la.explain_breaks`
    month : month
        First month of the later window.
    groups : mapping of client_id to a group, optional
        Manager, industry, …: one bridge per group; clients that it lacks are left out.
    as_of : month or day, optional
        None = last month of the transactions.
    longest : int
        Longest window in months.

    Returns
    -------
    Result
        ``.table``: group (null without ``groups``), reason (lost_clients: bought only before, new_clients:
        only after, and the parts of `la.explain_breaks` for those who stayed), part and change in currency
        units. The parts of a group sum to its change to the kopeck; ``.overview`` has the months and sums.
        Empty where one side has no month.

    Examples
    --------
    >>> months = pd.period_range("2025-01", periods=12, freq="M").astype(str)
    >>> dates = [*(months + "-15"), *(months[:6] + "-20")]
    >>> deals = pd.DataFrame({"client_id": ["A"] * 12 + ["B"] * 6, "date": dates, "amount": 100.0})
    >>> portfolio_bridge(deals, "2025-07").table[["reason", "part", "change"]]
             reason   part  change
    0  lost_clients -600.0  -600.0
    """
    seen = last_month(transactions, pd.DataFrame(), as_of)
    last = seen.last_whole_number
    orders = prepare_orders(transactions, seen).orders
    at = int(month_number([month])[0])
    first = int(orders["month"].min()) if len(orders) else at
    length = max(min(longest, last - at + 1, at - first), 0)
    near = orders[(orders["month"] >= at - length) & (orders["month"] < at + length)]
    clients = pd.DataFrame({"client_id": known_ids(near["client_id"].unique()), "month": at, "length": length})
    parts = _named(anatomy(near, clients, season_means(orders, clients, last)), near, clients, at)
    group = pd.Series(None, index=clients.index, dtype=object)
    if groups is not None:
        group = clients["client_id"].map(groups).astype(object)
        parts = parts[group.reindex(parts["row"]).notna().to_numpy()]
    frame = _summed(parts.assign(group=group.reindex(parts["row"]).to_numpy()))
    sums = from_minor(near["minor"].groupby(near["month"] >= at).sum().reindex([False, True], fill_value=0))
    overview = pd.DataFrame(
        [[from_number([at])[0], length, *sums, len(clients)]], columns=["month", "months", "before", "after", "clients"]
    )
    return Result(frame=frame, overview=overview, notes=(Note("breaks.bridge_note", {"n": len(clients)}),), as_of=seen)


def _named(sums: pd.DataFrame, near: pd.DataFrame, clients: pd.DataFrame, at: int) -> pd.DataFrame:
    """One row per client and part; all of a client on one side only is one part."""
    sold = near[near["sale"]]
    sides = [known_ids(sold.loc[side, "client_id"].unique()) for side in (sold["month"] < at, sold["month"] >= at)]
    before, after = (clients["client_id"].isin(side).to_numpy() for side in sides)
    whole = np.where(before & ~after, "lost_clients", np.where(after & ~before, "new_clients", ""))
    long = (
        sums[list(PARTS)].rename_axis("row").reset_index().melt("row", var_name="reason", value_name="minor").dropna()
    )
    label = pd.Series(whole)[long["row"]].to_numpy()
    return long.assign(reason=np.where(label == "", long["reason"], label))


def _summed(parts: pd.DataFrame) -> pd.DataFrame:
    table = parts.groupby(["group", "reason"], dropna=False, sort=True)["minor"].sum().reset_index()
    table = table[table["minor"] != 0]
    change = table.groupby("group", dropna=False)["minor"].transform("sum")
    table = table.assign(part=from_minor(table["minor"]), change=from_minor(change), size=-table["minor"].abs())
    table = table.sort_values(["group", "size", "reason"], kind="stable").reset_index(drop=True)
    return table[["group", "reason", "part", "change"]]
