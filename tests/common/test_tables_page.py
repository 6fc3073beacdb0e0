"""docs/tables.md says what tables.txt declares; written again by `python tests/common/test_tables_page.py`."""

from __future__ import annotations

from pathlib import Path

from loyalty_analytics import tables, words

PAGE = Path(__file__).resolve().parents[2] / "docs" / "tables.md"
KINDS = {
    "str": "text", "day": "date or month-day", "int": "whole number", "num": "number", "money": "money",
    "bool": "yes or no", "date": "date", "month": "month", "ts": "date and time", "list": "list of words",
}  # fmt: skip


def page() -> str:
    lines = [
        "# Tables and columns", "",
        "What `sources:` in params/<client>.yaml may map. **bold**: a row means nothing without it; *either*: one",
        "of these is filled in each row. Unknown is left empty, never 0. Money in the client's one currency, without",
        "VAT unless `revenue: {vat: included}`. Reports 02 and 03 need `clients` and `transactions`; all other tables",
        "are optional, and each exhibit says what it misses.", "",
    ]  # fmt: skip
    for name in tables.names():
        table = tables.get(name)
        lines += [f"## {name}", "", f"{words.say(f'tables.{name}', 'ru')}", "", "| column | holds |", "|---|---|"]
        for column in table.columns.values():
            shown = f"**{column.name}**" if column.required else f"*{column.name}*" if column.either else column.name
            holds = ", ".join(f"`{value}`" for value in column.allowed) or KINDS[column.kind]
            if column.low is not None or column.high is not None:
                holds += f" {column.low:g} to {column.high:g}"
            if column.key:
                holds += ", key"
            if column.refers:
                holds += f" → {column.refers}"
            lines.append(f"| {shown} | {holds} |")
        lines.append("")
    return "\n".join(lines)


def test_the_page_of_tables_is_up_to_date():
    assert PAGE.read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
