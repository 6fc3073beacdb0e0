"""Deals, airings, payments, offers and budgets of the radio group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import stream, vocabulary
from .radio_story import FIRST, LAST, MONTHS, story

__all__ = [
    "HANDOVER", "PRICE_RISE", "PRIME", "REPORT_DAY", "RISE",
    "budgets", "deliveries", "offers", "served_by", "transactions",
]  # fmt: skip

PRICE_RISE = pd.Timestamp("2026-02-15")
REPORT_DAY = pd.Timestamp("2026-10-31")
RISE = 1.18  # on prime time of all stations
PRIME = ("P01", "P03", "P05")
HANDOVER = pd.Timestamp("2025-12-01")
_NEWCOMER = ("C006", "C013", "C020", "C027", "C039")  # pass from M03 to M06; the rest of hers to M04
_PREPAID = ("C012",)  # a quarter in one deal
_WITHDRAWN = ("P07", pd.Timestamp("2025-04-01"), "C029")


def served_by() -> pd.DataFrame:
    """client_id, manager_id, valid_from, valid_to: one handover of the clients of M03."""
    words = vocabulary("radio_clients")
    rows: list[tuple[str, str, pd.Timestamp, Any]] = []
    for manager, clients in words["served"].items():
        for client in clients:
            start = pd.Period(words["clients"][client][4], "M").to_timestamp()
            if manager == "M03":
                rows.append((client, "M03", start, HANDOVER - pd.Timedelta(days=1)))
                rows.append((client, "M06" if client in _NEWCOMER else "M04", HANDOVER, pd.NaT))
            else:
                rows.append((client, manager, start, pd.NaT))
    for entity, (_, _, owner, month, _) in words["entities"].items():
        rows.append((entity, {r[0]: r[1] for r in rows}[owner], pd.Period(month, "M").to_timestamp(), pd.NaT))
    table = pd.DataFrame(rows, columns=["client_id", "manager_id", "valid_from", "valid_to"])
    return table.sort_values(["client_id", "valid_from"], ignore_index=True)


def _taste(client: str, station: str, trade: str, rng: np.random.Generator) -> tuple[list[str], np.ndarray]:
    """Products of a client and their weights."""
    own = {"S1": ["P01", "P02"], "S2": ["P03", "P04"], "S3": ["P05", "P06"]}
    other = str(rng.choice([s for s in own if s != station]))
    if client in ("C017", "C024", "C031"):  # live on prime time: the rise meets them in full
        return [own[station][0], own[other][0]], np.array([0.9, 0.1])
    products = [*own[station], own[other][int(rng.integers(2))]]
    weights = [0.25, 0.55, 0.2] if trade != "finance" else [0.35, 0.4, 0.25]
    if client == _WITHDRAWN[2]:
        return [*products, "P07"], np.array([0.12, 0.26, 0.10, 0.52])
    extra = str(rng.choice(["P08", "P09", "P10", "P11", "P12"]))
    return [*products, extra], np.array([*weights, 0.06])


def _orders(
    client: str, volume: float, month: pd.Period, mix: tuple[list[str], np.ndarray], rng: np.random.Generator
) -> list[tuple]:
    """Split the volume of a month into orders: product, amount wanted."""
    products, weights = mix
    if client == _WITHDRAWN[2]:
        # Sponsorship was a fixed part of every month: with the programme it goes and nothing replaces it.
        level = volume if month.start_time < _WITHDRAWN[1] else volume / 0.48
        wanted = list(zip(products, weights * level * (1 + 0.08 * rng.standard_normal(len(products)))))
        return [(p, w) for p, w in wanted if p != "P07" or month.start_time < _WITHDRAWN[1]]
    count = 1 + int(rng.poisson(0.7 + min(volume, 1.2e6) / 200_000))
    parts = 0.35 + rng.random(count)
    parts /= parts.sum()
    chosen = rng.choice(products, count, p=weights / weights.sum())
    return [(str(p), volume * part) for p, part in zip(chosen, parts)]


def transactions(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Deals won, with their airing, payment and profit; amounts without VAT."""
    words = vocabulary("radio_clients")
    served = served_by()
    station = {m: row[3] for m, row in words["managers"].items()}
    rows: list[dict[str, Any]] = []
    for client in volumes.columns:
        rng = stream(seed, "deals", client)
        lines = served[served["client_id"] == client]
        mix = _taste(client, station[lines["manager_id"].iloc[0]], words["clients"][client][2], rng)
        discount = float(rng.choice([0, 5, 5, 10, 10, 15]))
        for month, volume in zip(volumes.index, volumes[client].tolist()):
            if client in _PREPAID:
                if month.month % 3 != 1 and month != FIRST:
                    continue
                volume = float(volumes[client].loc[month : month + _paid_ahead(month)].sum())
            if volume < 3000:
                continue
            for product, wanted in _orders(client, volume, month, mix, rng):
                rows.append(_deal(client, month, product, wanted, discount, rng))
    table = pd.DataFrame(rows).sort_values(["date", "client_id"], kind="stable")
    table = table[table["date"] <= REPORT_DAY].reset_index(drop=True)
    table.insert(0, "transaction_id", [f"Д-{n:05d}" for n in range(10_001, 10_001 + len(table))])
    table["campaign_id"] = "РК-" + table["transaction_id"].str[2:]
    joined = table.merge(served, on="client_id", suffixes=("", "_s"))
    right = (joined["date"] >= joined["valid_from"]) & (
        joined["valid_to"].isna() | (joined["date"] <= joined["valid_to"])
    )
    managers = joined[right].drop_duplicates("transaction_id").set_index("transaction_id")["manager_id"]
    table["manager_id"] = table["transaction_id"].map(managers)
    return _entities(table, seed)


def _paid_ahead(month: pd.Period) -> int:
    """Months after the first of a prepaid quarter; the history begins in the middle of one."""
    return 2 - (month.month - 1) % 3


def _deal(
    client: str, month: pd.Period, product: str, wanted: float, discount: float, rng: np.random.Generator
) -> dict[str, Any]:
    words = vocabulary("radio_clients")["products"][product]
    first, last = month.to_timestamp(), month.to_timestamp(how="end").normalize()
    # Signed in the last third of the month before or while the month runs; on the air within the month.
    date = max(first + pd.Timedelta(days=int(rng.integers(-10, 19))), FIRST.to_timestamp())
    price = float(words[3])
    if product in PRIME and date >= PRICE_RISE:
        price = round(price * RISE, -1)
    off = max(0.0, discount + float(rng.choice([-5, 0, 0, 0, 5])))
    net = price * (1 - off / 100)
    quantity = max(1, round(wanted / net))
    amount = round(quantity * net, 2)
    start = max(date + pd.Timedelta(days=int(rng.integers(1, 6))), first + pd.Timedelta(days=int(rng.integers(0, 3))))
    if client in _PREPAID:
        last = (month + _paid_ahead(month)).to_timestamp(how="end").normalize()
    end = min(last, max(start + pd.Timedelta(days=int(rng.integers(6, 24))), start)) if client not in _PREPAID else last
    due = end + pd.Timedelta(days=int(rng.choice([10, 14, 30])))
    late = int(rng.integers(-9, 4)) if rng.random() < 0.82 else int(rng.integers(4, 32))
    if client in ("C033", "C008") and date >= pd.Timestamp("2026-06-01"):
        late += 25  # money gets short
    paid = due + pd.Timedelta(days=late)
    profit = round(amount * (0.34 + 0.05 * float(rng.standard_normal()) - off / 400), 2)
    return {
        "client_id": client,
        "unit_id": words[4],
        "date": date,
        "amount": amount,
        "paid_amount": amount,
        "kind": "sale",
        "product_id": product,
        "quantity": float(quantity),
        "unit_price": price,
        "discount_pct": off,
        "gross_profit": profit,
        "campaign_start": start,
        "campaign_end": end,
        "due_date": due,
        "paid_date": paid,
        "status": "done",
    }


def _entities(table: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Book the volume of two owners on their second legal entity from a month on."""
    rng = stream(seed, "entities")
    for entity, (_, _, owner, month, share) in vocabulary("radio_clients")["entities"].items():
        moved = (table["client_id"] == owner) & (table["date"] >= pd.Period(month, "M").to_timestamp())
        moved &= rng.random(len(table)) < share
        table.loc[moved, "client_id"] = entity
    return table


def deliveries(deals: pd.DataFrame, seed: int) -> pd.DataFrame:
    """One airing per deal: planned and true beginning, cost, defects (many at C015 before it left)."""
    rng = stream(seed, "airing")
    aired = deals[deals["product_id"] != "P12"]
    planned = aired["campaign_start"] + pd.to_timedelta(7 * 60 + rng.integers(0, 10, len(aired)) * 60, unit="min")
    trouble = (aired["client_id"] == "C015") & aired["date"].between("2026-02-15", "2026-05-31")
    defect = rng.random(len(aired)) < np.where(trouble, 0.75, 0.022)
    delay = np.where(defect, rng.integers(60, 3000, len(aired)), rng.integers(0, 12, len(aired)))
    return pd.DataFrame(
        {
            "delivery_id": "Э-" + aired["transaction_id"].str[2:],
            "transaction_id": aired["transaction_id"],
            "planned_at": planned,
            "actual_at": planned + pd.to_timedelta(delay, unit="min"),
            "mode": np.where(aired["product_id"] == "P10", "onsite", "airing"),
            "cost": (aired["amount"] * (0.05 + 0.03 * rng.random(len(aired)))).round(2),
            "defect": defect,
        }
    ).reset_index(drop=True)


def offers(deals: pd.DataFrame, volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Offers made to clients: about one in two months for an active client; fewer from the newcomer."""
    rng = stream(seed, "offers")
    served = served_by().drop_duplicates("client_id", keep="last").set_index("client_id")["manager_id"]
    owners = dict(served_by()[lambda t: t["manager_id"] == "M03"][["client_id", "manager_id"]].to_numpy())
    reasons = vocabulary("radio_notes")["lost_reasons"]
    gone = story().query("kind == 'churn'")
    left = {client: pd.Period(str(month), "M") for client, month in zip(gone["client_id"], gone["break_month"])}
    after = stream(seed, "offers to who left")
    rows = []
    for client in volumes.columns:
        bought = deals.loc[deals["client_id"] == client, "product_id"].value_counts()
        for month in MONTHS:
            manager = owners.get(client, served[client]) if month.start_time < HANDOVER else served[client]
            rate = 0.12 if manager == "M06" else 0.28
            if volumes[client].loc[:month].sum() == 0 or rng.random() > rate:
                continue
            date = month.to_timestamp() + pd.Timedelta(days=int(rng.integers(0, 27)))
            fits = rng.random() < 0.55 and len(bought)
            product = str(rng.choice(bought.index[:2])) if fits else f"P{int(rng.integers(1, 13)):02d}"
            if product == "P07" and date > _WITHDRAWN[1]:
                product = "P10"
            age = (REPORT_DAY - date).days
            outcome = (
                "open"
                if rng.random() < np.exp(-age / 25)
                else ("won" if rng.random() < (0.52 if fits else 0.22) else "lost")
            )
            # Who has left for good accepts nothing; dice of its own leave all other offers as they were.
            turned = outcome == "won" and month >= left.get(client, month + 1)
            outcome = "lost" if turned else outcome
            decided = (
                pd.NaT if outcome == "open" else min(REPORT_DAY, date + pd.Timedelta(days=int(rng.integers(2, 40))))
            )
            base = volumes[client][volumes[client] > 0].median()
            why = _refusal(client, date, reasons, after if turned else rng) if outcome == "lost" else None
            rows.append((client, manager, date, product, round(base * (0.3 + rng.random()), -2), outcome, decided, why))
    names = ["client_id", "manager_id", "offered_at", "product_id", "amount", "outcome", "decided_at", "lost_reason"]
    table = pd.DataFrame(rows, columns=names).sort_values(["offered_at", "client_id"], ignore_index=True)
    table.insert(0, "offer_id", [f"КП-{n:04d}" for n in range(1, len(table) + 1)])
    return table


def _refusal(client: str, date: pd.Timestamp, reasons: list[str], rng: np.random.Generator) -> str:
    """Why an offer was lost: mostly anything, near a break what has broken."""
    known = {
        "C017": ("2026-02-15", "дорого"),
        "C024": ("2026-02-15", "дорого"),
        "C031": ("2026-02-15", "дорого"),
        "C003": ("2026-06-15", "ушли к конкуренту"),
        "C036": ("2024-09-15", "ушли к конкуренту"),
        "C008": ("2026-05-15", "нет бюджета"),
    }
    since, why = known.get(client, ("2100-01-01", ""))
    drawn = str(rng.choice(reasons))
    return why if 0 <= (date - pd.Timestamp(since)).days <= 270 else drawn


def budgets(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Radio budgets of clients by half-year: told at interviews or guessed by managers."""
    rng = stream(seed, "budgets")
    rows = []
    for client in volumes.columns:
        share = 0.25 + 0.6 * rng.random()
        for start in pd.period_range("2024-01", "2026-07", freq="M")[::6]:
            ours = float(volumes.loc[start : start + 5, client].sum())
            before = float(volumes.loc[max(FIRST, start - 12) : start - 7, client].sum())
            if rng.random() > 0.5 or max(ours, before) < 20_000:
                continue
            # The budget follows last year: what we lose goes to others, unless the client has cut it.
            total = max(ours, 0.8 * before if client != "C008" else ours) / share * (0.92 + 0.16 * rng.random())
            if start + 5 > LAST:  # two months of the half-year are still plan
                total, ours = total * 1.5, ours * 1.5
            told = str(rng.choice(["client_said", "manager_estimate", "public"], p=[0.55, 0.38, 0.07]))
            asked = start.to_timestamp() + pd.Timedelta(days=int(rng.integers(5, 100)))
            end = (start + 5).to_timestamp(how="end").normalize()
            rows.append((client, start.to_timestamp(), end, "radio", round(total, -3), round(ours, -3), told, asked))
    names = ["client_id", "period_start", "period_end", "category", "total_budget", "our_amount", "source", "asked_at"]
    return pd.DataFrame(rows, columns=names)
