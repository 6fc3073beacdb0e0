"""No word of the reports lies idle: the code names every key, whole, as «part_{name}», or by its group («part»)."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from loyalty_analytics import words

AREAS = ("brief", "breaks", "loyalty", "segments", "acquisition", "voice", "meetings", "client")
_CODE = Path(words.__file__).parents[1]


def _named(tree: ast.AST) -> tuple[set[str], set[str]]:
    """Texts of the code, and patterns of its f-strings with three letters of their own at least."""
    texts, patterns = set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            texts.add(node.value)
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else None for part in node.values]
            pattern = "".join(r"\w+" if part is None else re.escape(part) for part in parts)
            if sum(character.isalpha() for part in parts if part for character in part.split(".")[-1]) >= 3:
                patterns.add(pattern)
    return texts, patterns


@pytest.fixture(scope="module")
def named():
    texts, patterns = set(), set()
    for file in _CODE.rglob("*.py"):
        more = _named(ast.parse(file.read_text("utf-8")))
        texts |= more[0]
        patterns |= more[1]
    return texts, [re.compile(pattern) for pattern in patterns]


@pytest.mark.parametrize("area", AREAS)
def test_every_word_is_used(area, named):
    texts, patterns = named
    idle = [
        key for key in words.area(area, "ru")
        if key not in texts and f"{area}.{key}" not in texts and key.split("_")[0] not in texts
        and not any(p.fullmatch(key) or p.fullmatch(f"{area}.{key}") for p in patterns)
    ]  # fmt: skip
    assert not idle


def test_an_idle_word_would_be_found(named):
    texts, patterns = named
    assert "part_of_nothing_at_all" not in texts
    assert not any(p.fullmatch("nobody_says_this") for p in patterns)


def test_every_exhibit_has_a_name_for_the_day_its_table_is_missing():
    """«No data: the table … is needed» stands below what the exhibit would show."""
    found = [pair for file in (_CODE / "exhibits").glob("*.py")
             for pair in re.findall(r'^@exhibit\("(\w+)", "(\w+)"', file.read_text("utf-8"), re.MULTILINE)]  # fmt: skip
    assert len(found) > 60
    nameless = [f"{area}.{name}_name" for area, name in found for language in words.LANGUAGES
                if not words.known(f"{area}.{name}_name", language)]  # fmt: skip
    assert not nameless
