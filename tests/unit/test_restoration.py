"""``restore`` returns what it was given: kind, type, shape, mode, and what lies beside the pixels."""

import subprocess
import sys

import imagecodecs
import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import chelsea
from torch import nn

import lmfn_core
from lmfn_core import build, restore
from lmfn_core.models.checkpoints import save_weights
from lmfn_core.restoring import restoration
from lmfn_core.restoring.engine import Engine
from lmfn_core.restoring.restoration import open_engine

CHELSEA = chelsea()[:64, :80]


def same(batch):
    return batch


def inverse(batch):
    return 1 - batch


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "CMYK", "P", "1", "I;16"])
def test_a_pil_image_comes_back_in_its_mode(mode):
    image = Image.fromarray(CHELSEA).convert("RGB" if mode == "CMYK" else "L" if mode == "I;16" else "RGBA")
    image = image if mode == "RGBA" else image.convert("RGB").convert(mode)
    image.info.update(icc_profile=b"profile", exif=b"kept")
    restored = restore(image, network=same)
    assert restored.mode == {"P": "RGB", "1": "L"}.get(mode, mode) and restored.size == image.size
    assert restored.info["icc_profile"] == b"profile" and restored.info["exif"] == b"kept"
    assert np.array_equal(np.asarray(restored), np.asarray(image.convert(restored.mode)))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_an_array_and_a_tensor(dtype):
    array = CHELSEA.astype(dtype) if dtype != np.float32 else (CHELSEA / 255).astype(dtype)
    restored = restore(array, network=inverse)
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    assert restored.dtype == dtype and np.allclose(restored, white - array, atol=1e-6 * white)
    if dtype != np.uint16:
        tensor = torch.from_numpy(array).permute(2, 0, 1)
        assert np.allclose(restore(tensor, network=inverse).permute(1, 2, 0).numpy(), restored)


def test_the_shipped_weights_restore_as_the_network_does():
    expected = lmfn_core.LMFN.from_pretrained()
    with torch.inference_mode():
        batch = expected(torch.from_numpy(CHELSEA).permute(2, 0, 1).float().div(255).unsqueeze(0)).clamp(0, 1)
    for network in (None, "lmfn", expected):
        restored = restore(CHELSEA, network=network, backend="torch", device="cpu")
        difference = np.abs(restored / 255 - batch[0].permute(1, 2, 0).numpy())
        assert difference.mean() < 1 / 255 and difference.max() < 8 / 255  # the engine may compute in bfloat16


def test_each_task_has_its_weights_and_they_are_read_once(monkeypatch):
    opened = []
    monkeypatch.setattr(restoration, "load_weights", lambda name: opened.append(name) or (nn.Identity(), {}))
    monkeypatch.setattr(restoration, "fast", lambda model, **options: same)
    restoration._shipped.cache_clear()
    for _ in range(3):
        restore(CHELSEA)
        restore(CHELSEA, task="derain")
    assert opened == ["lmfn", "lfdn-derain"]
    restoration._shipped.cache_clear()


def test_weights_of_your_own(tmp_path):
    network = build("lmfn-n1")
    path = save_weights(tmp_path / "mine.safetensors", network, {"network": "lmfn-n1", "settings": {}})
    network.save_pretrained(tmp_path / "folder")
    results = [restore(CHELSEA, network=n, backend="torch") for n in (network, path, str(path), tmp_path / "folder")]
    assert all(np.array_equal(results[0], other) for other in results[1:])


def test_a_path_becomes_an_upright_pil_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[271] = 6, "Maker"
    Image.fromarray(CHELSEA).save(tmp_path / "a.png", exif=exif, icc_profile=b"profile")
    restored = restore(tmp_path / "a.png", network=same)
    assert np.array_equal(np.asarray(restored), np.rot90(CHELSEA, -1))
    assert restored.info["icc_profile"] == b"profile" and dict(restored.getexif()) == {0x0112: 1, 271: "Maker"}


def test_a_path_to_a_path_writes(tmp_path):
    deep = np.random.default_rng(0).integers(0, 65536, (20, 24, 3), dtype=np.uint16)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(deep))
    with pytest.raises(ValueError, match="no 16 bits in colour"):
        restore(tmp_path / "a.png", network=same)
    out = restore(tmp_path / "a.png", network=inverse, out=tmp_path / "new" / "b.png")
    assert out == tmp_path / "new" / "b.png" and np.array_equal(imagecodecs.png_decode(out.read_bytes()), 65535 - deep)
    before = (tmp_path / "a.png").read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        restore(tmp_path / "a.png", network=inverse, out=tmp_path / "a.png")
    assert (tmp_path / "a.png").read_bytes() == before
    restore(tmp_path / "a.png", network=inverse, out=tmp_path / "a.png", overwrite=True)
    assert np.array_equal(imagecodecs.png_decode((tmp_path / "a.png").read_bytes()), 65535 - deep)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"task": "dehaze"}, "task is 'dehaze'; it can be 'deblur' or 'derain'"),
        ({"network": "lmnf"}, "Did you mean 'lmfn'"),
        ({"network": "no/such.safetensors"}, "There are no weights 'no/such.safetensors'"),
        ({"device": "tpu"}, "device is 'tpu'"),
        ({"network": same, "out": "a.png"}, "out= goes with the path of a file; got ndarray"),
    ],
)
def test_misuse_is_told(options, words):
    with pytest.raises(ValueError, match=words):
        restore(CHELSEA, **options)


def test_a_bad_image_is_told():
    with pytest.raises(ValueError, match="4 x 4"):
        restore(CHELSEA[:4, :4], network=same)
    with pytest.raises(ValueError, match="mode 'F'"):
        restore(Image.new("F", (16, 16)), network=same)
    with pytest.raises(ValueError, match="not finite"):
        restore(CHELSEA, network=lambda batch: batch * torch.nan)


def test_opening_an_engine_once_serves_many():
    engine = open_engine(network=same)
    assert np.array_equal(restore(CHELSEA, network=engine), CHELSEA)


def test_restore_is_there_without_its_codecs_being_loaded():
    code = "import lmfn_core, sys; assert 'imagecodecs' not in sys.modules; lmfn_core.restore"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        lmfn_core.nonsense  # noqa: B018


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_an_engine_is_given_bytes_and_a_function_floats(kind):
    seen = []

    class Watched(Engine):
        def __init__(self):
            pass

        def __call__(self, image):
            seen.append(image.dtype)
            return image.float() / 255 if image.dtype == torch.uint8 else image

    picture = (np.random.default_rng(0).integers(0, 255, (20, 30, 3)) / (1 if kind != np.float32 else 255)).astype(kind)
    for engine in (Watched(), lambda image: seen.append(image.dtype) or image):
        assert np.array_equal(restore(picture, network=engine), picture)
    assert seen == [torch.uint8 if kind == np.uint8 else torch.float32, torch.float32]
