"""The motion viewer as a visitor meets it: it plays, is scrubbed, is heard, and leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from tests.browser import chromium
from tests.browser.looks import LOOKS, context, open_page
from tests.browser.server import serve

APP = "tests/browser/fixtures/skeletons_app.py"
LAST = 199
KB = 1000
# While it plays, the viewer leaves a WebGL that is too slow.
EITHER = re.compile("webgl|canvas")
# Every WebGL context that the page makes, so that a test can ask what became of it.
WATCH = """
  window.contexts = [];
  const make = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
    const made = make.call(this, kind, ...rest);
    if (kind === "webgl2" && made && this.parentNode !== undefined) window.contexts.push(made);
    return made;
  };
"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("skeletons"), APP) as address:
        yield address


@pytest.fixture
def mover(browser: Browser) -> Iterator[BrowserContext]:
    """A visitor who minds no motion."""
    made = browser.new_context(viewport={"width": 1440, "height": 1200})
    made.set_default_timeout(60_000)
    yield made
    made.close()


def visit(made: BrowserContext, address: str, renderer: str | re.Pattern[str] = "webgl") -> Page:
    page = open_page(made, address)
    expect(viewer(page)).to_have_attribute("data-renderer", renderer)
    return page


def viewer(page: Page) -> Locator:
    return page.locator(".st-key-viewer .skeletons")


def part(page: Page, name: str) -> Locator:
    return viewer(page).locator(f".{name}")


def frame(page: Page) -> int:
    return int(viewer(page).get_attribute("data-frame"))


def picture(page: Page, lane: int) -> bytes:
    """What is drawn of one of the four lanes."""
    box = part(page, "screen").bounding_box()
    clip = {"x": box["x"] + lane * box["width"] / 4 + 4, "y": box["y"] + 70,
            "width": box["width"] / 4 - 8, "height": box["height"] - 74}  # fmt: skip
    return page.screenshot(clip=clip)


def runs(page: Page) -> str:
    return page.get_by_text("runs: ").inner_text()


def test_it_plays_at_once_in_step_and_the_page_hears_only_of_a_pause(
    mover: BrowserContext, app: str
) -> None:
    page = visit(mover, app, EITHER)
    expect(viewer(page)).to_have_attribute("data-playing", "true")
    before = runs(page)
    first = frame(page)
    expect(viewer(page)).not_to_have_attribute("data-frame", str(first))
    page.wait_for_timeout(1500)
    expect(viewer(page)).to_have_attribute("data-drawn", re.compile(r"\d\d|[6-9]"))
    drawn, dropped = (viewer(page).get_attribute(f"data-{name}") for name in ("drawn", "dropped"))
    print(f"{drawn} pictures drawn, {dropped} dropped")
    assert runs(page) == before
    part(page, "play").click()
    expect(viewer(page)).to_have_attribute("data-playing", "false")
    rested = frame(page)
    expect(page.get_by_text(f"chosen: (0, {rested})")).to_be_visible()
    still = [picture(page, lane) for lane in range(4)]
    part(page, "scrub").focus()
    page.keyboard.press("Shift+ArrowLeft" if rested > 20 else "Shift+ArrowRight")
    expect(viewer(page)).not_to_have_attribute("data-frame", str(rested))
    page.wait_for_timeout(300)
    # One playhead for all: every lane that has not ended shows another pose.
    moved = [picture(page, lane) != still[lane] for lane in range(4)]
    assert [moved[0], moved[2], moved[3]] == [True] * 3


def test_it_goes_on_where_it_was_when_the_clips_change(mover: BrowserContext, app: str) -> None:
    page = visit(mover, app, EITHER)
    part(page, "play").click()
    part(page, "screen").focus()
    page.keyboard.press("Home")
    for _ in range(5):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("3")
    expect(page.get_by_text("chosen: (0, 50)")).to_be_visible()
    before = picture(page, 0)
    page.get_by_text("others", exact=True).click()
    page.wait_for_timeout(1500)
    assert (frame(page), part(page, "camera").input_value()) == (50, "top")
    assert picture(page, 0) != before


def test_reduced_motion_begins_paused_and_keys_step(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    expect(viewer(page)).to_have_attribute("data-playing", "false")
    part(page, "screen").focus()
    for key, at in (
        ("ArrowRight", 1),
        ("Shift+ArrowRight", 11),
        ("PageDown", 20),
        ("PageDown", 80),
        ("PageUp", 20),
        ("End", LAST),
        ("ArrowRight", LAST),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        expect(viewer(page)).to_have_attribute("data-frame", str(at))
    page.keyboard.press("Space")
    expect(viewer(page)).to_have_attribute("data-playing", "true")
    page.keyboard.press("Space")
    expect(viewer(page)).to_have_attribute("data-playing", "false")
    expect(part(page, "spoken")).to_contain_text("Speed:")
    expect(part(page, "camera")).to_have_value("follow")
    page.keyboard.press("2")
    expect(part(page, "camera")).to_have_value("orbit")


def test_the_slider_scrubs_and_its_rest_is_heard(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    box = part(page, "scrub").bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + 9, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, middle, steps=5)
    scrubbed = frame(page)
    assert abs(scrubbed - LAST / 2) < 10
    expect(page.get_by_text("chosen: None")).to_be_visible()
    page.mouse.up()
    expect(page.get_by_text(f"chosen: (0, {frame(page)})")).to_be_visible()
    expect(part(page, "scrub")).to_have_attribute("aria-valuetext", f"{frame(page) / 20:.2f} s · "
                                                  f"frame {frame(page)} of {LAST}")  # fmt: skip


def test_the_end_of_a_segment_is_dragged_within_its_range(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    strip = part(page, "strip").nth(2)
    strip.scroll_into_view_if_needed()
    box = strip.locator("canvas").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] * 80 / 200, box["y"] + box["height"] / 2
    mouse = page.mouse
    mouse.move(x, y)
    expect(strip).to_have_class(re.compile("grips"))
    mouse.down()
    mouse.move(box["x"] + box["width"] * 100 / 200, y, steps=4)
    expect(strip.locator(".value")).to_have_text("segment 1 ends at 5.00 s (was 4.00 s)")
    expect(strip.locator(".edge")).to_be_visible()
    expect(page.get_by_text("moved: None")).to_be_visible()
    mouse.up()
    expect(page.get_by_text("moved: (0, 100)")).to_be_visible()
    expect(strip.locator(".edge")).to_be_hidden()
    # The playhead was not dragged, and no end goes beyond its range.
    assert frame(page) == 0
    mouse.move(x, y)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 190 / 200, y, steps=4)
    mouse.up()
    expect(page.get_by_text("moved: (0, 150)")).to_be_visible()
    # A press without a drag is a click like any other.
    mouse.click(x, y)
    expect(page.get_by_text("chosen: (0, 80)")).to_be_visible()
    expect(page.get_by_text("moved: (0, 150)")).to_be_visible()


def test_a_click_on_a_strip_moves_the_playhead_and_chooses_its_lane(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    heat = part(page, "strip").nth(1).locator("canvas")
    width = heat.bounding_box()["width"]
    heat.click(position={"x": 150.5 / (LAST + 1) * width, "y": 10})
    expect(viewer(page)).to_have_attribute("data-frame", "150")
    expect(page.get_by_text("chosen: (2, 150)")).to_be_visible()
    values = part(page, "value")
    expect(values.nth(0)).to_have_text("1.5 m/s")
    expect(values.nth(2)).to_have_text("2: <img src=x onerror='window.__x=1'>")
    expect(values.nth(3)).to_have_text("here")
    marks = part(page, "mark").evaluate_all("(marks) => marks.map((m) => m.style.transform)")
    assert len(set(marks)) == 1


def test_names_choose_a_lane_and_words_are_never_markup(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    names = viewer(page).get_by_role("button", name="Mamba")
    names.click()
    expect(page.get_by_text("chosen: (2, 0)")).to_be_visible()
    expect(names).to_have_attribute("aria-pressed", "true")
    expect(names).to_be_focused()
    expect(part(page, "title")).to_contain_text("<img src=x")
    expect(part(page, "alt")).to_contain_text("<img src=x")
    assert viewer(page).locator("img").count() == 0
    assert page.evaluate("window.__x") is None


def test_the_page_can_move_the_playhead(mover: BrowserContext, app: str) -> None:
    page = visit(mover, app, EITHER)
    page.get_by_role("button", name="Frame 42").click()
    expect(viewer(page)).to_have_attribute("data-frame", "42")
    expect(viewer(page)).to_have_attribute("data-playing", "false")
    expect(page.get_by_text("chosen: (0, 42)")).to_be_visible()


def test_cameras_are_shared_and_a_drag_turns_them(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    before = [picture(page, lane) for lane in range(4)]
    box = part(page, "screen").bounding_box()
    page.mouse.move(box["x"] + 100, box["y"] + 250)
    page.mouse.down()
    page.mouse.move(box["x"] + 220, box["y"] + 230, steps=4)
    page.mouse.up()
    page.wait_for_timeout(300)
    assert all(picture(page, lane) != before[lane] for lane in range(4))
    part(page, "camera").select_option("follow")
    page.wait_for_timeout(300)
    assert [picture(page, lane) for lane in range(4)] == before


def test_four_lanes_of_ten_seconds_are_less_than_300_kb(visitor: BrowserContext, app: str) -> None:
    page = visitor.new_page()
    sizes: list[int] = []

    def received(payload: bytes | str) -> None:
        if b"They move." in (payload if isinstance(payload, bytes) else payload.encode()):
            sizes.append(len(payload))

    page.on("websocket", lambda socket: socket.on("framereceived", received))
    page.goto(app)
    expect(viewer(page)).to_have_attribute("data-renderer", "webgl")
    print(f"{sizes[0] / KB:.0f} kB for four lanes of ten seconds")
    # Scripts and styles of the component travel in the same message.
    assert 4 * 200 * 22 * 3 * 2 < sizes[0] < 300 * KB


def test_without_webgl_a_plain_canvas_shows_and_does_the_same(browser: Browser, app: str) -> None:
    bare = browser.browser_type.launch(
        executable_path=chromium.find(), args=[*chromium.ARGS, "--disable-3d-apis"]
    )
    with context(bare) as made:
        page = visit(made, app, "canvas")
        expect(part(page, "legend")).to_contain_text("drawn without WebGL")
        before = [picture(page, lane) for lane in range(4)]
        part(page, "screen").focus()
        page.keyboard.press("Shift+ArrowRight")
        expect(page.get_by_text("chosen: (0, 10)")).to_be_visible()
        assert all(picture(page, lane) != before[lane] for lane in range(4))
        page.keyboard.press("Space")
        expect(viewer(page)).to_have_attribute("data-playing", "true")
    bare.close()


def test_the_context_is_given_back_when_the_page_is_left(visitor: BrowserContext, app: str) -> None:
    visitor.add_init_script(WATCH)
    page = visit(visitor, app)
    assert page.evaluate("contexts.filter((one) => !one.isContextLost()).length") == 1
    page.get_by_role("link", name="Empty").first.click()
    expect(page.get_by_text("Nothing moves here")).to_be_visible()
    page.wait_for_function("contexts.every((one) => one.isContextLost())")
    page.get_by_role("link", name="Viewer").first.click()
    expect(viewer(page)).to_have_attribute("data-renderer", "webgl")
    assert page.evaluate("contexts.filter((one) => !one.isContextLost()).length") == 1


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_viewer_has_no_barrier(browser: Browser, app: str, theme: str, width: int) -> None:
    with context(browser, theme, width) as made:
        page = visit(made, app)
        found = Axe().run(page, context=".st-key-viewer").response["violations"]
        assert found == [], [(v["id"], v["nodes"][0]["html"][:200]) for v in found]
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        sizes = (
            viewer(page)
            .locator("button, select")
            .evaluate_all(
                "(all) => all.map((one) => one.getBoundingClientRect())"
                ".map(({ width, height }) => Math.min(width, height))"
            )
        )
        assert min(sizes) >= 44
