"""Registers the pages with Airflow: an entry in the navigation, a tab on each Dag and each Dag run.

Everything heavy is imported only when the API server asks for the app; scheduler, workers and the Dag processor load
this file as well and must not pay for it.
"""

from functools import cached_property
from typing import Any

from airflow.plugins_manager import AirflowPlugin

PREFIX = "modelwatch"


class ModelwatchUi(AirflowPlugin):
    """The pages of model health, behind Airflow's login and per-Dag rights."""

    name = "modelwatch_ui"
    external_views = [  # noqa: RUF012  # Airflow removes from it what it refuses
        {
            "name": "Models",
            "href": f"{PREFIX}/",
            "destination": "nav",
            "url_route": "model-health",
            "icon": f"{PREFIX}/static/icon.svg",
            "icon_dark_mode": f"{PREFIX}/static/icon-dark.svg",
        },
        {
            "name": "Model health",
            "href": f"{PREFIX}/dags/{{DAG_ID}}",
            "destination": "dag",
            "url_route": "model-health-of-dag",
        },
        {
            "name": "Model health",
            "href": f"{PREFIX}/dags/{{DAG_ID}}/runs/{{RUN_ID}}",
            "destination": "dag_run",
            "url_route": "model-health-of-run",
        },
    ]

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]  # Airflow only reads it
        """The app below `/modelwatch`."""
        from modelwatch_ui.airflow_app import guarded_app

        return [{"app": guarded_app(), "url_prefix": f"/{PREFIX}", "name": "modelwatch"}]
