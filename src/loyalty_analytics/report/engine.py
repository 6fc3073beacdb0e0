"""The papermill engine `loyalty`: runs a notebook in a forked copy of this process.

``papermill in.ipynb out.ipynb --engine loyalty`` and ``papermill.execute_notebook(…,
engine_name="loyalty")`` behave as with a kernel, for the price of the cells alone.

papermill loads its engines while it is itself being imported. So this module imports nothing of it
at the top, and the class is made when first asked for.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["LoyaltyEngine", "can_fork"]  # noqa: F822 - the class comes through __getattr__


def can_fork() -> bool:
    """Whether this machine can copy a running process."""
    return hasattr(os, "fork") and os.environ.get("LOYALTY_FORK", "1") != "0"


def skip_slow_import() -> None:
    """Leave out a checker of web addresses that comes with JupyterLab and costs 2.5 s; nbformat does without it."""
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def __getattr__(name: str) -> Any:
    if name == "LoyaltyEngine":
        import papermill.engines  # noqa: F401 - it may come back here before the next line

        return _engine()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _engine() -> Any:
    from papermill.engines import Engine, NBClientEngine

    class LoyaltyEngine(Engine):
        """papermill engine without a kernel.

        Options (keyword arguments of `papermill.execute_notebook`)
        ------------------------------------------------------------
        isolate : bool
            Run in a forked child, so that nothing stays behind in this process (default). The report
            line passes False because its workers are such children already.
        cell_seconds : float or None
            Longest time of one cell.

        Where fork is not to be had, papermill's own engine with a kernel does the work.
        """

        @classmethod
        def execute_managed_notebook(
            cls, nb_man: Any, kernel_name: str, isolate: bool = True, cell_seconds: float | None = None, **options: Any
        ) -> None:
            """Run the cells and leave their outputs in ``nb_man.nb``."""
            if not isolate:
                _run(nb_man, cell_seconds)
            elif can_fork():
                _run_forked(nb_man, cell_seconds)
            else:
                NBClientEngine.execute_managed_notebook(nb_man, kernel_name, execution_timeout=cell_seconds, **options)

        @classmethod
        def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
            """Any Python notebook will do: its kernel is not started."""
            return name or nb.metadata.get("kernelspec", {}).get("name") or "python3"

        @classmethod
        def nb_language(cls, nb: Any, language: str | None = None) -> str:
            """Always Python."""
            return language or "python"

    return LoyaltyEngine


def _run(nb_man: Any, cell_seconds: float | None) -> None:
    from .shell import run_cells

    def started(cell: Any, place: int) -> None:
        nb_man.cell_start(cell, place)
        if cell_seconds:
            signal.setitimer(signal.ITIMER_REAL, cell_seconds)

    def finished(cell: Any, place: int) -> None:
        if cell_seconds:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if any(output.output_type == "error" for output in cell.outputs):
            nb_man.cell_exception(cell, place)
        nb_man.cell_complete(cell, place)

    with _alarm(cell_seconds):
        run_cells(nb_man.nb.cells, started, finished)


@contextmanager
def _alarm(seconds: float | None) -> Iterator[None]:
    if not seconds:
        yield
        return
    from .shell import CellTimeout

    def stop(*_: Any) -> None:
        raise CellTimeout(f"A cell ran longer than {seconds:g} s.")

    before = signal.signal(signal.SIGALRM, stop)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _run_forked(nb_man: Any, cell_seconds: float | None) -> None:
    """Run in a child and take the executed notebook over from it."""
    from .shell import shell

    shell()  # made here, so that the next notebook of this process finds it
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reader)
            _run(nb_man, cell_seconds)
            with os.fdopen(writer, "wb") as pipe:
                pickle.dump(nb_man.nb, pipe)
        finally:
            os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        sent = pipe.read()
    _, status = os.waitpid(child, 0)
    if not sent:
        raise RuntimeError(f"The notebook's process died (exit {os.waitstatus_to_exitcode(status)}).")
    nb_man.nb = pickle.loads(sent)  # written by our own child a moment ago, never read from a file
