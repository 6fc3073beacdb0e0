"""The house: layers, agreement of the three lists of dependencies, public names, notebooks."""

import ast
import importlib
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# conda-forge calls these otherwise than the package index.
CONDA = {
    "duckdb": "python-duckdb",
    "ibis-framework": "ibis-duckdb",
    "matplotlib": "matplotlib-base",
    "pandera": "pandera-pandas",
}


def _requirement(text: str) -> tuple[str, str]:
    found = re.match(r"([A-Za-z0-9_.-]+)(?:\[[^\]]*\])?\s*([^;]*)", text)
    assert found, text
    return found[1].lower().replace("_", "-"), found[2].strip()


def _locked(name: str) -> dict[str, str]:
    lines = (ROOT / "locks" / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if re.match(r"[a-zA-Z0-9]", line)]
    return {re.split(r"[=\[]", pin)[0].lower().replace("_", "-"): pin for pin in pins}


def test_layers_hold():
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_a_place_in_the_layers():
    layers = PROJECT["tool"]["importlinter"]["contracts"][0]["layers"]
    placed = {name.strip().removeprefix("loyalty_analytics.") for layer in layers for name in layer.split("|")}
    package = ROOT / "src" / "loyalty_analytics"
    parts = {path.stem for path in package.glob("*.py")} | {path.parent.name for path in package.glob("*/__init__.py")}
    assert parts - {"__init__", "__main__"} <= placed


def test_environment_agrees_with_pyproject():
    entries = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
    conda = dict(([*entry.split(maxsplit=1), ""])[:2] for entry in entries if isinstance(entry, str))
    assert conda.pop("python") == PROJECT["project"]["requires-python"]
    conda.pop("pip")
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["lab"]]
    expected = {CONDA.get(name, name): bound for name, bound in map(_requirement, wanted)}
    assert conda == expected


@pytest.mark.parametrize(
    "lock, extras",
    [("run", []), ("test", ["test"]), ("engines", ["test", "browser", "lab", "spark", "postgres", "weights"])],
)
def test_locks_hold_every_requirement_within_its_bounds(lock, extras):
    from packaging.specifiers import SpecifierSet

    locked = _locked(lock)
    optional = PROJECT["project"]["optional-dependencies"]
    for text in [*PROJECT["project"]["dependencies"], *(text for extra in extras for text in optional[extra])]:
        name, bound = _requirement(text)
        assert name in locked, f"{name} is not in locks/{lock}.txt: run `make lock`"
        version = re.search(r"==([^ ;\\]+)", locked[name])
        assert version, locked[name]
        assert version[1] in SpecifierSet(bound), f"{locked[name]} is outside {bound}: run `make lock`"


@pytest.mark.parametrize("lock", ["run", "test", "engines"])
def test_locks_name_no_host_and_hash_everything(lock):
    text = (ROOT / "locks" / f"{lock}.txt").read_text(encoding="utf-8")
    assert "://" not in text
    assert "index-url" not in text
    for block in re.split(r"\n(?=[a-zA-Z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block[:80]


def test_run_lock_is_lean():
    # JupyterLab makes every import of nbconvert 2.5 s slower and the environment twice as large.
    assert not {"jupyterlab", "notebook", "pytest", "pyspark"} & _locked("run").keys()


def test_public_names_are_there_and_documented():
    package = importlib.import_module("loyalty_analytics")
    for name in package.__all__:
        value = getattr(package, name)
        assert value.__doc__, f"{name} has no docstring"
    assert set(package.__all__) <= set(dir(package))


def test_unknown_public_name_is_an_attribute_error():
    package = importlib.import_module("loyalty_analytics")
    with pytest.raises(AttributeError, match="find_brakes"):
        _ = package.find_brakes


def test_import_is_light():
    # matplotlib, seaborn, statsmodels and scipy.stats are imported when used.
    code = "import sys, loyalty_analytics; print(*(m for m in ('pandas', 'matplotlib', 'scipy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_readme_names_every_public_function():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    package = importlib.import_module("loyalty_analytics")
    missing = [name for name in package.__all__ if not re.search(rf"`(la\.)?{name}\b", text)]
    assert not missing, f"not in README.md: {missing}"


def test_readme_begins_with_two_commands_and_its_links_lead_somewhere():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert re.search(r"^```\n(.*?)^```", text, re.M | re.S)[1].splitlines() == ["make demo", "make test"]
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    for page in pages:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            assert "://" in target or (page.parent / target).exists(), (page.name, target)
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < 300_000, picture.name


def _notebooks() -> list[Path]:
    return sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", _notebooks(), ids=lambda path: path.stem)
def test_notebooks_are_thin_and_clean(path):
    from loyalty_analytics.report import notebooks

    cells = [cell for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "code"]
    if not path.stem.startswith("00"):
        notebooks.inspect(path)
    for cell in cells:
        assert not cell["outputs"]
        assert cell["execution_count"] is None
        source = notebooks.source(cell)
        lines = [line for line in source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        assert len(lines) <= 6, f"{path.name}: a cell of {len(lines)} lines belongs in the library"
        tree = ast.parse(re.sub(r"^\s*[%!].*$", "", source, flags=re.M))
        kinds = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While)
        assert not any(isinstance(node, kinds) for node in ast.walk(tree)), f"{path.name}: logic in a cell"


def test_words_have_the_same_keys_in_both_languages():
    words = ROOT / "src" / "loyalty_analytics" / "words"
    for russian in sorted((words / "ru").glob("*.yaml")):
        english = words / "en" / russian.name
        one, two = (yaml.safe_load(path.read_text(encoding="utf-8")) or {} for path in (russian, english))
        assert set(one) == set(two), russian.name
        for key in one:
            if isinstance(one[key], str):
                fields = [set(re.findall(r"\{(\w+)", text[key])) for text in (one, two)]
                assert fields[0] == fields[1], f"{russian.name}: {key}"


def test_no_path_of_a_machine_and_no_host_in_tracked_files():
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("no git here")
    top = str(ROOT.parent.resolve()) + "/"
    for name in done.stdout.splitlines():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yml", ".yaml", ".toml", ".txt", ".ipynb", ".in", ".sh") and path.is_file():
            text = path.read_text(encoding="utf-8")
            assert len(top) < 4 or top not in text, name
            assert not re.search(r"--(extra-)?index-url\s+http", text), name


def test_ci_run_is_executable_bash():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert subprocess.run(["bash", "-n", str(script)]).returncode == 0


def test_notebook_files_are_sorted_json_without_personal_metadata():
    for path in _notebooks():
        metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        assert set(metadata) <= {"kernelspec", "language_info"}, path.name
        assert metadata.get("kernelspec", {}).get("name", "python3") == "python3", path.name


def test_readme_says_why_each_dependency_is_there():
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Dependencies")[2].partition("\n## ")[0]
    named = set(re.findall(r"[\w.-]+", table))
    optional = PROJECT["project"]["optional-dependencies"].keys() - {"dev"}
    wanted = {_requirement(text)[0] for text in PROJECT["project"]["dependencies"]} | optional
    assert not wanted - named
