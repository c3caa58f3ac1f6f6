"""A JupyterLab and a headless Chromium for the tests in a browser; where something is missing they skip and say what.

LMFN_SCREENSHOTS=folder keeps what was on the screen at the end of each test.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1200,1000",
]  # fmt: skip


@pytest.fixture
def browser(tmp_path, request):
    """A Chromium with a profile of its own, driven by selenium."""
    pytest.importorskip("selenium", reason="selenium is not installed: pip install selenium")
    from selenium import webdriver

    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    driver = shutil.which("chromedriver")
    if not chromium or not driver:
        pytest.skip("no Chromium with its driver on the path: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in [*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(flag)
    browser = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield browser
    if folder := os.environ.get("LMFN_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        browser.save_screenshot(str(Path(folder) / f"{request.node.name.removeprefix('test_')}.png"))
    browser.quit()


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab of its own on a free port: its folder, which stands for notebooks/, and the address of a file in it.

    Beside the folder lie the reports, inside it what masters read; whatever a notebook writes stays in here.
    """
    home = tmp_path_factory.mktemp("lab")
    folder = home / "notebooks"
    folder.mkdir()
    (home / "reports").symlink_to(ROOT / "reports")
    for name in ("examples", "params"):
        (folder / name).symlink_to(ROOT / "notebooks" / name)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}
    environment = os.environ | {name: str(home / place) for name, place in folders.items()}
    environment |= {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
        "--IdentityProvider.token=test", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    with open(home / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token=test", server, home / "lab.log")
            yield folder, f"http://127.0.0.1:{port}/lab/tree/{{}}?token=test&reset"  # no tabs of an earlier test
        finally:
            server.terminate()
            server.wait(20)


def _wait_for(address, server, log, seconds=60):
    for _ in range(4 * seconds):
        if server.poll() is not None:
            break
        try:
            with urllib.request.urlopen(address):
                return
        except OSError:
            time.sleep(0.25)
    pytest.fail(f"JupyterLab did not start: {log.read_text()[-800:]}")
