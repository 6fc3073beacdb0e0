"""The pages of both demo clients as objects: every notebook's cells, run once, shown in both languages."""

from __future__ import annotations

import ast
import functools
import importlib
import json
import pickle
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.exhibits.base import Exhibit, Front
from loyalty_analytics.sources.new.propose import propose

sys.path.insert(0, str(Path(__file__).parent))
MONTH = "2026-10"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """All tests of the same pages go to one worker (``--dist loadgroup``), so that the pages are built once."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            for pages in {"pages", "retail", "long_pages"} & set(getattr(item, "fixturenames", ())):
                item.add_marker(pytest.mark.xdist_group(pages))


Page = list[Exhibit | Front]


def run_cells(notebook: Path, languages: tuple[str, ...], **parameters: Any) -> dict[str, Page]:
    """The exhibits of a notebook. Engines run once; what speaks is run in each language."""
    spaces: dict[str, dict[str, Any]] = {language: {} for language in languages}
    first, *others = languages
    own: set[str] = set()  # names that depend on the language
    shown: dict[str, Page] = {language: [] for language in languages}
    for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        code, speaks = compile(tree, str(notebook), "exec"), "language" in ast.unparse(tree)
        before = dict(spaces[first])
        for language in languages if speaks else [first]:
            exec(code, spaces[language])
        if "parameters" in cell["metadata"].get("tags", []):
            for language in languages:
                spaces[language].update(parameters, language=language)
            own.add("language")
        changed = {name for name, value in spaces[first].items() if before.get(name, spaces) is not value}
        own = own | changed if speaks and "parameters" not in cell["metadata"].get("tags", []) else own
        for language in others:
            spaces[language].update({name: spaces[first][name] for name in changed - own})
        if last is not None:
            code = compile(ast.Expression(last.value), str(notebook), "eval")
            for language in languages:
                item = eval(code, spaces[language])
                shown[language] += [item] if isinstance(item, Exhibit | Front) else []
    return shown


# What several reports, or both languages of one, ask in the same words, and takes its time.
ASKED = ("loyalty_analytics.survey.compare._letters", "loyalty_analytics.survey.response._differ",
         "loyalty_analytics.exhibits.acquisition_groups._apart", "loyalty_analytics.tag_causes",
         "loyalty_analytics.emerging_themes", "loyalty_analytics.find_breaks",
         "loyalty_analytics.causes.tagger.read_codebook", "loyalty_analytics.exhibits.voice.read_codebook",
         "loyalty_analytics.exhibits.brief_voice.read_codebook")  # fmt: skip


def _key(value: Any) -> Any:
    """The same for tables of the same content."""
    try:
        return pickle.dumps(getattr(value, "frame", value))
    except (pickle.PicklingError, AttributeError, TypeError):
        return id(value)


def once(engine: Callable[..., Any]) -> Callable[..., Any]:
    """The engine, asked once for the same tables and options."""
    answers: dict[Any, tuple[Any, Any]] = {}

    @functools.wraps(engine)  # params are checked against the signature
    def asked(*args: Any, **options: Any) -> Any:
        question = (*map(_key, args), *((name, _key(options[name])) for name in sorted(options)))
        if question not in answers:
            answers[question] = (args, options), engine(*args, **options)  # kept, so that no id is used twice
        return answers[question][1]

    return asked


def _asked_once(patch: pytest.MonkeyPatch) -> None:
    for name in ASKED:
        module, _, engine = name.rpartition(".")
        patch.setattr(name, once(getattr(importlib.import_module(module), engine)), raising=False)


@pytest.fixture(scope="session")
def asked_once() -> Iterator[None]:
    """Both languages of a case ask an engine that takes its time once."""
    with pytest.MonkeyPatch.context() as patch:
        _asked_once(patch)
        yield


def all_pages(
    root: Path, home: Path, clients: dict[str, str], languages: tuple[str, ...] = ("ru", "en"),
    change: Callable[[Any], None] = lambda data: None,
) -> dict[tuple[str, str, str], Page]:  # fmt: skip
    """Reports 01-08 of the clients in ``home`` as of a month each, their data loaded once (and changed)."""
    patch, loaded = pytest.MonkeyPatch(), {}

    def load(client: str, month: Any = None) -> Any:
        if client not in loaded:
            loaded[client] = real(client, month=month, root=home)
            change(loaded[client])
        return loaded[client]

    real = la.load
    patch.setattr(la, "load", load, raising=False)
    _asked_once(patch)
    made = {}
    try:
        for notebook in sorted((root / "notebooks").glob("0[1-8]_*.ipynb")):
            for client, month in clients.items():
                if notebook.stem == "07_client" and client != "radio":
                    continue
                for language, page in run_cells(notebook, languages, client=client, month=month).items():
                    made[client, notebook.stem, language] = page
    finally:
        patch.undo()
    return made


@pytest.fixture(scope="session")
def pages(root: Path) -> dict[tuple[str, str, str], Page]:
    """(client, report, language) -> first screen and exhibits."""
    return all_pages(root, root, {"radio": MONTH, "clinic": MONTH})


@pytest.fixture(scope="session")
def retail(root: Path, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Page]:
    """(report, language) -> the pages of a shop as `loyalty new` proposes it: every tenth customer of a year.

    UCI Online Retail II (CC BY 4.0), read where it lies.
    """
    home = tmp_path_factory.mktemp("retail")
    (home / "params").mkdir()
    table = pd.read_parquet(shared / "data" / "transactions" / "online_retail_2009_2010.parquet")
    file = home / "sales.parquet"
    table[(table["Customer ID"] % 10 == 3).fillna(False).to_numpy(bool)].to_parquet(file)
    propose("retail", [file], root=home)
    made = all_pages(root, home, {"retail": "2010-11"})
    return {(report, language): page for (_, report, language), page in made.items()}


LONG = "Общество с ограниченной ответственностью Производственно-торговая компания"


def _lengthen(data: Any) -> None:
    """Every name of a client, person, unit, product and channel above sixty characters, all different."""
    for name in ("client", "manager", "unit", "product"):
        table, key, column = f"{name}s", f"{name}_id", f"{name}_name"
        frame = getattr(data, table).copy()
        frame[column] = [f"{LONG} «{name} {at}»" for name, at in zip(frame[column], frame[key])]
        object.__setattr__(data, table, frame)
    clients = data.clients.copy()
    for column in ("industry", "region"):
        clients[column] = clients[column].map(lambda value: f"{value} и всё, что к этому относится, оптом и в розницу")
    object.__setattr__(data, "clients", clients)
    spend, clients = (
        data.marketing_spend.copy(),
        clients.assign(acquisition_channel=clients["acquisition_channel"].map(_channel, na_action="ignore")),
    )
    object.__setattr__(data, "marketing_spend", spend.assign(channel=spend["channel"].map(_channel)))
    object.__setattr__(data, "clients", clients)


def _channel(name: str) -> str:
    return f"{name}: объявления, рассылки и всё остальное, что к этому относится"


@pytest.fixture(scope="session")
def long_pages(root: Path) -> dict[tuple[str, str, str], Page]:
    """The radio group's Russian pages with names of more than sixty characters."""
    return all_pages(root, root, {"radio": MONTH}, ("ru",), _lengthen)
