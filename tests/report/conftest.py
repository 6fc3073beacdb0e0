"""A small project of its own for each test: clients, raw files, notebooks; built and run like the real one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

PARAMETERS = 'client = "alpha"\nmonth = "2026-10"\nlanguage = "ru"'

BRIEF = [
    "import loyalty_analytics as la\nfrom loyalty_analytics.exhibits import base, table",
    "data = la.load(client, month=month)\ntotals = data.panel.groupby('month', as_index=False)['revenue'].sum()",
    (
        "base.Front(client=client, title='Отчёт', month=month, language=language,\n"
        "    passport=str(len(data.transactions)),\n"
        "    summary=f'Объём {totals.revenue.iloc[-1]:.0f}.', tiles=(base.Tile(value='1', label='один'),))"
    ),
    "def bars(ax, narrow):\n    ax.bar(range(len(totals)), totals.revenue, color='#334e68')",
    (
        "base.Exhibit(name='volume', title='Объём по месяцам', subtitle='руб., n = 3', language=language,\n"
        "    alt='Объём по месяцам, последний ' + str(totals.revenue.iloc[-1]), draw=base.drawn(bars, height=200),\n"
        "    table=table.Table(frame=totals, columns=[table.Column(key='month', label='Месяц', kind='month'),\n"
        "        table.Column(key='revenue', label='Объём', kind='money', bar=True)]), note='Источник: сделки')"
    ),
]
TABLES = [
    "import loyalty_analytics as la",
    "data = la.load(client, month=month)",
    "data.panel.head(3)",
    "la.monthly_panel(data.transactions)",
]

YAML = """client: {client}
title: {{ru: Клиент {client}, en: Client {client}}}
language: ru
sources:
  transactions:
    files: [deals.csv]
    columns: {{transaction_id: n, client_id: code, date: day, amount: sum}}
"""


def cell(source: str, kind: str = "code", tags: Sequence[str] = ()) -> dict[str, Any]:
    """One cell of a notebook as JSON."""
    made: dict[str, Any] = {"cell_type": kind, "metadata": {"tags": list(tags)} if tags else {}, "source": source}
    if kind == "code":
        made |= {"outputs": [], "execution_count": None}
    return made


def write_notebook(path: Path, sources: Sequence[str | dict[str, Any]], parameters: str = PARAMETERS) -> Path:
    """A notebook of a parameters cell and further cells."""
    cells = [cell(parameters, tags=["parameters"])]
    cells += [source if isinstance(source, dict) else cell(source) for source in sources]
    for number, one in enumerate(cells):
        one["id"] = f"c{number}"
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}), "utf-8")
    return path


def write_client(root: Path, client: str, bonus: int = 0) -> None:
    """A client with three buyers in August to October 2026."""
    (root / "params").mkdir(parents=True, exist_ok=True)
    (root / "params" / f"{client}.yaml").write_text(YAML.format(client=client), "utf-8")
    lines = ["n;code;day;sum"]
    for number in range(30):
        lines.append(
            f"{number};R{number % 3};{number % 27 + 1:02d}.{8 + number % 3:02d}.2026;{1000 + 10 * number + bonus}"
        )
    raw = root / "data" / "raw" / client
    raw.mkdir(parents=True, exist_ok=True)
    (raw / "deals.csv").write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def make_root(tmp_path: Path) -> Callable[..., Path]:
    """Factory of projects."""

    def make(
        clients: Sequence[str] = ("alpha",), notebooks: Mapping[str, Sequence[str]] | None = None, name: str = "home"
    ) -> Path:
        root = tmp_path / name
        for client in clients:
            write_client(root, client)
        books = {"01_brief": BRIEF, "02_segments": TABLES} if notebooks is None else notebooks
        for book, sources in books.items():
            write_notebook(root / "notebooks" / f"{book}.ipynb", sources)
        return root

    return make


@pytest.fixture
def options() -> Callable[..., Any]:
    """Options of a run in a project."""
    from loyalty_analytics.report.run import Options

    def make(root: Path, **changes: Any) -> Options:
        given = {"root": root, "out": root / "reports", "logs": root / "logs", "jobs": 2, "quiet": True, **changes}
        return Options(**given)

    return make


def loyalty(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")} | environment
    return subprocess.run(
        [sys.executable, "-m", "loyalty_analytics.cli", *arguments], cwd=cwd, env=env, capture_output=True, text=True
    )


@pytest.fixture(name="loyalty")
def _loyalty() -> Callable[..., subprocess.CompletedProcess[str]]:
    return loyalty


@pytest.fixture(scope="session")
def kit() -> Any:
    """The helpers of this file, for tests that write their own notebooks."""
    return sys.modules[__name__]


def snapshot(folder: Path) -> dict[str, bytes]:
    """All files under a folder with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """A headless Chromium; tests that need it are skipped where it or playwright is absent."""
    from loyalty_analytics.report.printing import find_browser

    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = find_browser()
    if path is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()
