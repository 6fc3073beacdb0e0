"""Texts with their labels by hand: gold/<trade>.txt, see the first lines of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parent / "gold"
_SIGNS = {"+": "positive", "-": "negative", "0": "neutral"}


@dataclass(frozen=True)
class Gold:
    trade: str
    part: str
    language: str
    text: str
    labels: frozenset[tuple[str, str]]


def read(part: str | None = None, language: str | None = None) -> list[Gold]:
    legend = dict(line.split() for line in (FOLDER / "legend.txt").read_text(encoding="utf-8").splitlines() if line)
    rows = []
    for file in sorted(FOLDER.glob("*.txt")):
        section = kind = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("=="):
                section, _, kind = line[2:].strip().partition(" ")
            elif line and not line.startswith("#") and file.stem != "legend":
                cells = [cell.strip() for cell in line.split("|")]
                marks = " ".join([cells[1], *cells[3:]]).split()
                labels = frozenset((legend[mark[0]], _SIGNS[mark[1]]) for mark in marks)
                rows.append(Gold(kind or file.stem.removesuffix("_new"), section, cells[0], cells[2], labels))
    return [row for row in rows if part in (None, row.part) and language in (None, row.language)]


def table(rows: list[Gold]) -> pd.DataFrame:
    return pd.DataFrame({"feedback_id": range(len(rows)), "text": [row.text for row in rows]})


def scores(tags: pd.DataFrame, truth: list[frozenset[tuple[str, str]]], level: int = 1) -> dict[str, float]:
    """Micro, macro and pair F1 and the share of texts with all causes and sentiments right."""

    def cut(pairs: set[tuple[str, str]] | frozenset[tuple[str, str]]) -> set[tuple[str, str]]:
        return {(cause.split(".")[0] if level == 1 else cause, sign) for cause, sign in pairs}

    found: list[set[tuple[str, str]]] = [set() for _ in truth]
    for row in tags.itertuples():
        found[row.feedback_id].add((row.cause, row.sentiment))
    counts: dict[str, list[int]] = {}
    pairs, exact = [0, 0, 0], 0
    for got, want in zip(map(cut, found), map(cut, truth)):
        exact += got == want
        pairs = [a + b for a, b in zip(pairs, (len(got & want), len(got), len(want)))]
        mine, theirs = {cause for cause, _ in got}, {cause for cause, _ in want}
        for cause in mine | theirs:
            tally = counts.setdefault(cause, [0, 0, 0])
            tally[0] += cause in mine and cause in theirs
            tally[1] += cause in mine
            tally[2] += cause in theirs

    def f1(tally: list[int]) -> float:
        return 2 * tally[0] / (tally[1] + tally[2])

    micro = [sum(tally[place] for tally in counts.values()) for place in range(3)]
    macro = sum(map(f1, counts.values())) / len(counts)
    return {"micro": f1(micro), "macro": macro, "pair": f1(pairs), "exact": exact / len(truth)}
