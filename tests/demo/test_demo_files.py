"""The demo's raw files: made from a seed, invented through and through, dirty where they should be."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from loyalty_analytics.errors import ParamsError
from loyalty_analytics.synthetic import World, write_demo
from loyalty_analytics.synthetic import radio as radio_world
from loyalty_analytics.synthetic.people import stream, vocabulary
from loyalty_analytics.synthetic.texts import Writer

DEALS = sorted(("deals_2024.csv", "deals_2025.csv", *(f"deals_2026-{month:02d}.csv" for month in range(6, 11))))


@pytest.fixture(scope="module")
def world() -> World:
    return radio_world()


def _bytes(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def test_raw_files_and_truth_are_those_of_the_seed(root, tmp_path):
    write_demo(root, into=tmp_path)
    for part in ("data/raw/radio", "data/raw/clinic", "tests/demo/truth"):
        made, kept = _bytes(tmp_path / part), _bytes(root / part)
        assert made.keys() == kept.keys()
        changed = [name for name in made if made[name] != kept[name]]
        assert not changed, f"{part}: run `python -m loyalty_analytics.synthetic`, these differ: {changed}"


def test_no_params_is_said(tmp_path):
    with pytest.raises(ParamsError, match=r"no params/radio\.yaml"):
        write_demo(tmp_path)


def test_raw_files_are_small(root):
    assert sum(len(content) for content in _bytes(root / "data" / "raw").values()) < 4_000_000


def test_the_house_is_as_told(world):
    cards = world.tables["clients"].iloc[:60]
    assert cards["client_type"].value_counts().to_dict() == {"regular": 40, "seasonal": 20}
    assert int(cards["is_anchor"].sum()) == 12
    assert cards["industry"].nunique() == 9
    assert len(world.tables["contacts"]) == 160
    assert len(world.tables["feedback"]) == 500
    assert (world.tables["managers"]["role"] == "manager").sum() == 6
    assert len(world.tables["units"]) == 3
    groups = world.tables["clients"].dropna(subset=["group_id"]).groupby("group_id").size()
    assert groups.to_dict() == {"C009": 2, "C030": 2}


def test_story_counts(world):
    story = world.truth["story"]
    assert story["kind"].value_counts().to_dict() == {
        "break": 6, "churn": 6, "manager": 5, "season_only": 4, "price": 3, "decline": 2, "growth": 1,
    }  # fmt: skip
    assert len(world.truth["silent"]) == 20
    assert world.truth["channels"]["pays_back"].tolist() == [True, True, False]
    planted = story[story["kind"].isin(["break", "growth"])]
    events = world.tables["events"]
    for client, month in planted[["client_id", "break_month"]].to_numpy():
        days = (pd.Period(month, "M").to_timestamp() - events.loc[events["client_id"] == client, "date"]).dt.days
        assert days.between(1, 31).any(), f"no event before the break of {client}"


def test_tax_numbers_have_true_control_digits_and_an_unused_region(world):
    numbers = world.tables["clients"]["tax_id"]
    weights = (2, 4, 10, 3, 5, 9, 4, 6, 8)
    assert numbers.is_unique
    for number in numbers:
        assert re.fullmatch(r"00\d{8}", number)
        assert sum(w * int(d) for w, d in zip(weights, number)) % 11 % 10 == int(number[-1])


def test_people_cannot_be_reached(world):
    people = world.tables["contacts"]
    assert people["full_name"].is_unique
    assert people["phone"].dropna().str.fullmatch(r"\+7 495 000-\d\d-\d\d").all()
    assert people["email"].dropna().str.fullmatch(r"[a-z0-9.]+@example\.(ru|com)").all()


def test_texts_differ(world):
    texts = world.tables["feedback"]["text"]
    said = texts[~texts.isin(vocabulary("radio_texts")["blank"])]
    assert said.str.lower().str.replace(r"\W", "", regex=True).duplicated().sum() <= 5
    assert said.str.len().between(8, 220).all()
    assert not said.str.contains(r"[{}|]").any()


def test_scores_and_texts_agree(world):
    """Who complains only is less pleased than who praises only."""
    tones = world.truth["causes"].groupby("feedback_id")["tone"].agg(lambda t: "/".join(sorted(set(t))))
    score = world.tables["feedback"].set_index("feedback_id")["score"]
    mean = score.groupby(tones).mean()
    assert mean["pos"] > mean["neg"] + 1


def test_a_writer_takes_every_clause_before_it_repeats_one():
    words = vocabulary("radio_texts")
    writer = Writer(words, stream(1, "t"))
    clauses = words["causes"]["staff.contact"]["neg"]
    deck = [writer.clause("staff.contact", "neg") for _ in clauses]
    assert len(set(deck)) == len(clauses)


@pytest.mark.parametrize("file", DEALS)
def test_deal_files_are_those_of_a_russian_crm(root, file):
    content = (root / "data" / "raw" / "radio" / file).read_bytes()
    with pytest.raises(UnicodeDecodeError):
        content.decode("utf-8")
    lines = content.decode("cp1251").split("\r\n")
    assert lines[0].startswith("Номер сделки;Код клиента;Клиент;Станция;Дата;")
    assert re.search(r";\d{1,3}( \d{3})*,\d\d;", lines[1])
    assert len(lines) - len(set(lines)) >= 3, "no duplicate rows"


def test_dirt_is_there(root):
    folder = root / "data" / "raw" / "radio"
    text = "".join((folder / file).read_text(encoding="cp1251") for file in DEALS)
    for sign in ("31.02.2024", "15.13.2024", "30.06.2052", ";н/д;", ";уточнить;", "Итого;", ";Отказ", ";В работе"):
        assert sign in text, sign
    names = {line.split(";")[2] for line in text.splitlines() if ";C001;" in line}
    assert len(names) >= 3, f"C001 has one spelling only: {names}"


def test_overlapping_exports_renew_payments(root):
    folder = root / "data" / "raw" / "radio"
    kinds = {"dtype": "str", "sep": ";", "encoding": "cp1251"}
    old, new = (
        pd.read_csv(folder / f"deals_2026-{m}.csv", **kinds).drop_duplicates("Номер сделки") for m in ("09", "10")
    )
    both = old.merge(new, on="Номер сделки", suffixes=("", "_new"))
    assert len(both) > 100
    paid = both["Дата оплаты"].isna() & both["Дата оплаты_new"].notna()
    assert paid.sum() > 10
    assert not (both["Дата оплаты"].notna() & both["Дата оплаты_new"].isna()).any()
