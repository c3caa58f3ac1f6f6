"""Pages in a real browser, from files: `lmfn compare`, and the course as a book. Slow; run with -m slow."""

import subprocess
import sys

import pytest
import torch
from PIL import Image

from lmfn_core.images.photos import dead_leaves
from workflow import ROOT, student

pytestmark = pytest.mark.slow
WIDTHS = [1200, 500]
"""Of a desk and, nearly, of a telephone: Chromium's windows are no narrower."""


def find(browser, selector):
    return browser.find_element("css selector", selector)


def until(browser, condition):
    from selenium.webdriver.support.ui import WebDriverWait

    return WebDriverWait(browser, 20, ignored_exceptions=[Exception]).until(lambda _: condition())


def sticks_out(browser):
    """How many pixels a page is wider than its window."""
    return browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture(scope="module")
def comparison(tmp_path_factory):
    """The page that `lmfn compare` writes of a photograph that is larger than the screen is wide."""
    photo = tmp_path_factory.mktemp("photos") / "photo.jpg"
    scene = dead_leaves(1, 1400, torch.Generator().manual_seed(3))[0][:, :800]
    scene = torch.nn.functional.avg_pool2d(scene.float(), (1, 9), 1, (0, 4))
    pixels = scene.mul(255 if scene.max() <= 1 else 1).byte().permute(1, 2, 0).numpy()
    Image.fromarray(pixels).save(photo, quality=95)
    command = [sys.executable, "-m", "lmfn_core", "compare", str(photo)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return photo.with_name("photo-before-after.html")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_divider_of_a_comparison_moves(comparison, browser, width):
    from selenium.webdriver.common.keys import Keys

    browser.set_window_size(width, 700)
    browser.get(comparison.as_uri())
    after, slider = find(browser, "img.after"), find(browser, "input[type=range]")
    until(browser, lambda: after.get_property("naturalWidth") == 1400)
    assert slider.accessible_name and after.accessible_name == "deblurred"

    def left_edge():
        return float(after.value_of_css_property("clip-path").split()[-1].rstrip("%)"))

    assert left_edge() == 50
    inside = browser.execute_script("return arguments[0].getBoundingClientRect().bottom <= innerHeight", slider)
    assert inside, "the slider lies below the window"
    slider.send_keys(*20 * [Keys.ARROW_LEFT])
    moved = left_edge()
    assert 30 < moved < 50
    slider.send_keys(Keys.END)
    assert left_edge() == 100
    slider.send_keys(Keys.HOME)
    assert left_edge() == 0
    slider.send_keys(*3 * [Keys.PAGE_UP])
    assert 0 < left_edge() < 100 and sticks_out(browser) <= 0
    figure, controls = find(browser, "figure").rect, slider.rect
    assert controls["x"] == pytest.approx(figure["x"], abs=12)
    assert controls["width"] == pytest.approx(figure["width"], abs=24)


def open_book(browser, book, width):
    browser.set_window_size(width, 900)
    browser.get((book / "index.html").as_uri())


@pytest.mark.parametrize("width", WIDTHS)
def test_a_reader_finds_a_notebook_in_the_book(book, browser, width):
    open_book(browser, book, width)
    picture = find(browser, "article img")
    assert "Sizes and PSNR" in picture.accessible_name and picture.get_property("naturalWidth") > 0
    if width == min(WIDTHS):
        find(browser, ".mobile-header label[for=__navigation]").click()
    link = find(browser, ".sidebar-tree a[href$='06_assembling.html']")
    until(browser, link.is_displayed)
    link.click()
    until(browser, lambda: "06 · Assembling" in find(browser, "article h1").text)
    assert sticks_out(browser) <= 0
    assert find(browser, "math").rect["width"] > 5
    pictures = browser.find_elements("css selector", "article img")
    assert all(until(browser, lambda p=picture: p.get_property("naturalWidth")) for picture in pictures)


def test_a_solution_waits_for_a_click(book, browser):
    browser.get((book / "notebooks/06_assembling.html").as_uri())
    solution = find(browser, "details.hide")
    code = solution.find_element("css selector", "pre")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", solution)
    assert not code.is_displayed() and "Show a solution" in solution.text
    solution.find_element("css selector", "summary").click()
    until(browser, code.is_displayed)
    assert "return" in code.text and "SOLUTION" not in code.text


def test_the_book_is_searched_without_a_server(book, browser):
    open_book(browser, book, 1200)
    field = find(browser, "input[name=q]")
    field.send_keys("distillation")
    field.submit()
    until(browser, lambda: "found" in find(browser, "#search-results").text)
    links = browser.find_elements("css selector", "#search-results li a")
    assert any("notebooks/" in link.get_attribute("href") for link in links)


def test_pictures_of_the_book_say_what_they_show(book, browser):
    for master in student.masters():
        browser.get((book / "notebooks" / f"{master.stem}.html").as_uri())
        named = [p for p in browser.find_elements("css selector", "article img") if p.get_attribute("alt")]
        assert all(len(picture.accessible_name.split()) >= 4 for picture in named)
        if named:
            browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", named[0])
            return
    pytest.skip("no picture of a master has an alternative text yet")
