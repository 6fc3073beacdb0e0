"""Benchmarks: ``python -m benchmarks`` lists them, ``… results [NAME …]`` runs their short forms into RESULTS.md.

A benchmark alone, with all its options: ``python -m benchmarks.NAME --help`` (its first lines tell the options).
"""

from __future__ import annotations

import ast
import os
import platform
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "RESULTS.md"
# Sections of RESULTS.md: title, then the short form of each benchmark as it is typed.
SECTIONS: dict[str, list[str]] = {
    "Breaks": ["breaks --clients 50 --worlds ledger,walks"],
    "Reasons of breaks": ["reasons 1 31", "localise 10 17"],
    "Causes in texts": ["causes_peers --texts 2000"],
    "Rhythm and lifecycle": ["alive", "rhythm --seeds 1"],
    "Panel": ["scale --millions 1 5"],
    "Survey": ["survey 300"],
    "Visits": ["visits effect --runs 20 --clients 150 --brief", "visits plan"],
    "Sources": ["sources 300000"],
    "Report line": ["report_line --quick"],
    "Import and commands": ["start"],
    "Engines": ["engines --millions 1"],
    "Cost with size": ["growth", "size --millions 1"],
    "Hostile worlds": ["hostile --clients 20000"],
}
PACKAGES = (
    "loyalty-analytics", "numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "duckdb", "ibis-framework",
    "pyarrow", "papermill", "nbconvert", "pyspark", "psycopg", "ruptures", "Rbeast", "corextopic", "lifetimes",
    "polars", "svy", "pingouin",
)  # fmt: skip
STEADY = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "PYTHONUTF8": "1"}


def listed() -> None:
    """Print the benchmarks with the first line of each."""
    for path in sorted(FOLDER.glob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not path.stem.startswith("_") and "__main__" in text:
            print(f"{path.stem:20s}{(ast.get_docstring(ast.parse(text)) or '').partition(chr(10))[0]}")
    print("\npython -m benchmarks.NAME runs one, python -m benchmarks results [NAME …] writes RESULTS.md.")


def machine() -> str:
    """Kind of machine and versions of everything compared."""
    info = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    before = RESULTS.read_text(encoding="utf-8").partition("\n## ")[0] if RESULTS.exists() else ""
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:  # a table kept from an earlier run names the version that it saw
            known = re.search(rf"\b{re.escape(name)} [\d.]+\b", before)
            found.append(known[0] if known else f"{name} missing")
    try:
        asked = ["Rscript", "-e", "cat(as.character(getRversion()))"]
        found.append(f"R {subprocess.run(asked, capture_output=True, text=True, check=True).stdout}")
    except (OSError, subprocess.CalledProcessError):
        found.append("R missing")
    return (
        f"{models[0] if models else platform.processor()}, {cores} cores, {memory:.0f} GB, {platform.system()}, "
        f"Python {platform.python_version()}; {', '.join(found)}."
    )


def header() -> str:
    """Head of RESULTS.md."""
    return (
        "# Results of the benchmarks\n\nWritten by `make bench`: short forms of all, each in a process of its own with "
        "one thread unless said otherwise. The machine was shared with other work: trust ratios first, CPU seconds "
        "next; wall seconds are upper bounds. The first row of a table is the base of its ratios. The command above "
        "a table repeats it; full counts by its options (`--help` or the first lines of the file). A table with a "
        "peer that the last machine lacked stands as an earlier run measured it.\n\n"
        f"Machine and versions: {machine()}\n"
    )


def section(commands: list[str], earlier: str = "") -> str:
    """What the benchmarks of a section print; a failure is told and nothing else stops.

    A table that an earlier run measured with a peer that is missing here stays: a poorer machine shall not erase it.
    """
    parts = []
    for command in commands:
        print(f"   python -m benchmarks.{command}", flush=True)
        name, *rest = command.split()
        done = subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *rest], cwd=FOLDER.parent, text=True,
                              env=os.environ | STEADY, capture_output=True)  # fmt: skip
        made, known = done.stdout.strip(), printed(earlier, command)
        if (missing := not_run(made) - not_run(known)) and known and not done.returncode:
            print(f"   kept as measured before: {'; '.join(sorted(missing))}", flush=True)
            made = known
        parts.append(f"`python -m benchmarks.{command}`\n\n{made}\n")
        if done.returncode:
            sys.stderr.write(done.stderr)
            said = (done.stderr.strip().splitlines() or [f"status {done.returncode}"])[-1]
            parts.append(f"**Failed:** {said[:300]}\n")
    return "\n".join(parts)


def printed(text: str, command: str) -> str:
    """What a command of a section of RESULTS.md printed then; empty where it stands there no more."""
    _, found, rest = f"\n{text}".partition(f"\n`python -m benchmarks.{command}`\n")
    said = rest.partition("\n`python -m benchmarks.")[0].strip() if found else ""
    return "" if "**Failed:**" in said else said


def not_run(text: str) -> set[str]:
    """Reasons why a part of a benchmark was not run."""
    return set(re.findall(r"not run[:,] [^|\n]*[^|\s]", text))


def saved() -> dict[str, str]:
    """Sections that RESULTS.md holds."""
    text = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else ""
    return {title: rest for title, _, rest in (part.partition("\n") for part in text.split("\n## ")[1:])}


def results(names: list[str]) -> int:
    """Run sections (by title or benchmark; none = all) and write them into RESULTS.md beside the others."""
    known = {key: title for title, commands in SECTIONS.items() for key in (title, *(c.split()[0] for c in commands))}
    if unknown := [name for name in names if name not in known]:
        print(f"There is no benchmark {unknown[0]!r} with a short form; there are {', '.join(known)}.")
        return 2
    wanted = {known[name] for name in names} or set(SECTIONS)
    failed = False
    for title, commands in SECTIONS.items():
        if title in wanted:
            print(title, flush=True)
            text = section(commands, saved().get(title, ""))
            failed |= "**Failed:**" in text
            parts = saved() | {title: text}  # read again: sections may run side by side
            made = [f"\n## {name}\n\n{parts[name].strip()}\n" for name in SECTIONS if name in parts]
            RESULTS.write_text(header() + "".join(made), encoding="utf-8")
    return int(failed)


def main(given: list[str]) -> int:
    """Exit code: 1 where a benchmark failed."""
    if given[:1] == ["results"]:
        return results(given[1:])
    listed()
    return 2 if given else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
