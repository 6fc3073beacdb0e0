"""One client on two pages: what it buys, who decides, what it said, what was promised, what is not known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..money import from_minor, to_minor
from ..months import AsOf, to_periods
from ..orders import Orders, orders_of
from ..results import Note, Result

__all__ = ["Dossier", "dossier", "near_dates"]

_AHEAD = 60  # days in which useful dates are shown
_ROLES = ("decision_maker", "influencer", "user", "payer")
_FRESH = 365  # days after which a card wants checking
_FIT = 3  # other clients of the trade that make a product fit


class _Data(Protocol):
    """What a dossier reads: the result of `la.load`."""

    as_of: AsOf
    orders: Orders
    panel: pd.DataFrame

    def __getattr__(self, name: str) -> pd.DataFrame: ...


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Dossier(Result):
    """The parts of a client's dossier; the table holds quarter, quarter before and quarter of last year.

    Attributes
    ----------
    card : Series
        The client's row.
    months : DataFrame
        month, revenue, previous (same month of last year), the last 24 months.
    wallet : DataFrame
        period_start, category, total_budget, our_amount, share (ours of the whole), source; newest first.
    offers : DataFrame
        offered_at, product_id, product_name, amount, outcome, lost_reason, fits (bought by at least three
        other clients of the trade within a year); newest first.
    fitting : tuple of str
        Products that at least three other clients of the trade bought a year ago in the three months to come and
        this client has not bought for a year.
    first_month : Period or None
        Month of the first purchase.
    people : DataFrame
        contact_id, role, position, full_name, attitude, decision_power, last_contact, interviewed, known
        (bool), phone, email, consent; who decides first.
    holes : tuple of str
        Roles of the buying centre without a known active person.
    scores : DataFrame
        answered_at, question_id, metric, score, scale_max, contact_id; newest first.
    own_view : DataFrame
        held_at, client_score (cooperation 1-10 of that day's quarter), manager_score (the manager's own).
    quotes : DataFrame
        date, source, field, text, score; newest first.
    fields : DataFrame
        field, filled (bool): completeness of the card.
    verified_days : float
        Days since the card was checked; NaN = never.
    promises : DataFrame
        Open cases: action_id, opened_at, due_at, overdue (bool), cause, owner_id.
    dates : DataFrame
        date (the next one), kind, note, contact_id within 60 days.
    plans : DataFrame
        held_at, plan_amount, plan_period, new_product_plan, strategy_change, choice_criteria; newest first.
    """

    card: pd.Series = field(default_factory=pd.Series)
    months: pd.DataFrame = field(default_factory=pd.DataFrame)
    wallet: pd.DataFrame = field(default_factory=pd.DataFrame)
    offers: pd.DataFrame = field(default_factory=pd.DataFrame)
    people: pd.DataFrame = field(default_factory=pd.DataFrame)
    fitting: tuple[str, ...] = ()
    first_month: pd.Period | None = None
    holes: tuple[str, ...] = ()
    scores: pd.DataFrame = field(default_factory=pd.DataFrame)
    own_view: pd.DataFrame = field(default_factory=pd.DataFrame)
    quotes: pd.DataFrame = field(default_factory=pd.DataFrame)
    fields: pd.DataFrame = field(default_factory=pd.DataFrame)
    verified_days: float = float("nan")
    promises: pd.DataFrame = field(default_factory=pd.DataFrame)
    dates: pd.DataFrame = field(default_factory=pd.DataFrame)
    plans: pd.DataFrame = field(default_factory=pd.DataFrame)


def dossier(client_id: Any, data: Any) -> Dossier:
    """Everything that prepares a meeting with one client. A working paper: it holds personal data.

    Parameters
    ----------
    client_id : id of the client (or of its group)
    data : result of `la.load`

    Returns
    -------
    Dossier
        ``.table``: measure {revenue, orders, cheque}, quarter (the last three whole months), previous (the
        three before), year_ago, change_previous, change_year (relative; null without a base).

    Raises
    ------
    DataError
        Where no client has this id.

    Examples
    --------
    >>> import loyalty_analytics as la
    >>> la.dossier("C001", la.load("radio", "2026-10")).holes  # doctest: +SKIP
    ('payer',)
    """
    clients = data.clients
    rows = clients[clients["client_id"] == client_id]
    if rows.empty:
        cure = nearest(str(client_id), clients["client_id"].astype(str)) if len(clients) else "There are no clients."
        raise DataError(f"No client {client_id!r}.", cure)
    card = rows.iloc[0]
    panel = data.panel[data.panel["client_id"] == client_id]
    seen = data.as_of
    people = _people(data, client_id)
    promises = _promises(data, client_id)
    known = people[people["known"]]
    return Dossier(
        frame=_quarters(panel, seen, _deals(data.orders, card["client_id"], seen)),
        notes=(Note("visits.personal"),),
        as_of=seen,
        card=card,
        months=_months(panel, seen),
        wallet=_wallet(_of(data.client_budgets, client_id)),
        offers=_offers(data, card),
        fitting=_fitting(data, card),
        first_month=to_periods(panel["month"]).min() if len(panel) else None,
        people=people,
        holes=tuple(role for role in _ROLES if role not in set(known["role"].dropna())),
        scores=_scores(data, client_id),
        own_view=_own_view(data, client_id),
        quotes=_quotes(data.texts, client_id),
        fields=pd.DataFrame({"field": card.index, "filled": card.notna().to_numpy()}),
        verified_days=float((seen.date - card["verified_at"]).days) if pd.notna(card["verified_at"]) else float("nan"),
        promises=promises,
        dates=near_dates(_of(data.useful_dates, client_id), seen.date),
        plans=_plans(_of(data.meetings, client_id)),
    )


def _of(table: pd.DataFrame, client_id: Any) -> pd.DataFrame:
    return table[table["client_id"] == client_id].reset_index(drop=True)


def _series(panel: pd.DataFrame, column: str) -> pd.Series:
    values = to_minor(panel[column]) if column == "revenue" else panel[column].astype("Int64")
    return values.groupby(to_periods(panel["month"])).sum()


def _deals(orders: Orders, client_id: Any, seen: AsOf) -> tuple[pd.Series, pd.Series] | None:
    """Deals and their money by month, where the panel counts a campaign in each of its months or dates by payment."""
    if orders.sold is None:
        return None
    rows = orders_of(orders, ("client_id", "date", "amount", "kind", "status"), until=seen.last_whole.end_time)
    ours = rows[(rows["client_id"] == client_id).to_numpy() & (rows["amount"] >= 0).to_numpy()]
    ours = ours[~ours["status"].isin(["planned", "cancelled"])] if "status" in ours else ours
    ours = ours[ours["kind"].ne("return").fillna(True)] if "kind" in ours else ours
    by_month = to_minor(ours["amount"]).groupby(to_periods(ours["date"]))
    return by_month.size(), by_month.sum()


def _quarters(panel: pd.DataFrame, seen: AsOf, deals: tuple[pd.Series, pd.Series] | None) -> pd.DataFrame:
    """Volume, orders and cheque of the last quarter beside the one before and that of last year."""
    end = seen.last_whole
    spans = {name: pd.period_range(end - back - 2, end - back, freq="M")
             for name, back in (("quarter", 0), ("previous", 3), ("year_ago", 12))}  # fmt: skip
    revenue, orders = _series(panel, "revenue"), _series(panel, "orders")
    money = {name: int(revenue.reindex(span).fillna(0).sum()) / 100 for name, span in spans.items()}
    orders, sold = (orders, revenue) if deals is None else deals
    count = {name: int(orders.reindex(span).fillna(0).sum()) for name, span in spans.items()}
    made = {name: int(sold.reindex(span).fillna(0).sum()) / 100 for name, span in spans.items()}
    cheque = {name: made[name] / count[name] if count[name] else np.nan for name in spans}
    table = pd.DataFrame([money, count, cheque]).astype(float)
    table.insert(0, "measure", pd.Series(["revenue", "orders", "cheque"], dtype="str"))
    for name in ("previous", "year_ago"):
        base = table[name].where(table[name] != 0)
        table[f"change_{name.split('_')[0]}"] = table["quarter"] / base - 1
    return table


def _months(panel: pd.DataFrame, seen: AsOf) -> pd.DataFrame:
    revenue = _series(panel, "revenue")
    span = pd.period_range(seen.last_whole - 23, seen.last_whole, freq="M")
    first = revenue.index.min() if len(revenue) else seen.last_whole
    both = {"revenue": span, "previous": span - 12}
    columns = {
        name: from_minor(revenue.reindex(wanted).fillna(0)).where(wanted >= first).to_numpy()
        for name, wanted in both.items()
    }
    return pd.DataFrame({"month": span.to_timestamp(), **columns})


def _wallet(budgets: pd.DataFrame) -> pd.DataFrame:
    table = budgets.assign(share=budgets["our_amount"] / budgets["total_budget"].where(budgets["total_budget"] > 0))
    columns = ["period_start", "category", "total_budget", "our_amount", "share", "source"]
    return table.sort_values("period_start", ascending=False, kind="stable", ignore_index=True)[columns]


def _offers(data: _Data, card: pd.Series) -> pd.DataFrame:
    names = data.products.drop_duplicates("product_id").set_index("product_id")["product_name"]
    table = _of(data.offers, card["client_id"])
    table["product_name"] = table["product_id"].map(names)
    table["fits"] = table["product_id"].isin(_usual_products(data, card))
    columns = ["offer_id", "offered_at", "product_id", "product_name", "amount", "outcome", "lost_reason", "fits"]
    return table.sort_values("offered_at", ascending=False, kind="stable", ignore_index=True)[columns]


def _usual_products(data: _Data, card: pd.Series) -> pd.Index:
    """Products that at least three other clients of the trade bought within a year."""
    if pd.isna(card["industry"]):
        return pd.Index([])
    peers = data.clients.loc[data.clients["industry"] == card["industry"], "client_id"]
    ago = data.as_of.end - pd.DateOffset(years=1)
    orders = data.orders.read("client_id", "product_id", since=ago + pd.Timedelta(microseconds=1))
    bought = orders[orders["client_id"].isin(peers) & (orders["client_id"] != card["client_id"])]
    counts = bought.groupby("product_id")["client_id"].nunique()
    return pd.Index(counts.index[counts >= _FIT])


def _fitting(data: _Data, card: pd.Series) -> tuple[str, ...]:
    """What the trade buys in the months to come and the client does not, the most usual first."""
    next_month = data.as_of.month + 1
    if pd.isna(card["industry"]):
        return ()
    orders = data.orders.read("client_id", "date", "product_id", since=(next_month - 12).start_time)
    month = to_periods(orders["date"])
    peers = data.clients.loc[data.clients["industry"] == card["industry"], "client_id"]
    season = (month >= next_month - 12) & (month <= next_month - 10)
    bought = orders[season & orders["client_id"].isin(peers) & (orders["client_id"] != card["client_id"])]
    counts = bought.groupby("product_id")["client_id"].nunique().sort_values(ascending=False, kind="stable")
    own = orders.loc[(orders["client_id"] == card["client_id"]) & (month > next_month - 13), "product_id"]
    chosen = counts.index[(counts >= _FIT) & ~counts.index.isin(own)][:_FIT]
    known = data.products.drop_duplicates("product_id").set_index("product_id")["product_name"]
    return tuple(known.reindex(chosen).dropna())


def _people(data: _Data, client_id: Any) -> pd.DataFrame:
    """Buying centre: who decides, influences, uses and pays, and when each was last spoken to."""
    table = _of(data.contacts, client_id)
    held = data.meetings[data.meetings["status"] == "held"]
    met = held.groupby("contact_id")["held_at"].max()
    asked = data.survey_answers.groupby("contact_id")["answered_at"].max()
    spoken = [last.reindex(table["contact_id"]).to_numpy() for last in (met, asked)]
    table["last_contact"] = np.fmax(*spoken)
    table["interviewed"] = table["contact_id"].isin(asked.index)
    table["known"] = table["last_contact"].notna() & table["is_active"].fillna(True).astype(bool)
    order = {role: place for place, role in enumerate((*_ROLES, "technical", "gatekeeper"))}
    table = table.assign(place=table["role"].map(order).fillna(9)).sort_values(
        ["place", "decision_power"], ascending=[True, False], kind="stable", ignore_index=True
    )
    columns = ["contact_id", "role", "position", "full_name", "attitude", "decision_power", "last_contact",
               "interviewed", "known", "phone", "email", "consent", "is_active"]  # fmt: skip
    return table[columns]


def _scores(data: _Data, client_id: Any) -> pd.DataFrame:
    answers = _of(data.survey_answers, client_id).dropna(subset=["score"])
    questions = data.questions.drop_duplicates("question_id")[["question_id", "metric", "scale_max"]]
    table = answers.merge(questions, on="question_id", how="left")
    columns = ["answered_at", "question_id", "metric", "score", "scale_max", "contact_id"]
    return table.sort_values("answered_at", ascending=False, kind="stable", ignore_index=True)[columns]


def _own_view(data: _Data, client_id: Any) -> pd.DataFrame:
    """The client's score of the cooperation beside the manager's own, by the quarter of the meeting."""
    meetings = _of(data.meetings, client_id).dropna(subset=["manager_self_score", "held_at"])
    scores = _scores(data, client_id)
    scores = scores[scores["metric"] == "csat"]
    by_quarter = scores.groupby(scores["answered_at"].dt.to_period("Q"))["score"].mean()
    quarter = meetings["held_at"].dt.to_period("Q")
    table = pd.DataFrame(
        {
            "held_at": meetings["held_at"],
            "client_score": quarter.map(by_quarter).astype(float),
            "manager_score": meetings["manager_self_score"],
        }
    )
    return table.sort_values("held_at", ascending=False, kind="stable", ignore_index=True)


def _quotes(texts: pd.DataFrame, client_id: Any) -> pd.DataFrame:
    table = texts[texts["client_id"] == client_id]
    when = next(name for name in ("date", "created_at", "at") if name in table.columns)
    table = table.rename(columns={when: "date"})
    columns = [name for name in ("date", "source", "field", "text", "score") if name in table.columns]
    return table.sort_values("date", ascending=False, kind="stable", ignore_index=True)[columns]


def _promises(data: _Data, client_id: Any) -> pd.DataFrame:
    table = _of(data.actions, client_id)
    table = table[table["closed_at"].isna()]
    table = table.assign(overdue=(table["due_at"] < data.as_of.date).fillna(False).astype(bool))
    columns = ["action_id", "source", "opened_at", "due_at", "overdue", "cause", "owner_id"]
    return table.sort_values("due_at", kind="stable", ignore_index=True)[columns]


def near_dates(table: pd.DataFrame, today: pd.Timestamp) -> pd.DataFrame:
    """The next occurrence of each useful date within 60 days; a yearly one may be written as month-day."""
    text = table["date"].astype("str").str.strip()
    day = text.str[-5:].where(text.str.len() <= 5, text.str[5:10])
    rows = []
    for year in (today.year, today.year + 1):
        dated = pd.to_datetime(f"{year}-" + day, format="%Y-%m-%d", errors="coerce")
        rows.append(table.assign(date=dated))
    yearly = table["recurring"].fillna(False).astype(bool) | (text.str.len() <= 5)
    once = table.assign(date=pd.to_datetime(text, format="%Y-%m-%d", errors="coerce"))[~yearly.to_numpy()]
    found = pd.concat([*(part[yearly.to_numpy()] for part in rows), once])
    near = found["date"].between(today, today + pd.Timedelta(days=_AHEAD))
    return found[near].sort_values("date", kind="stable", ignore_index=True)[
        ["client_id", "date", "kind", "note", "contact_id"]
    ]


def _plans(meetings: pd.DataFrame) -> pd.DataFrame:
    told = ["plan_amount", "plan_period", "new_product_plan", "strategy_change", "choice_criteria"]
    held = meetings[(meetings["status"] == "held") & meetings[told].notna().any(axis=1)]
    return held.sort_values("held_at", ascending=False, kind="stable", ignore_index=True)[["held_at", *told]]
