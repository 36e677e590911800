"""Addresses of the pages, for messages: they lead to one evaluation, and still do after the window ran again."""

from urllib.parse import quote

from modelwatch.domain import Window
from modelwatch.report.page.words import window_slug

INSIDE_AIRFLOW = "plugin/model-health/modelwatch"


def window_page(base_url: str | None, monitor: str, window: Window, number: int) -> str | None:
    """The page of one evaluation inside Airflow; None when Airflow's address is not set."""
    if not base_url:
        return None
    name = quote(monitor, safe="")
    return f"{base_url.rstrip('/')}/{INSIDE_AIRFLOW}/monitors/{name}/windows/{window_slug(window)}/{number}"
