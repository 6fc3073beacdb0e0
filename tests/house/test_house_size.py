"""The size of the house: short functions, short modules, no public name without a word, no dead code."""

import ast
import importlib
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "loyalty_analytics"
LONGEST_FUNCTION, LONGEST_MODULE = 70, 400  # lines, docstring and signature included
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _modules() -> dict[str, ast.Module]:
    return {str(path.relative_to(PACKAGE)): ast.parse(path.read_text("utf-8")) for path in PACKAGE.rglob("*.py")}


@pytest.fixture(scope="module")
def modules():
    found = _modules()
    assert len(found) > 200
    return found


def _lines(node: ast.AST) -> int:
    return node.end_lineno - node.lineno + 1


def _long(modules: dict[str, ast.Module], most: int) -> list[str]:
    return sorted(
        f"{name}:{node.lineno} {node.name}: {_lines(node)} lines"
        for name, tree in modules.items()
        for node in ast.walk(tree)
        if isinstance(node, _FUNCTIONS) and _lines(node) > most
    )


def _public(body: list[ast.stmt], inside: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and not node.name.startswith("_"):
            yield inside + node.name, node
            if isinstance(node, ast.ClassDef):
                yield from _public(node.body, f"{inside}{node.name}.")


def _silent(modules: dict[str, ast.Module]) -> list[str]:
    """Modules and public names without a docstring."""
    modules_without = [name for name, tree in modules.items() if not ast.get_docstring(tree)]
    names = [
        f"{name}:{node.lineno} {called}"
        for name, tree in modules.items()
        for called, node in _public(tree.body)
        if not ast.get_docstring(node)
    ]
    return sorted(modules_without + names)


def test_functions_are_short(modules):
    assert _long(modules, LONGEST_FUNCTION) == []


def test_modules_are_short():
    sizes = {path.relative_to(PACKAGE): len(path.read_text("utf-8").splitlines()) for path in PACKAGE.rglob("*.py")}
    long = {str(path): size for path, size in sizes.items() if size > LONGEST_MODULE}
    assert not long


def test_every_public_name_says_what_it_is(modules):
    assert _silent(modules) == []


def test_the_measures_see_what_they_shall():
    text = "def one():\n    '''Yes.'''\n    return 1\n\n\nclass Two:\n    def three(self):\n        return 3\n"
    tree = ast.parse(text)
    assert _long({"a.py": tree}, 2) == ["a.py:1 one: 3 lines"]
    assert _silent({"a.py": tree}) == ["a.py", "a.py:6 Two", "a.py:7 Two.three"]


def test_all_names_what_is_there(modules):
    for name, tree in modules.items():
        dotted = "loyalty_analytics." + name.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
        listed = [node for node in tree.body if isinstance(node, ast.Assign) and "__all__" in ast.unparse(node.targets)]
        if listed and isinstance(listed[0].value, ast.List):
            module = importlib.import_module(dotted.removesuffix(".__init__"))
            missing = [one.value for one in listed[0].value.elts if not hasattr(module, one.value)]
            assert not missing, (name, missing)


def test_the_readme_table_is_the_public_names():
    import loyalty_analytics

    text = (ROOT / "README.md").read_text("utf-8")
    table = re.search(r"^## Public names\n(.*?)^## ", text, re.M | re.S)
    cells = re.findall(r"^\| (`la\..*?) \|", table[1], re.M)
    named = re.findall(r"`la\.(\w+)`", " ".join(cells))
    assert sorted(named) == sorted(loyalty_analytics.__all__)


def test_docs_are_reachable_from_the_readme():
    pages = {path.name for kind in ("md", "ipynb") for path in (ROOT / "docs").glob(f"*.{kind}")}
    text = (ROOT / "README.md").read_text("utf-8")
    assert pages <= set(re.findall(r"\]\(docs/([\w.]+)\)", text))


def _resolves(parts: list[str]) -> bool:
    for size in range(len(parts), -1, -1):
        try:
            found = importlib.import_module(".".join(["loyalty_analytics", *parts[:size]]))
        except ModuleNotFoundError:
            continue
        for part in parts[size:]:
            if not hasattr(found, part):
                break
            found = getattr(found, part)
        else:
            return True
    return False


def test_names_in_the_docs_are_names_of_the_package():
    parts = {path.stem for path in PACKAGE.glob("*.py")} | {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    known = "|".join(sorted(parts - {"__init__"}, key=len, reverse=True))
    pattern = re.compile(rf"`(?:(?:la|loyalty_analytics)\.([a-z]\w*(?:\.\w+)*)|((?:{known})(?:\.\w+)+))")
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
    named = {(page.name, one or two) for page in pages for one, two in pattern.findall(page.read_text("utf-8"))}
    assert len(named) > 50
    names = [(page, name) for page, name in named if not re.search(r"\.(py|yaml|csv|xlsx|txt)$", name)]
    assert not [(page, name) for page, name in sorted(names) if not _resolves(name.split("."))]


def _words(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]


def test_every_function_is_used_or_told_of(modules):
    """Called by the package, a notebook or a benchmark, or offered to analysts in README and docs."""
    used = {word for tree in modules.values() for word in _words(tree)}
    others = [*ROOT.glob("benchmarks/*.py"), *ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("docs/*"), ROOT / "README.md",
              ROOT / "pyproject.toml"]  # fmt: skip
    told = set(re.findall(r"\w+", " ".join(path.read_text("utf-8") for path in others if path.is_file())))
    idle = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in modules.items()
        for node in tree.body
        if isinstance(node, (*_FUNCTIONS, ast.ClassDef)) and node.name not in used | told | {"__getattr__"}
    ]
    assert idle == []


def test_no_dead_code():
    pytest.importorskip("vulture", reason="vulture is no test requirement: install it to run this")
    done = subprocess.run([sys.executable, "-m", "vulture"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
