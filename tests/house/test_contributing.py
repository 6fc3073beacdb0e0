"""The recipes of CONTRIBUTING.md, followed as they stand."""

import re

import pandas as pd
import pytest

import loyalty_analytics as la


@pytest.fixture(scope="module")
def blocks(root):
    """Fenced blocks by language, in order, without the indent of a list."""
    text = (root / "CONTRIBUTING.md").read_text("utf-8")
    found: dict[str, list[str]] = {}
    for indent, language, body in re.findall(r"^( *)```(python|yaml)\n(.*?)^ *```$", text, re.M | re.S):
        found.setdefault(language, []).append(re.sub(rf"^{indent}", "", body, flags=re.M))
    return found


def test_an_analysis(blocks):
    names: dict = {}
    exec(blocks["python"][0], names)
    panel = pd.DataFrame({"client_id": ["007", "007", "012"], "month": ["2026-08", "2026-09", "2026-09"],
                          "revenue": [10.0, 30.0, 5.0]})  # fmt: skip
    result = names["largest_months"](panel, most=1)
    assert result.table["revenue"].tolist() == [30.0, 5.0]
    assert result.table["client_id"].tolist() == ["007", "012"]
    assert names["largest_months"](result).table.equals(result.table)
    empty = names["largest_months"](panel.head(0))
    assert list(empty.table) == ["client_id", "month", "revenue"]
    assert empty.notes


def test_a_codebook(blocks, tmp_path):
    folder = tmp_path / "params" / "codebooks"
    folder.mkdir(parents=True)
    (folder / "bakery.yaml").write_text(blocks["yaml"][0], "utf-8")
    texts = pd.DataFrame({"feedback_id": [1, 2, 3], "text": ["Опять корочка подгорела", "A burnt crust again", "Всё"]})
    tags = la.tag_causes(texts, "bakery", root=tmp_path).table
    crust = tags[tags["cause"] == "product.crust"]
    assert crust["feedback_id"].tolist() == [1, 2]
    assert set(crust["sentiment"]) == {"negative"}


def test_a_database(blocks, tmp_path, monkeypatch):
    import duckdb

    with duckdb.connect(str(tmp_path / "shop.duckdb")) as shop:
        shop.execute("create table sales (code text, day date, total decimal(9, 2), test boolean)")
        shop.execute("insert into sales values ('007', '2026-10-05', 12.34, false), ('007', '2026-10-06', 99, true)")
    monkeypatch.setenv("SHOP_FILE", str(tmp_path / "shop.duckdb"))
    (tmp_path / "params").mkdir()
    (tmp_path / "params" / "shop.yaml").write_text(blocks["yaml"][1], "utf-8")
    data = la.load("shop", month="2026-10", root=tmp_path)
    assert data.transactions[["client_id", "amount"]].values.tolist() == [["007", 12.34]]


def test_what_the_recipes_name_is_there(root):
    text = (root / "CONTRIBUTING.md").read_text("utf-8")
    package = root / "src" / "loyalty_analytics"
    for name in re.findall(r"`((?:[a-z_]+/)*[a-z_]+\.py|[a-z_]+/(?:[a-z_]+/)*)`", text):
        assert any((base / name).exists() for base in (root, package)), name
    for constant, file in (("_PUBLIC", "__init__.py"), ("_SECTIONS", "params.py"), ("LANGUAGES", "words/__init__.py"),
                           ("LANGUAGES", "causes/codebook.py")):  # fmt: skip
        assert re.search(rf"^{constant}\b", (package / file).read_text("utf-8"), re.M), (constant, file)
