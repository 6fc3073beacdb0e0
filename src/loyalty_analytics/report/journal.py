"""The log in logs/, one JSON object per line, and the progress bar on a terminal."""

from __future__ import annotations

import datetime as dt
import json
import os
import sys
from pathlib import Path
from typing import Any

from .job import scrub

__all__ = ["Journal"]


class Journal:
    """Lines for people and machines who look after the run; no data of clients beyond their names.

    Parameters
    ----------
    folder : Path
        logs/; a folder that cannot be written is no reason to stop.
    quiet : bool
        Nothing on the terminal.
    """

    def __init__(self, folder: Path, quiet: bool = False) -> None:
        self.folder, self.quiet = folder, quiet
        self._bar: Any = None

    def say(self, event: str, level: str = "info", **facts: Any) -> None:
        """Append a line to logs/loyalty.jsonl; one write, so that runs side by side do not mix."""
        now = dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"time": now, "level": level, "event": event, "pid": os.getpid(), **facts},
                          ensure_ascii=False, default=str)  # fmt: skip
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with open(self.folder / "loyalty.jsonl", "a", encoding="utf-8") as stream:
                stream.write(scrub(line) + "\n")
        except OSError:
            pass

    def bar(self, total: int) -> None:
        """Begin a progress bar where someone watches."""
        if total and not self.quiet and sys.stderr.isatty():
            from tqdm import tqdm

            tqdm.monitor_interval = 0  # no thread: this process forks
            self._bar = tqdm(total=total, unit="notebook", file=sys.stderr, leave=False)

    def step(self) -> None:
        """One notebook more is done."""
        if self._bar is not None:
            self._bar.update(1)

    def close(self) -> None:
        """End the progress bar."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
