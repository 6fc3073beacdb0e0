"""Entry point of the papermill engine `loyalty`, see `forked`.

papermill loads its engines while it is itself being imported. So this module imports nothing of it
at the top, and the class is looked up when asked for.
"""

from __future__ import annotations

import os
from typing import Any

__all__ = ["LoyaltyEngine", "can_fork"]  # noqa: F822 - the class comes through __getattr__


def can_fork() -> bool:
    """Whether this machine can copy a running process."""
    return hasattr(os, "fork") and os.environ.get("LOYALTY_FORK", "1") != "0"


def __getattr__(name: str) -> Any:
    if name == "LoyaltyEngine":
        import papermill.engines  # noqa: F401 - first, whoever asks

        from .forked import LoyaltyEngine

        return LoyaltyEngine
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
