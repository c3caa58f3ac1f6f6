"""What these tests share: commands in processes of their own, a cache folder, and disks that are small or read-only."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

MEBIBYTE = 1024**2


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch) -> Path:
    """A cache folder of the test's own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("LMFN_CACHE", str(folder))
    return folder


@pytest.fixture
def command() -> Callable[..., tuple[int, str, str]]:
    """Run ``python -m`` with these words in a process of its own: exit code, stdout, stderr."""

    def run(*words: object) -> tuple[int, str, str]:
        done = subprocess.run([sys.executable, "-m", *map(str, words)], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def photos(tmp_path) -> Path:
    """A folder of six photographs of noise, 0.png to 5.png."""
    (tmp_path / "in").mkdir()
    for number in range(6):
        pixels = np.random.default_rng(number).integers(0, 256, (160, 200, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / "in" / f"{number}.png")
    return tmp_path / "in"


class Disk:
    """A file system in memory, mounted at ``root``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def mount(self, *options: str) -> None:
        """Mount it, or mount it again with other options; skips the test where that is refused."""
        words = ["mount", "-t", "tmpfs", "-o", ",".join(options), "lmfn-test", str(self.root)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")

    def free(self) -> int:
        """Bytes that still fit."""
        state = os.statvfs(self.root)
        return state.f_bavail * state.f_bsize

    def fill(self, left: int) -> Path:
        """A file that takes all but ``left`` bytes."""
        filling = self.root / "filling"
        filling.write_bytes(bytes(max(0, self.free() - left)))
        return filling


@pytest.fixture
def disk(tmp_path) -> Iterator[Disk]:
    """A disk of 48 MiB; skipped where this account may mount none."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        pytest.skip("only root on Linux can mount a small disk")
    root = tmp_path / "disk"
    root.mkdir()
    made = Disk(root)
    made.mount(f"size={48 * MEBIBYTE}")
    yield made
    subprocess.run(["umount", str(root)], check=True)
