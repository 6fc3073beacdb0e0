"""Report 04, silence: ways to count it, who answers, who is silent with what money, how often we ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..plots import loyalty as plots
from ..survey.monitor import burden as asking
from ..survey.profile import sample_like_base, silent_later
from ..survey.response import response_rate
from ..survey.votes import active_base, revenue_of
from .base import Exhibit, drawn, exhibit
from .loyalty import Loyalty, listing, nothing, say
from .loyalty_groups import group_labels, group_of
from .table import Column, Table
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data
    from ..survey.response import Silent

__all__ = ["burden", "response", "response_industry", "silent_clients", "ways"]

_ENOUGH = 8


@exhibit("loyalty", "ways", needs=("survey_answers", "survey_invitations"))
def ways(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """The ways to count the silent, side by side."""
    hushed = loyalty.silent
    if hushed is None:
        return nothing("ways", language, "no_question", missing=True)
    rows = hushed.frame
    if rows["nps"].isna().any():
        return nothing("ways", language)
    number = int(rows["silent"].iloc[0])
    value = rows.set_index("way")["nps"]
    title = say(
        "ways_title" if number else "ways_nobody", language, n=words.number(number, language),
        low=words.number(value["detractors"], language), high=words.number(value["promoters"], language),
        nps=words.number(value["respondents"], language),
    )  # fmt: skip
    rows = rows.assign(label=[say(f"way_{way}", language) for way in rows["way"]])
    columns = [
        Column(key="label", label=say("col_way", language)),
        Column(key="nps", label="NPS", kind="number", low="low", high="high"),
        Column(key="n", label=say("col_votes", language), kind="number"),
    ]
    notes = [say("ways_note", language)]
    if hushed.break_even is not None and number:
        notes.append(say("ways_even", language, share=words.percent(hushed.break_even, language)))
    listed = listing(rows, "nps", language)
    return Exhibit(
        name="ways", title=title, language=language, subtitle=say("ways_sub", language),
        draw=drawn(plots.silent_ways, rows, language=language, height=270),
        alt=say("ways_alt", language, listed=listed), note=" ".join(notes),
        table=Table(frame=rows, columns=columns, totals=_silence(hushed, number, language)),
    )  # fmt: skip


def _silence(hushed: Silent, number: int, language: str) -> list[dict[str, str]]:
    """Rows below the ways: how many are silent, and the share of detractors among them that makes the score zero."""
    rows = [{"label": say("sum_silent", language), "n": words.number(number, language)}]
    if hushed.break_even is not None and number:
        rows.append({"label": say("sum_even", language), "n": words.percent(hushed.break_even, language)})
    return rows


@exhibit("loyalty", "response", needs=("survey_invitations",))
def response(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Response by manager or unit, with a test of "all answer alike"."""
    return _response(data, loyalty, "response", group_of(data), language)


@exhibit("loyalty", "response_industry", needs=("survey_invitations", "clients"))
def response_industry(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Response by industry."""
    return _response(data, loyalty, "response_industry", "industry", language)


def _response(data: Data, loyalty: Loyalty, name: str, by: str, language: str) -> Exhibit:
    held = [table[by].notna().any() for table in (data.survey_invitations, data.clients) if by in table]
    if not any(held):
        return nothing(name, language, "response_unknown", what=say(f"col_{by}", language), missing=True)
    result = response_rate(
        data.survey_invitations, data.survey_answers, clients=data.clients, transactions=data.orders, by=by,
        as_of=data.as_of,
    )  # fmt: skip
    rows = result.frame[result.frame["asked"] > 0]
    if not len(rows):
        return nothing(name, language, "unasked")
    label = group_labels(data, by, language)
    rows = rows.assign(label=[label.get(value, str(value)) for value in rows[by]])
    few = (rows["asked"] < 3).to_numpy()
    rows.loc[few, ["rate", "low", "high"]] = float("nan")
    rows = rows.sort_values(["rate", "label"], ascending=[True, True], kind="stable", na_position="last")
    answered, asked = int(rows["answered"].sum()), int(rows["asked"].sum())
    odd = rows.loc[rows["p_value"] < 0.05, "label"].tolist()
    p_value = result.test.get("p_value")
    key = "response_one" if odd else "response_untested" if p_value is None else (
        "response_apart" if p_value < 0.05 else "response_alike")  # fmt: skip
    title = say(key, language, rate=words.percent(answered / asked, language), names=", ".join(odd),
                by=say(f"by_{by}", language),
                p=words.number(p_value, language, 2) if p_value is not None else "")  # fmt: skip
    columns = [
        Column(key="label", label=say(f"col_{by}", language)),
        Column(key="rate", label=say("col_rate", language), kind="percent", low="low", high="high"),
        *(Column(key=name, label=say(f"status_{name}", language), kind="number")
          for name in ("answered", "refused", "no_answer", "not_delivered")),
    ]  # fmt: skip
    if rows["revenue_share"].notna().any():
        columns.append(Column(key="revenue_share", label=say("col_revenue_share", language), kind="percent"))
    listed = listing(rows, "rate", language, percent=True)
    note, share = _like_base(data, loyalty, language) if name == "response" else ("", None)
    sums = {key: rows[key].sum() for key in ("answered", "refused", "no_answer", "not_delivered")}
    totals: list[dict[str, Any]] = [{"label": words.say("common.sum_all", language), "rate": answered / asked, **sums},
                                    {"label": say("sum_asked", language), "answered": words.number(asked, language)}]
    if p_value is not None:
        totals.append({"label": say("sum_p", language), "rate": words.number(p_value, language, 2)})
    if share is not None:
        totals.append({"label": say("sum_money", language), "rate": words.percent(share, language)})
    return Exhibit(
        name=name, title=title, language=language, subtitle=say("response_sub", language),
        draw=drawn(plots.rate_bars, rows, language=language, height=60 + 38 * len(rows)),
        alt=say("response_alt", language, listed=listed), table=Table(frame=rows, columns=columns, totals=totals),
        note=note,
    )  # fmt: skip


def _like_base(data: Data, loyalty: Loyalty, language: str) -> tuple[str, float | None]:
    """Whether those who answered are like the base, and their share of the year's revenue."""
    base = active_base(data.clients)
    if base is None or not len(loyalty.statuses) or "client_id" not in loyalty.statuses:
        return "", None
    answered = loyalty.statuses.loc[loyalty.statuses["status"] == "answered", "client_id"].dropna()
    result = sample_like_base(answered, base, revenue=revenue_of(data.orders, data.as_of))
    unlike = result.frame.loc[result.frame["p_value"] < 0.05, "attribute"].tolist()
    money = result.frame.loc[result.frame["attribute"] == "revenue", "sample"]
    told = result.frame["p_value"].notna().any()
    named = ", ".join(say(f"attribute_{name}", language) for name in unlike)
    parts = [say("like_few" if not told else "like_no" if unlike else "like_yes", language, names=named)]
    share = float(money.iloc[0]) if len(money) and pd.notna(money.iloc[0]) else None
    if share is not None:
        parts.append(say("like_money", language, share=words.percent(share, language)))
    return " ".join(parts), share


@exhibit("loyalty", "silent_clients", needs=("survey_invitations", "clients"))
def silent_clients(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Silent clients with their money, and what became of the silent before them."""
    status = loyalty.statuses
    rows = loyalty.silent.clients if loyalty.silent is not None else status[
        status["status"].isin(["refused", "no_answer"])]  # fmt: skip
    if not len(status):
        return nothing("silent_clients", language, "unasked")
    if not len(rows):
        return nothing("silent_clients", language, "silent_nobody")
    known, managers = names(data), group_labels(data, "manager_id", language)
    rows = rows.assign(
        label=[label_of(known, client) for client in rows["client_id"]],
        kind=[say(f"status_{name}", language) for name in rows["status"]],
    )  # fmt: skip
    columns = [
        Column(key="label", label=say("col_client", language)), Column(key="kind", label=say("col_status", language)),
    ]  # fmt: skip
    unit = ""
    if "revenue" in rows:
        unit = words.unit_of(float(rows["revenue"].max())) if rows["revenue"].max() > 0 else ""
        head = say("col_revenue", language, unit=words.unit_words(unit, data.params.currency, language))
        digits = 1 if unit in ("m", "bn") else 0
        columns.append(Column(key="revenue", label=head, kind="money", unit=unit, digits=digits, bar=True))
        rows = rows.assign(trend=rows["client_id"].map(_trend(data)))
        columns.append(Column(key="trend", label=say("col_trend", language), kind="percent", sign=True))
    if "manager_id" in rows and rows["manager_id"].notna().any():
        rows = rows.assign(manager=[managers.get(one, str(one)) for one in rows["manager_id"]])
        columns.append(Column(key="manager", label=say("col_manager_id", language)))
    columns.append(Column(key="asked_at", label=say("col_asked", language), kind="day"))
    money = revenue_of(data.orders, data.as_of)
    total = float(money.clip(lower=0).sum()) if money is not None else 0.0
    share = float(rows["revenue"].sum()) / total if total and "revenue" in rows else None
    note, later = _later(data, language)
    totals: list[dict[str, Any]] = [{"label": words.say("common.sum_all", language),
                                     "kind": words.count(len(rows), "client", language)}]  # fmt: skip
    if share is not None:
        totals[0] |= {"revenue": float(rows["revenue"].sum())}
        totals.append({"label": say("sum_share", language), "revenue": words.percent(share, language)})
    totals += [{"label": say(f"sum_later_{key}", language), "kind": value} for key, value in later.items()]
    title = say("silent_title" if share is not None else "silent_title_plain", language,
                n=words.count(len(rows), "client", language),
                share=words.percent(share, language) if share is not None else "")  # fmt: skip
    return Exhibit(
        name="silent_clients", title=title, language=language, subtitle=say("silent_sub", language),
        table=Table(frame=rows.reset_index(drop=True), columns=columns, totals=totals), note=note,
    )  # fmt: skip


def _trend(data: Data) -> pd.Series:
    """Revenue of the last three months against the same months of last year, per client."""
    now = revenue_of(data.orders, data.as_of, 3)
    past = type(data.as_of)(data.as_of.end - pd.DateOffset(years=1), data.as_of.whole)
    before = revenue_of(data.orders, past, 3)
    if now is None or before is None:
        return pd.Series(dtype="float64")
    before = before[before > 0]
    return now.reindex(before.index).fillna(0.0) / before - 1


def _later(data: Data, language: str) -> tuple[str, dict[str, str]]:
    """What became of the volume of last year's silent and of those who answered: a sentence and its numbers."""
    if not data.has("transactions"):
        return "", {}
    from ..survey.response import statuses

    # Asked in the year before: three months must have passed since.
    past = data.as_of.last_whole - 3
    asked = statuses(data.survey_invitations, data.survey_answers, as_of=past, window=12)
    rows = silent_later(asked, data.panel, as_of=data.as_of).frame
    if not len(rows) or rows["n"].min() < _ENOUGH or rows["change"].isna().any():
        return say("later_unknown", language), {}
    answered, hushed = rows.iloc[0], rows.iloc[1]
    key = "later" if pd.notna(hushed["p_value"]) and hushed["p_value"] < 0.05 else "later_alike"
    shown = {name: words.percent(row["change"], language, sign=True)
             for name, row in (("silent", hushed), ("answered", answered))}  # fmt: skip
    return say(key, language, **shown), shown


@exhibit("loyalty", "burden", needs=("survey_invitations", "clients"))
def burden(data: Data, *, language: str) -> Exhibit:
    """How often the same persons are asked, and whether they tire."""
    result = asking(data.survey_invitations, as_of=data.as_of)
    rows = result.frame[result.frame["rate"].notna()]
    if len(rows) < 1:
        return nothing("burden", language, "burden_few")
    values: dict[str, Any] = dict(result.notes[0].values)
    title = say("burden_over" if values["over"] else "burden_fine", language,
                over=words.count(values["over"], "loyalty.contact_person", language),
                contacts=words.number(values["contacts"], language),
                most=words.number(values["most"], language))  # fmt: skip
    rows = rows.assign(label=[say("order", language, n=words.number(order, language)) for order in rows["order"]])
    columns = [
        Column(key="label", label=say("col_order", language)),
        Column(key="rate", label=say("col_rate", language), kind="percent", low="low", high="high"),
        Column(key="answered", label=say("status_answered", language), kind="number"),
        Column(key="asked", label=say("col_asked_number", language), kind="number"),
    ]
    listed = listing(rows, "rate", language, percent=True)
    return Exhibit(
        name="burden", title=title, language=language, subtitle=say("burden_sub", language),
        draw=drawn(plots.rate_bars, rows, language=language, height=60 + 38 * len(rows)),
        alt=say("burden_alt", language, listed=listed), table=Table(frame=rows, columns=columns),
    )  # fmt: skip
