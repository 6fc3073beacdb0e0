"""Hard sentences one by one: negation, double negation, contrast, concession, decoys, typos, slang, two alphabets."""

from __future__ import annotations

import pandas as pd
import pytest

CASES = [
    ("На качество печати не жалуемся", {"product.quality": "positive"}),
    ("Не скажу, что акция прошла зря", None),
    ("Пусть упаковка хорошая, курьера ждали неделю", {"product.quality": "positive", "logistics.delivery": "negative"}),
    ("Эффект нулевой", {"product.effectiveness": "negative"}),
    ("Вопрос не в деньгах", {}),
    ("Всё хорошо кроме цены.", {"company.general": "positive", "price.level": "negative"}),
    ("Всё плохо, кроме цены.", {"company.general": "negative", "price.level": "positive"}),
    ("Никаких сбоев в эфире не замечали.", {"logistics.placement": "positive"}),
    ("Не могу не отметить вежливость персонала", {"staff.attitude": "positive"}),
    ("Нельзя сказать, что администратор был вежлив.", {"staff.attitude": "negative"}),
    ("Дорого, но звонки пошли.", {"price.level": "negative", "product.effectiveness": "positive"}),
    ("ценa ок", {"price.level": "positive"}),
    ("menedzher grubit", {"staff.attitude": "negative"}),
    ("Вежлевый персонал", {"staff.attitude": "positive"}),
    ("Набирал номер весь день.", {"staff.contact": "negative"}),
    ("Great food but terrible waitress.", {"product.quality": "positive", "staff": "negative"}),
    ("Never a rude word from your staff.", {"staff.attitude": "positive"}),
    ("Rates are fair, reporting is slow.", {"price.level": "positive", "service.speed": "negative"}),
    ("Быстро? Это не про вас.", {"service.speed": "negative"}),
    ("Fast? Not these guys.", {"service.speed": "negative"}),
    ("Ставку мы и не обсуждали.", {}),
    ("Price was never the issue.", {}),
    ("У соседей на тысячу дешевле.", {"price.level": "negative"}),
    ("Дешевле, чем у соседей.", {"price.level": "positive"}),
    ("Раньше отвечали за минуту, теперь жду по полдня.", {"service.speed": "negative"}),
    ("Раньше ролики были скучные, сейчас огонь.", {"product.quality": "positive"}),
    ("Не припомню, чтобы тут хоть раз нагрубили.", {"staff.attitude": "positive"}),
    ("Ни разу не подняла глаз от монитора.", {"staff.attitude": "negative"}),
    ("Супер сервис, наорали и бросили трубку.", {"staff.attitude": "negative"}),
    ("Prices went up again with no notice.", {"price.level": "negative", "service.information": "negative"}),
    ("Food and staff were both wonderful.", {"product.quality": "positive", "staff.attitude": "positive"}),
    ("Ролик сделали за день.", {"service.speed": "positive"}),
    ("Нет претензий к персоналу.", {"staff": "positive"}),
    ("Кухня отличная, чего не скажешь о туалете.", {"product.quality": "positive", "premises": "negative"}),
    ("Долго ждали, хотя врач был вежлив.", {"service.speed": "negative", "staff.attitude": "positive"}),
    ("Вежливым его не назовёшь.", {"staff.attitude": "negative"}),
    ("Не встречал здесь хамства.", {"staff.attitude": "positive"}),
    ("Подскажите, какие у вас цены?", {}),
    ("Подскажите, почему так дорого?", {"price.level": "negative"}),
    ("Do you have a price list?", {}),
    ("Menedzher ne beret trubku.", {"staff.contact": "negative"}),
    ("Dozvonitsya nevozmozhno.", {"staff.contact": "negative"}),
    ("Сайт неработает.", {"service.channel": "negative"}),
    ("Менеджер неотвечает.", {"staff.contact": "negative"}),
    ("Add good lighting.", {"premises": "negative"}),
    ("Прога глючит.", {"service.channel": "negative"}),
    ("дорагавато", {"price.level": "negative"}),
    ("Волокиты не было никакой.", {"service.speed": "positive"}),
    ("Ждать не пришлось.", {"service.speed": "positive"}),
    ("Без часовой очереди не обходится.", {"service.speed": "negative"}),
    ("Не было случая, чтобы к нам не прислушались.", {"staff.needs": "positive"}),
    ("Если бы не цены, всё было бы отлично.", {"price.level": "negative", "company.general": "positive"}),
    ("Смутила не цена, а очередь до дверей.", {"service.speed": "negative"}),
    ("Сказать, что в туалете чисто, язык не повернётся.", {"premises": "negative"}),
    (
        "Не было ни одного списания, о котором нам бы заранее не сообщили.",
        {"service.information": "positive"},
    ),
    ("Не ролик плохой, а время ему поставили мёртвое.", {}),
    (
        "Не грубость обидела, а то, что специалист перепутал все цифры в смете.",
        {"staff.attitude": None, "staff.competence": "negative"},
    ),
    ("Хлеб не то чтобы чёрствый, но и свежим не назовёшь.", {"product.quality": "negative"}),
    ("А скидки пенсионерам бывают?", {}),
    ("Где акты?", {"service.documents": "negative"}),
    ("Вежливость? Не слышали.", {"staff.attitude": "negative"}),
    ("Собираемся в следующем квартале обсудить бюджет.", {}),
    ("С доставкой не сталкивались.", {}),
    ("Курьер тут ни при чём.", {}),
    ("Ролик длится тридцать секунд.", {}),
]


@pytest.mark.parametrize("text, wanted", CASES)
def test_hard_sentence(general, text, wanted):
    tags = general.tag(pd.DataFrame({"feedback_id": [1], "text": [text]})).table
    found = dict(zip(tags["cause"], tags["sentiment"]))
    if wanted is None:
        # Said in the negative of a negative: nothing bad may be read out of it.
        assert "negative" not in found.values()
    else:
        for cause, sentiment in wanted.items():
            assert found.get(cause) == sentiment
        assert bool(found) == bool(wanted)


@pytest.mark.parametrize(
    "text, cause",
    [
        ("@bank nobody answers, zero empathy", "service"),
        ("@bank nobody answers", "service.channel"),
        ("@bank the clerk was rude", "staff.attitude"),
        ("nobody answers, zero empathy", "staff.contact"),
    ],
)
def test_a_post_to_an_account_blames_staff_only_where_it_names_a_person(general, text, cause):
    tags = general.tag(pd.DataFrame({"feedback_id": [1], "text": [text]})).table
    assert any(found.startswith(cause) for found in tags["cause"])
    assert tags["cause"].str.startswith("staff").any() == cause.startswith("staff")


def test_a_wish_is_no_praise(general):
    texts = ["Хотелось бы побыстрее.", "Сделать приложение удобным", "Service could be faster"]
    tags = general.tag(pd.DataFrame({"feedback_id": [1, 2, 3], "text": texts})).table
    assert set(tags["feedback_id"]) == {1, 2, 3}
    assert set(tags["sentiment"]) == {"negative"}


def test_words_that_only_look_alike(general):
    texts = ["Ценный опыт", "Дорогие друзья!", "In terms of time", "Дело не в цене."]
    tags = general.tag(pd.DataFrame({"feedback_id": range(4), "text": texts})).table
    assert not tags["cause"].str.startswith("price").any()
