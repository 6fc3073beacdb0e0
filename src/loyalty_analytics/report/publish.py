"""A month of a client: its place, its stage, its manifest, and the one step in which it appears."""

from __future__ import annotations

import base64
import datetime as dt
import gzip
import hashlib
import html
import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import words
from ..errors import LoyaltyError
from . import files
from .keys import file_sha256, versions
from .links import linked, short_title
from .page import LINKS, document
from .workbook import workbook

__all__ = ["Place", "Wanted", "page_name", "publish", "read_manifest", "relink"]

_MONTH = re.compile(r"\d{4}-\d\d\Z")
# Files that a report hands out may be called so and not otherwise.
_FILE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}\.(xlsx|ics|csv|pdf)\Z")


@dataclass(frozen=True)
class Place:
    """Where one month of one client lies."""

    out: Path
    logs: Path
    client: str
    month: str

    @property
    def final(self) -> Path:
        """The folder that readers see."""
        return self.out / self.client / self.month

    @property
    def failure(self) -> Path:
        """The page that says what went wrong."""
        return self.out / self.client / f"{self.month}.failed.html"

    @property
    def stage(self) -> Path:
        """Finished pages of an unfinished month; on the same file system as `final`."""
        return self.out / ".stage" / self.client / self.month

    @property
    def _mark(self) -> str:
        return hashlib.sha256(str(self.out.resolve()).encode()).hexdigest()[:8]

    @property
    def lock(self) -> Path:
        """One run at a time works on a client's reports."""
        return self.logs / "locks" / f"{self.client}.{self._mark}.lock"

    @property
    def parts(self) -> Path:
        """Tables of published pages, kept so that a page that did not change is not run again."""
        return self.logs / "parts" / f"{self.client}.{self.month}.{self._mark}.json.gz"


@dataclass(frozen=True)
class Wanted:
    """A page that the month shall hold."""

    name: str
    notebook: str
    language: str
    key: str
    client_id: Any = None


def page_name(notebook: str, language: str, main: str, client_id: Any = None) -> str:
    """Name of a page without its ending; the client's main language has no mark.

    >>> page_name("01_brief", "en", "ru"), page_name("07_client", "ru", "ru", "R 7/../x")
    ('01_brief.en', '07_client_R-7-x-fb580abd')
    """
    mark = "" if language == main else f".{language}"
    if client_id is None:
        return f"{notebook}{mark}"
    text = str(client_id)
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", text):
        plain = re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-")[:30]
        text = f"{plain or 'id'}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    return f"{notebook}_{text}{mark}"


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """The manifest of a published month, None where there is no whole month."""
    try:
        return json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def intact(folder: Path, manifest: Mapping[str, Any], names: Sequence[str] | None = None) -> bool:
    """Whether the files of a published month are those that the manifest names."""
    known = manifest["files"]
    try:
        return all(file_sha256(folder / name) == known[name]["sha256"] for name in names or known)
    except (OSError, KeyError):
        return False


def staged(place: Place, page: Wanted) -> bool:
    """Whether the stage holds this very page from an earlier, broken run."""
    try:
        part = json.loads((place.stage / f"{page.name}.json").read_text(encoding="utf-8"))
        return part["key"] == page.key and (place.stage / f"{page.name}.html").is_file()
    except (OSError, ValueError, KeyError):
        return False


def take_over(place: Place, pages: Sequence[Wanted]) -> None:
    """Copy pages that did not change from the published month into the stage."""
    manifest = read_manifest(place.final)
    if manifest is None:
        return
    try:
        parts = json.loads(gzip.decompress(place.parts.read_bytes()))
    except (OSError, ValueError, EOFError):
        return
    for page in pages:
        same = manifest["pages"].get(f"{page.name}.html", {}).get("key") == page.key
        part = parts.get(page.name, {})
        if staged(place, page) or not same or part.get("key") != page.key:
            continue
        if not intact(place.final, manifest, [f"{page.name}.html"]):
            continue
        place.stage.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(place.final / f"{page.name}.html", place.stage / f"{page.name}.html")
        (place.stage / f"{page.name}.json").write_text(json.dumps(part, ensure_ascii=False), encoding="utf-8")


def publish(
    place: Place, pages: Sequence[Wanted], facts: Mapping[str, Any], pdf: Mapping[str, bytes] | None = None
) -> None:
    """Make the month out of the finished pages of the stage and let it appear in one step.

    Parameters
    ----------
    place : Place
    pages : list of Wanted
        All in the stage.
    facts : mapping
        Of `keys.client_inputs`: title, language, params, data.
    pdf : mapping
        Printed pages by name.
    """
    parts = {page.name: json.loads((place.stage / f"{page.name}.json").read_text("utf-8")) for page in pages}
    main = facts["language"]
    fresh = place.stage.with_name(f"{place.month}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    entries = {
        f"{page.name}.html": {
            "notebook": page.notebook, "language": page.language, "title": parts[page.name]["title"], "key": page.key,
            **({} if page.client_id is None else {"client_id": page.client_id}),
        }
        for page in sorted(pages, key=lambda page: page.name)
    }  # fmt: skip
    manifest: dict[str, Any] = {
        "client": place.client, "month": place.month, "language": main, "title": facts["title"],
        "data": facts["data"], "params": facts["params"], "versions": versions(), "pages": entries,
    }  # fmt: skip
    for name in entries:
        shutil.copyfile(place.stage / name, fresh / name)
    monthly = [page for page in pages if page.client_id is None and page.language == main]
    tables = [(page.notebook, table) for page in monthly for table in parts[page.name]["tables"]]
    created = dt.datetime(int(place.month[:4]), int(place.month[5:]), 1)
    if _same_tables(place, manifest):
        shutil.copyfile(place.final / "tables.xlsx", fresh / "tables.xlsx")
    else:
        (fresh / "tables.xlsx").write_bytes(workbook(tables, created, words.say("report.contents", main)))
    for page in sorted(pages, key=lambda page: (page.language != main, page.name), reverse=True):
        for name, content in parts[page.name]["files"].items():
            if not _FILE.match(name):
                raise LoyaltyError(f"{page.notebook} hands out a file {name!r}.", "Call it like plan.xlsx or plan.ics.")
            (fresh / name).write_bytes(base64.b64decode(content))
    for name, content in sorted((pdf or {}).items()):
        (fresh / name).write_bytes(content)
    _finish(place, fresh, manifest)
    place.parts.parent.mkdir(parents=True, exist_ok=True)
    files.put(place.parts, gzip.compress(json.dumps(parts, ensure_ascii=False).encode(), compresslevel=3, mtime=0))
    files.swap_in(fresh, place.final)
    place.failure.unlink(missing_ok=True)
    clear_stage(place)


def _same_tables(place: Place, manifest: Mapping[str, Any]) -> bool:
    """Whether the published workbook holds the same pages: a dossier adds none, and millions of cells take long."""
    before = read_manifest(place.final)
    if before is None or before["versions"] != manifest["versions"] or before["language"] != manifest["language"]:
        return False
    old, new = (
        {
            name: page["key"] for name, page in one["pages"].items()
            if "client_id" not in page and page["language"] == one["language"]
        }
        for one in (before, manifest)
    )  # fmt: skip
    return old == new and intact(place.final, before, ["tables.xlsx"])


def clear_stage(place: Place) -> None:
    """Take the stage of a finished month away, and its empty parents."""
    shutil.rmtree(place.stage, ignore_errors=True)
    _drop_empty_parents(place)


def sweep(out: Path, client: str) -> None:
    """Take away what a killed run left half done; finished pages in the stage stay. Needs the client's lock."""
    for left in (out / ".stage" / client).glob("*.*"):  # 2026-10.fresh, 2026-10.gone
        shutil.rmtree(left, ignore_errors=True)
    for left in (out / client).glob(".*.failed.html.*"):
        left.unlink(missing_ok=True)


def _drop_empty_parents(place: Place) -> None:
    for folder in (place.stage.parent, place.stage.parent.parent):
        try:
            folder.rmdir()
        except OSError:
            return


def relink(place: Place) -> bool:
    """Write the links of a published month anew, where a neighbour came or went; True if they changed."""
    manifest = read_manifest(place.final)
    if manifest is None or not intact(place.final, manifest):  # a damaged month waits for its own run
        return False
    fresh = place.stage.with_name(f"{place.month}.fresh")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.parent.mkdir(parents=True, exist_ok=True)
    shutil.copytree(place.final, fresh)
    (fresh / "manifest.json").unlink()
    _finish(place, fresh, {name: value for name, value in manifest.items() if name != "files"})
    changed = (fresh / "manifest.json").read_bytes() != (place.final / "manifest.json").read_bytes()
    if changed:
        files.swap_in(fresh, place.final)
    else:
        shutil.rmtree(fresh)
    _drop_empty_parents(place)
    return changed


def _finish(place: Place, fresh: Path, manifest: dict[str, Any]) -> None:
    """Links, the month's own index and the manifest of a folder that is about to appear."""
    before = _month_before(place)
    for name in manifest["pages"]:
        path = fresh / name
        path.write_text(linked(path.read_text("utf-8"), manifest, name, before), "utf-8", newline="\n")
    _write_index(fresh, manifest, before)
    names = sorted(path.name for path in fresh.iterdir() if path.name != "manifest.json")
    manifest["files"] = {
        name: {"sha256": file_sha256(fresh / name), "bytes": (fresh / name).stat().st_size} for name in names
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    (fresh / "manifest.json").write_text(text, "utf-8", newline="\n")
    files.sync_tree(fresh)


def _month_before(place: Place) -> dict[str, Any] | None:
    year, month = int(place.month[:4]), int(place.month[5:])
    before = f"{year - (month == 1):04d}-{(month - 2) % 12 + 1:02d}"
    return read_manifest(place.final.with_name(before))


def _write_index(fresh: Path, manifest: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
    """index.html of the month: its reports, dossiers and files."""
    language = manifest["language"]
    title = manifest["title"].get(language) or next(iter(manifest["title"].values()))
    month = words.month(manifest["month"], language)

    def links(entries: list[tuple[str, str, str]]) -> str:
        return "<ul>" + "".join(
            f'<li><a href="{name}" lang="{tongue}">{html.escape(text)}</a></li>' for name, tongue, text in entries
        ) + "</ul>"  # fmt: skip

    reports, dossiers = [], []
    for name, entry in manifest["pages"].items():
        if "client_id" in entry:
            dossiers.append((name, entry["language"], str(entry["client_id"])))
        else:
            reports.append((name, entry["language"], short_title(entry["title"])))
    others = sorted(path.name for path in fresh.iterdir() if path.suffix not in (".html", ".json"))
    parts = [f"<h1>{html.escape(title)} · {html.escape(month)}</h1>", links(reports)]
    if dossiers:
        parts += [f"<h2>{html.escape(words.say('report.dossiers', language))}</h2>", links(dossiers)]
    if others:
        parts += [f"<h2>{html.escape(words.say('report.files', language))}</h2>",
                  links([(name, language, name) for name in others])]  # fmt: skip
    everything = html.escape(words.say("report.all_months", language))
    items = [f'<li><a href="../../index.html">{everything}</a></li>']
    if before is not None:
        text = html.escape(words.month(before["month"], language))
        items.insert(0, f'<li><a href="../{before["month"]}/index.html">← {text}</a></li>')
    nav = f'<nav class="links" aria-label="{everything}"><ul>{"".join(items)}</ul></nav>'
    page = document("\n".join(parts), language, f"{title} · {month}").replace(LINKS, nav)
    (fresh / "index.html").write_text(page, "utf-8", newline="\n")


def months_of(out: Path, client: str) -> list[str]:
    """Published months of a client, oldest first."""
    folder = out / client
    if not folder.is_dir():
        return []
    months = (path for path in folder.iterdir() if _MONTH.match(path.name))
    return sorted(path.name for path in months if (path / "manifest.json").is_file())


def keep_last(out: Path, logs: Path, client: str, count: int) -> list[str]:
    """Take away all but the last ``count`` published months; the oldest left loses its link back."""
    gone = months_of(out, client)[:-count]
    for month in gone:
        place = Place(out, logs, client, month)
        aside = place.stage.with_name(f"{month}.gone")
        aside.parent.mkdir(parents=True, exist_ok=True)
        os.rename(place.final, aside)
        shutil.rmtree(aside)
        place.parts.unlink(missing_ok=True)
        clear_stage(place)
    left = months_of(out, client)
    if gone and left:
        relink(Place(out, logs, client, left[0]))
    return gone
