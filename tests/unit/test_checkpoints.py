import json

import pytest
import torch

from lmfn_core import build
from lmfn_core.models.checkpoints import load_tensors, load_weights, save_tensors, save_weights


def test_weights_come_back_and_the_card_beside_them_is_a_copy(tmp_path):
    model = build("lmfn-n1", image_skip=True)
    card = {"network": "lmfn-n1", "settings": {"image_skip": True}, "steps": 3}
    path = save_weights(tmp_path / "a.safetensors", model, card)
    again, read = load_weights(path)
    assert read == card == json.loads(path.with_suffix(".json").read_text())
    assert not again.training
    assert all(torch.equal(a, b) for a, b in zip(model.parameters(), again.parameters(), strict=True))


def test_half_precision_halves_the_file_and_loads_as_float32(tmp_path):
    model, card = build("lmfn-n1"), {"network": "lmfn-n1", "settings": {}}
    whole = save_weights(tmp_path / "a.safetensors", model, card).stat().st_size
    half = save_weights(tmp_path / "b.safetensors", model, card, torch.float16).stat().st_size
    assert half < 0.52 * whole
    assert next(load_weights(tmp_path / "b.safetensors")[0].parameters()).dtype == torch.float32


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = save_tensors(tmp_path / "a.safetensors", {"w": torch.ones(3)}, {})
    monkeypatch.setattr("os.replace", lambda *_: (_ for _ in ()).throw(OSError("No space left on device")))
    with pytest.raises(OSError, match="No space left"):
        save_tensors(path, {"w": torch.zeros(3)}, {})
    assert load_tensors(path)[0]["w"].tolist() == [1, 1, 1]
    assert {p.name for p in tmp_path.iterdir()} == {"a.safetensors", "a.json"}


@pytest.mark.parametrize("spoil", [lambda b: b[:-50], lambda b: b"\x00" * 40, lambda b: b"", lambda b: b[:3]])
def test_damaged_files_are_refused_in_a_sentence(tmp_path, spoil):
    path = save_tensors(tmp_path / "a.safetensors", {"w": torch.ones(30)}, {"x": 1})
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(ValueError, match=r"a\.safetensors is no checkpoint of this package or is damaged"):
        load_tensors(path)


def test_other_mistakes_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no checkpoint at"):
        load_weights(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="ends in .safetensors; got 'a.pt'"):
        save_tensors(tmp_path / "a.pt", {}, {})
    with pytest.raises(ValueError, match="needs 'network' and 'settings'"):
        save_weights(tmp_path / "a.safetensors", build("lmfn-n1"), {"steps": 1})
    wrong = save_weights(tmp_path / "w.safetensors", build("lmfn-n1"), {"network": "lmfn-n2", "settings": {}})
    with pytest.raises(ValueError, match="does not fit the network 'lmfn-n2'"):
        load_weights(wrong)
    state = save_tensors(tmp_path / "s.safetensors", {"w": torch.ones(1)}, {"state_of": {}})
    with pytest.raises(ValueError, match="holds a training state"):
        load_weights(state)
