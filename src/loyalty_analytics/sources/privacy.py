"""What readers of reports must not see: persons, phones, e-mails, card and passport numbers, families."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from ..errors import SourceError

if TYPE_CHECKING:
    from .findings import Findings

__all__ = [
    "HIDDEN",
    "clean_names",
    "family",
    "masked_column",
    "masked_person",
    "masked_tables",
    "masked_text",
    "refuse_family",
    "without_contacts",
]

HIDDEN = "•••"
_MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HANDLE = re.compile(r"(?<![\w@.])@\w{4,}|(?:t\.me|vk\.com|wa\.me)/[\w.]+", re.IGNORECASE)
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_PASSPORT = re.compile(
    r"(?<!\d)\d{2} ?\d{2}[ №-]{1,3}\d{6}(?!\d)|(?<=паспорт)\D{0,12}\d{4}\s?№?\s?\d{6}(?!\d)", re.IGNORECASE
)
_PHONE = re.compile(r"(?<![\w])(?:\+\d[\d\s().-]{8,16}\d|[78]?[\s(-]*9\d{2}[\s).-]*\d{3}[\s.-]?\d{2}[\s.-]?\d{2}|"
                    r"8[\s(-]+\d{3,4}[\s).-]+\d{2,3}[\s.-]?\d{2}[\s.-]?\d{2})(?!\d)")  # fmt: skip
# «Иванова П. С.», «П. С. Иванова» and a name with its patronymic.
_INITIALS = re.compile(
    r"\b[А-ЯЁ][а-яё]+(?:-[А-ЯЁ][а-яё]+)?\s+[А-ЯЁ]\.\s?[А-ЯЁ]\.|\b[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?[А-ЯЁ][а-яё]+"
)
_PATRONYMIC = re.compile(
    r"\b[А-ЯЁ][а-яё]+\s+[А-ЯЁ][а-яё]+(?:ович|евич|овн|евн|ичн)(?:а|у|ем|ом|е|ы|ой)?\b(?:\s+[А-ЯЁ][а-яё]+)?"
)
_TITLED = re.compile(r"\b(?:Mrs?|Ms|Miss|Dr)\b\.?\s+[A-Z][\w'’-]+(?:\s+[A-Z][\w'’-]+)?")
_FAMILY = re.compile(
    r"супруг|жен[аыуе]\b|муж[аеу]?\b|дет(?:и|ей|ям)\b|реб[её]н|сын[аеу]?\b|доч(?:ь|ери|ка|ку|ки)|семь[яеёи]|семейн|"
    r"внук|внучк|тёщ|тещ|свекр|родител|marital|spouse|\bwife\b|husband|children|\bkids?\b|daughter|\bson\b|family",
    re.IGNORECASE,
)
_CASES = r"(?:а|у|ом|ым|е|ы|ой|ей|ю|и|я|ем)?"


def family(text: str) -> bool:
    """Whether a header or a remark is about someone's family.

    >>> family("День рождения жены"), family("Юбилей компании"), family("Marital status")
    (True, False, True)
    """
    return _FAMILY.search(text) is not None


def refuse_family(headers: Iterable[str], table: str) -> None:
    """Data about families are not taken in, whatever column they are mapped to.

    Raises
    ------
    SourceError
        Naming the column.
    """
    for header in headers:
        if family(header):
            raise SourceError(
                f"The column {header!r} of {table} is about someone's family.",
                "Remove it from params: such data are not needed and are not taken in.",
                column=header,
            )


def _is_card(text: str) -> bool:
    digits = re.sub(r"\D", "", text)
    return len(digits) == 16 or _luhn(digits)


def _luhn(digits: str) -> bool:
    total = sum(sum(divmod(int(digit) * (1 + place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return total % 10 == 0


def masked_text(text: str, names: re.Pattern[str] | None = None) -> str:
    """A text without phones, e-mails, handles, card and passport numbers and names of persons.

    Parameters
    ----------
    names : pattern of known names, see `name_pattern`

    Examples
    --------
    >>> masked_text("Звоните Анне Петровне: +7 912 345-67-89, anna@mail.ru")
    'Звоните •••: •••, •••'
    >>> masked_text("Карта 4276 1234 5678 9012 3, договор 2024-15, сумма 1 200 500 руб.")
    'Карта 4276 1234 5678 9012 3, договор 2024-15, сумма 1 200 500 руб.'
    """
    text = _MAIL.sub(HIDDEN, text)
    text = _HANDLE.sub(HIDDEN, text)
    text = _CARD.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)
    text = _PASSPORT.sub(HIDDEN, text)
    text = _PHONE.sub(HIDDEN, text)
    for pattern in (_INITIALS, _PATRONYMIC, _TITLED, names):
        if pattern is not None:
            text = pattern.sub(HIDDEN, text)
    return text


def masked_column(values: pd.Series, contacts: pd.DataFrame) -> pd.Series:
    """A column of texts for readers; ``contacts`` tell the names to look for."""
    names = name_pattern(contacts)
    return values.map(lambda text: masked_text(text, names), na_action="ignore").astype("str")


def without_contacts(text: str) -> str:
    """A name without phones, e-mails, handles, card and passport numbers: «ООО Мак (Анна, +7 912 345-67-89)».

    >>> without_contacts("ООО «Мак» (тел. +7 912 345-67-89)"), without_contacts("Ромашка-2, ИНН 7707083893")
    ('ООО «Мак» (тел. •••)', 'Ромашка-2, ИНН 7707083893')
    """
    text = _HANDLE.sub(HIDDEN, _MAIL.sub(HIDDEN, text))
    text = _CARD.sub(lambda found: HIDDEN if _is_card(found[0]) else found[0], text)
    return _PHONE.sub(HIDDEN, _PASSPORT.sub(HIDDEN, text))


# Names and lists that stand in titles and tables as they are.
_NAMES = {
    "clients": ["client_name", "industry", "region"], "contacts": ["position"],
    "client_budgets": ["category"], "meetings": ["plan_period", "choice_criteria"],
}  # fmt: skip


def clean_names(frames: dict[str, pd.DataFrame], found: Findings) -> None:
    """Take phones, e-mails and numbers of papers out of names that every report shows."""
    for table, columns in _NAMES.items():
        for column in columns if len(frames.get(table, ())) else ():
            values = frames[table][column]
            said = values.map(_clean_list if column == "choice_criteria" else without_contacts, na_action="ignore")
            differ = (said.astype("str") != values.astype("str")) & values.notna()
            if differ.any():
                found.add("contacts_in_names", "warning", column=column, rows=int(differ.sum()), table=table)
                frames[table] = frames[table].assign(**{column: said.astype(values.dtype)})


def _clean_list(words: Any) -> list[str]:
    return [without_contacts(str(word)) for word in words]


def name_pattern(contacts: pd.DataFrame) -> re.Pattern[str] | None:
    """A pattern of the surnames and full names of known contacts, in any case; None without contacts."""
    if "full_name" not in contacts:
        return None
    words: set[str] = set()
    for name in contacts["full_name"].dropna():
        parts = [part for part in re.split(r"[\s.,]+", str(name)) if len(part) > 3]
        # The surname stands first in Russian cards and last in English ones.
        words.update(parts[-1:] if str(name).isascii() and "," not in str(name) else parts[:1])
    if not words:
        return None
    stems = sorted({re.escape(re.sub(r"[аяйь]$", "", word)) for word in words}, key=len, reverse=True)
    return re.compile(r"\b(?:" + "|".join(stems) + r")" + _CASES + r"\b")


def masked_person(name: str) -> str:
    """A person's initials.

    >>> masked_person("Иванова Пелагея Сергеевна")
    'И. П. С.'
    """
    return " ".join(f"{part[0]}." for part in str(name).split() if part)


_TEXTS = {
    "feedback": ["text"], "survey_answers": ["text"], "complaints": ["text"], "meetings": ["notes", "new_product_plan"],
    "actions": ["result"], "events": ["description"], "useful_dates": ["note"], "texts": ["text"],
    "offers": ["lost_reason"], "funnel_events": ["lost_reason"],
}  # fmt: skip


def masked_tables(frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Canonical tables for readers: contacts without names, phones and e-mails, texts masked."""
    contacts = frames.get("contacts", pd.DataFrame())
    result = {}
    for table, frame in frames.items():
        changed = {
            column: masked_column(frame[column], contacts) for column in _TEXTS.get(table, ()) if column in frame
        }
        if table == "contacts":
            changed["full_name"] = frame["full_name"].map(masked_person, na_action="ignore").astype("str")
            for column in ("phone", "email"):
                changed[column] = frame[column].map(lambda _: HIDDEN, na_action="ignore").astype("str")
        result[table] = frame.assign(**changed)
    return result
