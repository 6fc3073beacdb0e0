"""Workers: forked copies of a warm process, or spawned ones where fork is not to be had.

A worker that dies or hangs is noticed, killed and tried once more; a notebook that raises is not.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, resources
from typing import Any

from .. import words
from .engine import can_fork, skip_slow_import
from .job import Job, fault_of, perform

__all__ = ["READING", "Done", "run_jobs", "warm"]

# Takes a job and its outcome, gives the jobs that it makes possible.
Done = Callable[[Job, dict[str, Any]], list[Job]]

# Reported by the job itself: the answer is the same however often it is asked.
_RETRIED = ("death", "timeout")
_TRIES = 2
READING = 2  # raw files are held whole while they are read: so many times the memory of a report
_GRACE = 5.0  # seconds between a cell's own alarm and the kill from outside


@cache
def warm() -> None:
    """Import the stack once and pay first-use costs, so that each fork finds them paid."""
    skip_slow_import()
    import ibis.backends.duckdb  # noqa: F401
    import matplotlib.pyplot
    import nbformat
    import numpy  # noqa: F401
    import pandas  # noqa: F401
    import papermill.execute  # noqa: F401
    from PIL import WebPImagePlugin  # noqa: F401

    from .. import exhibits  # noqa: F401
    from ..exhibits import base, images
    from ..plots import theme
    from . import page
    from .shell import run_cells, shell

    # A first figure loads the font and the encoder, a first page compiles the template.
    images.picture(base.drawn(lambda ax, narrow: ax.set_title("Жщ 1"), height=60), "warm up")
    theme.clean(theme.figure(60)[1])
    cell = nbformat.v4.new_code_cell("import pandas as pd\npd.DataFrame({'a': [1]})")
    notebook = nbformat.v4.new_notebook(cells=[cell])
    run_cells(notebook.cells)
    page.render(notebook, "ru", "warm up")
    shell().reset(new_session=True)
    matplotlib.pyplot.close("all")
    for language in words.LANGUAGES:
        for file in (resources.files(words) / language).iterdir():
            words.area(file.name.removesuffix(".yaml"), language)
    _learn([f"{_PACKAGE}.load"])


_PACKAGE = __package__.rpartition(".")[0]
# What a worker had to import is imported here before the next fork. Only libraries known to start
# no thread and to change nothing at import.
_LEARNED = frozenset(
    (_PACKAGE, "babel", "dateutil", "duckdb", "holidays", "ibis", "icalendar", "matplotlib", "numpy", "openpyxl",
     "pandas", "pandera", "patsy", "pyarrow", "pydantic", "pymorphy3", "python_calamine", "rapidfuzz", "scipy",
     "seaborn", "sklearn", "snowballstemmer", "sqlglot", "statsmodels", "xlsxwriter", "yaml")
)  # fmt: skip


def _learn(modules: list[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            if name not in sys.modules and name.partition(".")[0] in _LEARNED:
                with contextlib.suppress(Exception):
                    import_module(name)


@dataclass
class _Worker:
    job: Job
    pid: int
    pipe: int
    tries: int
    began: float = field(default_factory=time.monotonic)
    heard: bytes = b""
    killed: str = ""


def run_jobs(jobs: list[Job], count: int, done: Done, fork: bool | None = None) -> None:
    """Run jobs, ``count`` side by side, and hand each outcome to ``done``, which may give further jobs.

    Parameters
    ----------
    jobs : list of Job
    count : int
        Workers at a time.
    done : callable (job, outcome) -> list of Job
        outcome: ok, seconds, cpu, memory (MB); else kind {error, timeout, memory, death}, name, text,
        cell, frames.
    fork : bool or None
        None = where it is to be had.
    """
    if not jobs:
        return
    if can_fork() if fork is None else fork:
        _run_forked(jobs, count, done)
    else:
        from .spawned import run_spawned

        run_spawned(jobs, count, done)


def _run_forked(jobs: list[Job], count: int, done: Done) -> None:
    waiting = [(job, 1) for job in reversed(jobs)]
    live: dict[int, _Worker] = {}
    try:
        # Reading raw files needs none of the drawing stack: it goes on while that is being imported.
        while count > 1 and waiting and len(live) < count and not waiting[-1][0].notebook:
            worker = _start(*waiting.pop())
            live[worker.pipe] = worker
        warm()
        gc.collect()
        gc.freeze()  # a collection in a child would copy every page of the parent
        while waiting or live:
            while waiting and len(live) < count:
                worker = _start(*waiting.pop())
                live[worker.pipe] = worker
            for worker in _ended(live):
                del live[worker.pipe]
                outcome = _outcome(worker)
                _learn(outcome.pop("modules", []))
                if not outcome["ok"] and outcome["kind"] in _RETRIED and worker.tries < _TRIES:
                    waiting.append((worker.job, worker.tries + 1))
                else:
                    further = done(worker.job, {**outcome, "tries": worker.tries})
                    waiting += [(job, 1) for job in reversed(further)]
    finally:
        for worker in live.values():
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)
            os.waitpid(worker.pid, 0)
            os.close(worker.pipe)
        gc.unfreeze()


def _start(job: Job, tries: int) -> _Worker:
    reader, writer = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    with warnings.catch_warnings():
        # Python 3.12 warns where threads exist, as under some test runners; ours do nothing at this moment.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid:
        os.close(writer)
        return _Worker(job, pid, reader, tries)
    # From here on in the child; it leaves through os._exit, so that nothing of the parent runs twice.
    try:
        os.close(reader)
        _die_with(parent)
        gc.set_threshold(50_000, 10, 10)  # short-lived, so few collections
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setpgid(0, 0)
        _silence()
        if not job.notebook:
            # The libraries are no part of what a job may take: Arrow alone reserves a gigabyte as it is loaded.
            _learn([f"{_PACKAGE}.load", "pyarrow.parquet"])
        _limit_memory(job.megabytes if job.notebook else READING * job.megabytes)
        known = set(sys.modules)
        try:
            outcome = perform(job)
        except BaseException as fault:
            outcome = fault_of(fault)
        outcome["modules"] = [name for name in list(sys.modules) if name not in known]
        with os.fdopen(writer, "w", encoding="utf-8") as pipe:
            json.dump(outcome, pipe, ensure_ascii=False)
    finally:
        os._exit(0)


def _silence() -> None:
    """What libraries of a worker print goes nowhere; cells have their own streams."""
    warnings.simplefilter("ignore")
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)


def _die_with(parent: int) -> None:
    """The kernel ends this process with its parent, which may be killed without a chance to tell."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
    if os.getppid() != parent:
        os._exit(0)


def _limit_memory(megabytes: int) -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        used = 0
        with contextlib.suppress(OSError), open("/proc/self/statm") as statm:
            used = int(statm.read().split()[5]) * resource.getpagesize()
        limit = used + megabytes * 2**20
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))


def _ended(live: dict[int, _Worker]) -> Iterator[_Worker]:
    """Workers that said their last word, or that had to be killed."""
    ready, _, _ = select.select(list(live), [], [], 0.25)
    now = time.monotonic()
    for pipe in ready:
        worker = live[pipe]
        piece = os.read(pipe, 1 << 16)
        worker.heard += piece
        if not piece:
            yield worker
    for worker in list(live.values()):
        if not worker.killed and now - worker.began > worker.job.seconds + _GRACE:
            worker.killed = "timeout"
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker.pid, signal.SIGKILL)


def _outcome(worker: _Worker) -> dict[str, Any]:
    os.close(worker.pipe)
    _, status, usage = os.wait4(worker.pid, 0)
    spent = {
        "seconds": round(time.monotonic() - worker.began, 3),
        "cpu": round(usage.ru_utime + usage.ru_stime, 3),
        "memory": usage.ru_maxrss // (1024 if sys.platform == "linux" else 1024**2),
    }
    code = os.waitstatus_to_exitcode(status)
    if worker.killed:
        return {"ok": False, "kind": "timeout", "name": "timeout", "text": "", "cell": 0, "frames": [], **spent}
    try:
        return {**json.loads(worker.heard), **spent}
    except ValueError:
        name = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return {"ok": False, "kind": "death", "name": name, "text": "", "cell": 0, "frames": [], **spent}
