"""What an analysis returns and how Jupyter shows it."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol

import pandas as pd

from . import words
from .months import AsOf
from .shown import block, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Note", "Readable", "Result", "as_table", "no_rows"]

_ROWS_SHOWN = 15


@dataclass(frozen=True)
class Note:
    """A sentence that says what the numbers mean or cannot say: a key of `words` and its values."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def text(self, language: str = "en") -> str:
        """The sentence in a language; its numbers are written as the language writes them.

        >>> Note("acquisition.products", {"mean": 1.5, "clients": 1200}).text("ru").replace(chr(160), " ")
        'Товаров на клиента: 1,5; клиентов: 1 200.'
        """
        spoken = {name: _Spoken.of(value, language) for name, value in self.values.items()}
        return words.say(self.key, language, **spoken)


class _Spoken(float):
    """A number of a note that formats itself as its language does: ``{nps:.0f}``, ``{share:.0%}``, ``{mean}``."""

    language = "en"

    @classmethod
    def of(cls, value: Any, language: str) -> Any:
        """The value, wrapped where it is a number."""
        if isinstance(value, bool) or not isinstance(value, Real):
            return value
        wrapped = cls(value)
        wrapped.language = language
        return wrapped

    def __format__(self, spec: str) -> str:
        digits = spec.rstrip("%f").partition(".")[2]
        if spec.endswith("%"):
            return words.percent(self, self.language, int(digits or 0), "+" in spec)
        few = 0 if self.is_integer() or abs(self) >= 100 else 1 if round(self, 1) == round(self, 2) else 2
        return words.number(self, self.language, int(digits) if digits else few, "+" in spec)


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
        """Draw the result, plainly where it has no picture of its own, and return the matplotlib Axes."""
        from .plots import plain, theme

        ax = self.draw(self, **options) if self.draw is not None else plain.plain(self.frame, **options)
        return ax if options.get("ax") is not None else theme.known_to_pyplot(ax)

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        return "\n".join([*(note.text() for note in self.notes[:1]), repr(self.frame)])

    def _repr_html_(self) -> str:
        lead = "".join(f"<p><strong>{html.escape(note.text())}</strong></p>" for note in self.notes[:1])
        rest = "".join(f'<p class="note">{html.escape(note.text())}</p>' for note in self.notes[1:])
        left = len(self.frame) - _ROWS_SHOWN
        more = f'<p class="note">… {left} more rows in .table</p>' if left > 0 else ""
        return block(f"{lead}{rows(self.frame.head(_ROWS_SHOWN))}{more}{rest}")


class Readable(Protocol):
    """A table that is read when it is asked for: `orders.Orders`."""

    def read(self) -> pd.DataFrame:
        """All of it."""


def as_table(value: Result | Readable | pd.DataFrame | None) -> pd.DataFrame:
    """A result is accepted where a table is; an optional table that was not given is one without rows.

    >>> as_table(pd.DataFrame({"a": [1]})).shape, as_table(None).shape
    ((1, 1), (0, 0))
    """
    if value is None:
        return pd.DataFrame()
    if isinstance(value, Result):
        return value.frame
    read = None if isinstance(value, pd.DataFrame) else getattr(value, "read", None)
    table: Any = value if read is None else read()  # what is no table, its function refuses
    return table


def no_rows(columns: Iterable[str], **kinds: str) -> pd.DataFrame:
    """An empty table: columns of float64, but for those whose dtype is given.

    >>> no_rows(["cause", "share"], cause="str").dtypes.astype(str).tolist()
    ['str', 'float64']
    """
    return pd.DataFrame({name: pd.Series([], dtype=kinds.get(name, "float64")) for name in columns})
