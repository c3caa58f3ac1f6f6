"""The run of notebook 08 as a function, in one process; test_ddp.py has it in two."""

import pytest
import torch

from lmfn_core.models.checkpoints import load_weights, save_tensors
from lmfn_core.training import run as training_run
from lmfn_core.training.asked import begin
from lmfn_core.training.run import run
from lmfn_core.training.train import train

TINY = {"network": "lmfn-n1", "steps": 3, "batch": 1, "crop": 64, "device": "cpu", "precision": "32-true"}


@pytest.fixture
def options(tmp_path) -> dict:
    return TINY | {"out": str(tmp_path)}


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    return all(torch.equal(p, q) for p, q in zip(a.parameters(), b.parameters(), strict=True))


def interrupted_at(step: int):
    """``train``, stopped before this step as by the person at the keyboard."""

    def until(model, batches, *args, **options):
        def deadly(asked: int):
            if asked == step:
                raise KeyboardInterrupt
            return batches(asked)

        return train(model, deadly, *args, **options)

    return until


def test_a_finished_run_is_found_and_not_trained_again(options, capsys):
    first, again = run(**options), run(**options)
    assert (first.found, again.found) == (False, True)
    assert same(first.model, again.model) and first.history == again.history and first.untouched == again.untouched
    assert load_weights(again.weights)[1]["steps"] == 3
    assert capsys.readouterr().out.splitlines()[-1] == f"{again.weights} is finished: 3 steps, nothing to train"


@pytest.mark.parametrize("other", [{"seed": 1}, {"tier": "smoke"}])
def test_another_run_under_the_same_name_is_trained(options, other):
    run(**options)
    assert not run(**options | other).found
    assert not run(**options).found  # its checkpoint has been replaced


def test_a_task_is_part_of_the_run_and_deblurring_says_what_it_always_said(options):
    blur = run(**options)
    assert "task" not in load_weights(blur.weights)[1] and run(**options | {"task": "deblur"}).found
    derained = run(**options | {"task": "derain", "name": "derain"})
    card = load_weights(derained.weights)[1]
    assert card["task"] == "derain" and "synthetic rain" in card["data"]
    assert not same(blur.model, derained.model) and run(**options | {"task": "derain", "name": "derain"}).found
    assert not run(**options | {"task": "derain"}).found  # under the name of another


def test_a_part_of_a_start_may_be_drawn_anew(options):
    first = run(**options)
    again = run(**options | {"name": "again", "start": str(first.weights), "anew": "blocks.0", "seed": 1})
    assert load_weights(again.weights)[1]["anew"] == "blocks.0"
    later = run(**options | {"name": "later", "start": str(again.weights)})
    assert load_weights(later.weights)[1]["start"]["anew"] == "blocks.0"
    before, after = first.model.state_dict(), again.model.state_dict()
    kernels = [name for name, value in before.items() if value.ndim == 4 and not name.startswith("reconstruct")]
    moved = {name for name in kernels if (after[name] - before[name]).norm() > 0.5 * before[name].norm()}
    assert moved == {name for name in kernels if name.startswith("blocks.0.")}


def test_a_start_may_be_a_larger_network(options):
    first = run(**options | {"network": "lmfn-n2"})
    begun = begin({"network": "lmfn-n1", "image_skip": True, "start": str(first.weights)}).state_dict()
    given = first.model.state_dict()
    assert all(torch.equal(value, given[name]) for name, value in begun.items() if name != "fusion.fuse.weight")
    assert torch.equal(begun["fusion.fuse.weight"], given["fusion.fuse.weight"][:, :50])
    smaller = run(**options | {"name": "smaller", "start": str(first.weights)})
    assert load_weights(smaller.weights)[1]["start"]["network"] == "lmfn-n2"
    sentence = "'lmfn-n3' cannot begin with .*, the weights of 'lmfn-n2': 'blocks.2.keep.0.weight' is missing"
    with pytest.raises(ValueError, match=sentence):
        run(**options | {"name": "larger", "network": "lmfn-n3", "start": str(first.weights)})


def test_a_history_belongs_to_its_checkpoint_only(options):
    ours, other = run(**options), run(**options | {"name": "other", "seed": 1})
    ours.weights.write_bytes(other.weights.read_bytes())  # as if killed between the writes of the two
    assert not run(**options).found


def test_a_stopped_run_goes_on_and_ends_where_it_would_have(options, capsys, monkeypatch):
    whole = run(**options | {"name": "whole"})
    monkeypatch.setattr(training_run, "train", interrupted_at(2))
    with pytest.raises(KeyboardInterrupt):
        run(**options)
    monkeypatch.undo()
    capsys.readouterr()
    resumed = run(**options)
    assert capsys.readouterr().out.startswith("going on from step 2\nstep 3/3, loss ")
    assert same(resumed.model, whole.model) and resumed.history.losses == whole.history.losses
    assert resumed.history.steps_run == 1


def test_weights_that_cannot_be_written_cost_no_training(options, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(training_run, "save_trained", full)
    with pytest.raises(OSError, match="No space left"):
        run(**options)
    monkeypatch.undo()
    resumed = run(**options)
    assert resumed.history.steps_run == 0 and len(resumed.history.losses) == 3
    assert not list(tmp_path.rglob("*.state.*"))


def test_a_state_left_behind_a_finished_run_is_removed(options):
    weights = run(**options).weights
    state = save_tensors(weights.with_suffix(".state.safetensors"), {}, {})
    assert run(**options).found and not state.exists()


def test_a_folder_that_cannot_be_written_is_told_before_any_training(options, tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr(training_run, "train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(OSError, match=r"Nothing can be written into .*weights': .*file' is no folder"):
        run(**options | {"out": str(tmp_path / "file")})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"recipe": "ppaer"}, "recipe is 'ppaer'; it can be 'paper' or 'modern' or"),
        ({"network": "lmfn-n11"}, "Unknown network 'lmfn-n11'. Did you mean"),
        ({"steps": 0}, "steps is 0; it must be 1 or more."),
        ({"crop": -1}, "crop is -1; it must be 1 or more."),
        ({"processes": 0}, "processes is 0; it must be 1 or more."),
        ({"batch": 6, "processes": 4}, "A batch of 6 cannot be shared equally by 4 processes; use a multiple of 4."),
        ({"precision": "16"}, "precision is '16'; it can be"),
        ({"anew": "blocks.7", "start": "lmfn"}, "anew is 'blocks.7', no part of 'lmfn-n1'; try 'bridge'"),
        ({"anew": "blocks.0"}, "anew is 'blocks.0', but without a start all weights are random already."),
        ({"task": "dehaze"}, "task is 'dehaze'; it can be 'deblur' or 'derain'."),
    ],
)
def test_what_cannot_run_is_refused_before_anything_is_started(options, tmp_path, wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        run(**options | wrong)
    assert not list(tmp_path.iterdir())


def test_more_processes_than_gpus_are_refused(options, monkeypatch):
    monkeypatch.setattr(training_run, "pick_device", lambda name: torch.device("cuda"))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    with pytest.raises(ValueError, match="processes is 2, but torch finds 1 GPU here; use as many, or device='cpu'"):
        run(**options | {"batch": 2, "processes": 2})


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (ValueError("crop is -1."), "crop is -1."),
        (training_run.ProcessLost("Process 1 of 2 died."), "Process 1 of 2 died."),
        (KeyboardInterrupt(), "Stopped; the same command goes on from the last save."),
    ],
)
def test_the_command_line_says_one_sentence(monkeypatch, raised, said):
    def failing(**_: object) -> None:
        raise raised

    monkeypatch.setattr(training_run, "run", failing)
    with pytest.raises(SystemExit) as left:
        training_run.command()
    assert left.value.code == said


def test_only_the_first_of_a_group_repeats_what_all_have_found(monkeypatch):
    for name, value in {"RANK": "1", "LOCAL_RANK": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    for raised, code in ((ValueError("crop is -1."), 1), (OSError("no space"), "no space")):

        def failing(raised=raised, **_: object) -> None:
            raise raised

        monkeypatch.setattr(training_run, "run", failing)
        with pytest.raises(SystemExit) as left:
            training_run.command()
        assert left.value.code == code
