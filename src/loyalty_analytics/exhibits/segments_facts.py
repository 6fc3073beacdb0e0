"""Report 02: ABC and XYZ, deciles of revenue, weight and terms of each client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..plots import segments as plots
from ..results import Result
from ..segments.kinds import concentration
from .base import Exhibit, drawn, exhibit
from .segments import column, money_column, say
from .table import Column, Table, total_rows
from .volume import label_of, names
from .wording import scale_of

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["classes", "deciles", "terms"]

_FEWEST = 10  # clients below which tenths say nothing
_NOTED = {"terms_of": "industry_share", "terms_rank": "industry_rank", "terms_prices": "price_index",
          "terms_delay": "delay"}  # fmt: skip


@exhibit("segments", "classes", needs=("transactions",))
def classes(data: Data, result: Result, *, language: str) -> Exhibit:
    """ABC by XYZ: clients in each of the nine classes, with period, limits and ddof."""
    table = result.frame
    if table.empty or table["revenue"].clip(lower=0).sum() <= 0:
        return Exhibit(name="classes", title=say("classes_none", language), language=language)
    both = pd.MultiIndex.from_product([list("ABC"), list("XYZ")], names=["abc", "xyz"])
    sums = table.groupby(["abc", "xyz"]).agg(clients=("revenue", "size"), revenue=("revenue", "sum"))
    sums = sums.reindex(both, fill_value=0).reset_index()
    sums["share"] = sums["revenue"] / table["revenue"].sum()
    sums["name"] = sums["abc"] + sums["xyz"]
    sums["means"] = [say(f"class_{one}", language) for one in sums["name"]]
    first = sums[sums["abc"] == "A"]
    n, share = int(first["clients"].sum()), float(first["share"].sum())
    even, wild = (int(first.loc[first["xyz"] == one, "clients"].iloc[0]) for one in "XZ")
    values = {"n": words.count(n, "client", language), "share": words.percent(share, language),
              "even": words.number(even, language), "wild": words.number(wild, language)}  # fmt: skip
    key = "title" if even else "uneven" if wild else "middle"
    grid = sums.pivot(index="abc", columns="xyz", values="clients").astype(float).replace(0, np.nan)
    limits = {f"{letter}{at}": words.percent(limit, language)
              for letter, pair in (("a", result.options["abc"]), ("x", result.options["xyz"]))
              for at, limit in enumerate(pair)}  # fmt: skip
    return Exhibit(
        name="classes",
        title=say(f"classes_{key}", language, **values),
        language=language,
        subtitle=say("classes_sub", language, n=words.number(len(table), language),
                     months=words.count(int(result.options["months"]), "month", language)),
        draw=drawn(plots.heat, grid, language=language, rows=say("classes_rows", language),
                   columns=say("classes_columns", language), height=190, narrow_height=200),
        alt=say("classes_alt", language, list="; ".join(
            f"{name}: {words.number(count, language)}" for name, count in zip(sums["name"], sums["clients"]))),
        table=Table(
            frame=sums,
            columns=[
                Column(key="name", label=say("col_class", language)), column("means", language),
                column("clients", language, "number"),
                money_column("revenue", data, language, bar=True), column("share", language, "percent"),
            ],
            totals=total_rows("name", language, {
                "segments.sum_a": {"clients": n, "revenue": first["revenue"].sum(), "share": share},
                "segments.sum_ddof": {"clients": words.number(result.options["ddof"], language)},
                "segments.sum_abc": {"means": f"{limits['a0']} / {limits['a1']}"},
                "segments.sum_xyz": {"means": f"{limits['x0']} / {limits['x1']}"},
            }),
        ),
        note=say("classes_note", language, **limits, ddof=words.number(result.options["ddof"], language)),
    )  # fmt: skip


@exhibit("segments", "deciles", needs=("transactions",))
def deciles(data: Data, *, language: str) -> Exhibit:
    """Revenue of each tenth of the clients, from the largest, with the Gini coefficient."""
    curve = concentration(data.panel, data.as_of)
    total = float(curve["revenue"].sum())
    if len(curve) < _FEWEST or total <= 0:
        few = words.count(len(curve), "client", language)
        return Exhibit(name="deciles", title=say("deciles_few", language, n=few), language=language)
    table = curve.groupby("decile", as_index=False).agg(clients=("revenue", "size"), revenue=("revenue", "sum"))
    table["share"] = table["revenue"] / total
    table["share_revenue"] = table["share"].cumsum()
    low = table[table["decile"] > 5]
    # Twice the area between the curve and the line of equal clients; a client below zero counts as zero.
    before = np.concatenate([[0.0], curve["share_revenue"].to_numpy()])
    gini = float((before[1:] + before[:-1]).sum() / len(curve) - 1)
    shown = pd.DataFrame({
        "label": [say("decile", language, n=one) for one in table["decile"]], "value": table["revenue"],
        "remark": [words.percent(share, language, 1) for share in table["share"]],
    })  # fmt: skip
    unit = words.unit_of(float(table["revenue"].max()))
    note = [say("deciles_note", language, gini=words.number(gini, language, 2))]
    below = int((curve["revenue"] < 0).sum())
    if below:
        note.append(say("deciles_below", language, n=words.count(below, "clients_of", language)))
    values = {"n": words.count(int(table["clients"].iloc[0]), "client", language),
              "share": words.percent(table["share"].iloc[0], language),
              "low": words.percent(float(low["share"].sum()), language)}  # fmt: skip
    return Exhibit(
        name="deciles",
        title=say("deciles_title" if low["share"].sum() >= 0.005 else "deciles_little", language, **values),
        language=language,
        subtitle=say("deciles_sub", language, n=words.number(len(curve), language),
                     unit=words.unit_words(unit, data.params.currency, language)),
        draw=drawn(plots.bars, shown, language=language, unit=unit, digits=1 if unit in ("m", "bn") else 0,
                   highlight=1, height=290, narrow_height=300),
        alt=say("deciles_alt", language, list="; ".join(
            f"{label}: {remark}" for label, remark in zip(shown["label"], shown["remark"]))),
        table=Table(
            frame=table.assign(label=shown["label"]),
            columns=[
                Column(key="label", label=say("col_decile", language)), column("clients", language, "number"),
                money_column("revenue", data, language), column("share", language, "percent", digits=1),
                column("share_revenue", language, "percent", digits=1),
            ],
            totals=total_rows("label", language, {
                "segments.sum_half": {"clients": low["clients"].sum(), "revenue": low["revenue"].sum(),
                                      "share": low["share"].sum()},
                "segments.sum_gini": {"share": words.number(gini, language, 2)},
                **({"segments.sum_below": {"clients": below}} if below else {}),
            }),
        ),
        note=" ".join(note),
    )  # fmt: skip


@exhibit("segments", "terms", needs=("transactions", "clients"))
def terms(data: Data, facts: pd.DataFrame, prices: pd.DataFrame, *, language: str) -> Exhibit:
    """Weight of each client in the base and in its industry; price, breadth, discount, delay of payment.

    Parameters
    ----------
    facts, prices : tables of `segments.profile.client_facts` and `segments.profile.price_facts`
    """
    bought = facts[facts["revenue_year"] > 0] if len(facts) else facts
    if bought.empty:
        return Exhibit(name="terms", title=say("pareto_none", language), language=language)
    known = names(data)
    table = bought.merge(prices, on="client_id", how="left").reset_index(drop=True)
    table["name"] = [label_of(known, one) for one in table["client_id"]]
    for name in ("industry", "industry_share", "industry_rank"):
        if name not in table:
            table[name] = None
    if not table["products"].any():
        table["products"] = None  # no product is recorded: nobody bought none
    first = table.iloc[0]
    values = {"name": first["name"], "share": words.percent(first["share"], language)}
    values["own"] = words.percent(first["industry_share"], language)
    cheap = table.head(10)
    cheap = cheap[cheap["price_index"] == cheap["price_index"].min()]
    key = "terms_title" if pd.notna(first["industry_share"]) else "terms_share"
    # Of the columns that the page shows, no others.
    noted = [say(key, language) for key, name in _NOTED.items() if table[name].notna().any()]
    if len(cheap):
        noted.insert(0, say("terms_cheap", language, name=cheap["name"].iloc[0],
                            index=words.number(cheap["price_index"].iloc[0], language, 2)))  # fmt: skip
    columns = [
        column("name", language), money_column("revenue_year", data, language, unit=scale_of(table["revenue_year"])),
        column("share", language, "percent", digits=1), column("industry", language),
        column("industry_share", language, "percent"), column("industry_rank", language, "number"),
        column("price_index", language, "number", digits=2), column("products", language, "number"),
        column("discount", language, "number", digits=1), column("delay", language, "number"),
    ]  # fmt: skip
    return Exhibit(
        name="terms",
        title=say(key, language, **values),
        language=language,
        subtitle=say("terms_sub", language, n=words.number(len(table), language)),
        table=Table(frame=table, columns=columns),
        note=" ".join(noted),
    )
