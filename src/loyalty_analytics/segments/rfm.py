"""Recency, frequency, monetary value; ABC and XYZ. Equal clients always get equal scores."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..grid import read_panel
from ..money import from_minor, to_minor
from ..months import AsOf
from ..panel import id_rank
from ..results import Note, Result
from . import pictures

__all__ = ["SEGMENTS", "abc_xyz", "client_sums", "rfm"]

# Read from above, the first that fits: name, then lowest and highest score of r, f, m.
SEGMENTS: tuple[tuple[str, tuple[int, int], tuple[int, int], tuple[int, int]], ...] = (
    ("champions", (4, 5), (4, 5), (4, 5)),
    ("cannot_lose", (1, 2), (4, 5), (4, 5)),
    ("loyal", (3, 5), (3, 5), (1, 5)),
    ("at_risk", (1, 2), (3, 5), (1, 5)),
    ("big_rare", (2, 5), (1, 2), (4, 5)),
    ("recent", (4, 5), (1, 2), (1, 5)),
    ("fading", (2, 3), (1, 2), (1, 5)),
    ("gone", (1, 1), (1, 2), (1, 5)),
)


def client_sums(panel: Any, as_of: Any = None, months: int | None = None) -> tuple[pd.DataFrame, AsOf | None]:
    """Orders, revenue (minor units) and last order of each client over a window of months.

    The unfinished month counts: these are sums up to a day, not comparisons of months.
    """
    full, seen = read_panel(panel, as_of)
    if seen is None:
        return _no_sums(full), None
    if months is not None:
        end = seen.number
        full = full[full["number"] > end - months]
    full = full.assign(
        minor=to_minor(full["revenue"]).fillna(0).astype("int64"),
        orders=full["orders"].fillna(0).astype("int64"),
    )
    sums = full.groupby("client_id", sort=False).agg({"orders": "sum", "minor": "sum", "last_date": "max"})
    sums = sums[sums["orders"] > 0]
    order = np.argsort(id_rank(sums.index), kind="stable")
    return sums.iloc[order].rename_axis("client_id").reset_index(), seen


def _no_sums(full: pd.DataFrame) -> pd.DataFrame:
    return full[["client_id"]].assign(orders=0, minor=0, last_date=full["last_date"]).astype({"minor": "int64"})


def scores(values: np.ndarray, parts: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores 1 … parts by the middle rank of equal values, and the cut points that they amount to.

    Equal values share a score in any order of rows, and where all are equal they get the middle one: ranks
    from below would call a base of equals the worst, ranks from above the best.

    >>> scores(np.array([1.0, 1.0, 1.0, 9.0]), 5)
    (array([2, 2, 2, 5]), array([nan,  1.,  1.,  1.]))
    """
    rising = np.sort(values)
    below, upto = (np.searchsorted(rising, values, side=side) for side in ("left", "right"))
    given = 1 + parts * (below + upto) // (2 * max(len(values), 1))
    cuts = [values[given <= k].max(initial=-np.inf) for k in range(1, parts)]
    return given.astype("int64"), np.where(np.isfinite(cuts), cuts, np.nan)


def rfm(panel: Any, as_of: Any = None, *, months: int | None = None, parts: int = 5) -> Result:
    """Scores of recency, frequency and money, with a named segment.

    Parameters
    ----------
    panel : result or table of `loyalty_analytics.monthly_panel`
    as_of : month or day, optional
        None means the last month present.
    months : int, optional
        Window of history in months; None takes all of it.
    parts : int, 2-9
        Number of scores. Segments are defined on five and scaled to other numbers.

    Returns
    -------
    Result
        ``.table``: client_id, recency_days (whole days from the last order to the end of
        ``as_of``), frequency (orders), monetary (revenue less returns, currency units), r, f, m
        (1 worst … ``parts`` best: k + 1 where the middle rank of the client and its equals is above
        k/parts of the base), segment. ``.overview``: the cut points: a value above ``cut_k`` (for
        recency: below) scores more than k; null where nobody scores so little. Cut points are observed
        values, and equals have one rank, so the order of rows does not matter; a base of equals is
        in the middle of all three scores.

    Raises
    ------
    DataError
        ``parts`` or ``months`` out of range, or the panel lacks columns.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": ["a", "a", "b"], "month": ["2026-08", "2026-10", "2026-01"],
    ...     "orders": [2, 1, 1], "revenue": [300.0, 50.0, 20.0]})
    >>> rfm(panel, "2026-10").table[["client_id", "recency_days", "frequency", "monetary", "r", "segment"]]
      client_id  recency_days  frequency  monetary  r    segment
    0         a             0          3     350.0  4  champions
    1         b           273          1      20.0  2     fading
    """
    if not 2 <= parts <= 9:
        raise DataError(f"parts={parts!r} is out of range.", "Give 2 to 9 scores.")
    if months is not None and months < 1:
        raise DataError(f"months={months!r} is no window.", "Give a number of months, or None for all.")
    sums, seen = client_sums(panel, as_of, months)
    frame = pd.DataFrame({"client_id": sums["client_id"]})
    day = np.datetime64(0, "D") if seen is None else seen.date.to_datetime64().astype("datetime64[D]")
    frame["recency_days"] = (day - sums["last_date"].to_numpy().astype("datetime64[D]")).astype(np.int64)
    frame["frequency"] = sums["orders"].astype("int64").to_numpy()
    frame["monetary"] = from_minor(sums["minor"]).to_numpy()
    cuts = {}
    for letter, name, sign in (("r", "recency_days", -1), ("f", "frequency", 1), ("m", "monetary", 1)):
        values = sign * frame[name].to_numpy(dtype=float)
        frame[letter], found = scores(values, parts)
        cuts[name] = sign * found
    frame["segment"] = _segment(frame, parts)
    overview = pd.DataFrame(
        [[name, *cuts[name]] for name in cuts], columns=["measure", *(f"cut_{k}" for k in range(1, parts))]
    )
    best = frame["segment"].isin(["champions", "loyal"]).sum()
    note = Note("segments.rfm", {"clients": len(frame), "best": best, "as_of": str(seen or "–")})
    return Result(
        frame=frame,
        overview=overview,
        notes=(note,),
        as_of=seen,
        options={"months": months, "parts": parts},
        draw=pictures.rfm,
    )


def _segment(frame: pd.DataFrame, parts: int) -> pd.Series:
    scale = {letter: np.ceil(frame[letter].to_numpy() * 5 / parts).astype(int) for letter in "rfm"}
    fits = [
        np.logical_and.reduce([(scale[x] >= low) & (scale[x] <= high) for x, (low, high) in zip("rfm", limits)])
        for _, *limits in SEGMENTS
    ]
    names = np.array([name for name, *_ in SEGMENTS], dtype=object)
    return pd.Series(names[np.argmax(fits, axis=0)] if len(frame) else [], index=frame.index, dtype="str")


def abc_xyz(
    panel: Any,
    as_of: Any = None,
    *,
    months: int = 12,
    abc: tuple[float, float] = (0.8, 0.95),
    xyz: tuple[float, float] = (0.1, 0.25),
    ddof: int = 0,
) -> Result:
    """ABC by share of revenue and XYZ by unevenness of monthly revenue.

    Parameters
    ----------
    months : int
        Whole months looked at; a month without purchase counts as zero.
    abc : (float, float)
        Shares of revenue, from the largest client down, that end class A and class B. A client is in
        A where the clients strictly larger than it hold less than ``abc[0]``.
    xyz : (float, float)
        Largest coefficient of variation of classes X and Y.
    ddof : int
        0: deviation over the months as the whole period; 1: as a sample. The literature uses both.

    Returns
    -------
    Result
        ``.table``: client_id, revenue, share, cumulative, abc, mean_month, variation (null for a
        mean of zero or less), xyz. ``.overview`` prints the period, shares, limits and ddof.

    Examples
    --------
    >>> panel = pd.DataFrame({"client_id": ["a", "b"], "month": ["2026-10"] * 2, "revenue": [90.0, 10.0]})
    >>> abc_xyz(panel, months=1).table[["client_id", "share", "abc", "xyz"]]
      client_id  share abc xyz
    0         a    0.9   A   X
    1         b    0.1   B   X
    """
    full, seen = read_panel(panel, as_of)
    columns = ["client_id", "revenue", "share", "cumulative", "abc", "mean_month", "variation", "xyz"]
    if seen is None:
        return Result(frame=pd.DataFrame(columns=columns))
    end = seen.last_whole_number
    rows = full[(full["number"] > end - months) & (full["number"] <= end)]
    sums = _sums_of_months(rows)
    amount = sums["minor"].to_numpy()
    total = np.clip(amount, 0, None).sum() or 1
    above = np.concatenate([[0.0], np.cumsum(np.clip(amount, 0, None))])
    # Clients of equal revenue share a class: what counts is who is strictly larger.
    larger = above[np.searchsorted(-amount, -amount, side="left")] / total
    variation = _variation(amount, sums["square"].to_numpy(), months, ddof)
    frame = pd.DataFrame({
        "client_id": sums.index.array,
        "revenue": amount / 100,
        "share": np.clip(amount, 0, None) / total,
        "cumulative": above[1:] / total,
        "abc": pd.Series(np.select([larger < abc[0], larger < abc[1]], ["A", "B"], "C"), dtype="str"),
        "mean_month": amount / months / 100,
        "variation": variation,
        "xyz": pd.Series(np.select([variation <= xyz[0], variation <= xyz[1]], ["X", "Y"], "Z"), dtype="str"),
    })[columns]  # fmt: skip
    overview = pd.DataFrame({
        "what": ["period", "A up to", "B up to", "X up to", "Y up to", "ddof"],
        "value": [f"{months} months to {seen.last_whole}", *map(str, (*abc, *xyz, ddof))],
    })  # fmt: skip
    options = {"months": months, "ddof": ddof, "abc": abc, "xyz": xyz}
    return Result(frame=frame, overview=overview, as_of=seen, options=options)


def _sums_of_months(rows: pd.DataFrame) -> pd.DataFrame:
    """Revenue of each client and the sum of the squares of its months (minor units), the largest first."""
    minor = to_minor(rows["revenue"]).fillna(0).astype("float64")
    table = pd.DataFrame({"client_id": rows["client_id"], "minor": minor, "square": minor**2})
    sums = table.groupby("client_id", sort=False)[["minor", "square"]].sum()
    return sums.iloc[np.lexsort((id_rank(sums.index), -sums["minor"].to_numpy()))]


def _variation(amount: np.ndarray, square: np.ndarray, months: int, ddof: int) -> np.ndarray:
    """Deviation of the months over their mean; null for a mean of zero or less."""
    mean = amount / months
    spread = np.sqrt(np.clip(square - months * mean**2, 0, None) / max(months - ddof, 1))
    return np.divide(spread, mean, out=np.full(len(mean), np.nan), where=mean > 0)
