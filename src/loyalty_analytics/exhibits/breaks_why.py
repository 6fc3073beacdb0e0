"""Report 03, why: reasons with their grade, parts of the falls, slices, questions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..breaks.anatomy import PARTS
from ..breaks.questions import meeting_questions
from ..money import from_minor, to_minor
from ..months import month_start, to_periods
from ..plots import brief as waterfalls
from .base import Exhibit, drawn, exhibit
from .breaks import best_reason, listed, listed_reasons, recent_falls, unseen
from .table import Column, Table
from .volume import label_of, short_name
from .wording import scale_of

if TYPE_CHECKING:
    from ..breaks.find import BreaksResult
    from ..breaks.reasons import ReasonsResult
    from ..load import Data
    from ..results import Result

__all__ = ["bridge", "leaf_cells", "parts", "questions", "reasons", "where", "year_ago"]

_KEYS = ["client_id", "break_month"]


@exhibit("breaks", "reasons", needs=("transactions",))
def reasons(data: Data, breaks: BreaksResult, result: ReasonsResult, *, language: str) -> Exhibit:
    """One row per break: the reason, what speaks for it and how much."""
    rows = best_reason(listed(data, breaks), result)
    n = words.count(len(rows), "breaks.breaks_of", language)
    if not len(rows):
        title = words.say("breaks.reasons_none", language)
        return unseen("reasons", breaks, language) or Exhibit(name="reasons", title=title, language=language)
    strong, possible = (int((rows["grade"] == grade).sum()) for grade in ("strong", "possible"))
    if len(rows) == 1:
        title = listed_reasons(rows, language)[0]
    elif strong:
        counts = rows.loc[rows["grade"] == "strong", "reason"].value_counts().sort_index()
        key = "reasons_some" if counts.max() > 1 else "reasons_each"
        title = words.say(
            f"breaks.{key}", language, strong=words.number(strong, language), n=n,
            reason=words.say(f"breaks.kind_{counts.idxmax()}", language), k=words.number(int(counts.max()), language),
        )  # fmt: skip
    else:
        key = "reasons_few" if possible else "reasons_no"
        title = words.say(f"breaks.{key}", language, n=n, possible=words.number(possible, language))
    rows["verdict"] = [words.say(f"breaks.grade_{grade}", language) for grade in rows["grade"]]
    known = rows["grade"] != "none"
    rows["why"] = [
        words.say(f"breaks.kind_{reason}", language) if is_known else "–"
        for reason, is_known in zip(rows["reason"], known)
    ]
    rows["sources"] = [
        _sources(value, language) if is_known else "–" for value, is_known in zip(rows["evidence"], known)
    ]
    return Exhibit(
        name="reasons",
        title=title,
        language=language,
        subtitle=words.say("breaks.reasons_sub", language, n=words.number(len(rows), language)),
        table=Table(
            frame=rows,
            columns=[
                Column(key="name", label=words.say("breaks.col_client", language)),
                Column(key="break_month", label=words.say("breaks.col_month", language), kind="month"),
                Column(key="verdict", label=words.say("breaks.col_grade", language)),
                Column(key="why", label=words.say("breaks.col_reason", language)),
                Column(key="sources", label=words.say("breaks.col_evidence", language)),
                Column(key="date", label=words.say("breaks.col_date", language), kind="day"),
                Column(key="days_before", label=words.say("breaks.col_days", language), kind="number"),
            ],
        ),
        note=words.say("breaks.reasons_foot", language),
    )


def _sources(evidence: Any, language: str) -> str:
    if not isinstance(evidence, str):
        return "–"
    return ", ".join(words.say(f"breaks.source_{name}", language) for name in evidence.split(" + "))


@exhibit("breaks", "parts", needs=("transactions",))
def parts(data: Data, breaks: BreaksResult, result: ReasonsResult, *, language: str) -> Exhibit:
    """What the recent falls are made of, as one waterfall and by client."""
    rows = recent_falls(data, breaks)
    if not len(rows):
        title = words.say("breaks.parts_none", language)
        return unseen("parts", breaks, language) or Exhibit(name="parts", title=title, language=language)
    own = rows[[*_KEYS, "name"]].merge(result.changes, on=_KEYS)
    own = own[own["months"] > 0]
    made = own[_KEYS].merge(result.frame[result.frame["part"].notna()], on=_KEYS)
    if not len(made):
        return Exhibit(name="parts", title=words.say("breaks.parts_few", language), language=language)
    money = data.params.currency
    sums = from_minor(to_minor(made["part"]).groupby(made["reason"]).sum()).reindex(list(PARTS)).dropna()
    sums = sums[sums != 0].sort_values(kind="stable")
    before, after = (float(from_minor(pd.Series([to_minor(own[side]).sum()]))[0]) for side in ("before", "after"))
    steps = _steps(sums, before, after, language, most=4)  # what a table beside has room for
    unit = words.unit_of(max(before, after, 1.0))
    in_words = words.unit_words(unit, money, language)
    said = "; ".join(
        f"{words.say(f'breaks.part_{name}', language)} {words.money(value, money, language, sign=True)}"
        for name, value in sums.items()
    )
    key = "parts_title" if after <= before else "parts_up" if sums.iloc[0] < 0 else "parts_rise"
    return Exhibit(
        name="parts",
        title=words.say(
            f"breaks.{key}", language, lost=words.money(abs(after - before), money, language),
            part=words.say(f"breaks.part_{sums.index[0]}", language),
            value=words.money(float(sums.iloc[0]), money, language, sign=True),
        ),
        language=language,
        subtitle=words.say("breaks.parts_sub", language, unit=in_words, n=words.number(len(own), language)),
        draw=drawn(waterfalls.waterfall, steps, language=language, unit=unit, height=340, narrow_height=380),
        alt=words.say(
            "breaks.parts_alt", language, before=words.money(before, money, language), list=said,
            after=words.money(after, money, language),
        ),
        table=Table(
            frame=_parts_table(own, made, steps), columns=_part_columns(own, sums, steps, money, language),
            totals=[{"name": words.say("common.sum_all", language), "before": before, "after": after,
                     "change": after - before, **sums, **steps.set_index("part")["amount"].filter(["rest"])}],
        ),
        note=words.say("breaks.parts_note", language),
    )  # fmt: skip


def _steps(sums: pd.Series, before: float, after: float, language: str, most: int = 6) -> pd.DataFrame:
    """Bars of the waterfall; parts below 2 % of the whole, and those beyond the largest, are one bar."""
    ranks = sums.abs().rank(ascending=False, method="first")
    large = sums[(sums.abs() >= 0.02 * max(before, after)) & (ranks <= most)]
    rest = float(sums.sum() - large.sum())
    bars = [(f"part_{name}", float(value)) for name, value in large.items()]
    bars += [("part_rest", rest)] if round(rest, 2) else []
    bars = [("bar_before", before), *bars, ("bar_after", after)]
    return pd.DataFrame(
        {
            "part": [name.removeprefix("part_") for name, _ in bars],
            "label": [words.say(f"breaks.{name}", language).replace(" ", "\n") for name, _ in bars],
            "amount": [value for _, value in bars],
            "total": [name.startswith("bar_") for name, _ in bars],
        }
    )


@exhibit("breaks", "bridge", needs=("transactions",))
def bridge(data: Data, result: Result, *, language: str) -> Exhibit:
    """What made the volume of a year into that of the next, for the whole base."""
    facts, money = result.overview.iloc[0], data.params.currency
    if not facts["months"]:
        return Exhibit(name="bridge", title=words.say("breaks.bridge_none", language), language=language)
    sums = result.frame.set_index("reason")["part"].sort_values(kind="stable")
    before, after = float(facts["before"]), float(facts["after"])
    unit = words.unit_of(max(before, after, 1.0))
    said = "; ".join(
        f"{words.say(f'breaks.part_{name}', language)} {words.money(value, money, language, sign=True)}"
        for name, value in sums.items()
    )
    largest = "frequency" if not len(sums) else sums.index[0] if after < before else sums.index[-1]
    key = "bridge_same" if not len(sums) else "bridge_down" if after < before else "bridge_up"
    table = sums.rename("change").reset_index()
    table["label"] = [words.say(f"breaks.part_{name}", language) for name in table["reason"]]
    own = scale_of(table["change"])
    return Exhibit(
        name="bridge",
        title=words.say(
            f"breaks.{key}", language, change=words.money(abs(after - before), money, language),
            part=words.say(f"breaks.part_{largest}", language),
            value=words.money(float(sums.get(largest, 0.0)), money, language, sign=True),
        ),
        language=language,
        subtitle=words.say(
            "breaks.bridge_sub_one" if facts["months"] == 1 else "breaks.bridge_sub", language,
            months=words.count(int(facts["months"]), "month", language), unit=words.unit_words(unit, money, language),
            n=words.number(int(facts["clients"]), language),
        ),
        draw=drawn(waterfalls.waterfall, _steps(sums, before, after, language), language=language, unit=unit,
                   height=340, narrow_height=380),
        alt=words.say(
            "breaks.parts_alt", language, before=words.money(before, money, language), list=said,
            after=words.money(after, money, language),
        ),
        table=Table(
            frame=table,
            columns=[
                Column(key="label", label=words.say("breaks.col_part", language)),
                Column(key="change", kind="money", unit=own, sign=True, bar=True,
                       label=words.say("breaks.col_change", language, unit=words.unit_words(own, money, language))),
            ],
            totals=[{"label": words.say("common.sum_all", language), "change": after - before}],
        ),
        note=words.say("breaks.parts_note", language),
    )  # fmt: skip


def year_ago(data: Data) -> str:
    """First month of the later of two equal windows that the data hold, a year each where they can."""
    months = to_periods(data.panel["month"])
    last = data.as_of.last_whole
    length = min(12, ((last - months.min()).n + 1) // 2) if len(months) else 1
    return str(last - max(length, 1) + 1)


def _parts_table(own: pd.DataFrame, made: pd.DataFrame, steps: pd.DataFrame) -> pd.DataFrame:
    """A column per part; ``rest`` gathers those that have no bar in the figure."""
    wide = made.pivot_table(index=_KEYS, columns="reason", values="part", aggfunc="sum", observed=True)
    small = [name for name in wide.columns if name not in set(steps["part"])]
    wide = wide.assign(rest=wide[small].sum(axis=1, min_count=1)).reset_index()
    return own.merge(wide, on=_KEYS, how="left")


def _part_columns(own: pd.DataFrame, sums: pd.Series, steps: pd.DataFrame, money: str, language: str) -> list[Column]:
    """The page shows the parts of the figure, tables.xlsx all of them."""
    unit = scale_of(own["before"], own["after"])
    in_words = words.unit_words(unit, money, language)
    fixed = [
        Column(key=key, label=words.say(f"breaks.col_{key}", language, unit=in_words), kind="money", unit=unit,
               sign=key == "change")
        for key in ("before", "after", "change")
    ]  # fmt: skip
    drawn_parts = set(steps["part"])
    only = {name: "" if name in drawn_parts else "sheet" for name in sums.index}
    only |= {"rest": "page"} if "rest" in drawn_parts else {}
    parts = [
        Column(key=name, label=words.say(f"breaks.part_{name}", language).capitalize(), kind="money", unit=unit,
               sign=True, only=at)
        for name, at in only.items()
    ]
    return [Column(key="name", label=words.say("breaks.col_client", language)), *fixed, *parts]


def leaf_cells(data: Data) -> tuple[pd.DataFrame, pd.DataFrame, list[str]]:
    """Cells of the last three months and of the same months a year earlier, and the dimensions they have.

    Returns
    -------
    before, after, dimensions : for `la.localise`
    """
    used = ("client_id", "date", "amount", "product_id", "unit_id", "manager_id", "status")
    ends = (data.as_of.last_whole - 12, data.as_of.last_whole)
    sides = [data.orders.read(*used, since=(end - 2).start_time, until=end.end_time) for end in ends]
    orders = pd.concat([side.assign(later=place > 0) for place, side in enumerate(sides)], ignore_index=True)
    orders = orders[orders["status"].fillna("done").eq("done")]
    clients = data.clients.drop_duplicates("client_id").set_index("client_id")
    for name, column in (("industry", "industry"), ("region", "region"), ("channel", "acquisition_channel")):
        orders[name] = orders["client_id"].map(clients[column]) if clients[column].notna().any() else None
    products = data.products.drop_duplicates("product_id").set_index("product_id")
    if "manager_id" in clients and clients["manager_id"].notna().any():
        # By today's manager on both sides: a handover must not look like a fall of one and a rise of another.
        orders["manager_id"] = orders["client_id"].map(clients["manager_id"])
    group = orders["product_id"].map(products["product_group"]) if len(products) else orders["product_id"]
    orders["product"] = group.fillna(orders["product_id"])
    wanted = ["manager_id", "product", "industry", "region", "unit_id", "channel"]
    dimensions = [name for name in wanted if orders[name].nunique() > 1] or wanted[:1]
    return orders[~orders["later"]], orders[orders["later"]], dimensions


@exhibit("breaks", "where", needs=("transactions",))
def where(data: Data, result: Result, *, language: str) -> Exhibit:
    """Which slices of the business carry the change of a year."""
    facts, money = result.overview.iloc[0], data.params.currency
    if not facts["before"]:
        return Exhibit(name="where", title=words.say("breaks.where_none", language), language=language)
    if facts["cells"] < 2:
        return Exhibit(name="where", title=words.say("breaks.where_name", language), language=language, missing=True,
                       note=words.say("breaks.where_unknown", language))  # fmt: skip
    dimensions = [name for name in result.frame.columns if words.known(f"breaks.dimension_{name}", language)]
    change = words.money(abs(float(facts["change"])), money, language)
    way = "down" if facts["change"] < 0 else "up"
    unit = scale_of(result.frame["amount_before"], result.frame["amount_after"])
    in_words = words.unit_words(unit, money, language)
    subtitle = words.say(
        "breaks.where_sub", language, unit=in_words,
        n=words.number(int(facts["cells"]), language),
        dimensions=", ".join(words.say(f"breaks.dimension_{name}", language) for name in dimensions),
    )  # fmt: skip
    note = words.say("breaks.where_note", language)
    if not len(result.frame):
        title = words.say(f"breaks.where_nothing_{way}", language, change=change)
        return Exhibit(name="where", title=title, language=language, subtitle=subtitle, note=note)
    table = _slices(data, result.table, dimensions, language)
    sides = {"amount_before": "before", "amount_after": "after", "part": "change"}
    whole = {key: float(facts[side]) for key, side in sides.items()}
    named = [str(table[name].iloc[0]) for name in dimensions]
    first = ", ".join(value for value in named if value != words.say("breaks.any", language))
    labels = {"amount_before": "col_before", "amount_after": "col_after", "part": "col_change"}
    return Exhibit(
        name="where",
        title=words.say(
            f"breaks.where_some_{way}", language, change=change, n=words.count(len(table), "breaks.slices", language),
            first=first, value=words.money(float(table["part"].iloc[0]), money, language, sign=True),
        ),
        language=language,
        subtitle=subtitle,
        table=Table(
            frame=table,
            columns=[
                *(
                    Column(key=name, label=words.say(f"breaks.dimension_{name}", language).capitalize())
                    for name in dimensions
                ),
                *(
                    Column(key=key, label=words.say(f"breaks.{label}", language, unit=in_words), kind="money",
                           unit=unit, sign=key == "part", bar=key == "part")
                    for key, label in labels.items()
                ),
            ],
            totals=[{dimensions[0]: words.say("common.sum_all", language), **whole}],
        ),
        note=note,
    )  # fmt: skip


def _slices(data: Data, table: pd.DataFrame, dimensions: list[str], language: str) -> pd.DataFrame:
    people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"].dropna()
    units = data.units.drop_duplicates("unit_id").set_index("unit_id")["unit_name"].dropna()
    shown = {"manager_id": people.map(lambda name: short_name(str(name))), "unit_id": units}
    for name in dimensions:
        labels = [label_of(shown[name], value) if name in shown else str(value) for value in table[name]]
        table[name] = [
            words.say("breaks.any", language) if pd.isna(value) else label for value, label in zip(table[name], labels)
        ]
    return table


@exhibit("breaks", "questions", needs=("transactions",))
def questions(
    data: Data, breaks: BreaksResult, result: ReasonsResult, *, language: str, table: str = "general"
) -> Exhibit:
    """Three questions per recent fall that tell its remaining reasons apart.

    ``table`` names params/questions/<table>.yaml or the shipped one.
    """
    rows = recent_falls(data, breaks)
    if not len(rows):
        title = words.say("breaks.questions_none", language)
        return unseen("questions", breaks, language) or Exhibit(name="questions", title=title, language=language)
    asked = meeting_questions(result, language, table=table)
    clients = words.count(len(rows), "client", language)
    asked = asked.assign(break_month=month_start(asked["break_month"]))
    listed_rows = rows[[*_KEYS, "name"]].assign(place=range(len(rows))).merge(asked, on=_KEYS)
    listed_rows = listed_rows.sort_values(["place", "order"], kind="stable").reset_index(drop=True)
    key, values = ("questions_title", {"n": clients}) if len(rows) > 1 else ("questions_one", {})
    return Exhibit(
        name="questions",
        title=words.say(f"breaks.{key}", language, client=rows["name"].iloc[0], **values),
        language=language,
        subtitle=words.say("breaks.questions_sub", language, n=words.number(len(rows), language)),
        table=Table(
            frame=listed_rows,
            columns=[
                Column(key="name", label=words.say("breaks.col_client", language)),
                Column(key="order", label=words.say("breaks.col_order", language), kind="number"),
                Column(key="question", label=words.say("breaks.col_question", language)),
            ],
            totals=[{"name": words.say("common.sum_all", language), "question": clients}],
        ),
    )
