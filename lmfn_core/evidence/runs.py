"""What the run records say about a network: which runs are its own, and which scores may stand beside the paper's."""

import re
from collections.abc import Mapping, Sequence

Record = Mapping[str, object]
Records = Mapping[str, Record]
TWINS = {"lmfn": "lmfn-n4", "lmfn-n4": "lmfn", "lfdn": "lfdn-n4", "lfdn-n4": "lfdn"}
"""The full network and the table's row with four blocks are one network under two names, in either paper."""
RAIN = ("rain14000", "rain100h", "rain100l", "test100")
"""The data sets of deraining, by the names that ``eligible`` has for them."""


def look_up(tree: object, path: str) -> object:
    """The value at a dotted path in nested mappings, or None where the path ends early.

    >>> look_up({"a": {"b": 3}}, "a.b"), look_up({}, "a.b")
    (3, None)
    """
    for key in path.split("."):
        tree = tree.get(key) if isinstance(tree, Mapping) else None
    return tree


def runs_of(records: Records, network: str) -> list[Record]:
    """The records of one network in the ablations or comparisons, ``ablate-<network>``, ``compare-<network>`` and their
    later seeds ``-s<seed>``, by seed.

    ``TWINS`` stand in for each other when one of them was not run.

    >>> [record["seed"] for record in runs_of({"ablate-lmfn-s1": {"seed": 1}, "ablate-lmfn-n1": {}}, "lmfn-n4")]
    [1]
    """
    for name in (network, TWINS.get(network, network)):
        if found := named(records, f"ablate-{name}") + named(records, f"compare-{name}"):
            return found
    return []


def named(records: Records, stem: str) -> list[Record]:
    """The records of one run and of its later seeds, ``<stem>`` and ``<stem>-s<seed>``, by seed.

    >>> [record["seed"] for record in named({"drift-s1": {"seed": 1}, "drift": {"seed": 0}, "drift-n1": {}}, "drift")]
    [0, 1]
    """
    found = [run for run in records if re.fullmatch(rf"{re.escape(stem)}(-s\d+)?", run)]
    return [records[run] for run in sorted(found, key=lambda run: (len(run), run))]


def derains(record: Record) -> bool:
    """Whether a record is about rain: scores on rain and on blur never stand for each other.

    >>> derains({"parameters": {"task": "derain"}}), derains({"data": "bundled photographs"})
    (True, False)
    """
    return look_up(record, "parameters.task") == "derain"


def stamp(record: Record) -> str:
    """Run, tier, data, steps and seed of a record in one phrase.

    >>> stamp({"run": "assembling", "tier": "smoke", "data": "none", "steps": None, "seed": None})
    'run assembling, tier smoke, data: none'
    """
    parts = [f"run {record.get('run')}", f"tier {record.get('tier')}", f"data: {record.get('data')}"]
    if record.get("steps") is not None:
        parts.append(f"{record['steps']:,} steps")
    if record.get("seed") is not None:
        parts.append(f"seed {record['seed']}")
    return ", ".join(part.rstrip(".") for part in parts)


def eligible(rules: Mapping[str, object], records: Records, network: str, data: str, metric: str) -> list[Record]:
    """The records whose score may stand for the paper's, by run name: those that meet every rule.

    A record that does not state a condition does not meet it, so no shorter run can fill a row of the paper.

    Args:
        rules: the ledger's ``eligible``: tier, recipe, image_skip, least steps, test pairs per data set.
        data: the data set's key in ``rules["images"]``, to be named in the record's ``data``.
        metric: the score's name in the record's ``metrics.restored``.

    >>> rules = {"tier": "paper", "recipe": "paper", "image_skip": False, "steps": 500000, "images": {"gopro": 1111}}
    >>> eligible(rules, {"ablate-lmfn": {"tier": "lesson"}}, "lmfn", "gopro", "psnr_rgb")
    []
    """
    return [records[run] for run in sorted(records) if _fits(rules, records[run], network, data, metric)]


def _fits(rules: Mapping[str, object], record: Record, network: str, data: str, metric: str) -> bool:
    settings = record.get("parameters", {})
    return (
        settings.get("network") in (network, TWINS.get(network, network))
        and record.get("tier") == rules["tier"]
        and settings.get("recipe") == rules["recipe"]
        and settings.get("image_skip") is rules["image_skip"]
        and (record.get("steps") or 0) >= rules["steps"]
        and data in str(record.get("data")).lower().replace("ö", "o")
        and _pairs_scored(record) == rules["images"][data]
        and isinstance(look_up(record, f"metrics.restored.{metric}"), int | float)
    )


def _pairs_scored(record: Record) -> object:
    # a record states them as a count, or lists every image
    images = look_up(record, "metrics.images")
    return len(images) if isinstance(images, Sequence) else images or look_up(record, "metrics.count")
