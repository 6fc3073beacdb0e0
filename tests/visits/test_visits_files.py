"""Files of the plan: bytes, hostile texts, the calendar's validity, the form's way out and back."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from icalendar import Calendar

import loyalty_analytics as la
from loyalty_analytics import tables, words
from loyalty_analytics.exhibits import meetings, meetings_files
from loyalty_analytics.exhibits.meetings_diary import calendar_file, slots, visit_numbers
from loyalty_analytics.months import as_of
from loyalty_analytics.sources.findings import Findings
from loyalty_analytics.sources.forms import LISTS, add_forms, read_forms

HOSTILE = ["=cmd|' /C calc'!A0", "@SUM(1)", "+7 495 000-00-00", "- плохо", "https://example.com", '=HYPERLINK("x")']


@pytest.fixture(scope="module")
def demo():
    """The demo client with hostile texts in names, results and questions."""
    data = la.load("radio", month="2026-10")
    kept = dict(data.tables)
    clients = kept["clients"].copy()
    clients.loc[: len(HOSTILE) - 1, "client_name"] = HOSTILE
    actions = kept["actions"].copy()
    actions["result"] = actions["result"].fillna(HOSTILE[0])
    data = replace(data, tables={**kept, "clients": clients, "actions": actions})
    breaks = la.find_breaks(data.panel, as_of="2026-10", **data.params.breaks)
    life = la.lifecycle(data.panel, "2026-10")
    return data, meetings.measure(data, breaks, life), breaks


@pytest.fixture(scope="module")
def plan(demo):
    data, visits, breaks = demo
    return meetings_files.plan_workbook(data, visits, breaks, language="ru")


def _filled(plan, fill, save):
    """The workbook with the first form filled in as people would."""
    book = openpyxl.load_workbook(io.BytesIO(plan))
    sheet = next(book[name] for name in book.sheetnames if book[name]["A1"].value == "loyalty-form 1")
    rows = {row[0].value: row for row in sheet.iter_rows(min_row=2) if row[0].value}
    fill(rows, sheet)
    save.parent.mkdir(parents=True, exist_ok=True)
    book.save(save)
    return rows


def test_files_have_the_same_bytes_twice(demo, plan):
    data, visits, breaks = demo
    assert meetings_files.plan_workbook(data, visits, breaks, language="ru") == plan
    for make in (meetings_files.diary, meetings_files.proposed):
        options = (data, visits) if make is meetings_files.diary else (data, visits, breaks)
        assert make(*options, language="ru").content == make(*options, language="ru").content


def test_hostile_texts_stay_texts(plan):
    with zipfile.ZipFile(io.BytesIO(plan)) as parts:
        sheets = [parts.read(name).decode() for name in parts.namelist() if name.startswith("xl/worksheets/sheet")]
        relations = [name for name in parts.namelist() if "worksheets/_rels" in name]
    assert sheets
    assert not any(re.search(r"<f[ >]|<hyperlink", text) for text in sheets)
    assert not relations
    book = openpyxl.load_workbook(io.BytesIO(plan))
    said = {cell.value for sheet in book for row in sheet.iter_rows() for cell in row}
    assert set(HOSTILE) & said  # unchanged, where these clients are in the plan
    assert HOSTILE[0] in " ".join(str(value) for value in said)


def test_personal_data_is_announced_first(plan):
    book = openpyxl.load_workbook(io.BytesIO(plan))
    for sheet in book:
        top = " ".join(str(cell.value) for row in sheet.iter_rows(max_row=2) for cell in row if cell.value)
        assert "персональные данные" in top, sheet.title


def test_a_filled_form_comes_back_whole(demo, plan, tmp_path):
    given = {}

    def fill(rows, sheet):
        client = rows["meeting.client_id"][2].value
        given["client"] = client
        given["meeting"] = rows["meeting.meeting_id"][2].value
        for key, value in {
            "meeting.held_at": pd.Timestamp("2026-11-12").to_pydatetime(), "meeting.status": "состоялась",
            "meeting.format": "онлайн", "meeting.duration_min": 35, "meeting.manager_self_score": 8,
            "meeting.plan_amount": 1250000, "meeting.plan_period": "2026Q4", "meeting.new_product_plan": HOSTILE[1],
            "meeting.strategy_change": "да", "meeting.choice_criteria": "цена, сроки, люди",
            "meeting.notes": HOSTILE[3], "answer.Q01": 9, "answer.Q02": 7, "feedback.dislike": HOSTILE[0],
            "ask.1": "в декабре",
        }.items():  # fmt: skip
            rows[key][2].value = value
            rows[key][2].data_type = "n" if isinstance(value, int) else rows[key][2].data_type
            if isinstance(value, str):
                rows[key][2].data_type = "s"
        for place, value in ((2, "прислать медиаплан"), (3, "M01 · Белова"), (4, "20.11.2026")):
            rows["action.1"][place].value = value

    path = tmp_path / "forms" / "filled.xlsx"
    _filled(plan, fill, path)
    found = Findings()
    read = read_forms([path], found)
    meeting = read["meetings"].iloc[0]
    assert (meeting["client_id"], meeting["meeting_id"]) == (given["client"], given["meeting"])
    assert meeting[["status", "format", "plan_period", "notes", "new_product_plan"]].tolist() == [
        "held", "online", "2026Q4", HOSTILE[3], HOSTILE[1]
    ]  # fmt: skip
    assert meeting["held_at"] == pd.Timestamp("2026-11-12")
    assert meeting[["duration_min", "manager_self_score", "plan_amount"]].tolist() == [35, 8, 1250000]
    assert bool(meeting["strategy_change"])
    # What was written in the reader's words comes back as keys and ids.
    assert meeting["purpose"] in LISTS["purpose"]
    assert {meeting["manager_id"], meeting["visitor_id"]} <= set(demo[0].managers["manager_id"])
    assert meeting["choice_criteria"] == ["цена", "сроки", "люди"]
    assert read["survey_answers"].set_index("question_id")["score"].to_dict() == {"Q01": 9, "Q02": 7}
    said = read["feedback"].set_index("field")["text"]
    assert said["dislike"] == HOSTILE[0]
    assert said["free"].endswith("– в декабре")
    step = read["actions"].iloc[0]
    assert step[["owner_id", "status", "result", "source_id"]].tolist() == [
        "M01", "open", "прислать медиаплан", given["meeting"]
    ]  # fmt: skip
    assert step["due_at"] == pd.Timestamp("2026-11-20")
    assert found.codes() == ["form_empty"]  # the other forms
    for name in ("meetings", "survey_answers", "feedback", "actions"):
        assert list(read[name]) == list(tables.empty(name))


def test_a_half_filled_form_gives_findings_not_loss(plan, tmp_path):
    def fill(rows, sheet):
        rows["meeting.notes"][2].value = "были недолго"
        rows["answer.Q01"][2].value = 14
        rows["answer.Q02"][2].value = "восемь"
        rows["answer.Q03"][2].value = 6
        rows["action.1"][3].value = "M01"
        sheet.delete_rows(rows["meeting.purpose"][0].row)

    path = tmp_path / "half.xlsx"
    _filled(plan, fill, path)
    found = Findings()
    read = read_forms([path], found)
    codes = found.codes()
    for code in ("form_changed", "form_no_status", "form_no_date", "form_no_step", "form_no_due"):
        assert code in codes, code
    assert codes.count("form_value") == 2
    assert read["meetings"]["notes"].tolist() == ["были недолго"]
    assert read["survey_answers"]["score"].tolist() == [6]
    assert len(read["actions"]) == 1
    for language in ("ru", "en"):
        assert found.frame(language)["problem"].str.len().min() > 0


@pytest.mark.parametrize("language", ["ru", "en"])
def test_lists_of_the_form_are_in_words_and_told_apart(language):
    for name, keys in LISTS.items():
        said = [words.say(f"forms.{name}_{key}", language) for key in keys]
        assert len({text.casefold() for text in said}) == len(keys)
        assert not any("_" in text for text in said)


def test_promises_kept_are_closed_and_unread_workbooks_stay_unread(demo, plan, tmp_path):
    data, _, _ = demo
    known = {}

    def fill(rows, sheet):
        promise = next((key for key in rows if key.startswith("promise.")), None)
        known["promise"] = promise
        if promise:
            rows[promise][2].value = "выполнено"
        rows["meeting.held_at"][2].value = pd.Timestamp("2026-11-12").to_pydatetime()
        rows["meeting.status"][2].value = "состоялась"

    path = tmp_path / "plan.xlsx"
    _filled(plan, fill, path)
    openpyxl.Workbook().save(tmp_path / "other.xlsx")
    gathered = {"actions": data.actions, "meetings": data.meetings}
    before = len(gathered["meetings"])
    assert add_forms(tmp_path, gathered, Findings()) == [path]
    assert len(gathered["meetings"]) == before + 1
    if known["promise"]:
        row = gathered["actions"].set_index("action_id").loc[known["promise"].split(".")[1]]
        assert (row["status"], row["closed_at"]) == ("closed", pd.Timestamp("2026-11-12"))
    # A file that a source reads is no form, whatever it holds.
    assert add_forms(tmp_path, {}, Findings(), known=[path]) == []


def test_accepted_proposals_become_actions(demo, tmp_path):
    data, visits, breaks = demo
    handout = meetings_files.proposed(data, visits, breaks, language="ru")
    book = openpyxl.load_workbook(io.BytesIO(handout.content))
    sheet = book.active
    sheet["A5"] = "да"
    sheet["A6"] = "нет"
    path = tmp_path / "accepted.xlsx"
    book.save(path)
    found = Findings()
    actions = read_forms([path], found)["actions"]
    rows = meetings_files.proposals(data, visits, breaks, "ru")
    assert actions["action_id"].tolist() == rows["action_id"].head(1).tolist()
    assert actions[["owner_id", "source"]].iloc[0].tolist() == rows[["owner_id", "source"]].iloc[0].tolist()
    assert len(found) == 0


def _entries(content):
    return {str(event["uid"]): event for event in Calendar.from_ical(content).walk("VEVENT")}


def test_the_calendar_is_valid(demo):
    data, visits, _ = demo
    content = meetings_files.diary(data, visits, language="ru").content
    # RFC 5545: CRLF everywhere, no line over 75 octets, required properties, zones defined.
    lines = content.split(b"\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    calendar = Calendar.from_ical(content)
    assert not calendar.errors
    assert (str(calendar["version"]), str(calendar["method"])) == ("2.0", "PUBLISH")
    zones = {str(zone["tzid"]) for zone in calendar.walk("VTIMEZONE")}
    events = list(calendar.walk("VEVENT"))
    assert len(events) == len(visits.plan.table)
    assert len({str(event["uid"]) for event in events}) == len(events)
    for event in events:
        assert not event.errors
        assert event["dtstart"].params["tzid"] in zones
        assert event["dtend"].dt > event["dtstart"].dt
        assert event["dtstart"].dt.weekday() < 5 or event["status"] == "CONFIRMED"
        assert {"uid", "dtstamp", "summary"} <= {str(key).lower() for key in event}


def test_december_meetings_stand_before_the_25th(demo):
    data, visits, _ = demo
    rows = meetings_files.timed_plan(data, visits, "ru")
    year_end = rows[rows["purpose"] == "year_end"]
    assert len(year_end)
    assert (year_end["start"].dt.day <= 25).all()
    busy = rows.groupby(["visitor_id", "start"]).size()
    assert busy.max() == 1  # nobody is in two places


def test_a_replan_moves_the_entry():
    clients = pd.DataFrame({"client_id": ["A", "B"], "manager_id": "M"})
    held = pd.DataFrame({"client_id": ["A"], "status": "held", "held_at": pd.to_datetime(["2026-09-10"]),
                         "planned_at": pd.to_datetime([None]), "format": "meeting"})  # fmt: skip
    files = []
    for month, absent in (("2026-09", None), ("2026-10", {"M": ["2026-11"]})):
        found = la.plan_visits(clients, held, month, absence=absent)
        rows = found.table.assign(name="n", aim="a", because="b", visitor="v")
        rows["number"] = visit_numbers(rows, held, as_of(month))
        rows["start"] = slots(rows, held, as_of(month), "RU", 25)
        files.append(_entries(calendar_file(rows, "t", "demo", as_of(month), "Europe/Moscow", "en")))
    first, second = files
    again = set(first) & set(second)
    assert "demo-A-2@loyalty-analytics" in again
    assert all(second[uid]["sequence"] > first[uid]["sequence"] for uid in again)


def _unfinished(month):
    """The demo in the middle of a month, with a meeting and a call agreed for the rest of it."""
    data = la.load("radio", month=month)
    kept = dict(data.tables)
    meetings_ = kept["meetings"]
    call = meetings_[meetings_["status"] == "planned"].tail(1)
    agreed = call.assign(meeting_id="call", format="call", planned_at=pd.Timestamp("2026-11-25 15:00"))
    data = replace(data, tables={**kept, "meetings": pd.concat([meetings_, agreed], ignore_index=True)})
    breaks = la.find_breaks(data.panel, as_of=data.as_of, **data.params.breaks)
    return data, meetings.measure(data, breaks, la.lifecycle(data.panel, data.as_of)), breaks


def test_what_is_agreed_for_the_rest_of_the_month_stays_in_the_calendar():
    whole, middle = _unfinished("2026-10"), _unfinished("2026-11-10")
    before, after = (_entries(meetings_files.diary(*each[:2], language="en").content) for each in (whole, middle))
    ledger = middle[0].meetings
    agreed = ledger[(ledger["status"] == "planned") & (ledger["planned_at"] > pd.Timestamp("2026-11-11"))]
    assert len(agreed) >= 4
    visits = middle[1]
    assert (pd.DatetimeIndex(visits.plan.table["month"]) > pd.Timestamp("2026-11-30")).all()
    assert sorted(visits.plan.standing["client_id"]) == sorted(agreed["client_id"])
    old, new = (
        {(uid, event["dtstart"].dt) for uid, event in file.items() if event["status"] == "CONFIRMED"}
        for file in (before, after)
    )
    assert len(new) == len(agreed)
    assert new <= old  # the same entries at the same hours
    shown = meetings.calendar(*middle[:2], language="en")
    assert len(shown.table.frame) == len(visits.plan.table) + len(agreed)
    assert "November" in shown.note
    book = openpyxl.load_workbook(io.BytesIO(meetings_files.plan_workbook(*middle, language="en")))
    assert {row[-1] for row in book.worksheets[0].iter_rows(min_row=4, values_only=True)} >= {*agreed["client_id"]}


@pytest.mark.proof
def test_libreoffice_opens_the_workbook(plan, tmp_path):
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("LibreOffice is not installed")
    (tmp_path / "plan.xlsx").write_bytes(plan)
    home = f"-env:UserInstallation=file://{tmp_path}/home"
    done = subprocess.run(
        [office, home, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), str(tmp_path / "plan.xlsx")],
        capture_output=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0
    assert (tmp_path / "plan.pdf").stat().st_size > 10_000


def test_check_reads_a_form_dropped_into_the_clients_folder(demo, plan, tmp_path):
    home = Path(__file__).parents[2]
    for part in ("params", "data/raw/radio"):
        shutil.copytree(home / part, tmp_path / part)
    before = la.load("radio", month="2026-11", root=tmp_path)

    def fill(rows, sheet):
        rows["meeting.held_at"][2].value = pd.Timestamp("2026-11-12").to_pydatetime()
        rows["meeting.status"][2].value = "состоялась"
        rows["answer.Q01"][2].value = 10
        rows["feedback.like"][2].value = "всё вовремя"

    _filled(plan, fill, tmp_path / "data" / "raw" / "radio" / "forms" / "november.xlsx")
    # The folder's fingerprint has changed: the data are read again.
    after = la.load("radio", month="2026-11", root=tmp_path)
    assert len(after.meetings) == len(before.meetings) + 1
    assert len(after.survey_answers) == len(before.survey_answers) + 1
    assert "всё вовремя" in set(after.feedback["text"])
    assert after.findings["problem"].str.contains("анкет").any()
