"""Reasons on invented worlds with known truth: `python -m benchmarks.reasons [worlds] [seed]`.

Every world is a seller with clients, orders, deliveries and the dated facts of a CRM. Some clients break;
a part of the breaks has one planted reason, the others have none. Facts that have nothing to do with any
break are spread over all clients at the rates of a usual year; no text says anything.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from benchmarks._table import show

STARTS = pd.date_range("2023-01-01", periods=120, freq="MS")
REASONS = ("manager_change", "price_change", "product_change", "airing_defect", "contact_left", "budget_cut")
START = pd.Timestamp("2023-01-01")

# Unrelated facts per client and month.
RATES = {
    "manager_change": 0.015, "price_change": 0.025, "product_change": 0.015, "airing_defect": 0.015,
    "contact_left": 0.02, "budget_cut": 0.015, "competitor": 0.015, "season": 0.01, "macro": 0.005, "other": 0.04,
}  # fmt: skip
COMPLAINTS = ["price.level", "logistics.placement", "staff.contact", "product.quality", "service.speed"]
TEXTS = ["price.level", "logistics.delivery", "staff.attitude", "product.range", "service.process"]
LOGS = ("events", "assignments", "contacts", "budgets", "complaints", "tags")


@dataclass
class World:
    """Tables by name and the truth: client_id, break_month, reason (null = none)."""

    tables: dict[str, pd.DataFrame]
    breaks: pd.DataFrame
    truth: pd.DataFrame
    log: dict[str, list[dict[str, Any]]] = field(default_factory=dict)


def _day(month: float) -> pd.Timestamp:
    """A day inside a month counted from the start."""
    whole = int(np.floor(month))
    return START + pd.DateOffset(months=whole) + pd.Timedelta(days=int((month - whole) * 28))


def world(
    rng: np.random.Generator,
    *,
    clients: int = 160,
    months: int = 44,
    facts: float = 1.0,
    planted: float = 0.65,
    broken: float = 0.5,
    recorded: float = 0.92,
    confirmed: bool = True,
    details: bool = True,
    events: bool = True,
    rises: float = 0.15,
    shared: bool = False,
) -> World:
    """A world.

    Parameters
    ----------
    facts : multiple of the usual rate of unrelated facts
    planted : share of breaks that have a reason
    recorded : share of reasons that left a dated fact
    confirmed : the operational tables (assignments, deliveries, contacts, budgets) exist beside the events
    details : transactions have product, quantity and price
    events : the events table exists
    rises : share of price changes without effect that really move the client's price
    shared : every price rises and one product goes for all clients in one month; only some clients break
    """
    log: dict[str, list[dict[str, Any]]] = {name: [] for name in LOGS}
    ids = rng.permutation(10 * clients)[:clients] + 100
    orders, truth = [], []
    common = {"price_change": int(rng.integers(14, months - 8)), "product_change": int(rng.integers(14, months - 8))}
    if shared:
        log["events"] += [{"client_id": None, "date": _day(at - 0.5), "kind": kind} for kind, at in common.items()]
    for client in ids:
        cause, at = None, None
        if rng.random() < broken:
            at = int(rng.integers(12, months - 5))
            cause = str(rng.choice(REASONS)) if rng.random() < planted else "none"
            if shared and cause in common:
                at = common[cause] + int(rng.integers(0, 2))
        orders.append(_client(rng, log, int(client), months, cause, at, facts, recorded, rises,
                              common if shared else {}))  # fmt: skip
        if at is not None:
            truth.append({"client_id": int(client), "at": at, "reason": None if cause == "none" else cause})
    return _gather(rng, log, orders, pd.DataFrame(truth), confirmed, details, events)


def _client(rng, log, client, months, cause, at, facts, recorded, rises, common) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    """Orders of one client and its facts."""
    gone_for_all = 9  # the product that goes in a shared world
    products = rng.choice(10, int(rng.integers(2, 6)), replace=False)
    shares = rng.dirichlet(np.full(len(products), 2.0))
    rate = np.full(months, rng.lognormal(1.3, 0.6) + 1)
    rate = rate * (1 + rng.uniform(0, 0.4) * np.sin(2 * np.pi * (np.arange(months) + rng.uniform(0, 12)) / 12))
    price = 100.0 * (1 + products) * rng.lognormal(0, 0.1)
    level = np.cumprod(np.where(np.arange(months) % 12 == 0, 1 + rng.uniform(0.0, 0.06), 1.0))  # the yearly list
    defect = np.full(months, rng.beta(2, 60))
    weight = np.tile(shares, (months, 1))
    manager = np.full(months, int(rng.integers(8)))
    log["assignments"].append({"client_id": client, "manager_id": f"M{manager[0]}", "valid_from": START})
    if common:
        if cause == "product_change" and gone_for_all not in products:
            products[0] = gone_for_all
        level[common["price_change"] :] *= 1.15
        for place in np.flatnonzero(products == gone_for_all):
            if cause == "product_change" and shares[place] < shares.max():
                best = int(np.argmax(shares))
                shares[place], shares[best] = shares[best], shares[place]
                weight = np.tile(shares, (months, 1))
            start = common["product_change"]
            rate[start:] *= 1 - (shares[place] if cause != "product_change" else 0.0)
            weight[start:, place] *= 0.0 if len(products) > 1 else 1.0
    if at is not None:
        fall = rng.uniform(0.35, 0.85)
        when = at - rng.choice([rng.uniform(-0.5, 0.0), rng.uniform(0, 1), rng.uniform(1, 2.2)], p=[0.15, 0.55, 0.3])
        start = int(np.floor(when))
        known = rng.random() < recorded
        if cause == "product_change":
            gone = int(np.argmax(shares))
            rate[at:] *= 1 - shares[gone] * rng.uniform(0.8, 1.0)
            weight[at:, gone] *= 0.02
        else:
            rate[at:] *= 1 - fall
        if cause == "price_change" and not common:
            level[start:] *= 1 + rng.uniform(0.1, 0.3)
        if cause == "airing_defect":
            defect[max(at - 3, 0) : at + 1] += rng.uniform(0.2, 0.45)
        if cause == "manager_change":
            manager[max(start, 0) :] = (manager[0] + int(rng.integers(1, 8))) % 8
            log["assignments"].append({"client_id": client, "manager_id": f"M{manager[-1]}", "valid_from": _day(when)})
        if cause in REASONS and known and cause not in common:
            _fact(rng, log, client, cause, when)
    for kind, usual in RATES.items():
        for when in np.sort(rng.uniform(0, months, rng.poisson(usual * facts * months))):
            _unrelated(rng, log, client, kind, float(when), level, defect, manager, rises)
    for _ in range(rng.poisson(0.06 * facts * months)):
        when = _day(rng.uniform(0, months))
        log["complaints"].append({"client_id": client, "created_at": when, "cause": rng.choice(COMPLAINTS)})
    for _ in range(rng.poisson(0.05 * facts * months)):
        when, tone = _day(rng.uniform(0, months)), rng.choice(["negative", "positive"])
        log["tags"].append({"client_id": client, "created_at": when, "sentiment": tone, "cause": rng.choice(TEXTS)})
    return _orders(rng, client, rate, products, weight, price, level, defect, manager)


def _fact(rng, log, client, kind, when) -> None:  # type: ignore[no-untyped-def]
    log["events"].append({"client_id": client, "date": _day(when), "kind": kind})
    if kind == "contact_left":
        log["contacts"].append(
            {"client_id": client, "is_active": False, "verified_at": _day(when + rng.uniform(0, 0.5))}
        )
    if kind == "budget_cut":
        log["budgets"].append({"client_id": client, "at": _day(when), "cut": rng.uniform(0.3, 0.6)})
    if kind == "airing_defect" and rng.random() < 0.5:
        log["complaints"].append({"client_id": client, "created_at": _day(when), "cause": "logistics.placement"})


def _unrelated(rng, log, client, kind, when, level, defect, manager, rises) -> None:  # type: ignore[no-untyped-def]
    month = int(when)
    log["events"].append({"client_id": client, "date": _day(when), "kind": kind})
    if kind == "price_change" and rng.random() < rises:
        level[month:] *= 1 + rng.uniform(0.03, 0.15)
    if kind == "airing_defect":
        defect[month] += rng.uniform(0.1, 0.3)
    if kind == "manager_change":
        manager[month:] = (manager[month] + int(rng.integers(1, 8))) % 8
        log["assignments"].append({"client_id": client, "manager_id": f"M{manager[month]}", "valid_from": _day(when)})
    if kind == "contact_left":
        log["contacts"].append({"client_id": client, "is_active": False, "verified_at": _day(when)})
    if kind == "budget_cut":
        log["budgets"].append({"client_id": client, "at": _day(when), "cut": rng.uniform(0.1, 0.5)})


def _orders(rng, client, rate, products, weight, price, level, defect, manager) -> pd.DataFrame:  # type: ignore[no-untyped-def]
    count = rng.poisson(np.maximum(rate, 0))
    month = np.repeat(np.arange(len(rate)), count)
    cumulative = np.cumsum(weight / weight.sum(axis=1, keepdims=True), axis=1)[month]
    chosen = (rng.random(len(month))[:, None] > cumulative).sum(axis=1).clip(0, len(products) - 1)
    quantity = rng.integers(1, 12, len(month))
    discount = rng.choice([0, 0, 0, 5, 10], len(month))
    unit = np.round(price[chosen] * level[month] * rng.lognormal(0, 0.03, len(month)), 2)
    return pd.DataFrame(
        {
            "client_id": client,
            "date": STARTS[month] + pd.to_timedelta(rng.integers(0, 28, len(month)), unit="D"),
            "product_id": [f"P{p}" for p in products[chosen]],
            "manager_id": [f"M{m}" for m in manager[month]],
            "quantity": quantity,
            "unit_price": unit,
            "discount_pct": discount,
            "amount": np.round(quantity * unit * (1 - discount / 100), 2),
            "defect": rng.random(len(month)) < defect[month],
        }
    )


def _gather(rng, log, orders, truth, confirmed, details, events) -> World:  # type: ignore[no-untyped-def]
    table = pd.concat(orders, ignore_index=True).sample(
        frac=1, random_state=int(rng.integers(1 << 30)), ignore_index=True
    )
    table["transaction_id"] = np.arange(len(table))
    tables = {"transactions": table.drop(columns=["defect"])}
    if not details:
        tables["transactions"] = tables["transactions"][["transaction_id", "client_id", "date", "amount"]]
    made = {name: pd.DataFrame(rows).sample(frac=1, random_state=1, ignore_index=True) for name, rows in log.items()}
    tables["complaints"] = made["complaints"].assign(complaint_id=range(len(made["complaints"])))
    tables["tags"] = made["tags"].assign(feedback_id=range(len(made["tags"])))
    if events:
        tables["events"] = made["events"].assign(event_id=range(len(made["events"])), description="")
    if confirmed:
        tables["manager_assignments"] = made["assignments"]
        number, day = table["transaction_id"], table["date"]
        tables["deliveries"] = pd.DataFrame(
            {
                "delivery_id": number,
                "transaction_id": number,
                "planned_at": day,
                "actual_at": day,
                "defect": table["defect"],
            }
        )
        tables["contacts"] = made["contacts"].assign(contact_id=range(len(made["contacts"])))
        tables["client_budgets"] = _budgets(made["budgets"], table["client_id"].unique())
    shift = rng.choice([-2, -1, 0, 1, 2], len(truth), p=[0.02, 0.1, 0.76, 0.1, 0.02])
    half = rng.choice([0, 1, 2], (2, len(truth)), p=[0.3, 0.5, 0.2])
    month = pd.PeriodIndex([START.to_period("M") + int(k) for k in truth["at"] + shift])
    low, high = (month - half[0]).to_timestamp(), (month + half[1]).to_timestamp()
    breaks = pd.DataFrame(
        {"client_id": truth["client_id"], "break_month": month.to_timestamp(), "low": low, "high": high}
    )
    breaks["direction"] = -1
    return World(tables, breaks, truth.assign(break_month=month.to_timestamp()), log)


def _budgets(cuts: pd.DataFrame, ids: np.ndarray) -> pd.DataFrame:
    """A budget per quarter, told at its start; a cut lowers all later ones."""
    rows = []
    for client in ids:
        own = cuts[cuts["client_id"] == client].sort_values("at")
        total = 1e6
        for quarter in pd.period_range(START, periods=15, freq="Q"):
            begin, end = quarter.start_time, quarter.end_time.normalize()
            for cut in own[(own["at"] >= begin) & (own["at"] <= end)]["cut"]:
                total *= 1 - cut
            rows.append((client, begin, end, "radio", total, begin + pd.Timedelta(days=40)))
    return pd.DataFrame(
        rows, columns=["client_id", "period_start", "period_end", "category", "total_budget", "asked_at"]
    )


def score(made: World, **options: Any) -> dict[str, float]:
    """Counts of one world, to be summed."""
    import loyalty_analytics as la

    tables = dict(made.tables)
    answer = la.explain_breaks(made.breaks, tables.pop("transactions"), **tables, **options)
    return judged(answer.table, made.truth) | nearest(answer.facts, made.truth)


def nearest(facts: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """What the nearest fact from a quarter before to a month after the break would say."""
    keys = ["client_id", "break_month"]
    near = facts[facts["days_before"].between(-31, 92)]
    near = near.assign(far=near["days_before"].abs()).sort_values("far", kind="stable").drop_duplicates(keys)
    said = truth.merge(near[[*keys, "reason"]], on=keys, how="left", suffixes=("", "_near"))
    planted = said["reason"].notna()
    return {
        "nearest": float((said["reason"] == said["reason_near"])[planted].sum()),
        "quiet_nearest": float(said.loc[~planted, "reason_near"].notna().sum()),
    }


def judged(answer: pd.DataFrame, truth: pd.DataFrame) -> dict[str, float]:
    """First right, right among strong, and grades where nothing was planted."""
    keys = ["client_id", "break_month"]
    first = answer.drop_duplicates(keys).set_index(keys)["reason"]
    known = truth.set_index(keys)["reason"]
    first = first.reindex(known.index)
    strong = answer[answer["grade"] == "strong"].set_index(keys)["reason"]
    asked = known.reindex(strong.index)
    quiet = known[known.isna()].index
    level = {grade: answer[answer["grade"] == grade].set_index(keys).index.unique() for grade in ("strong", "possible")}
    return {
        "planted": float(known.notna().sum()),
        "first": float((first == known)[known.notna()].sum()),
        "strong": float(asked.notna().sum()),
        "strong_right": float((strong == asked)[asked.notna()].sum()),
        "strong_all": float(len(strong)),
        "quiet": float(len(quiet)),
        "quiet_strong": float(quiet.isin(level["strong"]).sum()),
        "quiet_possible": float(quiet.isin(level["possible"]).sum()),
    }


KINDS: dict[str, dict[str, Any]] = {
    "all tables": {},
    "events and transactions": {"confirmed": False},
    "events alone": {"confirmed": False, "details": False},
    "tables without events": {"events": False},
    "three times the facts": {"facts": 3.0},
    "three times, events alone": {"facts": 3.0, "confirmed": False, "details": False},
    "nothing planted": {"planted": 0.0},
    "nothing planted, three times": {"planted": 0.0, "facts": 3.0},
    "30 clients": {"clients": 30, "broken": 0.4},
    "half of the facts not written down": {"recorded": 0.5},
    "prices of others rise too": {"rises": 0.9},
    "one price list, one product gone": {"shared": True},
}


def table(worlds: int, seed: int, kinds: dict[str, dict[str, Any]] | None = None, **options: Any) -> pd.DataFrame:
    """Shares per kind of world."""
    rows = []
    for name, how in (kinds or KINDS).items():
        total = pd.DataFrame(
            [score(world(np.random.default_rng([seed, i]), **how), **options) for i in range(worlds)]
        ).sum()
        rows.append(
            {
                "world": name,
                "first": total["first"] / max(total["planted"], 1),
                "strong right": total["strong_right"] / max(total["strong"], 1),
                "strong of planted": total["strong"] / max(total["planted"], 1),
                "precision of strong": total["strong_right"] / max(total["strong_all"], 1),
                "quiet strong": total["quiet_strong"] / max(total["quiet"], 1),
                "quiet possible": total["quiet_possible"] / max(total["quiet"], 1),
                "nearest right": total["nearest"] / max(total["planted"], 1),
                "quiet nearest": total["quiet_nearest"] / max(total["quiet"], 1),
                "n": total["planted"],
                "n quiet": total["quiet"],
            }
        )
    return pd.DataFrame(rows)


if __name__ == "__main__":
    given = [int(value) for value in sys.argv[1:]]
    count, start = given if len(given) == 2 else (given[0] if given else 4, 1)
    made = table(count, start).astype({"n": int, "n quiet": int})
    show(f"Reasons of breaks, worlds of each kind: {count}", made.to_dict("records"),
         "Nearest: the fact nearest in time, from a quarter before to a month after the break, as people do "
        "by hand. Quiet: breaks without a planted reason.")  # fmt: skip
