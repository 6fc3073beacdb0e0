"""Workers where fork is not to be had: new processes, each running many notebooks through stock papermill.

A worker reads jobs and writes outcomes as lines of JSON; every notebook gets a kernel of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from .engine import skip_slow_import
from .job import Job, fault_of, perform

__all__ = ["run_spawned"]

_TRIES = 2
_GRACE = 60.0  # a kernel has to start, too


class _Worker:
    def __init__(self, folder: Path) -> None:
        environment = {
            **os.environ,
            # A user's own IPython profile or matplotlibrc must not show in a report.
            "IPYTHONDIR": str(folder / "ipython"),
            "JUPYTER_CONFIG_DIR": str(folder / "jupyter"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "JUPYTER_PLATFORM_DIRS": "1",
            "PYTHONHASHSEED": "0",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "loyalty_analytics.report.spawned"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
            env=environment, start_new_session=os.name != "nt",
        )  # fmt: skip

    def ask(self, job: Job) -> dict[str, Any]:
        """Have a job done; a worker that is too slow or dies is ended."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        answers: Queue[str] = Queue()
        began = time.monotonic()
        try:
            self.process.stdin.write(job.dump() + "\n")
            self.process.stdin.flush()
        except OSError:
            return self._dead(began)
        stream = self.process.stdout
        threading.Thread(target=lambda: answers.put(stream.readline()), daemon=True).start()
        try:
            line = answers.get(timeout=job.seconds + _GRACE)
        except Empty:
            self.end()
            return {**_fault("timeout", "timeout"), "seconds": round(time.monotonic() - began, 3)}
        if not line:
            return self._dead(began)
        return {**json.loads(line), "seconds": round(time.monotonic() - began, 3)}

    def _dead(self, began: float) -> dict[str, Any]:
        code = self.process.wait()
        return {**_fault("death", f"exit {code}"), "seconds": round(time.monotonic() - began, 3)}

    def end(self) -> None:
        """Stop the process and its kernel."""
        if os.name == "nt":
            self.process.kill()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                stream.close()  # type: ignore[union-attr]


def _fault(kind: str, name: str) -> dict[str, Any]:
    return {"ok": False, "kind": kind, "name": name, "text": "", "safe": "", "cell": 0, "frames": []}


def run_spawned(jobs: list[Job], count: int, done: Any) -> None:
    """As `workers.run_jobs`, with processes that are started anew."""
    waiting: list[tuple[Job, int]] = [(job, 1) for job in reversed(jobs)]
    outcomes: Queue[tuple[_Worker, Job, int, dict[str, Any]]] = Queue()
    with tempfile.TemporaryDirectory(prefix="loyalty-") as name, contextlib.ExitStack() as open_workers:
        idle: list[_Worker] = []
        live: list[_Worker] = []
        busy = 0
        open_workers.callback(_end_all, live)
        while waiting or busy:
            while waiting and busy < count:
                job, tries = waiting.pop()
                if not idle:
                    idle.append(_Worker(Path(name)))
                    live.append(idle[-1])
                worker = idle.pop()
                busy += 1
                threading.Thread(target=_serve, args=(worker, job, tries, outcomes), daemon=True).start()
            worker, job, tries, outcome = outcomes.get()
            busy -= 1
            if worker.process.poll() is None:
                idle.append(worker)
            else:
                live.remove(worker)
                worker.end()
            if not outcome["ok"] and outcome["kind"] in ("death", "timeout") and tries < _TRIES:
                waiting.append((job, tries + 1))
            else:
                waiting += [(further, 1) for further in reversed(done(job, {**outcome, "tries": tries}))]


def _end_all(workers: list[_Worker]) -> None:
    for worker in workers:
        worker.end()


def _serve(worker: _Worker, job: Job, tries: int, outcomes: Queue[Any]) -> None:
    outcomes.put((worker, job, tries, worker.ask(job)))


def _main() -> None:
    """The worker: jobs in, outcomes out."""
    import warnings

    warnings.simplefilter("ignore")
    skip_slow_import()
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing else may write to the pipe of outcomes
    for line in sys.stdin:
        try:
            outcome = perform(Job(**json.loads(line)), engine=None)
        except BaseException as fault:
            outcome = fault_of(fault)
        out.write(json.dumps(outcome, ensure_ascii=False) + "\n")
        out.flush()


if __name__ == "__main__":
    _main()
