"""Visiting the pages inside Airflow, and taking their pictures.

With MODELWATCH_SCREENSHOTS=docs/screenshots the pictures of the documentation are made anew.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.airflow_server import PASSWORDS, AirflowServer

SHOTS = os.environ.get("MODELWATCH_SCREENSHOTS")
YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAYS = 58 if SHOTS else 12
BLIND = YESTERDAY - timedelta(days=9)
OTHERS = {
    "credit_limit": {"owner": "lending-ml", "description": "Credit limits of existing customers"},
    "churn": {"owner": "growth", "description": "Who will cancel next month"},
    "claims_triage": {"owner": "insurance-ml", "description": "Claims that need an expert"},
    "loan_default": {"owner": "lending-ml", "description": "Default within twelve months"},
    "product_ranking": {"owner": "search", "description": "Ranking of the shop's search"},
    "income_check": {"owner": "lending-ml", "description": "Stated income against statements"},
    "returns": {"owner": "growth", "description": "Orders that will come back"},
}
NAMES = {"": "list", "monitors/fraud": "model"}
WIDE, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}


def visit(browser: Any, server: AirflowServer, user: str, path: str, **options: Any) -> Any:
    """Ask for a page, log in where Airflow asks for it, and arrive at the page."""
    page = browser.new_context(viewport=WIDE, **options).new_page()
    page.goto(f"{server.url}{path}")
    page.fill("input[name=username]", user)
    page.fill("input[name=password]", PASSWORDS[user])
    page.click("button[type=submit]")
    page.wait_for_url(f"**{path}*")
    return page


def frame(page: Any) -> Any:
    """The pages inside Airflow's own."""
    page.wait_for_selector("iframe")
    return page.frame_locator("iframe")


def shoot(page: Any, name: str, *, height: int = 900) -> None:
    """A picture for the documentation."""
    if SHOTS:
        size = page.viewport_size
        page.set_viewport_size({"width": size["width"], "height": height})
        Path(SHOTS).mkdir(parents=True, exist_ok=True)
        page.mouse.move(0, 0)
        page.wait_for_timeout(700)
        page.screenshot(path=Path(SHOTS) / f"{name}.png")
        page.set_viewport_size(size)
