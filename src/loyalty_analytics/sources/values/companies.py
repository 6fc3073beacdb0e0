"""Names of companies: legal forms in one spelling, quotes and case put aside."""

from __future__ import annotations

import re
from functools import lru_cache

import pandas as pd

__all__ = ["normal_name", "spellings"]

# Legal forms with their spellings; Russian and foreign ones. A different form is a different client.
_FORMS = {
    "ооо": ("общество с ограниченной ответственностью", "о о о", "ооо"),
    "ао": ("акционерное общество", "ао"),
    "пао": ("публичное акционерное общество", "пао"),
    "зао": ("закрытое акционерное общество", "зао"),
    "оао": ("открытое акционерное общество", "оао"),
    "нао": ("непубличное акционерное общество", "нао"),
    "ип": ("индивидуальный предприниматель", "ип", "чп", "пбоюл"),
    "ано": ("автономная некоммерческая организация", "ано"),
    "нко": ("некоммерческая организация", "нко"),
    "гуп": ("государственное унитарное предприятие", "гуп"),
    "муп": ("муниципальное унитарное предприятие", "муп"),
    "фгуп": ("федеральное государственное унитарное предприятие", "фгуп"),
    "гбу": ("государственное бюджетное учреждение", "гбу"),
    "мбу": ("муниципальное бюджетное учреждение", "мбу"),
    "ltd": ("limited", "ltd"),
    "llc": ("limited liability company", "l l c", "llc"),
    "inc": ("incorporated", "inc"),
    "corp": ("corporation", "corp"),
    "plc": ("public limited company", "plc"),
    "gmbh": ("gesellschaft mit beschränkter haftung", "gmbh"),
    "sa": ("s a", "sa"),
    "srl": ("s r l", "srl"),
}
_SPELT = sorted(((text, form) for form, texts in _FORMS.items() for text in texts), key=lambda pair: -len(pair[0]))
_FORM = re.compile(r"(?<!\w)(?:" + "|".join(re.escape(text) for text, _ in _SPELT) + r")(?!\w)")
_FORM_OF = dict(_SPELT)
_NOISE = re.compile(r"[^\w\s+&-]|_")


@lru_cache(maxsize=200_000)
def normal_name(name: str) -> tuple[str, str]:
    """(legal form, name) without quotes, case, «ё», doubled spaces and the way the form is written.

    >>> normal_name('Общество с ограниченной ответственностью "Ромашка"'), normal_name("РОМАШКА, ООО")
    (('ооо', 'ромашка'), ('ооо', 'ромашка'))
    >>> normal_name("Ромашка-2")
    ('', 'ромашка-2')
    """
    text = name.casefold().replace("ё", "е").replace("\u00a0", " ")
    text = " ".join(_NOISE.sub(" ", text).split())
    match = _FORM.match(text) or next((m for m in [*_FORM.finditer(text)][::-1] if m.end() == len(text)), None)
    if match is None:
        return "", text
    rest = " ".join((text[: match.start()] + " " + text[match.end() :]).split(" ")).strip(" -")
    return (_FORM_OF[match[0]], rest) if rest else ("", text)


def spellings(names: pd.Series) -> list[list[str]]:
    """Groups of different texts that are one name: the same legal form and the same words.

    >>> spellings(pd.Series(["ООО «Ромашка»", "Ромашка, ООО", "АО Ромашка", "Ромашка-2"]))
    [['ООО «Ромашка»', 'Ромашка, ООО']]
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for name in names.dropna().unique():
        groups.setdefault(normal_name(str(name)), []).append(str(name))
    return [sorted(group) for group in groups.values() if len(group) > 1]
