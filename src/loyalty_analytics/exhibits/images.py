"""Figures as small lossless WebP inside the page, one for the page and one for a phone."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["picture", "webp"]

# Device pixels per CSS pixel: sharp on paper and on phones, still 10-20 kB a figure.
_WIDE_SCALE, _NARROW_SCALE = 1.5, 2.0


def webp(figure: Figure, scale: float = 1.0) -> tuple[bytes, int, int]:
    """A figure as lossless WebP with its size in CSS pixels.

    The canvas is read straight from the renderer, so no PNG is made on the way. A palette of 256
    colours holds every tone of our figures and makes the file a third of its size.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    dpi = figure.dpi
    width, height = (round(inches * dpi) for inches in figure.get_size_inches())
    figure.set_dpi(dpi * scale)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    image = Image.frombuffer("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    figure.set_dpi(dpi)
    few = image.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).convert("RGB")
    out = io.BytesIO()
    few.save(out, "WEBP", lossless=True, quality=60, method=3, exact=True)
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
