"""The figures of the small parts: what they draw is what torch does."""

import pytest
import torch
import torch.nn.functional as F

from lmfn_core.teaching.part_figures import STYLES, draw_depth, draw_taps, draw_views


@pytest.mark.parametrize("how", [{}, {"padding": 1}, {"stride": 2, "padding": 1}, {"dilation": 2}, {"stride": 3}])
def test_there_is_a_dot_for_each_output_of_torch(how):
    (axis,) = draw_taps({"": how}).axes
    side = F.conv2d(torch.zeros(1, 1, 7, 7), torch.zeros(1, 1, 3, 3), **how).shape[-1]
    *_, taps, middles = axis.collections
    assert len(middles.get_offsets()) == side**2 and len(taps.get_offsets()) == 9
    assert axis.get_title() == f": {side} x {side}"


def test_padding_is_a_ring_around_the_map():
    (axis,) = draw_taps({"": {"padding": 2}}).axes
    inside, ring, *_ = (part.get_offsets() for part in axis.collections)
    assert len(inside) == 49 and len(ring) == 11**2 - 49


def test_curves_differ_by_more_than_colour():
    figure = draw_depth({name: [[1, 2, 3], [0, 1, 0]] for name in "abc"}, {"size": "log", "likeness": "linear"}, step=2)
    for axis, scale in zip(figure.axes, ("log", "linear"), strict=True):
        assert axis.get_yscale() == scale and list(axis.lines[0].get_xdata()) == [0, 2, 4]
        assert len({(line.get_marker(), line.get_linestyle()) for line in axis.lines}) == len(STYLES)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b", "c"]


def test_a_view_is_drawn_by_its_decades():
    seen = torch.tensor([[1.0, 0.01], [0.0, 10.0]])
    (axis,) = draw_views({"seen": seen}).axes
    shown = torch.as_tensor(axis.images[0].get_array().data)
    assert torch.allclose(shown, torch.tensor([[-1.0, -3.0], [-6.0, 0.0]]))
