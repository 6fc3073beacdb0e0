"""Holm's rule against the same by statsmodels, ties and single tests included."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

from loyalty_analytics.intervals.several import holm


@pytest.mark.parametrize("seed", range(20))
def test_holm_is_that_of_statsmodels(seed):
    rng = np.random.default_rng(seed)
    raw = rng.beta(0.5, 2.0, 1 + seed).round(2)  # rounded: some are equal, some are 0
    np.testing.assert_allclose(holm(raw), multipletests(raw, method="holm")[1])


def test_no_test_at_all():
    assert len(holm([])) == 0
