"""The notebooks of the report line: which there are and whether their parameters are the agreed ones."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import LoyaltyError, ParamsError, nearest
from ..words import LANGUAGES
from .shipped import shipped

__all__ = ["DOSSIER", "PARAMETERS", "check_values", "digest", "discover", "inspect", "read"]

PARAMETERS = ("client", "month", "language")
DOSSIER = "07_client"
_NAME = re.compile(r"(\d\d)_[a-z0-9_]+\Z")
_NOT_MONTHLY = ("00", "07")


def folder(root: Path) -> Path:
    """Where the notebooks lie: in the project, or those of the package where the project has none."""
    for place in (root / "notebooks", shipped() / "notebooks"):
        if place.is_dir():
            return place
    raise LoyaltyError(f"No folder notebooks/ in {root.name or root}.", "Run from the project's root or pass --root.")


def discover(root: Path) -> dict[str, Path]:
    """Notebooks of the monthly set by name, in order: NN_name.ipynb without 00 and 07."""
    found = {path.stem: path for path in sorted(folder(root).glob("*.ipynb")) if _NAME.match(path.stem)}
    return {name: path for name, path in found.items() if name[:2] not in _NOT_MONTHLY}


def dossier(root: Path) -> Path:
    """The notebook of one client."""
    path = folder(root) / f"{DOSSIER}.ipynb"
    if not path.is_file():
        raise LoyaltyError(f"No notebook {DOSSIER}.ipynb in notebooks/.", "Add it or take another copy of the project.")
    return path


def read(path: Path) -> dict[str, Any]:
    """A notebook as plain JSON."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        assert isinstance(cells, list)
    except (ValueError, KeyError, TypeError, AssertionError):
        raise LoyaltyError(f"{path.name} is not a notebook.", "Open and save it in JupyterLab.") from None
    return notebook


def source(cell: Mapping[str, Any]) -> str:
    """Text of a cell, which files hold as one string or as lines."""
    text = cell.get("source", "")
    return text if isinstance(text, str) else "".join(text)


def digest(path: Path) -> str:
    """Hash of what a notebook does: its cells without outputs, counters and ids."""
    cells = [
        [cell.get("cell_type"), source(cell), sorted(cell.get("metadata", {}).get("tags", [])),
         cell.get("metadata", {}).get("alt", "")]
        for cell in read(path)["cells"]
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode()).hexdigest()


def inspect(path: Path) -> None:
    """Refuse a notebook whose parameters are not exactly the agreed ones.

    Raises
    ------
    ParamsError
        No cell or several cells tagged `parameters`, other names, other types than text.
    """
    wanted = (*PARAMETERS, "client_id") if path.stem == DOSSIER else PARAMETERS
    tagged = [cell for cell in read(path)["cells"] if "parameters" in cell.get("metadata", {}).get("tags", [])]
    if len(tagged) != 1:
        raise ParamsError(
            f"{path.name} has {len(tagged)} cells tagged 'parameters'.", "Tag exactly one, in JupyterLab's right bar."
        )
    try:
        lines = ast.parse(source(tagged[0])).body
    except SyntaxError as fault:
        raise ParamsError(f"{path.name}: the parameters cell is not Python ({fault.msg}).", "Repair it.") from None
    names: list[str] = []
    for line in lines:
        if not (isinstance(line, ast.Assign) and len(line.targets) == 1 and isinstance(line.targets[0], ast.Name)):
            raise ParamsError(f"{path.name}: the parameters cell holds more than assignments.", "Move the rest down.")
        name = line.targets[0].id
        if name not in wanted:
            raise ParamsError(f"{path.name}: unknown parameter {name!r}.", nearest(name, wanted))
        # client_id may be a number in a client's own data; the month may be None (the last one)
        plain = isinstance(line.value, ast.Constant) and isinstance(line.value.value, str | int | None)
        if not plain or (name in ("client", "language") and not isinstance(line.value.value, str)):  # type: ignore[attr-defined]
            raise ParamsError(f"{path.name}: parameter {name!r} must be text in quotes.", f"Write {name} = '…'.")
        names.append(name)
    if missing := [name for name in wanted if name not in names]:
        raise ParamsError(f"{path.name} lacks the parameter {missing[0]!r}.", f"It takes {', '.join(wanted)}.")


def check_values(month: str, language: str) -> None:
    """Refuse a month or a language that no report has.

    >>> check_values("2026-13", "ru")
    Traceback (most recent call last):
    loyalty_analytics.errors.ParamsError: '2026-13' is no month. Write it as '2026-10'.
    """
    if not re.fullmatch(r"(19|20|21)\d\d-(0[1-9]|1[0-2])", month):
        raise ParamsError(f"{month!r} is no month.", "Write it as '2026-10'.")
    if language not in LANGUAGES:
        raise ParamsError(f"{language!r} is no language of the reports.", nearest(language, LANGUAGES))


def _check_files(paths: list[str]) -> int:
    """For pre-commit: agreed parameters, no outputs, no counters."""
    faults = 0
    for path in map(Path, paths):
        cells = read(path)["cells"]
        dirty = [number for number, cell in enumerate(cells, 1) if cell.get("outputs") or cell.get("execution_count")]
        try:
            inspect(path)
        except ParamsError as fault:
            print(fault)
            faults += 1
        if dirty:
            print(f"{path.name}: cells {dirty} hold outputs. Clear them in JupyterLab (Edit, Clear All Outputs).")
            faults += 1
    return faults


if __name__ == "__main__":
    import sys

    sys.exit(bool(_check_files(sys.argv[1:])))
