"""`loyalty demo`: the two shipped clients, their last month, both languages, five dossiers."""

from __future__ import annotations

import dataclasses
from typing import Any

from ..errors import LoyaltyError
from . import notebooks
from .run import Options, Outcome, run

__all__ = ["DEMO_CLIENTS", "run_demo"]

# Client -> dossiers. The clinic's visitors are anonymous: nobody there has a dossier.
DEMO_CLIENTS = {"radio": 5, "clinic": 0}


def run_demo(options: Options) -> Outcome:
    """Build all reports of the demo clients."""
    present = [client for client in DEMO_CLIENTS if (options.root / "params" / f"{client}.yaml").is_file()]
    if not present:
        raise LoyaltyError("The demo clients are not in params/.", "Run it in the project's folder.")
    total = Outcome()
    try:
        notebooks.dossier(options.root)
        with_dossiers: dict[str, int] = DEMO_CLIENTS
    except LoyaltyError:
        with_dossiers = dict.fromkeys(DEMO_CLIENTS, 0)
    for client in present:
        done = run([client], [], options, pick=with_dossiers[client])
        _add(total, done)
    return total


def _add(total: Any, part: Any) -> None:
    for field in dataclasses.fields(total):
        value = getattr(part, field.name)
        if isinstance(value, dict):
            getattr(total, field.name).update(value)
        elif isinstance(value, list):
            getattr(total, field.name).extend(value)
        else:
            setattr(total, field.name, getattr(total, field.name) + value)
