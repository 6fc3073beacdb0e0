"""The visiting rules of the trade as a table: who needs how many contacts in which months of the plan.

Months of the plan are counted 1 … M, month 0 is the month of ``as_of`` and earlier ones are negative.
A rule is judged only when its last month lies in the plan; contacts held before count.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..months import AsOf, month_number

__all__ = ["COLUMNS", "PURPOSES", "around_campaigns", "column", "due_rules", "held_contacts", "plan_month"]

COLUMNS = ["client", "rule", "first", "last", "need", "meeting"]
_EVERY = 3  # months between contacts of a regular client
_FAR = -(10**6)

# Purpose of a contact (meetings.purpose) by the rule that asks for it, the most urgent first.
PURPOSES = {
    "problem": "problem",
    "december": "year_end",
    "season": "pre_season",
    "season_after": "post_campaign",
    "before": "pre_campaign",
    "after": "post_campaign",
    "gap": "quarterly",
    "twice": "quarterly",
}


def column(table: pd.DataFrame, name: str) -> pd.Series:
    """A column, or nulls where a table lacks it."""
    return table[name] if name in table.columns else pd.Series(pd.NA, index=table.index, dtype=object)


def plan_month(values: Any, as_of: AsOf, name: str) -> np.ndarray:
    """Dates as months of the plan (0 = month of as_of)."""
    return month_number(pd.to_datetime(pd.Series(values)), name) - month_number([as_of.month])[0]


def held_contacts(meetings: pd.DataFrame, clients: pd.Index, as_of: AsOf) -> pd.DataFrame:
    """Contacts held up to as_of: client (position), month (of the plan, ≤ 0), meeting (bool), at."""
    at = pd.to_datetime(column(meetings, "held_at"))
    status = column(meetings, "status")
    at = at.where(at.notna() | (status != "held"), pd.to_datetime(column(meetings, "planned_at")))
    client = clients.get_indexer(pd.Index(column(meetings, "client_id")))
    seen = ((status == "held") & at.notna() & (at <= as_of.end)).to_numpy(bool) & (client >= 0)
    at = at[seen]
    return pd.DataFrame(
        {
            "client": client[seen],
            "month": plan_month(at, as_of, "held_at"),
            "meeting": (column(meetings, "format")[seen] != "call").to_numpy(bool),
            "at": at.to_numpy(),
        }
    )


def due_rules(
    clients: pd.DataFrame,
    held: pd.DataFrame,
    as_of: AsOf,
    months: int,
    *,
    campaigns: pd.DataFrame | None = None,
    problems: pd.DataFrame | None = None,
    calls: bool = True,
    mode: str | dict[Any, str] | None = None,
) -> pd.DataFrame:
    """All rules that fall due in the plan.

    Parameters
    ----------
    clients : DataFrame with client_id, client_type, is_anchor, company_size, season_start, season_months
    held : result of `held_contacts`
    months : int
        Length of the plan.
    campaigns : DataFrame with client_id, start, end
    problems : DataFrame with client_id, opened_at
    calls : bool
        False: every contact has to be a meeting.
    mode : 'rhythm', 'campaigns', mapping client_id -> mode, or None
        None: clients with campaigns are seen around them, all others in rhythm.

    Returns
    -------
    DataFrame
        client (position), rule, first, last (months of the plan), need (contacts still lacking
        after those held, at least 1), meeting (a call does not do).
    """
    ids = pd.Index(clients["client_id"])
    kind = column(clients, "client_type").astype(object).fillna("regular").to_numpy()
    anchor = column(clients, "is_anchor").astype("boolean").fillna(False).to_numpy(bool)
    around = around_campaigns(ids, campaigns, mode)
    regular, seasonal = kind == "regular", kind == "seasonal"
    base = int(month_number([as_of.month])[0])
    decembers = np.arange(1, months + 1)[(base + np.arange(1, months + 1)) % 12 == 11]
    parts = [
        _gaps(np.flatnonzero(regular & ~around), held, len(ids), months),
        *(_campaigns(campaigns, ids, around, as_of, months) if campaigns is not None and len(campaigns) else ()),
        *_seasons(clients, seasonal, base, months),
        *(_rows(np.flatnonzero(regular), "twice", d - 11, d, 2, True) for d in decembers),
        *(_rows(np.flatnonzero(anchor), "december", d, d, 1, True) for d in decembers),
    ]
    if problems is not None and len(problems):
        parts.append(_problems(problems, ids, held, as_of))
    rules = pd.concat(parts, ignore_index=True).drop_duplicates(ignore_index=True)
    rules["meeting"] |= not calls
    rules["need"] -= _already(rules, held)
    return rules[rules["need"] > 0].sort_values(["client", "last", "rule"], ignore_index=True)


def _rows(client: Any, rule: str, first: Any, last: Any, need: int, meeting: bool) -> pd.DataFrame:
    table = pd.DataFrame({"client": np.asarray(client, dtype=np.int64)})
    table["rule"] = pd.Series(rule, index=table.index, dtype="str")
    for name, value in (("first", first), ("last", last), ("need", need)):
        table[name] = np.asarray(value, dtype=np.int64)
    table["meeting"] = np.asarray(meeting, dtype=bool)
    return table


def around_campaigns(ids: pd.Index, campaigns: pd.DataFrame | None, mode: str | dict[Any, str] | None) -> np.ndarray:
    """True where a client is seen before and after its campaigns."""
    if campaigns is None or not len(campaigns):
        return np.zeros(len(ids), dtype=bool)
    has = ids.isin(campaigns["client_id"])
    if mode is None:
        return has
    if isinstance(mode, str):
        return has & (mode == "campaigns")
    return has & np.array([mode.get(client, "rhythm") == "campaigns" for client in ids])


def _gaps(client: np.ndarray, held: pd.DataFrame, n: int, months: int) -> pd.DataFrame:
    """One contact in each three months counted from the last held one; overdue or never: month 1."""
    last_held = np.full(n, _FAR)
    np.maximum.at(last_held, held["client"].to_numpy(), held["month"].to_numpy())
    due = np.maximum(last_held[client] + _EVERY, 1)
    blocks = np.maximum((months - due) // _EVERY + 1, 0)
    who = np.repeat(np.arange(len(client)), blocks)
    step = np.arange(len(who)) - np.repeat(np.cumsum(blocks) - blocks, blocks)
    last = due[who] + _EVERY * step
    first = np.where(step == 0, 1, last - _EVERY + 1)
    return _rows(client[who], "gap", first, last, 1, False)


def _campaigns(
    campaigns: pd.DataFrame, ids: pd.Index, around: np.ndarray, as_of: AsOf, months: int
) -> list[pd.DataFrame]:
    client = ids.get_indexer(pd.Index(campaigns["client_id"]))
    out = []
    for name, rule, shift in (("start", "before", (-1, 0)), ("end", "after", (0, 1))):
        known = (client >= 0) & pd.to_datetime(campaigns[name]).notna().to_numpy()
        month = plan_month(campaigns.loc[known, name], as_of, name)
        last = month + shift[1]
        keep = around[client[known]] & (last >= 1) & (last <= months)
        out.append(_rows(client[known][keep], rule, (month + shift[0])[keep], last[keep], 1, False))
    return out


def _seasons(clients: pd.DataFrame, seasonal: np.ndarray, base: int, months: int) -> list[pd.DataFrame]:
    """A contact in the two months before the season; large clients also a meeting in the two after."""
    start = pd.to_numeric(column(clients, "season_start")).to_numpy(float, na_value=np.nan)
    length = pd.to_numeric(column(clients, "season_months")).to_numpy(float, na_value=np.nan)
    large = (column(clients, "company_size") == "large").fillna(False).to_numpy(bool)
    out = []
    for month in range(1 - 14, months + 2):  # every month in which a season that matters may start
        opens = seasonal & (start == (base + month) % 12 + 1)
        if 1 <= month - 1 <= months:
            out.append(_rows(np.flatnonzero(opens), "season", month - 2, month - 1, 1, False))
        after = np.flatnonzero(opens & large & ~np.isnan(length))
        last = month + length[after].astype(int) + 1
        after, last = after[(last >= 1) & (last <= months)], last[(last >= 1) & (last <= months)]
        out.append(_rows(after, "season_after", last - 1, last, 1, True))
    return out


def _problems(problems: pd.DataFrame, ids: pd.Index, held: pd.DataFrame, as_of: AsOf) -> pd.DataFrame:
    """A contact in the first month, unless one was held since the problem was opened."""
    opened = pd.to_datetime(problems["opened_at"])
    client = ids.get_indexer(pd.Index(problems["client_id"]))
    known = (client >= 0) & (opened <= as_of.end).to_numpy(bool)
    latest = pd.Series(opened[known].to_numpy(), dtype="datetime64[us]").groupby(client[known]).max()
    seen = held.groupby("client")["at"].max().reindex(latest.index)
    waiting = ~(seen >= latest).to_numpy(bool)
    return _rows(latest.index.to_numpy()[waiting], "problem", 1, 1, 1, False)


def _already(rules: pd.DataFrame, held: pd.DataFrame) -> np.ndarray:
    """Contacts held inside each rule's months before the plan."""
    early = np.flatnonzero((rules["first"] <= 0).to_numpy())
    done = np.zeros(len(rules), dtype=np.int64)
    if not len(early) or not len(held):
        return done
    table = rules.iloc[early][["client", "first", "last", "meeting"]].assign(row=early)
    # One meeting a month counts once towards «two meetings», as in the plan itself.
    once = held.groupby(["client", "month"], as_index=False)["meeting"].max()
    pairs = table.merge(once, on="client", suffixes=("", "_held"))
    hit = (pairs["month"] >= pairs["first"]) & (pairs["month"] <= pairs["last"])
    hit &= pairs["meeting_held"] | ~pairs["meeting"]
    np.add.at(done, pairs.loc[hit, "row"].to_numpy(), 1)
    return done
