"""For all tests, doctests and notebooks: shapes are checked at run time, every process computes on one thread, and no
test speaks to a network."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

sys.path.insert(0, str(Path(__file__).parent / "tests"))
import offline  # noqa: E402

# Before PyTorch is loaded. The kernels of the notebooks inherit this too: results depend on the number of threads.
os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "JUPYTER_PREFER_ENV_PATH": "1"})
os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # the kernels, too, test the package of this tree
os.environ.pop("MPLBACKEND", None)  # a notebook draws inline, whatever this shell prefers

offline.guard()

# Before lmfn_core is imported. Here and not in pytest's settings, which the workers of pytest-xdist do not read; and in
# tests only, because the hook breaks torch.compile.
CHECKER = "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))"  # an int may stand for a float
install_import_hook("lmfn_core", CHECKER)


@pytest.fixture(autouse=True)
def no_window(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Figures drawn by unit tests and doctests open no window, and do not pile up: the twenty-first would warn."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    yield
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


LONGEST_FIRST = ("tests/notebooks/test_smoke.py", "notebooks/")  # else one worker ends with them, the other idle


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start what takes minutes first; skip what needs a GPU where PyTorch sees none."""
    items.sort(key=lambda item: next((i for i, place in enumerate(LONGEST_FIRST) if item.nodeid.startswith(place)), 9))
    needing = [item for item in items if item.get_closest_marker("gpu")]
    if not needing:
        return
    import torch

    if not torch.cuda.is_available():
        for item in needing:
            item.add_marker(pytest.mark.skip(reason="PyTorch sees no CUDA device here"))
