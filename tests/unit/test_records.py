import json
import os
import subprocess
import sys

import pytest

from lmfn_core.records import (
    RECORD_FIELDS,
    TEMPORARY,
    check_writable,
    load_record,
    load_records,
    save_record,
    write_text,
)


def save(out, run="demo", **changes):
    fields = {"notebook": "08_training", "tier": "smoke", "parameters": {"b": 1, "a": 2}, "data": "none",
              "metrics": {"psnr": 25.5}, "seconds": {"train": 1.23456}, "steps": 4, "seed": 0}  # fmt: skip
    return save_record(out, run, **{**fields, **changes})


def test_a_record_holds_every_field_and_reads_back(tmp_path):
    record = load_record(save(tmp_path))
    assert set(record) == set(RECORD_FIELDS)
    assert record["seconds"] == {"train": 1.235}
    assert record["environment"]["packages"]["torch"]
    assert load_records(tmp_path) == {"demo": record}


def test_two_equal_runs_differ_only_in_seconds_and_environment(tmp_path):
    first = load_record(save(tmp_path / "a"))
    second = load_record(save(tmp_path / "b", parameters={"a": 2, "b": 1}, seconds={"train": 9}))
    volatile = {"seconds", "environment"}
    same = [json.dumps({k: v for k, v in r.items() if k not in volatile}) for r in (first, second)]
    assert same[0] == same[1]


@pytest.mark.parametrize("metrics", [{"a": {"b": float("nan")}}, {"a": [1.0, {"b": float("inf")}]}])
def test_a_result_that_is_not_finite_is_not_written(tmp_path, metrics):
    old = save(tmp_path).read_text()
    with pytest.raises(ValueError, match=r"metrics\.a.*(nan|inf): not written"):
        save(tmp_path, metrics=metrics)
    assert (tmp_path / "demo.json").read_text() == old


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": 1}', '{"run": "x"}'])
def test_a_file_that_is_no_record_is_named(tmp_path, text):
    write_text(tmp_path / "bad.json", text)
    with pytest.raises(ValueError, match=r"bad\.json is no(t a)? run record"):
        load_records(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="no folder of run records at .*none"):
        load_records(tmp_path / "none")


def left_by(process: int, folder, name="a.json"):
    path = folder / f".{name}.{process}{TEMPORARY}"
    path.write_text("half")
    return path


def test_what_a_killed_process_left_half_written_is_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    dead, alive, foreign = left_by(ended.pid, tmp_path), left_by(os.getppid(), tmp_path), tmp_path / ".a.1.tmp"
    foreign.touch()
    write_text(tmp_path / "b.json", "whole")
    assert alive.exists() and foreign.exists() and dead.exists() == (os.name != "posix")


def test_what_cannot_be_written_is_said_in_a_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"^'.*a\.json' could not be written: (Not a directory|File exists)\.$"):
        write_text(tmp_path / "file" / "a.json", "x")
    with pytest.raises(OSError, match=r"file' is no folder; choose another folder\.$"):
        check_writable(tmp_path / "file" / "new")
    check_writable(tmp_path / "new" / "folder")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
