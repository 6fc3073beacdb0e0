"""A table written in a random messy form comes back equal or is refused with the right reason; never different."""

from __future__ import annotations

import csv
import io
import tempfile
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.errors import SourceError

NAMES = st.sampled_from(
    ["ООО «Ромашка»", 'АО "Вектор"', "ИП Ёлкин; сын", "Rose, Ltd", "Café", "Total Energies", "Итого-Сервис",
     "Всего хорошего",
     "ООО 'Мак' №5", "Тест-Драйв", "007", "=1+1",
     "Май", "ЗАО «Тюльпан»\u00a0Плюс", "Банк", "Да"]
)  # fmt: skip
AMOUNTS = st.decimals(min_value=-9_999_999, max_value=9_999_999, places=2, allow_nan=False).filter(
    lambda value: value != 0
)
DAYS = st.dates(min_value=pd.Timestamp("2015-01-01").date(), max_value=pd.Timestamp("2030-12-31").date())
CODES = st.from_regex(r"\A[0-9]{1,8}\Z")


@dataclass(frozen=True)
class Form:
    """How a table is written."""

    encoding: str
    separator: str
    decimal: str
    group: str
    dates: str
    minus: str
    currency: str
    thousands: bool
    preamble: int
    total: bool
    quote_all: bool
    line_end: str
    blanks: bool
    book: bool


FORMS = st.builds(
    Form,
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1251"]),
    separator=st.sampled_from([";", "\t", ",", "|"]),
    decimal=st.sampled_from([",", "."]),
    group=st.sampled_from(["", " ", "\u00a0", "\u202f"]),
    dates=st.sampled_from(["%d.%m.%Y", "%Y-%m-%d", "%d.%m.%y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y %H:%M", "%Y%m%d"]),
    minus=st.sampled_from(["-{}", "−{}", "({})", "{}-", "- {}"]),
    currency=st.sampled_from(["", " ₽", " руб.", " р."]),
    thousands=st.booleans(),
    preamble=st.integers(0, 3),
    total=st.booleans(),
    quote_all=st.booleans(),
    line_end=st.sampled_from(["\n", "\r\n"]),
    blanks=st.booleans(),
    book=st.booleans(),
)
ROWS = st.lists(st.tuples(DAYS, CODES, NAMES, AMOUNTS), min_size=1, max_size=12, unique_by=lambda row: row[:2])


def money(value: Decimal, form: Form, scale: int) -> str:
    value = value / scale
    digits = f"{abs(value):,.{5 if scale > 1 else 2}f}".replace(",", "\x00").replace(".", form.decimal)
    # cp1251 has neither the rouble sign nor thin spaces.
    narrow = form.encoding == "cp1251" and not form.book
    text = digits.replace("\x00", " " if narrow and form.group == "\u202f" else form.group)
    text += " руб." if narrow and form.currency == " ₽" else form.currency
    minus = form.minus.replace("−", "–") if narrow else form.minus
    return minus.format(text) if value < 0 else text


def cells(rows: list[tuple], form: Form) -> list[list[str]]:
    scale = 1000 if form.thousands else 1
    table = [[f"Выгрузка номер {place}"] + [""] * 3 for place in range(form.preamble)]
    table.append(["Дата", "Код клиента", "Клиент", "Сумма, тыс. руб." if form.thousands else "Сумма, руб."])
    for day, code, name, amount in rows:
        table.append([day.strftime(form.dates), code, name, money(amount, form, scale)])
        if form.blanks:
            table.append([""] * 4)
    if form.total:
        table.append(["Итого", "", "", money(sum((row[3] for row in rows), Decimal(0)), form, scale)])
    return table


def content(rows: list[tuple], form: Form) -> bytes:
    if form.book:
        workbook = openpyxl.Workbook()
        for row in cells(rows, form):
            workbook.active.append(["'" + cell if cell.startswith("=") else cell for cell in row])
        binary = io.BytesIO()
        workbook.save(binary)
        return binary.getvalue()
    stream = io.StringIO()
    writer = csv.writer(
        stream, delimiter=form.separator, lineterminator=form.line_end,
        quoting=csv.QUOTE_ALL if form.quote_all else csv.QUOTE_MINIMAL,
    )  # fmt: skip
    writer.writerows(cells(rows, form))
    return stream.getvalue().encode(form.encoding, errors="replace")


def refusal_is_right(error: SourceError, rows: list[tuple], form: Form) -> bool:
    """Whether a person, too, could not know."""
    said = error.problem
    if "day/month" in said:
        return "/" in form.dates and all(max(day.day, day.month) <= 12 for day, *_ in rows)
    return "encoding cannot be told" in said and form.encoding == "cp1251"


def check(rows: list[tuple], form: Form) -> None:
    written = content(rows, form)
    if form.encoding == "cp1251" and not form.book:
        rows = [(d, c, n.encode("cp1251", "replace").decode("cp1251"), a) for d, c, n, a in rows]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / ("deals.xlsx" if form.book else "deals.csv")
        path.write_bytes(written)
        try:
            raw = la.read_source(path)
        except SourceError as error:
            if not refusal_is_right(error, rows, form):
                raise
            return
    table = raw.table
    assert table["Код клиента"].tolist() == [code for _, code, _, _ in rows]
    assert table["Клиент"].tolist() == [
        name.replace("=1+1", "'=1+1" if form.book else "=1+1") for _, _, name, _ in rows
    ]
    assert table.iloc[:, 3].tolist() == [float(amount) for *_, amount in rows]
    assert [stamp.date() for stamp in table["Дата"]] == [day for day, *_ in rows]
    assert raw.detected.header_line == form.preamble + 1
    assert (raw.findings["code"] == "total_left_out").sum() == int(form.total)


@settings(max_examples=120, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, form=FORMS)
def test_round_trip_short(rows: list[tuple], form: Form) -> None:
    check(rows, form)


@pytest.mark.proof
@settings(max_examples=4000, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(rows=ROWS, form=FORMS)
def test_round_trip(rows: list[tuple], form: Form) -> None:
    check(rows, form)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    values=st.lists(st.decimals(0, 999_999, places=3, allow_nan=False), min_size=1, max_size=6),
    mark=st.sampled_from([",", "."]),
)
def test_three_decimals_are_read_or_refused(values: list[Decimal], mark: str) -> None:
    text = "Клиент;Кол-во\n" + "".join(f"А{n};{value:.3f}\n".replace(".", mark) for n, value in enumerate(values))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "q.csv"
        path.write_text(text, encoding="utf-8")
        try:
            read = la.read_source(path).table["Кол-во"].tolist()
        except SourceError as error:
            if "thousand or a fraction" not in error.problem:
                raise
            return
        assert read == [float(value) for value in values]


def slow_split(line: str, separator: str) -> list[str]:
    """The textbook machine of RFC 4180, sign by sign."""
    result, cell, quoted, place = [], "", False, 0
    while place < len(line):
        sign = line[place]
        if quoted and sign == '"' and line[place + 1 : place + 2] == '"':
            cell += '"'
            place += 1
        elif sign == '"':
            quoted = not quoted
        elif sign == separator and not quoted:
            result.append(cell)
            cell = ""
        else:
            cell += sign
        place += 1
    return [*result, cell]


@settings(max_examples=300, deadline=None, derandomize=True)
@given(row=st.lists(st.text(alphabet='aЯ";, «»', max_size=8), min_size=1, max_size=5))
def test_well_quoted_lines_split_as_the_standard_says(row: list[str]) -> None:
    from loyalty_analytics.sources.files.quotes import split_line

    stream = io.StringIO()
    csv.writer(stream, delimiter=";", lineterminator="\n", quoting=csv.QUOTE_ALL).writerow(row)
    line = stream.getvalue().rstrip("\n")
    assert slow_split(line, ";") == row
    assert split_line(line, ";") == row
