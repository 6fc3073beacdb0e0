"""All clients through preparation, evidence, silence and dating: candidates with their p-values."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from .calibration import p_value
from .dating import date_interval, pairs, projected
from .kernels import FAMILY, SHAPES, Tables, tables
from .model import (
    DOF,
    SD,
    Hyper,
    block_evidence,
    blocks,
    learn,
    likely,
    quiet_block,
    reference_hyper,
)  # fmt: skip
from .occurrence import Silence, silence, visit_evidence
from .prepare import LONGEST, Prepared, prepare, stray_months

__all__ = ["Found", "Rules", "candidates", "scan", "shape_columns"]

_KINDS = np.array(["level", "decay", "decay", "slope", "slope", "level"])
_STEPS = (3, 4)  # months by which lengths are told apart, below and above three years
_SMALL = 12
_WORTH = -0.1  # statistic of the first look from which every date is looked at
_LEFT = 0.05  # p-value of a silence from which the client is taken as gone
_SAMPLE = 300  # clients that the shares of quiet models are learned from
_LOT_MONTHS = 6  # first months of a client that decide whether it is in the sample
_FULLEST = 0.7  # share of a group, fullest first, that the sample is drawn from
_CHUNK = 2048  # clients dated at once: memory stays flat whatever their number
_NARROW = 0.86  # posterior mass of an interval whose coverage is 0.95
COLUMNS = [
    "row", "break_month", "low", "high", "kind", "direction", "effect", "effect_low", "effect_high", "p_value",
    "p_second", "lost", "shape",
]  # fmt: skip


@dataclass(frozen=True)
class Rules:
    """What a call asks for.

    Attributes
    ----------
    level : float
        Of the intervals.
    min_months : int
        Least months with a purchase.
    second : float
        p-value below which a second break is told apart from one.
    candidate : float
        p-value from which the dating is worth its time.
    few_models : bool
        Only the most common quiet models, for a second opinion.
    """

    level: float = 0.95
    min_months: int = 12
    second: float = 0.10
    candidate: float = 0.12
    few_models: bool = False

    @property
    def least(self) -> int:
        """Months with a purchase from which a silence can be judged, though the level cannot."""
        return 2 * self.min_months // 3


@dataclass(frozen=True, eq=False)
class Found:
    """Candidates of all clients.

    Attributes
    ----------
    rows : pandas.DataFrame
        row (position of the client), break_month, low, high (positions of months), kind, direction,
        effect, effect_low, effect_high, p_value (of the client), p_second (of a second break given
        the first), lost, shape.
    clients : pandas.DataFrame
        judged, reason, months, purchases, p_value.
    prepared : Prepared
    begin : int array
        First month looked at, of each client.
    judged : bool array
    hyper : Hyper
    values, calendar : arrays
        Volume of the months looked at, month of the year of each.
    kernel : int array
        Most likely quiet model of each client.
    offset : int
        Months of the panel before those looked at.
    statistic : float array
        Log Bayes factor of a break of the level (NaN where not judged).
    """

    rows: pd.DataFrame
    clients: pd.DataFrame
    prepared: Prepared
    begin: np.ndarray
    judged: np.ndarray
    hyper: Hyper
    values: np.ndarray = field(repr=False)
    calendar: np.ndarray = field(repr=False)
    offset: int
    rules: Rules
    kernel: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64), repr=False)
    statistic: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)


def scan(values: np.ndarray, start: int, rules: Rules | None = None) -> Found:
    """Candidates of all clients, with p-values of each client on its own."""
    rules = Rules() if rules is None else rules
    offset = max(values.shape[1] - LONGEST, 0)
    recent = values[:, offset:]
    months = recent.shape[1]
    calendar = (start + offset + np.arange(months)) % 12
    prepared = prepare(recent, calendar)
    purchases = prepared.bought.sum(1)
    judged = (purchases >= rules.min_months) & (months - prepared.first >= rules.min_months)
    begin = months - _length(months - prepared.first)
    groups = _groups(begin, judged)
    for rows in groups:
        f = begin[rows[0]]
        used = prepared.used[rows][:, f:]
        prepared.used[rows, f:] = used & ~stray_months(prepared.log[rows][:, f:], used)
        prepared.used[rows, :f] = False
    hyper = _learn(prepared, groups, begin)
    every = np.arange(len(values))
    draft = Found(pd.DataFrame(), pd.DataFrame(), prepared, begin, judged, hyper, recent, calendar, offset, rules)
    rows_, p, statistic, kernel = candidates(draft, every, np.zeros_like(every))
    rows_[["break_month", "low", "high"]] += offset
    clients = _clients(prepared, ~np.isnan(p), rules.min_months, p)
    return replace(draft, rows=rows_, clients=clients, kernel=kernel, statistic=statistic)


def candidates(
    found: Found, some: np.ndarray, back: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray, np.ndarray, np.ndarray]:
    """Candidates of some clients as of ``back`` months before the last one: rows, p-values, statistics, models.

    ``row`` of the table is a position in ``some``, which may hold a client more than once.
    """
    rules, prepared = found.rules, found.prepared
    months = found.values.shape[1]
    log, used, bought, known, values = (
        _shifted(array, some, back, empty)
        for array, empty in ((prepared.log, 0.0), (prepared.used, False), (prepared.bought, False),
                             (prepared.known, False), (found.values, np.nan))
    )  # fmt: skip
    first, begin = prepared.first[some] + back, found.begin[some] + back
    if rules.few_models:  # and few lengths
        begin = months - np.where(months - begin < 24, months - begin, (months - begin) // 6 * 6)
    judged = found.judged[some] & (bought.sum(1) >= rules.min_months) & (months - begin >= rules.min_months)
    # A month of the year is but a label there, so that the calendar needs no shift.
    quiet = silence(bought & (known.sum(1) >= rules.min_months)[:, None], known, found.calendar, rules.least)
    here = known & (np.arange(months) >= first[:, None])
    left = quiet.p_value < _LEFT
    here[quiet.rows[left]] &= np.arange(months) < quiet.since[left][:, None]
    visits = visit_evidence(bought, here, found.calendar)
    p, statistic = np.full((2, len(some)), np.nan)
    kernel = np.zeros(len(some), dtype=np.int64)
    parts = [_churn(quiet, values, rules)]
    for rows in _groups(begin, judged):
        parts += _group(log, used, visits, values, rows, int(begin[rows[0]]), found.hyper, statistic, p, kernel, rules)
    table = pd.DataFrame({name: np.concatenate([part[name] for part in parts]) for name in COLUMNS})
    return _tidy(table, quiet, p), p, statistic, kernel


def _shifted(array: np.ndarray, some: np.ndarray, back: np.ndarray, empty: Any) -> np.ndarray:
    """Rows moved right so that the month ``back`` before the last one becomes the last."""
    if not back.any():
        return array if len(some) == len(array) and (some == np.arange(len(array))).all() else array[some]
    place = np.arange(array.shape[1]) - back[:, None]
    return np.where(place >= 0, array[some[:, None], np.maximum(place, 0)], empty)


def _length(have: np.ndarray) -> np.ndarray:
    """Months looked at: few different lengths make few groups, at the price of up to two early months."""
    return np.where(have < 24, have, np.where(have < 36, have // _STEPS[0] * _STEPS[0], have // _STEPS[1] * _STEPS[1]))


def _groups(begin: np.ndarray, judged: np.ndarray) -> list[np.ndarray]:
    """Positions of clients with equal length, in blocks."""
    out = []
    for f in np.unique(begin[judged]):
        rows = np.flatnonzero(judged & (begin == f))
        out += [rows[i : i + _CHUNK] for i in range(0, len(rows), _CHUNK)]
    return out


def _clients(prepared: Prepared, judged: np.ndarray, min_months: int, p: np.ndarray) -> pd.DataFrame:
    known, purchases = prepared.known.sum(1), prepared.bought.sum(1)
    reason = np.where(purchases == 0, "no_data", np.where(known < min_months, "short", "sparse"))
    return pd.DataFrame({
        "judged": judged, "reason": pd.Series(reason, dtype="str").where(~judged), "months": known,
        "purchases": purchases, "p_value": np.where(judged, p, np.nan),
    })  # fmt: skip


def _learn(prepared: Prepared, groups: list[np.ndarray], begin: np.ndarray) -> Hyper:
    """Shares of the quiet models, from a sample of the most common lengths of history."""
    reference = reference_hyper()
    every = np.arange(len(reference.kernels))
    parts = []
    room = _SAMPLE
    for rows in sorted(groups, key=lambda rows: (-len(rows), begin[rows[0]])):
        f = int(begin[rows[0]])
        log, used = prepared.log[rows][:, f:], prepared.used[rows][:, f:]
        # Clients with few months missing first: they say most and cost least. Among them by lot, drawn from
        # their first months: neither the order of rows nor one month more changes who is taken.
        lot = np.abs(np.round(np.diff(prepared.log[rows][:, f : f + _LOT_MONTHS]).sum(1) * 1e4)) % 997
        order = np.lexsort((lot, (~used).sum(1)))
        order = order[: max(room, int(_FULLEST * len(order)))]
        chosen = order[np.argsort(lot[order], kind="stable")[:room]]
        log, used = log[chosen], used[chosen]
        for part in blocks(log, used):
            block = quiet_block(log[part], used[part], np.zeros(log[part].shape), every)
            parts.append(block_evidence(block, reference, thin=2))
        room -= len(log)
        if room <= 0:
            break
    if not parts:
        return reference
    quiet, broken = (np.concatenate([getattr(part, name) for part in parts]) for name in ("quiet", "broken"))
    return learn(quiet, broken, reference)


def _group(
    log: np.ndarray, used: np.ndarray, visits: np.ndarray, values: np.ndarray, group: np.ndarray, f: int, hyper: Hyper,
    statistic: np.ndarray, p: np.ndarray, kernel: np.ndarray, rules: Rules,
) -> list[dict[str, np.ndarray]]:  # fmt: skip
    """One group of clients of equal length; fills ``p`` and ``kernel``, returns its candidates."""
    found, months = [], log.shape[1]
    log_, used_, visits_ = (array[group][:, f:] for array in (log, used, visits))
    for part in blocks(log_, used_):
        rows = group[part]
        kept = hyper.kept(months if rules.few_models else int((~used_[part]).sum(1).max()))
        block = quiet_block(log_[part], used_[part], visits_[part], kept)
        active = None
        if len(rows) > _SMALL and not rules.few_models:  # a first look pays where many clients share the work
            evidence = block_evidence(block, hyper, thin=1)
            statistic[rows], kernel[rows] = evidence.statistic, kept[evidence.best_kernel]
            near = np.flatnonzero(evidence.statistic > _WORTH)
            if not len(near):
                continue
            rows, block, active = rows[near], block.take(near), likely(evidence, hyper, kept)[near]
        evidence = block_evidence(block, hyper, active=active)
        statistic[rows], kernel[rows] = evidence.statistic, kept[evidence.best_kernel]
        found.append({
            "row": rows, "z": block.z, "used": block.used, "dates": evidence.dates, "shapes": evidence.shapes,
            "single": evidence.single, "change": evidence.change,
        })  # fmt: skip
    p[group] = p_value(statistic[group], used_.sum(1), FAMILY[kernel[group] % len(FAMILY)])
    if not found:
        return []
    seen = {name: np.concatenate([part[name] for part in found]) for name in found[0]}
    keep = np.flatnonzero(p[seen["row"]] <= rules.candidate)
    seen = {name: values_[keep] for name, values_ in seen.items()}
    date = _date_plainly if rules.few_models else _date
    return [date(seen, f, kernel, p, values, rules)] if len(keep) else []


def _date_plainly(
    seen: dict[str, np.ndarray], f: int, kernel: np.ndarray, p: np.ndarray, values: np.ndarray, rules: Rules
) -> dict[str, np.ndarray]:
    """Month and direction of the strongest break of each client, no more."""
    rows = seen["row"]
    month, low, high = date_interval(seen["dates"], rules.level * _NARROW / 0.95)
    plain = {name: np.zeros(len(rows)) for name in COLUMNS}
    return plain | {
        "row": rows, "break_month": month + f, "low": low + f, "high": high + f, "p_value": p[rows],
        "kind": np.full(len(rows), "level"), "shape": np.full(len(rows), "step"),
        "direction": np.where(seen["change"] > 0, 1, -1),
    }  # fmt: skip


def _date(
    seen: dict[str, np.ndarray], f: int, kernel: np.ndarray, p: np.ndarray, values: np.ndarray, rules: Rules
) -> dict[str, np.ndarray]:
    """One or two candidates of each client whose level may have changed."""
    rows, z, used = seen["row"], seen["z"], seen["used"]
    table = tables(z.shape[1])
    at = np.arange(len(rows))
    dof = (used.sum(1) - 1 + DOF).astype(np.float32)
    precision = projected(used, table.precision[kernel[rows]])
    two = pairs(z, used, precision, seen["single"], dof)
    p_second = np.exp(-np.maximum(two.odds, 0))  # a Bayes factor's inverse bounds the p-value
    double = np.flatnonzero(p_second < rules.second)
    first = seen["dates"].copy()
    first[double] = two.first[double]
    month, low, high = date_interval(np.concatenate([first, two.second[double]]), rules.level * _NARROW / 0.95)
    single = [name != "pulse" for name in SHAPES]  # a pulse is a special pair
    shapes = seen["shapes"][:, single]
    shape = np.where(shapes.sum(1) > 0, shapes.argmax(1), 0)
    shape[double] = 0
    later = np.zeros(len(double), dtype=np.int64)
    local, part = np.r_[at, double], np.r_[np.zeros(len(at), dtype=np.int64), np.ones(len(double), dtype=np.int64)]
    sizes = _sizes(table, z, precision, dof, values[rows, f:], local, part, month, np.r_[shape, later], rules.level)
    return {
        "row": rows[local], "break_month": month + f, "low": low + f, "high": high + f,
        "p_value": p[rows][local], "p_second": np.where(part == 1, p_second[local], 0.0),
        **sizes,
    }  # fmt: skip


def _sizes(
    table: Tables, z: np.ndarray, precision: np.ndarray, dof: np.ndarray, values: np.ndarray, local: np.ndarray,
    part: np.ndarray, month: np.ndarray, shape: np.ndarray, level: float,
) -> dict[str, np.ndarray]:  # fmt: skip
    """Size of each change by generalised least squares with all breaks of the client."""
    from scipy.special import ndtri

    clients, months = z.shape
    columns = np.zeros((clients, months, 2))
    columns[local, :, part] = shape_columns(table, month, shape)
    weighted = precision @ columns.astype(np.float32)
    normal = columns.transpose(0, 2, 1) @ weighted
    idle = np.abs(columns).sum(1) == 0
    inverse = np.linalg.inv(normal + np.eye(2) * (1e-3 + idle[:, None, :]))
    score = np.einsum("ntk,nt->nk", weighted, z)
    change = np.einsum("nij,nj->ni", inverse, score)
    rss = np.einsum("nt,nt->n", (precision @ z[:, :, None])[:, :, 0], z) - (score * change).sum(1)
    spread = np.sqrt(np.einsum("nii->ni", inverse) * ((np.maximum(rss, 0) + DOF * SD**2) / dof)[:, None])
    size, error = change[local, part], spread[local, part] * ndtri((1 + level) / 2)
    path = columns[local, :, part] * size[:, None]
    end = path[:, -1]
    reach = columns[local, -1, part]
    second = np.full(clients, months)
    second[local[part == 1]] = month[part == 1]
    until = np.where(part == 0, second[local], months)
    money = np.where(np.arange(months) < until[:, None], np.nan_to_num(values[local]), 0)
    rise = size > 0
    return {
        "kind": np.where(rise, np.where(part == 1, "recovery", "rise"), _KINDS[shape]),
        "direction": np.where(rise, 1, -1), "effect": np.expm1(end),
        "effect_low": np.expm1(end - error * reach), "effect_high": np.expm1(end + error * reach),
        "lost": (money * np.expm1(-path)).sum(1), "shape": np.array(SHAPES)[shape],
    }  # fmt: skip


def shape_columns(table: Tables, start: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The column of a shape at a date; at dates too late for the shape a step."""
    lookup = np.full((len(SHAPES), table.months), -1)
    lookup[table.shape, table.start] = np.arange(len(table.start))
    column = lookup[shape, start]
    step = (np.arange(table.months) >= start[:, None]).astype(float)
    return np.where((column >= 0)[:, None] & (shape != 0)[:, None], table.shapes.T[column], step)


def _churn(quiet: Silence, values: np.ndarray, rules: Rules) -> dict[str, np.ndarray]:
    """Candidates of clients that are silent at the end."""
    keep = quiet.p_value <= rules.candidate
    rows, since = quiet.rows[keep], quiet.since[keep][:, None]
    months, n = values.shape[1], int(keep.sum())
    none = np.zeros(0, dtype=np.int64)
    month, low, high = date_interval(quiet.dates[keep], rules.level) if n else (none, none, none)
    year = (np.arange(months) >= since - 12) & (np.arange(months) < since)
    usual = np.where(year, values[rows], np.nan)
    usual = np.nansum(usual, 1) / np.maximum((~np.isnan(usual)).sum(1), 1)
    whole = np.full(n, -1.0)
    return {
        "row": rows, "break_month": month, "low": low, "high": high, "kind": np.full(n, "churn"),
        "direction": np.full(n, -1), "effect": whole, "effect_low": whole, "effect_high": whole,
        "p_value": quiet.p_value[keep], "p_second": np.zeros(n), "lost": usual * (months - month),
        "shape": np.full(n, "silence"),
    }  # fmt: skip


def _tidy(rows: pd.DataFrame, quiet: Silence, p: np.ndarray) -> pd.DataFrame:
    """A client that has left did not also fall in its last months; its p-value counts the silence."""
    since = np.full(len(p), np.iinfo(np.int64).max)
    left = rows[(rows["kind"] == "churn") & (rows["p_value"] < _LEFT)]
    since[left["row"].to_numpy(dtype=np.int64)] = left["break_month"].to_numpy()
    late = (rows["kind"] != "churn") & (rows["break_month"] >= since[rows["row"].to_numpy(dtype=np.int64)] - 4)
    np.fmin.at(p, quiet.rows, quiet.p_value)
    return rows.loc[~late].reset_index(drop=True)
