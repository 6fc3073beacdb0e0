"""Breaks found by this package and by peers, side by side on invented panels, quality and speed.

    python -m benchmarks.breaks                   # 300 clients, the ledger and three other worlds
    python -m benchmarks.breaks --clients 1000 --worlds ledger --seeds 1,2 --skip rbeast,strucchange

Peers are used where they are installed (ruptures, Rbeast, statsmodels, R with strucchange). Each
sees the same series: log of the months with a purchase, less the client's month-of-year means. The
penalty of ruptures is chosen on the answers of this very panel, which flatters it. All peers report
one direction per break from the means on both sides.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks._table import apart, lacking, lacking_in_r, ratios, show
from benchmarks.breaks_worlds import MONTHS, world

MARGIN = 2
Found = dict[int, list[int]]  # client -> positions of new regimes


def series(panel: pd.DataFrame) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Row, positions of months with a purchase, their deseasoned log."""
    values = panel.to_numpy(dtype=float)
    for row, money in enumerate(values):
        at = np.flatnonzero(np.nan_to_num(money) > 0)
        if len(at) < 12:
            continue
        log = np.log(money[at])
        line = np.polyval(np.polyfit(at, log, 1), at)
        for month in range(12):
            same = at % 12 == month
            if same.any():
                log[same] -= np.median((log - line)[same])
        yield row, at, log


def ours(panel: pd.DataFrame) -> Found:
    import loyalty_analytics as la

    table = la.find_breaks(panel).table
    rows = panel.index.get_indexer(pd.Index(table["client_id"]))
    months = pd.PeriodIndex(panel.columns).to_timestamp().get_indexer(pd.DatetimeIndex(table["break_month"]))
    found: Found = {}
    for row, month, market in zip(rows, months, table["market"]):
        if not market:
            found.setdefault(int(row), []).append(int(month))
    return found


def naive(panel: pd.DataFrame) -> Found:
    """Last three months more than 20 % below the same months a year before."""
    values = np.nan_to_num(panel.to_numpy(dtype=float))
    fell = values[:, -3:].sum(1) < 0.8 * values[:, -15:-12].sum(1)
    return {int(row): [values.shape[1] - 3] for row in np.flatnonzero(fell)}


def statsmodels_cusum(panel: pd.DataFrame) -> Found:
    """OLS CUSUM test of a constant level at 1 %, dated where the path is farthest from zero."""
    from statsmodels.stats.diagnostic import breaks_cusumolsresid

    found: Found = {}
    for row, at, log in series(panel):
        rest = log - log.mean()
        if breaks_cusumolsresid(rest, ddof=1)[1] < 0.01:
            cut = int(np.abs(np.cumsum(rest))[:-1].argmax()) + 1
            found[row] = [int(at[cut])]
    return found


def ruptures_search(model: str, penalty: float) -> Callable[[pd.DataFrame], Found]:
    def search(panel: pd.DataFrame) -> Found:
        import ruptures

        found: Found = {}
        for row, at, log in series(panel):
            scaled = log / max(np.median(np.abs(np.diff(log))), 1e-6)
            cuts = ruptures.Pelt(model=model, min_size=3, jump=1).fit(scaled).predict(pen=penalty)[:-1]
            if cuts:
                found[row] = [int(at[cut]) for cut in cuts]
        return found

    return search


def rbeast(panel: pd.DataFrame) -> Found:
    """Trend change points with a probability of at least one half; gaps are filled by a line (it aborts on them)."""
    import Rbeast

    found: Found = {}
    for row, at, _ in series(panel):
        months = np.arange(at[0], panel.shape[1])
        if len(months) < 30:
            continue
        log = np.interp(months, at, np.log(panel.to_numpy(dtype=float)[row, at]))
        out = Rbeast.beast(
            log, start=0, deltat=1, period=12, season="harmonic", tcp_minmax=[0, 3], scp_minmax=[0, 0],
            torder_minmax=[0, 1], print_progress=False, print_options=False, quiet=True,
        )  # fmt: skip
        place, chance = np.ravel(out.trend.cp), np.ravel(out.trend.cpPr)
        sure = np.isfinite(place) & (chance >= 0.5)
        if sure.any():
            found[row] = [int(at[0] + p) for p in place[sure]]
    return found


def strucchange(panel: pd.DataFrame) -> Found:
    """Breakpoints by BIC of a constant level, at least six months a piece."""
    with tempfile.TemporaryDirectory() as folder:
        lines = [f"{row};{','.join(f'{v:.8g}' for v in log)}" for row, _, log in series(panel)]
        (Path(folder) / "in.txt").write_text("\n".join(lines))
        code = (
            "suppressMessages(library(strucchange)); for (l in readLines('in.txt')) { p <- strsplit(l, ';')[[1]];"
            "y <- as.numeric(strsplit(p[2], ',')[[1]]); b <- breakpoints(y ~ 1, h=6)$breakpoints;"
            "if (!is.na(b[1])) cat(p[1], b, '\\n') }"
        )
        out = subprocess.run(["Rscript", "-e", code], cwd=folder, capture_output=True, text=True, check=True).stdout
    places = {row: at for row, at, _ in series(panel)}
    cuts = [[int(word) for word in line.split()] for line in out.splitlines()]
    return {row: [int(places[row][cut]) for cut in rest] for row, *rest in cuts}


def scores(found: Found, truth: pd.DataFrame, panel: pd.DataFrame) -> dict[str, float]:
    """Micro F1 at two months and at one, share of break-free clients with an alarm."""
    columns = {str(month): place for place, month in enumerate(panel.columns)}
    rows = panel.index.get_indexer(pd.Index(truth["client"]))
    real: Found = {}
    for row, month in zip(rows, truth["break_month"]):
        real.setdefault(int(row), []).append(columns[month])
    out: dict[str, float] = {}
    reported, existing = sum(map(len, found.values())), len(truth)
    for margin in (MARGIN, 1):
        hits = 0
        for row, months in real.items():
            free = list(found.get(row, []))
            for month in sorted(months):
                near = [f for f in free if abs(f - month) <= margin]
                if near:
                    free.remove(min(near, key=lambda f: abs(f - month)))
                    hits += 1
        out[f"F1@{margin}"] = 2 * hits / max(reported + existing, 1)
    quiet = len(panel) - len(real)
    out["false"] = len(set(found) - set(real)) / max(quiet, 1)
    return out


METHODS: dict[str, tuple[str, list[Callable[[pd.DataFrame], Found]]]] = {  # what it needs, its settings
    "loyalty_analytics": ("", [ours]),
    "ruptures l2": ("ruptures", [ruptures_search("l2", pen) for pen in (15.0, 30.0, 60.0, 120.0)]),
    "ruptures rbf": ("ruptures", [ruptures_search("rbf", pen) for pen in (2.0, 4.0, 6.0, 9.0)]),
    "Rbeast": ("Rbeast", [rbeast]),
    "statsmodels CUSUM": ("statsmodels", [statsmodels_cusum]),
    "strucchange (R)": ("R", [strucchange]),
    "last quarter 20 % down": ("", [naive]),
}


def measured(method: str, name: str, seed: int, clients: int) -> dict[str, float]:
    """Scores and costs of a method on a world and its quiet twin, with the setting that is best on the answers."""
    panel, truth, _ = world(name, seed, clients)
    quiet, _, _ = world(name, seed, clients, quiet=True)
    best: dict[str, float] = {}
    for setting in METHODS[method][1]:
        few = panel if method == "loyalty_analytics" else panel.iloc[:10]
        cost = apart(partial(setting, panel), warm=partial(setting, few))
        got = scores(cost.value, truth, panel) | {"ms a client": 1000 * cost.cpu / clients, "MB added": cost.mb}
        if got["F1@2"] >= best.get("F1@2", -1):
            best = got | {"quiet twin": len(setting(quiet)) / clients}
    return best


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--clients", type=int, default=300)
    options.add_argument("--worlds", default="ledger,heavy_tails,walks,closures")
    options.add_argument("--seeds", default="1")
    options.add_argument("--skip", default="", help="methods to leave out, by first word")
    given = options.parse_args()
    skip = given.skip.split(",")
    places = [(name, int(seed)) for name in given.worlds.split(",") for seed in given.seeds.split(",")]
    rows: list[dict[str, object]] = []
    for method, (needs, _) in METHODS.items():
        reason = lacking_in_r("strucchange") if needs == "R" else lacking(needs)
        if method.split()[0] in skip or reason:
            rows.append({"method": method, "remark": reason or "left out by --skip"})
            continue
        runs = pd.DataFrame([measured(method, *place, given.clients) for place in places])
        rows.append({"method": method, **{str(name): float(value) for name, value in runs.mean().items()}})
    show(
        f"Breaks in {len(places)} worlds of {given.clients} clients and {MONTHS} months ({given.worlds})",
        ratios(rows, "ms a client", "times the CPU"),
        "F1@2: micro F1 of break months found within two months. False: share of break-free clients with an alarm, "
        "beside others that break and (quiet twin) where nobody does. The penalty of ruptures is the best on the "
        "answers of each world. Every peer sees log volume less the client's month-of-year means. Memory of R is not "
        "counted.",
    )
    panel, _, _ = world("ledger", 1, 1000)
    cost = apart(partial(ours, panel), warm=partial(ours, panel))
    print(f"A call of 1,000 clients: {cost.cpu:.1f} ms of CPU a client.")


if __name__ == "__main__":
    main()
