"""How much the facts near a break prove.

A break has one reason or none. Under reason k a fact of kind k stands near it with a density g of the lag;
otherwise facts of kind k come at the client's own rate λ, as in quiet months. One extra point in a Poisson
process has the likelihood ratio Σ g(lag) / λ, so a kind that is seen everywhere proves nothing. What the
transactions show counts against how often they show it without a break, apart for months with and without
a fact of the kind. Weights of the reasons, the share of reasons written down and g are learned from all
breaks at once by EM and start from cautious priors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .evidence_facts import KINDS
from .evidence_signs import SIGNS, signs_at
from .reason_orders import first_day

__all__ = ["facts_near", "weigh"]

_HALF = 15.22  # days of half a month, the step of a lag
_EARLY, _LATE = -6, 12  # steps from a fact to the break: from three months after it to six months before
# Prior of the lag from a fact to the first day of the new regime, by half months from the month itself on.
_LAG = np.array([0.06, 0.12, 0.20, 0.18, 0.13, 0.10, 0.06, 0.05, 0.03, 0.03, 0.02, 0.02])  # from −2 steps on
_WEIGHTS = {"none": 4.0, "competitor": 0.4, "season": 0.1, "macro": 0.2, "other": 0.2}
_USUAL = 0.85  # pseudo breaks of every other kind
_HARD = ["events", "manager_assignments", "managers", "contacts", "client_budgets"]
_MARKET = 20.0  # a break that the engine calls a part of the market's own
_ONLY_FALLS = ("airing_defect", "budget_cut", "competitor", "contact_left")
_MISSED = 0.08  # a reason whose sign the transactions do not show


def weigh(
    breaks: pd.DataFrame,
    orders: pd.DataFrame,
    facts: pd.DataFrame,
    last: int,
    *,
    deliveries: pd.DataFrame | None = None,
    strong: float,
    possible: float,
) -> pd.DataFrame:
    """Candidates of each break, the likeliest first."""
    if breaks.empty:
        return pd.DataFrame()
    span = _calendar(orders, breaks, last)
    spots = _spots(breaks, span)
    sign = signs_at(orders, deliveries, spots)
    pairs = _pairs(spots, facts)
    streams = _densities(pairs, spots, facts, span)
    shows = _sign_factors(sign, spots, pairs)
    if breaks["market"].any():
        fell = spots.index.isin(breaks.index[breaks["market"]]) & spots["real"].to_numpy()
        shows["macro"] = np.where(fell, _MARKET, 1.0)
    crowd = _crowding(pairs, spots, span)
    posterior, ratio = _learn(spots, streams, shows | crowd | _possible_for(spots, sign))
    macro = np.log(shows.get("macro", np.full(len(spots), np.nan)))
    return _rows(spots, pairs, posterior, ratio, sign.assign(macro=macro), crowd, strong, possible)


def _calendar(orders: pd.DataFrame, breaks: pd.DataFrame, last: int) -> pd.DataFrame:
    """First month of each client and the months seen."""
    first = orders.groupby("client_id")["month"].min() if len(orders) else pd.Series(dtype="int64")
    span = pd.DataFrame({"first": first})
    missing = pd.Index(breaks["client_id"].unique()).difference(span.index)
    start = int(first.min()) if len(first) else int(breaks["low"].min()) - 12 if len(breaks) else last
    span = pd.concat([span, pd.DataFrame({"first": start}, index=missing)]) if len(missing) else span
    return span.assign(months=np.maximum(last - span["first"] + 1, 1), last=last)


def _spots(breaks: pd.DataFrame, span: pd.DataFrame) -> pd.DataFrame:
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
    wide = real.iloc[like] if len(real) else table.assign(low=table["month"], high=table["month"])
    table = table.assign(
        low=table["month"].to_numpy() - (wide["month"] - wide["low"]).to_numpy(),
        high=table["month"].to_numpy() + (wide["high"] - wide["month"]).to_numpy(),
        direction=wide["direction"].to_numpy(),
    )
    spots = pd.concat([one for one in (real, table) if len(one)] or [real], ignore_index=True)
    return spots.astype({"real": bool, "month": "int64", "low": "int64", "high": "int64"})


def facts_near(breaks: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Facts near breaks, oldest first: spot (row of the break), month, day, reason, source, source_id, lag."""
    pairs = _pairs(breaks, facts)
    return pairs.sort_values(["spot", "day"], kind="stable").reset_index(drop=True)


def _pairs(spots: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
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
    return pairs[(pairs["step"] >= _EARLY) & (pairs["step"] < _LATE)]


@dataclass(frozen=True)
class _Stream:
    """Facts of one kind from one group of tables, as densities over lags: (breaks, lags) of g-free weights 1/λ."""

    kind: str
    hard: bool
    weight: np.ndarray


def _densities(pairs: pd.DataFrame, spots: pd.DataFrame, facts: pd.DataFrame, span: pd.DataFrame) -> list[_Stream]:
    """Per kind one stream of hard facts, one of soft ones and one of facts about all clients."""
    streams = []
    groups = np.where(facts["client_id"].isna(), "all", np.where(facts["source"].isin(_HARD), "hard", "soft"))
    pair_group = np.where(pairs["everyone"], "all", np.where(pairs["source"].isin(_HARD), "hard", "soft"))
    for group in ("hard", "soft", "all"):
        for kind in sorted(facts.loc[groups == group, "reason"].unique()):
            own = facts[(groups == group) & (facts["reason"] == kind).to_numpy()]
            mine = pairs[(pair_group == group) & (pairs["reason"] == kind).to_numpy()]
            # The same fact written down in two tables is one fact.
            mine = mine.drop_duplicates(["spot", "step"])
            rate = _rates(own, mine, spots, span) if group != "all" else _common_rate(own, span)
            weight = np.zeros((len(spots), _LATE - _EARLY))
            np.add.at(weight, (mine["spot"].to_numpy(), mine["step"].to_numpy() - _EARLY), 1.0)
            streams.append(_Stream(kind, group != "soft", weight / (np.reshape(rate, (-1, 1)) * _HALF)))
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


def _sign_factors(sign: pd.DataFrame, spots: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, np.ndarray]:
    """Factor of each sign at each spot: seen or not, against how often it is seen without a break."""
    factors = {}
    quiet = ~spots["real"].to_numpy()
    close = pairs[(pairs["step"] >= -3) & (pairs["step"] < 8)]
    for kind in SIGNS:
        value = np.exp(sign[kind].to_numpy())
        if np.isnan(value[~quiet]).all():
            continue
        with_fact = np.isin(np.arange(len(spots)), close.loc[close["reason"] == kind, "spot"].unique())
        factor = np.ones(len(spots))
        for here, start in ((with_fact, 0.3), (~with_fact, 0.05)):
            seen = here & ~np.isnan(value)
            share = _share(value[quiet & seen], start)
            factor = np.where(seen, (_MISSED + (1 - _MISSED) * value) / ((1 - share) + share * value), factor)
        factors[kind] = factor
    return factors


def _possible_for(spots: pd.DataFrame, sign: pd.DataFrame) -> dict[str, np.ndarray]:
    """A rise is not made by defects, a cut budget, a competitor or a contact who left, hardly by a dearer price."""
    up = spots["direction"].to_numpy() > 0
    factors = {f"{kind}:up": np.where(up, 0.01, 1.0) for kind in _ONLY_FALLS}
    cheaper = sign["price_change"].fillna(0).to_numpy() > 0.7
    return factors | {"price_change:up": np.where(up & ~cheaper, 0.03, 1.0)}


def _crowding(pairs: pd.DataFrame, spots: pd.DataFrame, span: pd.DataFrame) -> dict[str, np.ndarray]:
    """Facts about all clients: do more clients break after this one than after any other day?

    Permuting months inside one client's calendar cannot see that many clients break together.
    """
    near = pairs[pairs["everyone"] & (pairs["step"] >= -2) & (pairs["step"] < 6)]
    if not len(near):
        return {}
    real = spots["real"].to_numpy()
    broken = near[real[near["spot"].to_numpy()]]
    keys = ["reason", "source", "day"]
    seen = broken.groupby(keys)["spot"].nunique()
    steps = max(float(span["months"].max()) * 2, 8.0)
    usual = real.sum() * 8 / steps
    count = seen.reindex(pd.MultiIndex.from_frame(near[keys])).fillna(0).to_numpy()
    own = real[near["spot"].to_numpy()]
    factor = np.maximum((count - own + 1) / (usual + 1), 1.0)
    table = near.assign(factor=factor).groupby(["reason", "spot"])["factor"].max()
    crowd = {}
    for kind in table.index.get_level_values("reason").unique():
        crowd[f"{kind}:crowd"] = table[kind].reindex(spots.index).fillna(1.0).to_numpy()
    return crowd


def _crowd_at(crowd: dict[str, np.ndarray], table: pd.DataFrame) -> np.ndarray:
    found = np.ones(len(table))
    for name, factor in crowd.items():
        mine = (table["reason"] == name.split(":")[0]).to_numpy()
        found = np.where(mine, factor[table["spot"].to_numpy()], found)
    return found


def _share(ratio: np.ndarray, start: float, strength: float = 6.0) -> float:
    """Share of spots where the sign is on, by EM with a prior of ``strength`` spots."""
    share = start
    for _ in range(40):
        on = share * ratio / ((1 - share) + share * ratio)
        share = float((on.sum() + strength * start) / (len(ratio) + strength))
    return share


def _dating(spots: pd.DataFrame) -> np.ndarray:
    """Distribution of (true month − dated month) over half-month steps, (spots, 17)."""
    steps = np.arange(-8, 9)
    low = (spots["month"] - spots["low"]).to_numpy() * 2.0
    high = (spots["high"] - spots["month"]).to_numpy() * 2.0
    scale = np.where(steps[None, :] < 0, low[:, None], high[:, None]) / 2 + 0.4
    mass = np.exp(-0.5 * (steps[None, :] / scale) ** 2)
    return mass / mass.sum(axis=1, keepdims=True)


def _learn(
    spots: pd.DataFrame, streams: list[_Stream], shows: dict[str, np.ndarray]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Posterior of every reason (and of none) at every spot and its likelihood ratio; learned from the breaks."""
    names = ["none", *sorted({stream.kind for stream in streams} | {key for key in shows if ":" not in key})]
    real = spots["real"].to_numpy()
    prior = np.array([_WEIGHTS.get(name, _USUAL) for name in names])
    weight, told = prior / prior.sum(), [0.85 if stream.hard else 0.1 for stream in streams]
    sums = [_near(stream, spots) for stream in streams]
    ratio = posterior = np.ones((len(spots), len(names)))
    for _ in range(25):
        ratio = np.ones((len(spots), len(names)))
        share = []
        for stream, own, known in zip(streams, sums, told):
            value = (1 - known) + known * own
            share.append(known * own / np.maximum(value, 1e-12))
            ratio[:, names.index(stream.kind)] *= value
        for key, factor in shows.items():
            if (kind := key.split(":")[0]) in names:
                ratio[:, names.index(kind)] *= factor
        posterior = weight * ratio
        posterior /= posterior.sum(axis=1, keepdims=True)
        weight = posterior[real].sum(axis=0) + prior
        weight /= weight.sum()
        for i, stream in enumerate(streams):
            mine = posterior[real, names.index(stream.kind)]
            a, b = (8.5, 1.5) if stream.hard else (0.6, 5.4)
            told[i] = float(((mine * share[i][real]).sum() + a) / (mine.sum() + a + b))
    return pd.DataFrame(posterior, columns=names), pd.DataFrame(ratio, columns=names)


def _near(stream: _Stream, spots: pd.DataFrame) -> np.ndarray:
    """Σ g(lag) / λ over the facts of a stream near each spot, the lag blurred as the spot is dated."""
    lag = np.zeros(_LATE - _EARLY)
    lag[-2 - _EARLY : -2 - _EARLY + len(_LAG)] = _LAG
    found = np.flatnonzero(stream.weight.any(axis=1))
    dated = _dating(spots.iloc[found])
    reach = dated.shape[1] // 2
    shifted = np.arange(len(lag))[None, :] + reach - np.arange(dated.shape[1])[:, None]
    inside = (shifted >= 0) & (shifted < len(lag))
    blur = np.where(inside, lag[np.clip(shifted, 0, len(lag) - 1)], 0.0)
    sums = np.zeros(len(spots))
    sums[found] = (stream.weight[found] * (dated @ blur)).sum(axis=1)
    return sums


def _rows(
    spots: pd.DataFrame,
    pairs: pd.DataFrame,
    posterior: pd.DataFrame,
    ratio: pd.DataFrame,
    sign: pd.DataFrame,
    crowd: dict[str, np.ndarray],
    strong: float,
    possible: float,
) -> pd.DataFrame:
    """One row per break and reason that has a fact near it or a sign in the transactions."""
    real = int(spots["real"].sum())
    near = pairs[(pairs["spot"] < real) & (pairs["step"] >= -3) & (pairs["step"] < 10)]
    near = near.assign(order=near["lag"].abs(), soft=~near["source"].isin(_HARD))
    near = near.sort_values(["spot", "reason", "soft", "order", "source"], kind="stable")
    facts = near.groupby(["spot", "reason"], sort=True).agg(
        day=("day", "first"), low=("low", "first"), high=("high", "first"), source_id=("source_id", "first"),
        evidence=("source", lambda names: " + ".join(sorted(set(names)))),
    )  # fmt: skip
    shown = pd.Series(sign.iloc[:real].stack(), name="shown")
    shown = shown[shown > 0.7].rename_axis(["spot", "reason"])
    table = facts.join(shown, how="outer").reset_index()
    table["evidence"] = np.where(
        table["shown"].notna(),
        (table["evidence"].fillna("") + " + " + _shown_by(table["reason"])).str.removeprefix(" + "),
        table["evidence"],
    )
    place = posterior.columns.get_indexer(pd.Index(table["reason"]))
    table["probability"] = posterior.to_numpy()[table["spot"].to_numpy(), place]
    table["likelihood_ratio"] = ratio.to_numpy()[table["spot"].to_numpy(), place]
    early = first_day(table["low"].fillna(0).to_numpy()) - table["day"]
    late = first_day(table["high"].fillna(0).to_numpy() + 1) - 1 - table["day"]
    table["days_before"] = np.where(early > 0, early, np.minimum(late, 0.0))
    odds = _odds(posterior)
    table["chance"] = _chance(odds[real:], odds[table["spot"].to_numpy()]) / _crowd_at(crowd, table)
    table["grade"] = _grades(table["probability"], table["chance"], strong, possible)
    rank = table["reason"].map({kind: i for i, kind in enumerate(KINDS)})
    table = table.assign(rank=rank, best=-table["probability"]).sort_values(["spot", "best", "rank"], kind="stable")
    return pd.DataFrame(
        {
            "row": table["spot"].astype("int64"),
            "reason": table["reason"],
            "evidence": table["evidence"],
            "days_before": table["days_before"].where(table["day"].notna()),
            "grade": table["grade"],
            "probability": table["probability"],
            "likelihood_ratio": table["likelihood_ratio"],
            "chance": table["chance"],
            "date": pd.to_datetime(table["day"], unit="D"),
            "source_id": table["source_id"],
        }
    )


def _shown_by(reason: pd.Series) -> pd.Series:
    return reason.map({"airing_defect": "deliveries", "macro": "market"}).fillna("transactions")


def _odds(posterior: pd.DataFrame) -> np.ndarray:
    """Odds of the likeliest reason against none."""
    reasons = posterior.drop(columns="none")
    best = reasons.max(axis=1).to_numpy() if reasons.shape[1] else np.zeros(len(posterior))
    # Rounded: sums in another order of rows must not break ties.
    return np.exp(np.round(np.log(np.maximum(best, 1e-12) / np.maximum(posterior["none"].to_numpy(), 1e-12)), 6))


def _chance(quiet: np.ndarray, odds: np.ndarray) -> np.ndarray:
    """Share of months without a break at which some reason looks as likely as here."""
    order = np.sort(quiet)
    above = len(order) - np.searchsorted(order, odds, side="left")
    return (above + 0.5) / (len(order) + 1)


def _grades(probability: pd.Series, chance: pd.Series, strong: float, possible: float) -> np.ndarray:
    """Both must hold: likely against the other reasons and none, and rare where nothing happened."""
    return np.select(
        [(probability >= strong) & (chance <= 0.03), (probability >= possible) & (chance <= 0.12)],
        ["strong", "possible"],
        "none",
    )
