"""`loyalty demo`: the two shipped clients, their last month, both languages, five dossiers."""

from __future__ import annotations

import dataclasses
from typing import Any

from .run import Options, Outcome, run
from .shipped import DEMO_CLIENTS, add_demo

__all__ = ["run_demo"]


def run_demo(options: Options) -> Outcome:
    """Build all reports of the demo clients."""
    total = Outcome()
    for client in add_demo(options.root):
        _add(total, run([client], [], options, pick=DEMO_CLIENTS[client]))
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
