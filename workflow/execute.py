"""One run in a process of its own: papermill executes the notebook, then the outcome is looked at from all sides.

python -m workflow.execute SPEC.json    (started by workflow.pool, which holds the other end of standard input)

Papermill alone is no judge: it returns normally after sys.exit(0) in a cell, marks the cells of a dead kernel as
completed, and knows nothing of records. Exit code 0 here means: every cell ran, and this run wrote its record.
"""

import logging
import os
import re
import sys
import threading
from pathlib import Path

from workflow import cards
from workflow.stamps import read_json, write_json


def main(spec_path: str) -> int:
    """Execute what the spec says; 0, or 1 with the reason in the spec's failure file."""
    spec = read_json(Path(spec_path))
    record, failed = Path(spec["record"]), Path(spec["failure"])
    for path in (record, failed):
        path.unlink(missing_ok=True)
    with cards.claimed(**spec.get("cards", {"cards": (), "count": 0})) as taken:
        if taken:
            os.environ["CUDA_VISIBLE_DEVICES"] = ",".join(taken)  # the kernel sees its own cards and no other
        failure, started = _attempt(spec)
        if failure and not started:  # two kernels may race for one port: the second attempt takes another
            print("The kernel did not start; trying once more.", flush=True)
            failure, started = _attempt(spec)
    failure = failure or _record_failure(read_json(record), spec)
    if failure:
        write_json(failed, failure)
    return 1 if failure else 0


def _attempt(spec: dict) -> tuple[dict, bool]:
    """What went wrong in one execution (empty: nothing), and whether any cell was started."""
    import papermill

    error = None
    Path(spec["output"]).unlink(missing_ok=True)
    try:
        papermill.execute_notebook(
            spec["notebook"],
            spec["output"],
            parameters=spec["parameters"],
            cwd=spec["cwd"],
            kernel_name="python3",
            progress_bar=False,
            log_output=True,
            start_timeout=120,
        )
    except Exception as caught:
        error = caught
        print(_plain(str(caught)), flush=True)  # the traceback, into the log
    cells = [cell for cell in read_json(Path(spec["output"])).get("cells", ()) if cell["cell_type"] == "code"]
    started = any(cell["execution_count"] for cell in cells)
    failure = _cell_failure(cells, error)
    if error and not failure:
        failure = {"error": f"{type(error).__name__}: {str(error).strip()}"}
    return failure, started


def _cell_failure(cells: list[dict], error: Exception | None) -> dict:
    """The cell that did not run to its end, numbered as in the master, with its error in one sentence."""
    cells = [cell for cell in cells if "".join(cell["source"]).strip()]
    if _died(error):  # papermill marks all cells as completed then, but leaves those open that it never started
        broken = [cell for cell in cells if _state(cell, "exception") is not None][-1:] or cells[:1]
    else:
        broken = [cell for cell in cells if not _completed(cell)]
    if not broken:
        return {}
    own = [cell for cell in cells if "injected-parameters" not in cell["metadata"].get("tags", ())]
    number = own.index(broken[0]) + 1 if broken[0] in own else "of injected parameters"
    lines = "".join(broken[0]["source"]).strip().splitlines()
    line = next((line for line in lines if line and not line.startswith("#")), lines[0])
    return {"cell": number, "line": line, "error": _sentence(broken[0], error)}


def _plain(text: str) -> str:
    """The text without a terminal's colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def _state(cell: dict, name: str) -> object:
    return cell["metadata"].get("papermill", {}).get(name)


def _completed(cell: dict) -> bool:
    return _state(cell, "status") == "completed" and cell["execution_count"] and not _state(cell, "exception")


def _died(error: Exception | None) -> bool:
    return type(error).__name__ == "DeadKernelError"


def _sentence(cell: dict, error: Exception | None) -> str:
    raised = [output for output in cell["outputs"] if output["output_type"] == "error"]
    if raised and raised[0]["ename"] == "SystemExit":
        return "the cell called sys.exit(), so the cells after it never ran"
    if raised:
        return _plain(f"{raised[0]['ename']}: {raised[0]['evalue']}").strip()
    if _died(error):
        return "the kernel died in this cell: killed from outside, out of memory, or crashed"
    return f"{type(error).__name__}: {str(error).strip()}" if error else "the cell never ran"


def _record_failure(record: dict, spec: dict) -> dict:
    """A finished notebook must have written its record, under its own name and tier."""
    name = Path(spec["record"]).name
    if not record:
        return {"error": f"every cell ran, but the notebook wrote no record {name} into the folder given as `out`"}
    wanted = {"schema": 1, "run": spec["parameters"]["run"], "tier": spec["parameters"]["tier"]}
    wrong = [
        f"{key} = {record.get(key)!r} instead of {value!r}" for key, value in wanted.items() if record.get(key) != value
    ]
    return {"error": f"the record {name} says {wrong[0]}"} if wrong else {}


def _end_with_parent() -> None:
    """Wait for the end of standard input: the runner stopped this run, or died. Then leave no process behind."""
    import psutil

    while os.read(0, 1024):
        pass
    for child in psutil.Process().children(recursive=True):
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    os._exit(3)


if __name__ == "__main__":
    threading.Thread(target=_end_with_parent, daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    code = main(sys.argv[1])
    sys.stdout.flush()
    os._exit(code)  # skip the shutdown of kernel clients' threads; everything is written
