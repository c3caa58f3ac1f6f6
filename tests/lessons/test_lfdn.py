"""Notebook 11's exercises: the reference passes, and each typical mistake is answered with a hint of its own."""

import torch
import torch.nn.functional as F

from lmfn_core.teaching.exercises.lfdn import check_contrast, check_fdnb_size, check_streaks


def size(
    c, *, half=lambda c: c // 2, inside=lambda c: c // 16, norm=2, refined=lambda c: (c, c), last=None, attend=None
):
    def conv(kernel, inputs, outputs):
        return kernel * kernel * inputs * outputs + outputs

    k, r = half(c), inside(c)
    attention = conv(1, c, r) + conv(1, r, c) if attend is None else attend
    parts = 3 * (conv(1, c, k) + norm * k + conv(3, *refined(c))) + conv(3, c, last or k)
    return parts + conv(1, 3 * k + (last or k), c) + attention


def contrast(f, *, correction=0, axes=(2, 3), keep=True, floor=1e-5, precise=True):
    x = f.float() if precise else f
    deviation = (x.var(axes, correction=correction, keepdim=keep) + floor).sqrt()
    return (x.mean(axes, keepdim=keep) + deviation).to(f.dtype)


def streaks(noise, share, length, slant, *, rounded=round, clip=True, start=0, up=False, wrap=False):
    drops = (noise > 1 - share).float()
    light, (height, width) = torch.zeros_like(drops), drops.shape
    for k in range(start, length):
        aside = rounded(k * slant)
        reach = abs(aside)
        if wrap:
            light += drops.roll((k, aside), (0, 1))
            continue
        rows = (reach, reach, 0, k) if up else (reach, reach, k, 0)
        padded = F.pad(drops, rows)
        padded = padded[k:] if up else padded[:height]
        light += padded[:, reach - aside : reach - aside + width]
    return light.clamp(max=1) if clip else light


def wetting(noise, share, length, slant):
    noise[noise <= 1 - share] = 0
    return streaks(noise, share, length, slant)


REFERENCES = [(check_fdnb_size, size), (check_contrast, contrast), (check_streaks, streaks)]


def sized(**settings):
    return lambda c: size(c, **settings)


def contrasted(**settings):
    return lambda f: contrast(f, **settings)


def laid(**settings):
    return lambda *given: streaks(*given, **settings)


MUTANTS = [
    # fractions; no normalisation; scale alone; all channels normalised; no attention; ESA; half refined; whole last
    (check_fdnb_size, sized(half=lambda c: c / 2), "whole numbers"),
    (check_fdnb_size, sized(norm=0), "for each kept channel"),
    (check_fdnb_size, sized(norm=1), "two numbers a channel"),
    (check_fdnb_size, sized(norm=4), "Only the kept half"),
    (check_fdnb_size, sized(attend=0), "attention is missing"),
    (check_fdnb_size, sized(attend=6_650), "That is ESA"),
    (check_fdnb_size, sized(refined=lambda c: (c, c // 2)), "refine half"),
    (check_fdnb_size, sized(last=50), "goes from C to C / 2"),
    (check_fdnb_size, sized(half=lambda c: 25), "off by"),
    # squeezed; over the batch; mean alone; deviation alone; variance; sample deviation; difference; no floor; half
    (check_contrast, contrasted(keep=False), "Keep the two axes"),
    (check_contrast, lambda f: contrast(f, axes=(0, 2, 3)).expand(len(f), -1, -1, -1), "others in its batch"),
    (check_contrast, lambda f: f.mean((2, 3), keepdim=True), "mean alone"),
    (check_contrast, lambda f: f.var((2, 3), correction=0, keepdim=True).sqrt(), "deviation alone"),
    (check_contrast, lambda f: f.var((2, 3), correction=0, keepdim=True) + f.mean((2, 3), keepdim=True), "is its root"),
    (check_contrast, contrasted(correction=1), "not by one less"),
    (check_contrast, lambda f: 2 * f.mean((2, 3), keepdim=True) - contrast(f), "are added"),
    (check_contrast, contrasted(floor=0), "has no gradient"),
    (check_contrast, contrasted(precise=False), "overflows"),
    # dry for wet; the wrong tail; fainter drops; the noise changed; upwards; one short; no slant; mirrored; cut;
    # around the edge; not clipped
    (check_streaks, lambda noise, share, *rest: streaks(noise, 1 - share, *rest), "Nearly everything"),
    (check_streaks, lambda noise, *rest: streaks(1 - noise, *rest), "below share"),
    (check_streaks, lambda *given: streaks(*given) * 0.5, "as bright as light can be"),
    (check_streaks, wetting, "changed the noise"),
    (check_streaks, laid(up=True), "Rain falls"),
    (check_streaks, lambda noise, share, length, slant: streaks(noise, share, length + 1, slant), "lights 4 pixels"),
    (check_streaks, lambda noise, share, length, slant: streaks(noise, share, length, 0), "The slant changes nothing"),
    (check_streaks, lambda noise, share, length, slant: streaks(noise, share, length, -slant), "to the right"),
    (check_streaks, laid(rounded=int), "instead of cutting"),
    (check_streaks, laid(wrap=True), "on the other side"),
    (check_streaks, laid(clip=False), "clip it"),
]
