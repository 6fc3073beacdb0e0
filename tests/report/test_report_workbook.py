"""tables.xlsx: all rows, true types, no formula, the same bytes every time."""

import datetime as dt
import io
import zipfile

import openpyxl
import pandas as pd
import pytest

from loyalty_analytics.exhibits.table import Column, Table
from loyalty_analytics.report.workbook import workbook

CREATED = dt.datetime(2026, 10, 1)
FRAME = pd.DataFrame(
    {
        "name": ["=1+1", "http://x.org", "007", "a\x00b", "😀"],
        "sum": [1.5, None, -2, 1e12, 0],
        "day": pd.to_datetime(["2026-10-01", None, "2024-02-29", "1850-01-01", "2026-12-31"]),
        "late": [True, False, True, False, True],
    }
)


def table(name="volume", title="Объём упал"):
    import json

    columns = [Column(key=key, label=key.upper()) for key in FRAME]
    return json.loads(Table(frame=FRAME, columns=columns).json(name, title, "ru"))


def sheets(content):
    return {sheet.title: sheet for sheet in openpyxl.load_workbook(io.BytesIO(content))}


def test_rows_arrive_with_their_types():
    book = sheets(workbook([("01_brief", table())], CREATED, "Содержание"))
    assert list(book) == ["Содержание", "01_volume"]
    rows = list(book["01_volume"].values)
    assert rows[0][0] == "Объём упал"
    assert rows[2] == ("NAME", "SUM", "DAY", "LATE")
    assert rows[3] == ("=1+1", 1.5, dt.datetime(2026, 10, 1), True)
    assert rows[4] == ("http://x.org", None, None, False)
    assert rows[5] == ("007", -2, dt.datetime(2024, 2, 29), True)
    assert rows[6][0] == "ab"
    assert str(rows[6][2]).startswith("1850-01-01")  # older than the first day that Excel knows
    assert rows[7][0] == "😀"


def test_nothing_is_a_formula_or_a_link_outside():
    content = workbook([("01_brief", table())], CREATED, "Содержание")
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        for name in parts.namelist():
            text = parts.read(name)
            assert b"<f>" not in text, name
            assert b"http://x.org" not in text or name == "xl/sharedStrings.xml"


def test_same_tables_same_bytes():
    first, second = (workbook([("01_brief", table())], CREATED, "Содержание") for _ in range(2))
    assert first == second


@pytest.mark.parametrize(
    "names", [["x" * 50] * 3, ["a/b", "a:b", "A_b"], ["История", "'"], ["contents", "Contents"]], ids=str
)
def test_any_names_of_tables_give_sheets(names):
    content = workbook([("01_brief", table(name)) for name in names], CREATED, "Содержание")
    book = sheets(content)
    assert len(book) == len(names) + 1
    assert all(len(name) <= 31 for name in book)
