"""Invented people, companies and numbers that nobody can hold."""

from __future__ import annotations

import zlib
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import yaml

__all__ = ["address", "email", "person", "phone", "stream", "tax_id", "vocabulary"]

_HERE = Path(__file__).parent / "vocabulary"
_WEIGHTS = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_LATIN = dict(zip(_CYRILLIC, [
    "a", "b", "v", "g", "d", "e", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r",
    "s", "t", "u", "f", "kh", "ts", "ch", "sh", "sch", "_", "y", "_", "e", "yu", "ya",
]))  # fmt: skip


def stream(seed: int, *key: object) -> np.random.Generator:
    """Own dice for each purpose: a table that changes leaves the others as they were.

    >>> int(stream(1, "a").integers(1000)) == int(stream(1, "a").integers(1000))
    True
    """
    return np.random.default_rng([seed, zlib.crc32("/".join(map(str, key)).encode())])


@cache
def vocabulary(name: str) -> Any:
    """Words of one area (vocabulary/<name>.yaml)."""
    return yaml.safe_load((_HERE / f"{name}.yaml").read_text(encoding="utf-8"))


def tax_id(number: int) -> str:
    """Tax number of a company with a true control digit.

    Region 00 has no tax office, so that no real company can bear it; its zeros are easily lost,
    which files of the trade show too.

    >>> tax_id(1234567)
    '0012345673'
    """
    digits = f"00{number:07d}"
    control = sum(w * int(d) for w, d in zip(_WEIGHTS, digits)) % 11 % 10
    return digits + str(control)


def phone(number: int) -> str:
    """Phone that cannot exist: local numbers never begin with zero.

    >>> phone(1234)
    '+7 495 000-12-34'
    """
    return f"+7 495 000-{number // 100 % 100:02d}-{number % 100:02d}"


def _latin(text: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in text.lower()).replace("_", "")


def email(name: str, company: str, rng: np.random.Generator) -> str:
    """Address at a domain kept for examples."""
    box = _latin(name.split()[0]) + "." + "".join(c for c in _latin(company) if c.isalnum())[:10]
    return f"{box}@example.{'ru' if rng.random() < 0.7 else 'com'}"


def person(rng: np.random.Generator, used: set[str]) -> str:
    """Surname, name and patronymic not yet used."""
    words = vocabulary("people")
    while True:
        woman = bool(rng.random() < 0.52)
        surname = str(rng.choice(words["surnames"]))
        if woman:
            surname = surname[:-2] + "ая" if surname.endswith("ий") else surname + "а"
        kind = "women" if woman else "men"
        full = f"{surname} {rng.choice(words[kind])} {rng.choice(words[kind + '_patronymics'])}"
        if full not in used:
            used.add(full)
            return full


def address(rng: np.random.Generator) -> str:
    """Street of an invented town."""
    street = rng.choice(vocabulary("people")["streets"])
    return f"г. Заречный Бор, {street}, д. {int(rng.integers(1, 90))}, оф. {int(rng.integers(1, 60))}"
