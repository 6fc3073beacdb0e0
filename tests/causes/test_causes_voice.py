"""Report 05: its sentences in all variants, its pictures, persons masked."""

from __future__ import annotations

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.causes.quotes import masked
from loyalty_analytics.exhibits import voice as report
from loyalty_analytics.exhibits import voice_drill as deeper
from loyalty_analytics.exhibits import voice_words as more


@pytest.fixture(scope="module")
def radio(root):
    if not (root / "params" / "radio.yaml").is_file():
        pytest.skip("the demo client is absent")
    data = la.load("radio", month="2026-10", root=root)
    tags = la.tag_causes(data.feedback, data.params.codebook)
    plain = la.tag_causes(data.feedback.drop(columns="score"), data.params.codebook)
    drivers = la.cause_drivers(plain, data.feedback, questions=data.questions, draws=50)
    return data, tags, drivers


@pytest.mark.parametrize("language", ["ru", "en"])
def test_every_exhibit_of_the_demo(radio, language):
    data, tags, drivers = radio
    voice = report.said(data, tags, language)
    found = la.emerging_themes(data.feedback, tags, "2026-10", draws=50)
    trust = la.rule_report(tags, feedback=data.feedback)
    exhibits = [
        report.by_clients(data, voice, language=language),
        report.tone(data, voice, language=language),
        deeper.course(data, voice, language=language),
        more.matters(data, voice, drivers, language=language),
        deeper.low_scores(data, voice, language=language),
        deeper.measures(data, voice, tags, language=language),
        more.segments(data, voice, language=language),
        more.fields(data, voice, language=language),
        more.quotes(data, voice, language=language),
        more.themes(data, voice, found, language=language),
        more.trust(data, voice, trust, language=language),
    ]
    for one in exhibits:
        assert one.title
        assert "{" not in one.title + one.subtitle + one.note + one.alt
        assert one.html().startswith("<section")
        if one.draw is not None:
            for narrow in (False, True):
                assert one.draw(narrow).axes
    front = report.front(data, language, voice=voice, drivers=drivers, tags=tags)
    top = report.ranking(voice).iloc[0]
    assert top["label"] in front.summary
    assert f"{top['clients']}" in front.summary
    assert len(front.tiles) <= 6


def test_clients_are_counted_once_and_money_is_theirs(radio):
    data, tags, _ = radio
    voice = report.said(data, tags, "ru")
    rows = report.ranking(voice).set_index("cause")
    texts = data.feedback[data.feedback["created_at"] > "2025-10-31"]
    bad = tags.table[tags.table["sentiment"].isin(["negative", "mixed"])]
    for cause in rows.index[:4]:
        named = texts[texts["feedback_id"].isin(bad.loc[bad["cause"] == cause, "feedback_id"])]["client_id"].unique()
        assert rows.loc[cause, "clients"] == len(named)
        assert rows.loc[cause, "money"] == pytest.approx(voice.money.reindex(named).sum())


def test_too_few_and_nothing_said(radio):
    data, tags, drivers = radio
    voice = report.said(data, tags, "ru")
    few = report.Said(
        voice.texts.head(3), voice.tags.head(2), voice.titles, voice.owners, voice.advice, "client", voice.money
    )
    assert "Мало данных" in report.by_clients(data, few, language="ru").title
    assert "слишком мало" in report.front(data, "ru", voice=few, drivers=drivers, tags=tags).summary
    silent = report.Said(
        voice.texts, voice.tags.head(0), voice.titles, voice.owners, voice.advice, "client", voice.money
    )
    assert "никто не назвал" in report.front(data, "ru", voice=silent, drivers=drivers, tags=tags).summary
    none = la.cause_drivers(tags.table.head(0), data.feedback.head(20))
    assert "Мало данных" in more.matters(data, voice, none, language="ru").title


def test_quotes_only_where_allowed_and_masked(radio):
    data, tags, _ = radio
    voice = report.said(data, tags, "ru")
    shown = more.quotes(data, voice, language="ru").table.frame
    allowed = data.feedback[data.feedback["may_quote"].fillna(False).astype(bool)]
    texts = {masked(text.strip()) for text in allowed["text"]}
    assert len(shown) > 5
    assert {quote.strip("«»") for quote in shown["quote"]} <= {text.strip("«»") for text in texts}
    assert masked("Вадим обещал, пишите на a.b@c.ru или @vadim") == "… обещал, пишите на … или …"
    assert masked("Отличная работа, Москва рядом") == "Отличная работа, Москва рядом"


def test_bars_stand_at_the_numbers():
    from loyalty_analytics.plots import voice as plots

    table = pd.DataFrame({"label": ["a", "b"], "clients": [10, 5], "money": [1e6, 3e6]})
    ax = plots.paired(table, language="en", left="clients", right="money")
    widths = [patch.get_width() for patch in ax.patches]
    assert widths == pytest.approx([0.5, 1.0, 1.0, 1 / 3])
    ax = plots.polarity(table.assign(negative=[3, 0], positive=[1, 4]), language="en")
    assert sorted(patch.get_width() for patch in ax.patches) == pytest.approx([-3, 0, 1, 4])


def test_low_scores_are_counted_by_unit_manager_and_month(radio):
    data, tags, _ = radio
    voice = report.said(data, tags, "en")
    rows = deeper.low_scores(data, voice, language="en").table.frame
    texts = voice.texts.merge(data.clients[["client_id", "manager_id"]], on="client_id")
    for manager, own in texts[texts["score"].notna()].groupby("manager_id"):
        name = data.managers.set_index("manager_id").loc[manager, "manager_name"].split()[0]
        got = rows[(rows["kind"] == "manager") & rows["group"].str.startswith(name)]
        if len(own) >= 8:
            assert got.iloc[0][["n", "low_scores"]].tolist() == [len(own), (own["score"] <= 6).sum()]
        else:
            assert got.empty
    few = report.Said(
        voice.texts.head(3), voice.tags.head(2), voice.titles, voice.owners, voice.advice, "client", voice.money
    )
    assert "Too little data" in deeper.low_scores(data, few, language="en").title


def test_a_measure_is_judged_by_what_came_after_it(radio):
    data, tags, _ = radio
    voice = report.said(data, tags, "en")
    shown = deeper.measures(data, voice, tags, language="en").table.frame
    actions = data.actions.set_index("action_id")
    assert (shown["since"] <= data.as_of.last_whole - 5).all()
    assert shown["cause"].isin(actions["cause"]).all()
    row = shown.iloc[0]
    bad = tags.table[(tags.table["cause"] == row["cause"]) & tags.table["sentiment"].isin(["negative", "mixed"])]
    start = row["since"].start_time
    after = data.feedback[
        (data.feedback["created_at"] >= start) & (data.feedback["created_at"] < start + pd.DateOffset(months=6))
    ]
    assert row["after"] == pytest.approx(after["feedback_id"].isin(bad["feedback_id"]).mean())
