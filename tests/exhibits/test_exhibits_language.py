"""No untranslated word on a page: what is foreign on it comes from the client's own data or is a code."""

from __future__ import annotations

import html
import re

import pytest

import loyalty_analytics as la
from loyalty_analytics import tables, words
from loyalty_analytics.exhibits.base import Exhibit, Front

# Names of measures and files that both languages write in Latin letters.
CODES = {"nps", "cac", "abc", "xyz", "mail", "xlsx", "plan", "ics", "tables", "params", "corrections", "excel", "ddof",
         "csv", "cards"}
CODES |= {first + second for first in "abc" for second in "xyz"}


def shown(item: Exhibit | Front) -> str:
    """All words of an exhibit or a first screen, texts of the figure's description included."""
    text = item.html() if isinstance(item, Front) else "".join(
        [item.title, " ", item.subtitle, " ", item.note, " ", item.alt, " ",
         item.table.html(item.subtitle or item.title, item.language) if item.table is not None else ""]
    )  # fmt: skip
    return html.unescape(re.sub(r"<[^>]*>", " ", text))


@pytest.fixture(scope="module")
def own_words(root):
    """client -> every word of its data: names, quotes, products, channels."""
    found = {}
    for client in ("radio", "clinic"):
        data = la.load(client, month="2026-10", root=root)
        # Codes of closed lists (status, role, …) are columns of few values in Latin letters: never words for a reader.
        texts = [" ".join(data.params.title.values())]
        for name in tables.names():
            frame = getattr(data, name)
            for column in frame.select_dtypes(["object", "string", "category"]):
                said = " ".join(map(str, frame[column].dropna()))
                texts += [said] if re.search("[А-Яа-я]", said) else []
        found[client] = {stem(word) for word in re.findall(r"[^\W\d_]+", " ".join(texts).lower())}
    return found


def stem(word: str) -> str:
    """The first letters, so that «маркировка» is known from «маркировке»."""
    return word.lower()[:6]


def foreign(text: str, language: str, own: set[str]) -> set[str]:
    letters = r"[А-Яа-яЁё]{2,}" if language == "en" else r"[A-Za-z]{2,}"
    return {word for word in re.findall(letters, text) if stem(word) not in own and word.lower() not in CODES}


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_no_foreign_word_but_the_client_s_own(pages, own_words, language):
    found = {
        (*where, getattr(item, "name", "front")): lost
        for where, page in pages.items()
        for item in page
        if where[2] == language and (lost := foreign(shown(item), language, own_words[where[0]]))
    }  # fmt: skip
    assert not found


def test_no_raw_value_of_a_closed_list(pages):
    """«post_campaign» and the like are keys of tables, not words."""
    found = {
        (*where, getattr(item, "name", "front"), raw)
        for where, page in pages.items()
        for item in page
        for raw in re.findall(r"\b[a-z]+_[a-z_]+\b", shown(item))
    }
    assert not found


def test_the_scan_finds_what_it_should():
    assert foreign("Planned на март", "en", set()) == {"на", "март"}
    assert foreign("на март: planned, NPS 5", "ru", set()) == {"planned"}
    assert foreign("Firm «Ромашка»", "en", {"ромашк"}) == set()


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_numbers_are_written_as_the_language_writes_them(pages, language):
    """Russian: decimal comma, a no-break space before a unit; both: a true minus, no double space or stop."""
    for where, page in pages.items():
        for item in page if where[2] == language else ():
            for text in [item.summary] if isinstance(item, Front) else [item.title, item.subtitle, item.note]:
                at = (*where, getattr(item, "name", "front"), text)
                assert not re.search(r"(?<!\d)-\d", text), at
                assert "  " not in text, at
                assert not re.search(r"\.\.(?!\.)|[;,:]\.|\s[.,;:]|\(\s|\s\)|{|}", text), at
                if language == "ru":
                    assert not re.search(r"\d\.\d(?!\d*\.)(?!\d\.\d{4})", re.sub(r"\d{2}\.\d{2}\.\d{4}", "", text)), at
                    assert not re.search(r"\d (%|₽|тыс\.|млн|клиент)", text), at
