"""Report 02, second half: loyalty and money, movement, wallets, the portrait of the best."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..plots import segments as plots
from ..plots import theme
from ..results import Result
from .base import Exhibit, drawn, exhibit, without
from .segments import amount, column, money_column, say
from .segments_cards import unlisted
from .table import Table, total_rows
from .volume import figure_names, label_of, names

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["best", "loyalty_money", "moved", "wallet"]

_STATUS = ("new", "active", "reactivated", "sleeping", "lost", "absent")


@exhibit("segments", "loyalty", needs=("transactions", "survey_answers"))
def loyalty_money(data: Data, boxes: pd.DataFrame, *, language: str) -> Exhibit:
    """Loyalty × money: six boxes with names.

    Parameters
    ----------
    boxes : client_id, score, money {large, small}, loyalty {high, middle, low}, revenue
    """
    if len(boxes) < 8:
        few = words.count(len(boxes), "answer", language)
        return Exhibit(name="loyalty", title=say("loyalty_few", language, n=few), language=language)
    known, short = names(data), figure_names(data)
    rows = []
    for money in ("large", "small"):
        for loyalty in ("high", "middle", "low"):
            own = boxes[(boxes["money"] == money) & (boxes["loyalty"] == loyalty)]
            own = own.sort_values("revenue", ascending=False, kind="stable")
            listed = ", ".join(label_of(known, client) for client in own["client_id"].head(4))
            boxed = "\n".join(theme.shorten(label_of(short, client), 34) for client in own["client_id"].head(3))
            rows.append((say(f"money_{money}", language), say(f"loyal_{loyalty}", language), len(own),
                         float(own["revenue"].sum()), listed, boxed))  # fmt: skip
    table = pd.DataFrame(rows, columns=["money", "loyalty", "clients", "revenue", "names", "boxed"])
    table["share"] = table["revenue"] / max(float(table["revenue"].sum()), 1e-9)
    shown = table["clients"].to_numpy().reshape(2, 3)
    heat = pd.DataFrame(shown, index=table["money"].unique(), columns=table["loyalty"].unique()).replace(0, np.nan)
    within = pd.DataFrame(table["boxed"].to_numpy().reshape(2, 3))
    angry = table.iloc[2]
    key = "loyalty_angry" if angry["clients"] else "loyalty_calm"
    values = {"n": words.count(int(angry["clients"]), "client", language), "names": angry["names"]}
    values["share"] = words.percent(angry["share"], language)
    return Exhibit(
        name="loyalty",
        title=say(key, language, **values),
        language=language,
        subtitle=say("loyalty_sub", language, n=words.number(len(boxes), language),
                      all=words.number(data.panel["client_id"].nunique(), language)),
        draw=drawn(plots.heat, heat, language=language, names=within, height=230, narrow_height=180),
        alt=say("loyalty_alt", language, list="; ".join(
            f"{row.money}, {row.loyalty}: {row.clients}" for row in table.itertuples())),
        table=Table(
            frame=table,
            columns=[
                column("money", language), column("loyalty", language), column("clients", language, "number"),
                money_column("revenue", data, language, bar=True), column("share", language, "percent"),
                column("names", language),
            ],
        ),
        note=say("loyalty_note", language),
    )  # fmt: skip


@exhibit("segments", "moved", needs=("transactions",))
def moved(data: Data, result: Result, *, language: str) -> Exhibit:
    """Movement between statuses since the last quarter."""
    table = result.frame
    if table.empty:
        return Exhibit(name="moved", title=say("moved_none", language), language=language)
    order = [name for name in _STATUS if name in set(table["before"]) | set(table["after"])]
    wide = table.pivot(index="before", columns="after", values="clients").reindex(index=order, columns=order)
    wide = wide.dropna(how="all").dropna(how="all", axis=1)
    labels = {name: say(f"status_{name}", language) for name in _STATUS}
    shown = wide.rename(index=labels, columns=labels)
    staying = ("active", "new", "reactivated")
    down = table[table["before"].isin(staying) & table["after"].isin(["sleeping", "lost"])]
    up = table[table["before"].isin(["sleeping", "lost"]) & table["after"].isin(["active", "reactivated"])]
    a, b = int(down["clients"].sum()), int(up["clients"].sum())
    key = f"moved_{('title' if b else 'left') if a else ('back' if b else 'same')}"
    values = {"down": words.count(a, "client", language), "up": words.number(b, language),
              "money": amount(float(down["revenue"].sum()), data, language)}  # fmt: skip
    listing = table.assign(was=table["before"].map(labels), now=table["after"].map(labels))
    listing = listing.sort_values("clients", ascending=False, kind="stable")
    return Exhibit(
        name="moved",
        title=say(key, language, **values),
        language=language,
        subtitle=say("moved_sub", language, n=words.number(int(table["clients"].sum()), language),
                      months=words.count(int(result.options["months"]), "month", language)),
        draw=drawn(plots.heat, shown, language=language, rows=say("moved_rows", language),
                   columns=say("moved_columns", language), height=70 + 36 * len(shown),
                   narrow_height=70 + 36 * len(shown)),
        alt=say("moved_alt", language, **values),
        table=Table(
            frame=listing,
            columns=[
                column("was", language), column("now", language), column("clients", language, "number"),
                column("share", language, "percent"), money_column("revenue", data, language),
            ],
            totals=total_rows("was", language, {
                f"segments.sum_{name}": {"clients": part["clients"].sum(), "revenue": part["revenue"].sum()}
                for name, part in (("down", down), ("up", up))
            }),
        ),
        note=say("moved_note", language),
    )  # fmt: skip


@exhibit("segments", "wallet", needs=("transactions", "client_budgets"))
def wallet(data: Data, result: Result, *, language: str) -> Exhibit:
    """Money that clients give to others."""
    table, row = result.frame, result.overview.iloc[0] if len(result.overview) else None
    sound = table[table["flag"].isin(["ok", "disagrees"]) & (table["gap"] > 0)]
    if row is None or sound.empty:
        return Exhibit(name="wallet", title=say("wallet_none", language), language=language)
    known = names(data)
    gap = float(sound["gap"].sum())
    top = sound.head(10)
    unit = words.unit_of(float(top["gap"].max()))
    shown = pd.DataFrame({
        "label": [label_of(known, client) for client in top["client_id"]], "value": top["gap"].to_numpy(),
        "remark": [say("wallet_remark", language, share=words.percent(share, language)) for share in top["share"]],
    })  # fmt: skip
    values = {
        "gap": amount(gap, data, language), "n": words.count(int(row["with_budget"]), "clients_of", language),
        "all": words.number(row["clients"], language), "name": shown["label"].iloc[0],
        "first": amount(float(top["gap"].iloc[0]), data, language),
    }  # fmt: skip
    flags = {name: say(f"flag_{name}", language) for name in ("above_budget", "disagrees", "no_budget", "old")}
    flags["ok"] = ""
    listing = table.assign(mark=table["flag"].map(flags), name=[label_of(known, one) for one in table["client_id"]])
    return Exhibit(
        name="wallet",
        title=say("wallet_title", language, **values),
        language=language,
        subtitle=say("wallet_sub", language, n=values["n"], all=values["all"],
                      unit=words.unit_words(unit, data.params.currency, language)),
        draw=drawn(plots.bars, shown, language=language, unit=unit, digits=1 if unit in ("m", "bn") else 0,
                   height=30 * len(shown) + 24, narrow_height=30 * len(shown) + 24),
        alt=say("wallet_alt", language, list="; ".join(
            f"{label}: {amount(value, data, language)}" for label, value in zip(shown["label"], shown["value"]))),
        table=Table(
            frame=listing,
            columns=[
                column("name", language), money_column("total_budget", data, language),
                money_column("ours", data, language), column("share", language, "percent"),
                money_column("gap", data, language, bar=True), column("asked_at", language, "day"),
                column("mark", language),
            ],
            totals=total_rows("name", language, {"segments.sum_gap": {
                "gap": gap, "mark": words.count(int(row["with_budget"]), "client", language)}}),
        ),
        note=say("wallet_note", language, bad=words.number(row["contradictions"], language)),
    )  # fmt: skip


@exhibit("segments", "best", needs=("transactions", "clients"))
def best(data: Data, result: Result, *, language: str) -> Exhibit:
    """Traits that the best clients have oftener."""
    if unlisted(data):
        return without("segments", "best", ("clients",), language)
    table = result.frame
    more = table[table["verdict"] == "more"]
    total = int(table["best_all"].max()) if len(table) else 0
    if table.empty or total < 8:
        few = words.count(total, "client", language)
        return Exhibit(name="best", title=say("best_few", language, n=few), language=language)
    table = table.assign(
        trait=[say(f"field_{name}", language) for name in table["field"]],
        value=[_value(value, language) for value in table["value"]],
    )
    if more.empty:
        title = say("best_none", language)
    else:
        first = more.iloc[0]
        shares = {"a": first["share_best"], "b": first["share_others"]}
        title = say("best_title", language, value=_value(first["value"], language),
                    field=say(f"field_{first['field']}", language).lower(),
                     **{name: words.percent(share, language) for name, share in shares.items()})  # fmt: skip
    table["mark"] = [say(f"best_{verdict}", language) for verdict in table["verdict"]]
    return Exhibit(
        name="best",
        title=title,
        language=language,
        subtitle=say("best_sub", language, n=words.number(total, language)),
        table=Table(
            frame=table,
            columns=[
                column("value", language), column("trait", language), column("best", language, "number"),
                column("share_best", language, "percent", low="low", high="high"),
                column("share_others", language, "percent"), column("mark", language),
            ],
        ),
        note=say("best_note", language, tests=words.number(len(table), language)),
    )  # fmt: skip


def _value(value: str, language: str) -> str:
    """A trait's value: words for the closed lists, the client's own text for the rest."""
    key = f"segments.value_{value}"
    return words.say(key, language) if words.known(key, language) else value
