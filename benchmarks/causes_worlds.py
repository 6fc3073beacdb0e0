"""What is built on tags, on worlds of known truth: `python -m benchmarks.causes_worlds themes|drivers|next [runs]`.

Texts are the Russian gold texts of the tests. The rules know many of them, so tags are also made worse by dice: a
quarter is lost and every seventh names another cause («worse tags»), about what unread texts show.

* themes: 300 texts against 300; one cause is kept out of the earlier window and holds a share of the later one.
  Truth at the finer level (``service.speed``) and at the top one (``service``); found when most texts of a theme are
  of the newcomer, a false alarm when a theme is of anything else.
* drivers: 1,500 texts whose scores fall by a cost of each cause that they complain about; the gap of NPS between those
  who complain and the others by the gold labels against that by tags; correlation of ranks inside a world.
* next: labels of 120, 180 and 240 airline tweets (../shared), the first 60 at random, the others at random or as
  `next_texts` proposes; micro and macro F1 on 500 other tweets.
"""

from __future__ import annotations

import random
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

import loyalty_analytics as la
from loyalty_analytics.causes.labelling import next_texts
from loyalty_analytics.intervals import wilson

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests" / "causes"))
import gold_texts  # noqa: E402

_LOST, _WRONG = 0.25, 0.15
_BAD = ("negative", "mixed")


def _worse(tags: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Tags of which some are lost and some name another cause."""
    dice = np.random.default_rng(seed)
    kept = tags[dice.random(len(tags)) >= _LOST]
    other = dice.choice(sorted(tags["cause"].unique()), len(kept))
    return kept.assign(cause=np.where(dice.random(len(kept)) < _WRONG, other, kept["cause"]))


def _share(hits: int, runs: int) -> str:
    low, high = wilson(hits, runs, 0.95)
    return f"{hits / runs:.3f} [{float(low):.2f}; {float(high):.2f}]"


def themes(runs: int, n: int = 300) -> None:
    """Newcomers found and false alarms."""
    rows = [row for row in gold_texts.read(language="ru") if row.labels]
    tags = la.tag_causes(gold_texts.table(rows), language="ru").table
    for level, worse in (("finer", False), ("top", False), ("finer", True), ("top", True)):
        parts = [{c if level == "finer" else c.partition(".")[0] for c, _ in row.labels} for row in rows]
        counts = Counter(cause for causes in parts for cause in causes)
        causes = sorted(cause for cause, count in counts.items() if 30 <= count <= len(rows) * 0.3)
        known = _worse(tags, 5) if worse else tags
        for share in (0.0, 0.05, 0.10):
            found = false = 0
            for run in range(runs):
                cause, dice = causes[run % len(causes)], np.random.default_rng(70_000 + run)
                about = [place for place, own in enumerate(parts) if cause in own and share]
                fresh = dice.choice(about, round(share * n), replace=False).tolist() if share else []
                others = dice.permutation([place for place in range(len(rows)) if place not in set(about)]).tolist()
                places = [*others[: 2 * n - len(fresh)], *fresh]
                feedback = pd.DataFrame({
                    "feedback_id": places, "text": [rows[place].text for place in places],
                    "created_at": ["2026-05-10"] * n + ["2026-09-10"] * (len(places) - n),
                })  # fmt: skip
                table = la.emerging_themes(feedback, known[known["feedback_id"].isin(places)], "2026-10").table
                right = [np.mean([one in set(fresh) for one in ids]) > 0.5 for ids in table["feedback_ids"]]
                found, false = found + any(right), false + (not all(right))
            name = f"{level}{', worse tags' if worse else ''}, share {share:.0%}"
            print(f"{name}: found {_share(found, runs)}, false alarm {_share(false, runs)}", flush=True)


def drivers(runs: int, n: int = 1500) -> None:
    """Error of the gap, its correlation of ranks, cover of its interval with 300 corrections."""
    rows = [row for row in gold_texts.read(language="ru") if row.labels]
    causes = sorted({cause for row in rows for cause, sign in row.labels if sign == "negative"})
    for worse in (False, True):
        errors, raw, ranks, covered = [], [], [], []
        for run in range(runs):
            dice = np.random.default_rng(90_000 + run)
            picked = [rows[place] for place in dice.integers(0, len(rows), n)]
            cost = dict(zip(causes, dice.choice([0.0, 1.5, 3.0, 5.0], len(causes))))
            said = np.array([[(cause, "negative") in row.labels for cause in causes] for row in picked])
            scores = np.clip(np.round(9.3 - said @ np.array(list(cost.values())) + dice.normal(0, 1.2, n)), 0, 10)
            texts = [f"{row.text} {number}" for number, row in enumerate(picked)]
            feedback = pd.DataFrame({"feedback_id": range(n), "text": texts, "score": scores})
            tags = la.tag_causes(feedback.drop(columns="score"), language="ru").table
            tags = _worse(tags, run) if worse else tags
            known = [(texts[i], c, s) for i in range(300) for c, s in sorted(picked[i].labels)]
            given = pd.DataFrame(known, columns=["text", "cause", "sentiment"])
            plain = la.cause_drivers(tags, feedback, draws=100).table.set_index("cause")
            checked = la.cause_drivers(tags, feedback, corrections=given, draws=300).table.set_index("cause")
            points = np.where(scores >= 9, 100.0, np.where(scores <= 6, -100.0, 0.0))
            truth = {}
            for place, cause in enumerate(causes):
                if cause in plain.index and pd.notna(plain.loc[cause, "gap_negative"]) and said[:, place].sum() >= 10:
                    truth[cause] = points[said[:, place]].mean() - points[~said[:, place]].mean()
                    low, high = checked.loc[cause, ["gap_negative_low", "gap_negative_high"]]
                    covered.append(low <= truth[cause] <= high)
            own = pd.Series(truth)
            errors += (plain["gap_negative"].reindex(own.index) - own).abs().tolist()
            raw += (plain["gap_observed"].reindex(own.index) - own).abs().tolist()
            ranks.append(own.corr(plain["gap_negative"].reindex(own.index), method="spearman"))
        print(f"{'worse tags' if worse else 'tags of the rules'}: {len(errors)} causes in {runs} worlds, mean error "
              f"{np.mean(errors):.1f} points (uncorrected {np.mean(raw):.1f}), ranks {np.mean(ranks):.2f}, "
              f"interval with 300 corrections covers {np.mean(covered):.3f}", flush=True)  # fmt: skip


def following(runs: int) -> None:
    """Labels chosen by `next_texts` against labels chosen at random."""
    from benchmarks.causes import airline

    tweets = airline()
    pool, test = tweets[:1000], tweets[1000:]
    feedback = pd.DataFrame({"feedback_id": range(len(test)), "text": [text for text, _ in test]})
    truth = [frozenset((cause, "negative") for cause in causes) for _, causes in test]
    scores: dict[tuple[bool, int], list[dict[str, float]]] = {}
    for run in range(runs):
        for chosen in (False, True):
            dice = random.Random(run)
            own = dict(dice.sample(pool, 700))
            have = list(own)[:60]
            for size in (120, 180, 240):
                rest = [text for text in own if text not in set(have)]
                said = [(text, cause, "negative") for text in have for cause in sorted(own[text]) or [None]]
                given = pd.DataFrame(said, columns=["text", "cause", "sentiment"])
                if chosen:
                    left = pd.DataFrame({"feedback_id": range(len(rest)), "text": rest})
                    have += next_texts(la.Tagger().learn(given), left, size - len(have), given)["text"].tolist()
                else:
                    have += dice.sample(rest, size - len(have))
                said = [(text, cause, "negative") for text in have for cause in sorted(own[text]) or [None]]
                tagger = la.Tagger().learn(pd.DataFrame(said, columns=["text", "cause", "sentiment"]))
                tags = tagger.tag(feedback).table
                tags = tags[~tags["cause"].str.startswith(("price", "company", "premises"))]
                scores.setdefault((chosen, size), []).append(gold_texts.scores(tags, truth))
    for size in (120, 180, 240):
        gain = pd.DataFrame(scores[True, size]) - pd.DataFrame(scores[False, size])
        print(f"{size} labels, {runs} draws: " + ", ".join(
            f"{name} {gain[name].mean():+.3f} (±{gain[name].std() / np.sqrt(runs):.3f})" for name in ("micro", "macro")
        ), flush=True)  # fmt: skip


if __name__ == "__main__":
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    {"themes": themes, "drivers": drivers, "next": following}[sys.argv[1]](count)
