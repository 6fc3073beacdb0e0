"""Interviews of the radio group: whom they ask, what clients answer and say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import stream, vocabulary
from .radio_story import LAST, MONTHS, SILENT, story
from .radio_trade import REPORT_DAY, served_by
from .texts import Writer
from .world import records

__all__ = ["INTERVIEWS", "mood", "questions", "survey", "write_feedback"]

INTERVIEWS = pd.period_range("2024-11", LAST, freq="M")
_PER_MONTH = 12
_TOPICS = {  # how often clients speak of a cause: when pleased, when displeased
    "product.quality": (9, 5),
    "product.range": (4, 4),
    "product.effectiveness": (9, 10),
    "staff.attitude": (9, 2),
    "staff.contact": (8, 5),
    "staff.needs": (6, 5),
    "staff.competence": (6, 2),
    "price.level": (4, 10),
    "price.terms": (4, 5),
    "logistics.placement": (7, 6),
    "service.speed": (5, 9),
    "service.documents": (4, 7),
    "service.process": (4, 4),
    "service.channel": (2, 3),
    "service.information": (3, 4),
    "company.general": (7, 2),
}


def questions() -> pd.DataFrame:
    """The bank of questions."""
    names = ["metric", "text_ru", "text_en", "scale_min", "scale_max", "cause", "stage"]
    table = pd.DataFrame.from_dict(vocabulary("radio_questions"), orient="index", columns=names)
    return table.rename_axis("question_id").reset_index()


def mood(volumes: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Hidden satisfaction, month × client, mean 0 and spread about 1; it falls before a break does."""
    rng = stream(seed, "mood")
    own = 0.8 * rng.standard_normal(len(volumes.columns))
    table = pd.DataFrame(np.tile(own, (len(MONTHS), 1)), index=MONTHS, columns=volumes.columns)
    for client, kind, month, size, _ in records(story()):
        since = np.asarray([(m - pd.Period(month, "M")).n for m in MONTHS])
        if kind == "season_only":
            continue
        change = 0.5 if size > 0 else -0.75
        lead = 1 if kind in ("manager", "price") else -2
        table[client] += change * np.clip((since - lead + 1) / 2, 0, 1)
        if size < 0:
            table[client] = table[client].clip(lower=-2.4)
    slow = np.clip((np.arange(len(MONTHS)) - 27) / 8, 0, 1)  # service gets slower in 2026
    return table.sub(0.2 * slow, axis=0)


def _asked(
    volumes: pd.DataFrame, rng: np.random.Generator, month: pd.Period, last: dict[str, int], now: int
) -> list[str]:
    """Clients due for an interview this month: those waiting longest among those who buy or soon will."""
    soon = volumes.loc[max(MONTHS[0], month - 5) : min(LAST, month + 2)].sum() > 0
    known = volumes.loc[:month].sum() > 0
    due = [c for c in volumes.columns if soon[c] and known[c]]
    order = {c: now - last.get(c, now - 6) + 1.2 * rng.random() for c in due}
    return sorted(due, key=lambda c: -order[c])


def survey(volumes: pd.DataFrame, contacts: pd.DataFrame, seed: int) -> dict[str, pd.DataFrame]:
    """Invitations and answers of 24 monthly waves, 12 interviews each; the silent never answer."""
    feeling: Any = mood(volumes, seed)
    rng, served = stream(seed, "survey"), served_by()
    asked_before: dict[str, int] = {}
    invitations: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    speak = contacts[contacts["role"].isin(["decision_maker", "influencer", "user"])]
    people = speak.groupby("client_id")["contact_id"].apply(list).to_dict()
    for now, month in enumerate(INTERVIEWS):
        heard = 0
        for client in _asked(volumes, rng, month, asked_before, now):
            if heard == _PER_MONTH:
                break
            if client in SILENT and rng.random() < 0.35:
                continue
            asked_before[client] = now
            asked = _invite(client, month, people.get(client, [None]), rng)
            asked["invitation_id"] = f"И-{len(invitations) + 1:04d}"
            invitations.append(asked)
            if asked["status"] != "answered":
                continue
            heard += 1
            lines = served[(served["client_id"] == client) & (served["valid_from"] <= asked["sent_at"])]
            manager = lines["manager_id"].iloc[-1] if len(lines) else None
            later = 0 if asked["channel"] == "meeting" else int(rng.integers(1, 40))
            at = min(asked["sent_at"] + pd.Timedelta(hours=later), month.to_timestamp(how="end").floor("min"))
            common = {name: asked[name] for name in ("invitation_id", "client_id", "contact_id")}
            common |= {"answered_at": at, "language": "ru", "manager_id": manager}
            scores = _scores(feeling.at[month, client], client, manager, month, rng)
            answers += [common | {"question_id": question, "score": score} for question, score in scores.items()]
    table = pd.DataFrame(answers)
    table.insert(0, "answer_id", [f"О-{n:05d}" for n in range(1, len(table) + 1)])
    return {"survey_invitations": pd.DataFrame(invitations), "survey_answers": table}


def _invite(client: str, month: pd.Period, people: list[Any], rng: np.random.Generator) -> dict[str, Any]:
    """Whom, when and how an interview was asked for, and what came of it."""
    silent = client in SILENT
    status = str(rng.choice(["refused", "no_answer"], p=[0.3, 0.7])) if silent else "answered"
    if not silent and rng.random() < 0.06:
        status = str(rng.choice(["no_answer", "not_delivered"]))
    day, minute = int(rng.integers(1, 24)), int(rng.integers(540, 1050))
    ways = ["phone", "email"] if silent else ["meeting", "meeting", "meeting", "phone"]
    return {
        "client_id": client,
        "contact_id": people[int(rng.integers(len(people)))],
        "wave": str(month),
        "sent_at": month.to_timestamp() + pd.Timedelta(days=day, minutes=minute),
        "channel": str(rng.choice(ways)),
        "status": status,
        "stage": "cooperation",
    }


def _scores(
    feeling: float, client: str, manager: str | None, month: pd.Period, rng: np.random.Generator
) -> dict[str, float]:
    """Scores of one interview; each opinion follows the feeling and its own matter."""
    late = float(np.clip((month - pd.Period("2026-01", "M")).n / 8, 0, 1))
    newcomer = -1.6 if manager == "M06" else 0.0
    dear = -1.2 if client in ("C017", "C024", "C031") and month >= pd.Period("2026-02", "M") else 0.0
    matter = {
        "Q02": 0.0,
        "Q03": newcomer + 0.4,
        "Q04": 0.3,
        "Q05": 0.6 * newcomer + 0.4,
        "Q06": -0.7 + dear,
        "Q07": 0.2,
        "Q08": -0.2 - 0.9 * late,
        "Q09": 0.4,
        "Q10": -0.2 - 0.6 * late,
    }
    if client == "C015" and month >= pd.Period("2026-03", "M"):
        matter["Q07"] = -2.0
    recommend = 8.1 + 1.45 * feeling + 0.3 * newcomer + 0.9 * rng.standard_normal()
    scores = {"Q01": float(np.clip(round(recommend), 0, 10))}
    for question, shift in matter.items():
        if question in ("Q02", "Q03") or rng.random() < 0.72:
            value = 7.9 + 1.1 * feeling + shift + 0.8 * rng.standard_normal()
            scores[question] = float(np.clip(round(value), 1, 10))
    return scores


def _topic(tone: str, client: str, manager: str, when: pd.Timestamp, rng: np.random.Generator) -> str:
    """What a client speaks of: what happened to it first, else what clients speak of at that time."""
    chance = rng.random()
    if tone != "pos":
        special = {
            "handover": (manager == "M06", 0.55),
            "newcomer_skill": (manager == "M06", 0.8),
            "rise": (client in ("C017", "C024", "C031") and when >= pd.Timestamp("2026-02-20"), 0.7),
            "closed": (client == "C029" and when >= pd.Timestamp("2025-04-01"), 0.4),
            "logistics.placement": (client == "C015" and pd.Timestamp("2026-02-20") <= when, 0.7),
            "newcomer": (when >= pd.Timestamp("2026-08-01"), 0.2),
        }
        for name, (here, share) in special.items():
            if here and chance < share:
                return name
    names = list(_TOPICS)
    weight = np.array([_TOPICS[n][0 if tone == "pos" else 1] for n in names], dtype=float)
    if tone != "pos" and when >= pd.Timestamp("2026-04-01"):
        weight[names.index("service.speed")] *= 4.0
    return str(rng.choice(names, p=weight / weight.sum()))


def write_feedback(answers: pd.DataFrame, seed: int, count: int = 500) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Texts said at the interviews, and apart from them the causes that each one names."""
    rng = stream(seed, "feedback")
    writer = Writer(vocabulary("radio_texts"), stream(seed, "texts"))
    scores = answers[answers["question_id"] == "Q01"].reset_index(drop=True)
    plans = [(row, tone) for row in records(scores) for tone in _fields(row.score, rng)]
    keep = np.sort(rng.permutation(len(plans))[:count])
    rows: list[dict[str, Any]] = []
    truth: list[dict[str, Any]] = []
    blanks = set(rng.choice(len(keep), 9, replace=False).tolist())
    for place, at in enumerate(keep):
        row, field = plans[at]
        number = f"Т-{place + 1:04d}"
        base = {"like": "pos", "strengthen": "wish", "improve": "wish"}.get(field, "neg")
        said = [(_topic(base, row.client_id, row.manager_id, row.answered_at, rng), base)]
        more = rng.random()
        if more < 0.26:
            tone = base if rng.random() < 0.5 or base == "wish" else ("neg" if base == "pos" else "pos")
            other = _topic(tone, row.client_id, row.manager_id, row.answered_at, rng)
            said += [(other, tone)] if writer.cause(other) != writer.cause(said[0][0]) else []
        text = writer.write(said, "" if base == "wish" else _opening(writer.words, row.answered_at, rng))
        if place in blanks:
            said, text = [], str(rng.choice(writer.words["blank"]))
        replied = row.answered_at + pd.Timedelta(hours=int(rng.integers(3, 160))) if rng.random() < 0.6 else pd.NaT
        rows.append(
            {
                "feedback_id": number,
                "client_id": row.client_id,
                "contact_id": row.contact_id,
                "question_id": "Q01",
                "created_at": row.answered_at,
                "channel": "meeting" if rng.random() < 0.75 else "phone",
                "field": field,
                "text": text,
                "score": row.score,
                "stage": str(rng.choice(["negotiation", "launch", "airing", "documents", "cooperation"])),
                "replied_at": replied if pd.isna(replied) or replied <= REPORT_DAY else pd.NaT,
                "may_quote": bool(rng.random() < 0.6),
            }
        )
        truth += [{"feedback_id": number, "cause": writer.cause(t), "topic": t, "tone": tone} for t, tone in said]
    return pd.DataFrame(rows), pd.DataFrame(truth)


def _opening(words: Any, when: pd.Timestamp, rng: np.random.Generator) -> str:
    """Now and then the client names the month that it speaks of."""
    if rng.random() > 0.17:
        return ""
    place = (when.month - 1 - int(rng.integers(0, 3))) % 12
    forms = {name: months[place] for name, months in words["months"].items()}
    return str(rng.choice(words["openings"])).format(**forms)


def _fields(score: float, rng: np.random.Generator) -> list[str]:
    """Which fields of the form a client fills, by the score it gave."""
    kind = "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"
    chances = {
        "promoter": {"like": 0.95, "strengthen": 0.6, "improve": 0.3, "dislike": 0.06},
        "passive": {"like": 0.65, "strengthen": 0.4, "improve": 0.6, "dislike": 0.35, "problem": 0.22},
        "detractor": {"like": 0.1, "improve": 0.5, "dislike": 0.8, "problem": 0.75},
    }[kind]
    return [name for name, chance in chances.items() if rng.random() < chance]
