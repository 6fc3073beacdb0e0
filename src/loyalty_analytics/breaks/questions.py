"""What to ask: for each client with a break the questions that tell its remaining reasons apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from .. import words
from ..errors import ParamsError, nearest
from ..results import Result, as_table
from .evidence_facts import KINDS

__all__ = ["meeting_questions"]

_SURE = 0.85  # chance that a client answers as the reason has it


def meeting_questions(
    reasons: Result | pd.DataFrame,
    language: str,
    *,
    table: str | Sequence[Mapping[str, Any]] = "general",
    most: int = 3,
) -> pd.DataFrame:
    """The questions that would tell the remaining reasons of each break apart.

    Parameters
    ----------
    reasons : result of `la.explain_breaks`
    language : {'ru', 'en'}
    table : str or list
        Name of params/questions/<name>.yaml or of the shipped table 'general', or its entries: key,
        about (the reasons under which the client would say yes), ru, en.
    most : int
        Questions per break.

    Returns
    -------
    pandas.DataFrame
        client_id, break_month, order (1 = first), key, question, about (reasons it speaks of, joined
        by ', '), bits (information expected from the answer after those before it).

    Raises
    ------
    ParamsError
        The table is unknown or an entry lacks a field.

    Notes
    -----
    Each question is the one whose answer is expected to take most uncertainty away (mutual information
    with the reason, answers right in 85 %), given the questions before it.

    Examples
    --------
    >>> known = pd.DataFrame({"client_id": ["A"], "break_month": ["2026-07"], "reason": ["budget_cut"],
    ...                       "part": [None], "probability": [0.6]})
    >>> meeting_questions(known, "en", most=1)["key"].tolist()
    ['budget_next']
    """
    entries = _read(table)
    frame = as_table(reasons)
    months = frame["break_month"]
    keys = frame.assign(break_month=months)[["client_id", "break_month"]].drop_duplicates().reset_index(drop=True)
    chances = _chances(frame, keys)
    yes = np.array([[kind in entry["about"] for kind in KINDS] for entry in entries])
    chosen, bits = _choose(chances, np.where(yes, _SURE, 1 - _SURE), most)
    rows = []
    for place, (client, month) in enumerate(keys.itertuples(index=False)):
        in_words = words.month(month, language, "genitive" if language == "ru" else "nominative")
        for order, question in enumerate(chosen[place], start=1):
            entry = entries[question]
            rows.append(
                (client, month, order, entry["key"], entry[language].format(month=in_words), ", ".join(entry["about"]),
                 float(bits[place, order - 1]))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=["client_id", "break_month", "order", "key", "question", "about", "bits"])


def _read(table: str | Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    entries = _file(table) if isinstance(table, str) else list(table)
    for entry in entries:
        for name in ("key", "about", *words.LANGUAGES):
            if name not in entry:
                raise ParamsError(f"A question has no {name!r}: {dict(entry)!r}.", "Give it key, about, ru and en.")
        for kind in entry["about"]:
            if kind not in KINDS:
                raise ParamsError(f"Question {entry['key']!r} asks about {kind!r}.", nearest(str(kind), KINDS))
    return entries


def _file(name: str) -> list[Mapping[str, Any]]:
    for folder in (Path.cwd(), *Path.cwd().parents):
        own = folder / "params" / "questions"
        if own.is_dir():
            if (own / f"{name}.yaml").is_file():
                return yaml.safe_load((own / f"{name}.yaml").read_text(encoding="utf-8"))
            break
    if name != "general":
        raise ParamsError(f"No table of questions {name!r}.", f"Write params/questions/{name}.yaml or use 'general'.")
    return yaml.safe_load((files(__package__) / "questions.yaml").read_text(encoding="utf-8"))


def _chances(frame: pd.DataFrame, keys: pd.DataFrame) -> np.ndarray:
    """Probability of every kind at every break: what the table says, the rest spread over all kinds."""
    rows = frame[frame["part"].isna() & frame["reason"].isin(KINDS)]
    place = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(rows[["client_id", "break_month"]]))
    chances = np.zeros((len(keys), len(KINDS)))
    kind = pd.Index(KINDS).get_indexer(pd.Index(rows["reason"]))
    np.maximum.at(chances, (place, kind), rows["probability"].fillna(0).to_numpy(float))
    left = np.maximum(1 - chances.sum(axis=1, keepdims=True), 0.02)
    chances = chances + left / len(KINDS)
    return chances / chances.sum(axis=1, keepdims=True)


def _entropy(chances: np.ndarray) -> np.ndarray:
    return -(chances * np.log2(np.maximum(chances, 1e-12))).sum(axis=-1)


def _choose(chances: np.ndarray, says_yes: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Greedy by information; after a question go on from what its likelier answer would leave."""
    count, most = len(chances), min(most, len(says_yes))
    chosen, bits = np.zeros((count, most), np.int64), np.zeros((count, most))
    taken = np.zeros((count, len(says_yes)), bool)
    for order in range(most):
        joint_yes = chances[:, None, :] * says_yes
        joint_no = chances[:, None, :] * (1 - says_yes)
        yes, no = joint_yes.sum(axis=2), joint_no.sum(axis=2)
        after = yes * _entropy(joint_yes / yes[..., None]) + no * _entropy(joint_no / no[..., None])
        gain = np.where(taken, -np.inf, _entropy(chances)[:, None] - after)
        best = np.argmax(gain, axis=1)
        row = np.arange(count)
        chosen[:, order], bits[:, order], taken[row, best] = best, gain[row, best], True
        # The reason asked about is settled either way: the next question is for the others.
        open_after = chances * (1 - 0.7 * (says_yes[best] > 0.5))
        chances = open_after / open_after.sum(axis=1, keepdims=True)
    return chosen, bits
