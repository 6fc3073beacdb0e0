"""Orders of the next six months and lost clients: the package beside BG/NBD of `lifetimes` and rules of thumb.

    python -m benchmarks.alive [--deciles] [--cdnow path of cdnow_21213.csv.gz]

Printed per world: mean absolute error per client, error of the total, mean absolute error over deciles of
the prediction (calibration), CPU time and memory; then how well lost clients are told.
"""

from __future__ import annotations

import argparse
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks._table import Cost, apart, lacking, ratios, show
from benchmarks.rhythm import world

CDNOW = Path(__file__).parents[2] / "shared" / "data" / "transactions" / "cdnow_21213.csv.gz"


def deciles(said: np.ndarray, came: np.ndarray) -> pd.DataFrame:
    """Mean prediction and mean of what came, by tenth of the prediction."""
    tenth = pd.qcut(pd.Series(said).rank(method="first"), 10, labels=False) + 1
    return pd.DataFrame({"said": said, "came": came}).groupby(tenth).mean()


def figures(said: np.ndarray, came: np.ndarray) -> dict[str, float]:
    """Errors of a prediction."""
    by = deciles(said, came)
    return {
        "mean error": float(np.abs(said - came).mean()),
        "RMS error": float(np.sqrt(((said - came) ** 2).mean())),
        "error of the total": float(said.sum() / max(came.sum(), 1) - 1),
        "error over tenths": float((by["said"] - by["came"]).abs().mean()),
        "rank correlation": float(pd.Series(said).corr(pd.Series(came), method="spearman")),
    }


def bg_nbd(days: pd.DataFrame, end: pd.Timestamp, ahead: float) -> pd.DataFrame:
    """Expected days with orders and P(alive) by client; ``days``: client_id, date, one row per day with orders."""
    from lifetimes import BetaGeoFitter

    each = days.groupby("client_id")["date"].agg(["min", "max", "count"])
    frequency = each["count"] - 1
    recency = (each["max"] - each["min"]).dt.days / 7
    age = (end - each["min"]).dt.days / 7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = BetaGeoFitter(penalizer_coef=0.001).fit(frequency, recency, age)
        said = model.conditional_expected_number_of_purchases_up_to_time(ahead, frequency, recency, age)
        alive = model.conditional_probability_alive(frequency, recency, age)
    return pd.DataFrame({"orders": np.asarray(said), "p_alive": np.asarray(alive)}, index=each.index)


def ours(days: pd.DataFrame, end: str, horizon: int) -> pd.Series:
    """The same from `la.lifecycle`."""
    import loyalty_analytics as la

    panel = la.monthly_panel(days.assign(amount=1.0), end)
    return la.lifecycle(panel, end, horizon=horizon).table.set_index("client_id")["expected_orders"]


def same_again(days: pd.DataFrame, end: pd.Timestamp, horizon: int) -> pd.Series:
    """As many as in the same months a year before: what a spreadsheet does."""
    first = pd.Period(end, "M") + 1 - 12
    span = days[(days["date"] >= first.start_time) & (days["date"] <= (first + horizon - 1).end_time)]
    return span.groupby("client_id").size().reindex(np.unique(days["client_id"]), fill_value=0).astype(float)


def compare(name: str, days: pd.DataFrame, end: str, tables: dict[str, pd.DataFrame], horizon: int = 6) -> None:
    """All on the days up to the end of a month, judged on the months after it; fills ``tables`` of deciles."""
    last = pd.Period(end, "M").end_time.normalize()
    known, later = days[days["date"] <= last], days[days["date"] > last]
    later = later[later["date"] <= (pd.Period(end, "M") + horizon).end_time]
    weeks = horizon * 365.25 / 12 / 7
    ways = {
        "loyalty_analytics": ("", partial(ours, known, end, horizon)),
        "BG/NBD (lifetimes)": ("lifetimes", lambda: bg_nbd(known, last, weeks)["orders"]),
        "the same months a year before": ("", partial(same_again, known, last, horizon)),
    }
    rows: list[dict[str, object]] = []
    for model, (needs, call) in ways.items():
        if reason := lacking(needs):
            rows.append({"model": model, "remark": reason})
            continue
        cost: Cost = apart(call, warm=call)
        said = cost.value
        came = later.groupby("client_id").size().reindex(said.index, fill_value=0)
        tables[f"{name} {model}"] = deciles(said.to_numpy(), came.to_numpy())
        made = {"model": model, **figures(said.to_numpy(), came.to_numpy())}
        rows.append(made | {"CPU s": cost.cpu, "MB added": cost.mb})
    show(f"Orders of the next {horizon} months: {name}, {known['client_id'].nunique():,} clients",
         ratios(rows, "CPU s", "times the CPU"))  # fmt: skip


def lost(shape: str, seed: int) -> list[dict[str, object]]:
    """Precision, recall and F1 of lost clients of a world, one-off clients aside."""
    import loyalty_analytics as la

    panel, truth = world(seed, shape=shape, clients=2000)
    end = pd.Timestamp("2024-12-31")
    days = _days(panel, seed)
    quiet = (end - days.groupby("client_id")["date"].max()).dt.days
    said = {"loyalty_analytics": la.lifecycle(panel, "2024-12").table.set_index("client_id")["status"].eq("lost")}
    if not lacking("lifetimes"):
        said["BG/NBD (lifetimes), P(alive) < .5"] = bg_nbd(days, end, 26)["p_alive"] < 0.5
    said |= {f"no order for {limit} days": quiet > limit for limit in (90, 180, 365)}
    truth = truth[truth["rhythm"] != "one_off"].set_index("client_id")
    gone, seasonal = truth["churned"], truth["rhythm"] == "seasonal"
    rows: list[dict[str, object]] = []
    for model, flags in said.items():
        called = flags.reindex(truth.index, fill_value=False)
        hits = int((called & gone).sum())
        rows.append({"model": model, "precision": hits / max(int(called.sum()), 1), "recall": hits / int(gone.sum()),
                     "F1": 2 * hits / int(called.sum() + gone.sum()),
                     "false among seasonal": float(called[seasonal & ~gone].mean())})  # fmt: skip
    return rows


def _days(panel: pd.DataFrame, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = panel.loc[panel.index.repeat(panel["orders"])]
    date = rows["month"] + pd.to_timedelta(rng.integers(0, 28, len(rows)), unit="D")
    return pd.DataFrame({"client_id": rows["client_id"], "date": date}).drop_duplicates()


def seasonal(seed: int, shape: str) -> pd.DataFrame:
    """Days with orders of a world of 54 months."""
    return _days(world(seed, shape=shape, clients=2000, months=54)[0], seed)


def alive(seed: int, shape: str = "window") -> pd.DataFrame:
    """Probability of being alive by tenth against the truth of a world (one-off clients aside)."""
    import loyalty_analytics as la

    panel, truth = world(seed, shape=shape, clients=6000)
    both = truth.merge(la.lifecycle(panel, "2024-12").table, on="client_id")
    both = both[both["rhythm"] != "one_off"]
    return deciles(both["p_alive"].to_numpy(), (~both["churned"]).to_numpy())


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cdnow", type=Path, default=CDNOW)
    parser.add_argument("--deciles", action="store_true", help="predictions and P(alive) by tenth as well")
    given = parser.parse_args()
    tables: dict[str, pd.DataFrame] = {}
    if given.cdnow.exists():
        cdnow = pd.read_csv(given.cdnow, parse_dates=["date"]).rename(columns={"customer_id": "client_id"})
        compare("CDNOW", cdnow[["client_id", "date"]].drop_duplicates(), "1997-12", tables)
    for shape in ("window", "smooth", "two_peaks"):
        compare(f"seasonal world, {shape}", seasonal(61, shape), "2024-12", tables)
    for shape in ("window", "smooth"):
        show(f"Lost clients: world with seasons, {shape}, 48 months", lost(shape, 61))
    if given.deciles:
        print("\norders of the next months by tenth of the prediction")
        print(pd.concat(tables, axis=1).round(2).T.to_string())
        print("\np_alive by tenth: said, and share that is a client still (window world, 6,000 clients)")
        print(alive(71).round(3).T.to_string())


if __name__ == "__main__":
    main()
