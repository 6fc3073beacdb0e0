"""Which causes go with low scores, corrected for errors of tagging.

A tag is sometimes wrong, which flattens every difference: texts tagged «price» hold some without it, and the
others hold some with it. With the precision of the tags (share right among the tagged) and the share wrong among
the others the observed gap is the true one times λ = precision + npv − 1 (errors that do not depend on the score),
so it is divided by λ. Precision and recall come from corrections; without them from a prior of moderate strength,
and the interval shows what that costs.

Sources: Rogan & Gladen (1978) for the correction, Gart & Zweifel (1967) for the half cases, Lindeman, Merenda &
Gold (1980) for the shares.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..panel import id_rank
from ..results import Note, Result, as_table, no_rows

__all__ = ["cause_drivers"]

#: Accuracy of the rules before anybody corrected anything: right and wrong of the tags, found and missed of the causes;
#: between texts like those of the codebook's authors (.9 and .9) and texts never read (.74 and .75).
PRIOR_PRECISION = (9.5, 1.9)
PRIOR_RECALL = (8.0, 2.6)
_MOST_JOINT = 8
COLUMNS = (
    "cause", "n", "share", "n_negative", "n_positive", "status",
    "gap_negative", "gap_negative_low", "gap_negative_high", "gap_observed", "gap_positive", "gap_positive_low",
    "gap_positive_high", "precision", "recall", "odds", "odds_low", "odds_high", "odds_joint", "p_value", "q_value",
    "critics_times", "importance", "importance_low", "importance_high", "score_without", "gain", "clients", "money",
)  # fmt: skip
_KINDS = {"cause": "str", "status": "str"} | dict.fromkeys(("n", "n_negative", "n_positive", "clients"), "int64")


@dataclass(frozen=True)
class _Scores:
    ids: pd.Index
    value: np.ndarray
    detractor: np.ndarray
    scale: str


def cause_drivers(
    tags: pd.DataFrame | Result,
    feedback: pd.DataFrame | Result,
    *,
    corrections: pd.DataFrame | Result | None = None,
    questions: pd.DataFrame | None = None,
    revenue: pd.DataFrame | None = None,
    least: int = 10, level: float = 0.95, draws: int = 400, seed: int = 7,
) -> Result:  # fmt: skip
    """Causes by what goes with them: the gap of the score, odds of a detractor, share in a joint model.

    Parameters
    ----------
    tags : DataFrame
        feedback_id, cause, sentiment. Tag without the score (it must not decide the sentiment here).
    feedback : DataFrame
        feedback_id, score (0-10), optional text, client_id, question_id. Rows without a score are left out.
    corrections : DataFrame, optional
        text, cause, sentiment as for `Tagger.learn`; needs ``text`` in feedback. Gives precision and recall.
    questions : DataFrame, optional
        question_id, metric: only scores of a recommendation question (nps) make an NPS, others a mean.
    revenue : DataFrame, optional
        client_id and revenue (or amount): money behind a cause.
    least : int, at least 2
        Fewer respondents than this on either side: ``status`` is "too few" and there is no estimate.
    level, draws : float, int
        Of all intervals; of the bootstrap.

    Returns
    -------
    Result
        One row per cause, most harmful first: cause, n, share, n_negative, n_positive, status {ok, too few},
        gap_negative (NPS or mean of those who name it negatively less that of the others, corrected), gap_positive,
        each with _low and _high, gap_observed (uncorrected), precision, recall, odds (of a detractor) with
        interval, odds_joint (of one model of all), p_value (Fisher), q_value (Benjamini-Hochberg),
        critics_times (how many times oftener critics name it), importance (Shapley share of R²) with interval,
        score_without (if those who complain scored like the others), gain, clients, money.
        ``.overview``: scale {nps, mean}, n, score.

    Raises
    ------
    DataError
        When a needed column is missing.

    Examples
    --------
    >>> tags = pd.DataFrame({"feedback_id": range(20), "cause": "price", "sentiment": "negative"})
    >>> scores = pd.DataFrame({"feedback_id": range(60), "score": [3] * 20 + [9] * 40})
    >>> float(cause_drivers(tags, scores).table.loc[0, "gap_observed"])
    -200.0
    """
    tagged, rows = as_table(tags), as_table(feedback)
    scores = _scores(tagged, rows, questions)
    checked = None if corrections is None else as_table(corrections)
    frame = _estimated(tagged, rows, scores, checked, least, level, draws, seed)
    if len(frame):
        _behind(frame, tagged, rows, None if revenue is None else as_table(revenue))
    frame = frame.sort_values(["status", "gain", "n", "cause"], ascending=[True, False, False, True], kind="stable")
    mean = float(scores.value.mean()) if len(scores.value) else np.nan
    note = Note("causes.drivers", {"n": len(scores.ids), "causes": int((frame["status"] == "ok").sum())})
    overview = pd.DataFrame({"scale": [scores.scale], "n": [len(scores.ids)], "score": [mean]})
    frame, options = frame.reset_index(drop=True), {"least": least, "level": level, "draws": draws, "seed": seed}
    return Result(frame=frame, overview=overview, notes=(note,), options=options)


def _estimated(
    tagged: pd.DataFrame,
    rows: pd.DataFrame,
    scores: _Scores,
    checked: pd.DataFrame | None,
    least: int,
    level: float,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    """All estimates, one row per cause."""
    causes = sorted(tagged["cause"].dropna().unique().tolist())
    signs = {sign: _named(tagged, scores.ids, causes, sign) for sign in ("negative", "positive", "any")}
    dice = np.random.default_rng(seed)
    picks = dice.integers(0, max(len(scores.ids), 1), (draws, len(scores.ids)))
    measured = _accuracy(tagged, rows, checked, causes)
    table = [
        _row(cause, place, signs, scores, measured, picks, dice, least, level) for place, cause in enumerate(causes)
    ]
    frame = pd.DataFrame(table, columns=list(COLUMNS)) if table else no_rows(COLUMNS, **_KINDS)
    if len(frame):
        _joint(frame, signs, scores, picks[: min(draws, 100)], level)
        frame["q_value"] = _benjamini_hochberg(frame["p_value"].to_numpy(float))
    return frame


def _need(table: pd.DataFrame, what: str, *names: str) -> None:
    absent = [name for name in names if name not in table.columns]
    if absent:
        raise DataError(f"The {what} have no column {absent[0]!r}.", f"Columns: {', '.join(map(str, table.columns))}.")


def _scores(tags: pd.DataFrame, rows: pd.DataFrame, questions: pd.DataFrame | None) -> _Scores:
    """One score per text; NPS points where the question is one of recommendation."""
    _need(tags, "tags", "feedback_id", "cause", "sentiment")
    _need(rows, "feedback", "feedback_id", "score")
    score = pd.to_numeric(rows["score"], errors="coerce")
    kept = score.notna()
    scale = "nps"
    if questions is not None and len(questions) and "question_id" in rows.columns:
        nps = set(questions.loc[questions["metric"] == "nps", "question_id"])
        recommended = rows["question_id"].isin(nps) & kept
        scale = "nps" if recommended.any() else "mean"
        kept = recommended if scale == "nps" else kept
    ids, values = pd.Index(rows.loc[kept, "feedback_id"]), score[kept].to_numpy(float)
    order = np.lexsort([values, id_rank(ids)])  # the draws must not depend on the order of rows
    ids, values = ids[order], values[order]
    detractor = values <= 6
    if scale == "nps":
        values = np.where(values >= 9, 100.0, np.where(detractor, -100.0, 0.0))
    return _Scores(ids, values, detractor, scale)


def _named(tags: pd.DataFrame, ids: pd.Index, causes: list[str], sign: str) -> np.ndarray:
    """Texts by causes: named with that sentiment (mixed counts on both sides)."""
    wanted = tags if sign == "any" else tags[tags["sentiment"].isin([sign, "mixed"])]
    rows = _first_places(ids, wanted["feedback_id"])
    places = pd.Index(causes).get_indexer(pd.Index(wanted["cause"]))
    known = (rows >= 0) & (places >= 0)
    named = np.zeros((len(ids), len(causes)), dtype=bool)
    named[rows[known], places[known]] = True
    return named


def _first_places(ids: pd.Index, wanted: pd.Series) -> np.ndarray:
    first = pd.Series(np.arange(len(ids)), index=ids)
    first = first[~first.index.duplicated()]
    return first.reindex(wanted).fillna(-1).to_numpy().astype(int)


def _accuracy(
    tags: pd.DataFrame, rows: pd.DataFrame, corrections: pd.DataFrame | None, causes: list[str]
) -> dict[str, tuple[int, int, int]]:
    """Right, wrong and missed negative tags of each cause among the corrected texts."""
    if corrections is not None:
        _need(corrections, "corrections", "text", "cause", "sentiment")
    if corrections is None or not len(corrections) or "text" not in rows.columns:
        return dict.fromkeys(causes, (0, 0, 0))
    checked = rows[rows["text"].isin(corrections["text"])]
    told = corrections[corrections["sentiment"].isin(["negative", "mixed"])]
    truth = set(zip(told["text"], told["cause"]))
    texts = dict(zip(checked["feedback_id"], checked["text"]))
    bad = tags[tags["sentiment"].isin(["negative", "mixed"]) & tags["feedback_id"].isin(checked["feedback_id"])]
    found = {(texts[identity], cause) for identity, cause in zip(bad["feedback_id"], bad["cause"])}
    truth = {pair for pair in truth if pair[0] in set(checked["text"])}
    counts = {}
    for cause in causes:
        said, tagged = {t for t, c in truth if c == cause}, {t for t, c in found if c == cause}
        counts[cause] = (len(said & tagged), len(tagged - said), len(said - tagged))
    return counts


def _attenuation(precision: np.ndarray, recall: np.ndarray, share: np.ndarray) -> np.ndarray:
    """λ: what is left of a gap when tags err."""
    missed = np.clip(share * precision * (1 / np.clip(recall, 0.05, 1) - 1) / np.clip(1 - share, 1e-9, 1), 0, 0.9)
    return np.clip(precision - missed, 0.2, 1.0)


def _gap(value: np.ndarray, named: np.ndarray) -> np.ndarray:
    """Mean where named less mean where not, along the last axis; nan where a side is empty."""
    inside = named.sum(axis=-1)
    outside = named.shape[-1] - inside
    with np.errstate(invalid="ignore", divide="ignore"):
        return (value * named).sum(axis=-1) / inside - (value * ~named).sum(axis=-1) / outside


def _row(
    cause: str,
    place: int,
    signs: dict[str, np.ndarray],
    scores: _Scores,
    measured: dict[str, tuple[int, int, int]],
    picks: np.ndarray,
    dice: np.random.Generator,
    least: int,
    level: float,
) -> dict[str, Any]:
    bad, good, named = (signs[sign][:, place] for sign in ("negative", "positive", "any"))
    size = len(scores.ids)
    row: dict[str, Any] = dict.fromkeys(COLUMNS, np.nan)
    row |= {"cause": cause, "n": int(named.sum()), "share": named.mean() if size else np.nan}
    row |= {"n_negative": int(bad.sum()), "n_positive": int(good.sum()), "clients": 0}
    enough = {side: least <= flags.sum() <= size - least for side, flags in (("negative", bad), ("positive", good))}
    row["status"] = "ok" if enough["negative"] or enough["positive"] else "too few"
    # Drawn for every cause, so that one cause more does not change the numbers of another's neighbours at random.
    right, wrong, missed = measured[cause]
    precision = (PRIOR_PRECISION[0] + right, PRIOR_PRECISION[1] + wrong)
    recall = (PRIOR_RECALL[0] + right, PRIOR_RECALL[1] + missed)
    row["precision"], row["recall"] = precision[0] / sum(precision), recall[0] / sum(recall)
    drawn = dice.beta(*precision, len(picks)), dice.beta(*recall, len(picks))
    for side, flags in (("negative", bad), ("positive", good)):
        if not enough[side]:
            continue
        observed = float(_gap(scores.value, flags))
        shrunk = float(_attenuation(np.array(row["precision"]), np.array(row["recall"]), np.array(flags.mean())))
        chosen = flags[picks]
        sample = _gap(scores.value[picks], chosen) / _attenuation(*drawn, chosen.mean(axis=1))
        low, high = np.nanquantile(sample, [(1 - level) / 2, (1 + level) / 2])
        limit = 200.0 if scores.scale == "nps" else 10.0
        gap, low, high = (float(np.clip(number, -limit, limit)) for number in (observed / shrunk, low, high))
        row |= {f"gap_{side}": gap, f"gap_{side}_low": low, f"gap_{side}_high": high}
        if side == "negative":
            row["gap_observed"] = observed
            share = min(flags.mean() * row["precision"] / row["recall"], 1.0)
            row["gain"] = -gap * share
            row["score_without"] = float(scores.value.mean()) + row["gain"]
            row |= _odds(flags, scores.detractor, level)
    return row


def _odds(named: np.ndarray, detractor: np.ndarray, level: float) -> dict[str, float]:
    """Odds ratio with half a case in every cell, and Fisher's exact test."""
    from scipy.stats import fisher_exact, norm

    cells = np.array([[(named & detractor).sum(), (named & ~detractor).sum()],
                      [(~named & detractor).sum(), (~named & ~detractor).sum()]])  # fmt: skip
    (a, b), (c, d) = cells + 0.5
    centre, spread = np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d) * norm.ppf((1 + level) / 2)
    low, high = np.exp(centre - spread), np.exp(centre + spread)
    critics, others = a / (a + c), b / (b + d)
    return {
        "critics_times": float(critics / others),
        "odds": float(np.exp(centre)),
        "odds_low": float(low),
        "odds_high": float(high),
        "p_value": float(fisher_exact(cells)[1]),
    }


def _benjamini_hochberg(p_values: np.ndarray) -> np.ndarray:
    """q values; a test that was not made stays out."""
    q_values = np.full(len(p_values), np.nan)
    made = np.flatnonzero(~np.isnan(p_values))
    order = made[np.argsort(p_values[made], kind="stable")]
    raw = p_values[order] * len(order) / np.arange(1, len(order) + 1)
    q_values[order] = np.minimum(np.minimum.accumulate(raw[::-1])[::-1], 1.0)
    return q_values


def _joint(frame: pd.DataFrame, signs: dict[str, np.ndarray], scores: _Scores, picks: np.ndarray, level: float) -> None:
    """Joint models of the causes that are named negatively often enough."""
    used = frame.index[frame["gap_negative"].notna()]
    used = used[np.argsort(-frame.loc[used, "n_negative"].to_numpy(), kind="stable")][:_MOST_JOINT]
    if len(used) < 2 or len(scores.ids) < 30 or scores.value.std() == 0:
        return
    design = signs["negative"][:, used].astype(float)
    shares = _shapley(design, scores.value)
    sample = np.array([_shapley(design[pick], scores.value[pick]) for pick in picks])
    frame.loc[used, "importance"] = shares
    low, high = np.nanquantile(sample, [(1 - level) / 2, (1 + level) / 2], axis=0)
    frame.loc[used, "importance_low"], frame.loc[used, "importance_high"] = low, high
    if 0 < scores.detractor.sum() < len(scores.detractor):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=5.0, max_iter=500).fit(design, scores.detractor)
        frame.loc[used, "odds_joint"] = np.exp(model.coef_[0])


def _shapley(design: np.ndarray, value: np.ndarray) -> np.ndarray:
    """Shares of R² by Lindeman, Merenda and Gold: the mean gain of a cause over all orders of entry."""
    centred, target = design - design.mean(axis=0), value - value.mean()
    total = float(target @ target)
    size = design.shape[1]
    if total == 0:
        return np.full(size, np.nan)
    cross, side = centred.T @ centred + 1e-9 * np.eye(size), centred.T @ target
    explained = {(): 0.0}
    for count in range(1, size + 1):
        subsets = np.array(list(combinations(range(size), count)))
        solved = np.linalg.solve(cross[subsets[:, :, None], subsets[:, None, :]], side[subsets][..., None])[..., 0]
        for subset, number in zip(map(tuple, subsets.tolist()), (solved * side[subsets]).sum(axis=1) / total):
            explained[subset] = float(number)
    shares = np.zeros(size)
    for subset, number in explained.items():
        inside = len(subset)
        for cause in range(size):
            if cause in subset:
                shares[cause] += number * factorial(inside - 1) * factorial(size - inside) / factorial(size)
            else:
                shares[cause] -= number * factorial(inside) * factorial(size - inside - 1) / factorial(size)
    shares = np.clip(shares, 0, None)
    return shares / shares.sum() if shares.sum() > 0 else np.full(size, np.nan)


def _behind(frame: pd.DataFrame, tags: pd.DataFrame, rows: pd.DataFrame, revenue: pd.DataFrame | None) -> None:
    """Clients who complain about a cause and their money."""
    if "client_id" not in rows.columns:
        return
    bad = tags[tags["sentiment"].isin(["negative", "mixed"])]
    pairs = bad[["feedback_id", "cause"]].merge(rows[["feedback_id", "client_id"]], on="feedback_id")
    pairs = pairs.dropna().drop_duplicates(["cause", "client_id"])
    counts = pairs.groupby("cause")["client_id"].size()
    frame["clients"] = frame["cause"].map(counts).fillna(0).astype(int)
    if revenue is not None and len(revenue):
        column = "revenue" if "revenue" in revenue.columns else "amount"
        money = revenue.groupby("client_id")[column].sum()
        pairs = pairs.assign(money=pairs["client_id"].map(money).fillna(0))
        frame["money"] = frame["cause"].map(pairs.groupby("cause")["money"].sum()).fillna(0.0)
