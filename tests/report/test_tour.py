"""The tour for analysts: short cells, no outputs, and every cell runs in a kernel."""

import os
import warnings

import nbformat
import pytest


@pytest.fixture
def tour(root):
    return nbformat.read(root / "docs" / "tour.ipynb", as_version=4)


def test_cells_are_short_and_clean(tour):
    cells = [cell for cell in tour.cells if cell.cell_type == "code"]
    assert len(cells) >= 15
    for cell in cells:
        assert len(cell.source.splitlines()) <= 6
        assert not cell.outputs
        assert cell.execution_count is None


def test_the_tour_runs(tour, root):
    from nbclient import NotebookClient

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of zmq and its event loop
        client = NotebookClient(tour, kernel_name="python3", resources={"metadata": {"path": str(root / "docs")}})
        client.execute(env={name: value for name, value in os.environ.items() if name != "MPLBACKEND"})
    kinds = [output.output_type for cell in tour.cells for output in cell.get("outputs", [])]
    assert "error" not in kinds
    assert "stream" not in kinds  # no warning, no print
    plots = [cell for cell in tour.cells if ".plot();" in cell.source]
    assert len(plots) >= 5
    assert all("image/png" in cell.outputs[0].data for cell in plots)
