"""Cells of one line of delimited text: quotes as they should be, and as people leave them."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["logical_lines", "split_line", "unwrapped"]

_WRAPPED = 12  # physical lines that one record may take above the table


def split_line(line: str, separator: str, expected: int | None = None) -> list[str]:
    """Cells of one line; quotes inside an unquoted cell are signs like any other.

    >>> split_line('a;"b;c";ООО "Ромашка;5', ";")
    ['a', 'b;c', 'ООО "Ромашка', '5']
    """
    if '"' not in line:
        return line.split(separator)
    cells = []
    place = 0
    while place <= len(line):
        start = place
        while start < len(line) and line[start] == " ":
            start += 1
        if start < len(line) and line[start] == '"' and (end := _closing(line, start, separator)) is not None:
            cells.append(_unquoted(line[start + 1 : end]))
            place = end + 1
            while place < len(line) and line[place] != separator:
                place += 1  # blanks behind the quote
            place += 1
        else:
            stop = line.find(separator, place)
            stop = len(line) if stop < 0 else stop
            cells.append(line[place:stop])
            place = stop + 1
    return cells


def _closing(line: str, place: int, separator: str) -> int | None:
    """The quote that closes the cell which opens at ``place``: a lone one before a separator or the end."""
    end = place + 1
    while (end := line.find('"', end)) >= 0:
        run = end
        while run < len(line) and line[run] == '"':
            run += 1
        behind = run
        while behind < len(line) and line[behind] == " " and separator != " ":
            behind += 1
        if behind == len(line) or line[behind] == separator:
            # «""» before a separator closes only where the quotes inside the cell are single ones.
            if (run - end) % 2 or (run - end == 2 and end > place + 1 and _lone_inside(line[place + 1 : end])):
                return run - 1
            if end == place + 1 and run - end == 1:
                return end
        end = run
    return None


def _lone_inside(inner: str) -> bool:
    return re.search(r'(?<!")"(?!")', inner) is not None


def _unquoted(inner: str) -> str:
    if '"' not in inner:
        return inner
    if _lone_inside(inner.replace('\\"', "")):
        return inner  # quotes were not doubled when the file was written
    return inner.replace('\\"', '"').replace('""', '"')


def logical_lines(physical: Sequence[str], separator: str) -> tuple[list[list[str]], list[int]]:
    """(cells of each record, its first line from 0), with line breaks inside quotes: names of columns hold them too."""
    split: list[list[str]] = []
    first: list[int] = []
    number = 0
    while number < len(physical):
        cells, taken = _record(physical, number, separator)
        split.append(cells)
        first.append(number)
        number += taken
    return split, first


def _record(physical: Sequence[str], number: int, separator: str) -> tuple[list[str], int]:
    line = physical[number]
    cells = split_line(line, separator)
    if line.count('"') % 2 == 0 or not cells[-1].lstrip().startswith('"'):
        return cells, 1
    for taken in range(2, min(_WRAPPED, len(physical) - number) + 1):
        line += "\n" + physical[number + taken - 1]
        if line.count('"') % 2 == 0:
            together = split_line(line, separator)
            if any("\n" in cell for cell in together) and not any('"' in cell for cell in together):
                return together, taken
            break
    return cells, 1


def unwrapped(text: str) -> str | None:
    """The text without quotes around whole lines, as a spreadsheet writes lines that it took for one cell."""
    lines = text.split("\n")
    filled = [line for line in lines if line.strip()]
    if len(filled) < 2 or not all(len(line) > 1 and line[0] == line[-1] == '"' for line in filled):
        return None
    return "\n".join(line[1:-1].replace('""', '"') for line in lines)
