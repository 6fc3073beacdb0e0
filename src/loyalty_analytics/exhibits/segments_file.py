"""clients.xlsx: one row per client, what is known of it across all reports."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from .base import Exhibit, exhibit
from .handout import Handout
from .segments import say
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["clients_file", "last_scores"]

_FORMATS = {
    "share": "percent", "industry_share": "percent", "p_alive": "percent", "break_effect": "percent",
    "revenue_year": "money", "change_year": "money", "month": "money", "change_month": "money", "debt": "money",
    "overdue": "money", "break_month": "month", "next_visit": "month",
}  # fmt: skip
_CODED = {"rhythm": "rhythm", "status": "status", "segment": "rfm"}  # columns of English keys -> prefix of their words
_LONGEST = 32_000


def last_scores(data: Data, boxes: pd.DataFrame, months: int = 12) -> pd.DataFrame:
    """client_id, score (the last of the year), silent (asked within the year and never answered)."""
    asked = data.survey_invitations
    since = data.as_of.end - pd.DateOffset(months=months)
    recent = asked[asked["client_id"].notna() & (asked["sent_at"] > since) & (asked["status"] != "not_delivered")]
    heard = recent.assign(heard=recent["status"] == "answered").groupby("client_id")["heard"].any()
    frame = pd.DataFrame({"client_id": pd.concat([heard.index.to_series(), boxes["client_id"]]).unique()})
    frame["score"] = frame["client_id"].map(boxes.set_index("client_id")["score"])
    frame["silent"] = frame["client_id"].map(~heard)
    return frame


@exhibit("segments", "file", needs=("transactions", "clients"))
def clients_file(data: Data, facts: pd.DataFrame, *, language: str) -> Handout | Exhibit:
    """The file of clients.

    Parameters
    ----------
    facts : table of `segments.profile.client_facts`
    """
    if facts.empty:
        return Exhibit(name="file", title=say("rfm_none", language), language=language)
    people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    table = facts.copy()
    if "manager_id" in table:
        owner = table["manager_id"]
        table["manager_id"] = [short_name(str(people.get(one, one))) if pd.notna(one) else None for one in owner]
    for name, prefix in _CODED.items():
        if name in table:
            table[name] = [say(f"{prefix}_{one}", language) if pd.notna(one) else None for one in table[name]]
    text = say("file_text", language, n=words.count(len(table), "client", language))
    return Handout("clients.xlsx", _workbook(table, data, language), text)


def _workbook(table: pd.DataFrame, data: Data, language: str) -> bytes:
    """The same bytes for the same table: texts are written as texts, the date is that of the data."""
    import xlsxwriter

    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, options) as book:
        book.set_properties({"created": data.as_of.date.to_pydatetime(), "title": "clients"})
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        formats = {
            "percent": book.add_format({"num_format": "0%"}), "money": book.add_format({"num_format": "#,##0"}),
            "month": book.add_format({"num_format": "yyyy-mm"}),
        }  # fmt: skip
        sheet = book.add_worksheet(say("file_sheet", language))
        unit = words.symbol(data.params.currency, language)
        for place, name in enumerate(table.columns):
            sheet.write_string(0, place, say(f"file_{name}", language, unit=unit), head)
            kind = _FORMATS.get(str(name), "")
            for row, value in enumerate(table[name].tolist(), 1):
                _write(sheet, row, place, value, formats.get(kind))
            sheet.set_column(place, place, 34 if name == "client_name" else 13)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(table), max(len(table.columns) - 1, 0))
    return out.getvalue()


def _write(sheet: Any, row: int, place: int, value: Any, style: Any) -> None:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return
    if isinstance(value, bool | np.bool_):
        sheet.write_boolean(row, place, bool(value))
    elif isinstance(value, pd.Timestamp | pd.Period):
        stamp = value.to_timestamp() if isinstance(value, pd.Period) else value
        sheet.write_datetime(row, place, stamp.to_pydatetime(), style)
    elif isinstance(value, int | float | np.number):
        sheet.write_number(row, place, float(value), style)
    else:
        sheet.write_string(row, place, str(value)[:_LONGEST])
