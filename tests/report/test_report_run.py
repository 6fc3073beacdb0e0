"""The monthly run: what it publishes, what it leaves alone, and how it takes faults."""

import json
import subprocess

import pytest

from loyalty_analytics.errors import ParamsError
from loyalty_analytics.load import refresh
from loyalty_analytics.report import publish, workers
from loyalty_analytics.report.run import run


def test_a_month_is_published_whole_and_a_rerun_does_nothing(make_root, options, kit):
    root = make_root()
    first = run(["alpha"], ["2026-10"], options(root))
    assert (first.code, first.published, first.notebooks) == (0, [("alpha", "2026-10")], 2)
    folder = root / "reports" / "alpha" / "2026-10"
    names = {"01_brief.html", "02_segments.html", "index.html", "manifest.json", "tables.xlsx"}
    assert {path.name for path in folder.iterdir()} == names
    before = kit.snapshot(root / "reports")
    assert not (root / "reports" / ".stage").exists()
    second = run(["alpha"], ["2026-10"], options(root))
    assert (second.code, second.unchanged, second.notebooks) == (0, [("alpha", "2026-10")], 0)
    assert kit.snapshot(root / "reports") == before


def test_only_the_changed_notebook_runs_again(make_root, options, kit):
    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    brief = (root / "reports/alpha/2026-10/01_brief.html").read_bytes()
    kit.write_notebook(root / "notebooks/02_segments.ipynb", [*kit.TABLES, "1 + 1"])
    again = run(["alpha"], ["2026-10"], options(root))
    assert (again.notebooks, again.published) == (1, [("alpha", "2026-10")])
    assert (root / "reports/alpha/2026-10/01_brief.html").read_bytes() == brief


@pytest.mark.parametrize("change", ["data", "params", "damaged page"])
def test_a_change_of_what_a_page_depends_on_builds_it_again(make_root, options, kit, change):
    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    if change == "data":
        kit.write_client(root, "alpha", bonus=5)
    elif change == "params":
        with (root / "params/alpha.yaml").open("a") as stream:
            stream.write("currency: USD\n")
    else:
        (root / "reports/alpha/2026-10/01_brief.html").write_text("torn")
    again = run(["alpha"], ["2026-10"], options(root))
    assert again.notebooks == (1 if change == "damaged page" else 2)
    assert "Объём" in (root / "reports/alpha/2026-10/01_brief.html").read_text()


def test_the_workbook_is_written_only_when_its_pages_changed(make_root, options, monkeypatch):
    root = make_root()
    folder = root / "reports/alpha/2026-10"
    run(["alpha"], ["2026-10"], options(root))
    book, written = (folder / "tables.xlsx").read_bytes(), []
    workbook = publish.workbook
    monkeypatch.setattr(publish, "workbook", lambda *given: written.append(1) or workbook(*given))
    for damaged, times in (("01_brief.html", 0), ("tables.xlsx", 1)):
        (folder / damaged).write_text("torn")
        run(["alpha"], ["2026-10"], options(root))
        assert (folder / "tables.xlsx").read_bytes() == book
        assert len(written) == times


def test_one_failing_client_does_not_stop_the_others(make_root, options, kit):
    root = make_root(["alpha", "beta", "gamma"])
    good = run(["alpha", "beta", "gamma"], ["2026-10"], options(root))
    assert good.code == 0
    last_good = kit.snapshot(root / "reports/beta/2026-10")
    (root / "data/raw/beta/deals.csv").write_text("n;code;day;sum\n1;R1;01.10.2026;SECRETWORD\n")
    kit.write_notebook(root / "notebooks/02_segments.ipynb", ["assert client != 'beta', 'SECRETWORD'"])
    done = run(["alpha", "beta", "gamma"], ["2026-10"], options(root))
    assert done.code == 3
    assert {client for client, _ in done.published} == {"alpha", "gamma"}
    assert kit.snapshot(root / "reports/beta/2026-10") == last_good
    page = (root / "reports/beta/2026-10.failed.html").read_text()
    assert "SECRETWORD" not in page
    # It goes away with the next good run.
    kit.write_client(root, "beta")
    kit.write_notebook(root / "notebooks/02_segments.ipynb", kit.TABLES)
    assert run(["beta"], ["2026-10"], options(root)).code == 0
    assert not (root / "reports/beta/2026-10.failed.html").exists()


CASES = {
    "raises": ("1 / 0", "error", 1),
    "hangs in a cell": ("import time\ntime.sleep(600)", "timeout", 2),
    "hangs in C": ("import re\nre.match(r'(a+)+$', 'a' * 40 + 'b')", "timeout", 2),
    "eats memory": ("junk = [bytearray(2**20) for _ in range(2000)]", "memory", 1),
    "dies": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "death", 2),
    "leaves": ("import os\nos._exit(7)", "death", 2),
    "exits": ("raise SystemExit(3)", "error", 1),
}


@pytest.mark.parametrize("case", CASES)
def test_a_sick_notebook_fails_alone(make_root, options, kit, case, monkeypatch):
    source, kind, tries = CASES[case]
    root = make_root(["alpha", "beta"], {"01_brief": ["1"]})
    for client in ("alpha", "beta"):
        refresh(client, root)  # reading the files shall not count against the short limits
    kit.write_notebook(
        root / "notebooks/02_segments.ipynb", ["if client == 'beta':\n    " + source.replace("\n", "\n    ")]
    )
    limits = {"seconds": 60.0, "cell_seconds": 60.0, "megabytes": 600}
    if case == "hangs in a cell":
        limits["cell_seconds"] = 1.5
    if case == "hangs in C":  # an alarm is not heard there
        limits |= {"seconds": 2.5, "cell_seconds": 0.0}
        monkeypatch.setattr(workers, "_GRACE", 0.0)
    done = run(["alpha", "beta"], ["2026-10"], options(root, **limits))
    assert done.code == 3
    assert done.published == [("alpha", "2026-10")]
    [fault] = done.failed["beta", "2026-10"]
    assert (fault["kind"], fault["tries"]) == (kind, tries), fault
    assert (root / "reports/beta/2026-10.failed.html").is_file()
    assert not (root / "reports/beta/2026-10").exists()
    # What was finished stays for the next run.
    assert (root / "reports/.stage/beta/2026-10/01_brief.html").is_file()


@pytest.mark.proof
@pytest.mark.parametrize("case", ["raises", "hangs in a cell", "eats memory", "dies"])
def test_one_sick_client_of_fifty(make_root, options, kit, case):
    source, _, _ = CASES[case]
    clients = [f"c{number:02d}" for number in range(50)]
    root = make_root(clients, {"01_brief": ["1"]})
    for client in clients:
        refresh(client, root)
    assert run(clients, ["2026-09"], options(root)).code == 0
    last_good = kit.snapshot(root / "reports/c07/2026-09")
    kit.write_notebook(
        root / "notebooks/02_segments.ipynb", ["if client == 'c07':\n    " + source.replace("\n", "\n    ")]
    )
    limits = {"seconds": 60.0, "cell_seconds": 1.5 if case == "hangs in a cell" else 60.0, "megabytes": 600}
    done = run(clients, ["2026-10"], options(root, **limits))
    assert done.code == 3
    assert {client for client, _ in done.published} == {*clients} - {"c07"}
    assert (root / "reports/c07/2026-10.failed.html").is_file()
    assert kit.snapshot(root / "reports/c07/2026-09") == last_good


def test_parameters_stay_text(make_root, options, kit):
    book = ["print(repr(client), type(client).__name__, repr(month), repr(language))"]
    root = make_root(["007"], {"01_brief": book})
    assert run(["007"], ["2026-10"], options(root)).code == 0
    page = (root / "reports/007/2026-10/01_brief.html").read_text()
    assert "&#x27;007&#x27; str &#x27;2026-10&#x27; &#x27;ru&#x27;" in page


@pytest.mark.parametrize(
    "parameters, message",
    [
        ('client = "a"\nmonth = "2026-10"\nlanguage = "ru"\nclinet = "b"', "'clinet'. Did you mean 'client'?"),
        ('client = "a"\nmonth = "2026-10"', "lacks the parameter 'language'"),
        ('client = 7\nmonth = "2026-10"\nlanguage = "ru"', "'client' must be text in quotes"),
        ('client = open("x")\nmonth = "2026-10"\nlanguage = "ru"', "'client' must be text in quotes"),
        ("import os", "more than assignments"),
    ],
)
def test_wrong_parameters_of_a_notebook_stop_before_any_work(make_root, options, kit, parameters, message):
    root = make_root()
    kit.write_notebook(root / "notebooks/02_segments.ipynb", ["1"], parameters)
    with pytest.raises(ParamsError) as caught:
        run(["alpha"], ["2026-10"], options(root))
    assert message in str(caught.value)
    assert not (root / "reports").exists()


def test_a_month_without_data_is_refused_and_the_last_good_one_stays(make_root, options, kit):
    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    before = kit.snapshot(root / "reports")
    done = run(["alpha"], ["2027-03"], options(root))
    assert done.code == 4
    assert "no data of 2027-03" in done.failed["alpha", "2027-03"][0]["text"]
    after = kit.snapshot(root / "reports")
    assert "2026-08 … 2026-10" in after.pop("alpha/2027-03.failed.html").decode()
    assert after == before


def test_languages_dossiers_and_months_live_together(make_root, options, kit):
    root = make_root()
    dossier = [*kit.TABLES[:2], "print(repr(client_id))\ndata.panel[data.panel.client_id == client_id]"]
    kit.write_notebook(root / "notebooks/07_client.ipynb", dossier, kit.PARAMETERS + '\nclient_id = "R1"')
    both = options(root, languages=("ru", "en"))
    assert run(["alpha"], ["2026-09", "2026-10"], both).code == 0
    assert run(["alpha"], ["2026-10"], options(root), reports=False, dossiers=["R1", "R 2/../x"]).code == 0
    folder = root / "reports/alpha/2026-10"
    pages = {path.name for path in folder.glob("*.html")} - {"index.html"}
    hostile = next(name for name in pages if name.startswith("07_client_R-2-x"))
    reports = {"01_brief.html", "01_brief.en.html", "02_segments.html", "02_segments.en.html"}
    assert pages == {*reports, "07_client_R1.html", hostile}
    assert {path.name for path in folder.parent.parent.iterdir()} == {"alpha"}
    text = (folder / "01_brief.html").read_text()
    assert 'href="../2026-09/01_brief.html"' in text
    assert 'href="02_segments.html"' in text
    assert "02_segments.en.html" not in text
    assert 'lang="en"' in (folder / "01_brief.en.html").read_text()[:100]
    # A later run of the reports alone keeps the dossiers and finds nothing to do.
    again = run(["alpha"], ["2026-10"], options(root))
    assert (again.notebooks, again.unchanged) == (0, [("alpha", "2026-10")])


def test_retention_keeps_the_last_months_and_mends_links(make_root, options, kit):
    root = make_root(notebooks={"01_brief": kit.TABLES})
    run(["alpha"], ["2026-08", "2026-09", "2026-10"], options(root))
    assert "../2026-08/" in (root / "reports/alpha/2026-09/01_brief.html").read_text()
    kit_done = run(["alpha"], ["2026-10"], options(root, keep=2, force=True))
    assert kit_done.code == 0
    assert sorted(path.name for path in (root / "reports/alpha").iterdir()) == ["2026-09", "2026-10"]
    assert "../2026-08/" not in (root / "reports/alpha/2026-09/01_brief.html").read_text()


BROKEN = [
    "client: [", "title: [1, 2]\nsources: 3", "language: {a: b}\nsources: {transactions: 1}", "", "\x00", "a: &a [*a]",
]  # fmt: skip


def test_broken_params_fail_alone(make_root, options):
    names = [f"broken{number}" for number in range(len(BROKEN))]
    root = make_root(["alpha", *names], {"01_brief": ["1"]})
    for name, text in zip(names, BROKEN, strict=True):
        (root / "params" / f"{name}.yaml").write_text(text)
    done = run(["alpha", *names], ["2026-10"], options(root))
    assert (done.code, done.published) == (3, [("alpha", "2026-10")])
    assert {client for client, _ in done.failed} == set(names)
    assert all(fault["name"] == "ParamsError" for [fault] in done.failed.values())
    assert all((root / f"reports/{name}/2026-10.failed.html").is_file() for name in names)


def test_catching_up_in_any_order_gives_the_same_bytes(make_root, options, kit):
    forward, backward = (make_root(notebooks={"01_brief": kit.TABLES}, name=name) for name in ("one", "two"))
    run(["alpha"], ["2026-08", "2026-09", "2026-10"], options(forward))
    for month in ("2026-10", "2026-08", "2026-09"):
        run(["alpha"], [month], options(backward))
    assert kit.snapshot(forward / "reports") == kit.snapshot(backward / "reports")


def test_many_workers_give_the_same_bytes(make_root, options, kit):
    root = make_root(["alpha", "beta"])
    for count in (1, 4):
        out = root / f"out{count}"
        assert run(["alpha", "beta"], ["2026-10"], options(root, jobs=count, out=out)).code == 0
    assert kit.snapshot(root / "out1") == kit.snapshot(root / "out4")


def test_volatile_facts_live_in_logs(make_root, options):
    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    facts = json.loads((root / "logs/runs/alpha.2026-10.run.json").read_text())
    assert facts["pages"]["01_brief"]["seconds"] > 0
    lines = [json.loads(line) for line in (root / "logs/loyalty.jsonl").read_text().splitlines()]
    assert {line["notebook"] for line in lines if line["event"] == "job"} == {"prepare", "01_brief", "02_segments"}


def test_an_output_that_cannot_be_written_is_told(make_root, options):
    root = make_root(notebooks={"01_brief": ["1"]})
    (root / "reports").write_text("a file where the folder should be")
    done = run(["alpha"], ["2026-10"], options(root))
    assert done.code == 4
    assert done.failed["alpha", "2026-10"][0]["name"] in ("NotADirectoryError", "FileExistsError")


@pytest.mark.parametrize("mount", ["size=16k", "size=1m,ro"])
def test_a_really_full_or_read_only_disk(make_root, options, mount):
    root = make_root(notebooks={"01_brief": ["1"]})
    (root / "reports").mkdir()
    command = ["mount", "-t", "tmpfs", "-o", mount, "tmpfs", str(root / "reports")]
    try:
        if subprocess.run(command, capture_output=True).returncode:
            pytest.skip("file systems cannot be mounted here")
    except FileNotFoundError:
        pytest.skip("no mount here")
    try:
        done = run(["alpha"], ["2026-10"], options(root))
        assert done.code == 4
        assert "No space" in str(done.failed) or "Read-only" in str(done.failed)
        assert not (root / "reports/alpha/2026-10").exists()
    finally:
        subprocess.run(["umount", str(root / "reports")], check=True)
    assert run(["alpha"], ["2026-10"], options(root)).code == 0


def test_a_full_disk_leaves_the_last_good_month(make_root, options, kit, monkeypatch):
    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    before = kit.snapshot(root / "reports/alpha/2026-10")
    kit.write_client(root, "alpha", bonus=1)
    from loyalty_analytics.report import files

    def full(folder):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync_tree", full)
    done = run(["alpha"], ["2026-10"], options(root))
    assert done.code == 4
    assert "No space left" in done.failed["alpha", "2026-10"][0]["text"]
    assert kit.snapshot(root / "reports/alpha/2026-10") == before
    monkeypatch.undo()
    assert run(["alpha"], ["2026-10"], options(root)).notebooks == 0  # the finished pages were kept
