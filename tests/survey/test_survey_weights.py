"""Weights and their errors against R's survey; the anchor estimate against lavaan. Data come from R when it runs."""

from __future__ import annotations

import io
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.survey.means import anchor_estimate

TYPES = {"E": 4421, "H": 755, "M": 1018}
WIDE = {"No": 1072, "Yes": 5122}
R_START = """
suppressMessages(library(survey)); data(api); options(digits = 15)
types <- data.frame(stype = c("E", "H", "M"), Freq = c(4421, 755, 1018))
wide <- data.frame(sch.wide = c("No", "Yes"), Freq = c(1072, 5122))
tight <- list(maxit = 200, epsilon = 1e-10)
"""


def r(code: str, package: str) -> str:
    """Output of R, or a skip where R or the package is not there."""
    program = shutil.which("Rscript")
    if program is None:
        pytest.skip("R is not here")
    asked = subprocess.run([program, "-e", f"library({package})"], capture_output=True, check=False)
    if asked.returncode:
        pytest.skip(f"R has no package {package}")
    done = subprocess.run([program, "-e", code], capture_output=True, text=True, check=True, timeout=120)
    return done.stdout


@pytest.fixture(scope="module")
def api() -> dict[str, pd.DataFrame]:
    """apistrat and apiclus1 of R's survey (Californian schools)."""
    tables = {}
    for name in ("apistrat", "apiclus1"):
        columns = 'c("dnum", "stype", "sch.wide", "api00", "enroll", "pw", "fpc")'
        text = r(f"{R_START} write.csv({name}[, {columns}], row.names = FALSE)", "survey")
        tables[name] = pd.read_csv(io.StringIO(text))
    return tables


def numbers(code: str) -> list[float]:
    return [float(value) for value in r(R_START + code, "survey").split()]


def test_raking_and_its_error_are_those_of_r(api: dict[str, pd.DataFrame]) -> None:
    mine = la.rake(api["apiclus1"], {"stype": TYPES, "sch.wide": WIDE}, weights="pw", clusters="dnum")
    mean, error = mine.estimate("api00")
    assert (round(mean, 4), round(error, 4)) == (641.2303, 23.9420)  # printed in the issue, no finite correction
    design = "d <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)\n"
    theirs = numbers(design + """x <- rake(d, list(~stype, ~sch.wide), list(types, wide), control = tight)
        m <- svymean(~api00, x); t <- svytotal(~enroll, x); cat(coef(m), SE(m), coef(t), SE(t))""")  # fmt: skip
    finite = la.rake(
        api["apiclus1"], {"stype": TYPES, "sch.wide": WIDE}, weights="pw", clusters="dnum", population="fpc"
    )
    assert [*finite.estimate("api00"), *finite.estimate("enroll", "total")] == pytest.approx(theirs, rel=1e-6)


def test_post_stratification_is_that_of_r(api: dict[str, pd.DataFrame]) -> None:
    theirs = numbers("""d <- svydesign(id = ~dnum, weights = ~pw, data = apiclus1, fpc = ~fpc)
        x <- postStratify(d, ~stype, types)
        m <- svymean(~api00, x); t <- svytotal(~enroll, x); cat(coef(m), SE(m), coef(t), SE(t), "")
        s <- svydesign(id = ~1, strata = ~stype, weights = ~pw, data = apistrat, fpc = ~fpc)
        x <- postStratify(s, ~sch.wide, wide)
        m <- svymean(~api00, x); t <- svytotal(~enroll, x); cat(coef(m), SE(m), coef(t), SE(t))""")
    clustered = la.post_stratify(
        api["apiclus1"], TYPES, "stype", weights="pw", clusters="dnum", population="fpc"
    )
    layered = la.post_stratify(api["apistrat"], WIDE, "sch.wide", weights="pw", strata="stype", population="fpc")
    mine = [value for x in (clustered, layered) for value in (*x.estimate("api00"), *x.estimate("enroll", "total"))]
    assert mine == pytest.approx(theirs, rel=1e-6)


def test_svy_agrees_where_it_is_installed(api: dict[str, pd.DataFrame]) -> None:
    svy = pytest.importorskip("svy")
    polars = pytest.importorskip("polars")
    frame = api["apiclus1"].rename(columns={"sch.wide": "wide"})
    sample = svy.Sample(polars.from_pandas(frame), svy.Design(psu="dnum", wgt="pw"))
    theirs = sample.weighting.rake(controls={"stype": TYPES, "wide": WIDE}, tol=1e-10)
    mine = la.rake(frame, {"stype": TYPES, "wide": WIDE}, weights="pw", clusters="dnum")
    assert np.sort(theirs.data["rk_wgt"].to_numpy()) == pytest.approx(np.sort(mine.table["weight"]), rel=1e-6)


def test_margins_are_met_and_order_does_not_matter() -> None:
    rng = np.random.default_rng(2)
    sample = pd.DataFrame({"size": rng.choice(["s", "m", "l"], 60), "kind": rng.choice(["a", "b"], 60)})
    margins = {"size": {"s": 100, "m": 60, "l": 40}, "kind": {"a": 90, "b": 110}}
    result = la.rake(sample, margins)
    for column, totals in margins.items():
        assert result.table.groupby(column)["weight"].sum().to_dict() == pytest.approx(totals)
    again = la.rake(sample.sample(frac=1, random_state=1), dict(reversed(margins.items())))
    assert again.table["weight"].sort_index().to_numpy() == pytest.approx(result.table["weight"].to_numpy(), rel=1e-8)
    w = result.table["weight"].to_numpy()
    assert result.deff == pytest.approx(1 + w.var() / w.mean() ** 2)  # Kish 1965
    assert result.effective_n == pytest.approx(w.sum() ** 2 / (w @ w))


def test_warnings_and_refusals() -> None:
    sample = pd.DataFrame({"size": ["s"] * 20 + ["l"], "kind": ["a", "b"] * 10 + ["a"]})
    keys = [note.key for note in la.rake(sample, {"size": {"s": 20, "l": 30}}).notes]
    assert keys == ["survey.weighted", "survey.weights_deff", "survey.weights_large"]
    with pytest.raises(DataError, match="3 margins"):
        la.rake(sample, {"size": {"s": 1}, "kind": {"a": 1}, "x": {"y": 1}})
    with pytest.raises(DataError, match="nobody of category 'm' answered"):
        la.rake(sample, {"size": {"s": 20, "l": 5, "m": 5}})
    with pytest.raises(DataError, match="category 'l' of the sample has no total"):
        la.post_stratify(sample, {"s": 20}, "size")
    with pytest.raises(DataError, match="add up to 25 and 30"):
        la.rake(sample, {"size": {"s": 20, "l": 5}, "kind": {"a": 15, "b": 15}})


@pytest.mark.parametrize("seed", [1, 2])
def test_anchor_estimate_is_full_information_maximum_likelihood(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = np.clip(np.rint(rng.normal(7, 2, 70)), 1, 10)
    y = np.clip(np.rint(0.7 * x + rng.normal(2, 1.4, 70)), 1, 10)
    y[25:] = np.nan
    rows = ",".join(f"c({a:g},{'NA' if np.isnan(b) else format(b, 'g')})" for a, b in zip(x, y))
    code = f"""suppressMessages(library(lavaan)); options(digits = 15)
    d <- as.data.frame(do.call(rbind, list({rows}))); names(d) <- c("x", "y")
    f <- lavaan("x ~~ x\\ny ~~ y\\nx ~~ y\\nx ~ 1\\ny ~ 1", data = d, missing = "fiml")
    p <- parameterEstimates(f); p <- p[p$op == "~1" & p$lhs == "y", ]; cat(p$est, p$se)"""
    mean, error = (float(value) for value in r(code, "lavaan").split())
    mine = anchor_estimate(pd.DataFrame({"x": x, "y": y}), "y", "x").table.iloc[0]
    assert mine["mean"] == pytest.approx(mean, rel=1e-5)
    assert mine["error"] == pytest.approx(error, rel=1e-3)
    assert abs(mine["mean"] - mine["plain"]) > 1e-3  # the anchor moved it


def test_anchor_with_too_few_says_so() -> None:
    result = anchor_estimate(pd.DataFrame({"x": [1.0] * 5, "y": [1.0] * 5}), "y", "x")
    assert np.isnan(result.table["mean"].iloc[0])
    assert "at least 8" in result.notes[0].text("en")
