"""The radio group's files: monthly deal exports that overlap, and the dirt that real ones hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .export import raw_table, write_csv, write_xlsx
from .people import stream
from .world import World

__all__ = ["write_radio"]

_MONEY = ("Сумма без НДС, руб", "Оплачено, руб", "Цена выхода", "Валовая прибыль, руб")
_CSV = {  # file: table, encoding, separator, decimal, columns with a time
    "contacts.csv": ("contacts", "cp1251", ";", ",", ()),
    "stations.csv": ("units", "cp1251", ";", ",", ()),
    "assignments.csv": ("manager_assignments", "cp1251", ";", ",", ()),
    "offers.csv": ("offers", "cp1251", ";", ",", ()),
    "questions.csv": ("questions", "utf-8", ",", ".", ()),
    "interviews.csv": ("survey_invitations", "utf-8-sig", ";", ",", ("Когда",)),
    "answers.csv": ("survey_answers", "utf-8-sig", ";", ",", ("Когда",)),
    "feedback.csv": ("feedback", "utf-8", ",", ".", ("Когда", "Ответили")),
    "cases.csv": (
        "actions",
        "cp1251",
        ";",
        ",",
        ("Открыто", "Первый контакт", "Причина найдена", "Закрыто", "Клиент извещён"),
    ),
    "complaints.csv": ("complaints", "cp1251", ";", ",", ("Поступила", "Первый ответ", "Решена")),
    "promotion.csv": ("marketing_spend", "cp1251", ";", ",", ()),
    "leads.csv": ("funnel_events", "utf-8", ";", ",", ("Когда",)),
    "coupons.csv": ("referrals", "cp1251", ";", ",", ()),
    "dates.csv": ("useful_dates", "utf-8", ";", ",", ()),
}
_XLSX = {
    "clients_2026-10-31.xlsx": {"Клиенты": "clients"},
    "staff.xlsx": {"Сотрудники": "managers"},
    "price.xlsx": {"Прайс": "products"},
    "budgets.xlsx": {"Бюджеты": "client_budgets"},
    "meetings.xlsx": {"Встречи": "meetings"},
    "events.xlsx": {"События": "events"},
    "plan.xlsx": {"План": "targets"},
}
_HEADED = ("clients_2026-10-31.xlsx", "meetings.xlsx")
_PREAMBLE = ("Радиохолдинг, выгрузка из CRM", "Сформировано 01.11.2026 08:15")


def write_radio(world: World, sources: dict[str, Any], folder: Path) -> None:
    """Write all raw files of the radio group into ``folder``."""
    for file, (table, encoding, separator, decimal, stamps) in _CSV.items():
        raw = raw_table(world.tables[table], sources[table])
        write_csv(raw, folder / file, encoding=encoding, separator=separator, decimal=decimal, stamps=stamps)
    for file, sheets in _XLSX.items():
        raws = {}
        for sheet, table in sheets.items():
            canonical = world.tables[table]
            if table == "client_budgets":
                canonical = canonical.assign(
                    total_budget=canonical["total_budget"] / 1000, our_amount=canonical["our_amount"] / 1000
                )
            raws[sheet] = raw_table(canonical, sources[table])
        write_xlsx(raws, folder / file, preamble=_PREAMBLE if file in _HEADED else ())
    _deals(world, sources["transactions"], folder)
    _airings(world, sources["deliveries"], folder)


def _exports() -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """Name of each deal file, first deal in it, day of the export; each reaches back to renew payments."""
    found = [
        ("deals_2024.csv", pd.Timestamp("2023-11-01"), pd.Timestamp("2024-12-31")),
        ("deals_2025.csv", pd.Timestamp("2024-09-01"), pd.Timestamp("2025-12-31")),
        ("deals_2026-06.csv", pd.Timestamp("2025-09-01"), pd.Timestamp("2026-06-30")),
    ]
    for month in pd.period_range("2026-07", "2026-10", freq="M"):
        found.append((f"deals_{month}.csv", (month - 3).to_timestamp(), month.to_timestamp(how="end").normalize()))
    return found


def _deals(world: World, source: dict[str, Any], folder: Path) -> None:
    rng = stream(7, "dirt")
    deals = pd.concat(
        [world.tables["transactions"].assign(stage="Успешно реализовано"), _not_won(world.tables["transactions"], rng)]
    )
    deals = deals.sort_values(["date", "transaction_id"], kind="stable", ignore_index=True)
    names = _spellings(world.tables["clients"], deals, rng)
    for file, first, day in _exports():
        part = deals[deals["date"].between(first, day)]
        # What was paid later, this export did not know.
        unknown = part["paid_date"] > (day)
        part = part.assign(
            paid_date=part["paid_date"].mask(unknown), paid_amount=part["paid_amount"].mask(unknown, 0.0)
        )
        raw = raw_table(
            part.assign(status=part["stage"]),
            {**source, "values": {k: v for k, v in source["values"].items() if k != "status"}},
        )
        raw.insert(2, "Клиент", names[part.index])
        raw = _dirty(raw, file, rng)
        total = [""] * len(raw.columns)
        total[0], total[list(raw.columns).index(_MONEY[0])] = "Итого", _sum(raw[_MONEY[0]])
        below = [total] if file.startswith("deals_2026") else []
        write_csv(raw, folder / file, money=_MONEY, below=below)


def _sum(column: pd.Series) -> str:
    return f"{sum(v for v in column if isinstance(v, float)):,.2f}".replace(",", " ").replace(".", ",")


def _not_won(deals: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Deals that are still open or were lost: they stand in the CRM beside the others."""
    lost = deals.sample(170, random_state=rng).assign(stage="Отказ")
    recent = deals[deals["date"] >= "2026-10-01"].sample(14, random_state=rng).assign(stage="В работе")
    table = pd.concat([lost, recent], ignore_index=True)
    table["amount"] = (table["amount"] * (0.5 + rng.random(len(table)))).round(2)
    table["transaction_id"] = [f"Д-{n}" for n in range(90_001, 90_001 + len(table))]
    return table.assign(
        paid_amount=0.0, paid_date=pd.Series(pd.NaT, index=table.index), campaign_id=None, gross_profit=np.nan
    )


def _spellings(clients: pd.DataFrame, deals: pd.DataFrame, rng: np.random.Generator) -> pd.Series:
    """Names of clients as people type them; the code beside them is right."""
    name = deals["client_id"].map(clients.set_index("client_id")["client_name"])
    how = rng.random(len(deals)) / 4
    careless = deals["client_id"].isin(["C001", "C009", "C022"]) & (deals["date"] < "2025-09-01")
    how = np.where(careless, how, 1.0)
    plain = name.str.replace("«", '"').str.replace("»", '"')
    name = name.mask(how < 0.06, plain).mask(how < 0.03, name.str.upper())
    return name.mask(how < 0.01, name.str.replace(r"^(\S+) (.*)$", r"\2, \1", regex=True))


def _dirty(raw: pd.DataFrame, file: str, rng: np.random.Generator) -> pd.DataFrame:
    """A few rows twice, a few dates that no calendar has, cells that say nothing."""
    raw = raw.astype(object)
    rows = rng.permutation(len(raw))
    dirt: dict[str, list[tuple[str, str, int]]] = {
        "deals_2024.csv": [("Дата оплаты", "31.02.2024", 1), ("Оплатить до", "15.13.2024", 1), ("Скидка, %", "н/д", 3)],
        "deals_2025.csv": [("Оплатить до", "30.06.2052", 1), ("Выходов", "-", 3), ("Цена выхода", "уточнить", 1)],
    }
    at = 3
    for header, value, count in dirt.get(file, []):
        raw.loc[raw.index[rows[at : at + count]], header] = value
        at += count
    twice = raw.loc[raw.index[np.sort(rows[:3])]]
    return pd.concat([raw, twice]).sort_index(kind="stable")


def _airings(world: World, source: dict[str, Any], folder: Path) -> None:
    table = world.tables["deliveries"]
    year = table["planned_at"].dt.year.clip(lower=2024)
    for number, part in table.groupby(year):
        write_csv(
            raw_table(part, source),
            folder / f"airings_{number}.csv",
            encoding="utf-8",
            separator=",",
            decimal=".",
            stamps=("План", "Факт"),
        )
