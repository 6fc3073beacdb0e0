"""Files of report 06: plan.xlsx (director, managers, forms), plan.ics and actions_proposed.xlsx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..breaks.questions import meeting_questions
from ..months import to_periods
from ..sources.forms import ACTIONS_MARK, ASIDE, LISTS
from .base import Exhibit, exhibit
from .handout import Handout
from .meetings import Visits, planned, staff, unplanned
from .meetings_book import Book, columns_of
from .meetings_diary import calendar_file, plain_id, slots, visit_numbers
from .meetings_form import form_sheet, printed, say
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result
    from ..visits.dossier import Dossier

__all__ = ["blank_form", "diary", "plan_workbook", "proposals", "proposed", "timed_plan", "workbook"]

_FORMS = 40  # forms in one workbook: the meetings of one month
_DUE_DAYS = 14


def timed_plan(data: Data, visits: Visits, language: str) -> pd.DataFrame:
    """The plan in words with a start and the number of each contact; what stands in an unfinished month is in it."""
    assert visits.plan is not None
    rows = planned(data, visits, language, standing=True)
    options = visits.plan.options
    rows["number"] = visit_numbers(rows, data.meetings, data.as_of)
    rows["start"] = slots(rows, data.meetings, data.as_of, options["country"], options["december_until"])
    rows["address"] = rows["client_id"].map(data.clients.drop_duplicates("client_id").set_index("client_id")["address"])
    rows["meeting_id"] = [f"F-{client}-{number}" for client, number in zip(rows["client_id"], rows["number"])]
    return rows


def _none(visits: Visits) -> bool:
    return visits.plan is None or not (len(visits.plan.frame) or len(visits.plan.standing))


@exhibit("meetings", "diary", needs=("clients",))
def diary(data: Data, visits: Visits, *, language: str) -> Handout | Exhibit:
    """plan.ics."""
    if _none(visits):
        return unplanned("diary", visits, language)
    assert visits.plan is not None
    title = say("plan_title", language, client=data.params.title_in(language), months=_span(data, visits, language))
    content = calendar_file(
        timed_plan(data, visits, language), title, data.client, data.as_of, visits.plan.options["timezone"], language
    )
    return Handout("plan.ics", content, words.say("meetings.file_ics", language))


def _span(data: Data, visits: Visits, language: str) -> str:
    assert visits.plan is not None
    first, last = data.as_of.month + 1, data.as_of.month + int(visits.plan.options["months"])
    return f"{words.month(first, language)} – {words.month(last, language)}"


@exhibit("meetings", "workbook", needs=("clients",))
def workbook(
    data: Data, visits: Visits, breaks: Result, reasons: Result | None = None, *, language: str
) -> Handout | Exhibit:
    """plan.xlsx."""
    if _none(visits):
        return unplanned("workbook", visits, language)
    return Handout("plan.xlsx", plan_workbook(data, visits, breaks, reasons, language=language),
                   words.say("meetings.file_xlsx", language))  # fmt: skip


def plan_workbook(data: Data, visits: Visits, breaks: Result, reasons: Result | None = None, *, language: str) -> bytes:
    """The workbook of the plan: director, exceptions, load, a sheet per manager, a form per meeting of next month."""
    assert visits.plan is not None
    book = Book(data.as_of.date)
    rows = timed_plan(data, visits, language).sort_values(["start", "name"], kind="stable")
    sheet = book.sheet(say("sheet_plan", language))
    columns = columns_of(
        language, ("name", "client", "text", 34), ("start", "start", "moment", 17), ("how", "format", "text", 10),
        ("aim", "rule", "text", 26), ("because", "because", "text", 46), ("priority", "points", "number", 9),
        ("visitor", "visitor", "text", 20), ("manager", "manager", "text", 20), ("fixed", "agreed", "text", 11),
        ("client_id", "client_id", "text", 10),
    )  # fmt: skip
    title = say("plan_title", language, client=data.params.title_in(language), months=_span(data, visits, language))
    at = book.page(sheet, title, language, columns)
    end = book.block(sheet, at, rows, columns)
    sheet.autofilter(at, 0, end - 1, len(columns) - 1)
    sheet.freeze_panes(at + 1, 1)
    sheet.repeat_rows(at)
    _exceptions(book, data, visits, language)
    _load(book, data, visits, language)
    _managers(book, data, rows, breaks, language)
    _forms(book, data, rows, reasons, language)
    return book.bytes()


def _exceptions(book: Book, data: Data, visits: Visits, language: str) -> None:
    assert visits.plan is not None
    if not len(visits.plan.exceptions):
        return
    known, people = names(data), staff(data)
    rows = visits.plan.exceptions.copy()
    rows["name"] = [label_of(known, client) for client in rows["client_id"]]
    rows["need"] = [words.say(f"brief.reason_{rule}", language) for rule in rows["rule"]]
    rows["manager"] = [label_of(people, who) if pd.notna(who) else "" for who in rows["manager_id"]]
    rows["by_call"] = [words.say("common.yes" if does else "common.no", language) for does in rows["call_would_do"]]
    rows["shown"] = [words.month(month, language) for month in rows["month"]]
    columns = columns_of(
        language, ("name", "client", "text", 34), ("need", "need", "text", 24), ("shown", "month", "text", 16),
        ("missing", "missing", "number", 12), ("by_call", "by_call", "text", 14), ("manager", "manager", "text", 22),
    )  # fmt: skip
    sheet = book.sheet(say("sheet_exceptions", language))
    book.block(sheet, book.page(sheet, say("exceptions_title", language), language, columns), rows, columns)


def _load(book: Book, data: Data, visits: Visits, language: str) -> None:
    assert visits.plan is not None
    people = staff(data)
    rows = visits.plan.load.copy()
    rows["visitor"] = [label_of(people, who) if pd.notna(who) else "" for who in rows["visitor_id"]]
    rows["shown"] = [words.month(month, language) for month in rows["month"]]
    columns = columns_of(
        language, ("visitor", "visitor", "text", 30), ("shown", "month", "text", 18),
        ("meetings", "meetings", "number", 10), ("calls", "calls", "number", 10), ("goal", "goal", "number", 8),
        ("limit", "limit", "number", 8),
    )  # fmt: skip
    sheet = book.sheet(say("sheet_load", language))
    book.block(sheet, book.page(sheet, say("load_title", language), language, columns), rows, columns)


def _managers(book: Book, data: Data, plan: pd.DataFrame, breaks: Result, language: str) -> None:
    """A sheet per manager for the front line: visits, cases and promises, falls."""
    known, people = names(data), staff(data)
    serves = data.clients.drop_duplicates("client_id").set_index("client_id")["manager_id"]
    cases = data.actions[data.actions["closed_at"].isna()].copy()
    owner = cases["owner_id"].where(cases["owner_id"].notna(), cases["client_id"].map(serves))
    cases["name"] = [label_of(known, client) if pd.notna(client) else "" for client in cases["client_id"]]
    cases["what"] = [words.say(f"meetings.source_{s}", language) if pd.notna(s) else "" for s in cases["source"]]
    late = (data.as_of.date - cases["due_at"].dt.normalize()).dt.days
    cases["late"] = late.where(late > 0)
    falls = breaks.frame
    if len(falls):
        month = to_periods(falls["break_month"])
        falls = falls[(falls["direction"] < 0).to_numpy(bool) & (month > data.as_of.month - 12)].copy()
        falls["name"] = [label_of(known, client) for client in falls["client_id"]]
        falls["since"] = [words.month(value, language) for value in falls["break_month"]]
    everyone = plan["manager_id"].dropna().unique().tolist()
    everyone += [who for who in owner.dropna().unique() if who not in everyone]
    unit = words.unit_words("", data.params.currency, language)
    visits_of = columns_of(
        language, ("name", "client", "text", 34), ("start", "start", "moment", 17), ("how", "format", "text", 12),
        ("because", "because", "text", 46), ("visitor", "visitor", "text", 20),
    )  # fmt: skip
    cases_of = columns_of(
        language, ("name", "client", "text", 34), ("due_at", "due", "day", 17), ("late", "late", "number", 12),
        ("what", "source", "text", 46),
    )  # fmt: skip
    falls_of = columns_of(
        language, ("name", "client", "text", 34), ("since", "since", "text", 17), ("effect", "effect", "percent", 12),
        ("lost", "lost", "number", 46), unit=unit,
    )  # fmt: skip
    for who in sorted(everyone, key=str):
        name = label_of(people, who)
        sheet = book.sheet(name.replace("\u00a0", " "))
        at = book.page(sheet, say("manager_title", language, name=name), language, visits_of)
        own = falls[falls["client_id"].map(serves).eq(who).to_numpy(bool)] if len(falls) else falls
        for key, rows, columns in (
            ("manager_visits", plan[(plan["manager_id"] == who).to_numpy(bool)], visits_of),
            ("manager_cases", cases[(owner == who).to_numpy(bool)].sort_values("due_at", kind="stable"), cases_of),
            ("manager_falls", own, falls_of),
        ):
            sheet.write_string(at, 0, say(key, language), book.formats["part"])
            if len(rows):
                at = book.block(sheet, at + 1, rows, columns) + 1
            else:
                sheet.write_string(at + 1, 0, say("manager_none", language), book.formats["text"])
                at += 3


def _forms(book: Book, data: Data, plan: pd.DataFrame, reasons: Result | None, language: str) -> None:
    """A form for each meeting up to the end of the plan's first month."""
    soon = plan[(plan["format"] != "call").to_numpy(bool) & (to_periods(plan["month"]) <= data.as_of.month + 1)]
    questions: dict[Any, list[str]] = {}
    if reasons is not None and len(reasons.frame):
        table = reasons.frame[reasons.frame["client_id"].isin(soon["client_id"])]
        if len(table):
            asked = meeting_questions(table, language)
            questions = {client: rows["question"].tolist()[:3] for client, rows in asked.groupby("client_id")}
    fixed = [words.say(f"client.ask_{key}", language) for key in ("plan", "budget")]
    for row in soon.head(_FORMS).to_dict("records"):
        sheet = book.sheet(say("sheet_form", language, client=row["client_id"]))
        form_sheet(sheet, book.formats, data, row, [*questions.get(row["client_id"], []), *fixed], language)


def proposals(data: Data, visits: Visits, breaks: Result, language: str) -> pd.DataFrame:
    """Decisions that the report proposes: what calls for action and has none yet.

    Returns
    -------
    DataFrame
        action_id (the same each time), client_id, source, source_id, owner_id, opened_at, due_at, result (what to do).
    """
    if not data.has("clients"):
        return pd.DataFrame(columns=["action_id", "client_id", "source", "source_id", "owner_id", "opened_at", "due_at",
                                     "result"])  # fmt: skip
    recent = (data.as_of.month - 2).start_time
    parts = []
    falls = breaks.frame
    if len(falls):
        month = to_periods(falls["break_month"])
        rows = falls[(falls["direction"] < 0).to_numpy(bool) & (month > data.as_of.month - 3)]
        parts.append(pd.DataFrame({
            "client_id": rows["client_id"].to_numpy(), "source": "trend_break",
            "source_id": to_periods(rows["break_month"]).astype(str),
            "since": to_periods(rows["break_month"]).start_time,
            "result": [say("propose_trend_break", language, month=words.month(value, language, "genitive"))
                       for value in rows["break_month"]],
        }))  # fmt: skip
    asked = data.questions.loc[(data.questions["metric"] == "nps") & (data.questions["scale_max"] == 10), "question_id"]
    low = data.survey_answers
    low = low[(low["question_id"].isin(asked) & (low["score"] <= 6) & (low["answered_at"] >= recent)).to_numpy(bool)]
    parts.append(pd.DataFrame({
        "client_id": low["client_id"], "source": "detractor", "source_id": low["answer_id"],
        "since": low["answered_at"].dt.normalize(),
        "result": [say("propose_detractor", language, score=words.number(value, language)) for value in low["score"]],
    }))  # fmt: skip
    hurt = data.complaints[data.complaints["resolved_at"].isna()]
    parts.append(pd.DataFrame({
        "client_id": hurt["client_id"], "source": "complaint", "source_id": hurt["complaint_id"],
        "since": hurt["created_at"].dt.normalize(),
        "result": [say("propose_complaint", language, day=words.day(at, language)) for at in hurt["created_at"]],
    }))  # fmt: skip
    if visits.priority is not None:
        quiet = visits.priority.frame
        quiet = quiet[quiet["reasons"].str.contains("silence") & quiet["reasons"].str.contains("money")]
        parts.append(pd.DataFrame({
            "client_id": quiet["client_id"].to_numpy(), "source": "silent", "source_id": str(data.as_of.month),
            "since": recent, "result": say("propose_silent", language),
        }))  # fmt: skip
    found = pd.concat([part for part in parts if len(part)] or [parts[0]], ignore_index=True).dropna(
        subset=["client_id"]
    )
    # Whoever has a case of this kind since then is not proposed again.
    have = data.actions[["client_id", "source", "opened_at"]].dropna()
    pairs = found.reset_index(names="at").merge(have, on=["client_id", "source"])
    done = pairs.loc[pairs["opened_at"] >= pairs["since"], "at"]
    found = found[~found.index.isin(done)].drop_duplicates(["client_id", "source"], ignore_index=True)
    serves = data.clients.drop_duplicates("client_id").set_index("client_id")["manager_id"]
    found["owner_id"] = found["client_id"].map(serves)
    found["opened_at"] = data.as_of.date
    found["due_at"] = data.as_of.date + pd.Timedelta(days=_DUE_DAYS)
    parts_of_id = zip(found["source"], found["client_id"], found["source_id"])
    found["action_id"] = [f"P-{source}-{client}-{of}" for source, client, of in parts_of_id]
    return found


def proposed(data: Data, visits: Visits, breaks: Result, *, language: str) -> Handout | Exhibit:
    """actions_proposed.xlsx: what is accepted comes back as actions."""
    rows = proposals(data, visits, breaks, language)
    if not len(rows):
        return Exhibit(name="proposed", title=words.say("meetings.proposed_none", language), language=language)
    known, people = names(data), data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    rows = rows.assign(
        accept="", name=[label_of(known, client) for client in rows["client_id"]],
        owner_id=[f"{who}{ASIDE}{label_of(people, who)}" if pd.notna(who) else "" for who in rows["owner_id"]],
        source=[say(f"source_{source}", language) for source in rows["source"]],
    )  # fmt: skip
    book = Book(data.as_of.date)
    sheet = book.sheet(say("sheet_proposed", language))
    columns = columns_of(
        language, ("accept", "accept", "text", 10), ("name", "client", "text", 34), ("result", "what", "text", 48),
        ("owner_id", "owner", "text", 34), ("due_at", "due", "day", 12), ("opened_at", "opened", "day", 12),
        ("source", "source", "text", 22), ("client_id", "client_id", "text", 10),
        ("source_id", "source_id", "text", 14),
        ("action_id", "id", "text", 30),
    )  # fmt: skip
    sheet.write_string(0, 0, ACTIONS_MARK, book.formats["given"])
    title = say("proposed_title", language, month=words.month(data.as_of.month, language))
    sheet.write_string(0, 1, say("personal", language), book.formats["warning"])
    sheet.write_string(1, 1, title, book.formats["title"])
    for place, (key, _, _, width) in enumerate(columns):
        sheet.write_string(2, place, key)
        sheet.set_column(place, place, width)
    sheet.set_row(2, None, None, {"hidden": True})
    printed(sheet)
    sheet.print_area(0, 0, len(rows) + 3, 6)  # the keys behind are for reading back
    end = book.block(sheet, 3, rows, columns)
    choices = [say(f"accept_{key}", language) for key in LISTS["accept"]]
    sheet.data_validation(4, 0, end, 0, {"validate": "list", "source": choices, "error_type": "warning"})
    sheet.freeze_panes(4, 2)
    text = words.say("meetings.file_actions", language, n=words.number(len(rows), language))
    return Handout("actions_proposed.xlsx", book.bytes(), text)


def blank_form(data: Data, page: Dossier, reasons: Result | None = None, *, language: str) -> Handout:
    """The form of the next meeting with the client of a dossier."""
    card = page.card
    client = card["client_id"]
    held = data.meetings[(data.meetings["client_id"] == client).to_numpy(bool)]
    number = int((held["status"] == "held").fillna(False).sum()) + 1
    month = data.as_of.month + 1
    head = data.managers.drop_duplicates("manager_id").set_index("manager_id")["head_id"].get(card["manager_id"])
    row = {
        "client_id": client, "name": label_of(names(data), client), "manager_id": card["manager_id"],
        "visitor_id": head if pd.notna(head) else card["manager_id"], "meeting_id": f"F-{client}-{number}",
        "start": month.start_time, "format": "meeting", "purpose": "quarterly", "month": month.start_time,
    }  # fmt: skip
    book = Book(data.as_of.date)
    _forms(book, data, pd.DataFrame([row]), reasons, language)
    return Handout(f"form_{plain_id(client).lower()}.xlsx", book.bytes(), words.say("meetings.file_form", language))
