"""Means of scores: per question with the weights of the draw, and one question helped by another."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import score_interval, share_interval
from ..results import Note, Result
from .nps import MIN_NUMBER
from .votes import active_base, answers_seen, as_answers, last_answers, present

__all__ = ["anchor_estimate", "question_means"]

COLUMNS = ["question_id", "mean", "low", "high", "n", "population", "top2", "top2_low", "top2_high", "scale_min",
           "scale_max", "question"]  # fmt: skip


def question_means(
    answers: Any, population: int | None = None, *, questions: pd.DataFrame | None = None,
    invitations: pd.DataFrame | None = None, clients: pd.DataFrame | None = None, as_of: Any = None,
    window: int | None = 3, scale: tuple[int, int] | None = None, level: float = 0.95,
) -> Result:  # fmt: skip
    """Mean and top-2 share of each scored question, whoever got it.

    Parameters
    ----------
    answers : table of survey_answers (question_id, score; client_id, answered_at, invitation_id)
    population : clients in the base; None = the active clients of ``clients``, else endless
    questions : table; scales of the questions
    invitations : table; ask_probability weighs an answer with its inverse
    clients, as_of, window, level : as in `nps`
    scale : of all questions where no table tells; None = 1-10, with a 0 among the scores 0-10

    Returns
    -------
    Result
        question_id, mean, low, high (points of the scale), n, population, top2, top2_low, top2_high (share of the two
        best scores), scale_min, scale_max, question {base, process}. No number below 3 answers outside a census.

    Notes
    -----
    Where all were asked with one probability: `mean_interval`. Else the weighted mean Σy/p ÷ Σ1/p (Hájek) and the
    same engine at Kish's effective number of answers.
    """
    table, seen = answers_seen(as_answers(answers), as_of, window)
    if "question_id" not in table:
        table = table.assign(question_id="score")
    table = table[table["score"].notna()]
    table = last_answers(table, ["client_id", "question_id"]) if "client_id" in table else table
    weight = _weights(table, present(invitations))
    base = active_base(clients)
    size = population if population is not None else None if base is None else len(base)
    rows = [
        _row(question, part, weight[part.index], size, _scale(question, part, questions, scale), level)
        for question, part in table.groupby("question_id", sort=True)
    ]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    frame["population"] = frame["population"].astype("Int64")
    return Result(frame=frame, as_of=seen, options={"window": window, "level": level}, draw=_draw,
                  notes=(Note("survey.question_means", {"questions": len(frame), "answers": len(table)}),))  # fmt: skip


def _draw(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import mean_dots

    return mean_dots(result.frame, **options)


def _weights(table: pd.DataFrame, invitations: pd.DataFrame | None) -> pd.Series:
    chance = table.get("ask_probability")
    told = invitations is not None and {"invitation_id", "ask_probability"} <= set(invitations)
    if chance is None and invitations is not None and told and "invitation_id" in table:
        known = invitations.drop_duplicates("invitation_id").set_index("invitation_id")["ask_probability"]
        chance = table["invitation_id"].map(known)
    if chance is None:
        return pd.Series(1.0, index=table.index)
    chance = chance.astype("float64").fillna(1.0)
    if ((chance <= 0) | (chance > 1)).any():
        raise DataError("ask_probability must lie in (0, 1].", "It is the client's chance of getting the question.")
    return 1 / chance


def _scale(
    question: Any, part: pd.DataFrame, questions: pd.DataFrame | None, scale: tuple[int, int] | None
) -> tuple[int, int]:
    known = present(questions)
    if known is not None and {"scale_min", "scale_max"} <= set(known):
        row = known[known["question_id"] == question]
        if len(row) and row[["scale_min", "scale_max"]].notna().all(axis=None):
            return int(row["scale_min"].iloc[0]), int(row["scale_max"].iloc[0])
    return scale or ((0, 10) if (part["score"] == 0).any() else (1, 10))


def _row(
    question: Any, part: pd.DataFrame, weight: pd.Series, size: int | None, scale: tuple[int, int], level: float
) -> dict[str, Any]:
    score = part["score"].to_numpy(dtype=np.float64)
    if np.any((score < scale[0]) | (score > scale[1])):
        raise DataError(
            f"Question {question!r} has scores outside {scale[0]}-{scale[1]}.", "Repair the scores or the scale."
        )
    w = weight.to_numpy()
    n = len(score)
    mean = float(w @ score / w.sum())
    top = float(w @ (score >= scale[1] - 1) / w.sum())
    bounds = [np.nan] * 4
    points = np.arange(scale[0], scale[1] + 1)
    equal = np.allclose(w, w[0])
    whole = bool(np.all(score == np.rint(score))) and len(points) <= 11
    size = None if size is None else max(size, n)
    effective = n if equal else w.sum() ** 2 / (w @ w)
    known = size if equal else None  # a weighted sample stands for an endless base: its clients are not counted off
    if n >= MIN_NUMBER or n == size:
        low, high = _shares(score, w, effective, points, known, level) if whole else _normal(score, w, n, known, level)
        hits = np.array([1 - top, top]) * effective
        ends = share_interval(round(top * n), n, known, level) if equal else score_interval(
            hits, (0, 1), 0.5, None, level)  # fmt: skip
        bounds = [float(low), float(high), float(ends[0]), float(ends[1])]
    else:
        mean = top = np.nan
    return dict(zip(COLUMNS, [question, mean, *bounds[:2], n, size, top, *bounds[2:], *scale,
                              "process" if known is None else "base"]))  # fmt: skip


def _shares(
    score: np.ndarray, w: np.ndarray, effective: float, points: np.ndarray, size: int | None, level: float
) -> tuple[Any, Any]:
    counts = np.array([w[score == point].sum() for point in points]) / w.sum() * effective
    return score_interval(np.rint(counts) if size is not None else counts, points, 0.1, size, level)


def _normal(score: np.ndarray, w: np.ndarray, n: int, size: int | None, level: float) -> tuple[float, float]:
    """Fractions or long scales: the t interval with the finite base."""
    from scipy.special import stdtrit

    mean = w @ score / w.sum()
    error = np.sqrt(n / max(n - 1, 1) * (w**2 @ (score - mean) ** 2)) / w.sum()
    half = stdtrit(max(n - 1, 1), 0.5 + level / 2) * error * np.sqrt(1 - (n / size if size else 0.0))
    return mean - half, mean + half


def anchor_estimate(answers: pd.DataFrame, question: Any, anchor: Any, *, level: float = 0.95) -> Result:
    """Mean of a question that few got, helped by a question that all got.

    Parameters
    ----------
    answers : wide table with both columns (null = not asked), or survey_answers
    question, anchor : columns or question_ids
    level : float

    Returns
    -------
    Result
        mean, error, low, high, n (both answered), n_anchor, slope, plain (mean of the n answers alone), gain
        (variance of the plain mean over that of the estimate). Null below 8 clients with both.

    Notes
    -----
    Regression estimate ȳ + b(x̄_all − x̄), which is the full-information maximum-likelihood mean of two normal
    variables of which one is complete (Anderson, JASA 52 (1957) 200-203). Error with the residual variance RSS/n and
    the terms of b, as the observed information gives.
    """
    if {"question_id", "score", "client_id"} <= set(answers.columns):
        last = last_answers(answers[answers["client_id"].notna()], ["client_id", "question_id"])
        answers = last.pivot(index="client_id", columns="question_id", values="score")
    columns = ["mean", "error", "low", "high", "n", "n_anchor", "slope", "plain", "gain"]
    y = answers[question].to_numpy(dtype=np.float64) if question in answers else np.full(len(answers), np.nan)
    x = answers[anchor].to_numpy(dtype=np.float64) if anchor in answers else np.full(len(answers), np.nan)
    have = ~np.isnan(x)
    both = have & ~np.isnan(y)
    n, many = int(both.sum()), int(have.sum())
    values = {"n": n, "n_anchor": many}
    if n < 8 or np.ptp(x[both]) == 0:
        frame = pd.DataFrame([{**dict.fromkeys(columns, np.nan), **values}])[columns]
        return Result(frame=frame, notes=(Note("survey.anchor_few", values),))
    yb, xb = y[both], x[both]
    sxx = float(((xb - xb.mean()) ** 2).sum())
    slope = float((xb - xb.mean()) @ (yb - yb.mean()) / sxx)
    residual = float(((yb - yb.mean() - slope * (xb - xb.mean())) ** 2).sum() / n)
    shift = float(x[have].mean() - xb.mean())
    mean = float(yb.mean() + slope * shift)
    spread = float(x[have].var())
    error = np.sqrt(residual * (1 / n + shift**2 / sxx) + slope**2 * spread / many)
    from scipy.special import stdtrit

    half = float(stdtrit(n - 2, 0.5 + level / 2)) * error
    frame = pd.DataFrame([{
        "mean": mean, "error": error, "low": mean - half, "high": mean + half, **values, "slope": slope,
        "plain": yb.mean(), "gain": (yb.var(ddof=1) / n) / error**2,
    }])[columns]  # fmt: skip
    note = Note("survey.anchor", {str(key): value for key, value in frame.iloc[0].items()})
    return Result(frame=frame, options={"question": question, "anchor": anchor, "level": level}, notes=(note,))
