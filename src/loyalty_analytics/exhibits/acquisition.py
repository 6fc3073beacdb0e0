"""Report 08: where the next rouble should go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..months import to_periods
from ..plots import acquisition as plots
from ..plots.segments import heat
from ..results import Result
from ..segments.boxes import loyalty_boxes
from .base import Exhibit, Front, Tile, drawn, exhibit
from .table import Column, Table, total_rows
from .wording import Wording, amount

if TYPE_CHECKING:
    from ..load import Data

__all__ = [
    "amount", "begins_inside", "channel_sentence", "channels", "column", "dissatisfied", "front", "funnel",
    "money_column", "payback", "repeat", "say", "stage_name",
]  # fmt: skip

_COLOUR = {"keep": 1, "stop": -1}


_WORDS = Wording("acquisition")
say, column, money_column = _WORDS.say, _WORDS.column, _WORDS.money_column


def dissatisfied(data: Data) -> pd.Series | None:
    """Clients with a low score of loyalty; None where nobody was asked, for unknown is not none."""
    if not data.has("survey_answers", "questions"):
        return None
    boxes = loyalty_boxes(data.panel, data.survey_answers, data.as_of, questions=data.questions)
    return boxes.loc[boxes["loyalty"] == "low", "client_id"]


def begins_inside(data: Data, months: int) -> bool:
    """Whether the data begin within the last ``months``: then nobody knows who of their clients is new."""
    first = to_periods(data.panel["month"]).min() if len(data.panel) else None
    return first is not None and first > data.as_of.last_whole - months


def channel_sentence(table: pd.DataFrame, months: int, language: str) -> str:
    """Which channel pays, which does not, and where nothing can be said yet."""
    parts = []
    paid = table[table["verdict"].isin(["keep", "fix", "stop"]) & table["months_to_pay_back"].notna()]
    paid = paid.sort_values("months_to_pay_back", kind="stable")
    if len(paid):
        best = paid.iloc[0]
        parts.append(say("front_pays" if best["verdict"] == "keep" else "front_late", language,
                         channel=words.quoted(best["channel"], language),
                         months=words.count(int(best["months_to_pay_back"]), "month", language)))  # fmt: skip
    not_yet = table[table["verdict"].isin(["fix", "stop"]) & ~(table["payback"] >= 1)]
    not_yet = not_yet.sort_values("payback", kind="stable")
    if len(not_yet):
        parts.append(say("front_not_yet", language, channel=words.quoted(not_yet["channel"].iloc[0], language),
                         months=words.count(months, "month", language)))  # fmt: skip
    few = table[(table["verdict"] == "too_few") & (table["spend"] > 0)]
    if len(few):
        listed = ", ".join(f"{row['channel']} ({int(row['new_clients'])})" for row in few.to_dict("records"))
        parts.append(say("front_few", language, list=listed))
    return " ".join(parts) or say("front_none", language)


def front(data: Data, language: str, *, metrics: Result, channels: Result, funnel: Result) -> Front:
    """The first screen: which channel pays back, what a client costs, whether the formulas agree."""
    title = say("title", language)
    value = metrics.frame.set_index("metric")["value"]
    if not value.get("clients", np.nan) > 0:
        return Front.of(data, title, language, say("front_nothing", language), _funnel_tile(funnel, language))
    if begins_inside(data, int(metrics.options["months"])):
        text = [say("front_censored", language, n=words.count(int(value["clients"]), "client", language))]
        tiles = [Tile(value=words.number(value["clients"], language), change=say("tile_year", language),
                      label=words.plural(value["clients"], "client", language)), *_cheque_tile(value, data, language)]
        return Front.of(data, title, language, " ".join(text), [*tiles, *_funnel_tile(funnel, language)])
    spent = value["spend"] > 0
    text = [channel_sentence(channels.frame, int(channels.options["months"]), language)] if spent else []
    new = words.count(int(value["new"]), "acquisition.new_client", language)
    if not spent:
        text.append(say("front_new" if value["new"] else "front_new_none", language, new=new))
    elif value["new"]:
        text.append(say("front_cost", language, new=new, spend=amount(value["spend"], data, language),
                        cac=amount(value["cac"], data, language)))  # fmt: skip
    else:
        text.append(say("front_nobody", language, spend=amount(value["spend"], data, language)))
    own, trade = _paybacks(value)
    if not np.isnan(own):
        key = "front_disagree" if (own >= 1) != (trade >= 1) else "front_agree"
        text.append(say(key, language, own=words.number(own, language, 2), trade=words.number(trade, language, 1)))
    tiles = [
        Tile(value=words.number(value["new"], language), change=say("tile_year", language),
             label=words.plural(value["new"], "acquisition.new_client", language)),
        *_cheque_tile(value, data, language),
    ]  # fmt: skip
    if not np.isnan(own):
        cost = value["cac_acquisition"] if value["cac_acquisition"] > 0 else value["cac"]
        whole = say("tile_cac_all", language, cac=amount(value["cac"], data, language))
        tiles.insert(0, Tile(value=amount(cost, data, language), label=say("tile_cac", language), change=whole))
        tiles.append(Tile(value=words.number(own, language, 2), label=say("tile_own", language),
                          change=say("tile_trade", language, trade=words.number(trade, language, 1))))  # fmt: skip
    return Front.of(data, title, language, " ".join(text), [*tiles, *_funnel_tile(funnel, language)])


def _paybacks(value: pd.Series) -> tuple[float, float]:
    """What the new clients alone returned and the trade's formula, by profit where it is known, else by revenue."""
    by = "revenue" if np.isnan(value["cohort_profit"]) else "profit"
    return float(value[f"cohort_{by}"]), float(value[f"payback_{by}"])


def _cheque_tile(value: pd.Series, data: Data, language: str) -> list[Tile]:
    if np.isnan(value["cheque_median"]):
        return []
    mean = say("tile_cheque_mean", language, mean=amount(value["cheque_mean"], data, language))
    return [Tile(value=amount(value["cheque_median"], data, language), label=say("tile_cheque", language), change=mean)]


def _funnel_tile(funnel: Result, language: str) -> list[Tile]:
    if not len(funnel.frame) or not funnel.frame["entered"].iloc[0]:
        return []
    last = funnel.frame.iloc[-1]
    part = say("tile_funnel_n", language, a=words.number(last["leads"], language),
               n=words.number(last["entered"], language))  # fmt: skip
    return [Tile(value=words.percent(last["share"], language, 1), label=say("tile_funnel", language), change=part)]


@exhibit("acquisition", "funnel", needs=("funnel_events",))
def funnel(data: Data, result: Result, *, language: str) -> Exhibit:
    """Leads by stage with intervals, against plan and the period before."""
    table = result.frame
    if table.empty or not table["entered"].iloc[0]:
        return Exhibit(name="funnel", title=say("funnel_none", language), language=language)
    label = [stage_name(name, language) for name in table["stage"]]
    shown = table.assign(label=label)
    # The first stage is where everybody begins: no step leads to it.
    steps = ["step", "step_low", "step_high", "before_step", "plan_step"]
    shown.loc[shown.index[0], steps] = np.nan
    columns = [
        Column(key="label", label=say("col_stage", language)), column("leads", language, "number"),
        column("step", language, "percent", low="step_low", high="step_high"),
        *(column(key, language, "percent") for key in ("before_step", "plan_step") if shown[key].notna().any()),
    ]  # fmt: skip
    total = words.number(int(table["entered"].iloc[0]), language)
    spoken = "; ".join(f"{one} {words.number(n, language)}" for one, n in zip(label, table["leads"]))
    return Exhibit(
        name="funnel",
        title=_funnel_title(shown, language),
        language=language,
        subtitle=say("funnel_sub" if table["before_leads"].any() else "funnel_sub_alone", language, n=total),
        draw=drawn(plots.funnel_bars, shown, language=language, height=48 * len(shown) + 10,
                   narrow_height=48 * len(shown) + 10),
        alt=say("funnel_alt", language, list=spoken),
        table=Table(frame=shown, columns=columns),
        note=say("funnel_note", language),
    )  # fmt: skip


def _funnel_title(shown: pd.DataFrame, language: str) -> str:
    """The narrowest step, whether steps moved since last year, and the one furthest below its plan."""
    steps, total = shown.iloc[1:], int(shown["entered"].iloc[0])
    if total < 8 or not steps["step"].notna().any():
        return say("funnel_few", language, n=words.count(total, "acquisition.lead", language))
    place = int(np.nanargmin(steps["step"]))
    title = say("funnel_title", language, step=words.percent(steps["step"].iloc[place], language),
                from_stage=words.quoted(shown["label"].iloc[place], language),
                to_stage=words.quoted(steps["label"].iloc[place], language))  # fmt: skip
    changed = ", ".join(steps.loc[steps["changed"], "label"])
    if steps["before_step"].notna().any():
        title += say("funnel_changed" if changed else "funnel_same", language, changed=changed)
    below = steps[steps["plan_step"] > steps["step_high"]]
    if len(below):
        title += say("funnel_below", language, stages=", ".join(below["label"]))
    elif steps["plan_step"].notna().any():
        title += say("funnel_on_plan", language)
    return title


def stage_name(name: Any, language: str) -> str:
    """A stage of the funnel as the reader names it."""
    key = f"acquisition.stage_{name}"
    return words.say(key, language) if words.known(key, language) else str(name)


@exhibit("acquisition", "channels", needs=("transactions", "marketing_spend"))
def channels(data: Data, result: Result, *, language: str) -> Exhibit:
    """Cost of a client by channel with doubt and a verdict."""
    table = result.frame
    shown = table[table["spend"] > 0]
    months = int(result.options["months"])
    if shown.empty:
        return Exhibit(name="channels", title=say("channels_none", language), language=language,
                       subtitle=say("channels_name", language))  # fmt: skip
    verdicts = {name: say(f"verdict_{name}", language) for name in ("keep", "fix", "stop", "too_few")}
    shown = shown.sort_values("cac", kind="stable", na_position="last").assign(label=lambda t: t["channel"])
    shown["colour"] = shown["verdict"].map(_COLOUR).fillna(0).astype(int)
    shown["remark"] = [
        say("cac_remark", language, n=words.number(n, language), verdict=verdicts[verdict])
        for n, verdict in zip(shown["new_clients"], shown["verdict"])
    ]
    unit = words.unit_of(float(shown["cac"].max())) or "k"
    listing = table.assign(mark=table["verdict"].map(verdicts)).sort_values("spend", ascending=False, kind="stable")
    listing["cac_high"] = listing["cac_high"].replace(np.inf, np.nan)
    spoken = "; ".join(
        f"{name}: {amount(cac, data, language)}, {verdicts[verdict]}"
        for name, cac, verdict in zip(shown["channel"], shown["cac"], shown["verdict"])
    )
    return Exhibit(
        name="channels",
        # Where the data are younger than a year all their clients look new.
        title=say("channels_censored", language) if begins_inside(data, 12)
        else channel_sentence(table, months, language).rstrip("."),
        language=language,
        subtitle=say("channels_sub", language, unit=words.unit_words(unit, data.params.currency, language),
                     months=words.count(months, "month", language),
                     n=words.number(int(table["new_clients"].sum()), language)),
        draw=drawn(plots.cost_dots, shown, language=language, unit=unit, height=48 * len(shown) + 50,
                   narrow_height=52 * len(shown) + 50),
        alt=say("channels_alt", language, list=spoken),
        table=Table(
            frame=listing,
            columns=[
                column("channel", language), money_column("spend", data, language),
                column("leads", language, "number"), column("new_clients", language, "number"),
                money_column("cac", data, language, low="cac_low", high="cac_high"),
                column("payback", language, "number", digits=2),
                column("months_to_pay_back", language, "number"), column("mark", language),
            ],
            totals=total_rows("channel", language, {
                "acquisition.sum_months": {"months_to_pay_back": months},
                "acquisition.sum_horizon": {"months_to_pay_back": result.options["horizon"]},
                "acquisition.sum_fewest": {"new_clients": result.options["fewest"]},
            }),
        ),
        note=say("channels_note", language, horizon=words.number(result.options["horizon"], language),
                 income=say("by_gross_profit" if table["gross_profit"].notna().any() else "by_revenue", language),
                 fewest=words.number(result.options["fewest"], language))
        + (" " + say("censored", language) if begins_inside(data, months) else ""),
    )  # fmt: skip


@exhibit("acquisition", "payback", needs=("transactions", "marketing_spend"))
def payback(data: Data, result: Result, *, language: str) -> Exhibit:
    """Payback lines of the cohorts."""
    table = result.frame
    if table.empty:
        return Exhibit(name="payback", title=say("payback_none", language), language=language)
    by = str(result.options["by"])
    table = table.assign(label=[_cohort(month, by) for month in table["cohort"]])
    last = table.drop_duplicates("cohort", keep="last")
    clients = int(last["clients"].sum())
    returned = [words.number(share, language, 1) for share in last["paid"]]
    spoken = "; ".join(f"{name}: {share}" for name, share in zip(last["label"], returned))
    return Exhibit(
        name="payback",
        title=_payback_title(last, language),
        language=language,
        subtitle=say("payback_sub", language, n=words.number(clients, language),
                     income=say(f"income_{result.options['income']}", language)),
        draw=drawn(plots.payback_lines, table, language=language, height=340, narrow_height=330),
        alt=say("payback_alt", language, list=spoken),
        table=Table(
            frame=last,
            columns=[
                Column(key="label", label=say("col_cohort", language)), column("clients", language, "number"),
                money_column("spend", data, language), money_column("cac", data, language),
                money_column("income_to_date", data, language), column("paid", language, "number", digits=2),
                column("months_to_pay_back", language, "number"),
            ],
        ),
        note=say("payback_note", language),
    )  # fmt: skip


def _payback_title(last: pd.DataFrame, language: str) -> str:
    """How many cohorts have paid back, and within which months."""
    months, n = last["months_to_pay_back"].dropna(), words.count(len(last), "acquisition.cohorts_of", language)
    if not len(months):
        return say("payback_not", language, n=n)
    low, high = int(months.min()), int(months.max())
    within = ("" if low == high else f"{words.number(low, language)}–") + words.count(high, "month", language)
    return say("payback_some", language, paid=words.number(len(months), language), n=n, months=within)


def _cohort(month: pd.Timestamp, by: str) -> str:
    if by == "year":
        return f"{month.year}"
    return f"{month.year}-{month.quarter}" if by == "quarter" else f"{month:%Y-%m}"


@exhibit("acquisition", "repeat", needs=("transactions",))
def repeat(data: Data, result: Result, *, language: str) -> Exhibit:
    """Share of each cohort that buys again, by age."""
    table = result.frame[~result.frame["censored"].astype(bool)] if len(result.frame) else result.frame
    if table.empty or int(table.drop_duplicates("cohort")["clients"].sum()) < 8:
        return Exhibit(name="repeat", title=say("repeat_few", language), language=language)
    by = str(result.options["by"])
    table = table.assign(label=[_cohort(month, by) for month in table["cohort"]])
    sizes = table.drop_duplicates("cohort").set_index("label")["clients"]
    wide = table.pivot(index="label", columns="age", values="share")
    wide.index = [f"{name}  (n = {words.number(sizes[name], language)})" for name in wide.index]
    year = {"month": 12, "quarter": 4, "year": 1}[by]
    old = table[table["age"] == year]
    sums = {}
    if old.empty:
        title = say("repeat_young", language)
    else:
        sums["acquisition.sum_year"] = {"age": year, "clients": old["clients"].sum(), "active": old["active"].sum(),
                                        "share": old["active"].sum() / old["clients"].sum()}
        stays = float(old["active"].sum() / old["clients"].sum())
        title = say("repeat_title", language, share=words.percent(stays, language),
                    a=words.number(int(old["active"].sum()), language),
                    n=words.count(int(old["clients"].sum()), "acquisition.new_clients_of", language))  # fmt: skip
    return Exhibit(
        name="repeat",
        title=title,
        language=language,
        subtitle=say("repeat_sub", language, n=words.number(int(sizes.sum()), language),
                     form=say(f"cohort_{by}", language)),
        draw=drawn(heat, wide, language=language, kind="percent", columns=say(f"age_{by}", language),
                   height=60 + 34 * len(wide), narrow_height=60 + 30 * len(wide)),
        alt=title,
        table=Table(
            frame=table,
            columns=[
                Column(key="label", label=say("col_cohort", language)),
                Column(key="age", label=say("col_age", language, unit=say(f"unit_{by}", language)), kind="number"),
                column("clients", language, "number"),
                column("active", language, "number"), column("share", language, "percent"),
                money_column("revenue", data, language), money_column("revenue_to_date", data, language),
            ],
            totals=total_rows("label", language, sums),
        ),
        note=say("repeat_note", language),
    )  # fmt: skip
