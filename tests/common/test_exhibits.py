"""An exhibit escapes hostile text, refuses a figure without alt text and hands its rows to tables.xlsx."""

from __future__ import annotations

import pandas as pd
import pytest

from loyalty_analytics.errors import LoyaltyError
from loyalty_analytics.exhibits.base import TABLE_MIME, Exhibit, Front, Tile, drawn
from loyalty_analytics.exhibits.table import Column, Table
from loyalty_analytics.plots import theme

HOSTILE = "<script>alert(1)</script>\"'&"


def _bars(values, ax, narrow):
    ax.bar(range(len(values)), values)
    theme.clean(ax)


def test_hostile_text_is_escaped_everywhere():
    table = Table(frame=pd.DataFrame({"a": [HOSTILE]}), columns=[Column(key="a", label=HOSTILE)])
    shown = Exhibit(
        name="x", title=HOSTILE, language="ru", subtitle=HOSTILE, note=HOSTILE, table=table,
        draw=drawn(_bars, [1, 2]), alt=HOSTILE,
    ).html()  # fmt: skip
    assert "<script" not in shown
    front = Front(
        client=HOSTILE, title=HOSTILE, month=HOSTILE, language="ru", passport=HOSTILE, summary=HOSTILE,
        tiles=(Tile(value=HOSTILE, label=HOSTILE, change=HOSTILE),),
    ).html()  # fmt: skip
    assert "<script" not in front
    assert "style=" not in shown + front


def test_a_figure_needs_alt_text():
    with pytest.raises(LoyaltyError, match="alt text"):
        Exhibit(name="x", title="t", language="en", draw=drawn(_bars, [1]))


def test_first_screen_is_short():
    with pytest.raises(LoyaltyError, match="six numbers"):
        Front(client="c", title="t", month="m", language="en", passport="", summary="word " * 121)


def test_all_rows_travel_and_fifteen_are_shown():
    frame = pd.DataFrame({"n": range(40), "month": pd.period_range("2024-01", periods=40, freq="M")})
    table = Table(
        frame=frame, columns=[Column(key="n", label="n", kind="number"), Column(key="month", label="m", kind="month")]
    )
    shown = Exhibit(name="x", title="t", language="en", table=table)
    bundle = shown._repr_mimebundle_()
    assert bundle["text/html"].count("<tr>") == 16
    assert [row[0] for row in bundle[TABLE_MIME]["rows"]] == list(range(40))
    assert bundle[TABLE_MIME]["rows"][0][1] == "2024-01"


def test_empty_cells_are_dashes_not_zeros():
    table = Table(frame=pd.DataFrame({"n": [None, 0.0]}), columns=[Column(key="n", label="n", kind="number")])
    shown = table.html("c", "en")
    assert ">–<" in shown
    assert ">0<" in shown


def test_a_total_without_a_name_is_no_heading():
    columns = [Column(key="day", label="d"), Column(key="text", label="t")]
    table = Table(frame=pd.DataFrame({"day": ["1"], "text": ["a"]}), columns=columns, totals=[{"text": "sum"}])
    foot = table.html("c", "en").partition("<tfoot>")[2]
    assert "sum" in foot
    assert "<th" not in foot


def test_the_same_figure_gives_the_same_bytes():
    one, two = (Exhibit(name="x", title="t", language="en", draw=drawn(_bars, [3, 1]), alt="a").html() for _ in "ab")
    assert one == two
