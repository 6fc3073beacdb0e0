"""How much a dated fact near a break proves: its likelihood ratio against random months of quiet calendars."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .reason_orders import first_day

__all__ = ["weigh"]

BEFORE = 92  # days before the interval in which a fact may be the reason


def weigh(
    breaks: pd.DataFrame, orders: pd.DataFrame, facts: pd.DataFrame, last: int, *, strong: float, possible: float
) -> pd.DataFrame:
    """Candidates of each break, the likeliest first."""
    low, high = first_day(breaks["low"].to_numpy()), first_day(breaks["high"].to_numpy() + 1)
    own = facts[facts["client_id"].notna()]
    everyone = facts[facts["client_id"].isna()]
    spans = breaks[["client_id"]].assign(row=breaks.index, low=low, high=high)
    near = pd.concat([spans.merge(own, on="client_id"), spans.merge(everyone.drop(columns="client_id"), how="cross")])
    near = near[(near["day"] >= near["low"] - BEFORE) & (near["day"] < near["high"])]
    near = near.assign(days_before=np.maximum(near["low"] - near["day"], 0.0))
    months = max(last - int(orders["month"].min()) + 1, 1) if len(orders) else 1
    days, people = months * 30.4, max(orders["client_id"].nunique(), 1) if len(orders) else 1
    rate = own.groupby(["source", "reason"]).size().add(1).div(days * people)
    common = everyone.groupby(["source", "reason"]).size().add(1).div(days)
    keys = pd.MultiIndex.from_frame(near[["source", "reason"]])
    usual = rate.reindex(keys).fillna(0).to_numpy() + common.reindex(keys).fillna(0).to_numpy()
    width = (near["high"] - near["low"] + BEFORE).to_numpy()
    ratio = 0.6 / (1 - np.exp(-usual * width)).clip(1e-4)
    near = near.assign(likelihood_ratio=ratio).sort_values(
        ["row", "likelihood_ratio", "days_before"], ascending=[True, False, True], kind="stable"
    )
    near = near.drop_duplicates(["row", "reason"])
    weight = near["likelihood_ratio"] / 14
    probability = weight / (1 + weight.groupby(near["row"]).transform("sum"))
    grade = np.select([probability >= strong, probability >= possible], ["strong", "possible"], "none")
    return pd.DataFrame(
        {
            "row": near["row"].astype("int64"),
            "reason": near["reason"],
            "evidence": near["source"],
            "days_before": near["days_before"],
            "grade": grade,
            "probability": probability,
            "likelihood_ratio": near["likelihood_ratio"],
            "date": pd.to_datetime(near["day"], unit="D"),
            "source_id": near["source_id"],
        }
    )
