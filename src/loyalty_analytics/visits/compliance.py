"""Were the visiting rules kept? Every demand of the past year, met or not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..months import AsOf, from_number, month_number, to_periods
from ..months import as_of as read_as_of
from ..results import Note, Result, as_table
from .plan import people
from .rules import around_campaigns, column, due_rules, held_contacts, plan_month

__all__ = ["kept_rules"]

_EVERY = 3
_COLUMNS = ["client_id", "rule", "month", "kept", "client_type", "manager_id", "visitor_id"]


def kept_rules(
    clients: pd.DataFrame | Result,
    meetings: pd.DataFrame | Result,
    as_of: Any = None,
    *,
    months: int = 12,
    campaigns: pd.DataFrame | None = None,
    problems: pd.DataFrame | None = None,
    managers: pd.DataFrame | None = None,
    mode: str | dict[Any, str] | None = None,
) -> Result:
    """Each demand of the visiting rules that fell due in the last months, and whether it was met.

    Parameters
    ----------
    clients, meetings, campaigns, managers, mode
        As for `plan_visits`; ``clients.first_contact_date`` starts the clock of a new client.
    as_of : month or day
        End of the months judged.
    months : int
        How many months are judged.
    problems : DataFrame
        client_id, opened_at: a contact is wanted in the month of the problem or in the next one.

    Returns
    -------
    Result
        client_id, rule, month (the last in which it could be kept), kept (bool), client_type, manager_id,
        visitor_id. ``.overview``: client_type, rule, demands, kept, share.

    Notes
    -----
    ``gap`` is judged by whole quarters of a year counted back from as_of: at least one contact in each, so
    that a client seen every month weighs no more than one seen four times a year.

    Examples
    --------
    >>> clients = pd.DataFrame({"client_id": ["A"]})
    >>> meetings = pd.DataFrame({"client_id": ["A"], "status": "held", "held_at": ["2026-02-10"], "format": "meeting"})
    >>> kept_rules(clients, meetings, "2026-06", months=6).table[["rule", "month", "kept"]]
      rule      month   kept
    0  gap 2026-03-01   True
    1  gap 2026-06-01  False
    """
    clients = as_table(clients).drop_duplicates("client_id", ignore_index=True)
    meetings = as_table(meetings)
    seen = read_as_of(as_of, to_periods(column(meetings, "held_at").dropna()).max() if len(meetings) else None)
    begin = read_as_of(seen.month - months)
    ids = pd.Index(clients["client_id"])
    held = held_contacts(meetings, ids, seen)
    held["month"] += months
    rules = _demands(clients, held.iloc[:0], begin, months, campaigns, mode)
    parts = [rules[["client", "rule", "last"]].assign(kept=_met(rules, held))]
    if problems is not None and len(problems):
        parts.append(_problems(problems, ids, held, begin, months))
    judged = pd.concat(parts, ignore_index=True).sort_values(["last", "client", "rule"], ignore_index=True)
    frame = _named(judged, clients, people(clients, managers), begin)
    told = {"demands": ("kept", "size"), "kept": ("kept", "sum")}
    overview = frame.groupby(["client_type", "rule"], as_index=False).agg(**told)
    overview["share"] = overview["kept"] / overview["demands"]
    note = Note("visits.kept", {"kept": int(frame["kept"].sum()), "demands": len(frame)})
    return Result(frame=frame, overview=overview, notes=(note,), as_of=seen, options={"months": months})


def _demands(
    clients: pd.DataFrame, none_held: pd.DataFrame, begin: AsOf, months: int, campaigns: pd.DataFrame | None, mode: Any
) -> pd.DataFrame:
    """The rules that fell due, with quarters of a year in place of a gap since the last contact."""
    rules = due_rules(clients, none_held, begin, months, campaigns=campaigns, mode=mode)
    ids = pd.Index(clients["client_id"])
    regular = (column(clients, "client_type").fillna("regular") == "regular").to_numpy(bool)
    rhythm = np.flatnonzero(regular & ~around_campaigns(ids, campaigns, mode))
    quarters = _quarters(rhythm, _first(clients, begin), months)
    return pd.concat([rules[rules["rule"] != "gap"], quarters], ignore_index=True)


def _named(judged: pd.DataFrame, clients: pd.DataFrame, who: pd.DataFrame, begin: AsOf) -> pd.DataFrame:
    """Numbers of clients and months as the ids, dates and people that a reader knows."""
    rows = judged["client"].to_numpy(np.int64)
    return pd.DataFrame(
        {
            "client_id": clients["client_id"].to_numpy()[rows],
            "rule": judged["rule"].astype("str"),
            "month": from_number(int(month_number([begin.month])[0]) + judged["last"].to_numpy(np.int64)),
            "kept": judged["kept"].astype(bool),
            "client_type": column(clients, "client_type").fillna("regular").astype("str").to_numpy()[rows],
            "manager_id": who["manager_id"].to_numpy()[rows],
            "visitor_id": who["visitor_id"].to_numpy()[rows],
        }
    )[_COLUMNS]


def _first(clients: pd.DataFrame, begin: Any) -> np.ndarray:
    """Month of the first contact, counted like the months judged; far back where it is not known."""
    day = pd.to_datetime(column(clients, "first_contact_date"))
    known = day.notna().to_numpy()
    out = np.full(len(clients), -(10**6))
    out[known] = plan_month(day[known], begin, "first_contact_date")
    return out


def _met(rules: pd.DataFrame, held: pd.DataFrame) -> np.ndarray:
    once = held.groupby(["client", "month"], as_index=False)["meeting"].max()
    pairs = rules.reset_index(drop=True).reset_index(names="row").merge(once, on="client", suffixes=("", "_held"))
    hit = pairs["month"].between(pairs["first"], pairs["last"]) & (pairs["meeting_held"] | ~pairs["meeting"])
    got = np.bincount(pairs.loc[hit, "row"], minlength=len(rules))
    return got >= rules["need"].to_numpy()


def _quarters(client: np.ndarray, first: np.ndarray, months: int) -> pd.DataFrame:
    """One contact in each full three months, counted back from the end; a new client's begin with its first contact."""
    ends = np.arange(months, _EVERY - 1, -_EVERY)
    who, last = (part.ravel() for part in np.meshgrid(client, ends, indexing="ij"))
    keep = last - _EVERY + 1 >= first[who]
    table = pd.DataFrame({"client": who[keep], "last": last[keep]}).astype(np.int64)
    return table.assign(rule="gap", first=table["last"] - _EVERY + 1, need=1, meeting=False)


def _problems(problems: pd.DataFrame, ids: pd.Index, held: pd.DataFrame, begin: Any, months: int) -> pd.DataFrame:
    at = pd.to_datetime(problems["opened_at"])
    client = ids.get_indexer(pd.Index(problems["client_id"]))
    known = (client >= 0) & at.notna().to_numpy()
    rows = pd.DataFrame({"client": client[known], "opened": at[known].to_numpy()})
    rows["first"] = plan_month(rows["opened"], begin, "opened_at")
    rows["last"] = rows["first"] + 1
    rows = rows[rows["last"].between(1, months)].sort_values("opened").drop_duplicates(["client", "first"])
    pairs = rows.reset_index(drop=True).reset_index(names="row").merge(held, on="client")
    hit = (pairs["at"] >= pairs["opened"].dt.normalize()) & (pairs["month"] <= pairs["last"])
    got = np.bincount(pairs.loc[hit, "row"], minlength=len(rows))
    return rows[["client", "last"]].assign(rule="problem", kept=got > 0)
