"""Report 01, money: volume against plan, what made the change, worst breaks, late clients, receivables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..money import from_minor, to_minor
from ..months import to_periods
from ..plots import breaks as break_plots
from ..plots import brief as plots
from ..results import Result
from .base import Exhibit, drawn, exhibit
from .table import Column, Table
from .volume import Volume, falls, figure_names, label_of, names, volume
from .wording import expected, scale_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..load import Data

__all__ = [
    "bridge",
    "change_part",
    "debt",
    "judged_table",
    "late",
    "plan_part",
    "recent_breaks",
    "too_early",
    "volume_chart",
    "worst_breaks",
]

_SHOWN = 10
_RECENT = 12  # months: older breaks are no news; report 03 lists them all


def plan_part(facts: Volume, language: str) -> str:
    """«…, 91 % of plan», or nothing without a plan."""
    if np.isnan(facts.of_plan):
        return ""
    return words.say("brief.volume_plan", language, share=words.percent(facts.of_plan, language))


def change_part(facts: Volume, language: str) -> str:
    """«…, 8 % below October 2025», or nothing without last year."""
    if facts.revenue < 0:  # a share of last year would be below −100 %
        return words.say("brief.volume_returns", language)
    if not facts.revenue:
        return words.say("brief.volume_zero", language)
    if np.isnan(facts.change):
        return ""
    shown = words.percent(abs(facts.change), language)
    key = "same" if shown == words.percent(0, language) else "up" if facts.change > 0 else "down"
    before = words.month(facts.month - 12, language, "prepositional")
    return words.say(f"brief.volume_{key}", language, change=shown, month=before)


def recent_breaks(breaks: Result) -> pd.DataFrame:
    """Breaks down of the last twelve months that cost money, the largest loss first."""
    table = breaks.frame
    rows = table[(table["direction"] < 0) & (table["lost"] > 0) & ~table["market"].astype(bool)]
    if breaks.as_of is not None and len(rows):
        rows = rows[to_periods(rows["break_month"]) > breaks.as_of.last_whole - _RECENT]
    return rows.sort_values("lost", ascending=False, kind="stable").drop_duplicates("client_id")


def too_early(breaks: Result) -> bool:
    """Whether most clients have too little history to be judged: that none broke says nothing then."""
    count = breaks.overview.set_index("measure")["value"]
    return not len(recent_breaks(breaks)) and int(count["judged"]) < int(count["clients"]) / 2


def _unit(value: float, data: Data, language: str) -> tuple[str, str]:
    """Scale of a column of money and its words: ('m', 'млн ₽')."""
    unit = words.unit_of(value)
    return unit, words.unit_words(unit, data.params.currency, language)


@exhibit("brief", "volume", needs=("transactions",))
def volume_chart(data: Data, *, language: str) -> Exhibit:
    """Volume by month against plan and last year."""
    facts = volume(data)
    unit, in_words = _unit(float(facts.series["revenue"].max()), data, language)
    money = data.params.currency
    month = words.month(facts.month, language)
    title = words.say(
        "brief.volume_title", language, month=month[0].upper() + month[1:],
        value=words.money(facts.revenue, money, language), plan=plan_part(facts, language),
        change=change_part(facts, language),
    )  # fmt: skip
    table = facts.series.tail(13).iloc[::-1].reset_index(drop=True)
    table["share"] = table["revenue"] / table["plan"]
    table["change"] = table["revenue"] / table["previous"] - 1
    clients = data.panel["client_id"].nunique()
    return Exhibit(
        name="volume",
        title=title,
        language=language,
        subtitle=words.say("brief.volume_sub", language, unit=in_words, n=words.number(clients, language)),
        draw=drawn(plots.volume_columns, facts.series, language=language, unit=unit, height=320, narrow_height=280),
        alt=words.say(
            "brief.volume_alt", language, month=month, value=words.money(facts.revenue, money, language),
            previous=words.money(facts.previous, money, language), plan=words.money(facts.plan, money, language),
        ),
        table=Table(
            frame=table,
            columns=[
                Column(key="month", label=words.say("brief.col_month", language), kind="month"),
                _money("revenue", "brief.col_fact", unit, in_words, language),
                _money("plan", "brief.col_plan", unit, in_words, language),
                Column(key="share", label=words.say("brief.col_share", language), kind="percent"),
                _money("previous", "brief.col_previous", unit, in_words, language),
                Column(key="change", label=words.say("brief.col_change", language), kind="percent", sign=True),
            ],
        ),
        note=words.say("brief.volume_note", language),
    )  # fmt: skip


def _money(key: str, label: str, unit: str, in_words: str, language: str, bar: bool = False) -> Column:
    digits = {"": 0, "k": 0}.get(unit, 2)
    return Column(
        key=key, label=words.say(label, language, unit=in_words), kind="money", unit=unit, digits=digits, bar=bar
    )


@exhibit("brief", "bridge", needs=("transactions",))
def bridge(data: Data, result: Result, *, breaks: Result | None = None, language: str) -> Exhibit:
    """What made the volume of a year ago into today's: new, growth, fall, lost.

    With ``breaks`` a row below says what the first screen says of the largest falls.
    """
    parts = result.overview.set_index("part")
    amount, money = parts["amount"], data.params.currency
    name = words.say("brief.bridge_name", language)
    if not amount.get("before", 0):
        return Exhibit(name="bridge", title=words.say("brief.bridge_none", language), language=language, subtitle=name)
    plus, minus = amount["new"] + amount["growth"], -(amount["fall"] + amount["lost"])
    net = amount["after"] - amount["before"]
    key = "same" if not round(net) else "up" if net > 0 else "down"
    key += "_alone" if key != "same" and not round(min(plus, minus)) else ""
    shown = {str(part): words.money(value, money, language) for part, value in amount.items()}
    sums = {"plus": plus, "minus": minus, "net": abs(net)} if key != "same" else {"plus": plus}
    title = words.say(
        f"brief.bridge_{key}", language, **{name: words.money(value, money, language) for name, value in sums.items()}
    )
    month = data.as_of.last_whole
    steps = pd.DataFrame(
        {
            "label": [words.say(f"brief.part_{part}", language) for part in amount.index],
            "amount": amount.to_numpy(),
            "total": amount.index.isin(["before", "after"]),
        }
    )
    unit, in_words = _unit(float(amount.abs().max()), data, language)
    own, known = scale_of(result.frame["before"], result.frame["after"]), names(data)
    own_words = words.unit_words(own, money, language)
    table = result.frame.assign(name=[label_of(known, client) for client in result.frame["client_id"]])
    kinds = {part: words.say(f"brief.part_{part}", language) for part in table["part"].unique() if part != "same"}
    table["kind"] = table["part"].map(kinds)
    return Exhibit(
        name="bridge",
        title=title,
        language=language,
        subtitle=words.say(
            "brief.bridge_sub", language, before=words.month(month - 12, language, "genitive"),
            after=words.month(month, language, "dative"), unit=in_words, n=words.number(len(result.frame), language),
        ),
        draw=drawn(plots.waterfall, steps, language=language, unit=unit, height=320, narrow_height=260),
        alt=words.say("brief.bridge_alt", language, **shown),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                Column(key="kind", label=words.say("brief.col_part", language)),
                *(
                    _money(key, label, own, own_words, language)
                    for key, label in (("before", "brief.col_was"), ("after", "brief.col_now"))
                ),
                Column(
                    key="change", label=words.say("brief.col_diff", language, unit=own_words), kind="money", unit=own,
                    sign=True, bar=True,
                ),
            ],
            rows=8,
            totals=_bridge_totals(table, falls(result.frame, breaks.frame) if breaks else None, language),
        ),
        note=words.say("brief.bridge_note", language),
    )  # fmt: skip


def _bridge_totals(table: pd.DataFrame, down: dict[str, Any] | None, language: str) -> list[dict[str, Any]]:
    """Sums of gains, of losses and of all; the few clients that make most of the losses."""
    parts = {
        "sum_all": table,
        "sum_plus": table[table["part"].isin(["new", "growth"])],
        "sum_minus": table[table["part"].isin(["fall", "lost"])],
    }
    if down is not None and down["clients"]:
        parts["sum_falls"] = table[table["client_id"].isin(down["clients"])]
    rows = [
        {
            "name": words.say("common.sum_all" if key == "sum_all" else f"brief.{key}", language),
            "kind": words.count(len(rows), "client", language),
            **{side: from_minor(pd.Series([to_minor(rows[side]).sum()]))[0] for side in ("before", "after", "change")},
        }
        for key, rows in parts.items()
    ]
    if down is not None and down["clients"]:
        rows[-1]["kind"] += words.say("brief.sum_share", language, share=words.percent(down["share"], language))
        if down["broken"]:
            since = words.month(down["since"], language)
            counted = words.number(down["broken"], language)
            rows[-1]["kind"] += words.say("brief.sum_broken", language, n=counted, month=since)
    return rows


def _some(rows: pd.DataFrame) -> str:
    """One row is not the first of several."""
    return "one" if len(rows) == 1 else "some"


@exhibit("brief", "breaks", needs=("transactions",))
def worst_breaks(data: Data, result: Any, *, language: str) -> Exhibit:
    """The ten breaks that cost most, as small multiples."""
    known, money = names(data), data.params.currency
    rows = recent_breaks(result)
    count = result.overview.set_index("measure")["value"]
    judged, everyone = int(count["judged"]), int(count["clients"])
    of = words.count(judged, "clients_of", language)
    if not len(rows):
        short = too_early(result)
        key = "brief.breaks_short" if short else "brief.breaks_none"
        values = {"judged": words.number(judged, language) if short else of}
        if short:
            values["clients"] = words.count(everyone, "clients_of", language)
        return Exhibit(
            name="breaks", title=words.say(key, language, **values), language=language,
            table=judged_table(result.overview, language),
        )  # fmt: skip
    worst = rows.iloc[0]
    title = words.say(
        f"brief.breaks_{_some(rows)}", language, n=words.count(len(rows), "clients_of", language),
        judged=words.number(judged, language), lost=words.money(float(rows["lost"].sum()), money, language),
        client=label_of(known, worst["client_id"]),
        month=words.month(worst["break_month"], language, "genitive"),
    )  # fmt: skip
    top = rows.head(_SHOWN)
    table = rows.assign(name=[label_of(known, client) for client in rows["client_id"]])
    unit, in_words = _unit(float(rows["lost"].max()), data, language)
    listed = "; ".join(
        f"{label_of(known, row.client_id)} {words.month(row.break_month, language)}" for row in top.itertuples()
    )
    return Exhibit(
        name="breaks",
        title=title,
        language=language,
        subtitle=words.say(
            "brief.breaks_sub", language, n=words.count(len(top), "client", language)),
        draw=_multiples(result, top, figure_names(data), language),
        alt=words.say("brief.breaks_alt", language, list=listed),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                Column(
                    key="break_month", label=words.say("brief.col_since", language), kind="month",
                    low="low", high="high",
                ),
                Column(
                    key="effect", label=words.say("brief.col_effect", language), kind="percent", sign=True,
                    low="effect_low", high="effect_high",
                ),
                _money("lost", "brief.col_lost", unit, in_words, language, bar=True),
            ],
            totals=[
                {"name": words.say("common.sum_all", language), "lost": float(rows["lost"].sum())},
                {"name": words.say("brief.sum_judged", language),
                 "break_month": words.count(judged, "client", language)},
                {"name": words.say("brief.sum_false", language),
                 "break_month": expected(float(count["expected_false"]), language)},
            ],
        ),
        note=words.say("brief.breaks_note", language, false=expected(float(count["expected_false"]), language)),
    )  # fmt: skip


def judged_table(overview: pd.DataFrame, language: str) -> Table:
    """How many clients a search for breaks could judge, where it shows none."""
    count = overview.set_index("measure")["value"]
    rows = [(words.say(f"brief.sum_{key}", language), int(count[measure]))
            for key, measure in (("all_clients", "clients"), ("judged", "judged"))]  # fmt: skip
    return Table(
        frame=pd.DataFrame(rows, columns=["what", "n"]),
        columns=[
            Column(key="what", label=words.say("brief.col_measure", language)),
            Column(key="n", label=words.say("brief.col_number", language), kind="number"),
        ],
    )


def _multiples(result: Any, top: pd.DataFrame, known: pd.Series, language: str) -> Any:
    levels = result.levels(top["client_id"].tolist())

    def draw(narrow: bool) -> Figure:
        axes = break_plots.breaks_small_multiples(
            levels, top, language=language, names=known.to_dict(), most=6 if narrow else _SHOWN,
            columns=2, narrow=narrow,
        )  # fmt: skip
        return axes.figure

    return draw


@exhibit("brief", "late", needs=("transactions",))
def late(data: Data, result: Result, *, life: Result, language: str) -> Exhibit:
    """Clients that should have ordered by now, of all that `la.lifecycle` does not call lost."""
    active = int((life.frame["status"] != "lost").sum())
    rows, known, money = result.frame, names(data), data.params.currency
    if not len(rows):
        return Exhibit(name="late", title=words.say("brief.late_none", language), language=language)
    first = rows.sort_values("days_late", ascending=False, kind="stable").iloc[0]
    title = words.say(
        f"brief.late_{_some(rows)}", language, n=words.count(len(rows), "client", language),
        client=label_of(known, first["client_id"]), days=words.count(round(first["days_late"]), "day", language),
    )  # fmt: skip
    table = rows.assign(name=[label_of(known, client) for client in rows["client_id"]])
    unit = scale_of(rows["usual_order"])
    return Exhibit(
        name="late",
        title=title,
        language=language,
        subtitle=words.say(
            "brief.late_sub", language, day=words.day(data.as_of.date, language), n=words.number(active, language)
        ),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                Column(key="last_date", label=words.say("brief.col_last", language), kind="day"),
                Column(key="expected_gap", label=words.say("brief.col_gap", language), kind="number"),
                Column(key="days_late", label=words.say("brief.col_late", language), kind="number", bar=True),
                _money("usual_order", "brief.col_usual", unit, words.unit_words(unit, money, language), language),
            ],
        ),
        note=words.say("brief.late_note", language),
    )


@exhibit("brief", "debt", needs=("transactions",))
def debt(data: Data, result: Result, *, language: str) -> Exhibit:
    """Bills that are not paid when due, by client."""
    rows, known, money = result.frame[result.frame["overdue"] > 0], names(data), data.params.currency
    if not len(rows):
        dated = "due_date" in data.orders.columns
        title = words.say("brief.debt_none" if dated else "brief.debt_unknown", language)
        return Exhibit(name="debt", title=title, language=language)
    worst = rows.iloc[0]
    title = words.say(
        f"brief.debt_{_some(rows)}", language, sum=words.money(float(rows["overdue"].sum()), money, language),
        n=words.count(len(rows), "clients_of", language), client=label_of(known, worst["client_id"]),
        own=words.money(worst["overdue"], money, language),
        days=words.count(int(worst["days_overdue"]), "day", language),
    )  # fmt: skip
    table = rows.assign(name=[label_of(known, client) for client in rows["client_id"]])
    unit = scale_of(rows["overdue"])
    in_words = words.unit_words(unit, money, language)
    return Exhibit(
        name="debt",
        title=title,
        language=language,
        subtitle=words.say("brief.debt_sub", language, day=words.day(data.as_of.date, language), unit=in_words),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                _money("overdue", "brief.col_overdue", unit, in_words, language, bar=True),
                Column(key="days_overdue", label=words.say("brief.col_days", language), kind="number"),
                Column(key="bills", label=words.say("brief.col_bills", language), kind="number"),
                _money("debt", "brief.col_debt", unit, in_words, language),
            ],
            totals=[{"name": words.say("common.sum_all", language),
                     **{key: rows[key].sum() for key in ("overdue", "bills", "debt")}}],
        ),
    )
