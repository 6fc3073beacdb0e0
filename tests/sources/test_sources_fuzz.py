"""Damaged files end in a table or in a SourceError: no other exception, no hang, no flood of memory."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from tests.sources import test_sources_nastier, test_sources_nasty

import loyalty_analytics as la
from loyalty_analytics.errors import SourceError

HERE = Path(__file__).parent
SECONDS = 20  # far above what any of these small files needs


def seeds() -> list[tuple[str, bytes]]:
    cases = [*test_sources_nasty.CASES, *test_sources_nastier.CASES]
    files = [(case.name, case.content.encode() if isinstance(case.content, str) else case.content) for case in cases]
    old = [(path.name, path.read_bytes()) for path in sorted((HERE / "files").glob("*.xls"))]
    return [(name, content) for name, content in files if content] + old


def mutated(content: bytes, dice: np.random.Generator) -> bytes:
    """Bytes flipped, cut out, doubled or cut off; columns of text exchanged."""
    data = bytearray(content)
    way = dice.integers(6)
    if way == 0:
        for place in dice.integers(0, len(data), size=int(dice.integers(1, 12))):
            data[place] ^= 1 << int(dice.integers(8))
    elif way == 1:
        del data[int(dice.integers(1, len(data) + 1)) :]
    elif way == 2:
        start = int(dice.integers(len(data)))
        del data[start : start + int(dice.integers(1, 40))]
    elif way == 3:
        start = int(dice.integers(len(data)))
        data[start:start] = data[start : start + int(dice.integers(1, 60))]
    elif way == 4:
        place = int(dice.integers(len(data)))
        data[place:place] = bytes(dice.integers(0, 256, size=int(dice.integers(1, 20)), dtype=np.uint8))
    else:
        lines = [line.split(b";") for line in bytes(data).split(b"\n")]
        for cells in lines:
            dice.shuffle(cells)
        data = bytearray(b"\n".join(b";".join(cells) for cells in lines))
    return bytes(data)


def survive(count: int, seed: int, folder: Path) -> tuple[int, int]:
    dice = np.random.default_rng(seed)
    files = seeds()
    read = refused = 0
    for number in range(count):
        name, content = files[number % len(files)]
        damaged = mutated(content, dice)
        path = folder / name
        path.write_bytes(damaged)
        began = time.monotonic()
        try:
            raw = la.read_source(path)
            assert len(raw.table)
            assert raw.findings.shape[1] == raw.found.frame("ru").shape[1]
            read += 1
        except SourceError as error:
            refused += error.file == name
        assert time.monotonic() - began < SECONDS, f"{name}, file {number} of seed {seed}"
    return read, refused


def test_damaged_files_short(tmp_path: Path) -> None:
    read, refused = survive(200, 1, tmp_path)
    assert read > 40
    assert refused > 20


@pytest.mark.proof
def test_two_thousand_damaged_files(tmp_path: Path) -> None:
    import resource

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read, refused = survive(2000, 2, tmp_path)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert read + refused == 2000
    assert grown < 2 * 1024 * 1024  # kilobytes
    children = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    assert children < 2 * 1024 * 1024
