"""Other runtimes behind PyTorch's own call: the same numbers, the same refusals, the same number of threads."""

import math

import pytest
import torch

from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.images.photos import bundled
from lmfn_core.measures.metrics import psnr
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.restoring import backends
from lmfn_core.restoring.backends import open_backend

ROUNDING = 20 * math.log10(255 * math.sqrt(12))
"""PSNR of an image that is rounded to 8 bits; 3 dB below is twice that error, which is still not seen. How near
bfloat16 comes depends on the weights: the more they change an image, the more there is to round."""


@pytest.fixture(scope="module")
def lmfn():
    return load_weights("lmfn")[0]


@pytest.fixture
def openvino():
    return pytest.importorskip("openvino", reason="the extra lmfn-core[openvino] is not installed")


def restored(model, image):
    with torch.inference_mode():
        return model(image)


@pytest.mark.parametrize("name", ["lmfn", "lfdn-deblur", "lfdn-derain"])
def test_openvino_restores_as_pytorch(openvino, name):
    model, _ = load_weights(name)
    run, half = (open_backend("openvino", model, precision) for precision in ("float32", "bfloat16"))
    photograph = bundled("test")["chelsea"].unsqueeze(0).float().div(255)
    for height, width in ((16, 16), (17, 90), (160, 96), (101, 203)):
        image = photograph[..., :height, :width].expand(2, -1, -1, -1)
        wanted = restored(model, image)
        torch.testing.assert_close(run(image), wanted, rtol=0, atol=tolerance("backend_float32"))
        assert psnr(half(image).clamp(0, 1), wanted.clamp(0, 1)).min() > ROUNDING - 3


def test_results_are_the_callers_own(openvino, lmfn):
    run = open_backend("openvino", lmfn, "float32")
    images = torch.rand(2, 1, 3, 64, 64)
    first = run(images[0])
    kept = first.clone()
    run(images[1])
    assert torch.equal(first, kept)


def test_threads_are_those_of_pytorch(openvino, lmfn, monkeypatch):
    seen = {}
    compile_model = openvino.Core.compile_model

    def spied(core, model, device, settings):
        seen.update(settings)
        return compile_model(core, model, device, settings)

    monkeypatch.setattr(openvino.Core, "compile_model", spied)
    open_backend("openvino", lmfn, "float32")
    assert seen["INFERENCE_NUM_THREADS"] == torch.get_num_threads()
    assert seen["INFERENCE_PRECISION_HINT"] == "f32"


@pytest.mark.parametrize(("chosen", "hint"), [("bf16-mixed", "bf16"), ("32-true", "f32")])
def test_auto_is_what_the_processor_multiplies(lmfn, monkeypatch, chosen, hint):
    hints = []
    monkeypatch.setattr(backends, "pick_precision", lambda name, device: chosen)
    monkeypatch.setattr(backends, "_openvino", lambda model, asked: hints.append(asked) or model)
    open_backend("openvino", lmfn)
    assert hints == [hint]


def test_bad_input_is_refused_as_by_the_network(openvino, lmfn):
    run = open_backend("openvino", lmfn, "float32")
    with pytest.raises(ValueError, match="The image is 20 x 15; each side must be at least 16 pixels"):
        run(torch.zeros(1, 3, 15, 20))
    with pytest.raises(ValueError, match="divide by 255 first"):
        run(torch.zeros(1, 3, 16, 16, dtype=torch.uint8))


@pytest.mark.parametrize(
    ("name", "precision", "said"),
    [
        ("tensorrt", "auto", "The backend is 'tensorrt'; it can be 'openvino' or 'onnxruntime'"),
        ("openvino", "int4", "precision is 'int4'; it can be 'auto', 'float32', 'bfloat16'"),
        ("onnxruntime", "bfloat16", "ONNX Runtime has no bfloat16 on a CPU"),
    ],
)
def test_unknown_names_are_refused(lmfn, name, precision, said):
    with pytest.raises(ValueError, match=said):
        open_backend(name, lmfn, precision)


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_missing_runtime_is_named_with_its_cure(lmfn, name, monkeypatch):
    monkeypatch.setattr(backends, "need", lambda package: (_ for _ in ()).throw(ImportError(f"needs {package}")))
    with pytest.raises(ImportError, match=f"needs {name}"):
        open_backend(name, lmfn)
