"""Rows that are no data: totals, repeated headers, doubles, footers, deals not won."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import SourceError
from ..findings import Findings
from ..values.column import Column
from ..values.fast import ends_among
from ..values.numbers import is_missing, parse_numbers
from ..values.roles import role_of
from . import headers

__all__ = [
    "Total",
    "compare_totals",
    "footers",
    "not_won",
    "refuse_nested",
    "repeated_headers",
    "repeats",
    "ruled",
    "totals",
]

_SUMS = r"итого|всего|общий\s+итог|итог|подытог|промежуточный\s+итог|grand\s+total|sub-?\s?totals?|totals?"
# Rows beside a total that are no data either: the tax in it, balances before and after.
_BESIDE = (
    r"в\s+том\s+числе|в\s+т\.?\s?ч\b\.?|сальдо\s+(?:на|нач|кон|вх|исх)\w*|обороты?\s+за|остат\w+\s+на\s+(?:начало|конец)|"
    r"(?:opening|closing)\s+balance|balance\s+(?:brought|carried)"
)
_MEANS = r"средн(?:ее|яя|ий)|в\s+среднем|average|mean|медиана|median|максимум|минимум|maximum|minimum"
# Labels of totals that may be names as well: only their figures tell.
_PERHAPS = r"общ(?:ая|ий|ее)\s+(?:сумма|итог|объ[её]м|кол\w+|выручка)|сумма|sum|итогов\w+|overall"
_TOTAL_WORDS = rf"(?i)^\s*(?:{_SUMS}|{_PERHAPS}|{_BESIDE}|{_MEANS})(?:$|[\s:.,;(-])"
_TOTAL_END = r"(?i)[^\s](?:.*\s)(?:итог|итого|total)\s*:?$"
_FIRST = "ИиВвОоПпСсTtGgSsMmAaCcBbМм"  # letters with which a label of a total begins
_LAST = "ГгОоLlЛлТт:"  # and ends
# Labels that cannot be the name of a company; «Всего хорошего» and «Total Energies» can.
_CERTAIN = re.compile(
    rf"\s*(?:{_SUMS})\s*"
    r"(?:[:.,]?\s*$|[:,(-]|(?:(?:по|за|на|в|с|без|к|из)\s|руб|тыс|клиент|оборот|продаж|сумм|строк|записей|заказ|сдел|контрагент|"
    rf"(?:for|of|by|in)\s|sales|amount|sum|revenue|rows|records|orders|q[1-4]|\d)).*|\s*(?:{_BESIDE}).*",
    re.IGNORECASE,
)
_IS_BESIDE = re.compile(rf"\s*(?:{_BESIDE})", re.IGNORECASE)
_IS_MEAN = re.compile(rf"\s*(?:{_MEANS})", re.IGNORECASE)
_RULE = re.compile(r"[-=_+|:]{3,}")
_TOLERANCE = 0.0051
_LARGEST_GROUP = 2000  # rows of one group that are looked at


@dataclass(frozen=True)
class Total:
    """A row taken out because it sums others: its position among all rows and its figures by column."""

    position: int
    label: str
    figures: dict[int, float]
    certain: bool


def repeated_headers(columns: Sequence[Column], names: Sequence[str]) -> np.ndarray:
    """Rows that repeat the names of the columns, as page breaks leave them."""
    same = np.ones(len(columns[0]), dtype=bool)
    compared = 0
    for column, name in zip(columns, names):
        if not name:
            continue
        if column.lacks(name):
            return np.zeros(len(column), dtype=bool)
        equal = np.asarray(pc.fill_null(pc.equal(column.text, name), False))
        same &= equal
        compared += 1
        if not same.any():
            break
    return same if compared else np.zeros(len(columns[0]), dtype=bool)


def ruled(columns: Sequence[Column]) -> np.ndarray:
    """Rows of dashes below the header or above a total, as programs print them."""
    size = len(columns[0])
    out = np.zeros(size, dtype=bool)
    for row in {*range(min(3, size)), *range(max(0, size - 3), size)}:
        cells = [cell for column in columns if (cell := column.cell(row)) is not None]
        out[row] = len(cells) > 1 and all(isinstance(cell, str) and _RULE.fullmatch(cell) for cell in cells)
    return out


def totals(columns: Sequence[Column]) -> list[Total]:
    """Rows that look like totals: a label and figures, all else blank."""
    size = len(columns[0])
    candidates: set[int] = set()
    open_rows = np.ones(size, dtype=bool)  # no filled cell to the left
    for column in columns:
        if not open_rows.any():
            break
        rows = np.flatnonzero(open_rows)
        candidates.update(_labelled(column, rows).tolist())
        open_rows &= ~column.filled()
    candidates.update(range(max(0, size - 2), size))
    return [total for row in sorted(candidates) if (total := _total(columns, row, size)) is not None]


def _labelled(column: Column, rows: np.ndarray) -> np.ndarray:
    """Rows of texts that begin or end as a total does."""
    few = column.distinct()
    if few is not None:
        said = np.array([_is_total_label(word) for word in few[0]] + [False], dtype=bool)
        return rows[said[few[1][rows]]] if said.any() else rows[:0]
    likely = np.intersect1d(rows, ends_among(column.text, _FIRST, _LAST), assume_unique=True)
    cells = column.text.take(pa.array(likely)).to_pylist()
    return likely[np.array([_is_total_label(cell) for cell in cells], dtype=bool)]


def _is_total_label(cell: str | None) -> bool:
    return cell is not None and bool(re.match(_TOTAL_WORDS, cell) or re.search(_TOTAL_END, cell))


def _total(columns: Sequence[Column], row: int, size: int) -> Total | None:
    label, figures = "", {}
    for place, column in enumerate(columns):
        cell = column.cell(row)
        if cell is None or (isinstance(cell, str) and is_missing(cell)):
            continue
        if isinstance(cell, float):
            figures[place] = cell
            continue
        if not isinstance(cell, str):
            return None
        if _is_total_label(cell):
            if figures:
                return None  # the label of a total stands before its figures
            label = label or cell
            continue
        read = parse_numbers([cell], ",")
        if read.unknown:
            return None
        value = read.values[cell]
        figures[place] = np.nan if value is None else value
    if not label and (row != size - 1 or len(figures) == len(columns) or not figures or size < 3):
        return None
    return Total(row, label, figures, bool(label and _CERTAIN.fullmatch(label)))


def compare_totals(
    found: Sequence[Total],
    figures: dict[int, np.ndarray],
    data_rows: np.ndarray,
    lines: np.ndarray,
    names: Sequence[str],
    file: str,
    findings: Findings,
) -> set[int]:
    """Compare the totals with the sums of the rows that they stand for.

    Parameters
    ----------
    found : rows that look like totals
    figures : numbers of each numeric column, for all rows
    data_rows : mask of the rows that are data for sure
    lines : line of the file of each row

    Returns
    -------
    set of positions that are totals; the other candidates are data.
    """
    # A row that only reads like a total is data, and the true totals count it.
    data_rows = data_rows.copy()
    previous = -1
    for total in found:
        if not total.certain and not _agreement(total, figures, data_rows, previous)[0]:
            data_rows[total.position] = True
        else:
            previous = total.position
    confirmed: set[int] = set()
    before = -1
    for total in found:
        agrees, compared, column, expected = _agreement(total, figures, data_rows, before)
        beside = _IS_BESIDE.match(total.label) is not None
        if agrees or total.certain:
            confirmed.add(total.position)
            before = before if beside else total.position
            line = int(lines[total.position])
            label = total.label or "—"
            if beside and not agrees:
                findings.add("total_unchecked", file=file, row=line, rows=1, label=label)
            elif agrees or not compared:
                code = "total_left_out" if compared else "total_unchecked"
                findings.add(code, file=file, row=line, rows=1, label=label)
            else:
                _refuse_groups(total, figures, data_rows, line, names, file)
                findings.add("total_differs", "warning", file=file, row=line, column=names[column], rows=1, label=label,
                             total=f"{figures[column][total.position]:.2f}", sum=f"{expected:.2f}",
                             money=float(figures[column][total.position] - expected))  # fmt: skip
        elif total.label:
            findings.add("total_like", "warning", file=file, row=int(lines[total.position]), rows=1, label=total.label)
    return confirmed


def _refuse_groups(
    total: Total, figures: dict[int, np.ndarray], data_rows: np.ndarray, line: int, names: Sequence[str], file: str
) -> None:
    """Rows that give exactly twice or three times a total hold the sums of their own groups."""
    for place in total.figures:
        if place not in figures:
            continue
        value = float(figures[place][total.position])
        whole = float(np.nansum(figures[place][data_rows]))
        if abs(value) > 1 and any(abs(whole - times * value) <= _TOLERANCE for times in (2, 3)):
            raise SourceError(
                f"The rows give {whole:,.2f}, just {round(whole / value)} times the total: rows of groups sum others.",
                "Export a flat list, without groups and subtotals.",
                file=file, row=line, column=names[place],
            )  # fmt: skip


def refuse_nested(
    columns: Sequence[Column], figures: dict[int, np.ndarray], data: np.ndarray, lines: np.ndarray, file: str
) -> None:
    """Rows of groups that stand above what they sum, as 1C nests documents under a client, would count twice."""
    for place, values in figures.items():
        if role_of(columns[place].name) != "money":
            continue
        rows = np.flatnonzero(data & ~np.isnan(values))
        heads = _heads(values, rows)
        if heads:
            raise SourceError(
                f"Rows such as this one sum others: {len(heads)} groups stand above their own parts.",
                "Export a flat list, without groups and subtotals.",
                file=file, row=int(lines[rows[heads[0]]]), column=columns[place].name,
            )  # fmt: skip


def _heads(values: np.ndarray, rows: np.ndarray) -> list[int]:
    """Places among rows of those that sum the next ones up to another such row; [] where they are not wholly so."""
    heads, parts, place = [], 0, 0
    while place < len(rows):
        near = np.rint(values[rows[place : place + _LARGEST_GROUP]] * 100)
        whole = near[0]
        ends = np.flatnonzero(np.cumsum(near[1:]) == whole)
        if whole == 0 or not len(ends):
            return []
        heads.append(place)
        parts += ends[0] > 0
        place += int(ends[0]) + 2
    return heads if parts >= 2 else []


def _agreement(
    total: Total, figures: dict[int, np.ndarray], data_rows: np.ndarray, before: int
) -> tuple[bool, int, int, float]:
    """(agrees, columns compared, worst column, its expected sum)."""
    after = np.arange(len(data_rows)) > total.position
    above = data_rows & ~after
    group = above & (np.arange(len(data_rows)) > before)
    spans = [group, above, data_rows, data_rows & after]
    compared, agreed, worst, expected = 0, 0, -1, 0.0
    for place, value in total.figures.items():
        if place not in figures or np.isnan(figures[place][total.position]):
            continue
        value = figures[place][total.position]
        compared += 1
        if _IS_MEAN.match(total.label):
            sums = _middles(figures[place][data_rows])
        else:
            sums = [float(np.nansum(figures[place][span])) for span in spans if span.any()]
        slack = _TOLERANCE + 1e-9 * abs(value)
        if any(abs(value - one) <= slack for one in sums):
            agreed += 1
        elif worst < 0:
            worst, expected = place, min(sums, key=lambda one: abs(one - value)) if sums else 0.0
    # Sums of prices, rates or numbers of lines mean nothing: one column that agrees tells a total.
    return agreed > 0, compared, worst, expected


def _middles(values: np.ndarray) -> list[float]:
    """What a row «Среднее», «Median» or «Максимум» may say of a column."""
    values = values[~np.isnan(values)]
    if not len(values):
        return []
    return [float(one) for one in (values.mean(), np.median(values), values.max(), values.min())]


def footers(columns: Sequence[Column]) -> np.ndarray:
    """Last rows that hold one remark and nothing else."""
    size = len(columns[0])
    out = np.zeros(size, dtype=bool)
    if len(columns) < 2:
        return out
    for row in range(size - 1, max(-1, size - 12), -1):
        cells = [cell for column in columns if (cell := column.cell(row)) is not None]
        if not cells:
            out[row] = True
            continue
        if len(cells) <= 2 and all(isinstance(cell, str) for cell in cells[:1]) and headers.is_remark(cells[0]):
            out[row] = True
            continue
        break
    return out


def repeats(columns: Sequence[Column]) -> tuple[np.ndarray, np.ndarray]:
    """(mask of rows that repeat an earlier one wholly, number of equal rows per row)."""
    size = len(columns[0])
    if any(column.all_different() for column in columns):
        return np.zeros(size, dtype=bool), np.ones(size, dtype=np.int64)
    places = np.zeros(size, dtype=np.int64)
    for column in columns:
        codes = column.codes()
        places, kinds = pd.factorize(places * (int(codes.max(initial=0)) + 1) + codes)
        if len(kinds) == size:
            return np.zeros(size, dtype=bool), np.ones(size, dtype=np.int64)
    counts = np.bincount(places)
    _, first = np.unique(places, return_index=True)
    doubled = np.ones(size, dtype=bool)
    doubled[first] = False
    return doubled, counts[places]


_STAGE = re.compile(r"стади|этап|статус|stage|status|воронк", re.IGNORECASE)
_WON = frozenset(
    ["успешно реализовано", "сделка успешна", "успешная", "успешно", "выиграна", "выиграно", "won", "closed won",
     "closed - won", "успешно завершена", "закрыта успешно", "реализовано", "сделка выиграна", "closedwon"]
)  # fmt: skip
_TEST = re.compile(
    r"\s*(?:тест(?:овая|овый|овое)?|test)(?:[\s_-]*(?:сделка|клиент|заказ|deal|client|order))?[\s№#_-]*\d*\s*",
    re.IGNORECASE,
)


def not_won(frame: pd.DataFrame, lines: np.ndarray, file: str, findings: Findings) -> np.ndarray:
    """Rows of a CRM's list of deals that are open, lost or tests; all False where the file is none."""
    out = np.zeros(len(frame), dtype=bool)
    stage = _stage_column(frame)
    if stage is None:
        return out
    values = frame[stage].astype("str").str.strip()
    won = values.str.casefold().isin(_WON).to_numpy(dtype=bool, na_value=False)
    for value, count in values[~won].value_counts(dropna=False).items():
        where = np.flatnonzero(
            (values == value).to_numpy(dtype=bool, na_value=False) | (values.isna() & pd.isna(value))
        )
        findings.add("not_won", file=file, column=stage, row=int(lines[where[0]]), rows=int(count), stage=value)
    out |= ~won
    for name in frame:
        column: Any = frame[name]
        if name == stage or not isinstance(column.dtype, pd.StringDtype):
            continue
        tests = column.str.fullmatch(_TEST.pattern, flags=re.IGNORECASE).to_numpy(dtype=bool, na_value=False) & ~out
        if tests.any():
            findings.add("test_deals", file=file, column=str(name), row=int(lines[tests][0]), rows=int(tests.sum()))
            out |= tests
    return out


def _stage_column(frame: pd.DataFrame) -> Any:
    """The column of stages, where one of them says in a CRM's words that a deal is won."""
    for name in frame:
        if not _STAGE.search(str(name)) or not isinstance(frame[name].dtype, pd.StringDtype):
            continue
        values = {str(value).strip().casefold() for value in frame[name].dropna().unique()}
        if len(values) <= 100 and values & _WON:
            return name
    return None
