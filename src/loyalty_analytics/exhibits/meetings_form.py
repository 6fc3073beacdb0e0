"""The form of a meeting as a prefilled sheet: keys in hidden column A, light cells to fill in, lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pandas as pd

from .. import words
from ..sources.forms import ASIDE, FIELDS, FORM_MARK, LISTS

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["fit_height", "form_sheet", "printed"]

_LAST = 3  # answers shown beside each question
_STEPS = 3  # next steps that fit
_LABEL = 46  # width of the column of questions
_LINE = 13.5  # points of a line
_TEXTS = ("choice_criteria", "notes", "new_product_plan")


def say(key: str, language: str, **values: Any) -> str:
    """A word of the forms."""
    return words.say(f"forms.{key}", language, **values)


def fit_height(sheet: Any, at: int, texts: Sequence[tuple[Any, int]]) -> None:
    """Room for the lines of wrapped text (text, width): not every program finds the height by itself."""
    # A column of width w holds about 1.2 w letters of mixed text.
    lines = max((-(-len(text) * 5 // (width * 6)) for text, width in texts if isinstance(text, str)), default=1)
    if lines > 1:
        sheet.set_row(at, _LINE * lines)


def printed(sheet: Any) -> None:
    """A4 across, as wide as the sheet."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


def form_sheet(
    sheet: Any, formats: dict[str, Any], data: Data, row: Mapping[Any, Any], questions: Sequence[str], language: str
) -> None:
    """Write one form.

    Parameters
    ----------
    sheet : worksheet of XlsxWriter
    formats : 'title', 'warning', 'head', 'head_number', 'part', 'text', 'given', 'input', 'input_day', 'day', 'number'
    row : client_id, name, manager_id, visitor_id, meeting_id, start, format, purpose
    questions : about the break and what is not known
    """
    client = row["client_id"]
    sheet.set_column(0, 0, None, None, {"hidden": True})
    sheet.set_column(1, 1, _LABEL)
    sheet.set_column(2, 2, 34)
    sheet.set_column(3, 5, 16)
    sheet.set_column(6, 6, 8)
    sheet.write_string(0, 0, FORM_MARK)
    sheet.write_string(0, 1, say("form_title", language, client=row["name"]), formats["title"])
    sheet.write_string(1, 1, say("personal", language), formats["warning"])
    sheet.write_string(2, 1, say("how_to", language), formats["text"])
    sheet.set_row(2, 2 * _LINE)
    at = _meeting(sheet, formats, data, row, language)
    at = _answers(sheet, formats, data, client, at, language)
    at = _part(sheet, formats, at, "part_feedback", language)
    for name in FIELDS:
        sheet.set_row(at, 2 * _LINE)
        at = _field(sheet, formats, at, f"feedback.{name}", say(f"field_{name}", language))
    if questions:
        at = _part(sheet, formats, at, "part_ask", language)
        for number, question in enumerate(questions, start=1):
            at = _field(sheet, formats, at, f"ask.{number}", question)
    at = _promises(sheet, formats, data, client, at, language)
    at = _part(sheet, formats, at, "part_actions", language)
    for number in range(1, _STEPS + 1):
        _field(sheet, formats, at, f"action.{number}", say("step", language, n=number))
        sheet.write_blank(at, 3, None, formats["input"])
        sheet.write_blank(at, 4, None, formats["input_day"])
        people = [f"{m}{ASIDE}{name}" for m, name in data.managers[["manager_id", "manager_name"]].dropna().to_numpy()]
        _list(sheet, at, 3, people)
        _date(sheet, at, 4)
        at += 1
    printed(sheet)
    sheet.print_area(0, 1, at, 6)


def _part(sheet: Any, formats: dict[str, Any], at: int, key: str, language: str) -> int:
    sheet.write_string(at + 1, 1, say(key, language), formats["part"])
    return at + 2


def _field(sheet: Any, formats: dict[str, Any], at: int, key: str, label: str, kind: str = "input") -> int:
    sheet.write_string(at, 0, key)
    sheet.write_string(at, 1, label, formats["text"])
    fit_height(sheet, at, [(label, _LABEL)])
    sheet.write_blank(at, 2, None, formats[kind])
    return at + 1


def _list(sheet: Any, at: int, column: int, values: Sequence[str]) -> None:
    """A list to choose from; Excel takes at most 255 characters, longer ones stay free."""
    if values and len(",".join(values)) <= 255 and not any("," in value for value in values):
        sheet.data_validation(
            at, column, at, column, {"validate": "list", "source": list(values), "error_type": "warning"}
        )


def _date(sheet: Any, at: int, column: int) -> None:
    sheet.data_validation(
        at, column, at, column,
        {"validate": "date", "criteria": ">", "value": datetime(2000, 1, 1), "error_type": "warning"},
    )  # fmt: skip


def _meeting(sheet: Any, formats: dict[str, Any], data: Data, row: Mapping[Any, Any], language: str) -> int:
    at = _part(sheet, formats, 2, "part_meeting", language)
    staff = data.managers.dropna(subset=["manager_name"]).drop_duplicates("manager_id").set_index("manager_id")
    for name in ("meeting_id", "client_id", "manager_id", "visitor_id", "planned_at", "purpose"):
        value = row["start"].normalize() if name == "planned_at" else row[name]
        if name == "purpose":
            value = say(f"purpose_{value}", language)
        elif name in ("manager_id", "visitor_id") and value in staff.index:
            value = f"{value}{ASIDE}{staff['manager_name'][value]}"
        sheet.write_string(at, 0, f"meeting.{name}")
        sheet.write_string(at, 1, say(name, language), formats["text"])
        if name == "planned_at":
            sheet.write_datetime(at, 2, value.to_pydatetime(), formats["day"])
        else:
            sheet.write_string(at, 2, "" if pd.isna(value) else str(value), formats["given"])
        at += 1
    people = data.contacts[(data.contacts["client_id"] == row["client_id"]).to_numpy(bool)]
    unit = words.unit_words("", data.params.currency, language)
    for name in ("held_at", "status", "format", "contact_id", "duration_min", "manager_self_score", "plan_amount",
                 "plan_period", "new_product_plan", "strategy_change", "choice_criteria", "notes"):  # fmt: skip
        label = say(name, language, unit=unit) if name == "plan_amount" else say(name, language)
        _field(sheet, formats, at, f"meeting.{name}", label, "input_day" if name == "held_at" else "input")
        if name in LISTS:
            _list(sheet, at, 2, [say(f"{name}_{key}", language) for key in LISTS[name]])
        if name == "format":
            sheet.write_string(at, 2, say(f"format_{row['format']}", language), formats["input"])
        if name == "held_at":
            _date(sheet, at, 2)
        if name == "contact_id":
            _list(sheet, at, 2, [
                f"{contact}{ASIDE}{person}"
                for contact, person in people[["contact_id", "full_name"]].dropna().to_numpy()
            ])  # fmt: skip
        if name in ("duration_min", "manager_self_score"):
            low, high = (5, 600) if name == "duration_min" else (1, 10)
            _between(sheet, at, low, high)
        if name in _TEXTS:
            sheet.set_row(at, 2 * _LINE)
        at += 1
    return at


def _between(sheet: Any, at: int, low: float, high: float) -> None:
    rule = {"validate": "decimal", "criteria": "between", "minimum": low, "maximum": high, "error_type": "warning"}
    sheet.data_validation(at, 2, at, 2, rule)


def _answers(sheet: Any, formats: dict[str, Any], data: Data, client: Any, at: int, language: str) -> int:
    """Questions of the bank with the client's last three answers."""
    asked = data.questions[data.questions["metric"] != "text"].drop_duplicates("question_id")
    if not len(asked):
        return at
    own = data.survey_answers[(data.survey_answers["client_id"] == client).to_numpy(bool)].dropna(subset=["score"])
    own = own.assign(day=own["answered_at"].dt.normalize())
    days = sorted(own["day"].unique())[-_LAST:]
    at = _part(sheet, formats, at, "part_answers", language)
    for place, day in enumerate(days):
        was = say("last", language, day=words.day(day, language))
        sheet.write_string(at - 1, 3 + place, was, formats["head_number"])
    sheet.write_string(at - 1, 6, say("scale", language), formats["head"])
    scores = own.groupby(["question_id", "day"])["score"].mean()
    text = asked[f"text_{language}"].fillna(asked["question_id"])
    for question, low, high, label in zip(asked["question_id"], asked["scale_min"], asked["scale_max"], text):
        _field(sheet, formats, at, f"answer.{question}", str(label))
        _between(sheet, at, float(low), float(high))
        for place, day in enumerate(days):
            if (question, day) in scores.index:
                sheet.write_number(at, 3 + place, float(scores[question, day]), formats["number"])
        sheet.write_string(at, 6, f"{low:g}…{high:g}", formats["given"])
        at += 1
    return at


def _promises(sheet: Any, formats: dict[str, Any], data: Data, client: Any, at: int, language: str) -> int:
    rows = data.actions[(data.actions["client_id"] == client).to_numpy(bool) & data.actions["closed_at"].isna()]
    if not len(rows):
        return at
    at = _part(sheet, formats, at, "part_promises", language)
    for row in rows.sort_values(["due_at", "action_id"], kind="stable").to_dict("records"):
        what = row["result"] if pd.notna(row["result"]) else words.say(f"meetings.source_{row['source']}", language)
        label = say("promise", language, what=what, day=words.day(row["due_at"], language))
        _field(sheet, formats, at, f"promise.{row['action_id']}", label)
        _list(sheet, at, 2, [say(f"promise_{key}", language) for key in LISTS["promise"]])
        at += 1
    return at
