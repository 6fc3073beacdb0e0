"""Themes that nobody named before: what this window says more often than the earlier ones.

Single words are too rare to test: a theme with 5 % of 300 texts uses each of its words once or twice. So texts
are grouped first, without looking at their dates (by cause, by word, by likeness), and each group is tested as a
whole. Only a group that has become several times as frequent can be a new theme, so chance, too, is counted among such
groups only: the large ones, which chance moves a little every quarter, cost nothing. The chance that the strongest
group would look so strong if dates were dealt at random is found by dealing them again (max-T of Westfall & Young
1993), which allows for all tests at once; causes, few and well made, weigh more than clusters and single words.
Log-odds with a prior: Monroe, Colaresi & Quinn (2008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from ..errors import DataError
from ..months import as_of as read_as_of
from ..results import Note, Result, as_table
from .codebook import read_lexicon
from .text import TOKEN, normalise, russian_lemma

__all__ = ["emerging_themes"]

_COLUMNS = ["theme", "kind", "n", "n_before", "share", "share_before", "log_odds", "z", "p_value", "q_value",
            "example", "feedback_ids", "snippet", "would_catch", "would_catch_before"]  # fmt: skip
_DIMENSIONS = 40
#: Smaller groups cannot pass among hundreds of others; testing them only costs the larger ones power.
_LEAST_GROUP = 8
_PRIOR = 1.0
#: What a group's chance is divided by (Genovese, Roeder & Wasserman 2006): a few causes stand beside hundreds of words.
_WEIGHTS = {"cause": 1.0, "cluster": 0.3, "word": 0.1}
#: Two groups that share this much of their new texts are one theme.
_SAME = 0.5


@dataclass(frozen=True)
class _Group:
    kind: str
    label: str
    rows: np.ndarray
    weight: float


def emerging_themes(
    feedback: pd.DataFrame | Result,
    tags: pd.DataFrame | Result | None = None,
    as_of: Any = None,
    *,
    months: int = 3, earlier: int = 12, false_discovery: float = 0.04, least: int = 5, times: float = 4.0,
    draws: int = 400, seed: int = 11,
) -> Result:  # fmt: skip
    """Groups of texts that are several times as frequent in the last months as before.

    Parameters
    ----------
    feedback : DataFrame
        feedback_id, text, created_at. Blank texts and answers such as «no» are left out.
    tags : DataFrame, optional
        feedback_id, cause, sentiment from `tag_causes`: causes are groups, too.
    as_of : month or day, optional
        End of the window; default: the month of the last text.
    months, earlier : int, at least 1
        Length of the window, and of the time before it that is compared.
    false_discovery : float
        Chance of any false theme that is accepted.
    least : int, at least 3
        A theme has at least so many texts in the window.
    times : float, at least 1
        A theme has become at least so many times as frequent; slower risers are causes on the move, not new themes.

    Returns
    -------
    Result
        Surest first: theme (its words or cause), kind {cause, theme}, n and n_before (texts in the window and
        before), share, share_before, log_odds (with a Dirichlet prior), z, p_value, q_value (allows for all
        tests), example, feedback_ids (list), snippet (lines for a codebook), would_catch, would_catch_before
        (texts that the snippet's words would catch).

    Raises
    ------
    DataError
        When a column is missing.

    Examples
    --------
    >>> texts = pd.DataFrame({"feedback_id": [1], "text": ["Fine"], "created_at": ["2026-10-05"]})
    >>> len(emerging_themes(texts))
    0
    """
    kept, new, words = _read(as_table(feedback), as_of, months, earlier)
    found: list[dict[str, Any]] = []
    if new.sum() >= least and (~new).sum() >= least:
        tagged = None if tags is None else as_table(tags)
        groups = _by_cause(kept, tagged, least) + _by_likeness(words, _marks(kept, tagged), least)
        found = _tested(groups, new, kept, words, np.random.default_rng(seed), draws, least, times, false_discovery)
    frame = pd.DataFrame([{name: row[name] for name in _COLUMNS} for row in _distinct(found)], columns=_COLUMNS)
    values = {"themes": len(frame), "n": int(new.sum()), "before": int((~new).sum())}
    options = {
        "months": months, "earlier": earlier, "false_discovery": false_discovery, "least": least, "times": times,
    }  # fmt: skip
    note = Note("causes.themes", values)
    return Result(frame=frame, overview=pd.DataFrame([values]), notes=(note,), options=options)


def _read(
    rows: pd.DataFrame, as_of: Any, months: int, earlier: int
) -> tuple[pd.DataFrame, np.ndarray, list[list[str]]]:
    """Texts of both windows that say something, which of them are new, and their words."""
    for name in ("feedback_id", "text", "created_at"):
        if name not in rows.columns:
            raise DataError(f"The feedback has no column {name!r}.", f"Columns: {', '.join(map(str, rows.columns))}.")
    kept, new = _windows(rows, as_of, months, earlier)
    words = [_terms(text) for text in kept["text"]]
    filled = np.array([bool(terms) for terms in words], dtype=bool)
    return kept[filled].reset_index(drop=True), new[filled], [terms for terms in words if terms]


def _windows(rows: pd.DataFrame, as_of: Any, months: int, earlier: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Texts of the window and of the months before it."""
    when = pd.to_datetime(rows["created_at"], errors="coerce")
    texts = rows.assign(when=when)[when.notna() & rows["text"].map(lambda text: isinstance(text, str)).to_numpy(bool)]
    if not len(texts):
        return texts, np.zeros(0, dtype=bool)
    end = (texts["when"].max() if as_of is None else _end(as_of)).to_period("M")
    texts = texts[texts["when"] <= (_end(as_of) if as_of is not None else texts["when"].max())]
    age = (end.year - texts["when"].dt.year) * 12 + end.month - texts["when"].dt.month
    texts, age = texts[age < months + earlier], age[age < months + earlier]
    return texts.reset_index(drop=True), (age < months).to_numpy()


def _end(as_of: Any) -> pd.Timestamp:
    return pd.Timestamp(read_as_of(as_of).end)


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


def _terms(text: str) -> list[str]:
    """Dictionary forms of the words that can make a theme; none for a blank answer."""
    boring = _boring()
    terms = []
    for part in TOKEN.finditer(text):
        if part.lastgroup != "word":
            continue
        word = normalise(part.group())
        if len(word) < 3 or word.isdigit() or word in boring:
            continue
        lemma = russian_lemma(word)
        if lemma not in boring:
            terms.append(_singular(lemma) if lemma.isascii() else lemma)
    return terms


def _singular(word: str) -> str:
    """An English word without the ending of its plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) else word


def _matrix(words: Sequence[Sequence[str]], least: int) -> tuple[sp.csr_matrix, list[str]]:
    """Texts by terms that occur in at least `least` texts."""
    counts: dict[str, int] = {}
    for terms in words:
        for term in set(terms):
            counts[term] = counts.get(term, 0) + 1
    names = sorted(term for term, count in counts.items() if count >= least)
    place = {term: index for index, term in enumerate(names)}
    pairs = [(row, place[term]) for row, terms in enumerate(words) for term in sorted(set(terms)) if term in place]
    rows, columns = np.array(pairs).T if pairs else (np.zeros(0, int), np.zeros(0, int))
    return sp.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(words), len(names))), names


def _marks(kept: pd.DataFrame, tags: pd.DataFrame | None) -> list[list[str]]:
    """Causes of each text as words: texts about one thing come together though they share no word."""
    marks: list[list[str]] = [[] for _ in range(len(kept))]
    if tags is not None and len(tags):
        place = {identity: row for row, identity in enumerate(kept["feedback_id"])}
        for identity, cause in zip(tags["feedback_id"], tags["cause"]):
            if identity in place:
                marks[place[identity]].append("cause_" + str(cause).replace(".", "_"))
    return marks


def _by_likeness(words: Sequence[Sequence[str]], marks: Sequence[Sequence[str]], least: int) -> list[_Group]:
    """Groups by a common word and by likeness of the whole text; dates are not looked at."""
    matrix, names = _matrix(words, 2)
    if not names:
        return []
    columns = matrix.tocsc()
    most = len(words) // 3
    groups = []
    for place, name in enumerate(names):
        rows = columns.indices[columns.indptr[place] : columns.indptr[place + 1]]
        if _LEAST_GROUP <= len(rows) <= most:
            groups.append(_Group("theme", name, np.sort(rows), _WEIGHTS["word"]))
    groups += _clusters([[*terms, *more, *more] for terms, more in zip(words, marks)], least, most)
    unique: dict[bytes, _Group] = {}
    for group in groups:
        unique.setdefault(group.rows.astype(np.int64).tobytes(), group)
    return list(unique.values())


def _clusters(words: Sequence[Sequence[str]], least: int, most: int) -> list[_Group]:
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
            groups.append(_Group("theme", "", np.array(sorted(rows)), _WEIGHTS["cluster"]))
    return groups


def _by_cause(kept: pd.DataFrame, tags: pd.DataFrame | None, least: int) -> list[_Group]:
    """Groups by cause and top cause, also where a text names two at most: long texts name much in passing."""
    if tags is None or not len(tags):
        return []
    place = pd.Series(np.arange(len(kept)), index=kept["feedback_id"])
    place = place[~place.index.duplicated()]
    rows = place.reindex(tags["feedback_id"]).to_numpy()
    known = ~pd.isna(rows)
    tagged = pd.DataFrame({"row": rows[known].astype(int), "cause": tags["cause"].astype(str).to_numpy()[known]})
    named = tagged.groupby("row")["cause"].transform("nunique")
    groups: dict[bytes, _Group] = {}
    for part in (tagged, tagged[named <= 2]):
        for level in (part, part.assign(cause=part["cause"].str.split(".").str[0])):
            for cause, own in level.groupby("cause"):
                members = np.unique(own["row"].to_numpy())
                if max(least, _LEAST_GROUP) <= len(members):
                    groups.setdefault(members.tobytes(), _Group("cause", str(cause), members, _WEIGHTS["cause"]))
    return list(groups.values())


def _z(inside: np.ndarray, size: np.ndarray, new: int, before: int) -> tuple[np.ndarray, np.ndarray]:
    """Log-odds of the window against before with a Dirichlet prior, and their z."""
    share = size / (new + before)
    prior_new, prior_old = _PRIOR * share * 2, _PRIOR * share * 2
    a, c = inside + prior_new, size - inside + prior_old
    b, d = new - inside + _PRIOR * 2 - prior_new, before - (size - inside) + _PRIOR * 2 - prior_old
    value = np.log(a / b) - np.log(c / d)
    return value, value / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)


def _tested(
    groups: list[_Group],
    new: np.ndarray,
    kept: pd.DataFrame,
    words: Sequence[Sequence[str]],
    dice: np.random.Generator,
    draws: int,
    least: int,
    times: float,
    level: float,
) -> list[dict[str, Any]]:
    """Groups that pass, with the chance that allows for all groups."""
    if not groups:
        return []
    rows = np.concatenate([group.rows for group in groups])
    size = np.array([len(group.rows) for group in groups])
    starts = np.concatenate([[0], np.cumsum(size)[:-1]])
    weight = np.array([group.weight for group in groups])
    total, after = len(new), int(new.sum())
    # Exact tail chances make groups of 8 and of 80 texts comparable; one table serves all draws.
    tail, place_of = _tails(size, total, after, times)
    inside = np.add.reduceat(new[rows].astype(int), starts)
    own = tail[place_of + inside] / weight
    smallest = np.full(draws, np.inf)
    for draw in range(draws):
        dealt = dice.permutation(new)
        smallest[draw] = (tail[place_of + np.add.reduceat(dealt[rows].astype(int), starts)] / weight).min()
    log_odds, z = _z(inside.astype(float), size.astype(float), after, total - after)
    out = []
    for place in np.argsort(own, kind="stable").tolist():
        q_value = (1 + int((smallest <= own[place] * (1 + 1e-9)).sum())) / (draws + 1)
        if q_value > level or np.isinf(own[place]):
            break
        if inside[place] >= least:
            numbers = float(own[place] * weight[place]), q_value, float(log_odds[place]), float(z[place])
            out.append(_described(groups[place], new, kept, words, *numbers))
    return out


def _tails(size: np.ndarray, total: int, after: int, times: float) -> tuple[np.ndarray, np.ndarray]:
    """Chances of at least k of a group's texts in the window, for every size and k, and each group's place.

    Infinite where k of them would not make the group ``times`` as frequent as before.
    """
    from scipy.stats import hypergeom

    known = np.unique(size)
    starts = np.concatenate([[0], np.cumsum(known + 1)[:-1]])
    tails = []
    for n in known.tolist():
        k = np.arange(n + 1)
        grown = k * (total - after) >= times * (n - k) * after
        tails.append(np.where(grown, hypergeom.sf(k - 1, total, n, after), np.inf))
    return np.concatenate(tails), starts[np.searchsorted(known, size)]


def _described(
    group: _Group, new: np.ndarray, kept: pd.DataFrame, words: Sequence[Sequence[str]],
    chance: float, q_value: float, log_odds: float, z: float,
) -> dict[str, Any]:  # fmt: skip
    """A group as a row of the result."""
    fresh = group.rows[new[group.rows]]
    own = _telling(group.rows, words)
    label = group.label or ", ".join(own[:3])
    catching = own[:3] if group.kind == "theme" else []
    caught = np.array([bool(set(catching) & set(terms)) for terms in words], dtype=bool)
    example = min((kept["text"].iloc[row] for row in fresh), key=lambda text: abs(len(text) - 80))
    return {
        "theme": label, "kind": group.kind, "n": len(fresh), "n_before": len(group.rows) - len(fresh),
        "share": len(fresh) / new.sum(), "share_before": (len(group.rows) - len(fresh)) / max((~new).sum(), 1),
        "log_odds": log_odds, "z": z, "p_value": chance, "q_value": q_value, "example": example,
        "feedback_ids": kept["feedback_id"].iloc[fresh].tolist(), "snippet": _snippet(catching),
        "would_catch": int((caught & new).sum()), "would_catch_before": int((caught & ~new).sum()),
    }  # fmt: skip


def _telling(rows: np.ndarray, words: Sequence[Sequence[str]]) -> list[str]:
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


def _snippet(terms: list[str]) -> str:
    """Lines for params/codebooks: the analyst chooses the name, or merges them into a cause that is there."""
    if not terms:
        return ""
    language = "en" if all(term.isascii() for term in terms) else "ru"
    return f"causes:\n  company.new_theme:\n    {language}:\n      words: |\n        {', '.join(terms)}\n"


def _distinct(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per theme: a group whose new texts mostly stand in a surer one is the same theme."""
    chosen: list[dict[str, Any]] = []
    for row in sorted(found, key=lambda row: (row["q_value"], row["p_value"], -row["n"])):
        own = set(row["feedback_ids"])
        if all(len(own & set(other["feedback_ids"])) < _SAME * min(len(own), other["n"]) for other in chosen):
            chosen.append(row)
    return chosen
