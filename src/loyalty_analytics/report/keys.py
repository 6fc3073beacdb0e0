"""What a page depends on, as one hash: data, params, notebook, program and versions.

Nothing heavy is imported, so that a rerun without changes ends before pandas would have been loaded.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import json
import os
import sys
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

__all__ = ["client_inputs", "code_hash", "key", "versions"]

# Libraries whose version can change a number or a picture of a report.
_LIBRARIES = (
    "babel", "duckdb", "ibis-framework", "matplotlib", "nbconvert", "numpy", "pandas", "papermill", "pillow",
    "pyarrow", "pymorphy3", "scikit-learn", "scipy", "seaborn", "statsmodels", "xlsxwriter",
)  # fmt: skip


@cache
def versions() -> dict[str, str]:
    """Versions of Python, of the libraries that count, and the hash of this package's own files."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}", "loyalty_analytics": code_hash()}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = ""
    return found


@cache
def code_hash() -> str:
    """Hash of the package's modules, words, codebooks and template; a wheel and a checkout have the same."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(package.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and path.relative_to(package).parts[0] != "shipped":
            digest.update(str(path.relative_to(package)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:32]


def _hash_files(paths: Iterable[Path], base: Path) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.relative_to(base).as_posix().encode() + b"\0")
        with path.open("rb") as stream:
            digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()


def client_inputs(client: str, root: Path) -> dict[str, Any]:
    """Title, language and hashes of a client's params and raw files, without checking them.

    Returns
    -------
    dict
        params, data: hashes; language; title: {ru, en}; database: True where rows come from a
        database, whose state no file shows.
    """
    import yaml

    file = root / "params" / f"{client}.yaml"
    content: Any = None
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    # params.read says what is wrong with a file that cannot be read here.
    with contextlib.suppress(yaml.YAMLError, RecursionError, ValueError):
        content = yaml.load(file.read_text(encoding="utf-8-sig"), Loader=loader)
    content = content if isinstance(content, dict) else {}
    title = content.get("title") or client
    if not isinstance(title, dict):
        title = {"ru": title, "en": title}
    title = {name: text if isinstance(text, str) else client for name, text in title.items()}
    books = [
        path for name in ("codebooks", "questions") for path in (root / "params" / name).rglob("*") if path.is_file()
    ]
    for kind in ("corrections", "matches"):
        books += sorted((root / "params").glob(f"{glob.escape(client)}.{kind}.csv"))
    raw = root / "data" / "raw" / client
    data = [path for path in raw.rglob("*") if path.is_file()] if raw.is_dir() else []
    sources = content.get("sources")
    entries = [
        entry
        for source in (sources.values() if isinstance(sources, dict) else ())
        for entry in (source if isinstance(source, list) else [source])
        if isinstance(entry, dict)
    ]
    return {
        "params": _hash_files([file, *books], root),
        "data": _hash_files(data, root),
        "language": str(content.get("language", "ru")),
        "title": {str(name): text for name, text in title.items()},
        "database": any(entry.get("url") for entry in entries),
    }


def key(notebook: str, facts: Mapping[str, Any], data: str, **more: Any) -> str:
    """Hash of everything that one page depends on.

    Parameters
    ----------
    notebook : str
        Digest of the notebook.
    facts : mapping
        Of `client_inputs`.
    data : str
        Fingerprint of the data.
    **more
        Values of the parameters.
    """
    parts = [notebook, facts["params"], data, versions(), more]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def file_sha256(path: str | os.PathLike[str]) -> str:
    """sha256 of a file."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
