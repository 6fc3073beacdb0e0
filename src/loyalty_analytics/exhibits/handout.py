"""A file that a report hands out beside its page: plan.xlsx, plan.ics, clients.xlsx."""

from __future__ import annotations

import base64
import html
import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import LoyaltyError

__all__ = ["FILE_MIME", "Handout"]

FILE_MIME = "application/vnd.loyalty.file+json"
_NAME = re.compile(r"[a-z0-9][a-z0-9_.-]{0,60}\.(xlsx|ics|csv|pdf)")


@dataclass(frozen=True)
class Handout:
    """The last value of a cell whose file the report line publishes in the folder of the month.

    Parameters
    ----------
    name : str
        Lower-case Latin name with the ending xlsx, ics, csv or pdf.
    content : bytes
        The same for the same data: no clock, fixed dates in the document's properties.
    text : str
        Sentence on the page that says what the file is.

    Examples
    --------
    >>> Handout("plan.ics", b"BEGIN:VCALENDAR", "The plan for your calendar.")._repr_mimebundle_()["text/plain"]
    'plan.ics: The plan for your calendar.'
    """

    name: str
    content: bytes = field(repr=False)
    text: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise LoyaltyError(f"A file cannot be called {self.name!r}.", "Call it like plan.xlsx or plan.ics.")

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        link = f'<a href="{self.name}">{self.name}</a>'
        return {
            "text/html": f'<p class="handout">{link}: {html.escape(self.text)}</p>',
            "text/plain": f"{self.name}: {self.text}",
            FILE_MIME: {"name": self.name, "base64": base64.b64encode(self.content).decode()},
        }
