"""tables.xlsx of a month: the full table of every exhibit, numbers as numbers in the unit of their head, no formula."""

from __future__ import annotations

import datetime as dt
import io
import json

import openpyxl
import pandas as pd
import pytest

from loyalty_analytics.exhibits.base import Exhibit
from loyalty_analytics.exhibits.table import Column, Table
from loyalty_analytics.report.workbook import workbook

SCALE = {"": 1, "k": 1e3, "m": 1e6, "bn": 1e9}


def _book(items):
    tables = [("x", json.loads(item.table.json(item.name, item.title, item.language))) for item in items]
    content = workbook(tables, dt.datetime(2026, 10, 1), "Содержание")
    _, *sheets = openpyxl.load_workbook(io.BytesIO(content)).worksheets
    return sheets


@pytest.fixture(scope="module")
def sheets(pages):
    """(exhibit, its sheet) of the radio group's Russian pages."""
    items = [
        item
        for (client, _, language), page in pages.items()
        if (client, language) == ("radio", "ru")
        for item in page
        if isinstance(item, Exhibit) and item.table is not None and len(item.table.frame)
    ]
    return list(zip(items, _book(items), strict=True))  # fmt: skip


def test_every_row_of_every_exhibit_is_there(sheets):
    assert len(sheets) > 50
    for item, sheet in sheets:
        assert sheet.max_row == 3 + len(item.table.frame) + len(item.table.totals), item.name
        assert sheet["A1"].value == item.title


def test_numbers_are_numbers_in_the_unit_of_their_head(sheets):
    checked = 0
    for item, sheet in sheets:
        heads = [cell.value for cell in sheet[3]]
        for column in item.table.columns:
            if column.kind not in ("number", "money", "percent") or column.only == "page":
                continue
            place = heads.index(column.label) + 1
            scale = SCALE[column.unit] if column.kind == "money" else 1
            for line, value in enumerate(item.table.frame[column.key], 4):
                cell = sheet.cell(line, place)
                if pd.isna(value):
                    assert cell.value is None
                else:
                    assert cell.data_type == "n", (item.name, column.key, cell.value)
                    assert cell.value == pytest.approx(float(value) / scale, rel=1e-9, abs=1e-9)
                    checked += 1
    assert checked > 2000


def test_texts_and_days_arrive_and_no_cell_is_a_formula(sheets):
    for item, sheet in sheets:
        heads = [cell.value for cell in sheet[3]]
        assert not any(head in ("low", "high") or "_" in head for head in heads), (item.name, heads)
        for row in sheet.iter_rows():
            assert all(cell.data_type != "f" for cell in row)
        for column in item.table.columns:
            if column.kind == "day":
                days = [cell.value for cell in list(sheet.columns)[heads.index(column.label)][3:]]
                wanted = pd.to_datetime(item.table.frame[column.key]).dropna()
                assert [day for day in days if day] == wanted.dt.normalize().tolist(), item.name


HOSTILE = ["=1+1", "+7 900", "-5 %", "@SUM(A1)", "\t=x", '=HYPERLINK("http://x")']


def test_what_looks_like_a_formula_stays_a_text():
    frame = pd.DataFrame({"name": HOSTILE, "lost": [1_234_500.0, 0.0, -10.0, 5.0, None, 2.0]})
    columns = [
        Column(key="name", label="Клиент"),
        Column(key="lost", label="Потеряно, тыс.\u00a0₽", kind="money", unit="k"),
    ]
    table = Table(
        frame=frame,
        columns=columns,
        totals=[{"name": "=2", "lost": 1_234_497.0}, {"name": "Ещё", "lost": "1\u00a0234,5"}],
    )
    sheet = _book([Exhibit(name="x", title="=title", language="ru", table=table)])[0]
    cells = [sheet["A1"], *(cell for row in sheet["A4:A10"] for cell in row)]
    assert [cell.value for cell in cells] == ["=title", *HOSTILE, "=2"]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [sheet.cell(line, 2).value for line in (4, 5, 6, 8, 10, 11)] == [1234.5, 0, -0.01, None, 1234.497, 1234.5]
    assert sheet["B4"].number_format == "#,##0"
