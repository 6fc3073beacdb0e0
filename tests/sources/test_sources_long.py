"""Long plain files are split before they are decoded: they must come out as the short way reads them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import SourceError
from loyalty_analytics.sources.files import delimited

ROWS = 30_000


def deals(rows: int = ROWS, seed: int = 5) -> str:
    dice = np.random.default_rng(seed)
    amounts = dice.integers(-500_000, 5_000_000, rows)
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(dice.integers(0, 1400, rows), unit="D")
    table = pd.DataFrame(
        {
            "Номер": [f"З-{number:06d}" for number in range(rows)],
            "Дата": days.strftime("%d.%m.%Y"),
            "Код": [f"{number:05d}" for number in dice.integers(0, 900, rows)],
            "Клиент": [f" ООО Ромашка-{number} " for number in dice.integers(0, 900, rows)],
            "Сумма, руб": [f"{amount / 100:.2f}".replace(".", ",") for amount in amounts],
            "Скидка": np.where(dice.random(rows) < 0.1, "н/д", "5"),
            "Заметка": [f"Ёлка «{number}»" if number % 7 else "" for number in dice.permutation(rows)],
        }
    )
    return str(table.to_csv(sep=";", index=False))


def both_ways(path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[la.sources.RawTable, la.sources.RawTable]:
    long_way = la.read_source(path)
    monkeypatch.setattr(delimited, "_LONG", 1 << 40)
    return long_way, la.read_source(path)


@pytest.mark.parametrize("encoding", ["cp1251", "cp866", "koi8-r", "utf-8"])
def test_long_files_are_read_as_short_ones(encoding: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = deals().replace("«", "").replace("»", "") if encoding in ("cp866", "koi8-r") else deals()
    path = tmp_path / "deals.csv"
    path.write_bytes(text.encode(encoding))
    assert path.stat().st_size > delimited._LONG
    one, other = both_ways(path, monkeypatch)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.findings, other.findings)
    assert one.detected == other.detected
    assert one.lines.tolist() == other.lines.tolist()
    assert one.detected.encoding == encoding
    assert one.table["Клиент"].str.startswith("ООО").all()
    written = [float(line.split(";")[4].replace(",", ".")) for line in text.split("\n")[1 : ROWS + 1]]
    assert one.table["Сумма, руб"].tolist() == written


@pytest.mark.parametrize(
    "tail, message",
    [
        ("З-999999;01.02.2024;00001;Василёк и Незабудка;5,00;5;да\n".encode("koi8-r"), "mixes encodings"),
        ("З-999999;01.02.2024;00001;Василёк и Незабудка;5,00;5;да\n".encode("cp866"), "mixes encodings"),
        ("З-999999;01.02.2024;00001;Василёк и Незабудка;5,00;5;да\n".encode(), "mixes encodings"),
        ("З-999999;01.02.2024;00001;Василёк\n".encode("cp1251"), "7 cells of the header"),
        ("З-999999;01.02.2024;00001;Вас\x98ёк;5,00;5;да\n".encode("latin-1", "replace"), "mixes encodings"),
    ],
)
def test_a_fault_at_the_end_of_a_long_file_is_seen(tail: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(deals().encode("cp1251") + tail)
    with pytest.raises(SourceError, match=message) as caught:
        la.read_source(path)
    assert caught.value.row == ROWS + 2


def test_a_quote_or_a_total_at_the_end_of_a_long_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "deals.csv"
    path.write_bytes(
        deals().encode("cp1251") + 'З-9;01.02.2024;00001;"ООО; Мак";5,00;5;да\nИтого;;;;7,00;;\n'.encode("cp1251")
    )
    one, other = both_ways(path, monkeypatch)
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.table["Клиент"].iloc[-1] == "ООО; Мак"
    assert one.findings.loc[one.findings["code"] == "total_differs", "row"].tolist() == [ROWS + 3]


def _faulty_dates(how_many: int) -> list[str]:
    dice = np.random.default_rng(3)
    times = dice.integers(0, (24, 60, 60), (60_000, 3))
    clock = [f"{hour:02d}:{minute:02d}:{second:02d}" for hour, minute, second in times]
    dates = [f"2026-01-{row % 28 + 1:02d} {time}" for row, time in enumerate(clock)]
    return [f"2026-02-30 {time}" if row < how_many else date for row, (date, time) in enumerate(zip(dates, clock))]


@pytest.mark.parametrize("name", ["whole arrays", "text by text"])
def test_every_impossible_date_is_counted_and_few_are_named(tmp_path, name):
    dates = _faulty_dates(500)
    if name == "text by text":  # one date of another width
        dates[-1] = "2026-01-05"
    path = tmp_path / "deals.csv"
    lines = [f"{date};C{row % 50};{row}.50" for row, date in enumerate(dates)]
    path.write_text("date;client_id;amount\n" + "\n".join(lines) + "\n", encoding="utf-8")
    read = la.read_source(path)
    told = read.findings[read.findings["code"] == "impossible_date"]
    assert read.table["date"].isna().sum() == told["rows"].sum() == 500
    assert len(told) <= 101
