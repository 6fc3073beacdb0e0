"""Both languages hold the same keys, nouns have all their forms, numbers are written as people write them."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from loyalty_analytics import words
from loyalty_analytics.errors import LoyaltyError

FOLDER = Path(words.__file__).parent
AREAS = sorted(path.stem for path in (FOLDER / "ru").glob("*.yaml"))


def _read(language: str, area: str):
    return yaml.safe_load((FOLDER / language / f"{area}.yaml").read_text(encoding="utf-8"))


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_areas():
    assert sorted(path.stem for path in (FOLDER / "en").glob("*.yaml")) == AREAS


@pytest.mark.parametrize("area", [name for name in AREAS if name != "glossary"])
def test_same_keys_and_same_fields(area):
    russian, english = _read("ru", area), _read("en", area)
    assert set(russian) == set(english)
    for key, text in russian.items():
        if isinstance(text, str):
            assert text.strip(), f"{area}.{key} is blank"
            assert _fields(text) == _fields(english[key]), f"{area}.{key}"


def test_glossaries_cover_the_same_reports():
    russian, english = _read("ru", "glossary"), _read("en", "glossary")
    assert {name: len(terms) for name, terms in russian.items()} == {
        name: len(terms) for name, terms in english.items()
    }


def test_nouns_have_every_plural_form():
    for noun, forms in _read("ru", "nouns").items():
        assert set(forms) == {"one", "few", "many", "other"}, noun
    for noun, forms in _read("en", "nouns").items():
        assert set(forms) == {"one", "other"}, noun


# Forms by the rules of Russian grammar, e.g. Unicode CLDR plural rules, table "ru".
@pytest.mark.parametrize(
    "n, form",
    [(0, "клиентов"), (1, "клиент"), (2, "клиента"), (5, "клиентов"), (11, "клиентов"), (12, "клиентов"),
     (21, "клиент"), (22, "клиента"), (111, "клиентов"), (1001, "клиент")],
)  # fmt: skip
def test_russian_plurals(n, form):
    assert words.plural(n, "client", "ru") == form


@given(st.floats(-1e12, 1e12), st.integers(0, 3), st.sampled_from(words.LANGUAGES))
def test_numbers_read_back(value, digits, language):
    text = words.number(value, language, digits)
    plain = text.replace("\u2212", "-").replace("\u00a0", "")
    plain = plain.replace(",", ".") if language == "ru" else plain.replace(",", "")
    assert float(plain) == pytest.approx(round(value, digits), abs=10.0**-digits)
    assert plain[:2] != "-0" or float(plain) != 0


def test_months_in_their_cases():
    assert words.month("2026-05", "ru", "prepositional", year=False) == "мае"
    assert words.month("2026-08", "ru", "genitive", year=False) == "августа"
    assert words.month("2026-03", "ru", "dative", year=False) == "марту"


def test_unknown_word_names_the_nearest():
    with pytest.raises(LoyaltyError, match="unchanged"):
        words.say("common.unchangd", "ru")
