"""Alternative texts: stored with the picture that a notebook keeps, and only there."""

import matplotlib.pyplot as plt
import nbformat
import pytest
from nbclient import NotebookClient

from lmfn_core.teaching.alt_text import describe

DRAW = """
import matplotlib.pyplot as plt
from lmfn_core.teaching.alt_text import describe
figure, axis = plt.subplots()
"""


@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_the_notebook_stores_it_with_the_picture(monkeypatch):
    monkeypatch.delenv("MPLBACKEND")  # a notebook draws inline
    sources = [DRAW + "describe('Two empty axes, nothing drawn.')", "figure, axis = plt.subplots()"]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    NotebookClient(book, kernel_name="python3").execute()
    described, silent = (cell.outputs[0] for cell in book.cells)
    assert described.metadata["image/png"] == {"alt": "Two empty axes, nothing drawn."}
    assert described.data["image/png"].startswith("iVBOR") and silent.data["image/png"].startswith("iVBOR")
    assert not silent.metadata


@pytest.mark.filterwarnings("ignore")  # the kernel's own
def test_a_notebook_of_jpegs_keeps_its_format(monkeypatch):
    monkeypatch.delenv("MPLBACKEND")
    jpeg = "from matplotlib_inline.backend_inline import set_matplotlib_formats\nset_matplotlib_formats('jpeg')\n"
    describe_twice = "describe('Two empty axes, nothing drawn.')\ndescribe('Two axes, and nothing else.')"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(jpeg + DRAW + describe_twice)])
    NotebookClient(book, kernel_name="python3").execute()
    (described,) = book.cells[0].outputs
    assert set(described.data) == {"image/jpeg", "text/plain"}
    assert described.metadata["image/jpeg"] == {"alt": "Two axes, and nothing else."}


def test_outside_a_notebook_nothing_happens():
    figure = plt.figure()
    describe("A figure with nothing in it.", figure)
    assert figure.alternative_text == "A figure with nothing in it."
    plt.close(figure)


def test_too_short():
    with pytest.raises(ValueError, match="in a sentence; 'a plot' does not"):
        describe("a plot")
