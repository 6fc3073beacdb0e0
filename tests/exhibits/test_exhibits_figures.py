"""Texts of all figures keep inside and apart, on the page and on a phone, also with names of sixty characters."""

from __future__ import annotations

import pytest
import text_boxes
from matplotlib.figure import Figure

from loyalty_analytics.exhibits.base import Exhibit


def _figures(pages, narrow):
    for where, page in pages.items():
        for item in page:
            if isinstance(item, Exhibit) and item.draw is not None:
                yield (*where, item.name), item.draw(narrow)


def _faults(pages, narrow):
    found = {}
    for where, figure in _figures(pages, narrow):
        lost, mixed = text_boxes.cut(figure), text_boxes.overlapping(figure)
        if lost or mixed:
            found[where] = {"cut": lost, "over one another": mixed}
    return found


@pytest.mark.parametrize("narrow", [False, True], ids=["page", "phone"])
def test_texts_neither_overlap_nor_leave_the_figure(pages, narrow):
    russian = {where: page for where, page in pages.items() if where[:3:2] == ("radio", "ru")}
    assert not _faults(russian, narrow)


@pytest.mark.proof
@pytest.mark.parametrize("narrow", [False, True], ids=["page", "phone"])
def test_nor_on_the_other_pages(pages, narrow):
    others = {where: page for where, page in pages.items() if where[:3:2] != ("radio", "ru")}
    assert not _faults(others, narrow)


@pytest.mark.proof
@pytest.mark.parametrize("narrow", [False, True], ids=["page", "phone"])
def test_long_names_neither_overlap_nor_get_cut(long_pages, narrow):
    assert not _faults(long_pages, narrow)


def test_letters_on_a_phone_are_large_enough(pages):
    """At least 9 points at 100 dots an inch: 12 px and more of a screen, shown unscaled at 390 px."""
    from matplotlib.text import Text

    for where, figure in _figures({key: page for key, page in pages.items() if key[2] == "ru"}, True):
        assert figure.get_size_inches()[0] * figure.dpi <= 360, where
        small = [text.get_text() for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()
                 and text.get_fontsize() * figure.dpi / 72 < 11.9]  # fmt: skip
        assert not small, (where, small)


def test_the_scan_sees_what_it_should():
    figure = Figure(figsize=(3, 2), dpi=100)
    figure.text(0.1, 0.5, "одно")
    figure.text(0.1, 0.8, "другое")
    assert not text_boxes.overlapping(figure)
    assert not text_boxes.cut(figure)
    figure.text(0.12, 0.5, "поверх")
    assert text_boxes.overlapping(figure) == [("одно", "поверх")]
    figure.text(0.9, 0.2, "длинное имя за краем")
    assert text_boxes.cut(figure) == ["длинное имя за краем"]
