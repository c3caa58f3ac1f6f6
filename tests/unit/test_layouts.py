"""Published and re-packed layouts are found as they lie, and what does not fit is named."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lmfn_core.datasets.frames import FrameAverages
from lmfn_core.datasets.kinds import KINDS, kind_of
from lmfn_core.datasets.layouts import GAMMA, base, hide, siblings, suffixed
from lmfn_core.datasets.opening import open_data, recognise, split_kind
from lmfn_core.images.pairs import PhotographPairs, Photographs, Source
from lmfn_core.images.trajectories import Trajectories, trajectories

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def lay(root: Path, *names: str) -> Path:
    """Tiny images, each of another colour, under the names."""
    for i, name in enumerate(names):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.full((20, 24, 3), 10 + i, np.uint8)).save(root / name)
    return root


def names(pairs) -> dict[str, tuple[str, str]]:
    return {key: (blurred.parent.name, sharp.parent.name) for key, (blurred, sharp) in pairs.items()}


@pytest.fixture
def gopro(tmp_path):
    places = ("train/GOPR0001_01_00", "test/GOPR0002_01_00")
    return lay(
        tmp_path / "GOPRO_Large",
        *(f"{p}/{k}/{i:06}.png" for p in places for k in ("blur", "blur_gamma", "sharp") for i in (1, 2)),
    )


def test_gopro_reads_blur_and_gamma_only_when_asked(gopro):
    found = siblings(gopro)
    assert list(found.train) == ["GOPR0001_01_00/000001", "GOPR0001_01_00/000002"] and len(found.test) == 2
    assert set(names(found.train).values()) == {("blur", "sharp")}
    assert set(names(siblings(gopro, GAMMA).test).values()) == {("blur_gamma", "sharp")}
    for kind, folder in (("gopro", "blur"), ("gopro-gamma", "blur_gamma")):
        source = open_data(f"{kind}:{gopro}")
        assert {pair[0].parent.name for pair in source.train.values()} == {folder}
    assert open_data(str(gopro)).train == open_data(f"gopro:{gopro}").train


def test_gamma_alone_is_never_read_in_blurs_place(tmp_path):
    lay(tmp_path, "train/a/blur_gamma/1.png", "train/a/sharp/1.png", "test/a/blur_gamma/1.png", "test/a/sharp/1.png")
    with pytest.raises(ValueError, match="holds blur_gamma and no blur; say gopro-gamma:"):
        open_data(str(tmp_path))
    with pytest.raises(ValueError, match="holds 0 pairs of GOPRO_Large"):
        open_data(f"gopro:{tmp_path}")
    assert len(open_data(f"gopro-gamma:{tmp_path}").train) == 1


def test_the_folder_above_is_fine_too(gopro):
    assert base(gopro.parent) == gopro
    assert siblings(gopro.parent).train == siblings(gopro).train
    lay(gopro.parent / "other", "train/1.png", "test/1.png")
    with pytest.raises(ValueError, match="holds several data sets, GOPRO_Large and other among them"):
        siblings(gopro.parent)


@pytest.mark.parametrize("pair", [("input", "target"), ("blurred", "gt"), ("Blur", "Sharp"), ("lq", "gt")])
def test_repacked_folders(tmp_path, pair):
    lay(tmp_path, *(f"{half}/{side}/{half}{i}.png" for half in ("train", "test") for side in pair for i in range(3)))
    found = siblings(tmp_path)
    assert (len(found.train), len(found.test), found.alone) == (3, 3, ())
    assert set(names(found.test).values()) == {pair}
    assert isinstance(open_data(str(tmp_path)), PhotographPairs)


def test_suffixes_of_the_files_may_differ(tmp_path):
    lay(tmp_path, *(f"blur/{i}.jpg" for i in range(3)), *(f"sharp/{i}.png" for i in range(3)))
    assert len(siblings(tmp_path).train) == 2 and len(siblings(tmp_path).test) == 1


def test_two_files_of_one_name_are_refused(tmp_path):
    lay(tmp_path, "blur/a.jpg", "blur/a.png", "sharp/a.png")
    with pytest.raises(ValueError, match=r"a\.jpg and .*a\.png are two images of one name, 'a'"):
        siblings(tmp_path)


@pytest.mark.parametrize("blurred", ["{}_blur.png", "{}_blurred.png", "{}-blur.jpg"])
@pytest.mark.parametrize("sharp", ["{}.png", "{}_sharp.png", "{}-gt.png"])
def test_one_folder_with_suffixes(tmp_path, blurred, sharp):
    lay(tmp_path, *(form.format(f"photo{i}") for form in (blurred, sharp) for i in range(3)))
    found = suffixed(tmp_path)
    assert sorted([*found.train, *found.test]) == ["photo0", "photo1", "photo2"] and not found.alone
    assert all("blur" in left.name and "blur" not in right.name for left, right in found.train.values())
    assert len(open_data(str(tmp_path)).train) == 2


def test_unmatched_images_are_counted_and_the_first_is_named(tmp_path):
    lay(tmp_path, "a_blur.png", "a.png", "b_blur.png", "c.png")
    assert {path.name for path in suffixed(tmp_path).alone} == {"b_blur.png", "c.png"}
    with pytest.raises(ValueError, match=r"2 images of .* have no partner, the first 'b_blur\.png'"):
        open_data(f"pairs:{tmp_path}")


def test_hide_as_published_and_repacked(tmp_path):
    lay(tmp_path / "a", "train/1.png", "train/2.png", "test/test-close-ups/3.png", "test/test-long-shot/4.png",
        *(f"GT/{i}.png" for i in range(1, 6)))  # fmt: skip
    found = hide(tmp_path / "a")
    assert (list(found.train), list(found.test)) == (["1", "2"], ["3", "4"])
    assert [path.name for path in found.alone] == ["5.png"]
    assert set(names(found.test).values()) == {("test-close-ups", "GT"), ("test-long-shot", "GT")}
    (tmp_path / "a" / "GT" / "5.png").unlink()
    assert recognise(tmp_path / "a") == "hide" and len(open_data(str(tmp_path / "a")).test) == 2
    lay(tmp_path / "b", *(f"{half}/{side}/1.png" for half in ("train", "test") for side in ("input", "target")))
    assert list(hide(tmp_path / "b").test) == ["1"]


def test_kohler_gathers_the_frames_of_each_shot(tmp_path):
    frames = [f"Image1/Kernel2/GroundTruth1_2_{i}.png" for i in (1, 2, 10)]
    lay(tmp_path, "Blurry1_2.png", "BlurryImages/Blurry3_12.png", *frames, "Image2/Kernel1/GroundTruth2_1_1.png")
    source = trajectories(tmp_path)
    assert [(shot.name, [p.stem for p in shot.frames]) for shot in source.shots] == [
        ("1_2", ["GroundTruth1_2_1", "GroundTruth1_2_2", "GroundTruth1_2_10"])
    ]
    assert {path.stem for path in source.alone} == {"Blurry3_12", "GroundTruth2_1_1"}
    opened = open_data(str(tmp_path))
    assert isinstance(opened, Trajectories) and len(list(opened.shots[0].references())) == 3
    assert next(opened.test_pairs()).name == "1_2"
    with pytest.raises(ValueError, match="a test set with nothing to train on"):
        opened.train_batch(0, 1, 8, 0, torch.device("cpu"), False)


def test_kohler_without_frames(tmp_path):
    with pytest.raises(ValueError, match=r"holds no Blurry1_1\.png with a GroundTruth1_1_1\.png"):
        open_data(f"kohler:{lay(tmp_path, 'Blurry1_1.png')}")


def test_bsds_keeps_its_split_and_its_validation_images_train(tmp_path):
    inside = "BSR/BSDS500/data/images"
    lay(tmp_path, *(f"{inside}/{half}/{i}.jpg" for i, half in enumerate(("train", "train", "val", "test"))))
    for half in ("train", "test"):
        (tmp_path / "BSR/BSDS500/data/groundTruth" / half).mkdir(parents=True)
    source = open_data(f"bsds500:{tmp_path}")
    assert isinstance(source, Photographs)
    assert (sorted(source.train), sorted(source.test)) == (["0.jpg", "1.jpg", "2.jpg"], ["3.jpg"])


def test_photographs_deeper_down_are_not_picked_unseen(tmp_path):
    lay(tmp_path, *(f"holiday/{i}.jpg" for i in range(9)), "one/train/a.jpg", "one/test/b.jpg")
    source = open_data(str(tmp_path))
    assert len(source.train) + len(source.test) == 11


def test_kinds_are_named_and_drive_letters_are_not_kinds():
    assert split_kind("gopro-gamma:/a b/c") == ("gopro-gamma", "/a b/c")
    assert split_kind(r"gopro:C:\data") == ("gopro", r"C:\data")
    assert split_kind(r"C:\data\GOPRO") == (None, r"C:\data\GOPRO")
    with pytest.raises(ValueError, match="no kind of data set 'gopr0'. Did you mean 'gopro'"):
        open_data("gopr0:/nowhere")
    with pytest.raises(FileNotFoundError, match="no folder '/nowhere'"):
        open_data("hide:/nowhere")
    with pytest.raises(ValueError, match="Known: gopro, "):
        kind_of("zzz")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images at {DATA}")
@pytest.mark.parametrize(
    ("folder", "source"),
    [("GOPRO_Large", PhotographPairs), ("GOPRO_raw_half", FrameAverages), ("Rain100H", PhotographPairs),
     ("Rain100L", PhotographPairs), ("bsds500", Photographs), ("kodak24", Photographs), ("kohler", Trajectories)],
)  # fmt: skip
def test_real_sets_are_recognised(folder, source):
    opened = open_data(str(DATA / folder))
    assert isinstance(opened, source) and isinstance(opened, Source)
    pair = next(iter(opened.test_pairs()))
    assert pair.blurred.shape == pair.sharp.shape


def test_every_kind_says_what_it_is():
    for name, kind in KINDS.items():
        assert kind.title and (kind.find is not None) == (kind.content == "pairs"), name
