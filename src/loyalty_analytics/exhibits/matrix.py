"""KPI matrix of the brief: unit × volume, score, response, cases closed in time, silent clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..intervals import wilson
from ..money import from_minor, to_minor
from ..months import to_periods
from ..survey.compare import compare_groups
from ..survey.nps import nps
from ..survey.response import response_rate
from ..visits.loop import closed_loop
from .base import Exhibit, exhibit
from .table import Column, Table

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["kpi", "matrix"]

_FEW = 8  # below so many answers a unit's score is not compared


def kpi(data: Data) -> pd.DataFrame:
    """One row per unit: volume of the last whole month, answers of three months, cases of twelve.

    Returns
    -------
    DataFrame
        unit_id, revenue, previous, change, nps, nps_low, nps_high, answers, rate, rate_low, rate_high, asked,
        silent (clients or contacts), in_time, in_time_low, in_time_high, judged (cases).
        Null where the data do not hold it.
    """
    table = pd.DataFrame({"unit_id": data.units["unit_id"].dropna().unique()})
    for part in (_volume(data), _score(data), _response(data), _cases(data)):
        if part is not None:
            table = table.merge(part, on="unit_id", how="left")
    wanted = ["revenue", "change", "nps", "rate", "silent", "in_time"]
    return table.assign(**{name: np.nan for name in wanted if name not in table})


def _volume(data: Data) -> pd.DataFrame | None:
    if "unit_id" not in data.orders.columns:
        return None
    last = data.as_of.last_whole
    orders = data.orders.read("date", "amount", "unit_id", "status", since=(last - 12).start_time, until=last.end_time)
    done = orders[~orders["status"].isin(["planned", "cancelled"])]
    month, sums = to_periods(done["date"]), to_minor(done["amount"])
    now = data.as_of.last_whole
    parts = {}
    for name, wanted in (("revenue", now), ("previous", now - 12)):
        rows = np.asarray(month == wanted)
        parts[name] = from_minor(sums[rows].groupby(done["unit_id"][rows]).sum())
    table = pd.DataFrame(parts).rename_axis("unit_id").reset_index()
    table["change"] = table["revenue"] / table["previous"] - 1
    return table


def _score(data: Data) -> pd.DataFrame | None:
    if data.survey_answers.empty or not (data.questions["metric"] == "nps").any():
        return None
    found = nps(
        data.survey_answers, questions=data.questions, clients=data.clients, contacts=data.contacts, by="unit_id",
        as_of=data.as_of, **data.params.nps,
    )  # fmt: skip
    # The test of report 04: overlapping intervals alone do not say that units are alike.
    tested = compare_groups(found.votes, "unit_id", clients=data.clients).frame
    table = found.frame[["unit_id", "nps", "low", "high", "n"]].merge(
        tested[["unit_id", "differs"]], on="unit_id", how="left"
    )
    return table.rename(columns={"low": "nps_low", "high": "nps_high", "n": "answers"})


def _response(data: Data) -> pd.DataFrame | None:
    if data.survey_invitations.empty:
        return None
    found = response_rate(
        data.survey_invitations, data.survey_answers, clients=data.clients, by="unit_id", as_of=data.as_of
    )
    table = found.frame.rename(columns={"low": "rate_low", "high": "rate_high"})
    table["silent"] = table["refused"] + table["no_answer"]
    return table[["unit_id", "rate", "rate_low", "rate_high", "asked", "silent"]]


def _cases(data: Data) -> pd.DataFrame | None:
    year_ago = (data.as_of.last_whole - 12).end_time
    cases = data.actions[data.actions["opened_at"] > year_ago]
    if cases.empty:
        return None
    unit = cases["unit_id"]
    if "clients" not in data.missing:
        home = data.clients.drop_duplicates("client_id").set_index("client_id")["unit_id"]
        unit = unit.where(unit.notna(), cases["client_id"].map(home))
    rows = []
    for name, part in cases.groupby(unit):
        steps = closed_loop(part, data.as_of, **data.params.loop).frame
        closed = steps[steps["step"] == "closed"].iloc[0]
        rows.append({"unit_id": name, "in_time": closed["in_time"], "judged": int(closed["judged"])})
    table = pd.DataFrame(rows, columns=["unit_id", "in_time", "judged"])
    kept = (table["in_time"].fillna(0) * table["judged"]).round()
    low, high = wilson(kept.to_numpy(), table["judged"].to_numpy())
    return table.assign(in_time_low=low, in_time_high=high)


@exhibit("brief", "matrix", needs=("units",))
def matrix(data: Data, *, language: str) -> Exhibit:
    """Units side by side; whoever cannot be told apart is not ranked."""
    table = kpi(data)
    title_of = data.units.drop_duplicates("unit_id").set_index("unit_id")["unit_name"]
    table["name"] = table["unit_id"].map(title_of).fillna(table["unit_id"].astype(str))
    scale = words.unit_of(float(table["revenue"].abs().max())) if table["revenue"].notna().any() else ""
    unit = words.unit_words(scale, data.params.currency, language)
    say = words.say
    columns = [Column(key="name", label=say("brief.col_unit", language))]
    if table["revenue"].notna().any():
        columns += [
            Column(
                key="revenue", label=say("brief.col_fact", language, unit=unit), kind="money", unit=scale,
                digits=2 if scale in ("m", "bn") else 0,
            ),
            Column(key="change", label=say("brief.col_change", language), kind="percent", sign=True),
        ]  # fmt: skip
    if table["nps"].notna().any():
        columns.append(
            Column(key="nps", label=say("brief.col_nps", language), kind="number", low="nps_low", high="nps_high")
        )
        columns.append(Column(key="answers", label=say("brief.col_answers", language), kind="number"))
    for key in ("rate", "in_time"):
        if table[key].notna().any():
            label = say(f"brief.col_{key}", language)
            columns.append(Column(key=key, label=label, kind="percent", low=f"{key}_low", high=f"{key}_high"))
    if table["silent"].notna().any():
        columns.append(Column(key="silent", label=say("brief.col_silent", language), kind="number"))
    return Exhibit(
        name="matrix",
        title=_matrix_title(table, language),
        language=language,
        subtitle=say(
            "brief.matrix_sub" if table["revenue"].notna().any() else "brief.matrix_sub_survey",
            language,
            n=words.number(len(table), language),
        ),
        table=Table(frame=table, columns=columns),
        note=say("brief.matrix_note", language),
    )


def _matrix_title(table: pd.DataFrame, language: str) -> str:
    """The unit whose volume fell most; without money, whether scores can be told apart."""
    fallen = table[table["change"] < -0.005].sort_values("change", kind="stable")
    if len(fallen):
        row = fallen.iloc[0]
        change = words.percent(abs(row["change"]), language)
        return words.say("brief.matrix_fall", language, unit=row["name"], change=change)
    if table["change"].notna().any():
        return words.say("brief.matrix_no_fall", language)
    scored = table[table["nps"].notna() & (table["answers"] >= _FEW)] if "answers" in table else table.iloc[:0]
    if len(scored) < 2:
        return words.say("brief.matrix_few", language)
    ranked = scored.sort_values("nps", ascending=False, kind="stable")
    for row, key in ((ranked.iloc[0], "apart"), (ranked.iloc[-1], "behind")):
        if bool(row["differs"]):
            return words.say(f"brief.matrix_{key}", language, unit=row["name"])
    return words.say("brief.matrix_alike", language)
