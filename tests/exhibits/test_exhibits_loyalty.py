"""Reports 01 and 04: sentences on the score, its change, the groups and the units, each variant in both languages."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pandas as pd
import pytest

from loyalty_analytics import words
from loyalty_analytics.exhibits import brief_loyalty, brief_voice, loyalty, matrix
from loyalty_analytics.results import Result


def _plain(text):
    return text.replace("\u00a0", " ")


def _change(change=0.0, changed=False, n=20, before=10.0):
    row = {"n_before": n, "n_now": n, "change": change, "changed": changed, "noise": 25.0, "before": before,
           "now": before + change, "low": change - 9, "high": change + 9, "n_both": 0}  # fmt: skip
    return SimpleNamespace(frame=pd.DataFrame([row]))


@pytest.mark.parametrize(
    "change, ru, en",
    [
        (None, "", ""),
        (_change(n=5), "Для сравнения с прошлым кварталом мало ответов",
         "Too few answers to compare with the quarter before"),
        (_change(4.0), "NPS без изменений (в пределах ±25)", "NPS unchanged (within ±25)"),
        (_change(30.0, True), "NPS выше на 30: было 10, стало 40, изменение [21; 39]",
         "NPS up by 30: 10 before, 40 now, change [21; 39]"),
        (_change(-28.0, True, before=31.0), "NPS ниже на 28: было 31, стало 3, изменение [−37; −19]",
         "NPS down by 28: 31 before, 3 now, change [−37; −19]"),
    ],
    ids=["no question", "too little data", "nothing happened", "good", "bad"],
)  # fmt: skip
def test_change_of_the_score(change, ru, en):
    assert _plain(loyalty.change_sentence(change, "ru")) == ru
    assert _plain(loyalty.change_sentence(change, "en")) == en


def _score(nps=14.0, n=35, population=55):
    frame = pd.DataFrame([{"nps": nps, "low": -2.0, "high": 29.0, "n": n, "population": population}])
    return SimpleNamespace(frame=frame)


EMPTY = loyalty.Loyalty(None, None, None, None, None, pd.DataFrame(), None, None)
MEANS = Result(frame=pd.DataFrame([{"metric": "csat", "mean": 7.66, "low": 7.5, "high": 7.8, "n": 132,
                                    "population": None, "scale_max": 10.0}]))  # fmt: skip


@pytest.mark.parametrize(
    "state, ru, en",
    [
        (replace(EMPTY, score=_score()), "NPS 14 [−2; 29], n = 35 из 55.", "NPS 14 [−2; 29], n = 35 of 55."),
        (replace(EMPTY, score=_score(population=None)), "NPS 14 [−2; 29], n = 35.", "NPS 14 [−2; 29], n = 35."),
        (replace(EMPTY, score=_score(None, 2)), "Мало данных для оценки: 2 ответа за три месяца.",
         "Too little data for a score: 2 answers in three months."),
        (EMPTY, "Опроса нет: о лояльности и молчащих клиентах сказать нечего.",
         "No survey: nothing can be said about loyalty or the silent."),
        (replace(EMPTY, means=MEANS), "Сотрудничество: 7,7 из 10 [7,5; 7,8], n = 132.",
         "Cooperation: 7.7 of 10 [7.5; 7.8], n = 132."),
    ],
    ids=["of a base", "of a process", "too few", "none", "without the question"],
)  # fmt: skip
def test_score(state, ru, en):
    assert _plain(loyalty.score_sentence(state, "ru")) == ru
    assert _plain(loyalty.score_sentence(state, "en")) == en


@pytest.mark.parametrize("n, answers", [(1, "1 ответ"), (2, "2 ответа"), (5, "5 ответов"), (11, "11 ответов"),
                                        (21, "21 ответ")])  # fmt: skip
def test_answers_have_their_plural(n, answers):
    said = loyalty.score_sentence(replace(EMPTY, score=_score(None, n)), "ru")
    assert _plain(said) == f"Мало данных для оценки: {answers} за три месяца."


def test_the_brief_says_the_same_of_a_change():
    def voice(change):
        return brief_voice.Voice(None, None, None, pd.DataFrame(), change)

    assert brief_loyalty.moved(voice(None), "ru") == ""
    assert _plain(brief_loyalty.moved(voice(_change(4.0)), "ru")) == "без изменений (в пределах ±25)"
    assert _plain(brief_loyalty.moved(voice(_change(-28.0, True)), "ru")) == (
        "изменение −28 к прошлому кварталу больше шума"
    )
    up = brief_loyalty.moved(voice(_change(30.0, True)), "en")
    assert up == "the change of +30 since last quarter exceeds the noise"


@pytest.mark.parametrize("language", words.LANGUAGES)
def test_the_brief_without_the_question_or_with_few_answers(language):
    none = brief_loyalty.loyalty(
        SimpleNamespace(missing=()), brief_voice.Voice(None, None, None, pd.DataFrame()), language=language
    )
    few = brief_loyalty.loyalty(
        SimpleNamespace(missing=()), brief_voice.Voice(_score(None, 2), None, None, pd.DataFrame()), language=language
    )
    assert none.title == words.say("brief.loyalty_none", language)
    assert _plain(few.title) == {
        "ru": "Лояльность не посчитать, мало данных: 2 ответа",
        "en": "Too little data to judge loyalty: 2 answers",
    }[language]


def _units(**columns):
    table = pd.DataFrame({"name": ["Север", "Юг"], **columns})
    return table.assign(**{name: float("nan") for name in ("change", "nps", "answers") if name not in table})


@pytest.mark.parametrize(
    "table, ru, en",
    [
        (_units(change=[-0.31, 0.05]), "Сильнее всех к прошлому году упал объём: Север, на 31 %",
         "Volume fell most against last year: Север, by 31%"),
        (_units(change=[0.1, 0.0]), "Объём к прошлому году не упал ни в одном подразделении",
         "No unit's volume fell against last year"),
        (_units(nps=[60.0, -20.0], nps_low=[40.0, -40.0], nps_high=[80.0, 0.0], answers=[30, 30], differs=[True, True]),
         "По оценкам впереди Север", "Scores put Север ahead"),
        (_units(nps=[9.0, -20.0], nps_low=[-1.0, -42.0], nps_high=[41.0, 2.0], answers=[30, 30], differs=[False, True]),
         "По оценкам отстаёт Юг", "Scores put Юг behind"),
        (_units(nps=[9.0, 7.0], nps_low=[0.0, -10.0], nps_high=[40.0, 30.0], answers=[30, 30], differs=[False, False]),
         "По оценкам подразделения не различить: различия в пределах случайных",
         "Scores do not tell the units apart: differences are within chance"),
        (_units(nps=[20.0, 10.0], nps_low=[0.0, -10.0], nps_high=[40.0, 30.0], answers=[30, 3]),
         "Сравнивать подразделения рано: мало ответов", "Too early to compare units: too few answers"),
    ],
    ids=["bad", "nothing happened", "apart", "behind", "alike", "too little data"],
)  # fmt: skip
def test_units(table, ru, en):
    assert _plain(matrix._matrix_title(table, "ru")) == ru
    assert _plain(matrix._matrix_title(table, "en")) == en
