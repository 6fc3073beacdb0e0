"""Long columns read from their bytes, and cheap proofs that nothing in them needs a closer look."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .column import Column

__all__ = ["TEXT_MARKS", "ends_among", "odd_codes", "plain_numbers"]

_PLAIN_BYTES = np.isin(np.arange(256), np.frombuffer(b"0123456789,.-", dtype=np.uint8))
_MARK_WORDS = [
    "-", "–", "—", "--", "---", "н/д", "н.д.", "н/а", "нет данных", "#н/д", "#знач!", "#дел/0!", "#ссылка!", "#имя?",
    "n/a", "#n/a", "#value!", "#ref!", "#div/0!", "#name?", "(пусто)", "(blank)", "(null)", "<null>", "\\n", "null",
]  # fmt: skip
TEXT_MARKS = pa.array(
    list(dict.fromkeys(form for mark in _MARK_WORDS for form in (mark, mark.upper(), mark.capitalize()))),
    pa.large_string(),
)
_CODE_MARKS = pa.array([*TEXT_MARKS.to_pylist(), "нет", "Нет", "НЕТ"], pa.large_string())


def ends_among(text: pa.Array, first: str, last: str) -> np.ndarray:
    """Rows whose first or last sign may be one of these: told by one byte, so that a few more are named."""
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(text.buffers()[2] or b"\x00", dtype=np.uint8)
    rows = np.flatnonzero(offsets[1:] > offsets[:-1])
    second = {sign.encode()[:2] for sign in first}
    begins, follows = raw[offsets[:-1][rows]], raw[np.minimum(offsets[:-1][rows] + 1, len(raw) - 1)]
    pairs = np.zeros((256, 256), dtype=bool)
    for sign in second:
        pairs[sign[0], sign[1] if len(sign) > 1 else slice(None)] = True
    ending = np.isin(raw[offsets[1:][rows] - 1], [sign.encode()[-1] for sign in last])
    return rows[pairs[begins, follows] | ending]


def odd_codes(column: Column) -> bool:
    """Whether a column of codes has one that is no plain code: a mark, a quote in front, 1,23E+09."""
    few = column.distinct()
    text = column.text if few is None else pa.array(few[0], pa.large_string())
    if pc.any(pc.is_in(text, _CODE_MARKS)).as_py() or pc.any(pc.starts_with(text, "'")).as_py():
        return True
    rows = ends_among(text, "0123456789", "")
    if len(rows) == 0:
        return False
    raw = (text.buffers()[2] or pa.py_buffer(b"")).to_pybytes()
    signs = [sign for sign in ("eE" if raw.isascii() else "eEеЕ") if sign.encode() in raw]
    return bool(signs) and bool(pc.any(pc.match_substring_regex(text, r"^\d(?:[.,]\d+)?[eEеЕ]\+?\d{1,3}$")).as_py())


def plain_numbers(column: Column, proved: set[str]) -> np.ndarray | None:
    """Long columns of digits with one mark and no three decimals, straight from their bytes."""
    if len(column) < 10_000 or not column.whole() or column.number is not None or column.moment is not None:
        return None
    text = column.text
    offsets = np.frombuffer(text.buffers()[1], dtype=np.int64)[text.offset : text.offset + len(text) + 1]
    raw = np.frombuffer(text.buffers()[2], dtype=np.uint8)[offsets[0] : offsets[-1]]
    if not _PLAIN_BYTES[raw].all():
        return None
    offsets = offsets - offsets[0]
    marks = np.flatnonzero((raw == 44) | (raw == 46))
    if len(marks):
        mark = raw[marks[0]]
        one_each = len(marks) == len(text) and (marks >= offsets[:-1]).all() and (marks < offsets[1:]).all()
        if not one_each or not (raw[marks] == mark).all() or (offsets[1:] - marks == 4).any():
            return None
        proved.add(chr(mark))
        raw = np.where(raw == 44, np.uint8(46), raw)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(raw)]
    try:
        numbers = pa.LargeStringArray.from_buffers(len(text), buffers[1], buffers[2]).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    return numbers.to_numpy(zero_copy_only=False).copy()
