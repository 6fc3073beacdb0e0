"""Pictures and sentences of reports 02 and 08."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics import economics, words
from loyalty_analytics.exhibits import (
    acquisition,
    acquisition_groups,
    acquisition_more,
    segments,
    segments_facts,
    segments_money,
)
from loyalty_analytics.months import as_of
from loyalty_analytics.plots import acquisition as acquisition_plots
from loyalty_analytics.plots import segments as plots
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.profile import best_traits, client_facts
from loyalty_analytics.segments.rfm import abc_xyz


@pytest.fixture(scope="module")
def data(world: Any) -> Any:
    """A client's data without the files: what the exhibits read."""
    panel, _ = world(51, clients=150)
    people = pd.DataFrame({"client_id": panel["client_id"].unique()})
    people["client_name"] = "Клиент " + people["client_id"].astype(str)
    people["industry"] = np.where(people["client_id"] % 3 == 0, "авто", "еда")
    params = SimpleNamespace(currency="RUB", title_in=lambda language: "База")
    return SimpleNamespace(
        panel=panel, clients=people, as_of=as_of("2024-12"), missing=(), params=params, products=pd.DataFrame(),
        passport={"invited": 0, "answers": 0, "answered": 0, "findings": {}, "deals": 1, "clients": 150},
    )  # fmt: skip


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_titles_are_sentences_from_the_tables(data: Any, language: str) -> None:
    kinds, life = la.client_kinds(data.panel, "2024-12"), la.lifecycle(data.panel, "2024-12")
    flow = flows(data.panel, "2024-12", kinds=kinds)
    made = [
        segments.flows(data, flow, language=language), segments.pareto(data, kinds, language=language),
        segments.rfm_map(data, la.rfm(data.panel, "2024-12"), kinds, language=language),
        segments.seasons(data, kinds, language=language),
        segments_money.moved(data, la.movement(data.panel, "2024-12"), language=language),
        segments_money.best(data, best_traits(data.panel, data.clients, "2024-12"), language=language),
    ]  # fmt: skip
    for one in made:
        assert one.title
        assert "{" not in one.title + one.subtitle + one.note + one.alt
        if one.draw is not None:
            assert one.alt
            for narrow in (False, True):
                one.draw(narrow)
    anchors = int(kinds.table["is_anchor"].sum())
    assert _plain(made[1].title).startswith(_plain(words.number(anchors, language)))
    front = segments.front(data, language, kinds=kinds, life=life, flow=flow, wallet=la.wallet_share(data.panel))
    assert len(front.summary.split()) <= 120
    assert len(front.tiles) <= 6


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_nothing_happened_and_too_little_data(data: Any, language: str) -> None:
    empty = la.monthly_panel(pd.DataFrame({"client_id": [], "date": [], "amount": []}))
    bare = SimpleNamespace(**{**vars(data), "panel": empty.table})
    said = [
        segments.flows(bare, flows(empty), language=language).title,
        segments.pareto(bare, la.client_kinds(empty), language=language).title,
        segments.rfm_map(bare, la.rfm(empty), language=language).title,
        segments.seasons(bare, la.client_kinds(empty), language=language).title,
        segments_money.wallet(bare, la.wallet_share(empty), language=language).title,
        segments_money.loyalty_money(bare, pd.DataFrame({"client_id": [1]}), language=language).title,
        acquisition.funnel(bare, economics.funnel(None), language=language).title,
        acquisition.channels(bare, la.channels(empty), language=language).title,
        acquisition.payback(bare, economics.payback(empty), language=language).title,
        acquisition_more.cheque(bare, economics.cheque_spread(pd.DataFrame()), language=language).title,
        acquisition_more.metrics(bare, la.base_metrics(empty), language=language).title,
        acquisition_more.keeping(bare, economics.keeping_and_winning(empty), language=language).title,
    ]
    assert all(said)
    assert len(set(said)) == len(said)
    front = acquisition.front(
        bare, language, metrics=la.base_metrics(empty), channels=la.channels(empty), funnel=economics.funnel(None)
    )
    assert front.summary


def _channel_table(verdict: str, months: float = np.nan) -> pd.DataFrame:
    return pd.DataFrame({
        "channel": ["радио"], "spend": [100.0], "leads": [5], "new_clients": [9], "cac": [11.1], "cac_low": [5.0],
        "cac_high": [20.0], "revenue": [50.0], "gross_profit": [20.0], "payback": [0.2], "payback_low": [0.1],
        "payback_high": [0.4], "months_to_pay_back": [months], "verdict": [verdict],
    })  # fmt: skip


def test_channel_sentence_has_a_variant_per_verdict(data: Any) -> None:
    options = {"months": 12, "horizon": 12, "fewest": 8}
    said = {}
    for verdict, months in (("keep", 4.0), ("stop", np.nan), ("too_few", np.nan)):
        result = la.Result(frame=_channel_table(verdict, months), options=options)
        said[verdict] = _plain(acquisition.channels(data, result, language="ru").title)
    assert said["keep"] == "Канал «радио» окупается за 4 месяца"
    assert said["stop"] == "Канал «радио» за 12 месяцев не окупился"
    assert "радио (9)" in said["too_few"]


def test_heat_map_holds_every_number() -> None:
    table = pd.DataFrame([[1.0, np.nan], [3.0, 20.0]], index=["a", "b"], columns=["x", "y"])
    ax = plots.heat(table, language="en")
    assert [text.get_text() for text in ax.texts] == ["1", "3", "20"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["a", "b"]


def test_diverging_columns_stand_on_zero_and_add_up() -> None:
    table = pd.DataFrame({
        "month": pd.date_range("2026-01-01", periods=2, freq="MS"), "active": [5, 6], "new": [2, 1], "returned": [1, 2],
        "left": [1, 2], "season_over": [0, 1],
    })  # fmt: skip
    ax = plots.diverging(table, language="ru", labels=["a", "b", "c", "d"])
    assert [bar.get_height() for bar in ax.patches] == [2, 1, 1, 2, -1, -2, 0, -1]
    said = [text.get_text() for text in ax.texts]
    assert said[:2] == ["5", "6"]
    assert said[3::2] == ["▲ a", "▲ b", "▼ c", "▼ d"]  # behind their coloured squares


def test_payback_lines_end_with_their_values() -> None:
    table = pd.DataFrame({"label": ["2024"] * 3 + ["2025"] * 2, "age": [0, 1, 2, 0, 1]})
    table["paid"] = [0.5, 2.0, 9.0, 0.1, 0.2]
    ax = acquisition_plots.payback_lines(table, language="en")
    assert {text.get_text() for text in ax.texts} == {"2024: 9.0 ↑", "2025: 0.2"}
    assert ax.get_ylim()[1] < 4  # the picture stays near one


def test_bars_are_sorted_from_zero() -> None:
    table = pd.DataFrame({"label": ["A", "B"], "value": [2_000_000.0, 500_000.0], "remark": ["x", "y"]})
    ax = plots.bars(table, language="ru", unit="m", digits=1)
    assert [round(bar.get_width(), 3) for bar in ax.patches] == [2.0, 0.5]
    assert [bar.get_x() for bar in ax.patches] == [0, 0]
    assert ax.texts[0].get_text() == "2,0  x"


def test_file_of_clients_holds_texts_not_formulas(data: Any) -> None:
    import io

    from openpyxl import load_workbook

    from loyalty_analytics.exhibits.segments_file import clients_file, last_scores
    from loyalty_analytics.segments.profile import client_facts

    people = data.clients.assign(manager_id="M1", client_name='=HYPERLINK("http://x")')
    asked = pd.DataFrame({
        "client_id": [1, 1, 2], "sent_at": pd.to_datetime(["2024-11-01", "2024-12-01", "2024-12-01"]),
        "status": ["refused", "answered", "no_answer"],
    })  # fmt: skip
    staff = pd.DataFrame({"manager_id": ["M1"], "manager_name": ["Крылова Нина"]})
    own = SimpleNamespace(**{**vars(data), "survey_invitations": asked, "managers": staff})
    scores = last_scores(own, pd.DataFrame({"client_id": [1], "score": [9.0]}))
    assert scores.set_index("client_id")["silent"].to_dict() == {1: False, 2: True}
    facts = client_facts(data.panel, "2024-12", clients=people, life=la.lifecycle(data.panel, "2024-12"), scores=scores)
    made = [clients_file(own, facts, language="ru").content for _ in range(2)]
    assert made[0] == made[1]
    sheet = load_workbook(io.BytesIO(made[0])).active
    assert sheet.max_row == len(facts) + 1
    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert not any(cell.data_type == "f" for cell in cells)
    assert any(cell.value == '=HYPERLINK("http://x")' for cell in cells)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_classes_deciles_and_terms(data: Any, language: str) -> None:
    result = abc_xyz(data.panel, "2024-12", ddof=1)
    one = segments_facts.classes(data, result, language=language)
    shown = one.table.frame.set_index("name")
    counted = result.table.groupby(["abc", "xyz"]).size()
    assert {a + b: n for (a, b), n in counted.items()} == shown.loc[shown["clients"] > 0, "clients"].to_dict()
    assert shown["revenue"].sum() == pytest.approx(result.table["revenue"].sum())
    assert "1" in one.note  # ddof
    tenths = segments_facts.deciles(data, language=language)
    frame = tenths.table.frame
    assert frame["share"].sum() == pytest.approx(1)
    assert frame["clients"].sum() == data.panel["client_id"].nunique()
    assert _plain(words.percent(frame["share"].iloc[0], language)) in _plain(tenths.title)
    facts = client_facts(data.panel, "2024-12", clients=data.clients)
    prices = pd.DataFrame({"client_id": facts["client_id"], "price_index": 0.9, "products": 2, "discount": 5.0,
                           "delay": np.nan})  # fmt: skip
    terms = segments_facts.terms(data, facts, prices, language=language)
    heads = terms.table.html("", language)
    assert words.say("segments.col_price_index", language) in heads
    assert words.say("segments.col_delay", language) not in heads  # nobody's is known
    assert terms.table.frame.groupby("industry")["industry_share"].sum().tolist() == pytest.approx([1.0, 1.0])
    for exhibit in (one, tenths):
        for narrow in (False, True):
            exhibit.draw(narrow)


def test_gini_by_the_definition(data: Any) -> None:
    """Half the mean absolute difference of all pairs over the mean."""
    revenue = np.sort(data.panel[data.panel["month"] >= "2024-01-01"].groupby("client_id")["revenue"].sum().to_numpy())
    all_clients = np.zeros(data.panel["client_id"].nunique())
    all_clients[: len(revenue)] = revenue
    expected = np.abs(all_clients[:, None] - all_clients).mean() / (2 * all_clients.mean())
    totals = segments_facts.deciles(data, language="en").table.totals
    assert float(totals[-1]["share"]) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_funnel_groups_name_who_differs(data: Any, language: str) -> None:
    rows = [
        {"lead_id": f"{channel}{i}", "stage": stage, "entered_at": "2024-10-05", "channel": channel, "manager_id": "m1"}
        for channel, won in (("fair", 30), ("web", 2))
        for i in range(60)
        for stage in (("awareness", "loyalty") if i < won else ("awareness",))
    ]
    events = pd.DataFrame(rows)
    events["client_id"] = np.where(events["stage"] == "loyalty", 1, np.nan)
    people = pd.DataFrame({"client_id": [1.0], "industry": ["авто"]})
    bare = SimpleNamespace(**{**vars(data), "managers": pd.DataFrame({"manager_id": [], "manager_name": []})})
    whole = economics.funnel(events, "2024-12")
    parts = {by: economics.funnel(events, "2024-12", by=by, clients=people)
             for by in ("channel", "manager_id", "industry")}  # fmt: skip
    made = acquisition_groups.funnel_groups(bare, whole, parts, language=language)
    table = made.table.frame.set_index("group")
    assert table["differs"].to_dict() == {"fair": True, "web": True, "m1": False}
    assert table["came"].to_dict() == {"fair": 30, "web": 2, "m1": 32}
    assert "fair" in made.title
    assert words.say("acquisition.by_industry", language) in made.note  # known for the won alone: left out
    few = acquisition_groups.funnel_groups(
        bare, economics.funnel(events.head(3), "2024-12"), {}, language=language
    )  # fmt: skip
    assert few.draw is None


def test_delivery_groups(data: Any) -> None:
    deals = pd.DataFrame({"transaction_id": range(40), "client_id": [1] * 20 + [2] * 20, "amount": 100.0})
    sent = pd.DataFrame({
        "transaction_id": range(40), "planned_at": "2024-11-05 10:00", "mode": ["airing", "onsite"] * 20,
        "actual_at": ["2024-11-05 10:00"] * 20 + ["2024-11-05 18:00"] * 20, "cost": 7.0, "defect": False,
    })  # fmt: skip
    where = pd.DataFrame({"client_id": [1, 2], "region": ["север", "юг"]})
    parts = {by: economics.deliveries(sent, deals, "2024-12", clients=where, by=by) for by in ("mode", "region")}
    made = acquisition_groups.delivery_groups(data, parts, language="ru")
    assert made.table.frame.set_index("name")["late"].to_dict() == {
        "выход в эфир": 10, "у клиента": 10, "юг": 20, "север": 0,
    }  # fmt: skip
    assert _plain(made.title).startswith("Чаще других опаздывают: юг (район): 100 %; всего 20 из 40")
    assert "customs_share" not in [column.key for column in made.table.columns]
