"""`loyalty verify`: build a published month again elsewhere and compare it byte by byte."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from pathlib import Path

import click

from ..errors import LoyaltyError
from .publish import Place, months_of, read_manifest
from .run import Options, run

__all__ = ["compare", "verify_month"]


def verify_month(client: str, month: str | None, options: Options) -> int:
    """Exit code 0 where every byte is the same, 3 where not, 4 where there is nothing to compare."""
    months = months_of(options.out, client)
    month = month or (months[-1] if months else "")
    place = Place(options.out, options.logs, client, month)
    manifest = read_manifest(place.final)
    if manifest is None:
        raise LoyaltyError(f"There is no published report of {client} {month}.".strip(), "Run `loyalty report` first.")
    with tempfile.TemporaryDirectory(prefix="loyalty-verify-") as name:
        copy = Place(Path(name) / "reports", Path(name) / "logs", client, month)
        copy.final.mkdir(parents=True)
        # The manifest alone says which pages the month has; of the month before only its links matter.
        shutil.copy(place.final / "manifest.json", copy.final)
        for before in months:
            if before < month:
                (copy.final.parent / before).mkdir()
                shutil.copy(place.final.parent / before / "manifest.json", copy.final.parent / before)
        languages = tuple(sorted({page["language"] for page in manifest["pages"].values()}))
        printed = any(file.endswith(".pdf") for file in manifest["files"])
        again = dataclasses.replace(
            options, out=copy.out, logs=copy.logs, languages=languages, keep=0, force=True, pdf=printed
        )
        outcome = run([client], [month], again)
        if outcome.failed:
            fault = next(iter(outcome.failed.values()))[0]
            raise LoyaltyError(f"{client} {month} cannot be built again: {fault['name']}: {fault['text']}")
        different = compare(place.final, copy.final)
        for line in different:
            click.echo(line)
        rebuilt = read_manifest(copy.final) or {}
        for part in ("data", "params", "versions"):
            if rebuilt.get(part) != manifest[part]:
                click.echo(f"  since then the {part} have changed")
    click.echo(f"{client} {month}: " + (f"{len(different)} files differ" if different else "identical"))
    return 3 if different else 0


def compare(first: Path, second: Path) -> list[str]:
    """Names of files that are not the same in two folders, with what is wrong."""
    one, two = ({path.name: path for path in folder.iterdir()} for folder in (first, second))
    lines = [f"{name}: only in the published month" for name in sorted(one.keys() - two.keys())]
    lines += [f"{name}: only when built again" for name in sorted(two.keys() - one.keys())]
    lines += [
        f"{name}: other bytes" for name in sorted(one.keys() & two.keys())
        if one[name].read_bytes() != two[name].read_bytes()
    ]  # fmt: skip
    return lines
