"""What may go wrong, said so that the reader knows what to do."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["DataError", "LoyaltyError", "MissingTable", "ParamsError", "SourceError", "nearest"]


class LoyaltyError(Exception):
    """Base of all errors that a user can cure.

    Parameters
    ----------
    problem : str
        What is wrong: the name, the value got, what is allowed.
    cure : str
        What to do about it.

    Examples
    --------
    >>> str(LoyaltyError("No folder data/raw/radio.", "Put the client's files there."))
    "No folder data/raw/radio. Put the client's files there."
    """

    def __init__(self, problem: str, cure: str = "") -> None:
        self.problem = problem
        self.cure = cure
        super().__init__(f"{problem} {cure}".strip())

    def _render_traceback_(self) -> list[str]:
        # Jupyter shows these lines in place of the stack: the advice is what the analyst needs.
        lines = [f"{type(self).__name__}: {self.problem}"]
        return [f"→ {self.cure}", *lines] if self.cure else lines


class ParamsError(LoyaltyError):
    """A key or value in params/<client>.yaml or a parameter of a notebook is wrong."""


class DataError(LoyaltyError, ValueError):
    """A table given to a function lacks a column or holds what it cannot hold."""


class MissingTable(LoyaltyError):
    """An analysis needs a table that this client does not have.

    ``tables`` names the canonical tables that would make it possible.
    """

    def __init__(self, *tables: str, purpose: str = "This analysis") -> None:
        self.tables = tables
        names = ", ".join(tables)
        super().__init__(f"{purpose} needs the table {names}.", f"Map a file to it under sources: {names}.")


class SourceError(LoyaltyError):
    """A raw file cannot be read without guessing.

    Parameters
    ----------
    problem, cure : str
    file : str
        Name of the file (no folder of the machine).
    row : int or None
        Line of the file, counted from 1 with the header, as a text editor or Excel shows it.
    column : str or None
    """

    def __init__(
        self, problem: str, cure: str = "", *, file: str = "", row: int | None = None, column: str | None = None
    ) -> None:
        self.file, self.row, self.column = file, row, column
        place = ", ".join(
            part for part in (file, f"row {row}" if row else "", f"column {column!r}" if column else "") if part
        )
        super().__init__(f"{place}: {problem}" if place else problem, cure)


def nearest(name: str, allowed: Iterable[str]) -> str:
    """A hint «did you mean …» for a misspelt name, or the list of what is allowed.

    >>> nearest("capasity", ["capacity", "mode"])
    "Did you mean 'capacity'?"
    >>> nearest("zzz", ["capacity", "mode"])
    'Allowed: capacity, mode.'
    """
    names = sorted(allowed)
    close = get_close_matches(name, names, n=1, cutoff=0.6)
    return f"Did you mean {close[0]!r}?" if close else f"Allowed: {', '.join(names)}."
