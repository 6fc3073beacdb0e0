"""Facts near breaks and near months without a break, and how often they come anyway."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .reason_orders import first_day

__all__ = ["HARD", "Stream", "calendar", "evidence_of", "facts_near", "pairs_of", "spots_of", "streams_of"]

HARD = ["events", "manager_assignments", "managers", "contacts", "client_budgets"]
EARLY, LATE = -6, 12  # half months from a fact to the break: from three months after it to six before
_HALF = 15.22  # days of half a month, the step of a lag
# Prior of the lag from a fact to the first day of the new regime, by half months, from one month after it on.
_LAG = np.array([0.06, 0.12, 0.20, 0.18, 0.13, 0.10, 0.06, 0.05, 0.03, 0.03, 0.02, 0.02])


def calendar(first: pd.Series, breaks: pd.DataFrame, last: int) -> pd.DataFrame:
    """First month of each client and the months seen."""
    span = pd.DataFrame({"first": first})
    missing = pd.Index(breaks["client_id"].unique()).difference(span.index)
    start = int(first.min()) if len(first) else int(breaks["low"].min()) - 12 if len(breaks) else last
    span = pd.concat([span, pd.DataFrame({"first": start}, index=missing)]) if len(missing) else span
    return span.assign(months=np.maximum(last - span["first"] + 1, 1), last=last)


def spots_of(breaks: pd.DataFrame, span: pd.DataFrame) -> pd.DataFrame:
    """The breaks, then months without a break of up to 1,500 clients, evenly chosen, of few clients more each."""
    real = breaks[["client_id", "month", "low", "high", "direction"]].assign(real=True)
    ids = span.index[np.argsort(span.index.astype(str), kind="stable")]
    ids = ids[:: max(len(ids) // 1500, 1)]
    quiet, each = [], int(np.clip(600 // max(len(ids), 1), 6, 30))
    for shift in range(each):
        month = (
            span.loc[ids, "first"] + 8 + (shift * np.maximum((span.loc[ids, "months"] - 13) / each, 1)).astype("int64")
        )
        quiet.append(
            pd.DataFrame({"client_id": ids, "month": month.to_numpy(), "end": span.loc[ids, "last"].to_numpy()})
        )
    table = pd.concat(quiet, ignore_index=True)
    table = table[table["month"] <= table["end"] - 4].drop(columns="end")
    near = table.reset_index().merge(breaks[["client_id", "month"]], on="client_id", suffixes=("", "_break"))
    close = near.loc[(near["month"] - near["month_break"]).abs() <= 8, "index"].unique()
    table = table[~table.index.isin(close)].assign(real=False, direction=-1)
    # The comparison is dated as vaguely as the breaks are.
    like = np.arange(len(table)) % max(len(real), 1)
    ordered = real.sort_values(["month", "low", "high", "direction"], kind="stable")
    wide = ordered.iloc[like] if len(real) else table.assign(low=table["month"], high=table["month"])
    table = table.assign(
        low=table["month"].to_numpy() - (wide["month"] - wide["low"]).to_numpy(),
        high=table["month"].to_numpy() + (wide["high"] - wide["month"]).to_numpy(),
        direction=wide["direction"].to_numpy(),
    )
    spots = pd.concat([one for one in (real, table) if len(one)] or [real], ignore_index=True)
    return spots.astype({"real": bool, "month": "int64", "low": "int64", "high": "int64"})


def facts_near(breaks: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Facts near breaks, oldest first: spot (row of the break), month, day, reason, source, source_id, lag."""
    pairs = pairs_of(breaks, facts)
    return pairs.sort_values(["spot", "day"], kind="stable").reset_index(drop=True)


def pairs_of(spots: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Facts near spots with their lag in days to the first day of the month of the spot."""
    places = spots[["client_id", "month", "low", "high"]].rename_axis("spot").reset_index()
    places["client_id"] = places["client_id"].astype(object)  # 7 and 7.0 are one client, 7 and '7' are not
    own = facts[facts["client_id"].notna()]
    common = facts[facts["client_id"].isna()].drop(columns="client_id")
    found = [places.merge(own.astype({"client_id": object}), on="client_id")] if len(own) else []
    found += [places.merge(common, how="cross")] if len(common) else []
    if not found:
        nothing: dict[str, Any] = {
            "day": 0.0,
            "reason": "",
            "source": "",
            "source_id": "",
            "everyone": False,
            "lag": 0.0,
            "step": 0,
        }
        return places.iloc[:0].assign(**nothing).astype({"spot": "int64", "step": "int64", "everyone": bool})
    pairs = pd.concat(
        [table.assign(everyone=i == 1 or not len(own)) for i, table in enumerate(found)], ignore_index=True
    )
    pairs = pairs.astype({"spot": "int64", "month": "int64", "day": float})
    pairs["lag"] = first_day(pairs["month"].to_numpy()) - pairs["day"]
    pairs["step"] = np.floor(pairs["lag"] / _HALF).astype("int64")
    return pairs[(pairs["step"] >= EARLY) & (pairs["step"] < LATE)]


@dataclass(frozen=True)
class Stream:
    """Facts of one kind from one group of tables, as densities over lags: (breaks, lags) of g-free weights 1/λ."""

    kind: str
    hard: bool
    weight: np.ndarray


def streams_of(pairs: pd.DataFrame, spots: pd.DataFrame, facts: pd.DataFrame, span: pd.DataFrame) -> list[Stream]:
    """Per kind one stream of hard facts, one of soft ones and one of facts about all clients."""
    streams = []
    groups = np.where(facts["client_id"].isna(), "all", np.where(facts["source"].isin(HARD), "hard", "soft"))
    pair_group = np.where(pairs["everyone"], "all", np.where(pairs["source"].isin(HARD), "hard", "soft"))
    for group in ("hard", "soft", "all"):
        for kind in sorted(facts.loc[groups == group, "reason"].unique()):
            own = facts[(groups == group) & (facts["reason"] == kind).to_numpy()]
            mine = pairs[(pair_group == group) & (pairs["reason"] == kind).to_numpy()]
            # The same fact written down in two tables is one fact.
            mine = mine.drop_duplicates(["spot", "step"])
            rate = _rates(own, mine, spots, span) if group != "all" else _common_rate(own, span)
            weight = np.zeros((len(spots), LATE - EARLY))
            np.add.at(weight, (mine["spot"].to_numpy(), mine["step"].to_numpy() - EARLY), 1.0)
            streams.append(Stream(kind, group != "soft", weight / (np.reshape(rate, (-1, 1)) * _HALF)))
    return streams


def _common_rate(own: pd.DataFrame, span: pd.DataFrame) -> float:
    return (own["day"].nunique() + 0.5) / max(float(span["months"].max()) * 30.44, 30.0)


def _rates(own: pd.DataFrame, near: pd.DataFrame, spots: pd.DataFrame, span: pd.DataFrame) -> np.ndarray:
    """Facts per day of the client of each spot outside this spot and all breaks, shrunk to all clients."""
    known = own[own["client_id"].isin(span.index)]
    known = known.assign(cell=np.floor(known["day"] / _HALF)).drop_duplicates(["client_id", "cell"])
    real = spots["real"].to_numpy()
    cells = near.assign(cell=np.floor(near["day"] / _HALF))
    inside = cells[(cells["step"] >= -2) & (cells["step"] < 8)]
    at_breaks = inside[real[inside["spot"].to_numpy()]].drop_duplicates(["client_id", "cell"])
    count = known.groupby("client_id").size().sub(at_breaks.groupby("client_id").size(), fill_value=0).clip(lower=0)
    closed = spots[real].groupby("client_id").size() * 10 * _HALF
    quiet = (span["months"] * 30.44).sub(closed, fill_value=0).clip(lower=30)
    overall = (count.sum() + 0.5) / (quiet.reindex(span.index).sum() + 1)
    here = np.bincount(inside["spot"].to_numpy(), minlength=len(spots)) * ~real
    ids = spots["client_id"]
    own_count = np.maximum(ids.map(count).fillna(0).to_numpy(float) - here, 0)
    own_days = np.maximum(ids.map(quiet).fillna(30).to_numpy(float) - np.where(real, 0, 10 * _HALF), 30)
    return (own_count + 2) / (own_days + 2 / overall)


def _dating(spots: pd.DataFrame) -> np.ndarray:
    """Distribution of (true month − dated month) over half-month steps, (spots, 17)."""
    steps = np.arange(-8, 9)
    low = (spots["month"] - spots["low"]).to_numpy() * 2.0
    high = (spots["high"] - spots["month"]).to_numpy() * 2.0
    scale = np.where(steps[None, :] < 0, low[:, None], high[:, None]) / 2 + 0.4
    mass = np.exp(-0.5 * (steps[None, :] / scale) ** 2)
    return mass / mass.sum(axis=1, keepdims=True)


def evidence_of(stream: Stream, spots: pd.DataFrame) -> np.ndarray:
    """Σ g(lag) / λ over the facts of a stream near each spot, the lag blurred as the spot is dated."""
    lag = np.zeros(LATE - EARLY)
    lag[-2 - EARLY : -2 - EARLY + len(_LAG)] = _LAG
    found = np.flatnonzero(stream.weight.any(axis=1))
    dated = _dating(spots.iloc[found])
    reach = dated.shape[1] // 2
    shifted = np.arange(len(lag))[None, :] + reach - np.arange(dated.shape[1])[:, None]
    inside = (shifted >= 0) & (shifted < len(lag))
    blur = np.where(inside, lag[np.clip(shifted, 0, len(lag) - 1)], 0.0)
    sums = np.zeros(len(spots))
    sums[found] = (stream.weight[found] * (dated @ blur)).sum(axis=1)
    return sums
