import pytest
import torch

from lmfn_core.repro import environment, pick_device, pick_precision, seed_everything, source_digest, use_threads


def test_seeding_repeats_and_seeds_differ():
    draws = []
    for seed in (1, 1, 2):
        seed_everything(seed)
        draws.append(torch.rand(3).tolist())
    assert draws[0] == draws[1] != draws[2]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: pick_device("gpu"), "device is 'gpu'; it can be 'auto', 'cpu' or 'cuda'"),
        (lambda: pick_precision("16"), "precision is '16'"),
        (lambda: use_threads(-1), "threads is -1"),
    ],
)
def test_unknown_choices_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_cuda_without_a_gpu_is_refused():
    with pytest.raises(ValueError, match="finds no usable GPU"):
        pick_device("cuda")


def test_auto_precision_follows_the_hardware(monkeypatch):
    for probe in ("_is_avx512_bf16_supported", "_is_amx_tile_supported"):
        monkeypatch.setattr(torch.cpu, probe, lambda: False, raising=False)
    assert pick_precision("auto", "cpu") == "32-true"
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: True, raising=False)
    assert pick_precision("auto", "cpu") == "bf16-mixed"


def test_the_stamp_names_versions_and_no_machine_path():
    stamp = environment()
    assert stamp["packages"]["torch"] == torch.__version__.split("+")[0] or "+" in torch.__version__
    assert not any("/home" in str(v) or "/root" in str(v) for v in stamp.values())


def test_the_source_digest_is_stable():
    assert source_digest() == source_digest()
