"""Speed and accuracy of the tagger: `python -m benchmarks.causes [texts]`, `… stream 1000000 [learned]`.

Speed is in CPU seconds of a fresh process on one core, reading of the codebook included; texts are one to three
sentences of the gold texts of the tests in a random order, so that hardly any is seen twice. Accuracy is
that of the rules on the gold texts and, where ../shared is present, of rules and learning on its texts.
"""

from __future__ import annotations

import json
import random
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests" / "causes"))
SHARED = HERE.parent / "shared" / "data" / "feedback"


def _texts(count: int) -> pd.DataFrame:
    import gold_texts

    sentences = [row.text for row in gold_texts.read(language="ru") if row.part in ("held", "open", "blind")]
    dice = random.Random(1)
    texts = [" ".join(dice.sample(sentences, dice.choice([1, 2, 2, 3]))) for _ in range(count)]
    return pd.DataFrame({"feedback_id": range(count), "text": texts})


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def speed(count: int) -> None:
    """Texts per second by rules and after learning, and the memory of a stream."""
    import gold_texts

    feedback = _texts(count)
    start = time.process_time()
    from loyalty_analytics.causes.tagger import Tagger

    tagger = Tagger("general")
    tags = tagger.tag(feedback)
    seconds = time.process_time() - start
    print(f"rules, cold: {count / seconds:,.0f} texts/s, {len(tags)} tags, {_memory():.0f} MB")
    rows = gold_texts.read("open", "ru")
    corrections = pd.DataFrame(
        [{"text": r.text, "cause": c, "sentiment": s} for r in rows for c, s in sorted(r.labels) or [(None, None)]]
    )
    tagger.learn(corrections)
    start = time.process_time()
    tagger.tag(feedback)
    print(f"learned: {count / (time.process_time() - start):,.0f} texts/s, {_memory():.0f} MB")
    start, rows_out = time.process_time(), 0
    fresh = Tagger("general")
    for part in fresh.stream(feedback for _ in range(5)):
        rows_out += len(part)
    seconds = time.process_time() - start
    print(f"stream of {5 * count:,} texts: {5 * count / seconds:,.0f} texts/s, {rows_out:,} tags, {_memory():.0f} MB")


def stream(count: int, learned: bool) -> None:
    """A stream of texts that never repeat (each holds a new number): CPU seconds and memory as it goes."""
    import gold_texts

    from loyalty_analytics.causes.tagger import Tagger

    rows = gold_texts.read(language="ru")
    sentences = [row.text for row in rows]
    tagger = Tagger("general")
    if learned:
        said = [(r.text, c, s) for r in rows for c, s in sorted(r.labels) or [(None, None)]]
        tagger.learn(pd.DataFrame(said, columns=["text", "cause", "sentiment"]))
    dice, size, tags = random.Random(1), 10_000, 0

    def parts() -> Iterator[pd.DataFrame]:
        for first in range(0, count, size):
            texts = [" ".join(dice.sample(sentences, dice.choice([1, 2, 2, 3]))) for _ in range(size)]
            texts = [f"{text} {dice.randrange(10**6)}" for text in texts]
            yield pd.DataFrame({"feedback_id": range(first, first + size), "text": texts})

    start = time.process_time()
    for number, part in enumerate(tagger.stream(parts()), 1):
        tags += len(part)
        if number % 10 == 0:
            print(f"{number * size:,} texts, {tags:,} tags, {time.process_time() - start:.1f} s, {_memory():.0f} MB")


def accuracy() -> None:
    """F1 of the rules by part and language, and of learning on the airline tweets."""
    import gold_texts

    from loyalty_analytics.causes.tagger import Tagger

    tagger = Tagger("general")
    read = "held open blind fresh everyday hard mended widening lot1 visitors business later".split()  # noqa: SIM905
    for part in (*read, "unseen", "hidden", "lot2", "business_hidden"):
        for language in ("ru", "en"):
            rows = gold_texts.read(part, language)
            if not rows:
                continue
            got = gold_texts.scores(tagger.tag(gold_texts.table(rows)).table, [row.labels for row in rows])
            print(part, language, len(rows), {name: round(value, 3) for name, value in got.items()})
    if SHARED.is_dir():
        _learned()


def airline() -> list[tuple[str, frozenset[str]]]:
    """Tweets to airlines with their causes, mixed."""
    rows = [json.loads(line) for line in (SHARED / "en_airline_dev.jsonl").read_text(encoding="utf-8").splitlines()]
    names = json.loads((SHARED / "en_airline_dev.map.json").read_text(encoding="utf-8"))["map"]
    random.Random(5).shuffle(rows)
    return [(row["text"], frozenset(names[x["cause"]] for x in row["labels"] if x["cause"] in names)) for row in rows]


def _learned(draws: int = 8) -> None:
    """F1 on 500 airline tweets after learning from others: the mean of some draws, and the worst of them."""
    import gold_texts

    from loyalty_analytics.causes.tagger import Tagger

    tweets = airline()
    pool, test = tweets[:1000], tweets[1000:]
    truth = [frozenset((cause, "negative") for cause in causes) for _, causes in test]
    feedback = pd.DataFrame({"feedback_id": range(len(test)), "text": [text for text, _ in test]})
    for count in (0, 50, 100, 200, 500, 1000):
        got = []
        for draw in range(1 if count in (0, 1000) else draws):
            tagger = Tagger("general")
            if count:
                some = pool if count == 1000 else random.Random(draw).sample(pool, count)
                said = [(text, cause) for text, causes in some for cause in sorted(causes) or [None]]
                tagger.learn(pd.DataFrame(said, columns=["text", "cause"]).assign(sentiment="negative"))
            tags = tagger.tag(feedback).table
            tags = tags[~tags["cause"].str.startswith(("price", "company", "premises"))]
            got.append(gold_texts.scores(tags, truth))
        table = pd.DataFrame(got)
        print("airline", count, "labels", table.mean().round(3).to_dict(), "worst", table.min().round(3).to_dict())


if __name__ == "__main__":
    if sys.argv[1:2] == ["stream"]:
        stream(int(sys.argv[2]), "learned" in sys.argv)
        sys.exit()
    speed(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000)
    accuracy()
