"""The exact segmentation against published results and R strucchange."""

from __future__ import annotations

import itertools
import shutil
import subprocess

import numpy as np
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks.reference import argmax_cdf, sup_f_p

# Flow of the Nile at Aswan 1871-1970 (Cobb 1978, public domain).
NILE = [
    1120, 1160, 963, 1210, 1160, 1160, 813, 1230, 1370, 1140, 995, 935, 1110, 994, 1020, 960, 1180, 799, 958, 1140,
    1100, 1210, 1150, 1250, 1260, 1220, 1030, 1100, 774, 840, 874, 694, 940, 833, 701, 916, 692, 1020, 1050, 969,
    831, 726, 456, 824, 702, 1120, 1100, 832, 764, 821, 768, 845, 864, 862, 698, 845, 744, 796, 1040, 759, 781, 865,
    845, 944, 984, 897, 822, 1010, 771, 676, 649, 846, 812, 742, 801, 1040, 860, 874, 848, 890, 744, 749, 838, 1050,
    918, 986, 797, 923, 975, 815, 1020, 906, 901, 1170, 912, 746, 919, 718, 714, 740,
]  # fmt: skip


def test_nile_has_one_break_after_1898() -> None:
    found = la.breakpoints(NILE)
    assert found.positions.tolist() == [28]  # 1871 + 27 = 1898
    assert found.intervals.tolist() == [[25, 32]]  # 1895 to 1902: Zeileis et al. (2003), section 4
    assert found.rss == pytest.approx(1597457.19444444, rel=1e-8)
    assert found.bic == pytest.approx(1270.084, abs=1e-3)
    assert la.find_series_breaks(NILE).table["position"].tolist() == [28]


def _from_r(code: str) -> list[list[float]]:
    if shutil.which("Rscript") is None:
        pytest.skip("R is not there")
    run = subprocess.run(
        ["Rscript", "-e", f"suppressMessages(library(strucchange)); options(digits=15); {code}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        pytest.skip("R has no strucchange")
    return [[float(word) for word in line.split()] for line in run.stdout.splitlines() if line.strip()]


_SAY = """say <- function(v) cat(format(as.numeric(v), digits=15, trim=TRUE), "\\n");
tell <- function(b, m, s) { b2 <- breakpoints(b, breaks=m); say(b2$breakpoints);
  say(t(confint(b, breaks=m)$confint[, c(1, 3), drop=FALSE])); say(summary(b)$RSS[c("RSS", "BIC"), m + 1]) };"""


def test_real_interest_rate_as_in_strucchange() -> None:
    y, positions, intervals, (rss, bic), (sup, p) = _from_r(
        _SAY + "data(RealInt); b <- breakpoints(RealInt ~ 1, h=15); say(RealInt); tell(b, length(b$breakpoints));"
        "f <- sctest(Fstats(RealInt ~ 1)); say(c(f$statistic, f$p.value));"
    )
    found = la.breakpoints(y, trim=15)
    assert found.positions.tolist() == positions == [47, 79]  # 1972Q3 and 1980Q3
    assert found.intervals.ravel().tolist() == intervals
    assert found.rss == pytest.approx(rss, rel=1e-8)
    assert found.bic == pytest.approx(bic, rel=1e-8)
    tested = la.breakpoints(y, trim=0.15)
    assert tested.sup_f == pytest.approx(sup, rel=1e-8)
    assert tested.sup_f_p == pytest.approx(p, abs=0.005)


def test_driver_deaths_on_lags_as_in_strucchange() -> None:
    y, lag1, lag12, positions, intervals, (rss, bic) = _from_r(
        _SAY + "s <- log10(UKDriverDeaths); s <- ts.intersect(s, lag(s, -1), lag(s, -12));"
        'colnames(s) <- c("y", "a", "b"); b <- breakpoints(y ~ a + b, data=s, h=0.1);'
        'say(s[, "y"]); say(s[, "a"]); say(s[, "b"]); tell(b, 2);'
    )
    X = np.column_stack([np.ones(len(y)), lag1, lag12])
    assert la.breakpoints(y, X, trim=0.1).positions.tolist() == []  # BIC chooses none
    found = la.breakpoints(y, X, trim=0.1, breaks=2)
    assert found.positions.tolist() == positions
    assert found.intervals.ravel().tolist() == intervals
    assert found.rss == pytest.approx(rss, rel=1e-8)
    assert found.bic == pytest.approx(bic, rel=1e-8)


def test_dynamic_program_equals_trying_every_partition() -> None:
    rng = np.random.default_rng(11)
    y = rng.normal(size=18)
    X = np.column_stack([np.ones(18), rng.normal(size=18)])

    def rss(a: int, b: int) -> float:
        beta = np.linalg.lstsq(X[a:b], y[a:b], rcond=None)[0]
        return float(((y[a:b] - X[a:b] @ beta) ** 2).sum())

    tried = {
        cut: sum(rss(a, b) for a, b in itertools.pairwise((0, *cut, 18)))
        for cut in itertools.combinations(range(4, 15), 2)
        if cut[1] - cut[0] >= 4
    }
    best = min(tried, key=lambda cut: tried[cut])
    found = la.breakpoints(y, X, trim=4, breaks=2)
    assert tuple(found.positions) == best
    assert found.rss == pytest.approx(tried[best], rel=1e-10)


def test_law_of_the_place_of_the_maximum() -> None:
    # Bai (1997), symmetric case: 90, 95 and 97.5 % points 4.70, 7.69 and 11.03.
    for x, share in ((4.70, 0.90), (7.69, 0.95), (11.03, 0.975)):
        assert argmax_cdf(x) == pytest.approx(share, abs=5e-4)
        assert argmax_cdf(-x) == pytest.approx(1 - share, abs=5e-4)


@pytest.mark.parametrize(("k", "critical"), [(1, 8.85), (2, 11.79), (3, 14.15)])
def test_critical_values_of_andrews(k: int, critical: float) -> None:
    # Andrews (1993), table 1, 5 %, trimming 0.15.
    assert sup_f_p(critical, k, 0.15) == pytest.approx(0.05, abs=0.006)


def test_errors_tell_what_to_do() -> None:
    with pytest.raises(la.LoyaltyError, match="segments of 1 rows for 1 coefficients"):
        la.breakpoints(range(12))
    with pytest.raises(la.LoyaltyError, match="finite"):
        la.breakpoints([1.0, np.nan] * 10)
    with pytest.raises(la.LoyaltyError, match="between 0 and"):
        la.breakpoints(range(20), breaks=9)
