"""Report 07: one client before a meeting, on two printed pages. A working paper: it holds personal data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..breaks.questions import meeting_questions
from ..months import month_start
from ..plots import client as plots
from .base import Exhibit, Front, Tile, drawn
from .client_talk import holes_sentence, offers, offers_sentence, people, scores, voice
from .table import Table, total_rows
from .volume import label_of, names, short_name
from .wording import Wording

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result
    from ..visits.dossier import Dossier

__all__ = ["ask", "card", "front", "offers", "people", "promises", "scores", "voice", "volume"]

_GONE = -0.995  # a fall that leaves nothing
_KNOWN = ("management", "power", "structure", "partners", "plans")  # sides of a client that a card tells
_FEW = 6  # rows of a table: two printed pages hold the whole dossier
_WORDS = Wording("client")
say, column = _WORDS.say, _WORDS.column


def front(data: Data, page: Dossier, breaks: Result, language: str) -> Front:
    """Wallet, offers, who is not known to us, and what is open."""
    currency = data.params.currency
    sentences = [
        _wallet_sentence(page, language),
        offers_sentence(page, language),
        holes_sentence(page, language),
        _break_sentence(page, breaks, language),
    ]
    tiles = [_quarter_tile(row, currency, language) for row in page.frame.to_dict("records")]
    if len(page.scores):
        tiles.append(_score_tile(page, language))
    late = int(page.promises["overdue"].sum())
    if len(page.promises):
        tiles.append(_promise_tile(page, late, language))
    title = say("title", language, client=label_of(names(data), page.card["client_id"]))
    summary = " ".join(sentence for sentence in sentences if sentence)
    return Front.of(data, title, language, summary, tiles, warning=page.notes[0].text(language))


def _quarter_tile(row: Mapping[Any, Any], currency: str, language: str) -> Tile:
    """Volume, orders or cheque of the quarter with the change to last year."""
    value, change = row["quarter"], row["change_year"]
    counted = row["measure"] == "orders"
    shown = words.number(value, language) if counted else words.money(value, currency, language)
    text = mood = ""
    if pd.notna(change):
        text = say("to_year", language, change=words.percent(change, language, sign=True))
        mood = "" if abs(change) < 0.005 else "better" if change > 0 else "worse"
    return Tile(value=shown, label=say(f"tile_{row['measure']}", language), change=text, mood=mood)


def _promise_tile(page: Dossier, late: int, language: str) -> Tile:
    open_cases = say("tile_open", language, n=words.number(len(page.promises), language))
    label = say("tile_overdue", language, noun=words.plural(late, "promise", language))
    return Tile(value=words.number(late, language), label=label, change=open_cases)


def _score_tile(page: Dossier, language: str) -> Tile:
    latest = page.scores.iloc[0]
    asked = page.scores[page.scores["metric"] == "nps"]
    row = asked.iloc[0] if len(asked) else latest
    value = f"{words.number(row['score'], language)} / {words.number(row['scale_max'], language)}"
    label = say("tile_score" if len(asked) else "tile_score_other", language)
    return Tile(value=value, label=label, change=words.day(row["answered_at"], language))


def _wallet_sentence(page: Dossier, language: str) -> str:
    if not len(page.wallet) or pd.isna(page.wallet["share"].iloc[0]):
        return say("wallet_unknown", language)
    row = page.wallet.iloc[0]
    share = words.percent(row["share"], language)
    if row["share"] > 1:
        return say("wallet_contradicts", language, share=share)
    return say("wallet", language, share=share)


def _break_sentence(page: Dossier, breaks: Result, language: str) -> str:
    own = _own(breaks.frame, page)
    if not len(own):
        return ""
    row = own.sort_values("break_month").iloc[-1]
    key = "break_down" if row["direction"] < 0 else "break_up"
    if row["effect"] <= _GONE:
        return say("break_gone", language, month=words.month(row["break_month"], language, "genitive"))
    effect = words.percent(abs(row["effect"]), language)
    return say(key, language, month=words.month(row["break_month"], language, "genitive"), effect=effect)


def _own(table: pd.DataFrame, page: Dossier) -> pd.DataFrame:
    return table[table["client_id"] == page.card["client_id"]]


def volume(data: Data, page: Dossier, breaks: Result, *, language: str) -> Exhibit:
    """Months against last year with the break; volume, frequency and cheque of the quarter below."""
    table, currency = page.frame.copy(), data.params.currency
    if not page.months["revenue"].fillna(0).any():
        title = say("volume_none", language)
        return Exhibit(name="volume", title=title, language=language)
    row = table.iloc[0]
    key = "volume_new"
    if pd.notna(row["change_year"]):
        key = "volume_up" if row["change_year"] > 0.005 else "volume_same"
        key = "volume_down" if row["change_year"] < -0.005 else key
    values = {"value": words.money(row["quarter"], currency, language)}
    first = page.first_month
    if key == "volume_new" and first is not None and first > data.as_of.last_whole - 12:
        key, values["month"] = "volume_first", words.month(first, language)
    if key in ("volume_up", "volume_down"):
        values["change"] = words.percent(abs(row["change_year"]), language)
    thousand = words.unit_words("k", currency, language)
    own = _own(breaks.frame, page)
    shown = page.months.assign(revenue=page.months["revenue"] / 1e3, previous=page.months["previous"] / 1e3)
    table["label"] = [
        say(f"measure_{name}", language, **({} if name == "orders" else {"unit": thousand}))
        for name in table["measure"]
    ]
    for name in ("quarter", "previous", "year_ago"):
        table[name] = np.where(table["measure"] == "orders", table[name], table[name] / 1e3)
    last = page.months.iloc[-1]
    return Exhibit(
        name="volume",
        title=say(key, language, **values),
        language=language,
        subtitle=say("volume_sub", language, unit=thousand),
        draw=drawn(
            plots.months_with_break, shown, own, language=language, height=220, narrow_height=220
        ),
        alt=say(
            "volume_alt", language, month=words.month(last["month"], language),
            value=words.money(last["revenue"], currency, language),
            previous=words.money(last["previous"], currency, language),
        ),
        table=Table(
            frame=table,
            columns=[
                column("label", language, head="measure"),
                column("quarter", language, "number"),
                column("previous", language, "number"),
                column("change_previous", language, "percent", head="change", sign=True),
                column("year_ago", language, "number"),
                column("change_year", language, "percent", sign=True),
            ],
            totals=total_rows("label", language, {"client.sum_wallet": {
                "quarter": words.percent(page.wallet["share"].iloc[0], language)}} if len(page.wallet) else {}),
        ),
    )  # fmt: skip


def card(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Completeness and freshness of the card, how well the client is known, its stated plans."""
    blank = page.fields.loc[~page.fields["filled"], "field"]
    filled = words.percent(page.fields["filled"].mean(), language)
    title = say("card_title", language, share=filled) + "; "
    if np.isnan(page.verified_days):
        title += say("card_never", language)
        checked = say("checked_never", language)
    else:
        days = words.count(int(page.verified_days), "day", language)
        title += say("card_age", language, days=days)
        checked = say("checked_ago", language, days=days)
    rows = [
        (say("sum_card", language), f"{filled}; {checked}"),
        (say("knowledge", language), _knowledge(page.card, language)),
    ]
    named = [f"segments.card_{name}" for name in blank]
    titles = [words.say(key, language).lower() if words.known(key, language) else "" for key in named]
    shown = "; ".join(list(filter(None, titles))[:8]) or "–"
    rows.append((say("card_blank", language), shown))
    rows += [(say(f"plan_{key}", language), text) for key, text in _stated(data, page, language)]
    return Exhibit(
        name="card",
        title=title,
        language=language,
        subtitle=say("card_sub", language),
        table=Table(
            frame=pd.DataFrame(rows, columns=["what", "value"]),
            columns=[
                column("what", language),
                column("value", language),
            ],
        ),
    )


def _knowledge(card: pd.Series, language: str) -> str:
    """«руководство 2, партнёры 0; не отмечено: структура»: how well we know each side of the client."""
    level = {say(f"knowledge_{name}", language): card[f"knowledge_{name}"] for name in _KNOWN}
    noted = ", ".join(f"{name} {int(value)}" for name, value in level.items() if pd.notna(value))
    unknown = ", ".join(name for name, value in level.items() if pd.isna(value))
    if unknown:
        unknown = say("knowledge_unknown", language, names=unknown)
    return "; ".join(filter(None, (noted, unknown)))


def _stated(data: Data, page: Dossier, language: str) -> list[tuple[str, str]]:
    """Plans told in the last meetings: volume, product, change of strategy, criteria of choice."""
    out = []
    plans = page.plans
    told = plans[plans["plan_amount"].notna()]
    if len(told):
        amount = words.money(told["plan_amount"].iloc[0], data.params.currency, language)
        out.append(("amount", f"{amount} ({_period(told['plan_period'].iloc[0], language)})"))
    changed = plans["strategy_change"].dropna()
    if len(changed):
        out.append(("strategy_change", words.say("common.yes" if changed.iloc[0] else "common.no", language)))
    for key in ("new_product_plan", "choice_criteria"):
        said = plans[plans[key].notna()][key]
        if len(said):
            value = said.iloc[0]
            out.append(
                (key, ", ".join(map(str, value)) if isinstance(value, (list, tuple, np.ndarray)) else str(value))
            )
    return out


def _period(text: Any, language: str) -> str:
    """«2026-11» as «ноябрь 2026»; anything else as it was told."""
    month = re.fullmatch(r"(\d{4})-(0[1-9]|1[0-2])", str(text))
    return words.month(pd.Period(month[0], "M"), language) if month else "–" if pd.isna(text) else str(text)


def promises(data: Data, page: Dossier, *, language: str) -> Exhibit:
    """Open cases with their due days, and useful dates of the next 60 days."""
    late = int(page.promises["overdue"].sum())
    key = (
        "promises_none" if not len(page.promises) else "promises_late" if late else "promises_open"
    )
    values = {}
    if len(page.promises):
        values["n"] = words.number(len(page.promises), language)
    if late:
        values["late"] = words.number(late, language)
    staff = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    rows = [
        (
            row.due_at,
            say("is_overdue" if row.overdue else "is_open", language),
            _who(staff, row.owner_id),
        )
        for row in page.promises.itertuples()
    ]
    rows += [(row.date, str(row.note), "") for row in page.dates.itertuples()]
    if not rows:
        return Exhibit(name="promises", title=say(key, language), language=language)
    return Exhibit(
        name="promises",
        title=say(key, language, **values),
        language=language,
        subtitle=say("promises_sub", language),
        table=Table(
            frame=pd.DataFrame(rows, columns=["date", "what", "who"]),
            columns=[
                column("date", language, "day"),
                column("what", language),
                column("who", language),
            ],
            rows=_FEW,
            more="client.more_rows",
        ),
    )


def _who(staff: pd.Series, owner: Any) -> str:
    return short_name(label_of(staff, owner)) if pd.notna(owner) else "–"


def ask(data: Data, page: Dossier, reasons: Result, *, language: str) -> Exhibit:
    """Three questions of the break, the roles to get to know, the blanks of the card."""
    own = reasons.frame[reasons.frame["client_id"] == page.card["client_id"]]
    questions, note = [], ""
    if len(own):
        latest = own[month_start(own["break_month"]) == month_start(own["break_month"]).max()]
        questions = meeting_questions(latest, language)["question"].tolist()
        note = _verdict(latest, language)
    questions += [
        say(f"ask_{role}", language)
        for role in page.holes[:2]
    ]
    if not page.plans["plan_amount"].notna().any():
        questions.append(say("ask_plan", language))
    if not len(page.wallet):
        questions.append(say("ask_budget", language))
    questions.append(say("ask_recommend", language))
    frame = pd.DataFrame({"n": range(1, len(questions) + 1), "question": questions})
    return Exhibit(
        name="ask",
        title=say("ask_title", language, n=words.count(len(frame), "question", language)),
        language=language,
        subtitle=say("ask_sub" if len(own) else "ask_sub_plain", language),
        note=note,
        table=Table(
            frame=frame,
            columns=[
                column("question", language),
            ],
        ),
    )


def _verdict(latest: pd.DataFrame, language: str) -> str:
    """Why the last break came, no more sure than its evidence."""
    row = latest.iloc[0]
    verdict = words.say(f"breaks.grade_{row['grade']}", language)
    if row["grade"] != "none":
        verdict += ": " + words.say(f"breaks.kind_{row['reason']}", language)
    month = words.month(row["break_month"], language, "genitive")
    return say("verdict", language, month=month, verdict=verdict)
