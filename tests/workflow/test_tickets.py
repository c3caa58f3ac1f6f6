"""What an outside engine is told, and the single run it starts, without that engine."""

import sys

import pytest

from workflow import ROOT, Problem, engine, one, stamps
from workflow.selection import select
from workflow.tickets import Tickets
from workflow.words import parse


def tickets(root, *words, cores=4, jobs=2):
    return Tickets(select(parse(words), root), "call", cores, jobs)


def single(project, name, *words, threads=1):
    """Execute one run in this process; the exit code."""
    return one.main([name, "--threads", str(threads), "--root", str(project.root), *words])


@pytest.mark.parametrize("tier", ["smoke", "lesson", "study", "bench"])
def test_the_engine_has_the_very_runs_of_the_graph(tier, tmp_path):
    made = tickets(ROOT, f"TIER={tier}", f"OUT={tmp_path}")
    assert list(made.runs) == [run.name for run in select(parse([f"TIER={tier}"]), ROOT).runs]
    assert made.wanted() == [f"{tmp_path}/executed/{tier}/.tickets/call/{name}" for name in made.runs]
    assert not list(tmp_path.iterdir())


def test_runs_wait_for_those_they_need_or_follow(tmp_path):
    made = tickets(ROOT, "TIER=smoke", f"OUT={tmp_path}")
    assert made.before("evaluation") == [made.path("train-lmfn")] and made.before("train-lmfn") == []
    assert len(made.before("report")) == len(made.runs) - 1


def test_an_exclusive_run_claims_all_cores(tmp_path):
    made = tickets(ROOT, "TIER=smoke", f"OUT={tmp_path}", cores=16, jobs=8)
    assert (made.threads("profiling"), made.threads("train-lmfn")) == (16, 2)
    assert tickets(ROOT, "TIER=smoke", f"OUT={tmp_path}", cores=2, jobs=8).threads("train-lmfn") == 1


def test_one_engine_knows_what_the_other_did(project, capsys):
    assert single(project, "one") == 0 and capsys.readouterr().out.startswith("one  done in")
    assert single(project, "one") == 0 and capsys.readouterr().out == "one  unchanged\n"
    made = tickets(project.root)
    assert made.stale == {"two", "sum"} and made.before("sum") == [made.path("two")]
    code, text = project.reproduce("JOBS=2")
    assert code == 0 and project.executed(text) == ["two", "sum"], text
    assert tickets(project.root).wanted() == []
    project.write("workflow/graph.yaml", (project.root / "workflow/graph.yaml").read_text().replace("10", "20"))
    assert tickets(project.root).stale == {"two", "sum"}


@pytest.mark.parametrize(
    ("name", "word", "sentence"),
    [
        ("oen", "", "oen is no run of this call; did you mean one? Known: one, two, sum."),
        ("two", "ONLY=one", "two is no run of this call. Known: one."),
        ("sum", "", "sum needs one, which is out of date; execute that first."),
        ("one", "TIER=lessn", "TIER=lessn does not exist; did you mean lesson?"),
    ],
)
def test_a_single_run_that_cannot_be_says_why(project, capsys, name, word, sentence):
    assert single(project, name, *filter(None, [word])) == 2
    said = capsys.readouterr()
    assert sentence in said.err and len(said.err.splitlines()) == 1
    assert not (project.root / "reports/runs").exists()


def test_a_single_run_that_fails_says_where_and_keeps_the_old_record(project, capsys):
    assert single(project, "one") == 0
    project.notebook(
        "count", "value = start + steps\nraise ValueError('bad value 17')", parameters="steps = 3\nstart = 0"
    )
    assert single(project, "one") == 1
    said = capsys.readouterr().out
    assert "one  FAILED after" in said and "ValueError: bad value 17" in said and "cell 3: value = start" in said
    assert project.value("one") == 6


def test_a_single_run_gets_its_threads(project, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS")
    body = "value = int(os.environ['OMP_NUM_THREADS']) + start * steps"
    project.notebook("count", body, parameters="steps = 3\nstart = 0")
    assert single(project, "one", threads=3) == 0 and project.value("one") == 6


def become(monkeypatch, tmp_path, *arguments, root=ROOT):
    """The command that the engine turns into."""
    became = []
    monkeypatch.setattr(engine, "SNAKEMAKE", tmp_path)
    monkeypatch.setattr(engine.os, "execv", lambda path, command: became.extend(command))
    monkeypatch.setattr(engine.cards, "visible", lambda: ("0", "1"))
    engine.main(list(arguments), root)
    return became


def test_words_become_configuration_and_the_rest_is_snakemakes(monkeypatch, tmp_path):
    command = become(monkeypatch, tmp_path, "TIER=smoke", "steps=5", "--cores", "2", "-n")
    assert command[:3] == [str(tmp_path), "-m", "snakemake"]
    assert command[command.index("--config") + 1 :] == [
        f"root={ROOT}",
        f"python={sys.executable}",
        "TIER=smoke",
        "steps=5",
    ]
    rest = command[command.index("--drop-metadata") + 1 : command.index("--config")]
    assert rest == ["--cores", "2", "-n", "--resources", "gpu=2"]


@pytest.mark.parametrize(
    ("given", "made"),
    [
        (["--cores=4"], ["--cores=4", "--resources", "gpu=2"]),
        (["-c4", "--resources=gpu=1"], ["-c4", "--resources=gpu=1"]),
        (["-j", "1", "--res", "mem_mb=9", "gpu=8"], ["-j", "1", "--res", "mem_mb=9", "gpu=8"]),
        (["--resources", "mem_mb=9", "-n"], ["--resources", "gpu=2", "mem_mb=9", "-n", "--cores", "all"]),
        (["--profile", "workflow/profiles/slurm"], ["--profile", "workflow/profiles/slurm"]),
        (["--executor=slurm", "-j", "9"], ["--executor=slurm", "-j", "9"]),
    ],
)
def test_the_limit_on_cards_is_passed_unless_given(given, made):
    assert engine.complete(given, 2) == made


def test_a_mistake_in_the_words_is_told_before_snakemake_starts(monkeypatch, tmp_path, capsys):
    assert become(monkeypatch, tmp_path, "TEIR=smoke") == []
    assert "TEIR= is unknown; did you mean TIER?" in capsys.readouterr().err


def test_without_snakemake_the_command_that_brings_it_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(engine, "SNAKEMAKE", tmp_path / "none")
    assert engine.main(["TIER=smoke"]) == 2
    assert "python3 lab.py snakemake" in capsys.readouterr().err


def test_stamps_say_the_same_for_any_selection(project):
    whole = select(parse([]), project.root)
    part = select(parse(["ONLY=one"]), project.root)
    assert stamps.key(whole.runs[0], whole.places) == stamps.key(part.runs[0], part.places)
    with pytest.raises(Problem, match="TIER=paper|needs GoPro"):
        select(parse(["TIER=paper"]), project.root)
