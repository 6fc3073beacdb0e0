"""«Клиника на Садовой»: two units, one random question per visitor, nobody's name, no money."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .people import stream, vocabulary
from .texts import Writer
from .world import World, records

__all__ = ["clinic"]

_MONTHS = pd.period_range("2025-05", "2026-10", freq="M")
_LAST = pd.Timestamp("2026-10-31")
_SLOW = pd.Period("2026-06", "M")  # from here on the second unit lets people wait
_CAUSES = {
    "service.speed": (4, 6),
    "staff.attitude": (8, 4),
    "staff.competence": (5, 3),
    "price.level": (2, 5),
    "premises": (4, 4),
    "service.channel": (3, 5),
    "service.information": (3, 4),
    "service.documents": (1, 3),
    "company.general": (6, 2),
}
_COMPLAINTS = {
    "service.speed": [
        "Ждали приёма больше часа по записи",
        "Врач опоздал на сорок минут, очередь сдвинули без объяснений",
        "Анализы не готовы в обещанный день",
        "Запись сбилась, приняли последними",
    ],
    "staff.attitude": ["Администратор нагрубила при оформлении", "Врач отказался отвечать на вопросы"],
    "service.documents": ["Справка с ошибкой в дате рождения", "Не выдали чек для вычета"],
    "price.level": ["Взяли больше, чем указано на сайте", "Навязали платный анализ"],
    "premises": ["Скользкий пол у входа", "В зале ожидания не работает вентиляция"],
}


def clinic(seed: int = 2027) -> World:
    """Build the clinic from a seed.

    Returns
    -------
    World with units, managers, questions, survey_invitations, survey_answers, feedback, complaints and actions;
    truth: ``story`` (unit_id, question_id, from_month, change) and ``causes`` (feedback_id, cause, tone).
    """
    bank = _questions()
    invitations, answers = _survey(bank, seed)
    feedback, causes = _feedback(invitations, answers, seed)
    problems = _complaints(seed)
    tables = {
        "units": pd.DataFrame({"unit_id": ["K1", "K2"], "unit_name": ["Клиника на Садовой", "Клиника на Набережной"]}),
        "managers": pd.DataFrame(
            {
                "manager_id": ["A1", "A2", "G1"],
                "manager_name": ["Зуева Ирина Львовна", "Туманов Олег Павлович", "Орлова Вера Андреевна"],
                "role": ["head", "head", "director"],
                "head_id": ["G1", "G1", None],
                "unit_id": ["K1", "K2", None],
            }
        ),
        "questions": bank.drop(columns="share"),
        "survey_invitations": invitations,
        "survey_answers": answers,
        "feedback": feedback,
        "complaints": problems,
        "actions": _actions(answers, problems, seed),
    }
    story = pd.DataFrame(
        [("K2", "V03", str(_SLOW), -1.8), ("K2", "V01", str(_SLOW), -1.0)],
        columns=["unit_id", "question_id", "from_month", "change"],
    )
    return World("clinic", tables, {"story": story, "causes": causes})


def _questions() -> pd.DataFrame:
    names = ["metric", "text_ru", "text_en", "scale_min", "scale_max", "cause", "stage", "share"]
    table = pd.DataFrame.from_dict(vocabulary("clinic_questions"), orient="index", columns=names)
    return table.rename_axis("question_id").reset_index()


def _survey(bank: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = stream(seed, "survey")
    rows: list[dict[str, Any]] = []
    answers: list[dict[str, Any]] = []
    share = dict(zip(bank["question_id"], bank["share"]))
    for month in _MONTHS:
        for unit, many in (("K1", 95), ("K2", 70)):
            times = np.sort(rng.integers(0, month.days_in_month * 24 * 60, int(rng.poisson(many))))
            for minute in times:
                question = str(rng.choice(list(share), p=list(share.values())))
                day, inside = divmod(int(minute), 24 * 60)
                sent = month.to_timestamp() + pd.Timedelta(days=day, minutes=480 + inside // 2)
                channel = "device" if rng.random() < 0.65 else "sms"
                chance = (0.55 if channel == "device" else 0.24) - (0.06 if unit == "K2" else 0)
                status = (
                    "answered"
                    if rng.random() < chance
                    else "not_delivered"
                    if channel == "sms" and rng.random() < 0.05
                    else "no_answer"
                )
                number = f"А{len(rows) + 1:05d}"
                stage = bank.loc[bank["question_id"] == question, "stage"].iloc[0]
                rows.append(
                    {
                        "invitation_id": number,
                        "unit_id": unit,
                        "wave": str(month),
                        "question_id": question,
                        "ask_probability": share[question],
                        "sent_at": sent,
                        "channel": channel,
                        "status": status,
                        "stage": stage,
                    }
                )
                if status == "answered":
                    at = sent + pd.Timedelta(minutes=1 if channel == "device" else int(rng.integers(3, 600)))
                    at = min(at, month.to_timestamp(how="end").floor("min"))
                    answers.append(
                        {
                            "invitation_id": number,
                            "unit_id": unit,
                            "question_id": question,
                            "answered_at": at,
                            "score": _score(question, unit, month, rng),
                            "language": "ru",
                        }
                    )
    table = pd.DataFrame(answers)
    table.insert(0, "answer_id", [f"О{n:05d}" for n in range(1, len(table) + 1)])
    return pd.DataFrame(rows), table


def _score(question: str, unit: str, month: pd.Period, rng: np.random.Generator) -> float:
    level = {"V01": 8.5, "V02": 8.3, "V03": 7.2, "V04": 8.8, "V05": 8.4, "V06": 7.9, "V07": 8.3, "V08": 7.6}[question]
    if unit == "K2" and month >= _SLOW:
        level += {"V03": -1.8, "V01": -1.0, "V02": -0.8}.get(question, 0.0)
    low = 0 if question == "V01" else 1
    spread = 1.7 if rng.random() < 0.85 else 3.5
    return float(np.clip(round(level + spread * float(rng.standard_normal())), low, 10))


def _feedback(invitations: pd.DataFrame, answers: pd.DataFrame, seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng, writer = stream(seed, "feedback"), Writer(vocabulary("clinic_texts"), stream(seed, "texts"))
    rows: list[dict[str, Any]] = []
    truth: list[dict[str, str]] = []
    channel = invitations.set_index("invitation_id")["channel"]
    for row in records(answers):
        score = float(row.score)
        if rng.random() > 0.4:
            continue
        tone = "pos" if score >= 9 else "neg" if score <= 6 else str(rng.choice(["pos", "neg"]))
        said = [(_cause(tone, row.unit_id, row.answered_at, rng), tone)]
        if rng.random() < 0.25:
            other = "neg" if tone == "pos" and rng.random() < 0.5 else tone
            cause = _cause(other, row.unit_id, row.answered_at, rng)
            said += [(cause, other)] if cause != said[0][0] else []
        number, blank = f"Т{len(rows) + 1:04d}", rng.random() < 0.03
        text = str(rng.choice(writer.words["blank"])) if blank else writer.write(said)
        replied = row.answered_at + pd.Timedelta(hours=int(rng.integers(2, 90))) if rng.random() < 0.4 else pd.NaT
        rows.append(
            {
                "feedback_id": number,
                "unit_id": row.unit_id,
                "question_id": row.question_id,
                "created_at": row.answered_at,
                "channel": channel[row.invitation_id],
                "field": "free",
                "text": text,
                "score": row.score if row.question_id == "V01" else np.nan,
                "replied_at": replied if not pd.isna(replied) and replied <= _LAST else pd.NaT,
                "may_quote": True,
            }
        )
        truth += [] if blank else [{"feedback_id": number, "cause": c, "tone": t} for c, t in said]
    return pd.DataFrame(rows), pd.DataFrame(truth)


def _cause(tone: str, unit: str, when: pd.Timestamp, rng: np.random.Generator) -> str:
    if tone == "neg" and unit == "K2" and when >= _SLOW.to_timestamp() and rng.random() < 0.65:
        return "service.speed"
    weight = np.array([pair[0 if tone == "pos" else 1] for pair in _CAUSES.values()], dtype=float)
    return str(rng.choice(list(_CAUSES), p=weight / weight.sum()))


def _complaints(seed: int) -> pd.DataFrame:
    rng = stream(seed, "complaints")
    rows: list[dict[str, Any]] = []
    for month in _MONTHS:
        for unit in ("K1", "K2"):
            slow = unit == "K2" and month >= _SLOW
            for _ in range(int(rng.poisson(2.6 if slow else 1.2))):
                cause = "service.speed" if slow and rng.random() < 0.6 else str(rng.choice(list(_COMPLAINTS)))
                at = month.to_timestamp() + pd.Timedelta(
                    days=int(rng.integers(0, 27)), minutes=int(rng.integers(500, 1150))
                )
                first = (at + pd.Timedelta(hours=float(np.exp(2.8 + rng.standard_normal())))).floor("min")
                solved = (first + pd.Timedelta(hours=float(np.exp(4.0 + rng.standard_normal())))).floor("min")
                rows.append(
                    {
                        "unit_id": unit,
                        "created_at": at,
                        "first_response_at": first if first <= _LAST else pd.NaT,
                        "resolved_at": solved if solved <= _LAST and rng.random() < 0.93 else pd.NaT,
                        "reopened": bool(rng.random() < 0.08),
                        "channel": str(rng.choice(["web", "phone"])),
                        "text": str(rng.choice(_COMPLAINTS[cause])),
                        "cause": cause,
                    }
                )
    table = pd.DataFrame(rows).sort_values("created_at", kind="stable", ignore_index=True)
    table.insert(0, "complaint_id", [f"Ж{n:03d}" for n in range(1, len(table) + 1)])
    return table


def _actions(answers: pd.DataFrame, problems: pd.DataFrame, seed: int) -> pd.DataFrame:
    rng = stream(seed, "actions")
    low = answers[(answers["question_id"] == "V01") & (answers["score"] <= 5)]
    plan = [("detractor", r.answer_id, r.unit_id, r.answered_at) for r in records(low)]
    plan += [("complaint", r.complaint_id, r.unit_id, r.created_at) for r in records(problems)]
    rows: list[dict[str, Any]] = []
    for source, number, unit, opened in sorted(plan, key=lambda p: (p[3], p[1])):
        steps = opened + pd.to_timedelta(
            np.cumsum(np.exp(np.array([2.9, 4.0, 4.8]) + 0.8 * rng.standard_normal(3))), unit="h"
        )
        stamp = [s.floor("min") if s <= _LAST and rng.random() < 0.95 else pd.NaT for s in steps]
        rows.append(
            {
                "unit_id": unit,
                "source": source,
                "source_id": number,
                "opened_at": opened,
                "first_contact_at": stamp[0],
                "cause_found_at": stamp[1],
                "closed_at": stamp[2],
                "level": str(rng.choice(["front", "middle"])),
                "owner_id": "A1" if unit == "K1" else "A2",
                "due_at": opened.floor("D") + pd.Timedelta(days=14),
                "status": "open" if pd.isna(stamp[2]) else "closed",
            }
        )
    table = pd.DataFrame(rows)
    table.insert(0, "action_id", [f"М{n:03d}" for n in range(1, len(table) + 1)])
    return table
