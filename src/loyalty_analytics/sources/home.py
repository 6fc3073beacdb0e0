"""Where the project lies."""

from __future__ import annotations

from pathlib import Path

from ..errors import ParamsError

__all__ = ["begin", "find_root"]


def find_root(start: str | Path | None = None) -> Path:
    """The folder that holds params/, found by walking up from ``start`` or the working folder.

    Raises
    ------
    ParamsError
        Where no folder above holds params/.
    """
    here = Path(start or ".").resolve()
    for folder in (here, *here.parents):
        if (folder / "params").is_dir():
            return folder
    raise ParamsError(
        f"No folder params/ in {here.name or here} or above it.",
        "Work inside a project, name its folder as root, or begin one with `loyalty new CLIENT FILES…`.",
    )


def begin(folder: str | Path = ".") -> Path:
    """Make a folder a project: one that holds params/, for `loyalty new` and `loyalty demo` to fill."""
    home = Path(folder).resolve()
    (home / "params").mkdir(parents=True, exist_ok=True)
    return home
