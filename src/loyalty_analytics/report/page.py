"""An executed notebook as one offline page, and `show` for an analyst's own figures.

The page runs nothing and loads nothing: no script, pictures as data, style sheets named by their
hash in a Content-Security-Policy. Its bytes depend on the outputs of the notebook alone.
"""

from __future__ import annotations

import base64
import hashlib
import html
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .. import words
from ..errors import LoyaltyError
from ..exhibits.base import TABLE_MIME
from ..exhibits.handout import FILE_MIME
from ..shown import notebook_style
from .tidy import tidy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["LINKS", "SETUP_TAG", "Page", "document", "render", "show"]

# A cell that the report line adds and takes away again.
SETUP_TAG = "loyalty-setup"
# Where publishing writes the links between reports.
LINKS = "<!--links-->"
# What only exhibits/ writes: escaped there, so it passes unchanged.
_OWN = re.compile(r'<(section class="(exhibit|glossary)\b|header class="front"|p class="handout")')
_ADDRESS = re.compile(r"\b0x[0-9a-f]{6,16}\b")


@dataclass(frozen=True)
class Page:
    """A report as it leaves the worker.

    Attributes
    ----------
    html : str
        The whole document with `LINKS` where publishing writes the links.
    title : str
        The first heading.
    tables : list of dict
        name, title, columns, rows of every table, for tables.xlsx.
    files : dict
        Further files of this report: name -> base64.
    """

    html: str
    title: str
    tables: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)


def show(figure: Figure, *, alt: str, caption: str = "") -> None:
    """Show a matplotlib figure of your own on the page, with its text for those who do not see it.

    Parameters
    ----------
    figure : matplotlib Figure or Axes
    alt : str
        What the figure tells, in words, made from its numbers.
    caption : str
        Stands below the figure.

    Raises
    ------
    LoyaltyError
        Where ``alt`` says nothing.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> show(Figure(), alt=" ")
    Traceback (most recent call last):
    loyalty_analytics.errors.LoyaltyError: A figure needs a text for those who do not see it. Pass alt='…', made from its numbers.
    """  # noqa: E501
    from IPython.display import display
    from matplotlib import pyplot

    from ..exhibits.images import webp

    figure = getattr(figure, "figure", figure)  # Axes are accepted too
    if len(alt.split()) < 2:
        raise LoyaltyError("A figure needs a text for those who do not see it.", "Pass alt='…', made from its numbers.")
    data, width, height = webp(figure, 1.5)
    markup = _figure("webp", base64.b64encode(data).decode(), alt, caption, width, height)
    display({"text/html": markup, "text/plain": alt}, raw=True, metadata={"loyalty": "own"})
    pyplot.close(figure)


def _figure(kind: str, data: str, alt: str, caption: str = "", width: int = 0, height: int = 0) -> str:
    size = f' width="{width}" height="{height}"' if width else ""
    below = f"<figcaption>{html.escape(caption)}</figcaption>" if caption else ""
    return f'<figure><img src="data:image/{kind};base64,{data}" alt="{html.escape(alt)}"{size}>{below}</figure>'


def render(notebook: Any, language: str, title: str) -> Page:
    """The page of an executed notebook.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Left unchanged.
    language : {'ru', 'en'}
    title : str
        For a notebook without a heading of its own.
    """
    import copy

    notebook = copy.deepcopy(notebook)
    notebook.cells = [cell for cell in notebook.cells if SETUP_TAG not in cell.metadata.get("tags", [])]
    tables: list[dict[str, Any]] = []
    files_made: dict[str, str] = {}
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            cell.outputs = _merged(cell.outputs)
            for output in cell.outputs:
                _collect(output, tables, files_made)
                _picture(output, cell, number)
    body, _ = _exporter().from_notebook_node(
        notebook, {"code_label": words.say("report.code", language), "language": language}
    )
    body = _number_tables(body, language)
    body, styles = _styles(body)
    body, headings = _anchors(_missing_last(body, language))
    first = re.search(r"<h1[^>]*>(.*?)</h1>", body, re.S)
    name = _text(first[1]) if first else title
    if first is None:
        body = f"<h1>{html.escape(title)}</h1>\n{body}"
    page = document(body, language, name, contents=headings, styles=styles)
    return Page(page, name, tables, files_made)


def document(
    body: str,
    language: str,
    title: str,
    contents: list[tuple[str, str]] | None = None,
    styles: tuple[str, ...] = (),
) -> str:
    """A whole HTML document around a body."""
    css = _css()
    hashes = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" for style in (css, *styles)
    )
    policy = f"default-src 'none'; img-src data:; style-src {hashes}; base-uri 'none'; form-action 'none'"
    say = words.say
    nav = ""
    if contents:
        items = "".join(f'<li><a href="#{anchor}">{text}</a></li>' for anchor, text in contents)
        label = html.escape(say("report.contents", language))
        nav = f'\n<nav class="contents" aria-label="{label}"><ol>{items}</ol></nav>\n'
    # The answer first, then the contents: on a phone nobody scrolls past a list to reach it.
    first, end, rest = body.partition("</header>") if nav else ("", "", body)
    first, rest = (first + end, rest) if end else ("", body)
    parted = ' class="parted"' if contents else ""
    return (
        f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="robots" content="noindex">\n<meta name="referrer" content="no-referrer">\n'
        f"<title>{html.escape(title)}</title>\n<style>{css}</style>\n"
        + "".join(f"<style>{style}</style>\n" for style in styles)
        + f'</head>\n<body>\n<a class="skip" href="#main">{html.escape(say("report.skip", language))}</a>\n'
        f'<div class="page">\n{LINKS}\n<main id="main" tabindex="-1"{parted}>\n'
        f"{first}{nav}{rest}\n</main>\n</div>\n</body>\n</html>\n"
    )


@cache
def _css() -> str:
    return (files(__package__) / "template" / "style.css").read_text(encoding="utf-8").strip()


@cache
def _exporter() -> Any:
    import mistune
    from jinja2 import DictLoader
    from nbconvert.exporters.templateexporter import TemplateExporter

    template = (files(__package__) / "template" / "report.html.j2").read_text(encoding="utf-8")
    exporter = TemplateExporter(extra_loaders=[DictLoader({"report.html.j2": template})])
    exporter.template_file = "report.html.j2"
    exporter.log.setLevel(50)
    markdown = mistune.create_markdown(escape=False, plugins=["table", "strikethrough"])
    exporter.register_filter("markdown2html", lambda source: str(markdown(source)))
    exporter.register_filter("tidied", lambda text: tidy(text, _CAPTION))
    exporter.register_filter("plain", lambda text: html.escape(_ADDRESS.sub("0x…", _plain(text))))
    exporter.register_filter("shown", _shown)
    return exporter


_CAPTION = "\x00caption\x00"  # replaced by «Table n» when the whole body is known


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text)


def _shown(output: Mapping[str, Any]) -> str:
    data = output["data"]
    if "text/html" in data:
        markup = data["text/html"].replace(notebook_style(), "")
        own = output.get("metadata", {}).get("loyalty") == "own" or _OWN.match(markup)
        if own:
            return markup
        styles = "".join(re.findall(r"<style(?! scoped)[^>]*>.*?</style>", markup, re.S))
        return styles + tidy(markup, _CAPTION)
    if "text/markdown" in data:
        return tidy(str(_exporter().filters["markdown2html"](data["text/markdown"])), _CAPTION)
    text = data.get("text/plain") or data.get("text/latex")
    if not text:
        return ""
    return f'<pre tabindex="0">{html.escape(_ADDRESS.sub("0x…", _plain(text)))}</pre>'


def _missing_last(body: str, language: str) -> str:
    """What the data cannot carry: one list behind the findings, by what is needed for it."""
    pattern = re.compile(
        r'<section class="exhibit missing" id="([^"]*)"><h2>(.*?)</h2><p class="note">(.*?)</p></section>\s*', re.S
    )
    needs: dict[str, list[str]] = {}
    for name, title, note in pattern.findall(body):
        needs.setdefault(note, []).append(f'<dd id="{name}">{title}</dd>')
    if not needs:
        return body
    body = pattern.sub("", body)
    listed = "".join(f"<dt>{note}</dt>{''.join(titles)}" for note, titles in needs.items())
    heading = html.escape(words.say("report.missing", language))
    missing = f'<section class="missing" id="missing"><h2>{heading}</h2><dl>{listed}</dl></section>\n'
    found = re.search(r'<section class="glossary"|<details class="code"', body)
    at = found.start() if found else len(body)
    return body[:at] + missing + body[at:]


def _merged(outputs: list[Any]) -> list[Any]:
    """Neighbouring pieces of one stream joined: a kernel sends them as its buffer fills."""
    merged: list[Any] = []
    for output in outputs:
        if output.output_type == "stream" and merged and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        elif output.output_type != "stream" or output.text:
            merged.append(output)
    return merged


def _collect(output: Any, tables: list[dict[str, Any]], made: dict[str, str]) -> None:
    data = output.get("data", {})
    if TABLE_MIME in data:
        tables.append(data[TABLE_MIME])
    if FILE_MIME in data:
        file = data[FILE_MIME]
        made[str(file["name"])] = str(file["base64"])


def _picture(output: Any, cell: Any, number: int) -> None:
    """Turn a bare picture of an output into a figure with its text."""
    data = output.get("data", {})
    kind = next((mime for mime in ("image/svg+xml", "image/png", "image/jpeg") if mime in data), None)
    if kind is None or "text/html" in data:
        return
    metadata = output.get("metadata", {})
    alt = metadata.get("alt") or metadata.get(kind, {}).get("alt") or cell.metadata.get("alt") or ""
    if len(str(alt).split()) < 2:
        raise LoyaltyError(
            f"Cell {number} shows a figure without a text for those who do not see it.",
            "Show it with loyalty_analytics.report.page.show(figure, alt='…').",
        )
    if kind == "image/svg+xml":
        markup = _figure("svg+xml", base64.b64encode(data[kind].encode()).decode(), str(alt))
    else:
        picture, width, height = _as_webp(base64.b64decode(data[kind]))
        markup = _figure("webp", picture, str(alt), "", width, height)
    output.data = {"text/html": markup}
    output.metadata = {"loyalty": "own"}


def _as_webp(picture: bytes) -> tuple[str, int, int]:
    from PIL import Image

    image = Image.open(io.BytesIO(picture)).convert("RGB")
    out = io.BytesIO()
    image.save(out, "WEBP", lossless=True, quality=60, method=3, exact=True)
    return base64.b64encode(out.getvalue()).decode(), image.width, image.height


def _number_tables(body: str, language: str) -> str:
    """«Table n» for tables without a caption; region labels made different from one another."""
    count = 0

    def name(piece: re.Match[str]) -> str:
        nonlocal count
        if piece[0].startswith("<caption"):
            return f'<caption class="short">{words.say("report.table", language, n=count)}</caption>'
        count += 1
        return f'aria-label="{words.say("report.table", language, n=count)}"'

    body = re.sub(rf'aria-label="{_CAPTION}"|<caption>{_CAPTION}</caption>', name, body)
    seen: dict[str, int] = {}

    def unique(region: re.Match[str]) -> str:
        seen[region[1]] = seen.get(region[1], 0) + 1
        return region[0] if seen[region[1]] == 1 else f'role="region" aria-label="{region[1]} ({seen[region[1]]})"'

    return re.sub(r'role="region" aria-label="([^"]*)"', unique, body)


def _styles(body: str) -> tuple[str, tuple[str, ...]]:
    """Style sheets of pandas Stylers moved to the head, their random ids numbered in order."""
    ids: dict[str, str] = {}
    body = re.sub(r"\bT_[0-9a-f]{5}(?![0-9a-f])", lambda found: ids.setdefault(found[0], f"T_{len(ids) + 1}"), body)
    found = re.findall(r"<style[^>]*>(.*?)</style>", body, re.S)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.S)
    harmless = [style for style in found if not re.search(r"url\s*\(|@import|expression|[<\\]", style, re.I)]
    return body, tuple(harmless)


def _text(markup: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", markup)).strip()


def _anchors(body: str) -> tuple[str, list[tuple[str, str]]]:
    """Ids that occur once, and the contents: every exhibit and every heading of the second order."""
    seen: dict[str, int] = {}

    def once(anchor: re.Match[str]) -> str:
        seen[anchor[1]] = seen.get(anchor[1], 0) + 1
        return anchor[0] if seen[anchor[1]] == 1 else f' id="{anchor[1]}-{seen[anchor[1]]}"'

    body = re.sub(r'(?<=[a-z"]) id="([^"]*)"(?=[^<]*>)', once, body)
    contents: list[tuple[str, str]] = []

    def heading(found: re.Match[str]) -> str:
        section, attributes, inner = found[1], found[2], found[3]
        text = html.escape(_text(inner), quote=False)
        if section:
            contents.append((section, text))
            return found[0]
        given = re.search(r'id="([^"]*)"', attributes)
        anchor = given[1] if given else f"part-{len(contents) + 1}"
        contents.append((anchor, text))
        return f'<h2 id="{anchor}">{inner}</h2>'

    pattern = r'(?:<section [^>]*?id="([^"]*)"[^>]*>)?<h2([^>]*)>(.*?)</h2>'
    return re.sub(pattern, heading, body, flags=re.S), contents
