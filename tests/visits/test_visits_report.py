"""Report 06: the first screen and its variants, lost clients, exhibits that degrade one by one."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import tables
from loyalty_analytics.exhibits import meetings, meetings_files, meetings_loop, meetings_work
from loyalty_analytics.exhibits.base import Exhibit
from loyalty_analytics.exhibits.handout import Handout

MONTH = "2026-10"


def _without(data, *names):
    kept = {**data.tables, **{name: tables.empty(name) for name in names}}
    return replace(data, tables=kept, missing=tuple({*data.missing, *names}))


def _measured(data):
    breaks = la.find_breaks(data.panel, as_of=MONTH, **data.params.breaks)
    return breaks, meetings.measure(data, breaks, la.lifecycle(data.panel, MONTH))


@pytest.fixture(scope="module")
def radio():
    data = la.load("radio", month=MONTH)
    return (data, *_measured(data))


def _all(data, breaks, visits, language):
    tags = pd.DataFrame({"feedback_id": [], "sentiment": []})
    return [
        meetings.front(data, language, visits),
        *(show(data, visits, language=language) for show in (
            meetings.calendar, meetings.load, meetings.exceptions, meetings.compliance, meetings_loop.overdue,
            meetings_loop.steps, meetings_work.dates, meetings_files.diary,
        )),
        *(show(data, language=language) for show in (
            meetings_work.decisions, meetings_work.needs, meetings_work.plans, meetings_work.effect,
            meetings_loop.complaints, meetings_loop.touches, meetings_loop.activity, meetings_loop.movement,
        )),
        meetings_loop.worked(data, tags, language=language),
        meetings_files.workbook(data, visits, breaks, language=language),
        meetings_files.proposed(data, visits, breaks, language=language),
    ]  # fmt: skip


@pytest.mark.parametrize("language", ["ru", "en"])
def test_everything_is_there_for_a_client_with_all_tables(radio, language):
    shown = _all(*radio, language)
    assert not any(part.missing for part in shown if isinstance(part, Exhibit))
    assert sum(isinstance(part, Handout) for part in shown) == 3
    assert len(shown[0].summary.split()) <= 120
    assert 1 <= len(shown[0].tiles) <= 6


def test_the_first_screen_tells_the_numbers_of_its_tables(radio):
    data, _, visits = radio
    text = meetings.front(data, "en", visits).summary
    meant = int((visits.plan.table["format"] != "call").sum())
    assert f"{meant}\u00a0meetings" in text
    assert f"capacity {visits.plan.load['limit'].sum()} meetings" in text
    assert f"{len(visits.loop.overdue)}\u00a0promises" in text


def test_lost_clients_are_not_planned_for(radio):
    data, _, visits = radio
    life = la.lifecycle(data.panel, MONTH).table
    lost = set(data.clients.loc[data.clients["status"] == "lost", "client_id"])
    lost |= set(life.loc[life["status"] == "lost", "client_id"])
    assert lost
    assert not lost & set(visits.plan.table["client_id"])
    assert not lost & set(visits.plan.exceptions["client_id"])


@pytest.mark.parametrize(
    "names",
    [("clients",), ("meetings",), ("actions",), ("complaints",), ("managers",), ("contacts",), ("useful_dates",),
     ("survey_answers", "survey_invitations", "questions"), ("feedback",), ("deliveries",), ("offers",),
     ("clients", "meetings", "actions", "complaints")],
)  # fmt: skip
def test_each_missing_table_takes_only_what_needs_it(radio, names):
    data = _without(radio[0], *names)
    breaks, visits = _measured(data)
    shown = _all(data, breaks, visits, "ru")
    gone = [part.name for part in shown if isinstance(part, Exhibit) and part.missing]
    needed = {"clients": "calendar", "meetings": "compliance", "actions": "steps", "complaints": "complaints",
              "managers": "needs", "useful_dates": "dates", "survey_answers": "movement", "feedback": "worked",
              "offers": "needs"}  # fmt: skip
    for name in names:
        if name in needed:
            assert needed[name] in gone
    if names[0] in ("contacts", "deliveries"):
        assert not gone


def test_replies_to_public_reviews_by_tone_stand_in_the_table(radio):
    data = radio[0]
    said = data.feedback.copy()
    recent = said.index[(said["created_at"] >= "2026-01-01").to_numpy(bool)]
    said.loc[recent[:20], "channel"] = "maps"
    tones = ["negative"] * 12 + ["positive"] * 8
    tags = pd.DataFrame({"feedback_id": said.loc[recent[:20], "feedback_id"], "sentiment": tones})
    shown = meetings_loop.worked(replace(data, tables={**data.tables, "feedback": said}), tags, language="en")
    replied = said.loc[recent[:12], "replied_at"].notna().sum()
    assert f"complaint {replied} of 12" in shown.note
    own = [row for row in shown.table.totals if row["label"] == "Public reviews"]
    assert [row["n"] for row in own] == [12, 8]
    assert own[0]["share"] == pytest.approx(replied / 12)
    assert "No public reviews" in meetings_loop.worked(data, tags, language="en").note


def test_the_work_of_managers_is_summed(radio):
    data = radio[0]
    shown = meetings_work.needs(data, language="en").table
    total, rows = shown.totals[0], shown.frame
    assert total["steps_share"] == pytest.approx(rows["steps_in_time"].sum() / rows["steps"].sum())
    assert total["fit_share"] == pytest.approx(rows["fitting"].sum() / rows["offers"].sum())


def test_variants_of_the_first_screen(radio):
    data, _, visits = radio
    quiet = replace(visits, critics=None, loop=None, plan=None)
    text = meetings.front(data, "en", quiet).summary
    assert "Cases and promises are not recorded" in text
    assert "No client list" in text
    calm = meetings.front(data, "en", replace(visits, critics=None)).summary
    assert "No detractor cases" in calm
    alone = replace(visits.plan, load=visits.plan.load.head(0))
    shown = meetings.front(data, "en", replace(visits, plan=alone))
    assert "no visitors are known" in shown.summary
    assert not [tile for tile in shown.tiles if "meeting" in tile.label]
    young = visits.critics.copy()
    young["judged"] = 0
    assert "too early" in meetings.front(data, "en", replace(visits, critics=young)).summary
    done = replace(visits.loop, overdue=visits.loop.overdue.head(0))
    assert "No promise is overdue" in meetings.front(data, "en", replace(visits, loop=done)).summary


def test_persons_of_the_client_are_not_named(radio):
    data, breaks, visits = radio
    page = " ".join(part.html() for part in _all(data, breaks, visits, "ru") if isinstance(part, Exhibit))
    assert not [name for name in data.contacts["full_name"].dropna() if name in page]


def test_clients_of_next_month_come_with_the_most_urgent_first(radio):
    data, _, visits = radio
    wanted = meetings.next_clients(data)
    soon = visits.plan.table[visits.plan.table["month"] == "2026-11-01"]
    assert set(wanted) == set(soon["client_id"])
    points = visits.priority.table.set_index("client_id")["points"]
    assert points[wanted].is_monotonic_decreasing
