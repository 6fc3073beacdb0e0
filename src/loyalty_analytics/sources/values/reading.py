"""What the columns of one file share while they are read: its lines, hints, proofs and findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..findings import Findings

__all__ = ["Reading"]

_NAMED = 20  # rows of one fault that get a finding each
_CASES = 100  # faults of one kind in a column that are told apart


@dataclass(eq=False)
class Reading:
    """Decimal marks and the order of dates are proved by the file as a whole, not by one column."""

    file: str
    lines: np.ndarray
    found: Findings
    decimal: str | None = None
    date_format: str | None = None
    dayfirst: bool | None = None
    unit: float | None = None
    window: tuple[pd.Timestamp, pd.Timestamp] = (pd.Timestamp("1990-01-01"), pd.Timestamp("2100-12-31 23:59:59"))
    proved: set[str] = field(default_factory=set)
    orders: set[bool] = field(default_factory=set)
    date_formats: dict[str, int] = field(default_factory=dict)

    def tell(self, code: str, column: str, rows: np.ndarray, samples: Sequence[str], **values: Any) -> None:
        """One finding per row, as long as they are few."""
        severity = "note" if code == "tax_restored" else "warning"
        if len(rows) == 0:
            return
        each = [(row, 1) for row in rows] if len(rows) <= _NAMED else [(rows[0], len(rows))]
        for row, count in each:
            self.found.add(code, severity, file=self.file, row=int(self.lines[row]), column=column, rows=count,
                           sample=samples[0], **values)  # fmt: skip

    def tell_cases(self, code: str, column: str, cases: Iterable[tuple[np.ndarray, str]]) -> None:
        """Rows of each faulty text; beyond a hundred texts one finding counts the rest and hides nothing else."""
        rest = []
        for number, (rows, text) in enumerate(cases):
            if number < _CASES:
                self.tell(code, column, rows, [text])
            else:
                rest.append((rows, text))
        if rest:
            rows = np.concatenate([rows for rows, _ in rest])
            self.found.add(code, "warning", file=self.file, row=int(self.lines[rows.min()]), column=column,
                           rows=len(rows), sample=rest[0][1])  # fmt: skip
