"""What a finished training leaves on disk, its checkpoint and its history, found again by the training's settings."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from lmfn_core.models.checkpoints import load_tensors, load_weights, save_tensors, save_weights
from lmfn_core.training.state import History
from lmfn_core.training.watch import Point, Watch


@dataclass(frozen=True)
class Trained:
    """A finished training.

    >>> Trained(nn.Identity(), History(), {}, Path("a.safetensors")).found
    False
    """

    model: nn.Module  # with the averaged weights, if the recipe keeps an average
    history: History
    untouched: Mapping[int, float]  # step to the loss of the blurred input itself, at up to 300 steps
    weights: Path  # the checkpoint
    found: bool = False  # read from disk: trained by an earlier call

    @property
    def curve(self) -> list[Point]:
        """Score against time, if the training was watched."""
        return Watch.of(self.weights).points


def save_trained(trained: Trained, card: Mapping[str, object], settings: Mapping[str, object]) -> None:
    """Write the checkpoint with its ``card``, then ``<name>.history.safetensors`` beside it, which belongs to it.

    Args:
        settings: whatever identifies the training; ``load_trained`` asks for the same.

    Raises:
        OSError: when the folder cannot be written.
    """
    save_weights(trained.weights, trained.model, card)
    history, steps = trained.history, sorted(trained.untouched)
    tensors = {
        "losses": torch.tensor(history.losses, dtype=torch.float64),
        "untouched.steps": torch.tensor(steps, dtype=torch.int64),
        "untouched.losses": torch.tensor([trained.untouched[step] for step in steps], dtype=torch.float64),
    }
    clock = {"seconds": history.seconds, "data_seconds": history.data_seconds, "steps_run": history.steps_run}
    identity = _identity(trained.weights, card, settings)
    save_tensors(_history_of(trained.weights), tensors, {"history_of": identity, "clock": clock})


def load_trained(weights: Path, card: Mapping[str, object], settings: Mapping[str, object]) -> Trained | None:
    """The training that left ``weights`` under these settings, or None if there is none, or it is another's."""
    try:
        tensors, about = load_tensors(_history_of(weights))
        if about.get("history_of") != _identity(weights, card, settings):
            return None
    except (FileNotFoundError, ValueError):
        return None
    history = History(tensors["losses"].tolist(), **about["clock"])
    untouched = dict(zip(_numbers(tensors, "steps"), _numbers(tensors, "losses"), strict=True))
    return Trained(load_weights(weights)[0], history, untouched, weights, found=True)


def _history_of(weights: Path) -> Path:
    return weights.with_suffix(".history.safetensors")


def _identity(weights: Path, card: Mapping[str, object], settings: Mapping[str, object]) -> dict[str, object]:
    """The hash ties a history to its checkpoint, should a kill come between the writes of the two."""
    return {"card": dict(card), "settings": dict(settings), "weights": hashlib.sha256(weights.read_bytes()).hexdigest()}


def _numbers(tensors: Mapping[str, Tensor], name: str) -> list:
    return tensors[f"untouched.{name}"].tolist()
