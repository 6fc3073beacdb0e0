"""Columns of a Parquet file as they are typed: numbers, dates and words go no way through texts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ..values.column import EXACT, Column

__all__ = ["read_columns"]

_FEW_BYTES = 2  # a cell of a column of texts that repeat takes no more


def read_columns(path: Path, most: int | None = None) -> list[Column]:
    """The columns of a Parquet file in their order, those of a kept index before them; of its first rows only if so."""
    with pq.ParquetFile(path) as reader:
        if most is not None and reader.metadata.num_rows > most:
            first = pa.Table.from_batches([next(reader.iter_batches(batch_size=most))])
            blank = pa.nulls(len(first), pa.large_string())
            return [_column(name, chunks, blank) for name, chunks in zip(first.column_names, first.columns)]
        known = reader.schema_arrow.pandas_metadata or {}
        if any(isinstance(one, str) for one in known.get("index_columns", ())):
            frame = reader.read().to_pandas()
            if not isinstance(frame.index, pd.RangeIndex) or frame.index.name is not None:
                frame = frame.reset_index()
            return [Column.of_series(str(name), frame.iloc[:, place]) for place, name in enumerate(frame.columns)]
        words = _words(reader)
    table = pq.ParquetFile(path, read_dictionary=words).read() if words else pq.ParquetFile(path).read()
    columns, blank = [], pa.nulls(len(table), pa.large_string())
    while table.num_columns:
        # Each column leaves the table when it is read, so that it is not held twice.
        columns.append(_column(str(table.column_names[0]), table.column(0), blank))
        table = table.remove_column(0)
    return columns


def _words(reader: Any) -> list[str]:
    """Columns of texts whose words repeat so much that they are best read as words and places."""
    meta, schema = reader.metadata, reader.schema_arrow
    if meta.num_rows < 10_000 or meta.num_columns != len(schema.names) or len(set(schema.names)) < len(schema.names):
        return []
    sizes = np.zeros(meta.num_columns)
    for group in range(meta.num_row_groups):
        sizes += [meta.row_group(group).column(place).total_uncompressed_size for place in range(meta.num_columns)]
    return [
        field.name for field, size in zip(schema, sizes)
        if pa.types.is_string(field.type) and size <= _FEW_BYTES * meta.num_rows
    ]  # fmt: skip


def _column(name: str, chunks: pa.ChunkedArray, blank: pa.Array) -> Column:
    """A column; numbers and moments share one array of ``blank`` texts."""
    kind, types = chunks.type, pa.types
    if types.is_dictionary(kind) and (types.is_string(kind.value_type) or types.is_large_string(kind.value_type)):
        array = chunks.unify_dictionaries().combine_chunks()
        if isinstance(array, pa.ChunkedArray):
            return Column.of_text(name, pa.array([], pa.large_string()))
        return Column.of_words(name, array.dictionary.cast(pa.large_string()), array.indices.cast(pa.int64()))
    if types.is_string(kind) or types.is_large_string(kind):
        return Column.of_text(name, _whole(chunks.cast(pa.large_string())))
    number = _number(chunks)
    if number is not None:
        return Column(name, blank, number=number)
    if types.is_integer(kind):
        return Column.of_text(name, _whole(chunks.cast(pa.large_string())))
    if types.is_date(kind) or (types.is_timestamp(kind) and kind.tz is None):
        moment = chunks.cast(pa.timestamp("us"), safe=False).to_numpy().astype("datetime64[us]", copy=False)
        known = moment if chunks.null_count < len(chunks) else None
        return Column(name, blank, moment=known)
    return Column.of_series(name, chunks.to_pandas())


def _whole(chunks: pa.ChunkedArray) -> pa.Array:
    return chunks.chunk(0) if chunks.num_chunks == 1 else pa.concat_arrays(chunks.chunks)


def _number(chunks: pa.ChunkedArray) -> np.ndarray | None:
    """Numbers that a float holds exactly as they are; None for all else."""
    kind, types = chunks.type, pa.types
    if types.is_integer(kind):
        ends = pc.min_max(chunks).as_py()
        if ends["min"] is not None and max(abs(ends["min"]), abs(ends["max"])) > EXACT:
            return None
        return np.asarray(chunks.cast(pa.float64()).to_numpy())
    if types.is_decimal128(kind) and 0 <= kind.scale <= 22:
        return _of_decimals(_whole(chunks), kind.scale)
    if types.is_float32(kind) or types.is_float64(kind):
        number = np.asarray(chunks.cast(pa.float64()).to_numpy())
        return None if np.isinf(number).any() else number
    return None


def _of_decimals(array: pa.Array, scale: int) -> np.ndarray | None:
    """Decimals as floats, rounded once: a whole number and a power of ten that both are exact."""
    halves = np.frombuffer(array.buffers()[1], dtype=np.int64).reshape(-1, 2)[array.offset : array.offset + len(array)]
    known = np.asarray(array.is_valid().to_numpy(zero_copy_only=False))
    low, high = np.where(known, halves[:, 0], 0), np.where(known, halves[:, 1], 0)
    if (high != low >> 63).any() or (np.abs(low) > EXACT).any():
        return None
    return np.where(known, low / 10.0**scale, np.nan)
