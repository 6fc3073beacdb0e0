"""Pages in a real browser: nothing is asked of the network, nothing overflows, print leaves the frame out."""

import time
from pathlib import Path

import pytest

from loyalty_analytics.report.printing import find_browser, print_pages
from loyalty_analytics.report.run import run

pytestmark = pytest.mark.browser


@pytest.fixture
def pages(make_root, options, kit):
    tables = [*kit.TABLES, "data.panel.style.highlight_max()"]
    root = make_root(notebooks={"01_brief": kit.BRIEF, "02_segments": tables})
    done = run(["alpha"], ["2026-09", "2026-10"], options(root, languages=("ru", "en")))
    assert done.code == 0, done.failed
    from loyalty_analytics.report.index import write_index

    write_index(root / "reports", root / "logs")
    return root / "reports"


def visit(chromium, path, width):
    """Open a page; gives the page, requests that left the file and console errors."""
    page = chromium.new_page(viewport={"width": width, "height": 900})
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.resolve().as_uri())
    return page, [url for url in asked if not url.startswith(("file:", "data:"))], errors


@pytest.mark.parametrize("width", [1280, 390])
def test_every_page_is_quiet_and_fits(chromium, pages, width):
    found = sorted(pages.rglob("*.html"))
    assert len(found) == 11
    for path in found:
        page, asked, errors = visit(chromium, path, width)
        assert not asked, path
        assert not errors, (path, errors)
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert over <= 0, (path, over)
        assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
        assert page.evaluate("[...document.querySelectorAll('table')].every(table => table.caption)")
        page.close()


def test_every_link_leads_somewhere(chromium, pages):
    page, *_ = visit(chromium, pages / "index.html", 1280)
    seen, waiting = set(), [(pages / "index.html").resolve()]
    while waiting:
        path = waiting.pop()
        if path in seen or path.suffix != ".html":
            continue
        seen.add(path)
        page.goto(path.as_uri())
        for target in page.evaluate("[...document.links].map(link => link.href)"):
            file, _, anchor = target.removeprefix("file://").partition("#")
            assert Path(file).is_file(), (path, target)
            if anchor and Path(file) == path:
                assert page.evaluate("name => !!document.getElementById(name)", anchor), target
            waiting.append(Path(file))
    assert len(seen) == 11
    page.close()


def test_contents_stand_at_the_left_when_there_is_room(chromium, pages):
    path = pages / "alpha/2026-10/01_brief.html"
    for width, left in ((1280, True), (1000, False), (390, False)):
        page, *_ = visit(chromium, path, width)
        box = page.locator("nav.contents").bounding_box()
        section = page.locator("section.exhibit").first.bounding_box()
        front = page.locator("header.front").bounding_box()
        assert (box["x"] + box["width"] <= section["x"]) is left
        if not left:  # the answer first, the contents below it
            assert box["y"] >= front["y"] + front["height"]
        page.close()


def test_the_narrow_figure_is_shown_on_a_phone_and_the_wide_one_on_paper(chromium, pages):
    path = pages / "alpha/2026-10/01_brief.html"
    source = "document.querySelector('picture img').currentSrc === document.querySelector('picture img').src"
    page, *_ = visit(chromium, path, 390)
    assert page.evaluate(source) is False
    page.emulate_media(media="print")
    # Asked from here: the page's own policy forbids the eval by which Playwright would wait inside it.
    until = time.monotonic() + 10
    while not page.evaluate(source) and time.monotonic() < until:
        page.wait_for_timeout(50)
    assert page.evaluate(source)
    assert page.locator("nav.links").is_hidden()
    assert page.locator("details.code").is_hidden()
    page.close()


def test_the_skip_link_is_the_first_stop_of_the_keyboard(chromium, pages):
    page, *_ = visit(chromium, pages / "alpha/2026-10/01_brief.html", 1280)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#main"
    page.close()


def test_a_month_with_pdf(make_root, options, kit):
    if find_browser() is None:
        pytest.skip("Chromium is not installed")
    from loyalty_analytics.report.verify import verify_month

    root = make_root(notebooks={"01_brief": kit.BRIEF})
    assert run(["alpha"], ["2026-10"], options(root)).published
    assert run(["alpha"], ["2026-10"], options(root, pdf=True)).published
    assert (root / "reports/alpha/2026-10/01_brief.pdf").read_bytes().startswith(b"%PDF-")
    assert run(["alpha"], ["2026-10"], options(root, pdf=True)).unchanged
    assert verify_month("alpha", "2026-10", options(root)) == 0


def test_print_to_pdf(pages):
    if find_browser() is None:
        pytest.skip("Chromium is not installed")
    page = pages / "alpha/2026-10/01_brief.html"
    first, second = print_pages([page]), print_pages([page])
    assert first["01_brief.pdf"].startswith(b"%PDF-")
    assert first == second
