"""Report 04, managers and units: which differ, what they think themselves, which figures are fit for a bonus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..plots import loyalty as plots
from ..survey.compare import compare_groups, self_scores
from ..survey.kpi import kpi_matrix
from ..survey.votes import of_metric
from .base import Exhibit, drawn, exhibit
from .loyalty import Loyalty, nothing, say
from .table import Column, Table
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["fit_for_bonus", "group_labels", "group_of", "groups", "own_scores"]

_ENOUGH = 8  # votes below which nothing is compared


def group_labels(data: Data, by: str, language: str) -> dict[Any, str]:
    """Names of managers or units by id."""
    table, key, name = {
        "manager_id": (data.managers, "manager_id", "manager_name"), "unit_id": (data.units, "unit_id", "unit_name"),
    }.get(by, (pd.DataFrame(), "", ""))  # fmt: skip
    if not len(table):
        return {}
    known = table[table[name].notna()].drop_duplicates(key)
    shown = known[name].map(short_name) if by == "manager_id" else known[name]
    return dict(zip(known[key], shown))


def group_of(data: Data) -> str:
    """The grouping that the client's data know: managers, else units."""
    clients = data.clients
    return "manager_id" if len(clients) and clients["manager_id"].notna().any() else "unit_id"


@exhibit("loyalty", "groups", needs=("survey_answers", "questions"))
def groups(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Managers, or units where clients are not known: intervals and groups that cannot be told apart."""
    if loyalty.score is None:
        return nothing("groups", language, "no_question", missing=True)
    by = group_of(data)
    votes = loyalty.score.votes
    held = votes[by].notna().any() if by in votes else False
    if not held and not (len(data.clients) and data.clients[by].notna().any()):
        return nothing("groups", language, "groups_unknown", missing=True)
    if by in votes and len(data.clients):
        votes = votes.drop(columns=by)  # the card says who serves the client now
    table = compare_groups(votes, by, clients=data.clients)
    rows = table.frame[table.frame["score"].notna()]
    if not len(rows):
        return nothing("groups", language)
    label = group_labels(data, by, language)
    rows = rows.assign(label=[label.get(value, str(value)) for value in rows[by]])
    differ, compared = rows.loc[rows["differs"], "label"].tolist(), int((rows["n"] >= _ENOUGH).sum())
    key = "groups_differ" if differ else "groups_alike" if compared > 1 else "groups_few"
    values = {"names": ", ".join(f"{name} ({words.number(score, language)})" for name, score in
                                 rows.loc[rows["differs"], ["label", "score"]].itertuples(index=False))}  # fmt: skip
    if differ and compared == 2:
        p = float(rows["p_value"].min())
        key, values["p"] = "groups_two", ("< " if p < 0.01 else "= ") + words.number(max(p, 0.01), language, 2)
    title = say(key, language, what=say(f"what_{by}", language), **values)
    columns = [
        Column(key="label", label=say(f"col_{by}", language)),
        Column(key="score", label="NPS", kind="number", low="low", high="high"),
        Column(key="n", label=say("col_votes", language), kind="number"),
        Column(key="pooled", label=say("col_pooled", language), kind="number", low="pooled_low", high="pooled_high"),
        Column(key="p_value", label=say("col_p", language), kind="number", digits=2),
        Column(key="alike", label=say("col_alike", language)),
    ]
    listed = "; ".join(
        f"{name} {words.number(score, language)} {words.interval(low, high, language)}"
        for name, score, low, high in zip(rows["label"], rows["score"], rows["low"], rows["high"])
    )
    average = loyalty.row["nps"] if loyalty.row is not None else np.nan
    return Exhibit(
        name="groups", title=title, language=language, subtitle=say("groups_sub", language),
        draw=drawn(plots.group_dots, rows, language=language, limits=(-105, 105), middle=float(average),
                   height=60 + 40 * len(rows)),
        alt=say("groups_alt", language, listed=listed), table=Table(frame=rows, columns=columns),
        note=say("groups_note", language),
    )  # fmt: skip


@exhibit("loyalty", "own_scores", needs=("survey_answers", "questions", "meetings"))
def own_scores(data: Data, *, language: str) -> Exhibit:
    """What managers think of the cooperation and what their clients say."""
    said = of_metric(data.survey_answers, data.questions, ["csat"])
    first = data.questions.loc[data.questions["metric"] == "csat", "question_id"]
    said = said[said["question_id"] == first.iloc[0]] if len(first) else said[:0]
    found = self_scores(said, data.meetings)
    rows = found.frame[found.frame["low"].notna()]
    if not len(rows):
        return nothing("own_scores", language, "own_few")
    label = group_labels(data, "manager_id", language)
    rows = rows.assign(label=[label.get(one, str(one)) for one in rows["manager_id"]])
    rows = rows.sort_values(["gap", "label"], ascending=[False, True], kind="stable")
    sure, whole = rows[rows["p_value"] < 0.05], found.overview.iloc[0]
    higher, lower = (sure.loc[sure["gap"] * side > 0, "label"].tolist() for side in (1, -1))
    # Each alone may be within chance and all together not.
    together = "own_all_higher" if whole["low"] > 0 else "own_all_lower" if whole["high"] < 0 else "own_alike"
    title = say("own_higher" if higher else "own_lower" if lower else together, language,
                names=", ".join(higher or lower), gap=words.number(abs(whole["gap"]), language, 1))  # fmt: skip
    columns = [
        Column(key="label", label=say("col_manager_id", language)),
        Column(key="own", label=say("col_own", language), kind="number", digits=1),
        Column(key="client", label=say("col_said", language), kind="number", digits=1),
        Column(key="gap", label=say("col_gap", language), kind="number", digits=1, sign=True, low="low", high="high"),
        Column(key="n", label=say("col_clients", language), kind="number"),
    ]
    return Exhibit(name="own_scores", title=title, language=language, subtitle=say("own_sub", language),
                   table=Table(frame=rows, columns=columns,
                               totals=[{"label": words.say("common.sum_all", language), **whole}]),
                   note=say("own_note", language))  # fmt: skip


@exhibit("loyalty", "fit_for_bonus", needs=("survey_answers", "questions", "survey_invitations"))
def fit_for_bonus(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Which rows carry enough answers for a bonus to hang on them."""
    if loyalty.score is None:
        return nothing("fit_for_bonus", language, "no_question", missing=True)
    by = group_of(data)
    deals = data.orders.read("client_id", "date", "amount", "status", by, since=(data.as_of.month - 11).start_time)
    result = kpi_matrix(
        by, answers=data.survey_answers, invitations=data.survey_invitations, actions=data.actions,
        transactions=deals, clients=data.clients, questions=data.questions, as_of=data.as_of,
    )  # fmt: skip
    rows = result.frame[(result.frame["n"] > 0) | result.frame["response"].notna()]
    if not len(rows):
        return nothing("fit_for_bonus", language)
    label = group_labels(data, by, language)
    rows = rows.assign(
        label=[label.get(one, str(one)) for one in rows[by]],
        verdict=[say(f"gate_{gate or 'open'}", language) for gate in rows["gate"]],
    )  # fmt: skip
    ready = int(rows["bonus_ready"].sum())
    title = say("bonus_title" if ready else "bonus_none", language, a=words.number(ready, language),
                n=words.number(len(rows), language))  # fmt: skip
    unit = words.unit_of(float(rows["revenue"].max())) if rows["revenue"].notna().any() else ""
    columns = [Column(key="label", label=say(f"col_{by}", language))]
    if rows["revenue"].notna().any():
        head = say("col_quarter_revenue", language, unit=words.unit_words(unit, data.params.currency, language))
        columns.append(Column(key="revenue", label=head, kind="money", unit=unit, digits=1))
    columns += [
        Column(key="nps", label="NPS", kind="number", low="nps_low", high="nps_high"),
        Column(key="n", label=say("col_votes", language), kind="number"),
        Column(key="response", label=say("col_rate", language), kind="percent", low="response_low",
               high="response_high"),
        Column(key="in_time", label=say("col_in_time", language), kind="percent", low="in_time_low",
               high="in_time_high"),
        Column(key="verdict", label=say("col_verdict", language)),
    ]  # fmt: skip
    options = result.options
    return Exhibit(
        name="fit_for_bonus", title=title, language=language, subtitle=say("bonus_sub", language),
        table=Table(frame=rows, columns=columns, totals=[{
            "label": say("sum_needed", language), "n": f"≥ {words.number(options['least'], language)}",
            "nps": say("sum_width", language, n=words.number(options["widest"], language)),
            "response": f"≥ {words.percent(options['response'], language)}", "verdict": say("gate_open", language),
        }]),
        note=say("bonus_note", language, least=words.number(options["least"], language),
                 widest=words.number(options["widest"], language), rate=words.percent(options["response"], language)),
    )  # fmt: skip
