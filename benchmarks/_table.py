"""What the benchmarks share: markdown tables, costs of calls and of programs, peers that may be missing."""

from __future__ import annotations

import json
import os
import pickle
import re
import resource
import shutil
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

# A small parent: after exec a child's peak counts the memory of the process that it came from.
_LAUNCHER = """
import json, os, subprocess, sys, tempfile, time
told = tempfile.TemporaryFile()  # a pipe would wait for every process that the program leaves behind
began = time.perf_counter()
child = subprocess.Popen(sys.argv[1:], stdout=told, stderr=told)
_, status, used = os.wait4(child.pid, 0)
wall = time.perf_counter() - began
told.seek(0)
said = told.read().decode("utf-8", "replace")
print(json.dumps([status, used.ru_utime + used.ru_stime, wall, used.ru_maxrss / 1024, said[-400:]]))
"""


class Cost(NamedTuple):
    """What a call or a program took: its value, CPU seconds, wall seconds, peak memory in MB."""

    value: Any
    cpu: float
    wall: float
    mb: float


class Failed(RuntimeError):
    """A measured call or program ended with an error."""


def written(value: object) -> str:
    """A cell: numbers with three figures, nothing as a dash."""
    if value is None or value != value:
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return " ".join(str(value).split()).replace("|", "¦")


def show(title: str, rows: Iterable[dict[str, Any]], note: str = "") -> None:
    """Print a markdown table under a heading; columns are those of all rows, in order of appearance."""
    made = list(rows)
    columns = list(dict.fromkeys(name for row in made for name in row))
    print(f"### {title}\n\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for row in made:
        print("| " + " | ".join(written(row.get(name)) for name in columns) + " |")
    print(f"\n{note}\n" if note else "", flush=True)


def lacking(module: str = "", program: str = "") -> str:
    """Why a peer cannot run here; empty where it can."""
    if module and find_spec(module) is None:
        return f"not run: {module} is not installed"
    if program and shutil.which(program) is None:
        return f"not run: {program} is not on this machine"
    return ""


def lacking_in_r(library: str) -> str:
    """Why a library of R cannot run here; empty where it can."""
    asked = ["Rscript", "-e", f"quit(status = !requireNamespace('{library}', quietly = TRUE))"]
    if reason := lacking(program="Rscript"):
        return reason
    return "" if subprocess.run(asked, capture_output=True).returncode == 0 else f"not run: R has no {library}"


def ratios(rows: list[dict[str, Any]], column: str, name: str, base: int = 0) -> list[dict[str, Any]]:
    """The rows with a column beside ``column``: its value as a multiple of that of row ``base``."""
    first = rows[base].get(column)
    return [row | {name: row[column] / first} if first and row.get(column) is not None else row for row in rows]


def _memory(field: str) -> float:
    return int(re.findall(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text())[0]) / 1024


def apart(call: Callable[[], Any], warm: Callable[[], Any] | None = None) -> Cost:
    """Run a call in a forked process of its own, ``warm`` (imports, caches) before the clock starts.

    CPU seconds count programs that the call starts; memory is what was added to the process, in whole MB.
    """
    sys.stdout.flush()
    source, target = os.pipe()
    child = os.fork()
    if not child:
        os.close(source)
        with os.fdopen(target, "wb") as pipe:
            pickle.dump(_measured(call, warm), pipe)
        os._exit(0)
    os.close(target)
    with os.fdopen(source, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(child, 0)
    value = pickle.loads(said) if said else f"died with status {status}"
    if not isinstance(value, Cost):
        raise Failed(value)
    return value


def _measured(call: Callable[[], Any], warm: Callable[[], Any] | None) -> Cost | str:
    try:
        if warm:
            warm()
        before, began, cpu = _memory("VmRSS"), time.perf_counter(), time.process_time()
        others = resource.getrusage(resource.RUSAGE_CHILDREN)
        value = call()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = time.process_time() - cpu + after.ru_utime + after.ru_stime - others.ru_utime - others.ru_stime
        return Cost(value, cpu, time.perf_counter() - began, round(_memory("VmHWM") - before))
    except Exception:
        return traceback.format_exc()


def spent(command: Sequence[str], cwd: Path | None = None, env: dict[str, str] | None = None, times: int = 1) -> Cost:
    """Least CPU and wall seconds of several runs of a program with all its children, and its peak memory."""
    runs = []
    for _ in range(times):
        launcher = [sys.executable, "-S", "-c", _LAUNCHER, *map(str, command)]
        status, *figures, said = json.loads(subprocess.run(launcher, cwd=cwd, env=env, capture_output=True).stdout)
        if status:
            raise Failed(f"{' '.join(map(str, command))[:200]} failed: {said}")
        runs.append(figures)
    return Cost(None, *(min(run[place] for run in runs) for place in range(3)))
