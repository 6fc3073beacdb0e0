"""The command `loyalty`: new, check, report, dossier, index, verify, demo.

Everything heavy is imported inside the commands, so that help and shell completion answer at once.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import click

__all__ = ["main"]

# What could differ between two nights or two users and must not show in the bytes.
_STEADY = {
    "PYTHONHASHSEED": "0", "PYTHONUTF8": "1", "TZ": "UTC", "LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "MPLBACKEND": "agg",
}  # fmt: skip
_HEAVY = ("report", "dossier", "demo", "verify")


def main() -> None:
    """Entry point: a steady environment, plain words for faults, exit codes."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in _HEAVY and "--help" not in arguments:
        _steady(arguments)
    signal.signal(signal.SIGTERM, _interrupted)
    sys.exit(run(arguments))


def _interrupted(*_: Any) -> None:
    raise KeyboardInterrupt  # a stop of systemd or Kubernetes ends the workers in order


def _steady(arguments: list[str]) -> None:
    """Start again with fixed hash seed, zone, locale and threads; costs 0.03 s."""
    if all(os.environ.get(name) == value for name, value in _STEADY.items()):
        return
    environment = {**os.environ, **_STEADY}
    command = [sys.executable, "-m", "loyalty_analytics.cli", *arguments]
    if os.name == "nt":
        import subprocess

        sys.exit(subprocess.call(command, env=environment))
    sys.stdout.flush()
    os.execve(sys.executable, command, environment)


def run(arguments: list[str]) -> int:
    """Run a command and give its exit code."""
    from .errors import LoyaltyError

    try:
        return _commands.main(args=arguments, prog_name="loyalty", standalone_mode=False) or 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as fault:
        fault.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        return 130
    except LoyaltyError as fault:
        from .report.job import scrub

        click.echo(scrub(f"{type(fault).__name__}: {fault.problem}"), err=True)
        if fault.cure:
            click.echo(scrub(f"→ {fault.cure}"), err=True)
        return _code(fault)
    except OSError as fault:
        click.echo(f"{type(fault).__name__}: {fault.strerror}: {fault.filename or ''}", err=True)
        return 4


def _code(fault: Exception) -> int:
    return {"ParamsError": 2, "Locked": 5}.get(type(fault).__name__, 4)


_root_option = click.option(
    "--root", type=click.Path(file_okay=False, path_type=Path), help="Folder that holds params/; found by walking up."
)
_out_option = click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), help="Write reports here instead of <root>/reports."
)
_month_option = click.option("--month", help="yyyy-mm; without it the last month of the data.")


def _line_options(function: Any) -> Any:
    for option in reversed(
        [
            click.option("--language", "languages", multiple=True, help="ru or en; may stand twice."),
            click.option("--jobs", type=click.IntRange(1, 256), help="Reports built side by side; up to 4 by default."),
            click.option("--timeout", type=click.FloatRange(1), default=900, show_default=True,
                         help="Longest time of one report, in seconds."),
            click.option("--cell-timeout", type=click.FloatRange(1), default=600, show_default=True,
                         help="Longest time of one cell, in seconds."),
            click.option("--memory", type=click.IntRange(64), default=4000, show_default=True,
                         help="Most memory of one worker, in MB; twice as much while raw files are read."),
            click.option("--pdf", is_flag=True, help="Print the pages with Chromium too."),
            click.option("--force", is_flag=True, help="Build also what did not change."),
            click.option("--workers", type=click.Choice(["auto", "fork", "spawn"]), default="auto", show_default=True,
                         help="How workers start."),
            click.option("--quiet", is_flag=True, help="No progress bar."),
        ]
    ):  # fmt: skip
        function = option(function)
    return function


class _InOrder(click.Group):
    """Commands in the order in which a client goes through them, not in that of the alphabet."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


_EPILOG = """\b
First steps:
  loyalty demo                                  two invented companies: open reports/index.html
  loyalty new acme deals.csv clients.xlsx       your own files; then read params/acme.yaml
  loyalty check acme                            what is wrong with them, what can be reported
  loyalty report acme --month 2026-10           reports/acme/2026-10/index.html

\b
Exit codes: 0 all done; 2 wrong usage or parameters; 3 some clients failed, the rest is published;
4 nothing published; 5 another run is working on it; 130 interrupted."""


@click.group(
    cls=_InOrder, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="loyalty-analytics")
def _commands() -> None:
    """Monthly reports on clients' loyalty from messy exports.

    CLIENT is a company whose clients are reported on: its files lie in data/raw/CLIENT, its settings in
    params/CLIENT.yaml, its reports in reports/CLIENT.
    """


@_commands.command(short_help="Propose params for a new client from its files.")
@click.argument("client")
@click.argument("sources", nargs=-1, type=click.Path(exists=True, path_type=Path), metavar="FILES…")
@click.option("--url", help="A database instead of files, as an Ibis URL.")
@click.option("--overwrite", is_flag=True, help="Replace the params and raw files of an existing client.")
@_root_option
def new(client: str, sources: tuple[Path, ...], url: str | None, overwrite: bool, root: Path | None) -> int:
    """Propose params/CLIENT.yaml from the headers and values of FILES, which are copied to data/raw/CLIENT."""
    if not sources and not url:
        raise click.UsageError("Name files or folders, or pass --url.")
    from .sources.new.propose import propose

    click.echo(propose(client, list(sources), url, _home(root, begin=True), overwrite=overwrite))
    return 0


@_commands.command(short_help="List every fault of the data and what can be reported.")
@click.argument("clients", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="All clients in params/.")
@_root_option
def check(clients: tuple[str, ...], everyone: bool, root: Path | None) -> int:
    """Read, clean and validate; list every fault and which reports are possible."""
    from .report.checking import check_clients

    home, names = _clients(clients, everyone, root)
    return check_clients(names, home)


@_commands.command(short_help="Build the reports of a month.")
@click.argument("clients", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="All clients in params/.")
@_month_option
@click.option("--since", help="yyyy-mm: the first of several months, --month is the last.")
@click.option("--keep", type=click.IntRange(1), help="Keep only this many months of a client.")
@_out_option
@_root_option
@_line_options
def report(clients: tuple[str, ...], everyone: bool, month: str | None, since: str | None, keep: int | None,
           out: Path | None, root: Path | None, **line: Any) -> int:  # fmt: skip
    """Build the reports of CLIENTS for a month; only what changed is built again.

    \b
    loyalty report acme --month 2026-10
    loyalty report --all --month 2026-10 --jobs 4
    loyalty report acme --since 2026-01 --month 2026-10 --language ru --language en
    """
    from .report.run import run as run_line

    home, names = _clients(clients, everyone, root)
    months = _months(month, since)
    options = _options(home, out, keep=keep or 0, **line)
    return _tell(run_line(names, months, options), options)


@_commands.command(short_help="Two pages on one client, to prepare a meeting.")
@click.argument("client")
@click.argument("client_ids", nargs=-1)
@click.option("--client", "more_ids", multiple=True, metavar="ID", help="Id of a client; may stand several times.")
@click.option("--planned", is_flag=True, help="All clients of next month's plan of visits.")
@_month_option
@_out_option
@_root_option
@_line_options
def dossier(client: str, client_ids: tuple[str, ...], more_ids: tuple[str, ...], planned: bool, month: str | None,
            out: Path | None, root: Path | None, **line: Any) -> int:  # fmt: skip
    """Build dossiers of single clients of CLIENT: working papers for a meeting."""
    from .report.run import run as run_line

    home, names = _clients((client,), False, root)
    months = _months(month, None)
    wanted = [*client_ids, *more_ids, *(_planned(client, months, home) if planned else ())]
    if not wanted:
        raise click.UsageError("Name at least one client: CLIENT_IDS, --client ID, or --planned.")
    options = _options(home, out, **line)
    return _tell(run_line(names, months, options, reports=False, dossiers=list(dict.fromkeys(wanted))), options)


def _planned(client: str, months: list[str], home: Path) -> list[str]:
    """Ids of the clients to be visited in the month after the report's."""
    from .exhibits.meetings_base import next_clients
    from .load import load

    return [str(found) for found in next_clients(load(client, months[0] if months else None, home))]


@_commands.command(short_help="Join all reports into reports/index.html.")
@click.option("--language", default="ru", type=click.Choice(["ru", "en"]), show_default=True)
@_out_option
@_root_option
def index(language: str, out: Path | None, root: Path | None) -> int:
    """Join the reports that lie there into one index.html."""
    from .report.index import write_index

    home = _home(root)
    click.echo(_shown(write_index(out or home / "reports", home / "logs", language)))
    return 0


@_commands.command(short_help="Build a month again and compare byte by byte.")
@click.argument("client")
@_month_option
@_out_option
@_root_option
@_line_options
def verify(client: str, month: str | None, out: Path | None, root: Path | None, **line: Any) -> int:
    """Build a published month again elsewhere and compare it byte by byte."""
    from .report.verify import verify_month

    home, names = _clients((client,), False, root)
    return verify_month(names[0], month, _options(home, out, **line))


@_commands.command(short_help="Build all reports of two invented companies.")
@_out_option
@_root_option
@_line_options
def demo(out: Path | None, root: Path | None, **line: Any) -> int:
    """All reports of the two demo clients, Russian and English, with five dossiers and an index."""
    from .report.demo import run_demo

    home = _home(root, begin=True)
    line["languages"] = line["languages"] or ("ru", "en")
    options = _options(home, out, **line)
    return _tell(run_demo(options), options)


def _home(root: Path | None, begin: bool = False) -> Path:
    """The project; with ``begin`` an empty one is begun where there is none."""
    from .errors import ParamsError
    from .sources import home

    try:
        return home.find_root(root)
    except ParamsError:
        if not begin:
            raise
    return home.begin(root or ".")


def _clients(names: tuple[str, ...], everyone: bool, root: Path | None) -> tuple[Path, list[str]]:
    from .errors import ParamsError, nearest

    home = _home(root)
    known = sorted(path.stem for path in (home / "params").glob("*.yaml"))
    if everyone == bool(names):
        raise click.UsageError("Name clients or pass --all, as in `loyalty report acme`.")
    for name in names:
        if name not in known:
            hint = nearest(name, known) if known else "Write one with `loyalty new CLIENT FILES…`."
            raise ParamsError(f"There is no params/{name}.yaml.", hint)
    if not known:
        raise ParamsError("There is no client in params/.", "Write one with `loyalty new CLIENT FILES…`.")
    return home, known if everyone else list(dict.fromkeys(names))


def _months(month: str | None, since: str | None) -> list[str]:
    from .report.notebooks import check_values

    for value in (month, since):
        if value is not None:
            check_values(value, "ru")
    if since is None:
        return [] if month is None else [month]
    if month is None:
        raise click.UsageError("--since needs --month, the last month.")
    if since > month:
        raise click.UsageError(f"--since {since} is later than --month {month}.")
    first, last = (int(value[:4]) * 12 + int(value[5:]) - 1 for value in (since, month))
    return [f"{number // 12:04d}-{number % 12 + 1:02d}" for number in range(first, last + 1)]


def _options(home: Path, out: Path | None, *, languages: tuple[str, ...], jobs: int | None, timeout: float,
             cell_timeout: float, memory: int, pdf: bool, force: bool, workers: str, quiet: bool,
             keep: int = 0) -> Any:  # fmt: skip
    from .report.notebooks import check_values
    from .report.run import Options

    named = tuple(dict.fromkeys(part for text in languages for part in text.split(",")))
    for language in named:
        check_values("2000-01", language)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Options(
        root=home, out=(out or home / "reports").resolve(), logs=home / "logs", languages=named,
        jobs=jobs or min(cores, 4), seconds=timeout, cell_seconds=cell_timeout, megabytes=memory, pdf=pdf,
        force=force, quiet=quiet, keep=keep, fork={"auto": None, "fork": True, "spawn": False}[workers],
    )  # fmt: skip


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _tell(outcome: Any, options: Any) -> int:
    """Say what became of the run, write the index, give the exit code."""
    from .report.index import write_index

    for client, month in outcome.published:
        click.echo(f"{client} {month}: {_shown(options.out / client / month)}")
    for client, month in outcome.unchanged:
        click.echo(f"{client} {month}: unchanged")
    for (client, month), faults in sorted(outcome.failed.items()):
        for fault in faults:
            cell = f" cell {fault['cell']}" if fault["cell"] else ""
            text = " ".join(fault["text"].split())[:500]
            name = "" if fault["kind"] == "month" else f" {fault['notebook']}{cell}: {fault['name']}:"
            click.echo(f"{client} {month}: FAILED{name} {text}", err=True)
    for client in outcome.locked:
        click.echo(f"{client}: another run is working on it", err=True)
    if outcome.code != 5:
        page = write_index(options.out, options.logs)
        if outcome.published:
            click.echo(f"Open {_shown(page)}")
    return outcome.code


if __name__ == "__main__":
    main()
