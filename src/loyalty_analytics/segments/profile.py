"""Portrait of the best clients, and one row of facts per client."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..grid import grid, read_panel
from ..intervals import wilson
from ..months import as_of as read_as_of
from ..months import to_periods
from ..orders import rows_of
from ..results import Note, Result, as_table
from .kinds import anchors

__all__ = ["best_traits", "client_facts", "price_facts"]

_TRAITS = ("industry", "region", "company_size", "acquisition_channel", "financial_state")
_PRICED = (
    "client_id", "date", "amount", "product_id", "unit_price", "quantity", "discount_pct", "paid_date", "due_date",
)  # fmt: skip


def best_traits(
    panel: Any,
    clients: Any,
    as_of: Any = None,
    *,
    best: Any = None,
    share: float = 0.7,
    traits: tuple[str, ...] = _TRAITS,
    fewest: int = 8,
    level: float = 0.95,
) -> Result:
    """Traits that the best clients have oftener than the others.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    clients : table of clients
        With any of ``traits``; unknown values are left out.
    best : ids, optional
        The best clients; else those that together bring ``share`` of the year's revenue.
    traits : names of columns
    fewest : int
        Traits held by fewer clients are left out.
    level : float
        Of the Wilson intervals.

    Returns
    -------
    Result
        ``.table``: field, value, best (clients with the trait among the best), best_all (best with
        a known value), others, others_all, share_best with interval, share_others, times (ratio),
        verdict {more, less, same}: more or less where Newcombe's interval of the difference
        (Statistics in Medicine 17, 1998, 873-890, method 10) excludes zero. With many traits one
        in twenty differs by chance.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": range(20), "month": "2026-10", "revenue": [90.0] * 8 + [1.0] * 12})
    >>> who = pd.DataFrame({"client_id": range(20), "industry": ["auto"] * 8 + ["food"] * 12})
    >>> best_traits(panel, who).table[["value", "share_best", "share_others", "verdict"]]
      value  share_best  share_others verdict
    0  auto         1.0           0.0    more
    1  food         0.0           1.0    less
    """
    columns = ["field", "value", "best", "best_all", "others", "others_all", "share_best", "low", "high",
               "share_others", "times", "verdict"]  # fmt: skip
    people = as_table(clients)
    g = grid(panel, as_of)
    if g is None or people.empty:
        return Result(frame=pd.DataFrame(columns=columns))
    if best is None:
        best = g.ids[anchors(g.revenue[:, -12:].sum(axis=1), share)]
    people = people[people["client_id"].isin(g.ids)]
    top = people["client_id"].isin(list(best)).to_numpy()
    frame = pd.DataFrame(_counts(people, top, traits), columns=columns[:6])
    few = frame[["best_all", "others_all"]].min(axis=1) < fewest  # of clients whose trait is known
    frame = _compared(frame[(frame["best"] + frame["others"] >= fewest) & ~few], level)
    note = Note("segments.traits", {"best": int(top.sum()), "clients": len(people)})
    return Result(frame=frame[columns], notes=(note,), as_of=g.as_of, options={"share": share, "level": level})


def _counts(
    people: pd.DataFrame, top: np.ndarray, traits: tuple[str, ...]
) -> list[tuple[str, str, int, int, int, int]]:
    """Field, value, then with the value and with any known one: among the best, among the others."""
    rows = []
    for name in traits:
        if name not in people:
            continue
        value = people[name].astype("object")
        known = value.notna().to_numpy()
        inside, outside = value[known & top].value_counts(), value[known & ~top].value_counts()
        for one in value[known].unique():
            a, b = int(inside.get(one, 0)), int(outside.get(one, 0))
            rows.append((name, str(one), a, int((known & top).sum()), b, int((known & ~top).sum())))
    return rows


def _compared(frame: pd.DataFrame, level: float) -> pd.DataFrame:
    """Shares among the best and the others and the verdict on their difference, the widest first."""
    frame = frame.assign(share_best=frame["best"] / frame["best_all"])
    frame["low"], frame["high"] = wilson(frame["best"], frame["best_all"], level)
    frame["share_others"] = frame["others"] / frame["others_all"]
    frame["times"] = frame["share_best"] / frame["share_others"].where(frame["share_others"] > 0)
    frame["gap"] = frame["share_best"] - frame["share_others"]
    low, high = wilson(frame["others"], frame["others_all"], level)
    down = np.hypot(frame["share_best"] - frame["low"], high - frame["share_others"])
    up = np.hypot(frame["high"] - frame["share_best"], frame["share_others"] - low)
    verdict = np.select([frame["gap"] - down > 0, frame["gap"] + up < 0], ["more", "less"], "same")
    frame["verdict"] = pd.Series(verdict, index=frame.index, dtype="str")
    return frame.sort_values(["gap", "field", "value"], ascending=[False, True, True]).reset_index(drop=True)


def price_facts(transactions: Any, as_of: Any = None, *, products: Any = None, months: int = 12) -> pd.DataFrame:
    """Price index, breadth, discount and payment delay of each client.

    Returns
    -------
    pandas.DataFrame
        client_id, price_index (paid unit prices over the list prices, or over the mean price of
        the product in the base where there is no list price; weighted by quantity), products
        (different ones), discount (mean per cent weighted by amount), delay (median days from
        due date to payment; negative = early). Null where the columns are absent.

    Examples
    --------
    >>> deals = pd.DataFrame({"client_id": ["a", "b"], "date": ["2026-10-01"] * 2, "amount": [90.0, 110.0],
    ...     "product_id": ["x", "x"], "quantity": [1, 1], "unit_price": [90.0, 110.0]})
    >>> price_facts(deals)[["client_id", "price_index", "products"]]
      client_id  price_index  products
    0         a          0.9         1
    1         b          1.1         1
    """
    known = None if as_of is None else read_as_of(as_of)
    since = None if known is None else (known.month - months + 1).start_time
    table = rows_of(transactions, _PRICED, since, None if known is None else known.end)
    columns = ["client_id", "price_index", "products", "discount", "delay"]
    if table.empty:
        return pd.DataFrame(columns=columns)
    dates = pd.to_datetime(table["date"])
    seen = read_as_of(as_of, latest=dates.max().to_period("M"))
    table = table[((dates <= seen.end) & (dates >= (seen.month - months + 1).start_time)).to_numpy()]
    nothing = pd.Series(np.nan, table.index)
    price = table.get("unit_price", nothing).astype("float64")
    quantity = table.get("quantity", nothing).astype("float64")
    product = table.get("product_id", pd.Series(pd.NA, table.index))
    usual = (price * quantity).groupby(product).sum() / quantity.where(price.notna()).groupby(product).sum()
    if "list_price" in as_table(products):
        listed = as_table(products).set_index("product_id")["list_price"].astype("float64")
        usual = listed.combine_first(usual)
    base = product.map(usual).astype("float64") * quantity
    paid = (price * quantity).where(base.notna())
    amount = table["amount"].astype("float64").clip(lower=0)
    discount = table.get("discount_pct", nothing).astype("float64")
    wait: Any = nothing
    if {"paid_date", "due_date"} <= set(table.columns):
        paid_at = pd.to_datetime(table["paid_date"])
        wait = (paid_at - pd.to_datetime(table["due_date"])).dt.days.where(paid_at <= seen.end)
    rows = pd.DataFrame({
        "client_id": table["client_id"], "paid": paid, "base": base, "product": product,
        "cut": discount * amount, "weight": amount.where(discount.notna()), "delay": wait,
    })  # fmt: skip
    sums = rows.groupby("client_id").agg(
        paid=("paid", "sum"), base=("base", "sum"), products=("product", "nunique"), cut=("cut", "sum"),
        weight=("weight", "sum"), delay=("delay", "median"),
    )  # fmt: skip
    sums["price_index"] = sums["paid"] / sums["base"].where(sums["base"] > 0)
    sums["discount"] = sums["cut"] / sums["weight"].where(sums["weight"] > 0)
    return sums.reset_index()[columns]


def client_facts(
    panel: Any,
    as_of: Any = None,
    *,
    clients: Any = None,
    kinds: Any = None,
    life: Any = None,
    rfm: Any = None,
    breaks: Any = None,
    scores: Any = None,
    actions: Any = None,
    receivables: Any = None,
    plan: Any = None,
) -> pd.DataFrame:
    """One row per client: who it is, what it brings, what changed and what is open (clients.xlsx).

    Parameters
    ----------
    kinds, life, rfm, breaks, receivables, plan : results of the functions of these names, optional
        ``plan`` is that of plan_visits.
    scores : table of client_id, score, silent, optional
    actions : table of actions, optional
        Open ones are counted.

    Returns
    -------
    pandas.DataFrame
        client_id, client_name, manager_id, industry, rhythm, is_anchor, status, p_alive, segment,
        revenue_year, share (of our base), industry_share (of our revenue in its industry),
        industry_rank, change_year (against the twelve months before), month, change_month (against a
        year ago), break_month, break_effect, score, silent, open_cases, debt, overdue, next_visit; the
        largest first.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": [1, 2], "month": "2026-10", "revenue": [30.0, 10.0]})
    >>> client_facts(panel)[["client_id", "revenue_year", "share"]]
       client_id  revenue_year  share
    0          1          30.0   0.75
    1          2          10.0   0.25
    """
    full, seen = read_panel(panel, as_of)
    if seen is None:
        return pd.DataFrame(columns=["client_id"])
    frame = _cards(clients, full)
    own = frame["client_id"]
    _add_money(frame, full, seen.last_whole_number)
    for table, names in (
        (kinds, ["rhythm", "is_anchor"]), (life, ["status", "p_alive"]), (rfm, ["segment"]),
        (scores, ["score", "silent"]), (receivables, ["debt", "overdue"]),
    ):  # fmt: skip
        if table is not None:
            source = as_table(table).drop_duplicates("client_id").set_index("client_id")
            for name in names:
                frame[name] = own.map(source[name])
    _add_open(frame, as_table(breaks), as_table(actions), as_table(plan), seen.end)
    return frame.sort_values("revenue_year", ascending=False, kind="stable").reset_index(drop=True)


def _cards(clients: Any, full: pd.DataFrame) -> pd.DataFrame:
    people = as_table(clients) if clients is not None else pd.DataFrame({"client_id": full["client_id"].unique()})
    wanted = ("client_id", "client_name", "manager_id", "industry", "industry_rank")
    return people[[name for name in wanted if name in people]].drop_duplicates("client_id").reset_index(drop=True)


def _add_money(frame: pd.DataFrame, full: pd.DataFrame, end: int) -> None:
    """Into ``frame``: the last year and month, the shares they make and the change against a year ago."""
    number, revenue = full["number"], full["revenue"].fillna(0)

    def total(low: int, high: int) -> pd.Series:
        """Revenue of each client of the table in the months after ``low``, up to ``high``."""
        sums = revenue[(number > low) & (number <= high)].groupby(full["client_id"]).sum().round(2)
        return frame["client_id"].map(sums).astype("float64").fillna(0.0)

    frame["revenue_year"] = total(end - 12, end)
    positive = frame["revenue_year"].clip(lower=0)
    frame["share"] = positive / positive.sum() if positive.sum() > 0 else np.nan
    if "industry" in frame:
        within = positive.groupby(frame["industry"]).transform("sum")
        frame["industry_share"] = positive / within.where(within > 0)
    frame["change_year"] = frame["revenue_year"] - total(end - 24, end - 12)
    frame["month"] = total(end - 1, end)
    frame["change_month"] = frame["month"] - total(end - 13, end - 12)


def _add_open(
    frame: pd.DataFrame, breaks: pd.DataFrame, actions: pd.DataFrame, plan: pd.DataFrame, end: pd.Timestamp
) -> None:
    """Into ``frame``: the last break, open cases and the next visit, where such tables are given."""
    own = frame["client_id"]
    if len(breaks):
        last = breaks.assign(at=lambda t: to_periods(t["break_month"])).sort_values("at", kind="stable")
        last = last.drop_duplicates("client_id", keep="last").set_index("client_id")
        frame["break_month"], frame["break_effect"] = own.map(last["break_month"]), own.map(last["effect"])
    if len(actions):
        opened, closed = pd.to_datetime(actions["opened_at"]), pd.to_datetime(actions["closed_at"])
        open_now = (opened <= end) & ~(closed <= end)
        frame["open_cases"] = own.map(actions.loc[open_now, "client_id"].value_counts()).fillna(0).astype("int64")
    if len(plan):
        coming = plan.assign(at=lambda t: to_periods(t["month"]).to_timestamp())
        frame["next_visit"] = own.map(coming.groupby("client_id")["at"].min())
