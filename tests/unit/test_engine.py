"""What the engine chooses, that it gives the network's numbers, and what it refuses."""

import pytest
import torch

import lmfn_core.restoring.engine as engine_module
from lmfn_core import LMFN, build
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.images.photos import bundled
from lmfn_core.restoring.engine import fast
from lmfn_core.restoring.export import EXPORTS_FROM


@pytest.fixture(scope="module")
def model():
    return LMFN.from_pretrained()


@pytest.mark.parametrize("name", ["lmfn", "lfdn", "nafnet-small", "lmfn-aspp"])
def test_the_networks_numbers(name, scattered):
    image = torch.rand(2, 3, 50, 81, generator=torch.Generator().manual_seed(0))
    network = scattered(build(name)).eval()
    engine = fast(network, device="cpu", precision="float32", backend="torch")
    with torch.inference_mode():
        wanted = network(image)
    allowed = tolerance("network_float32") * max(1, wanted.abs().max())
    for tile in (None, 0, 16):
        assert (engine(image, tile=tile) - wanted).abs().max() < allowed


def test_the_model_is_left_as_it_was(model):
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    fast(model, device="cpu", precision="bfloat16", backend="torch")(torch.rand(1, 3, 64, 64))
    assert model.training and all(p.requires_grad for p in model.parameters())
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    model.eval()


@pytest.mark.parametrize("name", ["lmfn", "nafnet-small"])
def test_bytes_and_a_place_for_the_result(name):
    engine = fast(build(name, image_skip=True), device="cpu", precision="float32", backend="torch")
    image = torch.randint(0, 256, (1, 3, 40, 50), dtype=torch.uint8)
    out, floats = torch.empty_like(image), torch.empty(1, 3, 40, 50)
    assert engine(image, out=out) is out and engine(image, out=floats) is floats
    assert torch.equal(out, image)  # an untrained network with an image skip is the identity
    assert (floats - engine(image.float() / 255)).abs().max() < tolerance("tiled_float32")


def test_bfloat16_is_near_and_float32_out(model):
    image = torch.rand(1, 3, 64, 96)
    half, full = (fast(model, device="cpu", precision=p, backend="torch")(image) for p in ("bfloat16", "float32"))
    assert half.dtype == torch.float32
    assert 0 < (half - full).abs().max() < tolerance("forward_bf16")


def test_what_the_hardware_likes_is_equal_to_the_eye(model):
    image = bundled("test")["chelsea"][None, :, 40:141, 60:193].float() / 255
    with torch.inference_mode():
        difference = fast(model, device="cpu")(image) - model(image)
    assert -10 * difference.square().mean().log10() > 50


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_other_runtimes_give_the_same(model, backend):
    pytest.importorskip(backend)
    if backend == "onnxruntime" and torch.__version__ < EXPORTS_FROM:
        pytest.skip(f"PyTorch {torch.__version__} exports no network for all sizes")
    image = torch.rand(1, 3, 50, 81)
    engine = fast(model, device="cpu", precision="float32", backend=backend)
    assert engine.backend == backend
    with torch.inference_mode():
        assert (engine(image) - model(image)).abs().max() < tolerance("backend_float32")
    assert (engine(image, tile=16) - engine(image)).abs().max() < tolerance("backend_float32")  # over strips, by torch


def test_large_images_go_over_strips_whatever_the_runtime(model, monkeypatch):
    asked = []
    monkeypatch.setattr(engine_module, "open_backend", lambda *given: lambda image: asked.append(image.shape) or image)
    monkeypatch.setattr(engine_module, "WHOLE", 64 * 64)
    engine = fast(model, device="cpu", precision="float32", backend="openvino")
    for side in (64, 65):
        engine(torch.rand(1, 3, side, side))
    assert asked == [(1, 3, 64, 64)]


def test_auto_is_torch_where_openvino_is_not_or_does_not_know_the_network(model, monkeypatch):
    assert fast(build("nafnet-small"), device="cpu").backend == "torch"
    monkeypatch.setattr(engine_module.importlib.util, "find_spec", lambda name: None)
    assert fast(model, device="cpu").backend == "torch"


def test_what_cannot_be_tiled_is_refused_when_it_is_large(monkeypatch):
    monkeypatch.setattr(engine_module, "LIMIT", 64 * 64)
    engine = fast(build("nafnet-small"), device="cpu", backend="torch")
    assert not engine.tiles
    with pytest.raises(ValueError, match="has 4,160 pixels; NAFNet in this form looks at the whole"):
        engine(torch.rand(1, 3, 64, 65))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"precision": "half"}, "precision is 'half'; it can be 'auto', 'float32'"),
        ({"backend": "tensorrt"}, "backend is 'tensorrt'; it can be"),
        ({"device": "tpu"}, "device is 'tpu'"),
        ({"backend": "openvino", "compiled": True}, "runs on a CPU and compiles by itself"),
    ],
)
def test_settings_that_do_not_exist(model, settings, message):
    with pytest.raises(ValueError, match=message):
        fast(model, **settings)


@pytest.mark.parametrize("dtype", [torch.float32, torch.uint8, torch.int32])
def test_no_image(model, dtype):
    with pytest.raises(ValueError, match="at least 16 pixels|takes floats"):
        fast(model, device="cpu", backend="torch")(torch.zeros(1, 3, 15, 64, dtype=dtype))
