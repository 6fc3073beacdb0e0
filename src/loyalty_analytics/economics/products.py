"""Cross-sell and up-sell: products per client and what is bought next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..intervals import wilson
from ..months import as_of as read_as_of
from ..orders import holds, parts_of, plain, rows_of
from ..results import Note, Result, as_table, no_rows

__all__ = ["next_products"]

_USED = ("client_id", "date", "product_id", "kind")
_COLUMNS = ["product_id", "next_product_id", "owners", "bought_next", "share", "share_low", "share_high", "base",
            "lift", "tier_up"]  # fmt: skip


def next_products(
    transactions: Any, as_of: Any = None, *, products: Any = None, level: float = 0.95, fewest: int = 8,
    most: int = 150,
) -> Result:  # fmt: skip
    """Which product the owners of another one buy next, and how much oftener than all clients.

    Parameters
    ----------
    transactions : table
        client_id, date, product_id.
    products : table, optional
        product_id, tier: a next product of a smaller tier number is dearer (up-sell).
    fewest : int
        Pairs with fewer owners have no lift.
    most : int
        Only so many products, those with the most owners, are paired: thousands make millions of pairs
        that nobody reads.

    Returns
    -------
    Result
        ``.table``: product_id, next_product_id, owners (clients who had the first product and not yet
        the second), bought_next (of them, bought the second later), share with Wilson interval,
        base (share of all clients who ever bought the second), lift = share / base (null where
        owners are few), tier_up (bool); best lift first. ``.overview``: products, clients, share:
        how many clients hold 1, 2, 3 … products.

    Examples
    --------
    >>> deals = pd.DataFrame({"client_id": [1, 1, 2], "date": ["2026-01-01", "2026-02-01", "2026-01-01"],
    ...                       "product_id": ["spot", "site", "spot"]})
    >>> next_products(deals).table[["product_id", "next_product_id", "owners", "bought_next", "share"]]
      product_id next_product_id  owners  bought_next  share
    0       spot            site       2            1    0.5
    """
    if not holds(transactions, "product_id"):
        return Result(frame=_none(), notes=(Note("acquisition.no_products"),))
    latest = pd.to_datetime(rows_of(transactions, ["date"])["date"]).max().to_period("M") if as_of is None else None
    seen = read_as_of(as_of, latest=latest)
    parts = [_bought(part, seen.end) for part in parts_of(transactions, _USED, seen.end)]
    rows = pd.concat(parts, ignore_index=True)
    if rows.empty:
        return Result(frame=_none(), as_of=seen, notes=(Note("acquisition.no_products"),))
    owners = rows.groupby("product_id")["client_id"].nunique().sort_index()
    widest = owners.sort_values(ascending=False, kind="stable").index[:most]
    products_held = rows.drop_duplicates(["client_id", "product_id"]).groupby("client_id").size()
    frame = _pairs(rows[rows["product_id"].isin(widest)])
    frame["share"] = frame["bought_next"] / frame["owners"]
    frame["share_low"], frame["share_high"] = wilson(frame["bought_next"], frame["owners"], level)
    frame["base"] = frame["next_product_id"].map(owners).astype("float64") / len(products_held)
    frame["lift"] = (frame["share"] / frame["base"]).where(frame["owners"] >= fewest)
    tier = pd.Series(dtype="float64")
    if "tier" in as_table(products):
        tier = as_table(products).set_index("product_id")["tier"].astype("float64")
    following, owned = (frame[name].map(tier).astype("float64") for name in ("next_product_id", "product_id"))
    frame["tier_up"] = following < owned
    frame = frame.sort_values(["lift", "owners"], ascending=False, kind="stable", na_position="last")
    held = products_held.value_counts().sort_index()
    overview = pd.DataFrame({"products": held.index, "clients": held.to_numpy(), "share": held.to_numpy() / held.sum()})
    note = Note("acquisition.products", {"mean": round(products_held.mean(), 1), "clients": len(products_held)})
    return Result(
        frame=frame.reset_index(drop=True)[_COLUMNS], overview=overview, notes=(note,), as_of=seen,
        options={"level": level, "fewest": fewest},
    )  # fmt: skip


def _bought(table: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """client_id, product_id and the first date of what was bought by then and not given back."""
    dates = pd.to_datetime(table["date"])
    keep = (dates <= end) & table["product_id"].notna()
    if "kind" in table:
        keep &= (table["kind"].astype("object") != "return").to_numpy()
    rows = table.assign(date=dates).loc[keep, ["client_id", "product_id", "date"]]
    return plain(rows.groupby(["client_id", "product_id"], observed=True)["date"].min().reset_index())


def _pairs(rows: pd.DataFrame) -> pd.DataFrame:
    """Pairs of products with their owners and those of them who bought the second later."""
    first = rows.groupby(["client_id", "product_id"])["date"].min().unstack().astype("datetime64[us]")
    days = first.to_numpy()
    never, far = np.isnat(days), np.datetime64("9999-12-31", "us")
    names = first.columns.to_numpy()
    filled = np.where(never, far, days)
    made = []
    for position, name in enumerate(names):  # over products, which are few
        has = ~never[:, position]
        without = filled[has] > filled[has][:, [position]]  # had the first, not yet the second
        bought = without & ~never[has]
        made.append(pd.DataFrame({"product_id": name, "next_product_id": names, "owners": without.sum(axis=0),
                                  "bought_next": bought.sum(axis=0)}))  # fmt: skip
    frame = pd.concat(made, ignore_index=True)
    frame = frame[(frame["product_id"] != frame["next_product_id"]) & (frame["owners"] > 0)]
    return frame[frame["bought_next"] > 0].reset_index(drop=True)


def _none() -> pd.DataFrame:
    return no_rows(_COLUMNS, product_id="str", next_product_id="str", tier_up="bool")
