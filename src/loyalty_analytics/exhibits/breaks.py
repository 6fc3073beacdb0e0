"""Report 03: trend breaks. The first screen and since when; why and what to ask stand in `breaks_why`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..months import month_start, to_periods
from ..plots import breaks as plots
from ..plots import reasons as why_plots
from .base import Exhibit, Front, Tile, drawn, exhibit
from .brief_money import judged_table
from .table import Column, Table
from .volume import figure_names, names
from .wording import expected, scale_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..breaks.find import BreaksResult
    from ..breaks.reasons import ReasonsResult
    from ..load import Data

__all__ = ["best_reason", "front", "listed", "listed_reasons", "multiples", "own", "recent_falls", "scan",
           "unseen", "verdict"]  # fmt: skip

_RECENT, _SHOWN = 12, 9  # months in which a break is news; small multiples
_MONTHS = {"month": "break_month", "low": "low", "high": "high"}


def own(breaks: BreaksResult, reasons: ReasonsResult) -> BreaksResult:
    """The same breaks, those of the market that have a reason of their own no longer called the market's.

    Five clients of one manager who break together look like a market; the handover tells them apart.
    """
    keys = ["client_id", "break_month"]
    told = reasons.frame[reasons.frame["part"].isna() & (reasons.frame["grade"] != "none")]
    told = told[told["reason"] != "macro"].assign(
        break_month=month_start(told.loc[told["reason"] != "macro", "break_month"])
    )
    found = pd.MultiIndex.from_frame(breaks.frame[keys].assign(break_month=month_start(breaks.frame["break_month"])))
    mine = found.isin(pd.MultiIndex.from_frame(told[keys]))
    return replace(breaks, frame=breaks.frame.assign(market=breaks.frame["market"].to_numpy(bool) & ~mine))


def listed(data: Data, breaks: BreaksResult) -> pd.DataFrame:
    """Breaks of clients' own, with their names: those of the last twelve months first, the dearest first."""
    rows = breaks.table
    rows = rows[~rows["market"].astype(bool)]
    known = names(data)
    recent = to_periods(rows["break_month"]) > data.as_of.last_whole - _RECENT
    name = rows["client_id"].map(known)
    rows = rows.assign(name=name.where(name.notna(), rows["client_id"].astype("str")).astype("str"), recent=recent)
    rows = rows.assign(order=-rows["lost"].abs())
    rows = rows.sort_values(["recent", "order"], ascending=[False, True], kind="stable")
    return rows.drop(columns="order").reset_index(drop=True)


def recent_falls(data: Data, breaks: BreaksResult) -> pd.DataFrame:
    """Breaks down of the last twelve months, the dearest first, one per client."""
    rows = listed(data, breaks)
    return rows[rows["recent"] & (rows["direction"] < 0)].drop_duplicates("client_id").reset_index(drop=True)


def best_reason(rows: pd.DataFrame, reasons: ReasonsResult) -> pd.DataFrame:
    """The rows of breaks with the likeliest reason of each: reason, grade, evidence, days_before, date."""
    keys = ["client_id", "break_month"]
    table = reasons.table.assign(break_month=month_start(reasons.frame["break_month"]))
    found = table[table["part"].isna() & (table["grade"] != "none")].drop_duplicates(keys)
    kept = [*keys, "reason", "grade", "evidence", "days_before", "date"]
    joined = rows.assign(break_month=month_start(rows["break_month"])).merge(found[kept], on=keys, how="left")
    return joined.assign(grade=joined["grade"].fillna("none"))


def verdict(grade: str, reason: Any, language: str) -> str:
    """«вероятная причина: смена менеджера»: no causal word beyond the grade."""
    named = words.say(f"breaks.kind_{reason}", language) if grade != "none" else ""
    return words.say(f"breaks.verdict_{grade}", language, reason=named)


def listed_reasons(rows: pd.DataFrame, language: str) -> list[str]:
    """«ООО «Альфа» с июля 2026: вероятная причина: смена менеджера», a text per row of `best_reason`."""
    case = "genitive" if language == "ru" else "nominative"
    return [
        words.say(
            "breaks.reason_listed", language, client=row["name"], month=words.month(row["break_month"], language, case),
            verdict=verdict(row["grade"], row["reason"], language),
        )
        for _, row in rows.iterrows()
    ]  # fmt: skip


def front(data: Data, language: str, *, breaks: BreaksResult, reasons: ReasonsResult) -> Front:
    """The first screen: the dearest fall with its verdict, how many falls have a reason, whom to call."""
    rows = best_reason(recent_falls(data, breaks), reasons)
    judged, clients = _judged(breaks)
    title = words.say("breaks.title", language)
    if not len(rows):
        return Front.of(data, title, language, _quiet(data, judged, clients, language))
    sentences = [_worst(data, rows.iloc[0], language), *_counts(rows, language)]
    called = ", ".join(rows["name"].head(3))
    sentences.append(words.say("breaks.call", language, names=called))
    return Front.of(data, title, language, " ".join(sentences), _tiles(data, rows, breaks, language))


def _quiet(data: Data, judged: int, clients: int, language: str) -> str:
    """No recent fall: because there is none, or because hardly anybody can be judged."""
    if "transactions" in data.missing:
        table = words.quoted(words.say("tables.transactions", language), language)
        return words.say("common.needs_table", language, tables=table)
    everyone = words.count(clients, "clients_of", language)
    if judged < clients / 2:
        return words.say("breaks.short", language, judged=words.number(judged, language), clients=everyone)
    return words.say("breaks.quiet", language, judged=words.count(judged, "clients_of", language))


def _judged(breaks: BreaksResult) -> tuple[int, int]:
    count = breaks.overview.set_index("measure")["value"]
    return int(count["judged"]), int(count["clients"])


def _worst(data: Data, row: pd.Series, language: str) -> str:
    case, money = "genitive" if language == "ru" else "nominative", data.params.currency
    months = {name: words.month(row[key], language, case) for name, key in _MONTHS.items()}
    one = _monthly(data, row.to_frame().T).iloc[0]
    per_month = [float(one[side]) for side in ("before", "after")]
    unit = "k" if max(per_month) >= 10_000 else ""
    before, after = (words.money(value, money, language, unit) for value in per_month)
    if language == "ru":  # «1 539 → 724 тыс. ₽»: the unit once, at the end
        before = words.number(per_month[0] / (1e3 if unit else 1), language)
    values = {
        **months,
        "client": row["name"],
        "before": before,
        "after": after,
        "lost": words.money(float(row["lost"]), money, language),
        "verdict": verdict(row["grade"], row["reason"], language),
    }
    key = "worst" if months["low"] == months["high"] else "worst_within"
    return words.say(f"breaks.{key}", language, **values)


def _counts(rows: pd.DataFrame, language: str) -> list[str]:
    grades = rows["grade"].value_counts()
    if set(grades.index) == {"none"}:
        return [words.say("breaks.counts_none", language, clients=words.count(len(rows), "clients_of", language))]
    of = ", ".join(
        words.say(f"breaks.count_{grade}", language, n=words.number(int(grades[grade]), language))
        for grade in ("strong", "possible", "none") if grade in grades
    )  # fmt: skip
    said = [words.say("breaks.counts", language, clients=words.count(len(rows), "clients_of", language), list=of)]
    reason, count = _commonest(rows)
    if count > 1:
        named = words.say(f"breaks.kind_{reason}", language)
        said.append(words.say("breaks.often", language, reason=named, n=words.count(count, "client", language)))
    return said


def _commonest(rows: pd.DataFrame) -> tuple[str, int]:
    """The reason that is probable for most; ties by its name."""
    counts = rows.loc[rows["grade"] == "strong", "reason"].value_counts().sort_index(kind="stable")
    return ("", 0) if not len(counts) else (str(counts.idxmax()), int(counts.max()))


def _tiles(data: Data, rows: pd.DataFrame, breaks: BreaksResult, language: str) -> list[Tile]:
    grades = rows["grade"].value_counts()
    tiles = [
        Tile(
            value=words.number(len(rows), language),
            label=words.say("breaks.tile_falls", language, noun=words.plural(len(rows), "client", language)),
        ),
        Tile(
            value=words.money(float(rows["lost"].sum()), data.params.currency, language),
            label=words.say("breaks.tile_lost", language),
        ),
    ]
    for grade in ("strong", "possible", "none"):
        tiles.append(
            Tile(
                value=words.number(int(grades.get(grade, 0)), language),
                label=words.say(f"breaks.tile_{grade}", language),
            )
        )
    false = expected(breaks.expected_false, language)
    n = words.count(len(breaks), "breaks.breaks_of", language)
    return [*tiles, Tile(value=false, label=words.say("breaks.tile_false", language, n=n))]


def _nothing(name: str, breaks: BreaksResult, language: str) -> Exhibit:
    """No breaks at all: found none, or could not look."""
    judged, clients = _judged(breaks)
    if judged < clients / 2:
        values = {"clients": words.count(clients, "clients_of", language), "judged": words.number(judged, language)}
        title = words.say("breaks.scan_short", language, **values)
    else:
        title = words.say("breaks.scan_none", language, judged=words.count(judged, "clients_of", language))
    return Exhibit(name=name, title=title, language=language, table=judged_table(breaks.overview, language))


def unseen(name: str, breaks: BreaksResult, language: str) -> Exhibit | None:
    """The place of an exhibit where hardly anybody can be judged: no break found says nothing there."""
    judged, clients = _judged(breaks)
    if len(breaks) or judged >= clients / 2:
        return None
    values = {"clients": words.count(clients, "clients_of", language), "judged": words.number(judged, language)}
    note = words.say("breaks.scan_short", language, **values) + "."
    title = words.say(f"breaks.{name}_name", language)
    return Exhibit(name=name, title=title, language=language, note=note, missing=True)


@exhibit("breaks", "scan", needs=("transactions",))
def scan(data: Data, breaks: BreaksResult, *, language: str) -> Exhibit:
    """Money lost against certainty, and how many false alarms to expect."""
    rows = listed(data, breaks)
    if not len(rows):
        return _nothing("scan", breaks, language)
    money, (judged, everyone) = data.params.currency, _judged(breaks)
    worst, down = rows.iloc[int(rows["lost"].argmax())], int((rows["direction"] < 0).sum())
    if down:
        key = "scan_one" if len(rows) == 1 else "scan_down" if down == len(rows) else "scan_title"
        title = words.say(
            f"breaks.{key}", language, client=worst["name"], lost=words.money(worst["lost"], money, language),
            n=words.count(len(rows), "break", language), down=words.number(down, language),
        )  # fmt: skip
    else:
        best = rows.iloc[int(rows["lost"].argmin())]
        title = words.say(
            "breaks.scan_up", language, client=best["name"], gained=words.money(-best["lost"], money, language),
            n=words.count(len(rows), "break", language),
        )  # fmt: skip
    unit = words.unit_of(float(rows["lost"].abs().max()))
    scale = {"": 1, "k": 1e3, "m": 1e6, "bn": 1e9}[unit]
    in_words = words.unit_words(unit, money, language)
    drawn_rows = rows.assign(lost=rows["lost"] / scale)
    top = rows.iloc[np.argsort(-rows["lost"].abs().to_numpy(), kind="stable")[:3]]
    sums = [words.money(float(value), money, language) for value in top["lost"]]
    lost = "; ".join(f"{name} {value}" for name, value in zip(top["name"], sums))
    n = words.count(len(rows), "breaks.breaks_of", language)
    return Exhibit(
        name="scan",
        title=title,
        language=language,
        subtitle=words.say("breaks.scan_sub", language, unit=in_words, n=words.number(len(rows), language)),
        draw=drawn(_scan_plot, drawn_rows, language=language, names=figure_names(data).to_dict(), height=420,
                   narrow_height=360),
        alt=words.say("breaks.scan_alt", language, list=lost),
        table=Table(
            frame=rows.sort_values("lost", ascending=False, kind="stable"), columns=_columns(unit, in_words, language),
            totals=[
                {"name": words.say(f"breaks.sum_{key}", language),
                 "break_month": words.count(len(part), "break", language), "lost": float(part["lost"].sum())}
                for key, part in (("down", rows[rows["direction"] < 0]), ("up", rows[rows["direction"] > 0]))
            ] + [
                {"name": words.say(f"breaks.sum_{key}", language), "break_month": value}
                for key, value in (
                    ("false", expected(breaks.expected_false, language)),
                    ("judged", words.number(judged, language)), ("clients", words.number(everyone, language)),
                )
            ],
        ),
        note=words.say("breaks.scan_note", language, n=n, false=expected(breaks.expected_false, language)),
    )  # fmt: skip


def _scan_plot(rows: pd.DataFrame, ax: Any, narrow: bool, **options: Any) -> Any:
    return why_plots.spread_labels(plots.breaks_scan(rows, ax, named=4 if narrow else 8, narrow=narrow, **options))


def _columns(unit: str, in_words: str, language: str) -> list[Column]:
    return [
        Column(key="name", label=words.say("breaks.col_client", language)),
        Column(key="break_month", label=words.say("breaks.col_month", language), kind="month", low="low", high="high"),
        Column(key="effect", label=words.say("breaks.col_effect", language), kind="percent", sign=True,
               low="effect_low", high="effect_high"),
        Column(key="lost", label=words.say("breaks.col_lost", language, unit=in_words), kind="money", unit=unit,
               digits=2 if unit in ("m", "bn") else 0, bar=True),
        Column(key="q_value", label=words.say("breaks.col_q", language), kind="number", digits=4),
    ]  # fmt: skip


@exhibit("breaks", "multiples", needs=("transactions",))
def multiples(data: Data, breaks: BreaksResult, *, language: str) -> Exhibit:
    """Monthly volume of the dearest recent falls with level, break and interval, and what they cost."""
    rows = recent_falls(data, breaks)
    if not len(rows):
        title = words.say("breaks.multiples_none", language)
        return unseen("multiples", breaks, language) or Exhibit(name="multiples", title=title, language=language)
    latest = rows.loc[to_periods(rows["break_month"]).argmax()]
    top = rows.head(_SHOWN)
    shown = "; ".join(f"{row['name']} {words.month(row['break_month'], language)}" for _, row in top.iterrows())
    return Exhibit(
        name="multiples",
        title=words.say(
            "breaks.multiples_one" if len(rows) == 1 else "breaks.multiples_title", language,
            n=words.count(len(rows), "clients_of", language), client=latest["name"],
            month=words.month(latest["break_month"], language, "genitive" if language == "ru" else "nominative"),
        ),
        language=language,
        subtitle=words.say(
            "breaks.multiples_sub", language, n=words.number(len(top), language)),
        draw=_multiples(breaks, top, figure_names(data).to_dict(), language),
        alt=words.say("breaks.multiples_alt", language, list=shown),
        table=_before_after(data, rows, language),
        note=words.say("breaks.multiples_note", language),
    )  # fmt: skip


def _monthly(data: Data, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of breaks, one per client, with the volume a month since then and what it would have been without.

    Both are of the same months, so that the season is in both and their difference adds up to what was lost.
    """
    start = pd.Series(np.asarray(to_periods(rows["break_month"])), index=rows["client_id"].to_numpy())
    months, last = to_periods(data.panel["month"]), data.as_of.last_whole
    since = data.panel["client_id"].map(start)
    inside = since.notna().to_numpy() & np.asarray(months <= last)
    inside[inside] = np.asarray(months)[inside] >= since[inside].to_numpy()
    sums = data.panel[inside].groupby("client_id")["revenue"].sum()
    bought = rows["client_id"].map(sums).fillna(0.0).astype(float)
    length = np.array([(last - month).n + 1 for month in start], dtype=float)
    return rows.assign(before=(bought + rows["lost"].astype(float)) / length, after=bought / length)


def _before_after(data: Data, rows: pd.DataFrame, language: str) -> Table:
    """Volume a month since the break, what it would have been, and what the fall has cost."""
    table = _monthly(data, rows.assign(break_month=month_start(rows["break_month"])))
    unit = scale_of(table["before"], table["after"])
    in_words = words.unit_words(unit, data.params.currency, language)
    money = [
        Column(key=key, label=words.say(f"breaks.{label}", language, unit=in_words), kind="money", unit=unit, bar=bar)
        for key, label, bar in (("before", "col_monthly_before", False), ("after", "col_monthly_after", False),
                                ("lost", "col_lost", True))
    ]  # fmt: skip
    columns = [*_columns(unit, in_words, language)[:2], *money]
    total = {"name": words.say("common.sum_all", language), "lost": float(table["lost"].sum())}
    return Table(frame=table, columns=columns, totals=[total])


def _multiples(breaks: BreaksResult, top: pd.DataFrame, known: dict[Any, str], language: str) -> Any:
    levels = breaks.levels(top["client_id"].tolist())

    def draw(narrow: bool) -> Figure:
        axes = plots.breaks_small_multiples(
            levels, top, language=language, names=known, most=6 if narrow else _SHOWN, narrow=narrow
        )
        return axes.figure

    return draw
