"""Running the survey: burden of asking, stages of the journey, stated criteria of choice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..intervals import score_interval, wilson
from ..months import as_of as read_as_of
from ..results import Note, Result
from .nps import MIN_NUMBER
from .votes import answers_seen, moments, present

__all__ = ["burden", "criteria", "stages"]


def burden(
    invitations: pd.DataFrame, *, as_of: Any = None, window: int = 12, most: int = 2, level: float = 0.95
) -> Result:
    """How often the same persons are asked, and whether they tire.

    Parameters
    ----------
    invitations : table (client_id, contact_id, sent_at, status)
    as_of, window : months looked at
    most : invitations per contact and quarter above which a contact is over-asked

    Returns
    -------
    Result
        order (1st, 2nd, … request to the contact in the window), asked, answered, rate, low, high (Wilson).
        ``.overview``: quarter, contacts, invitations, per_contact, over_asked. Notes name the number of over-asked.
        Not delivered invitations burden nobody.
    """
    sent, seen = answers_seen(invitations, as_of, window, "sent_at")
    sent = sent[sent["status"] != "not_delivered"] if "status" in sent else sent
    nobody = pd.Series(None, index=sent.index, dtype="object")
    person = sent.get("contact_id", nobody).astype("object")
    person = person.where(person.notna(), sent.get("client_id", nobody).astype("object"))
    sent = sent.assign(_person=person)[person.notna()]
    # A questionnaire of several questions is one request.
    sent = sent.assign(_day=moments(sent["sent_at"]).dt.normalize())
    rank = {"answered": 0, "refused": 1, "no_answer": 2}
    sent = sent.assign(_rank=sent["status"].map(rank)).sort_values(["_person", "_day", "_rank"], kind="stable")
    sent = sent.drop_duplicates(["_person", "_day"])
    order = sent.groupby("_person").cumcount() + 1
    grouped = (sent["status"] == "answered").groupby(order).agg(["size", "sum"])
    low, high = wilson(grouped["sum"].to_numpy(), grouped["size"].to_numpy(), level)
    frame = pd.DataFrame({"order": grouped.index.astype(int), "asked": grouped["size"], "answered": grouped["sum"],
                          "rate": grouped["sum"] / grouped["size"], "low": low, "high": high})  # fmt: skip
    frame.loc[frame["asked"] < MIN_NUMBER, ["rate", "low", "high"]] = np.nan
    quarter = pd.PeriodIndex(sent["_day"], freq="Q").astype(str) if len(sent) else pd.Index([], dtype="str")
    per = sent.groupby([np.asarray(quarter), "_person"]).size()
    per.index.names = ["quarter", "person"]
    summed = per.groupby("quarter").agg(contacts="size", invitations="sum", per_contact="mean",
                                        over_asked=lambda many: int((many > most).sum())).reset_index()  # fmt: skip
    tired = int((per.groupby("person").max() > most).sum()) if len(per) else 0
    return Result(frame=frame.reset_index(drop=True), overview=summed, as_of=seen, options={"most": most},
                  notes=(Note("survey.burden", {"over": tired, "contacts": sent["_person"].nunique(),
                                                "most": most}),))  # fmt: skip


def stages(
    answers: pd.DataFrame, questions: pd.DataFrame, *, invitations: pd.DataFrame | None = None,
    expected: Sequence[str] | None = None, as_of: Any = None, days: int = 90, window: int | None = None,
    level: float = 0.95,
) -> Result:  # fmt: skip
    """Score and drop-off by stage of the journey, and stages that nobody measured lately.

    Parameters
    ----------
    answers, questions : tables; ``questions.stage`` names the stage (of 1-10 or 0-10 scores)
    invitations : table; its ``stage`` and status give the drop-off (asked at the stage, not answered)
    expected : stages of the journey in order; None = those of questions and invitations
    as_of : month or day; None = last month with an answer
    days : without an answer for so many days a stage is not measured
    window : months whose answers make the score; None = the last ``days`` days

    Returns
    -------
    Result
        stage, measured bool, last_measured, days_since, mean, low, high, n, drop_off, asked
    """
    said, seen = answers_seen(answers, as_of, None)
    of_stage = dict(zip(questions["question_id"], questions["stage"])) if "stage" in questions else {}
    said = said.assign(stage=said["question_id"].map(of_stage))
    said = said[said["stage"].notna() & said["score"].notna()]
    sent = present(invitations)
    sent = sent[sent["stage"].notna()] if sent is not None and "stage" in sent else None
    end = (seen or read_as_of(as_of)).end if (seen is not None or as_of is not None) else None
    names = list(expected) if expected is not None else sorted(
        set(map(str, pd.Series(list(of_stage.values()), dtype="object").dropna()))
        | (set(sent["stage"].astype(str)) if sent is not None else set()))  # fmt: skip
    rows = [_stage(name, said, sent, end, days, window, level) for name in names]
    columns = ["stage", "measured", "last_measured", "days_since", "mean", "low", "high", "n", "drop_off", "asked"]
    frame = pd.DataFrame(rows, columns=columns)
    frame["measured"] = frame["measured"].astype(bool)
    missing = frame.loc[~frame["measured"], "stage"].tolist()
    note = Note("survey.stages_missing" if missing else "survey.stages",
                {"stages": ", ".join(missing), "number": len(frame), "days": days})  # fmt: skip
    return Result(frame=frame, as_of=seen, options={"days": days}, notes=(note,))


def _stage(
    name: str, said: pd.DataFrame, sent: pd.DataFrame | None, end: Any, days: int, window: int | None, level: float
) -> dict[str, Any]:
    mine = said[said["stage"] == name]
    when = moments(mine["answered_at"]) if "answered_at" in mine else pd.Series(dtype="datetime64[us]")
    last = when.max() if len(when) else pd.NaT
    since = (end.normalize() - last.normalize()).days if end is not None and pd.notna(last) else np.nan
    start = None if end is None else end - pd.Timedelta(days=days) if window is None else (
        pd.Period(end, "M") - (window - 1)).start_time  # fmt: skip
    score = mine.loc[when >= start, "score"] if start is not None and len(when) else mine["score"]
    row: dict[str, Any] = {"stage": name, "measured": bool(since <= days), "last_measured": last, "days_since": since,
                           "mean": np.nan, "low": np.nan, "high": np.nan, "n": len(score)}  # fmt: skip
    if len(score) >= MIN_NUMBER and score.between(0, 10).all():
        points = np.arange(0 if (score == 0).any() else 1, 11)
        counts = np.array([(score.round() == point).sum() for point in points])
        row["mean"] = float(score.mean())
        row["low"], row["high"] = score_interval(counts, points, 0.1, None, level)
    row["drop_off"], row["asked"] = np.nan, 0
    if sent is not None:
        asked = sent[(sent["stage"] == name) & (sent["status"] != "not_delivered")]
        if start is not None and "sent_at" in asked:
            moment = moments(asked["sent_at"])
            asked = asked[(moment >= start) & (moment <= end)]
        row["asked"] = len(asked)
        if len(asked) >= MIN_NUMBER:
            row["drop_off"] = float((asked["status"] != "answered").mean())
    return row


def criteria(
    meetings: pd.DataFrame, offers: pd.DataFrame | None = None, *, as_of: Any = None, window: int | None = 12,
    drivers: pd.DataFrame | None = None, level: float = 0.95,
) -> Result:  # fmt: skip
    """Criteria of choice as clients state them, and how offers fare with those who name them.

    Parameters
    ----------
    meetings : table with client_id, held_at, choice_criteria (a list, most important first)
    offers : table with client_id, offered_at, outcome {won, lost, open}
    as_of, window : months looked at; each client's last list counts
    drivers : table of `key_drivers`, to stand beside (matched on the name)
    level : float

    Returns
    -------
    Result
        criterion, clients (who name it), share (of clients with a list), low, high (Wilson), weight (mean of
        (k + 1 − place)/(1 + … + k) over all lists, sums to 1), won, lost (offers), win_rate, win_low, win_high,
        derived (share of `key_drivers`, null without)
    """
    columns = ["criterion", "clients", "share", "low", "high", "weight", "won", "lost", "win_rate", "win_low",
               "win_high", "derived"]  # fmt: skip
    held, seen = answers_seen(meetings, as_of, window, "held_at")
    listed = held["choice_criteria"].map(lambda value: isinstance(value, list | tuple | np.ndarray) and len(value) > 0)
    named = held[listed.astype(bool)]
    if not len(named):
        empty = pd.DataFrame({name: pd.Series(dtype="float64") for name in columns})
        return Result(frame=empty, notes=(Note("survey.criteria_none"),), as_of=seen)
    named = named.sort_values("held_at", kind="stable").drop_duplicates("client_id", keep="last")
    lists = named[["client_id", "choice_criteria"]].explode("choice_criteria").rename(
        columns={"choice_criteria": "criterion"})  # fmt: skip
    lists["criterion"] = lists["criterion"].astype("str").str.strip().str.lower()
    lists = lists.drop_duplicates(["client_id", "criterion"])
    groups = lists.groupby("client_id")["criterion"]
    place, length = groups.cumcount() + 1, groups.transform("size")
    lists["_weight"] = (length + 1 - place) / (length * (length + 1) / 2)
    total = len(named)
    grouped = lists.groupby("criterion")
    frame = pd.DataFrame({"clients": grouped.size(), "weight": grouped["_weight"].sum() / total})
    frame["share"] = frame["clients"] / total
    frame["low"], frame["high"] = wilson(frame["clients"].to_numpy(), np.full(len(frame), total), level)
    frame["won"], frame["lost"] = 0, 0
    bids = present(offers)
    if bids is not None:
        bids, _ = answers_seen(bids, seen, window, "offered_at")
        told = lists.merge(bids[["client_id", "outcome"]], on="client_id")
        for outcome in ("won", "lost"):
            counted = told[told["outcome"] == outcome].groupby("criterion").size()
            frame[outcome] = counted.reindex(frame.index).fillna(0).astype(int)
    decided = (frame["won"] + frame["lost"]).to_numpy()
    low, high = wilson(frame["won"].to_numpy(), decided, level)
    few = decided < MIN_NUMBER
    frame["win_rate"] = np.where(few, np.nan, frame["won"] / np.maximum(decided, 1))
    frame["win_low"], frame["win_high"] = np.where(few, np.nan, low), np.where(few, np.nan, high)
    known = present(drivers)
    derived = {} if known is None else dict(zip(known["driver"].astype(str).str.lower(), known["share"]))
    frame["derived"] = pd.Series(frame.index.map(derived), index=frame.index, dtype="float64")
    frame = frame.rename_axis("criterion").reset_index()[columns]
    frame = frame.sort_values(["weight", "criterion"], ascending=[False, True], kind="stable").reset_index(drop=True)
    first = frame.iloc[0]
    note = Note("survey.criteria", {"criterion": first["criterion"], "clients": int(first["clients"]), "of": total})
    return Result(frame=frame, notes=(note,), as_of=seen, options={"window": window, "level": level})
