"""Has the score moved? The change between two waves that share some of their clients, and who moved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..intervals import score_interval
from ..months import as_of as read_as_of
from ..results import Note, Result
from .nps import MIN_RANK, nps

__all__ = ["Change", "change_interval", "nps_change", "nps_trend"]

_STEPS = np.array([-2, -1, 0, 1, 2])
# Jeffreys' half for each of the nine cells, summed along the diagonals of equal change.
_STEP_PRIOR = np.array([0.5, 1.0, 1.5, 1.0, 0.5])


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class Change(Result):
    """Result of `nps_change`.

    Attributes
    ----------
    pairs : pandas.DataFrame
        3 × 3: clients by class before (rows −1, 0, 1) and now (columns).
    movers : pandas.DataFrame
        client_id, before, now (scores), move {climber, faller}: clients whose class changed, largest moves first.
    reasked : pandas.DataFrame
        change, low, high, n of the clients asked twice, for the base.
    """

    pairs: pd.DataFrame = field(default_factory=pd.DataFrame)
    movers: pd.DataFrame = field(default_factory=pd.DataFrame)
    reasked: pd.DataFrame = field(default_factory=pd.DataFrame)


def change_interval(
    pairs: Any, first: Any = (0, 0, 0), second: Any = (0, 0, 0), population: int | None = None, level: float = 0.95
) -> tuple[float, float]:
    """Interval of the change of the NPS, in points, when some clients answered twice.

    Parameters
    ----------
    pairs : 3 × 3 counts of clients asked twice, class before (detractor, passive, promoter) × class now
    first, second : counts (detractors, passives, promoters) of clients asked only before, only now
    population : clients in the base; None = endless
    level : float

    Returns
    -------
    (low, high) : floats, points −200..200

    Notes
    -----
    All asked twice: the Dirichlet-multinomial engine on the change per client (−2…2), prior 1/2 per cell of the
    table. Otherwise the variance of a difference of overlapping samples,
    S₁(1/n₁ − 1/N) + S₂(1/n₂ − 1/N) − 2·S₁₂(n₁₂/(n₁n₂) − 1/N) (Tam, The American Statistician 38 (1984) 288-289),
    its S from counts with the same prior, t quantile with the smaller n.

    Examples
    --------
    >>> low, high = change_interval([[3, 1, 0], [1, 4, 1], [0, 2, 8]], population=50)
    >>> round(low), round(high)
    (-24, 16)
    """
    table = np.asarray(pairs, dtype=np.float64)
    alone = [np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)]
    if table.shape != (3, 3) or any(part.shape != (3,) for part in alone) or min(map(np.min, (table, *alone))) < 0:
        raise DataError(
            "pairs must be 3 × 3 counts, first and second 3 counts.", "Order: detractor, passive, promoter."
        )
    if not alone[0].any() and not alone[1].any():
        moved = np.array([np.trace(table, offset=step) for step in _STEPS])
        low, high = score_interval(moved, _STEPS, _STEP_PRIOR, population, level)
        return 100 * low, 100 * high
    return _overlapping(table, alone[0], alone[1], np.inf if population is None else float(population), level)


def _overlapping(
    table: np.ndarray, first: np.ndarray, second: np.ndarray, size: float, level: float
) -> tuple[float, float]:
    from scipy.special import stdtrit

    points = np.array([-1.0, 0.0, 1.0])
    waves = [first + table.sum(axis=1), second + table.sum(axis=0)]
    n = [float(wave.sum()) for wave in waves]
    if min(n) == 0:
        return -200.0, 200.0
    if max(n) > size:
        raise DataError(f"A base of {size:g} clients cannot give {max(n):g} votes.", "Count one vote per client.")
    smooth = [wave + 0.5 for wave in waves]
    mean = [wave @ points / wave.sum() for wave in smooth]
    spread = [wave @ points**2 / wave.sum() - m**2 for wave, m in zip(smooth, mean)]
    cells = table + 0.5
    together = points @ cells @ points / cells.sum()
    rows, columns = cells.sum(axis=1) @ points / cells.sum(), cells.sum(axis=0) @ points / cells.sum()
    alike = (together - rows * columns) / np.sqrt(
        (cells.sum(axis=1) @ points**2 / cells.sum() - rows**2)
        * (cells.sum(axis=0) @ points**2 / cells.sum() - columns**2)
    )
    joint = alike * np.sqrt(spread[0] * spread[1])
    rest = 1 / size
    variance = (
        spread[0] * (1 / n[0] - rest) + spread[1] * (1 / n[1] - rest)
        - 2 * joint * (table.sum() / (n[0] * n[1]) - rest)
    )  # fmt: skip
    half = float(stdtrit(max(min(n) - 1, 1.0), 0.5 + level / 2)) * np.sqrt(max(variance, 0.0))
    shift = waves[1] @ points / n[1] - waves[0] @ points / n[0]
    return max(-200.0, 100 * (shift - half)), min(200.0, 100 * (shift + half))


def nps_change(
    answers: Any, population: int | None = None, *, as_of: Any = None, window: int = 3, gap: int | None = None,
    level: float = 0.95, **options: Any,
) -> Change:  # fmt: skip
    """Change of the NPS between this window and the one before it.

    Parameters
    ----------
    answers, population, as_of, window, level : as in `nps`
    gap : months between the ends of the two windows; None = ``window``, so that they share no answers
    **options : further options of `nps` (questions, clients, contacts, vote, scale, …)

    Returns
    -------
    Change
        before, now, change, low, high (points), n_before, n_now, n_both, changed bool, noise (half the interval's
        width). ``changed`` only where the interval of the process (endless base) leaves 0 and both windows have at
        least 8 votes: a client who answers a little differently each time is no change.
    """
    now = nps(answers, population, as_of=as_of, window=window, level=level, **options)
    if now.as_of is None:
        raise DataError("The answers have no answered_at.", "A change needs the dates of the answers.")
    earlier = now.as_of.month - (window if gap is None else gap)
    before = nps(answers, population, as_of=earlier, window=window, level=level, **options)
    pairs, alone, both = _joint(before.votes, now.votes)
    low, high = change_interval(pairs, alone[0], alone[1], None, level)
    row = {"before": before.frame["nps"].iloc[0], "now": now.frame["nps"].iloc[0], "n_before": len(before.votes),
           "n_now": len(now.votes), "n_both": len(both)}  # fmt: skip
    enough = min(row["n_before"], row["n_now"]) >= MIN_RANK
    shift = row["now"] - row["before"]
    if np.isnan(shift):
        low = high = np.nan
    frame = pd.DataFrame([{
        "before": row["before"], "now": row["now"], "change": shift, "low": low, "high": high,
        "n_before": row["n_before"], "n_now": row["n_now"], "n_both": row["n_both"],
        "changed": bool(enough and (low > 0 or high < 0)), "noise": (high - low) / 2,
    }])  # fmt: skip
    size = now.frame["population"].iloc[0]
    same = change_interval(pairs, population=None if pd.isna(size) else max(int(size), len(both)), level=level)
    steps = both["vote_now"] - both["vote_before"]
    few = len(both) < 3
    reasked = pd.DataFrame([{
        "change": np.nan if few else 100 * steps.mean(), "low": np.nan if few else same[0],
        "high": np.nan if few else same[1], "n": len(both),
    }])  # fmt: skip
    key = "changed" if frame["changed"].iloc[0] else "unchanged" if enough else "change_few"
    return Change(
        frame=frame, pairs=pd.DataFrame(pairs, index=[-1, 0, 1], columns=[-1, 0, 1]), movers=_movers(both),
        reasked=reasked, as_of=now.as_of, options={**now.options, "gap": gap},
        notes=(Note(f"survey.{key}", {str(k): value for k, value in frame.iloc[0].items()}),),
    )  # fmt: skip


def _joint(before: pd.DataFrame, now: pd.DataFrame) -> tuple[np.ndarray, list[np.ndarray], pd.DataFrame]:
    both = before[["client_id", "score", "vote"]].dropna(subset=["client_id"]).merge(
        now[["client_id", "score", "vote"]], on="client_id", suffixes=("_before", "_now"))  # fmt: skip
    sign_before, sign_now = np.sign(both["vote_before"]), np.sign(both["vote_now"])
    pairs = np.zeros((3, 3))
    np.add.at(pairs, (sign_before.to_numpy().astype(int) + 1, sign_now.to_numpy().astype(int) + 1), 1)
    alone = []
    for votes in (before, now):
        single = votes[~votes["client_id"].isin(both["client_id"])]
        alone.append(np.bincount(np.sign(single["vote"]).to_numpy().astype(int) + 1, minlength=3).astype(float))
    return pairs, alone, both


def _movers(both: pd.DataFrame) -> pd.DataFrame:
    step = np.sign(both["vote_now"]) - np.sign(both["vote_before"])
    moved = both[step != 0].assign(
        move=pd.Series(np.where(step[step != 0] > 0, "climber", "faller"), index=both.index[step != 0], dtype="str"),
        _size=(both["score_now"] - both["score_before"])[step != 0].abs(),
    )
    moved = moved.sort_values(["_size", "client_id"], ascending=[False, True], kind="stable")
    moved = moved.rename(columns={"score_before": "before", "score_now": "now"})
    return moved[["client_id", "before", "now", "move"]].reset_index(drop=True)


def nps_trend(
    answers: Any, population: int | None = None, *, as_of: Any = None, months: int = 12, window: int = 3,
    **options: Any,
) -> Result:  # fmt: skip
    """NPS by rolling window, one row per month, the last answer of each client counts.

    Parameters
    ----------
    answers, population, as_of, window : as in `nps`
    months : rows at most; months before the first answer are left out
    **options : further options of `nps`

    Returns
    -------
    Result
        month (the window's last), nps, low, high, n, population, promoters, passives, detractors
    """
    last = nps(answers, population, as_of=as_of, window=window, **options)
    if last.as_of is None:
        raise DataError("The answers have no answered_at.", "A trend needs the dates of the answers.")
    ends = [last.as_of if back == 0 else read_as_of(last.as_of.month - back) for back in range(months)][::-1]
    rows = []
    for end in ends:
        wave = last if end is last.as_of else nps(answers, population, as_of=end, window=window, **options)
        rows.append({"month": end.month.to_timestamp(), **wave.frame.iloc[0].to_dict()})
    keep = ["month", "nps", "low", "high", "n", "population", "promoters", "passives", "detractors"]
    frame = pd.DataFrame(rows)[keep]
    return Result(frame=frame[(frame["n"] > 0).cummax()].reset_index(drop=True), as_of=last.as_of,
                  options={"window": window, "months": months}, draw=_draw_trend)  # fmt: skip


def _draw_trend(result: Result, **options: Any) -> Any:
    from ..plots.loyalty import nps_by_month

    return nps_by_month(result.frame, **options)
