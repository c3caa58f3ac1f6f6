"""What ``check`` sees of a folder, and the sentence that says whether it is the official set."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lmfn_core.datasets.check import SAMPLE, check, spread
from lmfn_core.datasets.kinds import KINDS
from lmfn_core.datasets.verdict import ENOUGH, TOLERANCE, Check

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def picture(path: Path, level: int = 100, size=(24, 20)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(0).integers(0, 40, (size[1], size[0], 3))
    Image.fromarray((noise + level).astype(np.uint8)).save(path)
    return path


@pytest.fixture
def pairs(tmp_path):
    """Blurred images 10 levels off the sharp ones: 28.13 dB each."""
    for half, count in (("train", 3), ("test", 2)):
        for i in range(count):
            picture(tmp_path / half / "s" / "blur" / f"{i}.png", 110)
            picture(tmp_path / half / "s" / "sharp" / f"{i}.png", 100)
    return tmp_path


def official(kind: str = "gopro", **changes) -> Check:
    """A check that agrees with everything published."""
    of = KINDS[kind]
    levels = (of.psnr,) * ENOUGH if of.psnr else ()
    size = of.sizes[0] if of.sizes else (640, 480)
    return replace(Check(of, Path("x"), of.counts, 10, ((size, 10),), (), (), levels, False), **changes)


def test_counts_sizes_and_blur(pairs):
    seen = check("gopro", pairs)
    assert (seen.counts, seen.images, seen.sizes) == ((3, 2), 10, (((24, 20), 10),))
    assert seen.psnr == pytest.approx([28.1308] * 2, abs=1e-3)  # the test pairs, where there are some
    assert (seen.unreadable, seen.alone) == ((), ())
    assert seen.verdict == (
        "This is not the official GOPRO_Large as published: 3 of 2103 pairs to train; 2 of 1111 pairs to test; "
        "10 images of 24 x 20 where its own are 1280 x 720."
    )
    assert check("pairs", pairs).verdict == "Fit for use; no official set to compare with."


def test_unmatched_and_unreadable_files_are_named(pairs):
    (pairs / "test/s/sharp/0.png").unlink()
    (pairs / "train/s/blur/1.png").write_bytes(b"no image")
    whole = (pairs / "train/s/sharp/2.png").read_bytes()
    (pairs / "train/s/sharp/2.png").write_bytes(whole[:-40])
    seen = check("pairs", pairs)
    assert [path.name for path in seen.alone] == ["0.png"]
    reasons = {path.name: reason for path, reason in seen.unreadable}
    assert set(reasons) == {"1.png", "2.png"} and "blur/1.png" in reasons["1.png"]
    assert reasons["2.png"].endswith("2.png' is truncated (it has no end); copy or download it again.")
    assert seen.verdict == "Not fit for use: 2 unreadable files; 1 image without a partner."
    assert seen.sizes == (((24, 20), 7),)


def test_everything_finds_what_the_header_hides(pairs):
    path = pairs / "train/s/blur/1.png"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF  # inside the compressed pixels
    path.write_bytes(bytes(content))
    assert check("pairs", pairs).unreadable == ()
    seen = check("pairs", pairs, everything=True)
    assert [file for file, _ in seen.unreadable] == [path] and "1.png" in seen.unreadable[0][1]


def test_pairs_of_two_sizes_are_not_compared(pairs):
    picture(pairs / "test/s/sharp/0.png", size=(30, 20))
    seen = check("pairs", pairs)
    assert len(seen.psnr) == 1 and seen.sizes[1] == ((30, 20), 1)


def test_a_sample_is_spread_evenly(tmp_path):
    for i in range(SAMPLE + 20):
        picture(tmp_path / "test" / "blur" / f"{i:03}.png", 110 + i % 2)
        picture(tmp_path / "test" / "sharp" / f"{i:03}.png")
    picture(tmp_path / "train" / "blur" / "0.png"), picture(tmp_path / "train" / "sharp" / "0.png")
    assert len(check("pairs", tmp_path).psnr) == SAMPLE
    assert len(check("pairs", tmp_path, everything=True).psnr) == SAMPLE + 20
    picked = spread(range(SAMPLE + 20), SAMPLE)
    assert picked[0] == 0 and picked[-1] == SAMPLE + 19 and len(set(picked)) == SAMPLE


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if kind.counts])
def test_the_official_counts_are_recognised(kind):
    assert official(kind).verdict == (
        f"This agrees with all that is known here of the official {KINDS[kind].title} "
        f"(headers were read and {len(official(kind).psnr)} pairs compared, --all decodes every image)."
    )
    fewer = official(kind, counts=(KINDS[kind].counts[0], KINDS[kind].counts[1] - 1))
    assert fewer.verdict.startswith(f"This is not the official {KINDS[kind].title} as published: ")


def test_another_blur_is_recognised():
    """blur_gamma, or another camera, in the place of GoPro's blur."""
    off = TOLERANCE[False] + 0.01
    for mean in (25.6 - off, 25.6 + off):
        said = official(psnr=(mean,) * ENOUGH).verdict
        assert f"inputs of {mean:.2f} dB where those of its test set average about 25.6 dB" in said
    assert official(psnr=(20.0,) * (ENOUGH - 1)).verdict.startswith("This agrees")  # too few to say
    assert official(psnr=(25.9,) * 1111, everything=True).verdict.startswith("This is not")
    assert official(psnr=(25.9,) * 1111).verdict.startswith("This agrees")


def test_faults_spoil_the_official_set():
    said = official(unreadable=((Path("a"), "why"),), alone=(Path("b"), Path("c"))).verdict
    assert said.endswith("as published: 1 unreadable file; 2 images without a partner.")


def test_photographs_frames_and_shots(tmp_path):
    for i in range(12):
        picture(tmp_path / "photos" / f"{i}.png")
        picture(tmp_path / "raw" / "GOPR0001_01_00" / f"{i:06}.png")
    assert check("kodak", tmp_path / "photos").verdict.split(": ")[1].startswith("12 of 24 photographs")
    raw = check("gopro-all", tmp_path / "raw")
    assert (raw.counts, raw.images) == ((1, 0), 12) and "1 of 22 sequences to train" in raw.verdict
    for name in ("Blurry1_1", "Blurry1_2", "GroundTruth1_1_1", "GroundTruth1_1_2"):
        picture(tmp_path / "kohler" / f"{name}.png", size=(800, 800))
    shots = check("kohler", tmp_path / "kohler")
    assert (shots.counts, shots.images, len(shots.alone)) == ((0, 1), 4, 1)
    assert "1 of 48 shots with reference frames to test" in shots.verdict


def test_bad_input(tmp_path):
    with pytest.raises(ValueError, match="no kind of data set 'gropo'"):
        check("gropo", tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no folder"):
        check("gopro", tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match="There is no pair of GOPRO_Large under"):
        check("gopro", tmp_path)
    with pytest.raises(FileNotFoundError, match="There is no image under"):
        check("photos", tmp_path)


@pytest.mark.skipif(not DATA.is_dir(), reason=f"no real images at {DATA}")
@pytest.mark.parametrize(
    ("kind", "folder", "said"),
    [
        ("gopro", "GOPRO_Large", "31 of 2103 pairs to train; 4 of 1111 pairs to test"),
        ("gopro-all", "GOPRO_raw_half", "99 images of 640 x 360"),
        ("bsds500", "bsds500", "409 of 500 photographs"),
        ("kodak", "kodak24", "agrees with all that is known here of the official Kodak"),
        ("kohler", "kohler", "1 of 48 shots"),
    ],
)
def test_real_sets(kind, folder, said):
    assert said in check(kind, DATA / folder).verdict
