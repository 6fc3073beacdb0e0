"""NPS of a finite base, by group, by month and by way of counting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..intervals import nps_interval, score_interval
from ..orders import Orders
from ..results import Note, Result, takes
from .asked import as_invitations, of_question, statuses
from .votes import (
    ROLES,
    active_base,
    answers_seen,
    as_answers,
    client_column,
    last_answers,
    of_metric,
    present,
    recommendation,
    revenue_of,
)

__all__ = ["MIN_NUMBER", "MIN_RANK", "NPS", "nps"]

MIN_NUMBER = 3  # answers below which no number is shown, unless they are the whole base
MIN_RANK = 8  # answers below which nothing is ranked, tested or compared
VOTES = ("senior", "all", "mean", "revenue")
_APART = 10  # points between the ways of counting that deserve a sentence
COLUMNS = [
    "nps", "low", "high", "n", "population", "promoters", "passives", "detractors",
    "smallest_change", "question", "comparable", "response",
]  # fmt: skip


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class NPS(Result):
    """Result of `nps`.

    Attributes
    ----------
    votes : pandas.DataFrame
        client_id, score, vote (−1, 0, 1, or a mean of them), weight: what was counted.
    ways : pandas.DataFrame
        way {senior, all, mean, revenue}, nps, low, high, n: the same answers counted in other ways.
    """

    votes: pd.DataFrame = field(default_factory=pd.DataFrame)
    ways: pd.DataFrame = field(default_factory=pd.DataFrame)


@takes(
    questions=["question_id"], clients=["client_id"], contacts=["contact_id"],
    transactions=["client_id", "date", "amount"], invitations=["status"],
)  # fmt: skip
def nps(
    answers: Any, population: int | Mapping[Any, int] | None = None, *,
    questions: pd.DataFrame | None = None, clients: pd.DataFrame | None = None,
    contacts: pd.DataFrame | None = None, transactions: Orders | pd.DataFrame | None = None,
    invitations: pd.DataFrame | None = None, vote: str = "senior", roles: Sequence[str] = ROLES,
    scale: tuple[int, int] | None = None, fractions: str | None = None, as_of: Any = None,
    window: int | None = 3, by: str | None = None, level: float = 0.95,
) -> NPS:  # fmt: skip
    """NPS with the interval that n answers of N clients allow.

    Parameters
    ----------
    answers : table of survey_answers (client_id, score; optional contact_id, question_id, answered_at) or scores
    population : int, {group: int}, Series by group or None
        Clients in the base. None = the active clients of ``clients``, or endless without that table. With ``by`` one
        number says nothing of the groups: theirs come from a mapping or from ``clients``.
    questions : table; answers to questions whose metric is not 'nps' are left out
    contacts : table; roles and decision_power decide who speaks for a client
    transactions : table; revenue of 12 months weighs the votes of ``vote='revenue'``
    invitations : table; who was asked gives the response
    vote : {'senior', 'all', 'mean', 'revenue'}
        One vote per client by its most senior contact who answered (the last answer); every answer; the mean of a
        client's contacts; the senior vote weighted with revenue.
    roles : order of contact roles, most senior first
    scale : (0, 10), (0, 100) or (1, 10)
        None = as the questions declare, else 0-10. 1-10 must be declared here and is marked not comparable.
    fractions : {None, 'floor', 'nearest'}
        Rule for fractional scores; without one they are refused.
    as_of : month or day; None = last month with an answer
    window : months of the rolling window, the last answer counts; None = all answers
    by : column of answers or clients; one row per value
    level : float

    Returns
    -------
    NPS
        [by], nps, low, high (points −100..100), n, population, promoters, passives, detractors (votes),
        smallest_change (points by which two such waves must differ), question {base, process}, comparable bool,
        response (answered of asked; null without invitations).
        Below 3 votes outside a census nps, low and high are null.

    Raises
    ------
    DataError
        Scales and scores that are no recommendation on 0-10, more votes than clients, an unknown option.

    Notes
    -----
    Senior votes: `nps_interval`; other votes: ratio estimator (Cochran, Sampling Techniques, 1977, ch. 6).

    Examples
    --------
    >>> result = nps([10, 10, 9, 9, 9, 8, 8, 7, 5, 3], population=50)
    >>> result.table[["nps", "low", "high", "n"]].round(1).to_dict("records")
    [{'nps': 30.0, 'low': -16.0, 'high': 64.0, 'n': 10}]
    """
    if vote not in VOTES:
        raise DataError(f"vote={vote!r} is unknown.", nearest(vote, VOTES))
    table, seen = answers_seen(as_answers(answers), as_of, window)
    table, used_scale = recommendation(table, questions, scale, fractions)
    revenue = revenue_of(transactions, seen)
    cast = {way: _cast(table, way, contacts, roles, revenue) for way in _possible(table, revenue, vote)}
    groups, whole = _bases(population, clients, by)
    frame = _rows(cast[vote], by, clients, groups, vote, level).assign(comparable=used_scale != (1, 10))
    frame["response"] = _response(frame, by, invitations, answers, questions, clients, seen, window)
    ways = _ways(cast, whole, level)
    notes = _notes(frame, ways, by, vote, used_scale)
    options = {"vote": vote, "scale": used_scale, "window": window, "level": level, "by": by}
    return NPS(frame=frame, votes=cast[vote], ways=ways, notes=notes, options=options, as_of=seen, draw=_draw)


def _response(
    frame: pd.DataFrame, by: str | None, invitations: pd.DataFrame | None, answers: Any,
    questions: pd.DataFrame | None, clients: pd.DataFrame | None, seen: Any, window: int | None,
) -> pd.Series | float:  # fmt: skip
    """Answered of asked, per row."""
    sent = present(invitations)
    if sent is None:
        return np.nan
    asked = of_question(as_invitations(sent), questions, "nps")
    known = statuses(asked, of_metric(as_answers(answers), questions, ["nps"]), as_of=seen, window=window)
    known = known[known["status"] != "not_delivered"]
    answered = known["status"] == "answered"
    if by is None:
        return float(answered.mean()) if len(known) else np.nan
    return frame[by].map(answered.groupby(client_column(known, by, clients)).mean()).astype("float64")


def _draw(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import score_dots

    return score_dots(result.frame, **options)


@dataclass(frozen=True)
class _Base:
    """How many clients a figure speaks for."""

    population: int | Mapping[Any, int] | None
    clients: pd.DataFrame | None
    by: str | None

    def size(self, group: Any, votes: pd.DataFrame) -> float:
        if isinstance(self.population, Mapping):
            return float(self.population[group]) if group in self.population else np.inf
        if self.population is not None and self.by is None:
            return float(self.population)
        if self.clients is None or "client_id" not in votes or votes["client_id"].isna().any():
            return np.inf
        base = self.clients
        if self.by is not None:
            if self.by not in base:
                return np.inf
            base = base[base[self.by] == group]
        return float(len(set(base["client_id"]) | set(votes["client_id"])))


def _bases(
    population: int | Mapping[Any, int] | pd.Series | None, clients: pd.DataFrame | None, by: str | None
) -> tuple[_Base, _Base]:
    """Of the groups, and of all clients together."""
    known: Any = population.to_dict() if isinstance(population, pd.Series) else population
    whole = None if isinstance(known, Mapping) else known
    return _Base(known, active_base(clients), by), _Base(whole, active_base(clients), None)


def _possible(table: pd.DataFrame, revenue: pd.Series | None, vote: str) -> list[str]:
    if vote == "revenue" and revenue is None:
        raise DataError("vote='revenue' needs transactions.", "Pass transactions=, or vote='senior'.")
    known = "client_id" in table and table["client_id"].notna().any()
    if vote != "all" and not known and len(table) and "client_id" in table and vote != "senior":
        raise DataError(f"vote={vote!r} needs client_id.", "Anonymous answers can only be counted one by one.")
    ways = ["senior", "all"] + (["mean"] if known else [])
    return ways + (["revenue"] if known and revenue is not None else [])


def _cast(
    table: pd.DataFrame, way: str, contacts: pd.DataFrame | None, roles: Sequence[str], revenue: pd.Series | None
) -> pd.DataFrame:
    """Votes: one row per voter with vote, weight and all columns of its answer."""
    table = table.assign(weight=1.0)
    if "client_id" not in table:
        table = table.assign(client_id=pd.Series(np.nan, index=table.index, dtype="object"))
    if way == "all":
        return table
    per_contact = last_answers(table, ["client_id", "contact_id"])
    if way == "mean":
        named = per_contact[per_contact["client_id"].notna()]
        last = last_answers(named, ["client_id"])
        mean = named.groupby("client_id")["vote"].mean()
        return last.assign(vote=last["client_id"].map(mean))
    senior = last_answers(per_contact, ["client_id"]) if "contact_id" not in table else _senior(
        per_contact, present(contacts), roles)  # fmt: skip
    if way == "revenue":
        assert revenue is not None
        senior = senior[senior["client_id"].notna()]
        return senior.assign(weight=senior["client_id"].map(revenue).fillna(0.0).clip(lower=0.0).astype(float))
    return senior


def _senior(table: pd.DataFrame, contacts: pd.DataFrame | None, roles: Sequence[str]) -> pd.DataFrame:
    if contacts is None:
        return last_answers(table, ["client_id"])
    known = contacts.drop_duplicates("contact_id").set_index("contact_id")
    rank = {role: place for place, role in enumerate(roles)}
    role = table["contact_id"].map(known["role"].map(rank)) if "role" in known else pd.Series(np.nan, table.index)
    power = (
        table["contact_id"].map(known["decision_power"]) if "decision_power" in known else pd.Series(0.0, table.index)
    )
    ranked = table.assign(_role=role.astype("float64").fillna(len(rank)), _power=-power.astype("float64").fillna(-1.0))
    best = ranked.groupby("client_id")["_role"].transform("min")
    ranked = ranked[ranked["client_id"].isna() | (ranked["_role"] == best)]
    best = ranked.groupby("client_id")["_power"].transform("min")
    ranked = ranked[ranked["client_id"].isna() | (ranked["_power"] == best)]
    return last_answers(ranked, ["client_id"]).drop(columns=["_role", "_power"])


def _rows(
    votes: pd.DataFrame, by: str | None, clients: pd.DataFrame | None, base: _Base, vote: str, level: float
) -> pd.DataFrame:
    if by is None:
        frame = pd.DataFrame([_figures(votes, base.size(None, votes), vote, level)], columns=COLUMNS)
        return frame.astype({"population": "Int64"})
    group = client_column(votes, by, clients)
    parts = list(votes.groupby(group, sort=True))
    sizes = [base.size(value, part) for value, part in parts]
    bounds: list[tuple[float, float] | None] = [None] * len(parts)
    if vote == "senior" and parts:
        # One call for all groups: a thousand managers cost what ten cost.
        signs = np.array([_classes(part["vote"].to_numpy(dtype=np.float64)) for _, part in parts])
        low, high = nps_interval(signs[:, 0], signs[:, 1], signs[:, 2], np.array(sizes), level)
        bounds = list(zip(low.tolist(), high.tolist()))
    rows = [
        {by: value, **_figures(part, size, vote, level, bound)}
        for (value, part), size, bound in zip(parts, sizes, bounds)
    ]
    return pd.DataFrame(rows, columns=[by, *COLUMNS]).astype({"population": "Int64"})


def _classes(value: np.ndarray) -> list[int]:
    """Promoters, passives, detractors."""
    return [int((value > 0).sum()), int((value == 0).sum()), int((value < 0).sum())]


def _figures(
    votes: pd.DataFrame, size: float, vote: str, level: float, bounds: tuple[float, float] | None = None
) -> dict[str, Any]:
    value = votes["vote"].to_numpy(dtype=np.float64)
    n = len(value)
    counts = _classes(value)
    enough = n >= MIN_NUMBER or (n > 0 and n == size)
    point = low = high = change = np.nan
    voters = votes["client_id"].nunique() if vote != "senior" else n
    size = size if vote == "senior" or voters <= size else np.inf
    if enough and vote == "senior":
        point = 100 * value.mean()
        low, high = bounds or nps_interval(counts[0], counts[1], counts[2], None if np.isinf(size) else size, level)
    elif enough:
        point, low, high = _ratio(votes, size, level)
    if enough:
        change = np.sqrt(2) * (high - low) / 2
    return {
        "nps": point, "low": low, "high": high, "n": n,
        "population": pd.NA if np.isinf(size) else int(size),
        "promoters": counts[0], "passives": counts[1], "detractors": counts[2],
        "smallest_change": change, "question": "process" if np.isinf(size) else "base",
    }  # fmt: skip


def _ratio(votes: pd.DataFrame, size: float, level: float) -> tuple[float, float, float]:
    """Ratio estimator Σwv/Σw over clients, in points: linearised error over clients, t quantile, times √(1 − n/N)."""
    from scipy.special import stdtrit

    value, weight = votes["vote"].to_numpy(dtype=np.float64), votes["weight"].to_numpy(dtype=np.float64)
    if weight.sum() <= 0:
        return np.nan, np.nan, np.nan
    point = float(weight @ value / weight.sum())
    client = votes["client_id"].astype("object").where(votes["client_id"].notna(), votes.index.to_series())
    pull = pd.Series(weight * (value - point)).groupby(client.to_numpy()).sum().to_numpy()
    n = len(pull)
    fraction = 0.0 if np.isinf(size) else n / size
    if fraction >= 1 and not np.isinf(size):
        return 100 * point, 100 * point, 100 * point
    variance = n / (n - 1) * (pull @ pull) / weight.sum() ** 2 if n > 1 else 0.0
    if variance <= 0:
        # All alike: the linearised error is 0, the doubt is not. The engine with Kish's effective number stands in.
        effective = weight.sum() ** 2 / (weight @ weight)
        shares = np.array([weight[value < 0].sum(), weight[value == 0].sum(), weight[value > 0].sum()]) / weight.sum()
        low, high = score_interval(shares * effective, (-1, 0, 1), 0.5, None, level)
    else:
        half = float(stdtrit(n - 1, 0.5 + level / 2)) * np.sqrt(variance * (1 - fraction))
        low, high = point - half, point + half
    return 100 * point, max(-100.0, 100 * low), min(100.0, 100 * high)


def _ways(cast: Mapping[str, pd.DataFrame], base: _Base, level: float) -> pd.DataFrame:
    rows = [{"way": way, **_figures(votes, base.size(None, votes), way, level)} for way, votes in cast.items()]
    return pd.DataFrame(rows)[["way", "nps", "low", "high", "n"]]


def _notes(
    frame: pd.DataFrame, ways: pd.DataFrame, by: str | None, vote: str, scale: tuple[int, int]
) -> tuple[Note, ...]:
    notes = []
    if by is None:
        row = frame.iloc[0]
        if pd.isna(row["nps"]):
            notes.append(Note("survey.nps_too_few", {"n": int(row["n"])}))
        elif row["question"] == "base":
            notes.append(Note("survey.nps_base", {str(key): value for key, value in row.items()}))
        else:
            notes.append(Note("survey.nps_process", {str(key): value for key, value in row.items()}))
    else:
        notes.append(Note("survey.nps_groups", {"groups": len(frame), "by": by}))
    if scale == (1, 10):
        notes.append(Note("survey.not_comparable"))
    spread = ways["nps"].max() - ways["nps"].min()
    if spread > _APART:
        notes.append(Note("survey.votes_differ", {"spread": spread}))
    return tuple(notes)
