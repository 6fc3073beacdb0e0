"""The mixed-integer programme behind the plan, one visitor at a time, in lexicographic stages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

__all__ = ["Problem", "solve"]

# Weights of stages solved together stay below this, far from the solver's tolerance of 1e-6.
_LARGEST = 200_000
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
    """Columns: cells, meetings below the goal per month, contacts lacking per rule, rule broken.

    Most visitors can keep every rule: that plan is looked for first, without the columns of broken rules.
    """
    model = _Model(cells, rules, goal, limit, problem.months)
    whole = _stages(model.lower_costs(), *model.constraints(kept=True), model.sizes, problem.time_limit)
    if whole is not None:
        x, found = whole
        return x[: model.n] > 0.5, np.zeros(model.r, dtype=np.int64), [(0, 0.0), (0, 0.0), *model.told(found)]
    costs = [*model.upper_costs(rules), *(model.widened(cost) for cost in model.lower_costs())]
    sizes = [int(rules["weight"].sum()), int(rules["need"].sum()), *model.sizes]
    solved = _stages(costs, *model.constraints(kept=False), sizes, problem.time_limit)
    if solved is None:  # out of time without any plan: nothing is planned, everything lacks
        nothing = [(0, float("nan"))] * len(_STAGES)
        return np.zeros(model.n, dtype=bool), rules["need"].to_numpy(), nothing
    x, found = solved
    lacking = np.rint(x[model.n + model.months : model.n + model.months + model.r]).astype(np.int64)
    return x[: model.n] > 0.5, lacking, [*found[:2], *model.told(found[2:])]


class _Model:
    """Matrices of one visitor's plan."""

    def __init__(
        self, cells: pd.DataFrame, rules: pd.DataFrame, goal: np.ndarray, limit: np.ndarray, months: int
    ) -> None:
        self.n, self.r, self.months, self.goal, self.limit = len(cells), len(rules), months, goal, limit
        meeting = cells["meeting"].to_numpy(bool)
        place = (cells["month"].to_numpy()[meeting] - 1, np.flatnonzero(meeting))
        self.load = sparse.csr_array((np.ones(meeting.sum()), place), shape=(months, self.n))
        self.agreed, self.need = cells["agreed"].to_numpy(bool), rules["need"].to_numpy()
        self.serves = _serves(cells, rules)
        # The largest value of each lower stage: changes, contacts, meetings below the goal.
        self.sizes = [int(self.agreed.sum()), self.n, int(np.maximum(goal, 0).sum())]

    def lower_costs(self) -> list[np.ndarray]:
        """Changes to what is agreed, contacts, meetings below the goal."""
        none = np.zeros(self.months)
        return [
            np.concatenate([-self.agreed.astype(float), none]),
            np.concatenate([np.ones(self.n), none]),
            np.concatenate([np.zeros(self.n), np.ones(self.months)]),
        ]

    def upper_costs(self, rules: pd.DataFrame) -> list[np.ndarray]:
        """Broken rules by weight, contacts lacking."""
        n, r = self.n + self.months, self.r
        return [
            np.concatenate([np.zeros(n + r), rules["weight"].to_numpy(float)]),
            np.concatenate([np.zeros(n), np.ones(r), np.zeros(r)]),
        ]

    def widened(self, cost: np.ndarray) -> np.ndarray:
        """A cost over the columns of broken rules too."""
        return np.concatenate([cost, np.zeros(2 * self.r)])

    def told(self, found: list[tuple[int, float]]) -> list[tuple[int, float]]:
        """Agreed contacts given up instead of (minus) those kept."""
        return [(found[0][0] + self.sizes[0], found[0][1]), *found[1:]]

    def constraints(self, kept: bool) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
        """Matrix and lower bounds of the rows, upper bounds of the columns."""
        one, none = sparse.eye_array, sparse.csr_array
        n, r, months = self.n, self.r, self.months
        rows = [
            [self.serves, none((r, months))],  # contacts (+ lacking) ≥ need
            [self.load, one(months)],  # meetings + below ≥ goal
            [-self.load, none((months, months))],  # meetings ≤ limit
        ]
        lower = [self.need, self.goal, -self.limit]
        upper = [np.ones(n), np.maximum(self.goal, 0)]
        if not kept:
            rows = [
                [*rows[0], one(r), none((r, r))],
                [*rows[1], none((months, r)), none((months, r))],
                [*rows[2], none((months, r)), none((months, r))],
                # lacking ≤ need · broken
                [none((r, n)), none((r, months)), -one(r), sparse.diags_array(self.need.astype(float))],
            ]
            lower, upper = [*lower, np.zeros(r)], [*upper, self.need, np.ones(r)]
        return sparse.block_array(rows, format="csr"), np.concatenate(lower).astype(float), np.concatenate(upper)


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
    costs: list[np.ndarray],
    blocks: sparse.csr_array,
    lower: np.ndarray,
    upper: np.ndarray,
    sizes: list[int],
    time_limit: float,
) -> tuple[np.ndarray, list[tuple[int, float]]] | None:
    """Minimise the costs one after another; None where no plan exists.

    ``sizes`` bounds each cost's spread. Neighbouring stages become one where an integer weight above the
    spread of the lower one keeps their order exactly and the numbers stay small; each optimum becomes a
    constraint of what follows.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    constraints = [LinearConstraint(blocks, lower, np.inf)]
    x: np.ndarray | None = None
    gaps = [0.0] * len(costs)
    for group in _groups(costs, sizes):
        cost = _joined(costs, sizes, group)
        if x is not None and not cost.any():
            continue
        result = milp(
            cost,
            constraints=constraints,
            integrality=np.ones(len(upper)),
            bounds=Bounds(0, upper),
            options={"time_limit": time_limit, "mip_rel_gap": 0.0},
        )
        if result.x is None and x is None:
            return None
        if result.x is not None:  # out of time without a better solution: the last stage's stays
            x = np.rint(result.x)
        gap = float(result.mip_gap or 0.0) if result.x is not None else float("nan")
        for stage in group:
            gaps[stage] = gap
            best = round(float(costs[stage] @ x))
            if group[-1] < len(costs) - 1 and costs[stage].any():
                constraints.append(LinearConstraint(costs[stage][None, :], -np.inf, best + 0.5))
    assert x is not None
    return x, [(round(float(cost @ x)), gap) for cost, gap in zip(costs, gaps)]


def _groups(costs: list[np.ndarray], sizes: list[int]) -> list[list[int]]:
    """Stages that are solved together: the product of their spreads stays small."""
    groups: list[list[int]] = []
    product = _LARGEST + 1
    for stage, size in enumerate(sizes):
        if product * (size + 1) > _LARGEST:
            groups.append([stage])
            product = size + 1
        else:
            groups[-1].append(stage)
            product *= size + 1
    return groups


def _joined(costs: list[np.ndarray], sizes: list[int], group: list[int]) -> np.ndarray:
    total = costs[group[0]]
    for stage in group[1:]:
        total = total * (sizes[stage] + 1) + costs[stage]
    return total
