"""What a change is made of: an exact split into season, frequency, mix, managers, cheque, price and discount.

Revenue of a client in a window is a sum over cells (product × manager) of

    season · orders per season unit · share of the cell · managers' share · units per order · price · (1 − discount)

Every factor is one player of a cooperative game; its part is the Shapley value, which treats the
factors alike, leaves nothing over and, unlike the logarithmic mean (LMDI), knows zeros: a client who
left has no logarithm. The game is multilinear, so the Shapley value is the integral of the partial
derivative along the diagonal (Owen, Management Science 18, 1972, P64-P79) and a Gauss-Legendre
rule with enough nodes gives it exactly.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["PARTS", "anatomy", "in_minor", "shapley", "windows"]

# In the order in which equal parts are listed.
PARTS = (
    "frequency", "cheque", "price", "discount", "mix", "lost_products", "new_products", "managers", "season",
    "returns",
)  # fmt: skip
LONGEST = 12  # months of a window: a whole year needs no season


def windows(breaks: pd.DataFrame, first: pd.Series, last: int, longest: int = LONGEST) -> pd.DataFrame:
    """Windows of equal length before and after each break.

    Parameters
    ----------
    breaks : columns client_id, month (number)
    first : month number of the first order by client_id
    last : month number of the last whole month

    Returns
    -------
    ``breaks`` with ``length`` in months: as long as the data, the neighbouring breaks and ``longest`` allow.
    """
    known = breaks.sort_values(["client_id", "month"], kind="stable")
    same = known.groupby("client_id", sort=False)["month"]
    start = np.maximum(same.shift().fillna(-1).to_numpy(), known["client_id"].map(first).fillna(last + 1).to_numpy())
    stop = np.minimum(same.shift(-1).fillna(last + 1).to_numpy(), last + 1)
    month = known["month"].to_numpy()
    length = np.clip(np.minimum(month - start, stop - month), 0, longest).astype(np.int64)
    return breaks.assign(length=pd.Series(length, index=known.index))


def shapley(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Shapley values of the factors of a product.

    Parameters
    ----------
    before, after : arrays (factors, cells)

    Returns
    -------
    array (factors, cells) whose sum over factors is ``after.prod(0) − before.prod(0)``.

    Examples
    --------
    >>> shapley(np.array([[2.0], [3.0]]), np.array([[4.0], [5.0]])).ravel().tolist()
    [8.0, 6.0]
    """
    count = len(before)
    nodes, weights = np.polynomial.legendre.leggauss(count // 2 + 1)
    parts = np.zeros_like(before, dtype=float)
    for node, weight in zip((nodes + 1) / 2, weights / 2):
        point = before + node * (after - before)
        ahead = np.cumprod(np.vstack([np.ones_like(point[:1]), point[:-1]]), axis=0)
        behind = np.cumprod(np.vstack([np.ones_like(point[:1]), point[:0:-1]]), axis=0)[::-1]
        parts += weight * ahead * behind
    return parts * (after - before)


def in_minor(parts: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Whole minor units that add up to the total, nearest to the parts (largest remainders).

    Parameters
    ----------
    parts : float array (rows, parts); NaN = no data, stays out (0)
    total : int64 array (rows,)
    """
    known = ~np.isnan(parts)
    exact = np.where(known, parts, 0.0)
    whole = np.floor(exact).astype(np.int64)
    left = total - whole.sum(axis=1)
    rank = np.argsort(np.argsort(np.where(known, -(exact - whole), np.inf), axis=1, kind="stable"), axis=1)
    count = np.maximum(known.sum(axis=1), 1)
    share, more = left // count, left % count  # |left| beyond the count only where floats are coarser than kopecks
    whole += np.where(known, share[:, None] + (rank < more[:, None]), 0)
    return whole


def anatomy(orders: pd.DataFrame, breaks: pd.DataFrame, season: np.ndarray | None) -> pd.DataFrame:
    """Parts of the change around each break, in minor units.

    Parameters
    ----------
    orders : `reason_orders.Sold.orders`; product, manager, quantity and listed are taken where they are there
    breaks : index 0…n−1, columns client_id, month, length (`windows`)
    season : `reason_season.season_means` of the same breaks, or None where the data know no season

    Returns
    -------
    One row per break with length > 0 (index as in ``breaks``): before, after, and one column per part;
    NaN where the data carry no such part.
    """
    cells = _cells(orders, breaks)
    index = breaks.index[breaks["length"] > 0]
    sums = {
        side: cells[f"minor_{side}"].groupby(cells["row"]).sum().reindex(index, fill_value=0).astype("int64")
        for side in ("before", "after")
    }
    back = {
        side: cells.loc[~cells["sale"], f"minor_{side}"].groupby(cells["row"]).sum().reindex(index, fill_value=0)
        for side in ("before", "after")
    }
    known = None if season is None else season[:, (breaks["length"] > 0).to_numpy()]
    parts = _parts(cells[cells["sale"]], index, known)
    parts["returns"] = (
        (back["after"] - back["before"]).astype(float).where((back["after"] != 0) | (back["before"] != 0))
    )
    frame = parts.reindex(columns=list(PARTS))
    frame["frequency"] = frame["frequency"].fillna(0.0)
    total = (sums["after"] - sums["before"]).to_numpy()
    exact = in_minor(frame.to_numpy(float), total)
    whole = pd.DataFrame(exact, index=index, columns=list(PARTS)).astype("Int64").where(frame.notna())
    return whole.assign(before=sums["before"], after=sums["after"])


def _cells(orders: pd.DataFrame, breaks: pd.DataFrame) -> pd.DataFrame:
    """Sums per break, product and manager, before and after side by side."""
    wanted = breaks.loc[breaks["length"] > 0, ["client_id", "month", "length"]].rename(columns={"month": "at"})
    start, stop = (wanted["at"] - wanted["length"]).min(), (wanted["at"] + wanted["length"]).max()
    wanted = wanted.astype({"client_id": orders["client_id"].dtype}).dropna(subset=["client_id"])
    close = orders[((orders["month"] >= start) & (orders["month"] < stop)).to_numpy(dtype=bool)]
    close = close[close["client_id"].isin(wanted["client_id"].unique()).to_numpy(dtype=bool)]
    near = close.merge(wanted.rename_axis("row").reset_index(), on="client_id")
    offset = near["month"] - near["at"]
    near = near[(offset >= -near["length"]) & (offset < near["length"])]
    near = near.assign(
        side=np.where(near["month"] < near["at"], "before", "after"),
        orders=near["n"].where(near["sale"], 0),
    )
    if "quantity" in near:
        # Unknown for the whole client or for none of its rows: then an order is the unit.
        near["counted"], near["quantity"] = near["quantity"].notna().astype("int64"), near["quantity"].fillna(1.0)
    keys = ["row", "sale", *(name for name in ("product", "manager") if name in near)]
    sums = [name for name in ("orders", "minor", "quantity", "counted", "listed") if name in near]
    grouped = near.groupby([*keys, "side"], dropna=False, sort=True, observed=True)[sums].sum()
    wide = pd.DataFrame(
        index=grouped.index.to_frame(index=False).drop(columns="side").drop_duplicates().pipe(pd.MultiIndex.from_frame)
    )
    for side in ("before", "after"):
        part = grouped[grouped.index.get_level_values("side") == side].droplevel("side")
        for name in sums:
            wide[f"{name}_{side}"] = part[name].reindex(wide.index, fill_value=0)
        wide[f"orders_{side}"] = wide[f"orders_{side}"].round(9)  # thirds of a deal add up to it
    return wide.reset_index()


def _parts(cells: pd.DataFrame, index: pd.Index, season: np.ndarray | None) -> pd.DataFrame:
    players, before, after = _factors(cells, index, season)
    values = shapley(before, after) if len(cells) else before
    row = cells["row"].to_numpy()
    frame = pd.DataFrame(index=index)
    for name in dict.fromkeys(np.concatenate([np.unique(player) for player in players]) if len(cells) else []):
        found = np.zeros(len(cells))
        for player, value in zip(players, values):
            found += np.where(player == name, value, 0.0)
        frame[name] = pd.Series(found).groupby(row).sum()
    return frame


def _factors(
    cells: pd.DataFrame, index: pd.Index, season: np.ndarray | None
) -> tuple[list[np.ndarray], np.ndarray, np.ndarray]:
    """Names and values of the factors of each cell; a value that one side lacks is that of the other."""
    row, n = cells["row"], len(cells)
    sides = []
    for side in ("before", "after"):
        orders = cells[f"orders_{side}"].astype(float)
        whole = orders.groupby(row).transform("sum")
        listed = cells.get(f"listed_{side}", cells[f"minor_{side}"]).astype(float)
        quantity = cells[f"quantity_{side}"].astype(float) if "quantity_before" in cells else orders
        product = [row, cells["product"]] if "product" in cells else [row]
        of_product = orders.groupby(product, dropna=False).transform("sum")
        minor = cells[f"minor_{side}"].astype(float)
        own = pd.DataFrame({"orders": orders, "quantity": quantity, "listed": listed, "minor": minor})
        pooled = own.groupby(product, dropna=False).transform("sum")
        own = own.where(orders > 0, pooled)  # a manager absent on this side: as the product goes there
        sides.append(
            {
                "whole": whole, "mix": _ratio(of_product, whole), "managers": _ratio(orders, of_product),
                "size": _ratio(own["quantity"], own["orders"]), "price": _ratio(own["listed"], own["quantity"]),
                "discount": _ratio(own["minor"], own["listed"]), "product": of_product,
            }
        )  # fmt: skip
    b, a = sides
    for name in ("mix", "managers", "size", "price", "discount"):
        b[name], a[name] = b[name].fillna(a[name]).fillna(0.0), a[name].fillna(b[name]).fillna(0.0)
    of_money, of_orders = np.ones((2, len(index), 2)) if season is None else season
    place = index.get_indexer(pd.Index(row))
    # The season of the money is one factor; orders and cheques are counted without their share of it.
    money, count = of_money[place].T, of_orders[place].T
    gone = (b["product"] > 0) & (a["product"] == 0) & (a["whole"] > 0)
    fresh = (a["product"] > 0) & (b["product"] == 0) & (b["whole"] > 0)
    counted = cells["counted_before"] + cells["counted_after"] > 0 if "counted_before" in cells else row < 0
    for values in sides:  # without quantities the amount of an order is one factor
        values["size"] = values["size"].where(counted, values["size"] * values["price"])
        values["price"] = values["price"].where(counted, 1.0)
    mix = np.where(gone, "lost_products", np.where(fresh, "new_products", "mix"))
    fixed = [
        (np.full(n, "season"), money[0], money[1]),
        (np.full(n, "frequency"), b["whole"] / count[0], a["whole"] / count[1]),
        (np.full(n, "cheque"), b["size"] * count[0] / money[0], a["size"] * count[1] / money[1]),
    ]
    fixed += [(mix, b["mix"], a["mix"])] if "product" in cells else []
    fixed += [(np.full(n, "managers"), b["managers"], a["managers"])] if "manager" in cells else []
    fixed.append((np.full(n, "price"), b["price"], a["price"]))
    fixed += [(np.full(n, "discount"), b["discount"], a["discount"])] if "listed_before" in cells else []
    if season is None:
        fixed = fixed[1:]
    return (
        [np.asarray(name, dtype=object) for name, _, _ in fixed],
        np.array([np.asarray(value, float) for _, value, _ in fixed]).reshape(len(fixed), n),
        np.array([np.asarray(value, float) for _, _, value in fixed]).reshape(len(fixed), n),
    )


def _ratio(above: pd.Series, below: pd.Series) -> pd.Series:
    return above.where(below != 0) / below.where(below != 0)
