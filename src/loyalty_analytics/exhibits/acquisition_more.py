"""Report 08, second half: the cheque, what is bought next, referrals, the trade's metrics, keeping and winning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..plots import acquisition as plots
from ..results import Result
from .acquisition import amount, begins_inside, column, money_column, say
from .base import Exhibit, drawn, exhibit
from .table import Column, Table, total_rows
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["cheque", "deliveries", "keeping", "metrics", "next_product", "referrals"]


@exhibit("acquisition", "cheque", needs=("transactions",))
def cheque(data: Data, result: Result, *, language: str) -> Exhibit:
    """Distribution of the cheque with mean and median."""
    if result.frame.empty:
        return Exhibit(name="cheque", title=say("cheque_none", language), language=language)
    row = result.overview.iloc[0]
    shown = {name: amount(float(row[name]), data, language) for name in ("mean", "median", "tenth", "ninth")}
    unit = "k" if row["median"] >= 1000 else ""
    skewed = row["mean"] > 1.15 * row["median"]
    labels = (say("label_median", language, value=shown["median"]), say("label_mean", language, value=shown["mean"]))
    n = words.number(row["orders"], language)
    return Exhibit(
        name="cheque",
        title=say("cheque_skewed" if skewed else "cheque_even", language, **shown),
        language=language,
        subtitle=say("cheque_sub", language, n=n, unit=words.unit_words(unit, data.params.currency, language)),
        draw=drawn(plots.spread, result.frame, language=language, unit=unit, mean=float(row["mean"]),
                   median=float(row["median"]), labels=labels, height=260, narrow_height=240),
        alt=say("cheque_alt", language, n=n, **shown),
        table=Table(
            frame=pd.DataFrame([
                {"label": say(f"cheque_{name}", language), "cheque": float(row[name])}
                for name in ("tenth", "median", "mean", "ninth")
            ]),
            columns=[column("label", language), money_column("cheque", data, language, unit, digits=1)],
        ),
        note=say("cheque_note", language, tenth=shown["tenth"], ninth=shown["ninth"]),
    )  # fmt: skip


@exhibit("acquisition", "next", needs=("transactions", "products"))
def next_product(data: Data, result: Result, *, language: str) -> Exhibit:
    """What the owners of a product buy next."""
    sound = result.frame[result.frame["lift"].notna() & (result.frame["bought_next"] >= 3)]
    if sound.empty:
        return Exhibit(name="next", title=say("next_none", language), language=language)
    known = data.products.set_index("product_id")["product_name"]
    table = sound.assign(
        product=[str(known.get(one, one)) for one in sound["product_id"]],
        following=[str(known.get(one, one)) for one in sound["next_product_id"]],
        up=[say("tier_up", language) if up else "" for up in sound["tier_up"]],
    )
    sure = table[table["share_low"] > table["base"]]
    best = (sure if len(sure) else table).iloc[0]
    values = {name: words.percent(best[name], language) for name in ("share", "base")}
    values |= {name: words.quoted(best[name], language) for name in ("product", "following")}
    held = result.overview
    one = float(held.loc[held["products"] == 1, "share"].sum())
    return Exhibit(
        name="next",
        title=say("next_title" if len(sure) else "next_unsure", language, **values),
        language=language,
        subtitle=say("next_sub", language, n=words.number(int(held["clients"].sum()), language),
                     one=words.percent(one, language)),
        table=Table(
            frame=table,
            columns=[
                column("product", language), column("following", language), column("owners", language, "number"),
                column("share", language, "percent", low="share_low", high="share_high"),
                column("base", language, "percent"), column("lift", language, "number", digits=1),
                column("up", language),
            ],
        ),
        note=say("next_note", language),
    )  # fmt: skip


@exhibit("acquisition", "referrals", needs=("referrals",))
def referrals(data: Data, result: Result, *, language: str) -> Exhibit:
    """Coupons given and used, money of the recommended."""
    if result.frame.empty:
        return Exhibit(name="referrals", title=say("no_referrals", language).rstrip("."), language=language)
    known, row = names(data), result.overview.iloc[0]
    table = result.frame.assign(name=[label_of(known, client) for client in result.frame["referrer_client_id"]])
    values = {"given": words.number(row["given"], language), "used": words.number(row["used"], language),
              "money": amount(float(row["revenue"]), data, language)}  # fmt: skip
    return Exhibit(
        name="referrals",
        title=say("referrals_title" if row["used"] else "referrals_unused", language, **values),
        language=language,
        subtitle=say("referrals_sub", language, n=words.number(len(table), language)),
        table=Table(
            frame=table,
            columns=[
                column("name", language), column("given", language, "number"), column("used", language, "number"),
                money_column("bonus", data, language), money_column("revenue", data, language, bar=True),
            ],
            totals=total_rows("name", language, {"common.sum_all": {
                "given": row["given"], "used": row["used"], "bonus": table["bonus"].sum(), "revenue": row["revenue"]}}),
        ),
    )  # fmt: skip


# Each metric with the one that is read beside it.
_BESIDE = {
    "clients": "", "active": "", "inactive": "", "dissatisfied": "", "new": "", "spend": "spend_acquisition",
    "orders": "repeat_orders", "revenue": "", "gross_profit": "", "cheque_mean": "cheque_median",
    "profit_mean": "profit_median", "cac": "cac_acquisition", "payback_revenue": "cohort_revenue",
    "payback_profit": "cohort_profit", "cohort_profit_acquisition": "",
}  # fmt: skip
_OF_NEW = ["new", "repeat_orders", "cac", "cac_acquisition", "payback_revenue", "payback_profit", "cohort_revenue",
           "cohort_profit", "cohort_profit_acquisition"]  # fmt: skip


@exhibit("acquisition", "metrics", needs=("transactions",))
def metrics(data: Data, result: Result, *, language: str) -> Exhibit:
    """The base metrics as the trade writes them, beside the form of the new clients alone."""
    table = result.frame.set_index("metric")
    if table["value"].isna().all():
        return Exhibit(name="metrics", title=say("metrics_none", language), language=language)
    months = int(result.options["months"])
    censored = begins_inside(data, months)
    if censored:  # who of them is new, nobody knows
        table.loc[_OF_NEW, ["value", "share"]] = float("nan")
    shown = {name: _shown(value, unit, data, language) for name, value, unit in table[["value", "unit"]].itertuples()}
    value = table["value"]
    rows = pd.DataFrame([
        {"metric": say(f"metric_{name}", language), "shown": shown[name], "share": table["share"][name],
         "beside": say(f"beside_{other}", language, value=shown[other]) if other and pd.notna(value[other]) else ""}
        for name, other in _BESIDE.items() if pd.notna(value[name])
    ])  # fmt: skip
    by = "revenue" if pd.isna(value["cohort_profit"]) else "profit"
    if pd.notna(value[f"cohort_{by}"]):
        title = say(f"metrics_{by}", language, trade=words.number(value[f"payback_{by}"], language, 1),
                    own=words.number(value[f"cohort_{by}"], language, 2))  # fmt: skip
    else:
        clients = words.count(int(value["clients"]), "client", language)
        title = say("metrics_censored" if censored else "metrics_title", language, clients=clients,
                    new=words.number(value["new"], language))  # fmt: skip
    # That the two forms disagree is the title.
    notes = [note.key.split(".")[1] for note in result.notes[1:] if note.key != "acquisition.disagree"]
    return Exhibit(
        name="metrics",
        title=title,
        language=language,
        subtitle=say("metrics_sub", language, months=words.count(months, "month", language)),
        table=Table(
            frame=rows,
            columns=[
                column("metric", language), column("shown", language), column("share", language, "percent"),
                *([column("beside", language)] if rows["beside"].any() else []),
            ],
        ),
        note=" ".join(say(key, language) for key in notes),
    )  # fmt: skip


def _shown(value: float, unit: str, data: Data, language: str) -> str:
    if unit == "money":
        return amount(value, data, language)
    return words.number(value, language, 2 if unit == "times" else 0)


@exhibit("acquisition", "keeping", needs=("transactions", "marketing_spend"))
def keeping(data: Data, result: Result, *, language: str) -> Exhibit:
    """What it costs to keep a client and to win one."""
    table = result.frame
    if table.empty or table["cost"].isna().any():
        split = len(table) and table["spend"].notna().all()
        return Exhibit(name="keeping", title=say("keeping_nobody" if split else "keeping_none", language),
                       language=language)  # fmt: skip
    ratio = float(table["ratio"].iloc[1])
    keep, win = (amount(float(cost), data, language) for cost in table["cost"])
    unit = "k" if table["cost"].min() >= 1e4 else ""
    times = words.number(max(ratio, 1 / ratio) if ratio > 0 else ratio, language, 1)
    key = "keeping_title" if ratio >= 1.05 else "keeping_dearer" if 0 < ratio <= 1 / 1.05 else "keeping_plain"
    shown = table.assign(label=[say(f"what_{name}", language) for name in table["what"]])
    return Exhibit(
        name="keeping",
        title=say(key, language, keep=keep, win=win, times=times),
        language=language,
        subtitle=say("keeping_sub", language),
        table=Table(
            frame=shown,
            columns=[
                Column(key="label", label=say("col_what_for", language)), money_column("spend", data, language, unit),
                column("clients", language, "number"), money_column("cost", data, language, unit),
            ],
            totals=[] if key == "keeping_plain" else total_rows("label", language, {
                f"acquisition.{key.replace('keeping', 'sum')}": {"cost": times}}),
        ),
        note=say("keeping_note", language),
    )  # fmt: skip


@exhibit("acquisition", "deliveries", needs=("transactions", "deliveries"))
def deliveries(data: Data, result: Result, *, language: str) -> Exhibit:
    """Deliveries by client: late, defective, their cost."""
    table = result.frame
    known_count = int(table["known"].sum()) if len(table) else 0
    if not known_count:
        return Exhibit(name="deliveries", title=say("no_deliveries", language).rstrip("."), language=language)
    by, known = str(result.options["by"]), names(data)
    late = int(table["late"].sum())
    defects = int(table["defects"].fillna(0).sum())
    rows = table.assign(name=[label_of(known, one) if by == "client_id" else str(one) for one in table[by]])
    noted = bool(table["defects"].notna().any())
    values = {"late": words.number(late, language), "share": words.percent(late / known_count, language),
              "defects": words.number(defects, language)}  # fmt: skip
    key = "deliveries_title" if noted and (late or defects) else "deliveries_late" if late else (
        "deliveries_fine" if noted else "deliveries_in_time")  # fmt: skip
    columns = [
        column("name", language), column("deliveries", language, "number"), column("late", language, "number"),
        column("late_share", language, "percent"), column("defects", language, "number"),
        column("cost_share", language, "percent", digits=1),
    ]  # fmt: skip
    sums = {"deliveries": table["deliveries"].sum(), "late": late, "late_share": late / known_count}
    return Exhibit(
        name="deliveries",
        title=say(key, language, **values),
        language=language,
        subtitle=say("deliveries_sub", language, n=words.number(known_count, language)),
        table=Table(
            frame=rows,
            columns=[one for one in columns if rows[one.key].notna().any()],
            totals=total_rows("name", language, {"common.sum_all": sums | ({"defects": defects} if noted else {})}),
        ),
    )  # fmt: skip
