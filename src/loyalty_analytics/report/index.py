"""reports/index.html: clients × months with the state of each, read from what lies there."""

from __future__ import annotations

import html
import re
from pathlib import Path

from .. import words
from . import files
from .page import LINKS, document
from .publish import read_manifest

__all__ = ["write_index"]

_MONTHS_SHOWN = 24
_FAILED = re.compile(r"(\d{4}-\d\d)\.failed\.html\Z")


def write_index(out: Path, logs: Path, language: str = "ru") -> Path:
    """Join all published months and failures under a folder of reports into index.html.

    Safe to call from several runs at once: each reads the folder and replaces the page in one step.
    """
    out.mkdir(parents=True, exist_ok=True)
    logs.mkdir(parents=True, exist_ok=True)
    with files.locked(logs / "locks" / "index.lock", "the index", wait=30):
        for left in out.glob(".index.html.*"):  # of a killed run
            left.unlink(missing_ok=True)
        page = _page(out, language).encode()
        path = out / "index.html"
        if not path.is_file() or path.read_bytes() != page:
            files.put(path, page)
    return path


def _page(out: Path, language: str) -> str:
    def say(key: str, **values: object) -> str:
        return html.escape(words.say(f"report.{key}", language, **values))

    titles: dict[str, str] = {}
    states: dict[str, dict[str, str]] = {}
    for folder in sorted(path for path in out.iterdir() if path.is_dir() and not path.name.startswith(".")):
        cells: dict[str, str] = {}
        for path in sorted(folder.iterdir()):
            if failed := _FAILED.match(path.name):
                cells[failed[1]] = _state(folder.name, path.name, "failed", say("state_failed"))
        for path in sorted(folder.iterdir()):
            manifest = read_manifest(path) if path.is_dir() else None
            if manifest is None:
                continue
            names = manifest["title"]
            titles[folder.name] = names.get(language) or next(iter(names.values()))
            ready = _state(folder.name, f"{path.name}/index.html", "ready", say("state_ready"))
            # A month may be both: the last good report is kept when a later run fails.
            cells[path.name] = ready + (f" {cells[path.name]}" if path.name in cells else "")
        if cells:
            states[folder.name] = cells
    months = sorted({month for cells in states.values() for month in cells}, reverse=True)[:_MONTHS_SHOWN]
    title = words.say("report.index_title", language)
    parts = [f"<h1>{html.escape(title)}</h1>"]
    if not states:
        parts.append(f"<p>{say('no_reports')}</p>")
        return document("\n".join(parts), language, title).replace(LINKS, "")
    head = "".join(f'<th scope="col">{html.escape(words.month(month, language, "short"))}</th>' for month in months)
    rows = []
    for client in sorted(states, key=lambda name: ((titles.get(name) or name).casefold(), name)):
        cells = states[client]
        marks = "".join(f"<td>{cells.get(month, say('state_none'))}</td>" for month in months)
        rows.append(f'<tr><th scope="row">{html.escape(titles.get(client) or client)}</th>{marks}</tr>')
    parts.append(
        f'<div class="scroll" tabindex="0" role="region" aria-label="{html.escape(title)}"><table class="index">'
        f"<caption>{say('index_note')}</caption><thead><tr><th scope=\"col\">{say('client')}</th>{head}</tr></thead>"
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )
    return document("\n".join(parts), language, title).replace(LINKS, "")


def _state(client: str, target: str, kind: str, text: str) -> str:
    return f'<a class="{kind}" href="{html.escape(client)}/{html.escape(target)}">{text}</a>'
