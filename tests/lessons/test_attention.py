"""Notebook 05's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import pytest
import torch
from torch import nn

from lmfn_core.teaching.exercises.attention import check_acfm, check_alfm, check_effective_channels


def alfm(*, start=0.0, scale=lambda f: 1.0, axis=-1, residual=1, softmax=True, positions=False, rows=None, back=None):
    """A class like the reader's, with one thing wrong."""

    class MyALFM(nn.Module):
        def __init__(self):
            super().__init__()
            self.theta = nn.Parameter(torch.tensor(start))

        def forward(self, f_g):
            f = rows(f_g) if rows else f_g.flatten(2)
            if positions:
                m = torch.softmax(f.transpose(1, 2) @ f, dim=axis)
                heard = f @ m.transpose(1, 2)
            else:
                m = f @ f.transpose(1, 2) * scale(f)
                heard = (torch.softmax(m, dim=axis) if softmax else torch.eye(f.shape[1])) @ f
            return self.theta * (back(heard, f_g) if back else heard.view_as(f_g)) + residual * f_g

    return MyALFM


class PlainTheta(nn.Module):
    theta = 0.0

    def forward(self, f_g):
        return self.theta * f_g + f_g


class ThetaPerChannel(nn.Module):
    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(6, 1, 1))

    def forward(self, f_g):
        return self.theta * f_g + f_g


class MixesTheBatch(alfm()):
    def forward(self, f_g):
        m = torch.softmax(torch.einsum("bchw,bdhw->cd", f_g, f_g), dim=-1)
        return self.theta * (m @ f_g.flatten(2)).view_as(f_g) + f_g


class InPlace(alfm()):
    def forward(self, f_g):
        with torch.no_grad():
            return f_g.add_(self.theta + 1)


def shuffled_rows(f_g):  # a view where a permutation was meant: W*H rows of NC numbers, read across the channels
    return f_g.reshape(len(f_g), -1, f_g.shape[1]).transpose(1, 2)


def acfm(*, kernels=((1, 3, 3), (3, 1, 1)), alpha=True, start=0.0, bias=True, forward=None):
    """A class like the reader's, with one thing wrong; ``forward`` gets the module and the features."""

    class MyACFM(nn.Module):
        def __init__(self):
            super().__init__()
            pads = [tuple(k // 2 for k in kernel) for kernel in kernels]
            self.conv1 = nn.Conv3d(1, 1, kernels[0], padding=pads[0], bias=bias)
            if len(kernels) > 1:
                self.conv2 = nn.Conv3d(1, 1, kernels[1], padding=pads[1], bias=bias)
            if alpha:
                self.alpha = nn.Parameter(torch.tensor(start))

        def forward(self, f):
            return forward(self, f) if forward else f + self.alpha * mask(self, f) * f

    return MyACFM


def mask(self, f, activation=torch.sigmoid, between=lambda x: x):
    return activation(self.conv2(between(self.conv1(f.unsqueeze(1))))).squeeze(1)


def rows_as_depth(self, f):
    return f + self.alpha * mask(self, f.transpose(1, 2)).transpose(1, 2) * f


def other_order(self, f):
    return f + self.alpha * torch.sigmoid(self.conv1(self.conv2(f.unsqueeze(1)))).squeeze(1) * f


class NoPadding(acfm()):
    def __init__(self):
        super().__init__()
        self.conv1.padding = (0, 0, 0)


class Conv2d(acfm()):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 1, 3, padding=1)


def effective(m):
    return torch.special.entr(m).sum(-1).exp()


def entropy_bits(m):
    return effective(m).log2()


REFERENCES = [
    (check_alfm, alfm()),
    (check_acfm, acfm()),
    (check_effective_channels, effective),
]

MUTANTS = [
    # theta: at 1, no parameter, one a channel; Eq. 2 without f; the wrong axis twice; positions; scaled; no softmax
    (check_alfm, alfm(start=1.0), "theta starts at 0"),
    (check_alfm, PlainTheta, "No optimiser could find theta"),
    (check_alfm, ThetaPerChannel, "one number for all channels"),
    (check_alfm, alfm(residual=0), "nothing is left"),
    (check_alfm, alfm(axis=-2), "columns of your m"),
    (check_alfm, alfm(axis=0), "across the batch"),
    (check_alfm, alfm(positions=True), "attend between positions"),
    (check_alfm, alfm(scale=lambda f: 1 / f.shape[2]), "by W*H. That is steadier"),
    (check_alfm, alfm(scale=lambda f: f.shape[2] ** -0.5), "root of W*H"),
    (check_alfm, alfm(softmax=False), "is there a softmax"),
    # flattened in the wrong order; the batch mixed; the input changed; an object, no class; no module; no result
    (check_alfm, alfm(rows=shuffled_rows), "more than shuffle"),
    (check_alfm, MixesTheBatch, "depends on its batch"),
    (check_alfm, InPlace, "changed the features"),
    (check_alfm, alfm()(), "without brackets"),
    (check_alfm, dict, "extend nn.Module"),
    (check_alfm, alfm(back=lambda heard, f: heard[:, :2]), "raised RuntimeError"),
    # the published kernel; the depth on the wrong axis of the kernel, and of the features; biases and alpha missing
    (check_acfm, acfm(kernels=[(3, 3, 3)], forward=lambda self, f: f), "published code"),
    (check_acfm, acfm(kernels=[(3, 3, 1), (1, 1, 3)]), "axes are (channels, rows, columns)"),
    (check_acfm, acfm(forward=rows_as_depth), "changed places"),
    (check_acfm, acfm(bias=False), "lost its bias"),
    (check_acfm, acfm(alpha=False, forward=lambda self, f: f + mask(self, f) * f), "alpha is missing"),
    (check_acfm, acfm(start=1.0), "alpha starts at 0"),
    (check_acfm, acfm(forward=lambda self, f: f + 0 * self.alpha + mask(self, f) * f), "alpha does nothing"),
    # no sigmoid; LFDN's ReLU; no f; the mask added; the two convolutions exchanged; no padding; a 2-D convolution
    (check_acfm, acfm(forward=lambda self, f: f + self.alpha * mask(self, f, lambda x: x) * f), "no sigmoid"),
    (check_acfm, acfm(forward=lambda self, f: f + self.alpha * mask(self, f, between=torch.relu) * f), "draws a ReLU"),
    (check_acfm, acfm(forward=lambda self, f: self.alpha * mask(self, f) * f), "f itself is missing"),
    (check_acfm, acfm(forward=lambda self, f: f + self.alpha * mask(self, f)), "You added the mask"),
    (check_acfm, acfm(forward=other_order), "in the wrong order"),
    (check_acfm, NoPadding, "MyACFM of a (2, 5, 4, 6) raised"),
    (check_acfm, Conv2d, "make it an nn.Conv3d"),
    (check_acfm, acfm(forward=lambda self, f: None), "is a return missing?"),
    # the entropy in bits and nats; bases mixed; the sign; 0 log 0; columns; other measures; one number for all
    (check_effective_channels, entropy_bits, "3 bits"),
    (check_effective_channels, lambda m: torch.special.entr(m).sum(-1), "log 8 = 2.08"),
    (check_effective_channels, lambda m: entropy_bits(m).exp(), "of one base"),
    (check_effective_channels, lambda m: 1 / effective(m), "sign is turned"),
    (check_effective_channels, lambda m: (-(m * m.log()).sum(-1)).exp(), "0 * log 0"),
    (check_effective_channels, lambda m: torch.special.entr(m).sum(-2).exp(), "summed over columns"),
    (check_effective_channels, lambda m: 1 / m.amax(-1), "sees the largest only"),
    (check_effective_channels, lambda m: 1 / m.square().sum(-1), "sum of squares"),
    (check_effective_channels, lambda m: effective(m).mean(-1), "it must be (2, 8)"),
    (check_effective_channels, lambda m: effective(m).tolist(), "a tensor is wanted"),
]


@pytest.mark.parametrize(("check", "reference"), [(check_alfm, alfm), (check_acfm, acfm)])
def test_a_golden_value_that_no_checker_computes(check, reference):
    """The checkers compare with the library; here both meet a number worked out by hand.

    Energies of 4 and 0 in the first row: its weights are e^4 / (e^4 + 1) and the rest.
    """
    module = reference()()
    with torch.no_grad():
        for p in module.parameters():
            p.fill_(1.0)
        if check is check_alfm:
            out = module(torch.tensor([[2.0, 0.0], [0.0, 1.0]]).view(1, 2, 1, 2))
            assert out[0, 0].flatten().tolist() == pytest.approx([2 + 2 * 0.98201, 0.01799], abs=1e-4)
        else:
            out = module(torch.ones(1, 1, 1, 1))  # conv1: 1 + 1 = 2, conv2: 2 + 1 = 3
            assert out.item() == pytest.approx(1 + 0.95257, abs=1e-4)
