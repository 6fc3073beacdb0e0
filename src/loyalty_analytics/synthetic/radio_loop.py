"""What the radio group does about its clients: meetings, complaints, cases, events, promotion."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import stream, vocabulary
from .radio_story import LAST, MONTHS, buyers, story
from .radio_trade import PRICE_RISE, REPORT_DAY, served_by
from .radio_voice import INTERVIEWS
from .world import records

__all__ = ["actions", "complaints", "events", "funnel", "marketing", "meetings"]

_OWN = {
    "competitor": "переговоры с соседней станцией, часть бюджета ушла туда",
    "product_change": "программу «Утро на Пульсе» закрыли",
    "contact_left": "ушла маркетолог, с которой работали три года",
    "airing_defect": "выходы срывались несколько недель подряд",
    "budget_cut": "рекламный бюджет на год урезан вдвое",
    "campaign": "большая совместная кампания к открытию новых аптек",
}


def meetings(volumes: pd.DataFrame, interviews: dict[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """Visits by heads and the director, calls in between, and what is agreed for November."""
    rng = stream(seed, "meetings")
    asked = interviews["survey_invitations"].query("status == 'answered' and channel == 'meeting'")
    answers = interviews["survey_answers"]
    coop = answers[answers["question_id"] == "Q02"].set_index("invitation_id")["score"]
    plan: list[tuple[Any, ...]] = [
        (r.client_id, r.contact_id, r.sent_at.floor("D"), "meeting", coop.get(r.invitation_id)) for r in records(asked)
    ]
    for month in INTERVIEWS:
        here = buyers(volumes, month)
        for client in rng.choice(here, 4, replace=False):
            day = month.to_timestamp() + pd.Timedelta(days=int(rng.integers(1, 27)))
            plan.append((str(client), None, day, str(rng.choice(["call", "call", "online"])), None))
    rows = [_meeting(volumes, one, rng) for one in sorted(plan, key=lambda p: (p[2], p[0]))]
    for place, client in enumerate(["C003", "C008", "C035", "C001", "C016", "C049"]):
        day = LAST.to_timestamp(how="end").normalize() + pd.Timedelta(days=3 + 3 * place)
        purpose = "problem" if place < 2 else "quarterly"
        rows.append(
            {"client_id": client, "planned_at": day, "format": "meeting", "purpose": purpose, "status": "planned"}
            | _who(client, REPORT_DAY)
        )
    table = pd.DataFrame(rows)
    table["duration_min"] = table["duration_min"].astype("Int64")
    table["strategy_change"] = table["strategy_change"].astype("boolean")
    table.insert(0, "meeting_id", [f"В-{n:04d}" for n in range(1, len(table) + 1)])
    return table


def _who(client: str, day: pd.Timestamp) -> dict[str, str]:
    """The manager who serves a client on a day and the head who visits it."""
    served = served_by()
    lines = served[served["client_id"] == client]
    then = lines[lines["valid_from"] <= day]
    manager = str(then["manager_id"].iloc[-1] if len(then) else lines["manager_id"].iloc[0])
    return {"manager_id": manager, "visitor_id": _head(manager)}


def _head(manager: str) -> str:
    return "H02" if manager in ("M03", "M04", "M06") else "H01"


def _purpose(client: str, day: pd.Timestamp, form: str, seasonal: bool, big: bool, rng: np.random.Generator) -> str:
    """Why the client is seen: a fall of late before all, the year's end, the season, a campaign, else the quarter."""
    month = day.to_period("M")
    falls = [pd.Period(m, "M") for c, _, m, size, _ in records(story()) if c == client and size < 0]
    chance = rng.random()
    if any(0 < (month - fall).n <= 4 for fall in falls) and chance < 0.6:
        return "problem"
    if day.month == 12:
        return "year_end" if big else "congratulation" if form == "call" else "quarterly"
    if seasonal:
        return "pre_season"
    if form == "call" and chance < 0.6:
        return "pre_campaign" if chance < 0.3 else "post_campaign"
    return "quarterly"


def _meeting(volumes: pd.DataFrame, one: tuple[Any, ...], rng: np.random.Generator) -> dict[str, Any]:
    client, contact, day, form, score = one
    words, cards = vocabulary("radio_notes"), vocabulary("radio_clients")
    big, seasonal = client in cards["anchors"], len(cards["clients"][client]) > 7
    purpose = _purpose(client, day, form, seasonal, big, rng)
    held = not (form != "meeting" and rng.random() < 0.12)
    told = form == "meeting" and rng.random() < 0.5
    own = np.nan if score is None else float(np.clip(round(score + 0.9 + rng.standard_normal()), 1, 10))
    who = _who(client, day)
    if big and rng.random() < 0.25:
        who["visitor_id"] = "D01"
    return {
        "client_id": client,
        "contact_id": contact,
        **who,
        "planned_at": day - pd.Timedelta(days=int(rng.integers(0, 4))),
        "held_at": day if held else pd.NaT,
        "format": form,
        "purpose": purpose,
        "status": "held" if held else "cancelled",
        "duration_min": int(rng.choice([25, 30, 30, 35, 40, 45, 60])) if held else pd.NA,
        "manager_self_score": own,
        "choice_criteria": "; ".join(rng.choice(words["criteria"], 3, replace=False)) if told else None,
        "strategy_change": bool(told and rng.random() < 0.1),
        "plan_amount": _plan(volumes, client, day, rng) if told else np.nan,
        "plan_period": str(day.to_period("M") + 1) if told else None,
        "new_product_plan": str(rng.choice(words["new_products"])) if told and rng.random() < 0.2 else None,
        "notes": str(rng.choice(words["meeting_notes"])) if rng.random() < 0.75 else None,
    }


def _plan(volumes: pd.DataFrame, client: str, day: pd.Timestamp, rng: np.random.Generator) -> float:
    """Volume that a client names for the next month: its own past, rounded up."""
    past = volumes.loc[: day.to_period("M"), client]
    past = past[past > 0].tail(3)
    return round(float(past.mean()) * (0.9 + 0.35 * rng.random()), -4) if len(past) else np.nan


def complaints(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Complaints of two years; those of C015 about airings and of the newcomer's clients about silence."""
    rng, words = stream(seed, "complaints"), vocabulary("radio_notes")["complaint_texts"]
    plan: list[tuple[str, pd.Timestamp, str]] = []
    for month in INTERVIEWS:
        here = buyers(volumes, month)
        for _ in range(int(rng.poisson(1.5))):
            day = month.to_timestamp() + pd.Timedelta(
                days=int(rng.integers(0, 27)), minutes=int(rng.integers(540, 1080))
            )
            plan.append(
                (str(rng.choice(here)), day, str(rng.choice(list(words), p=[0.25, 0.25, 0.2, 0.1, 0.1, 0.1, 0.0])))
            )
    plan += [
        ("C015", pd.Timestamp(f"2026-{m:02d}-{d:02d} 10:20"), "logistics.placement")
        for m, d in ((3, 4), (3, 26), (4, 14), (4, 29))
    ]
    plan += [(c, pd.Timestamp(f"2025-12-{d:02d} 12:05"), "staff.contact") for c, d in (("C006", 9), ("C027", 22))]
    plan += [(c, pd.Timestamp(f"2026-02-{d:02d} 11:40"), "price.level") for c, d in (("C017", 18), ("C031", 24))]
    rows: list[dict[str, Any]] = []
    decks = dict.fromkeys(words, 0)
    for client, at, cause in sorted(plan, key=lambda p: p[1]):
        decks[cause] += 1
        answered = at + pd.Timedelta(hours=float(np.round(np.exp(2.6 + 1.1 * rng.standard_normal()), 1)))
        solved: Any = answered + pd.Timedelta(hours=float(np.round(np.exp(4.3 + 0.9 * rng.standard_normal()), 1)))
        solved = solved if solved <= REPORT_DAY and rng.random() < 0.94 else pd.NaT
        rows.append(
            {
                "client_id": client,
                "created_at": at,
                "first_response_at": answered.floor("min") if answered <= REPORT_DAY else pd.NaT,
                "resolved_at": solved if pd.isna(solved) else solved.floor("min"),
                "reopened": bool(rng.random() < 0.12),
                "channel": str(rng.choice(["phone", "email", "messenger"])),
                "text": words[cause][decks[cause] % len(words[cause])],
                "cause": cause,
                "solved_level": None
                if pd.isna(solved)
                else str(rng.choice(["front", "middle", "top"], p=[0.55, 0.35, 0.1])),
                "compensation": float(rng.choice([0, 0, 5000, 12000, 20000])) if not pd.isna(solved) else np.nan,
                "score_after": float(rng.integers(4, 11)) if not pd.isna(solved) and rng.random() < 0.6 else np.nan,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "complaint_id", [f"Ж-{n:03d}" for n in range(1, len(table) + 1)])
    return table


def actions(
    interviews: dict[str, pd.DataFrame], problems: pd.DataFrame, talks: pd.DataFrame, seed: int
) -> pd.DataFrame:
    """Cases opened after low scores, complaints, breaks, silence and promises given at meetings."""
    rng, served = stream(seed, "actions"), served_by()
    answers = interviews["survey_answers"]
    low = answers[(answers["question_id"] == "Q01") & (answers["score"] <= 6)]
    plan = [("detractor", r.answer_id, r.client_id, r.answered_at) for r in records(low)]
    plan += [("complaint", r.complaint_id, r.client_id, r.created_at) for r in records(problems)]
    held = talks[(talks["status"] == "held") & talks["notes"].notna()].sample(70, random_state=rng)
    plan += [("meeting", r.meeting_id, r.client_id, r.held_at + pd.Timedelta(hours=17)) for r in records(held)]
    silent = interviews["survey_invitations"].query("status == 'refused'").tail(14)
    plan += [("silent", r.invitation_id, r.client_id, r.sent_at + pd.Timedelta(days=2)) for r in records(silent)]
    plan += [
        ("trend_break", f"{c}-{m}", c, (pd.Period(m, "M") + 3).to_timestamp() + pd.Timedelta(days=3, hours=10))
        for c, _, m, size, _ in records(story())
        if size < 0 and "2024-12" <= m <= "2026-07"
    ]
    causes = [
        "service.speed",
        "service.documents",
        "staff.contact",
        "product.effectiveness",
        "price.level",
        "logistics.placement",
    ]
    told = problems.set_index("complaint_id")["cause"]
    results = vocabulary("radio_notes")["results"]
    rows: list[dict[str, Any]] = []
    for source, number, client, opened in sorted(plan, key=lambda p: (p[3], p[1])):
        manager = served.loc[served["client_id"] == client, "manager_id"].iloc[-1]
        level = str(rng.choice(["front", "middle", "top"], p=[0.6, 0.3, 0.1]))
        stamp = _steps(opened, rng)
        closed = not pd.isna(stamp[2])
        rows.append(
            {
                "client_id": client,
                "source": source,
                "source_id": number,
                "opened_at": opened.floor("min"),
                "first_contact_at": stamp[0],
                "cause_found_at": stamp[1],
                "closed_at": stamp[2],
                "client_informed_at": stamp[3],
                "level": level,
                "cause": told.get(number, str(rng.choice(causes))) if not pd.isna(stamp[1]) else None,
                "owner_id": {"front": manager if manager != "M03" else "M04", "middle": _head(manager), "top": "D01"}[
                    level
                ],
                "due_at": opened.floor("D") + pd.Timedelta(days=int(rng.choice([7, 14, 14, 30]))),
                "status": "closed" if closed else "in_progress" if not pd.isna(stamp[0]) else "open",
                "result": str(rng.choice(results)) if closed else None,
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "action_id", [f"М-{n:03d}" for n in range(1, len(table) + 1)])
    return table


def _steps(opened: Any, rng: np.random.Generator) -> list[Any]:
    """When a case was first answered, its cause found, closed, the client told; NaT = not yet."""
    slow = 1.6 if opened >= pd.Timestamp("2026-05-01") else 1.0
    hours = np.exp(np.array([3.0, 4.0, 4.5, 3.6]) + 0.8 * rng.standard_normal(4)) * slow
    steps = [opened + pd.Timedelta(minutes=int(60 * h)) for h in np.cumsum(hours)]
    # Hardly a case of long ago is still open; of the last months' one in six has got stuck.
    stuck = 0.17 if opened >= pd.Timestamp("2026-06-01") else 0.03
    reached = int(rng.integers(0, 4)) if rng.random() < stuck else 4
    return [s.floor("min") if i < reached and s <= REPORT_DAY else pd.NaT for i, s in enumerate(steps)]


def events(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Dated facts: those of the story and three times as many that mean nothing."""
    rng, words = stream(seed, "events"), vocabulary("radio_notes")["events"]
    rows: list[tuple[pd.Timestamp, str | None, str, str]] = []
    for client, kind, month, _, event in records(story()):
        if kind in ("break", "growth"):
            day = pd.Period(month, "M").to_timestamp() - pd.Timedelta(days=int(rng.integers(3, 22)))
            rows.append((day, client, "other" if event == "campaign" else event, _OWN[event]))
    # The handover of managers is told by manager_assignments alone.
    rows.append((PRICE_RISE, None, "price_change", "прайм-тайм всех станций дороже на 18 %"))
    for _ in range(60):
        kind = str(rng.choice(list(words), p=[0.17, 0.1, 0.08, 0.12, 0.13, 0.07, 0.07, 0.06, 0.2]))
        month = MONTHS[int(rng.integers(1, len(MONTHS)))]
        here = buyers(volumes, month)
        who = None if kind in ("macro", "season") else str(rng.choice(here))
        rows.append(
            (
                month.to_timestamp() + pd.Timedelta(days=int(rng.integers(0, 28))),
                who,
                kind,
                str(rng.choice(words[kind])),
            )
        )
    table = pd.DataFrame(rows, columns=["date", "client_id", "kind", "description"]).sort_values(
        ["date", "kind"], kind="stable", ignore_index=True
    )
    table.insert(0, "event_id", [f"С-{n:03d}" for n in range(1, len(table) + 1)])
    return table


def marketing(seed: int) -> pd.DataFrame:
    """Spend by month: three channels that bring clients, of which exhibitions never pay back, and the rest."""
    rng, names = stream(seed, "marketing"), vocabulary("radio_clients")["channel_names"]
    rows = []
    for month in MONTHS:
        day, wave = month.to_timestamp(), 0.85 + 0.3 * rng.random(5)
        rows += [
            (day, names["site"], round(85_000 * wave[0], -2), "acquisition"),
            (day, names["calls"], round(36_000 * wave[1], -2), "acquisition"),
        ]
        if month.month in (3, 4, 9, 10):
            rows.append((day, names["expo"], round(430_000 * wave[2], -2), "acquisition"))
        rows.append(
            (day, "Подарки и мероприятия", round(35_000 * wave[3] * (3 if month.month == 12 else 1), -2), "retention")
        )
        if month.month % 3 == 0:
            rows.append((day, "Наружная реклама", round(160_000 * wave[4], -2), "brand"))
    return pd.DataFrame(rows, columns=["period_start", "channel", "amount", "purpose"])


def funnel(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Leads by stage; those that became clients carry their number."""
    rng, words = stream(seed, "funnel"), vocabulary("radio_clients")
    rates = {"site": (5.0, 0.6, 0.45), "calls": (4.0, 0.4, 0.4), "expo": (3.0, 0.5, 0.3), "referral": (0.3, 0.8, 0.6)}
    stages, rows, number = ["awareness", "interest", "desire", "action", "loyalty"], [], 0
    lost = ["дорого", "нет ответа", "не наш формат", "выбрали интернет"]
    for channel, (many, interest, desire) in rates.items():
        staff = ["M01", "M02", "M04", "M05"]
        arrivals = [(m, c) for c in words["channels"][channel] for m in [pd.Period(words["clients"][c][4], "M")]]
        leads = [(m, None) for m in MONTHS for _ in range(int(rng.poisson(many)))] + arrivals
        for month, client in sorted(leads, key=lambda p: (p[0], p[1] or "")):
            number += 1
            at = month.to_timestamp() + pd.Timedelta(
                days=int(rng.integers(0, 20)), minutes=int(rng.integers(540, 1080))
            )
            at -= pd.Timedelta(days=40 if client else 0)
            if client:
                depth = 5 if volumes[client].gt(0).sum() > 1 else 4
            else:
                depth = 1 + (rng.random() < interest) * (1 + (rng.random() < desire))
            manager = str(rng.choice(staff))
            for step in range(int(depth)):
                at += pd.Timedelta(days=int(rng.integers(2, 14)) if step else 0)
                if at > REPORT_DAY:
                    break
                why = str(rng.choice(lost)) if step == depth - 1 and not client and rng.random() < 0.7 else None
                rows.append(
                    (
                        f"Л-{number:04d}",
                        client if step >= 3 else None,
                        stages[step],
                        at,
                        words["channel_names"][channel],
                        manager,
                        why,
                    )
                )
    names = ["lead_id", "client_id", "stage", "entered_at", "channel", "manager_id", "lost_reason"]
    return pd.DataFrame(rows, columns=names).sort_values(["entered_at", "lead_id"], kind="stable", ignore_index=True)
