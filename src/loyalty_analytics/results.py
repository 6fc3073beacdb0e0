"""What an analysis returns and how Jupyter shows it."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pandas as pd

from . import words
from .months import AsOf

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Note", "Result", "as_table"]

_ROWS_SHOWN = 15


@dataclass(frozen=True)
class Note:
    """A sentence that says what the numbers mean or cannot say: a key of `words` and its values."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """The sentence in a language."""
        return words.say(self.key, language, **self.values)


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """Plain outcome of an analysis.

    Attributes
    ----------
    frame : pandas.DataFrame
        The rows themselves; read ``table`` unless you promise not to write.
    overview : pandas.DataFrame
        A few rows that sum the table up (cut points, counts, expected false alarms).
    notes : tuple of Note
        Sentences; the first stands above the table in Jupyter.
    options : mapping
        Options the call ran with.
    as_of : AsOf or None
    draw : callable (result, **options) -> Axes, or None

    Examples
    --------
    >>> result = Result(frame=pd.DataFrame({"client_id": ["A"]}))
    >>> result.table
      client_id
    0         A
    """

    frame: pd.DataFrame
    overview: pd.DataFrame = field(default_factory=pd.DataFrame)
    notes: tuple[Note, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    as_of: AsOf | None = None
    draw: Callable[..., Axes] | None = field(default=None, repr=False)

    @property
    def table(self) -> pd.DataFrame:
        """A copy of the rows: what you do to it stays with you."""
        return self.frame.copy()

    def plot(self, **options: Any) -> Axes:
        """Draw the result and return the matplotlib Axes."""
        if self.draw is None:
            raise NotImplementedError("This result has no picture; use .table.")
        return self.draw(self, **options)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return "\n".join([*(note.text() for note in self.notes[:1]), repr(self.frame)])

    def _repr_html_(self) -> str:
        lead = "".join(f"<p><strong>{html.escape(note.text())}</strong></p>" for note in self.notes[:1])
        rest = "".join(f"<p>{html.escape(note.text())}</p>" for note in self.notes[1:])
        shown = self.frame.head(_ROWS_SHOWN).to_html(index=False, border=0, na_rep="–", escape=True)
        left = len(self.frame) - _ROWS_SHOWN
        more = f"<p>… {left} more rows in .table</p>" if left > 0 else ""
        return lead + shown + more + rest


def as_table(value: Result | pd.DataFrame) -> pd.DataFrame:
    """A result is accepted where a table is.

    >>> as_table(pd.DataFrame({"a": [1]})).shape
    (1, 1)
    """
    return value.frame if isinstance(value, Result) else value
