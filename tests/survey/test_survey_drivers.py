"""Drivers against relaimpo, plain regressions and two real surveys; refusals."""

from __future__ import annotations

import io
from itertools import permutations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import loyalty_analytics as la
from loyalty_analytics.errors import DataError
from loyalty_analytics.survey.drivers import _importance


def swiss() -> pd.DataFrame:
    import shutil
    import subprocess

    if shutil.which("Rscript") is None:
        pytest.skip("R is not here")
    done = subprocess.run(["Rscript", "-e", "write.csv(swiss, row.names = FALSE)"], capture_output=True, text=True,
                          check=True)  # fmt: skip
    return pd.read_csv(io.StringIO(done.stdout))


def test_lmg_of_relaimpo_on_swiss() -> None:
    """relaimpo: calc.relimp(lm(Fertility ~ ., swiss), type = "lmg"), printed in the issue."""
    result = la.key_drivers(swiss(), "Fertility", draws=50)
    parts = result.table.set_index("driver")["importance"].round(4).to_dict()
    expected = {"Agriculture": 0.0571, "Examination": 0.1712, "Education": 0.2601, "Catholic": 0.1056,
                "Infant.Mortality": 0.1128}  # fmt: skip
    assert parts == expected
    assert round(result.r2, 4) == 0.7067


def plain_r2(values: np.ndarray, items: tuple[int, ...]) -> float:
    y = values[:, 0]
    x = np.column_stack([np.ones(len(y)), *(values[:, 1 + i] for i in items)])
    fit = x @ np.linalg.lstsq(x, y, rcond=None)[0]
    return float(1 - ((y - fit) ** 2).sum() / ((y - y.mean()) ** 2).sum())


def test_lmg_is_the_mean_gain_over_all_orders() -> None:
    rng = np.random.default_rng(5)
    values = rng.normal(size=(80, 5)) @ (np.eye(5) + 0.4)
    slow = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        for place, item in enumerate(order):
            slow[item] += (plain_r2(values, order[: place + 1]) - plain_r2(values, order[:place])) / len(orders)
    fast = _importance(np.corrcoef(values.T)[None], "lmg")[0]
    assert fast == pytest.approx(slow, abs=1e-10)


def test_johnson_sums_to_r2_and_equals_lmg_for_two_items() -> None:
    """For two items both are the same (Thomas, Zumbo, Kwan and Schweitzer 2014)."""
    rng = np.random.default_rng(6)
    two = np.corrcoef((rng.normal(size=(60, 3)) @ (np.eye(3) + 0.5)).T)
    assert _importance(two[None], "johnson") == pytest.approx(_importance(two[None], "lmg"))
    five = rng.normal(size=(90, 6)) @ (np.eye(6) + 0.3)
    matrix = np.corrcoef(five.T)
    assert _importance(matrix[None], "johnson").sum() == pytest.approx(plain_r2(five, tuple(range(5))))


def test_weights_equal_repetition() -> None:
    rng = np.random.default_rng(7)
    items = pd.DataFrame(rng.integers(1, 11, (50, 4)).astype(float), columns=["csat", "a", "b", "c"])
    times = rng.integers(1, 4, 50)
    weighted = la.key_drivers(items.assign(w=times), "csat", weights="w", draws=20).table
    repeated = la.key_drivers(items.loc[np.repeat(items.index, times)], "csat", draws=20).table
    one, two = (t.set_index("driver")["importance"].sort_index() for t in (weighted, repeated))
    assert one.to_numpy() == pytest.approx(two.to_numpy())


def test_planted_importance_is_found_with_its_rank() -> None:
    rng = np.random.default_rng(9)
    items = pd.DataFrame(rng.normal(7, 2, (300, 3)), columns=["staff", "price", "service"])
    items["csat"] = items["staff"] + 0.2 * items["service"] + rng.normal(0, 1, 300)
    table = la.key_drivers(items, "csat").table
    assert table.iloc[0][["driver", "rank_low", "rank_high"]].tolist() == ["staff", 1, 1]
    assert (table["share_low"] <= table["share"]).all()
    assert (table["share"] <= table["share_high"]).all()
    assert table["share"].sum() == pytest.approx(1)


def test_too_few_and_never_asked_together() -> None:
    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.integers(1, 11, (29, 3)).astype(float), columns=["csat", "a", "b"])
    few = la.key_drivers(wide, "csat")
    assert (few.refused, len(few)) == ("few", 0)
    assert "at least 30" in few.notes[0].text("en")
    assert {"driver", "share", "share_low", "rank_high"} <= set(few.table)
    one_each = pd.DataFrame({"client_id": range(300), "question_id": np.tile(["csat", "a", "b"], 100),
                             "score": rng.integers(1, 11, 300)})  # fmt: skip
    for missing in ("complete", "pairwise"):
        apart = la.key_drivers(one_each, "csat", missing=missing)
        assert apart.refused == "apart"
        assert "never asked" in apart.notes[0].text("en")
    flat = la.key_drivers(wide.assign(csat=9.0).loc[wide.index.repeat(2)], "csat")
    assert flat.refused == "flat"
    with pytest.raises(DataError, match="method='shapley' is unknown"):
        la.key_drivers(wide, "csat", "shapley")


def test_pairwise_uses_what_is_there() -> None:
    rng = np.random.default_rng(12)
    items = pd.DataFrame(rng.normal(size=(400, 3)) @ (np.eye(3) + 0.4), columns=["csat", "a", "b"])
    full = la.key_drivers(items, "csat", draws=20).table.set_index("driver")["share"]
    holes = items.mask(rng.random(items.shape) < 0.3)
    pairwise = la.key_drivers(holes, "csat", missing="pairwise", draws=20)
    assert pairwise.table.set_index("driver")["share"].to_dict() == pytest.approx(full.to_dict(), abs=0.1)
    assert pairwise.n > la.key_drivers(holes, "csat", draws=20).n


# ------------------------------------------------------------------------------------- two real surveys
def test_real_surveys(shared: Path) -> None:
    mobi = pd.read_csv(shared / "survey" / "mobi_ecsi_250.csv")
    bank = pd.read_csv(shared / "survey" / "bank_satisfaction_250.csv")
    declared = la.nps(mobi["CUSL3"], scale=(1, 10)).table.iloc[0]
    assert declared[["promoters", "passives", "detractors"]].tolist() == [95, 95, 60]
    assert (round(declared["nps"], 1), bool(declared["comparable"])) == (14.0, False)
    row = la.nps(bank["loy3"]).table.iloc[0]
    assert row[["promoters", "passives", "detractors"]].tolist() == [65, 99, 86]
    assert round(row["nps"], 1) == -8.4
    quality = [f"PERQ{i}" for i in range(1, 8)] + ["PERV1", "PERV2"]
    for target in ("CUSA1", "CUSL3"):
        table = la.key_drivers(mobi, target, drivers=quality, draws=200).table
        assert len(table) == 9
        assert table["share"].sum() == pytest.approx(1)
        assert (table["rank_low"] <= table["rank"]).all()
        assert (table["rank"] <= table["rank_high"]).all()


def test_the_worked_notebook_runs(shared: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import json

    import matplotlib.pyplot as plt

    monkeypatch.chdir(root / "docs")
    cells = json.loads((root / "docs" / "worked_survey.ipynb").read_text(encoding="utf-8"))["cells"]
    space: dict[str, object] = {}
    for cell in cells:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), space)
    plt.close("all")
    assert len(space["satisfaction"]) == len(space["recommending"]) == 9  # type: ignore[arg-type]


def test_ids_are_no_drivers() -> None:
    rng = np.random.default_rng(3)
    wide = pd.DataFrame(rng.normal(size=(60, 3)), columns=["csat", "a", "b"]).assign(client_id=range(60))
    assert set(la.key_drivers(wide, "csat", draws=20).table["driver"]) == {"a", "b"}
