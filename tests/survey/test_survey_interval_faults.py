"""What the intervals refuse, and in which words."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.intervals import share_interval, wilson


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: wilson(9, 10, 95), "level=95 is not between 0 and 1"),
        (lambda: wilson(9, 10, 0), "level=0 is not between 0 and 1"),
        (lambda: wilson(11, 10), "successes is larger than n"),
        (lambda: la.nps_interval("a", 3, 1), "promoters must be numbers, got 'a'"),
        (lambda: la.nps_interval(8, 3, 1, population="x"), "population must be numbers"),
        (lambda: la.nps_interval(8, 3, 1, population=[50, 60]), r"population has shape \(2,\)"),
        (lambda: la.nps_interval(8, 3, 1, population=-3), "cannot give more answers"),
        (lambda: la.nps_interval(8, 3, 1, population=20.5), "population must be whole"),
        (lambda: la.mean_interval({10: 3}, scale=(10, 1)), "does not rise"),
        (lambda: la.mean_interval({}, scale=(5, 5)), "does not rise"),
        (lambda: la.mean_interval({"ten": 3}), "scores of counts must be numbers"),
        (lambda: la.mean_interval({10: 3}, prior=0), "prior=0 is not above 0"),
        (lambda: la.mean_interval({10: 3}, prior=-1), "prior=-1 is not above 0"),
    ],
)
def test_what_makes_no_sense_is_refused(call: Callable[[], Any], said: str) -> None:
    with pytest.raises(DataError, match=said):
        call()


def test_a_missing_size_of_the_base_is_endless() -> None:
    low, high = share_interval([9, 9], [10, 10], population=[12, np.nan])
    assert (low[0], high[0]) == share_interval(9, 10, population=12)
    assert (low[1], high[1]) == share_interval(9, 10)
    assert la.nps_interval(8, 3, 1, population=np.nan) == la.nps_interval(8, 3, 1)


def test_answers_to_one_score_written_twice_are_added() -> None:
    assert la.mean_interval({9: 4, "9": 3, 10.0: 1}) == la.mean_interval({9: 7, 10: 1})
