"""The timeline component as a visitor meets it: pixels, pointer, wheel, keys, search, sums."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from engine.figures.palette import Palette, rgb
from tests.browser.faults import faults
from tests.browser.looks import LOOKS, THEMES, context, open_page, settle
from tests.browser.server import serve

APP = "tests/browser/fixtures/timeline_app.py"
LAST = 100  # ns, the end of the small timeline; a margin of 1 % stands on both sides
ROWS = {"bank 0": 26 + 15, "bank 1": 26 + 45, "link": 26 + 60 + 26 + 15}  # middle, px


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve(tmp_path_factory.mktemp("timeline"), APP) as address:
        yield address


def visit(made: BrowserContext, address: str) -> Page:
    page = open_page(made, address)
    expect(page.locator(".st-key-timeline .readout")).to_contain_text("Point at a span")
    page.wait_for_timeout(300)
    return page


def part(page: Page, name: str) -> Locator:
    return page.locator(f".st-key-timeline .{name}")


def left(page: Page) -> float:
    """Where the lanes begin beside their names: the first column that the overview paints."""
    return part(page, "overview").evaluate(
        """(canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 1, canvas.width, 1);
          for (let x = 0; x < canvas.width; x++) if (data[4 * x + 3]) return x / devicePixelRatio;
        }"""
    )


def place(page: Page, ns: float, lane: str) -> tuple[float, float]:
    """A time on a lane of the small timeline as a point of the canvas, all of it in sight."""
    start = left(page)
    width = part(page, "marks").bounding_box()["width"] - start - 2
    return start + (ns + 1) / (LAST + 2) * width, ROWS[lane]


def pixel(page: Page, x: float, y: float) -> list[int]:
    return part(page, "plot").evaluate(
        """(canvas, [x, y]) => [...canvas.getContext('2d')
          .getImageData(x * devicePixelRatio, y * devicePixelRatio, 1, 1).data]""",
        [x, y],
    )


def colours(page: Page) -> int:
    """How many pixels of the lanes are painted."""
    return part(page, "plot").evaluate(
        """(canvas) => {
          const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
          let painted = 0;
          for (let i = 3; i < data.length; i += 4) painted += data[i] > 40;
          return painted;
        }"""
    )


def click(page: Page, ns: float, lane: str) -> None:
    x, y = place(page, ns, lane)
    part(page, "marks").click(position={"x": x, "y": y})


def window(page: Page) -> tuple[float, float]:
    """The window as the page heard of it."""
    said = page.get_by_text(re.compile(r"^window "))
    page.wait_for_timeout(600)  # it hears of a window that rests
    settle(page)
    first, last = re.findall(r"-?[\d.]+(?:e[+-]\d+)?", said.inner_text())
    return float(first), float(last)


def test_spans_have_the_colours_of_their_kinds_and_gaps_none(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    x, y = place(page, 9, "bank 0")
    assert pixel(page, x, y)[:3] == list(rgb(Palette.light().category(0)))
    assert pixel(page, *place(page, 30, "bank 0"))[3] == 0
    # A second kind differs by its pattern too: its pixels are not all of one colour.
    x, y = place(page, 96, "bank 0")
    assert len({tuple(pixel(page, x + i, y)) for i in range(8)}) > 1


def test_a_click_chooses_a_span_and_says_what_it_waited_for(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    click(page, 16, "bank 0")
    expect(page.get_by_text("chosen 2")).to_be_visible()
    chosen = part(page, "chosen")
    expect(chosen).to_contain_text("channel 0, bank 0")
    expect(chosen).to_contain_text("8 ns")
    expect(chosen).to_contain_text("Waited 12 ns for tRCD since ACT at 0 ns on channel 0, bank 0.")
    chosen.get_by_role("button", name="ACT at 0 ns").click()
    expect(page.get_by_text("chosen 0")).to_be_visible()
    expect(chosen).to_contain_text("opens a row")
    click(page, 30, "bank 0")
    expect(page.get_by_text("chosen None")).to_be_visible()
    expect(chosen).to_be_hidden()


def test_late_times_are_told_apart_to_the_nanosecond(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, f"{app}/?begin=1461457350")
    spoken, chosen = part(page, "spoken"), part(page, "chosen")
    part(page, "marks").focus()
    for key, said in (
        ("ArrowRight", "ACT on channel 0, bank 0, from 1.461457350 s, lasts 10 ns"),
        ("ArrowRight", "waited 12 ns for tRCD since ACT at 1.461457350 s"),
        ("ArrowRight", "RD on channel 0, bank 0, from 1.461457400 s, lasts 50 ns"),
    ):
        page.keyboard.press(key)
        expect(spoken).to_contain_text(said)
        expect(part(page, "readout")).to_contain_text(said)
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    for name, said in (
        ("Start", "1.461457362 s"),
        ("Duration", "8 ns"),
        ("End", "1.461457370 s"),
    ):
        pair = chosen.locator("dl > div").filter(has_text=name)
        expect(pair.locator("dd")).to_have_text(said)
    expect(chosen.get_by_role("button", name="ACT at 1.461457350 s")).to_be_visible()
    for _ in range(5):
        page.keyboard.press("ArrowDown")
    expect(spoken).to_contain_text("queue at 1.461457362 s: 3 requests")


def test_the_page_can_choose_and_an_arrow_leads_from_the_cause(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    marked = (
        "(canvas) => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)"
        ".data.some((value) => value > 0)"
    )
    assert not part(page, "marks").evaluate(marked)
    page.get_by_role("button", name="Choose span 3").click()
    expect(page.get_by_text("chosen 3")).to_be_visible()
    expect(part(page, "chosen")).to_contain_text("Waited 28 ns since RD at 12 ns")
    page.wait_for_timeout(300)
    assert part(page, "marks").evaluate(marked)


def test_keys_walk_spans_and_lanes(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    spoken = part(page, "spoken")
    part(page, "marks").focus()
    for key, said in (
        ("ArrowRight", "ACT on channel 0, bank 0, from 0 ns, lasts 10 ns"),
        ("ArrowRight", "RD on channel 0, bank 0, from 12 ns, lasts 8 ns, waited 12 ns for tRCD"),
        ("ArrowDown", "ACT on channel 0, bank 1, from 4 ns"),
        ("ArrowDown", "Group"),
        ("ArrowDown", "link, from 40 ns"),
        ("ArrowDown", "Group Counters"),
        ("ArrowDown", "queue at 12 ns: 3 requests"),
        ("ArrowRight", "queue at 30 ns: 1 requests"),
    ):
        page.keyboard.press(key)
        expect(spoken).to_contain_text(said)
    for _ in range(9):
        page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("End")
    expect(spoken).to_contain_text("from 50 ns")
    page.keyboard.press("Home")
    expect(spoken).to_contain_text("from 0 ns")
    page.keyboard.press("Enter")
    expect(page.get_by_text("chosen 0")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("chosen None")).to_be_visible()
    page.keyboard.press("?")
    expect(part(page, "help")).to_be_visible()


def test_keys_and_wheel_zoom_and_pan_and_the_page_hears_the_window(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    marks = part(page, "marks")
    marks.focus()
    page.keyboard.press("w")
    first, last = window(page)
    assert last - first == pytest.approx((LAST + 2) / 1.5, rel=0.01)
    page.keyboard.press("d")
    moved, _ = window(page)
    assert moved > first
    page.keyboard.press("s")
    page.keyboard.press("0")
    assert window(page) == pytest.approx((-1, LAST + 1))
    # The time under the pointer stays where it is.
    x, y = place(page, 25, "bank 0")
    marks.hover(position={"x": x, "y": y})
    page.mouse.wheel(0, -300)
    first, last = window(page)
    assert last - first < 0.9 * (LAST + 2)
    width = marks.bounding_box()["width"] - left(page) - 2
    assert first + (x - left(page)) / width * (last - first) == pytest.approx(25, abs=0.5)


def test_drag_pans_and_the_overview_moves_the_window(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    part(page, "in").click()
    first, _ = window(page)
    box = part(page, "marks").bounding_box()
    page.mouse.move(box["x"] + 600, box["y"] + 150)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 150, steps=5)
    page.mouse.up()
    after, _ = window(page)
    assert after > first
    strip = part(page, "overview").bounding_box()
    page.mouse.click(strip["x"] + strip["width"] - 4, strip["y"] + 10)
    assert window(page)[1] == pytest.approx(LAST + 1)


def test_fingers_pan_and_pinch(browser: Browser, app: str) -> None:
    made = context(browser, "light", 390)
    page = visit(made, app)
    box = part(page, "marks").bounding_box()
    session = made.new_cdp_session(page)

    def touch(kind: str, *xs: float) -> None:
        points = [
            {"x": box["x"] + x, "y": box["y"] + 40, "id": number} for number, x in enumerate(xs)
        ]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 200)
    touch("touchStart", 200, 240)
    for step in range(1, 6):
        touch("touchMove", 200 - 10 * step, 240 + 10 * step)
    touch("touchEnd")
    first, last = window(page)
    assert last - first < 0.6 * (LAST + 2)
    touch("touchStart", 250)
    for step in range(1, 6):
        touch("touchMove", 250 - 10 * step)
    touch("touchEnd")
    assert window(page)[0] > first
    made.close()


def test_the_wheel_scrolls_the_page_until_the_timeline_has_the_focus(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    hint = part(page, "hint")
    expect(hint).to_be_hidden()
    part(page, "marks").hover()
    page.mouse.wheel(0, -300)
    expect(hint).to_be_visible()
    assert hint.get_attribute("aria-hidden") == "true"
    still = hint.evaluate("(hint) => getComputedStyle(hint).transitionDuration")
    assert still == "0s", "the visitor asked for reduced motion"
    assert window(page) == (0, 0)
    # It goes by itself and does not come again.
    expect(hint).to_be_hidden()
    page.mouse.wheel(0, -300)
    page.wait_for_timeout(300)
    expect(hint).to_be_hidden()


def test_the_hint_at_the_wheel_goes_once_the_timeline_has_the_focus(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    marks, hint = part(page, "marks"), part(page, "hint")
    marks.hover()
    page.mouse.wheel(0, 100)
    expect(hint).to_be_visible()
    marks.focus()
    assert not hint.is_visible()
    page.mouse.wheel(0, -300)
    first, last = window(page)
    assert 0 < last - first < 0.9 * (LAST + 2)


def test_ctrl_and_the_wheel_zoom_without_a_hint(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    part(page, "marks").hover()
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    assert not part(page, "hint").is_visible()
    first, last = window(page)
    assert 0 < last - first < 0.9 * (LAST + 2)


def test_search_finds_kinds_and_details_and_goes_through_them(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, app)
    query, count = part(page, "query"), part(page, "count")
    query.fill("rd")
    expect(count).to_have_text("2 found")
    query.press("Enter")
    expect(count).to_have_text("1 of 2")
    expect(part(page, "spoken")).to_contain_text("from 12 ns")
    part(page, "next").click()
    expect(part(page, "spoken")).to_contain_text("from 50 ns")
    pale = pixel(page, *place(page, 9, "bank 0"))
    assert 0 < pale[3] < 80
    query.fill("row: 17")
    expect(count).to_have_text("2 found")
    query.fill("weights")
    expect(count).to_have_text("2 found")
    query.fill("nothing of the kind")
    expect(count).to_have_text("0 found")
    query.press("Escape")
    expect(count).to_have_text("")


def test_a_range_is_summed_by_kind_and_lane(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    box = part(page, "marks").bounding_box()
    (x0, y), (x1, _) = place(page, 0, "bank 0"), place(page, 20, "bank 0")
    page.keyboard.down("Shift")
    page.mouse.move(box["x"] + x0, box["y"] + y)
    page.mouse.down()
    page.mouse.move(box["x"] + x1, box["y"] + y, steps=5)
    page.mouse.up()
    page.keyboard.up("Shift")
    rows = part(page, "sums").locator("tbody tr")
    expect(rows.first).to_contain_text("ACT")
    expect(rows.first).to_contain_text("2")
    expect(rows.first).to_contain_text("33 %")  # 20 of 3 lanes times 20 ns
    expect(part(page, "sums")).to_contain_text("channel 0, bank 090 %")
    expect(part(page, "spoken")).to_contain_text("3 spans, most of it ACT: 20 ns")
    part(page, "marks").focus()
    page.keyboard.press("Escape")
    expect(part(page, "sums")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("[")
    page.keyboard.press("]")
    expect(part(page, "sums")).to_contain_text("0 ns to 10 ns")
    page.keyboard.press("r")
    expect(part(page, "sums")).to_contain_text("5 spans")


def test_a_folded_group_shows_one_row(visitor: BrowserContext, app: str) -> None:
    page = visit(visitor, app)
    marks = part(page, "marks")
    before = marks.bounding_box()["height"]
    marks.click(position={"x": 20, "y": 13})
    expect(part(page, "spoken")).to_contain_text("channel 0 folded")
    assert marks.bounding_box()["height"] == before - 60
    part(page, "fold").click()
    assert marks.bounding_box()["height"] == 3 * 26
    part(page, "fold").click()
    assert marks.bounding_box()["height"] == before


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_the_timeline_fits_is_accessible_and_harmless(
    browser: Browser, app: str, theme: str, width: int
) -> None:
    with context(browser, theme, width) as made:
        page = visit(made, app)
        part(page, "marks").focus()
        for key in ("ArrowRight", "ArrowRight", "Enter", "r", "?"):
            page.keyboard.press(key)
        page.get_by_role("button", name="Choose span 3").click()
        expect(part(page, "chosen")).to_contain_text("<img src=x")
        assert faults(page) == []
        assert page.evaluate("() => window.__x === undefined")
        assert page.locator("img[src=x]").count() == 0


@pytest.mark.parametrize("theme", THEMES)
def test_names_and_legend_can_be_read_on_a_phone(browser: Browser, app: str, theme: str) -> None:
    made = context(browser, theme, 390)
    made.add_init_script(
        """window.written = new Set();
        const write = CanvasRenderingContext2D.prototype.fillText;
        CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
          window.written.add(text);
          return write.call(this, text, ...rest);
        };"""
    )
    page = visit(made, f"{app}/?wordy=1")
    written = set(page.evaluate("() => [...window.written]"))
    assert written >= {
        "D2H",
        "copies from the GPU to the host",
        "GPU memory, default",
        "GPU memory, asynchronous flush",
        "GPU memory, flush and interleaving",
    }
    assert not [text for text in written if "…" in text]
    # A lane with its name above: the span lies below the name, and a tap there chooses it.
    start, width = left(page), part(page, "marks").bounding_box()["width"]
    x = start + 10 / (LAST + 2) * (width - start - 2)
    colour = list(rgb(getattr(Palette, theme)().category(0)))
    assert pixel(page, x, 26 + 30 + 16 + 15)[:3] == colour
    assert pixel(page, x, 26 + 30 + 5)[:3] != colour
    part(page, "marks").click(position={"x": x, "y": 26 + 30 + 16 + 15})
    expect(page.get_by_text("chosen 1", exact=True)).to_be_visible()
    # Entries of the legend that wrap start at the left and cover no other.
    boxes = []
    for entry in part(page, "legend").get_by_role("button").all():
        words = entry.locator("span")
        assert entry.evaluate("(entry) => getComputedStyle(entry).textAlign") == "left"
        boxes.append((entry.bounding_box(), words.bounding_box()))
    assert max(words["height"] for _, words in boxes) > 24, "none of them wraps"
    for (box, words), following in zip(boxes, [*boxes[1:], None], strict=True):
        assert box["y"] <= words["y"]
        assert words["y"] + words["height"] <= box["y"] + box["height"]
        if following:
            assert box["y"] + box["height"] <= following[0]["y"]
    made.close()


def test_two_hundred_thousand_spans_are_painted_searched_and_walked(
    visitor: BrowserContext, app: str
) -> None:
    page = visit(visitor, f"{app}/?n=200000")
    assert "200,000 spans on 64 lanes, 2 counters" in part(page, "marks").get_attribute(
        "aria-label"
    )
    assert colours(page) > 50_000
    part(page, "query").fill("REF")
    expect(part(page, "count")).to_have_text(re.compile(r"^[\d,]+ found$"))
    part(page, "marks").focus()
    page.keyboard.press("ArrowRight")
    for _ in range(12):
        page.keyboard.press("w")
    first, last = window(page)
    assert 0 < last - first < 2000
    page.keyboard.press("n")
    expect(part(page, "spoken")).to_contain_text("REF on channel")
    for _ in range(6):
        page.keyboard.press("PageDown")
    assert part(page, "stage").evaluate("(stage) => stage.scrollTop") > 0
