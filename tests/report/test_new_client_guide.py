"""The guide for consultants: its commands run as they stand, on files as they come."""

import re
import shlex

import pandas as pd
import pytest

_HEAD = "Выгрузка из учётной системы;;;;\nПериод: 01.01.2024 - 31.10.2026;;;;\n;;;;\n"


@pytest.fixture
def exports(tmp_path):
    """A CSV of deals with preamble, cp1251, thousands and a total row; a workbook with a second sheet."""
    folder = tmp_path / "exports"
    folder.mkdir()
    months = pd.period_range("2024-01", "2026-10", freq="M")
    lines, total = ["Код клиента;Клиент;Дата;Сумма, тыс. руб.;Менеджер"], 0
    for client in range(1, 13):
        for number, month in enumerate(months):
            tens = (370 * client + 110 * number % 900) // (4 if client == 3 and number > 25 else 1)
            total += tens
            amount = f"{tens / 100:.2f}".replace(".", ",")
            lines.append(f"{client:03d};ООО «Клиент {client}»;{client + 7:02d}.{month:%m.%Y};{amount};Петрова А.")
    lines.append(f"Итого;;;{total / 100:.2f};".replace(".", ","))
    (folder / "deals.csv").write_bytes((_HEAD + "\n".join(lines) + "\n").encode("cp1251"))
    clients = pd.DataFrame({"Код клиента": [f"{client:03d}" for client in range(1, 13)],
                            "Наименование": [f"ООО «Клиент {client}»" for client in range(1, 13)],
                            "Отрасль": ["Торговля", "Медицина"] * 6})  # fmt: skip
    with pd.ExcelWriter(folder / "clients.xlsx") as book:
        clients.to_excel(book, sheet_name="Клиенты", index=False)
        pd.DataFrame({"черновик": [1]}).to_excel(book, sheet_name="Лист2", index=False)
    return tmp_path


def test_the_commands_of_the_guide(root, exports, loyalty):
    guide = (root / "docs" / "new_client.md").read_text("utf-8")
    commands = re.findall(r"^   loyalty (.+)$", guide, re.M)
    assert [command.split()[0] for command in commands] == ["new", "check", "report"]
    said = {}
    for command in commands:
        done = loyalty(*shlex.split(command), cwd=exports)
        assert done.returncode == 0, (command, done.stdout + done.stderr)
        said[command.split()[0]] = done.stdout
    assert "Next: loyalty check acme" in said["new"]
    assert "12 clients, 408 deals" in said["check"]
    assert "next: loyalty report acme --month 2026-10" in said["check"]
    assert "report 04: 0 of 11 exhibits; with survey_invitations 4 more" in said["check"]
    assert said["report"].splitlines()[-1].replace("\\", "/").endswith("reports/index.html")
    params = (exports / "params" / "acme.yaml").read_text("utf-8")
    assert "# To decide" in params
    page = (exports / "reports" / "acme" / "2026-10" / "03_breaks.html").read_text("utf-8")
    assert "Клиент 3" in page  # the one whose volume fell to a quarter
    for name in ("manager_id", "revenue", "language"):  # what the guide tells to correct is there
        assert name in params
    russian = guide[guide.index("## По-русски") :]
    assert [command for command in said if f"`loyalty {command} " in russian] == list(said)
