"""Tags that are hardly meant: shape of the evidence, words that lean to other causes, what learning still sees."""

from __future__ import annotations

import gold_texts
import pandas as pd
import pytest

from loyalty_analytics.causes import plausible
from loyalty_analytics.causes.codebook import Rule
from loyalty_analytics.causes.leanings import Leanings
from loyalty_analytics.causes.tagger import Tagger
from loyalty_analytics.causes.tags import gather

CODEBOOK = """
codebook: hall
causes:
  premises:
    title: {ru: зал, en: hall}
    owner: middle
    ru:
      words: музыка, зал, столик
      negative: музыка .. громкая|орет, шумный, шумный зал, колонки .. орут
  staff:
    title: {ru: люди, en: people}
    owner: front
    ru:
      words: официант, повар
      negative: официант .. хамит|кричит, повар .. хамит|кричит
      positive: вежливый официант
"""


def _weighed(general, text):
    reading = general.reader.read(text)
    hits = reading.hits() if reading.roles else []
    return hits, plausible.weighed(reading, hits, general.reader.matcher.leanings.tops)


def test_a_doubtful_cause_is_no_tag_and_learning_sees_it(tmp_path):
    """A word of the hall among words that lean to the staff."""
    file = tmp_path / "hall.yaml"
    file.write_text(CODEBOOK, encoding="utf-8")
    tagger = Tagger(file)
    texts = ["Шумный официант хамит и повар кричит.", "Официант хамит, а зал очень шумный."]
    tags = tagger.tag(pd.DataFrame({"feedback_id": [1, 2], "text": texts})).table
    assert tags.groupby("feedback_id")["cause"].agg(sorted).tolist() == [["staff"], ["premises", "staff"]]
    for text in texts:
        assert {hit.cause for hit in tagger.reader.analyse(text)[1]} == {"premises", "staff"}


def test_only_certainty_changes_and_the_likeliest_of_a_short_sentence_stays(general):
    for row in gold_texts.read("open"):
        before, after = _weighed(general, row.text)
        for one, other in zip(before, after, strict=True):
            assert (one.cause, one.sign, one.start, one.end) == (other.cause, other.sign, other.start, other.end)
            assert other.sure in (one.sure, 0.0)
    for text in ("Самокаты дорогие", "Чайник", "Дорого"):
        before, after = _weighed(general, text)
        assert before == after


def test_more_texts_are_right_than_without_it(general):
    """On texts that no rule and no weight was fitted to."""
    rows = [row for row in gold_texts.read() if row.part.endswith(("unseen", "hidden", "lot2"))]

    def right(hits, row):
        return {tag[0].partition(".")[0] for tag in gather(hits)} == {
            cause.partition(".")[0] for cause, _ in row.labels
        }

    pairs = [(*_weighed(general, row.text), row) for row in rows]
    without, now = (sum(right(pair[place], pair[2]) for pair in pairs) for place in (0, 1))
    assert now >= without + 5


def test_measures_have_a_weight_each(general):
    reading = general.reader.read("Цены высокие, зато менеджер вежливый.")
    measured = plausible.measures(reading, reading.hits(), general.reader.matcher.leanings.tops)
    assert {"price.level", "staff.attitude"} <= set(measured)
    for values in measured.values():
        named = dict(zip(plausible.WEIGHTS, values, strict=True))
        assert named["contrast"]
        assert -1 <= named["context"] <= 1


def test_a_word_leans_to_the_cause_whose_phrases_hold_it():
    rules = [
        Rule("price.level", "words", "цена", "ru"),
        Rule("price.level", "negative", "цена .. кусается|ужас", "ru"),
        Rule("staff", "negative", "персонал ужас?", "ru"),
        Rule("staff", "not", "цена персонала", "ru"),
        Rule(None, "negative", "кошмар", "ru"),
    ]
    words = ("цена", "кусается", "ужас", "персонал", "кошмар")
    leanings = Leanings(rules, {word: number for number, word in enumerate(words)})
    price, staff = leanings.tops["price"], leanings.tops["staff"]
    cost = leanings.of([0])
    assert cost[price] > 0.2 > 0 > cost[staff]
    assert leanings.of([2])[price] == pytest.approx((1 + 2 / 3) / 3 - 2 / 3)
    assert sum(cost) == pytest.approx(0)
    assert leanings.of([4]) == leanings.of([]) == ()
