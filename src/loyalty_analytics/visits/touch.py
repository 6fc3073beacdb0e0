"""What else closes the loop: complaints, feedback worked on, touches, activity, movement, retention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..intervals import wilson
from ..months import as_of as read_as_of
from ..months import to_periods
from ..results import Result, as_table
from .loop import waiting_time
from .rules import column

__all__ = ["activity", "class_movement", "complaint_loop", "retention_heard", "touches", "worked_on"]

_CLASSES = ("detractor", "passive", "promoter", "recommender")
# Channels whose reviews everybody reads; a client's own names are given in params (`replies: {public: […]}`).
_PUBLIC = ("public", "review", "reviews", "maps", "map", "social", "forum", "marketplace", "store")


def complaint_loop(
    complaints: pd.DataFrame,
    as_of: Any,
    *,
    sla: Mapping[str, float] | None = None,
    clock: str = "calendar",
    country: str = "RU",
    level: float = 0.95,
) -> Result:
    """Complaints: first answer and solution, share within the agreed time, reopened.

    Parameters
    ----------
    complaints : created_at, first_response_at, resolved_at, reopened, solved_level, compensation, score_after
    as_of : month or day
    sla : mapping step -> hours
        {'answered': 48, 'solved': 240} where not given.
    clock, country, level : as for `closed_loop`

    Returns
    -------
    Result
        step (answered, solved), n, share, in_time, median with limits, q90 with limits (days), judged.
        ``.overview``: n, open, reopened, reopened_known, compensation (mean of those paid), paid, score_after
        (mean), scored; front, middle, top (solved at this level).

    Examples
    --------
    >>> rows = pd.DataFrame({"created_at": ["2026-10-01"], "first_response_at": ["2026-10-03"]})
    >>> complaint_loop(rows, "2026-10").table[["step", "share", "in_time"]]
           step  share  in_time
    0  answered    1.0      1.0
    1    solved    0.0      0.0
    """
    seen = read_as_of(as_of)
    hours = {"answered": 48.0, "solved": 240.0, **(sla or {})}
    rows = complaints[(pd.to_datetime(complaints["created_at"]) <= seen.end).to_numpy(bool)].reset_index(drop=True)
    steps = {"answered": "first_response_at", "solved": "resolved_at"}
    table = pd.DataFrame(
        [
            {"step": step, **waiting_time(rows, "created_at", name, seen, hours[step], clock, country, level)}
            for step, name in steps.items()
        ]
    ).astype({"step": "str"})
    solved = pd.to_datetime(column(rows, "resolved_at"))
    paid = pd.to_numeric(column(rows, "compensation")).astype(float)
    after = pd.to_numeric(column(rows, "score_after")).astype(float)
    again = column(rows, "reopened")
    at = column(rows, "solved_level")
    overview = pd.DataFrame(
        {
            "n": [len(rows)],
            "open": [int((solved.isna() | (solved > seen.end)).sum())],
            "reopened": [int((again.fillna(False) == True).sum())],  # noqa: E712 - three-valued column
            "reopened_known": [int(again.notna().sum())],
            "compensation": [paid[paid > 0].mean()],
            "paid": [int((paid > 0).sum())],
            "score_after": [after.mean()],
            "scored": [int(after.notna().sum())],
            **{name: [int((at == name).sum())] for name in ("front", "middle", "top")},
        }
    )
    return Result(frame=table, overview=overview, as_of=seen, options={"sla": hours, "clock": clock})


def touches(
    clients: pd.DataFrame,
    as_of: Any,
    *,
    meetings: pd.DataFrame,
    invitations: pd.DataFrame,
    feedback: pd.DataFrame,
    months: int = 12,
) -> Result:
    """Contacts with the base by channel and purpose, per client and year.

    Returns
    -------
    Result
        channel, purpose, touches, clients (reached), per_client (touches over all clients of the base).

    Examples
    --------
    >>> met = pd.DataFrame({"client_id": ["A"], "status": "held", "held_at": ["2026-10-01"], "format": "call",
    ...                     "purpose": "problem"})
    >>> none = pd.DataFrame({"client_id": []})
    >>> touches(pd.DataFrame({"client_id": ["A", "B"]}), "2026-10", meetings=met, invitations=none,
    ...         feedback=none).table
      channel  purpose  touches  clients  per_client
    0    call  problem        1        1         0.5
    """
    seen = read_as_of(as_of)
    begin = (seen.month - (months - 1)).start_time
    held = meetings[(column(meetings, "status") == "held").to_numpy(bool)]
    parts = [
        _touch(held, "held_at", column(held, "format"), column(held, "purpose")),
        _touch(invitations, "sent_at", column(invitations, "channel"), "survey"),
        _touch(feedback, "replied_at", column(feedback, "channel"), "reply"),
    ]
    rows = pd.concat(parts, ignore_index=True)
    rows = rows[((rows["at"] >= begin) & (rows["at"] <= seen.end)).to_numpy(bool)]
    table = rows.groupby(["channel", "purpose"], as_index=False).agg(
        touches=("client_id", "size"), clients=("client_id", "nunique")
    )
    base = clients["client_id"].nunique()
    table["per_client"] = table["touches"] / base if base else np.nan
    return Result(frame=table.sort_values("touches", ascending=False, kind="stable", ignore_index=True), as_of=seen)


def _touch(table: pd.DataFrame, moment: str, channel: Any, purpose: Any) -> pd.DataFrame:
    made = pd.DataFrame({"client_id": column(table, "client_id"), "at": pd.to_datetime(column(table, moment))})
    made["channel"] = pd.Series(channel, index=table.index, dtype="str").fillna("other")
    made["purpose"] = pd.Series(purpose, index=table.index, dtype="str").fillna("other")
    return made.dropna(subset=["client_id", "at"])


def worked_on(
    feedback: pd.DataFrame,
    tags: pd.DataFrame | Result | None,
    as_of: Any,
    *,
    months: int = 12,
    public: Sequence[str] = _PUBLIC,
) -> Result:
    """Share of feedback that was answered, by channel and polarity, and the days it took.

    Parameters
    ----------
    feedback : feedback_id, created_at, replied_at, channel
    tags : feedback_id, sentiment; the worst tone of a text counts
    as_of : month or day
    months : how far back
    public : channels whose reviews everybody reads, in any case of letters

    Returns
    -------
    Result
        channel, polarity {negative, mixed, neutral, positive, unknown}, n, replied, share, low, high (95 %), days
        (median of those answered), public (bool).

    Examples
    --------
    >>> said = pd.DataFrame({"feedback_id": [1, 2], "created_at": ["2026-10-01", "2026-10-02"], "channel": "web",
    ...                      "replied_at": ["2026-10-03", None]})
    >>> worked_on(said, None, "2026-10").table[["channel", "polarity", "n", "replied", "days"]]
      channel polarity  n  replied  days
    0     web  unknown  2        1   2.0
    """
    seen = read_as_of(as_of)
    at = pd.to_datetime(column(feedback, "created_at"))
    inside = ((at >= (seen.month - (months - 1)).start_time) & (at <= seen.end)).to_numpy(bool)
    rows = feedback[inside]
    back = pd.to_datetime(column(rows, "replied_at"))
    back = back.where(back <= seen.end)
    polarity = _polarity(tags)
    frame = pd.DataFrame(
        {
            "channel": column(rows, "channel").fillna("other").astype("str"),
            "polarity": rows["feedback_id"].map(polarity).astype("str").fillna("unknown"),
            "replied": back.notna(),
            "days": (back - at[inside]).dt.total_seconds() / 86400,
        }
    )
    table = frame.groupby(["channel", "polarity"], as_index=False).agg(
        n=("replied", "size"), replied=("replied", "sum"), days=("days", "median")
    )
    table["share"] = table["replied"] / table["n"]
    table["low"], table["high"] = wilson(table["replied"].to_numpy(), table["n"].to_numpy())
    table["public"] = table["channel"].str.casefold().isin([name.casefold() for name in public])
    columns = ["channel", "polarity", "n", "replied", "share", "low", "high", "days", "public"]
    return Result(frame=table.sort_values("n", ascending=False, kind="stable", ignore_index=True)[columns], as_of=seen)


def _polarity(tags: Any) -> pd.Series:
    """The worst tone of a text's tags."""
    if tags is None or not len(as_table(tags)):
        return pd.Series(dtype="str")
    order = {"negative": 0, "mixed": 1, "neutral": 2, "positive": 3}
    table = as_table(tags).dropna(subset=["sentiment"])
    table = table.assign(place=table["sentiment"].map(order)).sort_values("place", kind="stable")
    return table.drop_duplicates("feedback_id").set_index("feedback_id")["sentiment"]


def activity(
    clients: pd.DataFrame,
    as_of: Any,
    *,
    answers: pd.DataFrame,
    referrals: pd.DataFrame,
    feedback: pd.DataFrame,
    complaints: pd.DataFrame,
    meetings: pd.DataFrame,
    days: int = 90,
) -> Result:
    """Clients of the base that answered, recommended, wrote, complained or met us in the last days.

    Returns
    -------
    Result
        kind {answers, recommends, writes, complains, meets, any}, clients, base, share.

    Examples
    --------
    >>> none = pd.DataFrame({"client_id": [], "referrer_client_id": []})
    >>> said = pd.DataFrame({"client_id": ["A"], "answered_at": ["2026-10-05"]})
    >>> activity(pd.DataFrame({"client_id": ["A", "B"]}), "2026-10", answers=said, referrals=none, feedback=none,
    ...          complaints=none, meetings=none).table.head(1)
          kind  clients  base  share
    0  answers        1     2    0.5
    """
    seen = read_as_of(as_of)
    begin = seen.end - pd.Timedelta(days=days)
    base = pd.Index(clients["client_id"].unique())
    sources = {
        "answers": (answers, "answered_at", "client_id"),
        "recommends": (referrals, "given_at", "referrer_client_id"),
        "writes": (feedback, "created_at", "client_id"),
        "complains": (complaints, "created_at", "client_id"),
        "meets": (meetings, "held_at", "client_id"),
    }
    who = {}
    for kind, (table, moment, name) in sources.items():
        at = pd.to_datetime(column(table, moment))
        inside = ((at > begin) & (at <= seen.end)).to_numpy(bool)
        who[kind] = base.intersection(pd.Index(column(table, name)[inside].dropna().unique()))
    active = pd.Index([], dtype=base.dtype)
    for found in who.values():
        active = active.union(found)
    who["any"] = active
    table = pd.DataFrame({"kind": pd.Series(list(who), dtype="str"), "clients": [len(found) for found in who.values()]})
    table["base"] = len(base)
    table["share"] = table["clients"] / len(base) if len(base) else np.nan
    return Result(frame=table, as_of=seen, options={"days": days})


def class_movement(
    answers: pd.DataFrame, questions: pd.DataFrame, referrals: pd.DataFrame, as_of: Any, *, months: int = 12
) -> Result:
    """Detractor → passive → promoter → recommender: class of the clients then and now.

    A recommender is a promoter who gave a recommendation within the year before. Then = the last answer up to
    ``months`` before, not older than a year; now = the last answer of the last ``months``.

    Returns
    -------
    Result
        before, after, clients; one row per pair of the four classes. ``.overview``: n, up, down, same.

    Examples
    --------
    >>> questions = pd.DataFrame({"question_id": ["Q"], "metric": ["nps"], "scale_min": [0], "scale_max": [10]})
    >>> answers = pd.DataFrame({"client_id": "A", "question_id": "Q", "score": [5, 9],
    ...                         "answered_at": ["2025-05-01", "2026-10-01"]})
    >>> class_movement(answers, questions, pd.DataFrame(), "2026-10").overview.iloc[0].tolist()
    [1, 1, 0, 0]
    """
    seen = read_as_of(as_of)
    asked = questions[(questions["metric"] == "nps") & (questions["scale_max"] == 10) & (questions["scale_min"] == 0)]
    rows = answers[answers["question_id"].isin(asked["question_id"])].dropna(subset=["client_id", "score"])
    rows = rows.assign(at=pd.to_datetime(rows["answered_at"])).sort_values("at", kind="stable")
    cut = (seen.month - months).end_time
    now = _classes(rows, referrals, cut, seen.end)
    then = _classes(rows, referrals, (seen.month - months - 12).end_time, cut)
    both = now.index.intersection(then.index)
    before, after = pd.Categorical(then[both], _CLASSES), pd.Categorical(now[both], _CLASSES)
    table = pd.crosstab(before, after, dropna=False).reindex(index=list(_CLASSES), columns=list(_CLASSES), fill_value=0)
    long = pd.DataFrame(
        {
            "before": np.repeat(np.array(_CLASSES), len(_CLASSES)),
            "after": np.tile(np.array(_CLASSES), len(_CLASSES)),
            "clients": table.to_numpy(np.int64).ravel(),
        }
    )
    change = after.codes - before.codes
    overview = pd.DataFrame(
        {"n": [len(both)], "up": [int((change > 0).sum())], "down": [int((change < 0).sum())],
         "same": [int((change == 0).sum())]}
    )  # fmt: skip
    return Result(frame=long.astype({"before": "str", "after": "str", "clients": np.int64}), overview=overview,
                  as_of=seen)  # fmt: skip


def _classes(rows: pd.DataFrame, referrals: pd.DataFrame, begin: Any, end: Any) -> pd.Series:
    inside = rows[((rows["at"] > begin) & (rows["at"] <= end)).to_numpy(bool)]
    score = inside.drop_duplicates("client_id", keep="last").set_index("client_id")["score"]
    found = pd.Series(np.where(score <= 6, "detractor", np.where(score <= 8, "passive", "promoter")), index=score.index)
    given = pd.to_datetime(column(referrals, "given_at"))
    recent = ((given > end - pd.Timedelta(days=365)) & (given <= end)).to_numpy(bool)
    recommended = found.index.isin(column(referrals, "referrer_client_id")[recent])
    return found.where(~((found == "promoter") & recommended), "recommender")


def retention_heard(
    invitations: pd.DataFrame, panel: pd.DataFrame | Result, as_of: Any, *, months: int = 6, level: float = 0.95
) -> Result:
    """Do the silent leave more often? Who still buys some months after being asked.

    Clients asked ``months`` to ``2·months`` ago that bought in the three months before; heard = answered at
    least once then, silent = refused or did not answer. Kept = bought within the last ``months``.

    Returns
    -------
    Result
        group {heard, silent}, n, kept, share, low, high (Wilson). ``.overview``: difference, low, high (Newcombe).

    Examples
    --------
    >>> asked = pd.DataFrame({"client_id": ["A"], "sent_at": ["2026-01-10"], "status": ["answered"]})
    >>> panel = pd.DataFrame({"client_id": "A", "month": ["2026-01", "2026-09"], "revenue": 1.0, "orders": 1})
    >>> retention_heard(asked, panel, "2026-10").table[["group", "n", "kept"]]
        group  n  kept
    0   heard  1     1
    1  silent  0     0
    """
    seen = read_as_of(as_of)
    last = seen.last_whole
    sent = pd.to_datetime(column(invitations, "sent_at"))
    first, until = (last - 2 * months + 1).start_time, (last - months).end_time
    inside = ((sent >= first) & (sent <= until)).to_numpy(bool) & invitations["status"].isin(
        ["answered", "refused", "no_answer"]
    ).to_numpy(bool)
    asked = invitations[inside].dropna(subset=["client_id"])
    answered = (asked["status"] == "answered").groupby(asked["client_id"]).max()
    table = as_table(panel)
    month = to_periods(table["month"])
    bought = table["revenue"].fillna(0).to_numpy(float) > 0
    before = np.asarray((month > last - 2 * months - 2) & (month <= last - months)) & bought
    later = np.asarray((month > last - months) & (month <= last)) & bought
    alive = answered[answered.index.isin(table.loc[before, "client_id"])]
    stays = pd.Series(alive.index.isin(table.loc[later, "client_id"]), index=alive.index)
    rows = [
        {"group": name, "n": int((alive == heard).sum()), "kept": int(stays[alive == heard].sum())}
        for name, heard in (("heard", True), ("silent", False))
    ]
    frame = pd.DataFrame(rows).astype({"group": "str"})
    frame["share"] = frame["kept"] / frame["n"].where(frame["n"] > 0)
    frame["low"], frame["high"] = wilson(frame["kept"].to_numpy(), frame["n"].to_numpy(), level)
    (p1, l1, u1), (p2, l2, u2) = frame[["share", "low", "high"]].to_numpy(float)
    overview = pd.DataFrame(
        {
            "difference": [p1 - p2],
            "low": [p1 - p2 - np.sqrt((p1 - l1) ** 2 + (u2 - p2) ** 2)],
            "high": [p1 - p2 + np.sqrt((u1 - p1) ** 2 + (p2 - l2) ** 2)],
        }
    )
    return Result(frame=frame, overview=overview, as_of=seen, options={"months": months})
