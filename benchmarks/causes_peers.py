"""Causes in texts beside what people use instead: a list of words, TF-IDF with a linear model, CorEx with anchors.

    python -m benchmarks.causes_peers [--labels 1000] [--texts 5000]

Two tasks. The gold texts of the tests: the parts that were read while rules were written teach the peers, the part
"unseen", which was only counted, judges all. Tweets about airlines (../shared, where present), labelled by others:
rules without any label, then everybody with the same labels. Judged are micro and macro F1 of top causes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks._table import apart, lacking, ratios, show

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data" / "feedback"
sys.path.insert(0, str(ROOT / "tests" / "causes"))
Labelled = list[tuple[str, frozenset[str]]]
Found = list[set[str]]

# Beginnings of words that an analyst who has seen some of the texts, of flights too, writes down in ten minutes.
WORDS = {
    "price": "цен дорог дешев скид стоим тариф оплат price expens cheap discount cost fee refund charge",
    "product": "качеств товар ассортимент продукт эффект отдач quality product range broken seat food wifi effect",
    "staff": "менеджер сотрудник персонал груб вежлив хам компетент staff rude polite manager crew attendant friendly",
    "service": "обслуж быстр долг ждал медлен очеред документ сайт приложен service slow wait hold website app booking",
    "logistics": "достав курьер срок опозд привез логист deliver late delay luggage bag cancel lost shipping flight",
    "premises": "помещен парков грязн чист офис зал здани clean dirty parking office room building noisy",
    "company": "компани фирм бренд рекоменд доволен company brand recommend reputation",
}


def keywords(train: Labelled, texts: list[str]) -> Found:
    """The list of words."""
    patterns = {cause: re.compile(r"\b(?:" + "|".join(words.split()) + ")", re.I) for cause, words in WORDS.items()}
    return [{cause for cause, pattern in patterns.items() if pattern.search(text)} for text in texts]


def linear(train: Labelled, texts: list[str]) -> Found:
    """TF-IDF of words, pairs and pieces of 3-5 letters, a balanced logistic regression per cause."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.preprocessing import MultiLabelBinarizer

    features = make_union(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True),
    )
    model = LogisticRegression(C=10, class_weight="balanced", max_iter=1000)
    names = MultiLabelBinarizer()
    labels = names.fit_transform([sorted(causes) for _, causes in train])
    line = make_pipeline(features, OneVsRestClassifier(model)).fit([text for text, _ in train], labels)
    return [set(causes) for causes in names.inverse_transform(line.predict(texts))]


def corex(train: Labelled, texts: list[str]) -> Found:
    """Topics anchored at the list of words (Gallagher et al. 2017), fitted to all texts."""
    from corextopic.corextopic import Corex
    from sklearn.feature_extraction.text import CountVectorizer

    every = texts + [text for text, _ in train]
    count = CountVectorizer(binary=True, min_df=2)
    table = count.fit_transform(every)
    names = list(count.get_feature_names_out())
    anchors = [[w for w in names if w.startswith(tuple(words.split()))] for words in WORDS.values()]
    model = Corex(n_hidden=len(WORDS) + 3, seed=1)
    model.fit(table, words=names, anchors=[a or names[:1] for a in anchors], anchor_strength=4)
    return [{cause for cause, on in zip(WORDS, row) if on} for row in np.asarray(model.labels)[: len(texts)]]


def tagger(train: Labelled, texts: list[str]) -> Found:
    """`la.Tagger`, taught where there are labels."""
    import loyalty_analytics as la

    made = la.Tagger("general")
    if train:
        said = [(text, cause) for text, causes in train for cause in sorted(causes) or [None]]
        made.learn(pd.DataFrame(said, columns=["text", "cause"]).assign(sentiment="negative"))
    found: Found = [set() for _ in texts]
    tags = made.tag(pd.DataFrame({"feedback_id": range(len(texts)), "text": texts})).table
    for number, cause in zip(tags["feedback_id"], tags["cause"]):
        found[number].add(cause.partition(".")[0])
    return found


def f1(found: Found, truth: list[frozenset[str]], causes: set[str]) -> tuple[float, float]:
    """Micro F1 over causes and the mean F1 of the causes; other causes are not judged."""
    hits, said, real = (
        np.array([sum(cause in texts for texts in sets) for cause in sorted(causes)])
        for sets in ([a & b for a, b in zip(found, truth)], found, truth)
    )
    return float(2 * hits.sum() / (said.sum() + real.sum())), float(np.mean(2 * hits / np.maximum(said + real, 1)))


def compared(
    name: str, ways: dict[str, tuple[str, Callable[[Labelled, list[str]], Found], Labelled]], test: Labelled, speed: int
) -> None:
    """Print one table: quality on ``test``, costs on as many texts as asked for."""
    texts, truth = [text for text, _ in test], [causes for _, causes in test]
    causes = {cause for causes in truth for cause in causes}
    dice = random.Random(1)
    many = [" ".join(dice.sample(texts, 2)) for _ in range(speed)]
    rows: list[dict[str, object]] = []
    for way, (needs, call, train) in ways.items():
        if reason := lacking(needs):
            rows.append({"method": way, "remark": reason})
            continue
        quality = f1(apart(partial(call, train, texts)).value, truth, causes)
        cost = apart(partial(call, train, many), warm=partial(keywords, [], texts[:1]))
        rows.append({"method": way, "labels": len(train), "micro F1": quality[0], "macro F1": quality[1],
                     "ms a text": 1000 * cost.cpu / speed, "MB added": cost.mb})  # fmt: skip
    show(name, ratios(rows, "ms a text", "times the CPU"),
         f"{len(texts)} texts judged, causes {', '.join(sorted(causes))}; CPU time on {speed:,} pairs of them, "
         "imports, reading of models and learning included.")  # fmt: skip


def main() -> None:
    """Print the tables."""
    import gold_texts

    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--labels", type=int, default=1000)
    options.add_argument("--texts", type=int, default=5000)
    given = options.parse_args()
    gold: dict[str, Labelled] = {}
    for row in gold_texts.read():
        part = "test" if row.part == "unseen" else "train"
        gold.setdefault(part, []).append((row.text, frozenset(cause.partition(".")[0] for cause, _ in row.labels)))
    none: Labelled = []
    ways = {"loyalty_analytics, rules": ("", tagger, none), "list of words": ("", keywords, none)}
    taught = {"TF-IDF + linear": ("sklearn", linear), "CorEx, anchored": ("corextopic", corex)}
    learned = {name: (*how, gold["train"]) for name, how in taught.items()}
    compared("Causes in the gold texts of the tests, Russian and English", ways | learned, gold["test"], given.texts)
    if not SHARED.is_dir():
        print("Tweets about airlines: not run, ../shared is absent.")
        return
    rows = [json.loads(line) for line in (SHARED / "en_airline_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    names = json.loads((SHARED / "en_airline_dev.map.json").read_text(encoding="utf-8"))["map"]
    random.Random(5).shuffle(rows)
    tweets = [(row["text"], frozenset(names[x["cause"]] for x in row["labels"] if x["cause"] in names)) for row in rows]
    labels = min(given.labels, len(tweets) // 2)
    train, test = tweets[:labels], tweets[labels:]
    ways["loyalty_analytics, taught"] = ("", tagger, train)
    learned = {name: (*how, train) for name, how in taught.items()}
    compared("Causes in tweets about airlines, labelled by others", ways | learned, test, given.texts)


if __name__ == "__main__":
    main()
