"""Widgets in a real browser: JupyterLab runs a notebook, a hand moves the controls. Slow; run with -m slow."""

import shutil

import nbformat
import pytest

from workflow import ROOT

pytestmark = pytest.mark.slow
BLUR = ROOT / "notebooks/01_blur.ipynb"
WIDGETS = """
import torch
from lmfn_core.teaching.widgets import before_after, size_calculator

size_calculator()
---
ramp = torch.linspace(0, 1, 320).expand(3, 120, 320)
before_after(ramp, 1 - ramp)
"""
RAIN = """
import torch
from lmfn_core.images.photos import dead_leaves
from lmfn_core.teaching.rain_widget import rain_maker

rain_maker(dead_leaves(1, 320, torch.Generator().manual_seed(3))[0][:, :160])
"""


class Page:
    """A notebook open in JupyterLab: run it, find what stands in its outputs, press keys."""

    def __init__(self, browser, address, seconds=90):
        from selenium.webdriver.common.by import By
        from selenium.webdriver.support.ui import WebDriverWait

        self.browser, self.by = browser, By
        self.wait = WebDriverWait(browser, seconds, ignored_exceptions=[Exception])
        browser.get(address)
        self.until(lambda: "| Idle" in browser.find_element(By.ID, "jp-bottom-panel").text)

    def until(self, condition):
        """Wait for a condition; whatever is not there yet counts as not met."""
        return self.wait.until(lambda _: condition())

    def run_all(self):
        for level, text in (("MenuBar", "Run"), ("Menu", "Run All Cells")):
            path = f"//div[contains(@class, 'lm-{level}-itemLabel') and text()='{text}']"
            self.until(lambda path=path: self.browser.find_element(self.by.XPATH, path)).click()

    def all(self, selector):
        """Elements in the outputs."""
        return self.browser.find_elements(self.by.CSS_SELECTOR, f".jp-OutputArea {selector}")

    def text(self):
        return self.all(".widget-html")[0].text

    def picture(self):
        return self.all("img.widget-image")[0].get_attribute("src")

    def look_at(self, element):
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        return element

    def press(self, element, *keys):
        """Keys on a control, after which the widget's picture and text are others."""
        picture, text = self.picture(), self.text()
        self.look_at(element).send_keys(*keys)
        self.until(lambda: self.picture() != picture and self.text() != text)


def notebook(path, cells):
    """Write a notebook of code cells, `---` between them."""
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in cells.split("---")]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), path)
    return path.name


def test_both_widgets_answer_to_a_hand(lab, browser):
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import Select

    folder, address = lab
    page = Page(browser, address.format(notebook(folder / "widgets.ipynb", WIDGETS)))
    page.run_all()
    page.until(lambda: page.all("img.widget-image") and page.all("select"))
    page.until(lambda: "1,223,766 parameters" in page.text())

    Select(page.all("select")[0]).select_by_visible_text("lmfn-without-mshf")
    page.until(lambda: "706,774 parameters" in page.text())
    next(box for box in page.all(".widget-checkbox label") if "as published" in box.text).click()
    page.until(lambda: "23,903 are never used" in page.text())

    before = page.picture()
    divider = page.look_at(page.all(".noUi-handle")[-1])
    for _ in range(5):
        divider.send_keys(Keys.ARROW_LEFT)
    page.until(lambda: page.picture() != before)


def test_the_camera_of_notebook_01_is_shaken(lab, browser):
    from selenium.webdriver.common.keys import Keys

    if not BLUR.exists():
        pytest.skip("notebook 01 is not written yet")
    folder, address = lab
    shutil.copyfile(BLUR, folder / BLUR.name)
    page = Page(browser, address.format(BLUR.name), seconds=240)
    page.run_all()
    page.look_at(page.until(lambda: page.all("img.widget-image"))[0])
    page.until(lambda: "dB" in page.text())
    assert not page.all("[data-mime-type='application/vnd.jupyter.error']")
    for key in (Keys.ARROW_RIGHT, Keys.ARROW_LEFT):
        page.press(page.all(".noUi-handle")[0], *4 * [key])
    assert "dB" in page.text()


def test_it_rains_on_request(lab, browser):
    from selenium.webdriver.common.keys import Keys

    folder, address = lab
    page = Page(browser, address.format(notebook(folder / "rain.ipynb", RAIN)))
    page.run_all()
    page.until(lambda: "PSNR luma" in page.text())
    for slider in range(5):  # layers, cover, length, angle, opacity
        page.press(page.all(".noUi-handle")[slider], Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
