"""Quotes that may be shown: persons, phones and addresses are masked."""

from __future__ import annotations

import re

from .text import _morph

__all__ = ["masked"]

_CONTACT = re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+|(?<!\w)@\w+|(?:\+?\d[\d()\s-]{5,}\d)")
_NAME = re.compile(r"\b[А-ЯЁ][а-яё]+\b")
_PERSON = {"Name", "Surn", "Patr"}


def masked(text: str) -> str:
    """A text without names of persons, phones, e-mails and handles.

    A capitalised word is a name when the dictionary knows it as nothing else.

    >>> masked("Держимся из-за Ольги Петровны, звоните +7 912 345-67-89")
    'Держимся из-за … …, звоните …'
    """
    text = _CONTACT.sub("…", text)

    def hide(found: re.Match[str]) -> str:
        best = _morph().parse(found.group())[0]
        return "…" if _PERSON & set(best.tag.grammemes) else found.group()

    return _NAME.sub(hide, text)
