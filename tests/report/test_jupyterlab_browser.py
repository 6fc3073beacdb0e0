"""JupyterLab for real: a browser opens notebooks, runs all cells through the menu and looks at what came out."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from loyalty_analytics.report import notebooks

pytestmark = pytest.mark.browser

# Without an answer to the question about news, JupyterLab asks the network and puts a box over the page.
_SETTINGS = {"apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False}}
_DONE = """() => {
    const status = document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status;
    const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputPrompt')].map(one => one.textContent.trim());
    return status === 'idle' && prompts.some(text => /\\d/.test(text)) && !prompts.includes('[*]:');
}"""


@pytest.fixture(scope="module")
def lab_root(tmp_path_factory, root):
    """A copy of the project's notebooks, params and raw files: the checkout itself stays clean."""
    home = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "params", "docs"):
        shutil.copytree(root / name, home / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    shutil.copytree(root / "data" / "raw" / "radio", home / "data" / "raw" / "radio")
    return home


@pytest.fixture(scope="module")
def lab(lab_root, tmp_path_factory):
    """Address of a running JupyterLab with a home of its own."""
    pytest.importorskip("jupyterlab", reason="JupyterLab is not installed")
    state = tmp_path_factory.mktemp("state")
    for name, values in _SETTINGS.items():
        path = state / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(values), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    token = secrets.token_hex(16)
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
               "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "spaces",
               "IPYTHONDIR": "ipython"}  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    environment |= {name: str(state / folder) for name, folder in folders.items()}
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--ServerApp.root_dir={lab_root}",
               "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}", "--ServerApp.port_retries=0",
               f"--IdentityProvider.token={token}"]  # fmt: skip
    with (state / "server.log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, cwd=lab_root, stdout=log, stderr=log)
    try:
        _wait(f"http://127.0.0.1:{port}/api/status?token={token}", server, state / "server.log")
        yield lambda path: f"http://127.0.0.1:{port}/lab/tree/{path}?token={token}&reset"
    finally:
        server.terminate()
        server.wait(30)


def _wait(address, server, log):
    for _ in range(720):  # a busy machine starts a server slowly
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert server.poll() is None, log.read_text("utf-8", "replace")[-2000:]
            time.sleep(0.25)
    raise AssertionError(log.read_text("utf-8", "replace")[-2000:])


@pytest.fixture
def page(chromium):
    """A page of a headless Chromium that notes errors of its console."""
    made = chromium.new_page(viewport={"width": 1280, "height": 900})
    made.complaints = []
    made.on("console", lambda said: made.complaints.append(said.text) if said.type == "error" else None)
    made.on("pageerror", lambda error: made.complaints.append(str(error)))
    yield made
    made.close()


def run_all(page, address, seconds=240):
    """Open a notebook, click Run → Run All Cells, wait until the kernel is idle and no cell waits."""
    page.goto(address)
    # The notebook's own indicator says "idle" even before there is a kernel; the status bar does not.
    page.locator("#jp-main-statusbar").get_by_text("| Idle").wait_for(timeout=60_000)
    page.locator(".lm-MenuBar-itemLabel", has_text="Run").first.click()
    page.locator(".lm-Menu-itemLabel").get_by_text("Run All Cells", exact=True).click()
    page.wait_for_function(_DONE, timeout=seconds * 1000)
    if folder := os.environ.get("LOYALTY_SHOTS"):  # to look at
        _shoot(page, Path(folder) / Path(address.partition("?")[0]).stem)


def _shoot(page, stem):
    stem.parent.mkdir(parents=True, exist_ok=True)
    for number, share in enumerate((0, 0.3, 0.6, 1)):
        page.evaluate(
            "share => { const box = document.querySelector('.jp-WindowedPanel-outer');"
            "box.scrollTo(0, box.scrollHeight * share) }", share)  # fmt: skip
        page.wait_for_timeout(500)
        page.screenshot(path=f"{stem}-{number}.png")


def seen(page):
    """What stands below the cells: errors, warnings, tables with rows, pictures that have loaded, bare text."""
    return page.evaluate("""() => {
        const outputs = [...document.querySelectorAll('.jp-Notebook .jp-OutputArea-output')];
        const of = kind => outputs.filter(one => one.dataset.mimeType === kind).map(one => one.textContent);
        const left = [...document.querySelectorAll('.jp-CodeCell')]
            .filter(cell => cell.querySelector('.cm-content')?.textContent.trim())
            .filter(cell => !/\\d/.test(cell.querySelector('.jp-InputPrompt').textContent));
        return {left: left.length,
            errors: of('application/vnd.jupyter.error'), warnings: of('application/vnd.jupyter.stderr'),
            tables: outputs.flatMap(one => [...one.querySelectorAll('table')])
                .filter(one => one.rows.length > 1).length,
            broken: outputs.flatMap(one => [...one.querySelectorAll('img')])
                .filter(one => !(one.complete && one.naturalWidth > 0)).length,
            pictures: outputs.flatMap(one => [...one.querySelectorAll('img')]).length,
            text: outputs.map(one => one.textContent).join('\\n')};
    }""")


@pytest.mark.parametrize("name, tables, pictures", [("01_brief", 8, 5), ("03_breaks", 4, 4)])
def test_a_report_runs_in_jupyterlab(lab, page, name, tables, pictures):
    run_all(page, lab(f"notebooks/{name}.ipynb"))
    found = seen(page)
    assert not found["errors"]
    assert not found["warnings"]
    assert not found["left"]
    assert not found["broken"]
    assert found["tables"] >= tables
    assert found["pictures"] >= pictures
    assert "Радиохолдинг" in found["text"]
    assert not page.complaints


def test_the_tour_runs_in_jupyterlab(lab, page):
    run_all(page, lab("docs/tour.ipynb"))
    found = seen(page)
    assert not found["errors"]
    assert not found["warnings"]
    assert not found["left"]
    assert found["tables"] >= 8
    assert found["pictures"] >= 6  # one for each .plot()
    assert "Breaks of volume: " in found["text"]
    assert not page.complaints


_MESSY = """Выгрузка из учётной системы;;;;
Период: 01.01.2025 - 31.03.2025;;;;
;;;;
Код клиента;Клиент;Дата;Сумма, тыс. руб.;Менеджер
007;ООО «Ромашка»;15.01.2025;12,5;Петрова А.
007;ООО «Ромашка»;15.02.2025;1 040,25;Петрова А.
012;ИП Ёлкин;20.02.2025;3,75;Сидоров Б.
012;ИП Ёлкин;11.03.2025;8,00;Сидоров Б.
015;АО «Ветер»;13.03.2025;20,40;Сидоров Б.
Итого;;;1 084,90;
"""


def test_a_new_client_with_a_messy_file_in_jupyterlab(lab, lab_root, page):
    (lab_root / "export.csv").write_bytes(_MESSY.encode("cp1251"))
    path = lab_root / "notebooks" / "00_new_client.ipynb"
    book = notebooks.read(path)
    cell = next(one for one in book["cells"] if "parameters" in one["metadata"].get("tags", []))
    cell["source"] = 'client = "trial"\nfiles = "../export.csv"\nlanguage = "en"'
    path.write_text(json.dumps(book, ensure_ascii=False), "utf-8")
    run_all(page, lab("notebooks/00_new_client.ipynb"))
    found = seen(page)
    assert not found["errors"]
    assert not found["warnings"]
    assert not found["left"]
    assert not page.complaints
    assert found["tables"] >= 5
    for text in ("cp1251", "12500", "1040250", "007", "total"):  # thousands multiplied, codes kept, the total named
        assert text in found["text"].replace(",", "").replace("\xa0", "").replace(".0", ""), text
