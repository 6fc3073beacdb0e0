"""Nasty files as 1C, CRM systems, banks and people make them: each is read rightly or refused with the cure."""

# ruff: noqa: E501  (a file in a line is easier to compare with what must come of it)
from __future__ import annotations

import datetime as dt
import gzip
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
import xlsxwriter

import loyalty_analytics as la
from loyalty_analytics.errors import SourceError

NAN = None
FILES = Path(__file__).parent / "files"


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def book(fill: Callable[[openpyxl.Workbook, Any], None]) -> bytes:
    workbook = openpyxl.Workbook()
    fill(workbook, workbook.active)
    stream = io.BytesIO()
    workbook.save(stream)
    return stream.getvalue()


def sheet_of(*rows: list[Any]) -> bytes:
    return book(lambda _, sheet: [sheet.append(row) for row in rows])


def parquet(frame: pd.DataFrame) -> bytes:
    stream = io.BytesIO()
    frame.to_parquet(stream)
    return stream.getvalue()


@dataclass
class Case:
    """A file and what must come of it: its table by column, codes of findings with rows, or an error."""

    name: str
    content: bytes | str
    table: dict[str, list[Any]] | None = None
    codes: dict[str, list[int]] = field(default_factory=dict)
    error: str | None = None
    row: int | None = None
    column: str | None = None
    detected: dict[str, Any] = field(default_factory=dict)
    hints: dict[str, Any] = field(default_factory=dict)


def merged_months(_: openpyxl.Workbook, sheet: Any) -> None:
    sheet.append(["Клиент", "2024", None, None, "2025"])
    sheet.append([None, "янв", "фев", "мар", "янв"])
    sheet.append(["А", 1.5, 2, None, 4])
    sheet.append(["Б", 5, None, 0, 8])
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:D1")


def merged_names(_: openpyxl.Workbook, sheet: Any) -> None:
    sheet.append(["Продажи за январь 2024"])
    sheet.append(["Клиент", "Продажи", None, "Возвраты", None])
    sheet.append([None, "кол-во", "сумма", "кол-во", "сумма"])
    sheet.append(["А", 1, 20.5, 0, 0])
    sheet.append(["Б", 5, 6, 7, 8])
    for cells in ("A1:E1", "A2:A3", "B2:C2", "D2:E2"):
        sheet.merge_cells(cells)


def merged_clients(_: openpyxl.Workbook, sheet: Any) -> None:
    for row in (["Клиент", "Дата", "Сумма"], ["А", dt.datetime(2024, 1, 1), 1], [None, dt.datetime(2024, 1, 2), 2],
                ["Б", dt.datetime(2024, 1, 3), 3]):  # fmt: skip
        sheet.append(row)
    sheet.merge_cells("A2:A3")


def hidden_subtotals(_: openpyxl.Workbook, sheet: Any) -> None:
    for row in (["Клиент", "Сумма"], ["А", 10], ["А (всего)", 10], ["Б", 5], ["Итого", 15]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True


def hidden_counted(_: openpyxl.Workbook, sheet: Any) -> None:
    for row in (["Клиент", "Сумма"], ["А", 10], ["В", 7], ["Б", 5], ["Итого", 22]):
        sheet.append(row)
    sheet.row_dimensions[3].hidden = True


def several_sheets(workbook: openpyxl.Workbook, sheet: Any) -> None:
    sheet.title = "Обложка"
    sheet.append(["Отчёт для директора"])
    data = workbook.create_sheet("Сделки")
    for row in (["Дата", "Клиент", "Сумма"], [dt.date(2024, 5, 1), "А", 3], [dt.date(2024, 5, 2), "Б", 4]):
        data.append(row)
    other = workbook.create_sheet("Справочник")
    for row in (["Код", "Город", "Область"], ["1", "Уфа", "РБ"], ["2", "Омск", "ОО"]):
        other.append(row)
    workbook.create_sheet("Черновик").sheet_state = "hidden"


def formulas(_: openpyxl.Workbook, sheet: Any) -> None:
    for row in (["Клиент", "Цена", "Сумма"], ["А", 2, "=B2*3"], ["Б", 3, 9], ["В", 4, "=B4*3"]):
        sheet.append(row)


def formulas_zero() -> bytes:
    stream = io.BytesIO()
    workbook = xlsxwriter.Workbook(stream)
    sheet = workbook.add_worksheet()
    for number, row in enumerate((["Клиент", "Цена", "Сумма"], ["А", 2, "=B2*3"], ["Б", 3, "=B3*3"])):
        sheet.write_row(number, 0, row)
    workbook.close()
    return stream.getvalue()


def percents(_: openpyxl.Workbook, sheet: Any) -> None:
    for row in (["Клиент", "Скидка, %"], ["А", 0.15], ["Б", 0.075]):
        sheet.append(row)
    sheet["B2"].number_format = "0%"
    sheet["B3"].number_format = "0.0%"


XML_BOOK = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet">
<Worksheet ss:Name="Лист1"><Table>
<Row><Cell><Data ss:Type="String">Дата</Data></Cell><Cell><Data ss:Type="String">Клиент</Data></Cell>
<Cell><Data ss:Type="String">Сумма</Data></Cell></Row>
<Row><Cell><Data ss:Type="DateTime">2024-03-01T00:00:00.000</Data></Cell><Cell ss:Index="3">
<Data ss:Type="Number">12.5</Data></Cell></Row>
<Row ss:Index="4"><Cell><Data ss:Type="DateTime">2024-03-02T00:00:00.000</Data></Cell><Cell>
<Data ss:Type="String">Б</Data></Cell><Cell><Data ss:Type="Number">3</Data></Cell></Row>
</Table></Worksheet></Workbook>"""

CASES = [
    # encodings
    Case("cp1251.csv", "Дата;Клиент;Сумма\r\n01.02.2024;ООО «Ромашка»;1 234,50\r\n".encode("cp1251"),
         {"Дата": [day("2024-02-01")], "Клиент": ["ООО «Ромашка»"], "Сумма": [1234.5]},
         detected={"encoding": "cp1251", "separator": ";", "decimal": ",", "header_line": 1, "date_format": "%d.%m.%Y"}),
    Case("cp866.csv", "Клиент;Город;Сумма\r\nВектор;Уфа;5,5\r\nЗенит;Омск;6,5\r\n\x1a".encode("cp866"),
         {"Клиент": ["Вектор", "Зенит"], "Сумма": [5.5, 6.5]}, detected={"encoding": "cp866"}),
    Case("koi8.csv", "Клиент;Город;Сумма\nВектор;Уфа;5,5\nЗенит;Омск;6,5\n".encode("koi8-r"),
         {"Клиент": ["Вектор", "Зенит"], "Сумма": [5.5, 6.5]}, detected={"encoding": "koi8-r"}),
    Case("capitals.csv", "КЛИЕНТ;ГОРОД;СУММА\nВЕКТОР;УФА;5,5\nЗЕНИТ;ОМСК;6,5\n".encode("cp1251"),
         {"КЛИЕНТ": ["ВЕКТОР", "ЗЕНИТ"], "СУММА": [5.5, 6.5]}, detected={"encoding": "cp1251"}),
    Case("utf16.txt", "Дата\tКлиент\tСумма\r\n01.02.2024\tА\t5,50\r\n".encode("utf-16"),
         {"Дата": [day("2024-02-01")], "Сумма": [5.5]}, detected={"encoding": "utf-16", "separator": "\t"}),
    Case("utf16_no_mark.csv", "date,client,amount\n2024-02-01,Rose,5.50\n".encode("utf-16-le"),
         {"client": ["Rose"], "amount": [5.5]}, detected={"encoding": "utf-16-le"}),
    Case("bom.csv", "\ufeffКлиент,Сумма\nА,1.5\n".encode(), {"Клиент": ["А"], "Сумма": [1.5]},
         detected={"encoding": "utf-8-sig"}),
    Case("western.csv", "client,city,amount\nCafé Noir,Zürich,5.25\nMüller,Köln,6.5\n".encode("cp1252"),
         {"client": ["Café Noir", "Müller"], "city": ["Zürich", "Köln"]}, detected={"encoding": "cp1252"}),
    Case("glued_utf8_cp1251.csv", "Клиент;Сумма\nРомашка;5\n".encode() + "Василёк;6\n".encode("cp1251"),
         error="mixes encodings", row=3),
    Case("glued_cp1251_cp866.csv", "Клиент;Сумма\nРомашка;5\nЛютик;6\n".encode("cp1251") + "Василёк;6\n".encode("cp866"),
         error="mixes encodings", row=4),
    Case("binary.csv", bytes(range(256)) * 8, error="binary"),
    # separators, header, quotes
    Case("preamble.csv",
         "Отчёт по продажам;;\nПериод: 01.2024;;\n\nДата;Клиент;Сумма\n01.02.2024;А;1,5\nИтого;;1,5\n".encode("cp1251"),
         {"Дата": [day("2024-02-01")], "Клиент": ["А"], "Сумма": [1.5]}, {"total_left_out": [6]},
         detected={"header_line": 4}),
    Case("directive.csv", "sep=;\r\nClient;Amount\r\nRose;1,5\r\n", {"Client": ["Rose"], "Amount": [1.5]},
         detected={"header_line": 2, "separator": ";"}),
    Case("pipes.txt", "client|amount|note\nRose|1.5|a,b;c\nLily|2.5|d\n", {"amount": [1.5, 2.5], "note": ["a,b;c", "d"]},
         detected={"separator": "|"}),
    Case("stray_quote.csv", 'Дата;Клиент;Сумма\n01.02.2024;ООО "Ромашка;100,5\n02.02.2024;ООО "Лютик";1 200,00\n'
         '03.02.2024;"ЗАО ""Мак"", №1; склад";7\n',
         {"Клиент": ['ООО "Ромашка', 'ООО "Лютик"', 'ЗАО "Мак", №1; склад'], "Сумма": [100.5, 1200.0, 7.0]}),
    Case("open_quote.csv", 'date,client,amount\n2024-02-01,"Rose Ltd,100\n2024-02-02,Lily,5\n2024-02-03,Tulip,7\n',
         {"client": ['"Rose Ltd', "Lily", "Tulip"], "amount": [100.0, 5.0, 7.0]}),
    Case("undoubled_quotes.csv", 'client;amount\n"ООО "Ромашка"";100\n"АО ""Мак""";5\n',
         {"client": ['ООО "Ромашка"', 'АО "Мак"'], "amount": [100.0, 5.0]}),
    Case("line_break.csv", 'client,comment,amount\nRose,"line one\nline two",100\nLily,ok,5\n',
         {"comment": ["line one\nline two", "ok"], "amount": [100.0, 5.0]}),
    Case("trailing_separator.csv", "Клиент;Сумма;\nА;5,5;\nБ;6,5;\n", {"Клиент": ["А", "Б"], "Сумма": [5.5, 6.5]}),
    Case("trailing_in_rows.csv", "Клиент;Сумма\nА;5,5;\nБ;6,5;\n", {"Клиент": ["А", "Б"], "Сумма": [5.5, 6.5]}),
    Case("ragged.csv", "a;b;amount\nx;1;2\ny;3\nz;4;5;6\n", error="lines 3 (2), 4 (4)", row=3),
    Case("unquoted_decimal_comma.csv", "date,client,amount\n2024-01-05,A,12,50\n2024-01-06,B,3\n", error="2 (4)", row=2),
    Case("doubled_column.csv", "Дата;Сумма;Сумма\n01.02.2024;1;2\n", error="stands twice", column="Сумма"),
    Case("doubled_mapped.csv", "Дата;Сумма;Сумма\n01.02.2024;1;2\n",
         {"amount": [1.0], "paid": [2.0]}, hints={"columns": {"amount": 1, "paid": 2}}),
    Case("no_header.csv", "2024-01-05;A;12\n2024-01-06;B;3\n", error="header"),
    Case("no_header_named.csv", "2024-01-05;A;12\n2024-01-06;B;3\n",
         {"date": [day("2024-01-05"), day("2024-01-06")], "amount": [12.0, 3.0]},
         hints={"columns": ["date", "client", "amount"]}),
    Case("mapped.csv", "Дата;Контрагент;Сумма, руб\n05.01.2024;А;12\n", {"client_id": ["А"], "amount": [12.0]},
         hints={"columns": {"client_id": "Контрагент", "amount": "Сумма, руб"}}),
    Case("wrong_column.csv", "Дата;Контрагент;Сумма\n05.01.2024;А;12\n", error="Did you mean 'Контрагент'",
         hints={"columns": {"client_id": "Контрагнет"}}),
    Case("empty.csv", b"", error="empty"),
    Case("blank_lines.csv", b"\r\n\r\n  \r\n", error="empty"),
    Case("header_only.csv", "Дата;Клиент;Сумма\n", error="no rows"),
    Case("totals_only.csv", "Клиент;Сумма\nИтого;0\n", error="only totals"),
    Case("header_again.csv", "Клиент;Сумма\nА;5,5\nКлиент;Сумма\nБ;6\n", {"Сумма": [5.5, 6.0]}, {"header_again": [3]}),
    Case("packed.csv.gz", gzip.compress(b"client,amount\nRose,1.5\n", mtime=0), {"amount": [1.5]}),
    Case("old_mac.csv", "client,amount\rRose,1.5\rLily,2.5\r", {"amount": [1.5, 2.5]}),
    # numbers
    Case("minuses.csv", "Клиент;Сумма\nА;−5,50\nБ;6,00-\nВ;(7,25)\nГ;- 8\nД;–9,5\nЕ;1\u00a0234,00\u202f₽\n",
         {"Сумма": [-5.5, -6.0, -7.25, -8.0, -9.5, 1234.0]}),
    Case("missing.csv", "Клиент;Сумма\nА;-\nБ;н/д\nВ;\nГ;#Н/Д\nД;0\n", {"Сумма": [NAN, NAN, NAN, NAN, 0.0]}),
    Case("thin_spaces.csv", "Клиент;Сумма\nА;1\u202f234\u202f567,89\nБ;12\u2009000,00\n", {"Сумма": [1234567.89, 12000.0]}),
    Case("thousands_units.csv", "Клиент;Выручка, тыс. руб.\nА;1,5\nБ;2 000,25\n", {"Выручка, тыс. руб.": [1500.0, 2000250.0]}),
    Case("millions_english.csv", "Client,Revenue USD m\nRose,1.25\nLily,0.5\n", {"Revenue USD m": [1250000.0, 500000.0]}),
    Case("unit_above.csv", "Продажи по клиентам, тыс. руб.;;\nКлиент;Кол-во;Сумма\nА;3;1,5\nБ;4;2,5\n",
         {"Кол-во": [3.0, 4.0], "Сумма": [1500.0, 2500.0]}),
    Case("english_thousands.tsv", "date\tclient\tamount\n2024-01-05\tA\t1,234.50\n2024-01-06\tB\t($5.00)\n",
         {"amount": [1234.5, -5.0]}, detected={"decimal": "."}),
    Case("german.csv", "client;amount\nA;1.234,50\nB;12,5\n", {"amount": [1234.5, 12.5]}, detected={"decimal": ","}),
    Case("ambiguous_thousand.csv", "client;amount\nA;1,234\nB;2,500\n", error="thousand or a fraction", row=2, column="amount"),
    Case("ambiguous_given.csv", "client;amount\nA;1,234\nB;2,500\n", {"amount": [1.234, 2.5]}, hints={"decimal": ","}),
    Case("proved_elsewhere.csv", "client;amount;qty\nA;1 234,50;1,000\nB;2,5;2,500\n", {"amount": [1234.5, 2.5], "qty": [1.0, 2.5]}),
    Case("two_currencies.csv", "client,amount\nA,$5\nB,€6\n", error="several currencies"),
    Case("letter_in_number.csv", "Клиент;Сумма\nА;12О,5\nБ;3\nВ;4\n", {"Сумма": [NAN, 3.0, 4.0]}, {"not_number": [2]}),
    Case("scientific_amount.csv", "Клиент;Сумма\nА;1,23E+09\nБ;3\n", {"Сумма": [NAN, 3.0]}, {"digits_lost": [2]}),
    # dates
    Case("impossible_dates.csv", "Дата;Клиент;Сумма\n31.02.2024;А;1\n01.01.1900;Б;2\n15.03.2024;В;3\n01.01.2150;Г;4\n",
         {"Дата": [NAN, NAN, day("2024-03-15"), NAN], "Сумма": [1.0, 2.0, 3.0, 4.0]},
         {"impossible_date": [2], "implausible_date": [3, 5]}),
    Case("window.csv", "Дата;Сумма\n15.03.2024;1\n15.03.2031;2\n", {"Дата": [day("2024-03-15"), NAN]},
         {"implausible_date": [3]}, hints={"window": ("2020-01-01", "2026-12-31")}),
    Case("ambiguous_dates.csv", "date,client,amount\n01/02/2024,A,5\n03/04/2024,B,6\n", error="day/month or month/day",
         row=2, column="date"),
    Case("ambiguous_dates_given.csv", "date,client,amount\n01/02/2024,A,5\n03/04/2024,B,6\n",
         {"date": [day("2024-01-02"), day("2024-03-04")]}, hints={"dayfirst": False}),
    Case("proved_dates.csv", "date,amount\n01/02/2024,5\n01/31/2024,6\n", {"date": [day("2024-01-02"), day("2024-01-31")]},
         detected={"date_format": "%m/%d/%Y"}),
    Case("contradicting_dates.csv", "date,amount\n13/02/2024,5\n02/14/2024,6\n", error="begins with the day"),
    Case("same_day_month.csv", "date,amount\n02/02/2024,5\n03/03/2024,6\n", {"date": [day("2024-02-02"), day("2024-03-03")]}),
    Case("serials.csv", "Дата;Клиент;Сумма\n45292;А;1\n45293;Б;2\n", {"Дата": [day("2024-01-01"), day("2024-01-02")]}, {"serials": []}),
    Case("month_words.csv", "Период;Сумма\nянварь 2024;1\nмай 2024 г.;2\n", {"Период": [day("2024-01-01"), day("2024-05-01")]}),
    Case("worded_days.csv", "Дата;Сумма\n5 мая 2024 г.;1\n31 декабря 2024;2\n", {"Дата": [day("2024-05-05"), day("2024-12-31")]}),
    Case("moments.csv", "created_at,amount\n2024-05-05T10:15:00Z,1\n2024-05-06 23:59:59,2\n",
         {"created_at": [day("2024-05-05 10:15"), day("2024-05-06 23:59:59")]}),
    Case("compact_months.csv", "period,client,revenue\n202401,A,5\n202402,B,6\n", {"period": [day("2024-01-01"), day("2024-02-01")]}),
    Case("remark_below.csv", "Дата;Клиент;Сумма\n01.02.2024;А;5\nОтчёт сформирован 03.02.2024\n", {"Сумма": [5.0]}, {"footer": [3]}),
    Case("paid_is_no_code.csv", "client,paid,valid\nA,5,1\nB,6.5,0\n", {"paid": [5.0, 6.5], "valid": [1.0, 0.0]}),
    Case("all_formulas.xlsx", sheet_of(["Клиент", "Сумма"], ["А", "=1*2"], ["Б", "=2*2"]), {"Сумма": [NAN, NAN]}, {"formula_empty": [2, 3]}),
    Case("break_and_separator.csv", 'client;note;amount\nA;"multi\nline; with sep";5\nB;x;6\n', {"note": ["multi\nline; with sep", "x"], "amount": [5.0, 6.0]}),
    Case("total_above.csv", "Итого;;11,5\nКлиент;Дата;Сумма\nА;01.02.2024;5,5\nБ;02.02.2024;6\n", {"Клиент": ["А", "Б"]}, detected={"header_line": 2}),
    Case("blanks_round_quotes.csv", 'Клиент ;Дата; Сумма\n А ; 01.02.2024 ; 5,5 \n"Б; В " ;02.02.2024; "6"\n', {"Клиент": ["А", "Б; В"], "Сумма": [5.5, 6.0]}),
    Case("groups.xlsx", sheet_of(["Менеджер", "Клиент", "Сумма"], ["Иванов", None, 4.5], [None, "А", 1.5], [None, "Б", 3], ["Итого", None, 4.5]),
         error="2 times the total", row=5),
    # codes
    Case("zeros.csv", "Код;Клиент;Сумма\n007;А;5\n010;Б;6\n", {"Код": ["007", "010"]}),
    Case("tax_numbers.csv", "ИНН;Клиент;Сумма\n7707083893;Сбер;1\n274062111;УФА;2\n7,70708E+09;X;3\n123456789;Y;4\n",
         {"ИНН": ["7707083893", "0274062111", NAN, NAN]}, {"tax_restored": [3], "digits_lost": [4], "tax_lost": [5]}),
    # totals, doubles, deals
    Case("subtotals.csv", "Клиент;Месяц;Сумма\nА;янв 2024;1\nА;фев 2024;2\nА Итог;;3\nБ;янв 2024;5\nБ Итог;;5\nОбщий итог;;8\n",
         {"Клиент": ["А", "А", "Б"], "Сумма": [1.0, 2.0, 5.0]}, {"total_left_out": [4, 6, 7]}),
    Case("total_differs.csv", "Клиент;Сумма\nА;1\nБ;2\nИтого;4\n", {"Сумма": [1.0, 2.0]}, {"total_differs": [4]}),
    Case("total_like_names.csv", "Клиент;Дата;Сумма\nTotal Energies;01.02.2024;1\nВсего хорошего;02.02.2024;2\n",
         {"Клиент": ["Total Energies", "Всего хорошего"]}),
    Case("unlabelled_total.csv", "Клиент;Дата;Сумма\nА;01.02.2024;1,5\nБ;02.02.2024;2,5\n;;4,0\n", {"Сумма": [1.5, 2.5]},
         {"total_left_out": [4]}),
    Case("footer.csv", "Клиент;Дата;Сумма\nА;01.02.2024;1,5\nИсполнитель: Иванов;;\n", {"Сумма": [1.5]}, {"footer": [3]}),
    Case("duplicates.csv", "Заказ;Товар;Сумма\n1;A;5\n1;A;5\n1;B;5\n2;A;5\n", {"Заказ": ["1", "1", "2"], "Товар": ["A", "B", "A"]},
         {"duplicates": [3]}),
    Case("amocrm.csv", "ID,Название сделки,Бюджет,Этап сделки,Дата создания\n1,А,100,Успешно реализовано,01.02.2024\n"
         "2,Б,200,Закрыто и не реализовано,02.02.2024\n3,В,300,Первичный контакт,03.02.2024\n4,тест,1,Успешно реализовано,03.02.2024\n",
         {"ID": ["1"], "Бюджет": [100.0]}, {"not_won": [3, 4], "test_deals": [5]}),
    Case("spellings.csv", 'Клиент;Сумма\nООО «Ромашка»;1\n"ООО ""РОМАШКА""";2\nРомашка ООО;3\nАО Ромашка;4\nРомашка-2;5\n',
         {"Клиент": ["ООО «Ромашка»", 'ООО "РОМАШКА"', "Ромашка ООО", "АО Ромашка", "Ромашка-2"]}, {"spellings": [2]}),
    # wide tables
    Case("wide.csv", "Клиент;янв 2024;фев 2024;мар 2024;Итого\nА;1;2;;3\nБ;-;5;0;5\nИтого;1;7;0;8\n",
         {"Клиент": ["А", "А", "Б", "Б"], "month": [day("2024-01-01"), day("2024-02-01"), day("2024-02-01"), day("2024-03-01")],
          "amount": [1.0, 2.0, 5.0, 0.0]}, {"blank_months": [], "total_left_out": [4]}),
    Case("wide_no_year.csv", "Клиент;Январь;Февраль;Март\nА;1;2;3\n", error="no year"),
    Case("wide_year_above.csv", "Продажи за 2024 год;;;\nКлиент;Январь;Февраль;Март\nА;1;2;3\n",
         {"month": [day("2024-01-01"), day("2024-02-01"), day("2024-03-01")], "amount": [1.0, 2.0, 3.0]}),
    Case("wide_english.csv", "Client,2024-01,2024-02,2024-03\nRose,1.5,,2\n", {"amount": [1.5, 2.0]}),
    Case("merged_months.xlsx", book(merged_months), {"Клиент": ["А"] * 3 + ["Б"] * 3, "amount": [1.5, 2.0, 4.0, 5.0, 0.0, 8.0]}),
    # workbooks
    Case("merged_names.xlsx", book(merged_names), {"Клиент": ["А", "Б"], "Продажи сумма": [20.5, 6.0], "Возвраты кол-во": [0.0, 7.0]}),
    Case("merged_clients.xlsx", book(merged_clients), {"Клиент": ["А", "А", "Б"], "Сумма": [1.0, 2.0, 3.0]}, {"merged_filled": [2]}),
    Case("hidden_subtotals.xlsx", book(hidden_subtotals), {"Клиент": ["А", "Б"]}, {"hidden_left_out": [3], "total_left_out": [5]}),
    Case("hidden_counted.xlsx", book(hidden_counted), {"Клиент": ["А", "В", "Б"]}, {"hidden_kept": [3], "total_left_out": [5]}),
    Case("several_sheets.xlsx", book(several_sheets), {"Дата": [day("2024-05-01"), day("2024-05-02")], "Сумма": [3.0, 4.0]},
         {"sheet_left_out": []}),
    Case("wanted_sheet.xlsx", book(several_sheets), {"Город": ["Уфа", "Омск"]}, hints={"sheet": "Справочник"}),
    Case("wrong_sheet.xlsx", book(several_sheets), error="Сделки", hints={"sheet": "Сделка"}),
    Case("formulas.xlsx", book(formulas), {"Сумма": [NAN, 9.0, NAN]}, {"formula_empty": [2, 4]}),
    Case("formulas_zero.xlsx", formulas_zero(), {"Сумма": [NAN, NAN]}, {"formula_empty": [2, 3]}),
    Case("percents.xlsx", book(percents), {"Скидка, %": [15.0, 7.5]}),
    Case("text_numbers.xlsx", sheet_of(["Клиент", "Сумма"], ["А", "1 234,50"], ["Б", 5], ["В", "н/д"]), {"Сумма": [1234.5, 5.0, NAN]}),
    Case("mixed_dates.xlsx", sheet_of(["Дата", "Сумма"], [dt.datetime(2024, 1, 5), 1], [45297, 2], ["07.01.2024", 3]),
         {"Дата": [day("2024-01-05"), day("2024-01-06"), day("2024-01-07")]}),
    Case("numeric_codes.xlsx", sheet_of(["Код клиента", "ИНН", "Сумма"], [17, 7707083893, 1], [18, 274062111, 2]),
         {"Код клиента": ["17", "18"], "ИНН": ["7707083893", "0274062111"]}, {"tax_restored": [3]}),
    Case("numbered_header.xlsx", sheet_of(["Клиент", "Дата", "Сумма"], [1, 2, 3], ["А", "01.02.2024", 5]), {"Клиент": ["А"], "Сумма": [5.0]}),
    Case("empty.xlsx", sheet_of(), error="empty"),
    Case("csv_named_xlsx.xlsx", "client,amount\nRose,1.5\n", {"amount": [1.5]}),
    Case("xlsx_named_csv.csv", sheet_of(["client", "amount"], ["Rose", 1.5]), {"amount": [1.5]}),
    Case("page.xls", "<html><head><meta charset='utf-8'></head><body><table><tr><th>Дата</th><th>Клиент</th><th>Сумма</th></tr>"
         "<tr><td>01.02.2024</td><td>А &amp; Б</td><td>1 200,50</td></tr></table></body></html>",
         {"Дата": [day("2024-02-01")], "Клиент": ["А & Б"], "Сумма": [1200.5]}),
    Case("xml_2003.xls", XML_BOOK, {"Дата": [day("2024-03-01"), day("2024-03-02")], "Клиент": [NAN, "Б"], "Сумма": [12.5, 3.0]}),
    Case("truncated.xlsx", sheet_of(["a", "b"], [1, 2])[:-300], error="damaged"),
    # parquet
    Case("texts.parquet", parquet(pd.DataFrame({"Дата": ["01.02.2024", "31.02.2024"], "Сумма": ["1 234,5", "н/д"], "Код": ["007", "8"]})),
         {"Дата": [day("2024-02-01"), NAN], "Сумма": [1234.5, NAN], "Код": ["007", "8"]}, {"impossible_date": [2]}),
    Case("typed.parquet", parquet(pd.DataFrame({"client_id": [7, 8, 8], "amount": [1.25, -2.5, -2.5],
         "date": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-02"])})),
         {"client_id": ["7", "8"], "amount": [1.25, -2.5]}, {"duplicates": [3]}),
    Case("damaged.parquet", b"PAR1" + bytes(50), error="damaged"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_nasty_file(case: Case, tmp_path: Path) -> None:
    path = tmp_path / case.name
    path.write_bytes(case.content.encode() if isinstance(case.content, str) else case.content)
    if case.error is not None:
        with pytest.raises(SourceError) as caught:
            la.read_source(path, **case.hints)
        assert case.error in str(caught.value)
        assert caught.value.file == case.name
        assert case.row in (None, caught.value.row)
        assert case.column in (None, caught.value.column)
        assert caught.value.cure
        return
    raw = la.read_source(path, **case.hints)
    for name, expected in (case.table or {}).items():
        got = [None if pd.isna(value) else value for value in raw.table[name]]
        assert got == expected, name
    for code, lines in case.codes.items():
        told = raw.findings[raw.findings["code"] == code]
        assert len(told), code
        if lines:
            assert sorted(told["row"].dropna().tolist()) == lines
        assert told["problem"].str.len().gt(10).all()
        assert told["advice"].str.len().gt(5).all()
    for name, value in case.detected.items():
        assert raw.detected[name] == value, name


def test_there_are_enough_cases() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 40


def test_a_file_of_1c_in_the_old_format() -> None:
    raw = la.read_source(FILES / "sales_1c.xls")
    assert raw.table["Дата"].tolist() == [day("2024-01-15"), day("2024-02-16"), day("2024-02-17")]
    assert raw.table["Код клиента"].tolist() == ["00017", "00018", "00019"]
    assert raw.table["Сумма"].tolist() == [1234.56, -34.5, 1000.44]
    assert raw.detected.header_line == 3
    assert raw.findings.loc[raw.findings["code"] == "total_left_out", "row"].tolist() == [7]


def test_another_sheet_of_an_old_workbook_is_told() -> None:
    raw = la.read_source(FILES / "two_sheets.xls")
    assert raw.table["amount"].tolist() == [5.25, 7.5]
    assert "Notes" in raw.findings.loc[raw.findings["code"] == "sheet_left_out", "problem"].iloc[0]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"gone\.csv: There is no such file"):
        la.read_source(tmp_path / "gone.csv")


def test_nothing_of_the_machine_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a;b;amount\nx;1\n")
    with pytest.raises(SourceError) as caught:
        la.read_source(tmp_path / "a.csv")
    assert str(tmp_path) not in str(caught.value)
