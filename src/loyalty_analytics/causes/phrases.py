"""The signs of a phrase in a codebook, unfolded: & in any order, ? may be absent, | either, .. words between."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

__all__ = ["variants"]

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
