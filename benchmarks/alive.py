"""Orders of the next 26 weeks (six months): the package against BG/NBD of `lifetimes`.

    python -m benchmarks.alive [path of cdnow_21213.csv.gz]

Printed per world: mean absolute error per client, error of the total, mean absolute error over deciles of
the prediction (calibration).
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
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
        "mae": float(np.abs(said - came).mean()),
        "rmse": float(np.sqrt(((said - came) ** 2).mean())),
        "total_error": float(said.sum() / max(came.sum(), 1) - 1),
        "decile_error": float((by["said"] - by["came"]).abs().mean()),
        "rank": float(pd.Series(said).corr(pd.Series(came), method="spearman")),
    }


def bg_nbd(days: pd.DataFrame, end: pd.Timestamp, ahead: float) -> pd.Series:
    """Expected days with orders by client; ``days``: client_id, date, one row per day with orders."""
    from lifetimes import BetaGeoFitter

    each = days.groupby("client_id")["date"].agg(["min", "max", "count"])
    frequency = each["count"] - 1
    recency = (each["max"] - each["min"]).dt.days / 7
    age = (end - each["min"]).dt.days / 7
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = BetaGeoFitter(penalizer_coef=0.001).fit(frequency, recency, age)
        said = model.conditional_expected_number_of_purchases_up_to_time(ahead, frequency, recency, age)
    return pd.Series(np.asarray(said), index=each.index)


def ours(days: pd.DataFrame, end: str, horizon: int) -> pd.Series:
    """The same from `la.lifecycle`."""
    import loyalty_analytics as la

    panel = la.monthly_panel(days.assign(amount=1.0), end)
    return la.lifecycle(panel, end, horizon=horizon).table.set_index("client_id")["expected_orders"]


def compare(
    name: str, days: pd.DataFrame, end: str, tables: dict[str, pd.DataFrame], horizon: int = 6
) -> list[dict[str, object]]:
    """Both on the days up to the end of a month, judged on the months after it; fills ``tables`` of deciles."""
    last = pd.Period(end, "M").end_time.normalize()
    known, later = days[days["date"] <= last], days[days["date"] > last]
    later = later[later["date"] <= (pd.Period(end, "M") + horizon).end_time]
    rows: list[dict[str, object]] = []
    weeks = horizon * 365.25 / 12 / 7
    for model, said in (("ours", ours(known, end, horizon)), ("bg_nbd", bg_nbd(known, last, weeks))):
        came = later.groupby("client_id").size().reindex(said.index, fill_value=0)
        tables[f"{name} {model}"] = deciles(said.to_numpy(), came.to_numpy())
        rows.append({"world": name, "model": model, "clients": len(said), **figures(said.to_numpy(), came.to_numpy())})
    return rows


def seasonal(seed: int, shape: str) -> pd.DataFrame:
    """Days with orders of a world of 54 months."""
    panel, _ = world(seed, shape=shape, clients=2000, months=54)
    rng = np.random.default_rng(seed)
    rows = panel.loc[panel.index.repeat(panel["orders"])]
    date = rows["month"] + pd.to_timedelta(rng.integers(0, 28, len(rows)), unit="D")
    return pd.DataFrame({"client_id": rows["client_id"], "date": date}).drop_duplicates()


def alive(seed: int, shape: str = "window") -> pd.DataFrame:
    """Probability of being alive by tenth against the truth of a world (one-off clients aside)."""
    import loyalty_analytics as la

    panel, truth = world(seed, shape=shape, clients=6000)
    both = truth.merge(la.lifecycle(panel, "2024-12").table, on="client_id")
    both = both[both["rhythm"] != "one_off"]
    return deciles(both["p_alive"].to_numpy(), (~both["churned"]).to_numpy())


def main() -> None:
    """Print the table."""
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else CDNOW
    rows: list[dict[str, object]] = []
    tables: dict[str, pd.DataFrame] = {}
    if file.exists():
        cdnow = pd.read_csv(file, parse_dates=["date"]).rename(columns={"customer_id": "client_id"})
        rows += compare("cdnow", cdnow[["client_id", "date"]].drop_duplicates(), "1997-12", tables)
    for shape in ("window", "smooth", "two_peaks"):
        rows += compare(f"seasonal, {shape}", seasonal(61, shape), "2024-12", tables)
    print(pd.DataFrame(rows).round(3).to_string(index=False))
    print("\norders of the next months by tenth of the prediction")
    print(pd.concat(tables, axis=1).round(2).T.to_string())
    print("\np_alive by tenth: said, and share that is a client still (window world, 6,000 clients)")
    print(alive(71).round(3).T.to_string())


if __name__ == "__main__":
    main()
