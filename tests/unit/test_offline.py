"""Nothing connects to a network: not the tests, not an import, not the weights, not a restoration."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AT_WORK = """
import importlib, pkgutil, sys
sys.path.insert(0, "tests")
import offline
offline.guard()
import numpy, torch
import lmfn_core
names = [m.name for m in pkgutil.walk_packages(lmfn_core.__path__, "lmfn_core.") if not m.name.endswith("__main__")]
for name in names:
    importlib.import_module(name)
from lmfn_core import LFDN, LMFN, restore
LMFN.from_pretrained()
LFDN.from_pretrained("lfdn-derain")
assert restore(numpy.zeros((16, 16, 3), "uint8"), backend="torch").shape == (16, 16, 3)
print(len(names))
"""


def test_a_connection_that_leaves_this_machine_is_refused():
    with socket.socket() as out, pytest.raises(ConnectionRefusedError, match="speak to 192.0.2.1"):
        out.connect(("192.0.2.1", 80))  # an address for documentation, which belongs to nobody
    with pytest.raises(ConnectionRefusedError, match="speak to example.invalid"):
        socket.getaddrinfo("example.invalid", 80)


def test_this_machine_may_speak_to_itself():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as out:
        assert out.getpeername() == server.getsockname()
    assert socket.getaddrinfo("localhost", 80)


def test_imports_weights_and_restoring_need_no_network():
    done = subprocess.run([sys.executable, "-c", AT_WORK], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 100
