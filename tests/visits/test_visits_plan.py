"""The plan of visits: an independent checker on random bases, brute force on tiny ones, fifty clients by hand."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import loyalty_analytics as la
from loyalty_analytics.visits.weeks import workdays

NOW = pd.Period("2026-10", "M")


def _months(count):
    return [NOW + step for step in range(1, count + 1)]


def _demands(clients, held, months, campaigns, problems):
    """Rules by client as (rule, months, need, meeting), written anew from the rules of the trade."""
    plan = _months(months)
    out = {}
    for row in clients.itertuples():
        rules = []
        mine = held[held["client_id"] == row.client_id]
        own = campaigns[campaigns["client_id"] == row.client_id]
        if row.client_type == "regular" and own.empty:
            last = mine["month"].max() if len(mine) else None
            due = NOW + 1 if last is None or last + 3 < NOW + 1 else last + 3
            first = NOW + 1
            while due <= plan[-1]:
                rules.append(("gap", [m for m in plan if first <= m <= due], 1, False))
                first, due = due + 1, due + 3
        for campaign in own.itertuples():
            rules.append(("before", [campaign.start - 1, campaign.start], 1, False))
            rules.append(("after", [campaign.end, campaign.end + 1], 1, False))
        if row.client_type == "seasonal":
            for start in pd.period_range(NOW - 14, NOW + months + 1, freq="M"):
                if start.month == row.season_start:
                    rules.append(("season", [start - 2, start - 1], 1, False))
                    if row.company_size == "large":
                        end = start + row.season_months - 1
                        rules.append(("season_after", [end + 1, end + 2], 1, True))
        for december in [m for m in plan if m.month == 12]:
            if row.client_type == "regular":
                rules.append(("twice", list(pd.period_range(december - 11, december, freq="M")), 2, True))
            if row.is_anchor:
                rules.append(("december", [december], 1, True))
        opened = problems.loc[problems["client_id"] == row.client_id, "opened_at"].max()
        if pd.notna(opened) and not (len(mine) and mine["held_at"].max() >= opened):
            rules.append(("problem", [NOW + 1], 1, False))
        judged, seen = [], set()
        for rule, window, need, meeting in rules:
            if not (plan[0] <= window[-1] <= plan[-1]) or (rule, tuple(window)) in seen:
                continue
            seen.add((rule, tuple(window)))
            done = mine[mine["month"].isin(window)]
            done = done[done["meeting"]] if meeting else done
            left = need - done["month"].nunique()
            if left > 0:
                judged.append((rule, window, left, meeting))
        out[row.client_id] = judged
    return out


def _lacking(rules, meetings, calls):
    """Contacts lacking per rule for the months of meetings and calls of one client."""
    missing = []
    for _, window, need, meeting in rules:
        got = sum(month in window for month in meetings)
        if not meeting:
            got += sum(month in window for month in calls)
        missing.append(max(need - got, 0))
    return missing


@st.composite
def _worlds(draw, size=6, months=3):
    """A small base with contacts held and agreed, campaigns and problems."""
    seed = draw(st.integers(0, 2**32 - 1))
    n = draw(st.integers(1, size))
    dice = np.random.default_rng(seed)
    clients = pd.DataFrame(
        {
            "client_id": [f"C{i}" for i in range(n)],
            "client_type": dice.choice(["regular", "seasonal", "one_off"], n, p=[0.6, 0.3, 0.1]),
            "is_anchor": dice.random(n) < 0.3,
            "company_size": dice.choice(["large", "small"], n),
            "season_start": dice.integers(1, 13, n),
            "season_months": dice.integers(1, 6, n),
            "manager_id": dice.choice(["M1", "M2"], n),
        }
    )
    k = int(dice.integers(0, 2 * n + 1))
    at = pd.Timestamp("2026-01-05") + pd.to_timedelta(dice.integers(0, 295, k), unit="D")
    meetings = pd.DataFrame(
        {"client_id": dice.choice(clients["client_id"], k), "status": "held", "held_at": at, "planned_at": pd.NaT,
         "format": dice.choice(["meeting", "call", "online"], k)}
    )  # fmt: skip
    p = int(dice.integers(0, n + 1))
    agreed = pd.DataFrame(
        {"client_id": dice.choice(clients["client_id"], p), "status": "planned", "held_at": pd.NaT,
         "planned_at": pd.Timestamp("2026-11-03") + pd.to_timedelta(dice.integers(0, 30 * months, p), unit="D"),
         "format": dice.choice(["meeting", "call"], p)}
    )  # fmt: skip
    c = int(dice.integers(0, 3))
    start = pd.Timestamp("2026-09-10") + pd.to_timedelta(dice.integers(0, 120, c), unit="D")
    campaigns = pd.DataFrame({"client_id": dice.choice(clients["client_id"], c), "start": start,
                              "end": start + pd.to_timedelta(dice.integers(5, 60, c), unit="D")})  # fmt: skip
    q = int(dice.integers(0, 3))
    problems = pd.DataFrame(
        {
            "client_id": dice.choice(clients["client_id"], q),
            "opened_at": pd.Timestamp("2026-10-01") + pd.to_timedelta(dice.integers(0, 31, q), unit="D"),
        }
    )
    capacity = (0, int(dice.integers(0, 4)))
    return clients, pd.concat([meetings, agreed], ignore_index=True), campaigns, problems, capacity, months


def _known(meetings, campaigns):
    held = meetings[meetings["status"] == "held"].assign(
        month=lambda rows: pd.DatetimeIndex(rows["held_at"]).to_period("M"),
        meeting=lambda rows: rows["format"] != "call",
    )
    spans = campaigns.assign(
        start=pd.DatetimeIndex(campaigns["start"]).to_period("M"), end=pd.DatetimeIndex(campaigns["end"]).to_period("M")
    )
    return held, spans


def _check(world):
    clients, meetings, campaigns, problems, capacity, months = world
    plan = la.plan_visits(clients, meetings, "2026-10", capacity=capacity, months=months, campaigns=campaigns,
                          problems=problems)  # fmt: skip
    table = plan.table.assign(period=pd.DatetimeIndex(plan.table["month"]).to_period("M"))
    held, spans = _known(meetings, campaigns)
    rules = _demands(clients, held, months, spans, problems)
    met = table[table["format"] != "call"]
    # Hard: the capacity, months of the plan, one meeting a month, no manager visits for himself twice over.
    assert met.groupby(["visitor_id", "month"]).size().max() <= capacity[1] if len(met) else True
    assert table["period"].isin(_months(months)).all()
    assert not met.duplicated(["client_id", "month"]).any()
    # Each exception is true, and no broken rule is left out.
    broken = []
    for client, mine in rules.items():
        rows = table[table["client_id"] == client]
        meet, call = (rows.loc[rows["format"] == kind, "period"].tolist() for kind in ("meeting", "call"))
        for (rule, window, _, _), lacking in zip(mine, _lacking(mine, meet, call)):
            if lacking:
                broken.append((client, rule, window[-1].to_timestamp(), lacking))
    found = plan.exceptions[["client_id", "rule", "month", "missing"]].itertuples(index=False, name=None)
    assert sorted(broken) == sorted(found)
    return plan, rules


QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(_worlds())
def test_exceptions_are_exactly_the_broken_rules(world):
    _check(world)


@pytest.mark.proof
@settings(max_examples=200, deadline=None, suppress_health_check=QUIET)
@given(_worlds(size=30, months=6))
def test_exceptions_are_exactly_the_broken_rules_on_larger_bases(world):
    _check(world)


def _brute_force(world, rules):
    """Fewest broken rules, then contacts lacking, then changes, then contacts, over all plans of a tiny base."""
    clients, meetings, _, _, capacity, months = world
    plan = _months(months)
    agreed = meetings[meetings["status"] == "planned"].assign(
        period=lambda rows: pd.DatetimeIndex(rows["planned_at"]).to_period("M"),
        meeting=lambda rows: rows["format"] != "call",
    )
    agreed = agreed[agreed["period"].isin(plan)].drop_duplicates(["client_id", "period", "meeting"])
    options = []
    choices = [set(part) for size in range(months + 1) for part in itertools.combinations(plan, size)]
    for row in clients.itertuples():
        promised = {(r.period, r.meeting) for r in agreed[agreed["client_id"] == row.client_id].itertuples()}
        mine = []
        for meet, call in itertools.product(choices, choices):
            missing = _lacking(rules[row.client_id], meet, call)
            done = {(m, True) for m in meet} | {(m, False) for m in call}
            cost = (sum(x > 0 for x in missing), sum(missing), len(promised - done), len(done))
            mine.append((cost, meet, row.manager_id))
        # Of the plans with the same meetings only the cheapest matters.
        best = {}
        for cost, meet, visitor in mine:
            key = frozenset(meet)
            if key not in best or cost < best[key][0]:
                best[key] = (cost, meet, visitor)
        options.append(list(best.values()))
    lowest = None
    for combination in itertools.product(*options):
        load = {}
        for _, meet, visitor in combination:
            for month in meet:
                load[visitor, month] = load.get((visitor, month), 0) + 1
        if load and max(load.values()) > capacity[1]:
            continue
        total = tuple(sum(costs) for costs in zip(*(cost for cost, _, _ in combination)))
        lowest = total if lowest is None or total < lowest else lowest
    return lowest


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=QUIET)
@given(_worlds(size=3, months=3))
def test_tiny_plans_are_as_good_as_the_best_of_all_plans(world):
    plan, rules = _check(world)
    stages = plan.overview.set_index("stage")["value"]
    ours = tuple(int(stages[name]) for name in ("broken_rules", "contacts_lacking", "changes", "contacts"))
    assert ours == _brute_force(world, rules)


def _fifty(held="2025-12-10"):
    clients = pd.DataFrame({"client_id": range(50), "client_type": "regular", "manager_id": "M"})
    meetings = pd.DataFrame(
        {"client_id": range(50), "status": "held", "held_at": pd.Timestamp(held), "format": "meeting"}
    )
    return clients, meetings


def test_fifty_clients_with_four_contacts_fit_when_calls_count():
    plan = la.plan_visits(*_fifty(), "2025-12", months=12)
    assert plan.exceptions.empty
    assert len(plan.table) == 200


@pytest.mark.parametrize("limit, shortage", [(10, 80), (15, 20)])
def test_four_meetings_each_exceed_the_visitor(limit, shortage):
    plan = la.plan_visits(*_fifty(), "2025-12", months=12, capacity=(10, limit), calls=False)
    assert plan.exceptions["missing"].sum() == shortage


def test_the_head_visits_and_asks_about_the_manager():
    clients = pd.DataFrame({"client_id": [1, 2], "manager_id": ["M1", "H1"]})
    managers = pd.DataFrame({"manager_id": ["M1", "H1", "D1"], "head_id": ["H1", "D1", None]})
    plan = la.plan_visits(clients, None, "2026-03", managers=managers)
    assert plan.table.set_index("client_id")["visitor_id"].to_dict() == {1: "H1", 2: "D1"}


def test_what_is_agreed_stays_and_is_marked():
    clients = pd.DataFrame({"client_id": ["A"], "client_type": ["one_off"]})
    meetings = pd.DataFrame(
        {"client_id": ["A"], "status": "planned", "planned_at": ["2026-11-12"], "format": "meeting"}
    )
    table = la.plan_visits(clients, meetings, "2026-10").table
    assert table[["format", "agreed"]].values.tolist() == [["meeting", True]]


def _replanned(absence=None):
    """The quarter planned at its eve and planned again from 15 October, with what was agreed since."""
    clients = pd.DataFrame({"client_id": [f"C{i:02}" for i in range(24)], "visitor_id": "H"})
    before = pd.DataFrame({"client_id": clients["client_id"], "status": "held", "format": "meeting",
                           "held_at": [f"2026-{7 + i % 3:02}-20" for i in range(24)]})  # fmt: skip
    first = la.plan_visits(clients, before, "2026-09", capacity=(6, 9)).table
    # Thursdays are agreed; what lies before the 15th was held.
    day = first["week"] + pd.Timedelta(days=3)
    held = (day <= "2026-10-15").to_numpy()
    agreed = pd.DataFrame({"client_id": first["client_id"], "status": np.where(held, "held", "planned"),
                           "format": first["format"], "planned_at": day, "held_at": day.where(held)})  # fmt: skip
    meetings = pd.concat([before.assign(held_at=pd.to_datetime(before["held_at"])), agreed], ignore_index=True)
    again = la.plan_visits(clients, meetings, "2026-10-15", capacity=(6, 9), months=2, absence=absence)
    return first, day, again


def test_a_replan_from_the_middle_of_a_month_changes_nothing_without_need():
    first, day, again = _replanned()
    assert (day > "2026-10-15").any()
    assert ((day > "2026-10-15") & (first["month"] == "2026-10-01")).any()
    assert again.overview.set_index("stage").loc["changes", "value"] == 0
    rest = first[first["month"] > "2026-10-01"]
    keys = ["client_id", "month", "week", "format"]
    kept = again.table[again.table["agreed"]][keys].sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(kept, rest[keys].sort_values(keys, ignore_index=True))
    # Whoever is seen later in October is not asked for a second contact in November.
    october = first.loc[(first["month"] == "2026-10-01").to_numpy(), "client_id"]
    november = again.table.loc[(again.table["month"] == "2026-11-01").to_numpy(), "client_id"]
    assert not set(october) & set(november)


def test_a_replan_moves_only_what_an_absence_makes_impossible():
    first, _, again = _replanned(absence={"H": ["2026-11"]})
    lost = first[(first["month"] == "2026-11-01") & (first["format"] == "meeting")]
    assert len(lost)
    assert again.overview.set_index("stage").loc["changes", "value"] == len(lost)
    december = first[first["month"] == "2026-12-01"]
    kept = again.table[again.table["agreed"]]
    assert set(december["client_id"]) == set(kept["client_id"])
    assert "gap" not in set(again.exceptions["rule"])  # calls do instead


def test_what_is_agreed_keeps_its_week():
    clients = pd.DataFrame({"client_id": ["A", "B"]})
    meetings = pd.DataFrame({"client_id": ["A"], "status": "planned", "planned_at": ["2026-11-26"],
                             "format": "meeting"})  # fmt: skip
    table = la.plan_visits(clients, meetings, "2026-10").table
    assert table.loc[table["agreed"], "week"].tolist() == [pd.Timestamp("2026-11-23")]


def test_absence_empties_a_month():
    clients = pd.DataFrame({"client_id": range(5), "is_anchor": True, "client_type": "one_off", "visitor_id": "H"})
    plan = la.plan_visits(clients, None, "2026-10", absence={"H": ["2026-12"]})
    assert plan.exceptions["rule"].tolist() == ["december"] * 5


def test_working_days_of_russia():
    # Production calendar of 2026: January has 15 working days, May has 19, October has 22.
    months = pd.PeriodIndex(["2026-01", "2026-05", "2026-10"], freq="M")
    assert workdays(months, "RU").tolist() == [15, 19, 22]


@pytest.mark.parametrize("order", [1, 2])
def test_order_of_rows_does_not_matter(order):
    world = _fifty()
    shuffled = [table.sample(frac=1, random_state=order) for table in world]
    one, two = (la.plan_visits(*tables, "2025-12", months=3).overview["value"].tolist() for tables in (world, shuffled))
    assert one == two


def test_december_meetings_end_before_the_holidays():
    clients = pd.DataFrame({"client_id": range(12), "is_anchor": True, "client_type": "one_off"})
    table = la.plan_visits(clients, None, "2026-10").table
    assert (table["week"] >= "2026-11-30").all()
    assert (table["week"] <= "2026-12-25").all()


def test_nobody_to_plan_for():
    plan = la.plan_visits(pd.DataFrame({"client_id": pd.Series(dtype="str")}), None, "2026-10")
    assert plan.table.empty
    assert plan.exceptions.empty
