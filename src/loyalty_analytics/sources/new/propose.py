"""A params file proposed from a new client's files: tables, columns, value maps, with confidence."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files as resources
from pathlib import Path
from typing import Any

import pandas as pd
import yaml
from rapidfuzz import fuzz, process

from ... import tables
from ...errors import LoyaltyError, ParamsError, SourceError
from ..home import find_root
from ..read import RawTable, read_source
from .proposal import Guess, Proposal, copy_raw, params_text, questions

__all__ = ["Proposal", "guess_columns", "propose"]

_SURE = 100.0
_CLOSE = 86.0  # likeness of headers from which a column is proposed
_MOST_VALUES = 40
_LOOKED = 200_000  # rows of a Parquet file: names and kinds of columns show in the first of them
_READABLE = (".csv", ".tsv", ".txt", ".xlsx", ".xls", ".parquet", ".gz", ".htm", ".html", ".xml")


def propose(
    client: str,
    files: Sequence[str | Path] = (),
    url: str | None = None,
    root: str | Path | None = None,
    *,
    overwrite: bool = False,
) -> Proposal:
    """Look at a client's files or database and write params/<client>.yaml and data/raw/<client>.

    Parameters
    ----------
    client : str
        Name of the new client: letters, digits, '-', '_' and '.'.
    files : paths of files or folders
    url : str, optional
        Ibis URL of a database whose tables are looked at as well.
    root : path, optional
        Folder that holds params/; None = found from the working folder.
    overwrite : bool
        Replace an existing params file and raw files.

    Raises
    ------
    ParamsError
        Where the client exists already, or nothing in the files is known.
    """
    if not re.fullmatch(r"[^\W_][\w.-]{0,63}", client):
        raise ParamsError(f"{client!r} is no name of a client.", "Use letters, digits, '-', '_' and '.'.")
    home = find_root(root)
    target = home / "params" / f"{client}.yaml"
    if target.exists() and not overwrite:
        raise ParamsError(f"params/{client}.yaml exists.", "Edit it, or remove it first.")
    undecided: list[str] = []
    looked = [*_files(files, undecided), *_database(url, undecided)]
    guesses = _one_per_table([_guesses(name, raw, undecided) for name, raw in looked], undecided)
    if not guesses:
        raise ParamsError(
            "No table could be recognised." + "".join(f" {line}" for line in undecided[:3]),
            "See the README, “Your own data”, and write params by hand.",
        )
    guesses = _with_clients(guesses, looked)
    copy_raw(_paths(files), home / "data" / "raw" / client, overwrite)
    undecided += questions(guesses, looked)
    text = params_text(client, guesses, undecided, url)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")
    rows = [
        (guess.file, guess.table, name, header, round(guess.confidence[name]))
        for guess in guesses
        for name, header in guess.columns.items()
    ]
    table = pd.DataFrame(rows, columns=["file", "table", "column", "header", "confidence"])
    return Proposal(path=target, text=text, table=table, undecided=tuple(undecided))


# -- looking -----------------------------------------------------------------------------------


def _paths(files: Sequence[str | Path]) -> list[Path]:
    found: list[Path] = []
    for one in map(Path, files):
        if one.is_dir():
            found += sorted(path for path in one.iterdir() if path.suffix.lower() in _READABLE)
        else:
            found.append(one)
    return found


def _files(files: Sequence[str | Path], undecided: list[str]) -> list[tuple[str, RawTable]]:
    looked = []
    for path in _paths(files):
        try:
            raw = read_source(path, won_only=False, most=_LOOKED)
            looked.append((path.name, raw))
            if path.suffix.lower() == ".parquet" and raw.copies.sum() >= _LOOKED:
                undecided.append(f"Of {path.name} only the first {_LOOKED:,} rows were looked at; the check reads all.")
            for sheet in raw.found.named("sheet_left_out", "sheet"):
                looked.append((f"{path.name}#{sheet}", read_source(path, sheet=sheet, won_only=False)))
        except SourceError as error:
            undecided.append(str(error))
    return looked


def _database(url: str | None, undecided: list[str]) -> list[tuple[str, RawTable]]:
    if url is None:
        return []
    from .. import database

    looked = []
    for name in database.table_names(url):
        try:
            looked.append((f"@{name}", database.read_table(url, table=name, limit=20_000)))
        except LoyaltyError as error:
            undecided.append(str(error))
    return looked


@cache
def _synonyms() -> dict[str, dict[str, list[str]]]:
    words = yaml.safe_load(resources(__package__).joinpath("synonyms.yaml").read_text(encoding="utf-8"))
    for name, columns in words.items():
        declared = tables.get(name)
        # Bare words that mean the key and the moment of any table, after the truer ones.
        for column, bare in (
            (declared.key, ["номер", "код", "id", "no"]),
            (declared.moment, ["когда", "дата", "date", "when"]),
        ):
            if column in columns:
                columns[column] += [word for word in bare if word not in columns[column]]
    return words


@cache
def _value_words() -> dict[str, dict[str, list[str]]]:
    return yaml.safe_load(resources(__package__).joinpath("value_words.yaml").read_text(encoding="utf-8"))


def _folded(header: str) -> str:
    text = re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", header).casefold().replace("ё", "е")
    text = re.sub(r"\b(?:тыс|млн|руб(?:лей)?|коп|шт|rub|usd|eur|gbp|k|m)\b\.?", " ", text)
    return " ".join(re.sub(r"[^\w]+|_", " ", text).split())


def guess_columns(headers: Sequence[str], table: str, frame: pd.DataFrame) -> dict[str, tuple[str, float]]:
    """Canonical column → (header, confidence 0-100) for one table, each header used once.

    >>> frame = pd.DataFrame({"Дата сделки": pd.to_datetime(["2024-01-01"]), "Клиент": ["A"], "Сумма, руб": [5.0]})
    >>> found = guess_columns(list(frame), "transactions", frame)
    >>> {name: header for name, (header, _) in sorted(found.items())}
    {'amount': 'Сумма, руб', 'client_id': 'Клиент', 'date': 'Дата сделки'}
    """
    offers = []
    for header in headers:
        folded = _folded(header)
        if not folded:
            continue
        for name, synonyms in _synonyms()[table].items():
            score = _likeness(folded, tuple(map(_folded, [*synonyms, name.replace("_", " ")])))
            # Earlier synonyms are the truer ones: «Код клиента» before «Клиент».
            if score >= _CLOSE and _fits(frame[header], tables.column(table, name)):
                offers.append((score, name, header))
    found: dict[str, tuple[str, float]] = {}
    used: set[str] = set()
    for score, name, header in sorted(offers, key=lambda offer: -offer[0]):
        if name not in found and header not in used:
            found[name] = (header, min(score, _SURE))
            used.add(header)
    return found


@cache
def _likeness(header: str, synonyms: tuple[str, ...]) -> float:
    if header in synonyms:
        return 101.0 - 0.05 * synonyms.index(header)
    best = process.extractOne(header, synonyms, scorer=fuzz.token_sort_ratio)
    sorted_score = best[1] if best else 0.0
    words = header.split()
    for synonym in synonyms:
        parts = synonym.split()
        # A header that says more than a synonym of two words or more: «Дата сделки (план)».
        if len(parts) > 1 and set(parts) <= set(words):
            sorted_score = max(sorted_score, 90.0 - (len(words) - len(parts)))
        elif len(parts) == 1 and len(synonym) > 4 and words[:1] == parts:
            sorted_score = max(sorted_score, 88.0 - (len(words) - 1))
    return sorted_score


def _fits(values: pd.Series, declared: tables.Column) -> bool:
    """Whether the values can be of the kind that the column has."""
    if values.notna().sum() == 0:
        return True
    if declared.kind in ("date", "ts", "month"):
        return pd.api.types.is_datetime64_any_dtype(values) or _month_texts(values)
    if declared.kind in ("money", "num", "int"):
        return pd.api.types.is_numeric_dtype(values)
    if declared.allowed:
        return values.nunique() <= _MOST_VALUES and not pd.api.types.is_datetime64_any_dtype(values)
    if declared.kind == "bool":
        return values.nunique() <= 3
    return declared.kind != "str" or not pd.api.types.is_datetime64_any_dtype(values)


def _month_texts(values: pd.Series) -> bool:
    return bool(values.dropna().astype("str").head(50).str.fullmatch(r"\d{4}-\d\d").all())


# -- choosing ----------------------------------------------------------------------------------


def _guesses(name: str, raw: RawTable, undecided: list[str]) -> list[Guess]:
    """The tables that a file may be, best first."""
    headers = [str(column) for column in raw.frame]
    scored = []
    for table in tables.names():
        found = guess_columns(headers, table, raw.frame)
        if not _complete(found, table):
            continue
        used = {header for header, _ in found.values()}
        if len(used) < min(2, len(headers)) or len(used) < 0.3 * len(headers):
            continue
        # Much of the file explained, and little of it left over, is the better guess.
        score = sum(score for _, score in found.values()) / 100 + 3 * len(used) / len(headers)
        score += 0.5 * any(word in name.casefold() for word in _FILE_WORDS.get(table, ()))
        scored.append((score, table, found))
    if not scored:
        undecided.append(f"{name}: no table fits its columns ({', '.join(headers[:8])}).")
        return []
    scored.sort(key=lambda one: -one[0])
    return [_guess(name, raw, *one) for one in scored]


def _guess(name: str, raw: RawTable, score: float, table: str, found: Mapping[str, tuple[str, float]]) -> Guess:
    asked: list[str] = []
    values = {}
    for column, (header, _) in found.items():
        if tables.column(table, column).allowed:
            values[column] = _value_map(raw.frame[header], table, column, name, asked)
    ordered = [column for column in tables.get(table).columns if column in found]
    return Guess(
        file=name,
        table=table,
        columns={column: found[column][0] for column in ordered},
        confidence={column: found[column][1] for column in ordered},
        values=values,
        further=_further(raw, table, found),
        score=score,
        asked=tuple(asked),
    )


_FILE_WORDS = {
    "transactions": ("deal", "sale", "order", "transaction", "сделк", "продаж", "заказ", "retail"),
    "clients": ("client", "customer", "клиент", "контрагент"),
    "contacts": ("contact", "контакт"), "managers": ("staff", "manager", "сотрудник", "менеджер"),
    "marketing_spend": ("spend", "promotion", "marketing", "реклам", "расход"),
    "feedback": ("feedback", "review", "otzyv", "отзыв"), "survey_answers": ("answer", "otvet", "ответ"),
    "survey_invitations": ("invit", "interview", "opros", "опрос"), "meetings": ("meeting", "встреч"),
    "complaints": ("complaint", "zhalob", "жалоб"), "offers": ("offer", "предложен"), "events": ("event", "событ"),
    "products": ("product", "price", "товар", "прайс"), "targets": ("plan", "target", "план"),
    "deliveries": ("airing", "deliver", "достав"), "useful_dates": ("date",),
    "questions": ("question", "vopros", "вопрос"),
    "actions": ("case", "action", "zadach", "задач"), "funnel_events": ("lead", "funnel", "лид"),
    "referrals": ("coupon", "referral", "купон"), "client_budgets": ("budget", "бюджет"),
    "units": ("filial", "station", "branch", "филиал", "станци"),
}  # fmt: skip


def _complete(found: Mapping[str, Any], table: str) -> bool:
    declared = tables.get(table)
    generated = {declared.key} if declared.key else set()
    alternatives = {"amount": {"quantity", "unit_price"}, "client_id": set(), "client_name": {"client_id"}}
    for name in declared.required:
        if name in found or (name in generated and name != "client_id" and name != "unit_id"):
            continue
        other = alternatives.get(name) if table in ("transactions",) else None
        if not other or not other <= set(found):
            return False
    return not declared.either or any(name in found for name in declared.either)


def _one_per_table(offers: Sequence[list[Guess]], undecided: list[str]) -> list[Guess]:
    """Each file for the table that it fits best and that no better file has taken.

    Files of the same table and the same columns are exports of several months.
    """
    chosen: dict[str, list[Guess]] = {}
    for alternatives in sorted((offer for offer in offers if offer), key=lambda offer: -offer[0].score):
        for guess in alternatives:
            same = chosen.setdefault(guess.table, [])
            if not same or same[0].columns == guess.columns:
                same.append(guess)
                undecided += guess.asked
                if len(alternatives) > 1 and guess is alternatives[0] and alternatives[1].score > 0.93 * guess.score:
                    undecided.append(f"{guess.file}: taken as {guess.table}, could be {alternatives[1].table}.")
                break
        else:
            guess = alternatives[0]
            undecided.append(f"{guess.file}: also looks like {guess.table}, but its columns differ; it is left out.")
    order = tables.names()
    filled = {table: same for table, same in chosen.items() if same}
    return [guess for table in sorted(filled, key=order.index) for guess in sorted(filled[table], key=lambda g: g.file)]


def _with_clients(guesses: list[Guess], looked: Sequence[tuple[str, RawTable]]) -> list[Guess]:
    """A list of clients from the file of transactions, where that one names them and no other file does."""
    if any(guess.table == "clients" for guess in guesses):
        return guesses
    raws = dict(looked)
    added: list[Guess] = []
    for guess in guesses:
        if guess.table != "transactions" or guess.file not in raws:
            continue
        frame = raws[guess.file].frame
        free = [str(column) for column in frame if str(column) not in guess.columns.values()]
        found = guess_columns([guess.columns["client_id"], *free], "clients", frame)
        named = found.get("client_name", ("", 0.0))[0]
        if named and named != guess.columns["client_id"]:
            wanted = ("client_name", "industry", "region", "tax_id", "address")
            columns = {"client_id": guess.columns["client_id"]}
            columns |= {name: header for name, (header, _) in found.items() if name in wanted}
            confidence = {name: found[name][1] if name in found else 90.0 for name in columns}
            added.append(Guess(file=guess.file, table="clients", columns=columns, confidence=confidence, values={},
                               further={}, score=guess.score))  # fmt: skip
    return [*added, *guesses]


def _value_map(values: pd.Series, table: str, column: str, file: str, undecided: list[str]) -> dict[str, str]:
    words = _value_words().get(f"{table}.{column}") or _value_words().get(column) or {}
    allowed = tables.column(table, column).allowed
    mapped, unknown = {}, []
    for value in sorted(values.dropna().astype("str").unique()):
        text = value.strip().casefold()
        if text in allowed:
            continue
        # A stem at the beginning counts more than one inside («коммерческий директор»), a long one more than a short.
        hits = [
            (text.startswith(stem), len(stem), word)
            for word, stems in words.items()
            for stem in stems
            if text.startswith(stem) or f" {stem}" in text
        ]
        hit = max(hits)[2] if hits else None
        if hit is None:
            unknown.append(value)
        else:
            mapped[value] = hit
    if unknown:
        shown = ", ".join(unknown[:6])
        undecided.append(f"{file}: {table}.{column}: what do these mean: {shown}? Allowed: {', '.join(allowed)}.")
    return mapped


def _further(raw: RawTable, table: str, found: Mapping[str, tuple[str, float]]) -> dict[str, Any]:
    """Hints that reading the file proved, and the mark of cancelled documents."""
    further: dict[str, Any] = {}
    form = raw.detected.get("date_format")
    if form and "/" in form:
        further["dayfirst"] = form.startswith("%d")
    if table != "transactions" or "transaction_id" not in found:
        return further
    numbers = raw.frame[found["transaction_id"][0]].astype("str")
    sign = raw.frame[found["quantity" if "quantity" in found else "amount"][0]]
    letters = numbers.str.extract(r"^([A-Za-zА-Яа-я]{1,3})\d+$")[0]
    usual = letters.isna().mean()
    for letter, count in letters.value_counts().items():
        if usual > 0.5 and count >= 5 and (sign[letters == letter] < 0).mean() > 0.9:
            further["return_prefix"] = str(letter)
            break
    return further
