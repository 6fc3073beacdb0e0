"""A client's data as of a month, prepared from the raw files when those have changed."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pandas as pd
from filelock import FileLock

from . import params as parameters
from . import tables, words
from .errors import DataError
from .months import AsOf, as_of
from .orders import Orders
from .params import Params
from .sources import cards, check, clean, forms, match, privacy, store, view
from .sources.findings import Findings
from .sources.gather import gather, raw_files
from .sources.page import check_page
from .sources.values.lookup import repeated

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Data", "Prepared", "load", "prepare", "refresh"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Prepared:
    """What `prepare` made of a client's raw files.

    Attributes
    ----------
    findings : pandas.DataFrame
        severity, file, row, column, problem, advice, rows, money.
    possible : pandas.DataFrame
        report, exhibit, possible, missing.
    fingerprint : str
    passport : dict
    folder : Path
        data/processed/<client>.
    params : Params
    """

    findings: pd.DataFrame
    possible: pd.DataFrame
    fingerprint: str
    passport: dict[str, Any]
    folder: Path
    params: Params

    @property
    def page(self) -> Path:
        """The check as an HTML page."""
        return self.folder / "check.html"


@dataclass(frozen=True, eq=False, kw_only=True)
class Data:
    """A client's tables as of a month: each canonical table is an attribute.

    Attributes
    ----------
    client : str
    as_of : AsOf
    params : Params
    findings : pandas.DataFrame
    missing : tuple of str
        Canonical tables that the client does not have; their attributes are empty tables.
    passport : dict
        Facts for the head of a page: first, last, clients, deals, money, answers, invited, findings.
    texts : pandas.DataFrame
        Texts of answers, feedback, complaints and meetings with their source.
    orders : Orders
        The transactions for functions that take them: read as far as a question needs.
    """

    client: str
    as_of: AsOf
    params: Params
    findings: pd.DataFrame
    missing: tuple[str, ...]
    passport: dict[str, Any]
    fingerprint: str
    tables: Mapping[str, pd.DataFrame] = field(repr=False)
    texts: pd.DataFrame = field(repr=False)
    orders: Orders = field(repr=False)
    monthly: Callable[[], pd.DataFrame] = field(repr=False)

    @property
    def transactions(self) -> pd.DataFrame:
        """All orders as a table; ``data.orders`` reads no more of them than a function needs."""
        return self.orders.read()

    @property
    def panel(self) -> pd.DataFrame:
        """The monthly panel of `la.monthly_panel`."""
        return self.monthly()

    def __getattr__(self, name: str) -> pd.DataFrame:
        if not name.startswith("_") and name in tables.names():
            return self.tables[name].copy(deep=False)  # pandas copies what is written to
        raise AttributeError(f"data have no {name!r}; tables: {', '.join(tables.names())}")

    def __dir__(self) -> Iterator[str]:
        yield from [*super().__dir__(), *tables.names()]

    def masked(self) -> Data:
        """The same data for readers: no persons, phones, e-mails, card and passport numbers in tables and texts."""
        hidden = privacy.masked_tables({**self.tables, "texts": self.texts})
        texts = hidden.pop("texts")
        return replace(self, tables=hidden, texts=texts)

    def has(self, *names: str) -> bool:
        """Whether each of these tables holds rows."""
        rows = self.passport["rows"]
        return all(rows[name] if name == "transactions" else len(self.tables[name]) for name in names)


def prepare(client: str, root: str | Path | None = None) -> Prepared:
    """Read, clean and check a client's raw files and write data/processed/<client>.

    Returns
    -------
    Prepared

    Raises
    ------
    ParamsError
        Where params/<client>.yaml is wrong.
    SourceError
        Where a file cannot be read without guessing.
    """
    home = parameters.find_root(root)
    setup = parameters.read(client, home)
    return _prepare(setup, home)


def refresh(client: str, root: str | Path | None = None, force: bool = False) -> tuple[str, dict[str, Any]]:
    """Bring data/processed up to date without loading it.

    Parameters
    ----------
    client : str
    root : path or None
    force : bool
        Read the sources again in any case: no file tells whether rows of a database have changed.

    Returns
    -------
    (fingerprint, passport)
    """
    home = parameters.find_root(root)
    setup = parameters.read(client, home)
    folder = home / "data" / "processed" / setup.client
    mark = _mark(setup, home)
    if force or not store.is_fresh(folder, mark):
        made = _prepare(setup, home)
        return made.fingerprint, made.passport
    return mark["hash"], store.read_passport(folder)


def _prepare(setup: Params, home: Path) -> Prepared:
    folder = home / "data" / "processed" / setup.client
    found = Findings()
    raw = home / "data" / "raw" / setup.client
    gathered = gather(raw, setup.sources, setup.revenue, setup.currency, found)
    forms.add_forms(raw, gathered, found, _source_files(setup, raw))
    privacy.clean_names(gathered, found)
    check.check_tables(gathered, found)
    lasting = parameters.matches_file(setup.client, home)
    decided = store.decisions(folder, lasting)
    pairs = match.proposals(gathered, decided)
    match.apply(gathered, pairs, found)
    _anchors(gathered, setup, found)
    findings = found.frame(setup.language)
    orders = gathered.get("transactions", tables.empty("transactions"))
    doubled = repeated(orders["transaction_id"])
    days = store.order_days(orders, doubled)
    facts = check.passport(gathered, findings, days) | {"order_lines": bool(doubled.any())}
    possible = check.possible(gathered)
    page = check_page(setup.title_in(setup.language), findings, facts, possible, setup.currency, setup.language)
    mark = _mark(setup, home)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parent / f".{setup.client}.lock"):
        store.write(folder, gathered, findings, facts, mark, pairs, _cards_to_repair(gathered, setup), page,
                    days)  # fmt: skip
        store.keep_decisions(decided, pairs, lasting)
    return Prepared(
        findings=findings, possible=possible, fingerprint=mark["hash"],
        passport=facts, folder=folder, params=setup,
    )  # fmt: skip


def _anchors(gathered: Mapping[str, pd.DataFrame], setup: Params, found: Findings) -> None:
    """Anchors that the client's file declares beside those that the money shows; the declared ones count."""
    clients = gathered.get("clients")
    if clients is None or clients["is_anchor"].isna().all() or not len(gathered.get("transactions", ())):
        return
    from .panel import monthly_panel
    from .segments.kinds import client_kinds

    whole = view.grouped({name: gathered.get(name, tables.empty(name)) for name in tables.names()})
    moment = as_of(None, view.last_month(whole))
    panel = monthly_panel(_counted(whole["transactions"], setup), as_of=moment, **setup.panel)
    check.check_anchors(whole["clients"], client_kinds(panel, **setup.kinds).table, found)


def _cards_to_repair(gathered: Mapping[str, pd.DataFrame], setup: Params) -> pd.DataFrame:
    whole = {name: gathered.get(name, tables.empty(name)) for name in tables.names()}
    if not setup.sources.get("clients"):
        whole["clients"] = tables.empty("clients")  # clients that only their orders know have no cards
    month = view.last_month(whole)
    known = whole["clients"][["first_contact_date", "verified_at"]].max().max()
    # Without a deal or an answer, the youngest date of the cards themselves is the day of judgement.
    end = as_of(None, month).end if month is not None else pd.Timestamp(0) if pd.isna(known) else known
    return cards.card_quality(whole["clients"], whole["contacts"], end, **setup.cards).repair


def _counted(orders: pd.DataFrame, setup: Params, end: pd.Timestamp | None = None) -> pd.DataFrame:
    """Orders on the days on which their money counts."""
    if setup.revenue.date == "airing":
        # A campaign is known from its deal on; its money counts on the days on the air, up to the last day seen.
        orders = clean.spread_airing(orders)
        return orders if end is None else orders[orders["date"] <= end].reset_index(drop=True)
    return clean.by_payment(orders) if setup.revenue.date == "payment" else orders


def _source_files(setup: Params, raw: Path) -> set[Path]:
    return {
        path for name, sources in setup.sources.items() for source in sources for path in raw_files(raw, source, name)
    }


def _mark(setup: Params, home: Path) -> dict[str, Any]:
    raw = home / "data" / "raw" / setup.client
    files = _source_files(setup, raw)
    files |= set(forms.form_files(raw, files))
    folder = home / "data" / "processed" / setup.client
    text = json.dumps(
        setup.model_dump(mode="json", include={"client", "currency", "revenue", "sources", "language"}), sort_keys=True
    )
    decided = store.decisions(folder, parameters.matches_file(setup.client, home))
    further = decided.to_csv(index=False) if len(decided) else ""
    return store.fingerprint(files, text, store.known_fingerprint(folder), further)


def load(client: str, month: Any = None, root: str | Path | None = None) -> Data:
    """A client's data as of the end of a month.

    Parameters
    ----------
    client : str
        Name of its file in params/.
    month : str, Period, date or None
        'yyyy-mm', or a day inside an unfinished month; None = last month of the data.
    root : path or None
        Folder that holds params/; None = found by walking up from the working folder.

    Returns
    -------
    Data
        Nothing in it is later than the month. Raw files are read again when they, params or versions have changed.

    Raises
    ------
    ParamsError, SourceError, DataError
        Where params or raw files are wrong; where there are no data up to the month.

    Examples
    --------
    >>> import tempfile
    >>> home = Path(tempfile.mkdtemp())
    >>> (home / "params").mkdir()
    >>> raw = home / "data" / "raw" / "acme"
    >>> raw.mkdir(parents=True)
    >>> _ = (home / "params" / "acme.yaml").write_text(
    ...     "client: acme\\ntitle: {en: Acme}\\nlanguage: en\\nsources:\\n  transactions:\\n    files: [deals.csv]\\n"
    ...     "    columns: {client_id: code, date: day, amount: sum}\\n")
    >>> _ = (raw / "deals.csv").write_text("code;day;sum\\n007;15.09.2026;10,50\\n007;02.10.2026;20,00\\n")
    >>> load("acme", month="2026-09", root=home).transactions[["client_id", "amount"]].values.tolist()
    [['007', 10.5]]
    """
    home = parameters.find_root(root)
    setup = parameters.read(client, home)
    folder = home / "data" / "processed" / setup.client
    mark = _mark(setup, home)
    if not store.is_fresh(folder, mark):
        _prepare(setup, home)
    whole = {name: store.read_table(folder, name) for name in tables.names() if name != "transactions"}
    # Of the orders only what tells who was there when: most reports never look at single orders.
    whole["transactions"], days = store.read_orders_known(folder)
    moment = as_of(month, view.last_month(whole))
    if whole["clients"].empty and all(frame.empty for frame in whole.values()):
        raise DataError(f"There are no data of {client}.", "Run `loyalty check` to see why.")
    seen = view.grouped(view.as_known(whole, moment.end))
    del seen["transactions"]
    found = store.read_findings(folder)
    facts = check.passport(seen, found, days[days["date"] <= moment.end])
    first = view.first_day(whole)
    if first is not None and moment.end < first:
        raise DataError(f"{client} has no data up to {moment}.", f"Its data begin in {first:%Y-%m}.")
    later = {"transactions": int(days.loc[days["date"] > moment.end, "rows"].sum())}
    for name in ("survey_answers", "feedback"):
        later[name] = int((whole[name][tables.get(name).moment] > moment.end).sum())
    lines = bool(store.read_passport(folder).get("order_lines"))
    orders = _orders(folder, setup, whole["clients"], moment, lines)
    return Data(
        client=setup.client, as_of=moment, params=setup, findings=_with_later(found, later, moment, setup.language),
        missing=tuple(name for name in tables.names() if whole[name].empty),
        passport=facts, fingerprint=mark["hash"], tables=seen, texts=view.texts(seen), orders=orders,
        monthly=cache(partial(_panel, folder, setup, whole["clients"], moment, orders)),
    )  # fmt: skip


def _with_later(findings: pd.DataFrame, later: Mapping[str, int], moment: AsOf, language: str) -> pd.DataFrame:
    """The findings, and how many rows of a table lie after the last day seen."""
    found = Findings()
    for name, rows in later.items():
        if rows:
            day = words.day(moment.date, language)
            found.add("later_rows", column=tables.get(name).moment, rows=rows, table=name, day=day)
    if not len(found):
        return findings
    return pd.concat([findings, found.frame(language)], ignore_index=True)


def _orders(folder: Path, setup: Params, clients: pd.DataFrame, moment: AsOf, lines: bool) -> Orders:
    """The orders as known at the moment, under the ids of groups, with money when it counts."""
    joined = bool(clients["group_id"].notna().any())
    paid, aired = setup.revenue.date == "payment", setup.revenue.date == "airing"

    def sold(rows: pd.DataFrame) -> pd.DataFrame:
        known = view.seen(rows, "transactions", moment.end)
        return view.grouped({"clients": clients, "transactions": known})["transactions"] if joined else known

    def change(rows: pd.DataFrame) -> pd.DataFrame:
        return _counted(sold(rows), setup, moment.end)

    # A payment that came later is not known; where money counts on the day that it came, its sum matters too.
    looks_at = ("amount", "paid_amount", "paid_date") if paid else ("paid_date",)
    file = folder / "transactions.parquet"
    return Orders(file, change, looks_at=looks_at, moves=paid, whole=aired, lines=lines,
                  sold=sold if paid or aired else None)  # fmt: skip


def _panel(folder: Path, setup: Params, clients: pd.DataFrame, moment: AsOf, orders: Orders) -> pd.DataFrame:
    from .panel import monthly_panel

    if setup.revenue.date == "airing":  # a campaign has a row in each of its months
        return monthly_panel(orders.frame, as_of=moment, **setup.panel).table
    options = {"lines": store.read_passport(folder)["order_lines"], **setup.panel}
    if setup.revenue.date == "deal" and clients["group_id"].isna().all() and orders.file.is_file():
        # Straight from the file: twenty million orders are never in memory together.
        return monthly_panel(orders.file, as_of=moment, **options).table
    needed = ["client_id", "date", "amount", "gross_profit", "kind", "status"]
    needed += ["transaction_id"] if options["lines"] else []
    return monthly_panel(orders.read(*needed), as_of=moment, **options).table


class _Module(ModuleType):
    """`la.load(…)` works also after `import loyalty_analytics.load` has put this module in its place."""

    def __call__(self, *args: Any, **options: Any) -> Data:
        return load(*args, **options)


sys.modules[__name__].__class__ = _Module
