"""Weights by name, from a folder and from a hub that is not there; nothing here opens a connection."""

import json

import pytest
import torch

from lmfn_core import LFDN, LMFN, build
from lmfn_core.models import checkpoints, pretrained
from lmfn_core.models.checkpoints import load_tensors, load_weights, save_weights
from lmfn_core.models.nafnet import NAFNet
from lmfn_core.models.pretrained import WEIGHTS, shipped


@pytest.fixture(autouse=True)
def no_hub(monkeypatch):
    def refuse(*_, **__):
        raise pretrained.LocalEntryNotFoundError("no connection in a test\nRetrying in 1s")

    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", refuse)
    monkeypatch.setattr(pretrained, "hf_hub_download", refuse)


def same(a, b):
    return all(torch.equal(p, q) for p, q in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


@pytest.mark.parametrize("name", shipped())
def test_shipped_weights_are_whole_light_and_say_where_they_come_from(name):
    path = WEIGHTS / f"{name}.safetensors"
    tensors, card = load_tensors(path)
    assert path.stat().st_size < 4.05 * sum(tensor.numel() for tensor in tensors.values())  # float32, nothing beside
    assert all(torch.isfinite(tensor).all() for tensor in tensors.values())
    assert {"network", "settings", "recipe", "steps", "batch", "crop", "seed", "data"} <= set(card)
    assert json.loads(path.with_suffix(".json").read_text(encoding="utf-8")) == card
    assert "## What it does badly" in path.with_suffix(".md").read_text(encoding="utf-8")


def test_the_default_is_read_from_the_package():
    network = LMFN.from_pretrained()
    assert isinstance(network, LMFN) and not network.training
    assert same(network, load_weights(WEIGHTS / "lmfn.safetensors")[0])


def test_a_folder_gives_back_what_was_saved(tmp_path):
    network = build("lmfn-n1", image_skip=True)
    network.save_pretrained(tmp_path / "mine")
    assert json.loads((tmp_path / "mine" / "config.json").read_text())["network"] == "lmfn-n1"
    again = LMFN.from_pretrained(tmp_path / "mine")
    assert same(again, network) and again.card == network.card
    assert "lmfn" in (tmp_path / "mine" / "README.md").read_text()


def test_a_hub_serves_the_same_file(tmp_path, monkeypatch):
    network = build("lmfn-n1")
    network.save_pretrained(tmp_path)

    def download(repo_id, filename, **_):
        assert repo_id == "someone/lmfn"
        return str(tmp_path / filename)

    monkeypatch.setattr("huggingface_hub.hub_mixin.hf_hub_download", lambda **options: download(**options))
    monkeypatch.setattr(pretrained, "hf_hub_download", download)
    assert same(LMFN.from_pretrained("someone/lmfn"), network)


@pytest.mark.parametrize(("name", "words"), [("lmnf", "Did you mean 'lmfn'"), ("no/such/folder", "'no/such/folder'")])
def test_an_unknown_name_is_named_with_the_nearest(name, words):
    with pytest.raises(ValueError, match=words):
        LMFN.from_pretrained(name)


@pytest.mark.parametrize("name", [None, "lfdn-derain"])
def test_each_network_asks_for_weights_of_its_own(name, monkeypatch, tmp_path):
    """Before they are shipped the sentence names what is; afterwards they are found by the same name."""
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path)
    asked = {None: "lfdn-deblur"}.get(name, name)
    (tmp_path / "lmfn.safetensors").touch()
    with pytest.raises(ValueError, match=f"There are no weights '{asked}'. Give one of lmfn, a folder"):
        LFDN.from_pretrained(name)
    with pytest.raises(ValueError, match="No weights of NAFNet come with the package: give a folder"):
        NAFNet.from_pretrained()


def test_shipped_weights_of_lfdn_are_found_by_name(monkeypatch, tmp_path):
    monkeypatch.setattr(pretrained, "WEIGHTS", tmp_path)
    monkeypatch.setattr(checkpoints, "WEIGHTS", tmp_path)
    network = build("lfdn", image_skip=True)
    save_weights(tmp_path / "lfdn-deblur.safetensors", network, network.card)
    assert shipped() == ["lfdn-deblur"]
    assert same(LFDN.from_pretrained(), network) and same(LFDN.from_pretrained("lfdn-deblur"), network)
    with pytest.raises(ValueError, match="lfdn-deblur holds weights of LFDN, not of LMFN: call LFDN.from_pretrained"):
        LMFN.from_pretrained("lfdn-deblur")


def test_a_hub_that_does_not_answer_is_one_sentence():
    with pytest.raises(OSError, match="could not be had from the hub: no connection in a test$"):
        LMFN.from_pretrained("nobody/nothing")


def test_weights_of_another_class_name_their_own(tmp_path):
    class Other(LMFN):
        pass

    build("lmfn-n1").save_pretrained(tmp_path)
    with pytest.raises(ValueError, match="weights of LMFN, not of Other: call LMFN.from_pretrained"):
        Other.from_pretrained(tmp_path)


def test_a_damaged_file_is_named(tmp_path):
    build("lmfn-n1").save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ValueError, match="model.safetensors"):
        LMFN.from_pretrained(tmp_path)
