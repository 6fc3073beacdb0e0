"""Alike names of many clients: the quick search gives just the pairs of the slow comparison of all with all."""

from collections.abc import Iterable
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from rapidfuzz import fuzz

from loyalty_analytics.sources import match
from loyalty_analytics.sources.values.alike import alike_pairs
from loyalty_analytics.sources.values.codes import tax_number_holds
from loyalty_analytics.sources.values.companies import normal_name

INN = ("7707083893", "7728168971", "5003052454")  # control digits agree


def _misspelt(word: str, draw: np.random.Generator, signs: str) -> str:
    letters = list(word)
    for _ in range(draw.integers(0, 7)):
        place = int(draw.integers(0, len(letters) + 1))
        if draw.random() < 0.45:
            letters.insert(place, str(draw.choice(list(signs))))
        elif place < len(letters):
            del letters[place]
    return "".join(letters)


def _words(draw: np.random.Generator) -> list[str]:
    """Texts of few different signs, short and long, and their misspellings."""
    signs = "абвгдежзик -1ё€🙂"[: draw.integers(2, 17)]
    begun = ["".join(draw.choice(list(signs), draw.integers(0, draw.integers(3, 70)))) for _ in range(60)]
    return sorted({*begun, *(_misspelt(word, draw, signs) for word in begun for _ in range(4))}, key=len)


def _slow(words: list[str], least: float) -> set[tuple[int, int]]:
    places = combinations(range(len(words)), 2)
    return {(other, one) for one, other in places if fuzz.ratio(words[one], words[other]) >= least}


def _quick(words: list[str], least: float) -> list[tuple[int, int, float]]:
    return [pair for part in alike_pairs(words, least) for pair in zip(*(column.tolist() for column in part))]


def _same_pairs(seeds: Iterable[int]) -> int:
    count = 0
    for seed in seeds:
        words = _words(np.random.default_rng(seed))
        for least in (88, 93.5, 100):
            found = _quick(words, least)
            assert all(score == pytest.approx(fuzz.ratio(words[a], words[b]), abs=1e-4) for a, b, score in found)
            assert sorted((a, b) for a, b, _ in found) == sorted(_slow(words, least)), seed
            count += len(found)
    return count


def test_no_pair_is_lost_and_none_is_doubled() -> None:
    assert _same_pairs(range(12)) > 1000


@pytest.mark.proof
def test_no_pair_is_lost_in_many_worlds() -> None:
    assert _same_pairs(range(100, 600)) > 50_000


def test_few_and_strange_texts() -> None:
    assert _quick([], 88) == []
    assert _quick(["", "а", "аб", "абв"], 88) == []
    assert [pair[:2] for pair in _quick(["абвг", "абвгд", "xabвг"], 88)] == [(1, 0)]
    long = "длинное имя " * 400
    assert [pair[:2] for pair in _quick([long, long + "!"], 88)] == [(1, 0)]
    with pytest.raises(ValueError, match="below 88"):
        next(alike_pairs(["а"], 80))
    with pytest.raises(ValueError, match="by length"):
        _quick(["абв", "а"], 88)


def _clients(seed: int) -> pd.DataFrame:
    draw = np.random.default_rng(seed)
    stems = ["ромашка", "рекламный дом", "василек плюс", "север строй сервис", "заря", "каскад"]
    names = [_misspelt(stems[draw.integers(len(stems))], draw, "аеио2") for _ in range(60)]
    forms = ("ООО «{}»", "АО {}", "{}", "{}, ООО")
    return pd.DataFrame(
        {
            "client_id": [f"{number:03d}" for number in range(60)],
            "client_name": [forms[draw.integers(4)].format(name) for name in names],
            "tax_id": draw.choice([*INN, "", "123"], 60),
        }
    )


def _slow_candidates(clients: pd.DataFrame) -> set[tuple[str, str]]:
    """Every two clients whose names are one or alike, unless two valid tax numbers tell alike names apart."""
    found = set()
    assert all(map(tax_number_holds, INN))
    for (one, name, tax), (other, another, number) in combinations(clients.itertuples(index=False, name=None), 2):
        score = fuzz.ratio(normal_name(name)[1], normal_name(another)[1])
        apart = tax in INN and number in INN and tax != number
        if score == 100 or (score >= 88 and not apart):
            found.add((one, other))
    return found


@pytest.mark.parametrize("seed", range(5))
def test_pairs_of_clients_are_those_of_the_slow_comparison(seed: int) -> None:
    clients = _clients(seed)
    pairs = match.candidates(clients)
    assert len(_slow_candidates(clients)) > 5
    # The same tax number joins the first of its clients with the others, whatever their names.
    named = pairs[pairs["reason"] != "same_tax"]
    assert set(zip(named["client_id"], named["other_id"])) <= _slow_candidates(clients)
    assert _slow_candidates(clients) <= set(zip(pairs["client_id"], pairs["other_id"]))
    mixed = match.candidates(clients.sample(frac=1, random_state=seed))
    assert set(mixed.itertuples(index=False, name=None)) == set(pairs.itertuples(index=False, name=None))


def test_a_decision_holds_whichever_client_comes_first() -> None:
    clients = pd.DataFrame({"client_id": ["1", "2"], "client_name": ["ООО Ромашка-Центр", "ООО Рамашка-Центр"]})
    decided = pd.DataFrame({"client_id": ["2"], "other_id": ["1"], "decision": ["reject"]})
    assert match.candidates(clients, decided)["decision"].tolist() == ["reject"]
    assert match.candidates(clients[::-1], decided)["decision"].tolist() == ["reject"]


def test_numbered_names_are_cut_and_do_not_take_forever() -> None:
    names = [f"Клиент {number:05d}" for number in range(20_000)]
    clients = pd.DataFrame({"client_id": [str(number) for number in range(20_000)], "client_name": names})
    pairs = match.candidates(clients)
    assert len(pairs) == 500
    assert pairs["score"].min() >= 88
    one = pd.DataFrame({"client_id": clients["client_id"], "client_name": "Розничный покупатель"})
    assert len(match.candidates(one)) < 20_500
