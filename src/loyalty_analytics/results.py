"""What an analysis returns and how Jupyter shows it."""

from __future__ import annotations

import html
import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import wraps
from numbers import Real
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

import pandas as pd

from . import words
from .errors import DataError, nearest
from .months import AsOf
from .shown import block, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Note", "Readable", "Result", "as_table", "no_rows", "takes"]

_ROWS_SHOWN = 15
_DATED = ("panel", "breaks")
_F = TypeVar("_F", bound=Callable[..., Any])


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


def as_table(value: Result | Readable | pd.DataFrame | None, name: str = "", needs: Sequence[str] = ()) -> pd.DataFrame:
    """A result is accepted where a table is; an optional table that was not given is one without rows.

    Stamps with a zone become those of the clock on the wall, months become their first day. A table whose
    columns ``needs`` are there is long: an index of repeated values says nothing and is numbered anew.

    Raises
    ------
    DataError
        What is no table, a column that stands twice or, in a table with rows, one of ``needs`` that is absent.

    Examples
    --------
    >>> as_table(pd.DataFrame({"a": [1]})).shape, as_table(None).shape
    ((1, 1), (0, 0))
    """
    if value is None:
        return pd.DataFrame()
    if isinstance(value, Result):
        table = value.frame
    else:
        read = None if isinstance(value, pd.DataFrame) else getattr(value, "read", None)
        table = cast("pd.DataFrame", value if read is None else read())
    if not isinstance(table, pd.DataFrame):
        raise DataError(f"{_called(name)} is a table, got {type(table).__name__}.", "Give a DataFrame or a result.")
    return _plain(table, name, needs)


def _called(name: str) -> str:
    return name.replace("_", " ").capitalize() or "This argument"


def _plain(table: pd.DataFrame, name: str, needs: Sequence[str]) -> pd.DataFrame:
    if not table.columns.is_unique:
        twice = table.columns[table.columns.duplicated()][0]
        raise DataError(f"{_called(name)}: the column {twice!r} stands twice.", "Rename or drop one of them.")
    absent = [column for column in needs if column not in table.columns]
    if absent and len(table.columns):
        columns = [str(column) for column in table.columns]
        cure = nearest(absent[0], columns) if len(columns) < 8 else f"Rename the column that holds {absent[0]}."
        raise DataError(f"{_called(name)} lack {', '.join(absent)}; columns: {', '.join(columns)}.", cure)
    if needs and not table.index.is_unique:
        table = table.reset_index(drop=True)
    elif any(level is not None and level in table.columns for level in table.index.names):
        table = table.set_axis(table.index.set_names([None] * table.index.nlevels), axis=0)
    if table.attrs:  # pandas compares them when tables are joined, and tables as attributes have no truth value
        table = table.copy(deep=False)
        table.attrs = {}
    blank = [column for column in needs if column.endswith("_id") and column in table and _nobody(table[column])]
    if blank:  # a column of nulls is a number to pandas and cannot be joined to names
        table = table.astype(dict.fromkeys(blank, object))
    moments = [column for column, kind in table.dtypes.items() if _is_odd_moment(kind)]
    if moments:
        table = table.copy(deep=False)
        for column in moments:
            table[column] = _wall_time(table[column])
    return table


def _is_odd_moment(kind: Any) -> bool:
    if isinstance(kind, pd.ArrowDtype):
        import pyarrow as pa

        return pa.types.is_timestamp(kind.pyarrow_dtype) or pa.types.is_date(kind.pyarrow_dtype)
    return isinstance(kind, (pd.DatetimeTZDtype, pd.PeriodDtype))


def _wall_time(column: pd.Series) -> pd.Series:
    """Stamps of any kind as those of the clock on the wall, months as their first day."""
    if isinstance(column.dtype, pd.PeriodDtype):
        return column.dt.to_timestamp()
    if isinstance(column.dtype, pd.ArrowDtype):
        zone = getattr(column.dtype.pyarrow_dtype, "tz", None)
        return (column.dt.tz_localize(None) if zone else column).astype("datetime64[us]")
    return column.dt.tz_localize(None)


def _nobody(ids: pd.Series) -> bool:
    return ids.dtype.kind == "f" and bool(ids.isna().all())


def _same_ids(tables: Mapping[str, pd.DataFrame], column: str = "client_id") -> None:
    """Numbers in one table and texts in another never meet: better to say so than to find nobody."""
    kinds: dict[str, str] = {}
    for name, table in tables.items():
        if column in table and (kind := _kind_of(table[column])):
            kinds.setdefault(kind, name)
    if len(kinds) > 1:
        number, text = _called(kinds["number"]), _called(kinds["text"])
        raise DataError(f"{number} have numbers as {column}, {text.lower()} have texts.",
                        f"Give {column} one type, for example .astype(str).")  # fmt: skip


def _kind_of(ids: pd.Series) -> str:
    if isinstance(ids.dtype, pd.CategoricalDtype):
        ids = ids.cat.categories.to_series()
    if ids.dtype == object:
        known = ids[ids.notna()].iloc[:1]
        return "" if known.empty else "text" if isinstance(known.iloc[0], str) else "number"
    if pd.api.types.is_numeric_dtype(ids.dtype):
        return "" if not len(ids) or bool(ids.isna().all()) else "number"
    return "text" if pd.api.types.is_string_dtype(ids.dtype) and bool(ids.notna().any()) else ""


def takes(**tables: Sequence[str]) -> Callable[[_F], _F]:
    """A public function whose arguments of these names are tables that have these columns (see `as_table`).

    A panel and breaks stay results, so that the function can read their ``as_of``; None and what is read when
    it is asked for stay what they are.

    >>> @takes(clients=["client_id"])
    ... def number(clients=None):
    ...     return 0 if clients is None else len(clients)
    >>> number(), number(pd.DataFrame({"client_id": [7]}))
    (0, 1)
    >>> number(pd.DataFrame({"id": [7]}))
    Traceback (most recent call last):
    loyalty_analytics.errors.DataError: Clients lack client_id; columns: id. Allowed: id.
    """

    def door(function: _F) -> _F:
        signature = inspect.signature(function)

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            given = signature.bind(*args, **kwargs)
            seen = {}
            for name, needs in tables.items():
                value = given.arguments.get(name)
                if value is None or hasattr(value, "read"):
                    continue
                table = seen[name] = as_table(value, name, needs)
                dated = isinstance(value, Result) and name in _DATED
                given.arguments[name] = replace(value, frame=table) if dated else table
            _same_ids(seen)
            return function(*given.args, **given.kwargs)

        return cast("_F", checked)

    return door


def no_rows(columns: Iterable[str], **kinds: str) -> pd.DataFrame:
    """An empty table: columns of float64, but for those whose dtype is given.

    >>> no_rows(["cause", "share"], cause="str").dtypes.astype(str).tolist()
    ['str', 'float64']
    """
    return pd.DataFrame({name: pd.Series([], dtype=kinds.get(name, "float64")) for name in columns})
