"""Notebook cells in an IPython shell of this process: the same outputs as a kernel, without its start.

Three traps are dealt with here: `enable_gui` of the plain shell wants an event loop; the shell's
own display hook overrides a capturing one, so that tables vanish without a word; and a stream of
prints must keep its place between displays.
"""

from __future__ import annotations

import hashlib
import io
import os
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["CellTimeout", "run_cells", "settle"]

_SHELL: Any = None


class CellTimeout(BaseException):
    """A cell ran longer than allowed; no ``except Exception`` of a notebook may swallow it."""


def settle(*parts: str) -> None:
    """Make what a cell draws or rolls independent of the machine: seeds, matplotlib defaults, shipped fonts.

    Parameters
    ----------
    *parts : str
        What the seeds are made of: client and month.
    """
    import matplotlib
    from matplotlib import font_manager

    _Dice(parts).roll()

    backend = matplotlib.get_backend()
    matplotlib.rcdefaults()
    matplotlib.rcParams["backend"] = backend
    matplotlib.rcParams["svg.hashsalt"] = "loyalty_analytics"
    # A system's own DejaVu may be another version than the one that ships with matplotlib.
    shipped = os.path.realpath(matplotlib.get_data_path())
    fonts = font_manager.fontManager
    fonts.ttflist = [font for font in fonts.ttflist if os.path.realpath(font.fname).startswith(shipped)]
    try:
        from IPython import get_ipython
        from IPython.core.pylabtools import select_figure_formats
    except ImportError:
        return
    if (shell := get_ipython()) is not None:
        shell.events.register("pre_run_cell", _Dice(parts).roll)
        # The page turns pictures into lossless WebP: no time is spent on compressing them here.
        select_figure_formats(shell, {"png"}, metadata={"Software": None}, pil_kwargs={"compress_level": 1})


class _Dice:
    """Seeds of the global generators, set before every cell: a kernel rolls them itself between cells."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.parts, self.cells = parts, 0

    def roll(self, *_: Any) -> None:
        import numpy as np

        self.cells += 1
        words = "\0".join((*self.parts, str(self.cells)))
        seed = int.from_bytes(hashlib.sha256(words.encode()).digest()[:4], "big")
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - analysts' own cells may still use the global generator


def shell() -> Any:
    """The one shell of this process, made when first asked for."""
    global _SHELL
    if _SHELL is None:
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        class Shell(InteractiveShell):
            def enable_gui(self, gui: Any = None) -> None:
                """No event loop: figures leave through the inline backend."""

            def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
                """Nothing is printed: the fault comes back from `run_cells`."""

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        _SHELL = Shell.instance(config=config)
        _SHELL.enable_matplotlib("inline")
    return _SHELL


class _Stream(io.TextIOBase):
    """A text stream whose writes join the outputs at their place."""

    def __init__(self, name: str, outputs: list[dict[str, Any]]) -> None:
        self._name, self._outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") == self._name:
            last["text"] += text
        elif text:
            self._outputs.append({"output_type": "stream", "name": self._name, "text": text})
        return len(text)


@contextmanager
def _captured(ip: Any, source: str) -> Iterator[list[dict[str, Any]]]:
    from IPython.core.displayhook import DisplayHook
    from IPython.core.displaypub import DisplayPublisher

    outputs: list[dict[str, Any]] = []

    def add(data: dict[str, Any], metadata: dict[str, Any] | None) -> None:
        outputs.append({"output_type": "display_data", "data": _jsonable(data), "metadata": dict(metadata or {})})

    class Publisher(DisplayPublisher):
        def publish(self, data: Any, metadata: Any = None, *_: Any, **__: Any) -> None:
            add(data, metadata)

        def clear_output(self, wait: bool = False) -> None:
            outputs.clear()

    silent = DisplayHook.semicolon_at_end_of_expression(source)

    def hook(value: Any) -> None:
        if value is not None and not silent:
            add(*ip.display_formatter.format(value))

    saved = ip.display_pub, ip.display_trap.hook, sys.stdout, sys.stderr
    ip.display_pub = Publisher()
    ip.display_trap.hook = hook
    sys.stdout, sys.stderr = _Stream("stdout", outputs), _Stream("stderr", outputs)
    try:
        yield outputs
    finally:
        ip.display_pub, ip.display_trap.hook, sys.stdout, sys.stderr = saved


def _jsonable(data: dict[str, Any]) -> dict[str, Any]:
    from base64 import b64encode

    return {mime: b64encode(value).decode() if isinstance(value, bytes) else value for mime, value in data.items()}


def run_cells(
    cells: list[Any],
    started: Callable[[Any, int], None] = lambda cell, place: None,
    finished: Callable[[Any, int], None] = lambda cell, place: None,
) -> BaseException | None:
    """Run the code cells of a notebook one after another and write their outputs into them.

    Parameters
    ----------
    cells : list of notebook cells
    started, finished : callable (cell, place)

    Returns
    -------
    BaseException or None
        What stopped the notebook.
    """
    from nbformat import from_dict

    ip = shell()
    count = 0
    for place, cell in enumerate(cells):
        if cell.cell_type != "code" or not cell.source.strip():
            continue
        count += 1
        started(cell, place)
        with _captured(ip, cell.source) as outputs:
            result = ip.run_cell(cell.source, store_history=False)
        fault = result.error_before_exec or result.error_in_exec
        if fault is not None:
            outputs.append(_error(fault))
        cell.outputs = from_dict(outputs)
        cell.execution_count = count
        finished(cell, place)
        if fault is not None:
            return fault
    return None


def _error(fault: BaseException) -> dict[str, Any]:
    lines = traceback.format_exception(fault)
    return {
        "output_type": "error",
        "ename": type(fault).__name__,
        "evalue": str(fault),
        "traceback": [line.rstrip("\n") for line in lines],
    }
