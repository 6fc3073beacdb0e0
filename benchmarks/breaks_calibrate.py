"""Writes the table of the break statistic of quiet clients: python -m benchmarks.breaks_calibrate

Quiet clients of several kinds are simulated, most of them ledger clients, and the upper quantiles of the
statistic are kept per class of length and per family of the most likely quiet model. Run again whenever
`kernels`, `model` or `prepare` change.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from loyalty_analytics.breaks import calibration
from loyalty_analytics.breaks.engine import scan
from loyalty_analytics.breaks.kernels import FAMILY

if __package__:  # python -m benchmarks.breaks_calibrate
    from .breaks_worlds import world
else:
    from breaks_worlds import world

KINDS = {  # per family of quiet models
    0: ("ledger", "ledger", "ledger", "heavy_tails", "tariffs"),
    1: ("ledger", "heavy_tails", "trends", "walks", "young", "uneven_noise"),
    2: ("ledger", "contracts", "walks", "walks", "walks"),
}
SHARES = (0.7, 0.5, 0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001)
CLIENTS, SEEDS = 2000, (9001, 9002, 9003, 9004)


def statistics(kind: str, seed: int) -> np.ndarray:
    """Statistic, months used and family of the quiet clients of one panel."""
    panel, _, _ = world(kind, seed, CLIENTS, quiet=True)
    values = panel.to_numpy(dtype=float)
    values = np.where(np.cumsum(np.nan_to_num(values) > 0, axis=1) > 0, values, np.nan)
    found = scan(values, 2020 * 12)
    judged = ~np.isnan(found.statistic)
    family = FAMILY[found.kernel % len(FAMILY)]
    return np.array([found.statistic, found.prepared.used.sum(1), family])[:, judged]


def main() -> None:
    rows = []
    for family, kinds in KINDS.items():
        drawn = [statistics(kind, seed + place) for place, kind in enumerate(kinds) for seed in SEEDS]
        statistic, months, own = np.concatenate(drawn, axis=1)
        for low, high in zip(calibration.CLASSES, [*calibration.CLASSES[1:], 10_000]):
            inside = statistic[(months >= low) & (months < high) & (own == family)]
            shares = [share for share in SHARES if share * len(inside) >= 8]
            rows += [(low, family, share, round(float(np.quantile(inside, 1 - share)), 4)) for share in shares]
            print(low, family, len(inside), rows[-1])
    table = pd.DataFrame(rows, columns=["months", "family", "p_value", "statistic"])
    table.to_csv(Path(calibration.__file__).with_name("quiet_quantiles.csv"), index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
