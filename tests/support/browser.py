"""Debian's Chromium, driven by Playwright; tests that need it are skipped, with the reason, where it is missing."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
)


@contextmanager
def chromium() -> Iterator[Any]:
    """A running browser; skips the test when Chromium or Playwright is not installed."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (dev dependency)")
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        pytest.skip("there is no chromium on this machine: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


def violations(page: Any) -> list[str]:
    """What axe finds wrong with the page: the rule and the first place."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed (dev dependency)")
    script = Path(axe.__file__).with_name("axe.min.js").read_text()
    page.evaluate(script)
    found = page.evaluate("axe.run().then((found) => found.violations)")
    return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]
