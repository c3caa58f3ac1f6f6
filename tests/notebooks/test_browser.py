"""The widgets in a real browser: JupyterLab, headless Chromium, a hand on the controls. Slow; run with -m slow.

Needs chromium, chromedriver and selenium, which are no requirement of the package. LMFN_SCREENSHOTS=folder keeps what
was on the screen.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

selenium = pytest.importorskip("selenium", reason="selenium is not installed: pip install selenium")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium on the path: apt-get install chromium"),
    pytest.mark.skipif(not DRIVER, reason="no chromedriver on the path: apt-get install chromium-driver"),
]

ROOT = Path(__file__).parents[2]
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--window-size=1200,1000",
]  # fmt: skip
CELLS = [
    """
import torch
from lmfn_core.teaching.widgets import before_after, size_calculator

size_calculator()
""",
    """
ramp = torch.linspace(0, 1, 320).expand(3, 120, 320)
before_after(ramp, 1 - ramp)
""",
]


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab of its own on a free port; yields the address of a notebook that shows both widgets."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in CELLS]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), tmp_path / "widgets.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTERLAB_WORKSPACES_DIR": "workspaces", "IPYTHONDIR": "ipython"}
    environment = os.environ | {name: str(tmp_path / folder) for name, folder in folders.items()}
    environment |= {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONPATH": str(ROOT)}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", f"--port={port}", "--allow-root",
        "--IdentityProvider.token=test", f"--ServerApp.root_dir={tmp_path}",
    ]  # fmt: skip
    with open(tmp_path / "lab.log", "w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            _wait_for(f"http://127.0.0.1:{port}/api?token=test", server, tmp_path / "lab.log")
            yield f"http://127.0.0.1:{port}/lab/tree/widgets.ipynb?token=test"
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


@pytest.fixture
def browser(tmp_path):
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in [*FLAGS, f"--user-data-dir={tmp_path / 'profile'}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    yield driver
    if folder := os.environ.get("LMFN_SCREENSHOTS"):
        driver.save_screenshot(str(Path(folder) / "widgets.png"))
    driver.quit()


def test_both_widgets_answer_to_a_hand(lab, browser):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select, WebDriverWait

    def all_of(selector):
        return browser.find_elements(By.CSS_SELECTOR, selector)

    def picture():
        return all_of(".jp-OutputArea img.widget-image")[0].get_attribute("src")

    def click_menu(level, text):
        path = f"//div[contains(@class, 'lm-{level}-itemLabel') and text()='{text}']"
        wait.until(lambda d: d.find_element(By.XPATH, path)).click()

    wait = WebDriverWait(browser, 90, ignored_exceptions=[Exception])
    browser.get(lab)
    wait.until(lambda d: "| Idle" in d.find_element(By.ID, "jp-bottom-panel").text)
    click_menu("MenuBar", "Run")
    click_menu("Menu", "Run All Cells")
    wait.until(lambda _: all_of(".jp-OutputArea img.widget-image") and all_of(".jp-OutputArea select"))
    wait.until(lambda _: "1,223,766 parameters" in all_of(".jp-OutputArea .widget-html")[0].text)

    Select(all_of(".jp-OutputArea select")[0]).select_by_visible_text("lmfn-without-mshf")
    wait.until(lambda _: "706,774 parameters" in all_of(".jp-OutputArea .widget-html")[0].text)
    next(box for box in all_of(".widget-checkbox label") if "as published" in box.text).click()
    wait.until(lambda _: "23,903 are never used" in all_of(".jp-OutputArea .widget-html")[0].text)

    before = picture()
    divider = all_of(".jp-OutputArea .noUi-handle")[-1]
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", divider)
    for _ in range(5):
        divider.send_keys(Keys.ARROW_LEFT)
    wait.until(lambda _: picture() != before)
