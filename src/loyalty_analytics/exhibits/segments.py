"""Report 02: who is who in the base; whom to keep, grow, wake and drop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..plots import segments as plots
from ..results import Result
from ..segments.kinds import concentration
from .base import Exhibit, Front, Tile, drawn, exhibit
from .table import Column, Table, total_rows
from .volume import anchors, label_of, names
from .wording import Wording, amount, scale_of

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["amount", "column", "flows", "front", "money_column", "pareto", "rfm_map", "say", "seasons"]


_WORDS = Wording("segments")
say, column, money_column = _WORDS.say, _WORDS.column, _WORDS.money_column


def _left(life: Result, data: Data) -> tuple[int, float]:
    """Clients lost within the last twelve months and what they brought in the year up to their last order."""
    table = life.frame
    lost = table[(table["status"] == "lost") & (table["last_date"] > data.as_of.date - pd.Timedelta(days=365))]
    panel = data.panel.merge(lost[["client_id", "last_date"]].rename(columns={"last_date": "end"}), on="client_id")
    year = panel[pd.to_datetime(panel["month"]) > panel["end"] - pd.Timedelta(days=365)]
    return len(lost), float(year["revenue"].sum())


def front(data: Data, language: str, *, kinds: Result, life: Result, flow: Result, wallet: Result) -> Front:
    """The first screen: anchors, who left and what that costs a year."""
    title = say("title", language)
    if kinds.frame.empty:
        return Front.of(data, title, language, say("front_none", language))
    curve = concentration(data.panel, data.as_of)
    held = anchors(data, kinds.frame)
    anchor = set(held.index[held])
    bought = curve["revenue"].clip(lower=0)
    share = float(bought[curve["client_id"].isin(anchor)].sum() / max(bought.sum(), 1e-9))
    left, money = _left(life, data)
    count = words.number(len(anchor), language)
    text = [say(_few_anchors("front_anchors", len(anchor)), language, n=count, share=words.percent(share, language))]
    if left:
        text.append(say("front_left", language, n=words.count(left, "client", language),
                         money=amount(money, data, language)))  # fmt: skip
    else:
        text.append(say("front_stay", language))
    statuses = life.frame["status"].value_counts()
    wake = int(statuses.get("sleeping", 0))
    text.append(say("front_wake" if wake else "front_no_wake", language, n=words.count(wake, "client", language)))
    active = int(flow.frame["active"].iloc[-1]) if len(flow.frame) else 0
    tiles = [
        Tile(value=count, label=words.plural(len(anchor), "segments.anchors", language),
             change=say("tile_anchors", language, share=words.percent(share, language))),
        Tile(value=words.number(active, language), label=say("tile_active", language),
             change=say("tile_of", language, n=words.number(len(life.frame), language))),
        Tile(value=words.number(left, language), label=say("tile_left", language),
             change=say("tile_left_money", language, money=amount(money, data, language)) if left else "",
             mood="worse" if left else ""),
        Tile(value=words.number(int(statuses.get("new", 0)), language), label=say("tile_new", language)),
        Tile(value=words.number(wake, language), label=say("tile_sleeping", language)),
    ]  # fmt: skip
    if len(wallet.overview):
        row = wallet.overview.iloc[0]
        told = say("tile_gap_n", language, n=words.number(row["with_budget"], language))
        gap = amount(float(row["gap"]), data, language)
        tiles.append(Tile(value=gap, label=say("tile_gap", language), change=told))
    return Front.of(data, title, language, " ".join(text), tiles)


def _few_anchors(key: str, count: int) -> str:
    """The key of a sentence about one anchor, or none."""
    return f"{key}_none" if count == 0 else f"{key}_one" if count == 1 else key


@exhibit("segments", "flows", needs=("transactions",))
def flows(data: Data, flow: Result, *, language: str) -> Exhibit:
    """Active, new, returned and lost clients by month."""
    table = flow.frame
    if table.empty:
        return Exhibit(name="flows", title=say("flows_none", language), language=language)
    table = table.tail(12)
    last = table.iloc[-1]
    net = int(table["new"].sum() + table["returned"].sum() - table["left"].sum() - table["season_over"].sum())
    key = "flows_up" if net > 0 else "flows_down" if net < 0 else "flows_same"
    counts = {name: words.number(table[name].sum(), language) for name in ("new", "returned", "left", "season_over")}
    active = words.count(int(last["active"]), "client", language)
    labels = [say(f"key_{name}", language) for name in ("new", "returned", "left", "season_over")]
    months = int(flow.options["active_months"])
    return Exhibit(
        name="flows",
        title=say(key, language, active=active, net=words.number(abs(net), language),
                   months=words.count(len(table), "segments.months_of", language)),
        language=language,
        subtitle=say("flows_sub", language, n=words.number(len(set(data.panel["client_id"])), language),
                      months=words.count(months, "segments.months_of", language)),
        draw=drawn(plots.diverging, table, language=language, labels=labels, height=320, narrow_height=330),
        alt=say("flows_alt", language, active=active, months=words.count(len(table), "segments.months_of", language),
                 **counts),
        table=Table(
            frame=table.iloc[::-1],
            columns=[
                column("month", language, "month"),
                *(column(name, language, "number")
                  for name in ("active", "new", "returned", "left", "season_over")),
                money_column("revenue_left", data, language),
            ],
            totals=total_rows("month", language, {
                "common.sum_all": {
                    key: table[key].sum() for key in ("new", "returned", "left", "season_over", "revenue_left")
                },
                "segments.sum_net": {"active": words.number(net, language, sign=True)},
            }),
        ),
        note=say("flows_note", language),
    )  # fmt: skip


@exhibit("segments", "pareto", needs=("transactions",))
def pareto(data: Data, kinds: Result, *, language: str) -> Exhibit:
    """Concentration of revenue with the anchors."""
    curve = concentration(data.panel, data.as_of)
    total = float(curve["revenue"].sum())
    if curve.empty or total <= 0:
        return Exhibit(name="pareto", title=say("pareto_none", language), language=language)
    curve["anchor"] = curve["client_id"].map(anchors(data, kinds.frame)).fillna(False).astype(bool)
    curve["share"] = curve["revenue"].clip(lower=0) / curve["revenue"].clip(lower=0).sum()
    count = int(curve["anchor"].sum())
    share = words.percent(float(curve.loc[curve["anchor"], "share"].sum()), language)
    known = names(data)
    curve["name"] = [label_of(known, client) for client in curve["client_id"]]
    first = curve.iloc[0]
    largest = words.percent(float(first["share"]), language)
    n = words.count(count, "segments.anchors", language)
    clients = words.number(len(curve), language)
    return Exhibit(
        name="pareto",
        title=say(_few_anchors("pareto_title", count), language, n=n, share=share, name=first["name"], largest=largest),
        language=language,
        subtitle=say("pareto_sub", language, n=clients),
        draw=drawn(plots.pareto, curve,
                   label=f"{n}: {share}", language=language, height=320, narrow_height=260),
        alt=say("pareto_alt", language, n=n, share=share, clients=clients, name=first["name"], largest=largest),
        table=Table(
            frame=curve.assign(mark=np.where(curve["anchor"], say("anchor_mark", language), "")),
            columns=[
                column("name", language), column("mark", language),
                money_column("revenue", data, language, bar=True),
                column("share", language, "percent", digits=1), column("share_revenue", language, "percent"),
            ],
        ),
        note=say("pareto_note", language),
    )  # fmt: skip


@exhibit("segments", "rfm", needs=("transactions",))
def rfm_map(data: Data, result: Result, kinds: Result | None = None, *, language: str) -> Exhibit:
    """Clients by recency and frequency, with the named segments and their definitions.

    Recency does not know seasons, so seasonal clients (of ``kinds``) are not counted as at risk.
    """
    table = result.frame
    if table.empty:
        return Exhibit(name="rfm", title=say("rfm_none", language), language=language)
    parts = int(result.options["parts"])
    span = range(1, parts + 1)
    counts = table.groupby(["r", "f"]).size().unstack(fill_value=0).reindex(index=span, columns=span, fill_value=0)
    shown = counts.iloc[::-1].replace(0, np.nan)
    groups = table.groupby("segment").agg(clients=("client_id", "size"), revenue=("monetary", "sum")).reset_index()
    groups["share"] = groups["revenue"] / groups["revenue"].sum()
    groups = groups.sort_values("revenue", ascending=False, kind="stable")
    groups["name"] = [say(f"rfm_{name}", language) for name in groups["segment"]]
    groups["means"] = [say(f"rfm_{name}_is", language) for name in groups["segment"]]
    risk = table[table["segment"].isin(["cannot_lose", "at_risk"])]
    if kinds is not None:
        rhythm = risk["client_id"].map(kinds.frame.set_index("client_id")["rhythm"])
        risk = risk[(rhythm != "seasonal").to_numpy()]
    key = "rfm_risk" if len(risk) else "rfm_calm"
    money = amount(float(risk["monetary"].sum()), data, language)
    cuts = result.overview.set_index("measure")
    texts = {name: " / ".join(words.number(value, language) for value in cuts.loc[name]) for name in cuts.index}
    return Exhibit(
        name="rfm",
        title=say(key, language, n=words.count(len(risk), "client", language), money=money),
        language=language,
        subtitle=say("rfm_sub", language, n=words.number(len(table), language)),
        draw=drawn(plots.heat, shown, language=language, rows=say("rfm_rows", language),
                   columns=say("rfm_columns", language), height=280, narrow_height=260),
        alt=say("rfm_alt", language, n=words.number(len(risk), language), money=money,
                 best=words.number(counts.to_numpy()[-1, -1], language)),
        table=Table(
            frame=groups,
            columns=[
                Column(key="name", label=say("col_group", language)), column("means", language),
                column("clients", language, "number"),
                money_column("revenue", data, language, bar=True), column("share", language, "percent"),
            ],
            totals=total_rows("name", language, {
                "segments.sum_risk": {"clients": len(risk), "revenue": risk["monetary"].sum()},
            }) + [
                {"name": say(f"sum_{name}", language, unit=words.symbol(data.params.currency, language)), "means": text}
                for name, text in texts.items()
            ],
        ),
        note=say("rfm_note", language),
    )  # fmt: skip


@exhibit("segments", "seasons", needs=("transactions",))
def seasons(data: Data, kinds: Result, *, language: str) -> Exhibit:
    """Calendars of the largest seasonal clients, as small multiples."""
    table = kinds.frame
    seasonal = table[table["rhythm"] == "seasonal"]
    unknown = int((table["rhythm"] == "unknown").sum())
    unclear = say("seasons_unclear", language, unknown=words.number(unknown, language)) if unknown else ""
    if seasonal.empty:
        counted = pd.DataFrame({"what": [say("sum_unclear", language)], "n": [unknown]})
        told = Table(frame=counted, columns=[
            Column(key="what", label=words.say("brief.col_measure", language)),
            Column(key="n", label=words.say("brief.col_number", language), kind="number"),
        ])  # fmt: skip
        return Exhibit(name="seasons", title=say("seasons_none", language), table=told if unknown else None,
                       language=language, note=say("seasons_note", language, unclear=unclear))  # fmt: skip
    known = names(data)
    panel = data.panel[data.panel["client_id"].isin(seasonal["client_id"])]
    panel = panel[pd.to_datetime(panel["month"]) <= data.as_of.last_whole.to_timestamp()]
    month = pd.DatetimeIndex(panel["month"]).month
    sums = panel["revenue"].groupby([panel["client_id"], month]).sum().unstack()
    sums = sums.reindex(columns=range(1, 13)).fillna(0.0).clip(lower=0)
    total = sums.sum(axis=1).sort_values(ascending=False, kind="stable")
    first, length = (seasonal.set_index("client_id")[name].astype(int) for name in ("season_start", "season_months"))
    rows = []
    for client in total.index[:12]:
        inside = (np.arange(12) - (first[client] - 1)) % 12 < length[client]
        share = sums.loc[client].to_numpy() / max(total[client], 1e-9)
        rows.append(pd.DataFrame({"label": label_of(known, client), "month": range(1, 13), "share": share,
                                  "season": inside}))  # fmt: skip
    shown = pd.concat(rows, ignore_index=True)
    coming = _coming(seasonal, data)
    coming = coming.iloc[np.argsort(-coming["client_id"].map(total).to_numpy(float), kind="stable")]
    listed = ", ".join(label_of(known, client) for client in coming["client_id"].head(3))
    key = "seasons_title" if not len(coming) else "seasons_coming" if len(coming) <= 3 else "seasons_many"
    month_names = words.say_list("months.nominative", language)
    listing = seasonal.assign(
        name=[label_of(known, client) for client in seasonal["client_id"]],
        start=[month_names[value - 1] for value in seasonal["season_start"].astype(int)],
        revenue=seasonal["client_id"].map(total),
    ).sort_values("revenue", ascending=False, kind="stable")
    n = words.count(len(seasonal), "segments.seasonal", language)
    return Exhibit(
        name="seasons",
        title=say(key, language, n=n, coming=words.number(len(coming), language), names=listed),
        language=language,
        subtitle=say("seasons_sub", language, n=words.number(len(rows), language)),
        draw=lambda narrow: plots.seasons(shown, narrow, language=language),
        alt=say("seasons_alt", language, n=n, list="; ".join(
            f"{name}: {start}" for name, start in zip(listing["name"].head(12), listing["start"]))),
        table=Table(
            frame=listing,
            columns=[
                column("name", language), column("start", language), column("season_months", language, "number"),
                column("probability", language, "percent"),
                money_column("revenue", data, language, unit=scale_of(listing["revenue"])),
            ],
            totals=total_rows("name", language, {
                "segments.sum_coming": {"season_months": len(coming)},
                "segments.sum_unclear": {"season_months": unknown},
            }),
        ),
        note=say("seasons_note", language, unclear=unclear),
    )  # fmt: skip


def _coming(seasonal: pd.DataFrame, data: Data) -> pd.DataFrame:
    """Seasonal clients whose season starts within the next two months."""
    ahead = (seasonal["season_start"].astype(int) - 1 - data.as_of.last_whole.month) % 12
    return seasonal[ahead < 2]
