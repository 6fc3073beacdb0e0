"""Faults that only several tables together show, the data passport, and which exhibits are possible."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from .. import tables
from .findings import Findings

__all__ = ["check_anchors", "check_tables", "passport", "possible"]


def check_tables(gathered: Mapping[str, pd.DataFrame], found: Findings) -> None:
    """Add a finding for each kind of fault in the canonical tables."""
    for name, frame in gathered.items():
        _schema(frame, name, found)
        _references(gathered, frame, name, found)
    _before_contact(gathered, found)
    _scores(gathered, found)
    _returns(gathered, found)


def check_anchors(clients: pd.DataFrame, kinds: pd.DataFrame, found: Findings) -> None:
    """Declared anchors that the money does not show, and the other way round: two findings."""
    shown = clients["client_id"].map(kinds.set_index("client_id")["is_anchor"].astype(bool)).fillna(False).astype(bool)
    said = clients["is_anchor"].astype("boolean")
    for code, differ in (("anchor_declared", said & ~shown), ("anchor_computed", ~said & shown)):
        rows = clients[differ.fillna(False).to_numpy(dtype=bool)]
        if len(rows):
            names = ", ".join(rows["client_name"].fillna(rows["client_id"]).astype("str").head(5))
            found.add(code, "warning", column="is_anchor", rows=len(rows), table="clients", sample=names)


def _returns(gathered: Mapping[str, pd.DataFrame], found: Findings) -> None:
    """Each return beside the sale that it takes back: the same client and product, the same amount, not later.

    Only the count is told: both rows count, so the sum is right without the pairing.
    """
    orders = gathered.get("transactions")
    if orders is None or orders.empty:
        return
    back = orders["kind"].eq("return").to_numpy(dtype=bool, na_value=False)
    if not back.any():
        return
    kopecks = (orders["amount"].abs() * 100).round()
    # Only sales of an amount and a client that came back are looked at: few of many million.
    near = np.flatnonzero(back | kopecks.isin(kopecks[back].unique()).to_numpy())
    both = pd.factorize(orders["client_id"].iloc[near])[0] * 2.0**33 + pd.factorize(kopecks.iloc[near])[0]
    near = near[np.isin(both, both[back[near]])]
    back = back[near]
    orders = orders.iloc[near]
    keyed = orders[["client_id", "product_id", "date"]].assign(
        kopecks=kopecks.iloc[near], product_id=orders["product_id"].fillna("")
    )
    keys = ["client_id", "product_id", "kopecks"]
    first = keyed[~back].groupby(keys)["date"].min().rename("sold")
    pairs = keyed[back].join(first, on=keys)
    paired = pairs["sold"].le(pairs["date"])
    if paired.any():
        found.add("return_paired", rows=int(paired.sum()), money=float(orders.loc[back, "amount"][paired].sum()))
    if not paired.all():
        found.add("return_unpaired", "note", rows=int((~paired).sum()),
                  money=float(orders.loc[back, "amount"][~paired].sum()))  # fmt: skip


def _schema(frame: pd.DataFrame, name: str, found: Findings) -> None:
    if frame.empty:
        found.add("table_empty", "warning", table=name)
        return
    faults = tables.faults(frame, name)
    for (column, check), cases in faults.groupby(["column", "check"], sort=False):
        samples = ", ".join(cases["value"].astype("str").unique()[:5])
        code = "out_of_range" if check == "range" else "breach"
        found.add(code, "warning", column=str(column), rows=len(cases), table=name, samples=samples, check=str(check))


def _references(gathered: Mapping[str, pd.DataFrame], frame: pd.DataFrame, name: str, found: Findings) -> None:
    for column in tables.get(name).columns.values():
        if column.refers is None or column.refers not in gathered or column.refers == name:
            continue
        values = frame[column.name].dropna()
        unknown = values[~values.isin(gathered[column.refers][tables.get(column.refers).key or ""])]
        if len(unknown):
            found.add("unknown_reference", "warning", column=column.name, rows=len(unknown), table=name,
                      to=column.refers, sample=", ".join(sorted(unknown.unique())[:5]))  # fmt: skip


def _before_contact(gathered: Mapping[str, pd.DataFrame], found: Findings) -> None:
    if not {"clients", "transactions"} <= set(gathered):
        return
    first = gathered["clients"].set_index("client_id")["first_contact_date"]
    orders = gathered["transactions"]
    if first.isna().all():
        return
    place, ids = pd.factorize(orders["client_id"])
    early = orders["date"] < pd.Series(first[~first.index.duplicated()].reindex(ids).to_numpy()[place], orders.index)
    if early.any():
        found.add("before_contact", "warning", column="date", rows=int(early.sum()),
                  clients=int(orders.loc[early, "client_id"].nunique()),
                  money=float(orders.loc[early, "amount"].sum()))  # fmt: skip


def _scores(gathered: Mapping[str, pd.DataFrame], found: Findings) -> None:
    """Scores outside the scale of their question are null; their rows stay."""
    if not {"survey_answers", "questions"} <= set(gathered):
        return
    answers, questions = gathered["survey_answers"], gathered["questions"].set_index("question_id")
    low, high = (answers["question_id"].map(questions[side]) for side in ("scale_min", "scale_max"))
    wrong = (answers["score"] < low) | (answers["score"] > high)
    if wrong.any():
        samples = ", ".join(map(str, sorted(answers.loc[wrong, "score"].unique())[:5]))
        found.add("score_off_scale", "error", column="score", rows=int(wrong.sum()), samples=samples)
        answers.loc[wrong, "score"] = float("nan")


def passport(gathered: Mapping[str, pd.DataFrame], findings: pd.DataFrame, days: pd.DataFrame) -> dict[str, Any]:
    """Facts about the data: period, rows, clients, money, answers, coverage of every table.

    ``days`` are the transactions by day (`store.order_days`): of many million, only their sums are known.
    """
    invited = gathered.get("survey_invitations", tables.empty("survey_invitations"))
    answers = gathered.get("survey_answers", tables.empty("survey_answers"))
    moments = [
        frame[moment].dropna()
        for name, frame in gathered.items()
        if (moment := tables.get(name).moment) and name in ("survey_answers", "feedback")
    ]
    dates = pd.concat([days["date"], *moments])
    rows = {name: len(gathered.get(name, ())) for name in tables.names()} | {"transactions": int(days["rows"].sum())}
    return {
        "first": None if dates.empty else f"{dates.min():%Y-%m-%d}",
        "last": None if dates.empty else f"{dates.max():%Y-%m-%d}",
        "clients": len(gathered.get("clients", ())),
        "deals": int(days["orders"].sum()),
        "money": int(days["money"].sum()) / 100,
        "answers": len(answers),
        "invited": len(invited),
        "answered": int((invited["status"] == "answered").sum()),
        "findings": {level: int((findings["severity"] == level).sum()) for level in ("error", "warning", "note")},
        "rows": rows,
        "coverage": {name: _coverage(frame) for name, frame in gathered.items()},
    }


def _coverage(frame: pd.DataFrame) -> dict[str, float]:
    if frame.empty:
        return {}
    return {str(name): round(float(frame[name].notna().mean()), 4) for name in frame}


def possible(gathered: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Which exhibits the tables allow: report, exhibit, possible, missing (tables, comma-separated)."""
    needs = yaml.safe_load(files(__package__).joinpath("needs.yaml").read_text(encoding="utf-8"))
    filled = {name for name, frame in gathered.items() if len(frame)}
    rows = []
    for report, exhibits in needs.items():
        for exhibit, wanted in exhibits.items():
            missing = [one for one in wanted if not filled & set(one.split("|"))]
            rows.append(
                {"report": report, "exhibit": exhibit, "possible": not missing,
                 "missing": ", ".join(one.replace("|", " / ") for one in missing)}
            )  # fmt: skip
    return pd.DataFrame(rows)
