"""A hostile client: each free text holds a person, a phone, an e-mail, a passport and a card; no report shows them."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pandas as pd
import pytest
import yaml

import loyalty_analytics as la
from loyalty_analytics import tables

ROOT = Path(__file__).parents[2]
PERSON = "Тихомиров Аристарх Вениаминович"
HOSTILE = f"{PERSON}, тел. +7 912 345-67-89, aristarh@mail.ru, паспорт 4510 123456, карта 4276 1234 5678 9010"
SECRETS = re.compile(
    r"912[\s\u00a0()-]*345|aristarh|4510[\s\u00a0]*123456|4276[\s\u00a0]*1234|Тихомиров|Аристарх|Вениаминович"
)
# Free texts and names of each table; codes and fixed words would not be read with a text in them.
TEXTS = {
    "clients": ["client_name", "address"], "contacts": ["position"], "offers": ["lost_reason"],
    "survey_answers": ["text"],
    "feedback": ["text"], "meetings": ["plan_period", "new_product_plan", "notes", "choice_criteria"],
    "actions": ["result"],
    "complaints": ["text"], "events": ["description"], "funnel_events": ["lost_reason"], "useful_dates": ["note"],
}  # fmt: skip
WORKING_PAPERS = ("plan.xlsx", "plan.ics")


def hostile(root: Path) -> None:
    """params/ and data/raw/ of the demo radio group with every text made hostile."""
    data = la.load("radio", root=ROOT)
    raw = root / "data" / "raw" / "radio"
    raw.mkdir(parents=True)
    (root / "params").mkdir()
    setup = yaml.safe_load((ROOT / "params" / "radio.yaml").read_text(encoding="utf-8"))
    setup["sources"] = {}
    for name in tables.names():
        known = tables.get(name).columns
        frame = data.transactions[["client_id", "date", "amount"]] if name == "transactions" else getattr(data, name)
        if frame.empty:
            continue
        frame = frame[[column for column in frame if column in known]].copy()
        if "choice_criteria" in frame:
            frame["choice_criteria"] = frame["choice_criteria"].map("; ".join, na_action="ignore")
        for column in TEXTS.get(name, ()):
            # The name of a firm may be a person's; what must not stand in it are phones and papers.
            what = (
                HOSTILE.replace(PERSON, "") if column in ("client_name", "choice_criteria", "plan_period") else HOSTILE
            )
            frame[column] = frame[column].map(lambda text, what=what: f"{text}. {what}", na_action="ignore")
        if name == "contacts":
            frame["full_name"], frame["phone"], frame["email"] = PERSON, "+7 912 345-67-89", "aristarh@mail.ru"
        frame.to_csv(raw / f"{name}.csv", sep=";", index=False, date_format="%Y-%m-%d %H:%M:%S")
        setup["sources"][name] = {"files": [f"{name}.csv"], "columns": {column: column for column in frame}}
    (root / "params" / "radio.yaml").write_text(yaml.safe_dump(setup, allow_unicode=True), encoding="utf-8")


def content(path: Path) -> str:
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as archive:
            return "\n".join(archive.read(part).decode("utf-8", "replace") for part in archive.namelist())
    return path.read_bytes().decode("utf-8", "replace")


def test_no_text_of_the_hostile_client_names_a_person_when_masked(tmp_path: Path) -> None:
    hostile(tmp_path)
    shown = la.load("radio", root=tmp_path).masked()
    for name, columns in TEXTS.items():
        for column in [one for one in columns if one not in ("address", "position")]:
            found = shown.tables[name][column].astype("str").str.contains(SECRETS, na=False)
            assert not found.any(), (name, column)
    assert not shown.texts["text"].str.contains(SECRETS).any()
    assert (
        not shown.contacts[["full_name", "phone", "email"]]
        .astype("str")
        .map(lambda one: bool(SECRETS.search(one)))
        .any(axis=None)
    )


@pytest.mark.proof
def test_no_report_shows_a_person(tmp_path: Path) -> None:
    hostile(tmp_path)
    (tmp_path / "notebooks").symlink_to(ROOT / "notebooks")
    command = [sys.executable, "-m", "loyalty_analytics.cli", "report", "radio", "--month", "2026-10", "--quiet",
               "--language", "ru", "--language", "en", "--jobs", "2"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=900)
    written = [path for folder in ("reports", "logs") for path in (tmp_path / folder).rglob("*") if path.is_file()]
    pages = [path for path in written if path.suffix == ".html"]
    assert len(pages) >= 14
    for path in written:
        if path.name in WORKING_PAPERS:
            assert SECRETS.search(content(path)), path.name  # they hold personal data and say so
            continue
        assert not SECRETS.search(content(path)), path.name


def test_the_texts_of_the_tables_are_all_covered() -> None:
    """A new free text of a canonical table must be made hostile here, or be named as what it is."""
    fixed = {"group_id", "payer_id", "acquisition_channel", "tax_id", "industry", "region", "campaign_id", "category",
             "text_ru", "text_en", "cause", "stage", "wave", "channel", "source_id", "lead_id", "coupon_code",
             "level_id", "product_name",
             "product_group", "manager_name", "unit_name", "full_name", "email", "phone"}  # fmt: skip
    for name in tables.names():
        for column in tables.get(name).columns.values():
            free = column.kind in ("str", "list") and not column.allowed and not column.refers
            if free and column.name != tables.get(name).key and column.name not in fixed:
                assert column.name in TEXTS.get(name, ()), (name, column.name)
    assert pd.Series(TEXTS).map(len).sum() >= 14
