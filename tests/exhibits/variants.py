"""Every variant of every sentence: said by a case from a small table, and read by a person.

A report has a module ``variants_<name>.py`` beside this one with cases, functions of a language that make one variant
from a table written by hand, and a file ``said/<name>.yaml`` with what each says in Russian and English, side by side.
`test_exhibits_variants.py` runs all cases, compares their texts with that file, looks at their grammar and lists
the sentences of the words that no case produced. After a change of words or cases write the file again,

    python tests/exhibits/variants.py brief

and read what changed in it: cases, plurals, decimal commas. ``~`` stands for a no-break space.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from loyalty_analytics import words
from loyalty_analytics.exhibits.base import Exhibit, Front, Tile
from loyalty_analytics.results import Note, Result

_HERE = Path(__file__).parent
_NBSP = "\u00a0"
_VARIANTS = {"title", "sub", "note", "none", "no", "few", "short", "same", "some", "alike", "unknown", "nothing"}
_MANY = "клиентов|месяцев|ответов|отзывов|дней|дня|сделок|переломов|случаев|звонков"
_ONE = "клиент|клиента|месяц|месяца|ответ|ответа|отзыв|день|дня|перелом|случай|звонок"
_PLURAL = "clients|months|answers|comments|days|deals|meetings|visits|breaks|cases|calls"


class Cases:
    """The cases of a report and the areas of words whose sentences they must produce."""

    def __init__(self, *areas: str) -> None:
        self.areas = areas
        self.made: dict[str, Callable[[str], Any]] = {}

    def __call__(self, function: Callable[[str], Any]) -> Callable[[str], Any]:
        """Decorator of a case ``f(language)`` -> text, exhibit, first screen, result, or a list of these."""
        assert function.__name__ not in self.made, function.__name__
        self.made[function.__name__] = function
        return function


def cases_of(report: str) -> Cases:
    """The cases of ``variants_<report>.py``."""
    return importlib.import_module(f"variants_{report}").cases


def reports() -> list[str]:
    """All reports that have cases."""
    return sorted(file.stem.removeprefix("variants_") for file in _HERE.glob("variants_*.py"))


def texts(said: Any, name: str = "text") -> Iterator[tuple[str, str]]:
    """(where, text) of everything that a reader would read, empty ones left out."""
    if isinstance(said, str):
        yield name, said
    elif isinstance(said, Exhibit):
        heads = " | ".join(column.label for column in said.table.columns) if said.table is not None else ""
        for field in ("title", "subtitle", "alt", "note"):
            yield f"{said.name}.{field}", getattr(said, field)
        yield f"{said.name}.heads", heads
    elif isinstance(said, Front):
        tiles = [" · ".join(filter(None, (tile.value, tile.label, tile.change))) for tile in said.tiles]
        for field in ("title", "passport", "warning", "summary"):
            yield field, getattr(said, field)
        yield "tiles", " | ".join(tiles)
    elif isinstance(said, Tile):
        yield name, " · ".join(filter(None, (said.value, said.label, said.change)))
    else:
        assert isinstance(said, Sequence), type(said)
        for place, item in enumerate(said, 1):
            yield from texts(item, f"{name} {place}")


def cells(exhibit: Exhibit, rows: int = 3) -> list[str]:
    """The first rows of an exhibit's table and its totals as a reader sees them, for cases that speak in cells."""
    table = exhibit.table
    assert table is not None
    shown = [*table.frame.head(rows).to_dict("records"), *table._totals()]
    return [
        " | ".join(filter(None, (
            row[column.key] if isinstance(row[column.key], str) else column.cell(row, exhibit.language)
            for column in table.columns
        )))
        for row in shown
    ]  # fmt: skip


def say(report: str, name: str, language: str) -> dict[str, str]:
    """What a case says in a language: where -> text."""
    return _made(report, name, language)[0]


@cache
def _made(report: str, name: str, language: str) -> tuple[dict[str, str], frozenset[str]]:
    """What a case says, and the keys of words that it looked up; made once."""
    with recorded() as seen:
        said = cases_of(report).made[name](language)
        found = _found(name, said, language)
    return found, frozenset(seen)


def _found(name: str, said: Any, language: str) -> dict[str, str]:
    if isinstance(said, Result):
        said = list(said.notes)
    if isinstance(said, Note) or (isinstance(said, list) and said and all(isinstance(item, Note) for item in said)):
        said = [note.text(language) for note in (said if isinstance(said, list) else [said])]
    found = [(where, text) for where, text in texts(said) if text]
    assert len({where for where, _ in found}) == len(found), f"{name}: two exhibits of one name"
    return dict(found)


def expected(report: str) -> dict[str, dict[str, dict[str, str]]]:
    """case -> where -> language -> text, as read by a person."""
    file = _HERE / "said" / f"{report}.yaml"
    text = file.read_text("utf-8").replace("~", _NBSP) if file.is_file() else ""
    return yaml.safe_load(text) or {}


@contextmanager
def recorded() -> Iterator[set[str]]:
    """The keys of words that are looked up meanwhile."""
    seen: set[str] = set()
    find = words._find

    def note(key: str, language: str) -> Any:
        seen.add(key)
        return find(key, language)

    words._find = note
    try:
        yield seen
    finally:
        words._find = find


def is_sentence(key: str, text: Any) -> bool:
    """What needs a case: words with a place for a value, more than three, or a variant; not the head of a column."""
    if not isinstance(text, str) or key.startswith("col_"):
        return False
    return "{" in text or len(text.split()) > 3 or key.rpartition("_")[2] in _VARIANTS


def unsaid(report: str) -> list[str]:
    """Sentences of the report's words that no case produces."""
    cases = cases_of(report)
    seen = frozenset[str]().union(*(_made(report, name, "ru")[1] for name in cases.made))
    wanted = [f"{area}.{key}" for area in cases.areas for key, text in words.area(area, "ru").items()
              if is_sentence(key, text)]  # fmt: skip
    return [key for key in wanted if key not in seen]


def faults(text: str, language: str) -> list[str]:
    """What no sentence may hold: see the patterns."""
    wrong = {
        "a hyphen for a minus": r"(?<![\w.])-\d",
        "two spaces": r"  ",
        "stops that do not go together": r"\.\.(?!\.)|[;,:]\.|,,|;;",
        "a space before a stop": r"[ \u00a0][.,;:!?](?!\d)",
        "a space inside brackets": r"\( | \)",
        "an unfilled place": r"[{}]|\bnan\b|\bNone\b|\bNaT\b",
    }
    if language == "ru":
        wrong |= {
            "a breaking space before a unit": r"\d (%|₽|тыс\.|млн|млрд|клиент|ответ|месяц|дн|день)",
            "a decimal point": r"(?<![\d.])\d+\.\d+(?![\d.])",
            "a comma between thousands": r"\d,\d{3}\b(?!\d)",
            "one with a plural": rf"(?<![\d,−-])(?:\d*[02-9])?1{_NBSP}(?:{_MANY})\b",
            "many with a singular": rf"(?:\b(?:\d*[02-9])?[5-90]|1\d){_NBSP}(?:{_ONE})\b",
        }  # fmt: skip
    else:
        wrong |= {
            "one with a plural": rf"(?<![\d.,])1[ {_NBSP}](?:{_PLURAL})\b",
            "a decimal comma": r"\d,\d{1,2}\b(?!\d)",
        }
    return [f"{name}: {text}" for name, pattern in wrong.items() if re.search(pattern, text)]


def write(report: str) -> None:
    """Write what the cases say now into ``said/<report>.yaml``, for a person to read."""
    made: dict[str, dict[str, dict[str, str]]] = {}
    for name in cases_of(report).made:
        both = {language: say(report, name, language) for language in words.LANGUAGES}
        assert both["ru"].keys() == both["en"].keys(), f"{name}: {both['ru'].keys() ^ both['en'].keys()}"
        made[name] = {
            where: {language: both[language][where].replace(_NBSP, "~") for language in words.LANGUAGES}
            for where in both["ru"]
        }
    file = _HERE / "said" / f"{report}.yaml"
    file.parent.mkdir(exist_ok=True)
    head = "# Read by a person: every variant of every sentence, Russian and English. See ../variants.py.\n"
    file.write_text(head + yaml.safe_dump(made, allow_unicode=True, sort_keys=False, width=116), "utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(_HERE))
    import variants  # the module that the cases know, not __main__

    for report_name in sys.argv[1:] or variants.reports():
        variants.write(report_name)
        left = variants.unsaid(report_name)
        print(f"{report_name}: {len(left)} sentences without a case", *left, sep="\n  ")
