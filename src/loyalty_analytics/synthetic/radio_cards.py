"""Cards of the radio group: clients, contacts, staff, stations, price list, dates, plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import address, email, person, phone, stream, tax_id, vocabulary
from .radio_story import FIRST, MONTHS, SILENT
from .radio_trade import HANDOVER, PRIME, REPORT_DAY, RISE, served_by

__all__ = ["clients", "contacts", "managers", "products", "referrals", "targets", "units", "useful_dates"]

_PEOPLE = 160
_KNOWLEDGE = ("management", "power", "structure", "partners", "plans")
_POWER = {"decision_maker": 3, "influencer": 2, "payer": 2, "user": 1, "technical": 1, "gatekeeper": 0}


def managers() -> pd.DataFrame:
    """Managers, heads and the director."""
    names = ["manager_name", "role", "head_id", "unit_id", "hired_at", "left_at"]
    table = pd.DataFrame.from_dict(vocabulary("radio_clients")["managers"], orient="index", columns=names)
    return (
        table.rename_axis("manager_id")
        .reset_index()
        .assign(hired_at=lambda t: pd.to_datetime(t["hired_at"]), left_at=lambda t: pd.to_datetime(t["left_at"]))
    )


def units() -> pd.DataFrame:
    """The three stations."""
    stations = vocabulary("radio_clients")["units"]
    return pd.DataFrame({"unit_id": list(stations), "unit_name": list(stations.values())})


def products() -> pd.DataFrame:
    """Price list as of the report: prime time after its rise."""
    names = ["product_name", "product_group", "tier", "list_price", "unit_id"]
    table = pd.DataFrame.from_dict(vocabulary("radio_clients")["products"], orient="index", columns=names)
    rise = table.index.isin(PRIME)
    table["list_price"] = table["list_price"].astype(float).where(~rise, (table["list_price"] * RISE).round(-1))
    return table.drop(columns="unit_id").rename_axis("product_id").reset_index()


def clients(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Cards: 60 clients and two further legal entities of two of them."""
    words, rng = vocabulary("radio_clients"), stream(seed, "cards")
    cards = {**words["clients"], **{e: [row[0], row[1], None] for e, row in words["entities"].items()}}
    owner = {e: row[2] for e, row in words["entities"].items()}
    manager = served_by().drop_duplicates("client_id", keep="last").set_index("client_id")["manager_id"]
    station = managers().set_index("manager_id")["unit_id"]
    channel = {c: words["channel_names"][name] for name, group in words["channels"].items() for c in group}
    last, states = volumes.loc["2026-05":].sum(), ["good", "fair", "unknown"]
    rows: list[dict[str, Any]] = []
    for number, (client, card) in enumerate(cards.items()):
        main = owner.get(client, client)
        trade, level = words["clients"][main][2], words["clients"][main][3]
        first = pd.Period(words["clients"][main][4] if client == main else words["entities"][client][3], "M")
        known = first.to_timestamp() - pd.Timedelta(days=int(rng.integers(5, 70)))
        if first == FIRST:
            known = pd.Timestamp("2016-01-11") + pd.Timedelta(days=int(rng.integers(0, 2700)))
        gone = client == main and float(last[client]) == 0.0 and len(words["clients"][client]) == 7
        verified = REPORT_DAY - pd.Timedelta(days=int(rng.integers(5, 330)))
        rows.append(
            {
                "client_id": client,
                "client_name": _named(*card[:2]),
                "client_type": "seasonal" if len(words["clients"][main]) > 7 else "regular",
                "is_anchor": main in words["anchors"],
                "group_id": main if main in owner.values() else None,
                "payer_id": client,
                "unit_id": station[manager[client]],
                "industry": words["trades"][trade],
                "region": str(rng.choice(["Центр", "Север", "Заречье", "Область"])),
                "company_size": _size(level),
                "status": "lost" if gone or client == "C052" else "active",
                "first_contact_date": known,
                "manager_id": manager[client],
                "acquisition_channel": channel.get(main),
                "industry_rank": int(rng.integers(1, 12)) if rng.random() < 0.7 else pd.NA,
                "financial_state": "poor" if client == "C033" else str(rng.choice(states, p=[0.5, 0.35, 0.15])),
                **{f"knowledge_{field}": _known(main in words["anchors"], rng) for field in _KNOWLEDGE},
                "tax_id": tax_id(1_200_000 + 7919 * (number + 1)),
                "address": address(rng) if rng.random() < 0.95 else None,
                "verified_at": verified if rng.random() < 0.88 else pd.NaT,
            }
        )
    return pd.DataFrame(rows)


def _named(name: str, form: str) -> str:
    return f"{form} {name}" if "«" in name or form == "ИП" else f"{form} «{name}»"


def _size(level: float) -> str:
    """Size of a company by its usual monthly volume, thousand roubles."""
    return ("micro", "small", "medium", "large")[np.searchsorted([60, 150, 500], level, side="right")]


def _known(anchor: bool, rng: np.random.Generator) -> Any:
    """How well we know one side of a client, 0-3; now and then nobody has written it down."""
    return int(rng.integers(0, 3) + anchor) if rng.random() < 0.9 else pd.NA


def contacts(cards: pd.DataFrame, seed: int) -> pd.DataFrame:
    """160 people: who decides, influences, uses, pays and keeps the door."""
    rng, used = stream(seed, "contacts"), set(managers()["manager_name"])
    jobs = vocabulary("people")["positions"]
    plan: list[tuple[str, str]] = [(c, "decision_maker") for c in cards["client_id"]]
    more = ["user", "influencer", "payer", "technical", "gatekeeper"]
    extra = [(c, r) for c in cards["client_id"][:60] for r in more]
    weight = np.array(
        [{"user": 5, "influencer": 4, "payer": 2.5, "technical": 1, "gatekeeper": 1}[r] for _, r in extra], dtype=float
    )
    taken = rng.choice(len(extra), _PEOPLE - len(plan), replace=False, p=weight / weight.sum())
    plan += [extra[i] for i in sorted(taken)]
    names = cards.set_index("client_id")["client_name"]
    rows: list[dict[str, Any]] = []
    for number, (client, role) in enumerate(sorted(plan)):
        full = person(rng, used)
        boss = next((r["contact_id"] for r in rows if r["client_id"] == client and r["role"] == "decision_maker"), None)
        gone = client == "C022" and role == "user"
        low, high = (-2, 1) if client in SILENT else (-1, 3)
        rows.append(
            {
                "contact_id": f"К-{number + 1:03d}",
                "client_id": client,
                "full_name": full,
                "position": str(rng.choice(jobs[role])),
                "role": role,
                "attitude": int(rng.integers(low, high)) if rng.random() < 0.85 else pd.NA,
                "decision_power": _POWER[role],
                "reports_to": None if role == "decision_maker" else boss,
                "email": email(full, names[client], rng) if rng.random() < 0.93 else None,
                "phone": phone(1000 + 37 * number) if rng.random() < 0.96 else None,
                "consent": bool(rng.random() < 0.8),
                "is_active": not gone,
                "verified_at": REPORT_DAY - pd.Timedelta(days=int(rng.integers(3, 500)))
                if rng.random() < 0.85
                else pd.NaT,
            }
        )
    return pd.DataFrame(rows)


def referrals(cards: pd.DataFrame, deals: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Coupons for friends: most lead to nothing, one to a client."""
    rng = stream(seed, "referrals")
    givers = [c for c in cards["client_id"][:60] if c not in SILENT]
    rows = []
    for number in range(14):
        given = pd.Timestamp("2024-02-01") + pd.Timedelta(days=int(rng.integers(0, 960)))
        rows.append(
            {
                "referral_id": f"Р-{number + 1:02d}",
                "referrer_client_id": str(rng.choice(givers)),
                "coupon_code": f"BEREG{100 + 7 * number}",
                "given_at": given,
                "new_client_id": None,
                "first_purchase_at": pd.NaT,
                "bonus_amount": np.nan,
            }
        )
    for place, client in enumerate(vocabulary("radio_clients")["channels"]["referral"]):
        bought = deals.loc[deals["client_id"] == client, "date"].min()
        rows[place].update(
            given_at=bought - pd.Timedelta(days=40),
            new_client_id=client,
            first_purchase_at=bought,
            bonus_amount=15_000.0,
        )
    return pd.DataFrame(rows).sort_values("given_at", ignore_index=True)


def targets(deals: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Sales plan by month: the company, its stations and managers; meetings and new clients."""
    rng, rows = stream(seed, "targets"), []
    deals = _aired(deals)
    month = deals["month"]
    for period in MONTHS:
        for level, key in (("unit", "unit_id"), ("manager", "manager_id")):
            for name in sorted(deals[key].dropna().unique()):
                fact = deals.loc[deals[key] == name].groupby(month)["amount"].sum()
                base = _plan(fact, period, 0.92 + 0.16 * rng.random())
                if base > 0 and not (name == "M03" and period.start_time >= HANDOVER):
                    rows.append((period.to_timestamp(), "revenue", level, name, round(base, -3)))
        total = sum(r[4] for r in rows if r[0] == period.to_timestamp() and r[2] == "unit")
        rows += [
            (period.to_timestamp(), m, "company", None, v)
            for m, v in (
                ("revenue", total),
                ("gross_profit", round(total * 0.33, -3)),
                ("new_clients", 1.0),
                ("meetings", 14.0),
            )
        ]
    return pd.DataFrame(rows, columns=["period_start", "metric", "level", "level_id", "amount"])


def _aired(deals: pd.DataFrame) -> pd.DataFrame:
    """Deals with the months they are on the air, a prepaid quarter in three equal parts."""
    first, last = deals["campaign_start"].dt.to_period("M"), deals["campaign_end"].dt.to_period("M")
    count = (last.astype("int64") - first.astype("int64") + 1).to_numpy()
    long = deals.loc[deals.index.repeat(count)].reset_index(drop=True)
    step = np.concatenate([np.arange(n) for n in count])
    parts = np.repeat(count, count)
    return long.assign(month=first.repeat(count).reset_index(drop=True) + step, amount=long["amount"] / parts)


def _plan(fact: Any, period: pd.Period, guess: float) -> float:
    """Last year's month, moved half-way with the trend of the half-year before; in the first year a guess."""
    if period - 12 not in fact:
        return float(fact.get(period, 0.0)) * guess
    half = period - (period.month - 1) % 6  # plans are made in January and July
    now, then = fact.loc[half - 6 : half - 1].sum(), fact.loc[half - 18 : half - 13].sum()
    trend = float(np.clip(now / then, 0.6, 1.4)) if half - 18 >= FIRST and then > 0 else 1.0
    return float(fact[period - 12]) * (1 + trend) / 2


def useful_dates(cards: pd.DataFrame, people: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Birthdays of companies and people, days of trades."""
    rng, rows = stream(seed, "dates"), []
    days = vocabulary("radio_notes")["trade_days"]
    for client, trade in zip(cards["client_id"][:60], cards["industry"][:60]):
        born = pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(rng.integers(0, 365)))
        if rng.random() < 0.7:
            rows.append((client, None, f"{born:%m-%d}", "company", True, "день рождения компании"))
        if trade in days and rng.random() < 0.6:
            rows.append((client, None, days[trade][0], "professional", True, days[trade][1]))
    for contact, client in people.loc[people["role"] == "decision_maker", ["contact_id", "client_id"]].to_numpy():
        if rng.random() < 0.4:
            born = pd.Timestamp("2026-01-01") + pd.Timedelta(days=int(rng.integers(0, 365)))
            rows.append((client, contact, f"{born:%m-%d}", "personal", True, "день рождения"))
    rows.append(("C035", None, "2026-11-24", "company", False, "открытие нового офиса"))
    rows.append(("C025", None, "2026-12-03", "company", False, "15 лет фабрике"))
    return pd.DataFrame(rows, columns=["client_id", "contact_id", "date", "kind", "recurring", "note"])
