"""Single files that once broke a reader, or were made to: each is refused in one sentence, and soon."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tifffile
import torch
from safetensors.torch import save

from lmfn_core.datasets.archives import LONGEST, unpack
from lmfn_core.datasets.check import header_size
from lmfn_core.datasets.download import locked
from lmfn_core.datasets.resume import remembered
from lmfn_core.evidence.ledger import parse_ledger
from lmfn_core.files.photo_reading import read_photo
from lmfn_core.images.photos import read_image
from lmfn_core.models.checkpoints import load_tensors, load_weights, save_weights
from lmfn_core.parsing import brief, parse_json, parse_yaml, quoted
from lmfn_core.records import load_record
from lmfn_core.training.watch import Watch
from workflow import Problem, masters
from workflow.graph import load, load_tier
from workflow.places import Places
from workflow.reliability import texts

LAUGHS = "a: &a [1, 1]\n" + "\n".join(f"{n}: &{n} [*{p}, *{p}]" for p, n in zip("abcdefgh", "bcdefghi", strict=True))


def refused(read, *arguments, kind=ValueError, match=None):
    with pytest.raises(kind, match=match) as error:
        read(*arguments)
    assert len(str(error.value).splitlines()) == 1 and len(str(error.value)) < 2000 and str(error.value).encode()


def written(path: Path, data: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


POSTSCRIPT = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 16 16\n%%EndComments\n(x) print\n%%EOF\n"


def test_images_that_are_programs_or_claim_the_world(tmp_path):
    for read in (read_image, read_photo, header_size):
        refused(read, written(tmp_path / "a.png", POSTSCRIPT))
    file = io.BytesIO()
    tifffile.imwrite(file, np.zeros((16, 16, 3), np.uint8), photometric="rgb", metadata=None)
    header = b"BM" + struct.pack("<IHHIIiiHHIIiiII", 99, 0, 0, 54, 40, 60000, 60000, 1, 24, 0, 0, 0, 0, 0, 0)
    for read in (read_image, header_size, read_photo):
        refused(read, written(tmp_path / "a.bmp", header))


def test_a_tiff_of_endless_directories(tmp_path):
    """Each directory is a page without pixels; a file of some megabytes would hold a hundred thousand of them."""
    entry = struct.pack("<H", 1) + struct.pack("<HHII", 254, 4, 1, 1)
    pages = b"".join(entry + struct.pack("<I", 8 + 18 * (n + 1)) for n in range(50_000))
    path = written(tmp_path / "a.tif", b"II*\0" + struct.pack("<I", 8) + pages)
    refused(read_photo, path, kind=(ValueError, OSError))


def test_zip_and_tar_bombs(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive, archive.open("a", "w") as member:
        for _ in range(101):
            member.write(bytes(1_000_000))
    refused(unpack, [tmp_path / "a.zip"], tmp_path / "out", match="more than 100 times its size")
    name = tarfile.TarInfo("long")
    name.type, name.size = tarfile.GNUTYPE_LONGNAME, LONGEST + 512
    first, data = tarfile.TarInfo("first").tobuf(), name.tobuf(tarfile.GNU_FORMAT) + bytes(LONGEST + 512)
    for before, match in ((b"", "neither a zip nor a tar file"), (first, "bytes about one member")):
        path = written(tmp_path / "a.tgz", gzip.compress(before + data))
        refused(unpack, [path], tmp_path / "out", match=match)
    assert {path.name for path in tmp_path.iterdir()} == {"a.zip", "a.tgz"}


def test_archives_whose_names_collide_or_cannot_be_written(tmp_path):
    for number, names in enumerate((["a", "a/b"], ["a/b", "a"], ["x" * 300])):
        with zipfile.ZipFile(tmp_path / f"{number}.zip", "w") as archive:
            for name in names:
                archive.writestr(name, b"text")
        refused(unpack, [tmp_path / f"{number}.zip"], tmp_path / "out", match="cannot be written")


def test_archives_cut_or_with_wrong_offsets(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a", b"text")
    at = file.getvalue().rindex(b"PK\5\6")
    for offset in (0x7FFFFFFF, 0x80000000, 1):
        data = bytearray(file.getvalue())
        struct.pack_into("<I", data, at + 16, offset)
        refused(unpack, [written(tmp_path / "a.zip", bytes(data))], tmp_path / "out")
    packed = bytearray(gzip.compress(tarfile.TarInfo("a").tobuf()))
    packed[-8] ^= 1  # of the checksum
    refused(unpack, [written(tmp_path / "a.tgz", bytes(packed))], tmp_path / "out", match="cannot be unpacked")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("a", bytes(1000))
    data = file.getvalue().replace(b"1AY&SY", b"1AY&SX", 1)
    refused(unpack, [written(tmp_path / "a.zip", data)], tmp_path / "out", match="is damaged")


CARDS = [
    [], None, "text", 3, {"network": ["lmfn"], "settings": {}}, {"network": "lmfn-n1", "settings": [1]},
    {"network": "x" * 5000, "settings": {}}, {"network": "lmfn-n1", "settings": {"blocks": 10**9}},
    {"network": "lmfn-n1", "settings": {"channels": 10**7}}, {"network": "lmfn-n1", "settings": {"channels": "4"}},
    {"network": "lmfn-n1", "settings": {"channels": 10**30}}, {"network": "lmfn-n1", "settings": {"blocks": None}},
    {"network": "lmfn-n1", "settings": {"encoder": "os.system"}}, {"network": "lmfn-n1", "settings": {"name": "lmfn"}},
    {"network": "lmfn-n1", "settings": {"a\nb": 1}}, {"network": "\ud800", "settings": {}},
]  # fmt: skip


@pytest.mark.parametrize("card", CARDS, ids=range(len(CARDS)))
def test_cards_that_claim_what_is_not_there(card, tmp_path):
    data = save({"a": torch.ones(2)}, metadata={"card": json.dumps(card)})
    refused(load_weights, written(tmp_path / "a.safetensors", data))


def test_weights_of_other_names_and_shapes(tmp_path):
    from lmfn_core import build

    model = build("lmfn-n1", **texts.CARD["settings"])
    path = save_weights(tmp_path / "a.safetensors", model, texts.CARD | {"settings": {"blocks": 1, "channels": 6}})
    refused(load_weights, path, match="does not fit the network 'lmfn-n1'")
    refused(load_tensors, written(path, save({"a": torch.ones(2)}, metadata={"card": "[" * 100_000})), match="too deep")
    refused(load_tensors, written(path, save({"a": torch.ones(2)})), match="no checkpoint")


NO_RECORDS = ["[" * 100_000, b"\xff\xfe", "9" * 5000, '{"schema": 1}', "null", "", b"{\x00}"]


@pytest.mark.parametrize("text", NO_RECORDS, ids=range(len(NO_RECORDS)))
def test_records_that_are_none(text, tmp_path):
    refused(load_record, written(tmp_path / "a.json", text), match="record")
    assert remembered(tmp_path / "a.json") in (None, {"schema": 1})
    assert Watch(tmp_path / "a.json").points == []


def test_records_and_curves_of_other_kinds(tmp_path):
    for run in ([], {}, None, 3):
        refused(load_record, written(tmp_path / "a.json", json.dumps(json.loads(texts.RECORD) | {"run": run})))
    for points in ({"a": 1}, [1], [{}], "text", [{"step": 1, "hours": "x", "on": "cpu", "gains": {}}]):
        assert Watch(written(tmp_path / "a.json", json.dumps(points))).points == []


YAMLS = ["[" * 1200, LAUGHS, "a: &a [*a]", "2020-13-45", "a: 2020-13-45", "0x" + "f" * 9000, "!!python/object:os.x {}",
         "\0", "? [a]\n: 1", "? {a: 1}\n: 1", "!!timestamp x", "!!int x", "a: b: c", "%YAML 9\n---", "- 1", "3", "",
         "!!set {a}", "a: !!binary x", "1: 2", "!!float x", "!!int ''", "? !!set {}\n: 1"]  # fmt: skip


@pytest.mark.parametrize("text", [*YAMLS, b"\xff", b"\xed\xa0\x80"], ids=range(len(YAMLS) + 2))
def test_yaml_that_breaks_parsers(text, tmp_path):
    data = text if isinstance(text, bytes) else text.encode()
    refused(parse_ledger, data, {}, match="claims ledger")
    refused(parse_ledger, texts.RULES, {"lmfn": data}, match="claims ledger")
    written(tmp_path / "workflow" / "graph.yaml", texts.GRAPH)
    written(tmp_path / "notebooks" / "params" / "smoke.yaml", data)
    if text:  # an empty tier file is refused too, as no mapping
        refused(load_tier, tmp_path, "smoke", kind=Problem, match="smoke.yaml")
    written(tmp_path / "workflow" / "graph.yaml", data)
    refused(load, Places(tmp_path, tmp_path, "smoke"), {}, kind=Problem, match="graph.yaml")


GRAPHS = [
    "{}", "{runs: {}}", "{runs: [], targets: {}}", "{runs: {a: 3}, targets: {}}", "{runs: {a: {}}, targets: {}}",
    "{runs: {a: {notebook: ../x}}, targets: {}}", "{runs: {../a: {notebook: one}}, targets: {}}",
    "{runs: {.a: {notebook: one}}, targets: {}}", "{runs: {'{x.__class__}': {notebook: one}}, targets: {}}",
    "{runs: {'{0}': {notebook: one}}, targets: {}}", "{runs: {'{seed:>999999999999}': {notebook: one}}, targets: {}}",
    "{runs: {a: {notebook: one, each: {x: missing}}}, targets: {}}", "{runs: {1: {notebook: one}}, targets: {}}",
    "{runs: {a: {notebook: one, parameters: {x: 2020-01-01}}}, targets: {}}",
    "{runs: {a: {notebook: one, parameters: {x: '{work.__class__}'}}}, targets: {}}",
    "{runs: {a: {notebook: one, parameters: {x: .nan}}}, targets: {}}",
    "{runs: {a: {notebook: one, gpu: many}}, targets: {}}", "{runs: {a: {notebook: one, needs: 3}}, targets: {}}",
    "{runs: {a: {notebook: one, each: {" + ", ".join(f"{c}: [1, 2, 3]" for c in "bcdefghijkl") + "}}}, targets: {}}",
    "{runs: {a: {notebook: one}}, targets: {t: [missing]}}", "{runs: {a: {notebook: one}}, targets: {t: 3}}",
]  # fmt: skip


@pytest.mark.parametrize("text", GRAPHS, ids=range(len(GRAPHS)))
def test_graphs_that_are_none(text, tmp_path):
    written(tmp_path / "notebooks" / "params" / "smoke.yaml", "{runs: {}}")
    written(tmp_path / "workflow" / "graph.yaml", text)
    refused(load, Places(tmp_path, tmp_path, "smoke"), load_tier(tmp_path, "smoke"), kind=Problem, match="graph.yaml")


RULES = [
    "{schema: 2, eligible: [], conventions: {}, takes: {}}", "{schema: 2, eligible: {}, conventions: {}, takes: {}}",
    "{schema: 2, eligible: {images: 3}, conventions: {}, takes: {}}",
    "{schema: [], eligible: {}, conventions: {}, takes: {}}", "{schema: 2, eligible: {images: {}}, takes: {a: [1]}}",
    "{schema: 2, eligible: {images: {}}, conventions: {a: -1}, takes: {}}",
    "{schema: 2, eligible: {images: {}}, conventions: 3, takes: {}}",
    "{schema: 2, eligible: {images: {}}, conventions: {1: 2}, takes: {}}",
]  # fmt: skip
PAPERS = ["{paper: x, claims: 3, remarks: []}", "{paper: x, claims: [a], remarks: []}",
          "{paper: x, claims: [], remarks: [a]}", "{paper: x, claims: [], remarks: [{id: 3}]}",
          "{paper: x, claims: [null], remarks: []}", "{paper: x, claims: [{id: [1]}], remarks: []}",
          "{paper: x, claims: [{1: 2}], remarks: []}"]  # fmt: skip


CHECKS = ["3", "{}", "{1: 2}", "{kind: []}", "{kind: score, data: [], metric: a, tolerance: 1, takes: set}",
          "{kind: count, metric: [a]}", "{kind: internal, equal: false, otherwise: {kind: note, takes: set}}",
          "{kind: internal, equal: a, otherwise: 3}", "{kind: internal, difference: [a, {}], otherwise: {kind: note}}",
          "{kind: internal, equal: a, otherwise: {kind: internal, equal: a, otherwise: [1]}}"]  # fmt: skip


@pytest.mark.parametrize("check", CHECKS)
def test_checks_that_are_none(check):
    paper = texts.PAPER.decode().replace(
        "{kind: score, data: gopro, metric: psnr.rgb, tolerance: 0.1, takes: set}", check
    )
    refused(parse_ledger, texts.RULES, {"lmfn": paper}, match="Claim 'a'")


def test_ledgers_that_are_none():
    for rules in RULES:
        refused(parse_ledger, rules, {}, match="claims ledger")
    for paper in PAPERS:
        refused(parse_ledger, texts.RULES, {"lmfn": paper})


NOTEBOOKS = [[], {}, {"cells": 3}, {"cells": [3]}, {"cells": [{"cell_type": "code"}]},
             {"cells": [{"cell_type": "code", "source": [1], "metadata": {}}]},
             {"cells": [{"cell_type": "code", "source": "x", "metadata": None}]},
             {"cells": [{"cell_type": "code", "source": "x", "metadata": {"tags": 3}}]}]  # fmt: skip
SOURCES = ["x = \0", "x = " + "-" * 100_000 + "1", "x = " + "(" * 300, "x = '\ud800'", "x = open('a')", "x.y = 2",
           "x" * 3000]  # fmt: skip


def test_notebooks_that_are_none(tmp_path):
    for book in NOTEBOOKS:
        refused(masters.read, written(tmp_path / "a.ipynb", json.dumps(book)), kind=Problem, match="not a notebook")
    refused(masters.read, written(tmp_path / "a.ipynb", "[" * 100_000), kind=Problem, match="not a notebook")
    for source in SOURCES:
        cell = {"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}
        master = masters.read(written(tmp_path / "a.ipynb", json.dumps({"cells": [cell]})))
        refused(lambda master=master: master.parameters, kind=Problem, match="a.ipynb")


def test_a_tier_with_an_empty_run(tmp_path):
    written(tmp_path / "workflow" / "graph.yaml", "{runs: {a: {notebook: one}}, targets: {}}")
    written(tmp_path / "notebooks" / "params" / "smoke.yaml", "{runs: {a: null}, notebooks: {one: null}}")
    assert list(load(Places(tmp_path, tmp_path, "smoke"), load_tier(tmp_path, "smoke")).runs) == ["a"]


def test_a_checksum_without_a_name(tmp_path):
    refused(locked, written(tmp_path / "a", b"0123\n"), match="no checksum and name")


def test_what_sentences_quote():
    assert brief("a\u202eb\n\ud800") == "a\\u202eb \\ud800" and quoted(16**9000) == "a number of thousands of digits"
    assert len(quoted({"a": ["b" * 9999] * 9999})) < 400
    for text in (LAUGHS, "[" * 1200, b"\xff"):
        refused(parse_yaml, text)
    refused(parse_json, "9" * 5000)
