"""What a tag promises: its columns, literal evidence, hostile texts, the same bytes twice."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.causes.codebook import read_codebook
from loyalty_analytics.causes.matcher import Matcher
from loyalty_analytics.causes.tagger import Tagger
from loyalty_analytics.errors import DataError, ParamsError

COLUMNS = ["feedback_id", "cause", "sentiment", "start", "end", "evidence", "rule", "score"]
HOSTILE = [
    None,
    "",
    "   \n\t ",
    "дорого " * 3000,
    "x" * 20_000,
    "це\u200fна\u202e вы\u200dсокая\x00\x07",
    "<script>alert('дорого')</script> <b>цены</b> высокие &amp; сервис",
    '=HYPERLINK("http://x","цены высокие")',
    "+7 912 345-67-89 менеджер нахамил",
    "👍👍👍",
    ")))",
    "🙄" * 500,
    "ЦЕНЫ ВЫСОКИЕ!!!! ужас(((",
    "a\ufffdb цена",
]


def _feedback(texts):
    return pd.DataFrame({"feedback_id": [f"T{i}" for i in range(len(texts))], "text": texts})


def test_hostile_texts_give_literal_evidence(general):
    feedback = _feedback(HOSTILE)
    tags = general.tag(feedback).table
    texts = dict(zip(feedback["feedback_id"], feedback["text"]))
    assert list(tags.columns) == COLUMNS
    assert len(tags) >= 6
    for row in tags.itertuples():
        assert texts[row.feedback_id][row.start : row.end] == row.evidence != ""
    assert not set(tags["feedback_id"]) & {"T0", "T1", "T2"}
    assert set(tags["sentiment"]) <= {"positive", "negative", "neutral", "mixed"}
    assert tags["score"].between(0, 1).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(alphabet=st.characters(codec="utf-8"), max_size=120) | st.none(), max_size=5))
def test_any_text_at_all(texts):
    tagger = _SHARED_TAGGER[0] if _SHARED_TAGGER else _SHARED_TAGGER.append(Tagger("general")) or _SHARED_TAGGER[0]
    feedback = _feedback(texts)
    for row in tagger.tag(feedback).table.itertuples():
        assert feedback["text"][int(row.feedback_id[1:])][row.start : row.end] == row.evidence


_SHARED_TAGGER: list[Tagger] = []


def test_same_bytes_twice_and_the_argument_stays(general):
    feedback = _feedback(["Цены высокие, зато менеджер вежливый.", "Rates are fair, reporting is slow.", None])
    before = feedback.copy()
    first, second = general.tag(feedback).table, Tagger("general").tag(feedback).table
    assert first.to_csv() == second.to_csv()
    pd.testing.assert_frame_equal(feedback, before)


def test_order_of_rows_does_not_matter(general):
    feedback = _feedback(["Дорого и долго.", "Очень вежливый персонал.", "Парковки нет вообще."])
    straight = general.tag(feedback).table
    turned = general.tag(feedback.iloc[::-1]).table
    keys = ["feedback_id", "cause"]
    pd.testing.assert_frame_equal(
        straight.sort_values(keys, ignore_index=True), turned.sort_values(keys, ignore_index=True)
    )


@pytest.mark.parametrize("ids", [[7, 8], ["007", "008"]])
def test_ids_come_back_as_given(general, ids):
    tags = general.tag(pd.DataFrame({"feedback_id": ids, "text": ["Дорого", "Грубо ответили"]})).table
    assert tags["feedback_id"].tolist() == ids


def test_results_empty_tables_and_errors(general):
    empty = general.tag(pd.DataFrame({"feedback_id": pd.Series(dtype="str"), "text": pd.Series(dtype="str")}))
    assert list(empty.table.columns) == COLUMNS
    assert len(empty) == 0
    with pytest.raises(DataError, match="no column 'text'"):
        general.tag(pd.DataFrame({"comment": ["a"]}))
    with pytest.raises(ParamsError, match="Unknown language 'de'"):
        Tagger("general", language="de")


def test_public_names_and_untagged_share():
    result = la.tag_causes(pd.DataFrame({"feedback_id": [1, 2, 3], "text": ["Дорого", "Петров", ""]}))
    assert (result.texts, result.untagged) == (2, (2,))
    assert "50%" in result.notes[0].text("en")
    assert la.Tagger("radio").codebook.title("logistics.placement", "ru") == "выход в эфир"


def test_a_stream_equals_one_table(general):
    feedback = _feedback(["Дорого", "Быстро и вежливо", "Сайт не работает"])
    parts = pd.concat(general.stream([feedback.head(1), feedback.tail(2)]), ignore_index=True)
    pd.testing.assert_frame_equal(parts, general.tag(feedback).table)


def test_field_and_score_help_only_where_the_text_is_silent(general):
    base = pd.DataFrame({"feedback_id": [1, 2, 3], "text": ["Цена", "Цена", "Цена отличная"]})
    by_field = general.tag(base.assign(field=["like", "dislike", "dislike"])).table
    assert by_field["sentiment"].tolist() == ["positive", "negative", "positive"]
    by_score = general.tag(base.assign(score=[10, 2, 2])).table
    assert by_score["sentiment"].tolist() == ["positive", "negative", "positive"]


@pytest.mark.parametrize(
    "unit", ["дорого, но вежливо. ", "плохо и не ", "цена менеджер качество ", "кроме цены плохо ", "раньше, ", "a."]
)
def test_time_grows_with_the_length_of_a_text_and_not_faster(general, unit):
    """Eight times the text, about eight times the time; 64 times if each word looked at each other word."""
    import gc
    import time

    def seconds(length: int) -> float:
        feedback = _feedback([(unit * length)[:length]])
        spent = []
        for _ in range(3):
            start = time.process_time()
            general.tag(feedback)
            spent.append(time.process_time() - start)
        return min(spent)

    gc.disable()
    try:
        assert seconds(160_000) <= 24 * max(seconds(20_000), 0.002)
    finally:
        gc.enable()


def test_what_was_read_before_changes_nothing():
    texts = [
        "Дорого. Менеджер вежливый!",
        "Дорого",
        "Menedzher ne beret trubku. Дорого",
        "Fast delivery. Dorogo",
        "Дорого, но быстро.",
    ]
    fresh = [Matcher(read_codebook("general")) for _ in texts]
    used = Matcher(read_codebook("general"))
    for _ in range(2):  # the second time every sentence is remembered
        for text, matcher in zip(texts, fresh):
            assert used.matches(used.tokens(text)) == matcher.matches(matcher.tokens(text))
