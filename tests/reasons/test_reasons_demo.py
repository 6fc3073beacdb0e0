"""The demo client: reasons planted in its story are found and told apart."""

import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.exhibits.brief import evidence

KINDS = {"manager": "manager_change", "price": "price_change"}


@pytest.fixture(scope="module")
def found(root):
    data = la.load("radio", month="2026-10", root=root)
    breaks = la.find_breaks(data.panel, as_of="2026-10", **data.params.breaks)
    reasons = la.explain_breaks(breaks, **evidence(data), as_of="2026-10")
    story = pd.read_csv(root / "tests" / "demo" / "truth" / "radio_story.csv")
    return breaks.table, reasons.table, story


def _first(reasons, client):
    own = reasons[(reasons["client_id"] == client) & reasons["part"].isna()]
    return None if own.empty else (own["reason"].iloc[0], own["grade"].iloc[0])


@pytest.mark.parametrize("kind", KINDS)
def test_manager_change_and_price_rise_are_told_apart(found, kind):
    breaks, reasons, story = found
    clients = story.loc[story["kind"] == kind, "client_id"]
    broken = clients[clients.isin(breaks["client_id"])]
    assert len(broken) >= len(clients) - 1
    first = [_first(reasons, client) for client in broken]
    assert [reason for reason, _ in first] == [KINDS[kind]] * len(broken)
    assert all(grade != "none" for _, grade in first)
    assert sum(grade == "strong" for _, grade in first) >= len(broken) / 2


def test_season_only_falls_have_no_break_and_so_no_reason(found):
    breaks, reasons, story = found
    season = story.loc[story["kind"] == "season_only", "client_id"]
    assert len(season) == 4
    assert not season.isin(breaks["client_id"]).any()
    assert not season.isin(reasons["client_id"]).any()


def test_other_planted_reasons_come_first(found):
    breaks, reasons, story = found
    planted = story[(story["kind"] == "break") & story["client_id"].isin(breaks["client_id"])]
    assert len(planted) >= 4
    first = [_first(reasons, client) for client in planted["client_id"]]
    right = [answer is not None and answer[0] == event for answer, event in zip(first, planted["event"])]
    assert sum(right) >= len(right) - 1
