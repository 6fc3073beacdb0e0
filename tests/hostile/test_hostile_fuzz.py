"""Settings that were hit by bytes at random are read or refused in the package's own words, never otherwise."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from loyalty_analytics import params
from loyalty_analytics.causes.codebook import read_codebook
from loyalty_analytics.causes.labelling import read_corrections
from loyalty_analytics.errors import LoyaltyError

ROOT = Path(__file__).parents[2]
PIECES = [b"", b"\x00", b"\xff", b"{", b"}", b"[", b":", b" ", b"\n", b"- ", b'"', b"'", b"!!x ", b"&a ", b"*a ", b"|",
          b"9" * 40, b"2026-45-99", b"null", b"\t", b"#", b"<<: ", b"\xe2\x80\xae", b";", b"\r"]  # fmt: skip


def hit(content: bytes, seed: int) -> bytes:
    rng = np.random.default_rng(seed)
    for _ in range(rng.integers(1, 4)):
        start = int(rng.integers(len(content)))
        stop = start + int(rng.choice([0, 1, 5, 60]))
        content = content[:start] + PIECES[rng.integers(len(PIECES))] + content[stop:]
    return content


def outcomes(content: bytes, file: Path, read: Callable[[], object], seeds: range) -> list[bool]:
    file.parent.mkdir(parents=True, exist_ok=True)
    done = []
    for seed in seeds:
        file.write_bytes(hit(content, seed))
        try:
            read()
            done.append(True)
        except LoyaltyError:
            done.append(False)
    return done


COUNTS = [pytest.param(range(150), id="150"), pytest.param(range(1000, 3000), id="2000", marks=pytest.mark.proof)]


@pytest.mark.parametrize("seeds", COUNTS)
def test_params(tmp_path: Path, seeds: range) -> None:
    content = (ROOT / "params" / "radio.yaml").read_bytes()
    done = outcomes(content, tmp_path / "params" / "radio.yaml", lambda: params.read("radio", tmp_path), seeds)
    assert 0 < sum(done) < len(done)


@pytest.mark.parametrize("seeds", COUNTS)
def test_codebooks(tmp_path: Path, seeds: range) -> None:
    shipped = ROOT / "src" / "loyalty_analytics" / "causes" / "codebooks" / "clinic.yaml"
    content = shipped.read_bytes().replace(b"extends: general\n", b"")
    file = tmp_path / "params" / "codebooks" / "clinic.yaml"
    done = outcomes(content, file, lambda: read_codebook("clinic", tmp_path), seeds)
    assert 0 < sum(done) < len(done)


@pytest.mark.parametrize("seeds", COUNTS)
def test_corrections(tmp_path: Path, seeds: range) -> None:
    rows = "Дорого;price.level;negative\n«Вежливый» менеджер;staff.attitude;positive\n" * 3
    content = f"text;cause;sentiment\n{rows}".encode()
    file = tmp_path / "params" / "radio.corrections.csv"
    done = outcomes(content, file, lambda: read_corrections("radio", tmp_path), seeds)
    assert 0 < sum(done) < len(done)
