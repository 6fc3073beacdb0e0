"""All clients through preparation, evidence, silence and dating: candidates with their p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from .calibration import p_value
from .dating import date_interval, pairs
from .kernels import SHAPES, Tables, tables
from .model import _DOF, Evidence, Hyper, group_evidence, learn, log_sum, reference_hyper
from .occurrence import Silence, silence, visit_evidence
from .prepare import LONGEST, Prepared, prepare, stray_months

__all__ = ["Found", "scan", "shape_columns"]

_KIND = {"step": "level", "pulse": "level", "decay": "decay", "deep_decay": "decay", "slope": "slope", "deep_slope": "slope"}
_LEFT = 0.05  # p-value of a silence from which the client is taken as gone
_CANDIDATE = 0.2  # p-value from which the dating is worth its time
_SAMPLE = 400  # clients that the shares of quiet models are learned from
_SECOND = 0.08  # p-value below which a second break is told apart from one
_WIDEN = 1.0


@dataclass(frozen=True, eq=False)
class Found:
    """Candidates of all clients.

    Attributes
    ----------
    rows : pandas.DataFrame
        row (position of the client), break_month, low, high (positions of months), kind, direction,
        effect, effect_low, effect_high, p_value, lost.
    clients : pandas.DataFrame
        judged, reason, months, purchases, p_value.
    """

    rows: pd.DataFrame
    clients: pd.DataFrame
    prepared: Prepared
    kernel: np.ndarray
    hyper: Hyper
    offset: int


def scan(values: np.ndarray, start: int, *, level: float = 0.95, min_months: int = 12) -> Found:
    """Candidates of all clients, with p-values of each client on its own."""
    offset = max(values.shape[1] - LONGEST, 0)
    recent = values[:, offset:]
    calendar = (start + offset + np.arange(recent.shape[1])) % 12
    prepared = prepare(recent, calendar)
    purchases = prepared.bought.sum(1)
    judged = (purchases >= min_months) & (recent.shape[1] - prepared.first >= min_months)
    groups = [np.flatnonzero(judged & (prepared.first == f)) for f in np.unique(prepared.first[judged])]
    for rows in groups:
        f = prepared.first[rows[0]]
        used = prepared.used[rows][:, f:]
        prepared.used[rows, f:] = used & ~stray_months(prepared.log[rows][:, f:], used)
    hyper = _learn(prepared, groups)
    quiet = silence(prepared.bought, prepared.known, calendar, min_months)
    here = prepared.known & (np.arange(recent.shape[1]) >= prepared.first[:, None])
    left = quiet.p_value < _LEFT
    here[quiet.rows[left]] &= np.arange(recent.shape[1]) < quiet.since[left][:, None]
    visits = visit_evidence(prepared.bought, here, calendar)
    p = np.full(len(values), np.nan)
    kernel = np.zeros(len(values), dtype=np.int64)
    frames = []
    for rows in groups:
        f = int(prepared.first[rows[0]])
        log, used = prepared.log[rows][:, f:], prepared.used[rows][:, f:]
        evidence = group_evidence(log, used, hyper, visits[rows][:, f:])
        p[rows] = p_value(evidence.statistic, used.sum(1))
        kernel[rows] = evidence.best_kernel
        if (p[rows] < _CANDIDATE).any():
            frames.append(_level_rows(rows, f, log, used, evidence, p[rows], recent, level, hyper))
    frames.append(_churn_rows(quiet, recent, judged, level))
    rows_ = _tidy(pd.concat(frames, ignore_index=True), quiet, p)
    rows_[["break_month", "low", "high"]] += offset
    known = prepared.known.sum(1)
    reason = np.where(judged, "", np.where(purchases == 0, "no_data", np.where(known < min_months, "short", "sparse")))
    clients = pd.DataFrame({
        "judged": judged, "reason": pd.Series(reason, dtype="str").where(~judged), "months": known,
        "purchases": purchases, "p_value": p,
    })  # fmt: skip
    return Found(rows_, clients, prepared, kernel, hyper, offset)


def _learn(prepared: Prepared, groups: list[np.ndarray]) -> Hyper:
    """Shares of the quiet models, from every k-th client of a panel that is larger than the sample."""
    reference = reference_hyper()
    total = sum(len(rows) for rows in groups)
    if not total:
        return reference
    step = max(total // _SAMPLE, 1)
    parts = []
    for rows in groups:
        f = int(prepared.first[rows[0]])
        log, used = prepared.log[rows][:, f:], prepared.used[rows][:, f:]
        if step > 1:
            # Chosen by what the client looks like, so that the order of rows does not matter.
            order = np.lexsort((np.round((log**2).sum(1), 6), used.sum(1)))
            chosen = order[step // 2 :: step] if len(rows) >= step else order[: len(rows) // 2]
            log, used = log[chosen], used[chosen]
        if len(log):
            parts.append(group_evidence(log, used, reference))
    quiet, broken = (np.concatenate([getattr(part, name) for part in parts]) for name in ("quiet", "broken"))
    return learn(quiet, broken, reference)


def _level_rows(
    rows: np.ndarray, first: int, log: np.ndarray, used: np.ndarray, evidence: Evidence, p: np.ndarray,
    values: np.ndarray, level: float, hyper: Hyper,
) -> pd.DataFrame:  # fmt: skip
    """One or two candidates of each client whose level may have changed."""
    keep = np.flatnonzero(p < _CANDIDATE)
    log, used, rows = log[keep], used[keep], rows[keep]
    table = tables(log.shape[1])
    kernel = evidence.best_kernel[keep]
    dof = used.sum(1) - 1 + _DOF
    at = np.arange(len(keep))
    single = [name != "pulse" for name in SHAPES]  # a pulse is a special pair
    one = log_sum(evidence.broken[keep][at, kernel][:, single], 1) - evidence.quiet[keep][at, kernel]
    # The plug-in variance of that model alone, as in its evidence.
    two = pairs(log, used, kernel, one, *_base(log, used, kernel, dof), dof)
    second = np.exp(-np.maximum(two.odds, 0))  # a Bayes factor's inverse bounds the p-value
    double = second < _SECOND
    column, change = evidence.best_column[keep], evidence.change[keep]
    shape = evidence.shapes[keep].copy()
    shape[:, SHAPES.index("pulse")] = 0
    frames = []
    for which, dates in enumerate((np.where(double[:, None], two.first, evidence.dates[keep]), two.second)):
        mask = np.ones(len(keep), dtype=bool) if which == 0 else double
        if not mask.any():
            continue
        month, low, high = date_interval(dates[mask], level, _WIDEN)
        frames.append(pd.DataFrame({
            "row": rows[mask], "break_month": month, "low": low, "high": high, "part": which,
            "local": np.flatnonzero(mask),
            "p_value": p[keep][mask], "p_second": second[mask] * which,
        }))  # fmt: skip
    found = pd.concat(frames, ignore_index=True)
    local = found["local"].to_numpy()
    found["shape"] = np.where(double[local], 0, shape.argmax(1)[local])
    return _sizes(found, log, used, kernel, values[:, first:], level).assign(
        break_month=lambda x: x["break_month"] + first, low=lambda x: x["low"] + first, high=lambda x: x["high"] + first
    )


def _base(log: np.ndarray, used: np.ndarray, kernel: np.ndarray, dof: np.ndarray) -> tuple[np.ndarray]:
    from .model import _SD, _quiet
    from .prepare import missing_groups

    table = tables(log.shape[1])
    rss = np.zeros(len(log))
    z = np.where(used, log, 0).astype(np.float32)
    for g in np.unique(kernel):
        rows = kernel == g
        rss[rows] = _quiet(z[rows], table.precision[g], missing_groups(~used[rows]))[0]
    return ((_DOF * _SD**2 + rss) / dof,)


def _sizes(
    found: pd.DataFrame, log: np.ndarray, used: np.ndarray, kernel: np.ndarray, values: np.ndarray, level: float
) -> pd.DataFrame:
    """Size of each candidate's change by generalised least squares with all breaks of the client."""
    from scipy.special import ndtri

    from .dating import projected

    table = tables(log.shape[1])
    months = log.shape[1]
    clients = len(log)
    columns = np.zeros((clients, months, 2))
    for part in (0, 1):
        mask = (found["part"] == part).to_numpy()
        local, b, s = (found[name].to_numpy()[mask] for name in ("local", "break_month", "shape"))
        columns[local, :, part] = shape_columns(table, b, s)
    change, sd = np.zeros((2, clients, 2))
    for g in np.unique(kernel):
        rows = np.flatnonzero(kernel == g)
        precision = projected(log[rows], used[rows], table.precision[g]).astype(float)
        x = columns[rows]
        weighted = precision @ x
        ridge = np.eye(2) * 1e-3 + np.eye(2) * (np.abs(x).sum(1) == 0)[:, None, :]
        inverse = np.linalg.inv(x.transpose(0, 2, 1) @ weighted + ridge)
        z = np.where(used[rows], log[rows], 0)
        score = np.einsum("ntk,nt->nk", weighted, z)
        change[rows] = np.einsum("nij,nj->ni", inverse, score)
        rss = np.einsum("nt,nts,ns->n", z, precision, z) - (score * change[rows]).sum(1)
        dof = used[rows].sum(1) - 1 + _DOF
        variance = (np.maximum(rss, 0) + _DOF * 0.2**2) / dof
        sd[rows] = np.sqrt(np.einsum("nii->ni", inverse) * variance[:, None])
    local, part = found["local"].to_numpy(), found["part"].to_numpy()
    size, error = change[local, part], sd[local, part] * ndtri((1 + level) / 2)
    path = columns[local, :, part] * size[:, None]
    end = path[:, -1]
    reach = np.where(size != 0, end / np.where(size == 0, 1, size), 1)
    money = np.nan_to_num(values[found["row"].to_numpy()])
    second = np.full(clients, months)
    mask = part == 1
    second[local[mask]] = found["break_month"].to_numpy()[mask]
    until = np.where(part == 0, second[local], months)
    live = np.arange(months) < until[:, None]
    lost = (money * np.expm1(-path) * live).sum(1)
    shape_names = np.array([_KIND[name] for name in SHAPES])
    rise = size > 0
    kind = np.where(rise, np.where(part == 1, "recovery", "rise"), shape_names[found["shape"].to_numpy()])
    return found.assign(
        shape=np.array(SHAPES)[found["shape"].to_numpy()], kind=kind, direction=np.where(rise, 1, -1), effect=np.expm1(end),
        effect_low=np.expm1(end - error * reach), effect_high=np.expm1(end + error * reach), lost=lost,
    )  # fmt: skip


def shape_columns(table: Tables, start: np.ndarray, shape: np.ndarray) -> np.ndarray:
    """The column of a shape at a date; at dates too late for the shape a step."""
    lookup = np.full((len(SHAPES), table.months), -1)
    lookup[table.shape, table.start] = np.arange(len(table.start))
    column = lookup[shape, start]
    step = (np.arange(table.months) >= start[:, None]).astype(float)
    return np.where((column >= 0)[:, None] & (shape != 0)[:, None], table.shapes.T[column], step)


def _churn_rows(quiet: Silence, values: np.ndarray, judged: np.ndarray, level: float) -> pd.DataFrame:
    """Candidates of clients that are silent at the end."""
    keep = judged[quiet.rows] & (quiet.p_value < _CANDIDATE)
    rows, dates = quiet.rows[keep], quiet.dates[keep]
    months = values.shape[1]
    month, low, high = date_interval(dates, level) if len(rows) else (np.zeros(0, dtype=np.int64),) * 3
    year = (np.arange(months) >= quiet.since[keep][:, None] - 12) & (np.arange(months) < quiet.since[keep][:, None])
    usual = np.where(year, values[rows], np.nan)
    usual = np.nansum(usual, 1) / np.maximum((~np.isnan(usual)).sum(1), 1)
    return pd.DataFrame({
        "row": rows, "break_month": month, "low": low, "high": high, "part": 2, "shape": "silence",
        "p_value": quiet.p_value[keep], "p_second": 0.0, "kind": "churn", "direction": -1, "effect": -1.0, "effect_low": -1.0,
        "effect_high": -1.0, "lost": usual * (months - month),
    })  # fmt: skip


def _tidy(rows: pd.DataFrame, quiet: Silence, p: np.ndarray) -> pd.DataFrame:
    """A client that has left did not also fall in its last months; its p-value counts the silence."""
    since = np.full(len(p), np.iinfo(np.int64).max)
    left = rows[(rows["kind"] == "churn") & (rows["p_value"] < _LEFT)]
    since[left["row"].to_numpy(dtype=np.int64)] = left["break_month"].to_numpy()
    late = (rows["kind"] != "churn") & (rows["break_month"] >= since[rows["row"].to_numpy(dtype=np.int64)] - 4)
    np.fmin.at(p, quiet.rows, quiet.p_value)
    order = ["row", "break_month", "low", "high", "kind", "direction", "effect", "effect_low", "effect_high", "p_value", "p_second", "lost", "shape"]
    return rows.loc[~late, order].reset_index(drop=True)
