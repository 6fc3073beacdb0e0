"""Report 06, the work of managers: needs worked out, plans against fact, decisions, effect of visits, useful dates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .. import words
from ..months import AsOf
from ..plots import loyalty as dot_plots
from ..plots import meetings as plots
from ..sources.privacy import masked_column
from ..visits.dossier import near_dates
from ..visits.effect import visit_effect
from ..visits.needs import needs_by_manager, stated_plans
from .base import Exhibit, drawn, exhibit
from .meetings import Visits, client_head, nothing, say, staff
from .table import Column, Table, total_rows
from .volume import label_of, names

if TYPE_CHECKING:
    from ..load import Data

__all__ = ["dates", "decisions", "effect", "needs", "plans"]

_FEW = 8


@exhibit("meetings", "needs", needs=("clients", "offers", "managers"))
def needs(data: Data, *, language: str) -> Exhibit:
    """Offers per client, accepted, fitting, plans known, next steps in time, by manager."""
    rows = needs_by_manager(
        data.clients, data.as_of, offers=data.offers, meetings=data.meetings, actions=data.actions,
        transactions=data.orders.read("client_id", "date", "product_id"),
    ).frame  # fmt: skip
    rows = rows[rows["offers"] + rows["plans_known"] > 0].sort_values("per_client", ascending=False, kind="stable")
    if not len(rows):
        return nothing("needs", language, "needs_none")
    people = staff(data)
    rows = rows.assign(label=[label_of(people, who) for who in rows["manager_id"]]).reset_index(drop=True)
    judged = rows[rows["decided"] >= _FEW]
    apart = len(judged) > 1 and judged["low"].max() > judged["high"].min()
    won, decided, steps = (int(rows[name].sum()) for name in ("won", "decided", "steps"))
    values = {
        "per_client": words.number(rows["offers"].sum() / rows["clients"].sum(), language, 1),
        "won": words.percent(won / decided if decided else np.nan, language),
        "known": words.percent(rows["plans_known"].sum() / rows["clients"].sum(), language),
    }
    share = [("won_share", "low", "high"), ("fit_share", "", ""), ("plans_share", "", ""), ("steps_share", "", "")]
    columns = [
        Column(key="label", label=say("col_manager", language)),
        Column(key="clients", label=say("col_clients", language), kind="number"),
        Column(key="per_client", label=say("col_per_client", language), kind="number", digits=1),
        *(Column(key=key, label=say(f"col_{key}", language), kind="percent", low=low, high=high)
          for key, low, high in share),
    ]  # fmt: skip
    return Exhibit(
        name="needs",
        title=say("needs_title" if decided else "needs_undecided", language, **values),
        language=language,
        subtitle=say("needs_sub", language, n=words.number(rows["offers"].sum(), language)),
        table=Table(
            frame=rows,
            columns=columns,
            totals=total_rows(
                "label",
                language,
                {
                    "common.sum_all": {
                        "clients": rows["clients"].sum(),
                        "per_client": rows["offers"].sum() / rows["clients"].sum(),
                        "won_share": won / decided if decided else np.nan,
                        "fit_share": rows["fitting"].sum() / max(rows["offers"].sum(), 1),
                        "plans_share": rows["plans_known"].sum() / rows["clients"].sum(),
                        "steps_share": rows["steps_in_time"].sum() / steps if steps else np.nan,
                    }
                },
            ),
        ),
        note=" ".join([*([say("needs_apart" if apart else "needs_alike", language)] if len(judged) > 1 else []),
                       say("needs_note", language)]),
    )


@exhibit("meetings", "plans", needs=("meetings", "transactions"))
def plans(data: Data, *, language: str) -> Exhibit:
    """What clients said they would buy against what they bought."""
    found = stated_plans(data.meetings, data.panel, data.as_of)
    rows = found.frame[found.frame["plan"] > 0].reset_index(drop=True)
    if not len(rows):
        return nothing("plans", language, "plans_none")
    total = found.overview.iloc[0]
    known = names(data)
    rows["label"] = [label_of(known, client) for client in rows["client_id"]]
    rows["months"] = [
        words.month(a, language) if a == b else f"{words.month(a, language, 'short')}–{words.month(b, language)}"
        for a, b in zip(rows["start"], rows["end"])
    ]
    thousand = words.unit_words("k", data.params.currency, language)
    values = {
        "n": words.number(len(rows), language), "near": words.number(total["near"], language),
        "share": words.percent(total["fact"] / total["plan"], language),
    }  # fmt: skip
    return Exhibit(
        name="plans", title=say("plans_title", language, **values), language=language,
        subtitle=say("plans_sub", language, n=words.number(len(rows), language), unit=thousand),
        draw=drawn(plots.plan_and_fact, rows.head(12), language=language, unit=thousand,
                   height=60 + 30 * min(len(rows), 12)),
        alt="; ".join(f"{label} {words.number(told, language)} → {words.number(bought, language)}"
                      for label, told, bought in zip(rows["label"].head(12), rows["plan"] / 1e3, rows["fact"] / 1e3)),
        table=Table(frame=rows, columns=[
            Column(key="label", label=words.say("brief.col_client", language)),
            Column(key="months", label=say("col_period", language)),
            Column(key="plan", label=say("col_plan", language, unit=thousand), kind="money", unit="k"),
            Column(key="fact", label=say("col_fact", language, unit=thousand), kind="money", unit="k"),
            Column(key="share", label=say("col_share", language), kind="percent"),
        ], totals=total_rows("label", language, {
            "common.sum_all": {"plan": total["plan"], "fact": total["fact"], "share": total["fact"] / total["plan"]},
            "meetings.sum_near": {"months": words.count(int(total["near"]), "meetings.plan", language)},
        })),
        note=say("plans_note", language),
    )  # fmt: skip


@exhibit("meetings", "decisions", needs=("actions",))
def decisions(data: Data, *, language: str) -> Exhibit:
    """Cases opened last month or open before it, and what became of them."""
    month = data.as_of.month
    rows = data.actions
    closed = rows["closed_at"].where(rows["closed_at"] <= data.as_of.end)
    begin = month.start_time
    taken = rows[((rows["opened_at"] < begin) & (closed.isna() | (closed >= begin))).to_numpy(bool)].copy()
    if not len(taken):
        return nothing("decisions", language, "decisions_none")
    state, done = _states(taken, data.as_of)
    taken = taken.assign(state=state, at=done).sort_values(["due_at", "action_id"], kind="stable")
    known, people = names(data), staff(data)
    place = data.units.drop_duplicates("unit_id").set_index("unit_id")["unit_name"]
    taken["label"] = [
        label_of(known, c) if pd.notna(c) else label_of(place, u) for c, u in zip(taken["client_id"], taken["unit_id"])
    ]
    order = {"late": 0, "open": 1, "done_late": 2, "done": 3}
    taken = taken.assign(
        rank=taken["state"].map(order), outcome=[say(f"state_{s}", language) for s in taken["state"]],
        owner=[label_of(people, who) if pd.notna(who) else "–" for who in taken["owner_id"]],
        origin=[say(f"source_{s}", language) if pd.notna(s) else "–" for s in taken["source"]],
        solved=[say(f"level_{s}", language) if pd.notna(s) else "–" for s in taken["level"].where(taken["at"].notna())],
        result=masked_column(taken["result"], data.contacts),
    ).sort_values(["rank", "due_at"], kind="stable", ignore_index=True)  # fmt: skip
    counts = taken["state"].value_counts()
    finished = int(counts.get("done", 0) + counts.get("done_late", 0))
    return Exhibit(
        name="decisions", language=language,
        title=say("decisions_title", language, n=words.count(len(taken), "meetings.case", language),
                  done=words.number(finished, language), late=words.number(counts.get("late", 0), language)),
        subtitle=say("decisions_sub", language, month=words.month(month, language)),
        table=Table(frame=taken, columns=[
            client_head(taken, language),
            Column(key="origin", label=say("col_source", language)),
            Column(key="due_at", label=say("col_due", language), kind="day"),
            Column(key="outcome", label=say("col_state", language)),
            Column(key="at", label=say("col_closed", language), kind="day"),
            Column(key="solved", label=say("col_level", language)),
            Column(key="owner", label=say("col_owner", language)),
            Column(key="result", label=say("col_result", language)),
        ]),
    )  # fmt: skip


def _states(cases: pd.DataFrame, seen: AsOf) -> tuple[np.ndarray, pd.Series]:
    """open, late (open past its day), done, done_late; day closed."""
    closed = cases["closed_at"].where(cases["closed_at"] <= seen.end)
    due = cases["due_at"].dt.normalize()
    late_done = (closed.dt.normalize() > due).to_numpy(bool)
    late_open = (due < seen.date).to_numpy(bool)
    done = closed.notna().to_numpy()
    return np.select([done & late_done, done, late_open], ["done_late", "done", "late"], "open"), closed


@exhibit("meetings", "effect", needs=("meetings", "transactions"))
def effect(data: Data, *, language: str) -> Exhibit:
    """Does a quarterly visit raise the volume of the three months after it?"""
    found = visit_effect(data.meetings, data.panel, data.clients, data.as_of, **data.params.visits)
    rows = found.frame.dropna(subset=["effect"]).copy()
    if not len(rows) or rows["question"].iloc[0] != "visits":
        return nothing("effect", language, "effect_none", n=words.number(found.frame["n"].iloc[0], language))
    first = rows.iloc[0]
    unclear = first["low"] <= 0 <= first["high"]
    interval = (
        f"[{words.percent(first['low'], language, sign=True)}; {words.percent(first['high'], language, sign=True)}]"
    )
    key = "effect_unclear" if unclear else "effect_raised" if first["effect"] > 0 else "effect_lowered"
    size = first["effect"] if unclear else abs(first["effect"])
    values = {
        "effect": words.percent(size, language, sign=unclear), "interval": interval,
        "visible": words.percent(first["smallest_visible"], language),
    }  # fmt: skip
    rows["label"] = [say(f"effect_{question}", language) for question in rows["question"]]
    rows["value"] = rows["effect"]
    rows["text"] = [say("n_is", language, n=words.number(n, language)) for n in rows["visits"]]
    overlap = found.overview
    note = say("effect_note", language)
    sums = {}
    if len(overlap):
        seen = [
            f"{words.percent(row['p5'], language)}–{words.percent(row['p95'], language)}"
            for row in overlap.to_dict("records")
        ]
        note += " " + say("effect_overlap", language, visited=seen[0], others=seen[1])
        sums = {"meetings.sum_visited": {"effect": seen[0]}, "meetings.sum_others": {"effect": seen[1]}}
    return Exhibit(
        name="effect", title=say(key, language, **values),
        language=language,
        subtitle=say("effect_sub", language, n=words.number(first["visits"], language),
                     due=words.number(first["n"], language)),
        draw=drawn(dot_plots.dots, rows.assign(high=rows["high"].clip(upper=2.0)), language=language, percent=True,
                   middle=0.0, height=150),
        alt="; ".join(f"{label} {words.percent(x, language, sign=True)}"
                      for label, x in zip(rows["label"], rows["effect"])),
        table=Table(frame=rows, columns=[
            Column(key="label", label=say("col_what", language)),
            Column(key="effect", label=say("col_effect", language), kind="percent", sign=True, low="low", high="high"),
            Column(key="smallest_visible", label=say("col_visible", language), kind="percent"),
            Column(key="visits", label=say("col_visits", language), kind="number"),
        ], totals=total_rows("label", language, sums)),
        note=note,
    )  # fmt: skip


@exhibit("meetings", "dates", needs=("useful_dates",))
def dates(data: Data, visits: Visits, *, language: str) -> Exhibit:
    """Useful dates of the next 60 days; those of clients in the plan first."""
    rows = near_dates(data.useful_dates, data.as_of.date)
    if not len(rows):
        return nothing("dates", language, "dates_none")
    known = names(data)
    rows = rows.assign(
        label=[label_of(known, client) for client in rows["client_id"]],
        sort=[say(f"date_{kind}", language) if pd.notna(kind) else "–" for kind in rows["kind"]],
        note=masked_column(rows["note"], data.contacts),
    )
    plan = visits.plan.frame if visits.plan is not None else pd.DataFrame({"client_id": []})
    joined = int(rows["client_id"].isin(plan["client_id"]).sum())
    first = rows.iloc[0]
    return Exhibit(
        name="dates", language=language,
        title=say("dates_title", language, n=words.count(len(rows), "meetings.occasion", language),
                  client=first["label"], day=words.day(first["date"], language)),
        subtitle=say("dates_sub", language, n=words.number(joined, language)),
        table=Table(frame=rows, columns=[
            Column(key="date", label=say("col_date", language), kind="day"),
            Column(key="label", label=words.say("brief.col_client", language)),
            Column(key="sort", label=say("col_kind", language)),
            Column(key="note", label=say("col_note", language)),
        ]),
    )  # fmt: skip
