"""Report 05, second half: where a cause matters, who names it, the four columns, quotes, new themes, trust."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .. import words
from ..causes.quotes import masked
from ..plots import voice as plots
from .base import Exhibit, drawn, exhibit
from .table import Column, Table, total_rows
from .voice import FEW, Said, ranking
from .volume import label_of, names

if TYPE_CHECKING:
    from ..causes.trust import RuleReport
    from ..load import Data
    from ..results import Result

__all__ = ["fields", "matters", "quotes", "segments", "themes", "trust"]

_LEAST_SCORES = 30
_QUOTES = 10
_OF_FIELD = 3  # causes of each field: twelve rows
_INNER = str.maketrans({"«": "„", "»": "“"})
_LONGEST = 30_000  # letters of a cell: a sheet takes 32,767
_FIELDS = ("like", "strengthen", "dislike", "improve")


@exhibit("voice", "matters", needs=("feedback",))
def matters(data: Data, voice: Said, drivers: Result, *, language: str) -> Exhibit:
    """How often a cause is a complaint against the gap of the score; refused below 30 scores."""
    n = int(drivers.overview["n"].iloc[0])
    scale = str(drivers.overview["scale"].iloc[0])
    rows = drivers.frame[drivers.frame["gap_negative"].notna()].copy()
    name = words.say("voice.matters_name", language)
    if n < _LEAST_SCORES or not len(rows):
        title = words.say("voice.matters_few", language, n=words.count(n, "answer", language))
        return Exhibit(name="matters", title=title, language=language, subtitle=name)
    rows["label"] = [voice.title(cause) for cause in rows["cause"]]
    rows["named"] = rows["n_negative"] / n
    shown = pd.DataFrame({
        "label": rows["label"], "share": rows["named"], "gap": rows["gap_negative"],
        "low": rows["gap_negative_low"], "high": rows["gap_negative_high"],
        "sure": (rows["gap_negative_high"] < 0) & (rows["q_value"] < 0.10),
    })  # fmt: skip
    sure = rows[shown["sure"]].sort_values("gain", ascending=False, kind="stable")
    shown = shown.head(10)
    digits = 0 if scale == "nps" else 1
    if len(sure):
        top = sure.iloc[0]
        title = words.say(
            f"voice.matters_{scale}", language, cause=top["label"],
            gap=words.count(round(abs(top["gap_negative"])), "point", language) if scale == "nps"
            else words.number(abs(top["gap_negative"]), language, digits),
            interval=words.interval(-top["gap_negative_high"], -top["gap_negative_low"], language, digits),
        )  # fmt: skip
    else:
        title = words.say("voice.matters_none", language)
    listed = "; ".join(
        f"{row['label']} {words.percent(row['share'], language)}, {words.number(row['gap'], language, digits)}"
        for _, row in shown.iterrows()
    )
    return Exhibit(
        name="matters", language=language, title=title,
        subtitle=words.say(f"voice.matters_sub_{scale}", language, n=words.count(n, "answer", language)),
        draw=drawn(
            plots.quadrant, shown, language=language, x=words.say("voice.axis_share", language),
            y=words.say(f"voice.axis_gap_{scale}", language), height=420, narrow_height=420,
        ),
        alt=words.say("voice.matters_alt", language, list=listed),
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            Column(key="n_negative", label=words.say("voice.col_complaints", language), kind="number"),
            Column(key="gap_negative", label=words.say(f"voice.col_gap_{scale}", language), kind="number",
                   digits=digits, low="gap_negative_low", high="gap_negative_high"),
            Column(key="gap_observed", label=words.say("voice.col_observed", language), kind="number", digits=digits),
            Column(key="odds", label=words.say("voice.col_odds", language), kind="number", digits=1,
                   low="odds_low", high="odds_high"),
            Column(key="critics_times", label=words.say("voice.col_times", language), kind="number", digits=1),
            Column(key="importance", label=words.say("voice.col_importance", language), kind="percent",
                   low="importance_low", high="importance_high"),
            Column(key="score_without", label=words.say("voice.col_without", language), kind="number", digits=digits),
        ]),
        note=words.say("voice.matters_note", language, contribution=(
            " " + words.say("voice.matters_contribution", language) if rows["importance"].notna().any() else ""
        )),
    )  # fmt: skip


@exhibit("voice", "segments", needs=("feedback", "clients"))
def segments(data: Data, voice: Said, by: str = "industry", *, language: str) -> Exhibit:
    """Who names what: causes by segment, against what the shares in the base would give."""
    table = _counts(data, voice, by)
    if table.empty or voice.noun != "client":
        title = words.say("voice.segments_few", language)
        return Exhibit(
            name="segments", title=title, language=language, subtitle=words.say("voice.segments_name", language)
        )
    residuals = _adjusted(table, _bases(data, voice, by).reindex(table.columns))
    residuals.index = pd.Index([voice.title(cause) for cause in residuals.index])
    residuals.attrs["counts"] = table.to_numpy()
    # With many cells one of them always stands out: the bound grows with their number (Bonferroni).
    from scipy.stats import norm

    bound = float(norm.ppf(1 - 0.025 / residuals.size))
    row, column = divmod(int(np.nanargmax(residuals.to_numpy())), residuals.shape[1])
    place = row, column
    top = float(residuals.to_numpy()[place])
    title = (
        words.say(
            "voice.segments_top", language, cause=residuals.index[place[0]], segment=residuals.columns[place[1]],
            k=words.number(table.to_numpy()[place], language),
            n=words.number(_bases(data, voice, by)[table.columns[place[1]]], language),
        )
        if top > bound
        else words.say("voice.segments_same", language)
    )  # fmt: skip
    listed = "; ".join(
        f"{residuals.index[row]} / {residuals.columns[column]} {table.to_numpy()[row, column]}"
        for row in range(min(3, len(residuals))) for column in range(residuals.shape[1])
    )  # fmt: skip
    flat = table.set_axis(residuals.index).reset_index(names="label")
    return Exhibit(
        name="segments", language=language, title=title,
        subtitle=words.say("voice.segments_sub", language, n=words.count(voice.n, "client", language)),
        draw=drawn(plots.residuals, residuals, language=language, height=70 + 34 * len(residuals),
                   narrow_height=70 + 34 * len(residuals)),
        alt=words.say("voice.segments_alt", language, list=listed),
        table=Table(frame=flat, columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            *[Column(key=name, label=str(name), kind="number") for name in table.columns],
        ]),
        note=words.say("voice.segments_note", language),
    )  # fmt: skip


def _bases(data: Data, voice: Said, by: str) -> pd.Series:
    """Clients with a comment in each segment."""
    segment = data.clients.drop_duplicates("client_id").set_index("client_id")[by]
    who = pd.Series(voice.texts["who"].unique())
    return who.map(segment).dropna().value_counts()


def _counts(data: Data, voice: Said, by: str) -> pd.DataFrame:
    """Complaining clients: the eight first causes by the six largest segments."""
    if by not in data.clients.columns or voice.n < 3 * FEW:
        return pd.DataFrame()
    segment = data.clients.drop_duplicates("client_id").set_index("client_id")[by]
    bases = _bases(data, voice, by)
    kept = bases[bases >= 3].sort_index().sort_values(ascending=False, kind="stable").head(6).index
    once = voice.bad.drop_duplicates(["who", "cause"])
    once = once.assign(segment=once["who"].map(segment))
    table = once.groupby(["cause", "segment"]).size().unstack(fill_value=0)
    rows = [cause for cause in ranking(voice)["cause"].head(8) if cause in table.index]
    return table.reindex(index=rows, columns=kept, fill_value=0) if len(kept) > 1 and rows else pd.DataFrame()


def _adjusted(table: pd.DataFrame, bases: pd.Series) -> pd.DataFrame:
    """Adjusted residuals of each share against that of all segments (Haberman 1973)."""
    n = bases.to_numpy(float)
    k = table.to_numpy(float)
    share = k.sum(axis=1, keepdims=True) / n.sum()
    spread = np.sqrt(np.maximum(share * (1 - share) * n * (1 - n / n.sum()), 1e-9))
    return pd.DataFrame((k - share * n) / spread, index=table.index, columns=table.columns)


@exhibit("voice", "fields", needs=("feedback",))
def fields(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Like, how to strengthen, dislike, what to improve: causes with clients, money, a quote and the owner."""
    rows = []
    for field in _FIELDS:
        part = voice.tags[voice.tags["field"] == field]
        part = part[part["sentiment"] == "positive"] if field == "like" else part
        once = part.drop_duplicates(["who", "cause"])
        counts = once.groupby("cause").size().sort_index().sort_values(ascending=False, kind="stable").head(_OF_FIELD)
        for cause, clients in counts.items():
            named = once[once["cause"] == cause]
            money = float(named["who"].map(voice.money).sum()) if len(voice.money) else np.nan
            rows.append({
                "field": words.say(f"voice.field_{field}", language), "label": voice.title(str(cause)),
                "clients": int(clients), "money": money, "quote": _quote(part[part["cause"] == cause]),
                "owner": words.say(f"voice.owner_{voice.owners.get(str(cause), 'middle')}", language),
            })  # fmt: skip
    if not rows:
        title = words.say("voice.fields_none", language)
        return Exhibit(name="fields", title=title, language=language, subtitle=words.say("voice.fields_name", language))
    frame = pd.DataFrame(rows)
    first = {field: frame[frame["field"] == words.say(f"voice.field_{field}", language)].head(1) for field in _FIELDS}
    ends = {side: first[side]["label"].iloc[0] if len(first[side]) else "" for side in ("like", "dislike")}
    unit = words.unit_of(float(frame["money"].max())) if frame["money"].notna().any() else ""
    columns = [
        Column(key="field", label=words.say("voice.col_field", language)),
        Column(key="label", label=words.say("voice.col_cause", language)),
        Column(key="clients", label=words.say(f"voice.col_{voice.noun}s", language), kind="number"),
        Column(key="quote", label=words.say("voice.col_quote", language)),
        Column(key="owner", label=words.say("voice.col_owner", language)),
    ]
    if frame["money"].notna().any():
        head = words.say("voice.head_money", language, unit=words.unit_words(unit, data.params.currency, language))
        columns.insert(3, Column(key="money", label=head, kind="money", unit=unit, digits=1))
    key = "both" if all(ends.values()) else "one"
    return Exhibit(
        name="fields", language=language,
        title=words.say(f"voice.fields_{key}", language, like=ends["like"], dislike=ends["dislike"]),
        subtitle=words.say("voice.fields_sub", language, n=words.count(len(voice.texts), "text", language)),
        table=Table(frame=frame, columns=columns),
        note=words.say("voice.fields_note", language),
    )  # fmt: skip


def _quote(part: pd.DataFrame) -> str:
    """The text nearest to a handy length among those that may be quoted, persons masked."""
    allowed = part[part["may_quote"].fillna(False).astype(bool)] if "may_quote" in part.columns else part.head(0)
    if not len(allowed):
        return "–"
    texts = sorted(set(allowed["text"]), key=lambda text: (abs(len(text) - 60), text))
    return _quoted(texts[0])


def _quoted(text: str) -> str:
    """A text in quotation marks with persons masked; quotes inside it get the inner marks."""
    return f"«{masked(text.strip()).translate(_INNER)}»"


@exhibit("voice", "quotes", needs=("feedback",))
def quotes(data: Data, voice: Said, *, language: str) -> Exhibit:
    """Praise that may be quoted outside: newest first, one per client and cause."""
    good = voice.tags[(voice.tags["sentiment"] == "positive") & voice.tags["may_quote"].fillna(False).astype(bool)]
    mixed = set(voice.bad["feedback_id"])
    good = good[~good["feedback_id"].isin(mixed)]
    good = good.sort_values(["created_at", "feedback_id"], ascending=[False, True], kind="stable")
    good = good.drop_duplicates("feedback_id").drop_duplicates(["who", "cause"])
    if not len(good):
        title = words.say("voice.quotes_none", language)
        return Exhibit(name="quotes", title=title, language=language, subtitle=words.say("voice.quotes_name", language))
    known = names(data)
    frame = pd.DataFrame({
        "client": [label_of(known, who) for who in good["who"]],
        "quote": [_quoted(text) for text in good["text"]],
        "label": [voice.title(cause) for cause in good["cause"]],
        "day": good["created_at"].dt.normalize().to_numpy(),
    })  # fmt: skip
    columns = [
        Column(key="client", label=words.say("voice.col_client", language)),  # where clients are known
        Column(key="quote", label=words.say("voice.col_quote", language)),
        Column(key="label", label=words.say("voice.col_cause", language)),
        Column(key="day", label=words.say("voice.col_day", language), kind="day"),
    ]
    return Exhibit(
        name="quotes", language=language,
        title=words.say("voice.quotes_some", language, n=words.count(len(frame), "text", language)),
        subtitle=words.say("voice.quotes_sub", language),
        table=Table(frame=frame, rows=_QUOTES, columns=columns[voice.noun == "text" :]),
        note=words.say("voice.quotes_note", language),
    )  # fmt: skip


@exhibit("voice", "themes", needs=("feedback",))
def themes(data: Data, voice: Said, found: Result, *, language: str) -> Exhibit:
    """What is said more often than in the months before."""
    counts = found.overview.iloc[0]
    if min(counts["n"], counts["before"]) < _LEAST_SCORES:
        title = words.say("voice.themes_few", language, n=words.count(int(counts["n"]), "text", language))
        return Exhibit(name="themes", title=title, language=language, subtitle=words.say("voice.themes_name", language))
    subtitle = words.say(
        "voice.themes_sub", language, n=words.count(int(counts["n"]), "text", language),
        before=words.number(counts["before"], language),
    )  # fmt: skip
    if not len(found.frame):
        return Exhibit(
            name="themes", title=words.say("voice.themes_none", language), language=language, subtitle=subtitle,
            note=words.say("voice.themes_note", language),
        )  # fmt: skip
    rows = found.table
    rows["label"] = [
        voice.title(theme) if kind == "cause" else theme for theme, kind in zip(rows["theme"], rows["kind"])
    ]
    rows["quote"] = [_quoted(str(text)) for text in rows["example"]]
    rows["words"] = [snippet.strip().rpartition("\n")[2].strip() or "–" for snippet in rows["snippet"]]
    top = rows.iloc[0]
    return Exhibit(
        name="themes", language=language,
        title=words.say(
            "voice.themes_some", language, theme=top["label"], after=words.number(top["n"], language),
            before=words.number(top["n_before"], language),
        ),
        subtitle=subtitle,
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("voice.col_theme", language)),
            Column(key="n", label=words.say("voice.col_now", language), kind="number"),
            Column(key="n_before", label=words.say("voice.col_before", language), kind="number"),
            Column(key="quote", label=words.say("voice.col_quote", language)),
            Column(key="words", label=words.say("voice.col_words", language)),
            Column(key="would_catch", label=words.say("voice.col_catch", language), kind="number"),
            Column(key="would_catch_before", label=words.say("voice.col_catch_before", language), kind="number"),
            Column(key="q_value", label=words.say("voice.col_q", language), kind="number", digits=3, only="sheet"),
            Column(key="snippet", label=words.say("voice.col_snippet", language), only="sheet"),
        ]),
        note=words.say("voice.themes_note", language),
    )  # fmt: skip


@exhibit("voice", "trust", needs=("feedback",))
def trust(data: Data, voice: Said, report: RuleReport, *, language: str) -> Exhibit:
    """Texts without a tag, rules per cause, precision and recall where people corrected tags."""
    rows = _by_rule(report)
    rows["label"] = [voice.title(cause) for cause in rows["cause"]]
    rows = rows.sort_values(["hits", "cause"], ascending=[False, True], ignore_index=True)
    checked = int(rows["checked"].sum())
    share = words.percent(report.untagged, language) if pd.notna(report.untagged) else "–"
    return Exhibit(
        name="trust", language=language,
        title=words.say("voice.trust_some", language, share=share),
        subtitle=words.say(
            "voice.trust_checked" if checked else "voice.trust_unchecked", language, n=words.number(checked, language)
        ),
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("voice.col_cause", language)),
            Column(key="hits", label=words.say("voice.col_tags", language), kind="number"),
            Column(key="checked", label=words.say("voice.col_checked", language), kind="number"),
            Column(key="precision", label=words.say("voice.col_precision", language), kind="percent",
                   low="precision_low", high="precision_high"),
            Column(key="recall", label=words.say("voice.col_recall", language), kind="percent",
                   low="recall_low", high="recall_high"),
            Column(key="conflicts", label=words.say("voice.col_conflicts", language), kind="number"),
            Column(key="fired", label=words.say("voice.col_fired", language), kind="number", only="sheet"),
            Column(key="silent", label=words.say("voice.col_silent", language), kind="number", only="sheet"),
            Column(key="silent_rules", label=words.say("voice.col_silent_rules", language), only="sheet"),
        ], totals=total_rows("label", language, {"voice.sum_untagged": {"hits": share}})),
        note=words.say("voice.trust_note", language),
    )  # fmt: skip


def _by_rule(report: RuleReport) -> pd.DataFrame:
    """Causes with the number of rules that fired and that never did; causes that nobody named at the end."""
    fired = report.frame[report.frame["rule"].notna()].groupby("cause")["rule"].nunique()
    silent = report.silent.groupby("cause")["rule"]
    counts = {"fired": fired, "silent": silent.nunique(), "silent_rules": silent.agg("; ".join).str.slice(0, _LONGEST)}
    rows: Any = report.overview.merge(pd.DataFrame(counts).rename_axis("cause").reset_index(), on="cause", how="outer")
    numbers = ["hits", "checked", "conflicts", "fired", "silent"]
    return rows.assign(**rows[numbers].fillna(0).astype(int), silent_rules=rows["silent_rules"].fillna(""))
