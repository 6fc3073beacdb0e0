"""Report 01: the first screen of the monthly brief. Money stands in `brief_money`, voices in `brief_voice`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..causes.labelling import read_corrections
from ..months import to_periods
from ..results import Result
from .base import Front, Tile, glossary
from .brief_loyalty import moved
from .brief_money import change_part, plan_part, recent_breaks, too_early
from .brief_voice import Voice, top_cause
from .volume import Volume, falls, label_of, names, volume

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["cause_options", "evidence", "front", "glossary"]

_STILL = 3  # months within which a client that buys has bought


def evidence(data: Data) -> dict[str, Any]:
    """The tables in which `la.explain_breaks` looks for reasons."""
    wanted = (
        "events", "complaints", "deliveries", "offers", "manager_assignments", "products", "clients",
        "managers", "feedback", "contacts", "meetings", "client_budgets",
    )  # fmt: skip
    return {"transactions": data.orders, **{name: getattr(data, name) for name in wanted}}


def cause_options(data: Data) -> dict[str, Any]:
    """How this client's texts are tagged: its codebook, its analysts' corrections, its params."""
    corrections = read_corrections(data.client)
    learned = {"corrections": corrections} if len(corrections) else {}
    return {"codebook": data.params.codebook, **learned, **data.params.causes}


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
    cause = ""  # a client whose comments are not recorded has no comments to miss
    if "feedback" not in data.missing:
        cause = _cause_sentence(top_cause(data, counts, language), language)
    if "transactions" in data.missing:
        return _survey_front(data, language, voice, cause, loop)
    facts, known = volume(data), names(data)
    sentences = [
        _volume_sentence(facts, data, language),
        _falls_sentence(bridge, breaks, language),
        cause,
        _proposal(data, breaks, late, loop, known, language),
    ]
    tiles = [
        *_volume_tiles(facts, data, language),
        *_broken_tile(breaks, data, language),
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
        plan=plan_part(facts, language), change=change_part(facts, language), year=year,
    )  # fmt: skip


def _falls_sentence(bridge: Result, breaks: Result, language: str) -> str:
    """Who makes the falls; nothing where the month has no counterpart last year, which the bridge says."""
    if not bridge.overview.set_index("part")["amount"].get("before", 0):
        return ""
    down = falls(bridge.frame, breaks.frame)
    if not down["clients"]:
        return words.say("brief.falls_none", language)
    alone = "one_" if len(down["clients"]) == 1 else ""
    if too_early(breaks):
        broken = ""
    elif not down["broken"]:
        broken = words.say(f"brief.falls_{alone}season", language)
    else:
        key = "falls_since_latest" if down["broken"] > 1 else f"falls_{alone}since"
        key = "falls_all_since" if len(down["clients"]) == down["broken"] > 1 else key
        since = words.month(down["since"], language, "genitive")
        broken = words.say(f"brief.{key}", language, n=words.number(down["broken"], language), month=since)
    clients = words.count(len(down["clients"]), "clients_of", language)
    share = words.percent(down["share"], language)
    return words.say("brief.falls", language, clients=clients, share=share, broken=broken)


def _cause_sentence(cause: dict[str, Any], language: str) -> str:
    if not cause["n"]:
        return words.say("brief.cause_none", language)
    if not cause["a"]:
        return words.say("brief.cause_calm", language, n=words.count(cause["n"], cause["noun"], language))
    of = words.count(cause["n"], f"{cause['noun']}s_of", language)
    return words.say("brief.cause", language, cause=cause["title"], a=words.number(cause["a"], language), n=of)


def _proposal(
    data: Data, breaks: Result, late: Result, loop: Result | None, known: pd.Series, language: str
) -> str:
    """One action: meet the largest losses, else keep promises, else call the late.

    Of the losses those first that still buy: the plan of visits holds no client who left.
    """
    lost = recent_breaks(breaks)
    recent = data.panel[to_periods(data.panel["month"]) > data.as_of.last_whole - _STILL]
    buys = lost["client_id"].isin(recent.loc[recent["revenue"] > 0, "client_id"])
    lost = (lost[buys] if buys.any() else lost).head(3)
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


def _volume_tiles(facts: Volume, data: Data, language: str) -> list[Tile]:
    change, mood = "", ""
    if not np.isnan(facts.change) and facts.revenue > 0:
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


def _broken_tile(breaks: Result, data: Data, language: str) -> list[Tile]:
    if too_early(breaks):
        return []
    lost = recent_breaks(breaks)
    change = ""
    if len(lost):
        money = words.money(float(lost["lost"].sum()), data.params.currency, language)
        change = words.say("brief.tile_broken_lost", language, lost=money)
    label = words.say("brief.tile_broken", language, noun=words.plural(len(lost), "client", language))
    return [Tile(value=words.number(len(lost), language), label=label, change=change)]


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
    label = words.plural(len(hushed), "brief.silent_clients", language)
    return [Tile(value=words.number(len(hushed), language), label=label, change=share)]


def _overdue_tile(loop: Result | None, language: str) -> list[Tile]:
    if loop is None or not len(loop.frame) or not loop.frame["n"].max():
        return []
    overdue = len(getattr(loop, "overdue", ()))
    still = int(loop.notes[0].values["open"])
    change = words.say("brief.tile_overdue_open", language, n=words.number(still, language))
    label = words.say("brief.tile_overdue", language, noun=words.plural(overdue, "promise", language))
    return [Tile(value=words.number(overdue, language), label=label, change=change)]
