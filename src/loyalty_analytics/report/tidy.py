# ruff: noqa: SIM905
"""HTML of an analyst's output made fit for the page: nothing that runs or loads, every table captioned."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

__all__ = ["tidy"]

_TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3 h4 h5 "
    "h6 header hr i img ins kbd li mark ol p picture pre q rect s samp section small source span strong sub summary "
    "sup svg table tbody td tfoot th thead time tr u ul var wbr".split()
)
_VOID = frozenset(("br", "hr", "img", "source", "col", "wbr", "rect"))
_ATTRIBUTES = frozenset(
    "class id colspan rowspan scope alt width height media tabindex role lang datetime title aria-label "
    "aria-hidden focusable headers".split()
)
_SILENT = frozenset(
    ("script", "style", "iframe", "object", "embed", "template", "head", "title", "noscript", "form")
)
_PICTURE = re.compile(r"data:image/(webp|png|jpeg|gif);base64,[A-Za-z0-9+/=]+\Z")
_NUMBER = re.compile(r"[-+−]?\$?[\d\s.,\u00a0]*\d[\d\s.,\u00a0]*(e[-+]?\d+)?\s?(%|₽|млн|тыс\.)?\Z|NaN|–")


class _Tidy(HTMLParser):
    def __init__(self, caption: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.caption = caption
        self.open: list[str] = []
        self.silent = 0
        self.cell: list[str] | None = None  # text of the open cell
        self.cell_at = 0  # where its start tag stands in parts
        self.table = 0
        self.in_head = False
        self.column = 0
        self.heads: list[tuple[int, int]] = []  # column and place in parts of the heads of the open table
        self.numeric: dict[int, bool] = {}  # whether all filled cells of a column are numbers

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self.silent += 1
        if self.silent or tag not in _TAGS:
            return
        if tag == "caption" and self.table:
            self.parts.append("<caption>")
            self.open.append(tag)
            return
        given = {name: value or "" for name, value in attributes}
        kept = {name: value for name, value in given.items() if name in _ATTRIBUTES}
        if tag == "img":
            if not _PICTURE.match(given.get("src", "")):
                return
            kept["src"] = given["src"]
            kept.setdefault("alt", "")
        if tag == "source" and _PICTURE.match(given.get("srcset", "")):
            kept["srcset"] = given["srcset"]
        if tag == "a" and given.get("href", "").startswith("#"):
            kept["href"] = given["href"]
        if tag == "table":
            self._begin_table()
            kept = {name: value for name, value in kept.items() if name == "id"}
        elif tag in ("thead", "tbody", "tfoot"):
            self.in_head = tag == "thead"
        elif tag == "tr":
            self.column = 0
        elif tag in ("td", "th"):
            self.cell, self.cell_at = [], len(self.parts)
            if tag == "th":
                kept.setdefault("scope", "col" if self.in_head else "row")
            kept.pop("class", None)
            if not kept.get("id", "").startswith("T_"):  # a pandas Styler needs its own
                kept.pop("id", None)
        text = "".join(f' {name}="{html.escape(value)}"' for name, value in kept.items())
        self.parts.append(f"<{tag}{text}>")
        if tag not in _VOID:
            self.open.append(tag)

    def _begin_table(self) -> None:
        self.table += 1
        self.heads, self.numeric = [], {}
        name = html.escape(self.caption.format(n=self.table))
        self.parts.append(f'<div class="scroll" tabindex="0" role="region" aria-label="{name}">')

    def handle_endtag(self, tag: str) -> None:
        if tag in _SILENT:
            self.silent = max(0, self.silent - 1)
            return
        if self.silent or tag not in _TAGS or tag in _VOID or tag not in self.open:
            return
        while (last := self.open.pop()) != tag:
            self._close(last)
        self._close(tag)

    def _close(self, tag: str) -> None:
        if tag in ("td", "th") and self.cell is not None:
            tag = self._close_cell(tag, "".join(self.cell).strip())
        self.parts.append(f"</{tag}>")
        if tag == "table":
            for column, place in self.heads:
                if self.numeric.get(column):
                    self.parts[place] = self.parts[place][:-1] + ' class="n">'
            self.parts.append("</div>")

    def _close_cell(self, tag: str, text: str) -> str:
        start = self.parts[self.cell_at]
        if self.in_head:
            self.heads.append((self.column, self.cell_at))
        elif text:
            is_number = bool(_NUMBER.match(text))
            self.numeric[self.column] = self.numeric.get(self.column, True) and is_number
            if is_number:
                self.parts[self.cell_at] = start[:-1] + ' class="n">'
        if tag == "th" and not text:  # an empty heading names nothing
            self.parts[self.cell_at] = re.sub(r' scope="\w+"', "", start).replace("<th", "<td", 1)
            tag = "td"
        self.column += int(found[1]) if (found := re.search(r'colspan="(\d{1,4})"', start)) else 1
        self.cell = None
        return tag

    def handle_data(self, text: str) -> None:
        if self.silent:
            return
        if self.cell is not None:
            self.cell.append(text)
        self.parts.append(html.escape(text, quote=False))

    def result(self) -> str:
        while self.open:
            self._close(self.open.pop())
        return "".join(self.parts)


def tidy(fragment: str, caption: str) -> str:
    """A fragment with allowed tags and attributes only, its tables captioned and able to scroll.

    Parameters
    ----------
    fragment : str
        HTML of an output: of a DataFrame, a Styler, a `Result`.
    caption : str
        For a table without a caption of its own.

    Examples
    --------
    >>> print(tidy('<p onclick="x()">a</p><script>y()</script><table border="1"><tr><td>1</td></tr></table>', "T"))
    <p>a</p><div class="scroll" tabindex="0" role="region" aria-label="T"><table><caption>T</caption><tr><td class="n">1</td></tr></table></div>
    """  # noqa: E501
    parser = _Tidy(caption)
    parser.feed(fragment)
    parser.close()
    text = parser.result()
    own = f"<caption>{html.escape(caption)}</caption>"
    return re.sub(r"(<table[^>]*>)(?!\s*<caption>)", lambda table: table[1] + own, text)
