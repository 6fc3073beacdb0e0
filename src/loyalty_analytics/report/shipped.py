"""What comes with the package: the notebooks and the two demo companies.

A wheel carries them in ``loyalty_analytics/shipped``; in a checkout they are the folders of the project itself.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ..errors import LoyaltyError

__all__ = ["DEMO_CLIENTS", "add_demo", "shipped"]

# Client -> dossiers. The clinic's visitors are anonymous: nobody there has a dossier.
DEMO_CLIENTS = {"radio": 5, "clinic": 0}


def shipped() -> Path:
    """The folder that holds notebooks/, params/ and data/raw/ as they were shipped."""
    package = Path(__file__).parents[1]
    return package / "shipped" if (package / "shipped").is_dir() else package.parents[1]


def add_demo(home: Path) -> list[str]:
    """Names of the demo clients of a project; a project without any client gets both first.

    Raises
    ------
    LoyaltyError
        Where the project has clients of its own, among which nobody wants invented ones.
    """
    known = {path.stem for path in (home / "params").glob("*.yaml")}
    present = [client for client in DEMO_CLIENTS if client in known]
    if present:
        return present
    if known:
        raise LoyaltyError("This project has clients of its own.", "Run `loyalty demo` in an empty folder.")
    source = shipped()
    for client in DEMO_CLIENTS:
        if not (source / "params" / f"{client}.yaml").is_file():
            raise LoyaltyError("The demo companies did not come with this installation.", "Install the wheel again.")
        (home / "params").mkdir(parents=True, exist_ok=True)
        shutil.copytree(source / "data" / "raw" / client, home / "data" / "raw" / client, dirs_exist_ok=True)
        shutil.copyfile(source / "params" / f"{client}.yaml", home / "params" / f"{client}.yaml")
    return list(DEMO_CLIENTS)
