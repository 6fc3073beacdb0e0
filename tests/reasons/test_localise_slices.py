"""Localisation: exact sums, the plain loop, order of rows, known worlds."""

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.breaks import localise as module


@pytest.fixture
def world(slice_worlds):
    return slice_worlds.business(np.random.default_rng(12))


def test_planted_slices_are_found(slice_worlds, world):
    before, after, names, truth = world
    assert truth
    assert slice_worlds.named(la.localise(before, after, names).table, names) == truth


def test_parts_are_the_sums_of_the_cells(world):
    before, after, names, _ = world
    result = la.localise(before, after, names)
    claimed = pd.Series(False, index=after.index)
    for row in result.table.to_dict("records"):
        inside = pd.Series(True, index=after.index)
        for name in names:
            inside &= (after[name] == row[name]) if pd.notna(row[name]) else True
        own = inside & ~claimed
        claimed |= inside
        minor = [int(np.rint(table.loc[own, "amount"] * 100).sum()) for table in (before, after)]
        assert round(row["part"] * 100) == minor[1] - minor[0]
        assert round(row["amount_before"] * 100) == minor[0]
    total = int(np.rint(after["amount"] * 100).sum() - np.rint(before["amount"] * 100).sum())
    assert round(result.overview["change"].iloc[0] * 100) == total


def test_order_of_rows_and_split_cells_do_not_matter(world):
    before, after, names, _ = world
    base = la.localise(before, after, names).table
    turned = la.localise(before.sample(frac=1, random_state=1), after.sample(frac=1, random_state=2), names).table
    pd.testing.assert_frame_equal(base, turned)
    half = before.assign(amount=np.floor(before["amount"] * 50) / 100)
    rest = before.assign(amount=np.rint(before["amount"] * 100) / 100 - half["amount"])
    pd.testing.assert_frame_equal(base, la.localise(pd.concat([half, rest]), after, names).table)


def test_names_and_units_of_money_do_not_matter(slice_worlds, world):
    before, after, names, truth = world
    turned = names[::-1]
    assert slice_worlds.named(la.localise(before, after, turned).table, turned) == truth
    thousand = [table.assign(amount=table["amount"] * 1000) for table in (before, after)]
    assert slice_worlds.named(la.localise(*thousand, names).table, names) == truth


def test_the_best_slice_is_that_of_a_plain_loop(world):
    before, after, names, _ = world
    cells = module._joined(before, after, names)
    f, v = cells.before.astype(float), cells.after.astype(float)
    cuboids = module._cuboids(cells.codes, [len(known) for known in cells.values], 2)
    free = np.ones(len(f), bool)
    table, place = module._told(f, v, free, one_sided=True)
    best = module._best(cuboids, table, place, free, 1.0)
    scores = []
    for cuboid in cuboids:
        for one in np.unique(cuboid.key):
            leaves = place[cuboid.key == one]
            score = max(sum(row[leaf] for leaf in leaves) for row in table) - 1.0 - np.log(len(table)) / 2 - cuboid.cost
            scores.append((score, cuboid.dimensions, one))
    top = max(scores)
    assert best is not None
    assert best.score == pytest.approx(top[0])
    assert (best.cuboid.dimensions, best.slice) == top[1:]


def test_no_slice_where_all_moved_together(world):
    before, _, names, _ = world
    rng = np.random.default_rng(4)
    after = before.assign(amount=before["amount"] * 0.7 * rng.lognormal(0, 0.15, len(before)))
    result = la.localise(before, after, names)
    assert result.table.empty
    assert list(result.table.columns) == [*names, "part", "amount_before", "amount_after", "evidence"]
    assert "spread" in result.notes[0].text("en")


def test_a_market_that_moved_is_no_part_of_a_slice(slice_worlds, world):
    before, after, names, truth = world
    halved = after.assign(amount=after["amount"] * 0.5)
    assert slice_worlds.named(la.localise(before, halved, names).table, names) == truth


def test_a_slice_that_vanished_or_is_new(slice_worlds):
    rng = np.random.default_rng(8)
    cells = slice_worlds._grid([6, 7, 8])
    before = cells.assign(amount=rng.lognormal(5, 1, len(cells)))
    after = before.assign(amount=before["amount"] * rng.lognormal(0, 0.1, len(cells)))
    gone = after[after["n"] != "n3"]
    assert slice_worlds.named(la.localise(before, gone, ["m", "n", "o"]).table, ["m", "n", "o"]) == {(("n", "n3"),)}
    assert slice_worlds.named(la.localise(gone, before, ["m", "n", "o"]).table, ["m", "n", "o"]) == {(("n", "n3"),)}


def test_missing_values_and_odd_names_are_values_like_others():
    rng = np.random.default_rng(9)
    cells = pd.DataFrame([(a, b) for a in ["x", None, "y", "z", "w"] for b in range(30)], columns=["before", "part_of"])
    before = cells.assign(amount=rng.lognormal(5, 1, len(cells)))
    after = before.assign(
        amount=before["amount"] * np.where(cells["before"] == "y", 0.4, 1) * rng.lognormal(0, 0.1, len(cells))
    )
    table = la.localise(before, after, ["before", "part_of"]).table
    assert table.iloc[0, 0] == "y"


def test_faults_are_named():
    cells = pd.DataFrame({"a": ["x"], "amount": [1.0]})
    with pytest.raises(ValueError, match="'b'"):
        la.localise(cells, cells, ["b"])
    with pytest.raises(ValueError, match="at least one"):
        la.localise(cells, cells, [])


def test_empty_tables_have_no_slice():
    cells = pd.DataFrame({"a": ["x"], "amount": [1.0]})
    assert la.localise(cells.iloc[:0], cells.iloc[:0], ["a"]).table.empty
    assert la.localise(cells, cells.iloc[:0], ["a"]).table.empty


def test_short_form_of_the_bars(slice_worlds):
    find = lambda before, after, names: slice_worlds.named(la.localise(before, after, names).frame, names)  # noqa: E731
    for name, least in (("Weibull, noise to .10", 0.97), ("business, noise inside", 0.85), ("no slice, Weibull", 0.9)):
        assert slice_worlds.score(find, slice_worlds.KINDS[name], 12, 41)["score"] >= least, name


@pytest.mark.proof
def test_bars_of_localisation(slice_worlds):
    find = lambda before, after, names: slice_worlds.named(la.localise(before, after, names).frame, names)  # noqa: E731
    bars = {
        "Weibull, noise to .10": (60, 0.97), "Weibull, noise to .25": (60, 0.95), "Weibull, noise to .50": (60, 0.60),
        "Weibull, noise .50, faint": (60, 0.60), "business, noise inside": (60, 0.90),
        "small and partial, heavy noise": (60, 0.55), "no slice, market moved": (200, 0.95),
        "no slice, Weibull": (200, 0.95),
    }  # fmt: skip
    for name, (count, least) in bars.items():
        assert slice_worlds.score(find, slice_worlds.KINDS[name], count, 17)["score"] >= least, name


def test_one_value_among_a_few_is_found():
    found = 0
    for seed in range(20):
        rng = np.random.default_rng([21, seed])
        before = pd.DataFrame({"manager_id": [f"M{i}" for i in range(10)], "amount": rng.lognormal(10, 0.7, 10)})
        after = before.assign(amount=before["amount"] * rng.lognormal(0, 0.06, 10))
        assert len(la.localise(before, after, ["manager_id"]).table) <= 1
        after.loc[2, "amount"] *= 0.4
        found += la.localise(before, after, ["manager_id"]).table["manager_id"].tolist() == ["M2"]
    assert found >= 16
