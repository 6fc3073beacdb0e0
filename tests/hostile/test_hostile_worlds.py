"""Each hostile world works or refuses in the package's own words; `python -m benchmarks.hostile` prints the table."""

import pytest
from benchmarks import hostile

REFUSED = {
    "amounts of 10^16", "infinite amounts", "amounts in words", "workbook that unpacks to 800 MB",
    "workbook with a billion laughs", "workbook that asks for a file of the machine",
    "workbook with a cell in the last corner", "workbook cut in half", "CSV with 20,000 columns",
    "CSV with zero bytes", "CSV of a byte order mark alone", "Parquet in name only", "XLS in name only",
    "a folder called CSV", *hostile.SETTINGS,
}  # fmt: skip


@pytest.mark.parametrize("name", hostile.WORLDS)
def test_a_hostile_world_works_or_is_refused(name: str) -> None:
    result, said = hostile.outcome(hostile.WORLDS[name])
    assert result == ("refuses" if name in REFUSED else "works"), said
    assert said
