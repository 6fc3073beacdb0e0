"""Groups of texts that may be a theme, made without looking at their dates: by cause, stem, field and likeness.

Texts about one new thing seldom share a word («парковка», «стоянка», «шлагбаум»): words of one stem are one word, and
fields of words (lexicon/fields.yaml) bring together what belongs together though no codebook names it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import numpy as np
import pandas as pd

from .codebook import read_lexicon
from .text import TOKEN, normalise, russian_lemma

__all__ = ["Group", "by_cause", "by_likeness", "marks_of", "telling", "terms_of"]

_DIMENSIONS = 40
#: Smaller groups cannot pass among hundreds of others; testing them only costs the larger ones power.
_LEAST_GROUP = 8
#: Beginning of a word that stands for all words of its stem («парковка», «парковаться»).
_STEM = 5
#: What a group's chance is divided by (Genovese, Roeder & Wasserman 2006): a few causes stand beside hundreds of words.
_WEIGHTS = {"cause": 1.0, "field": 0.3, "stem": 0.2, "cluster": 0.1}


@dataclass(frozen=True)
class Group:
    """Texts of one cause, word, field or likeness; ``words`` are those that made the group, if any did."""

    kind: str
    label: str
    rows: np.ndarray
    weight: float
    words: frozenset[str] = frozenset()


_BORING: set[str] = set()
_PLAIN = """который когда если чтобы потому что как так там тут здесь где теперь сегодня вчера год день раз
about after before when then than what which who will would can could did does"""


def _boring() -> set[str]:
    """Words that make no theme: particles, negators, opinions."""
    if not _BORING:
        for language in ("ru", "en"):
            lexicon = read_lexicon(language)
            for role in ("light", "negator", "contrast", "concession", "and", "wish", "universal", "except"):
                _BORING.update(word.lstrip("=") for word in lexicon[role])
        _BORING.update(_PLAIN.split())
    return _BORING


def terms_of(text: str) -> list[str]:
    """Dictionary forms of the words that can make a theme; none for a blank answer."""
    boring = _boring()
    terms = []
    for part in TOKEN.finditer(text):
        if part.lastgroup != "word":
            continue
        word = normalise(part.group())
        if len(word) < 3 or word.isdigit() or word in boring:
            continue
        lemma = _dictionary(word)
        if lemma not in boring:
            terms.append(lemma)
    return terms


def _dictionary(word: str) -> str:
    """The form under which a word is counted."""
    return _singular(word) if word.isascii() else russian_lemma(word)


def _singular(word: str) -> str:
    """An English word without the ending of its plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def marks_of(kept: pd.DataFrame, tags: pd.DataFrame | None) -> list[list[str]]:
    """Causes of each text as words: texts about one thing come together though they share no word."""
    marks: list[list[str]] = [[] for _ in range(len(kept))]
    if tags is not None and len(tags):
        place = {identity: row for row, identity in enumerate(kept["feedback_id"])}
        for identity, cause in zip(tags["feedback_id"], tags["cause"]):
            if identity in place:
                marks[place[identity]].append("cause_" + str(cause).replace(".", "_"))
    return marks


def by_likeness(words: Sequence[Sequence[str]], marks: Sequence[Sequence[str]], least: int) -> list[Group]:
    """Groups by a common stem, by a field and by likeness of the whole text; dates are not looked at."""
    most = len(words) // 3
    groups = _by_word(words, _fields, "field", most) + _by_word(words, _stem, "stem", most)
    groups += _clusters([[*terms, *more, *more] for terms, more in zip(words, marks)], least, most)
    unique: dict[bytes, Group] = {}
    for group in groups:
        unique.setdefault(group.rows.astype(np.int64).tobytes(), group)
    return list(unique.values())


def _by_word(
    words: Sequence[Sequence[str]], keys: Callable[[str], Sequence[str]], family: str, most: int
) -> list[Group]:
    """Texts with a word of one key; a key has the words that led to it."""
    rows: dict[str, list[int]] = {}
    own: dict[str, set[str]] = {}
    for row, terms in enumerate(words):
        for term in set(terms):
            for key in keys(term):
                rows.setdefault(key, []).append(row)
                own.setdefault(key, set()).add(term)
    groups = []
    for key in sorted(rows):
        members = np.unique(rows[key])
        if _LEAST_GROUP <= len(members) <= most:
            groups.append(Group("theme", "", members, _WEIGHTS[family], frozenset(own[key])))
    return groups


def _stem(word: str) -> tuple[str]:
    return (word[:_STEM],)


@cache
def _beginnings() -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Fields of whole words, and of beginnings of words."""
    whole: dict[str, list[str]] = {}
    beginnings: dict[str, list[str]] = {}
    for name, entries in read_lexicon("fields").items():
        for entry in entries:
            if entry.endswith("*"):
                beginnings.setdefault(entry.rstrip("*"), []).append(name)
            else:
                whole.setdefault(_dictionary(entry), []).append(name)
    return whole, beginnings


@lru_cache(maxsize=50_000)
def _fields(word: str) -> tuple[str, ...]:
    """Fields that a word belongs to."""
    whole, beginnings = _beginnings()
    found = set(whole.get(word, ()))
    for length in range(2, len(word) + 1):
        found.update(beginnings.get(word[:length], ()))
    return tuple(sorted(found))


def _clusters(words: Sequence[Sequence[str]], least: int, most: int) -> list[Group]:
    """All nodes of a tree of texts, alike by pieces of their words."""
    from scipy.cluster.hierarchy import linkage
    from sklearn.decomposition import TruncatedSVD
    from sklearn.feature_extraction.text import TfidfVectorizer

    if not 3 * least <= len(words) <= 6000:
        return []
    texts = [" ".join(terms) for terms in words]
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(4, 6), min_df=2, sublinear_tf=True)
    try:
        weighted = pieces.fit_transform(texts)
    except ValueError:
        return []
    size = min(_DIMENSIONS, weighted.shape[1] - 1, weighted.shape[0] - 1)
    if size < 2:
        return []
    dense = TruncatedSVD(size, random_state=0).fit_transform(weighted)
    dense /= np.maximum(np.linalg.norm(dense, axis=1, keepdims=True), 1e-9)
    tree = linkage(dense, method="ward")
    members: list[list[int]] = [[row] for row in range(len(words))]
    groups = []
    for left, right, _, count in tree:
        rows = members[int(left)] + members[int(right)]
        members.append(rows)
        if _LEAST_GROUP <= count <= most:
            groups.append(Group("theme", "", np.array(sorted(rows)), _WEIGHTS["cluster"]))
    return groups


def by_cause(kept: pd.DataFrame, tags: pd.DataFrame | None, least: int) -> list[Group]:
    """Groups by cause and top cause, also where a text names two at most: long texts name much in passing."""
    if tags is None or not len(tags):
        return []
    place = pd.Series(np.arange(len(kept)), index=kept["feedback_id"])
    place = place[~place.index.duplicated()]
    rows = place.reindex(tags["feedback_id"]).to_numpy()
    known = ~pd.isna(rows)
    tagged = pd.DataFrame({"row": rows[known].astype(int), "cause": tags["cause"].astype(str).to_numpy()[known]})
    named = tagged.groupby("row")["cause"].transform("nunique")
    groups: dict[bytes, Group] = {}
    for part in (tagged, tagged[named <= 2]):
        for level in (part, part.assign(cause=part["cause"].str.split(".").str[0])):
            for cause, own in level.groupby("cause"):
                members = np.unique(own["row"].to_numpy())
                if max(least, _LEAST_GROUP) <= len(members):
                    groups.setdefault(members.tobytes(), Group("cause", str(cause), members, _WEIGHTS["cause"]))
    return list(groups.values())


def telling(rows: np.ndarray, words: Sequence[Sequence[str]]) -> list[str]:
    """Words that tell a group from the other texts, most telling first."""
    inside: dict[str, int] = {}
    everywhere: dict[str, int] = {}
    members = set(rows.tolist())
    for row, terms in enumerate(words):
        for term in set(terms):
            everywhere[term] = everywhere.get(term, 0) + 1
            if row in members:
                inside[term] = inside.get(term, 0) + 1
    return sorted(inside, key=lambda term: (-(inside[term] ** 2) / everywhere[term], term))
