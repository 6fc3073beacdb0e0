"""An exhibit (sentence, picture, table, note), the front of a report, and how both become HTML.

The HTML carries no style attribute and no script; the page's style sheet (report/) knows the classes.
Every text is escaped here and nowhere else.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .. import words
from ..errors import LoyaltyError
from ..shown import notebook_style
from .images import picture
from .table import Table

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..load import Data

__all__ = ["TABLE_MIME", "Exhibit", "Front", "Tile", "drawn", "exhibit", "glossary", "passport_line", "without"]

TABLE_MIME = "application/vnd.loyalty.table+json"
# Short prepositions cling to the word behind them, a dash, an arrow or «=» to the one before.
_CLINGS = re.compile(r"(?<!\w)([вкосуиа№]|на|по|из|от|до|за) (?=\S)|(?<=\S) (?=[—→=])", re.IGNORECASE)


def _typeset(text: str) -> str:
    """Escaped, and broken into lines only where a reader would.

    >>> _typeset("ушли 12 из 60 — с июля").replace(chr(160), "~")
    'ушли 12 из~60~— с~июля'
    """
    return html.escape(_CLINGS.sub(lambda found: (found[1] or "") + "\u00a0", text))


@dataclass(frozen=True, eq=False, kw_only=True)
class Exhibit:
    """One finding.

    Attributes
    ----------
    name : str
        Latin id, unique in the report: anchor in the page and sheet in tables.xlsx.
    title : str
        The finding as a sentence.
    subtitle : str
        What is shown, unit, period, n.
    draw : callable (narrow: bool) -> Figure, or None
        The figure for the page (960 px) and for a phone (358 px); see `drawn`.
    alt : str
        The figure in words, made from its numbers; required where there is a figure.
    table : Table or None
    note : str
        Source, caveat.
    missing : bool
        True where the client's data cannot carry this exhibit; ``note`` says what it needs.
    """

    name: str
    title: str
    language: str
    subtitle: str = ""
    draw: Callable[[bool], Figure] | None = field(default=None, repr=False)
    alt: str = ""
    table: Table | None = field(default=None, repr=False)
    note: str = ""
    missing: bool = False

    def __post_init__(self) -> None:
        if self.draw is not None and not self.alt:
            raise LoyaltyError(f"Exhibit {self.name!r} has a figure without alt text.", "Make it from the numbers.")

    def html(self) -> str:
        """The exhibit as a section of the page."""
        parts = [f"<h2>{_typeset(self.title)}</h2>"]
        if self.subtitle:
            parts.append(f'<p class="subtitle">{_typeset(self.subtitle)}</p>')
        if self.draw is not None:
            parts.append(f"<figure>{picture(self.draw, self.alt)}</figure>")
        if self.table is not None:
            parts.append(self.table.html(self.subtitle or self.title, self.language, pictured=self.draw is not None))
        if self.note:
            parts.append(f'<p class="note">{_typeset(self.note)}</p>')
        kind = "exhibit missing" if self.missing else "exhibit"
        return f'<section class="{kind}" id="{html.escape(self.name)}">{"".join(parts)}</section>'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        bundle: dict[str, Any] = {"text/html": notebook_style() + self.html(), "text/plain": self.title}
        if self.table is not None and len(self.table.frame):
            bundle[TABLE_MIME] = json.loads(self.table.json(self.name, self.title, self.language))
        return bundle


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number of the first screen with its change or interval.

    ``mood`` is 'worse', 'better' or '' and adds ▼ or ▲, so nothing is told by colour alone.
    """

    value: str
    label: str
    change: str = ""
    mood: str = ""

    def html(self) -> str:
        """The tile as a list item."""
        arrow = {"worse": "▼ ", "better": "▲ "}.get(self.mood, "")
        change = f'<span class="change {self.mood}">{arrow}{html.escape(self.change)}</span>' if self.change else ""
        return f"<li><strong>{html.escape(self.value)}</strong><span>{html.escape(self.label)}</span>{change}</li>"


@dataclass(frozen=True, eq=False, kw_only=True)
class Front:
    """The first screen: masthead, data passport, at most 120 words of summary, at most six tiles."""

    client: str
    title: str
    month: str
    language: str
    passport: str
    summary: str
    tiles: tuple[Tile, ...] = ()
    warning: str = ""  # «contains personal data» on working papers

    def __post_init__(self) -> None:
        if len(self.tiles) > 6 or len(self.summary.split()) > 120:
            raise LoyaltyError("The first screen holds at most six numbers and 120 words.", "Cut it.")

    @classmethod
    def of(
        cls, data: Data, title: str, language: str, summary: str, tiles: Iterable[Tile] = (), warning: str = ""
    ) -> Front:
        """The front of a report on a client's data."""
        return cls(
            client=data.params.title_in(language),
            title=title,
            month=words.month(data.as_of.month, language),
            language=language,
            passport=passport_line(data, language),
            summary=summary,
            tiles=tuple(tiles),
            warning=warning,
        )

    def html(self) -> str:
        """The front as the page's header."""
        warning = f'<p class="warning">{html.escape(self.warning)}</p>' if self.warning else ""
        tiles = "".join(tile.html() for tile in self.tiles)
        return (
            f'<header class="front">{warning}<div class="masthead"><h1><span>{html.escape(self.client)}</span>'
            f" · {html.escape(self.title)}</h1><p>{html.escape(self.month)}</p></div>"
            f'<p class="passport">{html.escape(self.passport)}</p><p class="summary">{_typeset(self.summary)}</p>'
            + (f'<ul class="tiles">{tiles}</ul>' if tiles else "")
            + "</header>"
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return {"text/html": notebook_style() + self.html(), "text/plain": f"{self.title}. {self.summary}"}


def passport_line(data: Data, language: str) -> str:
    """What the report stands on: last day, clients, deals, answers, remarks of the data check."""
    facts = data.passport
    answers = words.say("brief.passport_no_answers", language)
    if facts["invited"]:
        counts = {name: words.number(facts[name], language) for name in ("answered", "invited")}
        answers = words.say("brief.passport_answers", language, **counts)
    elif facts["answers"]:
        answers = words.count(facts["answers"], "answer", language)
    remarks = facts["findings"].get("error", 0) + facts["findings"].get("warning", 0)
    values = {
        "day": words.day(data.as_of.date, language),
        "answers": answers,
        "findings": words.count(remarks, "finding", language),
    }
    if not facts["deals"]:
        return words.say("brief.passport_survey", language, **values)
    clients, deals = words.count(facts["clients"], "client", language), words.count(facts["deals"], "deal", language)
    return words.say("brief.passport", language, clients=clients, deals=deals, **values)


def drawn(plot: Callable[..., Any], *args: Any, height: float = 360, narrow_height: float | None = None,
          **options: Any) -> Callable[[bool], Figure]:  # fmt: skip
    """The figure of a plot that needs one pair of axes.

    ``plot(*args, ax=…, narrow=…, **options)`` is called once for the page and once for a phone.
    """

    def draw(narrow: bool) -> Figure:
        from ..plots import theme

        figure, ax = theme.figure(narrow_height or height if narrow else height, narrow)
        with theme.style():
            plot(*args, ax=ax, narrow=narrow, **options)
        return figure

    return draw


def exhibit(area: str, name: str, needs: tuple[str, ...] = ()) -> Callable[..., Callable[..., Exhibit]]:
    """Decorator of an exhibit function ``f(data, …, language)``: degrades where a table is missing.

    The words need ``<area>.<name>_name``: what the exhibit would show, as a noun.
    """

    def decorate(function: Callable[..., Exhibit]) -> Callable[..., Exhibit]:
        @functools.wraps(function)
        def inner(data: Data, *args: Any, language: str, **options: Any) -> Exhibit:
            lacking = [table for table in needs if table in data.missing]
            if lacking:
                return without(area, name, lacking, language)
            return function(data, *args, language=language, **options)

        return inner

    return decorate


def without(area: str, name: str, lacking: Sequence[str], language: str) -> Exhibit:
    """The place of an exhibit that these tables could fill."""
    key = "common.needs_table" if len(lacking) == 1 else "common.needs_tables"
    tables = ", ".join(words.quoted(words.say(f"tables.{table}", language), language) for table in lacking)
    return Exhibit(
        name=name, title=words.say(f"{area}.{name}_name", language), language=language,
        note=words.say(key, language, tables=tables), missing=True,
    )  # fmt: skip


@dataclass(frozen=True)
class _Glossary:
    terms: dict[str, str]
    title: str

    def _repr_html_(self) -> str:
        rows = "".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in self.terms.items())
        title = f"<h2>{html.escape(self.title)}</h2>"
        return f'{notebook_style()}<section class="glossary" id="glossary">{title}<dl>{rows}</dl></section>'


def glossary(report: str, language: str) -> _Glossary:
    """The terms of a report, from words/<language>/glossary.yaml, for its last cell."""
    return _Glossary(words.area("glossary", language)[report], words.say("common.glossary", language))
