"""The wheel outside the repository: a venv and a folder of their own, the demo, and a client of one's own."""

import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

pytestmark = pytest.mark.engines

_DEALS = "Код клиента;Клиент;Дата;Сумма, руб.\n" + "".join(
    f"{client:03d};ООО «Клиент {client}»;{day:02d}.{month:02d}.{year};{1000 * client + 10 * month},50\n"
    for client in range(1, 9) for year in (2024, 2025) for month in range(1, 13) for day in (5, 19)
)  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory, root):
    """Runs a program of a venv that holds the wheel; the libraries come from the environment of the tests."""
    place = tmp_path_factory.mktemp("wheel")
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    quiet = {"check": True, "capture_output": True, "text": True}
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(place), str(root)], **quiet)
    (wheel,) = place.glob("loyalty_analytics-*.whl")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(place / "venv")], **quiet)
    python = str(place / "venv" / "bin" / "python")
    site = Path(sysconfig.get_path("purelib", vars={"base": str(place / "venv"), "platbase": str(place / "venv")}))
    subprocess.run([*pip, "--python", python, "install", "--no-deps", str(wheel)], **quiet)
    # A .pth inside a folder named by a .pth is not followed, so the editable checkout stays out of sight.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", "utf-8")

    def run(*arguments, cwd):
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))}
        environment["JUPYTER_PATH"] = str(Path(sys.prefix) / "share" / "jupyter")  # templates of the borrowed nbconvert
        return subprocess.run([python, *arguments], cwd=cwd, env=environment, capture_output=True, text=True)

    return run


def test_the_wheel_brings_its_own_files(installed, tmp_path, root):
    where = "import loyalty_analytics as la; print(la.__file__)"
    place = Path(installed("-c", where, cwd=tmp_path).stdout.strip()).parent
    assert root not in place.parents
    tracked = subprocess.run(["git", "ls-files", "src", "notebooks", "params", "data/raw"], cwd=root, text=True,
                             capture_output=True, check=True).stdout.splitlines()  # fmt: skip
    for name in tracked:
        inside = Path(name).relative_to("src/loyalty_analytics") if name.startswith("src/") else Path("shipped", name)
        assert (place / inside).is_file(), name


def test_the_demo_runs_in_an_empty_folder(installed, tmp_path):
    done = installed("-m", "loyalty_analytics.cli", "demo", "--language", "ru", "--quiet", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    pages = {path.name for path in (tmp_path / "reports" / "radio").glob("*/*.html")}
    assert {f"{name}.html" for name in ("01_brief", "03_breaks", "06_meetings", "08_acquisition")} <= pages
    assert list((tmp_path / "reports" / "clinic").glob("*/01_brief.html"))
    assert (tmp_path / "reports" / "index.html").is_file()


def test_a_client_of_ones_own(installed, tmp_path):
    (tmp_path / "deals.csv").write_bytes(_DEALS.encode("cp1251"))
    home = tmp_path / "home"
    home.mkdir()
    for arguments in (("new", "acme", "../deals.csv"), ("check", "acme"), ("report", "acme", "--month", "2025-12")):
        done = installed("-m", "loyalty_analytics.cli", *arguments, cwd=home)
        assert done.returncode == 0, (arguments, done.stdout + done.stderr)
    page = (home / "reports" / "acme" / "2025-12" / "02_segments.html").read_text("utf-8")
    assert "декабрь" in page
    refused = installed("-m", "loyalty_analytics.cli", "demo", cwd=home)
    assert refused.returncode == 4
    assert "empty folder" in refused.stderr
