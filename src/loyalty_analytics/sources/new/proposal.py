"""What `propose` found, and how it is written as a params file."""

from __future__ import annotations

import html
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ... import shown
from ...errors import ParamsError
from ..match import candidates
from ..read import RawTable
from ..values.numbers import currency_of
from ..values.roles import role_of

__all__ = ["Guess", "Proposal", "copy_raw", "params_text", "questions"]

_YAML_WORDS = frozenset(["yes", "no", "true", "false", "on", "off", "null", "y", "n"])


@dataclass(frozen=True, eq=False, kw_only=True)
class Guess:
    """One source: file, table, columns with confidence and value maps."""

    file: str
    table: str
    columns: dict[str, str]
    confidence: dict[str, float]
    values: dict[str, dict[str, str]]
    further: dict[str, Any]
    score: float
    asked: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False, kw_only=True)
class Proposal:
    """What was written and what a person must decide.

    Attributes
    ----------
    path : Path
        The params file.
    text : str
        Its content.
    table : pandas.DataFrame
        file, table, column, header, confidence (0-100).
    undecided : tuple of str
        Questions for a person, in plain words.
    """

    path: Path
    text: str
    table: pd.DataFrame
    undecided: tuple[str, ...]

    def __str__(self) -> str:
        """What was written and what is left to a person, for a terminal."""
        tables_found = self.table.groupby("table", sort=False)["file"].agg(
            lambda names: ", ".join(dict.fromkeys(names))
        )
        lines = [f"Written: params/{self.path.name}"]
        lines += [f"  {table}: {files}" for table, files in tables_found.items()]
        if self.undecided:
            lines += ["To decide:", *[f"  - {line}" for line in self.undecided]]
        lines.append(f"Next: loyalty check {self.path.stem}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        asked = "".join(f"<li>{html.escape(line)}</li>" for line in self.undecided)
        lead = f"<p><strong>{html.escape(self.path.name)}: {len(self.table)} columns proposed.</strong></p>"
        return shown.block(lead + shown.rows(self.table) + (f"<p>To decide:</p><ul>{asked}</ul>" if asked else ""))


def params_text(client: str, guesses: Sequence[Guess], undecided: Sequence[str], url: str | None) -> str:
    """The commented yaml of a proposal."""
    russian = any(re.search("[А-Яа-я]", header) for guess in guesses for header in guess.columns.values())
    lines = [
        "# Proposed from the headers and values of the files; figures behind # tell how sure each column is, per cent.",
        *[f"# To decide: {' '.join(line.split())}" for line in undecided],
        f"client: {_quoted(client)}",
        f"title: {{ru: {_quoted(client)}, en: {_quoted(client)}}}",
        f"language: {'ru' if russian else 'en'}   # of the reports: ru or en",
        f"currency: {_currency(guesses, russian)}   # three letters",
        "codebook: general   # causes and their words: params/codebooks/",
        "revenue: {date: deal, vat: none}   # deal, act, payment or airing; none or included",
        "",
        "sources:",
    ]
    by_table: dict[str, list[Guess]] = {}
    for guess in guesses:
        by_table.setdefault(guess.table, []).append(guess)
    for table, same in by_table.items():
        lines += [f"  {table}:", *_source_lines(same, url)]
    return "\n".join(lines) + "\n"


def _source_lines(same: Sequence[Guess], url: str | None) -> list[str]:
    guess = same[0]
    lines = []
    if guess.file.startswith("@"):
        lines += [f"    url: {_quoted(str(url))}", f"    table: {_quoted(guess.file[1:])}"]
    else:
        lines.append(f"    files: [{', '.join(_quoted(one.file.split('#')[0]) for one in same)}]")
        if "#" in guess.file:
            lines.append(f"    sheet: {_quoted(guess.file.split('#')[1])}")
    lines.append("    columns:")
    width = max(len(name) + len(_quoted(header)) for name, header in guess.columns.items())
    for name, header in guess.columns.items():
        pad = " " * (width - len(name) - len(_quoted(header)) + 2)
        lines.append(f"      {name}: {_quoted(header)}{pad}# {guess.confidence[name]:.0f}")
    mapped = {name: pairs for name, pairs in guess.values.items() if pairs}
    if mapped:
        lines.append("    values:")
        for name, pairs in mapped.items():
            shown = ", ".join(f"{_quoted(raw)}: {word}" for raw, word in pairs.items())
            lines.append(f"      {name}: {{{shown}}}")
    for key, value in guess.further.items():
        shown = str(value).lower() if isinstance(value, bool | np.bool_) else _quoted(str(value))
        lines.append(f"    {key}: {shown}")
    return lines


def _currency(guesses: Sequence[Guess], russian: bool) -> str:
    named = {
        currency_of(header) for guess in guesses for header in guess.columns.values() if role_of(header) == "money"
    }
    named.discard("")
    return named.pop() if len(named) == 1 else "RUB" if russian else "USD"


def _quoted(text: str) -> str:
    """A YAML scalar: bare words stay bare, all else is quoted."""
    if re.fullmatch(r"[A-Za-zА-Яа-яЁё][\wА-Яа-яЁё .*/()-]*[\wА-Яа-яЁё)*]", text) and text.casefold() not in _YAML_WORDS:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def copy_raw(files: Sequence[Path], folder: Path, overwrite: bool) -> None:
    """Copy files into data/raw; an existing file stays unless ``overwrite``."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in files:
        target = folder / path.name
        if target.exists() and (target.samefile(path) or target.read_bytes() == path.read_bytes()):
            continue
        if target.exists() and not overwrite:
            raise ParamsError(f"data/raw/{folder.name}/{path.name} exists with another content.", "Rename one of them.")
        shutil.copyfile(path, target)


def questions(guesses: Sequence[Guess], looked: Sequence[tuple[str, RawTable]]) -> list[str]:
    """What the files cannot decide, as sentences for the consultant."""
    asked = []
    raws = dict(looked)
    for guess in guesses:
        frame = raws[guess.file].frame if guess.file in raws else pd.DataFrame()
        left = [str(name) for name in frame if str(name) not in guess.columns.values() and frame[name].notna().any()]
        if left and not any(g.file == guess.file and g.table != guess.table for g in guesses):
            asked.append(f"{guess.file}: not used: {', '.join(left[:12])}.")
        doubtful = [f"{header} → {name}" for name, header in guess.columns.items() if guess.confidence[name] < 95]
        if doubtful:
            asked.append(f"{guess.file}: please check {', '.join(doubtful)}.")
        if guess.table == "clients" and "client_name" in guess.columns and len(frame):
            both = frame[[guess.columns["client_id"], guess.columns["client_name"]]].astype("str")
            pairs = candidates(both.set_axis(["client_id", "client_name"], axis=1).drop_duplicates().head(3000))
            if len(pairs):
                asked.append(f"{guess.file}: {len(pairs)} pairs of clients may be one: see matches.csv.")
    if not any(currency_of(header) for guess in guesses for header in guess.columns.values()):
        asked.append("Which currency? No header names one.")
    if any(guess.table == "transactions" for guess in guesses):
        asked.append(
            "Do amounts hold value added tax, and when does money count? Now: revenue: {date: deal, vat: none}."
        )
    return asked
