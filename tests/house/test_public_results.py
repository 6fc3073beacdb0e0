"""Every public result shows itself in Jupyter, draws itself on Axes, and every cure comes before the problem."""

import doctest
import importlib
import inspect
import os
import re
import warnings

import nbformat
import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.results import Result
from loyalty_analytics.shown import notebook_style

MONTH = "2026-10"


@pytest.fixture(autouse=True)
def _no_figure_stays_open():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.fixture(scope="module")
def data(root):
    return la.load("radio", month=MONTH, root=root)


@pytest.fixture(scope="module")
def tags(data):
    return la.tag_causes(data.feedback)


def _cells(data, month):
    deals = data.transactions.merge(data.clients[["client_id", "industry", "region"]], on="client_id")
    deals = deals[deals["date"].dt.strftime("%Y-%m") == month]
    return deals.groupby(["industry", "region"], as_index=False)["amount"].sum()


_SAMPLE = pd.DataFrame({"size": ["small", "small", "large"], "score": [9, 7, 10]})
# Name -> how an analyst calls it on the demo client. All names are here or in _OTHERS.
CALLS = {
    "monthly_panel": lambda d, t: la.monthly_panel(d.transactions),
    "client_kinds": lambda d, t: la.client_kinds(d.panel, MONTH),
    "lifecycle": lambda d, t: la.lifecycle(d.panel, MONTH),
    "rfm": lambda d, t: la.rfm(d.panel, MONTH),
    "cohorts": lambda d, t: la.cohorts(d.panel, MONTH),
    "movement": lambda d, t: la.movement(d.panel, MONTH),
    "base_metrics": lambda d, t: la.base_metrics(d.panel, MONTH, marketing_spend=d.marketing_spend),
    "channels": lambda d, t: la.channels(d.panel, MONTH, clients=d.clients, marketing_spend=d.marketing_spend),
    "wallet_share": lambda d, t: la.wallet_share(d.panel, MONTH, client_budgets=d.client_budgets),
    "find_breaks": lambda d, t: la.find_breaks(d.panel, MONTH),
    "find_series_breaks": lambda d, t: la.find_series_breaks(np.r_[np.zeros(20), np.ones(20)] + np.arange(40) % 3 / 9),
    "breakpoints": lambda d, t: la.breakpoints(np.r_[np.zeros(20), np.ones(20)] + np.arange(40) % 3 / 9),
    "explain_breaks": lambda d, t: la.explain_breaks(la.find_breaks(d.panel, MONTH), d.transactions, events=d.events),
    "localise": lambda d, t: la.localise(_cells(d, "2025-10"), _cells(d, MONTH), ["industry", "region"]),
    "tag_causes": lambda d, t: t,
    "cause_drivers": lambda d, t: la.cause_drivers(t, d.feedback, draws=20),
    "emerging_themes": lambda d, t: la.emerging_themes(d.feedback, t, MONTH, draws=20),
    "rule_report": lambda d, t: la.rule_report(t, feedback=d.feedback),
    "nps": lambda d, t: la.nps(d.survey_answers, questions=d.questions),
    "silent": lambda d, t: la.silent({"promoters": 12, "passives": 5, "detractors": 3, "silent": 8}),
    "response_rate": lambda d, t: la.response_rate(d.survey_invitations, d.survey_answers, by="channel", as_of=MONTH),
    "key_drivers": lambda d, t: la.key_drivers(
        pd.DataFrame(np.random.default_rng(1).normal(size=(40, 3)), columns=list("abc")), "a", draws=20),
    "rake": lambda d, t: la.rake(_SAMPLE, {"size": {"small": 20, "large": 30}}),
    "post_stratify": lambda d, t: la.post_stratify(_SAMPLE, {"small": 20, "large": 30}, "size"),
    "answer_quality": lambda d, t: la.answer_quality(d.survey_answers, invitations=d.survey_invitations, as_of=MONTH),
    "plan_visits": lambda d, t: la.plan_visits(d.clients.head(12), d.meetings, MONTH),
    "visit_effect": lambda d, t: la.visit_effect(d.meetings, d.panel, d.clients, MONTH),
    "closed_loop": lambda d, t: la.closed_loop(d.actions, MONTH),
}  # fmt: skip
_OTHERS = {"load", "read_source", "dossier", "Tagger", "nps_interval", "mean_interval", "Result", "LoyaltyError",
           "SourceError"}  # fmt: skip


def test_every_public_function_is_tried_here():
    assert set(CALLS) | _OTHERS == set(la.__all__)


@pytest.mark.parametrize("name", CALLS)
def test_a_result_shows_and_draws_itself(name, data, tags):
    import matplotlib.pyplot as plt
    from matplotlib.axes import Axes

    result = CALLS[name](data, tags)
    assert isinstance(result, Result)
    ax = result.plot()
    assert isinstance(ax, Axes)
    with warnings.catch_warnings():  # text that does not fit would warn
        warnings.simplefilter("error")
        ax.figure.canvas.draw()
    assert ax.get_figure(root=True) in map(plt.figure, plt.get_fignums())  # so Jupyter shows it
    assert ax.has_data() or not len(result.table) or ax.texts
    shown = result._repr_html_()
    assert notebook_style() in shown
    assert all(str(column) in shown for column in result.table)
    assert "NaN" not in shown
    assert "None" not in re.sub(r"<style>.*?</style>", "", shown)


def test_a_plain_picture_of_a_table_says_what_the_table_says():
    table = pd.DataFrame({"cause": ["price", "staff"], "share": [0.4, 0.2], "share_low": [0.3, 0.1],
                          "share_high": [0.5, 0.3]})  # fmt: skip
    ax = Result(frame=table).plot()
    assert [text.get_text() for text in ax.get_yticklabels()] == ["price", "staff"]
    assert [text.get_text() for text in ax.texts] == ["0.40", "0.20"]
    assert sorted(ax.lines[0].get_xdata()) == [0.2, 0.4]
    counted = Result(frame=pd.DataFrame({"feedback_id": [1, 2, 3], "cause": ["price", "staff", "staff"]})).plot()
    assert [text.get_text() for text in counted.get_yticklabels()] == ["staff", "price"]
    assert [bar.get_width() for bar in counted.patches] == [2, 1]


def test_values_are_shown_as_in_a_report_and_ids_as_they_came():
    frame = pd.DataFrame({"client_id": ["007", "<b>"], "month": pd.to_datetime(["2026-10-01", None]),
                          "amount": [1234567.4, None], "n": [1, 2], "ok": [True, False]})  # fmt: skip
    shown = Result(frame=frame)._repr_html_()
    for text in ("007", "&lt;b&gt;", "2026-10<", "1,234,567<", "–", "True"):
        assert text in shown, text
    assert "<b>" not in shown


@pytest.fixture(scope="module")
def kernel_lines(root):
    """Output of cells in a real kernel: a mistake in a client's name, and completion of `la.`"""
    from nbclient import NotebookClient

    cells = [
        "import loyalty_analytics as la",
        "la.load('radoi')",
        "la.find_breaks(3)",
        "import pandas as pd\nresult = la.Result(frame=pd.DataFrame({'cause': ['a'], 'share': [0.5]}))\nresult.plot();",
        "result.plot();",
        "from IPython import get_ipython\nprint([c for c in get_ipython().Completer.all_completions('la.')])",
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    path = str(root / "notebooks")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zmq and its event loop
        client = NotebookClient(book, kernel_name="python3", allow_errors=True, resources={"metadata": {"path": path}})
        client.execute(env={name: value for name, value in os.environ.items() if name != "MPLBACKEND"})
    return [cell.outputs for cell in book.cells]


def test_the_advice_stands_first_in_a_kernel(kernel_lines):
    (fault,) = kernel_lines[1]
    assert fault.output_type == "error"
    lines = "\n".join(fault.traceback).splitlines()
    assert lines[0].startswith("→ ")
    assert "radio" in lines[0]
    assert lines[1].startswith("ParamsError: ")
    assert len(lines) <= 3
    (fault,) = kernel_lines[2]
    assert "\n".join(fault.traceback).startswith("→ "), fault.traceback


def test_every_plot_shows_below_its_cell_not_only_the_first(kernel_lines):
    for outputs in kernel_lines[3:5]:
        assert [output.output_type for output in outputs] == ["display_data"]
        assert "image/png" in outputs[0].data


def test_completion_lists_public_names_only(kernel_lines):
    names = {text.removeprefix("la.") for text in re.findall(r"'([^']+)'", kernel_lines[5][0].text)}
    visible = {name for name in names if not name.startswith("_")}
    assert visible == set(la.__all__)
    assert set(dir(la)) - set(la.__all__) == {"__version__"}


@pytest.mark.parametrize("name", sorted(set(la.__all__) - {"Result", "SourceError"}))
def test_a_public_name_has_an_example_that_make_test_runs(name):
    value = getattr(la, name)
    if inspect.ismodule(value):  # la.load, once the module of that name has been imported, is the module, callable
        value = getattr(value, name)
    module = importlib.import_module(value.__module__)
    assert doctest.DocTestParser().get_examples(inspect.getdoc(value) or ""), f"{name} has no example"
    found = doctest.DocTestFinder(recurse=True).find(module)
    assert any(test.name.endswith(f".{value.__name__}") and test.examples for test in found)


def test_a_file_just_read_shows_itself_like_a_result(tmp_path):
    (tmp_path / "deals.csv").write_text("Код;Сумма\nA<b>;1 234,5\nB;нет\n", "utf-8")
    read = la.read_source(tmp_path / "deals.csv")
    shown = read._repr_html_()
    assert shown.startswith(notebook_style() + '<div class="loyalty">')
    assert '<td class="n">1,234' in shown or "1,234.5" in shown
    assert "A&lt;b&gt;" in shown
    assert "dataframe" not in shown  # the class of a plain pandas table
