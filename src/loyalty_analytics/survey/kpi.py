"""KPI by unit or manager: revenue, score, response, promises kept and silence, with a gate for bonuses."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import nps_interval, wilson
from ..months import as_of as read_as_of
from ..results import Note, Result
from .nps import MIN_NUMBER, nps
from .response import response_rate
from .votes import moments, present

__all__ = ["kpi_matrix"]


def kpi_matrix(
    by: str = "unit_id", *, answers: pd.DataFrame | None = None, invitations: pd.DataFrame | None = None,
    actions: pd.DataFrame | None = None, transactions: pd.DataFrame | None = None,
    clients: pd.DataFrame | None = None, questions: pd.DataFrame | None = None,
    scale: tuple[int, int] | None = None, as_of: Any = None, window: int = 3, least: int = 8, widest: float = 60,
    response: float = 0.5, level: float = 0.95,
) -> Result:  # fmt: skip
    """One row per unit (or manager): what it sells and what its clients say.

    Parameters
    ----------
    by : column of clients (or of the tables themselves): unit_id, manager_id
    answers, invitations, actions, transactions, clients, questions : canonical tables; absent ones leave nulls
    scale, as_of, window, level : as in `nps`; revenue and promises are those of the same months
    least, widest, response : the gate: votes at least, width of the NPS interval at most (points), response at least

    Returns
    -------
    Result
        [by], revenue (currency units, no interval: a fact), nps, nps_low, nps_high (of the process, without regard to
        the size of the base, as in `compare_groups`), n, response, response_low, response_high, silent_share
        (1 − response), in_time (share of actions due in the window and closed by then), in_time_low,
        in_time_high, due, bonus_ready bool, gate (what is missing: votes, width, response, or ''). A bonus
        on numbers that fail the gate would reward luck.
    """
    deals, known = present(transactions), present(clients)
    ends = [read_as_of(None, moments(frame[column]).max().to_period("M")).end
            for frame, column in ((answers, "answered_at"), (transactions, "date"))
            if frame is not None and len(frame) and column in frame and frame[column].notna().any()]  # fmt: skip
    if as_of is None and not ends:
        raise DataError("Neither answers nor deals tell the month.", "Give as_of='yyyy-mm'.")
    seen = read_as_of(as_of, max(ends) if ends else None)
    start = (seen.month - (window - 1)).start_time
    parts = []
    if deals is not None:
        when = moments(deals["date"])
        live = (when >= start) & (when <= seen.end)
        if "status" in deals:
            live &= ~deals["status"].isin(["planned", "cancelled"])
        parts.append(_revenue(deals[live], by, known))
    said = present(answers)
    if said is not None:
        score = nps(
            said, questions=questions, clients=known, scale=scale, as_of=seen, window=window, by=by, level=level
        )
        parts.append(_scores(score.frame.set_index(by), level))
    sent = present(invitations)
    if sent is not None:
        rate = response_rate(sent, said, clients=known, by=by, as_of=seen, window=window, level=level).frame
        rate = rate.rename(columns={"rate": "response", "low": "response_low", "high": "response_high"})
        rate = rate.assign(silent_share=1 - rate["response"])
        parts.append(rate[[by, "response", "response_low", "response_high", "silent_share"]].set_index(by))
    work = present(actions)
    if work is not None:
        parts.append(_promises(work, by, known, start, seen, level))
    columns = ["revenue", "nps", "nps_low", "nps_high", "n", "response", "response_low", "response_high",
               "silent_share", "in_time", "in_time_low", "in_time_high", "due"]  # fmt: skip
    table = pd.concat(parts, axis=1) if parts else pd.DataFrame(index=pd.Index([], name=by))
    table = table.reindex(columns=columns)
    table[["n", "due"]] = table[["n", "due"]].astype("float64").fillna(0).astype(int)
    table.index.name = by
    table = table.sort_index(key=lambda index: index.astype(str)).reset_index()
    table["gate"] = _gate(table, least, widest, response)
    table["bonus_ready"] = table["gate"] == ""
    ready = int(table["bonus_ready"].sum())
    return Result(frame=table, as_of=seen, options={"by": by, "least": least, "widest": widest, "response": response},
                  notes=(Note("survey.kpi", {"ready": ready, "of": len(table)}),))  # fmt: skip


def _group(table: pd.DataFrame, by: str, clients: pd.DataFrame | None) -> pd.Series:
    own = table[by] if by in table else pd.Series(None, index=table.index, dtype="object")
    own = own.astype("object")
    if clients is None or by not in clients or "client_id" not in table:
        return own
    card = table["client_id"].map(clients.drop_duplicates("client_id").set_index("client_id")[by])
    return own.where(own.notna(), card.astype("object"))


def _scores(score: pd.DataFrame, level: float) -> pd.DataFrame:
    """A bonus asks of the process, not of the base: the interval of `compare_groups`."""
    table = score[["nps", "n"]].assign(nps_low=np.nan, nps_high=np.nan)
    told = score["nps"].notna().to_numpy()
    if told.any():
        votes = score.loc[told, ["promoters", "passives", "detractors"]].to_numpy(dtype=float).T
        low, high = nps_interval(votes[0], votes[1], votes[2], None, level)
        table.loc[told, "nps_low"], table.loc[told, "nps_high"] = low, high
    return table


def _revenue(deals: pd.DataFrame, by: str, clients: pd.DataFrame | None) -> pd.DataFrame:
    from ..money import to_minor

    summed = to_minor(deals["amount"]).groupby(_group(deals, by, clients)).sum()
    return (summed.astype("float64") / 100).rename("revenue").to_frame()


def _promises(
    work: pd.DataFrame, by: str, clients: pd.DataFrame | None, start: Any, seen: Any, level: float
) -> pd.DataFrame:
    due = moments(work["due_at"])
    # Due on a later day is not yet a broken promise.
    work = work[(due >= start) & (due <= seen.end)]
    group = _group(work.rename(columns={"owner_id": "manager_id"}) if by == "manager_id" else work, by, clients)
    last_minute = moments(work["due_at"]).dt.normalize() + pd.Timedelta(days=1)
    closed = moments(work["closed_at"])
    kept = ((closed < last_minute) & (closed <= seen.end)).groupby(group).agg(["sum", "size"])
    low, high = wilson(kept["sum"].to_numpy(), kept["size"].to_numpy(), level)
    few = (kept["size"] < MIN_NUMBER).to_numpy()
    return pd.DataFrame({
        "in_time": np.where(few, np.nan, kept["sum"] / kept["size"]), "in_time_low": np.where(few, np.nan, low),
        "in_time_high": np.where(few, np.nan, high), "due": kept["size"].to_numpy(),
    }, index=kept.index)  # fmt: skip


def _gate(table: pd.DataFrame, least: int, widest: float, response: float) -> np.ndarray:
    votes = (table["n"] < least).to_numpy()
    width = ~((table["nps_high"] - table["nps_low"]) <= widest).to_numpy()
    heard = ~(table["response"] >= response).to_numpy()
    return np.select([votes, width, heard], ["votes", "width", "response"], "").astype(object)
