"""The clinic: nothing but anonymous waves, so that report 01 is the survey brief and the others degrade."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la

MONTH = "2026-10"
HAS = {"units", "managers", "questions", "survey_invitations", "survey_answers", "feedback", "complaints", "actions"}


def test_there_are_no_clients_and_no_money(clinic):
    assert {"clients", "transactions", "meetings", "contacts", "targets"} <= set(clinic.missing)
    assert not HAS & set(clinic.missing)
    assert clinic.transactions.empty
    assert clinic.clients.empty
    assert clinic.survey_invitations["client_id"].isna().all()
    assert clinic.survey_answers["client_id"].isna().all()
    assert set(clinic.survey_invitations["unit_id"]) == {"K1", "K2"}


def test_it_loads_without_faults(clinic):
    assert clinic.findings[clinic.findings["severity"] == "error"].empty
    assert len(clinic.findings) <= 5, clinic.findings.to_string()


def test_each_visitor_is_asked_one_question_by_lot(clinic):
    asked = clinic.survey_invitations
    assert asked["question_id"].notna().all()
    chances = asked.drop_duplicates("question_id").set_index("question_id")["ask_probability"]
    assert chances.sum() == pytest.approx(1.0)
    # The draw is that of the stated chances: chi-square with 7 degrees of freedom, 99.9 % point 24.3.
    seen = asked["question_id"].value_counts().reindex(chances.index)
    expected = chances * len(asked)
    assert float(((seen - expected) ** 2 / expected).sum()) < 24.3
    assert clinic.survey_answers.groupby("invitation_id").size().max() == 1


def test_the_second_unit_lets_people_wait_since_june(clinic, truth):
    planted = truth["clinic_story"].query("question_id == 'V03'").iloc[0]
    waiting = clinic.survey_answers.query("question_id == 'V03' and unit_id == @planted.unit_id")
    late = waiting["answered_at"] >= pd.Timestamp(planted["from_month"])
    change = waiting.loc[late, "score"].mean() - waiting.loc[~late, "score"].mean()
    spread = np.sqrt(waiting.loc[late, "score"].var() / late.sum() + waiting.loc[~late, "score"].var() / (~late).sum())
    assert abs(change - planted["change"]) < 2.5 * spread


def test_nps_without_clients(clinic):
    result = la.nps(clinic.survey_answers, questions=clinic.questions, as_of=MONTH).table
    assert len(result) == 1
    assert result["n"].iloc[0] >= 30
    assert result["low"].iloc[0] < result["nps"].iloc[0] < result["high"].iloc[0]


def test_texts_of_the_clinic_are_tagged(clinic, truth, agreement):
    precision, recall = agreement(clinic, truth["clinic_causes"])
    assert precision >= 0.4
    assert recall >= 0.4


def test_engines_on_money_answer_with_empty_tables(clinic):
    for engine in (la.find_breaks, la.lifecycle, la.client_kinds, la.rfm, la.movement, la.cohorts):
        assert len(engine(clinic.panel, as_of=MONTH).table) == 0, engine.__name__
