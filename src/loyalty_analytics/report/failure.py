"""The page that stands for a month that could not be built: where and why, without any data."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from .. import words
from .page import LINKS, document

__all__ = ["failure_page"]


def failure_page(title: str, month: str, language: str, faults: Sequence[Mapping[str, Any]]) -> str:
    """HTML of the failure page.

    Parameters
    ----------
    title : str
        The client's title.
    month : str
    language : {'ru', 'en'}
    faults : list of mapping
        notebook, kind, name, safe, cell, frames. The text of an error is left out: it may quote a
        client's data.
    """

    def say(key: str, **values: Any) -> str:
        return html.escape(words.say(f"report.{key}", language, **values))

    parts = [f"<h1>{say('failed_title')}</h1>",
             f"<p>{say('failed_lead', client=title, month=words.month(month, language))}</p>"]  # fmt: skip
    for fault in faults:
        kind = fault["kind"]
        what = say(f"fault_{kind}", name=fault["name"], reason=fault["name"], seconds=fault.get("limit_seconds", ""),
                   megabytes=fault.get("limit_megabytes", ""))  # fmt: skip
        parts.append(f"<h2>{say('failed_notebook', notebook=fault['notebook'])}</h2><p class=\"failed\">{what}</p>")
        if fault.get("safe"):
            parts.append(f"<p>{html.escape(fault['safe'])}</p>")
        if fault.get("frames"):
            cell = f"[{fault['cell']}] " if fault.get("cell") else ""
            trace = html.escape("\n".join(fault["frames"]))
            parts.append(f"<h3>{say('failed_where')}</h3><pre tabindex=\"0\">{cell}{trace}</pre>")
        parts.append(f"<h3>{say('failed_what')}</h3><p>{say(f'cure_{kind}')}</p>")
    parts.append(f'<p class="note">{say("failed_hidden")}</p>')
    nav = (
        f'<nav class="links" aria-label="{say("all_months")}"><ul><li><a href="../index.html">{say("all_months")}</a>'
        "</li></ul></nav>"
    )
    name = words.say("report.failed_title", language)
    return document("\n".join(parts), language, f"{name} · {title}").replace(LINKS, nav)
