"""The pages for every eye and hand: axe, light and dark, keyboard, phone; and the charts that answer to the mouse."""

from pathlib import Path
from typing import Any

import pytest

from support.airflow_server import AirflowServer
from support.browser import violations
from support.pages_in_airflow import BLIND, NAMES, PHONE, YESTERDAY, shoot, visit

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("pages")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_page_and_nothing_is_blocked(server: AirflowServer, browser: Any, scheme: str) -> None:
    page = visit(browser, server, "admin", "/modelwatch/", color_scheme=scheme)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    for path in ("", "monitors/fraud", f"monitors/fraud/windows/{BLIND}", f"monitors/fraud/windows/{YESTERDAY}"):
        page.goto(f"{server.url}/modelwatch/{path}")
        assert page.evaluate("document.documentElement.dataset.theme") == scheme
        assert said == [], path
        assert violations(page) == [], path
        said.clear()
        shoot(page, f"{NAMES.get(path, 'window')}-{scheme}", height=1500)


def test_a_chart_is_zoomed_with_the_bundled_library_and_saved_as_png(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "looker", "/modelwatch/monitors/fraud")
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    figure = page.locator("figure").first
    figure.get_by_role("button", name="Zoom").click()
    figure.locator(".uplot canvas").wait_for()
    assert "alert at" in figure.locator(".u-legend").inner_text()
    assert not figure.locator("svg.chart").is_visible()
    figure.get_by_role("button", name="Zoom").click()
    assert figure.locator("svg.chart").is_visible()
    buttons = page.get_by_role("button", name="PNG")
    assert buttons.count() >= 2 + page.locator("figure").count()
    for i in (0, buttons.count() - 1):
        with page.expect_download() as waiting:
            buttons.nth(i).click()
        assert Path(waiting.value.path()).read_bytes().startswith(b"\x89PNG")
    assert said == []


def test_airflows_choice_of_theme_is_followed(server: AirflowServer, browser: Any) -> None:
    page = visit(browser, server, "admin", "/modelwatch/", color_scheme="light")
    page.evaluate("localStorage.setItem('theme', 'dark')")
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_phone_needs_no_sideways_scrolling_and_the_keyboard_reaches_a_cell(
    server: AirflowServer, browser: Any
) -> None:
    page = visit(browser, server, "admin", "/modelwatch/monitors/fraud")
    page.locator("td a[tabindex='0']").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    place = page.evaluate(
        "[document.activeElement.parentElement.cellIndex, document.activeElement.closest('tr').rowIndex]"
    )
    assert place == [2, 2]
    assert " · " in page.inner_text("#tip")
    page.set_viewport_size(PHONE)
    for path in ("", "monitors/fraud", f"monitors/fraud/windows/{YESTERDAY}"):
        page.goto(f"{server.url}/modelwatch/{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"], path
        shoot(page, f"{NAMES.get(path, 'window')}-phone")
