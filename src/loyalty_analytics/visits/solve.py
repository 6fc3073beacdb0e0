"""The mixed-integer programme behind the plan, one visitor at a time, in lexicographic stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

__all__ = ["Problem", "solve"]

_STAGES = ["broken_rules", "contacts_lacking", "changes", "contacts", "below_goal"]


@dataclass(frozen=True)
class Problem:
    """Rules, agreed contacts and capacities in months of the plan (1 … months)."""

    rules: pd.DataFrame  # client, first, last, need, meeting, weight
    agreed: pd.DataFrame  # client, month, meeting
    visitor: np.ndarray  # number of the visitor of each client
    goal: np.ndarray  # visitor × month
    limit: np.ndarray
    months: int
    time_limit: float


def solve(problem: Problem) -> tuple[pd.DataFrame, np.ndarray, pd.DataFrame]:
    """Contacts (client, month, meeting, agreed), contacts lacking per rule, optimum per stage."""
    cells = _cells(problem)
    lacking = np.zeros(len(problem.rules), dtype=np.int64)
    cell_visitor = problem.visitor[cells["client"].to_numpy()]
    rule_visitor = problem.visitor[problem.rules["client"].to_numpy()]
    taken, values = np.zeros(len(cells), dtype=bool), []
    for visitor in np.unique(cell_visitor):
        columns, rows = np.flatnonzero(cell_visitor == visitor), np.flatnonzero(rule_visitor == visitor)
        x, short, found = _one_visitor(
            cells.iloc[columns], problem.rules.iloc[rows], problem.goal[visitor], problem.limit[visitor], problem
        )
        taken[columns], lacking[rows] = x, short
        values.append(found)
    stages = pd.DataFrame({"stage": _STAGES, "value": 0, "gap": 0.0})
    if values:
        stages["value"] = np.sum([[value for value, _ in found] for found in values], axis=0)
        stages["gap"] = np.max([[gap for _, gap in found] for found in values], axis=0)
    contacts = cells[taken].sort_values(
        ["month", "client", "meeting"], ascending=[True, True, False], ignore_index=True
    )
    return contacts, lacking, stages


def _cells(problem: Problem) -> pd.DataFrame:
    """Contacts that could serve: client, month, meeting, agreed. Months outside every rule are left out."""
    rules = problem.rules
    first = np.maximum(rules["first"].to_numpy(), 1)
    length = np.maximum(rules["last"].to_numpy() - first + 1, 0)
    month = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length, length) + np.repeat(first, length)
    client = np.repeat(rules["client"].to_numpy(), length)
    call = np.repeat(~rules["meeting"].to_numpy(bool), length)
    meetings = pd.DataFrame({"client": client, "month": month, "meeting": True})
    calls = pd.DataFrame({"client": client[call], "month": month[call], "meeting": False})
    wanted = pd.concat([meetings, calls, problem.agreed]).drop_duplicates(ignore_index=True)
    agreed = problem.agreed.assign(agreed=True)
    cells = wanted.merge(agreed, on=["client", "month", "meeting"], how="left")
    cells["agreed"] = cells["agreed"].notna()
    return cells.sort_values(["client", "month", "meeting"], ignore_index=True).astype(
        {"client": np.int64, "month": np.int64}
    )


def _one_visitor(
    cells: pd.DataFrame, rules: pd.DataFrame, goal: np.ndarray, limit: np.ndarray, problem: Problem
) -> tuple[np.ndarray, np.ndarray, list[tuple[int, float]]]:
    """Columns: cells, contacts lacking per rule, rule broken, meetings below the goal per month."""
    n, r, months = len(cells), len(rules), problem.months
    month, meeting = cells["month"].to_numpy(), cells["meeting"].to_numpy(bool)
    agreed, need = cells["agreed"].to_numpy(bool), rules["need"].to_numpy()
    serves = _serves(cells, rules)
    load = sparse.csr_array((np.ones(meeting.sum()), (month[meeting] - 1, np.flatnonzero(meeting))), shape=(months, n))
    one, none = sparse.eye_array, sparse.csr_array
    blocks = sparse.block_array(
        [
            [serves, one(r), none((r, r)), none((r, months))],  # contacts + lacking ≥ need
            [none((r, n)), -one(r), sparse.diags_array(need.astype(float)), none((r, months))],  # lacking ≤ need·broken
            [load, none((months, r)), none((months, r)), one(months)],  # meetings + below ≥ goal
            [-load, none((months, r)), none((months, r)), none((months, months))],  # meetings ≤ limit
        ],
        format="csr",
    )
    lower = np.concatenate([need, np.zeros(r), goal, -limit]).astype(float)
    upper = np.concatenate([np.ones(n), need, np.ones(r), np.maximum(goal, 0)]).astype(float)
    zero = np.zeros
    costs = [
        np.concatenate([zero(n + r), rules["weight"].to_numpy(float), zero(months)]),
        np.concatenate([zero(n), np.ones(r), zero(r + months)]),
        np.concatenate([-agreed.astype(float), zero(2 * r + months)]),
        np.concatenate([np.ones(n), zero(2 * r + months)]),
        np.concatenate([zero(n + 2 * r), np.ones(months)]),
    ]
    x, found = _stages(costs, blocks, lower, upper, problem.time_limit)
    found[2] = (found[2][0] + int(agreed.sum()), found[2][1])  # agreed contacts given up
    return x[:n] > 0.5, np.rint(x[n : n + r]).astype(np.int64), found


def _serves(cells: pd.DataFrame, rules: pd.DataFrame) -> sparse.csr_array:
    """Rule × cell: 1 where the contact counts towards the rule."""
    pairs = (
        rules.reset_index(drop=True)
        .reset_index(names="rule_row")
        .merge(cells.reset_index(drop=True).reset_index(names="cell_row"), on="client", suffixes=("", "_cell"))
    )
    fits = pairs["month"].between(pairs["first"], pairs["last"]) & (pairs["meeting_cell"] | ~pairs["meeting"])
    pairs = pairs[fits]
    place = (pairs["rule_row"].to_numpy(), pairs["cell_row"].to_numpy())
    return sparse.csr_array((np.ones(len(pairs)), place), shape=(len(rules), len(cells)))


def _stages(
    costs: list[np.ndarray], blocks: sparse.csr_array, lower: np.ndarray, upper: np.ndarray, time_limit: float
) -> tuple[np.ndarray, list[tuple[int, float]]]:
    """Minimise the costs one after another; each optimum becomes a constraint of the next stage."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    constraints = [LinearConstraint(blocks, lower, np.inf)]
    x, found = np.zeros(len(upper)), []
    for cost in costs:
        if not cost.any():
            found.append((0, 0.0))
            continue
        result = milp(
            cost,
            constraints=constraints,
            integrality=np.ones(len(upper)),
            bounds=Bounds(0, upper),
            options={"time_limit": time_limit, "mip_rel_gap": 0.0},
        )
        if result.x is not None:  # out of time without a better solution: the last stage's stays
            x = np.rint(result.x)
        best = round(float(cost @ x))
        found.append((best, float(result.mip_gap or 0.0) if result.x is not None else float("nan")))
        constraints.append(LinearConstraint(cost[None, :], -np.inf, best + 0.5))
    return x, found
