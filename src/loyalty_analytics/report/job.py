"""One notebook of one month: run, made into a page, left in the stage. This happens in a worker."""

from __future__ import annotations

import json
import os
import re
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import LoyaltyError, MissingTable, ParamsError, SourceError

__all__ = ["Job", "NotebookFailed", "fault_of", "perform"]


@dataclass(frozen=True)
class Job:
    """What a worker needs to know.

    Attributes
    ----------
    notebook, root, stage : str
        Paths; the page becomes ``<stage>/<name>.html``, its tables ``<stage>/<name>.json``.
    name : str
        Name of the page without its ending.
        An empty notebook: prepare the client's data.
    key : str
        Hash of everything that the page depends on.
    pick : int
        How many of the largest clients `prepare` shall name.
    seconds, cell_seconds : float
        Longest time of the notebook and of one cell.
    megabytes : int
        Memory of the worker above what it starts with.
    """

    notebook: str
    root: str
    stage: str
    name: str
    client: str
    month: str
    language: str
    key: str
    client_id: Any = None
    pick: int = 0
    seconds: float = 900
    cell_seconds: float = 600
    megabytes: int = 4000

    @property
    def parameters(self) -> dict[str, Any]:
        """Values of the notebook's parameters; text stays text."""
        values = {"client": self.client, "month": self.month, "language": self.language}
        return values if self.client_id is None else {**values, "client_id": self.client_id}

    def dump(self) -> str:
        """The job as a line of JSON."""
        return json.dumps(asdict(self), ensure_ascii=False)


class NotebookFailed(Exception):
    """A cell raised: its place and the fault as the notebook recorded it."""

    def __init__(self, cell: int, name: str, text: str, frames: list[str]) -> None:
        self.cell, self.name, self.text, self.frames = cell, name, text, frames
        super().__init__(f"cell {cell}: {name}: {text}")


def perform(job: Job, engine: str | None = "loyalty") -> dict[str, Any]:
    """Run a job through papermill and write its page.

    Parameters
    ----------
    job : Job
    engine : 'loyalty' or None
        None is papermill's own engine with a kernel; both make the same bytes.
    """
    if not job.notebook:
        return _prepare(job)
    import nbformat
    from papermill.execute import execute_notebook

    from .page import SETUP_TAG, render

    notebook = nbformat.read(job.notebook, as_version=4)
    notebook.metadata.setdefault("papermill", {})
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{number:03d}"
        cell.metadata.setdefault("tags", [])
    options: dict[str, Any] = {"cell_seconds": job.cell_seconds, "isolate": False}
    if engine is None:
        setup = f"from loyalty_analytics.report.shell import settle\nsettle({job.client!r}, {job.month!r})"
        notebook.cells.insert(0, nbformat.v4.new_code_cell(setup, id="setup", metadata={"tags": [SETUP_TAG]}))
        options = {"execution_timeout": int(job.cell_seconds)}
    else:
        from .shell import settle

        settle(job.client, job.month)
    done = execute_notebook(
        notebook, None, parameters=job.parameters, engine_name=engine, kernel_name="python3", language="python",
        progress_bar=False, cwd=job.root, request_save_on_cell_execute=False, **options,
    )  # fmt: skip
    raise_fault(done)
    page = render(done, job.language, job.name)
    stage = Path(job.stage)
    _write(stage / f"{job.name}.html", scrub(page.html))
    part = {"key": job.key, "title": page.title, "tables": page.tables, "files": page.files}
    # The part is written last: a page without it does not count as done.
    _write(stage / f"{job.name}.json", scrub(json.dumps(part, ensure_ascii=False)))
    return {"ok": True, "cells": sum(cell.cell_type == "code" for cell in done.cells)}


def _prepare(job: Job) -> dict[str, Any]:
    """Bring data/processed up to date; gives its fingerprint and the period of the data."""
    from ..load import load, refresh

    # No file tells whether rows of a database have changed.
    mark, whole = refresh(job.client, job.root, force=job.key == "database")
    largest: list[Any] = []
    if job.pick:
        panel = load(job.client, root=job.root).panel
        sums = panel.groupby("client_id")["revenue"].sum().sort_values(ascending=False, kind="stable")
        largest = sums.index[: job.pick].tolist()
    return {"ok": True, "fingerprint": mark, "first": whole["first"], "last": whole["last"], "largest": largest}


def raise_fault(notebook: Any) -> None:
    """Raise where a cell of an executed notebook holds an error."""
    for number, cell in enumerate(notebook.cells, 1):
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                raise NotebookFailed(number, output.ename, output.evalue, frames(output.traceback))


def fault_of(error: BaseException) -> dict[str, Any]:
    """An exception as the report line passes it on: kind, name, text, frames without data."""
    from papermill.exceptions import PapermillExecutionError

    if isinstance(error, NotebookFailed):
        cell, name, text, where = error.cell, error.name, error.text, error.frames
    elif isinstance(error, PapermillExecutionError):
        cell, name, text, where = error.cell_index + 1, error.ename, error.evalue, frames(error.traceback)
    else:
        cell, name, text = 0, type(error).__name__, str(error)
        where = frames(traceback.format_exception(error))
    safe = scrub(error.problem) if isinstance(error, ParamsError | MissingTable) else ""
    if isinstance(error, SourceError):
        safe = ", ".join(str(part) for part in (error.file, error.row, error.column) if part)
    kind = {"CellTimeout": "timeout", "CellTimeoutError": "timeout", "MemoryError": "memory"}.get(name, "error")
    if isinstance(error, LoyaltyError):
        kind = "error"
    return {"ok": False, "kind": kind, "name": name, "text": scrub(text), "safe": safe, "cell": cell,
            "frames": where}  # fmt: skip


def frames(lines: list[str]) -> list[str]:
    """Where it happened, file by file without folders: no values, so no data.

    >>> frames(['  File "/home/x/a.py", line 3, in f\\n    f(secret)', "ValueError: 12 345 roubles"])
    ['a.py, line 3, in f']
    """
    found = []
    for line in "\n".join(lines).splitlines():
        plain = re.sub(r"\x1b\[[0-9;]*m", "", line).strip()
        if match := re.match(r'File "([^"]+)", line (\d+)(?:, in ([\w<>.]+))?', plain):
            path, number, function = match.groups()
            name = "cell" if path.startswith("<") or "ipykernel" in path or "ipython-input" in path else Path(path).name
            found.append(f"{name}, line {number}" + (f", in {function}" if function else ""))
        elif match := re.match(r"File (\S+?):(\d+)", plain):
            found.append(f"{Path(match[1]).name}, line {match[2]}")
        elif match := re.match(r"Cell In\[\d+\], line (\d+)", plain):
            found.append(f"cell, line {match[1]}")
    inner = ("interactiveshell.py", "execute.py", "engines.py")
    return [frame for frame in found if not frame.startswith(inner)]


_SECRET = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|PRIVATE|DSN|_PW\b", re.I)

# The run puts the names here that params files take from the environment as ${NAME}.
SECRET_NAMES = "LOYALTY_SECRET_NAMES"


def secrets() -> list[str]:
    """Values of the environment that must not leave it, the longest first."""
    named = set(os.environ.get(SECRET_NAMES, "").split(","))
    values = {
        value for name, value in os.environ.items() if (name in named or _SECRET.search(name)) and len(value) >= 6
    }
    for value in list(os.environ.values()):
        if match := re.match(r"[a-z0-9+]+://[^:/@\s]*:([^@\s]{4,})@", value):
            values |= {value, match[1]}
    return sorted(values, key=lambda value: (-len(value), value))


def scrub(text: str) -> str:
    """Text without the secrets of the environment."""
    for value in secrets():
        if value in text:
            text = text.replace(value, "***")
    return text


def _write(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8", newline="\n")
    os.replace(fresh, path)
