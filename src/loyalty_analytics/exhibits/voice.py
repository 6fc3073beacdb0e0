"""Report 05: voice of the client. The first screen, causes by clients and money, their tone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..causes.codebook import read_codebook
from ..intervals import share_interval
from ..months import to_periods
from ..plots import voice as plots
from .base import Exhibit, Front, Tile, drawn, exhibit
from .table import Column, Table, total_rows

if TYPE_CHECKING:
    from ..load import Data
    from ..results import Result

__all__ = ["Said", "by_clients", "few", "front", "ranking", "said", "tone"]

_YEAR = 12
_SHOWN = 8
#: Clients with a comment below which shares are not shown.
FEW = 8
_BAD = ("negative", "mixed")


@dataclass(frozen=True, eq=False)
class Said:
    """Texts of the last twelve months with their tags.

    Attributes
    ----------
    texts : DataFrame
        feedback_id, who (client, or the text itself where clients are unknown), text, created_at, field, …
    tags : DataFrame
        The tags of these texts with ``who`` and ``created_at``.
    titles : dict
        Causes in the reader's words.
    owners : dict
        Level that can remove a cause: front, middle, top.
    noun : {'client', 'text'}
    money : Series
        Revenue of the last twelve months by client; empty where it is unknown.
    """

    texts: pd.DataFrame
    tags: pd.DataFrame
    titles: dict[str, str]
    owners: dict[str, str]
    advice: dict[str, str]
    noun: str
    money: pd.Series

    @property
    def n(self) -> int:
        """Clients (or texts) with a comment."""
        return int(self.texts["who"].nunique())

    @property
    def bad(self) -> pd.DataFrame:
        """Complaints: negative and mixed tags."""
        return self.tags[self.tags["sentiment"].isin(_BAD)]

    def title(self, cause: str) -> str:
        """A cause in the reader's words."""
        return self.titles.get(cause, cause)


def said(data: Data, tags: Result, language: str) -> Said:
    """Texts and tags of the twelve months up to the report's month."""
    month = data.as_of.last_whole
    texts = data.feedback
    known = bool(texts["client_id"].notna().any())
    texts = texts.assign(who=texts["client_id" if known else "feedback_id"]).dropna(subset=["who", "created_at"])
    period = to_periods(texts["created_at"])
    kept = (period <= month) & (period > month - _YEAR)
    texts = texts[np.asarray(kept)].reset_index(drop=True)
    columns = texts[["feedback_id", "who", "created_at", "field", "text", "may_quote"]]
    joined = tags.frame.merge(columns, on="feedback_id")
    book = read_codebook(data.params.codebook)
    causes = sorted(set(joined["cause"]))
    sums = pd.Series(dtype=float)
    if known and len(data.panel):
        recent = to_periods(data.panel["month"])
        window = data.panel[np.asarray((recent <= month) & (recent > month - _YEAR))]
        sums = window.groupby("client_id")["revenue"].sum()
    return Said(
        texts, joined, {cause: book.title(cause, language) for cause in causes},
        {cause: book.causes[cause].owner for cause in causes if cause in book.causes},
        {cause: book.causes[cause].advice.get(language, "") for cause in causes if cause in book.causes},
        "client" if known else "text", sums,
    )  # fmt: skip


def ranking(voice: Said) -> pd.DataFrame:
    """Causes by clients who complain: cause, label, owner, clients, share with interval, money, texts."""
    bad = voice.bad
    once = bad.drop_duplicates(["who", "cause"])
    rows = once.groupby("cause").agg(clients=("who", "size")).reset_index()
    rows["texts"] = rows["cause"].map(bad.groupby("cause")["feedback_id"].nunique()).to_numpy()
    rows["label"] = [voice.title(cause) for cause in rows["cause"]]
    rows["owner"] = [voice.owners.get(cause, "") for cause in rows["cause"]]
    rows["money"] = np.nan
    if len(voice.money):
        behind = once.assign(money=once["who"].map(voice.money).fillna(0.0)).groupby("cause")["money"].sum()
        rows["money"] = rows["cause"].map(behind).to_numpy()
    rows["share"] = rows["clients"] / max(voice.n, 1)
    low, high = share_interval(rows["clients"].to_numpy(), np.full(len(rows), max(voice.n, 1)))
    rows["low"], rows["high"] = low, high
    return rows.sort_values(["clients", "money", "cause"], ascending=[False, False, True], ignore_index=True)


def front(data: Data, language: str, *, voice: Said, drivers: Result, tags: Any) -> Front:
    """The first screen: what hinders most, how many clients, whose money, how much oftener among critics."""
    rows = ranking(voice)
    share = len(set(tags.untagged) & set(voice.texts["feedback_id"])) / max(len(voice.texts), 1)
    summary = _summary(data, voice, rows, drivers, language)
    if not len(voice.texts):  # zeros would look like findings
        return Front.of(data, words.say("voice.report", language), language, summary)
    tiles = [_counted(len(voice.texts), "texts", language)]
    if voice.noun == "client":
        tiles.append(_counted(voice.n, "client", language))
    if len(rows):
        top = rows.iloc[0]
        tiles.insert(0, Tile(
            value=words.percent(top["share"], language),
            label=words.say("voice.tile_top", language, cause=top["label"]),
            change=words.interval(top["low"] * 100, top["high"] * 100, language),
        ))  # fmt: skip
    good = voice.tags.loc[voice.tags["sentiment"] == "positive", "feedback_id"].nunique()
    tiles.append(_counted(good, "praise", language))
    tiles.append(Tile(value=words.percent(share, language), label=words.say("voice.tile_untagged", language)))
    return Front.of(data, words.say("voice.report", language), language, summary, tiles)


def _counted(n: int, name: str, language: str) -> Tile:
    """A tile of a number with its noun in the right form."""
    return Tile(value=words.number(n, language), label=words.plural(n, f"voice.tile_{name}", language))


def _summary(data: Data, voice: Said, rows: pd.DataFrame, drivers: Result, language: str) -> str:
    if not voice.n:
        return words.say("voice.front_empty", language)
    if voice.n < FEW:
        return words.say("voice.front_few", language, n=_commented(voice, language))
    if not len(rows):
        return words.say("voice.front_none", language, n=_commented(voice, language))
    top = rows.iloc[0]
    parts = [
        words.say(
            "voice.front_top", language, cause=top["label"],
            k=words.number(top["clients"], language), n=words.count(voice.n, f"{voice.noun}s_of", language),
        )
    ]  # fmt: skip
    if pd.notna(top["money"]) and top["money"] > 0:
        money = words.money(top["money"], data.params.currency, language)
        parts.append(words.say("voice.front_money", language, money=money))
    times = _times(drivers, top["cause"])
    if times is not None:
        parts.append(words.say("voice.front_times", language, times=words.number(times, language, 1)))
    advice = voice.advice.get(top["cause"], "")
    text = "; ".join(parts) + "."
    if not advice:
        return text
    # The advice of a codebook is a sentence of its own; here it goes on after a colon.
    advice = advice[0].lower() + advice[1:].rstrip(".")
    return f"{text} {words.say('voice.front_advice', language, advice=advice)}"


def _times(drivers: Result, cause: str) -> float | None:
    """How many times oftener critics name a cause, where the odds surely differ from 1."""
    row = drivers.frame[drivers.frame["cause"] == cause]
    if not len(row) or pd.isna(row["odds_low"].iloc[0]) or row["odds_low"].iloc[0] <= 1:
        return None
    return float(row["critics_times"].iloc[0]) if pd.notna(row["critics_times"].iloc[0]) else None


@exhibit("voice", "causes", needs=("feedback",))
def by_clients(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Causes by clients who complain and by their money."""
    rows = ranking(voice)
    if voice.n < FEW or not len(rows):
        return few("causes", voice, language)
    shown = rows.head(_SHOWN)
    unit = words.unit_of(float(shown["money"].max())) if shown["money"].notna().any() else ""
    money = words.say("voice.head_money", language, unit=words.unit_words(unit, data.params.currency, language))
    listed = "; ".join(f"{row['label']} {words.number(row['clients'], language)}" for _, row in shown.iterrows())
    columns = [
        Column(key="label", label=words.say("voice.col_cause", language)),
        Column(key="clients", label=words.say(f"voice.col_{voice.noun}s", language), kind="number", bar=True),
        Column(key="share", label=words.say("voice.col_share", language), kind="percent", low="low", high="high"),
        Column(key="who", label=words.say("voice.col_owner", language)),
    ]
    if rows["money"].notna().any():
        columns.insert(3, Column(key="money", label=money, kind="money", unit=unit, digits=1))
    two = rows.head(2)["label"].tolist()
    return Exhibit(
        name="causes", language=language,
        title=words.say(
            "voice.causes_two" if len(two) > 1 else "voice.causes_one", language, first=two[0],
            second=two[-1], share=words.percent(_either(voice, rows), language),
        ),
        subtitle=words.say(
            f"voice.causes_sub_{voice.noun}", language, n=words.number(voice.n, language),
            period=_period(data, language),
        ),
        draw=drawn(
            plots.paired, shown, language=language, left=words.say(f"voice.col_{voice.noun}s", language), right=money,
            unit=unit, height=60 + 36 * len(shown), narrow_height=70 + 36 * len(shown),
        ),
        alt=words.say(f"voice.causes_alt_{voice.noun}", language, list=listed),
        table=Table(
            frame=rows.assign(who=[_owner(owner, language) for owner in rows["owner"]]), columns=columns,
            totals=total_rows("label", language, {
                "voice.sum_either": {"share": _either(voice, rows)}, f"voice.sum_{voice.noun}s": {"clients": voice.n}
            }),
        ),
        note=words.say(f"voice.causes_note_{voice.noun}", language),
    )  # fmt: skip


def _either(voice: Said, rows: pd.DataFrame) -> float:
    """Share of those who complain about one of the first two causes."""
    named = voice.bad[voice.bad["cause"].isin(rows["cause"].head(2))]["who"].nunique()
    return named / max(voice.n, 1)


def _owner(owner: str, language: str) -> str:
    return words.say(f"voice.owner_{owner}", language) if owner else "–"


def _period(data: Data, language: str) -> str:
    month = data.as_of.last_whole
    return f"{words.month(month - _YEAR + 1, language, 'short')} – {words.month(month, language, 'short')}"


def _commented(voice: Said, language: str) -> str:
    """«21 клиент с отзывом», or comments where clients are unknown."""
    if voice.noun == "text":
        return words.count(voice.n, "text", language)
    return f"{words.number(voice.n, language)}\u00a0{words.plural(voice.n, 'voice.tile_client', language)}"


def few(name: str, voice: Said, language: str) -> Exhibit:
    """An exhibit that only says how few comments there are."""
    title = words.say("voice.too_few", language, n=_commented(voice, language))
    return Exhibit(name=name, title=title, language=language, subtitle=words.say(f"voice.{name}_name", language))


def _most(rows: pd.DataFrame, side: str) -> str:
    """The causes named most on this side: one, or those that share the first place."""
    return ", ".join(rows.loc[(rows[side] == rows[side].max()) & (rows[side] > 0), "label"])


@exhibit("voice", "tone", needs=("feedback",))
def tone(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Complaints and praise per cause, in texts."""
    counts = voice.tags.drop_duplicates(["feedback_id", "cause"])
    rows = pd.DataFrame(
        {
            "negative": counts[counts["sentiment"].isin(_BAD)].groupby("cause").size(),
            "positive": counts[counts["sentiment"] == "positive"].groupby("cause").size(),
        }
    ).fillna(0)
    if voice.n < FEW or not len(rows):
        return few("tone", voice, language)
    rows = rows.astype(int).reset_index(names="cause")
    rows["label"] = [voice.title(cause) for cause in rows["cause"]]
    rows["total"] = rows["negative"] + rows["positive"]
    rows = rows.sort_values(["negative", "positive", "cause"], ascending=[False, False, True], ignore_index=True)
    shown = rows[rows["total"] > 0].head(10)
    worst, best = (_most(rows, side) for side in ("negative", "positive"))
    key = ("same" if worst == best else "both") if worst and best else "bad" if worst else "good"
    listed = "; ".join(f"{row['label']} −{row['negative']} +{row['positive']}" for _, row in shown.iterrows())
    return Exhibit(
        name="tone", language=language,
        title=words.say(f"voice.tone_{key}", language, worst=worst, best=best),
        subtitle=words.say(
            "voice.tone_sub", language, n=words.count(len(voice.texts), "text", language),
            period=_period(data, language),
        ),
        draw=drawn(
            plots.polarity, shown, language=language, left=words.say("voice.complaints", language),
            right=words.say("voice.praise", language), height=60 + 34 * len(shown), narrow_height=70 + 34 * len(shown),
        ),
        alt=words.say("voice.tone_alt", language, list=listed),
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            Column(key="negative", label=words.say("voice.col_complaints", language), kind="number"),
            Column(key="positive", label=words.say("voice.col_praise", language), kind="number"),
        ], totals=total_rows("label", language, {
            "voice.sum_with": {
                "negative": voice.bad["feedback_id"].nunique(),
                "positive": voice.tags.loc[voice.tags["sentiment"] == "positive", "feedback_id"].nunique(),
            },
            "voice.sum_all": {"negative": len(voice.texts)},
        })),
    )  # fmt: skip
