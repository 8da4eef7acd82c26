"""The memory-hardware page in Chromium: reasons on the bank timeline, files, a visitor's model."""

from __future__ import annotations

import gzip
import json
import re

from perfetto.protos.perfetto.trace.perfetto_trace_pb2 import Trace
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.looks import open_page

PAGE = "memory_hardware"
BANKS = ".st-key-memory_hardware_banks"
LLAMA = {
    "model_type": "llama",
    "num_hidden_layers": 4,
    "hidden_size": 512,
    "num_attention_heads": 8,
    "num_key_value_heads": 2,
    "intermediate_size": 1376,
    "vocab_size": 32_000,
    "rms_norm_eps": 1e-5,
}


def download(page: Page, name: str) -> bytes:
    """A file of the timeline's export menu."""
    exports = page.locator(".st-key-export-memory_hardware_banks")
    exports.get_by_role("button", name="Export").click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name=name).click()
    return waiting.value.path().read_bytes()


def test_a_chosen_command_says_what_it_waited_for_and_leads_to_its_cause(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/{PAGE}?memory_hardware.bank_command=40")
    chosen = page.locator(f"{BANKS} .chosen")
    expect(chosen).to_contain_text(re.compile(r"Waited \d+ ns for t[A-Z]+ since"))
    chosen.get_by_role("button").first.click()
    expect(page).not_to_have_url(re.compile(r"bank_command=40\b"))


def test_the_drawn_commands_come_as_files_that_other_programs_read(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/{PAGE}?memory_hardware.window=1")
    trace = Trace.FromString(gzip.decompress(download(page, "Perfetto")))
    begins = [p for p in trace.packet if p.HasField("track_event") and p.track_event.type == 1]
    page.keyboard.press("Escape")
    table = download(page, "CSV").decode().splitlines()
    assert len(begins) == len(table) - 1 > 100
    page.keyboard.press("Escape")
    events = json.loads(gzip.decompress(download(page, "Chrome JSON")))["traceEvents"]
    assert sum(event["ph"] == "X" for event in events) == len(begins)


def test_a_config_of_the_visitors_own_is_seen_to_its_commands(
    visitor: BrowserContext, server: str
) -> None:
    page = open_page(visitor, f"{server}/{PAGE}")
    page.get_by_text("Your own file").first.click()
    page.locator("input[type=file]").first.set_input_files(
        {"name": "small-llama.json", "mimeType": "application/json",
         "buffer": json.dumps(LLAMA).encode()}
    )  # fmt: skip
    expect(page).to_have_url(re.compile("memory_hardware.model=input"))
    page.keyboard.press("Escape")
    expect(page.locator(BANKS)).to_contain_text("llama, 4 layers of 512 on PIM-GPT", timeout=60_000)
