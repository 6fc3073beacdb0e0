"""Report 01: loyalty by rolling quarter with the ways to count the silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .. import words
from ..plots import loyalty as plots
from .base import Exhibit, drawn, exhibit
from .table import Column, Table

if TYPE_CHECKING:
    from ..load import Data
    from .brief_voice import Voice

__all__ = ["loyalty", "moved"]


@exhibit("brief", "loyalty", needs=("survey_answers",))
def loyalty(data: Data, voice: Voice, *, language: str) -> Exhibit:
    """NPS of the last four quarters that share no answers; the silent counted in each way."""
    if voice.nps is None:
        name = words.say("brief.loyalty_name", language)
        return Exhibit(
            name="loyalty", title=words.say("brief.loyalty_none", language), language=language, subtitle=name
        )
    row = voice.nps.frame.iloc[0]
    if pd.isna(row["nps"]):
        few = words.say("brief.loyalty_few", language, n=words.count(int(row["n"]), "answer", language))
        return Exhibit(name="loyalty", title=few, language=language)
    shown = {
        "nps": words.number(row["nps"], language),
        "interval": words.interval(row["low"], row["high"], language),
    }
    title = "; ".join(
        part for part in (words.say("brief.loyalty_title", language, **shown), moved(voice, language)) if part
    )
    return Exhibit(
        name="loyalty",
        title=title,
        language=language,
        subtitle=words.say(
            "brief.loyalty_sub", language, n=words.count(int(row["n"]), "answer", language),
            month=words.month(data.as_of.last_whole, language, "genitive"),
        ),
        draw=drawn(plots.nps_by_month, voice.history, language=language, height=260, narrow_height=240),
        alt=words.say("brief.loyalty_alt", language, list=_listed(voice.history, language)),
        table=_table(voice, language),
        note=words.say("brief.loyalty_note", language),
    )  # fmt: skip


def moved(voice: Voice, language: str) -> str:
    """Change to the quarter before, or that it is inside the noise."""
    if voice.change is None or pd.isna(voice.change.frame["change"].iloc[0]):
        return ""
    row = voice.change.frame.iloc[0]
    if bool(row["changed"]):
        # The difference of what the reader sees, not of what stands behind the rounding.
        shift = words.number(round(row["now"]) - round(row["before"]), language, sign=True)
        return words.say("brief.loyalty_moved", language, change=shift)
    return words.say("common.unchanged", language, noise=words.number(row["noise"], language))


def _listed(history: pd.DataFrame, language: str) -> str:
    return "; ".join(
        f"{words.month(month, language)} {words.number(value, language)} {words.interval(low, high, language)}, n = {n}"
        for month, value, low, high, n in history[["month", "nps", "low", "high", "n"]].itertuples(index=False)
    )


def _table(voice: Voice, language: str) -> Table:
    rows = voice.nps.frame if voice.nps is not None else pd.DataFrame()
    if voice.silent is not None:
        rows = voice.silent.frame
        label = [words.say(f"brief.way_{way}", language) for way in rows["way"]]
    else:
        label = [words.say("brief.way_respondents", language)]
    return Table(
        frame=rows.assign(label=label),
        columns=[
            Column(key="label", label=words.say("brief.col_way", language)),
            Column(key="nps", label=words.say("brief.col_nps", language), kind="number", low="low", high="high"),
            Column(key="n", label=words.say("brief.col_counted", language), kind="number"),
        ],
        totals=_totals(voice, language),
    )


def _totals(voice: Voice, language: str) -> list[dict[str, str]]:
    """What the sentences say besides: the base, the silent, the quarter before, the noise."""
    rows: list[tuple[str, str]] = []
    base = voice.nps.frame["population"].iloc[0] if voice.nps is not None else None
    if base is not None and pd.notna(base):
        rows.append(("sum_base", words.number(base, language)))
    if voice.silent is not None:
        rows.append(("sum_silent", words.number(len(voice.silent_clients), language)))
    if voice.response is not None and len(voice.response.frame):
        asked = voice.response.frame.iloc[0]
        rows += [(f"sum_{key}", words.number(asked[key], language)) for key in ("asked", "answered")]
    if voice.change is not None and pd.notna(voice.change.frame["change"].iloc[0]):
        row = voice.change.frame.iloc[0]
        shift = words.number(round(row["now"]) - round(row["before"]), language, sign=True)
        rows.append(("sum_change", shift))
        rows.append(("sum_noise", f"±{words.number(row['noise'], language)}"))
    return [
        {"label": words.say(f"brief.{key}", language), "nps" if key in ("sum_change", "sum_noise") else "n": value}
        for key, value in rows
    ]
