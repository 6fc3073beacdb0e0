"""The monthly run: which pages are missing or stale, workers for them, months published as they are whole."""

from __future__ import annotations

import contextlib
import os
import platform
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .. import words
from ..errors import LoyaltyError, ParamsError
from . import files, notebooks
from .job import SECRET_NAMES, Job, fault_of
from .journal import Journal
from .keys import client_inputs, key
from .publish import (
    Place,
    Wanted,
    clear_stage,
    intact,
    keep_last,
    page_name,
    publish,
    read_manifest,
    relink,
    staged,
    sweep,
    take_over,
)
from .workers import READING, run_jobs

__all__ = ["Options", "Outcome", "run"]

_BATCH = 100  # clients that are locked and in work at a time


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a run goes; what it makes does not depend on ``jobs`` and ``fork``.

    Attributes
    ----------
    root, out, logs : Path
    languages : tuple of str
        Empty = the client's own.
    jobs : int
        Workers side by side.
    seconds, cell_seconds : float
        Longest time of a notebook and of a cell.
    megabytes : int
        Memory of a worker above what it starts with.
    keep : int
        Months to keep, 0 = all.
    pdf : bool
        Print the pages with Chromium too.
    force : bool
        Build also what did not change.
    fork : bool or None
        None = where it is to be had.
    """

    root: Path
    out: Path
    logs: Path
    languages: tuple[str, ...] = ()
    jobs: int = 1
    seconds: float = 900
    cell_seconds: float = 600
    megabytes: int = 4000
    keep: int = 0
    pdf: bool = False
    force: bool = False
    quiet: bool = False
    fork: bool | None = None


@dataclass
class Outcome:
    """What became of each month: lists of (client, month), with faults for the failed."""

    published: list[tuple[str, str]] = field(default_factory=list)
    unchanged: list[tuple[str, str]] = field(default_factory=list)
    failed: dict[tuple[str, str], list[dict[str, Any]]] = field(default_factory=dict)
    locked: list[str] = field(default_factory=list)
    notebooks: int = 0

    @property
    def code(self) -> int:
        """Exit code of the command."""
        good = len(self.published) + len(self.unchanged)
        if not self.failed and not self.locked:
            return 0
        if self.locked and not self.failed and not good:
            return 5
        return 3 if good else 4


@dataclass
class _Month:
    """A month in work."""

    place: Place
    facts: dict[str, Any]
    pages: list[Wanted]
    left: set[str]
    faults: list[dict[str, Any]] = field(default_factory=list)
    spent: dict[str, Any] = field(default_factory=dict)


def run(
    clients: Sequence[str], months: Sequence[str], options: Options, *, reports: bool = True,
    dossiers: Sequence[str] = (), pick: int = 0,
) -> Outcome:  # fmt: skip
    """Bring reports up to date.

    Parameters
    ----------
    clients : names of files in params/
    months : 'yyyy-mm'; empty = the last month of each client's data
    options : Options
    reports : bool
        The monthly set; False = the dossiers alone.
    dossiers : ids of clients whose dossiers are wanted
    pick : int
        Dossiers of so many largest clients.
    """
    line = _Line(options, list(months), reports, list(dossiers), pick, alone=len(clients) == 1)
    try:
        for start in range(0, len(clients), _BATCH):
            with contextlib.ExitStack() as locks:
                line.batch(list(clients[start : start + _BATCH]), locks)
    finally:
        line.journal.close()
    return line.outcome


class _Line:
    def __init__(self, options: Options, months: list[str], reports: bool, dossiers: list[str], pick: int,
                 alone: bool) -> None:  # fmt: skip
        self.options, self.months, self.dossiers, self.pick = options, months, dossiers, pick
        self.alone = alone
        self.outcome = Outcome()
        self.journal = Journal(options.logs, options.quiet)
        self.notebooks = notebooks.discover(options.root) if reports else {}
        if dossiers or pick:
            self.notebooks = {**self.notebooks, notebooks.DOSSIER: notebooks.dossier(options.root)}
        self.digests: dict[str, str] = {}
        self.paths: dict[str, Path] = {}
        for name, path in self.notebooks.items():
            self._learn(name, path)
        self.facts: dict[str, dict[str, Any]] = {}
        self.open: dict[tuple[str, str], _Month] = {}

    def batch(self, clients: list[str], locks: contextlib.ExitStack) -> None:
        """Plan clients, run what is missing, publish."""
        first: list[Job] = []
        for client in clients:
            try:
                locks.enter_context(files.locked(Place(self.options.out, self.options.logs, client, "").lock, client))
            except files.Locked:
                self.outcome.locked.append(client)
                self.journal.say("locked", "error", client=client)
                continue
            except OSError as fault:
                self._fail(client, self.months or ["?"], [{**fault_of(fault), "notebook": "–"}])
                continue
            first += self._begin(client)
        self.journal.bar(len(first) * (1 + len(self.notebooks) * max(1, len(self.months))))
        run_jobs(first, self.options.jobs, self._done, self.options.fork)

    def _begin(self, client: str) -> list[Job]:
        """Nothing where all is up to date, else the job that prepares the client's data."""
        facts = client_inputs(client, self.options.root)
        self.facts[client] = facts
        sweep(self.options.out, client)
        if self.months and not (facts["database"] or self.options.force or self.pick):
            places = [Place(self.options.out, self.options.logs, client, month) for month in self.months]
            for place in places:
                files.recover(place.final)
            if all(self._up_to_date(place, facts, facts["data"]) for place in places):
                self.outcome.unchanged += [(client, month) for month in self.months]
                for place in places:
                    clear_stage(place)
                return []
        from .. import params

        try:
            params.read(client, self.options.root)
        except ParamsError as fault:
            if self.alone:  # a wrong request: nothing is touched
                raise
            self._fail(client, self.months or ["?"], [self._fault(fault_of(fault), "check")])
            return []
        _name_secrets(self.options.root / "params" / f"{client}.yaml")
        mark = "database" if facts["database"] else ""
        return [self._job(client, "", "", "", "", "", mark, pick=self.pick)]

    def _job(self, client: str, month: str, notebook: str, name: str, stage: str, language: str, mark: str,
             client_id: Any = None, pick: int = 0) -> Job:  # fmt: skip
        options = self.options
        return Job(
            notebook=notebook, root=str(options.root), stage=stage, name=name, client=client, month=month,
            language=language, key=mark, client_id=client_id, pick=pick, seconds=options.seconds,
            cell_seconds=options.cell_seconds, megabytes=options.megabytes,
        )  # fmt: skip

    def _wanted(self, place: Place, facts: dict[str, Any], data: str, picked: Sequence[Any] = ()) -> list[Wanted]:
        """Pages of a month: those asked for and those that it already has, all of one state of the data."""
        main = facts["language"]
        before = read_manifest(place.final) or {"pages": {}}
        languages = self.options.languages or (main,)
        pages: dict[str, Wanted] = {}

        def add(notebook: str, language: str, client_id: Any = None) -> None:
            name = page_name(notebook, language, main, client_id)
            mark = key(self.digests[notebook], facts, data, client=place.client, month=place.month, language=language,
                       client_id=client_id)  # fmt: skip
            pages[name] = Wanted(name, notebook, language, mark, client_id)

        for entry in before["pages"].values():
            if self._known(entry["notebook"]):
                add(entry["notebook"], entry["language"], entry.get("client_id"))
        for notebook in self.notebooks:
            if notebook == notebooks.DOSSIER:
                for client_id in self.dossiers:
                    for language in languages:
                        add(notebook, language, client_id)
                for client_id in picked:
                    add(notebook, languages[0], client_id)
            else:
                for language in languages:
                    add(notebook, language)
        return [pages[name] for name in sorted(pages)]

    def _known(self, name: str) -> bool:
        """Whether a notebook of an earlier run is still there; it is read now if it was not asked for."""
        if name not in self.digests:
            path = notebooks.folder(self.options.root) / f"{name}.ipynb"
            if not path.is_file():
                return False
            self._learn(name, path)
        return True

    def _learn(self, name: str, path: Path) -> None:
        notebooks.inspect(path)
        self.digests[name] = notebooks.digest(path)
        self.paths[name] = path

    def _up_to_date(self, place: Place, facts: dict[str, Any], data: str, picked: Sequence[Any] = ()) -> bool:
        manifest = read_manifest(place.final)
        if manifest is None or place.failure.exists():
            return False
        if self.options.pdf and not any(name.endswith(".pdf") for name in manifest["files"]):
            return False
        have = {name.removesuffix(".html"): entry["key"] for name, entry in manifest["pages"].items()}
        wanted = {page.name: page.key for page in self._wanted(place, facts, data, picked)}
        return have == wanted and intact(place.final, manifest)

    def _done(self, job: Job, outcome: dict[str, Any]) -> list[Job]:
        """Take an outcome in; give the jobs that follow from it."""
        self.journal.step()
        self.journal.say("job", "info" if outcome["ok"] else "error", client=job.client, month=job.month,
                         notebook=Path(job.notebook).stem or "prepare", page=job.name, **outcome)  # fmt: skip
        if not job.notebook:
            return self._prepared(job.client, outcome)
        self.outcome.notebooks += 1
        month = self.open[job.client, job.month]
        month.left.discard(job.name)
        month.spent[job.name] = {name: outcome.get(name) for name in ("seconds", "cpu", "memory", "tries")}
        if not outcome["ok"]:
            month.faults.append(self._fault(outcome, Path(job.notebook).stem))
        if not month.left:
            self._finish(month)
        return []

    def _fault(self, outcome: dict[str, Any], notebook: str) -> dict[str, Any]:
        limit = self.options.seconds if outcome["cell"] == 0 else self.options.cell_seconds
        return {**outcome, "notebook": notebook, "limit_seconds": f"{limit:g}",
                "limit_megabytes": self.options.megabytes * (READING if notebook == "check" else 1)}  # fmt: skip

    def _prepared(self, client: str, outcome: dict[str, Any]) -> list[Job]:
        if not outcome["ok"]:
            self._fail(client, self.months or ["?"], [self._fault(outcome, "check")])
            return []
        facts = self.facts[client]
        data = outcome["fingerprint"] if facts["database"] else facts["data"]
        first, last = (str(outcome[name] or "")[:7] for name in ("first", "last"))
        jobs: list[Job] = []
        for month in self.months or [last]:
            if not first <= month <= last or not month:
                period = f"{first or '–'} … {last or '–'}"
                covered = f"its data cover {period}" if last else "no deal and no answer was read: see `loyalty check`"
                fault = {"kind": "month", "name": period, "cell": 0, "frames": [], "ok": False, "safe": "",
                         "text": f"{client} has no data of {month}; {covered}."}  # fmt: skip
                self._fail(client, [month], [self._fault(fault, "check")])
                continue
            try:
                jobs += self._plan(client, month, facts, data, outcome["largest"])
            except (OSError, LoyaltyError) as fault:
                self._fail(client, [month], [self._fault(fault_of(fault), "–")])
        return jobs

    def _plan(self, client: str, month: str, facts: dict[str, Any], data: str, picked: list[Any]) -> list[Job]:
        place = Place(self.options.out, self.options.logs, client, month)
        files.recover(place.final)
        if not self.options.force and self._up_to_date(place, facts, data, picked):
            self.outcome.unchanged.append((client, month))
            clear_stage(place)
            return []
        pages = self._wanted(place, facts, data, picked)
        place.stage.mkdir(parents=True, exist_ok=True)
        if self.options.force:
            shutil.rmtree(place.stage)
            place.stage.mkdir()
        else:
            take_over(place, pages)
        missing = [page for page in pages if not staged(place, page)]
        state = _Month(place, {**facts, "data": data}, pages, {page.name for page in missing})
        self.open[client, month] = state
        if not missing:
            self._finish(state)
        stage = str(place.stage)
        return [
            self._job(client, month, str(self.paths[page.notebook]), page.name, stage, page.language, page.key,
                      page.client_id)
            for page in missing
        ]  # fmt: skip

    def _finish(self, month: _Month) -> None:
        """Publish a month whose pages are all there, or say why not."""
        place = month.place
        del self.open[place.client, place.month]
        if not month.faults:
            try:
                publish(place, month.pages, month.facts, self._printed(place, month.pages))
                self._neighbours(place)
                if self.options.keep:
                    keep_last(self.options.out, self.options.logs, place.client, self.options.keep)
                self.outcome.published.append((place.client, place.month))
                self._volatile(month)
                return
            except (OSError, LoyaltyError) as fault:
                month.faults = [self._fault(fault_of(fault), "–")]
        self._fail(place.client, [place.month], month.faults)

    def _printed(self, place: Place, pages: list[Wanted]) -> dict[str, bytes]:
        if not self.options.pdf:
            return {}
        from .printing import print_pages

        return print_pages([place.stage / f"{page.name}.html" for page in pages])

    def _neighbours(self, place: Place) -> None:
        year, month = int(place.month[:4]), int(place.month[5:])
        after = f"{year + (month == 12):04d}-{month % 12 + 1:02d}"
        if (place.client, after) not in self.open:  # else it is about to be written anyway
            relink(Place(place.out, place.logs, place.client, after))

    def _volatile(self, month: _Month) -> None:
        """Seconds, memory and host of a run: in logs/, so that reports/ holds the same bytes every time."""
        import json

        facts = {"host": platform.node(), "pages": month.spent, "jobs": self.options.jobs}
        path = self.options.logs / "runs" / f"{month.place.client}.{month.place.month}.run.json"
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            files.put(path, json.dumps(facts, indent=1, sort_keys=True).encode())

    def _fail(self, client: str, months: Sequence[str], faults: list[dict[str, Any]]) -> None:
        from .failure import failure_page

        for month in months:
            self.outcome.failed[client, month] = faults
            self.journal.say("failed", "error", client=client, month=month, faults=faults)
            if month == "?":
                continue
            facts = self.facts.get(client, {"language": "ru", "title": {}})
            language = facts["language"] if facts["language"] in words.LANGUAGES else "ru"
            title = facts["title"].get(language) or client
            place = Place(self.options.out, self.options.logs, client, month)
            with contextlib.suppress(OSError):  # a full disk is told by the exit code and the terminal
                place.failure.parent.mkdir(parents=True, exist_ok=True)
                files.put(place.failure, failure_page(title, month, language, faults).encode())


def _name_secrets(path: Path) -> None:
    """Note which variables of the environment a params file uses: their values are scrubbed everywhere."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        names = set(re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8-sig")))
        names |= set(filter(None, os.environ.get(SECRET_NAMES, "").split(",")))
        if names:
            os.environ[SECRET_NAMES] = ",".join(sorted(names))
