"""Precision, recall, agreement, and the file of corrections."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.causes import append_corrections, kappa, next_texts, read_corrections
from loyalty_analytics.errors import DataError, ParamsError


def test_kappa_and_its_interval_are_those_of_statsmodels():
    """The table 20-5-10-15 is the usual example of the textbooks: kappa 0.4."""
    from statsmodels.stats.inter_rater import cohens_kappa

    first = ["a"] * 25 + ["b"] * 25
    second = ["a"] * 20 + ["b"] * 5 + ["a"] * 10 + ["b"] * 15
    other = cohens_kappa([[20, 5], [10, 15]])
    assert kappa(first, second)[0] == pytest.approx(0.40)
    assert kappa(first, second)[1:] == pytest.approx((other.kappa_low, other.kappa_upp))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=5, max_size=60))
def test_kappa_is_that_of_sklearn(pairs):
    from sklearn.metrics import cohen_kappa_score

    first, second = zip(*pairs)
    if len({*first, *second}) > 1:
        assert kappa(first, second)[0] == pytest.approx(cohen_kappa_score(first, second))


def test_precision_and_recall_by_hand():
    feedback = pd.DataFrame(
        {"feedback_id": [1, 2, 3, 4], "text": ["Дорого", "Цена нормальная", "Петров", "Дорогой друг"]}
    )
    tags = la.tag_causes(feedback)
    corrections = pd.DataFrame(
        {
            "text": ["Дорого", "Цена нормальная", "Петров", "Дорогой друг"],
            "cause": ["price.level", None, "price.level", None],
            "sentiment": ["negative", None, "negative", None],
        }
    )
    report = la.rule_report(tags, corrections, feedback=feedback, codebook="general")
    row = report.overview.set_index("cause").loc["price.level"]
    # Two tags, one right; two texts about the price, one found.
    assert (row["hits"], row["checked"], row["right"], row["missed"]) == (2, 2, 1, 1)
    assert (row["precision"], row["recall"], row["sentiment_right"]) == (0.5, 0.5, 1.0)
    assert row["precision_low"] < 0.5 < row["precision_high"]
    assert report.untagged == 0.5
    assert len(report.silent) > 1000
    assert not set(report.silent["rule"]) & set(tags.table["rule"])


def test_corrections_are_only_ever_added(tmp_path):
    (tmp_path / "params").mkdir()
    one = pd.DataFrame({"text": ["=1+1 дорого"], "cause": ["price"], "sentiment": ["negative"]})
    append_corrections("radio", one, annotator="A", root=tmp_path)
    before = (tmp_path / "params" / "radio.corrections.csv").read_bytes()
    now = append_corrections("radio", one.assign(cause="price.level"), annotator="A", root=tmp_path)
    after = (tmp_path / "params" / "radio.corrections.csv").read_bytes()
    assert after.startswith(before)
    assert b"\n=" not in after
    assert now[["text", "cause"]].values.tolist() == [["=1+1 дорого", "price.level"]]
    with pytest.raises(DataError, match="Unknown sentiment"):
        append_corrections("radio", one.assign(sentiment="bad"), root=tmp_path)
    with pytest.raises(ParamsError, match="no name of a client"):
        read_corrections("../radio", tmp_path)
    assert len(read_corrections("clinic", tmp_path)) == 0


def test_next_texts_are_unlike_and_unknown(general):
    texts = ["Дорого.", "Дорого!", "Какой-то сюр вышел", "Петров звонил в обед", "Очень вежливый персонал"]
    feedback = pd.DataFrame({"feedback_id": range(5), "text": texts})
    done = pd.DataFrame({"text": ["Петров звонил в обед"], "cause": [None]})
    chosen = next_texts(general, feedback, 3, done)
    assert chosen["text"].iloc[0] == "Какой-то сюр вышел"
    assert "Петров звонил в обед" not in set(chosen["text"])
    assert len({text.rstrip(".!") for text in chosen["text"]}) == 3
