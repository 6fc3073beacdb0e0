"""`loyalty check`: what is wrong with a client's files and which reports they allow, on the terminal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import click

from ..errors import LoyaltyError

__all__ = ["check_clients"]

_SHOWN = 40


def check_clients(clients: Sequence[str], root: Path) -> int:
    """Prepare each client and print its findings; exit code 0, 3 or 4."""
    from ..load import prepare
    from .job import scrub

    failed = 0
    for client in clients:
        try:
            made = prepare(client, root)
        except LoyaltyError as fault:
            if len(clients) == 1:
                raise
            failed += 1
            click.echo(scrub(f"{client}: {type(fault).__name__}: {fault}"), err=True)
            continue
        found, facts = made.findings, made.passport
        click.echo(f"{client}: {facts['first'] or '–'} to {facts['last'] or '–'}, {facts['clients']} clients, "
                   f"{facts['deals']} deals, {facts['answers']} answers")  # fmt: skip
        for row in found.head(_SHOWN).itertuples(index=False):
            place = ", ".join(part for part in (_text(row.file), _line(row.row), _text(row.column)) if part)
            where = f"{place}: " if place else ""
            click.echo(f"  {row.severity}: {where}{row.problem} {row.advice}".rstrip())
        if len(found) > _SHOWN:
            click.echo(f"  … {len(found) - _SHOWN} more")
        click.echo(f"  all findings: {_near(made.folder / 'findings.csv', root)}, as a page: {_near(made.page, root)}")
        for report, exhibits in made.possible.groupby("report", sort=True):
            lacking = exhibits[~exhibits["possible"]]
            # What would add most stands first: one line a report, however little there is.
            wanted = lacking["missing"].str.replace(", ", " and ").str.replace(" / ", " or ").value_counts()
            more = ", ".join(f"with {tables} {count} more" for tables, count in wanted.items())
            click.echo(f"  report {report}: {len(exhibits) - len(lacking)} of {len(exhibits)} exhibits"
                       + (f"; {more}" if more else ""))  # fmt: skip
        if facts["last"]:
            click.echo(f"  next: loyalty report {client} --month {_last_whole(str(facts['last']))}")
    return 0 if not failed else 3 if failed < len(clients) else 4


def _last_whole(last: str) -> str:
    """The month to report: that of the last day, or the one before where the data end in its first half.

    >>> _last_whole("2010-12-09"), _last_whole("2026-10-19")
    ('2010-11', '2026-10')
    """
    day = dt.date.fromisoformat(last[:10])
    return f"{day if day.day > 15 else day.replace(day=1) - dt.timedelta(days=1):%Y-%m}"


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _line(row: object) -> str:
    try:
        return f"row {int(row)}"  # type: ignore[call-overload]
    except (TypeError, ValueError):
        return ""


def _near(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
