"""A small repository of its own for the runner: notebooks that end in a second or two and need no PyTorch."""

import json
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
import psutil

from workflow import ROOT

PARAMETERS = """
tier = "lesson"
run = "{run}"
out = "scratch"
"""
RECORD = """
import json, os, time
from pathlib import Path
from lmfn_core.part import factor

Path(out).mkdir(parents=True, exist_ok=True)
"""
FINISH = """
record = {"schema": 1, "run": run, "tier": tier, "metrics": {"value": value * factor()}, "seconds": {"total": 1.0}}
(Path(out) / f"{run}.json").write_text(json.dumps(record))
"""


class Project:
    """A repository with a graph, tiers, notebooks and a package, and calls of the runner on it."""

    def __init__(self, root: Path):
        self.root = root
        for folder in ("notebooks/params", "workflow", "lmfn_core"):
            (root / folder).mkdir(parents=True)
        self.write("lmfn_core/__init__.py", "")
        self.write("lmfn_core/part.py", '"""A part."""\n\ndef factor():\n    """Two."""\n    return 2\n')
        self.write("lmfn_core/other.py", "unused = 1\n")

    def write(self, name: str, text: str) -> None:
        """Write a file of the repository."""
        (self.root / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def notebook(self, name: str, *cells: str, parameters: str = "", finish: str = FINISH) -> None:
        """Write a notebook: parameters, set-up, the given cells, record."""
        first = nbformat.v4.new_code_cell(PARAMETERS.format(run=name) + textwrap.dedent(parameters))
        first.metadata["tags"] = ["parameters"]
        body = [nbformat.v4.new_code_cell(textwrap.dedent(text).strip()) for text in (RECORD, *cells, finish)]
        book = nbformat.v4.new_notebook(cells=[first, *body])
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(book, self.root / "notebooks" / f"{name}.ipynb")

    def slow(self, seconds: float) -> None:
        """Let `one` and `two` leave a mark when they start, then sleep; a second attempt finds the first one's mark."""
        self.notebook(
            "count",
            f"""
            resumed = (Path(out) / "checkpoint").exists()
            (Path(out) / "checkpoint").write_text(run)
            time.sleep(0 if resumed else {seconds})
            value = start + steps
            """,
            parameters="steps = 3\nstart = 0",
        )

    def command(self, *words: str, module: str = "reproduce") -> list[str]:
        """The command line of a call."""
        code = f"import sys; from pathlib import Path; from workflow.{module} import main; "
        code += "sys.exit(main(sys.argv[2:], Path(sys.argv[1])))"
        return [sys.executable, "-c", code, str(self.root), *words]

    def start(self, *words: str, module: str = "reproduce") -> subprocess.Popen:
        """Start the runner, or another module."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.Popen(self.command(*words, module=module), cwd=ROOT, **pipes)

    def reproduce(self, *words: str) -> tuple[int, str]:
        """Run the runner to its end: exit code and output."""
        process = self.start(*words)
        text, _ = process.communicate(timeout=120)
        return process.returncode, text

    def snakemake(self, *words: str) -> tuple[int, str]:
        """Run Snakemake to its end: exit code and output."""
        process = self.start(*words, module="engine")
        text, _ = process.communicate(timeout=600)
        return process.returncode, text

    @staticmethod
    def family(process: subprocess.Popen) -> list[psutil.Process]:
        """The process and all its descendants."""
        return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]

    @staticmethod
    def wait_for(condition: Callable[[], bool], seconds: float = 30.0) -> None:
        """Wait until the condition holds, and fail where it never does."""
        limit = time.monotonic() + seconds
        while not condition() and time.monotonic() < limit:
            time.sleep(0.05)
        assert condition()

    def value(self, run: str, tier: str = "lesson") -> float:
        """The metric that a run recorded."""
        return json.loads((self.root / f"reports/runs/{tier}/{run}.json").read_text())["metrics"]["value"]

    def executed(self, text: str) -> list[str]:
        """Names of the runs that a call really executed, from its output."""
        return [line.split("]")[1].split()[0] for line in text.splitlines() if "done in" in line]


def make_project(folder: Path) -> Project:
    """`one` and `two` (from one notebook), and `sum`, which needs both and publishes a table."""
    made = Project(folder / "a repository")
    made.notebook("count", "value = start + steps", parameters="steps = 3\nstart = 0")
    made.notebook(
        "sum",
        """
        rows = [json.loads((Path(records) / f"{name}.json").read_text()) for name in ("one", "two")]
        value = sum(row["metrics"]["value"] for row in rows)
        (Path(out) / "tables").mkdir(exist_ok=True)
        (Path(out) / "tables/sum.md").write_text(f"| sum | {value} |")
        """,
        parameters='records = "scratch"',
    )
    made.write(
        "workflow/graph.yaml",
        """
        runs:
          one: {notebook: count}
          two: {notebook: count, parameters: {start: 10}}
          sum: {notebook: sum, needs: [one, two], parameters: {records: "{records}"}, publish: [tables]}
        targets:
          table1: [sum]
          first: [one]
        """,
    )
    made.write("notebooks/params/lesson.yaml", "notebooks: {count: {steps: 3}}\n")
    made.write("notebooks/params/paper.yaml", "needs_data: GoPro\n")
    return made
