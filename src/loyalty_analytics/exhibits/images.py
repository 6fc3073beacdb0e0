"""Figures as small lossless WebP inside the page, one for the page and one for a phone."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["picture", "webp"]

# Device pixels per CSS pixel: sharp on paper and on phones, still 10-20 kB a figure.
_WIDE_SCALE, _NARROW_SCALE = 1.25, 1.5
_TONES = 32


def webp(figure: Figure, scale: float = 1.0) -> tuple[bytes, int, int]:
    """A figure as lossless WebP with its size in CSS pixels.

    The canvas is read straight from the renderer, so no PNG is made on the way. A palette of 32
    colours holds every tone of our figures and makes the file a third of its size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    dpi = figure.dpi
    width, height = (round(inches * dpi) for inches in figure.get_size_inches())
    figure.set_dpi(dpi * scale)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    figure.set_dpi(dpi)
    few = Image.fromarray(pixels).quantize(_TONES, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    tones = np.asarray(few.convert("RGB")).copy()
    tones[(pixels == 255).all(axis=2)] = 255  # the paper stays white
    out = io.BytesIO()
    Image.fromarray(tones).save(out, "WEBP", lossless=True, quality=100, method=4)
    return out.getvalue(), width, height


def picture(draw: Callable[[bool], Figure], alt: str) -> str:
    """The <picture> of a drawing function: narrow form up to 700 px, wide form above and in print."""
    sources = []
    for narrow, scale in ((True, _NARROW_SCALE), (False, _WIDE_SCALE)):
        data, width, height = webp(draw(narrow), scale)
        sources.append((f"data:image/webp;base64,{base64.b64encode(data).decode()}", width, height))
    (small, small_width, small_height), (large, width, height) = sources
    return (
        f'<picture><source media="screen and (max-width: 700px)" srcset="{small}" width="{small_width}" '
        f'height="{small_height}"><img src="{large}" alt="{html.escape(alt)}" width="{width}" height="{height}">'
        "</picture>"
    )
