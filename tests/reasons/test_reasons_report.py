"""Report 03: every exhibit in both languages, its variants, and what the pictures show."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import words
from loyalty_analytics.breaks.questions import meeting_questions
from loyalty_analytics.breaks.reason_bridge import portfolio_bridge
from loyalty_analytics.exhibits import breaks as report
from loyalty_analytics.exhibits import breaks_facts, breaks_months
from loyalty_analytics.exhibits import breaks_why as why
from loyalty_analytics.exhibits.brief import evidence
from loyalty_analytics.plots import reasons as plots

KEYS = ["client_id", "break_month"]


def _made(root, month, client="radio"):
    data = la.load(client, month=month, root=root)
    breaks = la.find_breaks(data.panel, as_of=month, **data.params.breaks)
    reasons = la.explain_breaks(breaks, **evidence(data), as_of=month)
    return data, report.own(breaks, reasons), reasons


def _exhibits(data, breaks, reasons, language):
    return [
        report.scan(data, breaks, language=language),
        report.multiples(data, breaks, language=language),
        why.reasons(data, breaks, reasons, language=language),
        breaks_facts.timeline(data, breaks, reasons, language=language),
        why.parts(data, breaks, reasons, language=language),
        breaks_months.by_manager(data, breaks, language=language),
        breaks_months.by_industry(data, breaks, language=language),
        why.bridge(data, portfolio_bridge(data.transactions, why.year_ago(data)), language=language),
        why.where(data, la.localise(*why.leaf_cells(data)), language=language),
        why.questions(data, breaks, reasons, language=language),
    ]


@pytest.fixture(scope="module")
def full(root):
    return _made(root, "2026-10")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_every_exhibit_says_and_draws(full, language):
    data, breaks, reasons = full
    exhibits = _exhibits(*full, language)
    assert len({exhibit.name for exhibit in exhibits}) == len(exhibits)
    for exhibit in exhibits:
        assert exhibit.title
        assert "nan" not in (exhibit.title + exhibit.subtitle + exhibit.alt).lower().split()
        assert "{" not in exhibit.html()
        if exhibit.draw is not None:
            assert len(exhibit.alt) > 20
            assert exhibit.draw(True).get_figwidth() < exhibit.draw(False).get_figwidth()
    front = report.front(data, language, breaks=breaks, reasons=reasons)
    assert len(front.tiles) == 6
    assert len(front.summary.split()) <= 120


def test_the_front_names_the_dearest_fall_and_its_verdict(full):
    data, breaks, reasons = full
    worst = report.recent_falls(data, breaks).iloc[0]
    assert (
        worst["lost"]
        == breaks.frame.loc[
            (breaks.frame["direction"] < 0) & (breaks.frame["break_month"] > "2025-10-31"), "lost"
        ].max()
    )
    front = report.front(data, "ru", breaks=breaks, reasons=reasons)
    assert front.summary.startswith(worst["name"])
    assert "→" in front.summary
    counted = [int(tile.value) for tile in front.tiles if tile.value.isdigit()]
    assert counted[0] == sum(counted[1:4])  # with a reason, coincided, none


def test_clients_handed_over_together_are_no_market(full):
    data, breaks, reasons = full
    crowd = replace(breaks, frame=breaks.frame.assign(market=True))
    kept = report.listed(data, report.own(crowd, reasons))
    table = why.reasons(data, report.own(crowd, reasons), reasons, language="en").table.frame
    assert (table["grade"] != "none").all()
    assert (table["reason"] == "manager_change").sum() == 5
    assert len(kept) < len(breaks.frame)  # what has no reason of its own stays with the market


def test_no_causal_word_beyond_the_grade(full):
    data, breaks, reasons = full
    table = why.reasons(data, breaks, reasons, language="ru").table.frame
    best = reasons.table[reasons.table["part"].isna() & (reasons.table["grade"] != "none")].drop_duplicates(KEYS)
    grades = table.merge(best, on=KEYS, how="left", suffixes=("", "_said"))["grade_said"].fillna("none")
    said = {"strong": "вероятная причина", "possible": "совпало по времени", "none": "причина не найдена"}
    assert table["verdict"].tolist() == [said[grade] for grade in grades]
    assert (table.loc[table["grade"] == "none", "why"] == "–").all()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_too_little_data_and_no_money_have_their_own_sentences(root, language):
    early = _made(root, "2024-06")
    for exhibit in _exhibits(*early, language):
        assert exhibit.title
    few = report.front(early[0], language, breaks=early[1], reasons=early[2])
    assert few.summary == report._quiet(early[0], 0, len(early[1].clients), language)
    clinic = _made(root, "2026-09", "clinic")
    exhibits = _exhibits(*clinic, language)
    assert all(exhibit.missing for exhibit in exhibits)
    assert len({exhibit.name for exhibit in exhibits}) == len(exhibits)


def test_the_waterfall_starts_and_ends_at_the_facts(full):
    data, breaks, reasons = full
    exhibit = why.parts(data, breaks, reasons, language="en")
    table = exhibit.table.frame
    for absent in ("page", "sheet"):  # the page gathers the small parts, tables.xlsx holds each of them
        parts = [column.key for column in exhibit.table.columns[4:] if column.only != absent]
        assert np.allclose(table[parts].sum(axis=1), table["change"], atol=1e-6)
        assert sum(exhibit.table.totals[0][part] for part in parts) == pytest.approx(table["change"].sum(), abs=1e-6)
    assert np.allclose(table["after"] - table["before"], table["change"], atol=1e-6)


def test_timeline_draws_one_line_per_break_and_fills_only_probable_reasons():
    facts = pd.DataFrame(
        {"client_id": ["A", "A", "B"], "break_month": pd.Timestamp("2026-07-01"),
         "date": pd.to_datetime(["2026-06-16", "2026-03-03", "2026-06-01"]), "days_before": [15.0, 120.0, 30.0],
         "reason": ["budget_cut", "other", "season"]}
    )  # fmt: skip
    reasons = pd.DataFrame(
        {"client_id": ["A", "B"], "break_month": pd.Timestamp("2026-07-01"), "reason": ["budget_cut", "season"],
         "grade": ["strong", "possible"], "part": np.nan, "date": pd.to_datetime(["2026-06-16", "2026-06-01"])}
    )  # fmt: skip
    ax = plots.timeline(facts, reasons, language="en", names={"A": "Alpha"})
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Alpha", "B"]
    assert [text.get_text() for text in ax.texts] == ["budget cut", "season"]
    marks = [one for one in ax.collections if len(one.get_offsets()) == 1 and one.get_sizes()[0] > 40]
    assert [tuple(np.round(one.get_offsets()[0], 2)) for one in marks] == [(-0.49, 1.0), (-0.99, 0.0)]
    filled = [tuple(np.round(one.get_facecolor()[0][:3], 2)) for one in marks]
    assert filled[0] != filled[1] == (1.0, 1.0, 1.0)


def test_columns_of_months_add_up_to_the_falls():
    rows = pd.DataFrame(
        {"break_month": pd.to_datetime(["2026-01-01", "2026-01-01", "2026-03-01"]), "who": ["x", "y", "x"]}
    )
    ax = plots.fall_months(rows, by="who", language="en")
    bars = sorted((round(bar.get_x() + 0.35), bar.get_y(), round(bar.get_height() / 0.31, 6)) for bar in ax.patches
                  if bar.get_height())  # fmt: skip
    # A year to March; from below: y, x, all. One scale for all lines.
    assert bars == [(9, 0, 1), (9, 1, 1), (9, 2, 2), (11, 1, 1), (11, 2, 1)]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["Total", "x", "y"]
    assert [text.get_text() for text in ax.texts] == ["2", "1", "1", "1", "1"]


def test_labels_that_overlap_are_thinned():
    ax = plots.theme.axes(None)
    ax.set_xlim(0, 10)
    ax.set_ylim(0, 10)
    for y in (5.0, 5.2, 9.0):
        ax.annotate(str(y), (1, y))
    plots.spread_labels(ax)
    assert [text.get_visible() for text in ax.texts] == [False, True, True]


def test_questions_ask_first_about_the_likeliest_reason():
    months = ["2026-07", "2026-07"]
    reasons = pd.DataFrame(
        {"client_id": ["A", "B"], "break_month": months, "reason": ["price_change", "manager_change"], "part": np.nan,
         "probability": [0.7, 0.6]}
    )  # fmt: skip
    asked = meeting_questions(reasons, "ru")
    assert asked.groupby("client_id").size().tolist() == [3, 3]
    first = asked[asked["order"] == 1].set_index("client_id")["about"]
    assert "price_change" in first["A"]
    assert first["B"] == "manager_change"
    assert "июля\u00a02026" in " ".join(asked["question"])
    # Three different questions, each for something.
    assert not asked.duplicated(["client_id", "key"]).any()
    assert (asked["bits"] > 0).all()


def test_a_table_of_questions_is_checked_and_used():
    reasons = pd.DataFrame(
        {"client_id": [1], "break_month": ["2026-07"], "reason": ["season"], "part": [np.nan], "probability": [0.5]}
    )
    own = [{"key": "q", "about": ["season"], "ru": "Сезон?", "en": "Season?"}]
    assert meeting_questions(reasons, "en", table=own)["question"].tolist() == ["Season?"]
    with pytest.raises(la.LoyaltyError, match="'ru'"):
        meeting_questions(reasons, "en", table=[{"key": "q", "about": []}])
    with pytest.raises(la.LoyaltyError, match="season"):
        meeting_questions(reasons, "en", table=[{"key": "q", "about": ["saeson"], "ru": "", "en": ""}])
    with pytest.raises(la.LoyaltyError, match="params/questions"):
        meeting_questions(reasons, "en", table="none_such")


def test_a_clients_own_questions_lie_in_params(tmp_path, monkeypatch):
    folder = tmp_path / "params" / "questions"
    folder.mkdir(parents=True)
    (folder / "own.yaml").write_text('- {key: q, about: [other], ru: "Что?", en: "What?"}\n', encoding="utf-8")
    monkeypatch.chdir(folder)
    reasons = pd.DataFrame(
        {"client_id": [1], "break_month": ["2026-07"], "reason": ["season"], "part": [np.nan], "probability": [0.5]}
    )
    assert meeting_questions(reasons, "en", table="own")["question"].tolist() == ["What?"]
