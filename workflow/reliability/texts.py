"""Small valid texts of every kind that is read: records, tiers, the graph, the ledger, a notebook, lists."""

import json

CARD = {"network": "lmfn-n1", "settings": {"blocks": 1, "channels": 4, "image_skip": True}, "steps": 3}
"""The card of a small network."""
RECORD = json.dumps(
    {
        "schema": 1, "run": "ablate-lmfn", "notebook": "08_training", "tier": "smoke", "parameters": {"steps": 2},
        "data": "none", "steps": 2, "seed": 0, "metrics": {"psnr": {"rgb": 30.5}, "per_image": [30.0, 31.0]},
        "seconds": {"total": 1.5}, "environment": {"python": "3.11"},
    }
).encode()  # fmt: skip
TIER = b"""
seeds: [0, 1]
data: [/data/kodak]
skip: ["ablate-lmfn-*"]
notebooks:
  one: {steps: 4, rates: [0.001, 0.003], masks: true}
runs:
  "ablate-*": {steps: 2}
"""
GRAPH = b"""
runs:
  first: {notebook: one, exclusive: true, gpu: 1, reads: [lmfn_core/weights/lmfn.safetensors]}
  "ablate-{network}":
    notebook: one
    parameters: {records: "{records}/a", steps: 2}
    each: {network: [lmfn, lmfn-n1], seed: seeds}
    needs: [first]
    after: ["first*"]
    publish: [figures]
targets:
  table: ["ablate-*"]
  all: ["*"]
"""
RULES = b"""
schema: 2
eligible: {tier: paper, steps: 500000, images: {gopro: 1111}}
conventions: {psnr: "PSNR on the test pairs."}
takes: {set: "The data set."}
"""
PAPER = b"""
paper: 'A. Author, "A title", 2021'
claims:
  - {id: a, place: Table 1, row: "Ours", column: "PSNR", subject: lmfn, printed: "31.54", quantity: psnr, unit: "dB",
     convention: psnr, check: {kind: score, data: gopro, metric: psnr.rgb, tolerance: 0.1, takes: set}}
  - {id: b, place: Table 1, row: "Ours", column: "Size", subject: lmfn, printed: "1.25", quantity: parameters,
     unit: "M", convention: psnr, check: {kind: count, metric: parameters, minus: lmfn-n1}}
  - {id: c, place: Table 2, row: "Ours", column: "PSNR", subject: Set-up, printed: "31.5", quantity: psnr, unit: "",
     convention: psnr, check: {kind: internal, equal: a, otherwise: {kind: note, takes: set}}}
  - {id: d, place: Table 2, row: "Best", column: "PSNR", subject: lmfn, printed: "31.5", quantity: psnr, unit: "",
     convention: psnr, check: {kind: internal, extreme: largest, column_of: a, otherwise: {kind: note, takes: set}}}
  - {id: e, place: Table 2, row: "More", column: "x", subject: lmfn, printed: "0.04", quantity: psnr, unit: "",
     convention: psnr, check: {kind: internal, difference: [a, c], otherwise: {kind: note, takes: set}}}
remarks:
  - {id: r, where: Table 1, text: "A remark."}
"""


def _cell(source: str, *tags: str) -> dict:
    return {"cell_type": "code", "metadata": {"tags": [*tags]}, "source": [source], "outputs": [], "id": "a",
            "execution_count": None}  # fmt: skip


NOTEBOOK = json.dumps(
    {
        "nbformat": 4, "nbformat_minor": 5, "metadata": {},
        "cells": [
            _cell('tier = "smoke"\nrun = "one"\nout = "x"\nsteps = 3\nrates = [0.1, -2]\ndata = None', "parameters"),
            _cell("%matplotlib inline\nprint(tier, run, out)"),
            _cell("def f(x):\n    return [steps for _ in rates if data]\ntry:\n    f(0)\nexcept OSError as e: pass"),
        ],
    }
).encode()  # fmt: skip
PAIR_LIST = b"RealBlur/gt/scene001/gt_1.png RealBlur/blur/scene001/blur_1.png 1\n\nb/gt/s/2.png b/blur/s/2.png\n"
CHECKSUMS = b"0123456789abcdef  GOPRO_Large.zip\nfedcba9876543210  *set.tgz\n"
DOWNLOAD = b'{"url": "https://localhost/a", "size": 3, "ETag": "1", "Last-Modified": null}'
CURVE = b'[{"step": 2, "hours": 0.5, "on": "cpu", "gains": {"gopro": 1.5}}]'
WORDS = (b"steps=20", b"lr=1e-4", b"skip=yes", b"data=a/b", b"rates=[1, 2.5]", b"mapping={'a': 1}", b"JOBS=2",
         b"TIER=smoke", b"ONLY=table3,report", b"OUT=~/x", b"DATA=corpus:/data", b"TASK=derain")  # fmt: skip
DEFAULTS = {"steps": 600, "lr": 0.001, "skip": False, "data": "x", "rates": [0.1], "mapping": {"a": 1}, "any": None}
"""The parameters of a notebook, with every type that the masters have."""
