"""Weights for golden numbers: the same on every machine and torch version."""

from collections.abc import Callable

import pytest
import torch
from torch import nn


@pytest.fixture(scope="session")
def scattered() -> Callable[[nn.Module], nn.Module]:
    """Fill a network with scattered numbers, strong enough that its last layers still depend on its first.

    Whole-number arithmetic (the 32-bit finaliser of a hash), so exact; a matrix gets variance 1 / fan-in.
    """

    def fill(module: nn.Module) -> nn.Module:
        for parameter in module.parameters():
            k = (torch.arange(1, parameter.numel() + 1) * 2_654_435_761) & 0xFFFFFFFF
            k = ((k ^ (k >> 15)) * 73_244_475) & 0xFFFFFFFF
            uniform = (k ^ (k >> 16)).double() / 2**32 - 0.5  # variance 1 / 12
            fan_in = parameter[0].numel() if parameter.ndim > 1 else 12
            parameter.data = (uniform * (12 / fan_in) ** 0.5).float().view_as(parameter)
        return module

    return fill
