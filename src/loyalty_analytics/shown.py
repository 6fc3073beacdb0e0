"""How tables show themselves below a cell of Jupyter: results, exhibits and files just read in one look."""

from __future__ import annotations

import html
from functools import cache
from importlib.resources import files
from typing import Any

import pandas as pd

from . import words

__all__ = ["block", "notebook_style", "rows"]


def block(body: str) -> str:
    """Markup that Jupyter shows in the look of results."""
    return f'{notebook_style()}<div class="loyalty">{body}</div>'


def rows(frame: pd.DataFrame) -> str:
    """A table as the reports show it: numbers to the right, months in words, nothing for null."""
    numeric = [pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind) for kind in frame.dtypes]
    classes = [' class="n"' if number else "" for number in numeric]
    head = "".join(f'<th scope="col"{kind}>{html.escape(str(name))}</th>' for name, kind in zip(frame, classes))
    columns = [[_text(value, str(name)) for value in column] for name, column in frame.items()]
    lines = "".join(
        "<tr>" + "".join(f"<td{kind}>{html.escape(text)}</td>" for text, kind in zip(row, classes)) + "</tr>"
        for row in zip(*columns)
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table></div>'


def _text(value: Any, name: str) -> str:
    """One value as an analyst reads it; ids stay as they are."""
    if not pd.api.types.is_scalar(value) or isinstance(value, str | bool):
        return str(value)
    if pd.isna(value):
        return "–"
    if isinstance(value, pd.Timestamp):
        return f"{value:%Y-%m-%d}" if value.day > 1 or "date" in name or name.endswith("_at") else f"{value:%Y-%m}"
    if isinstance(value, float):
        digits = 0 if abs(value) >= 1000 or value.is_integer() else 1 if abs(value) >= 10 else 3
        return words.number(value, "en", digits)
    return str(value)


@cache
def notebook_style() -> str:
    """The look of reports for results and exhibits in JupyterLab; a page has its own style sheet and drops this."""
    sheet = files(__package__).joinpath("notebook.css").read_text(encoding="utf-8")
    return f"<style>{' '.join(sheet.split())}</style>"
