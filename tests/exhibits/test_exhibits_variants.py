"""Every variant of every sentence is produced by a case and says what a person read; see `variants`."""

from __future__ import annotations

import pytest
import variants

from loyalty_analytics import words

pytestmark = pytest.mark.usefixtures("asked_once")
CASES = [(report, name) for report in variants.reports() for name in variants.cases_of(report).made]


@pytest.mark.parametrize(("report", "name"), CASES, ids=[f"{report}-{name}" for report, name in CASES])
def test_a_variant_says_what_was_read(report, name):
    said = {language: variants.say(report, name, language) for language in words.LANGUAGES}
    read = variants.expected(report).get(name, {})
    for language in words.LANGUAGES:
        assert said[language] == {where: both[language] for where, both in read.items()}
        assert not [fault for text in said[language].values() for fault in variants.faults(text, language)]


@pytest.mark.parametrize("report", variants.reports())
def test_no_sentence_is_without_a_case(report):
    assert not variants.unsaid(report)


@pytest.mark.parametrize("report", variants.reports())
def test_no_case_is_gone(report):
    assert variants.expected(report).keys() == variants.cases_of(report).made.keys()


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ушло 5~клиента.", "ru"), ("Ушло 21~клиентов.", "ru"), ("Выше на 3.5~%.", "ru"), ("1~отзывов", "ru"),
        ("Выше на 35 %.", "ru"), ("Ниже на -5.", "ru"), ("12~день", "ru"), ("Конец..", "ru"),
        ("Слово {n}", "en"), ("Всего nan.", "en"), ("Left: 1~clients.", "en"), ("Up 3,5%.", "en"),
    ],
)  # fmt: skip
def test_faults_are_seen(text, language):
    assert variants.faults(text.replace("~", "\u00a0"), language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("У 21~клиента и 5~клиентов, 11~клиентов, 1~клиента.", "ru"), ("1~234,5~тыс.~₽", "ru"),
        ("На 31.10.2026: −8~%, 2~дня, 111~ответов", "ru"), ("2~месяца, 25~месяцев, 101~отзыв", "ru"),
        ("1~client, 21~clients, 1,234.5", "en"),
    ],
)  # fmt: skip
def test_what_is_right_is_no_fault(text, language):
    assert not variants.faults(text.replace("~", "\u00a0"), language)
