"""What params/<client>.yaml says about one source of a canonical table."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

__all__ = ["Revenue", "Source"]


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Source(BaseModel):
    """Where a canonical table comes from and how its columns are called there."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    files: list[str] = Field(default=[], description="Patterns of file names in data/raw/<client>.")
    url: str | None = Field(None, description="Ibis URL of a database; ${NAME} is taken from the environment.")
    table: str | None = Field(None, description="Table of that database.")
    sql: str | None = Field(None, description="Or a query.")
    columns: dict[str, str | int] = Field(default={}, description="canonical name: header, or position from 0.")
    values: dict[str, dict[str, Any]] = Field(default={}, description="canonical name: {raw value: canonical value}.")
    fixed: dict[str, Any] = Field(default={}, description="canonical name: one value for all rows.")
    keep: dict[str, list[str]] = Field(default={}, description="header: raw values; other rows are left out.")
    drop: dict[str, list[str]] = Field(default={}, description="header: raw values whose rows are left out.")
    unique: list[str] = Field(default=[], description="canonical names that make a row unique in one file.")
    order: list[str] = Field(default=[], description="Patterns of file names, oldest export first.")
    return_prefix: str | None = Field(None, description="Beginning of the numbers of returns: C.")
    sheet: str | int | None = Field(None, description="Sheet of a workbook, by name or position from 0.")
    encoding: str | None = Field(None, description="Encoding of a text file.")
    separator: str | None = Field(None, description="Separator of a text file.")
    decimal: Literal[",", "."] | None = Field(None, description="Decimal mark.")
    date_format: str | None = Field(None, description="Format of dates, as in strptime: '%d/%m/%Y'.")
    dayfirst: bool | None = Field(None, description="Whether 03/04/2024 is the third of April.")
    unit: str | float | None = Field(None, description="What money is counted in: 'тыс. руб.', 1000.")
    window: tuple[str, str] | None = Field(None, description="First and last plausible date.")

    _lists = field_validator("files", "unique", "order", mode="before")(_listed)

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        # YAML reads `1: sale` and `да: true` as a number and a truth value; raw cells are texts.
        if not isinstance(value, dict):
            return value
        return {
            name: {_raw(key): item for key, item in pairs.items()} if isinstance(pairs, dict) else pairs
            for name, pairs in value.items()
        }

    @field_validator("keep", "drop", mode="before")
    @classmethod
    def _value_lists(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {
            name: [_raw(item) for item in (items if isinstance(items, list) else [items])]
            for name, items in value.items()
        }

    @model_validator(mode="after")
    def _place(self) -> Source:
        if bool(self.files) == bool(self.url):
            raise ValueError("give either files or url")
        if self.url and bool(self.table) == bool(self.sql):
            raise ValueError("a url needs either table or sql")
        return self

    def hints(self) -> dict[str, Any]:
        """Keyword arguments of `read_source`."""
        names = ("encoding", "separator", "decimal", "date_format", "dayfirst", "sheet", "unit", "window")
        return {name: value for name in names if (value := getattr(self, name)) is not None}


def _raw(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)


class Revenue(BaseModel):
    """When money counts and whether value added tax is inside."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    date: Literal["deal", "act", "payment", "airing"] = "deal"
    vat: Literal["none", "included"] = "none"
    rates: dict[str, float] = Field(default={}, description="first day of validity: per cent")

    @field_validator("rates", mode="before")
    @classmethod
    def _days(cls, value: Any) -> Any:
        return {str(day): rate for day, rate in value.items()} if isinstance(value, dict) else value
