"""The command line: exit codes, messages, locks, speed of the start, secrets and hostile names."""

import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from loyalty_analytics import cli


@pytest.mark.parametrize(
    "arguments, code, message",
    [
        (["report", "alhpa", "--month", "2026-10"], 2, "Did you mean 'alpha'?"),
        (["report", "alpha", "--month", "2026-13"], 2, "'2026-13' is no month"),
        (["report", "alpha", "--month", "10.2026"], 2, "is no month"),
        (["report", "alpha", "--mnoth", "2026-10"], 2, "--month"),
        (["report", "alpha", "--month", "2026-10", "--language", "de"], 2, "'de' is no language"),
        (["report", "alpha", "--month", "2026-10", "--since", "2026-11"], 2, "later than"),
        (["report", "alpha", "--since", "2026-01"], 2, "--since needs --month"),
        (["report", "--month", "2026-10"], 2, "Name clients or pass --all"),
        (["report", "../../etc", "--month", "2026-10"], 2, "There is no params/../../etc.yaml"),
        (["verify", "alpha", "--month", "2026-10"], 4, "no published report"),
        (["nonsense"], 2, "nonsense"),
        (["--help"], 0, ""),
        (["report", "--help"], 0, ""),
    ],
)
def test_wrong_usage(make_root, monkeypatch, capfd, arguments, code, message):
    root = make_root()
    monkeypatch.chdir(root)
    assert cli.run(arguments) == code
    assert message in capfd.readouterr().err
    assert not (root / "reports").exists()


@pytest.fixture(scope="module")
def good_root(tmp_path_factory, kit):
    """A project with one good month, to be copied."""
    root = tmp_path_factory.mktemp("good") / "home"
    kit.write_client(root, "alpha")
    for name in ("01_brief", "02_segments"):
        kit.write_notebook(root / "notebooks" / f"{name}.ipynb", kit.TABLES)
    assert cli.run(["report", "alpha", "--month", "2026-10", "--root", str(root), "--quiet"]) == 0
    return root


@pytest.mark.parametrize(
    "break_it, code, message",
    [
        (lambda root: (root / "data/raw/alpha/deals.csv").unlink(), 4, "deals.csv"),
        (lambda root: (root / "data/raw/alpha/deals.csv").write_text(""), 4, "deals.csv"),
        (lambda root: (root / "data/raw/alpha/deals.csv").write_text("a;b\n1;2\n"), 4, "deals.csv"),
        (lambda root: (root / "params/alpha.yaml").write_text("client: alpha\nttle: x\n"), 2, "Did you mean 'title'?"),
        (lambda root: (root / "params/alpha.yaml").write_text("client: [\n"), 2, "params/alpha.yaml"),
        (lambda root: (root / "notebooks/02_segments.ipynb").write_text("{"), 4, "02_segments.ipynb is not a notebook"),
    ],
    ids=["missing file", "empty file", "wrong columns", "unknown key", "broken yaml", "broken notebook"],
)
def test_bad_input_has_its_message_and_keeps_the_last_good_month(
    good_root, tmp_path, monkeypatch, capfd, kit, break_it, code, message
):
    root = tmp_path / "copy"
    shutil.copytree(good_root, root)
    monkeypatch.chdir(root)
    good = kit.snapshot(root / "reports/alpha/2026-10")
    break_it(root)
    capfd.readouterr()
    assert cli.run(["report", "alpha", "--month", "2026-10", "--quiet"]) == code
    assert message in capfd.readouterr().err
    assert kit.snapshot(root / "reports/alpha/2026-10") == good


def test_one_command_from_any_folder_with_index_and_verify(make_root, monkeypatch, capfd, kit):
    root = make_root(["alpha", "beta"])
    monkeypatch.chdir(root / "notebooks")
    assert cli.run(["report", "--all", "--month", "2026-10", "--language", "ru,en", "--quiet"]) == 0
    first = kit.snapshot(root / "reports")
    assert len([name for name in first if name.endswith(".en.html")]) == 4
    index = (root / "reports/index.html").read_text()
    assert "Клиент alpha" in index
    assert 'href="beta/2026-10/index.html"' in index
    assert cli.run(["verify", "alpha", "--month", "2026-10", "--quiet"]) == 0
    assert "identical" in capfd.readouterr().out
    page = root / "reports/alpha/2026-10/01_brief.html"
    page.write_text(page.read_text().replace("Объём", "Объем"))
    assert cli.run(["verify", "alpha", "--month", "2026-10", "--quiet"]) == 3
    assert "01_brief.html: other bytes" in capfd.readouterr().out
    assert cli.run(["report", "--all", "--month", "2026-10", "--quiet"]) == 0
    assert kit.snapshot(root / "reports") == first


def test_out_writes_elsewhere(make_root, tmp_path, capfd):
    root = make_root()
    out = tmp_path / "elsewhere"
    assert cli.run(["report", "alpha", "--month", "2026-10", "--root", str(root), "--out", str(out), "--quiet"]) == 0
    assert (out / "alpha/2026-10/01_brief.html").is_file()
    assert (out / "index.html").is_file()
    assert not (root / "reports").exists()


def test_two_runs_at_once(make_root, loyalty):
    root = make_root(notebooks={"01_brief": ["import time, pathlib\npathlib.Path('begun').touch()\ntime.sleep(600)"]})
    environment = {**os.environ, **cli._STEADY}
    command = [sys.executable, "-m", "loyalty_analytics.cli", "report", "alpha", "--month", "2026-10"]
    first = subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE)
    try:
        deadline = time.monotonic() + 60
        while not (root / "begun").exists():
            assert first.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        second = loyalty("report", "alpha", "--month", "2026-10", cwd=root)
        assert second.returncode == 5
        assert "another run is working on it" in second.stderr
        assert not (root / "reports/alpha").exists()
    finally:
        first.send_signal(signal.SIGINT)
        assert first.wait(30) == 130
        first.stderr.close()
    # The lock ended with the process: none is stale.
    kit_book = (root / "notebooks/01_brief.ipynb").read_text().replace("time.sleep(600)", "1")
    (root / "notebooks/01_brief.ipynb").write_text(kit_book)
    assert cli.run(["report", "alpha", "--month", "2026-10", "--root", str(root), "--quiet"]) == 0


def test_a_lock_file_that_nobody_holds_is_no_obstacle(make_root, options):
    from loyalty_analytics.report.publish import Place
    from loyalty_analytics.report.run import run

    root = make_root()
    lock = Place(root / "reports", root / "logs", "alpha", "").lock
    lock.parent.mkdir(parents=True)
    lock.write_text("99999")
    assert run(["alpha"], ["2026-10"], options(root)).code == 0
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert run(["alpha"], ["2026-10"], options(root)).code == 5


def test_secrets_stay_in_the_environment(make_root, options, kit, monkeypatch):
    canary = "k4n4r3-7f1e-9b"
    monkeypatch.setenv("ALPHA_DB_PASSWORD", canary)
    monkeypatch.setenv("STORE_URL", f"postgres://user:{canary}@host/db")
    monkeypatch.setenv("PLAIN_NAME", "kolibri-" + canary[::-1])
    from loyalty_analytics.report.run import run

    leaks = [
        "import os\nprint(os.environ['ALPHA_DB_PASSWORD'])",
        "os.environ['STORE_URL']",
        "print(os.environ['PLAIN_NAME'])",
    ]
    root = make_root(["alpha", "beta"], {"01_brief": leaks})
    (root / "params/alpha.yaml").write_text((root / "params/alpha.yaml").read_text() + "# url: x://${PLAIN_NAME}\n")
    kit.write_notebook(
        root / "notebooks/02_segments.ipynb",
        ["import os\nif client == 'beta':\n    raise ValueError(os.environ['STORE_URL'])"],
    )
    done = run(["alpha", "beta"], ["2026-10"], options(root))
    assert done.code == 3
    for folder in ("reports", "logs", "notebooks", "data"):
        for name, content in kit.snapshot(root / folder).items():
            if name.endswith((".gz", ".xlsx")):
                continue
            assert canary.encode() not in content, name
            assert canary[::-1].encode() not in content, name
    assert canary not in json.dumps(list(done.failed.values()))


HOSTILE = [
    "../../x",
    "a'b\"c",
    "line\nbreak",
    "<script>alert(1)</script>",
    '=HYPERLINK("x")',
    "я" * 300,
    "con",
    "&amp;",
]


WHO = """from loyalty_analytics.exhibits import base, table
rows = data.panel[['client_id', 'revenue']]
columns = [table.Column(key='client_id', label='Кто'), table.Column(key='revenue', label='Сумма', kind='money')]
names = ' '.join(rows.client_id.unique())
base.Exhibit(name='who', title=names, language=language, table=table.Table(frame=rows, columns=columns))"""


def test_hostile_names_of_clients_and_buyers(make_root, options, kit, tmp_path):
    import csv

    import openpyxl

    from loyalty_analytics.report.run import run

    load = "import loyalty_analytics as la\ndata = la.load(client, month=month)"
    shown = [load, WHO, "data.panel", "data.panel.style", "print(*data.panel.client_id)"]
    root = make_root(["alpha"], {"01_brief": shown})
    kit.write_notebook(root / "notebooks/07_client.ipynb", ["print(client_id)"], kit.PARAMETERS + '\nclient_id = "R1"')
    with (root / "data/raw/alpha/deals.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, delimiter=";")
        writer.writerow(["n", "code", "day", "sum"])
        for number, name in enumerate(HOSTILE):
            writer.writerow([number, name, "05.10.2026", 100])
    outside = kit.snapshot(tmp_path)
    assert run(["alpha"], ["2026-10"], options(root), dossiers=HOSTILE).code == 0
    made = set(kit.snapshot(tmp_path)) - set(outside)
    assert all(name.startswith(("home/reports/alpha/", "home/logs/", "home/data/processed/")) for name in made)
    folder = root / "reports/alpha/2026-10"
    assert len(list(folder.glob("07_client_*.html"))) == len(HOSTILE)
    for page in folder.glob("*.html"):
        text = page.read_text()
        assert "<script" not in text
        assert "alert(1)</" not in text.replace("&lt;/", "")
        assert max(map(len, page.name.split("_"))) < 60
    book = openpyxl.load_workbook(folder / "tables.xlsx")
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert any(cell.value == '=HYPERLINK("x")' for cell in cells)
    assert all(cell.data_type != "f" for cell in cells)


def test_help_names_the_commands_in_order_each_in_one_whole_line():
    from click.testing import CliRunner

    from loyalty_analytics.cli import _commands

    text = CliRunner().invoke(_commands, ["--help"]).output
    lines = text[text.index("Commands:") :].splitlines()[1:8]
    assert [line.split()[0] for line in lines] == ["new", "check", "report", "dossier", "index", "verify", "demo"]
    assert all(line.endswith(".") and not line.endswith("...") for line in lines)
    assert "loyalty new acme deals.csv" in text
    assert all(f"{code} " in text for code in (0, 2, 3, 4, 5, 130))


def test_help_imports_nothing_heavy():
    code = "import sys\nfrom loyalty_analytics import cli\ncli.run(['--help'])\nprint(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {"pandas", "numpy", "matplotlib", "papermill", "nbconvert", "IPython", "duckdb", "pydantic"}
    assert not heavy & set(done.stdout.split())


def test_an_unchanged_rerun_imports_nothing_heavy(make_root, options):
    from loyalty_analytics.report.run import run

    root = make_root()
    run(["alpha"], ["2026-10"], options(root))
    code = (
        "import sys\nfrom loyalty_analytics import cli\n"
        f"assert cli.run(['report', 'alpha', '--month', '2026-10', '--root', {str(root)!r}]) == 0\n"
        "print(*sorted(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "unchanged" in done.stdout
    assert not {"matplotlib", "papermill", "nbconvert", "IPython", "duckdb"} & set(done.stdout.split())
