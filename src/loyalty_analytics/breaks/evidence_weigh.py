"""How much the facts near a break prove.

A break has one reason or none. Under reason k a fact of kind k stands near it with a density g of the lag;
otherwise facts of kind k come at the client's own rate λ, as in quiet months. One extra point in a Poisson
process has the likelihood ratio Σ g(lag) / λ, so a kind that is seen everywhere proves nothing. What the
transactions show counts against how often they show it without a break, apart for months with and without
a fact of the kind. Weights of the reasons and the share of reasons written down are learned from all breaks at once
by EM and start from cautious priors; g is fixed.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from .evidence_facts import KINDS
from .evidence_near import HARD, Stream, calendar, evidence_of, pairs_of, spots_of, streams_of
from .evidence_signs import SIGNS, signs_at
from .reason_orders import Sold, first_day

__all__ = ["weigh"]

_WEIGHTS = {"none": 4.0, "competitor": 0.4, "season": 0.1, "macro": 0.2, "other": 0.2}
_USUAL = 0.85  # pseudo breaks of every other kind
_MARKET = 20.0  # a break that the engine calls a part of the market's own
_ONLY_FALLS = ("airing_defect", "budget_cut", "competitor", "contact_left")
_RARE = {"strong": 0.02, "possible": 0.10}  # share of months without a break that may look as convincing
_MISSED = 0.08  # a reason whose sign the transactions do not show


def weigh(
    breaks: pd.DataFrame,
    sold: Sold,
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
    span = calendar(sold.first, breaks, last)
    spots = spots_of(breaks, span)
    sign = signs_at(sold, deliveries, spots)
    pairs = pairs_of(spots, facts)
    streams = streams_of(pairs, spots, facts, span)
    shows = _sign_factors(sign, spots, pairs)
    if breaks["market"].any():
        fell = spots.index.isin(breaks.index[breaks["market"]]) & spots["real"].to_numpy()
        shows["macro"] = np.where(fell, _MARKET, 1.0)
    crowd = _crowding(pairs, spots, span)
    posterior, ratio = _learn(spots, streams, shows | crowd | _possible_for(spots, sign))
    macro = np.log(shows.get("macro", np.full(len(spots), np.nan)))
    return _rows(spots, pairs, posterior, ratio, sign.assign(macro=macro), crowd, strong, possible)


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


def _learn(
    spots: pd.DataFrame, streams: list[Stream], shows: dict[str, np.ndarray]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Posterior of every reason (and of none) at every spot and its likelihood ratio; learned from the breaks."""
    names = ["none", *sorted({stream.kind for stream in streams} | {key for key in shows if ":" not in key})]
    real = spots["real"].to_numpy()
    prior = np.array([_WEIGHTS.get(name, _USUAL) for name in names])
    weight, told = prior / prior.sum(), [0.85 if stream.hard else 0.1 for stream in streams]
    sums = [evidence_of(stream, spots) for stream in streams]
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
    near = near.assign(order=near["lag"].abs(), soft=~near["source"].isin(HARD))
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
        [
            (probability >= strong) & (chance <= _RARE["strong"]),
            (probability >= possible) & (chance <= _RARE["possible"]),
        ],
        ["strong", "possible"],
        "none",
    )
