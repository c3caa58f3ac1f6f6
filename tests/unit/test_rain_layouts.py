"""The rain sets are found as they were published and as they are passed on, and what is missing is named."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lmfn_core.datasets.check import check
from lmfn_core.datasets.kinds import KINDS
from lmfn_core.datasets.opening import open_data, recognise
from lmfn_core.datasets.rain_layouts import is_rain, rain, rain14000
from lmfn_core.images.pairs import PhotographPairs

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def lay(root: Path, *names: str) -> Path:
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 24, 3), 10 + i % 99, np.uint8)).save(root / name)
    return root


FORMS = {
    "one folder": ("rain-{:03}.png", "norain-{:03}.png"),
    "twice the size in the name": ("rain/rain-{:03}x2.png", "norain/norain-{:03}.png"),
    "the clean name on the rainy side": ("rain/X2/norain-{:03}x2.png", "norain/norain-{:03}.png"),
    "rainy and norain": ("rainy/rain-{:03}.png", "norain/norain-{:03}.png"),
    "input and target": ("Rain100H/input/{}.png", "Rain100H/target/{}.png"),
    "a letter that stands for nothing": ("Rainy/rain-{}.jpg", "GT/norain-{}.png"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_in_circulation_gives_the_same_pairs(tmp_path, form):
    lay(tmp_path, *(side.format(i) for side in form for i in (1, 2, 13)))
    found = rain(tmp_path, split=False)
    assert list(found.test) == ["rain-001", "rain-002", "rain-013"] and not found.train and not found.alone
    for name, (left, right) in found.test.items():
        number = name.removeprefix("rain-").lstrip("0")
        expected = [tmp_path / side.format(int(number)) for side in form]
        assert [left, right] == expected
    assert len(open_data(f"rain100h:{tmp_path}").test) == 3


def test_rain_is_recognised_and_split_like_any_set_that_nobody_split(tmp_path):
    lay(tmp_path / "a", *(f"{name}-{i:03}.png" for name in ("rain", "norain") for i in range(1, 12)))
    assert recognise(tmp_path / "a") == "rain" and is_rain(tmp_path / "a")
    source = open_data(str(tmp_path / "a"), task="derain")
    assert isinstance(source, PhotographPairs) and (len(source.train), len(source.test)) == (9, 2)
    halves = (f"{half}/{side}/{i}.png" for half in ("train", "test") for side in ("rainy", "clean") for i in range(2))
    lay(tmp_path / "b", *halves)
    assert recognise(tmp_path / "b") == "rain"
    found = rain(tmp_path / "b")
    assert len(found.train) == len(found.test) == 2 and "train" in found.train["rain-000"][0].parts
    assert not is_rain(lay(tmp_path / "c", "input/1.png", "target/1.png"))


def test_what_has_no_partner_is_named(tmp_path):
    lay(tmp_path, "rain-001.png", "norain-001.png", "rain-002.png", "norain-003.png")
    assert {path.name for path in rain(tmp_path).alone} == {"rain-002.png", "norain-003.png"}
    with pytest.raises(ValueError, match=r"2 images of .* have no partner, the first 'rain-002\.png'"):
        open_data(f"rain100l:{tmp_path}")


def test_two_images_of_one_number_and_a_lonely_folder_are_refused(tmp_path):
    lay(tmp_path / "a", "rainy/rain-1.png", "rainy/rain-001.png", "norain/norain-1.png")
    with pytest.raises(ValueError, match=r"are two images of one number, 'rain-001'; keep one of them"):
        rain(tmp_path / "a")
    with pytest.raises(ValueError, match="rainy has no folder of clean images beside it"):
        rain(lay(tmp_path / "b", "rainy/1.png", "other/1.png"))
    with pytest.raises(FileNotFoundError, match="There is no pair of Rain100L under"):
        check("rain100l", lay(tmp_path / "c", "photo.png"))


@pytest.fixture
def fourteen(tmp_path):
    rainy = (f"rainy_image/{i}_{j}.jpg" for i in range(1, 7) for j in range(1, 15))
    return lay(tmp_path, *(f"ground_truth/{i}.jpg" for i in range(1, 7)), *rainy)


def test_rain14000_keeps_the_streaks_of_a_clean_image_together(fourteen):
    assert recognise(fourteen) == "rain14000"
    found = rain14000(fourteen)
    assert (len(found.train), len(found.test), found.alone) == (56, 28, ())
    assert found.train["2_14"][1].name == "2.jpg"
    cleans = [{clean for _, clean in half.values()} for half in (found.train, found.test)]
    assert not cleans[0] & cleans[1] and len(cleans[1]) == 2


def test_rain14000_as_split_on_the_disk(tmp_path):
    lay(tmp_path, *(f"{half}/{name}" for half in ("training", "testing")
                    for name in ("rainy_image/3_1.jpg", "rainy_image/3_2.jpg", "ground_truth/3.jpg")))  # fmt: skip
    found = rain14000(tmp_path)
    assert list(found.train) == list(found.test) == ["3_1", "3_2"]
    assert "training" in found.train["3_1"][0].parts and "testing" in found.test["3_1"][1].parts


def test_missing_pairs_are_counted_and_named(fourteen):
    (fourteen / "rainy_image/1_3.jpg").unlink()
    said = check("rain14000", fourteen).verdict
    assert "83 of 14000 pairs" in said and "1_3, 7_1, 7_2 and 13914 more missing" in said
    lay(fourteen / "l", *(f"{name}-{i:03}.png" for name in ("rain", "norain") for i in range(3, 101)))
    assert "98 of 100 pairs to test; rain-001, rain-002 missing; 196 images of 24 x 20" in (
        check("rain100l", fourteen / "l").verdict
    )
    whole = lay(fourteen / "t", *(f"{side}/{i}.png" for side in ("input", "target") for i in range(1, 101)))
    assert check("test100", whole).verdict.startswith("This agrees with all that is known here of the official Test100")


def test_rain_sets_are_measured_on_luma(tmp_path):
    for i in range(1, 31):
        grey = np.full((20, 24, 3), 100, np.uint8)
        Image.fromarray(grey).save(tmp_path / f"norain-{i:03}.png")
        Image.fromarray(grey + np.array([0, 0, 60], np.uint8)).save(tmp_path / f"rain-{i:03}.png")
    seen = check("rain100h", tmp_path)
    assert KINDS["rain100h"].psnr == 13.55 and min(seen.psnr) > 30  # blue weighs a tenth; 17.3 dB on RGB
    assert "dB on luma where those of its test set average about 13.55 dB" in seen.verdict


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images at {DATA}")
@pytest.mark.parametrize(("kind", "folder"), [("rain100l", "Rain100L"), ("rain100h", "Rain100H")])
def test_real_pairs(kind, folder):
    said = check(kind, DATA / folder).verdict
    assert "16 of 100 pairs to test; rain-001, rain-002, rain-003 and 81 more missing" in said and "480" not in said
