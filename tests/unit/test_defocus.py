"""Backgrounds out of focus: blurred and sharp are one image, softer in a part, the same for the same seed."""

import torch

from lmfn_core.images.defocus import RADII, OutOfFocus, _discs, defocused
from lmfn_core.images.pairs import Source


def noise(seed: int = 0) -> torch.Tensor:
    return torch.rand(4, 3, 64, 64, generator=torch.Generator().manual_seed(seed)).mul(255).round().div(255)


def roughness(images: torch.Tensor) -> torch.Tensor:
    return images.diff(dim=-1).abs().mean(dim=1)


def test_a_part_becomes_softer_and_the_rest_stays():
    before = noise()
    after = defocused(before, torch.Generator().manual_seed(1))
    same = (after - before).abs().amax(dim=1) < 1.5 / 255
    assert 0.02 < same.float().mean() < 0.98
    changed = ~same[..., 1:]
    assert roughness(after)[changed].mean() < 0.6 * roughness(before)[changed].mean()


def test_discs_have_their_radius_and_sum_to_one():
    reach = int(RADII[1]) + 1
    discs = _discs(torch.tensor(RADII), reach)
    torch.testing.assert_close(discs.sum(dim=(1, 2)), torch.ones(2))
    for disc, radius in zip(discs, RADII, strict=True):
        across = (disc[reach] > disc.max() / 2 - 1e-6).sum().item()
        assert abs(across - (2 * radius + 1)) <= 1


def test_it_is_a_source_whose_pairs_repeat_and_differ_from_step_to_step():
    image = noise()[0].mul(255).to(torch.uint8)
    source = OutOfFocus({"a": image}, "noise", stream=3)
    assert isinstance(source, Source) and "out of focus" in source.describe
    ask = lambda step: source.train_batch(step, 3, 48, 5, torch.device("cpu"), augment=True)  # noqa: E731
    (blurred, sharp), (again, _), (other, _) = ask(2), ask(2), ask(3)
    assert blurred.shape == (3, 3, 48, 48) and torch.equal(blurred, sharp) and torch.equal(blurred, again)
    assert not torch.equal(blurred, other) and blurred.data_ptr() != sharp.data_ptr()
    assert blurred.min() >= 0 and blurred.max() <= 1 and not list(source.test_pairs())
