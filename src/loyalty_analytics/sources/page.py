"""The check as one HTML page: what is wrong, what the data cover, which exhibits are possible."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

import pandas as pd

from .. import tables, words

__all__ = ["check_page"]

_STYLE = """
:root{color:#1f2933;font:16px/1.5 system-ui,sans-serif}body{max-width:960px;margin:2rem auto;padding:0 1rem}
h1{font-size:30px;line-height:1.2}h2{font-size:20px;margin-top:2rem}p.sub,.note{color:#52606d;font-size:13px}
ul.tiles{display:flex;flex-wrap:wrap;gap:1.5rem;list-style:none;padding:0}ul.tiles strong{display:block;font-size:24px}
.box{overflow-x:auto}caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}.box{position:relative}
table{border-collapse:collapse;width:100%;font-size:14px;font-variant-numeric:tabular-nums}
th,td{border-bottom:1px solid #d9e2ec;padding:.35rem .5rem;text-align:left;
vertical-align:top}td.n,th.n{text-align:right;white-space:nowrap}.error{color:#c0392b;font-weight:600}
.warning{color:#8a4b08;font-weight:600}.level{color:#52606d}th::first-letter{text-transform:uppercase}
/* On a phone each row is a block of its own: what is wrong and what to do stand below one another. */
@media screen and (max-width:640px){h1{font-size:24px}ul.tiles{gap:.5rem 1.2rem}ul.tiles strong{font-size:20px}
thead{position:absolute;clip-path:inset(50%)}tr{display:block;border-bottom:1px solid #d9e2ec;padding:.5rem 0}
td,td.n{display:block;border:0;padding:.1rem 0;text-align:left;white-space:normal}td:empty{display:none}
td[data-label]::before{content:attr(data-label)" ";color:#52606d;font-size:13px}}
@media print{body{margin:0}section{break-inside:auto}tr{break-inside:avoid}}
"""
_SHOWN = 200


def check_page(
    title: str,
    findings: pd.DataFrame,
    facts: Mapping[str, Any],
    possible: pd.DataFrame,
    currency: str,
    language: str,
) -> str:
    """The page as text; it holds no script and asks for nothing."""

    def say(key: str, **values: Any) -> str:
        return html.escape(words.say(f"sources.{key}", language, **values))

    def number(value: float, digits: int = 0) -> str:
        return html.escape(words.number(value, language, digits))

    levels = facts["findings"]
    lead = say("page_clean") if not levels["error"] + levels["warning"] else say(
        "page_lead", errors=words.number(levels["error"], language), warnings=words.number(levels["warning"], language)
    )  # fmt: skip
    period = "–" if facts["first"] is None else (
        f"{words.day(facts['first'], language)} – {words.day(facts['last'], language)}"
    )  # fmt: skip
    tiles = [
        _counted(facts["deals"], "deal", language), _counted(facts["clients"], "client", language),
        (html.escape(words.money(facts["money"], currency, language)), say("page_money")),
        _counted(facts["answers"], "answer", language), _counted(levels["warning"], "sources.warning", language),
    ]  # fmt: skip
    parts = [
        f"<h1>{html.escape(title)} · {say('page_title')}</h1>",
        f'<p class="sub">{say("page_period")}: {html.escape(period)}</p><p><strong>{lead}</strong></p>',
        '<ul class="tiles">' + "".join(f"<li><strong>{v}</strong>{label}</li>" for v, label in tiles) + "</ul>",
        _findings(findings, say, number),
        _exhibits(possible, say),
        _coverage(facts, say, number, language),
    ]
    return (
        f'<!DOCTYPE html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{html.escape(title)} · {say('page_title')}</title><style>{_STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>\n"
    )


def _counted(n: int, noun: str, language: str) -> tuple[str, str]:
    return html.escape(words.number(n, language)), html.escape(words.plural(n, noun, language))


def _table(caption: str, head: list[tuple[str, bool]], rows: list[list[str]]) -> str:
    titles = "".join(f'<th scope="col"{_class(numeric)}>{title}</th>' for title, numeric in head)
    body = "".join(
        "<tr>" + "".join(_td(cell, *head[place], first=place == 0) for place, cell in enumerate(row)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="box" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _td(cell: str, title: str, numeric: bool, first: bool) -> str:
    # The label is shown on a phone only, where the head of the table is not.
    label = "" if first or not cell else f' data-label="{title}:"'
    return f"<td{_class(numeric)}{label}>{cell}</td>"


def _class(numeric: bool) -> str:
    return ' class="n"' if numeric else ""


def _findings(findings: pd.DataFrame, say: Any, number: Any) -> str:
    rows = []
    row: Any
    for row in findings.head(_SHOWN).itertuples(index=False):
        place = ", ".join(
            part
            for part in (_cell(row.file), "" if pd.isna(row.row) else f"{say('page_row')} {row.row}", _cell(row.column))
            if part
        )
        money = "" if pd.isna(row.money) else number(row.money)
        kind = "level" if row.severity == "note" else row.severity
        rows.append(
            [f'<span class="{kind}">{say(f"level_{row.severity}")}</span>', place, html.escape(row.problem),
             html.escape(row.advice), number(row.rows), money]
        )  # fmt: skip
    head = [(say("page_level"), False), (say("page_place"), False), (say("page_problem"), False),
            (say("page_advice"), False), (say("page_rows"), True), (say("page_money"), True)]  # fmt: skip
    more = f'<p class="note">{say("page_more", n=len(findings) - _SHOWN)}</p>' if len(findings) > _SHOWN else ""
    return (
        f"<section><h2>{say('page_findings')}</h2>{_table(say('page_findings'), head, rows)}{more}"
        f'<p class="note">{say("page_files")}</p></section>'
    )


def _cell(value: Any) -> str:
    return "" if value is None or pd.isna(value) else html.escape(str(value))


def _exhibits(possible: pd.DataFrame, say: Any) -> str:
    rows = []
    for report, exhibits in possible.groupby("report", sort=True):
        lacking = exhibits[~exhibits["possible"]]
        needs = "; ".join(
            f"{say(f'exhibit_{report}_{name}')}: {html.escape(str(missing))}"
            for name, missing in zip(lacking["exhibit"], lacking["missing"])
        )
        count = f"{len(exhibits) - len(lacking)} / {len(exhibits)}"
        rows.append([f"{report} {say(f'report_{report}')}", count, needs or "–"])
    head = [(say("page_report"), False), (say("page_possible"), True), (say("page_needs"), False)]
    return f"<section><h2>{say('page_exhibits')}</h2>{_table(say('page_exhibits'), head, rows)}</section>"


def _coverage(facts: Mapping[str, Any], say: Any, number: Any, language: str) -> str:
    rows = []
    for name in tables.names():
        coverage = facts["coverage"].get(name, {})
        blank = [column for column, share in coverage.items() if share == 0]
        partly = [
            f"{column} {words.percent(share, language)}" for column, share in coverage.items() if 0 < share < 0.99
        ]
        count = facts["rows"].get(name, 0)
        rows.append(
            [name, number(count) if count else "–", html.escape(", ".join(partly)), html.escape(", ".join(blank))]
        )
    head = [
        (say("page_table"), False),
        (say("page_rows"), True),
        (say("page_partly"), False),
        (say("page_blank"), False),
    ]
    return f"<section><h2>{say('page_coverage')}</h2>{_table(say('page_coverage'), head, rows)}</section>"
