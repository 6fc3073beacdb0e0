"""Phrases: their signs unfolded (& in any order, ? may be absent, | either, .. words between) and found in a text."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .entries import Pattern, Token

__all__ = ["AND", "COMMA", "CONTRAST", "NONE", "SENTENCE", "WIDEST", "follow", "variants"]

#: strength of the border in front of a token
NONE, AND, COMMA, CONTRAST, SENTENCE = range(5)
#: Words that a phrase may span, particles included.
WIDEST = 40

#: the words and beginnings of words that a phrase names
ATOM = re.compile(r"[^\s|_&?.]+")
_GAPS = {"..": 2, "...": 6}


def variants(text: str) -> Iterator[list[tuple[int, str]]]:
    """All orders and lengths of a phrase: & = in any order, ? = may be absent, .. and ... = words between."""
    if "&" in text:
        left, right = (part.strip() for part in text.split("&", 1))
        yield from variants(f"{left} ... {right}")
        yield from variants(f"{right} ... {left}")
        return
    words = text.split()
    optional = [index for index, word in enumerate(words) if word.endswith("?") and len(word) > 1]
    for absent in product((False, True), repeat=len(optional)):
        left_out = {index for index, away in zip(optional, absent) if away}
        elements: list[tuple[int, str]] = []
        gap = 0
        for index, word in enumerate(words):
            if word in _GAPS:
                gap = _GAPS[word]
            elif index not in left_out:
                elements.append((gap, word[:-1] if index in optional else word))
                gap = 0
        yield from _unfolded(elements)


def heads(text: str) -> Iterator[str]:
    """What the variants of a phrase may begin with.

    >>> list(heads("очень? долго|не_скоро ждать & ответ"))
    ['очень', 'долго|не', 'ответ']
    """
    for part in text.split("&"):
        for word in part.split():
            absent = len(word) > 1 and word[-1] == "?"
            yield "|".join(option.partition("_")[0] for option in (word[:-1] if absent else word).split("|"))
            if not absent:
                break


def lone(text: str) -> list[str]:
    """Variants of a phrase that are one word.

    >>> lone("долго"), lone("очень? долго|не_скоро"), lone("долго ждать")
    (['долго'], ['долго'], [])
    """
    if " " not in text and "_" not in text and text[-1] != "?":
        return [text]
    if "&" in text or sum(word[-1] != "?" for word in text.split()) > 1:
        return []
    return [elements[0][1] for elements in variants(text) if len(elements) == 1]


def _unfolded(elements: list[tuple[int, str]]) -> Iterator[list[tuple[int, str]]]:
    """An alternative of several words («молчит|не_отвечает») becomes a phrase of its own."""
    choices: list[list[list[tuple[int, str]]]] = []
    for gap, element in elements:
        options = element.split("|")
        single = "|".join(option for option in options if "_" not in option)
        choice = [[(gap, single)]] if single else []
        for option in options:
            if "_" in option:
                first, *rest = option.split("_")
                choice.append([(gap, first), *((0, word) for word in rest)])
        choices.append(choice)
    for chosen in product(*choices):
        yield [part for parts in chosen for part in parts]


def follow(pattern: Pattern, tokens: list[Token], place: int) -> tuple[int, ...]:
    """Places of a phrase that begins at a place, or nothing."""
    used = [place]
    last = min(len(tokens), place + WIDEST)
    for gap, allowed in pattern.rest:
        steps = 0
        place += 1
        while place < last:
            token = tokens[place]
            if token.border >= SENTENCE:
                return ()
            if not allowed.isdisjoint(token.word.syms):
                used.append(place)
                break
            # Particles and «very» may stand anywhere inside a phrase.
            steps += not token.word.light
            if steps > gap or token.word.turns:
                return ()
            place += 1
        else:
            return ()
    return tuple(used)
