"""Since when: breaks of the monthly volume of each client of a panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..errors import ParamsError, nearest
from ..months import from_number
from ..results import Note, Result
from .control import control, rate_of
from .engine import Found, Rules, scan
from .panels import Volume, read_volume

__all__ = ["COLUMNS", "SETTINGS", "BreaksResult", "find_breaks"]

COLUMNS = [
    "client_id", "break_month", "low", "high", "kind", "direction", "effect", "effect_low", "effect_high",
    "p_value", "q_value", "lost", "market",
]  # fmt: skip
SETTINGS = ("strict", "watchful")
_MONTHS = ("break_month", "low", "high")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class BreaksResult(Result):
    """Breaks of a panel and what the clients without one look like.

    Attributes
    ----------
    clients : pandas.DataFrame
        One row per client: client_id, judged bool, reason (why not judged: no_data, short, sparse;
        null where judged), months (known), purchases (months with a purchase), p_value (of the
        strongest departure; null where not judged).
    expected_false : float
        Number of false alarms to expect among the rows.
    volume : Volume
        The panel as it was read.
    """

    clients: pd.DataFrame = field(default_factory=pd.DataFrame)
    expected_false: float = 0.0
    volume: Volume | None = field(default=None, repr=False)
    found: Found | None = field(default=None, repr=False)

    def levels(self, client_id: Any = None) -> pd.DataFrame:
        """Volume and fitted level of clients, month by month.

        Parameters
        ----------
        client_id : id, list of ids or None
            None means every client that has a break.

        Returns
        -------
        pandas.DataFrame
            client_id, month, revenue (NaN = no data), level (fitted, without season), expected
            (level with season, of a month with a purchase), in currency units.
        """
        if self.volume is None or self.found is None:
            return pd.DataFrame(columns=["client_id", "month", "revenue", "level", "expected"])
        if client_id is None:
            wanted = pd.Index(self.frame["client_id"].unique())
        else:
            listed = isinstance(client_id, (list, tuple, set, pd.Series, pd.Index, np.ndarray))
            wanted = pd.Index(list(client_id) if listed else [client_id])
        rows = self.volume.ids.get_indexer(wanted)
        if (rows < 0).any():
            lost = wanted[rows < 0][0]
            raise ParamsError(f"No client {lost!r} in the panel.", nearest(str(lost), map(str, self.volume.ids[:1000])))
        from .levels import fitted

        months = self.volume.months
        breaks = self.frame[["kind", "shape"]].assign(
            row=self.volume.ids.get_indexer(pd.Index(self.frame["client_id"])),
            position=months.get_indexer(pd.DatetimeIndex(self.frame["break_month"])),
        )
        level, season = fitted(self.found, breaks, rows, len(months))
        return pd.DataFrame({
            "client_id": wanted.repeat(len(months)),
            "month": np.tile(months, len(rows)),
            "revenue": self.volume.values[rows].ravel(),
            "level": level.ravel(),
            "expected": (level * season).ravel(),
        })  # fmt: skip


def find_breaks(
    panel: Any,
    as_of: Any = None,
    *,
    setting: str = "strict",
    false_discovery: float = 0.10,
    level: float = 0.95,
    min_months: int = 12,
) -> BreaksResult:
    """The month from which a client's volume changed, with an interval, a size and its certainty.

    Parameters
    ----------
    panel : pandas.DataFrame or Result
        Long (client_id, month, revenue; a missing row after the first order is a month without
        purchase, null revenue is no data) or wide (index client_id, columns months, NaN = no data,
        0 = no purchase).
    as_of : month or day, optional
        Later months are not seen; a day leaves its unfinished month out. None = last month present.
    setting : {'strict', 'watchful'}
        'watchful' finds more and alarms more.
    false_discovery : float, (0, 0.5]
        Share of false rows that is tolerated among the rows reported (Benjamini-Hochberg).
    level : float, (0.5, 1)
        Level of the intervals.
    min_months : int, at least 8
        Months with a purchase below which a level is too short to judge; two thirds of it are
        enough to judge a silence.

    Returns
    -------
    BreaksResult
        ``.table``: client_id, break_month (first month of the new regime), low, high (first and
        last month of the interval, inclusive), kind {level, slope, decay, churn, recovery, rise},
        direction (−1, +1), effect (relative change of the level), effect_low, effect_high, p_value,
        q_value, lost (money lost since the break against the level before it; gains are negative),
        market (part of a fall or rise of the whole market in that month).

    Raises
    ------
    ParamsError
        An option is out of its range.
    DataError
        The panel lacks columns or its months cannot be read.

    Examples
    --------
    >>> months = pd.period_range("2023-01", "2026-10", freq="M")
    >>> rng = np.random.default_rng(7)
    >>> money = 100 * np.exp(rng.normal(0, 0.1, (3, len(months))))
    >>> money[1, 30:] *= 0.4
    >>> panel = pd.DataFrame(money, index=["A", "B", "C"], columns=months)
    >>> find_breaks(panel).table[["client_id", "break_month", "kind", "direction"]]
      client_id break_month   kind  direction
    0         B  2025-07-01  level         -1
    """
    options = {
        "setting": setting,
        "false_discovery": false_discovery,
        "level": level,
        "min_months": min_months,
    }
    _check(options)
    volume = read_volume(panel, as_of)
    rate = rate_of(setting, false_discovery)
    found = scan(volume.values, volume.start, Rules(level, min_months, min(0.10, rate)))
    rows, expected = control(found, rate)
    return _result(volume, found, rows, expected, options)


def _check(options: Mapping[str, Any]) -> None:
    if options["setting"] not in SETTINGS:
        raise ParamsError(f"setting={options['setting']!r} is unknown.", nearest(str(options["setting"]), SETTINGS))
    if not 0 < options["false_discovery"] <= 0.5:
        raise ParamsError(f"false_discovery={options['false_discovery']!r}: a share above 0 and up to 0.5 is needed.")
    if not 0.5 < options["level"] < 1:
        raise ParamsError(f"level={options['level']!r}: a share between 0.5 and 1 is needed.")
    if options["min_months"] < 8:
        raise ParamsError(f"min_months={options['min_months']!r}: fewer than 8 months tell nothing.")


def _result(
    volume: Volume, found: Any, rows: pd.DataFrame, expected: float, options: Mapping[str, Any]
) -> BreaksResult:
    ids = volume.ids
    frame = pd.DataFrame({"client_id": ids.take(rows["row"].to_numpy(dtype=np.int64)).array})
    for name in [*COLUMNS[1:], "shape"]:
        values = rows[name].to_numpy()
        frame[name] = from_number(volume.start + values.astype(np.int64)) if name in _MONTHS else values
    frame[["kind", "shape"]] = frame[["kind", "shape"]].astype("str")
    frame["direction"] = frame["direction"].astype("int64")
    frame["market"] = frame["market"].astype("bool")
    clients = found.clients.assign(client_id=ids.array)
    clients = clients[["client_id", "judged", "reason", "months", "purchases", "p_value"]]
    overview = _overview(frame, clients, expected)
    said = {
        "breaks": len(frame),
        "clients": frame["client_id"].nunique(),
        "judged": int(clients["judged"].sum()),
        "false": f"{expected:.0f}" if expected >= 1 else "<1",
        "short": int((~clients["judged"]).sum()),
    }
    notes = [Note("breaks_scan.found" if len(frame) else "breaks_scan.none", said)]
    if len(frame):
        notes.append(Note("breaks_scan.expected_false", said))
    if said["short"]:
        notes.append(Note("breaks_scan.not_judged", said))
    return BreaksResult(
        frame=frame,
        overview=overview,
        notes=tuple(notes),
        options=dict(options),
        as_of=volume.as_of,
        draw=_draw,
        clients=clients,
        expected_false=expected,
        volume=volume,
        found=found,
    )


def _overview(frame: pd.DataFrame, clients: pd.DataFrame, expected: float) -> pd.DataFrame:
    reasons = clients["reason"].value_counts()
    rows: list[tuple[str, float]] = [
        ("clients", len(clients)),
        ("judged", int(clients["judged"].sum())),
        *[(f"not_judged_{name}", int(count)) for name, count in reasons.sort_index().items()],
        ("with_break", frame["client_id"].nunique()),
        ("breaks", len(frame)),
        ("breaks_of_market", int(frame["market"].sum())),
        ("expected_false", round(expected, 2)),
        ("lost", float(frame["lost"].sum())),
    ]
    return pd.DataFrame(rows, columns=["measure", "value"])


def _draw(result: BreaksResult, **options: Any) -> Any:
    from ..plots.breaks import breaks_small_multiples

    return breaks_small_multiples(result.levels(), result.frame, **options)
