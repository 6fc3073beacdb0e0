"""Report 08: its sentences, variant by variant."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pandas as pd
import small
from matplotlib.text import Text
from variants import Cases, cells

from loyalty_analytics import economics
from loyalty_analytics.exhibits import acquisition, acquisition_groups, acquisition_more
from loyalty_analytics.results import Result

cases = Cases("acquisition")
MONTH = small.MONTHS[-1]
SPEND = pd.DataFrame({"period_start": ["2026-08", "2026-08"], "channel": ["fair", "gifts"],
                      "amount": [60_000.0, 5_000.0], "purpose": ["acquisition", "retention"]})  # fmt: skip
NONE = Result(frame=pd.DataFrame())
# B is new since September 2026; gross profit is a third of revenue.
NEW = {"A": 100_000.0, "B": [0.0] * 22 + [30_000.0, 60_000.0]}


def _data(revenue: Any = None, profit: bool = False, **frames: Any) -> Any:
    data = small.data(NEW if revenue is None else revenue, **frames)
    data.panel["gross_profit"] = data.panel["revenue"] / 3 if profit else float("nan")
    return data


def _young(data: Any) -> Any:
    """The same data, begun four months before the end."""
    return SimpleNamespace(**{**vars(data), "panel": data.panel[data.panel["month"] >= "2026-07"]})


def _front(data: Any, language: str, *, spend: Any = None, channels: Any = None, leads: Any = None) -> Any:
    sums = economics.base_metrics(data.panel, MONTH, marketing_spend=spend, transactions=_deals(1000.0, 2000.0, 6000.0))
    found = channels or economics.channels(data.panel, MONTH, marketing_spend=spend)
    return acquisition.front(data, language, metrics=sums, channels=found, funnel=leads or _funnel([]))


def _channels(*rows: tuple[str, str, float | None, float | None, int]) -> Result:
    """Rows of channel, verdict, months to pay back, payback, new clients."""
    names = ["channel", "verdict", "months_to_pay_back", "payback", "new_clients"]
    frame = pd.DataFrame(rows, columns=names).astype({"months_to_pay_back": float, "payback": float})
    frame = frame.assign(spend=90_000.0, leads=20, cac=30_000.0, cac_low=20_000.0, cac_high=50_000.0, gross_profit=1.0)
    return Result(frame=frame, options={"months": 12, "horizon": 12, "fewest": 8})


def _funnel(leads: Any, before: Any = (), plan: dict[str, float] | None = None) -> Result:
    """A funnel with so many leads at each of three stages, and as many a year before."""
    when = [("2026-06-01", leads), ("2025-06-01", before)]
    rows = [
        {"lead_id": f"{day}{at}", "stage": stage, "entered_at": day}
        for day, counts in when for stage, n in zip(("awareness", "interest", "desire"), counts) for at in range(n)
    ]  # fmt: skip
    targets = pd.DataFrame([
        {"period_start": "2026-01", "metric": "conversion", "level": "company", "level_id": stage, "amount": share}
        for stage, share in (plan or {}).items()
    ])  # fmt: skip
    found = economics.funnel(pd.DataFrame(rows), MONTH, targets=targets)
    return replace(found, frame=found.frame[found.frame["stage"].isin(["awareness", "interest", "desire"])])


# --- the first screen -------------------------------------------------------------------------------------------------


@cases
def front_without_deals(language: str) -> Any:
    return _front(small.data({}), language)


@cases
def front_the_data_begin_within_the_year(language: str) -> Any:
    return _front(_young(_data()), language, spend=SPEND)


@cases
def front_spend_unknown(language: str) -> Any:
    return _front(_data(), language, leads=_funnel([20, 10, 3]))


@cases
def front_nobody_new_spend_unknown(language: str) -> Any:
    return _front(_data({"A": 1e5}), language).summary


@cases
def front_nobody_new(language: str) -> Any:
    return _front(_data({"A": 1e5}), language, spend=SPEND, channels=_channels())


@cases
def front_formulas_disagree(language: str) -> Any:
    found = _channels(("Ярмарка", "keep", 1.0, 1.5, 21), ("Звонки", "stop", None, 0.2, 9))
    return _front(_data(profit=True), language, spend=SPEND, channels=found)


@cases
def front_formulas_agree(language: str) -> Any:
    found = _channels(("Ярмарка", "fix", 13.0, 1.5, 21), ("Звонки", "too_few", None, None, 2))
    return _front(_data({"A": 1e5, "B": [0.0] * 22 + [3e5, 3e5]}), language, spend=SPEND, channels=found)


# --- funnel -----------------------------------------------------------------------------------------------------------


def _bars(language: str, found: Result) -> Any:
    return acquisition.funnel(_data(), found, language=language)


@cases
def funnel_of_nobody(language: str) -> Any:
    return _bars(language, _funnel([]))


@cases
def funnel_of_few(language: str) -> Any:
    return _bars(language, _funnel([5, 2, 1]))


@cases
def funnel_first_year(language: str) -> Any:
    return _bars(language, _funnel([40, 20, 5]))


@cases
def funnel_as_last_year_and_on_plan(language: str) -> Any:
    item = _bars(language, _funnel([40, 20, 5], [40, 21, 5], {"interest": 50, "desire": 0.3}))
    return [item, *cells(item)]


@cases
def funnel_moved_and_below_plan(language: str) -> Any:
    return _bars(language, _funnel([100, 20, 5], [100, 60, 15], {"interest": 50}))


@cases
def labels_of_figures(language: str) -> Any:
    drawn = [
        _bars(language, _funnel([40, 20, 5], plan={"interest": 50})), _payback(language, (4, None)),
        _repeat(language, 3, by="year"),
    ]  # fmt: skip
    texts = [text.get_text().replace("  ", ", ") for item in drawn for text in item.draw(False).findobj(Text)]
    return [text for text in dict.fromkeys(texts) if len(text) > 14]


@cases
def needs(language: str) -> Any:
    data = _data(missing=("transactions", "funnel_events", "deliveries"))
    return [
        acquisition.repeat(data, NONE, language=language),
        acquisition_groups.funnel_groups(data, NONE, {}, language=language),
        acquisition_groups.delivery_groups(data, {}, language=language),
    ]  # fmt: skip


@cases
def stage_of_the_client_s_own(language: str) -> Any:
    return [acquisition.stage_name(name, language) for name in ("awareness", "action", "loyalty", "Демо")]


def _groups(language: str, came: tuple[int, int], entered: int = 40, plan: float | None = None) -> Any:
    """Two channels and a manager grouping that hardly any lead knows."""
    rows = [
        {"lead_id": f"{name}{at}", "stage": stage, "entered_at": "2026-06-01", "channel": name,
         "manager_id": "M1" if at < 1 else None}
        for name, n in zip(("fair", "calls"), came) for stage, top in (("awareness", entered), ("loyalty", n))
        for at in range(top)
    ]  # fmt: skip
    events = pd.DataFrame(rows)
    targets = pd.DataFrame([{"period_start": "2026-01", "metric": "conversion", "level": "channel", "level_id": "fair",
                             "amount": plan}])  # fmt: skip
    parts = {by: economics.funnel(events, MONTH, by=by, targets=targets if plan else None)
             for by in ("channel", "manager_id")}  # fmt: skip
    return acquisition_groups.funnel_groups(_data(), economics.funnel(events, MONTH), parts, language=language)


@cases
def groups_of_few_leads(language: str) -> Any:
    return _groups(language, (1, 0), entered=3)


@cases
def groups_of_no_leads(language: str) -> Any:
    return acquisition_groups.funnel_groups(_data(), _funnel([]), {}, language=language)


@cases
def groups_alike(language: str) -> Any:
    return _groups(language, (5, 6))


@cases
def groups_apart_and_below_plan(language: str) -> Any:
    item = _groups(language, (2, 30), plan=0.5)
    return [item, *cells(item)]


# --- channels, payback, cohorts ---------------------------------------------------------------------------------------


@cases
def channels_without_spend(language: str) -> Any:
    found = _channels(("Ярмарка", "too_few", None, None, 2))
    found.frame["spend"] = 0.0
    return acquisition.channels(_data(), found, language=language)


@cases
def channels_with_verdicts(language: str) -> Any:
    found = _channels(("Ярмарка", "keep", 9.0, 1.5, 21), ("Звонки", "fix", None, 0.7, 9),
                      ("Баннер", "stop", None, 0.1, 8), ("Письма", "too_few", None, None, 1))  # fmt: skip
    item = acquisition.channels(_data(), found, language=language)
    return [item, *cells(item, 4)]


@cases
def channels_by_revenue_in_young_data(language: str) -> Any:
    found = _channels(("Ярмарка", "keep", 1.0, 1.5, 21))
    found.frame["gross_profit"] = float("nan")
    return acquisition.channels(_young(_data()), found, language=language)


@cases
def channels_of_nobody(language: str) -> Any:
    return acquisition.channel_sentence(_channels().frame, 12, language)


def _payback(language: str, months: tuple[float | None, ...], income: str = "gross_profit") -> Any:
    rows = [
        {"cohort": pd.Timestamp(year, 1, 1), "age": 0, "clients": 5, "spend": 1e5, "cac": 2e4, "income": 5e4,
         "income_to_date": 5e4, "paid": 0.5 if at is None else 1.5, "months_to_pay_back": at}
        for year, at in zip((2024, 2025, 2026), months)
    ]  # fmt: skip
    columns = ["cohort", "months_to_pay_back"]
    frame = pd.DataFrame(rows).astype({"months_to_pay_back": float}) if rows else pd.DataFrame(columns=columns)
    found = Result(frame=frame, options={"by": "year", "income": income})
    return acquisition.payback(_data(), found, language=language)


@cases
def payback_unknown(language: str) -> Any:
    return _payback(language, ())


@cases
def payback_of_none(language: str) -> Any:
    return _payback(language, (None, None), "revenue")


@cases
def payback_of_one(language: str) -> Any:
    return _payback(language, (4, None, None))


@cases
def payback_of_all(language: str) -> Any:
    return _payback(language, (4, 9, 21))


def _repeat(language: str, ages: int, clients: int = 10, by: str = "quarter") -> Any:
    rows = [
        {"cohort": pd.Timestamp(2025, 1, 1), "age": age, "clients": clients, "active": clients - age,
         "share": 1 - age / clients, "revenue": 1e5, "revenue_to_date": 1e5, "censored": False}
        for age in range(ages)
    ]  # fmt: skip
    return acquisition.repeat(_data(), Result(frame=pd.DataFrame(rows), options={"by": by}), language=language)


@cases
def repeat_of_few(language: str) -> Any:
    return _repeat(language, 3, clients=4)


@cases
def repeat_of_the_young(language: str) -> Any:
    return _repeat(language, 3)


@cases
def repeat_after_a_year(language: str) -> Any:
    item = _repeat(language, 5)
    return [item, *cells(item, 1)]


@cases
def repeat_by_month_and_year(language: str) -> Any:
    made = [_repeat(language, 2, by=by) for by in ("month", "year")]
    for item in made:
        item.draw(False)
    return [text for item in made for text in (item.subtitle, item.table.columns[1].label)]


# --- second half ------------------------------------------------------------------------------------------------------


def _deals(*amounts: float, **more: Any) -> pd.DataFrame:
    return pd.DataFrame({"transaction_id": range(len(amounts)), "client_id": "A", "date": "2026-06-01",
                         "amount": amounts, **more})  # fmt: skip


@cases
def cheque_of_nothing(language: str) -> Any:
    return acquisition_more.cheque(_data(), economics.cheque_spread(_deals(), MONTH), language=language)


@cases
def cheque_even(language: str) -> Any:
    found = economics.cheque_spread(_deals(*[900.0, 1000.0, 1100.0] * 9), MONTH)
    item = acquisition_more.cheque(_data(), found, language=language)
    return [item, *cells(item, 4)]


@cases
def cheque_skewed(language: str) -> Any:
    found = economics.cheque_spread(_deals(*[1000.0] * 9, 90_000.0), MONTH)
    return acquisition_more.cheque(_data(), found, language=language)


def _next(language: str, second: int, base: int = 0) -> Any:
    """Twenty owners of a spot, some of whom buy a site later, and others who own it anyway."""
    rows = [(f"C{at}", "2026-01-01", "spot") for at in range(20)]
    rows += [(f"C{at}", "2026-02-01", "site") for at in range(second)]
    rows += [(f"D{at}", "2026-02-01", "site" if at < base else "card") for at in range(60)]
    deals = pd.DataFrame(rows, columns=["client_id", "date", "product_id"])
    names = pd.DataFrame({"product_id": ["spot", "site"], "product_name": ["Прайм «Берег»", "Сайт"], "tier": [2, 1]})
    found = economics.next_products(deals, MONTH, products=names)
    return acquisition_more.next_product(_data(products=names), found, language=language)


@cases
def next_of_few(language: str) -> Any:
    return _next(language, 1)


@cases
def next_unsure(language: str) -> Any:
    return _next(language, 5, base=12)


@cases
def next_sure(language: str) -> Any:
    item = _next(language, 15)
    return [item, *cells(item, 1)]


def _referrals(language: str, used: bool, rows: int = 2) -> Any:
    coupons = pd.DataFrame({"referrer_client_id": ["A"] * rows, "given_at": "2026-05-01", "new_client_id": "B",
                            "first_purchase_at": "2026-09-05" if used else None, "bonus_amount": 500.0})  # fmt: skip
    data = _data()
    return acquisition_more.referrals(data, economics.referrals(coupons, data.panel, MONTH), language=language)


@cases
def referrals_none(language: str) -> Any:
    return _referrals(language, False, rows=0)


@cases
def referrals_unused(language: str) -> Any:
    return _referrals(language, False)


@cases
def referrals_used(language: str) -> Any:
    return _referrals(language, True)


def _metrics(data: Any, language: str, **options: Any) -> Any:
    return acquisition_more.metrics(data, economics.base_metrics(data.panel, MONTH, **options), language=language)


@cases
def metrics_of_nothing(language: str) -> Any:
    return _metrics(small.data({}), language)


@cases
def metrics_without_spend(language: str) -> Any:
    return _metrics(_data(), language)


@cases
def metrics_who_is_new_unknown(language: str) -> Any:
    item = _metrics(_young(_data()), language, dissatisfied=["A"], marketing_spend=SPEND)
    return [item, *cells(item, 15)]


@cases
def metrics_by_revenue(language: str) -> Any:
    return _metrics(_data(), language, marketing_spend=SPEND)


@cases
def metrics_by_profit(language: str) -> Any:
    deals = _deals(1000.0, 3000.0, gross_profit=[300.0, 900.0])
    item = _metrics(_data(profit=True), language, marketing_spend=SPEND, transactions=deals, dissatisfied=["A"])
    return [item, *cells(item, 15)]


def _keeping(language: str, keep: float | None, win: float | None, clients: int = 4) -> Any:
    rows = [(name, spend, clients, spend / clients if clients and spend is not None else None)
            for name, spend in (("keep", keep), ("win", win))]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["what", "spend", "clients", "cost"]).astype({"spend": float, "cost": float})
    frame["ratio"] = [float("nan"), win / keep if keep and win is not None else float("nan")]
    return acquisition_more.keeping(_data(), Result(frame=frame), language=language)


@cases
def keeping_not_split(language: str) -> Any:
    return _keeping(language, None, 40_000.0)


@cases
def keeping_nobody(language: str) -> Any:
    return _keeping(language, 10_000.0, 40_000.0, clients=0)


@cases
def keeping_is_cheaper(language: str) -> Any:
    item = _keeping(language, 10_000.0, 40_000.0)
    return [item, *cells(item)]


@cases
def keeping_is_dearer(language: str) -> Any:
    return _keeping(language, 50_000.0, 10_000.0)


@cases
def keeping_costs_the_same(language: str) -> Any:
    return _keeping(language, 40_000.0, 40_000.0)


# --- deliveries -------------------------------------------------------------------------------------------------------


def _sent(late: tuple[int, int], defects: int | None = 0, known: bool = True) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Forty deliveries each by van and by post, so many of them late; the first ones defective."""
    deals = _deals(*[1000.0] * 80)
    actual = ["2026-06-03" if at % 40 < late[at // 40] else "2026-06-01" for at in range(80)]
    sent = pd.DataFrame({
        "delivery_id": range(80), "transaction_id": range(80), "planned_at": pd.Timestamp("2026-06-01"),
        "actual_at": pd.to_datetime(actual if known else [None] * 80), "cost": [60.0] * 40 + [80.0] * 40,
        "mode": ["delivery"] * 40 + ["pickup"] * 40,
        "defect": pd.array([None] * 80 if defects is None else [at < defects for at in range(80)], dtype="boolean"),
    })  # fmt: skip
    return sent, deals


def _deliveries(language: str, *args: Any, **options: Any) -> Any:
    found = economics.deliveries(*_sent(*args, **options), MONTH)
    return acquisition_more.deliveries(_data(), found, language=language)


@cases
def deliveries_without_days(language: str) -> Any:
    return _deliveries(language, (0, 0), known=False)


@cases
def deliveries_fine(language: str) -> Any:
    return _deliveries(language, (0, 0))


@cases
def deliveries_in_time_defects_unknown(language: str) -> Any:
    return _deliveries(language, (0, 0), None)


@cases
def deliveries_late_defects_unknown(language: str) -> Any:
    return _deliveries(language, (3, 2), None)


@cases
def deliveries_late_and_defective(language: str) -> Any:
    item = _deliveries(language, (3, 2), 1)
    return [item, *cells(item)]


def _delivery_groups(language: str, *late: int, size: int = 80) -> Any:
    sent, deals = _sent((late[0], late[1]))
    sold = economics.deliveries(sent.head(size), deals, MONTH, by="mode")
    return acquisition_groups.delivery_groups(_data(), {"mode": sold}, language=language)


@cases
def delivery_groups_none(language: str) -> Any:
    return acquisition_groups.delivery_groups(_data(), {}, language=language)


@cases
def delivery_groups_in_time(language: str) -> Any:
    return _delivery_groups(language, 0, 0)


@cases
def delivery_groups_alike(language: str) -> Any:
    return _delivery_groups(language, 3, 4)


@cases
def delivery_groups_apart(language: str) -> Any:
    item = _delivery_groups(language, 2, 30)
    return [item, *cells(item)]


@cases
def delivery_groups_one_of_three_is_better(language: str) -> Any:
    counts = {"mode": ["delivery", "pickup", "onsite"], "known": [100, 100, 100], "late": [22, 20, 2]}
    frame = pd.DataFrame(counts).assign(
        deliveries=100, defects=0, late_share=lambda t: t["late"] / t["known"], defect_share=0.0, cost_share=0.1,
        customs_share=float("nan"), packaging_share=float("nan"))  # fmt: skip
    return acquisition_groups.delivery_groups(_data(), {"mode": Result(frame=frame)}, language=language)


# --- what an engine says in a notebook --------------------------------------------------------------------------------


def _notes(*results: Result) -> list[Any]:
    return [note for result in results for note in result.notes]


@cases
def engines_without_data(language: str) -> Any:
    empty, data = pd.DataFrame(), _data()
    return _notes(
        economics.base_metrics(small.data({}).panel), economics.wallet_share(data.panel, MONTH),
        economics.receivables(empty), economics.plan_fact(data.panel, MONTH), economics.funnel(empty),
        economics.next_products(empty), economics.referrals(empty, data.panel), economics.deliveries(empty, empty),
    )  # fmt: skip


@cases
def engines_with_data(language: str) -> Any:
    data, (sent, deals) = _data(), _sent((3, 2))
    budget = pd.DataFrame({"client_id": ["A"], "period_start": ["2026-01-01"], "period_end": ["2026-12-31"],
                           "category": ["radio"], "total_budget": [9e6], "our_amount": [1e6], "source": ["public"],
                           "asked_at": ["2026-01-09"]})  # fmt: skip
    due = deals.assign(due_date="2026-06-09", paid_date=None, paid_amount=0.0)
    coupons = pd.DataFrame({"referrer_client_id": ["A"], "given_at": ["2026-05-01"], "new_client_id": ["B"],
                            "first_purchase_at": ["2026-09-05"], "bonus_amount": [5.0]})  # fmt: skip
    return _notes(
        economics.base_metrics(data.panel, MONTH, marketing_spend=SPEND.assign(amount=[4e5, 1e5])),
        economics.channels(data.panel, MONTH, marketing_spend=SPEND),
        economics.wallet_share(data.panel, MONTH, client_budgets=budget), economics.receivables(due, MONTH),
        economics.plan_fact(data.panel, MONTH, targets=small.plan(1e5)), _funnel([9, 4, 2]),
        economics.next_products(deals.assign(product_id="spot"), MONTH),
        economics.referrals(coupons, data.panel, MONTH), economics.deliveries(sent, deals, MONTH),
        economics.keeping_and_winning(data.panel, MONTH, marketing_spend=SPEND),
        economics.payback(data.panel, MONTH, marketing_spend=SPEND, by="year"),
        economics.cheque_spread(deals, MONTH), economics.base_metrics(_young(data).panel, MONTH),
    )  # fmt: skip
