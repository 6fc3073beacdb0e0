"""The machinery of `make bench`: tables, missing peers, costs of programs, sections kept beside each other."""

from __future__ import annotations

import importlib
import importlib.util
import re
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


def test_what_was_measured_is_not_erased_by_a_machine_that_lacks_a_peer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "benchmarks").mkdir()
    (tmp_path / "benchmarks" / "__init__.py").touch()
    shown = "| a | 3 | |\\n| b | – | not run: peer is not installed |"
    for name in ("one", "two"):
        (tmp_path / "benchmarks" / f"{name}.py").write_text(f"print('{shown}')\n", encoding="utf-8")
    monkeypatch.setattr(main, "FOLDER", tmp_path / "benchmarks")
    monkeypatch.setattr(main, "RESULTS", tmp_path / "RESULTS.md")
    monkeypatch.setattr(main, "SECTIONS", {"A": ["one", "two"]})
    measured = "| a | 1 | |\n| b | 2 | |"
    old = f"# Old\n\nx, ruptures 0.0.7, y\n\n## A\n\n`python -m benchmarks.one`\n\n{measured}\n"
    (tmp_path / "RESULTS.md").write_text(old, encoding="utf-8")
    assert main.results([]) == 0
    text = (tmp_path / "RESULTS.md").read_text(encoding="utf-8")
    assert text.partition("benchmarks.two")[0].count(measured) == 1
    assert "not run" not in text.partition("benchmarks.two")[0]
    assert "not run: peer is not installed" in text.partition("benchmarks.two")[2]  # never measured: told
    assert "kept as measured before: not run: peer is not installed" in capsys.readouterr().out
    assert main.results([]) == 0  # and again
    assert (tmp_path / "RESULTS.md").read_text(encoding="utf-8") == text


def test_short_forms_name_benchmarks_that_exist() -> None:
    for commands in main.SECTIONS.values():
        for command in commands:
            assert (main.FOLDER / f"{command.split()[0]}.py").is_file(), command


def test_commands_in_the_docs_name_modules_that_exist() -> None:
    root = main.FOLDER.parent
    pages = [root / "README.md", root / "CONTRIBUTING.md", *sorted((root / "docs").glob("*.md"))]
    text = " ".join(page.read_text(encoding="utf-8") for page in pages)
    assert not re.findall(r"python benchmarks/\S+", text)  # run as a file a benchmark does not find its neighbours
    named = set(re.findall(r"python -m (benchmarks|loyalty_analytics)((?:\.\w+)+)", text))
    assert len(named) > 15
    missing = [name for top, rest in named if importlib.util.find_spec(name := top + rest) is None]
    assert not missing
    tests = set(re.findall(r"pytest [^`]*?(tests/[\w/.]+)", text))
    assert not [name for name in tests if not (root / name).exists()]
