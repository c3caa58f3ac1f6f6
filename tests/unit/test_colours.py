"""The three colours of every figure stay apart in grey, on white, and for readers who see two primaries of three."""

from itertools import combinations

import numpy as np
import pytest

from lmfn_core.evidence.figures import MUTED, OURS, PAPER

COLOURS = {"OURS": OURS, "PAPER": PAPER, "MUTED": MUTED}
WHITE = "#ffffff"
# Linear RGB as seen without one kind of cone (Machado, Oliveira and Fernandes, 2009, severity 1).
PROTANOPIA = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
DEUTERANOPIA = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)


def linear(colour):
    """A colour like #22577a as linear RGB."""
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """CIELAB of linear RGB: lightness from 0 to 100, and two axes of colour."""
    xyz = TO_XYZ @ rgb.clip(0, 1) / TO_XYZ.sum(1)
    x, y, z = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(first, second):
    """The ratio of luminances, as the Web Content Accessibility Guidelines define it."""
    low, high = sorted(TO_XYZ[1] @ linear(colour) for colour in (first, second))
    return (high + 0.05) / (low + 0.05)


def faults(colours):
    """What is too close, by a measure with a threshold each: ten steps of lightness are seen side by side in print."""
    found = []
    for (name, first), (other, second) in combinations(colours.items(), 2):
        a, b = linear(first), linear(second)
        if abs(lab(a)[0] - lab(b)[0]) < 10:
            found.append(f"{name} and {other} in grey")
        for kind, matrix in {"protanopia": PROTANOPIA, "deuteranopia": DEUTERANOPIA}.items():
            if np.linalg.norm(lab(matrix @ a) - lab(matrix @ b)) < 25:
                found.append(f"{name} and {other} under {kind}")
    found += [f"{name} on white" for name, colour in colours.items() if contrast(colour, WHITE) < 2]
    return found


def test_the_colours_of_figures_stay_apart():
    assert faults(COLOURS) == []


@pytest.mark.parametrize("colour", [OURS, PAPER])
def test_what_is_measured_and_what_is_printed_stand_out_from_the_page(colour):
    assert contrast(colour, WHITE) >= 3  # what the guidelines ask of the parts of a figure


def test_colours_too_close_would_be_seen():
    red_and_green = {"OURS": "#c0392b", "PAPER": "#5a8f29"}
    assert "OURS and PAPER under deuteranopia" in faults(red_and_green | {"MUTED": MUTED})
    assert faults({"OURS": OURS, "PAPER": "#7d4a8c"})[0] == "OURS and PAPER in grey"
    assert faults({"OURS": OURS, "MUTED": "#e8e8e8"}) == ["MUTED on white"]


def test_the_measures_are_the_known_ones():
    assert lab(linear("#ffffff")) == pytest.approx([100, 0, 0], abs=0.01)
    assert lab(linear("#ff0000")) == pytest.approx([53.24, 80.09, 67.20], abs=0.02)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    for matrix in (PROTANOPIA, DEUTERANOPIA):  # grey stays grey
        assert np.array(matrix) @ np.ones(3) == pytest.approx(np.ones(3), abs=1e-5)
