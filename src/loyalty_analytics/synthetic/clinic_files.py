"""The clinic's files: UTF-8, a file of surveys per year."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .export import raw_table, write_csv, write_xlsx
from .world import World

__all__ = ["write_clinic"]

_CSV = {
    "filialy.csv": ("units", ()),
    "voprosy.csv": ("questions", ()),
    "otzyvy.csv": ("feedback", ("Время", "Ответили")),
    "zhaloby.csv": ("complaints", ("Получена", "Первый ответ", "Решена")),
    "zadachi.csv": ("actions", ("Открыта", "Связались", "Разобрались", "Закрыта")),
}


def write_clinic(world: World, sources: dict[str, Any], folder: Path) -> None:
    """Write all raw files of the clinic into ``folder``."""
    tables = world.tables
    for file, (table, stamps) in _CSV.items():
        write_csv(
            raw_table(tables[table], sources[table]),
            folder / file,
            encoding="utf-8",
            decimal=".",
            separator=",",
            stamps=stamps,
        )
    raws = {"Ответственные": raw_table(tables["managers"], sources["managers"])}
    write_xlsx(raws, folder / "otvetstvennye.xlsx")
    for name, table, moment, stamp in (
        ("oprosy", "survey_invitations", "sent_at", "Показан"),
        ("otvety", "survey_answers", "answered_at", "Время"),
    ):
        for year, part in tables[table].groupby(tables[table][moment].dt.year):
            write_csv(
                raw_table(part, sources[table]), folder / f"{name}_{year}.csv", encoding="utf-8-sig", stamps=(stamp,)
            )
