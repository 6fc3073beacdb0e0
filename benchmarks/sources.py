"""Reading: a million rows of CSV in cp1251 with decimal commas, beside plain pandas.read_csv of the same file.

    python -m benchmarks.sources [rows]

Each reader runs in a process of its own, several times; the best time counts. pandas neither types dates nor checks
anything; the second line of pandas reads dates and keeps codes as texts, as `read_source` does.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from benchmarks._table import ratios, show

REPEATS = 5
_PANDAS = "import pandas as pd; d = pd.read_csv(path, sep=';', encoding='cp1251', decimal=','"
READERS = {
    "pandas.read_csv, plain": f"{_PANDAS})",
    "pandas.read_csv, dates and codes": (
        f"{_PANDAS}, parse_dates=['Дата'], dayfirst=True, dtype={{'Код клиента': str}})"
    ),
    "la.read_source": "d = la.read_source(path).table",
}
_RUN = """
import json, re, sys, time
path = sys.argv[1]
import pandas as pd, pyarrow, pyarrow.compute, pyarrow.csv
import loyalty_analytics as la
la.read_source
wall, cpu = time.perf_counter(), time.process_time()
{code}
spent = time.perf_counter() - wall, time.process_time() - cpu
peak = int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
print(json.dumps([len(d), *spent, peak / 1024]))
"""


def write(path: Path, rows: int, seed: int = 1) -> None:
    """Deals as 1C exports them."""
    dice = np.random.default_rng(seed)
    client = dice.integers(0, 5000, rows)
    names = np.array([f"ООО «Ромашка-{number}»" for number in range(5000)])
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(dice.integers(0, 1400, rows), unit="D")
    amounts = np.round(dice.gamma(2, 20_000, rows), 2)
    pd.DataFrame(
        {
            "Номер": [f"З-{number:07d}" for number in range(rows)],
            "Дата": days.strftime("%d.%m.%Y"),
            "Код клиента": [f"{number:05d}" for number in client],
            "Клиент": names[client],
            "Сумма, руб": [f"{amount:.2f}".replace(".", ",") for amount in amounts],
            "Количество": dice.integers(1, 50, rows),
            "Менеджер": np.array(["Иванова", "Петров", "Сидоров"])[dice.integers(0, 3, rows)],
            "Статус": np.where(dice.random(rows) < 0.9, "Оплачен", "Отгружен"),
        }
    ).to_csv(path, sep=";", index=False, encoding="cp1251")


def main(rows: int) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "deals.csv"
        write(path, rows)
        made: list[dict[str, object]] = []
        for name, code in READERS.items():
            runs = []
            for _ in range(REPEATS):
                command = [sys.executable, "-c", _RUN.format(code=code), str(path)]
                runs.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout))
            count, wall, cpu, memory = (min(run[place] for run in runs) for place in range(4))
            made.append({"reader": name, "wall s": wall, "CPU s": cpu, "million rows a CPU second": count / cpu / 1e6,
                         "peak MB": memory})  # fmt: skip
        show(
            f"Reading {rows:,} rows of CSV in cp1251, {path.stat().st_size / 1e6:.0f} MB, best of {REPEATS}",
            ratios(made, "CPU s", "times plain pandas"),
            "pandas neither types dates nor checks anything; its second line reads dates and keeps codes as texts.",
        )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
