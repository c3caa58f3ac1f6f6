"""The words of the command line, KEY=value and parameter=value, and how they change the selected runs."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from workflow import Problem, masters, suggest
from workflow.graph import Run
from workflow.masters import Master
from workflow.places import Places

KEYS = ("TIER", "TASK", "ONLY", "DATA", "OUT", "JOBS")
LONGEST = 1000  # characters of a word
TASKS = {"deblur": None, "derain": "deraining"}  # the target in graph.yaml that each task's runs have
INSTEAD = {"tier": "TIER=name", "task": "TASK=name", "out": "OUT=/folder", "data": "DATA=/path", "run": "ONLY=name"}


@dataclass(frozen=True)
class Call:
    """What was asked for."""

    tier: str = "lesson"
    only: str | None = None
    data: str | None = None  # the user's images: a folder, or kind:folder
    out: Path | None = None  # None: reports/
    jobs: int | None = None  # None: by the machine
    parameters: dict[str, str] = field(default_factory=dict)  # notebook parameters, still as text


def parse(words: Iterable[str]) -> Call:
    """The call that the words describe; an empty value counts as not given.

    >>> parse(["TIER=smoke", "JOBS=2", "steps=20"])
    Call(tier='smoke', only=None, data=None, out=None, jobs=2, parameters={'steps': '20'})
    """
    keys: dict[str, str] = {}
    parameters: dict[str, str] = {}
    for word in words:
        if not word.isprintable() or len(word) > LONGEST:  # also what the shell's encoding could not decode
            raise Problem(f"{word[:40]!r}... is no word of up to {LONGEST} printable characters.")
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier():
            raise Problem(f"{word!r} is not of the form KEY=value. Known: {_known()}.")
        if name.isupper() and name not in KEYS:
            raise Problem(f"{name}= is unknown{suggest(name, KEYS)} Known: {_known()}.")
        (keys if name.isupper() else parameters)[name] = value
    given = {key.lower(): value for key, value in keys.items() if value}
    if "task" in given:
        given["only"] = _of_task(given.pop("task"), given.get("only"))
    if "out" in given:
        given["out"] = _path("OUT", given["out"])
    if "data" in given:
        kind, folder = _kind_and_folder(given["data"])
        given["data"] = f"{kind}{_path('DATA', folder)}"
    if "jobs" in given:
        given["jobs"] = _jobs(given["jobs"])
    return Call(**given, parameters=parameters)


def _path(key: str, text: str) -> Path:
    try:
        return Path(text).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise Problem(f"{key}={text} is no path: {error}.") from None


def _of_task(task: str, only: str | None) -> str | None:
    """The runs of a task as ONLY= names them."""
    if task not in TASKS:
        raise Problem(f"TASK={task} is unknown{suggest(task, TASKS)} Known: {', '.join(TASKS)}.")
    if only and TASKS[task]:
        raise Problem(f"TASK={task} names its own runs: leave ONLY={only} out.")
    return TASKS[task] or only


def settle(runs: list[Run], places: Places, call: Call) -> list[Run]:
    """The selected runs with the call's parameters and data put in, everything checked against the notebooks."""
    known = {name: masters.read(places.notebooks / f"{name}.ipynb") for name in {run.notebook for run in runs}}
    for master in known.values():
        master.check()
    _check_words(runs, known, call)
    return [_settled(run, known[run.notebook], call) for run in runs]


def _settled(run: Run, master: Master, call: Call) -> Run:
    values, defaults = dict(run.parameters), master.parameters
    for name, text in call.parameters.items():
        if name in defaults and name not in run.fixed:
            values[name] = masters.convert(name, text, defaults[name])
    if call.data is not None and "data" in defaults:
        values["data"] = call.data
    for name, value in values.items():
        where = f"{run.name} ({run.notebook}.ipynb)"
        if name not in defaults:
            hint = suggest(name, defaults)
            raise Problem(f"{where}: there is no parameter {name!r}{hint} Known: {', '.join(defaults)}.")
        if not masters.fits(value, defaults[name]):
            usual = masters.describe(defaults[name])
            raise Problem(f"{where}: {name} = {value!r} does not fit; by default it is {usual}.")
    return replace(run, parameters=values)


def _check_words(runs: list[Run], known: dict[str, Master], call: Call) -> None:
    """Each word must be a parameter that at least one selected notebook has and the graph leaves free."""
    everywhere = {name for master in known.values() for name in master.parameters}
    if call.data is not None and not Path(_kind_and_folder(call.data)[1]).is_dir():
        raise Problem(f"DATA={call.data} is not a folder.")
    if call.data is not None and "data" not in everywhere:
        raise Problem(f"DATA={call.data}: none of the selected notebooks reads images.")
    for name, text in call.parameters.items():
        if name in INSTEAD:
            raise Problem(f"{name}={text}: write {INSTEAD[name]} instead.")
        if name not in everywhere:
            free = sorted(everywhere - set(INSTEAD))
            raise Problem(
                f"{name}= is a parameter of no selected notebook{suggest(name, free)} Known: {', '.join(free)}."
            )
        if all(name in run.fixed for run in runs if name in known[run.notebook].parameters):
            raise Problem(f"{name}={text}: workflow/graph.yaml sets {name} for these runs; choose among them by ONLY=.")


def _kind_and_folder(data: str) -> tuple[str, str]:
    """ "corpus:/data" in two, the colon with the kind; no kind in "/data", nor in a drive's letter."""
    match = re.fullmatch(r"([A-Za-z][\w-]+:)(.+)", data)
    return (match[1], match[2]) if match and not os.path.isdir(data) else ("", data)


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise Problem(
            f"JOBS={text} must be a whole number from 1 up: the number of notebooks that run at the same time."
        )
    return int(text)


def _known() -> str:
    return f"{', '.join(key + '=' for key in KEYS)} and the notebooks' parameters, such as steps=20"
