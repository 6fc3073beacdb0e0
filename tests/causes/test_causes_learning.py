"""Learning: better with labels, never below the rules, the same twice, any labels at all."""

from __future__ import annotations

import random

import gold_texts
import numpy as np
import pandas as pd
import pytest

from loyalty_analytics.causes.tagger import Tagger
from loyalty_analytics.errors import DataError


def _corrections(rows, names=None, signs=True):
    out = []
    for row in rows:
        labels = [label["cause"] for label in row["labels"]]
        labels = [names.get(label) for label in labels] if names else labels
        out += [{"text": row["text"], "cause": label, "sentiment": "negative" if signs else None} for label in labels]
    return pd.DataFrame(out)


def _table(rows):
    return pd.DataFrame({"feedback_id": range(len(rows)), "text": [row["text"] for row in rows]})


def _score(tags, rows, names=None):
    truth = []
    for row in rows:
        labels = [label["cause"] for label in row["labels"]]
        labels = [names.get(label) for label in labels] if names else labels
        truth.append(frozenset((label, "negative") for label in labels if label))
    if names:
        tags = tags[~tags["cause"].str.startswith(("price", "company", "premises"))]
    return gold_texts.scores(tags, truth, 1 if names else 2)


def _split(rows):
    mixed = list(rows)
    random.Random(5).shuffle(mixed)
    return mixed[:1000], mixed[1000:]


def _never_below(airline, draws):
    rows, names = airline
    train, test = _split(rows)
    rules = _score(Tagger("general").tag(_table(test)).table, test, names)
    for draw in range(draws):
        sample = random.Random(draw).sample(train, 50)
        got = _score(Tagger("general").learn(_corrections(sample, names)).tag(_table(test)).table, test, names)
        for name in ("micro", "macro", "pair"):
            assert got[name] >= rules[name] - 0.005, (draw, name, got, rules)


def test_fifty_labels_never_below_the_rules(airline):
    _never_below(airline, 3)


@pytest.mark.proof
def test_fifty_labels_never_below_the_rules_in_many_draws(airline):
    _never_below(airline, 30)


def test_fifty_labels_of_both_signs_never_below_the_rules(general):
    """Praise and complaint in equal parts: the learned sentiment, too, must leave the rules alone."""
    rows = [row for row in gold_texts.read(language="ru") if row.part in ("unseen", "hidden", "blind")]
    for draw in range(4):
        mixed = random.Random(draw).sample(rows, len(rows))
        said = [(row.text, cause, sign) for row in mixed[:50] for cause, sign in sorted(row.labels) or [(None, None)]]
        tagger = Tagger("general").learn(pd.DataFrame(said, columns=["text", "cause", "sentiment"]))
        test, truth = gold_texts.table(mixed[50:]), [row.labels for row in mixed[50:]]
        rules = gold_texts.scores(general.tag(test).table, truth)
        got = gold_texts.scores(tagger.tag(test).table, truth)
        for name in ("micro", "macro", "pair", "exact"):
            assert got[name] >= rules[name] - 0.005, (draw, name, got, rules)


def test_labels_help(airline):
    rows, names = airline
    train, test = _split(rows)
    rules = _score(Tagger("general").tag(_table(test)).table, test, names)
    few = _score(Tagger("general").learn(_corrections(train[:200], names)).tag(_table(test)).table, test, names)
    many = _score(Tagger("general").learn(_corrections(train, names)).tag(_table(test)).table, test, names)
    assert few["micro"] >= rules["micro"] + 0.03
    assert many["micro"] >= 0.74
    assert many["macro"] >= 0.60


def test_any_labels_are_learned_without_a_codebook(airline):
    rows, _ = airline
    train, test = _split(rows)
    tagger = Tagger(None).learn(_corrections(train))
    tags = tagger.tag(_table(test)).table
    assert set(tags["cause"]) <= {label["cause"] for row in train for label in row["labels"]}
    assert _score(tags, test)["micro"] >= 0.58
    for row in tags.head(200).itertuples():
        assert test[row.feedback_id]["text"][row.start : row.end] == row.evidence


def test_rules_teach_from_texts_without_labels():
    """«Марина кемарит» means slow here; the rules know only «медленно», which often stands beside it."""
    dice = np.random.default_rng(1)
    names = ["отчёт", "договор", "смета", "справка", "макет", "счёт", "акт", "бриф"]

    def text(late, ruled):
        words = ["Марина кемарит", dice.choice(names), str(dice.integers(10_000))]
        other = ["Олег работает", dice.choice(names), str(dice.integers(10_000))]
        return " ".join([*(words if late else other), *(["очень медленно"] if ruled else [])])

    late = dice.random(120) < 0.3
    said = [(text(one, one and dice.random() < 0.5), "service.speed" if one else None) for one in late]
    corrections = pd.DataFrame(said, columns=["text", "cause"])
    more = pd.DataFrame({"text": [text(one, one) for one in dice.random(300) < 0.3]})
    tests = [text(row < 20, False) for row in range(60)]
    feedback = pd.DataFrame({"feedback_id": range(60), "text": tests})
    tagger = Tagger("general").learn(corrections, unlabelled=more)
    tags = tagger.tag(feedback).table
    found = set(tags.loc[tags["cause"] == "service.speed", "feedback_id"])
    assert len(found & set(range(20))) >= 18
    assert len(found - set(range(20))) <= 2
    again = Tagger("general").learn(corrections, unlabelled=more).tag(feedback).table
    pd.testing.assert_frame_equal(tags, again)


def test_learning_again_gives_the_same_bytes(airline):
    rows, names = airline
    corrections = _corrections(rows[:150], names)
    tagger = Tagger("general").learn(corrections)
    first = tagger.tag(_table(rows[150:250])).table.to_csv()
    second = tagger.learn(corrections).tag(_table(rows[150:250])).table.to_csv()
    assert first == second


def test_sentiment_is_learned_where_rules_are_blind():
    """A trade in which «долгий» is praise: corrections must turn it round."""
    dice = np.random.default_rng(0)
    things = ["вкус", "кофе", "чай", "десерт", "хлеб", "суп"]
    rows = []
    for _ in range(160):
        long = dice.random() < 0.5
        text = f"{dice.choice(things)} {'густой' if long else 'жидкий'} {dice.integers(1000)}"
        rows.append({"text": text, "cause": "product.quality", "sentiment": "positive" if long else "negative"})
    train, test = pd.DataFrame(rows[:120]), pd.DataFrame(rows[120:])
    tags = Tagger("general").learn(train).tag(test[["text"]].assign(feedback_id=range(len(test)))).table
    right = tags.drop_duplicates("feedback_id").set_index("feedback_id")["sentiment"]
    assert (right.reindex(range(len(test))).to_numpy() == test["sentiment"].to_numpy()).mean() > 0.9


def test_corrections_with_nothing_in_them_and_with_faults(general):
    nothing = pd.DataFrame({"text": ["Записана на март"], "cause": [None], "sentiment": [None]})
    tagger = Tagger("general").learn(nothing)
    assert tagger.tag(pd.DataFrame({"feedback_id": [1], "text": ["Дорого"]})).table["cause"].tolist() == ["price.level"]
    with pytest.raises(DataError, match="Unknown sentiment 'bad'"):
        Tagger("general").learn(pd.DataFrame({"text": ["a"], "cause": ["price"], "sentiment": ["bad"]}))
    with pytest.raises(DataError, match="no column 'cause'"):
        Tagger("general").learn(pd.DataFrame({"text": ["a"]}))
