"""From raw files to the data of a month: mapping, joined exports, what was known when, money to the kopeck."""

# ruff: noqa: E501  (a file in a line is easier to compare with what must come of it)
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import params, tables
from loyalty_analytics.errors import DataError, ParamsError, SourceError
from loyalty_analytics.load import prepare
from loyalty_analytics.money import to_minor
from loyalty_analytics.sources import clean, match, privacy, store, view
from loyalty_analytics.sources.cards import card_quality
from loyalty_analytics.sources.findings import Findings
from loyalty_analytics.sources.gather import export_date
from loyalty_analytics.sources.new.propose import propose
from loyalty_analytics.sources.values import companies

SHARED = Path(__file__).parents[3] / "shared" / "data" / "transactions"
DEALS = """Номер;Дата;Код;Сумма, руб;Вид
1;05.01.2024;007;100,10;Продажа
2;06.02.2024;008;200,20;Продажа
3;07.03.2024;007;50,00;Возврат
4;08.03.2024;;10,00;Продажа
"""
PARAMS = """
title: {ru: Проба, en: Trial}
language: en
sources:
  transactions:
    files: [deals*.csv]
    columns: {transaction_id: Номер, date: Дата, client_id: Код, amount: "Сумма, руб", kind: Вид}
    values: {kind: {продажа: sale, возврат: return}}
"""


def home(tmp_path: Path, files: dict[str, str], text: str = PARAMS, client: str = "trial") -> Path:
    (tmp_path / "params").mkdir(exist_ok=True)
    (tmp_path / "params" / f"{client}.yaml").write_text(text, encoding="utf-8")
    raw = tmp_path / "data" / "raw" / client
    raw.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (raw / name).write_text(content, encoding="cp1251" if name.startswith("deals") else "utf-8")
    return tmp_path


def codes(findings: pd.DataFrame) -> list[str]:
    return findings["code"].tolist()


def test_a_small_client(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    data = la.load("trial", root=root)
    assert data.transactions["client_id"].tolist() == ["007", "008", "007"]
    assert data.transactions["amount"].tolist() == [100.10, 200.20, -50.0]
    assert data.transactions["kind"].tolist() == ["sale", "sale", "return"]
    assert data.clients["client_id"].tolist() == ["007", "008"]
    assert str(data.as_of) == "2024-03"
    assert data.meetings.empty
    assert list(data.meetings) == list(tables.empty("meetings"))
    assert "meetings" in data.missing
    assert data.passport["deals"] == 2  # a return is no deal
    assert data.passport["rows"]["transactions"] == 3
    told = data.findings.set_index("code")
    assert told.at["no_value", "row"] == 5
    assert told.at["no_value", "money"] == 10.0
    assert round(float(data.panel["revenue"].sum()), 2) == 250.30


def test_what_you_write_to_a_table_stays_with_you(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    data = la.load("trial", root=root)
    mine = data.transactions
    mine.loc[0, "amount"] = 0.0
    mine["amount"] *= 2
    assert data.transactions["amount"].tolist() == [100.10, 200.20, -50.0]
    raw = la.read_source(root / "data" / "raw" / "trial" / "deals.csv")
    table = raw.table
    table.loc[0, "Номер"] = "x"
    assert raw.table["Номер"].tolist() == ["1", "2", "3", "4"]


def test_nothing_after_the_month_is_seen(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    data = la.load("trial", "2024-02", root=root)
    assert data.transactions["transaction_id"].tolist() == ["1", "2"]
    assert data.panel["month"].max() == pd.Timestamp("2024-02-01")
    assert "later_rows" in codes(data.findings)
    with pytest.raises(DataError, match="no data up to 2023-12"):
        la.load("trial", "2023-12", root=root)


def test_clients_who_came_later_are_not_known_yet(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    assert la.load("trial", "2024-01", root=root).clients["client_id"].tolist() == ["007"]


def test_load_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    (root / "notebooks").mkdir()
    monkeypatch.chdir(root / "notebooks")
    assert len(la.load("trial").transactions) == 3
    monkeypatch.chdir(tmp_path.parent)
    with pytest.raises(ParamsError, match="No folder params/"):
        params.find_root(tmp_path.parent)


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    first = la.load("trial", root=root)
    again = la.load("trial", root=root)
    assert first.fingerprint == again.fingerprint
    home(tmp_path, {"deals.csv": DEALS + "5;09.03.2024;009;1,00;Продажа\n"})
    changed = la.load("trial", root=root)
    assert changed.fingerprint != first.fingerprint
    assert len(changed.transactions) == 4


def test_the_language_of_params_speaks(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS}, PARAMS.replace("language: en", "language: ru"))
    made = prepare("trial", root)
    assert made.findings["problem"].str.contains("не учтены").any()
    page = (made.folder / "check.html").read_text(encoding="utf-8")
    assert '<html lang="ru">' in page
    assert "<script" not in page
    assert "Content-Security-Policy" in page
    # On a phone each cell says what it is; the tiles count in Russian.
    assert page.count('data-label="Что делать:"') == len(made.findings)
    assert "<strong>2</strong>сделки" in page
    assert "cards.csv" in page


def test_the_newest_export_wins(tmp_path: Path) -> None:
    later = "Номер;Дата;Код;Сумма, руб;Вид\n2;06.02.2024;008;250,20;Продажа\n5;20.02.2024;009;5,00;Продажа\n"
    earlier = DEALS.replace("3;07.03.2024;007;50,00;Возврат\n", "3;10.02.2024;007;50,00;Возврат\n")
    root = home(tmp_path, {"deals_2024-02.csv": earlier, "deals_2024-03.csv": later})
    data = la.load("trial", root=root)
    amounts = data.transactions.set_index("transaction_id")["amount"].to_dict()
    assert amounts == {"1": 100.10, "3": -50.0, "2": 250.20, "5": 5.0}
    told = data.findings.set_index("code")
    assert told.at["overlap", "rows"] == 1
    assert told.at["changed", "rows"] == 1
    assert told.at["vanished", "rows"] == 1
    assert "3" in told.at["vanished", "problem"]


def test_exports_of_one_name_in_folders_of_months(tmp_path: Path) -> None:
    root = home(tmp_path, {}, PARAMS.replace("[deals*.csv]", '["*/deals.csv"]'))
    head, later = DEALS.partition("\n")[0], "2;06.02.2024;008;250,20;Продажа\n5;20.03.2024;009;5,00;Продажа\n"
    raw = root / "data" / "raw" / "trial"
    for month, content in (("2024-03", f"{head}\n{later}"), ("2024-02", DEALS)):
        (raw / month).mkdir()
        (raw / month / "deals.csv").write_text(content, encoding="cp1251")
    assert la.load("trial", root=root).transactions.set_index("transaction_id").at["2", "amount"] == 250.20
    for month, old, new in (("2024-02", "100,10", "111,10"), ("2024-03", "5,00", "6,00")):  # a change of each is seen
        path = raw / month / "deals.csv"
        path.write_text(path.read_text("cp1251").replace(old, new), encoding="cp1251")
        assert float(new.replace(",", ".")) in la.load("trial", root=root).transactions["amount"].tolist()


def test_a_key_declared_unique_may_not_repeat(tmp_path: Path) -> None:
    lines = DEALS + "1;05.01.2024;007;999,00;Продажа\n"
    root = home(tmp_path, {"deals.csv": lines})
    assert len(la.load("trial", root=root).transactions) == 4  # lines of one order
    home(tmp_path, {}, PARAMS + "    unique: transaction_id\n")
    with pytest.raises(SourceError, match=r"deals\.csv.*repeats with different content in rows 2, 6"):
        la.load("trial", root=root)


def test_every_unreadable_file_is_told(tmp_path: Path) -> None:
    text = PARAMS + "  clients:\n    files: [clients.csv]\n    columns: {client_id: Код, client_name: Имя}\n"
    root = home(tmp_path, {"deals.csv": "a;b;c\nx;y;1;2\n", "clients.csv": ""}, text)
    with pytest.raises(SourceError) as caught:
        prepare("trial", root)
    assert "deals.csv" in str(caught.value)
    assert "clients.csv" in str(caught.value)


def test_a_failed_check_keeps_the_last_good_data(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS})
    folder = prepare("trial", root).folder
    before = sorted((path.name, path.read_bytes()) for path in folder.iterdir())
    home(tmp_path, {"deals.csv": ""})
    with pytest.raises(SourceError, match="empty"):
        prepare("trial", root)
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == before


def test_missing_file_and_wrong_column(tmp_path: Path) -> None:
    root = home(tmp_path, {})
    with pytest.raises(SourceError, match=r"No file 'deals\*\.csv' in data/raw/trial"):
        prepare("trial", root)
    home(tmp_path, {"deals.csv": DEALS.replace("Сумма, руб", "Сума, руб")})
    with pytest.raises(SourceError, match="Did you mean 'Сума, руб'"):
        prepare("trial", root)


def test_scores_and_strangers_are_findings(tmp_path: Path) -> None:
    text = """
title: Survey
language: en
sources:
  clients: {files: [clients.csv], columns: {client_id: id, client_name: name, first_contact_date: since}}
  transactions: {files: [orders.csv], columns: {client_id: id, date: day, amount: sum}}
  questions: {files: [questions.csv], columns: {question_id: q, metric: metric, scale_min: lo, scale_max: hi}}
  survey_answers: {files: [answers.csv], columns: {answer_id: a, client_id: id, question_id: q, answered_at: at, score: score}}
  meetings: {files: [meetings.csv], columns: {meeting_id: m, client_id: id, held_at: day, status: status}}
"""
    root = home(
        tmp_path,
        {
            "clients.csv": "id,name,since\nA,Rose,2024-02-01\nB,Lily,2024-01-01\n",
            "orders.csv": "id,day,sum\nA,2024-01-15,5\nB,2024-02-01,6\nC,2024-02-02,7\n",
            "questions.csv": "q,metric,lo,hi\nN,nps,0,10\n",
            "answers.csv": "a,id,q,at,score\n1,A,N,2024-02-01,11\n2,B,N,2024-02-01,9\n3,B,X,2024-02-01,9\n",
            "meetings.csv": "m,id,day,status\n1,Z,2024-02-01,held\n",
        },
        text,
    )
    data = la.load("trial", root=root)
    told = data.findings.set_index("code")
    assert told.at["before_contact", "money"] == 5.0
    assert told.at["score_off_scale", "rows"] == 1
    assert data.survey_answers["score"].isna().tolist() == [True, False, False]
    strangers = data.findings[data.findings["code"] == "unknown_reference"]
    assert set(strangers["column"]) == {"question_id", "client_id"}
    assert told.at["unknown_clients", "money"] == 7.0
    assert data.clients["client_id"].tolist() == ["A", "B", "C"]


def test_tax_goes_out_at_the_rate_of_the_day() -> None:
    orders = pd.DataFrame(
        {"date": pd.to_datetime(["2018-12-31", "2019-01-01", "2026-01-01"]), "amount": [118.0, 120.0, 122.0]}
    )
    rates = {"2004-01-01": 18.0, "2019-01-01": 20.0, "2026-01-01": 22.0}
    assert clean.without_tax(orders, rates, "RUB")["amount"].tolist() == [100.0, 100.0, 100.0]
    with pytest.raises(SourceError, match="No rates"):
        clean.without_tax(orders, {}, "USD")


def test_a_campaign_is_spread_over_its_days() -> None:
    orders = pd.DataFrame(
        {
            "transaction_id": ["1", "2"], "client_id": ["A", "A"], "amount": [100.0, 7.0], "gross_profit": [33.33, 1.0],
            "date": pd.to_datetime(["2024-01-10", "2024-01-11"]),
            "campaign_start": pd.to_datetime(["2024-01-31", None]), "campaign_end": pd.to_datetime(["2024-03-02", None]),
        }
    )  # fmt: skip
    spread = clean.spread_airing(orders)
    long = spread[spread["transaction_id"] == "1"]
    assert long["date"].tolist() == [pd.Timestamp("2024-01-31"), pd.Timestamp("2024-02-01"), pd.Timestamp("2024-03-01")]
    # 1 of 32 days, 29 of 32, 2 of 32; the parts add up to the whole.
    assert long["amount"].tolist() == [3.12, 90.63, 6.25]
    assert to_minor(long["amount"]).sum() == 10_000
    assert to_minor(long["gross_profit"]).sum() == 3_333
    assert spread.loc[spread["transaction_id"] == "2", "amount"].tolist() == [7.0]


def test_signs_of_returns(tmp_path: Path) -> None:
    root = home(tmp_path, {"deals.csv": DEALS + "5;09.03.2024;007;30,00;Возврат\n"})
    assert la.load("trial", root=root).transactions["amount"].tolist() == [100.10, 200.20, -50.0, -30.0]
    signed = DEALS.replace("50,00", "-50,00") + "5;09.03.2024;007;-30,00;Возврат\n6;10.03.2024;007;1,00;Возврат\n"
    home(tmp_path, {"deals.csv": signed})
    data = la.load("trial", root=root)
    assert data.transactions["amount"].tolist() == [100.10, 200.20, -50.0, -30.0, 1.0]
    assert data.transactions["kind"].tolist()[-1] == "sale"
    assert "returns_positive" in codes(data.findings)


def test_money_counts_when_it_is_paid(tmp_path: Path) -> None:
    deals = "Номер;Дата;Код;Сумма;Оплата;Оплачено\n1;05.01.2024;007;100,00;10.03.2024;90,00\n2;06.02.2024;008;50,00;;\n"
    text = """
title: T
language: en
revenue: {date: payment, vat: none}
sources:
  transactions:
    files: [deals.csv]
    columns: {transaction_id: Номер, date: Дата, client_id: Код, amount: Сумма, paid_date: Оплата, paid_amount: Оплачено}
"""
    root = home(tmp_path, {"deals.csv": deals}, text)
    paid = la.load("trial", "2024-03", root=root).transactions
    assert paid[["transaction_id", "amount"]].to_numpy().tolist() == [["1", 90.0]]
    assert paid["date"].tolist() == [pd.Timestamp("2024-03-10")]
    assert la.load("trial", "2024-02", root=root).transactions.empty


def test_names_join_only_by_decision(tmp_path: Path) -> None:
    text = PARAMS + "  clients: {files: [clients.csv], columns: {client_id: Код, client_name: Имя, tax_id: ИНН}}\n"
    clients = (
        "Код;Имя;ИНН\n007;ООО «Ромашка»;7707083893\n008;\"Ромашка, ООО\";7707083893\n009;АО Ромашка;\n"
        "010;ООО Ромашка-2;\n011;ООО Рамашка;\n"
    )  # fmt: skip
    root = home(tmp_path, {"deals.csv": DEALS, "clients.csv": clients}, text)
    made = prepare("trial", root)
    pairs = pd.read_csv(made.folder / "matches.csv", sep=";", dtype=str, keep_default_na=False)
    assert pairs.loc[0, ["client_id", "other_id"]].tolist() == ["007", "008"]
    assert set(pairs["reason"]) == {"same_tax", "similar"}
    assert len(la.load("trial", root=root).clients) == 5
    pairs.loc[0, "decision"] = "accept"
    pairs.loc[1, "decision"] = "reject"
    pairs.to_csv(made.folder / "matches.csv", sep=";", index=False)
    data = la.load("trial", root=root)
    assert sorted(data.clients["client_id"]) == ["007", "009", "010", "011"]
    assert set(data.transactions["client_id"]) == {"007"}
    assert sorted(data.transactions["payer_id"].unique()) == ["007", "008"]
    lasting = params.matches_file("trial", root)
    assert sorted(store.decisions(made.folder, lasting)["decision"]) == ["accept", "reject"]
    # The processed folder may go; the decisions stay, and may be changed where they are kept.
    shutil.rmtree(made.folder)
    assert len(la.load("trial", root=root).clients) == 4
    kept = pd.read_csv(lasting, sep=";", dtype=str, encoding="utf-8-sig")
    assert kept["decision"].tolist() == ["accept", "reject"]
    kept.assign(decision="reject").to_csv(lasting, sep=";", index=False)
    assert len(la.load("trial", root=root).clients) == 5
    # A decision that is taken back in the list of proposals is forgotten.
    pairs = pd.read_csv(made.folder / "matches.csv", sep=";", dtype=str, keep_default_na=False)
    assert pairs["decision"].tolist()[:2] == ["reject", "reject"]
    pairs.assign(decision="").to_csv(made.folder / "matches.csv", sep=";", index=False)
    prepare("trial", root)
    assert store.decisions(made.folder, lasting).empty
    pairs.assign(decision="perhaps").to_csv(made.folder / "matches.csv", sep=";", index=False)
    with pytest.raises(ParamsError, match="Write accept, reject or nothing"):
        prepare("trial", root)


def test_declared_anchors_beside_computed_ones(tmp_path: Path) -> None:
    text = PARAMS + (
        "  clients: {files: [clients.csv], columns: {client_id: Код, client_name: Имя, is_anchor: Якорный}}\n"
    )
    lines = [f"{n};{10 + n % 12:02d}.{1 + n % 12:02d}.2024;{'001' if n % 3 else f'{n % 20:03d}'};{9000 if n % 3 else 10},00;Продажа"
             for n in range(240)]  # fmt: skip
    deals = "Номер;Дата;Код;Сумма, руб;Вид\n" + "\n".join(lines) + "\n"
    clients = "Код;Имя;Якорный\n001;Мак;нет\n003;Лютик;да\n006;Роза;\n009;Ирис;нет\n"
    root = home(tmp_path, {"deals.csv": deals, "clients.csv": clients}, text)
    told = prepare("trial", root).findings.set_index("code")
    assert told.at["anchor_declared", "rows"] == 1
    assert "Лютик" in told.at["anchor_declared", "problem"]
    assert told.at["anchor_computed", "rows"] == 1
    assert "Мак" in told.at["anchor_computed", "problem"]
    assert la.load("trial", root=root).clients.set_index("client_id").at["003", "is_anchor"]
    agreed = clients.replace("Мак;нет", "Мак;да").replace("Лютик;да", "Лютик;нет")
    home(tmp_path, {"clients.csv": agreed}, text)
    assert not [code for code in codes(prepare("trial", root).findings) if code.startswith("anchor")]


def test_the_repair_list_is_a_csv(tmp_path: Path) -> None:
    text = PARAMS + (
        "  clients: {files: [clients.csv], columns: {client_id: Код, client_name: Имя, tax_id: ИНН}}\ncards: {fresh_days: 30}\n"
    )
    clients = "Код;Имя;ИНН\n007;=2+5;7707083894\n008;Лютик;7707083893\n"
    root = home(tmp_path, {"deals.csv": DEALS, "clients.csv": clients}, text)
    made = prepare("trial", root)
    listed = pd.read_csv(made.folder / "cards.csv", sep=";", dtype=str, encoding="utf-8-sig", keep_default_na=False)
    assert list(listed) == ["client_id", "client_name", "manager_id", "table", "row_id", "field", "fault"]
    wrong = listed[listed["fault"] == "invalid"]
    assert wrong[["client_id", "client_name", "field"]].to_numpy().tolist() == [["007", "'=2+5", "tax_id"]]
    assert set(listed.loc[listed["field"] == "industry", "client_id"]) == {"007", "008"}


def test_a_field_is_used_where_a_report_reads_it() -> None:
    from loyalty_analytics.sources.cards import used_fields

    used = used_fields()
    assert {"industry", "company_size", "manager_id", "client_name"} <= used["clients"]
    assert {"role", "attitude", "phone"} <= used["contacts"]
    assert "tax_id" not in used["clients"]  # it identifies a client; no exhibit shows it


def test_one_owner_with_a_new_firm_is_proposed() -> None:
    days = pd.to_datetime(["2024-01-05", "2024-03-05", "2024-05-01", "2025-01-01", "2024-02-01", "2025-01-10"])
    orders = pd.DataFrame({"client_id": ["A", "A", "B", "B", "C", "C"], "date": days})
    contacts = pd.DataFrame(
        {"client_id": ["A", "B", "C"], "phone": ["+7 912 345-67-89", "8 (912) 3456789", "1"], "email": ["x@y.ru", None, "z@y.ru"],
         "full_name": ["Ким Анна", "Анна Ким", "Ли Бо"]}
    )  # fmt: skip
    found = match.same_owner(orders[["client_id"]].drop_duplicates(), orders, contacts)
    assert found[["client_id", "other_id", "shared"]].to_numpy().tolist() == [["A", "B", "full_name, phone"]]


def test_names_that_never_join() -> None:
    names = pd.Series(["ООО «Ромашка»", "ООО Ромашка-2", "АО «Ромашка»", "ООО Рамашка"])
    assert companies.spellings(names) == []
    clients = pd.DataFrame({"client_id": list("1234"), "client_name": names})
    assert set(match.candidates(clients)["reason"]) == {"similar"}


def test_cards_of_clients() -> None:
    clients = tables.conform(
        pd.DataFrame(
            {
                "client_id": ["A", "B"], "client_name": ["Rose", "Lily"], "manager_id": ["M", "M"], "industry": ["x", None],
                "tax_id": ["7707083893", "7707083894"], "verified_at": pd.to_datetime(["2024-06-01", "2023-01-01"]),
            }
        ),
        "clients",
    )  # fmt: skip
    contacts = tables.conform(
        pd.DataFrame({"contact_id": ["1"], "client_id": ["A"], "email": ["a@b"], "phone": ["+7 912 345-67-89"], "consent": [True]}),
        "contacts",
    )  # fmt: skip
    cards = card_quality(clients, contacts, "2024-06-30")
    fields = cards.fields.set_index(["table", "field"])
    assert fields.at[("clients", "industry"), "filled"] == 0.5
    assert fields.at[("clients", "tax_id"), "valid"] == 0.5
    assert fields.at[("clients", "client_name"), "reached"]
    assert fields.at[("clients", "region"), "never"]
    repair = set(map(tuple, cards.repair[["client_id", "field", "fault"]].to_numpy()))
    assert {
        ("B", "industry", "empty"),
        ("B", "tax_id", "invalid"),
        ("A", "email", "invalid"),
        ("B", "verified_at", "stale"),
    } <= repair
    assert cards.reach.set_index("what")["share"].to_dict() == {"phone": 0.5, "email": 0.5, "consent": 0.5}


def test_names_hold_no_phones(tmp_path: Path) -> None:
    text = PARAMS + (
        "  clients: {files: [clients.csv], columns: {client_id: Код, client_name: Имя}}\n"
        "  meetings: {files: [meetings.csv], columns: {meeting_id: m, client_id: id, held_at: day, status: status, choice_criteria: why}}\n"
    )
    root = home(
        tmp_path,
        {
            "deals.csv": DEALS,
            "clients.csv": "Код;Имя\n007;ООО «Мак» (Анна +7 912 345-67-89, a@mak.ru)\n008;Лютик-2, ИНН 7707083893\n",
            "meetings.csv": "m,id,day,status,why\n1,007,2024-02-01,held,price; call 8 912 345-67-89\n2,008,2024-02-02,held,\n",
        },
        text,
    )
    data = la.load("trial", root=root)
    assert data.clients["client_name"].tolist() == ["ООО «Мак» (Анна •••, •••)", "Лютик-2, ИНН 7707083893"]
    assert list(data.meetings["choice_criteria"].iloc[0]) == ["price", "call •••"]
    told = data.findings[data.findings["code"] == "contacts_in_names"]
    assert told["rows"].tolist() == [1, 1]
    assert "912" not in told["problem"].str.cat()


def test_persons_of_english_texts_are_masked() -> None:
    pattern = privacy.name_pattern(pd.DataFrame({"full_name": ["John Smithers", "Иванова Анна", "Brown, Mary"]}))
    shown = privacy.masked_text("Smithers is late, Dr. Mary Poppins and Ивановой no; Brown is fine", pattern)
    assert shown == "••• is late, ••• and ••• no; ••• is fine"


def test_persons_are_masked() -> None:
    contacts = pd.DataFrame(
        {"client_id": ["A"], "full_name": ["Иванова Пелагея Сергеевна"], "phone": ["1"], "email": ["a@b.ru"]}
    )
    frames = {
        "contacts": contacts,
        "feedback": pd.DataFrame(
            {"text": ["Ивановой спасибо! 8 (912) 345-67-89, паспорт 4510 123456, 4276123456789018"]}
        ),
    }
    masked = privacy.masked_tables(frames)
    text = masked["feedback"]["text"].iloc[0]
    for secret in ("Иванов", "912", "4510", "4276123456789018"):
        assert secret not in text
    assert masked["contacts"].iloc[0].tolist() == ["A", "И. П. С.", "•••", "•••"]
    assert frames["contacts"]["email"].iloc[0] == "a@b.ru"
    untouched = "Сделка 2024-15 на 1 200 500,00 руб., эфир 12.10.2026 в 10:30"
    assert privacy.masked_text(untouched) == untouched


def test_family_data_are_refused(tmp_path: Path) -> None:
    text = "title: T\nsources:\n  useful_dates: {files: [d.csv], columns: {client_id: id, date: day, note: note}}\n"
    root = home(tmp_path, {"d.csv": "id;day;note\nA;2024-05-01;Юбилей фирмы\nA;2024-06-01;День рождения жены\n"}, text)
    made = prepare("trial", root)
    kept = store.read_table(made.folder, "useful_dates")
    assert kept["note"].tolist() == ["Юбилей фирмы"]
    assert "family_row" in codes(made.findings)
    home(tmp_path, {"d.csv": "id;day;Дети\nA;2024-05-01;двое\n"}, text.replace("note: note", "note: Дети"))
    with pytest.raises(SourceError, match="about someone's family"):
        prepare("trial", root)


def test_no_formula_leaves_in_a_csv(tmp_path: Path) -> None:
    store.write_csv(
        pd.DataFrame({"=name": ["=1+1", "@x", "+7", "-5", "ok"], "n": [-1.5, 2, 3, 4, None]}), tmp_path / "a.csv"
    )
    content = (tmp_path / "a.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = content.decode("utf-8-sig").splitlines()
    assert rows[:3] == ["'=name;n", "'=1+1;-1,5", "'@x;2,0"]  # 1.5 would open as the first of May in Russian Excel


@pytest.mark.parametrize(
    "name, date",
    [("deals_2026-09.csv", "2026-09"), ("сделки 31.10.2026.xlsx", "2026-10-31"), ("x20240131.csv", "2024-01-31"),
     ("09-2026.csv", "2026-09"), ("deals.csv", ""), ("report_2025.xls", "2025")],
)  # fmt: skip
def test_the_date_in_a_file_name(name: str, date: str) -> None:
    assert export_date(name) == date


def test_what_became_known_later_is_open_again() -> None:
    frames = {name: tables.empty(name) for name in tables.names()}

    def fill(name: str, **columns: list[object]) -> None:
        frame = pd.DataFrame(columns)
        for column in tables.get(name).columns.values():
            if column.kind in ("date", "ts") and column.name in frame:
                frame[column.name] = pd.to_datetime(frame[column.name])
        frames[name] = tables.conform(frame, name)

    fill(
        "clients",
        client_id=["A", "B", "C"],
        client_name=["A", "B", "C"],
        first_contact_date=["2023-01-01", "2024-05-01", None],
    )
    fill("transactions", transaction_id=["1", "2"], client_id=["A", "C"], date=["2024-01-05", "2024-06-01"], amount=[5.0, 6.0],
         paid_date=["2024-04-01", None], paid_amount=[5.0, None], due_date=["2024-05-01", None])  # fmt: skip
    fill(
        "offers",
        offer_id=["1"],
        client_id=["A"],
        offered_at=["2024-02-01"],
        outcome=["lost"],
        decided_at=["2024-06-01"],
        lost_reason=["price"],
    )
    fill("meetings", meeting_id=["1", "2", "3"], client_id=["A", "A", "A"], planned_at=["2024-02-01", "2024-05-01", "2024-05-02"],
         held_at=["2024-02-01", "2024-05-03", None], status=["held", "held", "planned"])  # fmt: skip
    fill(
        "survey_invitations",
        invitation_id=["1"],
        client_id=["A"],
        wave=["w"],
        sent_at=["2024-03-30"],
        status=["answered"],
    )
    fill(
        "survey_answers",
        answer_id=["1"],
        invitation_id=["1"],
        client_id=["A"],
        question_id=["q"],
        answered_at=["2024-04-02"],
        score=[9.0],
    )
    fill("actions", action_id=["1"], client_id=["A"], opened_at=["2024-03-01"], due_at=["2024-04-15"], closed_at=["2024-04-05"],
         status=["closed"], result=["done"])  # fmt: skip
    seen = view.as_known(frames, pd.Timestamp("2024-03-31 23:59:59"))
    assert seen["clients"]["client_id"].tolist() == ["A"]
    assert seen["transactions"][["paid_date", "paid_amount"]].isna().all(axis=None)
    assert seen["transactions"]["due_date"].notna().all()
    assert seen["offers"][["outcome", "lost_reason"]].fillna("-").to_numpy().tolist() == [["open", "-"]]
    assert seen["meetings"]["meeting_id"].tolist() == ["1", "3"]
    assert seen["survey_invitations"]["status"].tolist() == ["no_answer"]
    assert seen["survey_answers"].empty
    assert seen["actions"]["status"].tolist() == ["in_progress"]
    assert frames["actions"]["status"].tolist() == ["closed"]


def test_decimals_of_a_database_are_numbers(tmp_path: Path) -> None:
    from decimal import Decimal

    frame = pd.DataFrame({"client": ["A", "B"], "amount": [Decimal("1.234"), Decimal("2.500")]})
    frame.to_parquet(tmp_path / "d.parquet")
    assert la.read_source(tmp_path / "d.parquet").table["amount"].tolist() == [1.234, 2.5]


# -- params ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change, message",
    [
        ({"braeks": {}}, "unknown key 'braeks'. Did you mean 'breaks'"),
        ({"sources": {"transaction": {}}}, "Did you mean 'transactions'"),
        ({"sources": {"transactions": {"file": "a"}}}, "Did you mean 'files'"),
        ({"sources": {"transactions": {"files": "a", "columns": {"dat": "a"}}}}, "Did you mean 'date'"),
        ({"sources": {"transactions": {}}}, "give either files or url"),
        ({"sources": []}, "must name tables"),
        ({"currency": "rub"}, "pattern"),
        ({"breaks": {"seting": 1}}, "Did you mean 'setting'"),
        ({"breaks": 5}, "must hold keys"),
        ({"revenue": {"vat": "yes"}}, "revenue: vat"),
        ({"client": "other"}, "Write `client: x`"),
        ({"rfm": {"panel": 1}}, "unknown key 'panel'"),
    ],
)
def test_wrong_params_say_what_is_right(change: dict[str, object], message: str) -> None:
    content = {"title": "X", "sources": {"transactions": {"files": "a.csv", "columns": {"date": "d"}}}} | change
    with pytest.raises(ParamsError) as caught:
        params.parse(content, "params/x.yaml", "x")
    assert message in str(caught.value)
    assert "params/x.yaml" in str(caught.value)


def test_sections_are_dicts_of_arguments() -> None:
    read = params.parse({"title": "X", "breaks": {"false_discovery": 0.2}}, "params/x.yaml", "x")
    assert read.breaks == {"false_discovery": 0.2}
    assert read.meetings == {}
    assert read.title_in("ru") == "X"
    with pytest.raises(AttributeError, match="Did you mean 'breaks'"):
        read.braeks  # noqa: B018


@pytest.mark.parametrize("client", ["../etc", "a/b", "", ".hidden", "a\\b"])
def test_no_path_comes_from_a_name(client: str, tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    with pytest.raises(ParamsError, match="no name of a client"):
        params.read(client, tmp_path)


def test_broken_yaml_names_the_line(tmp_path: Path) -> None:
    root = home(tmp_path, {}, "title: X\ntitle: Y\n")
    with pytest.raises(ParamsError, match="Line 2: 'title' stands twice"):
        params.read("trial", root)
    home(tmp_path, {}, "title: [X\n")
    with pytest.raises(ParamsError, match=r"params/trial\.yaml, line"):
        params.read("trial", root)
    with pytest.raises(ParamsError, match="Did you mean 'trial'"):
        params.read("trail", root)


# -- new clients -------------------------------------------------------------------------------


def test_params_are_proposed_and_work(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    files = tmp_path / "mail"
    files.mkdir()
    (files / "сделки_2024.csv").write_text(
        "Номер сделки;Дата сделки;Код клиента;Контрагент;Сумма, руб;Вид операции\n1;05.01.2024;007;Ромашка;100,10;Реализация\n"
        "2;06.02.2024;008;Лютик;200,20;Возврат\n",
        encoding="cp1251",
    )
    (files / "отзывы.csv").write_text("Код клиента;Дата отзыва;Текст отзыва\n007;01.02.2024;Долго\n", encoding="utf-8")
    made = propose("trial", [files], root=tmp_path)
    assert "# To decide" in made.text
    assert made.table["confidence"].between(80, 100).all()
    assert params.read("trial", tmp_path).currency == "RUB"
    data = la.load("trial", root=tmp_path)
    assert data.transactions["amount"].tolist() == [100.10, -200.20]
    assert data.clients["client_name"].tolist() == ["Ромашка", "Лютик"]
    assert data.texts["text"].tolist() == ["Долго"]
    with pytest.raises(ParamsError, match="exists"):
        propose("trial", [files], root=tmp_path)
    assert "loyalty check trial" in str(made)


def test_files_without_meaning_are_told(tmp_path: Path) -> None:
    (tmp_path / "params").mkdir()
    (tmp_path / "x.csv").write_text("foo;bar\n1;2\n")
    with pytest.raises(ParamsError, match="No table could be recognised"):
        propose("trial", [tmp_path / "x.csv"], root=tmp_path)
    assert not (tmp_path / "params" / "trial.yaml").exists()


def test_a_database_is_a_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import duckdb

    base = tmp_path / "crm.duckdb"
    with duckdb.connect(str(base)) as connection:
        connection.execute(
            "create table orders as select * from (values (1, 7, date '2024-01-05', 100.10::decimal(12,2)), "
            "(2, 8, date '2024-02-05', 0.20)) t(order_id, customer_id, order_date, amount)"
        )
    monkeypatch.setenv("CRM", str(base))
    text = (
        "title: T\nlanguage: en\nsources:\n  transactions: {url: 'duckdb://${CRM}', table: orders, columns: "
        "{transaction_id: order_id, client_id: customer_id, date: order_date, amount: amount}}\n"
    )
    root = home(tmp_path, {}, text)
    data = la.load("trial", root=root)
    assert data.transactions["client_id"].tolist() == ["7", "8"]
    assert data.transactions["amount"].tolist() == [100.10, 0.20]
    processed = b"".join(path.read_bytes() for path in (root / "data" / "processed" / "trial").iterdir())
    assert str(base).encode() not in processed
    monkeypatch.delenv("CRM")
    with pytest.raises(SourceError, match="The environment has no CRM"):
        prepare("trial", root)


def test_a_password_in_params_is_refused(tmp_path: Path) -> None:
    text = "title: T\nsources:\n  clients: {url: 'postgres://anna:secret@db/crm', table: c, columns: {client_id: a, client_name: b}}\n"
    root = home(tmp_path, {}, text)
    with pytest.raises(SourceError) as caught:
        prepare("trial", root)
    assert "secret" not in str(caught.value)
    assert "${NAME}" in str(caught.value)


# -- real and simulated data -------------------------------------------------------------------


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not SHARED.is_dir():
        pytest.skip("the shared data are not here")
    root = tmp_path_factory.mktemp("b2b")
    (root / "params").mkdir()
    propose("b2b", [SHARED / "b2b_simulated_2000"], root=root)
    return root


def test_money_is_exact_to_the_kopeck(simulated: Path) -> None:
    data = la.load("b2b", root=simulated)
    summary = json.loads((SHARED / "b2b_simulated_2000" / "summary.json").read_text())
    panel = data.panel.assign(
        revenue=to_minor(data.panel["revenue"]), gross_profit=to_minor(data.panel["gross_profit"])
    )
    months = panel.groupby(panel["month"].dt.strftime("%Y-%m"))[["revenue", "gross_profit"]].sum()
    for month in summary["months"]:
        assert months.at[month["month"], "revenue"] == month["revenue_kopecks"]
        assert months.at[month["month"], "gross_profit"] == month["profit_kopecks"]
    assert len(data.transactions) == summary["totals"]["rows"]
    assert (data.transactions["kind"] == "return").sum() == summary["totals"]["returns"]


def test_a_real_wholesaler(tmp_path: Path) -> None:
    file = SHARED / "online_retail_2009_2010.parquet"
    if not file.is_file():
        pytest.skip("the shared data are not here")
    (tmp_path / "params").mkdir()
    propose("retail", [file], root=tmp_path)
    made = prepare("retail", tmp_path)
    told = made.findings.set_index("code")
    # Counts of the data's own description: lines without customer, of cancellation, exact duplicates.
    assert told.at["no_value", "rows"] == 107_927
    assert told.at["cancellations", "rows"] == 10_206
    assert told.at["duplicates", "rows"] == 6_865
    raw = pd.read_parquet(file).drop_duplicates()
    kept = raw[raw["Customer ID"].notna() & (raw["InvoiceDate"] < "2010-12-01")]
    pennies = int(np.rint(kept["Quantity"].to_numpy() * kept["Price"].to_numpy() * 100).sum())
    data = la.load("retail", "2010-11", root=tmp_path)
    assert int(to_minor(data.transactions["amount"]).sum()) == pennies
    assert int(to_minor(data.panel["revenue"]).sum()) == pennies


def test_importing_the_tables_is_light() -> None:
    code = (
        "import sys, loyalty_analytics.tables; print(any(m in sys.modules for m in ('pandas', 'pandera', 'pydantic')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env={**os.environ})
    assert done.stdout.strip() == "False"


def test_findings_speak_both_languages() -> None:
    from loyalty_analytics.words import area

    assert set(area("sources", "ru")) == set(area("sources", "en"))
    found = Findings()
    found.add("duplicates", rows=3)
    assert found.frame("ru")["problem"].iloc[0].startswith("Полных повторов")
    assert found.frame("en")["problem"].iloc[0].startswith("Exact duplicate rows left out: 3;")


def test_findings_write_numbers_as_the_language_does() -> None:
    found = Findings()
    found.add("unit", column="Сумма", scale="1000")
    found.add("unit", column="Сумма", scale="0.01")
    found.add("total_differs", rows=1, label="Итого", total="1234567.50", sum="-1234.00")
    found.add("duplicates", rows=12345)
    russian = found.frame("ru")["problem"]
    assert russian.tolist() == [
        "«Сумма» умножен на 1\u00a0000: так сказано в заголовке.",
        "«Сумма» умножен на 0,01: так сказано в заголовке.",
        "«Итого»: в файле 1\u00a0234\u00a0567,50, а сумма строк −1\u00a0234,00; итог не учтён.",
        "Полных повторов строк: 12\u00a0345; каждая строка учтена один раз.",
    ]
    english = found.frame("en")["problem"]
    assert "multiplied by 1,000," in english[0]
    assert "1,234,567.50" in english[2]
    assert "12,345" in english[3]


def test_a_lack_of_memory_is_no_damage_of_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise MemoryError("Unable to allocate 153 MiB")

    (tmp_path / "deals.csv").write_text(DEALS, encoding="utf-8")
    monkeypatch.setattr("loyalty_analytics.sources.read.open_file", fail)
    with pytest.raises(MemoryError, match="153 MiB"):
        la.read_source(tmp_path / "deals.csv")
