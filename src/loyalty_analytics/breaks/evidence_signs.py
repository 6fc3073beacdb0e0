"""What the transactions and deliveries themselves show around a month: did the price of this client rise,
did a product stop, did deliveries fail, did another manager take over.

Each sign is a log-likelihood ratio «it happened here» against «all as before», for any client and month:
for breaks and, to learn how often such things happen anyway, for months without a break.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .reason_orders import Sold, day_numbers, months_of_days

__all__ = ["SIGNS", "signs_at"]

SIGNS = ("price_change", "product_change", "airing_defect", "manager_change", "budget_cut")
_LEAST, _MOST = -4.0, 6.0  # one sign alone never says more
_RISES = np.linspace(0.04, 0.40, 19)  # of a price that matters, as log ratio
_DELAYS = np.linspace(7.0, 60.0, 12)  # of payments, days


def signs_at(sold: Sold, deliveries: pd.DataFrame | None, spots: pd.DataFrame) -> pd.DataFrame:
    """Log-likelihood ratio of every sign at every spot; NaN where the data cannot tell.

    Parameters
    ----------
    sold : `reason_orders.prepare_orders`
    deliveries : canonical table or None
    spots : index 0…n−1; client_id, month (number), direction, real (bool: a break, no comparison)
    """
    frame, orders = pd.DataFrame(np.nan, index=spots.index, columns=list(SIGNS)), sold.orders
    if not len(orders) or not len(spots):
        return frame
    near = spots[["client_id", "month", "direction"]].rename(columns={"month": "at"}).rename_axis("spot").reset_index()
    if not {"quantity", "product", "late", "manager"} & set(orders) and (deliveries is None or not len(deliveries)):
        return frame
    near = near.astype({"client_id": orders["client_id"].dtype}).dropna(subset=["client_id"])
    close = orders["sale"] & orders["client_id"].isin(near["client_id"].unique())
    near = orders[close.to_numpy(dtype=bool)].merge(near, on="client_id")
    near["rel"] = near["month"] - near["at"]
    near = near[(near["rel"] >= -16) & (near["rel"] <= 12)]
    if "quantity" in near:
        frame["price_change"] = _price(near, spots)
    if "product" in near:
        frame["product_change"] = _product(near, spots)
    if "late" in near:
        frame["budget_cut"] = _late(near, spots)
    if "manager" in near:
        frame["manager_change"] = _manager(near).reindex(spots.index)
    if deliveries is not None and len(sold.delivered):
        frame["airing_defect"] = _defects(sold, deliveries, spots).reindex(spots.index)
    return frame.clip(_LEAST, _MOST)


def _price(near: pd.DataFrame, spots: pd.DataFrame) -> pd.Series:
    """Change of the client's prices, product by product, against the usual drift of prices."""
    known = near[near["quantity"].notna() & (near["minor"] > 0)]
    listed = known["listed"] if "listed" in known else known["minor"]
    known = known.assign(y=np.log(listed / known["quantity"]))
    change, variance = _shift(known, ["spot", "product"] if "product" in known else ["spot"], 1e-6)
    return _against_drift(change, variance, spots, _RISES, 0.01)


def _late(near: pd.DataFrame, spots: pd.DataFrame) -> pd.Series:
    """Payments came later than before: money is short."""
    known = near[near["late"].notna()]
    known = known.assign(y=known["late"].clip(-30, 120))
    change, variance = _shift(known, ["spot"], 4.0)
    return _against_drift(change, variance, spots.assign(direction=-1), _DELAYS, 2.0)


def _shift(known: pd.DataFrame, keys: list[str], least: float) -> tuple[pd.Series, pd.Series]:
    """Change of the mean of y at every spot from the months before to those after, and its variance."""
    side = np.where(known["rel"].between(-10, -4), "b", np.where(known["rel"].between(0, 6), "a", ""))
    known = known.assign(side=side)[side != ""]
    stats = (
        known.groupby([*keys, "side"], dropna=False, observed=True)["y"].agg(["count", "mean", "var"]).unstack("side")
    )
    if not len(stats) or "a" not in stats["count"] or "b" not in stats["count"]:
        return pd.Series(dtype=float), pd.Series(dtype=float)
    count, mean = stats["count"].fillna(0), stats["mean"]
    weight = (count["a"] * count["b"] / (count["a"] + count["b"])).where((count["a"] > 0) & (count["b"] > 0), 0.0)
    spot = stats.index.get_level_values("spot")
    free = (count - 1).clip(lower=0)
    squares = pd.DataFrame(stats["var"].fillna(0) * free)
    spread = squares.sum(axis=1).groupby(spot).sum()
    degrees = pd.DataFrame(free).sum(axis=1).groupby(spot).sum()
    pooled = spread.sum() / max(degrees.sum(), 1)
    noise = (spread + 4 * max(pooled, least)) / (degrees + 4)
    total = weight.groupby(spot).sum()
    change = ((mean["a"] - mean["b"]).fillna(0) * weight).groupby(spot).sum() / total.where(total > 0)
    return change, noise / total.where(total > 0)


def _against_drift(
    change: pd.Series, variance: pd.Series, spots: pd.DataFrame, moves: np.ndarray, least: float
) -> pd.Series:
    """Moved by one of ``moves`` against the drift seen in months without a break."""
    change, variance = change.reindex(spots.index).astype(float), variance.reindex(spots.index).astype(float)
    usual = change[~spots["real"] & change.notna()]
    centre = float(usual.median()) if len(usual) >= 5 else 0.0
    wide = (1.4826 * (usual - centre).abs().median()) ** 2 if len(usual) >= 5 else 0.0
    drift = max(wide - float(variance[usual.index].median() if len(usual) else 0.0), least**2)
    known = change.notna() & variance.notna()
    x = ((change - centre) * -np.sign(spots["direction"])).fillna(0.0).to_numpy()
    scale = np.sqrt(variance.fillna(1.0).to_numpy() + drift)
    quiet = -0.5 * (x / scale) ** 2
    moved = -0.5 * ((x[:, None] - moves) / scale[:, None]) ** 2
    value = np.logaddexp.reduce(moved, axis=1) - np.log(len(moves)) - quiet
    return pd.Series(value, index=change.index).where(known)


def _beta_binomial(k: np.ndarray, n: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Log mass without the binomial coefficient."""
    from scipy.special import betaln

    return np.asarray(betaln(k + a, n - k + b) - betaln(a, b))


def _product(near: pd.DataFrame, spots: pd.DataFrame) -> pd.Series:
    """One product stopped while the others went on (for a rise: one began)."""
    side = np.where(near["rel"].between(-10, -3), "old", np.where(near["rel"].between(1, 8), "new", ""))
    known = near.assign(side=side)[side != ""]
    count = known.groupby(["spot", "product", "side"], observed=True)["n"].sum().unstack("side", fill_value=0)
    count = count.reindex(columns=["old", "new"], fill_value=0).astype(float)
    spot = count.index.get_level_values("spot").to_numpy()
    rising = spots["direction"].to_numpy()[spot] > 0
    was = np.where(rising, count["new"], count["old"])
    now = np.where(rising, count["old"], count["new"])
    sums = pd.DataFrame({"spot": spot, "was": was, "now": now, "kinds": (was > 0).astype(float)}).groupby("spot")
    total = sums.transform("sum")
    share = (was + 0.5) / (total["was"] + 0.5 * total["kinds"].clip(lower=1) + 0.5).to_numpy()
    sure = np.minimum(total["was"].to_numpy(), 30.0) + 1
    whole = total["now"].to_numpy()
    little = np.maximum(0.03 * share, 1e-3)
    ratio = _beta_binomial(now, whole, sure * little, sure * (1 - little)) - _beta_binomial(
        now, whole, sure * share, sure * (1 - share)
    )
    ratio = ratio + _others_went_on(was, now, total, spots["real"].to_numpy()[spot])
    enough = (was > 0) & (total["was"] >= 5).to_numpy() & (whole >= 1)
    value = pd.Series(np.where(enough, np.exp(np.clip(ratio, -20, 20)) * share, 0.0)).groupby(spot).sum()
    judged = pd.Series(enough).groupby(spot).any()
    return value.clip(lower=1e-4).apply(np.log).where(judged).reindex(spots.index)


def _others_went_on(was: np.ndarray, now: np.ndarray, total: pd.DataFrame, real: np.ndarray) -> np.ndarray:
    """At a break: the other products kept their volume, as they do when one is withdrawn, or fell too."""
    old, new = total["was"].to_numpy() - was, total["now"].to_numpy() - now
    rate = np.log((new + 0.5) / (old + 0.5))
    scale = np.sqrt(0.25**2 + 1 / (old + 0.5) + 1 / (new + 0.5))
    kept = -0.5 * (rate / scale) ** 2
    falls = np.log(np.linspace(0.15, 0.75, 9))
    fell = np.logaddexp.reduce(-0.5 * ((rate[:, None] - falls) / scale[:, None]) ** 2, axis=1) - np.log(len(falls))
    return np.where(real, np.logaddexp(np.log(0.75) + kept - fell, np.log(0.25)), 0.0)


def _manager(near: pd.DataFrame) -> pd.Series:
    """Another manager leads the client's orders than before."""
    side = np.where(near["rel"].between(-10, -4), "old", np.where(near["rel"].between(0, 6), "new", ""))
    known = near.assign(side=side)[(side != "") & near["manager"].notna()]
    count = known.groupby(["spot", "manager", "side"], observed=True)["n"].sum().unstack("side", fill_value=0)
    count = count.reindex(columns=["old", "new"], fill_value=0)
    share = count / count.groupby("spot").transform("sum").replace(0, np.nan)
    moved = (share["new"] - share["old"]).clip(lower=0).groupby("spot").sum(min_count=1)
    both = (count.groupby("spot").sum() > 0).all(axis=1)
    return pd.Series(np.where(moved >= 0.6, 3.0, np.where(moved <= 0.3, -2.5, 0.0)), index=moved.index).where(both)


def _defects(sold: Sold, deliveries: pd.DataFrame, spots: pd.DataFrame) -> pd.Series:
    """Deliveries failed or came late more often in the months up to the break than at other times."""
    first = sold.delivered.set_index("transaction_id")
    day = pd.Series(np.nan, index=deliveries.index)
    for name in ("planned_at", "actual_at"):
        if name in deliveries:
            day = day.fillna(day_numbers(deliveries[name]))
    day = day.fillna(deliveries["transaction_id"].map(first["day"]))
    client = deliveries["transaction_id"].map(first["client_id"])
    known = day.notna() & client.notna()
    table = pd.DataFrame({"client_id": client[known], "month": months_of_days(day[known].to_numpy())})
    table = table.astype({"client_id": first["client_id"].dtype})
    bad = {}
    if "defect" in deliveries and deliveries["defect"].notna().any():
        bad["defect"] = deliveries["defect"].astype("boolean")
    if "planned_at" in deliveries and "actual_at" in deliveries and deliveries["actual_at"].notna().any():
        days = day_numbers(deliveries["actual_at"]) - day_numbers(deliveries["planned_at"])
        bad["late"] = (days >= 1).astype("boolean").where(days.notna())
    tested = [_rate_rose(table.assign(bad=failed[known]), spots) for failed in bad.values()]
    if not tested:
        return pd.Series(dtype=float)
    both = pd.concat(tested, axis=1)
    return np.log(np.exp(both.clip(_LEAST, _MOST)).mean(axis=1))


def _rate_rose(table: pd.DataFrame, spots: pd.DataFrame) -> pd.Series:
    table = table.dropna(subset=["bad"]).astype({"bad": float})
    usual = float(table["bad"].mean()) if len(table) else 0.0
    by_month = table.groupby(["client_id", "month"], observed=True)["bad"].agg(["sum", "size"]).reset_index()
    places = spots[["client_id", "month"]].rename(columns={"month": "at"}).rename_axis("spot").reset_index()
    near = by_month.merge(places, on="client_id")
    rel = near["month"] - near["at"]
    near = near.assign(inside=rel.between(-4, 0))[rel.between(-16, 12)]
    sums = pd.DataFrame(near.groupby(["spot", "inside"])[["sum", "size"]].sum().unstack("inside", fill_value=0))
    sums = sums.reindex(columns=pd.MultiIndex.from_product([["sum", "size"], [False, True]]), fill_value=0)
    k, n = sums["sum", True].to_numpy(float), sums["size", True].to_numpy(float)
    a = 20 * max(usual, 0.005) + sums["sum", False].to_numpy(float)
    b = 20 * (1 - min(usual, 0.95)) + (sums["size", False] - sums["sum", False]).to_numpy(float)
    value = _beta_binomial(k, n, np.full_like(a, 2.5), np.full_like(a, 5.0)) - _beta_binomial(k, n, a, b)
    return pd.Series(value, index=sums.index).where(n > 0)
