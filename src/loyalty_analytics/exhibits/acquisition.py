"""Report 08: where the next rouble should go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..plots import acquisition as plots
from ..plots.segments import heat
from ..results import Result
from .base import Exhibit, Front, Tile, drawn, exhibit
from .table import Column, Table, total_rows
from .wording import Wording, amount

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["amount", "channels", "column", "front", "funnel", "money_column", "payback", "repeat", "say", "stage_name"]

_COLOUR = {"keep": 1, "stop": -1}


_WORDS = Wording("acquisition")
say, column, money_column = _WORDS.say, _WORDS.column, _WORDS.money_column


def _channel_sentence(table: pd.DataFrame, months: int, language: str) -> str:
    """Which channel pays, which does not, and where nothing can be said yet."""
    parts = []
    keep = table[table["verdict"] == "keep"].sort_values("months_to_pay_back", kind="stable")
    if len(keep) and pd.notna(keep["months_to_pay_back"].iloc[0]):
        best = keep.iloc[0]
        within = words.number(best["months_to_pay_back"], language)
        parts.append(say("front_pays", language, channel=best["channel"], months=within))
    not_yet = table[table["verdict"].isin(["fix", "stop"])].sort_values("payback", kind="stable")
    if len(not_yet):
        parts.append(say("front_not_yet", language, channel=not_yet["channel"].iloc[0],
                         months=words.number(months, language)))  # fmt: skip
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
        return Front.of(data, title, language, say("front_nothing", language))
    text = [_channel_sentence(channels.frame, int(channels.options["months"]), language)]
    new = words.count(int(value["new"]), "acquisition.new_client", language)
    if value["spend"] > 0:
        text.append(say("front_cost", language, new=new, spend=amount(value["spend"], data, language),
                        cac=amount(value["cac"], data, language)))  # fmt: skip
    else:
        text.append(say("front_new", language, new=new))
    own, trade = value["cohort_profit"], value["payback_profit"]
    if np.isnan(own):
        own, trade = value["cohort_revenue"], value["payback_revenue"]
    if not np.isnan(own):
        key = "front_disagree" if (own >= 1) != (trade >= 1) else "front_agree"
        shown = {"own": words.number(own, language, 2), "trade": words.number(trade, language, 1)}
        text.append(say(key, language, **shown))
    tiles = [
        Tile(value=words.number(value["new"], language), label=words.plural(value["new"], "acquisition.new_client",
             language), change=say("tile_year", language)),
        Tile(value=amount(value["cheque_median"], data, language), label=say("tile_cheque", language),
             change=say("tile_cheque_mean", language, mean=amount(value["cheque_mean"], data, language))),
    ]  # fmt: skip
    if value["spend"] > 0:
        cost = value["cac_acquisition"] if value["cac_acquisition"] > 0 else value["cac"]
        whole = say("tile_cac_all", language, cac=amount(value["cac"], data, language))
        tiles.insert(0, Tile(value=amount(cost, data, language), label=say("tile_cac", language), change=whole))
        tiles.append(Tile(value=words.number(own, language, 2), label=say("tile_own", language),
                          change=say("tile_trade", language, trade=words.number(trade, language, 1))))  # fmt: skip
    if len(funnel.frame):
        last, first = funnel.frame.iloc[-1], funnel.frame.iloc[0]
        tiles.append(Tile(value=words.percent(last["share"], language, 1), label=say("tile_funnel", language),
                          change=say("tile_funnel_n", language, a=words.number(last["leads"], language),
                                     n=words.number(first["entered"], language))))  # fmt: skip
    return Front.of(data, title, language, " ".join(text), tiles)


@exhibit("acquisition", "funnel", needs=("funnel_events",))
def funnel(data: Data, result: Result, *, language: str) -> Exhibit:
    """Leads by stage with intervals, against plan and the period before."""
    table = result.frame
    if table.empty:
        return Exhibit(name="funnel", title=say("funnel_none", language), language=language)
    label = [stage_name(name, language) for name in table["stage"]]
    shown = table.assign(label=label)
    steps = shown.iloc[1:]
    total = int(table["entered"].iloc[0])
    place = int(np.nanargmin(steps["step"])) if steps["step"].notna().any() else -1
    changed = steps[steps["changed"]]
    if place < 0 or total < 8:
        title = say("funnel_few", language, n=words.count(total, "acquisition.lead", language))
    else:
        values = {"step": words.percent(steps["step"].iloc[place], language), "from_stage": label[place],
                  "to_stage": label[place + 1]}  # fmt: skip
        title = say("funnel_changed" if len(changed) else "funnel_title", language, **values,
                    changed=", ".join(changed["label"]))  # fmt: skip
    spoken = "; ".join(f"{one} {words.number(n, language)}" for one, n in zip(label, table["leads"]))
    return Exhibit(
        name="funnel",
        title=title,
        language=language,
        subtitle=say("funnel_sub", language, n=words.number(total, language)),
        draw=drawn(plots.funnel_bars, shown, language=language, height=48 * len(shown) + 10,
                   narrow_height=48 * len(shown) + 10),
        alt=say("funnel_alt", language, list=spoken),
        table=Table(
            frame=shown,
            columns=[
                column("label", language), column("leads", language, "number"),
                column("step", language, "percent", low="step_low", high="step_high"),
                column("before_step", language, "percent"), column("plan_step", language, "percent"),
            ],
        ),
        note=say("funnel_note", language),
    )  # fmt: skip


def stage_name(name: Any, language: str) -> str:
    """A stage of the funnel as the reader names it."""
    key = f"acquisition.stage_{name}"
    return words.say(key, language) if words.known(key, language) else str(name)


@exhibit("acquisition", "channels", needs=("transactions", "marketing_spend"))
def channels(data: Data, result: Result, *, language: str) -> Exhibit:
    """Cost of a client by channel with doubt and a verdict."""
    table = result.frame
    shown = table[table["spend"] > 0]
    if shown.empty:
        return Exhibit(name="channels", title=say("channels_none", language), language=language)
    verdicts = {name: say(f"verdict_{name}", language) for name in ("keep", "fix", "stop", "too_few")}
    shown = shown.sort_values("cac", kind="stable", na_position="last").assign(label=lambda t: t["channel"])
    shown["colour"] = shown["verdict"].map(_COLOUR).fillna(0).astype(int)
    shown["remark"] = [
        say("cac_remark", language, n=words.number(n, language), verdict=verdicts[verdict])
        for n, verdict in zip(shown["new_clients"], shown["verdict"])
    ]
    months = int(result.options["months"])
    unit = words.unit_of(float(shown["cac"].max())) or "k"
    listing = table.assign(mark=table["verdict"].map(verdicts)).sort_values("spend", ascending=False, kind="stable")
    listing["cac_high"] = listing["cac_high"].replace(np.inf, np.nan)
    spoken = "; ".join(
        f"{name}: {amount(cac, data, language)}, {verdicts[verdict]}"
        for name, cac, verdict in zip(shown["channel"], shown["cac"], shown["verdict"])
    )
    return Exhibit(
        name="channels",
        title=_channel_sentence(table, months, language).rstrip("."),
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
                 fewest=words.number(result.options["fewest"], language)),
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
    paid = int(last["months_to_pay_back"].notna().sum())
    typical = float(last["months_to_pay_back"].median())
    key = "payback_some" if paid else "payback_not"
    values = {"paid": words.number(paid, language), "n": words.number(len(last), language),
              "months": words.number(typical, language)}  # fmt: skip
    clients = int(last["clients"].sum())
    returned = [words.number(share, language, 1) for share in last["paid"]]
    spoken = "; ".join(f"{name}: {share}" for name, share in zip(last["label"], returned))
    return Exhibit(
        name="payback",
        title=say(key, language, **values),
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
                    n=words.number(int(old["clients"].sum()), language))  # fmt: skip
    return Exhibit(
        name="repeat",
        title=title,
        language=language,
        subtitle=say("repeat_sub", language, n=words.number(int(sizes.sum()), language)),
        draw=drawn(heat, wide, language=language, kind="percent", columns=say(f"age_{by}", language),
                   height=60 + 34 * len(wide), narrow_height=60 + 30 * len(wide)),
        alt=title,
        table=Table(
            frame=table,
            columns=[
                Column(key="label", label=say("col_cohort", language)), column("age", language, "number"),
                column("clients", language, "number"),
                column("active", language, "number"), column("share", language, "percent"),
                money_column("revenue", data, language), money_column("revenue_to_date", data, language),
            ],
            totals=total_rows("label", language, sums),
        ),
        note=say("repeat_note", language),
    )  # fmt: skip
