"""How complete, fresh and valid the cards of clients are, against 0.99, and what to repair."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from .values.codes import tax_number_holds

__all__ = ["Cards", "card_quality"]

_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
# Columns of the card, as canonical tables have them.
_CARD = {
    "clients": [
        "client_name", "client_type", "is_anchor", "industry", "region", "company_size", "status",
        "first_contact_date", "manager_id", "acquisition_channel", "unit_id", "group_id", "payer_id",
        "financial_state", "industry_rank", "knowledge_management", "knowledge_power", "knowledge_structure",
        "knowledge_partners", "knowledge_plans", "tax_id", "address", "verified_at",
    ],
    "contacts": [
        "full_name", "position", "role", "attitude", "decision_power", "reports_to", "email", "phone", "consent",
        "verified_at",
    ],
}  # fmt: skip
_REPORTS = ("exhibits", "segments", "breaks", "visits", "survey", "economics")
_NO_READERS = ("segments_cards.py",)  # it lists the fields and reads none
# Legitimately blank for most: their absence is no fault.
_OPTIONAL = frozenset(["group_id", "payer_id", "address", "reports_to", "industry_rank"])


@dataclass(frozen=True, eq=False, kw_only=True)
class Cards:
    """Quality of the cards.

    Attributes
    ----------
    fields : pandas.DataFrame
        table, field, n, filled, valid, fresh (shares of n), reached bool, used bool (by a report), never bool
    managers : pandas.DataFrame
        manager_id, table, n, filled, fresh (shares), reached bool
    reach : pandas.DataFrame
        share of clients with phone, email and consent: what, n, share
    structure : pandas.DataFrame
        dimension, value, clients, share
    repair : pandas.DataFrame
        client_id, client_name, manager_id, table, row_id, field, fault {empty, invalid, stale}
    """

    fields: pd.DataFrame
    managers: pd.DataFrame
    reach: pd.DataFrame
    structure: pd.DataFrame
    repair: pd.DataFrame


def card_quality(
    clients: pd.DataFrame,
    contacts: pd.DataFrame,
    as_of: Any,
    *,
    fresh_days: int = 180,
    goal: float = 0.99,
) -> Cards:
    """Judge the cards of clients and contacts.

    Parameters
    ----------
    clients, contacts : canonical tables; contacts may be empty
    as_of : last day that counts
    fresh_days : a card verified within so many days is fresh
    goal : share from which a field or manager has reached the goal

    Returns
    -------
    Cards
    """
    end = pd.Timestamp(getattr(as_of, "end", as_of))
    parts = []
    for table, key, frame in (("clients", "client_id", clients), ("contacts", "contact_id", contacts)):
        if len(frame):
            parts.append(_judged(frame, table, key, end, fresh_days))
    if parts:
        cells = pd.concat(parts, ignore_index=True)
    else:
        cells = pd.DataFrame(columns=["table", "field", "row_id", "client_id", "filled", "valid", "fresh"])
    names = clients.set_index("client_id")[["client_name", "manager_id"]] if len(clients) else None
    return Cards(
        fields=_fields(cells, goal), managers=_managers(cells, names, goal), reach=_reach(clients, contacts),
        structure=_structure(clients), repair=_repair(cells, names),
    )  # fmt: skip


@lru_cache(maxsize=1)
def used_fields() -> dict[str, frozenset[str]]:
    """Fields of the card that reports read: those that a module of reports names beside the card's table.

    Looked up in the code itself, so that a field is not called used after the last exhibit that read it is gone.
    """
    package = files(__package__.rpartition(".")[0])
    modules = [
        part.read_text(encoding="utf-8")
        for folder in _REPORTS
        for part in (package / folder).iterdir()
        if part.name.endswith(".py") and part.name not in _NO_READERS
    ]
    found: dict[str, frozenset[str]] = {}
    for table, fields in _CARD.items():
        near = [text for text in modules if re.search(rf"\b{table}\b", text)]
        text = "\n".join(near)
        named = set(re.findall(r"""["'](\w+)["']|\.(\w+)\b""", text))
        begun = tuple(set(re.findall(r"""["'](\w+_)\{""", "\n".join(modules))))  # f"knowledge_{name}"
        words = {word for pair in named for word in pair}
        found[table] = frozenset(name for name in fields if name in words or name.startswith(begun))
    return found


def _judged(frame: pd.DataFrame, table: str, key: str, end: pd.Timestamp, fresh_days: int) -> pd.DataFrame:
    """One row per card and field."""
    stale = ~(frame["verified_at"] >= end.normalize() - pd.Timedelta(days=fresh_days))
    parts = []
    for field in [name for name in _CARD[table] if name in frame]:
        filled = frame[field].notna().to_numpy()
        parts.append(
            pd.DataFrame(
                {
                    "table": table, "field": field, "row_id": frame[key].to_numpy(),
                    "client_id": frame["client_id"].to_numpy(), "filled": filled,
                    "valid": filled & _valid(frame[field], field, end), "fresh": filled & ~stale.to_numpy(),
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def _valid(values: pd.Series, field: str, end: pd.Timestamp) -> np.ndarray:
    if field == "email":
        return values.map(lambda text: bool(_MAIL.fullmatch(str(text)))).to_numpy(dtype=bool)
    if field == "phone":
        return values.map(lambda text: 10 <= len(re.sub(r"\D", "", str(text))) <= 15).to_numpy(dtype=bool)
    if field == "tax_id":
        return values.map(lambda text: tax_number_holds(str(text))).to_numpy(dtype=bool)
    if field.endswith(("_date", "_at")):
        return (values <= end).to_numpy(dtype=bool, na_value=False)
    if field in ("client_name", "full_name", "position", "address"):
        return values.astype("str").str.strip().str.len().ge(2).to_numpy(dtype=bool, na_value=False)
    return np.ones(len(values), dtype=bool)


def _fields(cells: pd.DataFrame, goal: float) -> pd.DataFrame:
    columns = ["table", "field", "n", "filled", "valid", "fresh", "reached", "used", "never"]
    if cells.empty:
        return pd.DataFrame(columns=columns)
    grouped = cells.groupby(["table", "field"], sort=False)
    result = grouped[["filled", "valid", "fresh"]].mean().assign(n=grouped.size()).reset_index()
    result["reached"] = result["valid"] >= goal
    read = used_fields()
    result["used"] = [field in read[table] for table, field in zip(result["table"], result["field"])]
    result["never"] = result["filled"] == 0
    return result[columns].sort_values(["table", "filled"], kind="stable", ignore_index=True)


def _managers(cells: pd.DataFrame, names: pd.DataFrame | None, goal: float) -> pd.DataFrame:
    columns = ["manager_id", "table", "n", "filled", "fresh", "reached"]
    if cells.empty or names is None:
        return pd.DataFrame(columns=columns)
    owned = cells[~cells["field"].isin(_OPTIONAL)].assign(
        manager_id=cells["client_id"].map(names["manager_id"][~names.index.duplicated()])
    )
    grouped = owned.groupby(["manager_id", "table"], dropna=False)
    result = grouped[["filled", "fresh"]].mean().assign(n=grouped["row_id"].nunique()).reset_index()
    result["reached"] = result["filled"] >= goal
    return result[columns].sort_values("filled", kind="stable", ignore_index=True)


def _reach(clients: pd.DataFrame, contacts: pd.DataFrame) -> pd.DataFrame:
    total = len(clients)
    rows = []
    for what, column in (("phone", "phone"), ("email", "email"), ("consent", "consent")):
        if len(contacts):
            has = contacts[column].fillna(False).astype(bool) if column == "consent" else contacts[column].notna()
            count = int(contacts.loc[has, "client_id"].nunique())
        else:
            count = 0
        rows.append((what, count, count / total if total else np.nan))
    return pd.DataFrame(rows, columns=["what", "n", "share"])


def _structure(clients: pd.DataFrame) -> pd.DataFrame:
    rows = []
    value: Any
    for dimension in ("industry", "region", "company_size", "acquisition_channel"):
        for value, count in clients[dimension].value_counts(dropna=False).items() if len(clients) else ():
            rows.append((dimension, None if pd.isna(value) else value, count, count / len(clients)))
    return pd.DataFrame(rows, columns=["dimension", "value", "clients", "share"])


def _repair(cells: pd.DataFrame, names: pd.DataFrame | None) -> pd.DataFrame:
    """One row per cell to repair: empty ones first, then invalid, then a card not verified for too long."""
    columns = ["client_id", "client_name", "manager_id", "table", "row_id", "field", "fault"]
    if cells.empty or names is None:
        return pd.DataFrame(columns=columns)
    needed = cells[~cells["field"].isin(_OPTIONAL)]
    empty = needed[~needed["filled"]].assign(fault="empty")
    invalid = cells[cells["filled"] & ~cells["valid"]].assign(fault="invalid")
    verified = cells[cells["field"] == "verified_at"]
    stale = verified[verified["filled"] & ~verified["fresh"]].assign(fault="stale")
    listed = pd.concat([empty, invalid, stale], ignore_index=True)
    known = names[~names.index.duplicated()]
    listed["client_name"] = listed["client_id"].map(known["client_name"])
    listed["manager_id"] = listed["client_id"].map(known["manager_id"])
    return listed.sort_values(["client_id", "table", "row_id"], kind="stable", ignore_index=True)[columns]
