"""A full disk, a read-only one, inputs that vanish: a sentence, an exit code, nothing lost and no partial file."""

import errno
import os
import shutil
from pathlib import Path

import pytest
from PIL import Image

from lmfn_core.cli import restore as cli_restore
from lmfn_core.cli.errors import FAILED
from lmfn_core.models.checkpoints import load_tensors, load_weights
from lmfn_core.restoring.errands import Errand
from workflow import reproduce
from workflow.reliability.toy import make_project

TINY = "--network lmfn-n1 --batch 1 --crop 64 --device cpu --threads 1"
TRAINING = ["lmfn_core.training.run", *TINY.split(" ")]
DEBLUR = ["lmfn_core", "deblur"]
ON_TORCH = ["--backend", "torch", "--device", "cpu"]


def whole(folder: Path) -> list[str]:
    """The names of all files, each photograph of which opens."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    for path in files:
        with Image.open(path) as image:
            image.load()
    return [path.name for path in files]


@pytest.mark.slow
def test_deblur_on_a_full_disk_says_so_and_goes_on_once_there_is_room(disk, photos, command):
    filling, out = disk.fill(left=250_000), disk.root / "out"  # two of six fit
    words = [*DEBLUR, photos, "-o", out, *ON_TORCH]
    code, said, err = command(*words)
    done = whole(out)
    assert code == FAILED and 0 < len(done) < 6 and len(said.splitlines()) == len(done)
    lines = err.splitlines()
    assert lines[0] == f"lmfn: {6 - len(done)} of 6 could not be done:"
    assert all(line.endswith("could not be written: No space left on device.") for line in lines[1:])
    assert len(lines) == 1 + 6 - len(done)
    kept = {name: (out / name).stat() for name in done}
    filling.unlink()
    code, said, err = command(*words)
    assert code == 0 and "interrupted; they stay" in err and len(said.splitlines()) == 6 - len(done)
    assert whole(out) == [f"{n}.png" for n in range(6)] and {n: (out / n).stat() for n in done} == kept


@pytest.mark.slow
@pytest.mark.parametrize("mebibytes", [2, 20])  # no state fits; one, but none beside it
def test_training_on_a_full_disk_keeps_what_it_saved_and_ends_the_same(disk, command, tmp_path, mebibytes):
    filling, words = disk.fill(left=mebibytes * 1024**2), [*TRAINING, "--steps", 4, "--name", "t", "--out"]
    code, said, err = command(*words, disk.root)
    assert code == 1 and err.endswith("could not be written: No space left on device.\n") and err.count("\n") == 1
    weights = disk.root / "weights"
    steps = [len(load_tensors(file)[0]["losses"]) for file in weights.glob("*.state.safetensors")]
    assert len(steps) == (mebibytes == 20) and not list(weights.glob(".*"))
    filling.unlink()
    code, said, err = command(*words, disk.root)
    assert code == 0, err
    assert all(f"going on from step {count}\n" in said for count in steps)
    assert command(*words, tmp_path / "roomy")[0] == 0
    ours, theirs = (folder / "weights" / "t.safetensors" for folder in (disk.root, tmp_path / "roomy"))
    assert ours.read_bytes() == theirs.read_bytes() and load_weights(ours)[1]["steps"] == 4


@pytest.mark.slow
def test_nothing_is_computed_for_a_read_only_folder(disk, photos, command):
    (disk.root / "weights").mkdir()
    disk.mount("remount", "ro")
    code, said, err = command(*DEBLUR, photos, "-o", disk.root / "out", *ON_TORCH)
    assert (code, said) == (FAILED, "") and err.count("\n") == 1
    assert f"Nothing can be written into '{disk.root / 'out'}'" in err and "may not be written" in err
    code, said, err = command(*TRAINING, "--steps", 4, "--out", disk.root)
    assert (code, said) == (1, "") and err.count("\n") == 1 and "Nothing can be written into" in err
    assert [path.name for path in disk.root.iterdir()] == ["weights"] and not list((disk.root / "weights").iterdir())


def test_a_read_only_folder_stops_make_reproduce_in_a_sentence(disk, tmp_path, capfd):
    project = make_project(tmp_path)
    disk.mount("remount", "ro")
    assert reproduce.main([f"OUT={disk.root}/results"], project.root) == 2
    said = "".join(capfd.readouterr())
    assert said.count("\n") == 1 and f"Nothing can be written into {disk.root}/results" in said


TABLE = """
value = len(records) * 0
(Path(out) / "tables").mkdir(exist_ok=True)
(Path(out) / "tables/sum.md").write_text("x" * 8_000_000)
"""


def test_a_disk_that_is_full_when_results_are_published_stops_make_reproduce_and_loses_nothing(disk, tmp_path, capfd):
    project, filling, out = make_project(tmp_path), disk.fill(left=12_000_000), disk.root / "results"
    project.notebook("sum", TABLE, parameters='records = "scratch"')  # 8 MB in the run's folder, 8 MB published
    table = out / "tables/lesson/sum.md"
    assert reproduce.main([f"OUT={out}"], project.root) == 1
    said = f"Stopped: {str(table)!r} could not be written: No space left on device. What was finished is kept; the same"
    assert capfd.readouterr().err == f"{said} command goes on from there.\n"
    records = {path.name: path.read_bytes() for path in (out / "runs/lesson").iterdir()}
    assert set(records) == {"one.json", "two.json", "sum.json"} and not list(table.parent.iterdir())
    filling.unlink()
    assert reproduce.main([f"OUT={out}"], project.root) == 0
    assert project.executed(capfd.readouterr().out) == [] and table.stat().st_size == 8_000_000
    assert {path.name: path.read_bytes() for path in (out / "runs/lesson").iterdir()} == records


def test_photographs_that_vanish_midway_are_named_and_the_rest_are_done(photos, tmp_path, capsys):
    planned = [Errand(path, tmp_path / "out" / path.name) for path in sorted(photos.iterdir())]

    def engine(batch):
        shutil.rmtree(photos, ignore_errors=True)
        return batch

    failures = cli_restore._run(planned, engine, False)
    done = whole(tmp_path / "out")
    assert done[0] == "0.png" and len(done) + len(failures) == 6 and len(failures) >= 4
    assert all(f"{errand.source}" in said for errand, said in zip(planned[len(done) :], failures, strict=True))
    assert capsys.readouterr().out.split() == [str(tmp_path / "out" / name) for name in done]


def test_a_disk_that_fails_in_the_middle_of_a_file_leaves_none(photos, tmp_path, monkeypatch):
    """Where no disk can be mounted: the same by a failing call."""

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("os.fsync", full)
    planned = [Errand(path, tmp_path / "out" / path.name) for path in sorted(photos.iterdir())]
    failures = cli_restore._run(planned, lambda batch: batch, False)
    assert len(failures) == 6 and all("No space left on device." in said for said in failures)
    assert not list((tmp_path / "out").iterdir())
