"""One mapped task per client: Airflow spreads them over its workers, a last task joins the index.

The project's folder has to be visible to all workers under the same path.
"""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

from airflow.sdk import dag, task
from airflow.sdk.exceptions import AirflowFailException

HOME = Path("/srv/loyalty")
LOYALTY = HOME / ".venv" / "bin" / "loyalty"


@dag(
    schedule="0 5 1 * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # to catch up: loyalty report --all --since 2026-01 --month 2026-10
    max_active_runs=1,
    default_args={"retries": 2, "retry_delay": timedelta(minutes=30)},
    tags=["loyalty"],
)
def loyalty_reports() -> None:
    """Reports of the month before the run, client by client."""

    @task
    def clients() -> list[str]:
        return sorted(path.stem for path in (HOME / "params").glob("*.yaml"))

    @task(max_active_tis_per_dag=8)
    def report(client: str, logical_date: datetime | None = None) -> None:
        now = logical_date or datetime(2026, 1, 1)
        month = (now.replace(day=1) - timedelta(days=1)).strftime("%Y-%m")
        code = subprocess.run(
            [LOYALTY, "report", client, "--month", month, "--jobs", "1"], cwd=HOME, check=False
        ).returncode
        if code == 2:  # wrong parameters: trying again will not help
            raise AirflowFailException(f"{client}: exit code 2, see the log above")
        if code:
            raise RuntimeError(f"{client}: exit code {code}")

    @task(trigger_rule="all_done")
    def index() -> None:
        subprocess.run([LOYALTY, "index"], cwd=HOME, check=True)

    report.expand(client=clients()) >> index()


loyalty_reports()
