"""Run as a process of its own: the sheets of an XLS file as JSON on the standard output."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import Any

_MEMORY = 1_600 << 20


def packed(cell: Any) -> Any:
    """A cell as JSON holds it."""
    if isinstance(cell, dt.datetime):
        return {"t": cell.isoformat()}
    if isinstance(cell, dt.date):
        return {"d": cell.isoformat()}
    if isinstance(cell, dt.time | dt.timedelta):
        return str(cell)
    return cell


def unpacked(cell: Any) -> Any:
    """Inverse of `packed`."""
    if isinstance(cell, dict):
        return dt.datetime.fromisoformat(cell["t"]) if "t" in cell else dt.date.fromisoformat(cell["d"])
    return cell


def main(path: str) -> None:
    """Print {"sheets": […]} or {"error": …}."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    except (ImportError, ValueError, OSError):  # Windows, or a limit already lower
        pass
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheets = []
        for place, about in enumerate(book.sheets_metadata):
            if not str(about.typ).endswith("WorkSheet"):
                continue
            sheet = book.get_sheet_by_index(place)
            sheets.append(
                {
                    "name": about.name,
                    "visible": str(about.visible).endswith("Visible"),
                    "merged": [[*start, *end] for start, end in (sheet.merged_cell_ranges or [])],
                    "rows": [[packed(cell) for cell in row] for row in sheet.to_python(skip_empty_area=False)],
                }
            )
        content: dict[str, Any] = {"sheets": sheets}
    except BaseException as error:
        content = {"error": str(error)[:200]}
    json.dump(content, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1])
