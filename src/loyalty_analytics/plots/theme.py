"""One look for all figures: calm, dense, safe for colour-blind readers and for grey print."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

from .. import words

__all__ = [
    "ACTUAL", "BAND", "BETTER", "GREY", "HAIRLINE", "HIGHLIGHT", "INK", "NARROW", "PREVIOUS", "WIDE", "WORSE",
    "axes", "clean", "figure", "known_to_pyplot", "name_axes", "number_axis", "readable_on", "shorten", "style",
    "wrapped",
]  # fmt: skip

INK = "#1f2933"
GREY = "#52606d"
HAIRLINE = "#d9e2ec"
ACTUAL = "#334e68"
PREVIOUS = "#9fb3c8"
HIGHLIGHT = "#0967d2"
WORSE = "#c0392b"
BETTER = "#1e7f5c"
BAND = 0.18  # opacity of an interval's band

# CSS pixels of the page; a narrow figure is made for a phone of 390 px and shown unscaled there.
WIDE, NARROW = 960, 358
_DPI = 100  # one typographic inch = 100 CSS pixels, so a font of 9.4 pt is 13 px

_RC: dict[str, Any] = {
    "figure.dpi": _DPI,
    "figure.facecolor": "white",
    "figure.constrained_layout.use": True,
    "font.family": "DejaVu Sans",
    "font.size": 9.4,
    "axes.titlesize": 9.4,
    "axes.titleweight": "normal",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "axes.labelcolor": GREY,
    "axes.edgecolor": HAIRLINE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "patch.linewidth": 0,
    "legend.frameon": False,
    "svg.hashsalt": "loyalty_analytics",
}


@contextmanager
def style() -> Iterator[None]:
    """The look of a figure, for the time of a `with` block; nothing global stays changed."""
    import matplotlib as mpl

    with mpl.rc_context(_RC):  # type: ignore[arg-type]
        yield
        interactive = mpl.is_interactive()
    # The first figure in a kernel switches pictures below cells on; without this the end of the block would
    # switch them off again, and every later plot would vanish without a word.
    mpl.interactive(interactive)


def figure(height: float = 360, narrow: bool = False, **subplots: Any) -> tuple[Figure, Any]:
    """A figure of the page's width and a height in CSS pixels, with its axes.

    Parameters
    ----------
    height : float
        CSS pixels.
    narrow : bool
        Width of a phone (358 px) instead of the page (960 px).
    **subplots
        ``nrows``, ``ncols``, ``sharex`` … of `matplotlib.figure.Figure.subplots`.
    """
    from matplotlib.figure import Figure

    with style():
        made = Figure(figsize=((NARROW if narrow else WIDE) / _DPI, height / _DPI), layout="constrained")
        return made, made.subplots(**subplots)


def axes(ax: Axes | None, height: float = 360) -> Axes:
    """The axes given, or new ones through pyplot so that Jupyter shows them."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with style():
        return plt.subplots(figsize=(WIDE / _DPI, height / _DPI), layout="constrained")[1]


def known_to_pyplot(ax: Axes) -> Axes:
    """The same axes, their figure handed to pyplot: Jupyter shows below a cell what pyplot knows of."""
    import matplotlib.pyplot as plt

    figure = ax.get_figure(root=True)
    if figure is not None and getattr(figure, "number", None) not in plt.get_fignums():
        plt.figure(figure)
    return ax


def styled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Decorator: run a drawing function inside the style."""
    from functools import wraps

    @wraps(function)
    def inner(*args: Any, **options: Any) -> Any:
        with style():
            return function(*args, **options)

    return inner


def clean(ax: Axes, *, keep: str = "") -> Axes:
    """Take away the axes that nobody reads; ``keep`` holds 'x' and or 'y'."""
    for side, letter in (("left", "y"), ("bottom", "x")):
        ax.spines[side].set_visible(letter in keep)
    if "y" not in keep:
        ax.set_yticks([])
    if "x" not in keep:
        ax.set_xticks([])
    return ax


def name_axes(ax: Axes, across: str, up: str) -> None:
    """Names of both directions, none of them turned: the upward one stands above the axes."""
    ax.set_xlabel(across)
    ax.set_title(up, color=GREY, fontsize=9.0)


def readable_on(background: Any) -> str:
    """White or ink, whichever stands out more (WCAG 2.2, relative luminance).

    >>> readable_on("#334e68"), readable_on("#9fb3c8")
    ('white', '#1f2933')
    """
    from matplotlib.colors import to_rgb

    def light(colour: Any) -> float:
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2] + 0.05

    return "white" if light("white") / light(background) > light(background) / light(INK) else INK


def number_axis(axis: Any, language: str, digits: int = 0) -> None:
    """Tick labels as people of the language write numbers."""
    from matplotlib.ticker import FuncFormatter

    axis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value, language, digits)))


def shorten(text: str, length: int = 28) -> str:
    """A long name with «…»; the whole name stands in the table.

    >>> shorten("Общество с ограниченной ответственностью", 12)
    'Общество с…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def wrapped(text: str, length: int = 20) -> str:
    """A name in at most two lines; what does not fit them ends with «…».

    >>> wrapped("молчащие — критики (граница)", 20)
    'молчащие — критики\\n(граница)'
    """
    first, *rest = textwrap.wrap(text, length) or [""]
    return first if not rest else f"{shorten(first, length)}\n{shorten(' '.join(rest), length)}"
