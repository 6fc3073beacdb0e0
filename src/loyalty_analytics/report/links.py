"""Links of a published page: to the other reports of the month, to last month, from a client's name to its dossier.

They depend on what lies beside the page: publishing writes them, and writes them anew when a neighbour comes or goes.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from .. import words

__all__ = ["linked", "short_title", "unlinked"]

_NAV = re.compile(r'<!--links-->|<nav class="links".*?</nav>', re.S)
_NAME = re.compile(r'<a class="dossier"[^>]*>(.*?)</a>', re.S)
_CELL = re.compile(r"(<t[hd]\b[^>]*>)([^<>]+)(?=</t[hd]>)")


def unlinked(page: str) -> str:
    """A page without links to its neighbours, as paper wants it."""
    return _NAME.sub(r"\1", _NAV.sub("", page))


def linked(page: str, manifest: Mapping[str, Any], name: str, before: Mapping[str, Any] | None) -> str:
    """A page with the links of its month, whether it has none yet or those of an earlier day.

    Parameters
    ----------
    page : str
    manifest : mapping
        Of the month: its pages with language, title and, for a dossier, client_id.
    name : str
        The page's own file.
    before : mapping or None
        Manifest of the month before.
    """
    language = manifest["pages"][name]["language"]
    page = _NAME.sub(r"\1", page)
    if found := _NAV.search(page):
        page = page[: found.start()] + _bar(manifest, name, language, before) + page[found.end() :]
    if "client_id" in manifest["pages"][name] or not (targets := _dossiers(manifest, language)):
        return page

    def to_dossier(cell: re.Match[str]) -> str:
        target = targets.get(html.unescape(cell[2]))
        return f'{cell[1]}<a class="dossier" href="{target}">{cell[2]}</a>' if target else cell[0]

    return _CELL.sub(to_dossier, page)


def short_title(title: str) -> str:
    """The title of a report without the client's."""
    return title.rpartition(" · ")[2]


def _dossiers(manifest: Mapping[str, Any], language: str) -> dict[str, str]:
    """Name of a client -> the page of its dossier, in the reader's language where there is one.

    A name that two dossiers bear leads nowhere: nobody could tell which is meant.
    """
    found: dict[str, dict[str, str]] = {}
    for page, entry in sorted(manifest["pages"].items(), key=lambda item: item[1]["language"] == language):
        if "client_id" in entry:
            start, _, end = words.say("client.title", entry["language"], client="\0").partition("\0")
            client = short_title(entry["title"]).removeprefix(start).removesuffix(end)
            found.setdefault(client, {})[str(entry["client_id"])] = page
    return {client: next(iter(pages.values())) for client, pages in found.items() if len(pages) == 1}


def _bar(manifest: Mapping[str, Any], current: str, language: str, before: Mapping[str, Any] | None) -> str:
    """The month, its reports, the same report a month ago, all months."""
    items = [f'<a href="index.html">{html.escape(words.month(manifest["month"], language))}</a>']
    for name, entry in manifest["pages"].items():
        if entry["language"] == language and "client_id" not in entry:
            here = ' aria-current="page"' if name == current else ""
            items.append(f'<a href="{name}"{here}>{html.escape(short_title(entry["title"]))}</a>')
    if before is not None and current in before["pages"]:
        text = html.escape(words.month(before["month"], language))
        items.append(f'<a href="../{before["month"]}/{current}">← {text}</a>')
    items.append(f'<a href="../../index.html">{html.escape(words.say("report.all_months", language))}</a>')
    label = html.escape(words.say("report.reports", language))
    return f'<nav class="links" aria-label="{label}"><ul>{"".join(f"<li>{item}</li>" for item in items)}</ul></nav>'
