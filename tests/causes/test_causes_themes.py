"""New themes: found when planted, rarely seen where there are none."""

from __future__ import annotations

import gold_texts
import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la


def _world(seed, share, theme="service.channel", n=150):
    """Two windows from the same texts; the later one gets a share of texts about a theme that was never there."""
    dice = np.random.default_rng(seed)
    rows = [row for row in gold_texts.read(language="ru") if row.part in ("held", "open", "blind") and row.labels]
    about = [row.text for row in rows if any(cause == theme for cause, _ in row.labels)]
    others = [row.text for row in rows if all(cause != theme for cause, _ in row.labels)]
    fresh = list(dice.choice(about, min(int(share * n), len(about)), replace=False)) if share else []
    base = list(dice.permutation(others))[: 2 * n - len(fresh)]
    texts = [*base, *fresh]
    when = ["2026-05-10"] * n + ["2026-09-10"] * (len(texts) - n)
    return pd.DataFrame({"feedback_id": range(len(texts)), "text": texts, "created_at": when}), len(base)


def _found(general, seed, share):
    feedback, first = _world(seed, share)
    tags = general.tag(feedback)
    table = la.emerging_themes(feedback, tags, "2026-10", draws=200).table
    right = [np.mean([identity >= first for identity in ids]) > 0.5 for ids in table["feedback_ids"]]
    return any(right), not all(right)


def test_a_planted_theme_is_found_and_quiet_worlds_stay_quiet(general):
    planted = [_found(general, seed, 0.12)[0] for seed in range(6)]
    assert np.mean(planted) >= 0.8
    alarms = [_found(general, 100 + seed, 0.0)[1] for seed in range(12)]
    assert sum(alarms) <= 2


@pytest.mark.proof
def test_false_alarms_in_many_quiet_worlds(general):
    alarms = [_found(general, 1000 + seed, 0.0)[1] for seed in range(120)]
    # 5 % of 120 is 6; more than 11 would happen by chance in 2 % of such proofs.
    assert sum(alarms) <= 11


def test_columns_blank_texts_and_the_window():
    texts = ["", "нет", None, "Дорого"] * 10
    feedback = pd.DataFrame({"feedback_id": range(40), "text": texts, "created_at": "2026-09-10"})
    result = la.emerging_themes(feedback, None, "2026-10")
    assert len(result.table) == 0
    assert "feedback_ids" in result.table.columns
    assert result.overview["n"].iloc[0] == 10
    later = la.emerging_themes(feedback, None, "2026-08")
    assert later.overview["n"].iloc[0] == 0


def test_a_snippet_is_a_codebook(general, tmp_path):
    feedback, _ = _world(1, 0.12)
    feedback["text"] = [f"{text} ламантин у входа" if row >= 280 else text for row, text in enumerate(feedback["text"])]
    table = la.emerging_themes(feedback, None, "2026-10", draws=200).table
    row = table[table["snippet"].str.contains("ламантин")].iloc[0]
    assert row["would_catch"] >= row["n"] * 0.8
    file = tmp_path / "mine.yaml"
    file.write_text("codebook: mine\nextends: general\n" + row["snippet"], encoding="utf-8")
    tags = la.Tagger(file).tag(pd.DataFrame({"feedback_id": [1], "text": ["Ужасные ламантины"]})).table
    assert "company.new_theme" in tags["cause"].tolist()


def test_a_slow_riser_is_no_new_theme_unless_asked_for():
    """30 of 300 before and 75 of 300 now is sure growth, yet 2.5 times only."""
    names = [f"слово{chr(1072 + row % 30)}{chr(1072 + row // 30)}" for row in range(600)]
    when = ["2026-05-10"] * 300 + ["2026-09-10"] * 300
    feedback = pd.DataFrame({"feedback_id": range(600), "text": names, "created_at": when})
    named = [*range(30), *range(300, 375)]
    tags = pd.DataFrame({"feedback_id": named, "cause": "price.level", "sentiment": "negative"})
    assert len(la.emerging_themes(feedback, tags, "2026-10", draws=100).table) == 0
    asked = la.emerging_themes(feedback, tags, "2026-10", draws=100, times=2).table
    assert asked["theme"].tolist() == ["price.level"]
    assert asked.loc[0, ["n", "n_before"]].tolist() == [75, 30]


def test_english_plurals_are_one_word():
    from loyalty_analytics.causes.grouping import terms_of

    assert terms_of("Bags and my bag, business") == ["bag", "bag", "business"]


_PARKING = [
    "Зачем платная парковка у офиса", "Стоянка стала платной", "Шлагбаум не открывается", "Паркомат съел деньги",
    "Припарковаться негде", "За въезд взяли двести рублей", "Парковаться теперь по талону", "Где парковаться?",
    "Парковочное место за деньги", "Охрана у шлагбаума не пустила", "Стоянку перед дверью убрали", "Сломан шлагбаум",
    "Парковку отдали соседям", "Эвакуатор увёз машину", "Въезд по звонку",
]  # fmt: skip


def test_words_of_one_stem_and_of_one_field_are_one_group():
    from loyalty_analytics.causes.grouping import by_likeness, terms_of

    words = [terms_of(text) for text in _PARKING] + [terms_of(f"слово{chr(1072 + row)}") for row in range(32)]
    groups = {group.rows.tobytes(): group for group in by_likeness(words, [[]] * len(words), 5)}
    field = next(group for group in groups.values() if "парковка" in group.words and "стоянка" in group.words)
    assert field.rows.tolist() == list(range(15))
    assert {"парковка", "парковаться", "шлагбаум", "паркомат", "въезд"} <= field.words


def test_a_theme_whose_texts_share_no_single_word_is_found(general):
    feedback, _ = _world(3, 0.0)
    feedback = pd.concat([feedback, pd.DataFrame({
        "feedback_id": [1000 + place for place in range(15)], "text": _PARKING, "created_at": "2026-09-10",
    })], ignore_index=True)  # fmt: skip
    table = la.emerging_themes(feedback, general.tag(feedback), "2026-10", draws=200).table
    assert any(np.mean([identity >= 1000 for identity in ids]) > 0.8 for ids in table["feedback_ids"])
    row = table[table["theme"].str.contains("шлагбаум|парков|стоянк")].iloc[0]
    assert row["kind"] == "theme"
    assert row["would_catch"] >= 12


def test_the_order_of_rows_does_not_matter_and_an_empty_result_has_its_kinds(general):
    feedback, _ = _world(1, 0.12)
    tags = general.tag(feedback).frame
    expected = la.emerging_themes(feedback, tags, "2026-10", draws=200).table
    rows, mixed = feedback.sample(frac=1, random_state=1), tags.sample(frac=1, random_state=2)
    assert len(expected)
    pd.testing.assert_frame_equal(la.emerging_themes(rows, mixed, "2026-10", draws=200).table, expected)
    empty = la.emerging_themes(feedback.head(0), None, "2026-10").table
    pd.testing.assert_series_equal(empty.dtypes, expected.dtypes)
