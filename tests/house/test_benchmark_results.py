"""The machinery of `make bench`: tables, missing peers, costs of programs, sections kept beside each other."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest
from benchmarks import _table

main = importlib.import_module("benchmarks.__main__")


def test_a_table_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"way": "a", "s": 2.0}, {"way": "b", "s": 5.0}, {"way": "c", "remark": _table.lacking("no_such_module")}]
    _table.show("T", _table.ratios(rows, "s", "times"), "note")
    lines = capsys.readouterr().out.splitlines()
    assert lines[2] == "| way | s | times | remark |"
    assert lines[5] == "| b | 5 | 2.5 | – |"
    assert lines[6] == "| c | – | – | not run: no_such_module is not installed |"


def test_cost_of_a_program_is_its_own() -> None:
    cost = _table.spent([sys.executable, "-S", "-c", "x = bytearray(60_000_000)"])
    assert 60 < cost.mb < 100  # not the memory of the process that asks
    with pytest.raises(_table.Failed, match="boom"):
        _table.spent([sys.executable, "-c", "raise SystemExit('boom')"])


def test_a_section_that_fails_stops_nothing_and_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(main, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(main, "SECTIONS", {"A": ["a"], "B": ["breaks_worlds"], "C": ["no_such_benchmark"]})
    monkeypatch.setattr(main, "header", lambda: "# Head\n")
    (tmp_path / "RESULTS.md").write_text("# Old\n\n## A\n\nkept\n", encoding="utf-8")
    assert main.results(["no_such_benchmark", "B"]) == 1
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert text.startswith("# Head\n\n## A\n\nkept\n\n## B\n")
    assert "**Failed:**" in text.partition("## C")[2]
    assert main.results(["unknown"]) == 2
    assert "no benchmark 'unknown'" in capsys.readouterr().out


def test_short_forms_name_benchmarks_that_exist() -> None:
    for commands in main.SECTIONS.values():
        for command in commands:
            assert (main.FOLDER / f"{command.split()[0]}.py").is_file(), command
