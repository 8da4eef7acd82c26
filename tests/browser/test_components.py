"""The canvas components as a visitor meets them: pixels, pointer, keys, and what Python hears."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.figures.heatmap import quantise
from engine.figures.palette import Palette
from engine.labs.kv_cache import parse_format
from engine.labs.kv_cache.formats import minifloat
from pages.kit.components.microscope import Grid
from tests.browser.looks import LOOKS, context, open_page
from tests.browser.server import ROOT, serve

APP = "tests/browser/fixtures/components_app.py"
MATHS = ROOT / "pages/kit/components/microscope/quantise.js"

GRIDS = {
    "bfp11:b32": Grid.bfp(3),
    "bfp12:b32": Grid.bfp(4),
    "bfp16:b32": Grid.bfp(8),
    "mxfp4": Grid.minifloat("MXFP4", minifloat.E2M1.grid, minifloat.E2M1.emax, 4),
    "mxfp6-e2m3": Grid.minifloat("MXFP6", minifloat.E2M3.grid, minifloat.E2M3.emax, 6),
    "mxfp8-e4m3": Grid.minifloat("MXFP8", minifloat.E4M3.grid, minifloat.E4M3.emax, 8),
    "int4:token": Grid.integer(4, symmetric=False),
    "int8:token:sym": Grid.integer(8, symmetric=True),
}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("components"), APP) as address:
        yield address


def visit(made: BrowserContext, address: str) -> Page:
    page = open_page(made, address)
    page.locator(".readout").first.wait_for()
    page.wait_for_function(
        """() => [...document.querySelectorAll('[data-testid="stBidiComponentRegular"], *')]
            .flatMap((e) => e.shadowRoot ? [...e.shadowRoot.querySelectorAll('canvas')] : [])
            .every((canvas) => canvas.width !== 300)"""
    )
    return page


def blocks_of_all_kinds() -> np.ndarray:
    """Random, tied, outlier-ridden, constant, zero and power-of-two blocks: float32 [n, 32]."""
    rng = np.random.default_rng(11)
    blocks = rng.normal(size=(200, 32)) * np.exp(rng.normal(0, 3, (200, 1)))
    blocks[:60, 4] *= 40
    blocks[60:120] = rng.integers(-31, 32, (60, 32)) / 4  # many ties
    blocks[120] = 0
    blocks[121] = -1.25
    blocks[122:140] = 2.0 ** rng.integers(-6, 7, (18, 32))
    return blocks.astype(np.float32)


@pytest.mark.parametrize("name", GRIDS)
def test_the_browser_rounds_as_the_engine_does(visitor: BrowserContext, name: str) -> None:
    blocks = blocks_of_all_kinds()
    expected = parse_format(name).fake_quantize(blocks, head_dim=32)
    page = visitor.new_page()
    computed = page.evaluate(
        """([source, blocks, grid]) => {
            const run = new Function(`${source}; return quantise;`)();
            return blocks.map((block) => {
              const found = run(block, block.map((_, i) => i), 32, grid);
              return { kept: found.cells.map((c) => c.kept), bits: found.bits, lost: found.lost,
                       relative: found.relative, clipped: found.cells.map((c) => c.clipped) };
            });
        }""",
        [MATHS.read_text(), blocks.astype(float).tolist(), asdict(GRIDS[name])],
    )
    kept = np.array([one["kept"] for one in computed], np.float32)
    np.testing.assert_array_equal(kept, expected)
    assert computed[0]["bits"] == parse_format(name).bits_per_value((1, 32), head_dim=32)
    lost = ((expected == 0) & (blocks != 0)).sum(1)
    assert [one["lost"] for one in computed] == lost.tolist()
    relative = np.linalg.norm(expected - blocks, axis=1) / np.linalg.norm(blocks, axis=1).clip(
        1e-30
    )
    assert [one["relative"] for one in computed] == pytest.approx(relative, rel=1e-5)
    if name.startswith("bfp"):
        clipped = parse_format(name).inspect(blocks, head_dim=32).clipped
        assert [one["clipped"] for one in computed] == np.asarray(clipped, bool).tolist()


def test_the_hand_case_of_block_floating_point(visitor: BrowserContext) -> None:
    # e = floor(log2 1.99) = 0 and step = 2^(0 + 2 - 4) = 0.25, worked out by hand.
    cells = visitor.new_page().evaluate(
        "([source, grid]) => new Function(`${source}; return quantise;`)()"
        "([1, 0.1, -0.3, 1.99], [0, 1, 2, 3], 4, grid).cells",
        [MATHS.read_text(), asdict(Grid.bfp(4))],
    )
    assert [cell["kept"] for cell in cells] == [1.0, 0.0, -0.25, 1.75]
    assert [cell["lost"] for cell in cells] == [False, True, False, False]


def canvas_of(page: Page, key: str) -> Locator:
    return page.locator(f".st-key-{key} canvas.cells").first


def heat(rows: int = 5, columns: int = 4) -> np.ndarray:
    """The numbers that the fixture draws as its map."""
    errors = np.exp(np.random.default_rng(7).normal(-3, 1, (rows, columns)))
    errors[4, 3] = np.nan
    return errors


def head_keys() -> np.ndarray:
    """The numbers that the fixture draws as the keys of a head, when it draws nothing before."""
    rng = np.random.default_rng(7)
    sigma = np.exp(rng.normal(0, 0.6, 64))
    sigma[[5, 22, 51]] *= 6
    return rng.normal(size=(128, 64)) * sigma


def pixel(canvas: Locator, x: float, y: float) -> list[int]:
    return canvas.evaluate(
        "(c, [x, y]) => [...c.getContext('2d').getImageData("
        "x * devicePixelRatio, y * devicePixelRatio, 1, 1).data]",
        [x, y],
    )


def cell_at(canvas: Locator, row: int, column: int) -> tuple[float, float]:
    """Where a cell of the 5 x 4 map lies: near its upper left corner, away from its number."""
    width = canvas.bounding_box()["width"]
    left = width - 12 - 4 * 72
    return left + column * 72 + 6, 10 + row * 34 + 5


def test_cells_have_the_colours_of_their_numbers(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=map")
    canvas = canvas_of(page, "map")
    errors = heat()
    held = errors[np.isfinite(errors)]
    codes = quantise(errors, held.min(), held.max(), log=True)
    lut = Palette.light().lut("sequential", 255)
    for row, column in [(0, 0), (1, 3), (4, 2), (3, 1)]:
        seen = pixel(canvas, *cell_at(canvas, row, column))
        assert seen == [*lut[codes[row, column]].tolist(), 255]
    assert pixel(canvas, *cell_at(canvas, 4, 3))[3] == 0  # NaN stays empty


def test_a_click_chooses_a_cell_and_the_page_can_choose_one(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, f"{app}/?show=map")
    canvas = canvas_of(page, "map")
    x, y = cell_at(canvas, 1, 2)
    canvas.click(position={"x": x, "y": y})
    expect(page.get_by_text("map Selection(row=1, column=2, panel=0)")).to_be_visible()
    expect(page.get_by_text("runs 2", exact=True)).to_be_visible()
    page.get_by_role("button", name="Choose layer 3, head 0").click()
    expect(page.get_by_text("map Selection(row=3, column=0, panel=0)")).to_be_visible()
    page.mouse.move(1, 1)
    readout = page.locator(".st-key-map .readout")
    expect(readout).to_contain_text("layer 3")
    expect(readout).to_contain_text("folded yes")
    expect(readout).to_contain_text(f"SQNR [dB] {-20 * np.log10(heat()[3, 0]):.4g}")
    # The cell that the page took back can be chosen again.
    canvas.click(position={"x": x, "y": y})
    expect(page.get_by_text("map Selection(row=1, column=2, panel=0)")).to_be_visible()


def test_keys_move_choose_and_speak(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=map")
    canvas = canvas_of(page, "map")
    canvas.focus()
    for key in ("ArrowDown", "ArrowDown", "ArrowRight", "ArrowDown"):
        page.keyboard.press(key)
    spoken = page.locator(".st-key-map .spoken")
    expect(spoken).to_contain_text("layer 2 · head 1 · relative RMSE")
    folded = {True: "folded yes", False: "folded no"}[bool(heat()[2, 1] > 0.05)]
    expect(spoken).to_contain_text(folded)
    page.keyboard.press("Enter")
    expect(page.get_by_text("map Selection(row=2, column=1, panel=0)")).to_be_visible()
    expect(canvas).to_be_focused()


def test_large_matrices_are_sent_once_and_keep_their_zoom(
    visitor: BrowserContext, app: str
) -> None:
    page = visitor.new_page()
    sizes: list[int] = []
    page.on("websocket", lambda s: s.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(f"{app}/?show=heads&size=512")
    page.locator(".readout").first.wait_for()
    page.get_by_text("heads None").wait_for()
    first = sum(sizes)
    assert 3 * 512 * 512 < first < 1_000_000
    sizes.clear()
    canvas = canvas_of(page, "heads")
    canvas.focus()
    for _ in range(3):
        page.keyboard.press("+")
    whole = page.get_by_role("button", name="Whole")
    expect(whole).to_be_enabled()
    canvas.click(position={"x": 200, "y": 200})
    expect(page.get_by_text(re.compile(r"heads Selection\(row=\d+"))).to_be_visible()
    expect(whole).to_be_enabled()
    assert sum(sizes) < 50_000
    expect(page.locator(".st-key-heads .readout")).to_contain_text("about")


def test_panels_share_the_crosshair(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=heads")
    panels = page.locator(".st-key-heads canvas.cells")
    expect(panels).to_have_count(3)
    before = panels.nth(2).evaluate("(c) => c.toDataURL()")
    panels.nth(0).hover(position={"x": 200, "y": 150})
    readout = page.locator(".st-key-heads .readout")
    expect(readout).to_contain_text("difference")
    at = re.search(r"Token \S+ \((\d+)\) · Channel (\d+) · exact (\S+)", readout.inner_text())
    row, column = int(at[1]), int(at[2])
    keys = head_keys()
    step = 2.0 ** (np.floor(np.log2(np.abs(keys[row]).max())) - 2)
    clipped = "yes" if abs(keys[row, column]) > 7.5 * step else "no"
    assert float(at[3].replace("−", "-")) == pytest.approx(keys[row, column], rel=1e-3)
    expect(readout).to_contain_text(f" · step {step:.4g} · clipped {clipped}")
    page.wait_for_function(
        "([c, before]) => c.toDataURL() !== before", arg=[panels.nth(2).element_handle(), before]
    )


def outlier(page: Page) -> tuple[float, float]:
    """Where the ring of value 9 (6.2 of at most 8) lies in the plot of 32 values."""
    box = page.locator("canvas.plot").bounding_box()
    x = box["x"] + 58 + 9.5 / 32 * (box["width"] - 124)
    return x, box["y"] + 12 + (box["height"] - 80) / 2 * (1 - 6.2 / 8)


def lost(page: Page) -> int:
    text = page.locator(".figures div", has_text="Rounded to zero").locator("dd").inner_text()
    return int(text.split()[0])


def test_dragging_the_outlier_frees_the_others_at_once(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=microscope")
    before = lost(page)
    x, y = outlier(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + 70, steps=4)
    moved = lost(page)
    assert moved < before
    expect(page.get_by_text("runs 1", exact=True)).to_be_visible()  # the browser did it alone
    expect(page.get_by_text("largest 6.2 sorted False")).to_be_visible()
    page.mouse.up()
    said = page.get_by_text(re.compile(r"^largest [0-5][\d.]* sorted False$")).inner_text()
    expect(page.get_by_text("runs 2", exact=True)).to_be_visible()
    expected = 6.2 - 70 / ((page.locator("canvas.plot").bounding_box()["height"] - 80) / 16)
    assert float(said.split()[1]) == pytest.approx(expected, abs=0.05)
    assert lost(page) == moved
    page.get_by_role("button", name="Reset").click()
    expect(page.get_by_text("largest 6.2 sorted False")).to_be_visible()
    assert lost(page) == before


def test_the_microscope_obeys_the_keys(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=microscope")
    slider = page.get_by_role("slider")
    slider.focus()
    assert float(slider.get_attribute("aria-valuenow")) == 6.2
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("largest 5.4")).to_be_visible()
    expect(slider).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile("^Channel 10: "))


def test_sorting_gathers_outliers_in_one_block(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?show=microscope&block=8")
    before = lost(page)
    page.get_by_role("button", name="Sorted by size").click()
    expect(page.get_by_text("largest 6.2 sorted True")).to_be_visible()
    assert lost(page) < before
    page = visit(visitor, f"{app}/?show=microscope")
    alone = lost(page)
    page.get_by_role("button", name="Sorted by size").click()
    expect(page.get_by_text("largest 6.2 sorted True")).to_be_visible()
    assert lost(page) == alone  # inside one block the order changes nothing


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_components_fit_are_accessible_and_harmless(
    browser: Browser, app: str, theme: str, width: int
) -> None:
    made = context(browser, theme, width)
    page = visit(made, app)
    wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
    main = page.get_by_test_id("stMain").evaluate("(m) => m.scrollWidth - m.clientWidth")
    assert (wide, main) == (0, 0)
    for canvas in page.locator("canvas.cells, canvas.plot").all():
        box = canvas.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    found = Axe().run(
        page,
        options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
        context={"include": [[".st-key-map"], [".st-key-heads"], [".st-key-microscope"]]},
    )
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("() => window.__x") is None
    assert page.locator("img[src=x]").count() == 0
    assert page.locator(".title", has_text="<img src=x").count() == 2
    made.close()


def test_no_script_writes_html() -> None:
    for path in Path(ROOT / "pages/kit/components").rglob("*.js"):
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", path.read_text()
        )
