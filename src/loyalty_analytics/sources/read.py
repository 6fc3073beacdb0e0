"""One raw file as a table with typed values, and all that was met on the way."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ..errors import SourceError
from .findings import Findings

__all__ = ["RawTable", "read_source"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RawTable:
    """A raw file, read."""

    frame: pd.DataFrame
    rows: pd.Series
    found: Findings
    detected: Mapping[str, Any] = field(default_factory=dict)

    @property
    def table(self) -> pd.DataFrame:
        return self.frame.copy()

    @property
    def findings(self) -> pd.DataFrame:
        return self.found.frame()


def read_source(path: str | Path, *, kinds: Mapping[str, str] | None = None, **hints: Any) -> RawTable:
    path = Path(path)
    kinds = kinds or {}
    found = Findings()
    detected: dict[str, Any] = {}
    if path.suffix == ".parquet":
        raw = pd.read_parquet(path)
    elif path.suffix in (".xlsx", ".xls"):
        raw = pd.read_excel(path, dtype=object, engine="calamine", sheet_name=hints.get("sheet", 0))
    else:
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1251")
        first = text.split("\n", 1)[0]
        separator = max(";,\t", key=first.count)
        raw = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, keep_default_na=False)
    if raw.empty:
        raise SourceError("The file is empty.", file=path.name)
    rows = pd.Series(range(2, len(raw) + 2), index=raw.index)
    doubled = raw.duplicated()
    if doubled.any():
        found.add("duplicates", file=path.name, rows=int(doubled.sum()))
        raw, rows = raw[~doubled], rows[~doubled]
    return RawTable(
        frame=pd.DataFrame({name: _typed(raw[name], kinds.get(str(name))) for name in raw}),
        rows=rows, found=found, detected=detected,
    )  # fmt: skip


def _typed(column: pd.Series, kind: str | None) -> pd.Series:
    if kind in ("date", "ts", "month") and not pd.api.types.is_datetime64_any_dtype(column):
        text = column.astype(str).str.strip()
        dotted = text.str.match(r"^\d\d\.\d\d\.\d{4}")
        days = pd.to_datetime(text.where(dotted), format="mixed", dayfirst=True, errors="coerce")
        return days.fillna(pd.to_datetime(text.where(~dotted), format="mixed", errors="coerce")).astype(
            "datetime64[us]"
        )
    if kind in ("num", "money", "int") and not pd.api.types.is_numeric_dtype(column):
        text = column.astype(str).str.replace(r"[\s\u00a0\u202f₽]", "", regex=True).str.replace(",", ".")
        return pd.to_numeric(text.str.replace("−", "-"), errors="coerce")
    if kind in (None,) or pd.api.types.is_datetime64_any_dtype(column):
        return column
    if kind in ("str", "bool", "list", "day"):
        if pd.api.types.is_float_dtype(column):
            column = column.astype("Int64")
        text = column.astype("str").str.strip()
        return text.where(column.notna() & (text != ""))
    return column
