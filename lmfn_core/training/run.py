"""One training by its parameters, as notebook 08 runs it; without the notebook too, and in several processes:

    python -m lmfn_core.training.run --steps 20000 --batch 16 --crop 256 --processes 8
    torchrun --nproc-per-node 8 -m lmfn_core.training.run --steps 20000 --batch 16 --crop 256

Notebook 08 with the same parameters finds the checkpoint and evaluates it. A stopped run goes on under its command.
"""

import copy
import functools
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter

import torch
from torch import Tensor

from lmfn_core.datasets.corpus import Corpus
from lmfn_core.datasets.opening import open_data
from lmfn_core.images.pairs import Pair, Source
from lmfn_core.models.checkpoints import load_tensors
from lmfn_core.records import check_writable
from lmfn_core.repro import pick_device, seed_everything, use_threads
from lmfn_core.training.asked import begin, card_of, check, identity
from lmfn_core.training.launch import EXPECTED, launch
from lmfn_core.training.processes import ProcessLost, grouped, is_first, is_loss_of_peer
from lmfn_core.training.recipes import RECIPES
from lmfn_core.training.state import forget
from lmfn_core.training.train import train
from lmfn_core.training.trained import Trained, load_trained, save_trained
from lmfn_core.training.watch import Watch, a_few, load_average
from lmfn_core.training.widened import widened

SAVES = 10
"""Times that the state of a run is saved, at least; see ``SAVE_EVERY``."""
SAVE_EVERY = 1000
"""Steps between two saves, at most: a killed run loses no more."""
LOOKS = 20
"""Times that a watched run is scored: after some of its saves, and in the end."""
UNTOUCHED = 300
"""Steps at which the loss of the blurred input itself is taken, at most."""


def run(
    *,
    network: str = "lmfn",
    recipe: str = "modern",
    image_skip: bool = True,
    steps: int = 400,
    batch: int = 8,
    crop: int = 96,
    seed: int = 0,
    data: str = "bundled",
    task: str = "deblur",
    start: str = "",
    anew: str = "",
    watch: int = 0,
    device: str = "auto",
    precision: str = "auto",
    threads: int = 0,
    processes: int = 1,
    tier: str = "lesson",
    name: str = "train-lmfn",
    out: str = "scratch",
) -> Trained:
    """Train a network and leave its checkpoint; go on where a stopped run was, return a finished one at once.

    Args:
        network: one of ``lmfn_core.networks()``. recipe: a key of ``RECIPES``. image_skip: add the input to the output.
        batch: crops in a step, of all processes together. crop: their side in pixels.
        data: "bundled" or a folder, as ``open_data`` takes it, with task: "deblur" or "derain".
        device: "auto", "cpu" or "cuda".
        start: weights to go on from, a file or the name of shipped ones; an empty word for random ones. Those of a
            larger network give what they share: "lmfn" for "lmfn-n3" or "lmfn-without-attention".
        anew: a part that keeps its random weights instead of those, as "blocks.3"; an empty word for none.
        watch: so many held-out pairs of each set are scored ``LOOKS`` times, for the curve of score against time.
        precision: "auto", "32-true" or "bf16-mixed". threads: CPU threads of each process; 0: torch chooses.
        processes: started on this machine, each with a GPU of its own or a share of the CPU. Not part of the run's
            identity: it may go on with more or fewer. Under ``torchrun``, which starts them itself, leave it 1.
        tier: stamped on the checkpoint. name, out: the checkpoint is ``out/weights/name.safetensors``.

    Raises:
        ValueError: for an unknown name, a number below 1, a batch that the processes cannot share equally, or a
            start that lacks a part of the network.
        FileNotFoundError: when there is no such data.
        TrainingDiverged: when the loss or a weight is not finite; the last good state is kept.
        OSError: when the checkpoint's folder cannot be written; told before anything is trained where it is read-only.
        ProcessLost: when one of several processes died; its text says where the same call goes on.
    """
    given, chosen = dict(locals()), pick_device(device)
    check(given, chosen)
    settings = identity(given, chosen)
    use_threads(threads)
    source, weights = open_data(data, task, later=bool(start)), Path(out) / "weights" / f"{name}.safetensors"
    card = card_of(given, source.describe)
    if trained := load_trained(weights, card, settings):
        _say(f"{weights} is finished: {steps} steps, nothing to train")
        if is_first():
            forget(_state_of(weights))  # of a run killed after its last write
        return trained
    check_writable(weights.parent)
    try:
        if processes == 1 or grouped():
            return _train(settings, card, weights, source, chosen, watch)
        launch(run, given, processes)
    except ProcessLost as lost:
        raise ProcessLost(f"{lost}; {_onward(_saved_steps(weights, settings))}") from None
    return load_trained(weights, card, settings)


def _train(
    settings: Mapping[str, object],
    card: Mapping[str, object],
    weights: Path,
    source: Source,
    device: torch.device,
    watch: int,
) -> Trained:
    steps, batch, crop, seed = (settings[key] for key in ("steps", "batch", "crop", "seed"))
    plan, untouched, began = RECIPES[settings["recipe"]], {}, perf_counter()

    def ask(step: int) -> tuple[Tensor, Tensor]:
        blurred, sharp = source.train_batch(step, batch, crop, seed, device, plan.augment)
        if step % -(-steps // UNTOUCHED) == 0:
            untouched[step] = plan.loss(blurred, sharp).item()
        return blurred, sharp

    if saved := _saved_steps(weights, settings):
        _say(f"going on from step {saved}")

    def on_step(done: int, loss: float) -> None:
        _say(f"step {done}/{steps}, loss {loss:.4f}, {perf_counter() - began:.0f} s")
        if watch and done * LOOKS // steps > (done - every) * LOOKS // steps:
            averaged = load_average(_state_of(weights), copy.deepcopy(model))
            _say(f"held-out gains {curve.look(done, averaged, watched())['gains']}")

    @functools.cache
    def watched() -> list[Pair]:
        seen = source.watched if isinstance(source, Corpus) else source
        return list(a_few(seen.test_pairs(), watch))

    seed_everything(seed)
    every = min(SAVE_EVERY, max(1, steps // SAVES))
    model, curve, on_card = begin(settings), Watch.of(weights), device.type == "cuda"
    try:
        with widened(model) if on_card else nullcontext():
            history = train(
                model, ask, plan, steps, device=device, precision=settings["precision"], settings=settings,
                state=_state_of(weights), every=every, keep=True, on_step=on_step, compiled=on_card,
            )  # fmt: skip
    except RuntimeError as error:
        if is_loss_of_peer(error):
            raise ProcessLost("Another process of this training died") from error
        raise
    trained = Trained(model, history, untouched, weights)
    if is_first():
        save_trained(trained, card, settings)
        forget(_state_of(weights))
    return trained


def _state_of(weights: Path) -> Path:
    return weights.with_suffix(".state.safetensors")


def _saved_steps(weights: Path, settings: Mapping[str, object]) -> int:
    """Steps that the state on disk has behind it; 0 when there is none of these settings."""
    try:
        tensors, card = load_tensors(_state_of(weights))
    except (FileNotFoundError, ValueError):
        return 0
    return len(tensors["losses"]) if card.get("state_of") == dict(settings) else 0


def _onward(saved: int) -> str:
    onward = f"goes on from step {saved}" if saved else "starts over, since nothing was saved yet"
    return f"the same command {onward}."


def _say(text: str) -> None:
    if is_first():
        print(text, flush=True)


@functools.wraps(run)
def command(**given: object) -> None:
    """``run`` for the command line: an expected error becomes one sentence and exit code 1.

    In a group the first process speaks for all, and each about the loss of another, since the first may be the one.
    """
    try:
        run(**given)
    except ProcessLost as lost:
        sys.exit(str(lost))
    except EXPECTED as error:
        sys.exit(str(error) if is_first() or isinstance(error, OSError) else 1)
    except KeyboardInterrupt:
        sys.exit("Stopped; the same command goes on from the last save.")


if __name__ == "__main__":
    import typer

    typer.run(command)
