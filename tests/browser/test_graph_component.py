"""The graph component as a visitor meets it: pixels, pointer, lasso, keys, frames."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.figures.palette import Palette, rgb
from tests.browser.faults import faults
from tests.browser.looks import LOOKS, context, open_page
from tests.browser.server import serve

APP = "tests/browser/fixtures/graph_app.py"
RING = 8


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("graph"), APP) as address:
        yield address


def visit(made: BrowserContext, address: str) -> Page:
    page = open_page(made, address)
    expect(page.locator(".st-key-graph .readout")).to_contain_text("Point at a node")
    page.wait_for_timeout(300)
    return page


def plot(page: Page) -> Locator:
    return page.locator(".st-key-graph canvas.plot")


def place(page: Page, node: int) -> tuple[float, float]:
    """Where a node lies on the canvas: 0 is the hub, the others go round it from the right."""
    box = plot(page).bounding_box()
    unit = 0.46 * min(box["width"], box["height"])
    angle = (node - 1) * 2 * math.pi / RING
    x, y = (0.0, 0.0) if node == 0 else (math.cos(angle), math.sin(angle))
    return box["width"] / 2 + unit * x, box["height"] / 2 - unit * y


def pixel(page: Page, x: float, y: float) -> list[int]:
    """Red, green, blue and alpha of the map at a point of the canvas."""
    # A drawing buffer is kept only until it is shown: draw and read in one frame.
    return page.locator(".st-key-graph canvas.map").evaluate(
        """(canvas, [x, y]) => new Promise((done) => requestAnimationFrame(() => {
            const copy = document.createElement('canvas');
            [copy.width, copy.height] = [canvas.width, canvas.height];
            const view = canvas.nextElementSibling;
            view.dispatchEvent(new KeyboardEvent('keydown', { key: '0' }));
            requestAnimationFrame(() => {
              const context = copy.getContext('2d');
              context.drawImage(canvas, 0, 0);
              const ratio = devicePixelRatio;
              done([...context.getImageData(x * ratio, y * ratio, 1, 1).data]);
            });
          }))""",
        [x, y],
    )


def go_to(page: Page, key: str) -> None:
    """Move the slider of the frames by a key."""
    page.get_by_role("slider").focus()
    page.keyboard.press(key)
    page.wait_for_timeout(300)


def test_nodes_have_the_colours_of_their_kinds(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    for step, (node, kind) in enumerate([(0, 0), (5, 1)]):
        if step:
            go_to(page, "End")
        seen = pixel(page, *place(page, node))
        assert seen[3] == 255
        wanted = rgb(Palette.light().category(kind))
        assert all(abs(a - b) <= 2 for a, b in zip(seen[:3], wanted, strict=True))


def test_a_ghost_is_hollow_and_what_is_not_there_yet_cannot_be_chosen(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, f"{app}/?ghosts=1")
    expect(page.locator(".st-key-graph .legend")).to_contain_text("forgotten")
    leaf = list(rgb(Palette.light().category(1)))
    early, gone = place(page, 1), place(page, 5)
    assert pixel(page, *early)[:3] != leaf
    plot(page).click(position=dict(zip("xy", early, strict=True)))
    expect(page.get_by_text("chosen ()")).to_be_visible()
    go_to(page, "End")
    assert pixel(page, *early) == [*leaf, 255]
    assert pixel(page, *gone)[3] < 200  # the edge to it shows through, faintly
    plot(page).click(position=dict(zip("xy", gone, strict=True)))
    expect(page.get_by_text("chosen (5,)")).to_be_visible()
    expect(page.locator(".st-key-graph .readout")).to_contain_text("forgotten")


def test_a_node_is_pale_and_its_edge_absent_until_they_come(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, f"{app}/?grow=1")
    late, hub = place(page, 6), place(page, 0)
    on_the_spoke = [0.5 * a + 0.5 * b for a, b in zip(late, hub, strict=True)]
    assert 0 < pixel(page, *late)[3] < 80
    assert pixel(page, *on_the_spoke)[3] == 0
    expect(page.locator(".st-key-graph .legend")).to_contain_text("new spoke")
    go_to(page, "End")
    assert pixel(page, *late)[3] == 255
    seen = pixel(page, *on_the_spoke)
    wanted = rgb(Palette.light().good.colour)
    assert seen[3] > 200
    assert all(abs(a - b) <= 3 for a, b in zip(seen[:3], wanted, strict=True))


def test_marks_may_differ_from_frame_to_frame(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?grow=1")
    readout = page.locator(".st-key-graph .readout")
    x, y = place(page, 6)
    plot(page).hover(position={"x": x, "y": y})
    expect(readout).to_contain_text("not there yet")
    expect(readout).not_to_contain_text("gold")
    go_to(page, "End")
    expect(readout).to_contain_text("gold")
    expect(readout).not_to_contain_text("not there yet")


def test_a_click_chooses_a_node_and_the_page_can_choose_one(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    x, y = place(page, 5)
    plot(page).click(position={"x": x, "y": y})
    expect(page.get_by_text("chosen (5,)")).to_be_visible()
    page.get_by_role("button", name="Choose node 3").click()
    expect(page.get_by_text("chosen (3,)")).to_be_visible()
    page.mouse.move(1, 1)
    expect(page.locator(".st-key-graph .readout")).to_contain_text("leaf node 3")
    plot(page).click(position={"x": 5, "y": 5})
    expect(page.get_by_text("chosen ()")).to_be_visible()


def test_a_lasso_chooses_what_lies_inside(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    page.get_by_role("button", name="Lasso").click()
    box = plot(page).bounding_box()
    _, top = place(page, 3)
    middle = box["height"] / 2
    corners = [(2, middle - 30), (2, top - 10), (box["width"] - 2, top - 10)]
    corners += [(box["width"] - 2, middle - 30), (4, middle - 30)]
    page.mouse.move(box["x"] + corners[0][0], box["y"] + max(corners[0][1], 2))
    page.mouse.down()
    for cx, cy in corners[1:]:
        page.mouse.move(box["x"] + cx, box["y"] + max(cy, 2), steps=5)
    page.mouse.up()
    expect(page.get_by_text("chosen (2, 3, 4)")).to_be_visible()


def test_keys_walk_from_node_to_node(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    plot(page).focus()
    page.keyboard.press("ArrowRight")  # the heaviest node first: the hub
    spoken = page.locator(".st-key-graph .spoken")
    expect(spoken).to_contain_text("hub")
    page.keyboard.press("ArrowRight")
    expect(spoken).to_contain_text("node 1")
    page.keyboard.press("Enter")
    expect(page.get_by_text("chosen (1,)")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("chosen ()")).to_be_visible()


def test_frames_move_the_mass_and_the_page_hears_where_they_stop(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    film = page.locator(".st-key-graph")
    expect(film).to_contain_text("at the hub")
    page.get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    expect(film).to_contain_text("even")
    expect(page.get_by_text("frame 1")).to_be_visible()
    page.get_by_role("button", name="Play").click()
    expect(film).to_contain_text("at the ring")
    expect(page.get_by_text("frame 2")).to_be_visible()
    x, y = place(page, 5)
    plot(page).hover(position={"x": x, "y": y})
    expect(page.locator(".st-key-graph .readout")).to_contain_text(f"mass {1 / RING:.4g}")


def test_zoom_moves_nodes_apart_and_whole_brings_them_back(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    whole = page.get_by_role("button", name="Whole")
    expect(whole).to_be_disabled()
    page.get_by_role("button", name="Zoom in").click()
    expect(whole).to_be_enabled()
    x, y = place(page, 5)
    plot(page).click(position={"x": max(x, 3), "y": y})
    expect(page.get_by_text("chosen ()")).to_be_visible()  # node 5 has moved away
    whole.click()
    expect(whole).to_be_disabled()
    plot(page).click(position={"x": x, "y": y})
    expect(page.get_by_text("chosen (5,)")).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_graph_fits_is_accessible_and_harmless(
    browser: Browser, app: str, theme: str, width: int
) -> None:
    with context(browser, theme, width) as made:
        page = visit(made, app)
        assert faults(page) == []
        assert page.evaluate("() => window.__x") is None


def test_the_largest_graph_comes_through(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?n=20000")
    label = plot(page).get_attribute("aria-label")
    assert re.search(r"20001 nodes, 20000 edges", label)
    plot(page).focus()
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-graph .spoken")).to_contain_text("hub")
