"""Who answered, who stayed silent, and what their silence could mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError, nearest
from ..intervals import nps_interval, score_interval, wilson
from ..intervals.several import holm
from ..orders import Orders
from ..results import Note, Result, takes
from .asked import STATUSES, as_invitations, of_question, statuses
from .nps import nps
from .votes import answers_seen, as_answers, client_column, of_metric, present, revenue_of

__all__ = ["STATUSES", "ResponseRate", "Silent", "response_rate", "silent", "statuses"]

_COUNTS = ("promoters", "passives", "detractors", "silent", "refused", "no_answer", "not_delivered", "not_asked")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Silent(Result):
    """Result of `silent`.

    Attributes
    ----------
    break_even : float or None
        Share of the silent that must be detractors (the others passives) for the NPS to fall to 0; None where
        no share of them can do it.
    clients : pandas.DataFrame
        client_id, status {refused, no_answer}, asked_at, revenue and further columns of the card.
    """

    break_even: float | None = None
    clients: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ResponseRate(Result):
    """Result of `response_rate`.

    Attributes
    ----------
    test : dict
        p_value of "all groups answer alike" (Fisher for two groups, chi-squared for more), groups tested.
    """

    test: Mapping[str, Any] = field(default_factory=dict)


@takes(
    invitations=["status"], questions=["question_id"], clients=["client_id"], contacts=["contact_id"],
    transactions=["client_id", "date", "amount"],
)  # fmt: skip
def silent(
    answers_or_counts: Any, invitations: pd.DataFrame | None = None, population: int | None = None, *,
    questions: pd.DataFrame | None = None, clients: pd.DataFrame | None = None,
    contacts: pd.DataFrame | None = None, transactions: Orders | pd.DataFrame | None = None, vote: str = "senior",
    scale: tuple[int, int] | None = None, fractions: str | None = None, as_of: Any = None,
    window: int | None = 3, level: float = 0.95,
) -> Silent:  # fmt: skip
    """The NPS under each way to count the silent clients, side by side.

    Parameters
    ----------
    answers_or_counts : table of survey_answers, or counts
        {'promoters': 12, 'passives': 5, 'detractors': 3, 'silent': 8}; in place of silent the statuses 'refused'
        and 'no_answer' (their sum is the silent), 'not_delivered' and 'not_asked' may be given.
    invitations : table of survey_invitations; tells who was asked and stayed silent
    population : clients in the base; None = the active clients of ``clients``, for counts with 'not_asked' their
        sum, else endless
    questions, clients, contacts, transactions, vote, scale, fractions, as_of, window, level : as in `nps`

    Returns
    -------
    Silent
        way {respondents, passives, detractors, half, promoters}, nps, low, high (points), n (votes counted),
        silent, population, bound {lower, upper or ''}. ``respondents`` leaves the silent out; the next count all
        of them as passives (= NPS × response rate), as detractors (the lower bound), half as passives and half as
        detractors, and as promoters (the upper bound).

    Notes
    -----
    Silent = refused + no answer. Clients not asked are not silent: they only widen the interval. What could not be
    delivered is a fault of the data. Which way is right cannot be known from the answers: they are our choice.

    Examples
    --------
    >>> result = silent({"promoters": 12, "passives": 5, "detractors": 3, "silent": 8}, population=50)
    >>> result.table[["way", "nps"]].round(1).values.tolist()
    [['respondents', 45.0], ['passives', 32.1], ['detractors', 3.6], ['half', 17.9], ['promoters', 60.7]]
    """
    faces: pd.DataFrame
    if isinstance(answers_or_counts, Mapping):
        counts, hushed, size, undelivered = _given(answers_or_counts, population)
        faces, seen = pd.DataFrame(), None
    else:
        table = as_answers(answers_or_counts)
        score = nps(
            table, population, questions=questions, clients=clients, contacts=contacts, transactions=transactions,
            vote=vote, scale=scale, fractions=fractions, as_of=as_of, window=window, level=level,
        )  # fmt: skip
        row = score.frame.iloc[0]
        counts = [int(row["promoters"]), int(row["passives"]), int(row["detractors"])]
        size = None if pd.isna(row["population"]) else int(row["population"])
        seen = score.as_of
        if present(invitations) is None:
            raise DataError("Who stayed silent is not known.", "Pass invitations=, or counts with 'silent'.")
        replied = of_metric(table, questions, ["nps"])
        asked = of_question(as_invitations(invitations), questions, "nps")
        known = statuses(asked, replied, as_of=seen, window=window)
        faces = _faces(known, clients, transactions, seen)
        hushed, undelivered = len(faces), int((known["status"] == "not_delivered").sum())
        if size is not None:
            size = max(size, sum(counts) + hushed)
    frame = _scenarios(counts, hushed, size, level)
    even = _break_even(counts, hushed)
    options = {"vote": vote, "window": window, "level": level}
    notes = _silent_notes(frame, {"n": sum(counts), "silent": hushed, "undelivered": undelivered}, even)
    return Silent(frame=frame, break_even=even, clients=faces, notes=notes, options=options, as_of=seen, draw=_draw)


def _silent_notes(frame: pd.DataFrame, values: Mapping[str, Any], even: float | None) -> tuple[Note, ...]:
    notes = [_lead(frame, values), Note("survey.silent_choice")]
    if values["undelivered"]:
        notes.append(Note("survey.silent_undelivered", values))
    if even is not None:
        notes.append(Note("survey.silent_break_even", {"share": 100 * even}))
    return tuple(notes)


def _draw(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import silent_ways

    return silent_ways(result.frame, **options)


def _lead(frame: pd.DataFrame, values: Mapping[str, Any]) -> Note:
    ways = frame.set_index("way")["nps"]
    if ways.isna().any():
        return Note("survey.nps_too_few", values)
    return Note("survey.silent", {**values, "nps": ways["respondents"], "worst": ways["detractors"],
                                  "best": ways["promoters"]})  # fmt: skip


def _given(counts: Mapping[str, Any], population: int | None) -> tuple[list[int], int, int | None, int]:
    unknown = [name for name in counts if name not in _COUNTS]
    if unknown:
        raise DataError(f"Unknown count {unknown[0]!r}.", nearest(str(unknown[0]), _COUNTS))
    number = {name: int(counts.get(name, 0)) for name in _COUNTS}
    if min(number.values()) < 0:
        raise DataError("Counts cannot be negative.", "Count clients.")
    parts = number["refused"] + number["no_answer"]
    if parts and number["silent"] and parts != number["silent"]:
        raise DataError(
            f"silent={number['silent']} is not refused + no_answer = {parts}.", "Give the sum or its parts."
        )
    hushed = parts or number["silent"]
    voters = [number["promoters"], number["passives"], number["detractors"]]
    if population is None and ("not_asked" in counts or "not_delivered" in counts):
        population = sum(voters) + hushed + number["not_asked"] + number["not_delivered"]
    return voters, hushed, population, number["not_delivered"]


def _scenarios(counts: list[int], hushed: int, size: int | None, level: float) -> pd.DataFrame:
    promoters, passives, detractors = counts
    added = {  # silent clients counted as promoters, passives, detractors
        "respondents": (0.0, 0.0, 0.0), "passives": (0.0, 1.0, 0.0), "detractors": (0.0, 0.0, 1.0),
        "half": (0.0, 0.5, 0.5), "promoters": (1.0, 0.0, 0.0),
    }  # fmt: skip
    votes = np.array([
        [detractors + hushed * low, passives + hushed * middle, promoters + hushed * high]
        for high, middle, low in added.values()
    ])  # fmt: skip
    n = votes.sum(axis=1)
    # Half of an odd number is no whole vote: that row alone goes to the engine itself.
    whole = (votes == np.rint(votes)).all(axis=1)
    low, high = (np.asarray(bound) * 100 for bound in score_interval(votes, (-1, 0, 1), 0.5, size, level))
    low[whole], high[whole] = nps_interval(votes[whole, 2], votes[whole, 1], votes[whole, 0], size, level)
    asked = sum(counts)
    point = np.divide(votes[:, 2] - votes[:, 0], n, out=np.full(len(n), np.nan), where=n > 0)
    frame = pd.DataFrame({
        "way": list(added), "nps": 100 * point, "low": low, "high": high, "n": n.astype(int),
        "silent": hushed, "population": pd.array([pd.NA if size is None else size] * len(n), dtype="Int64"),
        "bound": ["", "", "lower", "", "upper"],
    })  # fmt: skip
    if asked < 3 and asked + hushed != size:
        frame[["nps", "low", "high"]] = np.nan
    return frame


def _break_even(counts: list[int], hushed: int) -> float | None:
    lead = counts[0] - counts[2]
    return lead / hushed if hushed and 0 <= lead <= hushed else None


def _faces(
    known: pd.DataFrame, clients: pd.DataFrame | None, transactions: Orders | pd.DataFrame | None, seen: Any
) -> pd.DataFrame:
    """The silent clients with what their cards and deals say, richest first."""
    hushed = known[known["status"].isin(["refused", "no_answer"])]
    keep = [name for name in ("client_id", "unit_id", "status", "asked_at", "contact_id") if name in hushed]
    hushed = hushed[keep]
    card = present(clients)
    if card is not None and "client_id" in hushed:
        columns = [name for name in ("client_name", "manager_id", "industry", "company_size", "is_anchor")
                   if name in card]  # fmt: skip
        hushed = hushed.merge(card.drop_duplicates("client_id")[["client_id", *columns]], on="client_id", how="left")
    money = revenue_of(transactions, seen)
    if money is not None and "client_id" in hushed:
        hushed = hushed.assign(revenue=hushed["client_id"].map(money).fillna(0.0).astype(float))
        hushed = hushed.sort_values(["revenue", "client_id"], ascending=[False, True], kind="stable")
    return hushed.reset_index(drop=True)


@takes(invitations=["status"], answers=[], clients=["client_id"], transactions=["client_id", "date", "amount"])
def response_rate(
    invitations: pd.DataFrame,
    answers: pd.DataFrame | None = None,
    *,
    clients: pd.DataFrame | None = None,
    transactions: Orders | pd.DataFrame | None = None,
    by: str | None = None,
    as_of: Any = None,
    window: int | None = 3,
    level: float = 0.95,
) -> ResponseRate:
    """Share of the asked clients who answered, and the share of revenue they stand for.

    Parameters
    ----------
    invitations : table of survey_invitations (client_id, status; sent_at, wave, …)
    answers : table; who answered counts as answered whatever the invitation says (not ``by='wave'``: it tells no wave)
    clients, transactions : tables for groups and money
    by : column of invitations or clients (wave, manager_id, industry, …)
    as_of, window, level : as in `nps`

    Returns
    -------
    ResponseRate
        [by], rate, low, high (Wilson), answered, refused, no_answer, not_delivered, asked (= answered + refused +
        no_answer: what arrived), revenue_share (of the group's revenue of 12 months that belongs to clients who
        answered; null without deals), p_value (this group against all others, exact, Holm over groups).

    Examples
    --------
    >>> sent = pd.DataFrame({"client_id": [1, 2, 3, 4],
    ...                      "status": ["answered", "answered", "refused", "not_delivered"]})
    >>> response_rate(sent).table[["rate", "asked", "not_delivered"]].round(2).values.tolist()
    [[0.67, 3.0, 1.0]]
    """
    columns = ["rate", "low", "high", "answered", "refused", "no_answer", "not_delivered", "asked",
               "revenue_share", "p_value"]  # fmt: skip
    sent, seen = answers_seen(as_invitations(invitations), as_of, window, "sent_at")
    if by == "wave" and len(sent):
        waves = [statuses(part, None, as_of=None, window=None) for _, part in sent.groupby("wave", sort=True)]
        known = pd.concat(waves)
    elif by == "wave":
        known = statuses(sent, None, window=None)
    else:
        known = statuses(sent, answers, as_of=seen, window=window)
    money = revenue_of(transactions, seen)
    if money is not None and "client_id" in known:
        known = known.assign(revenue=known["client_id"].map(money).fillna(0.0).astype(float))
    group = pd.Series("all", index=known.index) if by is None else client_column(known, by, clients)
    known = known.assign(_group=group.to_numpy())
    counts = pd.crosstab(known["_group"], known["status"]).reindex(columns=list(STATUSES), fill_value=0)
    counts = counts.astype(int)
    asked = counts[["answered", "refused", "no_answer"]].sum(axis=1)
    low, high = wilson(counts["answered"].to_numpy(), asked.to_numpy(), level)
    rate = counts["answered"] / asked.where(asked > 0)
    counts.columns.name = None
    frame = counts.assign(rate=rate, low=low, high=high, asked=asked, revenue_share=np.nan, p_value=np.nan)
    if "revenue" in known and len(known):
        mine = known["revenue"].where(known["status"] == "answered", 0.0).groupby(known["_group"]).sum()
        total = known["revenue"].groupby(known["_group"]).sum()
        frame["revenue_share"] = mine / total.where(total > 0)
    test: dict[str, Any] = {}
    if by is not None and len(frame) > 1:
        frame["p_value"], test = _differ(counts["answered"].to_numpy(), asked.to_numpy())
    frame.index.name = by or "all"
    frame = frame.reset_index() if by is not None else frame.reset_index(drop=True)
    frame = frame[([by] if by is not None else []) + columns]
    notes = (_rate_note(frame, by, test),)
    options = {"by": by, "window": window, "level": level}
    return ResponseRate(frame=frame, notes=notes, options=options, as_of=seen, test=test)


def _differ(answered: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, dict[str, Any]]:
    """Each group against the others (Fisher, Holm) and all groups at once (chi-squared)."""
    from scipy.stats import chi2_contingency, fisher_exact

    full = asked >= 8
    p_values = np.full(len(asked), np.nan)
    if full.sum() < 2:
        return p_values, {}
    yes, no = answered[full], (asked - answered)[full]
    raw = [fisher_exact([[a, b], [yes.sum() - a, no.sum() - b]])[1] for a, b in zip(yes, no)]
    p_values[full] = holm(raw)
    if yes.sum() == 0 or no.sum() == 0:
        return p_values, {"p_value": 1.0, "groups": int(full.sum())}
    whole = fisher_exact([yes, no])[1] if full.sum() == 2 else chi2_contingency([yes, no], correction=False)[1]
    return p_values, {"p_value": float(whole), "groups": int(full.sum())}


def _rate_note(frame: pd.DataFrame, by: str | None, test: Mapping[str, Any]) -> Note:
    if frame["asked"].sum() == 0:
        return Note("survey.rate_nobody")
    if by is None:
        return Note("survey.rate", {str(key): value for key, value in frame.iloc[0].items()})
    return Note("survey.rate_groups" if test else "survey.rate_untested", {"by": by, "groups": len(frame), **test})
