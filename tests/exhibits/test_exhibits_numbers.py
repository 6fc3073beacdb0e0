"""Every number of a sentence stands in a table of its page; the first screen is short. On both demo clients."""

from __future__ import annotations

import datetime as dt
import json
import re

import finding_numbers as numbers
import numpy as np
import pandas as pd
import pytest

from loyalty_analytics.exhibits.base import Exhibit, Front
from loyalty_analytics.exhibits.table import Column, Table

KNOWN = [(2026, 10), dt.date(2026, 10, 31)]  # the report's own month and last day stand in the masthead
NBSP = "\u00a0"


def test_every_number_of_a_sentence_is_in_a_table(pages):
    lost = {
        where: found
        for where, page in pages.items()
        if (found := numbers.unfounded(page, where[2], KNOWN))
    }  # fmt: skip
    assert not lost


def test_a_wrong_number_is_found(pages):
    """Each number of the sentences made a tenth larger (whole numbers at least by one) is seldom held by chance.

    It may be: a table of sixty clients holds many numbers. Money and shares hide less well than small counts.
    """
    caught, tried = {"number": 0, "percent": 0, "money": 0}, {"number": 0, "percent": 0, "money": 0}
    for (_, _, language), page in pages.items():
        for item in page:
            if not isinstance(item, Exhibit) or item.table is None:
                continue
            cells = numbers.Cells()
            cells.add(item.table, language)
            for number in numbers.read(item.title, language):
                if number.kind not in tried or (number.text, number.after) in numbers.rules(language):
                    continue
                step = max(0.1 * number.value, 2 * number.half)
                wrong = numbers.Number(number.text, number.value + step, number.kind, number.half)
                tried[number.kind] += 1
                caught[number.kind] += not cells.hold(wrong)
    assert min(tried.values()) >= 30
    assert caught["money"] / tried["money"] > 0.9
    assert caught["percent"] / tried["percent"] > 0.6
    assert caught["number"] / tried["number"] > 0.6


def _page(title, frame, columns, **more):
    return [Exhibit(name="x", title=title, language="ru", table=Table(frame=frame, columns=columns, **more))]


FRAME = pd.DataFrame({"name": ["А", "Б", "В"], "lost": [1_234_000.0, 456_000.0, 99_900.0], "share": [0.604, 0.2, 0.1]})
COLUMNS = [
    Column(key="name", label="Клиент"),
    Column(key="lost", label="Потеряно, тыс. ₽", kind="money", unit="k"),
    Column(key="share", label="Доля", kind="percent"),
]


@pytest.mark.parametrize(
    "title, wrong",
    [
        (f"Потеряно 1,2{NBSP}млн{NBSP}₽, это 60{NBSP}%", []),
        (f"Потеряно 1{NBSP}234{NBSP}тыс.{NBSP}₽ у 3 клиентов", []),
        (f"Потеряно 1,3{NBSP}млн{NBSP}₽", [f"1,3{NBSP}млн{NBSP}₽"]),
        (f"Потеряно 1,23{NBSP}млн{NBSP}₽, это 61{NBSP}%", [f"61{NBSP}%"]),
        (f"Потеряно 456{NBSP}%", [f"456{NBSP}%"]),  # money is no share
        (f"У 4 клиентов потеряно 456 → 100{NBSP}тыс.{NBSP}₽", ["4"]),
        (f"С июля{NBSP}2026 потеряно 456{NBSP}тыс.{NBSP}₽", [f"июля{NBSP}2026"]),
    ],
)
def test_scale_precision_and_kind_matter(title, wrong):
    found = [number for _, number, _ in numbers.unfounded(_page(title, FRAME, COLUMNS), "ru")]
    assert found == wrong


def test_totals_count_and_names_do_not():
    title = f"Всего 1,8{NBSP}млн{NBSP}₽"
    assert numbers.unfounded(_page(title, FRAME, COLUMNS), "ru")
    total = [{"name": "Всего", "lost": FRAME["lost"].sum()}]
    assert not numbers.unfounded(_page(title, FRAME, COLUMNS, totals=total), "ru")
    named = FRAME.assign(name=["Кафе 24", "Б", "В"])
    assert not numbers.unfounded(_page("Первым делом Кафе 24", named, COLUMNS), "ru")
    assert numbers.unfounded(_page("Первым делом Кафе 25", named, COLUMNS), "ru")


def test_the_first_screen_is_checked_against_all_tables():
    page = _page("Потери", FRAME, COLUMNS)
    front = {"client": "К", "title": "Т", "month": "м", "language": "ru", "passport": ""}
    assert not numbers.unfounded([Front(summary=f"Доля 20{NBSP}%.", **front), *page], "ru")
    lost = numbers.unfounded([Front(summary=f"Доля 21{NBSP}%.", **front), *page], "ru")
    assert [(name, number) for name, number, _ in lost] == [("front", f"21{NBSP}%")]


def test_english_numbers_and_days():
    text = f"RUB{NBSP}1,234{NBSP}k since July{NBSP}2026, 5.5% of 31"
    read = [(n.value, n.kind) for n in numbers.read(text, "en")]
    assert read == [((2026, 7), "month"), (1_234_000.0, "money"), (5.5, "percent"), (31.0, "number")]
    assert numbers.read(f"8{NBSP}Sep{NBSP}2026", "en")[0].value == dt.date(2026, 9, 8)
    assert numbers.read("08.09.2026", "ru")[0].value == dt.date(2026, 9, 8)


def test_every_exhibit_becomes_html_and_rows(pages):
    """IPython swallows a fault in here and shows the object's repr instead."""
    for (client, report, language), page in pages.items():
        for item in page:
            if isinstance(item, Exhibit) and item.table is not None:
                rows = json.loads(item.table.json(item.name, item.title, language))["rows"]
                assert len(rows) == len(item.table.frame) + len(item.table.totals), (client, report, item.name)
                shown = item.table.html(item.title, language)
                assert "nan" not in re.sub(r"<[^>]*>", " ", shown).split(), (client, report, item.name)


# --- the first screen ---------------------------------------------------------------------------------------------


def words_of(front: Front) -> int:
    """Words that a reader meets before the first exhibit, the data passport and the title included."""
    parts = [front.client, front.title, front.month, front.passport, front.summary, front.warning]
    parts += [text for tile in front.tiles for text in (tile.value, tile.label, tile.change)]
    return sum(bool(re.search(r"\w", word)) for word in " ".join(parts).split(" "))


def assert_short(front: Front) -> None:
    assert words_of(front) <= 120, front.summary
    assert len(front.tiles) <= 6
    assert len(front.summary) > 20


def test_the_first_screen_holds_120_words_and_six_numbers(pages):
    fronts = [next(item for item in page if isinstance(item, Front)) for page in pages.values()]
    assert len(fronts) == 30
    for front in fronts:
        assert_short(front)


def test_the_shop_s_pages_too(retail):
    """A shop with sales and nothing else: short first screens, sentences founded in tables."""
    day = (dt.date(2010, 11, 30), (2010, 11))
    for (_, language), page in retail.items():
        front = next(item for item in page if isinstance(item, Front))
        assert_short(front)
        assert not numbers.unfounded(page, language, day)


def test_numbers_are_not_all_the_same(pages):
    """The scan reads something: several hundred numbers of several kinds."""
    kinds = [n.kind for key, page in pages.items() for item in page for text in numbers.sentences(item)
             for n in numbers.read(text, key[2])]  # fmt: skip
    counts = pd.Series(kinds).value_counts()
    assert (counts[["number", "percent", "money", "month"]] >= 20).all()
    assert np.isfinite(counts.to_numpy(float)).all()
