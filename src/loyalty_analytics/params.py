"""A client's yaml: what it may hold, and which function each of its sections feeds."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, get_type_hints

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from pydantic.errors import PydanticUserError

from . import tables
from .errors import ParamsError, nearest
from .sources.home import find_root
from .sources.spec import Revenue, Source

__all__ = ["Params", "clients", "find_root", "matches_file", "read", "sections"]

# Sections that are called otherwise than the public function that they feed; all other public functions
# may have a section under their own name.
_SECTIONS = {
    "kinds": "client_kinds",
    "breaks": "find_breaks",
    "reasons": "explain_breaks",
    "metrics": "base_metrics",
    "wallet": "wallet_share",
    "causes": "tag_causes",
    "drivers": "cause_drivers",
    "themes": "emerging_themes",
    "response": "response_rate",
    "quality": "answer_quality",
    "meetings": "plan_visits",
    "visits": "visit_effect",
    "loop": "closed_loop",
    "replies": "visits.touch:worked_on",
    "cards": "sources.cards:card_quality",
    "panel": "monthly_panel",
}
_CLIENT = re.compile(r"[^\W_][\w.-]{0,63}")


class Params(BaseModel):
    """What params/<client>.yaml says.

    A section with keyword arguments (``breaks``, ``meetings``, ``rfm``, …) is an attribute and a dict,
    empty where the yaml has none: ``la.find_breaks(panel, **params.breaks)``.
    """

    model_config = ConfigDict(extra="allow", frozen=True)

    client: str
    title: dict[Literal["ru", "en"], str]
    language: Literal["ru", "en"] = "ru"
    currency: str = Field("RUB", pattern=r"^[A-Z]{3}$")
    codebook: str = "general"
    revenue: Revenue = Revenue()
    sources: dict[str, list[Source]] = {}

    @field_validator("title", mode="before")
    @classmethod
    def _both_languages(cls, value: Any) -> Any:
        return {"ru": value, "en": value} if isinstance(value, str) else value

    @field_validator("sources", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: entry if isinstance(entry, list) else [entry] for name, entry in value.items()}

    def __getattr__(self, name: str) -> Any:
        extra = self.__pydantic_extra__ or {}
        if name in extra:
            return extra[name]
        if name in sections():
            return {}
        raise AttributeError(f"params have no {name!r}. {nearest(name, [*sections(), *Params.model_fields])}")

    def title_in(self, language: str) -> str:
        """The client's title in a language, else in the other one."""
        return self.title.get(language) or next(iter(self.title.values()))  # type: ignore[call-overload]


def sections() -> dict[str, str]:
    """Name of each section with the function that it feeds.

    >>> sections()["breaks"]
    'find_breaks'
    """
    package = import_module(__package__)
    functions = {name: name for name in package.__all__ if name[0].islower() and name not in ("load", "read_source")}
    return functions | _SECTIONS


def clients(root: str | Path | None = None) -> list[str]:
    """Clients that have a file in params/, sorted."""
    return sorted(file.stem for file in (_root(root) / "params").glob("*.yaml"))


def matches_file(client: str, root: Path) -> Path:
    """Where a person's decisions on pairs of clients are kept."""
    return root / "params" / f"{client}.matches.csv"


def read(client: str, root: str | Path | None = None) -> Params:
    """Read and check params/<client>.yaml.

    Parameters
    ----------
    client : str
        Name of the file without its ending and of the folder in data/raw.
    root : path or None
        Folder that holds params/; None = found from the working folder.

    Raises
    ------
    ParamsError
        Naming the file, the key, the value got, what is allowed and the nearest right name.
    """
    folder = _root(root) / "params"
    client = str(client)
    if not _CLIENT.fullmatch(client):
        raise ParamsError(f"{client!r} is no name of a client.", "Use letters, digits, '-', '_' and '.'.")
    file = folder / f"{client}.yaml"
    if not file.is_file():
        known = clients(root)
        raise ParamsError(
            f"There is no params/{client}.yaml.",
            nearest(client, known) if known else "Write one with `loyalty new CLIENT FILES…`.",
        )
    return parse(_yaml(file), f"params/{file.name}", client)


def parse(content: Any, file: str, client: str) -> Params:
    """Check what a yaml file holds; ``file`` and ``client`` are used in messages and for `client`."""
    if not isinstance(content, dict):
        raise ParamsError(f"{file} holds no keys.", "Begin with `client:`, `title:` and `sources:`.")
    content = {"client": client, **content}
    # YAML reads an unquoted 007 as the number 7; the name of the file says what is meant.
    if str(content["client"]) != client and not (isinstance(content["client"], int) and client.isdigit()):
        raise ParamsError(
            f"{file}: client is {content['client']!r}.", f"Write `client: {client}`, as the file is called."
        )
    content["client"] = client
    _check_keys(content, file)
    try:
        params = Params(**content)
    except ValidationError as error:
        raise ParamsError(f"{file}: {_faults(error, content)}", "See the README, “Your own data”.") from None
    options = {name: _options(name, value, file) for name, value in content.items() if name not in Params.model_fields}
    return params.model_copy(update=options)


def _root(root: str | Path | None) -> Path:
    return find_root() if root is None else find_root(root)


class _Loader(yaml.SafeLoader):
    """Safe loading where a key said twice is an error and client codes keep their zeros."""


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: dict[Any, int] = {}
    for key_node, _ in node.value:
        key = loader.construct_object(key_node, deep=True)
        if isinstance(key, (list, dict)):
            raise ParamsError(f"Line {key_node.start_mark.line + 1}: a key must be a word.", "")
        if key in seen:
            raise ParamsError(
                f"Line {key_node.start_mark.line + 1}: {key!r} stands twice (first in line {seen[key]}).", "Keep one."
            )
        seen[key] = key_node.start_mark.line + 1
    loader.flatten_mapping(node)
    return {loader.construct_object(k, deep=True): loader.construct_object(v, deep=True) for k, v in node.value}


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


def _yaml(file: Path) -> Any:
    try:
        return yaml.load(file.read_text(encoding="utf-8-sig"), Loader=_Loader)  # a SafeLoader
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}" if error.problem_mark else "the file"
        raise ParamsError(
            f"params/{file.name}, {line}: {error.problem}.", "Check indents, colons and quotes."
        ) from None
    except (UnicodeDecodeError, yaml.YAMLError):
        raise ParamsError(f"params/{file.name} is no text in UTF-8.", "Save it as UTF-8.") from None
    except ParamsError as error:
        raise ParamsError(f"params/{file.name}: {error.problem}", error.cure) from None
    except (RecursionError, ValueError) as error:  # nested without end, a number of thousands of digits, 45 May
        raise ParamsError(f"params/{file.name}: a value cannot be read ({error}).", "Put texts into quotes.") from None


def _check_keys(content: Mapping[Any, Any], file: str) -> None:
    known = [*Params.model_fields, *sections()]
    for key in content:
        if key not in known:
            raise ParamsError(f"{file}: unknown key {key!r}.", nearest(str(key), known))
    sources = {} if content.get("sources") is None else content["sources"]
    if not isinstance(sources, Mapping):
        raise ParamsError(
            f"{file}: sources must name tables.", "Write `sources: {transactions: {files: [deals.csv]}}`."
        )
    for table, entry in sources.items():
        if table not in tables.names():
            raise ParamsError(f"{file}: sources: unknown table {table!r}.", nearest(str(table), tables.names()))
        columns = tables.get(table).columns
        for one in entry if isinstance(entry, list) else [entry]:
            if not isinstance(one, Mapping):
                raise ParamsError(f"{file}: sources: {table} must hold keys.", "Write `files: [deals.csv]` below it.")
            for key in one:
                if key not in Source.model_fields:
                    raise ParamsError(
                        f"{file}: sources: {table}: unknown key {key!r}.", nearest(str(key), Source.model_fields)
                    )
            for part in ("columns", "values", "fixed", "unique"):
                named = one.get(part) or []
                for name in named if isinstance(named, list | dict) else [named]:
                    if not isinstance(name, str) or name not in columns:
                        raise ParamsError(
                            f"{file}: sources: {table}: {part}: {name!r} is no column of {table}.",
                            nearest(str(name), columns),
                        )


def _faults(error: ValidationError, content: Any) -> str:
    lines = []
    for fault in error.errors(include_url=False):
        place = ": ".join(str(part) for part in fault["loc"])
        message = fault["msg"].removeprefix("Value error, ")
        got = "" if isinstance(fault.get("input"), (dict, list)) else f" (got {fault.get('input')!r})"
        lines.append(f"{place}: {message[0].lower()}{message[1:]}{got}")
    return "; ".join(lines) + "."


def _function(section: str) -> Any:
    target = sections()[section]
    if ":" in target:
        module, name = target.split(":")
        return getattr(import_module(f"{__package__}.{module}"), name)
    return getattr(import_module(__package__), target)


def _options(section: str, value: Any, file: str) -> dict[str, Any]:
    """Keyword arguments of a section, checked against the signature of its function."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ParamsError(f"{file}: {section} must hold keys.", f"Write `{section}: {{key: value}}`.")
    function = _function(section)
    allowed = {
        name: parameter
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY and name not in tables.names()
    }
    hints = _hints(function)
    checked = {}
    for key, item in value.items():
        if key not in allowed:
            hint = nearest(str(key), allowed) if allowed else f"{function.__name__} has no options."
            raise ParamsError(f"{file}: {section}: unknown key {key!r}.", hint)
        checked[key] = _value(item, hints.get(key, Any), f"{file}: {section}: {key}")
    return checked


def _hints(function: Any) -> dict[str, Any]:
    try:
        return get_type_hints(function, include_extras=True)
    except NameError:  # a name imported for type checkers only
        return {}


def _value(item: Any, annotation: Any, place: str) -> Any:
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation, config=ConfigDict(arbitrary_types_allowed=True))
    except (PydanticUserError, TypeError):
        return item
    try:
        return adapter.validate_python(item)
    except PydanticUserError:
        return item
    except ValidationError as error:
        message = error.errors(include_url=False)[0]["msg"]
        raise ParamsError(f"{place}: {message[0].lower()}{message[1:]} (got {item!r}).", "") from None
