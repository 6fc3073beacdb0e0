"""Weights of the plausibility of a tag and what they change: `python -m benchmarks.causes_plausible`.

Fitted on what the rules find in the labelled texts that have been read, without weights, and printed as the constants
of `causes.plausible`. Then texts whose causes and signs are all right, before and with them: of each part that was
read with weights fitted on the others, and of «unseen», «hidden» and «lot2», which no fit sees.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(HERE / "tests" / "causes"))
#: Endings of the parts that were counted and never read.
UNREAD = ("unseen", "hidden", "lot2")
STRENGTH = 0.3


def fitted(values: np.ndarray, right: np.ndarray) -> list[float]:
    """Logistic weights of the measures as they stand; the penalty is on measures of one spread."""
    from sklearn.linear_model import LogisticRegression

    mean, spread = values[:, 1:].mean(axis=0), values[:, 1:].std(axis=0)
    model = LogisticRegression(C=STRENGTH, max_iter=2000).fit((values[:, 1:] - mean) / spread, right)
    weights = model.coef_[0] / spread
    return [round(float(weight), 2) for weight in (model.intercept_[0] - weights @ mean, *weights)]


def main() -> None:
    """Print weights and counts."""
    import gold_texts

    from loyalty_analytics.causes import plausible
    from loyalty_analytics.causes.codebook import read_codebook
    from loyalty_analytics.causes.rules import Reader
    from loyalty_analytics.causes.tags import Hit, gather

    reader = Reader(read_codebook("general"))
    tops = reader.matcher.leanings.tops
    rows = gold_texts.read()
    read = [reader.read(row.text) for row in rows]
    found = [reading.hits() if reading.roles else [] for reading in read]

    def top(pairs: Iterable[tuple[str, ...]]) -> set[tuple[str, str]]:
        return {(pair[0].partition(".")[0], pair[1]) for pair in pairs}

    def right(hits: Sequence[Hit], row: gold_texts.Gold) -> bool:
        return top(tag[:2] for tag in gather(hits)) == top(row.labels)

    values, truth, parts = [], [], []
    for row, reading, hits in zip(rows, read, found):
        measured = plausible.measures(reading, hits, tops)
        meant = {cause for cause, _ in top(row.labels)}
        for tag in gather(hits):
            values.append(measured[tag[0]])
            truth.append(tag[0].partition(".")[0] in meant)
            parts.append(row.part)
    matrix, told, part = np.array(values, dtype=float), np.array(truth), np.array(parts)
    seen = np.array([not name.endswith(UNREAD) for name in parts])
    final = fitted(matrix[seen], told[seen])
    print(f"{int(seen.sum())} tags of texts that were read\nWEIGHTS = {{")
    for name, weight in zip(plausible.WEIGHTS, final):
        print(f'    "{name}": {weight},')
    print("}\n\n| part | texts | right before | right now |\n|---|---|---|---|")
    for name in dict.fromkeys(row.part for row in rows):
        others = seen & (part != name)
        weights = final if name.endswith(UNREAD) else fitted(matrix[others], told[others])
        plausible.WEIGHTS.update(zip(plausible.WEIGHTS, weights))
        for language in ("ru", "en"):
            own = [n for n, row in enumerate(rows) if (row.part, row.language) == (name, language)]
            before = sum(right(found[n], rows[n]) for n in own)
            now = sum(right(plausible.weighed(read[n], found[n], tops), rows[n]) for n in own)
            print(f"| {name}, {language} | {len(own)} | {before} | {now} |" if own else "", end="\n" if own else "")


if __name__ == "__main__":
    main()
