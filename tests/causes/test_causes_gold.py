"""How good the rules are on texts that were labelled by hand.

The floors lie a little under what was measured; «unseen», «hidden» and «lot2» were written before the rules and never
read to write one. «lot1» and «lot2» are another author's; «lot1» was read after its first run (all right: .47 Russian,
.53 English).
"""

from __future__ import annotations

import gold_texts
import pandas as pd
import pytest

FLOORS = {
    # part, language: micro, macro, pair, exact
    ("held", "ru"): (0.92, 0.90, 0.87, 0.79),
    ("held", "en"): (0.90, 0.88, 0.90, 0.80),
    ("open", "ru"): (0.95, 0.94, 0.94, 0.90),
    ("open", "en"): (0.90, 0.88, 0.90, 0.80),
    ("blind", "ru"): (0.88, 0.85, 0.83, 0.72),
    ("blind", "en"): (0.85, 0.85, 0.85, 0.70),
    ("fresh", "ru"): (0.88, 0.86, 0.86, 0.79),
    ("fresh", "en"): (0.93, 0.90, 0.92, 0.86),
    ("everyday", "ru"): (0.92, 0.90, 0.91, 0.85),
    ("everyday", "en"): (0.85, 0.80, 0.84, 0.72),
    ("hard", "ru"): (0.90, 0.90, 0.88, 0.83),
    ("hard", "en"): (0.92, 0.92, 0.92, 0.89),
    ("mended", "ru"): (0.90, 0.88, 0.86, 0.79),
    ("mended", "en"): (0.90, 0.75, 0.86, 0.78),
    ("hidden", "ru"): (0.82, 0.78, 0.76, 0.63),
    ("hidden", "en"): (0.86, 0.78, 0.86, 0.74),
    ("unseen", "ru"): (0.83, 0.85, 0.76, 0.66),
    ("unseen", "en"): (0.86, 0.77, 0.85, 0.72),
    ("widening", "ru"): (0.93, 0.93, 0.92, 0.88),
    ("visitors", "ru"): (0.94, 0.90, 0.92, 0.89),
    ("business", "ru"): (0.91, 0.70, 0.89, 0.83),
    ("business_hidden", "ru"): (0.82, 0.80, 0.78, 0.68),
    ("lot1", "ru"): (0.87, 0.86, 0.85, 0.75),
    ("lot1", "en"): (0.93, 0.88, 0.91, 0.86),
    ("later", "en"): (0.93, 0.92, 0.92, 0.90),
    ("lot2", "ru"): (0.70, 0.62, 0.63, 0.50),
    ("lot2", "en"): (0.62, 0.60, 0.56, 0.40),
}


@pytest.mark.parametrize("part, language", FLOORS)
def test_rules_on_gold_texts(general, part, language):
    rows = gold_texts.read(part, language)
    got = gold_texts.scores(general.tag(gold_texts.table(rows)).table, [row.labels for row in rows])
    for name, floor in zip(("micro", "macro", "pair", "exact"), FLOORS[part, language]):
        assert got[name] >= floor, (name, got)


def test_there_are_enough_texts():
    assert len(gold_texts.read(language="ru")) >= 300
    assert len(gold_texts.read(language="en")) >= 100
    assert len({row.trade for row in gold_texts.read()} - {"blind"}) >= 4


def test_rules_on_the_shared_answers(general, own):
    signs = {"pos": "positive", "neg": "negative"}
    truth = [frozenset((label["cause"], signs[label["sentiment"]]) for label in row["labels"]) for row in own]
    feedback = pd.DataFrame({"feedback_id": range(len(own)), "text": [row["text"] for row in own]})
    got = gold_texts.scores(general.tag(feedback).table, truth)
    assert got["micro"] >= 0.94
    assert got["pair"] >= 0.93


def test_rules_on_the_airline_tweets(general, airline):
    rows, causes = airline
    truth = [
        frozenset((causes[label["cause"]], "negative") for label in row["labels"] if label["cause"] in causes)
        for row in rows
    ]
    tags = general.tag(pd.DataFrame({"feedback_id": range(len(rows)), "text": [row["text"] for row in rows]})).table
    tags = tags[~tags["cause"].str.startswith(("price", "company", "premises"))]
    got = gold_texts.scores(tags, truth)
    assert got["micro"] >= 0.62
    assert got["macro"] >= 0.50


def test_sentiment_beats_guessing_from_the_score(general):
    """Scores that agree with the text in four of five cases, as measured on public reviews."""
    import numpy as np

    rows = [row for row in gold_texts.read(language="ru") if row.part in ("held", "open") and row.labels]
    dice = np.random.default_rng(3)
    scores = []
    for row in rows:
        plus = sum(sign == "positive" for _, sign in row.labels)
        agrees = dice.random() < 0.8
        scores.append(10 if (plus * 2 > len(row.labels)) == agrees else 3)
    feedback = gold_texts.table(rows).assign(score=scores)
    tags = general.tag(feedback).table
    right = guessed = n = 0
    for tag in tags.itertuples():
        wanted = {cause.split(".")[0]: sign for cause, sign in rows[tag.feedback_id].labels}
        if tag.cause.split(".")[0] in wanted:
            sign = wanted[tag.cause.split(".")[0]]
            n += 1
            right += tag.sentiment == sign
            guessed += ("positive" if scores[tag.feedback_id] > 6 else "negative") == sign
    assert right / n >= 0.85
    assert right / n >= guessed / n + 0.05


@pytest.mark.parametrize("client, micro, pair", [("radio", 0.78, 0.77), ("clinic", 0.85, 0.85)])
def test_rules_on_the_demo_texts_of_another_author(root, client, micro, pair):
    """Half of these texts was read to mend rules; a wish counts as a complaint."""
    import loyalty_analytics as la

    file = root / "tests" / "demo" / "truth" / f"{client}_causes.csv"
    if not file.is_file():
        pytest.skip("the truth of the demo is absent")
    signs = {"pos": "positive", "neg": "negative", "wish": "negative"}
    said = pd.read_csv(file, dtype="str")
    labels = {identity: set() for identity in said["feedback_id"]}
    for row in said.itertuples():
        labels[row.feedback_id].add((row.cause, signs.get(row.tone, row.tone)))
    texts = la.load(client, month="2026-10", root=root).feedback
    fields = [name for name in ("text", "field") if name in texts.columns]
    feedback = texts[fields].assign(feedback_id=range(len(texts)))
    truth = [frozenset(labels.get(identity, set())) for identity in texts["feedback_id"]]
    got = gold_texts.scores(la.Tagger(client).tag(feedback).table, truth)
    assert got["micro"] >= micro
    assert got["pair"] >= pair
