"""Every reader of files and words from strangers: valid seeds, how to damage them, how to read, what may be raised."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import MappingProxyType

import numpy as np
import torch

from lmfn_core.datasets.archives import unpack
from lmfn_core.datasets.check import header_size
from lmfn_core.datasets.download import locked
from lmfn_core.datasets.realblur import pair_list
from lmfn_core.datasets.resume import remembered
from lmfn_core.evidence.ledger import load_ledger
from lmfn_core.files.photo_reading import read_photo
from lmfn_core.files.photo_writing import encode_photo
from lmfn_core.images.photos import read_image
from lmfn_core.models.checkpoints import load_tensors, load_weights, save_weights
from lmfn_core.records import load_records
from lmfn_core.training.watch import Watch
from workflow import Problem, masters, words
from workflow.graph import load, load_tier
from workflow.places import Places
from workflow.reliability import mutations, seeds, texts

Damage = Callable[[bytes, Sequence[bytes], Random], bytes]


@dataclass(frozen=True)
class Target:
    """A reader under attack.

    >>> TARGETS["run records"].allowed
    (<class 'ValueError'>,)
    """

    seeds: Callable[[], Sequence[bytes]]  # valid files
    read: Callable[[bytes, Path], object]  # reads content in an empty folder; an AssertionError says it was misread
    allowed: tuple[type[Exception], ...]  # what the reader's documentation says that it raises
    damage: Damage = mutations.damaged
    share: float = 1.0  # of the inputs, against the other readers


def _photo(data: bytes, folder: Path) -> None:
    photo = read_photo(_file(folder, "a.image", data))
    assert photo.pixels.dtype in (np.uint8, np.uint16) and photo.pixels.shape[2:] in ((), (2,), (3,), (4,))
    assert min(photo.pixels.shape[:2]) >= 16
    if photo.pixels.size < 10_000:  # what was kept of a damaged file must not keep the restored one from being written
        for suffix in (".jpg", ".png", ".tif"):
            with suppress(ValueError):  # not every format holds alpha, inks or 16 bits
                encode_photo(photo, photo.pixels, suffix)


def _image(data: bytes, folder: Path) -> None:
    path = _file(folder, "a.png", data)
    header_size(path)
    image = read_image(path)
    assert image.dtype == torch.uint8 and image.shape[0] == 3


def _archive(data: bytes, folder: Path) -> None:
    path = _file(folder, "a.archive", data)
    try:
        unpack([path], folder / "out")
    finally:
        assert {entry.name for entry in folder.iterdir()} <= {"a.archive", "out"}, "written outside"
        written = list((folder / "out").rglob("*"))
        assert not any(entry.is_symlink() or not (entry.is_file() or entry.is_dir()) for entry in written)
        assert sum(entry.stat().st_size for entry in written) < 1e8


def _tensors(data: bytes, folder: Path) -> None:
    tensors, card = load_tensors(_file(folder, "a.safetensors", data))
    assert isinstance(card, dict) and all(isinstance(tensor, torch.Tensor) for tensor in tensors.values())


def _weights(data: bytes, folder: Path) -> None:
    model, card = load_weights(_file(folder, "a.safetensors", data))
    assert isinstance(model, torch.nn.Module) and card["network"]


def _network() -> list[bytes]:
    from tempfile import TemporaryDirectory

    from lmfn_core import build

    with TemporaryDirectory() as folder:
        model = build(texts.CARD["network"], **texts.CARD["settings"])
        return [save_weights(Path(folder) / "a.safetensors", model, texts.CARD, torch.float16).read_bytes()]


def _records(data: bytes, folder: Path) -> None:
    _file(folder, "a.json", data)
    assert all(isinstance(name, str) for name in load_records(folder))


def _graph(name: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        files = {"workflow/graph.yaml": texts.GRAPH, "notebooks/params/smoke.yaml": texts.TIER} | {name: data}
        for file, content in files.items():
            _file(folder, file, content)
        places = Places(folder, folder / "reports", "smoke")
        graph = load(places, load_tier(folder, "smoke"))
        for run in graph.select(None):
            assert (places.work / run.name).resolve().is_relative_to(places.work.resolve())
            assert (places.notebooks / run.notebook).resolve().is_relative_to(places.notebooks.resolve())
            assert json.loads(json.dumps(run.parameters, allow_nan=False)) == run.parameters

    return read


def _ledger(name: str) -> Callable[[bytes, Path], None]:
    def read(data: bytes, folder: Path) -> None:
        empty = b"{paper: none, claims: [], remarks: []}"
        files = {"rules.yaml": texts.RULES, "lmfn.yaml": texts.PAPER, "lfdn.yaml": empty} | {name: data}
        for file, content in files.items():
            _file(folder, file, content)
        assert all(isinstance(claim.printed, str) for claim in load_ledger(folder).claims)

    return read


def _notebook(data: bytes, folder: Path) -> None:
    master = masters.read(_file(folder, "one.ipynb", data))
    master.check()
    assert {"tier", "run", "out"} <= set(master.parameters)


def _word(data: bytes, folder: Path) -> None:
    """A word as it comes from the shell, up to the text that papermill injects: that is nothing but literals."""
    from workflow.reliability.injected import injected

    call = words.parse([data.decode("utf-8", "surrogateescape")])
    for name, text in call.parameters.items():
        for default in texts.DEFAULTS.values():
            try:
                value = masters.convert(name, text, default)
            except Problem:
                continue
            assert not masters.fits(value, default) or injected({name: value}) == {name: value}


def _file(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def _of(*contents: bytes) -> Callable[[], Sequence[bytes]]:
    return lambda: contents


_IMAGE, _JSON, _YAML = (ValueError, OSError), mutations.damaged_json, mutations.damaged_yaml
_FORMATS = ("JPEG", "PNG", "TIFF", "WEBP", "BMP")
_FIRST = {"PNG": mutations.damaged_png}
TARGETS = MappingProxyType(
    {f"photographs: {f}": Target(lambda f=f: seeds.photographs(f), _photo, _IMAGE, _FIRST.get(f, mutations.damaged))
     for f in _FORMATS}
    | {
        "images of data sets": Target(lambda: [p for f in _FORMATS for p in seeds.photographs(f)], _image, _IMAGE),
        "archives: zip": Target(seeds.archives, _archive, (ValueError,)),
        "archives: tar": Target(seeds.tars, _archive, (ValueError,), mutations.damaged_tar),
        "archives: packed tar": Target(lambda: [*seeds.tars("gz"), *seeds.tars("bz2"), *seeds.tars("xz")], _archive,
                                       (ValueError,), share=0.5),
        "checkpoints": Target(seeds.checkpoints, _tensors, (ValueError,), mutations.damaged_tensors),
        "weights": Target(_network, _weights, (ValueError,), mutations.damaged_tensors, share=0.3),
        "run records": Target(_of(texts.RECORD), _records, (ValueError,), _JSON),
        "tiers": Target(_of(texts.TIER), _graph("notebooks/params/smoke.yaml"), (Problem,), _YAML, share=0.7),
        "graph": Target(_of(texts.GRAPH), _graph("workflow/graph.yaml"), (Problem,), _YAML, share=0.7),
        "ledger: rules": Target(_of(texts.RULES), _ledger("rules.yaml"), (ValueError,), _YAML, share=0.5),
        "ledger: claims": Target(_of(texts.PAPER), _ledger("lmfn.yaml"), (ValueError,), _YAML, share=0.7),
        "notebooks": Target(_of(texts.NOTEBOOK), _notebook, (Problem,), _JSON),
        "words and what papermill injects": Target(_of(*texts.WORDS), _word, (Problem,)),
        "lists of pairs": Target(_of(texts.PAIR_LIST), lambda d, f: pair_list(_file(f, "a.txt", d)), (ValueError,)),
        "lists of checksums": Target(_of(texts.CHECKSUMS), lambda d, f: locked(_file(f, "a.txt", d)), (ValueError,)),
        "interrupted downloads": Target(_of(texts.DOWNLOAD), lambda d, f: remembered(_file(f, "a", d)), (), _JSON),
        "curves": Target(_of(texts.CURVE), lambda d, f: Watch(_file(f, "a", d)), (), _JSON),
    }
)  # fmt: skip
"""Reader to what is done to it."""
