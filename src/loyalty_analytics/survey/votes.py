"""From answers to votes: which answers count, on which scale, and whose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import DataError
from ..months import AsOf
from ..months import as_of as read_as_of
from ..orders import Orders, plain, rows_of
from ..results import Result, as_table

__all__ = [
    "ROLES", "active_base", "answers_seen", "as_answers", "classes", "client_column", "last_answers", "moments",
    "of_metric", "present", "recommendation", "revenue_of",
]  # fmt: skip

# Seniority of a contact when a client has several: who decides comes first.
ROLES = ("decision_maker", "influencer", "payer", "user", "technical", "gatekeeper")
_SCALES = {(0, 10): (7, 9), (1, 10): (7, 9), (0, 100): (70, 90)}  # first passive, first promoter


def as_answers(answers: Any) -> pd.DataFrame:
    """Answers as a table; a plain list of scores counts as one answer each of so many clients."""
    if isinstance(answers, (pd.DataFrame, Result)):
        table = plain(as_table(answers, "answers"))
        if "score" not in table:
            raise DataError("The answers have no column 'score'.", "Rename the column with the scores to 'score'.")
        return table
    if isinstance(answers, (str, bytes)) or np.ndim(answers) == 0:
        kind = type(answers).__name__
        raise DataError(f"Answers are a table or a list of scores, got {kind}.", "Give a DataFrame or a result.")
    scores = pd.Series(np.asarray(answers), name="score")
    return pd.DataFrame({"client_id": np.arange(len(scores)), "score": scores})


def present(table: pd.DataFrame | Result | None) -> pd.DataFrame | None:
    """A table with rows, else None: an absent and an empty optional table mean the same."""
    if table is None:
        return None
    frame = as_table(table)
    return frame if len(frame) else None


def moments(values: pd.Series) -> pd.Series:
    """Dates and times as timestamps without zone; ISO texts with and without a time of day may be mixed.

    >>> moments(pd.Series(["2026-10-01", "2026-10-01 10:30"])).dt.hour.tolist()
    [0, 10]
    """
    if not pd.api.types.is_datetime64_any_dtype(values.dtype):
        try:
            values = pd.to_datetime(values, format="ISO8601")
        except (ValueError, TypeError) as error:
            raise DataError(f"{values.name}: {error}.", "Write dates as 2026-10-31 or 2026-10-31 10:30.") from None
    return values.dt.tz_localize(None) if values.dt.tz is not None else values


def answers_seen(
    table: pd.DataFrame | Result, as_of: Any, window: int | None, moment: str = "answered_at"
) -> tuple[pd.DataFrame, AsOf | None]:
    """Rows up to ``as_of`` and, with a window, from the first day of its first month on."""
    table = as_table(table)
    if window is not None and window < 1:
        raise DataError(f"window={window!r} is less than a month.", "Give whole months, or None for all answers.")
    if moment not in table or table[moment].isna().all():
        return table, None if as_of is None else read_as_of(as_of)
    when = moments(table[moment])
    seen = read_as_of(as_of, when.max().to_period("M"))
    keep = when <= seen.end
    if window is not None:
        keep &= when >= (seen.month - (window - 1)).start_time
    return table[keep].assign(**{moment: when[keep]}), seen


def of_metric(table: pd.DataFrame, questions: pd.DataFrame | None, metrics: Sequence[str]) -> pd.DataFrame:
    """Answers to questions of the given metrics; all of them where no question table tells."""
    questions = present(questions)
    if questions is None or "question_id" not in table or "metric" not in questions:
        return table
    wanted = questions.loc[questions["metric"].isin(list(metrics)), "question_id"]
    return table[table["question_id"].isin(wanted)]


def recommendation(
    table: pd.DataFrame,
    questions: pd.DataFrame | None,
    scale: tuple[int, int] | None,
    fractions: str | None,
) -> tuple[pd.DataFrame, tuple[int, int]]:
    """Answers to the recommendation question with a column ``vote`` (−1, 0, 1), and the scale.

    Raises
    ------
    DataError
        A 1-10 scale that the caller did not declare, fractions without a rule, scores off the scale.
    """
    known = present(questions)
    if (known is None or "metric" not in known) and "question_id" in table and table["question_id"].nunique() > 1:
        named = ", ".join(map(str, sorted(table["question_id"].dropna().unique(), key=str)[:4]))
        raise DataError(
            f"The answers belong to several questions ({named} …) and nothing tells which one asks to recommend.",
            "Pass questions= with their metric, or only the answers to one question.",
        )
    table = of_metric(table, questions, ["nps"])
    scale = _declared(table, present(questions), scale)
    scored = table[table["score"].notna()]
    score = _whole_scores(scored["score"], scale, fractions)
    return scored.assign(score=score, vote=classes(score, scale)), scale


def _declared(table: pd.DataFrame, questions: pd.DataFrame | None, scale: tuple[int, int] | None) -> tuple[int, int]:
    if scale is not None:
        pair = (int(scale[0]), int(scale[1]))
        if pair not in _SCALES:
            raise DataError(
                f"NPS has no cut points on a {pair[0]}-{pair[1]} scale.",
                "It is defined for 0-10 and 0-100 %; 1-10 only for a recommendation question. Use la.mean_interval.",
            )
        return pair
    found: set[tuple[int, int]] = set()
    if questions is not None and "question_id" in table and {"scale_min", "scale_max"} <= set(questions):
        used = questions[questions["question_id"].isin(table["question_id"].dropna().unique())]
        if "metric" in used:
            used = used[used["metric"] == "nps"]
        pairs = used[["scale_min", "scale_max"]].dropna().drop_duplicates()
        found = {(int(low), int(high)) for low, high in pairs.itertuples(index=False)}
    if (1, 10) in found:
        raise DataError(
            "The recommendation question has the scale 1-10, the NPS is defined on 0-10.",
            "Declare scale=(1, 10) if you accept a figure that is not comparable with 0-10.",
        )
    if len(found) > 1:
        raise DataError("The recommendation questions have several scales.", "Pass the answers of one of them.")
    return _declared(table, None, found.pop()) if found else (0, 10)


def _whole_scores(scores: pd.Series, scale: tuple[int, int], fractions: str | None) -> pd.Series:
    try:
        values = scores.astype("float64")
    except (ValueError, TypeError):
        bad = pd.to_numeric(scores, errors="coerce").isna()
        raise DataError(
            f"The score {scores[bad].iloc[0]!r} is not a number.", "Clean the scores before counting."
        ) from None
    broken = values != np.floor(values)
    if broken.any():
        if fractions not in ("floor", "nearest"):
            raise DataError(
                f"{int(broken.sum())} scores are fractions, for example {values[broken].iloc[0]:g}.",
                "Declare the rule: fractions='floor' (8.5 is a passive) or fractions='nearest' (halves up).",
            )
        values = (values + (0.5 if fractions == "nearest" else 0.0)).map(np.floor)
    outside = (values < scale[0]) | (values > scale[1])
    if outside.any():
        raise DataError(
            f"{int(outside.sum())} scores are outside {scale[0]}-{scale[1]}, for example {values[outside].iloc[0]:g}.",
            "Declare scale=(0, 100) for per cent, or repair the scores.",
        )
    return values


def classes(scores: pd.Series, scale: tuple[int, int] = (0, 10)) -> pd.Series:
    """−1 detractor, 0 passive, 1 promoter.

    >>> classes(pd.Series([10, 9, 8, 7, 6, 0])).tolist()
    [1, 1, 0, 0, -1, -1]
    """
    passive, promoter = _SCALES[scale]
    return (scores >= promoter).astype(int) - (scores < passive).astype(int)


def last_answers(table: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The last answer per key; rows without a key (anonymous) each stand for themselves.

    Ties are broken by the answer's id and then the lower score, never by the order of rows.
    """
    keys = [key for key in keys if key in table]
    if not keys:
        return table
    order = [name for name in ("answered_at", "answer_id") if name in table]
    known = table[keys[0]].notna()
    ranked = table[known].sort_values("score", ascending=False, kind="stable").sort_values(order, kind="stable") \
        if order else table[known].sort_values("score", ascending=False, kind="stable")  # fmt: skip
    last = ranked.drop_duplicates(keys, keep="last")
    return pd.concat([last, table[~known]]).sort_index()


def client_column(table: pd.DataFrame, by: str, clients: pd.DataFrame | None) -> pd.Series:
    """The values of ``by`` for each row: the table's own column, else the client's.

    Raises
    ------
    DataError
        Where neither has it.
    """
    if by in table and table[by].notna().any():
        return table[by]
    clients = present(clients)
    if clients is not None and by in clients and "client_id" in table:
        known = clients.drop_duplicates("client_id").set_index("client_id")[by]
        return table["client_id"].map(known)
    if by in table:
        return table[by]
    raise DataError(f"Neither the answers nor the clients have a column {by!r}.", "Pass clients= with this column.")


def active_base(clients: pd.DataFrame | None) -> pd.DataFrame | None:
    """The clients whose opinion counts as the base's: neither lost nor prospects."""
    clients = present(clients)
    if clients is None:
        return None
    keep = pd.Series(True, index=clients.index)
    if "status" in clients:
        keep &= clients["status"].ne("lost").fillna(True).astype(bool)
    if "client_type" in clients:
        keep &= clients["client_type"].ne("prospect").fillna(True).astype(bool)
    return clients[keep]


def revenue_of(transactions: Orders | pd.DataFrame | None, seen: AsOf | None, months: int = 12) -> pd.Series | None:
    """Revenue per client over the months up to ``seen``, in currency units; None without deals."""
    if isinstance(transactions, Orders) and transactions.columns and seen is not None:
        since, until = (seen.month - (months - 1)).start_time, seen.end
        used = ("client_id", "date", "amount", "status")
        return transactions.once(
            ("revenue", since, until), lambda: _revenue(rows_of(transactions, used, since, until), seen, months)
        )
    deals = present(None if transactions is None else as_table(transactions))
    return None if deals is None else _revenue(deals, seen, months)


def _revenue(deals: pd.DataFrame, seen: AsOf | None, months: int) -> pd.Series:
    from ..money import to_minor

    if "status" in deals:
        deals = deals[~deals["status"].isin(["planned", "cancelled"])]
    date = moments(deals["date"])
    end = seen or read_as_of(None, date.max().to_period("M"))
    deals = deals[(date <= end.end) & (date >= (end.month - (months - 1)).start_time)]
    minor = to_minor(deals["amount"]).groupby(deals["client_id"]).sum()
    return (minor.astype("float64") / 100).rename("revenue")
