"""What the tests on a GPU share. They carry the mark `gpu`; /conftest.py skips them, with the reason, where none is."""

import pytest
import torch
from torch import nn

from lmfn_core.models.checkpoints import load_weights

EXAMPLE = "lmfn"


@pytest.fixture
def cuda_device() -> torch.device:
    """The device under test."""
    return torch.device("cuda")


@pytest.fixture
def lmfn() -> nn.Module:
    """LMFN after a short training, on the CPU, in eval mode."""
    return load_weights(EXAMPLE)[0]


@pytest.fixture
def photograph() -> torch.Tensor:
    """8-bit RGB, "3 96 130", the same everywhere: waves of all lengths, no photograph."""
    down, right = torch.meshgrid(torch.arange(96.0), torch.arange(130.0), indexing="ij")
    waves = torch.stack([torch.sin(down * right / (40 + 25 * channel)) for channel in range(3)])
    return (127.5 + 120 * waves).round().to(torch.uint8)
