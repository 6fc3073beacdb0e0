"""The shipped notebooks on the demo clients: all are built, from two folders, with and without a kernel."""

import re
import shutil

import pytest

from loyalty_analytics.report.demo import run_demo
from loyalty_analytics.report.notebooks import discover, folder
from loyalty_analytics.report.run import run


@pytest.fixture
def project(root, tmp_path):
    """A copy of the project's inputs, so that nothing is written beside the checkout."""
    home = tmp_path / "home"
    for part in ("notebooks", "params", "data/raw"):
        shutil.copytree(root / part, home / part)
    return home


def sizes(reports):
    return {str(path.relative_to(reports)): path.stat().st_size for path in reports.rglob("*.html")}


def test_the_clinic_without_money_gets_every_report(project, options):
    done = run(["clinic"], [], options(project, jobs=2))
    assert done.code == 0, done.failed
    [(_, month)] = done.published
    made = sizes(project / "reports")
    assert {f"clinic/{month}/{name}.html" for name in discover(project)} <= made.keys()
    assert max(made.values()) < 1_000_000
    for name in discover(project):
        page = (project / "reports" / "clinic" / month / f"{name}.html").read_text("utf-8")
        for part in ('class="passport"', 'class="glossary"', 'nav class="contents"', 'nav class="links"'):
            assert page.count(part) == 1, (name, part)


@pytest.mark.proof
def test_the_whole_demo(project, options, kit):
    done = run_demo(options(project, jobs=4, languages=("ru", "en")))
    assert done.code == 0, done.failed
    made = sizes(project / "reports")
    reports = discover(project)
    for client in ("radio", "clinic"):
        for mark in ("", ".en"):
            assert {f"{client}/2026-10/{name}{mark}.html" for name in reports} <= made.keys()
    assert sum("07_client_" in name for name in made) == 5
    month = project / "reports" / "radio" / "2026-10"
    pages = "".join(path.read_text("utf-8") for path in sorted(month.glob("0[1-6]*")))
    links = re.findall(r'class="dossier" href="([^"]+)"', pages)
    assert links
    assert all((month / link).is_file() for link in links)
    assert max(made.values()) < 1_000_000
    before = kit.snapshot(project / "reports")
    again = run_demo(options(project, jobs=1, languages=("ru", "en")))
    assert (again.code, again.notebooks) == (0, 0)
    assert kit.snapshot(project / "reports") == before


@pytest.mark.proof
def test_forked_and_stock_papermill_agree_on_every_shipped_report(project, options, kit):
    for name, fork in (("forked", True), ("stock", False)):
        done = run(["radio"], ["2026-10"], options(project, out=project / name, fork=fork))
        assert done.code == 0, done.failed
    assert kit.snapshot(project / "forked") == kit.snapshot(project / "stock")


@pytest.mark.proof
@pytest.mark.parametrize("where", ["notebooks", "."])
def test_the_cells_run_in_a_kernel_from_two_folders(project, where, tmp_path):
    import papermill

    assert folder(project) == project / "notebooks"
    for name, path in discover(project).items():
        done = papermill.execute_notebook(
            path, tmp_path / f"{name}.ipynb", {"client": "radio", "month": "2026-10", "language": "en"},
            cwd=project / where, progress_bar=False,
        )  # fmt: skip
        assert not done.metadata.papermill.exception
