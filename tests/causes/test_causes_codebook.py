"""Codebooks: faults with their line, a client's own that extends a shipped one, forms in step."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import pytest

from loyalty_analytics.causes import forms
from loyalty_analytics.causes.codebook import SHIPPED, CodebookError, read_codebook
from loyalty_analytics.causes.tagger import Tagger
from loyalty_analytics.causes.text import analysed_forms

GOOD = """codebook: mine
extends: general
causes:
  product.jingle:
    title: {ru: джингл, en: jingle}
    owner: front
    ru:
      positive: |
        запоминается джингл,
        джингл ... в голове
"""
_HEAD = "causes:\n  price:\n    ru:\n"
FAULTS = [
    ("causes:\n  price:\n    titel: {ru: a}\n", 3, "Unknown key 'titel'"),
    ("causes:\n  price:\n    owner: boss\n", 3, "Unknown owner 'boss'"),
    (_HEAD + "      words: |\n        цена\n      positive: |\n        дешево,\n        цена\n", 8, "both words"),
    ("causes:\n  price:\n    ru:\n      negative: |\n        ок,\n        ... дорого\n", 6, "gap needs a word"),
    ("causes:\n  price:\n    ru:\n      nagative: [a]\n", 4, "Unknown kind of rule 'nagative'"),
    ("causes:\n  a.b.c:\n    owner: front\n", 2, "is no name of a cause"),
    ("causes:\n  price:\n    ru:\n      words: [a\n", 5, "not readable as YAML"),
    ("causes:\n  price:\n    ru:\n      words: |\n        де*\n", 5, "too short a beginning"),
    (_HEAD + "      words: |\n        через #дней\n", 5, "is no class of words"),
    ("extends: nowhere\ncauses: {}\n", 1, "No codebook 'nowhere'"),
]  # fmt: skip


@pytest.mark.parametrize("text, line, problem", FAULTS)
def test_a_fault_names_its_line(tmp_path, text, line, problem):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(CodebookError) as caught:
        read_codebook(file)
    assert caught.value.line == line
    assert problem in str(caught.value)
    assert f"mine.yaml, line {line}" in str(caught.value)


def test_a_clients_codebook_extends_a_shipped_one(tmp_path):
    folder = tmp_path / "params" / "codebooks"
    folder.mkdir(parents=True)
    (folder / "mine.yaml").write_text(GOOD, encoding="utf-8")
    tagger = Tagger("mine", root=tmp_path)
    texts = pd.DataFrame({"feedback_id": [1, 2], "text": ["Ваш джингл неделю звучит в голове", "Дорого"]})
    tags = tagger.tag(texts).table
    assert tags.loc[tags["feedback_id"] == 1, ["cause", "sentiment"]].values.tolist() == [
        ["product.jingle", "positive"]
    ]
    assert tags.loc[tags["feedback_id"] == 2, "cause"].tolist() == ["price.level"]
    assert tagger.codebook.title("product.jingle", "ru") == "джингл"


def test_a_clients_radio_may_extend_the_shipped_radio(tmp_path):
    folder = tmp_path / "params" / "codebooks"
    folder.mkdir(parents=True)
    (folder / "radio.yaml").write_text("codebook: radio\nextends: radio\ncauses: {}\n", encoding="utf-8")
    assert read_codebook("radio", tmp_path).title("logistics.placement", "en") == "airing"


OWN = """codebook: hall
extends: general
causes:
  company.sound:
    title: {ru: звук эфира, en: sound on air}
    ru:
      words: [эфир]
      negative: хрипит, звук плохой
      positive: звук хороший
"""


def test_at_the_same_words_a_clients_rule_wins_over_the_shipped_one(tmp_path):
    """The shipped codebook reads these words as the quality of a product, the air as where an advertisement stands."""
    file = tmp_path / "hall.yaml"
    file.write_text(OWN, encoding="utf-8")
    texts = ["В эфире всё хрипит", "Звук хороший, но дорого", "У вас хрипит весь день", "Эфир отличный", "Дорого"]
    feedback = pd.DataFrame({"feedback_id": range(5), "text": texts})
    tags = Tagger(file).tag(feedback).frame
    assert tags["cause"].tolist() == [
        "company.sound",
        "company.sound",
        "price.level",
        "company.sound",
        "company.sound",
        "price.level",
    ]
    assert set(Tagger("general").tag(feedback).frame["cause"]) == {
        "product.quality",
        "price.level",
        "logistics.placement",
    }


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_codebooks_are_whole(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    book = read_codebook(name)
    for cause, entry in book.causes.items():
        assert {"ru", "en"} <= entry.title.keys(), cause
        if "." in cause or cause == "premises":
            assert {"ru", "en"} <= entry.advice.keys(), cause
    assert {rule.language for rule in book.rules.values()} == {"ru", "en"}


@pytest.mark.parametrize("name", SHIPPED)
def test_no_rule_stands_in_two_languages(name, tmp_path, monkeypatch):
    """Texts may mix languages, so that both are read: such a rule would be heard twice and reported twice."""
    monkeypatch.chdir(tmp_path)
    names = [rule.name for rule in read_codebook(name).rules.values()]
    assert not {name for name, times in Counter(names).items() if times > 1}


def test_the_file_of_forms_is_in_step_with_the_codebooks():
    words = forms.vocabulary()
    assert sorted(forms.shipped()) == words, "run python -m loyalty_analytics.causes.forms"
    for word in words[::40]:
        assert set(forms.inflected(word)) == analysed_forms(word)
