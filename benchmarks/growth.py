"""How cost grows: CPU seconds at several sizes and the slope of their logarithms (1 = in proportion, 2 = squared).

    python -m benchmarks.growth          # small sizes
    python -m benchmarks.growth --full   # up to 100,000 clients, 1,000,000 texts, 50 million transactions

Each size runs in a process of its own, warmed by the smallest one, so that imports and caches are not counted. The
report line is measured by clients and by notebooks of two cells, children included.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from benchmarks import scale
from benchmarks._table import apart, show, spent

MONTH = "2024-12"
SENTENCES = (
    "Менеджер не перезванивает, дозвониться невозможно", "Цены выросли, а скидку убрали", "Всё хорошо, спасибо",
    "Доставка опоздала на два дня", "Реклама вышла не в то время", "Документы присылают с ошибками",
)  # fmt: skip


def panel_of(clients: int, folder: Path) -> pd.DataFrame:
    """The monthly panel of a world of twenty orders per client."""
    import loyalty_analytics as la

    file = folder / f"clients_{clients}.parquet"
    if not file.exists():
        scale.CLIENT_ORDERS = 20
        scale.generate(file, clients * 20, 1)
    return la.monthly_panel(file, MONTH).table


def by_clients(name: str) -> Callable[[int, Path], Callable[[], object]]:
    """An engine on the panel of so many clients."""

    def make(size: int, folder: Path) -> Callable[[], object]:
        import loyalty_analytics as la

        panel = panel_of(size, folder)
        return lambda: getattr(la, name)(panel, MONTH)

    return make


def panel(size: int, folder: Path) -> Callable[[], object]:
    """The panel from Parquet, by transactions."""
    import loyalty_analytics as la

    file = folder / f"rows_{size}.parquet"
    if not file.exists():
        scale.CLIENT_ORDERS = 200
        scale.generate(file, size, 1)
    return lambda: la.monthly_panel(file, MONTH)


def tags(size: int, folder: Path) -> Callable[[], object]:
    """Causes in texts that are all different."""
    import loyalty_analytics as la

    texts = [f"{SENTENCES[number % len(SENTENCES)]}, заказ {number}" for number in range(size)]
    frame = pd.DataFrame({"feedback_id": np.arange(size).astype(str), "text": texts})
    return lambda: la.tag_causes(frame)


def survey(size: int, folder: Path) -> Callable[[], object]:
    """The score with its interval, by answers."""
    import loyalty_analytics as la

    draw = np.random.default_rng(size)
    answers = pd.DataFrame({"client_id": np.arange(size), "score": draw.integers(0, 11, size).astype(float)})
    return lambda: la.nps(answers, population=2 * size)


def visits(size: int, folder: Path) -> Callable[[], object]:
    """The plan of a quarter, by clients; a manager serves forty, a head visits four hundred."""
    import loyalty_analytics as la

    numbers = np.arange(size)
    clients = pd.DataFrame({
        "client_id": numbers.astype(str), "manager_id": [f"M{number // 40}" for number in numbers],
        "is_anchor": numbers % 10 == 0,
    })  # fmt: skip
    held = pd.to_datetime("2024-07-01") + pd.to_timedelta(numbers % 180, unit="D")
    meetings = pd.DataFrame({
        "meeting_id": numbers.astype(str), "client_id": numbers.astype(str), "held_at": held, "format": "meeting",
        "purpose": "quarterly", "status": "held", "manager_id": clients["manager_id"], "planned_at": held,
    })  # fmt: skip
    return lambda: la.plan_visits(clients, meetings, MONTH)


def alike(size: int, folder: Path) -> Callable[[], object]:
    """Pairs of alike names, by clients: names of syllables, one in fifty a misspelling of another."""
    from loyalty_analytics.sources.match import candidates

    draw = np.random.default_rng(size)
    syllables = [first + second for first in "бвгдклмнпрст" for second in "аеиоу"]
    endings = ("строй", "торг", "сервис", "групп", "медиа", "")
    names: list[str] = []
    for place in range(size):
        name = "".join(draw.choice(syllables, draw.integers(2, 6))) + endings[draw.integers(len(endings))]
        if place and draw.random() < 0.02:
            name = names[draw.integers(place)][:-1] + "ь"
        names.append(name)
    clients = pd.DataFrame({"client_id": np.arange(size).astype(str), "client_name": names})
    return lambda: len(candidates(clients))


SUBJECTS: dict[str, tuple[Callable[[int, Path], Callable[[], object]], list[int], list[int]]] = {
    "panel, by transactions": (panel, [200_000, 1_000_000], [1_000_000, 10_000_000, 50_000_000]),
    "lifecycle, by clients": (by_clients("lifecycle"), [1_000, 4_000], [10_000, 30_000, 100_000]),
    "kinds, by clients": (by_clients("client_kinds"), [1_000, 4_000], [10_000, 30_000, 100_000]),
    "breaks, by clients": (by_clients("find_breaks"), [1_000, 4_000], [10_000, 30_000, 100_000]),
    "rfm, by clients": (by_clients("rfm"), [1_000, 4_000], [10_000, 30_000, 100_000]),
    "causes, by texts": (tags, [1_000, 4_000], [10_000, 100_000, 1_000_000]),
    "score, by answers": (survey, [10_000, 100_000], [10_000, 100_000, 1_000_000]),
    "alike names, by clients": (alike, [3_000, 10_000], [10_000, 30_000, 100_000]),
    "plan of visits, by clients": (visits, [200, 800], [500, 2_000, 10_000]),
}


def slope(sizes: list[int], seconds: list[float]) -> float:
    """Slope of the logarithm of cost on that of size."""
    return float(np.polyfit(np.log(sizes), np.log(np.maximum(seconds, 1e-4)), 1)[0])


def curve(name: str, sizes: list[int], cost: Callable[[int], tuple[float, float]]) -> dict[str, Any]:
    """One row: the cost of each size, its slope, the memory of the largest."""
    costs = [cost(size) for size in sizes]
    listed = ", ".join(f"{size:,}: {cpu:.3g} s" for size, (cpu, _) in zip(sizes, costs))
    return {"subject": name, "CPU seconds": listed, "slope": round(slope(sizes, [cpu for cpu, _ in costs]), 2),
            "MB of the largest": costs[-1][1]}  # fmt: skip


def engine(name: str, sizes: list[int], folder: Path) -> dict[str, Any]:
    """The curve of an engine."""
    make = SUBJECTS[name][0]

    def cost(size: int) -> tuple[float, float]:
        made: list[Callable[[], object]] = []

        def warm() -> None:
            make(min(sizes), folder)()
            made.append(make(size, folder))

        found = apart(lambda: made[0]() and None, warm)
        return found.cpu, found.mb

    return curve(name, sizes, cost)


def report_line(by: str, sizes: list[int], folder: Path) -> dict[str, Any]:
    """The report line on small clients, by clients or by notebooks."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "report"))
    import conftest as kit  # type: ignore[import-not-found]

    loyalty = str(Path(sys.executable).parent / "loyalty")
    env = dict(os.environ, OMP_NUM_THREADS="1")

    def cost(size: int) -> tuple[float, float]:
        root = folder / f"{by}_{size}"
        clients, notebooks = (size, 2) if by == "clients" else (2, size)
        for number in range(clients):
            kit.write_client(root, f"c{number:03d}")
        for number in range(1, notebooks + 1):
            kit.write_notebook(root / "notebooks" / f"{number:02d}_bench.ipynb", kit.BRIEF)
        command = [loyalty, "report", "--all", "--month", "2026-10", "--jobs", "2", "--root", str(root)]
        found = spent(command, root, env)
        return found.cpu, found.mb

    return curve(f"report line, by {by}", sizes, cost)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--full", action="store_true", help="large sizes: some minutes, 2 GB of memory and of disk")
    parser.add_argument("--only", nargs="*", default=[*SUBJECTS, "report line"])
    given = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="loyalty-growth-") as name:
        folder = Path(name)
        for subject, (_, few, many) in SUBJECTS.items():
            if any(subject.startswith(wanted) for wanted in given.only):
                rows.append(engine(subject, many if given.full else few, folder))
        if any("report line".startswith(wanted) for wanted in given.only):
            rows.append(report_line("clients", [5, 20, 80] if given.full else [2, 6], folder))
            rows.append(report_line("notebooks", [2, 8, 20] if given.full else [2, 6], folder))
    show("How cost grows", rows)


if __name__ == "__main__":
    main()
