"""RealBlur: split by its authors' lists where they are; J and R are never mixed."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lmfn_core.datasets.opening import open_data, recognise
from lmfn_core.datasets.realblur import realblur


def lay(root: Path, *names: str) -> Path:
    """Tiny images, each of another colour, under the names."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 24, 3), 10 + i, np.uint8)).save(root / name)
    return root


def names(pairs) -> dict[str, tuple[str, str]]:
    return {key: (blurred.parent.name, sharp.parent.name) for key, (blurred, sharp) in pairs.items()}


def realblur_set(root: Path, letter: str = "J") -> Path:
    top = f"RealBlur-{letter}_ECC_IMCORR_centroid_itensity_ref"
    lay(root, *(f"{top}/scene00{s}/{k}/{k}_{i}.png" for s in (1, 2) for k in ("blur", "gt") for i in (1, 2)))
    for half, scene in (("train", 1), ("test", 2)):
        lines = [f"{top}/scene00{scene}/gt/gt_{i}.png {top}/scene00{scene}/blur/blur_{i}.png \n" for i in (1, 2)]
        (root / f"RealBlur_{letter}_{half}_list.txt").write_text("".join(lines))
    return root


def test_realblur_is_split_by_its_lists(tmp_path):
    found = realblur(realblur_set(tmp_path), "J")
    assert list(found.train) == ["scene001/blur_1", "scene001/blur_2"]
    assert names(found.test) == {"scene002/blur_1": ("blur", "gt"), "scene002/blur_2": ("blur", "gt")}
    assert recognise(tmp_path) == "realblur-j"
    assert len(open_data(f"realblur-j:{tmp_path}").test) == 2


def test_realblur_without_lists_holds_a_tenth_out(tmp_path):
    for path in realblur_set(tmp_path).glob("*.txt"):
        path.unlink()
    found = realblur(tmp_path, "J")
    assert (len(found.train), len(found.test)) == (3, 1)
    assert list(found.test) == ["scene001/1"] and not found.alone


def test_realblurs_list_names_its_missing_files_and_bad_lines(tmp_path):
    next(realblur_set(tmp_path).rglob("scene002/blur/blur_1.png")).unlink()
    found = realblur(tmp_path, "J")
    assert list(found.test) == ["scene002/blur_2"] and [path.name for path in found.alone] == ["gt_1.png"]
    (tmp_path / "RealBlur_J_test_list.txt").write_text("\nonly/one.png\n")
    with pytest.raises(ValueError, match=r"Line 2 of .*RealBlur_J_test_list\.txt is 'only/one\.png'"):
        realblur(tmp_path, "J")


def test_two_realblurs_in_one_folder_are_not_guessed(tmp_path):
    realblur_set(realblur_set(tmp_path), "R")
    with pytest.raises(ValueError, match="holds RealBlur-J and RealBlur-R; say which: realblur-j:"):
        open_data(str(tmp_path))
    assert len(open_data(f"realblur-r:{tmp_path}").train) == 2
