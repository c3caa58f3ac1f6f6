"""Counts against hand calculation on small networks, and LMFN's against what is known."""

from dataclasses import FrozenInstanceError

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from lmfn_core import build
from lmfn_core.measures.profiling import Cost, Parameters, layer_costs, macs, parameters, peak_memory


class Toy(nn.Module):
    """Every kind of cost once: convolutions, a grouped one, a linear layer, matrix products of its own, dead weight."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 8, 3, stride=2, padding=1)
        self.norm = nn.BatchNorm2d(8)
        self.blocks = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 8, 1)])
        self.scale = nn.Parameter(torch.zeros(()))
        self.head = nn.Linear(8, 5)
        self.never_called = nn.Conv2d(8, 8, 3)

    def forward(self, image: Tensor) -> Tensor:
        x = F.relu(self.norm(self.stem(image)))
        for block in self.blocks:
            x = block(x)
        f = x.flatten(2)
        return self.head((f + self.scale * (f @ f.transpose(1, 2)) @ f).mean(dim=-1))


WEIGHTS = {"stem": 224, "norm": 16, "blocks.0": 80, "blocks.1": 72, "head": 45, "never_called": 584}
PLACES = 10 * 15  # a 20 x 30 image after the stride
MACS = {"stem": 3 * 8 * 9 * PLACES, "blocks.0": 8 * 9 * PLACES, "blocks.1": 64 * PLACES, "head": 40}
OWN_MACS = 2 * 8 * 8 * PLACES  # the Gram matrix and its product with f


def test_parameters_by_hand():
    total = sum(WEIGHTS.values()) + 1
    assert parameters(Toy()) == Parameters(total=total, trainable=total, unused=584)


def test_frozen_parameters_are_used_but_not_trainable():
    toy = Toy()
    toy.stem.requires_grad_(False)
    counted = parameters(toy)
    assert (counted.total - counted.trainable, counted.unused) == (224, 584)


def test_counting_leaves_the_network_as_it_was():
    toy = Toy().train()  # a batch norm in training writes its running statistics
    before = {name: value.clone() for name, value in toy.state_dict().items()}
    parameters(toy), macs(toy, 20, 30), layer_costs(toy, 20, 30)
    assert all(torch.equal(before[name], value) for name, value in toy.state_dict().items())
    assert toy.training and all(p.grad is None for p in toy.parameters())
    assert toy(torch.zeros(2, 3, 20, 30)).requires_grad


def test_parameters_work_where_gradients_are_off():
    with torch.no_grad():
        assert parameters(Toy()).unused == 584


class Unconnected(nn.Conv2d):
    def forward(self, image: Tensor) -> Tensor:
        return image


def test_networks_without_a_used_parameter():
    assert parameters(nn.ReLU()) == Parameters(0, 0, 0)
    assert parameters(Unconnected(3, 1, 1)) == Parameters(total=4, trainable=4, unused=4)


def test_macs_by_hand_and_against_a_real_pass():
    toy = Toy().eval()
    assert macs(toy, 20, 30) == sum(MACS.values()) + OWN_MACS
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        toy(torch.zeros(1, 3, 20, 30))
    assert counter.get_total_flops() == 2 * macs(toy, 20, 30)


@pytest.mark.parametrize("count", [Parameters(3, 2, 1), Cost("stem", 3, 4)])
def test_a_count_stays_what_it_is(count):
    with pytest.raises(FrozenInstanceError):
        count.total = count.macs = 0


def test_macs_follow_the_weights_type():
    assert macs(Toy().double(), 20, 30) == macs(Toy(), 20, 30)


def test_layer_costs_by_hand_add_up_to_the_whole():
    rows = layer_costs(Toy(), 20, 30)
    assert rows == [Cost(name, WEIGHTS[name], MACS.get(name, 0)) for name in WEIGHTS] + [Cost("(itself)", 1, OWN_MACS)]
    assert sum(row.macs for row in rows) == macs(Toy(), 20, 30)
    assert sum(row.parameters for row in rows) == parameters(Toy()).total


class Scaled(nn.Sequential):
    """Owns a parameter and computes nothing that is counted."""

    def __init__(self) -> None:
        super().__init__(nn.Conv2d(3, 2, 1))
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, image: Tensor) -> Tensor:
        return self.scale * super().forward(image)


def test_what_a_network_owns_itself_is_a_row_even_if_it_costs_nothing(capsys):
    assert layer_costs(Scaled(), 4, 5) == [Cost("0", 8, 6 * 20), Cost("(itself)", 1, 0)]
    assert not capsys.readouterr().out


# the networks


@pytest.mark.parametrize(
    ("name", "at_256", "at_720p", "unused"), [("lmfn", 4.82, 67.9, 0), ("lmfn-published", 4.49, 63.3, 23_903)]
)
def test_the_networks_cost_what_is_known(name, at_256, at_720p, unused):
    model = build(name)
    assert parameters(model).unused == unused
    assert macs(model, 256, 256) / 1e9 == pytest.approx(at_256, abs=0.02)
    assert macs(model, 720, 1280) / 1e9 == pytest.approx(at_720p, abs=0.2)


def test_fake_and_real_pass_agree_on_lmfn():
    model = build("lmfn").eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 3, 70, 100))
    assert counter.get_total_flops() == 2 * macs(model, 70, 100)


def test_the_rows_of_lmfn_add_up_and_its_encoder_can_be_opened():
    model = build("lmfn")
    rows = {row.name: row for row in layer_costs(model, 128, 128)}
    assert {"encoder", "bridge", "blocks.0", "blocks.3", "fusion", "reconstruct"} <= set(rows)
    assert sum(row.macs for row in rows.values()) == macs(model, 128, 128)
    assert sum(row.parameters for row in rows.values()) == 1_223_766
    inside = layer_costs(model.encoder, 128, 128)
    assert sum(row.macs for row in inside) == rows["encoder"].macs
    assert {row.name: row.parameters for row in inside}["stem"] == 1_792


# memory


class Chain(nn.Module):
    """Keeps its first map alive to the end when ``skip`` is set."""

    def __init__(self, skip: bool) -> None:
        super().__init__()
        self.skip = skip

    def forward(self, x: Tensor) -> Tensor:
        first = x + 1
        y = first * 2
        first = first if self.skip else None
        y = y * 3
        return y + first if self.skip else y * 4


def test_peak_memory_by_hand():
    x = torch.zeros(1, 1, 10, 25)  # maps of 1,000 bytes
    assert peak_memory(Chain(skip=False), x) == 2_000  # a map and the next
    assert peak_memory(Chain(skip=True), x) == 3_000  # first, the map, and the next
    assert peak_memory(Chain(skip=True), x.double()) == 6_000
    hourglass = nn.Sequential(nn.Upsample(scale_factor=2), nn.AvgPool2d(4), nn.ReLU())
    assert peak_memory(hourglass, x) == 4_000 + 240  # the peak is in the middle: a 20 x 50 map and the 5 x 12 after it


def test_a_pass_that_makes_nothing_takes_no_memory():
    assert peak_memory(nn.Identity(), torch.zeros(1, 1, 4, 4)) == 0


class Widened(nn.Module):
    """An operator with a keyword."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros_like(x, dtype=torch.float64)


def test_keywords_reach_the_operators():
    assert peak_memory(Widened(), torch.zeros(1, 1, 4, 5)) == 8 * 20


class Views(nn.Module):
    """Views and in-place operators make no bytes, whatever they view; the copy does."""

    def forward(self, x: Tensor) -> Tensor:
        y = x.flatten(2).transpose(1, 2)[:, ::2]
        return y.contiguous().relu_()


def test_weights_input_and_views_are_not_counted():
    assert peak_memory(Views(), torch.zeros(1, 3, 10, 10)) == 600
    conv = nn.Conv2d(3, 2, 1)
    assert peak_memory(conv, torch.zeros(1, 3, 10, 10)) == 800


def test_peak_memory_repeats_and_grows_with_the_area():
    model, small, large = build("lmfn"), torch.zeros(1, 3, 64, 64), torch.zeros(1, 3, 128, 128)
    peak = peak_memory(model, small)
    assert peak == peak_memory(model, small.clone())
    assert peak_memory(model, large) == pytest.approx(4 * peak, rel=0.1)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_peak_memory_on_a_gpu_is_the_allocators():
    x = torch.zeros(1, 1, 1024, 1024, device="cuda")
    assert peak_memory(Chain(skip=True), x) == 3 * x.nbytes
