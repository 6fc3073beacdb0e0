"""Files that appear whole or not at all: durable writes, folders exchanged in one step, locks."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import LoyaltyError

__all__ = ["Locked", "locked", "put", "recover", "swap_in", "sync_tree"]

_OLD = ".before"  # ending of a folder on its way out, where two folders cannot be exchanged in one step


class Locked(LoyaltyError):
    """Another run works on the same reports."""


@contextlib.contextmanager
def locked(path: Path, what: str, wait: float = 1.0) -> Iterator[None]:
    """Hold a lock for the time of a block.

    The lock belongs to the open file: it ends with the process, so none is ever stale.

    Raises
    ------
    Locked
        Where another process holds it longer than ``wait`` seconds.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path, thread_local=False)
    try:
        lock.acquire(timeout=wait, poll_interval=0.05)
    except Timeout:
        raise Locked(f"Another run is working on {what}.", "Wait for it, or stop it.") from None
    try:
        yield
    finally:
        lock.release()


def put(path: Path, content: bytes) -> None:
    """Write a file so that readers see the old one or the new one, also after a power cut."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(fresh, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(fresh, path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names of a folder durable where the system can."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as fault:  # some network file systems refuse it for folders
        if fault.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(handle)


def sync_tree(folder: Path) -> None:
    """Make a folder with all its files durable."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with open(path, "rb+") as stream:
                os.fsync(stream.fileno())
    sync_folder(folder)


def swap_in(fresh: Path, final: Path) -> None:
    """Put a finished folder at its place; a reader finds the old one or the new one at any moment."""
    final.parent.mkdir(parents=True, exist_ok=True)
    if not final.exists():
        os.rename(fresh, final)
    elif _exchange(fresh, final):
        shutil.rmtree(fresh)
    else:
        old = final.with_name(f".{final.name}{_OLD}")
        shutil.rmtree(old, ignore_errors=True)
        os.rename(final, old)
        os.rename(fresh, final)
        shutil.rmtree(old)
    sync_folder(final.parent)


def recover(final: Path) -> None:
    """Undo a half-done exchange of a killed run."""
    old = final.with_name(f".{final.name}{_OLD}")
    if old.is_dir():
        if final.exists():
            shutil.rmtree(old)
        else:
            os.rename(old, final)


def _exchange(first: Path, second: Path) -> bool:
    """Exchange two names in one step (Linux, macOS); False where the system cannot."""
    with contextlib.suppress(AttributeError, OSError):
        library = ctypes.CDLL(None, use_errno=True)
        one, two = os.fsencode(first), os.fsencode(second)
        if sys.platform == "linux":
            here = -100  # AT_FDCWD
            return library.renameat2(here, one, here, two, 2) == 0  # RENAME_EXCHANGE
        if sys.platform == "darwin":
            return library.renamex_np(one, two, 2) == 0  # RENAME_SWAP
    return False
