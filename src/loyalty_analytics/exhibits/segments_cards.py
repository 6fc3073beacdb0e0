"""Report 02, last part: how well the cards of clients are kept, by field and by manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..sources.cards import Cards
from .base import Exhibit, exhibit, without
from .segments import column, say
from .table import Column, Table, total_rows
from .volume import short_name

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["cards", "cards_by_manager", "unlisted"]

# Blank for most clients by right: a client of one legal entity has no head organisation.
_OPTIONAL = ("group_id", "payer_id", "address", "industry_rank", "reports_to")


def unlisted(data: Data) -> bool:
    """Whether the clients were made from the transactions, so that there is no card to check."""
    return bool(data.clients.drop(columns=["client_id", "client_name"], errors="ignore").isna().all(axis=None))


@exhibit("segments", "cards", needs=("clients",))
def cards(data: Data, quality: Cards, *, language: str) -> Exhibit:
    """Fields of the card against the goal, the emptiest first."""
    if unlisted(data):
        return without("segments", "cards", ("clients",), language)
    table = quality.fields[~quality.fields["field"].isin(_OPTIONAL)]
    table = table.sort_values(["valid", "table", "field"], kind="stable")
    table = table.assign(
        name=[say(f"card_{field}", language) for field in table["field"]],
        of=[say(f"card_of_{one}", language) for one in table["table"]],
        mark=["" if reached else say("cards_below", language) for reached in table["reached"]],
    )
    reached, worst = int(table["reached"].sum()), table.iloc[0]
    values = {"reached": words.number(reached, language), "n": words.number(len(table), language),
              "field": worst["name"], "share": words.percent(worst["valid"], language)}  # fmt: skip
    listed = quality.repair
    return Exhibit(
        name="cards",
        title=say("cards_title" if reached < len(table) else "cards_all", language, **values),
        language=language,
        subtitle=say("cards_sub", language, n=words.number(len(data.clients), language)),
        table=Table(
            frame=table,
            columns=[
                Column(key="name", label=say("col_field", language)), column("of", language),
                column("filled", language, "percent"),
                column("valid", language, "percent"), column("fresh", language, "percent"), column("mark", language),
            ],
            totals=total_rows("name", language, {
                "segments.sum_repair": {"filled": words.number(len(listed), language)},
                "segments.sum_repair_clients": {"filled": words.number(listed["client_id"].nunique(), language)},
                "segments.sum_reached": {"filled": words.number(reached, language)},
            }),
        ),
        note=say("cards_note", language, repair=words.number(len(listed), language),
                 clients=words.number(listed["client_id"].nunique(), language)),
    )  # fmt: skip


@exhibit("segments", "cards_managers", needs=("clients",))
def cards_by_manager(data: Data, quality: Cards, *, language: str) -> Exhibit:
    """Completeness of the cards that each manager keeps."""
    if unlisted(data):
        return without("segments", "cards_managers", ("clients",), language)
    table = quality.managers[quality.managers["table"] == "clients"]
    table = table[table["manager_id"].notna()].sort_values("filled", kind="stable")
    if table.empty:
        return Exhibit(name="cards_managers", title=say("cards_managers_none", language), language=language)
    people = data.managers.drop_duplicates("manager_id").set_index("manager_id")["manager_name"]
    repair = quality.repair.groupby("manager_id").size()
    table = table.assign(
        manager=[short_name(str(people.get(one, one))) for one in table["manager_id"]],
        repair=pd.Series(table["manager_id"]).map(repair).fillna(0).astype(int),
    )
    worst, best = (words.percent(table["filled"].iloc[place], language) for place in (0, -1))
    key = "all" if table["reached"].all() else "same" if worst == best and len(table) > 1 else "title"
    return Exhibit(
        name="cards_managers",
        title=say(f"cards_managers_{key}", language, manager=table["manager"].iloc[0], share=worst),
        language=language,
        subtitle=say("cards_managers_sub", language, n=words.number(int(table["n"].sum()), language)),
        table=Table(
            frame=table,
            columns=[
                column("manager", language), column("n", language, "number"),
                column("filled", language, "percent"), column("fresh", language, "percent"),
                column("repair", language, "number", bar=True),
            ],
        ),
    )  # fmt: skip
