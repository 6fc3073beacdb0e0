"""Run benchmarks by name, or list them: ``python -m benchmarks [NAME …]``; ``all`` runs every one."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> int:
    """Exit code of the first benchmark that fails, else 0."""
    known = {path.stem: path for path in sorted(FOLDER.glob("*.py")) if not path.stem.startswith("_")}
    runnable = {name: path for name, path in known.items() if "__main__" in path.read_text(encoding="utf-8")}
    if not names:
        for name, path in runnable.items():
            text = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
            print(f"{name:20s}{text.partition(chr(10))[0]}")
        print("\npython -m benchmarks NAME … runs some, `all` every one.")
        return 0
    for name in runnable if names == ["all"] else names:
        if name not in runnable:
            print(f"There is no benchmark {name!r}; there are {', '.join(runnable)}.")
            return 2
        print(f"== {name}", flush=True)
        if code := subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], cwd=FOLDER.parent).returncode:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
