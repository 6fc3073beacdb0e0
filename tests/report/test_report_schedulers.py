"""The examples for schedulers do what their comments say."""

import ast
import re
import shutil
import subprocess
import sys

import pytest


@pytest.fixture
def examples(root):
    return root / "docs" / "examples"


@pytest.mark.parametrize(
    "today, month", [("2026-11-01", "2026-10"), ("2027-01-01", "2026-12"), ("2024-03-31", "2024-02")]
)
@pytest.mark.parametrize("file", ["crontab", "loyalty.service"])
def test_the_month_before_is_asked_for(examples, tmp_path, today, month, file):
    if not shutil.which("faketime") and subprocess.run(["date", "-d", today], capture_output=True).returncode:
        pytest.skip("no GNU date here")
    text = (examples / file).read_text()
    if file == "crontab":
        line = next(line for line in text.splitlines() if re.match(r"\d", line))
        minute, hour, day, *rest = line.split(maxsplit=5)
        assert (minute, hour, day, *rest[:2]) == ("0", "5", "1", "*", "*")
        command = rest[2].replace(r"\%", "%")  # as cron hands it to the shell
    else:
        command = re.search(r"^ExecStart=/bin/sh -c '(.*)'$", text, re.M)[1].replace("%%", "%")
    assert "%" in command
    # The command itself, with a `date` of another day and a `loyalty` that only tells what it was asked.
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    fake = tmp_path / ".venv" / "bin" / "loyalty"
    fake.write_text('#!/bin/sh\necho "$@"\n')
    fake.chmod(0o755)
    tools = tmp_path / "tools"
    tools.mkdir()
    date = shutil.which("date")
    (tools / "date").write_text(
        f'#!/bin/sh\nif [ "$1" = -d ]; then exec {date} "$@"; fi\nexec {date} -d {today} "$@"\n'
    )
    (tools / "date").chmod(0o755)
    command = command.replace("/srv/loyalty", str(tmp_path))
    done = subprocess.run(
        ["/bin/sh", "-c", command], cwd=tmp_path, env={"PATH": f"{tools}:/usr/bin:/bin"}, capture_output=True, text=True
    )
    assert done.stdout.split() == ["report", "--all", "--month", month, "--keep", "24"], done.stderr


def test_the_timer_makes_up_for_missed_starts(examples):
    timer = (examples / "loyalty.timer").read_text()
    assert "Persistent=true" in timer
    calendar = re.search(r"^OnCalendar=(.*)$", timer, re.M)[1]
    if tool := shutil.which("systemd-analyze"):
        done = subprocess.run([tool, "calendar", calendar], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    assert calendar == "*-*-01 05:00:00"


def test_the_service_tries_again_only_where_it_helps(examples):
    service = (examples / "loyalty.service").read_text()
    assert set(re.search(r"^RestartPreventExitStatus=(.*)$", service, re.M)[1].split()) == {"2", "3"}


def test_the_dag_uses_commands_that_exist(examples):
    from loyalty_analytics import cli

    tree = ast.parse((examples / "airflow_dag.py").read_text())
    words = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert {"report", "index"} <= words & set(cli._commands.commands)
    options = {option for parameter in cli._commands.commands["report"].params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options


def test_a_real_airflow_parses_the_dag(examples, tmp_path):
    pytest.importorskip("airflow", reason="Airflow is not installed")
    code = (
        f"from airflow.dag_processing.dagbag import DagBag\nbag = DagBag({str(examples)!r})\n"
        "assert not bag.import_errors, bag.import_errors\n"
        "print(*sorted(bag.dags['loyalty_reports'].task_ids))"
    )
    env = {"AIRFLOW_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env)
    assert done.stdout.split()[-3:] == ["clients", "index", "report"], done.stderr


def test_the_table_of_exit_codes_is_that_of_the_command(root):
    from click.testing import CliRunner

    from loyalty_analytics import cli

    text = (root / "docs" / "schedulers.md").read_text()
    told = set(re.findall(r"^\| (\d+) \|", text, re.M))
    shown = CliRunner().invoke(cli._commands, ["--help"]).output
    assert told == {"0", *re.findall(r"\b(2|3|4|5|130) \w", shown)}
