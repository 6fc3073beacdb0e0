"""What the words of a header say about the values below it."""

from __future__ import annotations

import re

__all__ = ["of_the_trade", "role_of"]

# What a header says about its values. The order decides: «Код оплаты» is a code, «Дата оплаты» a date.
_ROLES: dict[str, tuple[str, ...]] = {
    "date": (
        r"\bдат[аы]\b|^день$|\bdate\b|_at$|_date$|timestamp|^(?:created|updated|closed|opened|месяц|month|период|period)\b",
        r"\bвремя\b|\btime$|invoicedate|orderdate|createdat|^когда$",
    ),
    "tax": (r"\bинн\b|\binn\b|\btax\s*(?:id|no|number|payer)|\bvat\s*(?:id|no|number)|\btin\b",),
    "code": (
        r"^№|^(?:заказ|сделка|документ|чек|накладная|заявка|order|deal|document|receipt|лид|lead)$|\bкод\b|\bномер",
        r"\bid\b|_id$|(?:client|customer|order|user|account|deal|product|item|lead|invoice)id$|\bкпп\b|\bогрн|артикул|\bsku\b|\bтел(?:ефон|\.)?|phone|\bмобильн|\bр/?с(?:ч[её]т)?\b",
        r"\bсч[её]т\b|индекс\b|\bzip\b|postal|паспорт|штрих|\bean\b|barcode|\bguid\b|\buuid\b|\bинв|\bcode\b",
        r"invoice|\bnumber$|\bno\.?$|договор|\bкарт[аы]\b|\bфакс",
    ),
    "money": (
        r"сумм|выручк|оплач|оплат|бюджет|прибыл|марж|стоимост|цен[аы]|оборот|доход|расход|затрат|долг|аванс|продаж",
        r"поступлен|задолж|amount|revenue|price|total|sales|profit|cost|spend|budget|payment|margin|paid|turnover",
        r"\bvalue\b|\bsum\b|отгруз|начислен|\bплан\b|\bфакт\b",
    ),
    "number": (
        r"кол-?во|количеств|qty|quantity|оценк|балл|score|rating|%|процент|скидк|discount|\bвес\b|объ[её]м|\bшт\b",
        r"volume|units|возраст|\bage\b|площад",
    ),
    "name": (
        r"клиент(?!ов|ам|ах)|контрагент(?!ов)|покупател(?!ей)|заказчик(?!ов)|компани(?!й)|организац|наименован|назван",
        r"customer(?!s)|client(?!s)|company|account(?!s)",
        r"\bname\b|партн[её]р|рекламодател",
    ),
}
_ROLES_COMPILED = {role: re.compile("|".join(patterns), re.IGNORECASE) for role, patterns in _ROLES.items()}
_VOCABULARY = re.compile(
    "|".join(pattern for patterns in _ROLES.values() for pattern in patterns)
    + r"|менеджер|manager|статус|status|этап|стади|stage|регион|region|город|city|товар|product|услуг|тип\b|type|"
    r"категор|category|канал|channel|филиал|отрасл|industry|комментар|comment|описан|descr|адрес|address|e-?mail|почта|"
    r"поставщик|supplier|остат|склад|долг|валют|currency|текст|text|отзыв|ответ|вопрос|вид\b|source|источник|страна|country|ответствен|должност|фио",
    re.IGNORECASE,
)


def role_of(header: str) -> str:
    """What a header says: date, tax, code, money, number, name, or '' for nothing.

    >>> role_of("Сумма, руб"), role_of("Код клиента"), role_of("InvoiceDate"), role_of("Город")
    ('money', 'code', 'date', '')
    """
    text = " ".join(re.sub(r"(?<=[a-zа-я])(?=[A-ZА-Я])", " ", str(header)).replace("_", " _").split())
    flat = " ".join(str(header).split())
    for role, pattern in _ROLES_COMPILED.items():
        if pattern.search(flat) or pattern.search(text):
            return role
    return ""


def of_the_trade(header: str) -> bool:
    """Whether a text holds a word that heads columns in exports of sales.

    >>> of_the_trade("Менеджер"), of_the_trade("Ромашка")
    (True, False)
    """
    return _VOCABULARY.search(header) is not None
