"""Names of the canonical tables and their columns, declared once.

Below `sources` nobody renames a column: every table has the names and types given here. The schemas
that validate data are made from the same declaration.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from .errors import DataError, nearest

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Column", "Table", "column", "conform", "empty", "faults", "get", "names", "schema"]

# Tables whose dates tell the moment of a row: what `load` cuts at the end of the month.
_MOMENT = {
    "transactions": "date", "deliveries": "planned_at", "client_budgets": "asked_at", "offers": "offered_at",
    "survey_invitations": "sent_at", "survey_answers": "answered_at", "feedback": "created_at",
    "actions": "opened_at", "complaints": "created_at", "events": "date", "marketing_spend": "period_start",
    "funnel_events": "entered_at", "referrals": "given_at", "manager_assignments": "valid_from",
}  # fmt: skip
_DTYPES = {
    "str": "str", "day": "str", "int": "Int64", "num": "float64", "money": "float64", "bool": "boolean",
    "date": "datetime64[us]", "month": "datetime64[us]", "ts": "datetime64[us]", "list": "object",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a canonical table."""

    name: str
    kind: str
    required: bool = False
    key: bool = False
    repeats: bool = False
    either: bool = False
    refers: str | None = None
    allowed: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None

    @property
    def dtype(self) -> str:
        """pandas dtype in canonical tables."""
        return _DTYPES[self.kind]


@dataclass(frozen=True)
class Table:
    """A canonical table: ``columns`` by name, ``key`` (or None) and ``moment``, the date that `load` cuts at."""

    name: str
    columns: dict[str, Column]
    key: str | None
    moment: str | None

    @property
    def required(self) -> list[str]:
        """Columns without which a row means nothing."""
        return [column.name for column in self.columns.values() if column.required]

    @property
    def either(self) -> list[str]:
        """Columns of which at least one is filled in each row."""
        return [column.name for column in self.columns.values() if column.either]


_LONG = 1_000_000

_LINE = re.compile(
    r"^  (?P<name>\w+) (?P<marks>[*!?+]+ )?(?P<kind>\w+|\{[^}]*\})"
    r"(?: (?P<low>-?\d+)\.\.(?P<high>\d+))?(?: > (?P<refers>\w+))?$"
)


def _column(line: str) -> Column:
    match = _LINE.match(line)
    if match is None:
        raise ValueError(f"bad declaration: {line!r}")
    marks, kind = match["marks"] or "", match["kind"]
    allowed = tuple(word.strip() for word in kind[1:-1].split(",")) if kind.startswith("{") else ()
    bounds = [None if match[side] is None else float(match[side]) for side in ("low", "high")]
    return Column(
        match["name"], "str" if allowed else kind, "*" in marks, "!" in marks, "+" in marks, "?" in marks,
        match["refers"], allowed, bounds[0], bounds[1],
    )  # fmt: skip


def _tables() -> dict[str, Table]:
    found: dict[str, dict[str, Column]] = {}
    name = ""
    for line in files(__package__).joinpath("tables.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith(" "):
            declared = _column(line)
            found[name][declared.name] = declared
        elif line and not line.startswith("#"):
            name = line
            found[name] = {}
    return {
        name: Table(name, columns, next((c.name for c in columns.values() if c.key), None), _MOMENT.get(name))
        for name, columns in found.items()
    }


_TABLES = _tables()


def names() -> list[str]:
    """Names of all canonical tables.

    >>> names()[:3]
    ['clients', 'contacts', 'managers']
    """
    return list(_TABLES)


def get(name: str) -> Table:
    """The declaration of a table.

    Raises
    ------
    DataError
        Where no table has this name.

    >>> get("transactions").key
    'transaction_id'
    """
    if name not in _TABLES:
        raise DataError(f"There is no table {name!r}.", nearest(name, _TABLES))
    return _TABLES[name]


def column(table: str, name: str) -> Column:
    """The declaration of a column.

    >>> column("meetings", "status").allowed
    ('planned', 'held', 'cancelled')
    """
    columns = get(table).columns
    if name not in columns:
        raise DataError(f"Table {table!r} has no column {name!r}.", nearest(name, columns))
    return columns[name]


def empty(name: str) -> pd.DataFrame:
    """A table without rows, with its columns and their dtypes.

    >>> len(empty("clients")), str(empty("transactions")["date"].dtype)
    (0, 'datetime64[us]')
    """
    import pandas as pd

    return pd.DataFrame({c.name: pd.Series(dtype=c.dtype) for c in get(name).columns.values()})


def conform(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with all its columns in their order and dtypes; absent ones are null, further ones follow.

    >>> import pandas as pd
    >>> list(conform(pd.DataFrame({"unit_id": ["1"], "unit_name": ["Shop"]}), "units"))
    ['unit_id', 'unit_name', 'parent_unit_id']
    """
    import pandas as pd

    filled: dict[Any, pd.Series] = {}
    for declared in get(name).columns.values():
        if declared.name in frame:
            filled[declared.name] = frame[declared.name].astype(cast(Any, declared.dtype))
        else:
            filled[declared.name] = _unknown(declared.dtype, frame.index)
    further = {key: frame[key] for key in frame if key not in filled}
    return pd.DataFrame(filled | further, index=frame.index, copy=False)


def _unknown(dtype: str, index: Any) -> pd.Series:
    """A column of nulls; a long one takes no memory, since all its cells are one."""
    import pandas as pd

    if len(index) >= _LONG and dtype in ("str", "float64", "datetime64[us]"):
        return _long_unknown(dtype, len(index)).set_axis(index)
    missing: Any = pd.NaT if dtype.startswith("datetime") else None
    return pd.Series(missing, index=index, dtype=dtype)


@lru_cache(maxsize=16)
def _long_unknown(dtype: str, size: int) -> pd.Series:
    # Kept here, so that pandas sees it as shared and copies before it writes to it.
    import numpy as np
    import pandas as pd

    if dtype == "str":
        import pyarrow as pa

        parts = pa.chunked_array([pa.nulls(_LONG, pa.large_string())] * (size // _LONG + 1)).slice(0, size)
        return pd.Series(pd.array(parts, dtype=pd.StringDtype("pyarrow", na_value=np.nan)))
    null: Any = np.nan if dtype == "float64" else np.datetime64("NaT", "us")
    return pd.Series(np.broadcast_to(null, size), copy=False)


@cache
def schema(name: str) -> Any:
    """The pandera schema of a table; pandera is imported here and not before."""
    import pandera.pandas as pa

    def checks(declared: Column) -> list[Any]:
        found = []
        if declared.allowed:
            found.append(pa.Check.isin(declared.allowed, name="allowed"))
        if declared.low is not None:
            found.append(pa.Check.in_range(declared.low, declared.high, name="range"))
        return found

    table = get(name)
    return pa.DataFrameSchema(
        {
            c.name: pa.Column(
                c.dtype, checks(c), nullable=not c.required, unique=c.key and not c.repeats, required=c.required
            )
            for c in table.columns.values()
        },
        name=name,
    )


def faults(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """All breaches of the schema at once.

    Returns
    -------
    pandas.DataFrame
        column, check {not_nullable, field_uniqueness, allowed, range, …}, value, index of the row in ``frame``.

    >>> import pandas as pd
    >>> bad = conform(pd.DataFrame({"unit_id": ["1", "1"], "unit_name": ["Shop", "Shop"]}), "units")
    >>> faults(bad, "units")["check"].unique().tolist()
    ['field_uniqueness']
    """
    import pandas as pd
    import pandera.errors

    columns = ["column", "check", "value", "index"]
    declared = get(name).columns
    filled = [key for key in frame if key not in declared or declared[key].required or frame[key].notna().any()]
    try:
        schema(name).validate(frame[filled], lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.rename(columns={"failure_case": "value"})
        return cases[columns].reset_index(drop=True)
    return pd.DataFrame(columns=columns)
