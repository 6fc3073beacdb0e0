"""Where the texts of a figure stand: outside the figure, or over one another."""

from __future__ import annotations

from itertools import combinations
from typing import Any

_SLACK = 1.5  # pixels of a box's own margin


def boxes(figure: Any) -> list[tuple[str, Any]]:
    """Visible texts with their boxes in pixels, tick labels of the visible range included."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    ticks = {}
    for ax in figure.axes:
        for axis, (low, high) in ((ax.xaxis, sorted(ax.get_xlim())), (ax.yaxis, sorted(ax.get_ylim()))):
            room = 1e-9 * (high - low)
            for tick in [*axis.get_major_ticks(), *axis.get_minor_ticks()]:
                inside = low - room <= tick.get_loc() <= high + room
                ticks |= {id(label): inside and axis.get_visible() for label in (tick.label1, tick.label2)}
    found = []
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text().strip() and ticks.get(id(text), True) and text.get_alpha() != 0:
            found.append((text.get_text(), Text.get_window_extent(text, renderer)))  # without a line that leads to it
    return found


def cut(figure: Any) -> list[str]:
    """Texts that leave the figure."""
    width, height = figure.canvas.get_width_height()
    return [
        text for text, box in boxes(figure)
        if box.x0 < -_SLACK or box.y0 < -_SLACK or box.x1 > width + _SLACK or box.y1 > height + _SLACK
    ]  # fmt: skip


def overlapping(figure: Any) -> list[tuple[str, str]]:
    """Pairs of texts whose boxes share more than their margin."""
    return [
        (one, two)
        for (one, a), (two, b) in combinations(boxes(figure), 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > _SLACK and min(a.y1, b.y1) - max(a.y0, b.y0) > 2 * _SLACK
    ]
