"""Colours that alone tell two things apart differ in grey print and for colour-blind eyes; the others bear a mark."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from loyalty_analytics.plots import brief, segments, theme

# Machado, Oliveira and Fernandes, IEEE Transactions on Visualization and Computer Graphics 15 (2009), full severity.
SEEN = {
    "by all": np.eye(3),
    "deuteranopia": np.array([[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                              [-0.011820, 0.042940, 0.968881]]),
    "protanopia": np.array([[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                            [-0.003882, -0.048116, 1.051998]]),
    "grey print": np.tile([0.2126, 0.7152, 0.0722], (3, 1)),
}  # fmt: skip

# What a reader tells by colour alone: month and year ago, new and returned, left and season over, named and the rest.
APART = [("ACTUAL", "PREVIOUS"), ("BETTER", "PREVIOUS"), ("WORSE", "HAIRLINE"), ("WORSE", "PREVIOUS"),
         ("HIGHLIGHT", "PREVIOUS"), ("INK", "GREY")]  # fmt: skip


def lightness(colour: str, eyes: str) -> float:
    """CIE lightness (0-100) of a colour as these eyes see it."""
    light = np.array([part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)])
    seen = np.clip(SEEN[eyes] @ light, 0, 1)
    y = float(seen @ [0.2126, 0.7152, 0.0722])
    return 116 * y ** (1 / 3) - 16 if y > 0.008856 else 903.3 * y


@pytest.mark.parametrize("eyes", SEEN)
@pytest.mark.parametrize(("one", "other"), APART)
def test_pairs_differ_in_lightness(one, other, eyes):
    assert abs(lightness(getattr(theme, one), eyes) - lightness(getattr(theme, other), eyes)) > 20


def test_better_and_worse_are_one_grey_and_so_bear_marks():
    assert abs(lightness(theme.BETTER, "grey print") - lightness(theme.WORSE, "grey print")) < 10
    steps = pd.DataFrame({"label": list("abc"), "amount": [5e6, 2e6, -1e6], "total": [True, False, False]})
    assert [text.get_text()[0] for text in brief.waterfall(steps, Figure().subplots()).texts] == ["5", "▲", "▼"]
    months = pd.date_range("2026-01-01", periods=3, freq="MS")
    flows = pd.DataFrame({"month": months, "active": 5, "new": 1, "returned": 1, "left": 1, "season_over": 1})
    beside = segments.diverging(flows, Figure().subplots(), labels=["new", "returned", "left", "over"]).texts[-8:]
    assert [text.get_text() for text in beside[1::2]] == ["▲ new", "▲ returned", "▼ left", "▼ over"]
