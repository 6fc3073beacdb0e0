"""Columns of numbers: decimal marks proved, minus forms, units, currencies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from ...errors import SourceError
from .column import Column
from .fast import plain_numbers
from .lookup import Undecided, Where, as_float, where_is
from .numbers import NumberColumn, currency_of, parse_numbers, unit_of
from .reading import Reading
from .roles import role_of

__all__ = ["read_numbers"]

_BLANKS = r" \x{A0}\x{202F}\x{205F}\x{3000}\x{2000}-\x{200A}"
_SIMPLE = r"^[-−]?\d+(?:[.,]\d+)?$"
_GROUPED = rf"^[-−]?\d{{1,3}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d+)?$"
_AMBIGUOUS = r"^[-−]?[1-9]\d{0,2}[.,]\d{3}$"


def read_numbers(reader: Reading, column: Column) -> pd.Series:
    """The numbers of a column in currency units or pieces; what is none goes to the findings."""
    if column.number is not None and column.moment is None and column.text.null_count == len(column):
        # Typed in the file: nothing is written here, so many million need no copy; later steps may write.
        return _scaled(reader, column, np.require(column.number, requirements="W"))
    values = np.full(len(column), np.nan) if column.number is None else column.number.copy()
    plain = plain_numbers(column, reader.proved)
    if plain is not None:
        return _scaled(reader, column, plain)
    distinct = column.distinct()
    if distinct is None:
        _many_numbers(reader, column, values)
    elif distinct[0]:
        _few_numbers(reader, column, values, *distinct)
    if column.moment is not None and not np.isnat(column.moment).all():
        wrong = np.flatnonzero(~np.isnat(column.moment))
        reader.tell("not_number", column.name, wrong, [str(column.moment[wrong[0]])[:10]])
    return _scaled(reader, column, values)


def _scaled(reader: Reading, column: Column, values: np.ndarray) -> pd.Series:
    """Values times the unit of the header or of the file."""
    scale = reader.unit if reader.unit is not None else unit_of(column.name)
    if reader.unit is not None and role_of(column.name) not in ("money", ""):
        scale = unit_of(column.name)
    if scale != 1:
        values = np.round(values * scale, 6)
        reader.found.add("unit", file=reader.file, column=column.name, rows=len(column), scale=f"{scale:.12g}")
    return pd.Series(values, name=column.name, copy=False)


def _decimal_of(reader: Reading) -> str | None:
    return reader.decimal or (next(iter(reader.proved)) if len(reader.proved) == 1 else None)


def _few_numbers(reader: Reading, column: Column, values: np.ndarray, texts: list[str], places: np.ndarray) -> None:
    read = parse_numbers(texts, reader.decimal)
    if read.ambiguous:
        read = _disambiguated(reader, column, texts, read)
    _mark_proved(reader, read)
    table = np.array([as_float(read.values.get(text)) for text in texts])
    inside = places >= 0
    values[inside] = table[places[inside]]
    _number_faults(reader, column, read, texts, places)


def _disambiguated(reader: Reading, column: Column, texts: Sequence[str], read: NumberColumn) -> NumberColumn:
    """Read «1,234» by what the column, else the file, proves; refuse where nothing does."""
    own = {mark for mark, count in ((",", read.commas), (".", read.points)) if count}
    marks = own if len(own) == 1 else reader.proved
    if len(marks) != 1:
        row = int(where_is(column.text, read.ambiguous[0])[0])
        raise Undecided(
            f"{read.ambiguous[0]!r} may be a thousand or a fraction, and nothing in the file tells which.",
            "Give decimal=',' or decimal='.'.", file=reader.file, row=int(reader.lines[row]), column=column.name,
        )  # fmt: skip
    return parse_numbers(texts, next(iter(marks)))


def _mark_proved(reader: Reading, read: NumberColumn) -> None:
    if read.commas:
        reader.proved.add(",")
    if read.points:
        reader.proved.add(".")


def _number_faults(
    reader: Reading, column: Column, read: NumberColumn, texts: Sequence[str], places: np.ndarray | None = None
) -> None:
    where = Where(column.text, texts, places)
    if read.marks:
        reader.found.add("marks", file=reader.file, column=column.name, rows=sum(len(where(m)) for m in read.marks))
    for code, items in (("not_number", read.unknown), ("digits_lost", read.lost)):
        reader.tell_cases(code, column.name, ((where(text), text) for text in items))
    if read.scaled:
        rows = sum(len(where(text)) for text in read.scaled)
        reader.found.add(
            "scaled_cells", "warning", file=reader.file, column=column.name, rows=rows, sample=read.scaled[0]
        )
    if read.percent and column.number is not None and ((column.number > 0) & (column.number < 1)).any():
        odd = np.flatnonzero((column.number > 0) & (column.number < 1))
        reader.found.add("percent_mixed", "warning", file=reader.file, row=int(reader.lines[odd[0]]),
                         column=column.name, rows=len(odd), sample=f"{column.number[odd[0]]:g}")  # fmt: skip
    currencies = read.currencies | ({named} if (named := currency_of(column.name)) else set())
    if len(currencies) > 1:
        raise SourceError(
            f"Amounts in several currencies: {', '.join(sorted(currencies))}.",
            "Split the column or convert it: sums across currencies mean nothing.",
            file=reader.file, column=column.name,
        )  # fmt: skip


def _many_numbers(reader: Reading, column: Column, values: np.ndarray) -> None:
    """Whole arrays for what is written plainly, one by one for the rest."""
    text = column.text
    simple = pc.fill_null(pc.match_substring_regex(text, _SIMPLE), False)
    if pc.sum(simple).as_py() + text.null_count < len(text):
        grouped = pc.fill_null(pc.match_substring_regex(text, _GROUPED), False)
        bare = pc.replace_substring_regex(text, f"[{_BLANKS}]", "")
        plain = pc.if_else(grouped, bare, text)
        simple = pc.or_(simple, grouped)
    else:
        grouped, plain = None, text
    rest = np.flatnonzero(np.asarray(pc.and_not(pc.is_valid(text), simple)))
    picked = plain.filter(simple)
    _prove_many(reader, column, picked, text.filter(simple) if grouped is not None else picked)
    numbers = pc.replace_substring(pc.replace_substring(picked, ",", "."), "−", "-").cast(pa.float64())
    values[np.asarray(simple)] = numbers.to_numpy(zero_copy_only=False)
    if len(rest):
        other = Column(column.name, text.take(pa.array(rest)))
        encoded = other.text.dictionary_encode()
        texts = encoded.dictionary.to_pylist()
        read = parse_numbers(texts, reader.decimal or _decimal_of(reader))
        if read.ambiguous:
            read = _disambiguated(reader, column, texts, read)
        table = np.array([as_float(read.values.get(one)) for one in texts])
        values[rest] = table[encoded.indices.to_numpy(zero_copy_only=False)]
        _number_faults(reader, column, read, texts)


def _prove_many(reader: Reading, column: Column, plain: pa.Array, written: pa.Array) -> None:
    commas = pc.sum(pc.match_substring(plain, ",")).as_py() or 0
    points = pc.sum(pc.match_substring(plain, ".")).as_py() or 0
    if not commas and not points:
        return
    ambiguous = pc.match_substring_regex(written, _AMBIGUOUS)
    doubtful = pc.sum(ambiguous).as_py() or 0
    for mark, count in ((",", commas), (".", points)):
        if count and (
            not doubtful or count > (pc.sum(pc.match_substring(written.filter(ambiguous), mark)).as_py() or 0)
        ):
            reader.proved.add(mark)
    if not doubtful:
        return
    only = reader.decimal or (next(iter(reader.proved)) if len(reader.proved) == 1 else None)
    doubted = written.filter(ambiguous)
    if only is None or (pc.sum(pc.match_substring(doubted, "." if only == "," else ",")).as_py() or 0):
        raise Undecided(
            f"{doubted[0].as_py()!r} may be a thousand or a fraction, and nothing in the file tells which.",
            "Give decimal=',' or decimal='.'.", file=reader.file, column=column.name,
            row=int(reader.lines[where_is(column.text, doubted[0].as_py())[0]]),
        )  # fmt: skip
