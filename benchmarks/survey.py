"""Surveys beside what people use: `python -m benchmarks.survey [segments]`.

Intervals of NPS of a small base: share of bases whose true value is covered and width, beside the interval of textbooks
and simulation; weights beside svy and R's survey; key drivers beside pingouin. The full proof of coverage is
`pytest tests/survey -m proof`.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from functools import partial

import numpy as np
import pandas as pd
from benchmarks._table import Cost, apart, lacking, lacking_in_r, ratios, show

import loyalty_analytics as la

MARGINS = {"size": {"s": 600, "m": 300, "l": 100}, "kind": {"a": 550, "b": 450}}


def _again(call: Callable[[], object], times: int = 3) -> Cost:
    """The least CPU time of several runs."""
    return min((apart(call, warm=call) for _ in range(times)), key=lambda cost: cost.cpu)


def exact(votes: np.ndarray, base: int) -> np.ndarray:
    """`la.nps_interval` in points."""
    return np.column_stack(la.nps_interval(*votes.T, population=base))


def textbook(votes: np.ndarray, base: int) -> np.ndarray:
    """Normal interval of the difference of two shares with the finite correction."""
    n = votes.sum(axis=1)
    up, down = votes[:, 0] / n, votes[:, 2] / n
    error = 1.96 * np.sqrt((up + down - (up - down) ** 2) / n * (base - n) / (base - 1))
    return 100 * np.column_stack([up - down - error, up - down + error])


def simulated(votes: np.ndarray, base: int, draws: int = 6000) -> np.ndarray:
    """The usual Bayesian way: draw the posterior of one segment after the other."""
    rng, made = np.random.default_rng(1), []
    for row in votes:
        rest = rng.multinomial(base - row.sum(), rng.dirichlet(row + 0.5, size=draws))
        made.append(100 * np.quantile((row[0] - row[2] + rest[:, 0] - rest[:, 2]) / base, [0.025, 0.975]))
    return np.array(made)


def bootstrap(votes: np.ndarray, base: int, draws: int = 2000) -> np.ndarray:
    """Percentiles of resampled answers, the base forgotten."""
    rng, made = np.random.default_rng(1), []
    for row in votes:
        drawn = rng.multinomial(row.sum(), row / row.sum(), size=draws)
        made.append(100 * np.quantile((drawn[:, 0] - drawn[:, 2]) / row.sum(), [0.025, 0.975]))
    return np.array(made)


def intervals(segments: int, base: int = 50) -> None:
    """Coverage, width and cost for bases of 50 clients of which 5 to 30 answered."""
    rng = np.random.default_rng(7)
    whole = np.array([rng.multinomial(base, rng.dirichlet([2.5, 1.5, 1.0])) for _ in range(segments)])
    votes = np.array([rng.multivariate_hypergeometric(row, rng.integers(5, 31)) for row in whole])
    truth = 100 * (whole[:, 0] - whole[:, 2]) / base
    rows: list[dict[str, object]] = []
    ways = {"loyalty_analytics": exact, "textbook, normal": textbook, "bootstrap, 2,000 draws": bootstrap,
            "posterior, 6,000 draws": simulated}  # fmt: skip
    for name, way in ways.items():
        cost = _again(partial(way, votes, base), 1 if way in (bootstrap, simulated) else 3)
        low, high = cost.value.T
        rows.append({"way": name, "covers": float(((low - 1e-6 <= truth) & (truth <= high + 1e-6)).mean()),
                     "width, points": float((high - low).mean()), "ms a segment": 1000 * cost.cpu / segments,
                     "MB added": cost.mb})  # fmt: skip
    show(f"NPS of a base of {base} of whom 5 to 30 answered, {segments:,} segments, goal .95",
         ratios(rows, "ms a segment", "times the CPU"))  # fmt: skip


def _sample(n: int = 400) -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame({"size": rng.choice(["s", "m", "l"], n), "kind": rng.choice(["a", "b"], n),
                         "score": rng.integers(0, 11, n).astype(float)})  # fmt: skip


def ours_raked(sample: pd.DataFrame) -> tuple[float, ...]:
    """Mean, its error and the sum of squared weights."""
    made = la.rake(sample, MARGINS)
    weight = made.table["weight"].to_numpy()
    return (*made.estimate("score"), float(weight @ weight))


def svy_raked(sample: pd.DataFrame) -> tuple[float, ...]:
    """Weights by svy; its mean by hand."""
    import polars
    import svy

    design = svy.Sample(polars.from_pandas(sample.assign(one=1.0)), svy.Design(wgt="one"))
    table = design.weighting.rake(controls=MARGINS, tol=1e-10).data
    weight, score = table["rk_wgt"].to_numpy(), table["score"].to_numpy()
    return float(weight @ score / weight.sum()), float("nan"), float(weight @ weight)


def r_raked(sample: pd.DataFrame) -> tuple[float, ...]:
    """The survey package of R, started anew."""
    size, kind = (
        [f"c({', '.join(map(repr, part))})" for part in (margin, margin.values())] for margin in MARGINS.values()
    )
    code = f"""suppressMessages(library(survey)); x <- read.csv(file("stdin"))
        d <- svydesign(id = ~1, weights = ~one, data = x)
        r <- rake(d, list(~size, ~kind), list(data.frame(size = {size[0]}, Freq = {size[1]}),
            data.frame(kind = {kind[0]}, Freq = {kind[1]})), control = list(maxit = 1000, epsilon = 1e-9))
        m <- svymean(~score, r); cat(format(c(coef(m), SE(m), sum(weights(r)^2)), digits = 15))"""
    said = subprocess.run(["Rscript", "-e", code], input=sample.assign(one=1.0).to_csv(index=False), text=True,
                          capture_output=True, check=True).stdout  # fmt: skip
    return tuple(float(word) for word in said.split())


def raking() -> None:
    """Weights for two margins."""
    sample = _sample()
    rows: list[dict[str, object]] = []
    for name, reason, way in (
        ("loyalty_analytics", "", ours_raked),
        ("svy", lacking("svy"), svy_raked),
        ("survey (R), R started", lacking_in_r("survey"), r_raked),
    ):
        if reason:
            rows.append({"way": name, "remark": reason})
            continue
        cost = _again(partial(way, sample), 1)
        mean, error, squares = cost.value
        rows.append({"way": name, "mean": f"{mean:.6f}", "standard error": "–" if error != error else f"{error:.6f}",
                     "sum of squared weights": f"{squares:.3f}", "CPU s": cost.cpu, "MB added": cost.mb})  # fmt: skip
    show(f"Raking {len(sample)} answers to two margins", ratios(rows, "CPU s", "times the CPU"))


def pingouin_drivers(items: pd.DataFrame) -> pd.Series:
    """Relative importance (LMG) by pingouin, without intervals."""
    import pingouin

    table = pingouin.linear_regression(items.drop(columns="csat"), items["csat"], relimp=True)
    return table.set_index("names")["relimp"].drop("Intercept").astype(float)


def drivers() -> None:
    """What drives satisfaction, beside pingouin."""
    rng = np.random.default_rng(5)
    items = pd.DataFrame(rng.normal(size=(250, 11)) @ (np.eye(11) + 0.3), columns=[*"abcdefghij", "csat"])
    ways = {
        "loyalty_analytics, 1,000 draws for intervals": lambda: la.key_drivers(items, "csat").frame,
        "loyalty_analytics, 2 draws": lambda: la.key_drivers(items, "csat", draws=2).frame,
    }
    costs = {name: _again(way, 1) for name, way in ways.items()}
    made = {name: cost.value.set_index("driver")["importance"] for name, cost in costs.items()}
    rows: list[dict[str, object]] = []
    if reason := lacking("pingouin"):
        rows.append({"way": "pingouin", "remark": reason})
    else:
        costs["pingouin, no intervals"] = _again(lambda: pingouin_drivers(items), 1)
        made["pingouin, no intervals"] = costs["pingouin, no intervals"].value
    for name, cost in costs.items():
        gap = float((made[name] - next(iter(made.values()))).abs().max())
        rows.append({"way": name, "R² in all": f"{made[name].sum():.6f}", "largest difference to the first": gap,
                     "CPU s": cost.cpu, "MB added": cost.mb})  # fmt: skip
    show("Key drivers, 10 items, 250 answers", ratios(rows, "CPU s", "times the CPU"))


def speed(segments: int) -> None:
    """CPU time of the larger calls."""
    rng = np.random.default_rng(1)
    votes = np.array([rng.multinomial(rng.integers(8, 60), rng.dirichlet([1, 1, 1])) for _ in range(segments)])
    scores = {score: rng.integers(0, 4, segments) for score in range(1, 11)}
    clients = 100_000
    answers = pd.DataFrame({
        "client_id": rng.integers(0, clients, 200_000), "score": rng.integers(0, 11, 200_000),
        "answered_at": pd.Timestamp("2026-08-01") + pd.to_timedelta(rng.integers(0, 90, 200_000), unit="D"),
        "manager_id": rng.integers(0, 1000, 200_000),
    })  # fmt: skip
    calls: dict[str, Callable[[], object]] = {
        f"nps_interval, {segments:,} segments, base 100": lambda: la.nps_interval(*votes.T, population=100),
        "nps_interval, 1,000 segments, base 600": lambda: la.nps_interval(*votes[:1000].T, population=600),
        f"nps_interval, {segments:,} segments, endless base": lambda: la.nps_interval(*votes.T),
        f"mean_interval, {segments:,} segments, base 50": lambda: la.mean_interval(scores, population=50),
        "one nps_interval": lambda: la.nps_interval(12, 7, 4, population=50),
        "nps, 200,000 answers of 100,000 clients": lambda: la.nps(answers, clients).frame,
        "nps by 1,000 managers": lambda: la.nps(answers, by="manager_id").frame,
    }
    costs = {name: _again(call, 1) for name, call in calls.items()}
    show("Survey calls", [{"call": name, "CPU s": cost.cpu, "MB added": cost.mb} for name, cost in costs.items()])


def main(segments: int) -> None:
    """Print the tables."""
    intervals(segments)
    raking()
    drivers()
    speed(10 * segments)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000)
