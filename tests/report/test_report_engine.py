"""The papermill engine, and that all ways of running a notebook make the same page."""

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill
import pytest

from loyalty_analytics.report.run import run


def test_papermill_knows_the_engine_whoever_is_imported_first():
    for first in ("papermill", "loyalty_analytics.report.engine", "loyalty_analytics.report.workers"):
        code = (f"import {first}\nfrom loyalty_analytics.report.engine import LoyaltyEngine\n"
                "from papermill.engines import papermill_engines\n"
                "assert papermill_engines.get_engine('loyalty') is LoyaltyEngine")  # fmt: skip
        subprocess.run([sys.executable, "-c", code], check=True)


def test_through_papermill(tmp_path, kit):
    book = kit.write_notebook(tmp_path / "book.ipynb", ["x = client + '!'\nx", "import os\nos.getpid()"])
    out = papermill.execute_notebook(
        book, tmp_path / "out.ipynb", {"client": "007"}, engine_name="loyalty", progress_bar=False
    )
    assert out.cells[2].outputs[0].data["text/plain"] == "'007!'"
    assert out.cells[3].outputs[0].data["text/plain"] != str(os.getpid())
    saved = nbformat.read(tmp_path / "out.ipynb", 4)
    assert saved.metadata.papermill.exception is None
    assert [cell.metadata.papermill.status for cell in saved.cells] == ["completed"] * 4


def test_a_failing_cell_is_told_as_papermill_does(tmp_path, kit):
    book = kit.write_notebook(tmp_path / "book.ipynb", ["1 / 0", "2"])
    with pytest.raises(papermill.PapermillExecutionError, match="ZeroDivisionError"):
        papermill.execute_notebook(book, tmp_path / "out.ipynb", engine_name="loyalty", progress_bar=False)


def test_a_notebook_leaves_nothing_behind(tmp_path, kit):
    book = kit.write_notebook(
        tmp_path / "book.ipynb", ["import builtins, os\nbuiltins.stain = 1\nos.environ['STAIN'] = '1'"]
    )
    for _ in range(2):
        papermill.execute_notebook(book, None, engine_name="loyalty", progress_bar=False)
    assert "STAIN" not in os.environ
    assert "stain" not in vars(__import__("builtins"))


def test_a_dead_process_is_an_error(tmp_path, kit):
    book = kit.write_notebook(tmp_path / "book.ipynb", ["import os\nos._exit(9)"])
    with pytest.raises(RuntimeError, match=r"process died \(exit 9\)"):
        papermill.execute_notebook(book, None, engine_name="loyalty", progress_bar=False)


ALL_KINDS = [
    (
        "import numpy as np\nimport pandas as pd\nimport random\n"
        "import matplotlib.pyplot as plt\nimport loyalty_analytics as la\n"
        "from loyalty_analytics.report.page import show"
    ),
    "data = la.load(client, month=month)\ndata.panel",
    "print('one')\ndisplay(data.panel.head(2))\nprint('two')",
    "np.random.rand(2), random.random()",
    "figure, ax = plt.subplots()\nax.plot(np.random.rand(9))\nax.set_title('Ж')\nshow(figure, alt='A random line')",
    "data.panel.head(2).style.highlight_max(subset=['revenue'])",
    "object()",
    "la.monthly_panel(data.transactions)",
]


def test_forked_and_stock_papermill_make_the_same_bytes(make_root, options, kit):
    root = make_root(notebooks={"01_brief": kit.BRIEF, "02_segments": ALL_KINDS})
    for name, fork in (("forked", True), ("stock", False)):
        done = run(["alpha"], ["2026-10"], options(root, out=root / name, fork=fork))
        assert done.code == 0, done.failed
    assert kit.snapshot(root / "forked") == kit.snapshot(root / "stock")


@pytest.mark.proof
def test_spawned_workers_take_faults_too(make_root, options, kit):
    root = make_root(["alpha", "beta"], {"01_brief": ["1"]})
    kit.write_notebook(
        root / "notebooks/02_segments.ipynb", ["import os\nif client == 'beta':\n    os.kill(os.getppid(), 9)"]
    )
    done = run(["alpha", "beta"], ["2026-10"], options(root, fork=False, seconds=60))
    assert done.code == 3
    assert done.published == [("alpha", "2026-10")]
    [fault] = done.failed["beta", "2026-10"]
    assert fault["kind"] in ("death", "error")


def test_seeds_and_fonts_do_not_depend_on_the_machine(tmp_path):
    code = ("from loyalty_analytics.report.shell import settle\nsettle('a', '2026-10')\n"
        "import numpy, random, matplotlib\n"
            "from matplotlib import font_manager as f\n"
        "print(numpy.random.rand(), random.random(), matplotlib.rcParams['font.size'],"
            " f.findfont('DejaVu Sans'))")  # fmt: skip
    (tmp_path / "matplotlibrc").write_text("font.size: 33\n")
    first, second = (
        subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True).stdout
        for folder in (tmp_path, Path.home())
    )
    assert first == second
    assert "mpl-data" in first
