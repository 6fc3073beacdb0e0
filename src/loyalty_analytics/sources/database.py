"""Tables of a database, by an Ibis URL whose secrets come from the environment."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import pandas as pd

from ..errors import SourceError
from .read import RawTable, read_frame

__all__ = ["expanded", "read_table", "safe_url", "table_names"]

_NAME = re.compile(r"\$\{(\w+)\}")
_SECRET = re.compile(r"(?<=://)[^/@]*@")


def safe_url(url: str) -> str:
    """A URL that may be written and shown: without user and password.

    >>> safe_url("postgres://anna:secret@db/crm")
    'postgres://***@db/crm'
    """
    return _SECRET.sub("***@", url)


def expanded(url: str) -> str:
    """The URL with ``${NAME}`` replaced from the environment.

    Raises
    ------
    SourceError
        Where a name is not set.
    """

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise SourceError(
                f"The environment has no {match[1]}, which the URL needs.", f"Set {match[1]} before the run."
            )
        return os.environ[match[1]]

    return _NAME.sub(value, url)


def refuse_written_secret(url: str) -> None:
    """A password in params would lie in plain text and in every copy."""
    match = re.search(r"://[^/@:]*:([^/@]+)@", url)
    if match and not _NAME.fullmatch(match[1]):
        raise SourceError(
            f"A password stands in the URL {safe_url(url)}.",
            "Write ${NAME} in its place and set NAME in the environment.",
        )


def _connect(url: str) -> Any:
    import ibis

    try:
        return ibis.connect(expanded(url))
    except SourceError:
        raise
    except Exception as error:  # each engine has errors of its own
        reason = str(error).replace(expanded(url), safe_url(url)).splitlines()[0][:200]
        raise SourceError(
            f"{safe_url(url)}: no connection ({_masked(reason, url)}).", "Check the URL and the network."
        ) from None


def _masked(text: str, url: str) -> str:
    """A message without any value that came from the environment."""
    for name in _NAME.findall(url):
        if os.environ.get(name):
            text = text.replace(os.environ[name], "***")
    return text


def table_names(url: str) -> list[str]:
    """Tables of the database, sorted."""
    connection = _connect(url)
    try:
        return sorted(connection.list_tables())
    finally:
        with suppress(Exception):
            connection.disconnect()


def _query(connection: Any, sql: str) -> Any:
    """A query as a table of its connection."""
    try:
        return connection.sql(sql)
    except AttributeError:  # ibis 12 calls a method of DuckDB that DuckDB 2 has dropped
        connection.raw_sql(f"create or replace temporary view loyalty_query as {sql.strip().rstrip(';')}")
        return connection.table("loyalty_query")


def read_table(
    url: str,
    *,
    table: str | None = None,
    sql: str | None = None,
    limit: int | None = None,
    columns: Mapping[str, str | int] | None = None,
    kinds: Mapping[str, str] | None = None,
    also: Sequence[str | int] = (),
    won_only: bool = False,
    **hints: Any,
) -> RawTable:
    """Read a table or a query; its rows are cleaned and typed as those of a file are.

    Parameters
    ----------
    url : Ibis URL such as ``postgres://user:${CRM_PASSWORD}@host/base`` or ``duckdb:///data/crm.duckdb``
    table, sql : one of them
    limit : read no more rows than this

    Raises
    ------
    SourceError
        Without the secrets of the URL in its text.
    """
    refuse_written_secret(url)
    connection = _connect(url)
    name = table or "query"
    try:
        with warnings.catch_warnings():
            # Ibis still calls what newer DuckDB has renamed.
            warnings.simplefilter("ignore", DeprecationWarning)
            expression = connection.table(table) if table else _query(connection, str(sql))
            if limit is not None:
                expression = expression.limit(limit)
            frame: pd.DataFrame = expression.to_pyarrow().to_pandas()
    except Exception as error:
        reason = _masked(str(error).replace(expanded(url), safe_url(url)), url).splitlines()[0][:200]
        raise SourceError(
            f"{name}: it cannot be read ({reason}).", f"Check table or sql for {safe_url(url)}."
        ) from None
    finally:
        with suppress(Exception):
            connection.disconnect()
    return read_frame(frame, name, columns=columns, kinds=kinds, also=also, won_only=won_only, **hints)
