"""The run killed at random moments: readers see whole months only, and a rerun ends where it would have ended."""

import hashlib
import json
import os
import random
import signal
import time
from pathlib import Path

import pytest

from loyalty_analytics.report import workers
from loyalty_analytics.report.run import run

CLIENTS, MONTHS = ["alpha"], ["2026-09", "2026-10"]
NOTEBOOKS = 4


def start(options):
    """The run in a process of its own, forked from this warm one."""
    workers.warm()
    pid = os.fork()
    if pid == 0:
        try:
            run(CLIENTS, MONTHS, options)
        finally:
            os._exit(0)
    return pid


def whole(folder):
    """Whether a reader who opened the folder finds a whole month; None where it went away under his eyes."""
    handle = os.open(folder, os.O_RDONLY)

    def content(name):
        with open(os.open(name, os.O_RDONLY, dir_fd=handle), "rb") as stream:
            return stream.read()

    try:
        manifest = json.loads(content("manifest.json"))
        return all(
            hashlib.sha256(content(name)).hexdigest() == known["sha256"] for name, known in manifest["files"].items()
        )
    except FileNotFoundError:
        # Replaced by a whole month a moment ago: the folder in hand is no longer the one at this name.
        return None if not folder.exists() or os.fstat(handle).st_ino != folder.stat().st_ino else False
    finally:
        os.close(handle)


def months(reports):
    return [path for path in reports.glob("*/*") if path.is_dir() and not path.parent.name.startswith(".")]


def kill_and_rerun(root, make_options, kit, reference, moment):
    """One trial: kill at a moment, look, run again, compare. Gives the notebooks of the second run."""
    pid = start(make_options(root))
    deadline = time.monotonic() + moment
    ended = False
    while time.monotonic() < deadline and not ended:
        assert all(whole(folder) is not False for folder in months(root / "reports"))
        ended = os.waitpid(pid, os.WNOHANG)[0] == pid
        time.sleep(0.03)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    for folder in months(root / "reports"):
        assert whole(folder), folder
    left = run(CLIENTS, MONTHS, make_options(root))
    assert left.code == 0
    assert kit.snapshot(root / "reports") == reference
    return left.notebooks


def trials(make_root, options, kit, count):
    """Kill runs at random moments over the whole of their time; gives the notebooks of each rerun."""
    random.seed(count)
    root = make_root(CLIENTS)
    assert run(CLIENTS, MONTHS, options(root)).code == 0
    old = kit.snapshot(root / "reports")
    for client in CLIENTS:
        kit.write_client(root, client, bonus=7)
    began = time.monotonic()
    assert run(CLIENTS, MONTHS, options(root)).code == 0
    span = time.monotonic() - began
    new = kit.snapshot(root / "reports")
    assert new.keys() == old.keys()
    rerun = []
    for number in range(count):
        # Each trial turns the data: the month that lies there is good, but of yesterday.
        bonus, reference = ((0, old), (7, new))[number % 2]
        for client in CLIENTS:
            kit.write_client(root, client, bonus=bonus)
        rerun.append(kill_and_rerun(root, options, kit, reference, random.uniform(0, span)))
    return rerun


def test_killed_at_five_moments(make_root, options, kit):
    rerun = trials(make_root, options, kit, 5)
    assert max(rerun) <= NOTEBOOKS


@pytest.mark.proof
def test_killed_at_a_hundred_moments(make_root, options, kit):
    rerun = trials(make_root, options, kit, 100)
    assert max(rerun) <= NOTEBOOKS
    # Most kills come midway: what was finished then is not done again.
    assert sum(count < NOTEBOOKS for count in rerun) > 50
    assert len(set(rerun)) > 3


def test_no_worker_outlives_a_killed_run(make_root, options, kit):
    root = make_root(
        CLIENTS,
        {
            "01_brief": [
                "import os, time, pathlib\npathlib.Path('worker.pid').write_text(str(os.getpid()))\ntime.sleep(600)"
            ]
        },
    )
    pid = start(options(root, jobs=1))
    mark = root / "worker.pid"
    deadline = time.monotonic() + 60
    while not mark.is_file() or not mark.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    worker = int(mark.read_text())
    os.kill(worker, 0)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == "Z":  # dead, only not yet collected by the machine's first process
            return
        time.sleep(0.02)
    pytest.fail("the worker is still there")


def test_a_half_done_exchange_is_undone(make_root, options, kit, monkeypatch):
    # Where two folders cannot be exchanged in one step, a kill may come between two renames.
    from loyalty_analytics.report import files

    monkeypatch.setattr(files, "_exchange", lambda first, second: False)
    root = make_root(["alpha"])
    run(["alpha"], ["2026-10"], options(root))
    kit.write_client(root, "alpha", bonus=3)
    assert run(["alpha"], ["2026-10"], options(root)).published
    folder = root / "reports/alpha/2026-10"
    before = kit.snapshot(folder)
    folder.rename(folder.with_name(".2026-10.before"))
    assert run(["alpha"], ["2026-10"], options(root)).unchanged == [("alpha", "2026-10")]
    assert kit.snapshot(folder) == before
