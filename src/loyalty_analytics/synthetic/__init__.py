"""Invented worlds with known truth: the demo clients of the package and worlds for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ..errors import ParamsError
from .clinic import clinic
from .clinic_files import write_clinic
from .radio import radio
from .radio_files import write_radio
from .world import World

__all__ = ["World", "clinic", "radio", "write_demo"]


def write_demo(root: str | Path = ".", into: str | Path | None = None) -> None:
    """Write the demo clients' raw files under data/raw and their truth under tests/demo.

    Parameters
    ----------
    root : path
        Folder that holds params/, whose maps of columns the files follow.
    into : path, optional
        Another folder to write to.

    Raises
    ------
    ParamsError
        Where ``root`` holds no params of the demo clients.
    """
    target = Path(into or root)
    for world, write in ((radio(), write_radio), (clinic(), write_clinic)):
        write(world, _sources(Path(root), world.name), target / "data" / "raw" / world.name)
        _truth(world, target)


def _sources(root: Path, client: str) -> dict[str, Any]:
    file = root / "params" / f"{client}.yaml"
    if not file.is_file():
        raise ParamsError(f"There is no params/{client}.yaml here.", "Run this in the root of the project.")
    return dict(yaml.safe_load(file.read_text(encoding="utf-8"))["sources"])


def _truth(world: World, target: Path) -> None:
    folder = target / "tests" / "demo" / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in world.truth.items():
        text = table.to_csv(index=False, lineterminator="\n")
        (folder / f"{world.name}_{name}.csv").write_text(text, encoding="utf-8", newline="\n")
