"""Pages as PDF through a headless Chromium, where one is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..errors import LoyaltyError
from .links import unlinked

__all__ = ["find_browser", "print_pages"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
# Chromium writes the moment of printing into the file.
_DATE = re.compile(rb"/(CreationDate|ModDate) ?\(D:(\d{14})")


def find_browser() -> str | None:
    """Path of a Chromium, from the environment variable CHROMIUM or the search path."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)


def print_pages(pages: Sequence[Path]) -> dict[str, bytes]:
    """Print pages on A4.

    Returns
    -------
    dict
        Name of the PDF -> its bytes.

    Raises
    ------
    LoyaltyError
        Where there is no Chromium or it fails.
    """
    browser = find_browser()
    if browser is None:
        raise LoyaltyError("--pdf needs Chromium.", "Install it or set CHROMIUM to its path.")
    printed = {}
    with tempfile.TemporaryDirectory(prefix="loyalty-pdf-") as name:
        for page in pages:
            target = Path(name) / f"{page.stem}.pdf"
            # Paper shows no links, and a page taken over from an earlier run has others than a new one.
            copy = Path(name) / page.name
            copy.write_text(unlinked(page.read_text("utf-8")), "utf-8")
            command = [
                browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
                f"--user-data-dir={name}/profile", f"--print-to-pdf={target}", copy.as_uri(),
            ]  # fmt: skip
            done = subprocess.run(command, capture_output=True, timeout=120, check=False)
            if done.returncode or not target.is_file():
                raise LoyaltyError(f"Chromium could not print {page.name} (exit {done.returncode}).")
            printed[target.name] = _DATE.sub(rb"/\1 (D:20000101000000", target.read_bytes())
    return printed
