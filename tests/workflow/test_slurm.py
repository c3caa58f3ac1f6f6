"""The graph through a Slurm of this test's own, on this machine, with one pretended graphics card (slow).

It needs Debian's packages slurm-wlm and munge, and root, because slurmd starts jobs as their users. Everything that is
started here ends with the test, and keeps its files in the test's folder.
"""

import os
import re
import shutil
import socket
import subprocess
from contextlib import ExitStack, contextmanager

import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue")
MISSING = [name for name in PROGRAMS if shutil.which(name) is None]
ROOT_USER = hasattr(os, "geteuid") and os.geteuid() == 0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("snakemake"),
    pytest.mark.skipif(bool(MISSING), reason=f"Slurm is not installed: {', '.join(MISSING)} missing"),
    pytest.mark.skipif(not ROOT_USER, reason="slurmd must run as root"),
]

CONFIGURATION = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
SlurmUser=root
AuthInfo=socket={folder}/munge.socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
ReturnToService=2
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=1000 Gres=gpu:1 State=UNKNOWN
PartitionName=test Nodes={host} Default=YES State=UP
"""
WITNESS = """
beside = sorted(path.stem for path in Path(out).parent.glob("*.busy"))
(Path(out).parent / f"{run}.busy").touch()
time.sleep(3)
(Path(out).parent / f"{run}.busy").unlink()
cards = os.environ.get("CUDA_VISIBLE_DEVICES", "none")
(Path(out) / "seen").write_text(f"{cards}: {' '.join(beside)}")
value = start + steps
"""
SMALL = ["--default-resources", "mem_mb=100", "runtime=10", "--set-threads", "run=1", "--latency-wait", "5"]


def free_ports(count):
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


@contextmanager
def daemon(command, folder):
    """A program in the foreground, with its output in the folder, ended with the test."""
    with open(folder / f"{command[0]}.log", "wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


@pytest.fixture
def slurm(project, tmp_path_factory, monkeypatch):
    """A Slurm with this machine as its one node; its clients find it by the environment."""
    folder = tmp_path_factory.mktemp("slurm")
    host = socket.gethostname().split(".")[0]
    for name in ("state", "spool", "bin"):
        (folder / name).mkdir()
    (folder / "key").write_bytes(os.urandom(1024))
    (folder / "key").chmod(0o400)
    settings = {"host": host, "ports": free_ports(2), "folder": folder, "cores": os.cpu_count()}
    (folder / "slurm.conf").write_text(CONFIGURATION.format(**settings))
    (folder / "gres.conf").write_text("Name=gpu File=/dev/null\n")
    # Snakemake's jobs start srun without SLURM_CONF, since a cluster has its configuration in one known place
    (folder / "bin/srun").write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {shutil.which("srun")} "$@"\n')
    (folder / "bin/srun").chmod(0o755)
    monkeypatch.setenv("SLURM_CONF", str(folder / "slurm.conf"))
    monkeypatch.setenv("PATH", f"{folder}/bin{os.pathsep}{os.environ['PATH']}")
    files = {"socket": "munge.socket", "key-file": "key", "pid-file": "munge.pid", "seed-file": "seed"}
    munge = ["munged", "-F", "--force", *(f"--{name}={folder / file}" for name, file in files.items())]
    with ExitStack() as running:
        running.enter_context(daemon([*munge, f"--log-file={folder / 'munge.log'}"], folder))
        project.wait_for((folder / "munge.socket").exists)
        running.enter_context(daemon(["slurmctld", "-D", "-i"], folder))
        running.enter_context(daemon(["slurmd", "-D", "-N", host], folder))
        project.wait_for(lambda: "idle" in output("sinfo", "--noheader"))
        yield folder
        subprocess.run(["scancel", "--user=root"], check=False, capture_output=True)


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def seen(project, name):
    """The cards that a run saw, and the runs that were at work when it began."""
    text = (project.root / f"reports/executed/lesson/{name}/seen").read_text()
    cards, _, beside = text.partition(":")
    return cards, set(beside.split())


def test_gpu_runs_go_one_after_another_through_slurm(project, slurm):
    project.notebook("count", WITNESS, parameters="steps = 3\nstart = 0")
    project.write(
        "workflow/graph.yaml",
        """
        runs:
          one: {notebook: count, gpu: 1}
          two: {notebook: count, gpu: 1, parameters: {start: 10}}
          three: {notebook: count, gpu: 1, parameters: {start: 20}}
          clock: {notebook: count, exclusive: true}
          sum: {notebook: sum, needs: [one, two], parameters: {records: "{records}"}, publish: [tables]}
        targets: {}
        """,
    )
    profile = ["--profile", "workflow/profiles/slurm", "--slurm-init-seconds-before-status-checks", "3", *SMALL]
    code, text = project.snakemake(*profile)
    assert code == 0 and len(re.findall(r"submitted with SLURM jobid", text)) == 5, text
    for name in ("one", "two", "three"):
        cards, beside = seen(project, name)
        assert cards == "0" and not beside & {"one", "two", "three", "clock"}, (name, cards, beside)
    assert seen(project, "clock") == ("none", set())
    assert (project.value("sum"), output("squeue", "--noheader")) == (64, "")
    code, text = project.reproduce()
    assert code == 0 and "Nothing to do: all 5 runs are up to date" in text, text
    code, text = project.snakemake(*profile)
    assert code == 0 and "submitted with SLURM jobid" not in text, text
