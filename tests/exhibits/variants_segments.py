"""Report 02: its sentences, variant by variant, from tables of a few clients."""

from __future__ import annotations

import io
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import small
from variants import Cases, cells

import loyalty_analytics as la
from loyalty_analytics import tables
from loyalty_analytics.exhibits import segments, segments_cards, segments_facts, segments_file, segments_money
from loyalty_analytics.results import Result
from loyalty_analytics.segments.flows import flows
from loyalty_analytics.segments.late import late
from loyalty_analytics.segments.movement import bridge
from loyalty_analytics.segments.profile import best_traits
from loyalty_analytics.sources.cards import Cards

cases = Cases("segments")
DAY = pd.Timestamp("2026-10-20")
CARDS = pd.DataFrame({"client_id": ["A", "B"], "client_name": ["ООО «Альфа»", "ООО «Бета»"],
                      "industry": ["Медицина", "Финансы"], "is_anchor": [True, False]})  # fmt: skip


def _kinds(*rhythms: str, start: int = 5, anchor: bool = True) -> Result:
    rows = [("AB"[at], rhythm, 0.97, float(start), 4.0, anchor and not at) for at, rhythm in enumerate(rhythms)]
    names = ["client_id", "rhythm", "probability", "season_start", "season_months", "is_anchor"]
    return Result(frame=pd.DataFrame(rows, columns=names))


def _life(*statuses: str, last: pd.Timestamp = DAY) -> Result:
    return Result(frame=pd.DataFrame({"client_id": list("AB"[: len(statuses)]), "status": statuses, "last_date": last}))


def _wallet(with_budget: int = 0, gap: float = 0.0, flags: tuple[str, ...] = ("ok", "above_budget")) -> Result:
    if not with_budget:
        return Result(frame=pd.DataFrame(columns=["client_id", "flag", "gap"]))
    frame = pd.DataFrame({"client_id": ["A", "B"][: len(flags)], "flag": flags, "gap": gap, "share": 0.18, "ours": 2e5,
                          "total_budget": 2e5 + gap, "asked_at": DAY})  # fmt: skip
    overview = pd.DataFrame([{"clients": 60, "with_budget": with_budget, "gap": gap, "contradictions": 1}])
    return Result(frame=frame, overview=overview)


def _flow(**counts: Any) -> Result:
    months = pd.date_range("2025-10-01", "2026-10-01", freq="MS")
    row = {"active": 47, "new": 0, "returned": 0, "left": 0, "season_over": 0, "revenue_left": 0.0} | counts
    return Result(frame=pd.DataFrame({"month": months, **row}), options={"active_months": 3})


def _front(language: str, kinds: Result, life: Result, wallet: Result | None = None) -> Any:
    return segments.front(small.data(), language, kinds=kinds, life=life, flow=_flow(), wallet=wallet or _wallet())


@cases
def front_good(language: str) -> Any:
    return _front(language, _kinds("regular", "regular"), _life("active", "active"))


@cases
def front_of_two_anchors_and_none(language: str) -> Any:
    two, none = _kinds("regular", "regular"), _kinds("regular", "regular", anchor=False)
    two.frame["is_anchor"] = True
    return [_front(language, kinds, _life("active", "active")).summary for kinds in (two, none)]


@cases
def front_bad(language: str) -> Any:
    return _front(language, _kinds("regular", "regular"), _life("lost", "sleeping"), _wallet(47, 83.2e6))


@cases
def front_without_deals(language: str) -> Any:
    return _front(language, _kinds(), _life()).summary


@cases
def flows_up(language: str) -> Any:
    return segments.flows(small.data(), _flow(new=2, left=1), language=language)


@cases
def flows_otherwise(language: str) -> Any:
    shown = [_flow(new=1, left=2, active=1), _flow(new=1, left=1, active=21), Result(frame=_flow().frame.head(0))]
    return [segments.flows(small.data(), flow, language=language).title for flow in shown]


@cases
def pareto_with_an_anchor(language: str) -> Any:
    made = segments.pareto(small.data(clients=CARDS), _kinds("regular", "regular"), language=language)
    return [made, *cells(made)]


@cases
def pareto_with_other_numbers_of_anchors(language: str) -> Any:
    two = small.data(clients=CARDS.assign(is_anchor=True))
    held = [(two, _kinds("regular", "regular")),
            (small.data(clients=CARDS.assign(is_anchor=False)), _kinds("regular", "regular", anchor=False))]
    return [segments.pareto(data, kinds, language=language).title for data, kinds in held]


@cases
def pareto_without_revenue(language: str) -> Any:
    return segments.pareto(small.data({}), _kinds(), language=language).title


GROUPS = ("champions", "cannot_lose", "loyal", "at_risk", "big_rare", "recent", "fading", "gone")


def _rfm(*groups: str) -> Result:
    frame = pd.DataFrame({"client_id": [f"c{at}" for at in range(len(groups))], "r": 5, "f": 5, "segment": groups,
                          "monetary": 4e5})  # fmt: skip
    cuts = [("recency_days", 107, 30, 22, 12), ("frequency", 1, 3, 7, 21), ("monetary", 890_868, 1e6, 2e6, 9e6)]
    overview = pd.DataFrame(cuts, columns=["measure", 1, 2, 3, 4])
    return Result(frame=frame, overview=overview, options={"parts": 5})


@cases
def rfm_risk(language: str) -> Any:
    made = segments.rfm_map(small.data(), _rfm(*GROUPS), language=language)
    return [made, *cells(made, 8)]


@cases
def rfm_otherwise(language: str) -> Any:
    shown = [_rfm("champions"), _rfm()]
    return [segments.rfm_map(small.data(), rfm, language=language).title for rfm in shown]


@cases
def seasons_soon(language: str) -> Any:
    made = segments.seasons(small.data(), _kinds("seasonal", "unknown", start=12), language=language)
    return [made, *cells(made)]


@cases
def seasons_otherwise(language: str) -> Any:
    many = pd.concat([_kinds("seasonal", start=11).frame.assign(client_id=name) for name in "ABCDE"])
    data = small.data(dict.fromkeys("ABCDE", 100000.0))
    shown = [_kinds("seasonal", "seasonal", start=5), Result(frame=many), _kinds("regular", "regular")]
    return [segments.seasons(data, kinds, language=language).title for kinds in shown]


def _boxes(*loyal: str) -> pd.DataFrame:
    names = [f"c{at}" for at in range(len(loyal))]
    return pd.DataFrame({"client_id": ["A", "B", *names[2:]], "score": 5, "money": "large", "loyalty": loyal,
                         "revenue": 250_000.0})  # fmt: skip


@cases
def loyalty_of_the_large(language: str) -> Any:
    made = segments_money.loyalty_money(small.data(), _boxes("low", *["high"] * 7), language=language)
    return [made, *cells(made, 6)]


@cases
def loyalty_otherwise(language: str) -> Any:
    shown = [_boxes(*["middle"] * 8), _boxes("low", "high")]
    return [segments_money.loyalty_money(small.data(), boxes, language=language).title for boxes in shown]


def _moves(*rows: tuple[str, str, int]) -> Result:
    frame = pd.DataFrame(rows, columns=["before", "after", "clients"]).assign(share=0.5, revenue=12.9e6)
    return Result(frame=frame, options={"months": 3})


@cases
def moved_down_and_up(language: str) -> Any:
    moves = _moves(("active", "sleeping", 1), ("active", "lost", 1), ("lost", "reactivated", 1), ("absent", "new", 21))
    made = segments_money.moved(small.data(), moves, language=language)
    return [made, *cells(made, 4)]


@cases
def moved_otherwise(language: str) -> Any:
    back, gone = ("sleeping", "active", 3), ("active", "sleeping", 2)
    shown = [_moves(("active", "active", 49)), _moves(("active", "active", 49), back), _moves(gone), _moves()]
    return [segments_money.moved(small.data(), moves, language=language).title for moves in shown]


@cases
def wallet_given_to_others(language: str) -> Any:
    flags = ("ok", "above_budget", "disagrees", "old", "no_budget")
    wallet = _wallet(21, 13.3e6)
    rows = [wallet.frame.iloc[:1].assign(flag=flag) for flag in flags]
    made = segments_money.wallet(
        small.data(), Result(frame=pd.concat(rows), overview=wallet.overview), language=language)  # fmt: skip
    return [made, *cells(made, 5), segments_money.wallet(small.data(), _wallet(), language=language).title]


def _traits(*verdicts: str, best: int = 13) -> Result:
    rows = [("industry", "Медицина", verdict) for verdict in verdicts]
    frame = pd.DataFrame(rows, columns=["field", "value", "verdict"])
    return Result(frame=frame.assign(best=6, best_all=best, share_best=0.46, low=0.23, high=0.71, share_others=0.15))


@cases
def portrait_of_the_best(language: str) -> Any:
    made = segments_money.best(small.data(clients=CARDS), _traits("more", "less", "same"), language=language)
    return [made, *cells(made)]


@cases
def portrait_otherwise(language: str) -> Any:
    data, shown = small.data(clients=CARDS), [_traits("same"), _traits("more", best=5), _traits("more", best=1)]
    return [segments_money.best(data, traits, language=language).title for traits in shown]


@cases
def portrait_in_words(language: str) -> Any:
    values = {"company_size": ["micro", "small", "medium", "large"],
              "financial_state": ["good", "fair", "poor", "unknown"],
              "client_type": ["regular", "seasonal", "one_off", "prospect"], "region": ["Север"],
              "acquisition_channel": ["Ярмарка"]}  # fmt: skip
    rows = [(field, value, "same") for field, shown in values.items() for value in shown]
    frame = pd.DataFrame(rows, columns=["field", "value", "verdict"])
    frame = frame.assign(best=1, best_all=9, share_best=0.5, low=0.1, high=0.9, share_others=0.5)
    return cells(segments_money.best(small.data(clients=CARDS), Result(frame=frame), language=language), 20)


def _quality(reached: bool, *, managers: bool = True) -> Cards:
    fields = pd.DataFrame({"table": ["clients", "contacts"], "field": ["industry", "phone"], "n": 60,
                           "filled": [0.35, 0.995], "valid": [0.35, 0.995], "fresh": 0.4, "reached": [reached, True]})
    people = pd.DataFrame({"manager_id": ["M1" if managers else None], "table": "clients", "n": 16, "filled": 0.91,
                           "fresh": 0.5, "reached": reached})  # fmt: skip
    repair = pd.DataFrame({"client_id": ["A", "A", "B"], "manager_id": "M1"})
    empty = pd.DataFrame()
    return Cards(fields=fields, managers=people, reach=empty, structure=empty, repair=repair)


@cases
def cards_below_the_norm(language: str) -> Any:
    people = pd.DataFrame({"manager_id": ["M1"], "manager_name": ["Корнев Антон Викторович"]})
    data = small.data(clients=CARDS, managers=people)
    fields, by = (make(data, _quality(False), language=language)
                  for make in (segments_cards.cards, segments_cards.cards_by_manager))  # fmt: skip
    return [fields, *cells(fields), by, *cells(by)]


@cases
def cards_otherwise(language: str) -> Any:
    data, kept = small.data(clients=CARDS), _quality(True)
    alike = replace(_quality(False), managers=pd.concat([_quality(False).managers] * 2, ignore_index=True))
    return [
        segments_cards.cards(data, kept, language=language).title,
        segments_cards.cards_by_manager(data, alike, language=language).title,
        segments_cards.cards_by_manager(data, kept, language=language).title,
        segments_cards.cards_by_manager(data, _quality(True, managers=False), language=language).title,
    ]


def _abc(*pairs: str) -> Result:
    frame = pd.DataFrame({"abc": [pair[0] for pair in pairs], "xyz": [pair[1] for pair in pairs], "revenue": 1e6})
    return Result(frame=frame, options={"abc": (0.8, 0.95), "xyz": (0.1, 0.25), "months": 12, "ddof": 0})


@cases
def classes_even_and_uneven(language: str) -> Any:
    made = segments_facts.classes(small.data(), _abc("AX", "AZ", "AZ", "BY", "CZ"), language=language)
    return [made, *cells(made, 9)]


@cases
def classes_otherwise(language: str) -> Any:
    shown = [_abc("AZ", "BX"), _abc("AY"), _abc()]
    return [segments_facts.classes(small.data(), classes, language=language).title for classes in shown]


@cases
def deciles_of_the_base(language: str) -> Any:
    data = small.data({f"c{at}": 10_000.0 * (at + 1) for at in range(20)})
    made = segments_facts.deciles(data, language=language)
    few = segments_facts.deciles(small.data(), language=language).title
    rare = small.data({f"c{at}": 1e6 if at < 2 else 1.0 for at in range(20)})
    return [made, *cells(made, 2), few, segments_facts.deciles(rare, language=language).title]


@cases
def deciles_with_returns_in_excess(language: str) -> Any:
    return segments_facts.deciles(small.data({f"c{at}": 1000.0 * (at - 3) for at in range(20)}), language=language)


FACTS = pd.DataFrame({"client_id": ["A", "B"], "revenue_year": [1.2e6, 0.6e6], "share": [2 / 3, 1 / 3],
                      "industry": ["Медицина", "Финансы"], "industry_share": [1.0, 1.0], "industry_rank": [2, 5]})
PRICES = pd.DataFrame({"client_id": ["A", "B"], "price_index": [1.02, 0.96], "products": [4, 3],
                       "discount": [10.4, 14.7], "delay": [3.0, -2.0]})  # fmt: skip


@cases
def terms_with_industry(language: str) -> Any:
    made = segments_facts.terms(small.data(clients=CARDS), FACTS, PRICES, language=language)
    return [made, *cells(made)]


@cases
def terms_otherwise(language: str) -> Any:
    bare = FACTS[["client_id", "revenue_year", "share"]]
    shown = [bare.assign(industry=None, industry_share=np.nan, industry_rank=np.nan), bare.head(0)]
    no_prices = PRICES.assign(price_index=np.nan)
    made = [segments_facts.terms(small.data(), facts, no_prices, language=language) for facts in shown]
    return [made[0].title, made[0].note, made[1].title]


@cases
def file_of_clients(language: str) -> Any:
    texts = {"client_id": "A", "client_name": "ООО «Альфа»", "manager_id": "M1", "industry": "Медицина",
             "rhythm": "unknown", "status": "active", "segment": "loyal"}  # fmt: skip
    numbers = ["industry_rank", "is_anchor", "p_alive", "revenue_year", "share", "industry_share", "change_year",
               "month", "change_month", "break_month", "break_effect", "score", "silent", "open_cases", "debt",
               "overdue", "next_visit"]  # fmt: skip
    made = segments_file.clients_file(
        small.data(), pd.DataFrame([texts | dict.fromkeys(numbers, 1.0)]), language=language)  # fmt: skip
    sheet = openpyxl.load_workbook(io.BytesIO(made.content)).active
    head, row = ([str(cell.value) for cell in line] for line in sheet.iter_rows())
    return [made.text, sheet.title, " | ".join(head), " | ".join(row)]


@cases
def file_of_rhythms(language: str) -> Any:
    rhythms = ("regular", "seasonal", "sporadic", "one_off", "unknown")
    return [segments.say(f"rhythm_{one}", language) for one in rhythms]


@cases
def notes_of_engines(language: str) -> Any:
    data = small.data(clients=CARDS)
    panel, month = data.panel.assign(last_date=lambda rows: rows["month"]), "2026-10"
    many = pd.concat([panel.assign(client_id=f"c{at}") for at in range(20)])
    people = pd.DataFrame({"client_id": many["client_id"].unique(), "industry": ["Медицина"] * 10 + ["Финансы"] * 10})
    results = [
        la.rfm(panel, month), la.cohorts(panel, month), bridge(panel, month), la.movement(panel, month),
        la.client_kinds(panel, month), la.lifecycle(panel, month), late(panel, month), flows(panel, month),
        best_traits(many, people, month),
    ]  # fmt: skip
    return [note.text(language) for result in results for note in result.notes]


@cases
def notes_of_the_panel(language: str) -> Any:
    days = pd.to_datetime(["2026-09-01", "2026-10-05"])
    orders = pd.DataFrame({"client_id": ["A", "B"], "date": days, "amount": 1e5})
    made = [la.monthly_panel(orders, as_of=day) for day in ("2026-10", "2026-10-15")]
    return [note.text(language) for result in [*made, la.monthly_panel(orders.head(0))] for note in result.notes]


@cases
def tables_missing(language: str) -> Any:
    data, none = small.data(missing=tuple(tables.names())), SimpleNamespace(frame=pd.DataFrame())
    quality, empty = _quality(True), pd.DataFrame()
    shown = [
        segments.flows(data, none, language=language), segments.pareto(data, none, language=language),
        segments.rfm_map(data, none, language=language), segments.seasons(data, none, language=language),
        segments_money.loyalty_money(data, empty, language=language),
        segments_money.moved(data, none, language=language), segments_money.wallet(data, none, language=language),
        segments_money.best(data, none, language=language),
        segments_cards.cards(data, quality, language=language),
        segments_cards.cards_by_manager(data, quality, language=language),
        segments_facts.classes(data, none, language=language), segments_facts.deciles(data, language=language),
        segments_facts.terms(data, empty, empty, language=language),
        segments_file.clients_file(data, empty, language=language),
    ]  # fmt: skip
    assert all(item.missing for item in shown)
    unlisted = segments_cards.cards(small.data(), quality, language=language)
    assert unlisted.missing
    return [*shown, segments_file.clients_file(small.data(), empty, language=language).title, unlisted.note]
