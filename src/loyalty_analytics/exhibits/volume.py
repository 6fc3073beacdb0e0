"""Facts of volume for the monthly brief: this month, plan, last year, year to date. Money, no interval."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..money import from_minor, to_minor
from ..months import to_periods

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["Volume", "anchors", "falls", "figure_names", "label_of", "names", "short_name", "volume"]

_LEGAL = re.compile(r"^(ООО|АО|ПАО|ЗАО|ОАО|НАО|ИП|КПК|ГК)\s+|,?\s+(LLC|Ltd|Inc|GmbH)\.?$")


@dataclass(frozen=True, eq=False)
class Volume:
    """Sums in currency units; NaN = not known (no plan, no earlier year).

    ``series``: month, revenue, previous (same month a year earlier), plan, the last 24 whole months.
    """

    month: pd.Period
    revenue: float
    plan: float
    previous: float
    year: float
    year_plan: float
    year_previous: float
    series: pd.DataFrame

    @property
    def of_plan(self) -> float:
        """Share of the month's plan."""
        return self.revenue / self.plan if self.plan else np.nan

    @property
    def of_year_plan(self) -> float:
        """Share of the plan from January to this month."""
        return self.year / self.year_plan if self.year_plan else np.nan

    @property
    def change(self) -> float:
        """Relative change against the same month of last year."""
        return self.revenue / self.previous - 1 if self.previous else np.nan


def anchors(data: Data, kinds: pd.DataFrame) -> pd.Series:
    """Whether each client of ``kinds`` is an anchor: what the card declares beats what the money shows."""
    computed = kinds.set_index("client_id")["is_anchor"].astype(bool)
    if "is_anchor" not in data.clients:
        return computed
    card = data.clients.drop_duplicates("client_id").set_index("client_id")["is_anchor"]
    declared = card.reindex(computed.index)
    return computed.where(declared.isna().to_numpy(bool), declared.fillna(False).astype(bool).to_numpy())


def volume(data: Data) -> Volume:
    """Volume of the last whole month against plan and last year."""
    month = data.as_of.last_whole
    sums = to_minor(data.panel["revenue"]).groupby(to_periods(data.panel["month"])).sum()
    span = pd.period_range(sums.index.min() if len(sums) else month, month, freq="M")
    revenue = from_minor(sums.reindex(span, fill_value=0))
    plan = _company_plan(data.targets)
    series = pd.DataFrame(
        {
            "month": span.to_timestamp(),
            "revenue": revenue.to_numpy(),
            "previous": revenue.reindex(span - 12).to_numpy(),
            "plan": plan.reindex(span).to_numpy(float),
        }
    )
    now = series.iloc[-1]
    this_year = series[series["month"].dt.year == month.year]
    # January to now is compared only where each month has its counterpart.
    return Volume(
        month=month,
        revenue=float(now["revenue"]),
        plan=float(now["plan"]),
        previous=float(now["previous"]),
        year=float(this_year["revenue"].sum()),
        year_plan=float(this_year["plan"].sum(skipna=False)),
        year_previous=float(this_year["previous"].sum(skipna=False)),
        series=series.tail(24).reset_index(drop=True),
    )


def _company_plan(targets: pd.DataFrame) -> pd.Series:
    """Plan of revenue per month: of the company, or the sum of the coarsest level that has one."""
    plan = targets[targets["metric"] == "revenue"]
    for level in ("company", "unit", "manager", "client"):
        part = plan[plan["level"] == level]
        if len(part):
            return part.groupby(to_periods(part["period_start"]))["amount"].sum()
    return pd.Series(dtype=float, index=pd.PeriodIndex([], freq="M"))


def names(data: Data) -> pd.Series:
    """Client name by client_id."""
    clients = data.clients.drop_duplicates("client_id").set_index("client_id")["client_name"]
    return clients[clients.notna()]


def figure_names(data: Data) -> pd.Series:
    """Client names for figures, where room is scarce: without the legal form."""
    known = names(data)
    return known.str.replace(_LEGAL, "", regex=True).where(lambda name: name != "", known)


def label_of(known: pd.Series, client: Any) -> str:
    """A client's name, else its id."""
    return str(known.get(client, client))


def short_name(name: str) -> str:
    """Surname and initials of an employee.

    >>> short_name("Крылова Нина Аркадьевна"), short_name("M01")
    ('Крылова Н.\\xa0А.', 'M01')
    """
    surname, *rest = name.split()
    return f"{surname} " + "\u00a0".join(f"{part[0]}." for part in rest) if rest else name


def falls(bridge: pd.DataFrame, breaks: pd.DataFrame, most: int = 5) -> dict[str, Any]:
    """How few clients make most of the falls, and for how many of them a break was found.

    Parameters
    ----------
    bridge : table of `segments.movement.bridge`
    breaks : table of `find_breaks`
    most : int
        At most so many clients are named.

    Returns
    -------
    dict
        clients (ids, the largest fall first: the fewest that make 60 % of all falls), share, total (of all
        falls, negative), broken (how many of these have a break down), since (its month, the latest).
    """
    down = bridge[bridge["change"] < 0].sort_values("change", kind="stable")
    total = float(down["change"].sum())
    if not total:
        return {"clients": [], "share": np.nan, "total": 0.0, "broken": 0, "since": pd.NaT}
    reached = down["change"].cumsum() / total
    count = min(int((reached < 0.6).sum()) + 1, most, len(down))
    chosen = down["client_id"].head(count)
    own = breaks[(breaks["direction"] < 0) & breaks["client_id"].isin(chosen)]
    return {
        "clients": chosen.tolist(),
        "share": float(reached.iloc[count - 1]),
        "total": total,
        "broken": int(own["client_id"].nunique()),
        "since": own["break_month"].max(),
    }
