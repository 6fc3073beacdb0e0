"""Columns of bytes as columns of texts: each decoded as a whole, or its few distinct values alone."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..values.column import Column
from .encoding import is_strange

__all__ = ["PLAIN", "column"]

# Encodings in which separators, line ends and figures are the bytes of ASCII.
PLAIN = ("utf-8", "cp1251", "cp866", "koi8-r", "cp1252")
_SAMPLE = 20_000  # rows whose distinct values tell whether a column has few
_FEW = 6_000
_MANY = 50_000


def column(name: str, raw: pa.Array, encoding: str) -> tuple[Column, bool]:
    """A raw column of the texts that an array of bytes means, and whether bytes speak against the encoding."""
    if pc.count_distinct(raw.slice(0, _SAMPLE)).as_py() <= _FEW:
        few = raw.dictionary_encode()
        if len(few.dictionary) <= _MANY:
            content = _values(few.dictionary)
            words = _decoded(few.dictionary, content, encoding)
            return Column.of_words(name, words, few.indices), is_strange(content, encoding)
    content = _values(raw)
    return Column.of_text(name, _decoded(raw, content, encoding)), is_strange(content, encoding)


def _values(raw: pa.Array) -> bytes:
    offsets = _offsets(raw)
    buffer = raw.buffers()[2]
    return b"" if buffer is None else buffer.slice(int(offsets[0]), int(offsets[-1] - offsets[0])).to_pybytes()


def _offsets(raw: pa.Array) -> np.ndarray:
    return np.frombuffer(raw.buffers()[1], dtype=np.int64)[raw.offset : raw.offset + len(raw) + 1]


def _relabelled(raw: pa.Array) -> pa.Array:
    """The same bytes, called UTF-8."""
    return pa.Array.from_buffers(pa.large_string(), len(raw), raw.buffers(), offset=raw.offset)


def _decoded(raw: pa.Array, values: bytes, encoding: str) -> pa.Array:
    """All values decoded in one go; lengths in UTF-8 give the new places."""
    if len(raw) == 0 or encoding == "utf-8" or values.isascii():
        return _relabelled(raw)
    offsets = _offsets(raw) - _offsets(raw)[0]
    wide = np.zeros(len(values) + 1, dtype=np.int8)
    wide[:-1] = _lengths(encoding)[np.frombuffer(values, dtype=np.uint8)]
    sizes = np.add.reduceat(wide, offsets[:-1], dtype=np.int64)
    sizes[offsets[1:] == offsets[:-1]] = 0  # reduceat gives an empty slice its first element
    ends = np.concatenate([[0], np.cumsum(sizes)])
    text = values.decode(encoding).encode()
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(text)]
    return pa.Array.from_buffers(pa.large_string(), len(raw), buffers)


@lru_cache(maxsize=8)
def _lengths(encoding: str) -> np.ndarray:
    """Bytes that each byte takes in UTF-8."""
    return np.array(
        [len(bytes([byte]).decode(encoding, errors="replace").encode()) for byte in range(256)], dtype=np.int8
    )
