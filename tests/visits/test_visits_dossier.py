"""Dossiers of five very different demo clients in both languages: what they say, and that they print on two sheets."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.exhibits import client as report
from loyalty_analytics.exhibits.meetings_files import blank_form
from loyalty_analytics.sources.findings import Findings
from loyalty_analytics.sources.forms import read_forms

MONTH = "2026-10"


@pytest.fixture(scope="module")
def demo():
    data = la.load("radio", month=MONTH)
    breaks = la.find_breaks(data.panel, as_of=MONTH, **data.params.breaks)
    life = la.lifecycle(data.panel, MONTH).table.set_index("client_id")["status"]
    kinds = la.client_kinds(data.panel, MONTH, **data.params.kinds).table.set_index("client_id")
    return data, breaks, life, kinds


@pytest.fixture(scope="module")
def chosen(demo):
    """Five clients by what they are, not by their codes."""
    data, breaks, life, kinds = demo
    ids = data.clients["client_id"]
    anchors = set(data.clients.loc[data.clients["is_anchor"].fillna(False).astype(bool), "client_id"])
    fell = breaks.table[breaks.table["direction"] < 0]
    fell = fell[fell["client_id"].isin(anchors)].sort_values("break_month")["client_id"]
    until = kinds["season_start"] + kinds["season_months"] - 1
    out_of_season = kinds.index[(kinds["rhythm"] == "seasonal") & (kinds["season_start"] <= 9) & (until < 10)]
    recent = data.survey_invitations[data.survey_invitations["sent_at"] >= "2026-05-01"]
    answered = set(recent.loc[recent["status"] == "answered", "client_id"])
    silent = [c for c in recent["client_id"].unique() if c not in answered and life.get(c) == "active"]
    return {
        "anchor with a break": fell.iloc[-1],
        "seasonal out of season": out_of_season[0],
        "new": next(c for c in ids if life.get(c) == "new"),
        "silent": sorted(silent)[0],
        "lost": next(c for c in ids if life.get(c) == "lost"),
    }


KINDS = ["anchor with a break", "seasonal out of season", "new", "silent", "lost"]


@pytest.mark.parametrize("language", ["ru", "en"])
@pytest.mark.parametrize("kind", KINDS)
def test_all_parts_speak(demo, chosen, kind, language):
    data, breaks, _, _ = demo
    page = la.dossier(chosen[kind], data)
    tags = la.tag_causes(data.feedback.head(0), data.params.codebook)
    front = report.front(data, page, breaks, language)
    assert front.warning
    assert len(front.summary.split()) <= 120
    parts = [
        report.volume(data, page, breaks, language=language), report.people(data, page, language=language),
        report.promises(data, page, language=language), report.offers(data, page, language=language),
        report.scores(data, page, language=language), report.voice(data, page, tags, language=language),
        report.card(data, page, language=language),
    ]  # fmt: skip
    for part in parts:
        assert part.title
        assert part.html()
    # Blank fields of the card are words, not columns.
    assert not re.search(r"\b[a-z]+_[a-z_]+\b", parts[-1].html().replace("aria-", ""))
    if language == "ru":
        assert "_" not in parts[-1].title


def test_each_client_is_told_as_what_it_is(demo, chosen):
    data, breaks, _, _ = demo
    pages = {kind: la.dossier(client, data) for kind, client in chosen.items()}
    own = breaks.table[breaks.table["client_id"] == chosen["anchor with a break"]]
    month = pd.Timestamp(own["break_month"].max())
    assert str(month.year) in report.front(data, pages["anchor with a break"], breaks, "en").summary
    quarter = {kind: page.table.set_index("measure").loc["revenue"] for kind, page in pages.items()}
    assert quarter["seasonal out of season"]["quarter"] == 0
    assert quarter["lost"]["quarter"] == 0
    assert quarter["new"]["quarter"] > 0
    assert pd.isna(quarter["new"]["change_year"])


def test_quarters_are_the_sums_of_the_ledger(demo, chosen):
    data, _, _, _ = demo
    client = chosen["anchor with a break"]
    orders = data.transactions[data.transactions["client_id"] == client]
    sums = orders.groupby(orders["date"].dt.to_period("M"))["amount"].sum()
    row = la.dossier(client, data).table.set_index("measure").loc["revenue"]
    for name, last in (("quarter", "2026-10"), ("previous", "2026-07"), ("year_ago", "2025-10")):
        span = pd.period_range(pd.Period(last, "M") - 2, last, freq="M")
        assert row[name] == pytest.approx(sums.reindex(span).sum(), abs=0.011)


def test_unknown_client_is_named_with_the_nearest(demo):
    with pytest.raises(DataError, match="C0001"):
        la.dossier("C0001", demo[0])


@pytest.mark.browser
@pytest.mark.proof
def test_each_dossier_prints_on_two_sheets(chosen, tmp_path):
    if not (shutil.which("chromium") or shutil.which("google-chrome")):
        pytest.skip("Chromium is not installed")
    program = str(Path(sys.executable).with_name("loyalty"))
    for language in ("ru", "en"):
        out = tmp_path / language
        asked = [program, "dossier", "radio", *chosen.values(), "--planned", "--month", MONTH, "--language", language,
                 "--pdf", "--out", str(out), "--quiet"]  # fmt: skip
        subprocess.run(asked, check=True, capture_output=True, cwd=Path(__file__).parents[2])
        printed = sorted(out.rglob("07_client_*.pdf"))
        assert len(printed) > 20  # all clients of next month's plan beside the five
        for file in printed:
            pages = len(re.findall(rb"/Type\s*/Page\b(?!s)", file.read_bytes()))
            assert 1 <= pages <= 2, file.name


@pytest.mark.parametrize("language", ["ru", "en"])
def test_the_blank_form_can_be_read_back(demo, chosen, tmp_path, language):
    data, _, _, _ = demo
    page = la.dossier(chosen["lost"], data)
    handout = blank_form(data, page, language=language)
    assert handout.content == blank_form(data, page, language=language).content
    book = openpyxl.load_workbook(io.BytesIO(handout.content))
    rows = {row[0].value: row for row in book.active.iter_rows(min_row=2) if row[0].value}
    rows["meeting.held_at"][2].value = pd.Timestamp("2026-11-18").to_pydatetime()
    rows["meeting.status"][2].value = {"ru": "состоялась", "en": "held"}[language]
    book.save(tmp_path / "form.xlsx")
    found = Findings()
    meeting = read_forms([tmp_path / "form.xlsx"], found)["meetings"].iloc[0]
    assert meeting[["client_id", "status", "format"]].tolist() == [chosen["lost"], "held", "meeting"]
    assert len(found) == 0
