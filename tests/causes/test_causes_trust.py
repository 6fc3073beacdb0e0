"""Precision, recall, agreement, and the file of corrections."""

from __future__ import annotations

import gold_texts
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.causes import append_corrections, kappa, labelling_cell, next_texts, read_corrections
from loyalty_analytics.errors import DataError, ParamsError


def test_kappa_and_its_interval_are_those_of_statsmodels():
    """The table 20-5-10-15 is the usual example of the textbooks: kappa 0.4."""
    from statsmodels.stats.inter_rater import cohens_kappa

    first = ["a"] * 25 + ["b"] * 25
    second = ["a"] * 20 + ["b"] * 5 + ["a"] * 10 + ["b"] * 15
    other = cohens_kappa([[20, 5], [10, 15]])
    assert kappa(first, second)[0] == pytest.approx(0.40)
    assert kappa(first, second)[1:] == pytest.approx((other.kappa_low, other.kappa_upp))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=5, max_size=60))
def test_kappa_is_that_of_sklearn(pairs):
    from sklearn.metrics import cohen_kappa_score

    first, second = zip(*pairs)
    if len({*first, *second}) > 1:
        assert kappa(first, second)[0] == pytest.approx(cohen_kappa_score(first, second))


def test_precision_and_recall_by_hand():
    feedback = pd.DataFrame(
        {"feedback_id": [1, 2, 3, 4], "text": ["Дорого", "Цена нормальная", "Петров", "Дорогой друг"]}
    )
    tags = la.tag_causes(feedback)
    corrections = pd.DataFrame(
        {
            "text": ["Дорого", "Цена нормальная", "Петров", "Дорогой друг"],
            "cause": ["price.level", None, "price.level", None],
            "sentiment": ["negative", None, "negative", None],
        }
    )
    report = la.rule_report(tags, corrections, feedback=feedback, codebook="general")
    row = report.overview.set_index("cause").loc["price.level"]
    # Two tags, one right; two texts about the price, one found.
    assert (row["hits"], row["checked"], row["right"], row["missed"]) == (2, 2, 1, 1)
    assert (row["precision"], row["recall"], row["sentiment_right"]) == (0.5, 0.5, 1.0)
    assert row["precision_low"] < 0.5 < row["precision_high"]
    assert report.untagged == 0.5
    assert len(report.silent) > 1000
    assert not set(report.silent["rule"]) & set(tags.table["rule"])


def test_corrections_are_only_ever_added(tmp_path):
    (tmp_path / "params").mkdir()
    one = pd.DataFrame({"text": ["=1+1 дорого"], "cause": ["price"], "sentiment": ["negative"]})
    append_corrections("radio", one, annotator="A", root=tmp_path)
    before = (tmp_path / "params" / "radio.corrections.csv").read_bytes()
    now = append_corrections("radio", one.assign(cause="price.level"), annotator="A", root=tmp_path)
    after = (tmp_path / "params" / "radio.corrections.csv").read_bytes()
    assert after.startswith(before)
    assert b"\n=" not in after
    assert now[["text", "cause"]].values.tolist() == [["=1+1 дорого", "price.level"]]
    with pytest.raises(DataError, match="Unknown sentiment"):
        append_corrections("radio", one.assign(sentiment="bad"), root=tmp_path)
    with pytest.raises(ParamsError, match="no name of a client"):
        read_corrections("../radio", tmp_path)
    assert len(read_corrections("clinic", tmp_path)) == 0


def test_next_texts_are_unlike_and_unknown(general):
    texts = ["Дорого.", "Дорого!", "Какой-то сюр вышел", "Петров звонил в обед", "Очень вежливый персонал"]
    feedback = pd.DataFrame({"feedback_id": range(5), "text": texts})
    done = pd.DataFrame({"text": ["Петров звонил в обед"], "cause": [None]})
    chosen = next_texts(general, feedback, 3, done)
    assert "Петров звонил в обед" not in set(chosen["text"])
    assert {text.rstrip(".!") for text in chosen["text"]} == {"Дорого", "Какой-то сюр вышел", "Очень вежливый персонал"}


def test_next_texts_ask_for_the_cause_that_is_seen_least(general):
    dear = [f"Дорого, счёт номер {number}" for number in range(20)]
    feedback = pd.DataFrame({"feedback_id": range(22), "text": [*dear, "Курьер опоздал", "Парковка тесная"]})
    chosen = next_texts(general, feedback, 4, pd.DataFrame({"text": ["Цены высокие"], "cause": ["price.level"]}))
    assert set(chosen["text"].head(2)) == {"Курьер опоздал", "Парковка тесная"}
    assert chosen["text"].iloc[2:].isin(dear).all()


def test_the_labelling_cell_keeps_a_sentiment_per_cause_and_only_adds(general, tmp_path):
    pytest.importorskip("ipywidgets", reason="the extra «lab» is not installed")
    texts = ["Дорого, зато менеджер вежливый.", "Какой-то сюр вышел <b>x</b>", "=cmd() доставка опоздала"]
    feedback = pd.DataFrame({"feedback_id": [1, 2, 3], "text": texts})
    box = labelling_cell("radio", general, feedback, n=3, annotator="A", root=tmp_path)
    state, text, choice, signs, button = box.children
    assert (state.value, choice.value) == ("1 / 3", ())
    assert "<b>" not in text.value
    choice.value = ("product.quality",)
    signs.children[0].value = "positive"
    file, before = tmp_path / "params" / "radio.corrections.csv", b""
    for _ in range(3):
        button.click()
        assert file.read_bytes().startswith(before)
        before = file.read_bytes()
    assert button.disabled
    saved = read_corrections("radio", tmp_path)
    got = {(row.text, row.cause): row.sentiment for row in saved.itertuples()}
    assert got[texts[1], "product.quality"] == "positive"
    assert (got[texts[0], "price.level"], got[texts[0], "staff.attitude"]) == ("negative", "positive")
    assert got[texts[2], "logistics.delivery"] == "negative"


_CELLS = """
import pandas as pd
from loyalty_analytics.causes import labelling_cell
from loyalty_analytics.causes.tagger import Tagger
texts = pd.DataFrame({"feedback_id": [1, 2], "text": ["Дорого, зато менеджер вежливый.", "Парковка тесная"]})
box = labelling_cell("radio", Tagger("general"), texts, n=2, annotator="A", root=ROOT)
box
"""


def test_the_labelling_cell_answers_clicks_in_a_notebook(tmp_path):
    """The kernel gets what a browser sends: another sentiment in the list, then clicks on the button."""
    pytest.importorskip("ipywidgets", reason="the extra «lab» is not installed")
    import warnings

    import nbformat
    from nbclient import NotebookClient

    sources = [f"ROOT = {str(tmp_path)!r}{_CELLS}", "(box.children[0].value, box.children[4].disabled)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zmq and its event loop
        client = NotebookClient(notebook, kernel_name="python3")
        with client.setup_kernel():
            shown = client.execute_cell(notebook.cells[0], 0).outputs[0].data
            assert "application/vnd.jupyter.widget-view+json" in shown
            models = {state["_model_name"]: one for one, state in client.widget_state.items()}
            known = client.widget_state[models["DropdownModel"]]["_options_labels"]

            def send(model, **data):
                content = {"comm_id": models[model], "data": {"buffer_paths": [], **data}}
                client.kc.shell_channel.send(client.kc.session.msg("comm_msg", content))

            send("DropdownModel", method="update", state={"index": known.index("mixed")})
            for _ in range(2):
                send("ButtonModel", method="custom", content={"event": "click"})
            last = client.execute_cell(notebook.cells[1], 1).outputs[0].data["text/plain"]
    assert last == "('2 / 2', True)"
    saved = read_corrections("radio", tmp_path)
    signs = {(row.text[:6], row.cause): row.sentiment for row in saved.itertuples()}
    assert signs == {
        ("Парков", "premises"): "mixed",
        ("Дорого", "price.level"): "negative",
        ("Дорого", "staff.attitude"): "positive",
    }  # fmt: skip


def test_precision_and_recall_are_those_of_sklearn(general):
    """All tags of the gold texts against all their labels, cause by cause."""
    import gold_texts
    from sklearn.metrics import precision_score, recall_score

    rows = gold_texts.read("held")
    rows = list({row.text: row for row in rows}.values())
    feedback = gold_texts.table(rows)
    said = [(r.text, c, s) for r in rows for c, s in sorted(r.labels) or [(None, None)]]
    tags = general.tag(feedback)
    corrections = pd.DataFrame(said, columns=["text", "cause", "sentiment"])
    report = la.rule_report(tags, corrections, feedback=feedback).overview.set_index("cause")
    named = tags.table.groupby("cause")["feedback_id"].agg(set)
    for cause in report.index:
        found = [row in named[cause] for row in range(len(rows))]
        truth = [any(name == cause for name, _ in row.labels) for row in rows]
        assert report.loc[cause, "precision"] == pytest.approx(precision_score(truth, found, zero_division=0))
        if any(truth):
            assert report.loc[cause, "recall"] == pytest.approx(recall_score(truth, found))


def test_the_report_does_not_depend_on_the_order_of_rows(general):
    rows = gold_texts.read("open", "ru")
    feedback = gold_texts.table(rows)
    tags = general.tag(feedback).frame
    labels = [(row.text, cause, sign) for row in rows[:90] for cause, sign in row.labels]
    corrections = pd.DataFrame(labels, columns=["text", "cause", "sentiment"])
    expected = la.rule_report(tags, corrections, feedback=feedback).table
    tags, corrections, feedback = (table.sample(frac=1, random_state=5) for table in (tags, corrections, feedback))
    mixed = la.rule_report(tags, corrections, feedback=feedback).table
    pd.testing.assert_frame_equal(mixed, expected)
    # The example is what stands there most often.
    price = tags[tags["cause"] == "price.level"]["evidence"].value_counts()
    assert price[expected.set_index("cause").loc[["price.level"]]["example"].iloc[0]] == price.max()


def test_an_empty_report_has_the_kinds_of_a_full_one(general):
    tags = general.tag(pd.DataFrame({"feedback_id": [1], "text": ["Дорого"]})).frame
    full, empty = la.rule_report(tags).table, la.rule_report(tags.head(0)).table
    pd.testing.assert_series_equal(empty.dtypes, full.dtypes)
    pd.testing.assert_series_equal(la.rule_report(tags.drop(columns="evidence")).table.dtypes, full.dtypes)


@pytest.mark.parametrize("lost", ["text", "cause"])
def test_corrections_without_a_column_are_an_error_that_names_it(general, lost):
    feedback = pd.DataFrame({"feedback_id": [1], "text": ["Дорого"], "score": [3]})
    tags = general.tag(feedback)
    corrections = pd.DataFrame({"text": ["Дорого"], "cause": ["price"], "sentiment": ["negative"]}).drop(columns=lost)
    for call in (
        lambda: la.rule_report(tags, corrections),
        lambda: la.cause_drivers(tags, feedback, corrections=corrections),
    ):
        with pytest.raises(DataError, match=f"corrections have no column '{lost}'"):
            call()
