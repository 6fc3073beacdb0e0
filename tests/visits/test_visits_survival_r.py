"""Kaplan-Meier against R survival on published data sets, run in R here and now."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from loyalty_analytics.visits.survival import kaplan_meier, quantile

SCRIPT = """
library(survival)
d <- data.frame(time = {time}, event = {event})
d <- d[complete.cases(d), ]
f <- survfit(Surv(time, event) ~ 1, data = d, conf.type = "log-log")
q <- quantile(f, c(0.5, 0.9))
write.csv(d, row.names = FALSE); cat("----\\n")
k <- f$n.event > 0
write.csv(data.frame(time = f$time, risk = f$n.risk, events = f$n.event, waiting = f$surv, low = f$lower,
                     high = f$upper)[k, ], row.names = FALSE); cat("----\\n")
write.csv(data.frame(value = q$quantile, low = q$lower, high = q$upper), row.names = FALSE)
"""
SETS = {
    "lung": ("lung$time", "lung$status == 2"),
    "veteran": ("veteran$time", "veteran$status == 1"),
    "ovarian": ("ovarian$futime", "ovarian$fustat == 1"),
    "colon": ("colon$time[colon$etype == 2]", "colon$status[colon$etype == 2] == 1"),
}


@pytest.fixture(scope="module")
def rscript():
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not installed")
    if subprocess.run([program, "-e", "library(survival)"], capture_output=True).returncode:
        pytest.skip("R's package survival is not installed")
    return program


def _in_r(rscript, name):
    time, event = SETS[name]
    script = SCRIPT.replace("{time}", time).replace("{event}", event)
    done = subprocess.run([rscript, "-e", script], capture_output=True, text=True, check=True)
    return [pd.read_csv(io.StringIO(part)) for part in done.stdout.split("----\n")]


@pytest.mark.parametrize("name", SETS)
def test_curve_limits_and_quantiles_equal_r(rscript, name):
    data, theirs, quantiles = _in_r(rscript, name)
    ours = kaplan_meier(data["time"], data["event"])
    assert ours["at_risk"].tolist() == theirs["risk"].tolist()
    assert ours["events"].tolist() == theirs["events"].tolist()
    open_end = theirs["waiting"] > 0  # after the last case R prints no limits
    for column in ("time", "waiting", "low", "high"):
        np.testing.assert_allclose(ours.loc[open_end, column], theirs.loc[open_end, column], atol=1e-6, rtol=0)
    for share, row in zip((0.5, 0.9), quantiles.to_numpy(float)):
        np.testing.assert_allclose(quantile(ours, share), row, atol=1e-6, rtol=0)


def test_median_of_lung_is_310_where_closed_cases_alone_say_226(rscript):
    data, _, _ = _in_r(rscript, "lung")
    assert quantile(kaplan_meier(data["time"], data["event"]), 0.5)[0] == 310
    assert data.loc[data["event"], "time"].median() == 226
