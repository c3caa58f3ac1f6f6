"""Files for other runtimes give PyTorch's numbers at sizes that the exporter never saw."""

import re

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from lmfn_core import build
from lmfn_core.benchmark.tolerances import tolerance
from lmfn_core.cli import export as cli_export
from lmfn_core.cli.main import app
from lmfn_core.images.photos import bundled
from lmfn_core.models.checkpoints import load_weights
from lmfn_core.restoring import backends, export
from lmfn_core.restoring.export import need, to_onnx, to_openvino

SIZES = [(1, 16, 16), (2, 101, 151), (1, 64, 64), (1, 33, 17), (3, 17, 100), (1, 160, 96)]  # batch, height, width


def photograph(batch: int, height: int, width: int) -> Tensor:
    image = bundled("test")["chelsea"][:, 20 : 20 + height, 90 : 90 + width].float().div(255)
    return torch.stack([image.roll(i, 1) for i in range(batch)])


def same(run, model: nn.Module) -> None:
    for size in SIZES:
        image = photograph(*size)
        with torch.inference_mode():
            wanted = model.eval()(image)
        ours = torch.from_numpy(run(image.numpy()))
        torch.testing.assert_close(ours, wanted, rtol=0, atol=tolerance("backend_float32"))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict:
    """ONNX files of LMFN with trained weights, and of a short LFDN as it starts, without an image skip."""
    pytest.importorskip("onnxscript", reason="the extra lmfn-core[onnx] is not installed")
    if torch.__version__ < export.EXPORTS_FROM:
        pytest.skip(f"PyTorch {torch.__version__} exports no network for all sizes")
    torch.manual_seed(0)
    models = {"lmfn": load_weights("lmfn")[0], "lfdn-n1": build("lfdn-n1")}
    folder = tmp_path_factory.mktemp("onnx")
    return {name: (to_onnx(model, folder / f"{name}.onnx"), model) for name, model in models.items()}


@pytest.mark.parametrize("name", ["lmfn", "lfdn-n1"])
def test_onnx_gives_the_same_numbers(files, name):
    runtime = pytest.importorskip("onnxruntime", reason="the extra lmfn-core[onnx] is not installed")
    path, model = files[name]
    session = runtime.InferenceSession(path, providers=["CPUExecutionProvider"])
    same(lambda image: session.run(["restored"], {"image": image})[0], model)


def test_onnxruntime_is_a_backend(files, monkeypatch):
    pytest.importorskip("onnxruntime", reason="the extra lmfn-core[onnx] is not installed")
    path, model = files["lmfn"]
    monkeypatch.setattr(backends, "to_onnx", lambda model, to: path)
    run = backends.open_backend("onnxruntime", model)
    same(lambda image: run(torch.from_numpy(image)).numpy(), model)


def test_the_onnx_file_is_whole_and_valid(files):
    onnx = pytest.importorskip("onnx", reason="the extra lmfn-core[onnx] is not installed")
    path, model = files["lmfn"]
    onnx.checker.check_model(onnx.load(path), full_check=True)
    assert [file.name for file in path.parent.glob("lmfn*")] == ["lmfn.onnx"]
    sizes = [[d.dim_param or d.dim_value for d in v.type.tensor_type.shape.dim] for v in onnx.load(path).graph.input]
    assert sizes == [["batch", 3, "height", "width"]]


def test_openvino_gives_the_same_numbers(files, tmp_path, monkeypatch):
    openvino = pytest.importorskip("openvino", reason="the extra lmfn-core[openvino] is not installed")
    path, model = files["lmfn"]
    monkeypatch.setattr(export, "to_onnx", lambda model, to: to.write_bytes(path.read_bytes()) and to)
    written = to_openvino(model, tmp_path / "deep" / "lmfn.xml")
    assert sorted(file.name for file in written.parent.iterdir()) == ["lmfn.bin", "lmfn.xml"]
    compiled = openvino.Core().compile_model(written, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    same(lambda image: compiled([image])[0], model)


def test_a_missing_package_is_named_with_its_cure(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(export.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r"needs onnxscript, .* pip install 'lmfn-core\[onnx\]'"):
        need("onnxscript")


def test_a_pytorch_that_is_too_old_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(export, "EXPORTS_FROM", (99, 1))
    with pytest.raises(ImportError, match=f"ONNX needs PyTorch 99.1 or newer, this is {re.escape(torch.__version__)}"):
        to_onnx(build("lmfn-n1"), tmp_path / "a.onnx")


def test_the_command_refuses_what_it_cannot_do(tmp_path):
    run = CliRunner().invoke
    (tmp_path / "there.onnx").write_text("mine")
    for words, said in (
        (["lmfn", "-o", str(tmp_path / "a.pt")], "neither .onnx nor .xml"),
        (["lmfn", "-o", str(tmp_path / "there.onnx")], "add --overwrite"),
        (["lmfm", "-o", str(tmp_path / "a.onnx")], "lmfm"),
    ):
        result = run(app, ["export", *words])
        assert result.exit_code == 2 and said in " ".join(result.output.split())
    assert (tmp_path / "there.onnx").read_text() == "mine"


def test_the_command_says_what_is_missing(tmp_path, monkeypatch):
    def without(model, path):
        raise ImportError("This needs onnx, which is not installed: pip install 'lmfn-core[onnx]'")

    monkeypatch.setitem(cli_export.WRITERS, ".onnx", without)
    result = CliRunner().invoke(app, ["export", "lmfn", "-o", str(tmp_path / "a.onnx")])
    assert result.exit_code == 1 and "pip install 'lmfn-core[onnx]'" in " ".join(result.output.split())


def test_the_command_writes_the_file(tmp_path, monkeypatch):
    seen = []
    monkeypatch.setitem(cli_export.WRITERS, ".xml", lambda model, path: seen.append(type(model).__name__) or path)
    result = CliRunner().invoke(app, ["export", "lfdn-derain", "-o", str(tmp_path / "a.xml")])
    assert result.exit_code == 0 and seen == ["LFDN"] and "a.xml" in result.output
