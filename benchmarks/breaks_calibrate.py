"""Writes the table of the break statistic of quiet clients: python benchmarks/breaks_calibrate.py

Quiet clients of several kinds are simulated, each with two parts of six of ledger clients, and the
upper quantiles of the statistic are kept per class of length. Run again whenever `kernels`, `model`
or `prepare` change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from breaks_worlds import world

from loyalty_analytics.breaks import calibration
from loyalty_analytics.breaks.engine import scan

KINDS = ("ledger", "ledger", "ledger", "heavy_tails", "tariffs", "trends")
SHARES = (0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
CLIENTS, SEEDS = 2000, (9001, 9002, 9003, 9004)


def statistics(kind: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Statistic and months used of the quiet clients of one panel."""
    panel, _, _ = world(kind, seed, CLIENTS, quiet=True)
    values = panel.to_numpy(dtype=float)
    values = np.where(np.cumsum(np.nan_to_num(values) > 0, axis=1) > 0, values, np.nan)
    found = scan(values, 2020 * 12)
    judged = found.clients["judged"].to_numpy()
    return found.statistic[judged], found.prepared.used.sum(1)[judged]


def main() -> None:
    drawn = [statistics(kind, seed + place) for place, kind in enumerate(KINDS) for seed in SEEDS]
    statistic, months = (np.concatenate(part) for part in zip(*drawn))
    rows = []
    for low, high in zip(calibration.CLASSES, [*calibration.CLASSES[1:], 10_000]):
        inside = statistic[(months >= low) & (months < high)]
        shares = [share for share in SHARES if share * len(inside) >= 8]
        rows += [(low, share, round(float(np.quantile(inside, 1 - share)), 4)) for share in shares]
        print(low, len(inside), rows[-1])
    table = pd.DataFrame(rows, columns=["months", "p_value", "statistic"])
    table.to_csv(Path(calibration.__file__).with_name("quiet_quantiles.csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
