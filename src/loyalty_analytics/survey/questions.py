"""The bank of questions for short monitoring interviews and the rota that deals them out."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd
import yaml

from ..errors import DataError
from ..results import as_table

__all__ = ["OPINIONS", "question_bank", "rota"]

OPINIONS = ("product", "staff", "price", "logistics", "service", "company")


def question_bank(metrics: Sequence[str] | None = None) -> pd.DataFrame:
    """The shipped questions, as the canonical table ``questions``.

    Parameters
    ----------
    metrics : choose by metric {nps, csat, ces, manager_csat, factor, text}; None = all

    Returns
    -------
    pandas.DataFrame
        question_id, metric, text_ru, text_en, scale_min, scale_max (null for texts), cause, stage

    >>> question_bank(["nps"])[["question_id", "scale_min", "scale_max"]].values.tolist()
    [['recommend', 0.0, 10.0]]
    """
    text = files(__package__).joinpath("bank.yaml").read_text(encoding="utf-8")
    rows = [{"question_id": key, **entry} for key, entry in yaml.safe_load(text).items()]
    columns = ["question_id", "metric", "text_ru", "text_en", "scale_min", "scale_max", "cause", "stage"]
    bank = pd.DataFrame(rows).reindex(columns=columns)
    bank[["scale_min", "scale_max"]] = bank[["scale_min", "scale_max"]].astype("float64")
    for name in ("cause", "stage"):
        bank[name] = bank[name].astype("str").where(bank[name].notna())
    return bank if metrics is None else bank[bank["metric"].isin(list(metrics))].reset_index(drop=True)


def rota(
    clients: Any, questions: Sequence[Any], wave: int, *, seed: int = 0, log: pd.DataFrame | None = None,
    anchor: Any = None,
) -> pd.DataFrame:  # fmt: skip
    """One question per client for a wave; in as many waves as questions each client meets all of them.

    Parameters
    ----------
    clients : table with client_id, or ids
    questions : ids to deal out, k of them
    wave : number of the wave, rising by one
    seed : of the draw; the same seed and log give the same rota
    log : rows of earlier waves as this function gave them; newcomers are dealt where the wave is thinnest
    anchor : id of a question that everybody gets besides, or None

    Returns
    -------
    pandas.DataFrame
        wave, client_id, question_id, ask_probability (1/k, the anchor 1), anchor bool: the log of the draw. Weight an
        answer with 1/ask_probability.

    Examples
    --------
    >>> deal = [rota(["A", "B", "C"], ["q1", "q2", "q3"], wave) for wave in range(3)]
    >>> pd.concat(deal).groupby("client_id")["question_id"].nunique().tolist()
    [3, 3, 3]
    """
    ids = as_table(clients)["client_id"] if hasattr(clients, "columns") or hasattr(clients, "frame") else clients
    # Sorted first: the deal must not depend on the order of rows.
    names = pd.Series(ids).dropna().drop_duplicates()
    names = names.iloc[names.astype("str").argsort(kind="stable")].reset_index(drop=True)
    bank = list(dict.fromkeys(questions))
    if not bank:
        raise DataError("The rota has no question.", "Give the ids of the questions to deal out.")
    k = len(bank)
    rng = np.random.default_rng([seed, k])
    order = rng.permutation(k)
    place = {bank[question]: number for number, question in enumerate(order)}
    offset = _offsets(names, place, wave, log, rng)
    chosen = [bank[order[number]] for number in (offset + wave) % k]
    drawn = pd.DataFrame({"wave": wave, "client_id": names, "question_id": chosen, "ask_probability": 1 / k,
                          "anchor": False})  # fmt: skip
    if anchor is None:
        return drawn
    fixed = pd.DataFrame({"wave": wave, "client_id": names, "question_id": anchor, "ask_probability": 1.0,
                          "anchor": True})  # fmt: skip
    return pd.concat([drawn, fixed], ignore_index=True)


def _offsets(
    names: pd.Series, place: dict[Any, int], wave: int, log: pd.DataFrame | None, rng: np.random.Generator
) -> np.ndarray:
    """Where each client stands in the circle of questions; the known keep their place."""
    k = len(place)
    known = pd.Series(np.nan, index=names.index)
    if log is not None and len(log):
        past = log[log["question_id"].isin(list(place)) & (log["wave"] < wave)]
        if "anchor" in past:
            past = past[~past["anchor"].astype(bool)]
        past = past.sort_values("wave", kind="stable").drop_duplicates("client_id", keep="last")
        stand = (past["question_id"].map(place).astype(int) - past["wave"].astype(int)) % k
        known = names.map(dict(zip(past["client_id"], stand))).astype("float64")
    new = np.flatnonzero(known.isna().to_numpy())
    held = np.bincount(known.dropna().astype(int), minlength=k)
    # Deal to the emptiest place each time: sort (load after the deal, place) over all free seats.
    seats = np.add.outer(np.arange(len(new) + 1), np.zeros(k, dtype=int))
    cards = np.tile(rng.permutation(k), len(new) + 1)
    loads = (seats + held[cards[:k]]).ravel()
    best = cards[np.argsort(loads, kind="stable")[: len(new)]]
    offset = known.to_numpy(dtype=np.float64, copy=True)
    offset[rng.permutation(new)] = best
    return offset.astype(np.int64)
