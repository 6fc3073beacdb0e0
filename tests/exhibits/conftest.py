"""The pages of both demo clients as objects: every notebook's cells, run once, shown in both languages."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path
from typing import Any

import pytest

import loyalty_analytics as la
from loyalty_analytics.exhibits.base import Exhibit, Front

sys.path.insert(0, str(Path(__file__).parent))
MONTH = "2026-10"
Page = list[Exhibit | Front]


def run_cells(notebook: Path, languages: tuple[str, ...], **parameters: Any) -> dict[str, Page]:
    """The exhibits of a notebook. Engines run once; what a cell shows is shown in each language."""
    space: dict[str, Any] = {}
    shown: dict[str, Page] = {language: [] for language in languages}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, str(notebook), "exec"), space)
        if "parameters" in cell["metadata"].get("tags", []):
            space.update(parameters)
        if last is not None:
            code = compile(ast.Expression(last.value), str(notebook), "eval")
            for language in languages:
                item = eval(code, space | {"language": language})
                shown[language] += [item] if isinstance(item, Exhibit | Front) else []
    return shown


@pytest.fixture(scope="session")
def pages(root: Path) -> dict[tuple[str, str, str], Page]:
    """(client, report, language) -> first screen and exhibits."""
    patch, loaded = pytest.MonkeyPatch(), {}

    def load(client: str, month: Any = None) -> Any:
        if client not in loaded:
            loaded[client] = real(client, month=month, root=root)
        return loaded[client]

    real = la.load
    patch.setattr(la, "load", load, raising=False)
    made = {}
    try:
        for notebook in sorted((root / "notebooks").glob("0[1-8]_*.ipynb")):
            for client in ("radio", "clinic"):
                if notebook.stem == "07_client" and client == "clinic":
                    continue
                for language, page in run_cells(notebook, ("ru", "en"), client=client, month=MONTH).items():
                    made[client, notebook.stem, language] = page
    finally:
        patch.undo()
    return made
