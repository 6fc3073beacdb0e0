"""Report 04, first half: the score, its months and classes, cooperation and opinions, who moved, which group differs.

Silence stands in `loyalty_silent`, the journey, criteria and quality in `loyalty_journey`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..plots import loyalty as plots
from ..survey.change import Change, nps_change, nps_trend
from ..survey.means import question_means
from ..survey.nps import NPS, nps
from ..survey.response import Silent, silent, statuses
from .base import Exhibit, Front, Tile, drawn, exhibit, glossary
from .table import Column, Table
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["Loyalty", "classes", "front", "glossary", "measure", "movers", "trend"]

_ENOUGH = 8  # votes below which nothing is compared
_SHOWN = 8  # climbers and fallers in the figure


@dataclass(frozen=True, eq=False)
class Loyalty:
    """What the survey says as of the month; None where the client has nothing of the kind."""

    score: NPS | None
    change: Change | None
    year: Change | None  # against the same quarter of last year
    trend: Result | None
    silent: Silent | None
    statuses: pd.DataFrame  # one row per asked client of the last three months
    means: Result | None
    base: int | None  # clients of the base

    @property
    def row(self) -> pd.Series | None:
        """The figures of the NPS where there are enough votes for a number."""
        if self.score is None or pd.isna(self.score.frame["nps"].iloc[0]):
            return None
        return self.score.frame.iloc[0]

    @property
    def cooperation(self) -> pd.Series | None:
        """The first satisfaction question with a number: what stands in for a missing NPS."""
        if self.means is None:
            return None
        known = self.means.frame[(self.means.frame["metric"] == "csat") & self.means.frame["mean"].notna()]
        return known.iloc[0] if len(known) else None


def measure(data: Data) -> Loyalty:
    """All survey results of the report in one go."""
    tables = {
        "questions": data.questions, "clients": data.clients, "contacts": data.contacts,
        "transactions": data.orders,
    }  # fmt: skip
    options = {**tables, **data.params.nps}
    has = data.has("survey_answers", "questions")
    recommended = has and bool((data.questions["metric"] == "nps").any())
    asked = pd.DataFrame({"client_id": [], "status": []})
    if data.has("survey_invitations"):
        asked = statuses(data.survey_invitations, data.survey_answers, as_of=data.as_of)
    score = change = year = history = hushed = None
    if recommended:
        score = nps(data.survey_answers, as_of=data.as_of, **options)
        change = nps_change(data.survey_answers, as_of=data.as_of, **options)
        # A second look at the same months: the wider level keeps false alarms of both together at one in twenty.
        year = nps_change(data.survey_answers, as_of=data.as_of, gap=12, level=0.98, **options)
        history = nps_trend(data.survey_answers, as_of=data.as_of, **options)
        if data.has("survey_invitations"):
            hushed = silent(data.survey_answers, data.survey_invitations, as_of=data.as_of, **options)
    said = None
    if has:
        said = question_means(
            data.survey_answers, questions=data.questions, invitations=data.survey_invitations, clients=data.clients,
            as_of=data.as_of,
        )  # fmt: skip
        kinds = data.questions.drop_duplicates("question_id").set_index("question_id")
        for name in ("metric", "cause", "stage", "text_ru", "text_en"):
            said.frame[name] = said.frame["question_id"].map(kinds[name])
    base = None if score is None or pd.isna(score.frame["population"].iloc[0]) else int(
        score.frame["population"].iloc[0])  # fmt: skip
    return Loyalty(score, change, year, history, hushed, asked, said, base)


def say(key: str, language: str, **values: Any) -> str:
    """A sentence of this report."""
    return words.say(f"loyalty.{key}", language, **values)


def listing(rows: pd.DataFrame, key: str, language: str, digits: int = 0, percent: bool = False) -> str:
    """Labels with their numbers, for the words of a figure."""
    shown = [words.percent(v, language) if percent else words.number(v, language, digits) for v in rows[key]]
    return "; ".join(f"{label} {value}" for label, value in zip(rows["label"], shown))


def nothing(name: str, language: str, key: str = "few", *, missing: bool = False, **values: Any) -> Exhibit:
    """An exhibit that says why it has no picture; ``missing`` where the client's data cannot carry it."""
    title, reason = say(f"{name}_name", language), say(key, language, **values)
    if missing:
        return Exhibit(name=name, title=title, language=language, note=reason, missing=True)
    return Exhibit(name=name, title=reason, language=language, subtitle=title)


def capital(text: str) -> str:
    """A word of a figure as the head of a column."""
    return text[:1].upper() + text[1:]


def of_base(n: Any, base: Any, language: str) -> str:
    """«38 из 60», or «n = 38» where the base is not known."""
    if base is None or pd.isna(base):
        return say("n_is", language, n=words.number(n, language))
    return say("n_of", language, n=words.number(n, language), base=words.number(base, language))


def score_sentence(loyalty: Loyalty, language: str) -> str:
    """The score in a sentence, with variants for too few answers and for a client without the question."""
    row = loyalty.row
    if row is not None:
        return say(
            "score", language, nps=words.number(row["nps"], language),
            interval=words.interval(row["low"], row["high"], language),
            n=of_base(row["n"], row["population"], language),
        )  # fmt: skip
    stand_in = loyalty.cooperation
    if stand_in is not None:
        return say(
            "cooperation", language, x=words.number(stand_in["mean"], language, 1),
            top=words.number(stand_in["scale_max"], language),
            interval=words.interval(stand_in["low"], stand_in["high"], language, 1),
            n=of_base(stand_in["n"], stand_in["population"], language),
        )  # fmt: skip
    if loyalty.score is None and loyalty.means is None:
        return say("score_nobody", language)
    votes = 0 if loyalty.score is None else int(loyalty.score.frame["n"].iloc[0])
    return say("score_few", language, n=words.count(votes, "answer", language))


def change_sentence(change: Change | None, language: str) -> str:
    """Whether the score moved: only beyond the noise is a change called so."""
    if change is None:
        return ""
    row = change.frame.iloc[0]
    if min(row["n_before"], row["n_now"]) < _ENOUGH or pd.isna(row["change"]):
        return say("change_few", language)
    if not row["changed"]:
        return say("change_none", language, noise=words.number(row["noise"], language))
    return say(
        "change_up" if row["change"] > 0 else "change_down", language,
        # Of the rounded scores, so that the sentence adds up.
        change=words.number(abs(round(row["now"]) - round(row["before"])), language),
        before=words.number(row["before"], language),
        now=words.number(row["now"], language), interval=words.interval(row["low"], row["high"], language),
    )  # fmt: skip


def front(data: Data, language: str, loyalty: Loyalty) -> Front:
    """The first screen: score, change, what the silent could make of it."""
    moved = change_sentence(loyalty.change, language)
    sentences = [score_sentence(loyalty, language), f"{moved}." if moved else ""]
    hushed = loyalty.silent
    if hushed is not None and loyalty.row is not None and hushed.frame["silent"].iloc[0]:
        ways = hushed.frame.set_index("way")["nps"]
        sentences.insert(1, say("with_silent", language, low=words.number(ways["detractors"], language),
                                high=words.number(ways["promoters"], language)))  # fmt: skip
    if hushed is not None and len(hushed.clients) and "revenue" in hushed.clients:
        first = hushed.clients.iloc[0]
        if first["revenue"] > 0:
            sentences.append(say("call_first", language, client=label_of(names(data), first["client_id"])))
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, say("title", language), language, summary, _tiles(data, loyalty, language))


def _tiles(data: Data, loyalty: Loyalty, language: str) -> list[Tile]:
    tiles = []
    row = loyalty.row
    if row is not None:
        tiles.append(Tile(value=words.number(row["nps"], language), label="NPS",
                          change=words.interval(row["low"], row["high"], language)))  # fmt: skip
        if loyalty.change is not None and loyalty.change.frame["n_before"].iloc[0] >= _ENOUGH:
            moved = loyalty.change.frame.iloc[0]
            mood = ("better" if moved["change"] > 0 else "worse") if moved["changed"] else ""
            shift = round(moved["now"]) - round(moved["before"])
            value = words.number(shift, language, sign=True) if moved["changed"] else say("same", language)
            noise = say("tile_noise", language, noise=words.number(moved["noise"], language))
            tiles.append(Tile(value=value, label=say("tile_change", language), mood=mood, change=noise))
    stand_in = loyalty.cooperation
    if stand_in is not None:
        top = words.number(stand_in["scale_max"], language)
        tiles.append(Tile(value=words.number(stand_in["mean"], language, 1),
                          label=say("tile_cooperation", language, top=top),
                          change=words.interval(stand_in["low"], stand_in["high"], language, 1)))  # fmt: skip
    if len(loyalty.statuses):
        asked = loyalty.statuses[loyalty.statuses["status"] != "not_delivered"]
        answered = int((asked["status"] == "answered").sum())
        if len(asked):
            part = f"{words.number(answered, language)} / {words.number(len(asked), language)}"
            rate = words.percent(answered / len(asked), language)
            tiles.append(Tile(value=rate, label=say("tile_rate", language), change=part))
        tiles.append(Tile(value=words.number(len(asked) - answered, language), label=say("tile_silent", language)))
    return tiles[:6]


@exhibit("loyalty", "trend", needs=("survey_answers", "questions"))
def trend(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """NPS by rolling quarter."""
    if loyalty.trend is None:
        return nothing("trend", language, "no_question", missing=True)
    rows = loyalty.trend.frame
    if not rows["nps"].notna().any():
        return nothing("trend", language)
    title = change_sentence(loyalty.change, language)
    shown = rows[rows["nps"].notna()]
    listed = "; ".join(
        f"{words.month(month, language, 'short')} {words.number(value, language)}"
        for month, value in zip(shown["month"], shown["nps"])
    )
    change = loyalty.change.frame.iloc[0] if loyalty.change is not None else None
    known = rows["population"].notna().any()
    note = say("trend_note" if known else "trend_note_process", language)
    if change is not None and change["n_both"] > 0:
        note += " " + say("trend_both", language, n=words.count(int(change["n_both"]), "client", language))
    note = " ".join([note, *_year(loyalty.year, language)])
    columns = [
        Column(key="month", label=say("col_month", language), kind="month"),
        Column(key="nps", label="NPS", kind="number", low="low", high="high"),
        Column(key="n", label=say("col_votes", language), kind="number"),
        Column(key="population", label=say("col_base", language), kind="number"),
    ]
    return Exhibit(
        name="trend", title=title, language=language, subtitle=say("trend_sub", language),
        draw=drawn(plots.nps_by_month, rows, language=language, height=340),
        alt=say("trend_alt", language, listed=listed), note=note,
        table=Table(frame=rows[::-1], columns=columns, totals=_changes(loyalty, language)),
    )  # fmt: skip


def _changes(loyalty: Loyalty, language: str) -> list[dict[str, str]]:
    """Rows below the trend: change to the quarter before and to last year, each with interval and noise."""
    rows = []
    for key, change in (("quarter", loyalty.change), ("year", loyalty.year)):
        if change is None or pd.isna(change.frame["change"].iloc[0]):
            continue
        row = change.frame.iloc[0]
        shift = words.number(round(row["now"]) - round(row["before"]), language, sign=True)
        rows += [
            {"month": say(f"sum_{key}", language), "n": words.number(row["n_both"], language) if row["n_both"] else "",
             "nps": f"{shift} {words.interval(row['low'], row['high'], language)}"},
            {"month": say(f"sum_{key}_before", language), "nps": words.number(row["before"], language)},
            {"month": say("sum_noise", language), "nps": f"±{words.number(row['noise'], language)}"},
        ]  # fmt: skip
    return rows


def _year(year: Change | None, language: str) -> list[str]:
    """What moved since the same quarter of last year, slowly enough for no single quarter to show it."""
    if year is None:
        return []
    row = year.frame.iloc[0]
    if min(row["n_before"], row["n_now"]) < _ENOUGH or pd.isna(row["change"]):
        return []
    key = "year_none" if not row["changed"] else "year_up" if row["change"] > 0 else "year_down"
    return [say(
        key, language, change=words.number(abs(round(row["now"]) - round(row["before"])), language),
        before=words.number(row["before"], language), now=words.number(row["now"], language),
        noise=words.number(row["noise"], language),
    )]  # fmt: skip


@exhibit("loyalty", "classes", needs=("survey_answers", "questions"))
def classes(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Shares of promoters, passives and detractors by quarter."""
    if loyalty.trend is None:
        return nothing("classes", language, "no_question", missing=True)
    rows = loyalty.trend.frame
    if len(rows):
        last = rows["month"].iloc[-1]
        back = 12 * (last.year - rows["month"].dt.year) + last.month - rows["month"].dt.month
        rows = rows[(back % 3 == 0) & (rows["n"] >= 3)][::-1].reset_index(drop=True)
    if not len(rows):
        return nothing("classes", language)
    rows = rows.assign(label=[_quarter(month, language) for month in rows["month"]])
    now = rows.iloc[0]
    title = say(
        "classes_title", language, promoters=words.number(now["promoters"], language),
        detractors=words.number(now["detractors"], language),
        n=words.count(int(now["n"]), "loyalty.answers_of", language),
    )  # fmt: skip
    columns = [Column(key="label", label=say("col_quarter", language))] + [
        Column(key=name, label=capital(say(f"class_{name}", language)), kind="number")
        for name in ("detractors", "passives", "promoters", "n")
    ]
    alt = "; ".join(f"{row.label}: {row.detractors} / {row.passives} / {row.promoters}" for row in rows.itertuples())
    return Exhibit(
        name="classes", title=title, language=language, subtitle=say("classes_sub", language),
        draw=drawn(plots.class_bars, rows, language=language, height=70 + 40 * len(rows)),
        alt=say("classes_alt", language, listed=alt), table=Table(frame=rows, columns=columns),
    )  # fmt: skip


def _quarter(month: Any, language: str) -> str:
    end = pd.Period(month, "M")
    start = words.month(end - 2, language, "short", year=False)
    return f"{start}–{words.month(end, language, 'short')}"


@exhibit("loyalty", "movers", needs=("survey_answers", "clients"))
def movers(data: Data, loyalty: Loyalty, *, language: str) -> Exhibit:
    """Climbers and fallers among the clients asked twice."""
    if loyalty.change is None:
        return nothing("movers", language, "no_question", missing=True)
    rows, both = loyalty.change.movers, int(loyalty.change.reasked["n"].iloc[0])
    if not len(rows):
        key = "movers_none" if both else "movers_unknown"
        return nothing("movers", language, key, n=words.count(both, "client", language))
    known = names(data)
    rows = rows.assign(label=[label_of(known, client) for client in rows["client_id"]])
    fell = rows["move"] == "faller"
    up, down = int((~fell).sum()), int(fell.sum())
    title = say("movers_title", language, up=words.number(up, language), down=words.number(down, language),
                n=words.count(both, "clients_of", language))  # fmt: skip
    shown = pd.concat([rows[fell].head(_SHOWN), rows[~fell].head(_SHOWN)])
    rows = pd.concat([rows[fell], rows[~fell]])
    sub = "movers_sub" if len(shown) == len(rows) else "movers_sub_most"
    columns = [
        Column(key="label", label=say("col_client", language)),
        Column(key="before", label=say("col_before", language), kind="number"),
        Column(key="now", label=say("col_now", language), kind="number"),
    ]
    listed = "; ".join(
        f"{label} {words.number(was, language)} → {words.number(is_now, language)}"
        for label, was, is_now in zip(shown["label"], shown["before"], shown["now"])
    )
    again = loyalty.change.reasked.iloc[0]
    inside = again["low"] <= 0 <= again["high"]
    note = "" if pd.isna(again["change"]) else say(
        "movers_same" if inside else "movers_note", language, change=words.number(again["change"], language, sign=True),
        interval=words.interval(again["low"], again["high"], language),
    )  # fmt: skip
    return Exhibit(
        name="movers", title=title, language=language, subtitle=say(sub, language),
        draw=drawn(plots.movers, shown, language=language, height=50 + 28 * len(shown)),
        alt=say("movers_alt", language, listed=listed),
        table=Table(frame=rows, columns=columns, totals=_moved(up, down, again, language)), note=note,
    )  # fmt: skip


def _moved(up: int, down: int, again: pd.Series, language: str) -> list[dict[str, str]]:
    """Rows below the movers: how many rose and fell of how many asked twice, and what that did to their NPS."""
    counts = {"sum_up": up, "sum_down": down, "sum_twice": int(again["n"])}
    rows = [(key, words.count(n, "client", language)) for key, n in counts.items()]
    if pd.notna(again["change"]):
        shift = words.number(again["change"], language, sign=True)
        rows.append(("sum_nps", f"{shift} {words.interval(again['low'], again['high'], language)}"))
    return [{"label": say(key, language), "now": value} for key, value in rows]
