"""What the engines find of that which was planted in the demo clients, with the present figures as a floor.

Run with `-s` (or read a failure) for the list of found, missed and falsely alarmed clients.
"""

from __future__ import annotations

import pandas as pd
import pytest

import loyalty_analytics as la

MONTH = "2026-10"
NEAR = 2  # months by which a date may be off
# kind of planted truth: how many of them must be found with the right sign and (but for declines) the right date
FLOORS = {"break": 6, "manager": 5, "price": 3, "churn": 5, "decline": 2, "growth": 1}
# At a false discovery rate of .05 about one of the rows that are shown is expected to be false.
FALSE_ALARMS = 1


def months_apart(found: pd.Series, planted: pd.Series) -> pd.Series:
    """Months from the planted to the found month."""
    first, second = (pd.PeriodIndex(column, freq="M") for column in (found, planted))
    return pd.Series((first.year - second.year) * 12 + first.month - second.month, index=found.index)


@pytest.fixture(scope="module")
def breaks(radio):
    return la.find_breaks(radio.panel, as_of=MONTH, **radio.params.breaks)


@pytest.fixture(scope="module")
def scored(breaks, truth) -> pd.DataFrame:
    """One row per planted client: found or not, months off."""
    planted = truth["radio_story"].query("kind != 'season_only'")
    names = ["client_id", "break_month", "direction", "effect", "market"]
    rows = breaks.table[names].rename(columns={"break_month": "found"})
    both = planted.merge(rows, on="client_id", how="left")
    both["off"] = months_apart(both["found"], both["break_month"]).where(both["found"].notna())
    sign = both["direction"] == both["size"].map(lambda size: 1 if size > 0 else -1)
    # A decline has no sharp date: it counts where the fall is seen while it runs.
    near = both["off"].abs().le(NEAR) | (both["kind"].eq("decline") & both["off"].between(-NEAR, 12))
    both["hit"] = sign & near & both["found"].notna()
    return both.sort_values("hit", ascending=False).drop_duplicates("client_id")


def report(scored: pd.DataFrame, alarms: list[str]) -> str:
    """Found, missed and false, in words."""
    lines = []
    for kind, group in scored.groupby("kind"):
        rest = group.loc[~group["hit"], ["client_id", "break_month", "found"]].to_numpy()
        missed = [
            f"{client} of {month} ({'not seen' if pd.isna(at) else f'dated {at:%Y-%m}'})" for client, month, at in rest
        ]
        lines.append(f"{kind}: {int(group['hit'].sum())} of {len(group)} found; missed: {'; '.join(missed) or 'none'}")
    crowd = scored.loc[scored["hit"] & scored["market"].eq(True), "client_id"]
    lines.append(f"own breaks taken for the market's: {', '.join(crowd) or 'none'}")
    return "\n".join([*lines, f"false alarms: {', '.join(alarms) or 'none'}"])


def false_alarms(breaks, truth) -> list[str]:
    """Clients with a break of their own in whom none was planted."""
    planted = set(truth["radio_story"].query("kind != 'season_only'")["client_id"])
    rows = breaks.table[~breaks.table["market"]]
    return sorted(set(rows["client_id"]) - planted)


def test_planted_breaks_are_found(scored, breaks, truth):
    text = report(scored, false_alarms(breaks, truth))
    print("\n" + text)
    hits = scored.groupby("kind")["hit"].sum()
    short = {kind: int(hits[kind]) for kind, floor in FLOORS.items() if hits[kind] < floor}
    assert not short, f"fewer found than before: {short}\n{text}"


def test_quiet_clients_raise_no_alarm(breaks, truth):
    assert len(false_alarms(breaks, truth)) <= FALSE_ALARMS, false_alarms(breaks, truth)


def test_falls_of_the_season_are_no_breaks(breaks, truth):
    seasonal = truth["radio_story"].query("kind == 'season_only'")["client_id"]
    assert len(seasonal) == 4
    assert not set(seasonal) & set(breaks.table["client_id"])


def test_falls_of_the_season_are_falls(radio, truth):
    """The test above means something: these clients did fall by more than half within the season's end."""
    table = radio.panel.table if hasattr(radio.panel, "table") else radio.panel
    wide = table.pivot_table(index="month", columns="client_id", values="revenue", aggfunc="sum").fillna(0.0)
    wide.index = pd.PeriodIndex(wide.index, freq="M")
    for client, month in truth["radio_story"].query("kind == 'season_only'")[["client_id", "break_month"]].to_numpy():
        start = pd.Period(month, "M")
        assert wide.loc[start : start + 2, client].mean() < 0.5 * wide.loc[start - 4 : start - 1, client].mean(), client


@pytest.fixture(scope="module")
def reasons(radio, breaks) -> pd.DataFrame:
    tags = la.tag_causes(radio.feedback, codebook=radio.params.codebook).table
    tags = tags.merge(radio.feedback[["feedback_id", "client_id", "created_at"]], on="feedback_id")
    names = ("events", "complaints", "deliveries", "offers", "manager_assignments", "products", "clients", "managers",
             "feedback", "contacts", "meetings", "client_budgets")  # fmt: skip
    tables = {name: getattr(radio, name) for name in names}
    return la.explain_breaks(breaks, radio.transactions, tags=tags, as_of=MONTH, **tables).table


def first_reasons(reasons: pd.DataFrame) -> pd.DataFrame:
    """The first piece of evidence of each client."""
    return reasons[reasons["part"].isna()].drop_duplicates("client_id").set_index("client_id")


# Planted event: how many of its clients have it as their first reason.
REASONS = {"manager_change": 5, "price_change": 3}


@pytest.mark.parametrize("event", list(REASONS))
def test_the_manager_change_and_the_price_rise_are_told_apart(reasons, truth, event):
    first = first_reasons(reasons)
    clients = truth["radio_story"].query("event == @event")["client_id"]
    seen = first.reindex(clients)[["reason", "grade"]]
    right = (seen["reason"] == event) & seen["grade"].isin(["strong", "possible"])
    assert right.sum() >= REASONS[event], seen.to_string()


def test_reasons_of_single_breaks(reasons, truth):
    planted = truth["radio_story"].query("kind == 'break'").set_index("client_id")["event"]
    seen = first_reasons(reasons).reindex(planted.index)
    right = seen["reason"] == planted
    assert right.sum() >= 5, pd.concat([planted, seen[["reason", "grade"]]], axis=1).to_string()


def test_parts_of_a_change_add_up(reasons):
    parts = reasons[reasons["part"].notna()]
    total = parts.groupby(["client_id", "break_month"])["part"].sum()
    stated = parts.groupby(["client_id", "break_month"])["change"].first()
    assert ((total - stated).abs() < 0.005).all()


def test_silent_clients_stay_less(radio, truth):
    status = la.lifecycle(radio.panel, as_of=MONTH).table.set_index("client_id")["status"]
    silent = status.index.isin(truth["radio_silent"]["client_id"])
    lost = status == "lost"
    print(f"\nlost: {lost[silent].sum()} of {silent.sum()} silent, {lost[~silent].sum()} of {(~silent).sum()} heard")
    assert lost[silent].mean() > 3 * lost[~silent].mean()


def test_silent_clients_never_answer(radio, truth):
    silent = set(truth["radio_silent"]["client_id"])
    asked = radio.survey_invitations[radio.survey_invitations["client_id"].isin(silent)]
    assert set(asked["client_id"]) == silent
    assert asked["status"].isin(["refused", "no_answer"]).all()
    assert not set(radio.survey_answers["client_id"]) & silent


def test_rhythm_and_anchors(radio):
    kinds = la.client_kinds(radio.panel, as_of=MONTH, **radio.params.kinds).table.merge(
        radio.clients[["client_id", "client_type", "is_anchor"]], on="client_id", suffixes=("", "_declared")
    )
    print("\n" + pd.crosstab(kinds["client_type"], kinds["rhythm"]).to_string())
    # Who came within the last year is not judged yet.
    known = kinds["client_id"].map(radio.transactions.groupby("client_id")["date"].min()) < pd.Timestamp("2025-11-01")
    assert known.sum() >= 50
    assert (kinds["rhythm"] == kinds["client_type"])[known].mean() >= 0.96
    assert (kinds["is_anchor"] & kinds["is_anchor_declared"]).sum() >= 9


def test_one_channel_never_pays_back(radio, truth):
    table = la.channels(
        radio.panel, as_of=MONTH, clients=radio.clients, marketing_spend=radio.marketing_spend,
        funnel_events=radio.funnel_events, **radio.params.channels,
    ).table.set_index("channel")  # fmt: skip
    planted = truth["radio_channels"].set_index("channel")["pays_back"]
    print("\n" + table[["new_clients", "cac", "payback", "months_to_pay_back", "verdict"]].to_string())
    for channel, pays in planted.items():
        assert (table.at[channel, "verdict"] == "stop") == (not pays), channel
        assert pd.isna(table.at[channel, "months_to_pay_back"]) == (not pays), channel


def test_causes_of_texts(radio, truth, agreement):
    """Tags by rules against the causes that the texts were made of."""
    precision, recall = agreement(radio, truth["radio_causes"])
    assert precision >= 0.45
    assert recall >= 0.45


def test_service_gets_slower_in_2026(radio, truth):
    """The cause that grew most in the truth is there to be found."""
    causes = truth["radio_causes"].merge(radio.feedback[["feedback_id", "created_at"]], on="feedback_id")
    bad = causes[causes["tone"] != "pos"]
    share = bad.groupby(bad["created_at"] >= "2026-04-01")["cause"].apply(lambda c: (c == "service.speed").mean())
    assert share[True] > 1.5 * share[False]


def test_the_new_theme_is_seen_since_august_and_not_before(radio):
    tags = la.tag_causes(radio.feedback, codebook=radio.params.codebook).table
    now = la.emerging_themes(radio.feedback, tags, MONTH).table
    assert now["theme"].str.contains("маркиров").any(), now.to_string()
    early = radio.feedback[radio.feedback["created_at"] < "2026-08-01"]
    before = la.emerging_themes(early, tags[tags["feedback_id"].isin(early["feedback_id"])], "2026-07").table
    assert not before["theme"].astype("str").str.contains("маркиров").any()


def test_who_left_accepts_no_offer_afterwards(radio, truth):
    left = truth["radio_story"].query("kind == 'churn'").set_index("client_id")["break_month"]
    offers = radio.offers[radio.offers["client_id"].isin(left.index)]
    after = pd.to_datetime(offers["client_id"].map(left).astype(str)) <= offers["offered_at"]
    assert after.any()
    assert "won" not in set(offers.loc[after, "outcome"])
