"""Report 01: the monthly brief. The first screen, then money; voices and visits stand in `brief_voice`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..months import to_periods
from ..plots import breaks as break_plots
from ..plots import brief as plots
from ..results import Result
from .base import Exhibit, Front, Tile, drawn, exhibit, glossary
from .brief_loyalty import moved
from .brief_voice import Voice, top_cause
from .table import Column, Table
from .volume import Volume, falls, label_of, names, volume

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..load import Data

__all__ = ["bridge", "debt", "evidence", "front", "glossary", "late", "volume_chart", "worst_breaks"]

_SHOWN = 10
_RECENT = 12  # months: older breaks are no news; report 03 lists them all


def evidence(data: Data) -> dict[str, pd.DataFrame]:
    """The tables in which `la.explain_breaks` looks for reasons."""
    wanted = (
        "transactions", "events", "complaints", "deliveries", "offers", "manager_assignments", "products", "clients",
        "managers", "feedback", "contacts", "meetings", "client_budgets",
    )  # fmt: skip
    return {name: getattr(data, name) for name in wanted}


def front(
    data: Data,
    language: str,
    *,
    bridge: Result,
    breaks: Result,
    late: Result,
    voice: Voice,
    counts: pd.DataFrame,
    loop: Result,
) -> Front:
    """The first screen: volume, who makes the falls, the cause, what to do; without money the survey.

    Parameters
    ----------
    bridge, breaks, late : results of `segments.bridge`, `la.find_breaks`, `segments.late`
    voice : result of `brief_voice.survey`
    counts : result of `brief_voice.cause_counts`
    loop : result of `la.closed_loop`
    """
    cause = _cause_sentence(top_cause(data, counts, language), language)
    if "transactions" in data.missing:
        return _survey_front(data, language, voice, cause, loop)
    facts, known = volume(data), names(data)
    sentences = [
        _volume_sentence(facts, data, language),
        _falls_sentence(falls(bridge.frame, breaks.frame), language),
        cause,
        _proposal(breaks, late, loop, known, language),
    ]
    tiles = [
        *_volume_tiles(facts, data, language),
        _broken_tile(breaks, data, language),
        *_loyalty_tile(voice, language),
        *_silent_tile(data, voice, language),
        *_overdue_tile(loop, language),
    ]
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, words.say("brief.title", language), language, summary, tiles)


def _survey_front(data: Data, language: str, voice: Voice, cause: str, loop: Result) -> Front:
    """A client without money: response, score, cause, cases."""
    sentences, tiles = [], []
    if voice.response is not None and len(voice.response.frame) and voice.response.frame["asked"].iloc[0]:
        row = voice.response.frame.iloc[0]
        rate = words.percent(row["rate"], language)
        counts = {name: words.number(row[key], language) for name, key in (("n", "answered"), ("asked", "asked"))}
        sentences.append(words.say("brief.answers", language, rate=rate, **counts))
        tiles.append(
            Tile(value=rate, label=words.say("brief.tile_rate", language), change=f"{counts['n']} / {counts['asked']}")
        )
    else:
        sentences.append(words.say("brief.answers_none", language))
    if voice.nps is not None and pd.notna(voice.nps.frame["nps"].iloc[0]):
        row = voice.nps.frame.iloc[0]
        values = {
            "value": words.number(row["nps"], language),
            "interval": words.interval(row["low"], row["high"], language),
        }
        change = moved(voice, language)
        sentences.append(words.say("brief.nps_is", language, **values, change=f"; {change}" if change else ""))
    sentences.append(cause)
    overdue = len(getattr(loop, "overdue", ()))
    if overdue:
        sentences.append(words.say("brief.propose_overdue", language, n=words.number(overdue, language)))
    tiles = [*_loyalty_tile(voice, language), *tiles, *_overdue_tile(loop, language)]
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, words.say("brief.title_survey", language), language, summary, tiles)


def _volume_sentence(facts: Volume, data: Data, language: str) -> str:
    month = words.month(facts.month, language)
    if not facts.revenue:
        return words.say("brief.volume_none", language, month=month)
    year = ""
    if not np.isnan(facts.of_year_plan) and facts.month.month > 1:
        year = words.say("brief.volume_year", language, share=words.percent(facts.of_year_plan, language))
    return words.say(
        "brief.volume", language, month=month, value=words.money(facts.revenue, data.params.currency, language),
        plan=_plan_part(facts, language), change=_change_part(facts, language), year=year,
    )  # fmt: skip


def _plan_part(facts: Volume, language: str) -> str:
    if np.isnan(facts.of_plan):
        return ""
    return words.say("brief.volume_plan", language, share=words.percent(facts.of_plan, language))


def _change_part(facts: Volume, language: str) -> str:
    if np.isnan(facts.change):
        return ""
    shown = words.percent(abs(facts.change), language)
    key = "same" if shown == words.percent(0, language) else "up" if facts.change > 0 else "down"
    before = words.month(facts.month - 12, language, "prepositional")
    return words.say(f"brief.volume_{key}", language, change=shown, month=before)


def _falls_sentence(down: dict[str, Any], language: str) -> str:
    if not down["clients"]:
        return words.say("brief.falls_none", language)
    if not down["broken"]:
        broken = words.say("brief.falls_season", language)
    else:
        key = "falls_since" if down["broken"] == 1 else "falls_since_latest"
        since = words.month(down["since"], language, "genitive")
        broken = words.say(f"brief.{key}", language, n=words.number(down["broken"], language), month=since)
    clients = words.count(len(down["clients"]), "clients_of", language)
    share = words.percent(down["share"], language)
    return words.say("brief.falls", language, clients=clients, share=share, broken=broken)


def _cause_sentence(cause: dict[str, Any], language: str) -> str:
    if not cause["n"]:
        return words.say("brief.cause_none", language)
    if not cause["a"]:
        return words.say("brief.cause_few", language, n=words.count(cause["n"], cause["noun"], language))
    of = words.count(cause["n"], f"{cause['noun']}s_of", language)
    return words.say("brief.cause", language, cause=cause["title"], a=words.number(cause["a"], language), n=of)


def _proposal(breaks: Result, late: Result, loop: Result | None, known: pd.Series, language: str) -> str:
    """One action: meet the largest losses, else keep promises, else call the late."""
    lost = _down(breaks).head(3)
    if len(lost):
        named = ", ".join(label_of(known, client) for client in lost["client_id"])
        return words.say("brief.propose_meet", language, names=named)
    overdue = getattr(loop, "overdue", pd.DataFrame())
    if len(overdue):
        return words.say("brief.propose_overdue", language, n=words.number(len(overdue), language))
    if len(late.frame):
        named = ", ".join(label_of(known, client) for client in late.frame["client_id"].head(3))
        return words.say("brief.propose_late", language, names=named)
    return words.say("brief.propose_nothing", language)


def _down(breaks: Result) -> pd.DataFrame:
    """Breaks down of the last twelve months that cost money, the largest loss first."""
    table = breaks.frame
    rows = table[(table["direction"] < 0) & (table["lost"] > 0) & ~table["market"].astype(bool)]
    if breaks.as_of is not None and len(rows):
        rows = rows[to_periods(rows["break_month"]) > breaks.as_of.last_whole - _RECENT]
    return rows.sort_values("lost", ascending=False, kind="stable").drop_duplicates("client_id")


def _volume_tiles(facts: Volume, data: Data, language: str) -> list[Tile]:
    change, mood = "", ""
    if not np.isnan(facts.change):
        month = words.month(facts.month - 12, language, "dative")
        change = words.percent(facts.change, language, sign=True)
        change = words.say("brief.tile_volume_change", language, change=change, month=month)
        mood = "worse" if facts.change <= -0.005 else "better" if facts.change >= 0.005 else ""
    value = words.money(facts.revenue, data.params.currency, language)
    tiles = [Tile(value=value, label=words.say("brief.tile_volume", language), change=change, mood=mood)]
    if not np.isnan(facts.of_plan):
        year = ""
        if not np.isnan(facts.of_year_plan):
            year = words.say("brief.tile_plan_year", language, share=words.percent(facts.of_year_plan, language))
        share = words.percent(facts.of_plan, language)
        tiles.append(Tile(value=share, label=words.say("brief.tile_plan", language), change=year))
    return tiles


def _broken_tile(breaks: Result, data: Data, language: str) -> Tile:
    lost = _down(breaks)
    change = ""
    if len(lost):
        money = words.money(float(lost["lost"].sum()), data.params.currency, language)
        change = words.say("brief.tile_broken_lost", language, lost=money)
    label = words.say("brief.tile_broken", language, noun=words.plural(len(lost), "client", language))
    return Tile(value=words.number(len(lost), language), label=label, change=change)


def _loyalty_tile(voice: Voice, language: str) -> list[Tile]:
    if voice.nps is None or not len(voice.nps.frame) or pd.isna(voice.nps.frame["nps"].iloc[0]):
        return []
    row = voice.nps.frame.iloc[0]
    value = f"{words.number(row['nps'], language)} {words.interval(row['low'], row['high'], language)}"
    n = words.count(int(row["n"]), "answer", language)
    if pd.notna(row["population"]):
        n = words.say("brief.tile_nps_n", language, n=n, base=words.number(row["population"], language))
    return [Tile(value=value, label=words.say("brief.tile_nps", language), change=n)]


def _silent_tile(data: Data, voice: Voice, language: str) -> list[Tile]:
    if voice.silent is None:
        return []
    hushed = voice.silent_clients
    share = ""
    if len(hushed) and "revenue" in hushed.columns:
        recent = data.panel[to_periods(data.panel["month"]) > data.as_of.last_whole - 12]
        year = float(recent["revenue"].sum())
        if year > 0:
            part = words.percent(float(hushed["revenue"].sum()) / year, language)
            share = words.say("brief.tile_silent_money", language, share=part)
    label = words.say("brief.tile_silent", language, noun=words.plural(len(hushed), "client", language))
    return [Tile(value=words.number(len(hushed), language), label=label, change=share)]


def _overdue_tile(loop: Result | None, language: str) -> list[Tile]:
    if loop is None or not len(loop.frame) or not loop.frame["n"].max():
        return []
    overdue = len(getattr(loop, "overdue", ()))
    still = int(loop.notes[0].values["open"])
    change = words.say("brief.tile_overdue_open", language, n=words.number(still, language))
    label = words.say("brief.tile_overdue", language, noun=words.plural(overdue, "promise", language))
    return [Tile(value=words.number(overdue, language), label=label, change=change)]


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
        value=words.money(facts.revenue, money, language), plan=_plan_part(facts, language),
        change=_change_part(facts, language),
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
def bridge(data: Data, result: Result, *, language: str) -> Exhibit:
    """What made the volume of a year ago into today's: new, growth, fall, lost."""
    parts = result.overview.set_index("part")
    amount, money = parts["amount"], data.params.currency
    name = words.say("brief.bridge_name", language)
    if not amount.get("before", 0):
        return Exhibit(name="bridge", title=words.say("brief.bridge_none", language), language=language, subtitle=name)
    plus, minus = amount["new"] + amount["growth"], -(amount["fall"] + amount["lost"])
    net = amount["after"] - amount["before"]
    key = "same" if not round(net) else "up" if net > 0 else "down"
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
    known, thousand = names(data), words.unit_words("k", money, language)
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
                    _money(key, label, "k", thousand, language)
                    for key, label in (("before", "brief.col_was"), ("after", "brief.col_now"))
                ),
                Column(
                    key="change", label=words.say("brief.col_diff", language, unit=thousand), kind="money", unit="k",
                    sign=True, bar=True,
                ),
            ],
            rows=8,
        ),
        note=words.say("brief.bridge_note", language),
    )  # fmt: skip


@exhibit("brief", "breaks", needs=("transactions",))
def worst_breaks(data: Data, result: Any, *, language: str) -> Exhibit:
    """The ten breaks that cost most, as small multiples."""
    known, money = names(data), data.params.currency
    rows = _down(result)
    count = result.overview.set_index("measure")["value"]
    judged, everyone = int(count["judged"]), int(count["clients"])
    of = words.count(judged, "clients_of", language)
    if not len(rows):
        short = judged < everyone / 2
        key = "brief.breaks_short" if short else "brief.breaks_none"
        values = {"judged": words.number(judged, language) if short else of}
        if short:
            values["clients"] = words.count(everyone, "clients_of", language)
        return Exhibit(name="breaks", title=words.say(key, language, **values), language=language)
    worst = rows.iloc[0]
    title = words.say(
        "brief.breaks_some", language, n=words.count(len(rows), "clients_of", language),
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
            "brief.breaks_sub", language, currency=words.symbol(money, language),
            n=words.count(len(top), "client", language),
        ),
        draw=_multiples(result, top, known, language),
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
        ),
        note=words.say("brief.breaks_note", language, false=words.number(float(count["expected_false"]), language, 1)),
    )  # fmt: skip


def _multiples(result: Any, top: pd.DataFrame, known: pd.Series, language: str) -> Any:
    levels = result.levels(top["client_id"].tolist()).copy()
    levels[["revenue", "level", "expected"]] /= 1000

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
        "brief.late_some", language, n=words.count(len(rows), "client", language),
        client=label_of(known, first["client_id"]), days=words.count(round(first["days_late"]), "day", language),
    )  # fmt: skip
    table = rows.assign(name=[label_of(known, client) for client in rows["client_id"]])
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
                _money("usual_order", "brief.col_usual", "k", words.unit_words("k", money, language), language),
            ],
        ),
        note=words.say("brief.late_note", language),
    )


@exhibit("brief", "debt", needs=("transactions",))
def debt(data: Data, result: Result, *, language: str) -> Exhibit:
    """Bills that are not paid when due, by client."""
    rows, known, money = result.frame[result.frame["overdue"] > 0], names(data), data.params.currency
    if not len(rows):
        return Exhibit(name="debt", title=words.say("brief.debt_none", language), language=language)
    worst = rows.iloc[0]
    title = words.say(
        "brief.debt_some", language, sum=words.money(float(rows["overdue"].sum()), money, language),
        n=words.count(len(rows), "clients_of", language), client=label_of(known, worst["client_id"]),
        own=words.money(worst["overdue"], money, language),
        days=words.count(int(worst["days_overdue"]), "day", language),
    )  # fmt: skip
    table = rows.assign(name=[label_of(known, client) for client in rows["client_id"]])
    thousand = words.unit_words("k", money, language)
    return Exhibit(
        name="debt",
        title=title,
        language=language,
        subtitle=words.say("brief.debt_sub", language, day=words.day(data.as_of.date, language), unit=thousand),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=words.say("brief.col_client", language)),
                _money("overdue", "brief.col_overdue", "k", thousand, language, bar=True),
                Column(key="days_overdue", label=words.say("brief.col_days", language), kind="number"),
                Column(key="bills", label=words.say("brief.col_bills", language), kind="number"),
                _money("debt", "brief.col_debt", "k", thousand, language),
            ],
        ),
    )
