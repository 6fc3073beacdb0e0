"""A second folder of nasty files, each predicted from the rules before it was read."""

# ruff: noqa: E501  (a file in a line is easier to compare with what must come of it)
from __future__ import annotations

import datetime as dt
import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from tests.sources import test_sources_nasty
from tests.sources.test_sources_nasty import NAN, Case, book, day, parquet


def rows_of(*rows: list[Any], merged: tuple[str, ...] = (), hidden: tuple[int, ...] = ()) -> bytes:
    def fill(_: openpyxl.Workbook, sheet: Any) -> None:
        for row in rows:
            sheet.append(row)
        for cells in merged:
            sheet.merge_cells(cells)
        for number in hidden:
            sheet.row_dimensions[number].hidden = True

    content: bytes = book(fill)
    return content


def mac_calendar() -> bytes:
    def fill(workbook: openpyxl.Workbook, sheet: Any) -> None:
        workbook.epoch = CALENDAR_MAC_1904
        for row in (["Дата", "Клиент", "Сумма"], [dt.datetime(2024, 3, 1), "А", 5], [dt.datetime(2024, 3, 2), "Б", 6]):
            sheet.append(row)

    content: bytes = book(fill)
    return content


def far_from_the_corner(_: openpyxl.Workbook, sheet: Any) -> None:
    sheet["C4"], sheet["D4"], sheet["E4"] = "Клиент", "Дата", "Сумма"
    sheet["C5"], sheet["D5"], sheet["E5"] = "А", dt.date(2024, 1, 5), 10
    sheet["C6"], sheet["D6"], sheet["E6"] = "Б", dt.date(2024, 1, 6), 20.5


def arrow(**columns: pa.Array) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream)
    return stream.getvalue()


def months_of_a_year(_: openpyxl.Workbook, sheet: Any) -> None:
    sheet.append(["Клиент", dt.datetime(2024, 1, 31), dt.datetime(2024, 2, 29), dt.datetime(2024, 3, 31)])
    sheet.append(["А", 1, 2, None])
    sheet.append(["Б", 3, None, 5])


def monthly_sheets(workbook: openpyxl.Workbook, sheet: Any) -> None:
    for number, name in enumerate(("Январь", "Февраль")):
        page = sheet if number == 0 else workbook.create_sheet()
        page.title = name
        for row in (["Клиент", "Дата", "Сумма"], ["А", dt.date(2024, number + 1, 5), 1 + number]):
            page.append(row)


TURNOVER = (
    ["ООО «Холдинг»"], ["Оборотно-сальдовая ведомость по счету 62 за январь 2024 г."],
    ["Выводимые данные:", None, "БУ (данные бухгалтерского учета)"], [],
    ["Контрагент", "Обороты за период", None, "Сальдо на конец периода", None],
    [None, "Дебет", "Кредит", "Дебет", "Кредит"],
    ["Лютик ООО", 100.5, 50.25, 50.25, None], ["Мак АО", 10, None, 10, None], ["Итого", 110.5, 50.25, 60.25, None],
)  # fmt: skip

CASES = [
    # 1C
    Case("turnover_1c.xlsx", rows_of(*TURNOVER, merged=("A2:E2", "A5:A6", "B5:C5", "D5:E5")),
         {"Контрагент": ["Лютик ООО", "Мак АО"], "Обороты за период Дебет": [100.5, 10.0], "Сальдо на конец периода Дебет": [50.25, 10.0]},
         {"total_left_out": [9]}, detected={"header_line": 5}),
    Case("preamble_1c.csv",
         "Валовая прибыль по клиентам\r\nПараметры:;Период: 01.01.2024 - 31.01.2024\r\n;Показатели: Выручка\r\nОтбор:;Организация Равно \"ООО \"\"Холдинг\"\"\"\r\n\r\n"
         "Клиент;Регистратор;Выручка;\r\nЛютик;Реализация 0001 от 05.01.2024;1 200,50;\r\nМак;Реализация 0002 от 06.01.2024;300,00;\r\nИтого;;1 500,50;\r\n".encode("cp1251"),
         {"Клиент": ["Лютик", "Мак"], "Выручка": [1200.5, 300.0]}, {"total_left_out": [9]}, detected={"header_line": 6}),
    Case("tax_below_total.csv", "Номенклатура;Кол-во;Сумма\nЭфир;1;100\nРолик;2;20\nИтого;;120\nВ том числе НДС;;20\n",
         {"Номенклатура": ["Эфир", "Ролик"], "Сумма": [100.0, 20.0]}, {"total_left_out": [4]}),
    Case("total_first_1c.csv", "Клиент;Дата;Сумма\nИтого;;31,5\nА;01.02.2024;10,5\nБ;02.02.2024;21\n",
         {"Клиент": ["А", "Б"], "Сумма": [10.5, 21.0]}, {"total_left_out": [2]}),
    Case("balances_1c.csv", "Документ;Дата;Сумма\nСальдо на начало;;500\nРеализация 1;01.02.2024;10\nРеализация 2;02.02.2024;20\nОбороты за период;;30\nСальдо на конец;;530\n",
         {"Сумма": [10.0, 20.0]}),
    Case("nested_groups_1c.csv", "Клиент / документ;Сумма\nЛютик;150\nРеализация 1;100\nРеализация 2;50\nМак;70,5\nРеализация 3;30\nРеализация 4;40,5\n",
         error="sum others", row=2),
    Case("average_below.csv", "Клиент;Дата;Сумма\nА;01.02.2024;10\nБ;02.02.2024;20\nСреднее;;15\nИтого;;30\n",
         {"Клиент": ["А", "Б"], "Сумма": [10.0, 20.0]}, {"total_left_out": [4, 5]}),
    Case("kopecks_1c.csv", "Клиент;Сумма, коп.\nА;12345\nБ;5\n", {"Сумма, коп.": [123.45, 0.05]}, {"unit": []}),
    Case("roubles_kopecks.csv", "Клиент;Сумма (руб. коп.)\nА;12,45\nБ;5,00\n", {"Сумма (руб. коп.)": [12.45, 5.0]}),
    Case("words_money.csv", "Клиент;Сумма\nА;1 234 руб. 50 коп.\nБ;12 руб. 05 коп.\nВ;7 руб.\n", {"Сумма": [1234.5, 12.05, 7.0]}),
    Case("bank_exchange.txt", "1CClientBankExchange\r\nВерсияФормата=1.02\r\nКодировка=Windows\r\nСекцияДокумент=Платежное поручение\r\nНомер=5\r\nСумма=100.00\r\nКонецДокумента\r\nКонецФайла\r\n".encode("cp1251"),
         error="no table"),
    Case("balance_number_first.csv", "№ п/п;Контрагент;Дата;Сумма\n1;А;01.02.2024;10\n2;Б;02.02.2024;20\n;Итого;;30\n",
         {"№ п/п": ["1", "2"], "Сумма": [10.0, 20.0]}, {"total_left_out": [4]}),
    # amoCRM and Bitrix24
    Case("amo_notes.csv",
         'ID;"Название сделки";"Бюджет, руб";"Этап сделки";"Примечание 1"\r\n101;"ООО ""Ромашка""; эфир";"1 500";"Успешно реализовано";"Звонил;\r\nпросил ""скидку"";\r\n\r\nдумает"\r\n'
         '102;"Лютик";200;"Закрыто и не реализовано";"нет; дорого"\r\n103;"Мак";300;"Успешно реализовано";""\r\n',
         {"ID": ["101", "103"], "Название сделки": ['ООО "Ромашка"; эфир', "Мак"], "Бюджет, руб": [1500.0, 300.0],
          "Примечание 1": ['Звонил;\nпросил "скидку";\n\nдумает', NAN]}, {"not_won": [6]}),
    Case("bitrix_money.csv", 'ID;"Название сделки";"Сумма";"Стадия сделки"\n1;"А";"1500.50|RUB";"Сделка успешна"\n2;"Б";"200|RUB";"Сделка провалена"\n',
         {"ID": ["1"], "Сумма": [1500.5]}, {"not_won": [3]}),
    Case("bitrix_page.xls", "<meta http-equiv='Content-type' content='text/html;charset=windows-1251' /><style>td {mso-number-format:\\@;}</style>"
         "<table border='1'><thead><tr><th>Дата</th><th>Компания</th><th>Сумма</th></tr></thead><tbody><tr><td>05.02.2024</td><td>Лютик<br>и&nbsp;Ко</td><td>1&nbsp;500,50 руб.</td></tr></tbody></table>".encode("cp1251"),
         {"Дата": [day("2024-02-05")], "Сумма": [1500.5]}, detected={"encoding": "cp1251"}),
    Case("wrapped_header.csv", 'Клиент;"Сумма,\nтыс. руб.";"Дата\nсделки"\nА;1,5;01.02.2024\nБ;2;02.02.2024\n',
         {"Клиент": ["А", "Б"], "Сумма, тыс. руб.": [1500.0, 2000.0], "Дата сделки": [day("2024-02-01"), day("2024-02-02")]}),
    Case("lines_in_quotes.csv", '"date,client,amount"\n"2024-01-05,A,5.5"\n"2024-01-06,""B, C"",6"\n',
         {"client": ["A", "B, C"], "amount": [5.5, 6.0]}),
    # hand-made Excel
    Case("far_corner.xlsx", book(far_from_the_corner), {"Клиент": ["А", "Б"], "Сумма": [10.0, 20.5]}, detected={"header_line": 4}),
    Case("mac_calendar.xlsx", mac_calendar(), {"Дата": [day("2024-03-01"), day("2024-03-02")]}),
    Case("month_ends.xlsx", book(months_of_a_year), {"Клиент": ["А", "А", "Б", "Б"],
         "month": [day("2024-01-01"), day("2024-02-01"), day("2024-01-01"), day("2024-03-01")], "amount": [1.0, 2.0, 3.0, 5.0]}),
    Case("monthly_sheets.xlsx", book(monthly_sheets), {"Сумма": [1.0]}, {"sheet_left_out": []}),
    Case("hidden_unlabelled.xlsx", rows_of(["Клиент", "Сумма"], ["А", 10], ["А", 7], ["", 17], ["Б", 5], ["Итого", 22], hidden=(4,)),
         {"Клиент": ["А", "А", "Б"], "Сумма": [10.0, 7.0, 5.0]}, {"hidden_left_out": [4], "total_left_out": [6]}),
    Case("merged_total.xlsx", rows_of(["Клиент", "Город", "Сумма"], ["А", "Уфа", 1.1], ["Б", "Омск", 2.2], ["ИТОГО:", None, 3.3], merged=("A4:B4",)),
         {"Клиент": ["А", "Б"], "Сумма": [1.1, 2.2]}, {"total_left_out": [4]}),
    Case("account_numbers.xlsx", rows_of(["Расчётный счёт", "Клиент", "Сумма"], [40702810900000012345, "А", 1], [12345, "Б", 2]),
         {"Расчётный счёт": [NAN, "12345"]}, {"digits_lost": [2]}),
    Case("text_serials.xlsx", rows_of(["Дата", "Клиент", "Сумма"], ["45292", "А", 1], ["45293,5", "Б", 2]),
         {"Дата": [day("2024-01-01"), day("2024-01-02 12:00")]}),
    Case("two_tables.xlsx", rows_of(["Клиент", "Дата", "Сумма"], ["А", dt.date(2024, 1, 5), 10], [], ["Товар", "Поставщик", "Остаток"], ["Ролик", "Мак", 7]),
         error="second table", row=4),
    Case("error_cells.xlsx", rows_of(["Клиент", "Сумма"], ["А", "#DIV/0!"], ["Б", 5], ["В", "#N/A"]), {"Сумма": [NAN, 5.0, NAN]}),
    Case("two_level_months.xlsx", rows_of(["Клиент", "Январь 2024", None, "Февраль 2024", None], [None, "Кол-во", "Сумма", "Кол-во", "Сумма"],
         ["А", 1, 10, 2, 20], ["Б", 3, 30, None, None], merged=("A1:A2", "B1:C1", "D1:E1")),
         {"Клиент": ["А", "А", "Б"], "Кол-во": [1.0, 2.0, 3.0], "Сумма": [10.0, 20.0, 30.0]}),
    Case("codes_with_point.xlsx", rows_of(["Код клиента", "Сумма"], [17.0, 1], ["017", 2]), {"Код клиента": ["17", "017"]}),
    # encodings
    Case("koi8_blanks.csv", "Клиент;Город;Сумма\nЛютик;Казань;1\u00a0234,50\nМак;Самара;5\u00a0000,00\n".encode("koi8-r"),
         {"Клиент": ["Лютик", "Мак"], "Сумма": [1234.5, 5000.0]}, detected={"encoding": "koi8-r"}),
    Case("cp866_number.csv", "№;Клиент;Сумма\n1;Лютик;1\u00a0234,50\n2;Ёлка;2,00\n".encode("cp866"),
         {"№": ["1", "2"], "Клиент": ["Лютик", "Ёлка"], "Сумма": [1234.5, 2.0]}, detected={"encoding": "cp866"}),
    Case("utf16_be.tsv", b"\xfe\xff" + "Дата\tКлиент\tСумма\r\n31.12.2024\tЛютик\t(1 234,50)\r\n".encode("utf-16-be"),
         {"Дата": [day("2024-12-31")], "Сумма": [-1234.5]}, detected={"separator": "\t"}),
    Case("mark_then_cp1251.csv", "\ufeffКлиент;Сумма\nЛютик;5\n".encode() + "Василёк;6\n".encode("cp1251"), error="mixes encodings", row=3),
    Case("koi8_line_in_cp1251.csv", "Клиент;Город;Сумма\nЛютик;Казань;5\nРомашка;Самара;6\nНезабудка;Саратов;7\n".encode("cp1251") + "Василёк;Воронеж;6\n".encode("koi8-r"),
         error="mixes encodings", row=5),
    Case("twice_encoded.csv", "Клиент;Сумма\nЛютик;5\nРомашка;6\n".encode().decode("cp1252", "replace").encode(), error="garbled"),
    Case("lost_letters.csv", "Клиент;Сумма\n\ufffd\ufffd\ufffd\ufffd\ufffd;5\n\ufffd\ufffd\ufffd;6\n", error="garbled"),
    Case("mac_cyrillic.csv", "Клиент;Город;Сумма\nЛютик;Казань;5,5\nРомашка;Самара;6\n".encode("mac_cyrillic"), error="encoding"),
    # quotes and lines
    Case("two_stray_quotes.csv", 'Клиент;Город;Сумма\n"Лютик;Уфа;1\nООО "Мак;Омск;2\nЗАО "Роза";Томск;3\n',
         {"Клиент": ['"Лютик', 'ООО "Мак', 'ЗАО "Роза"'], "Сумма": [1.0, 2.0, 3.0]}),
    Case("inches.csv", 'product,size,amount\nScreen,24",100.5\nStand,"12"" high",20\nCable,5",7\n',
         {"size": ['24"', '12" high', '5"'], "amount": [100.5, 20.0, 7.0]}),
    Case("decimal_in_all_rows.csv", "date,client,amount\n2024-01-05,A,12,50\n2024-01-06,B,3,20\n", error="3 cells", row=2),
    Case("bare_returns_in_cells.csv", b'client,note,amount\r\nA,"one\rtwo",5\r\nB,x,6\r\n', {"client": ["A", "B"], "amount": [5.0, 6.0]}),
    Case("caret.txt", "client^city^amount\nRose^Leeds^1.5\nLily^York^2.5\n", {"client": ["Rose", "Lily"], "amount": [1.5, 2.5]}),
    Case("fixed_width.txt", "Дата        Клиент      Сумма\n01.02.2024  Лютик         5,5\n02.02.2024  Мак           6,5\n", error="blanks"),
    Case("quoted_tabs.tsv", 'client\tnote\tamount\nRose\t"a\tb"\t1.5\nLily\tc\t2.5\n', {"note": ["a\tb", "c"], "amount": [1.5, 2.5]}),
    Case("comment_lines.csv", "# export of 2024-03-01\n# user: anna\ndate,client,amount\n2024-01-05,A,5\n", {"client": ["A"], "amount": [5.0]}, detected={"header_line": 3}),
    Case("short_lines.csv", "Клиент;Дата;Сумма;Комментарий\nА;01.02.2024;5\nБ;02.02.2024;6\n", error="4 cells", row=2),
    Case("decomposed.csv", "Последний заказ;Клиент;Сумма\n01.02.2024;А;5\n", {"Последний заказ": [day("2024-02-01")]}),
    Case("doubled_with_blanks.csv", "Дата; Сумма ;Сумма\n01.02.2024;1;2\n", error="stands twice"),
    Case("nameless_column.csv", "Клиент;;Сумма\nА;да;5\nБ;нет;6\n", {"Клиент": ["А", "Б"], "Сумма": [5.0, 6.0]}, {"column_unnamed": []}),
    # numbers
    Case("swiss.csv", "client;amount\nA;1'234.50\nB;1’000’000.00\n", {"amount": [1234.5, 1000000.0]}),
    Case("currency_first.csv", "client,amount\nA,\"$1,234.50\"\nB,-$5.25\nC,($6)\nD,USD 7\n", {"amount": [1234.5, -5.25, -6.0, 7.0]}),
    Case("trailing_minus_spaces.csv", "Клиент;Сумма\nА;1 234,50-\nБ;(2 000,00)\nВ;- 3 000,25\nГ;4,00 -\n", {"Сумма": [-1234.5, -2000.0, -3000.25, -4.0]}),
    Case("percents.csv", "Клиент;Скидка\nА;15%\nБ;7,5 %\nВ;−2%\nГ;-\n", {"Скидка": [15.0, 7.5, -2.0, NAN]}),
    Case("units_english.csv", "Client,Revenue ($000)\nA,\"1,234.5\"\nB,2.25\n", {"Revenue ($000)": [1234500.0, 2250.0]}),
    Case("units_short.csv", "Клиент;Выручка, т.р.\nА;1,5\nБ;2\n", {"Выручка, т.р.": [1500.0, 2000.0]}),
    Case("units_row.csv", "Клиент;Кол-во;Сумма\n;шт.;тыс. руб.\nА;2;1,5\nБ;3;2\n", {"Клиент": ["А", "Б"]}),
    Case("missing_words.csv", "Клиент;Сумма\nА;нет данных\nБ;N/A\nВ;—\nГ;#ЗНАЧ!\nД;0,00\n", {"Сумма": [NAN, NAN, NAN, NAN, 0.0]}),
    Case("mixed_marks.csv", "client;amount\nA;1,234.50\nB;1.234,50\n", {"amount": [1234.5, 1234.5]}),
    Case("mixed_marks_doubt.csv", "client;amount\nA;1,234.50\nB;1.234,50\nC;2,500\n", error="thousand or a fraction", row=4),
    Case("infinite.parquet", parquet(pd.DataFrame({"client": ["A", "B"], "amount": [float("inf"), 5.0]})), {"amount": [NAN, 5.0]}, {"not_number": [1]}),
    Case("dashes_below_header.csv", "Клиент;Дата;Сумма\n------;----------;-----\nА;01.02.2024;5\n", {"Клиент": ["А"], "Сумма": [5.0]}),
    # dates
    Case("us_dates.csv", "Date,Client,Amount\n12/31/2024,A,\"1,234.56\"\n1/2/2025,B,5.10\n", {"Date": [day("2024-12-31"), day("2025-01-02")], "Amount": [1234.56, 5.1]}),
    Case("us_moments.csv", "Order Date,Client,Amount\n12/31/2024 11:59 PM,A,5\n1/2/2025 12:05 AM,B,6\n", {"Order Date": [day("2024-12-31 23:59"), day("2025-01-02 00:05")]}),
    Case("worded_english.csv", "Date,Client,Amount\n\"Dec 31, 2024\",A,5\n31-Dec-24,B,6\n31 December 2024,C,7\n", {"Date": [day("2024-12-31")] * 3}),
    Case("dashed_ambiguous.csv", "date,client,amount\n05-06-2024,A,5\n07-08-2024,B,6\n", error="day/month or month/day", row=2, column="date"),
    Case("year_day_month.csv", "date,client,amount\n2024-25-12,A,5\n2024-13-02,B,6\n2024-05-06,C,7\n", error="month", column="date"),
    Case("short_years.csv", "Дата;Сумма\n01.02.24;1\n31.12.99;2\n", {"Дата": [day("2024-02-01"), day("1999-12-31")]}),
    Case("zones.csv", "created_at,amount\n2024-05-05T23:30:00+03:00,1\n2024-05-06T00:10:00+03:00,2\n", {"created_at": [day("2024-05-05 23:30"), day("2024-05-06 00:10")]}),
    Case("not_leap.csv", "Дата;Сумма\n29.02.2023;1\n29.02.2024;2\n00.01.2024;3\n", {"Дата": [NAN, day("2024-02-29"), NAN]}, {"impossible_date": [2, 4]}),
    Case("dotted_month_first.csv", "Date;Amount\n12.31.2024;1\n11.30.2024;2\n", error="month.day", column="Date"),
    Case("month_column_short.csv", "Месяц;Клиент;Сумма\nянв.24;А;1\nфев.24;А;2\nмай 24;А;3\n", {"Месяц": [day("2024-01-01"), day("2024-02-01"), day("2024-05-01")]}),
    # wide tables
    Case("wide_days.csv", "Клиент;" + ";".join(f"{d:%d.%m.%Y}" for d in pd.date_range("2024-01-01", "2024-03-02")) + "\nА" + ";1" * 62 + "\n", error="day"),
    Case("wide_english_short.csv", "Client,Jan-24,Feb-24,Mar-24,Total\nRose,1,2,3,6\nLily,,5,,5\n",
         {"Client": ["Rose"] * 3 + ["Lily"], "amount": [1.0, 2.0, 3.0, 5.0]}, {"blank_months": []}),
    Case("wide_measures.csv", "Клиент;Сумма янв 2024;Сумма фев 2024;Кол-во янв 2024;Кол-во фев 2024\nА;1,5;2;3;4\n", {"Сумма": [1.5, 2.0], "Кол-во": [3.0, 4.0]}),
    Case("wide_two_rows.csv", "Клиент;2024;;2025;\n;Январь;Февраль;Январь;Февраль\nА;1;2;3;4\n",
         {"month": [day("2024-01-01"), day("2024-02-01"), day("2025-01-01"), day("2025-02-01")], "amount": [1.0, 2.0, 3.0, 4.0]}),
    Case("wide_units.csv", "Продажи, тыс. руб.;;\nКлиент;Январь 2024;Февраль 2024\nА;1,5;2\nИтого;1,5;2\n", {"amount": [1500.0, 2000.0]}, {"total_left_out": [4]}),
    Case("wide_wrong_total.csv", "Клиент;янв 2024;фев 2024;мар 2024;Итого\nА;1;2;3;7\n", {"amount": [1.0, 2.0, 3.0]}, {"row_total_differs": [2]}),
    # totals
    Case("total_only_preamble.csv", "Отчёт по продажам;;\n;;\nКлиент;Дата;Сумма\nИтого;;0,00\n", error="only totals"),
    Case("total_only.xlsx", rows_of(["Клиент", "Сумма"], ["Итого", 100]), error="only totals"),
    Case("total_count.csv", "Клиент;Дата;Сумма\nА;01.02.2024;10\nБ;02.02.2024;20\nИтого записей: 2;;30\n", {"Клиент": ["А", "Б"]}, {"total_left_out": [4]}),
    Case("total_by_client.csv", "Клиент;Дата;Сумма\nА;01.02.2024;10\nА;02.02.2024;20\nВсего по клиенту А;;30\nБ;02.02.2024;5\nВсего по клиенту Б;;5\nВСЕГО;;35\n",
         {"Клиент": ["А", "А", "Б"]}, {"total_left_out": [4, 6, 7]}),
    Case("grand_total.tsv", "Client\tDate\tSales\nRose\t2024-01-05\t1,234.56\nLily\t2024-01-06\t10.00\nGrand Total\t\t1,244.56\n",
         {"Client": ["Rose", "Lily"], "Sales": [1234.56, 10.0]}, {"total_left_out": [4]}),
    # codes
    Case("tax_spaces.csv", "ИНН;Клиент\n'7707083893;Сбер\n7707 083 893;Сбер 2\n500100732259;ИП\n", {"ИНН": ["7707083893", "7707083893", "500100732259"]}),
    Case("tax_scientific_english.csv", "Tax ID,Client,Amount\n5.00101E+11,A,5\n7707083893,B,6\n", {"Tax ID": [NAN, "7707083893"]}, {"digits_lost": [2]}),
    Case("tax_twelve.xlsx", rows_of(["ИНН", "Клиент"], [500100732259, "ИП"], [26810000100, "X"]), {"ИНН": ["500100732259", NAN]}, {"tax_lost": [3]}),
    Case("phones.csv", "Клиент;Телефон;Сумма\nА;89161234567;5\nБ;+7 916 123-45-67;6\nВ;8,9161E+10;7\n", {"Телефон": ["89161234567", "+7 916 123-45-67", NAN]}, {"digits_lost": [4]}),
    # parquet
    Case("long_codes.parquet", parquet(pd.DataFrame({"client_id": [9007199254740993, 9007199254740992], "amount": [1.5, 2.5]})),
         {"client_id": ["9007199254740993", "9007199254740992"]}),
    Case("index_of_names.parquet", parquet(pd.DataFrame({"amount": [1.5, 2.5]}, index=["Rose", "Lily"])), {"amount": [1.5, 2.5], "index": ["Rose", "Lily"]}),
    Case("odd_types.parquet", arrow(
        client=pa.array(["A", "B"]).dictionary_encode(), amount=pa.array([Decimal("1.10"), None], pa.decimal128(12, 2)),
        at=pa.array([dt.datetime(2024, 5, 5, 23, 30), None], pa.timestamp("ms", tz="Europe/Moscow")),
        day=pa.array([dt.date(2024, 5, 5), dt.date(2024, 5, 6)], pa.date32()), paid=pa.array([True, None]),
        tags=pa.array([["x", "y"], None]), quantity=pa.array([1, None], pa.int32())),
         {"client": ["A", "B"], "amount": [1.1, NAN], "at": [day("2024-05-06 02:30"), NAN], "day": [day("2024-05-05"), day("2024-05-06")],
          "paid": ["true", NAN], "tags": ["x; y", NAN], "quantity": [1.0, NAN]}),
    Case("far_moments.parquet", arrow(client=pa.array(["A", "B"]), date=pa.array([dt.datetime(9999, 12, 31), dt.datetime(2024, 1, 5)], pa.timestamp("us")), amount=pa.array([1, 2])),
         {"date": [NAN, day("2024-01-05")]}, {"implausible_date": [1]}),
    Case("no_rows.parquet", parquet(pd.DataFrame({"client": pd.Series([], dtype=str), "amount": pd.Series([], dtype=float)})), error="no rows"),
    # a second look
    Case("preamble_with_dates.csv", "Отчёт;Продажи\nДата отчёта;01.03.2024\nМенеджер;Иванов\n\nДата;Клиент;Сумма\n01.02.2024;А;5\n02.02.2024;Б;6\n",
         {"Дата": [day("2024-02-01"), day("2024-02-02")], "Сумма": [5.0, 6.0]}, detected={"header_line": 5}),
    Case("period_beside.csv", "Период;с 01.01.2024;по 31.01.2024\nКлиент;Дата;Сумма\nА;05.01.2024;5\nБ;06.01.2024;6\n", {"Клиент": ["А", "Б"]}, detected={"header_line": 2}),
    Case("break_in_name.csv", 'Клиент;Сумма\n"ООО ""Рога\nи Копыта""";5\n"ЗАО ;";6\n', {"Клиент": ['ООО "Рога\nи Копыта"', "ЗАО ;"], "Сумма": [5.0, 6.0]}),
    Case("total_in_note.csv", 'Клиент;Комментарий;Сумма\nА;"первая строка\nитого;вторая;7";5\nБ;x;6\n', {"Клиент": ["А", "Б"], "Сумма": [5.0, 6.0]}),
    Case("year_or_day.csv", "date;client;amount\n24-03-04;A;5\n24-05-06;B;6\n", error="year-month-day", row=2, column="date"),
    Case("short_slashed.csv", "date;client;amount\n13/04/24;A;5\n05/06/24;B;6\n", {"date": [day("2024-04-13"), day("2024-06-05")]}),
    Case("proved_by_another.csv", "date;paid;amount\n13/04/2024;01/02/2024;5\n05/06/2024;02/03/2024;6\n",
         {"date": [day("2024-04-13"), day("2024-06-05")], "paid": [day("2024-02-01"), day("2024-03-02")]}),
    Case("sum_row.csv", "Client;Amount\nA;5\nB;6\nSum;11\n", {"Client": ["A", "B"]}, {"total_left_out": [4]}),
    Case("whole_sum.csv", "Клиент;Сумма\nА;5\nБ;6\nОбщая сумма;11\n", {"Клиент": ["А", "Б"]}, {"total_left_out": [4]}),
    Case("firm_named_sum.csv", "Клиент;Сумма\nА;5\nSum Ltd;6\nБ;7\n", {"Клиент": ["А", "Sum Ltd", "Б"]}),
    Case("mixed_percents.xlsx", rows_of(["Клиент", "Скидка, %"], ["А", "15%"], ["Б", 0.1]), {"Скидка, %": [15.0, 0.1]}, {"percent_mixed": [3]}),
    Case("wide_blanks.csv", "Клиент;Сумма\n\u2003А\u2003;1\u2003234,5\nБ;2\u2005000\n", {"Клиент": ["А", "Б"], "Сумма": [1234.5, 2000.0]}),
    Case("money_of_words.csv", "Клиент;Дата;Сумма\nА;01.02.2024;много\nБ;02.02.2024;мало\n", {"Сумма": ["много", "мало"]}, {"money_as_text": [2]}),
    Case("no_such_days.csv", "Дата;Сумма\n2024-13-01;1\n2024-01-15;2\n2024-02-30;3\n", {"Дата": [NAN, day("2024-01-15"), NAN]}, {"impossible_date": [2, 4]}),
    Case("two_months_two_names.xlsx", rows_of(["Отчёт о продажах"], [], ["Менеджер", "Клиент", "Январь 2024", "Февраль 2024", "Итого"],
         ["Иванов", "А", 1, 2, 3], ["Итого Иванов", None, 1, 2, 3], ["Петров", "В", 5, 6, 11], ["Итого Петров", None, 5, 6, 11], ["Всего", None, 6, 8, 14], merged=("A1:E1",)),
         {"Клиент": ["А", "А", "В", "В"], "amount": [1.0, 2.0, 5.0, 6.0]}, {"total_left_out": [5, 7, 8]}),
    Case("one_lost_letter.csv", "Клиент;Город;Сумма\nЛютик;Каза\ufffdь;5\nРомашка;Самара;6\n", {"Сумма": [5.0, 6.0]}, {"letters_lost": [2]}),
    Case("utc.parquet", arrow(client=pa.array(["A", "B"]), at=pa.array([dt.datetime(2024, 5, 5, 23, 30), None], pa.timestamp("ns", tz="UTC")), amount=pa.array([1.0, 2.0], pa.float32())),
         {"at": [day("2024-05-05 23:30"), NAN], "amount": [1.0, 2.0]}),
    Case("periods.parquet", parquet(pd.DataFrame({"client": ["A", "B"], "month": pd.PeriodIndex(["2024-01", "2024-02"], freq="M"), "amount": [1, 2]})),
         {"month": [day("2024-01-01"), day("2024-02-01")]}),
    Case("wide.parquet", parquet(pd.DataFrame({"client": ["A", "B"], "2024-01": [1.0, None], "2024-02": [3.0, 4.0]})), {"amount": [1.0, 3.0, 4.0]}, {"blank_months": []}),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_nastier_file(case: Any, tmp_path: Path) -> None:
    test_sources_nasty.test_a_nasty_file(case, tmp_path)
