"""What the services are told: everything through the environment, nothing through files or arguments."""

import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from local.home import PROJECT, Home, Secrets
from local.ports import ADDRESS, Ports

START = str(PROJECT / "include" / "local" / "start")
MONITOR = "fraud"
DAG_ID = f"monitor_{MONITOR}"
KEPT = frozenset({"MODELWATCH_MONITORS_DIR", "MODELWATCH_SAMPLE_RETENTION_DAYS"})


@dataclass(frozen=True)
class Place:
    """One installation on this machine.

    Attributes:
        story_end: the last day of the demo's story, and the last one that `make demo` backfills.
    """

    home: Home
    ports: Ports
    secrets: Secrets
    story_end: date

    @property
    def airflow_url(self) -> str:
        """Where people find Airflow's pages."""
        return f"http://localhost:{self.ports.airflow}"


def base_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without what would change how Airflow or modelwatch run here."""
    kept = {name: value for name, value in environ.items() if name in KEPT or not _is_ours(name)}
    path = os.pathsep.join([str(Path(sys.executable).parent), environ.get("PATH", os.defpath)])
    # A proxy of the company must not be asked for this machine's own services.
    direct = ",".join(filter(None, [environ.get("NO_PROXY"), ADDRESS, "localhost"]))
    return {**kept, "PATH": path, "NO_PROXY": direct, "no_proxy": direct, "PYTHONPATH": str(PROJECT / "include")}


def demo_environment(place: Place, environ: Mapping[str, str]) -> dict[str, str]:
    """For the model's API and the stand-in for Slack."""
    return {
        **base_environment(environ),
        "DEMO_API_KEY": place.secrets.api_key,
        "DEMO_SLACK_TOKEN": place.secrets.slack_token,
        "DEMO_STORY_END": place.story_end.isoformat(),
    }


def airflow_environment(place: Place, databases: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, str]:
    """For Airflow's services: where they are, what they connect to, and how much of this machine they take."""
    return {
        **base_environment(environ),
        **_modelwatch(place, databases),
        **_addresses(place, databases),
        **_secrets(place),
        "AIRFLOW_HOME": str(place.home.airflow),
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        # Two cores are kept busy by three tasks; more only make each of them slower.
        "AIRFLOW__CORE__PARALLELISM": "3",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.3",
    }


def _modelwatch(place: Place, databases: Mapping[str, str]) -> dict[str, str]:
    api = json.dumps(
        {
            "conn_type": "http",
            "schema": "http",
            "host": ADDRESS,
            "port": place.ports.demo_api,
            "password": place.secrets.api_key,
        }
    )
    return {
        "MODELWATCH_HOME": str(place.home.root),
        "MODELWATCH_DATABASE_URL": databases["modelwatch"],
        "MODELWATCH_SAMPLES_URL": (place.home.root / "samples").as_uri(),
        "MODELWATCH_AIRFLOW_URL": place.airflow_url,
        "AIRFLOW_CONN_FRAUD_API": api,
        "AIRFLOW_CONN_FRAUD_PROBE": api,
        "AIRFLOW_CONN_SLACK_ONCALL": json.dumps(
            {
                "conn_type": "slack",
                "password": place.secrets.slack_token,
                "extra": {"base_url": f"http://{ADDRESS}:{place.ports.slack}/api/"},
            }
        ),
    }


def _addresses(place: Place, databases: Mapping[str, str]) -> dict[str, str]:
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": databases["airflow"],
        "AIRFLOW__API__HOST": ADDRESS,
        "AIRFLOW__API__PORT": str(place.ports.airflow),
        "AIRFLOW__API__BASE_URL": place.airflow_url,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{ADDRESS}:{place.ports.airflow}/execution/",
        "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": str(place.ports.task_logs),
    }


def _secrets(place: Place) -> dict[str, str]:
    return {
        "AIRFLOW__API__SECRET_KEY": place.secrets.session_key,
        "AIRFLOW__API_AUTH__JWT_SECRET": place.secrets.jwt_secret,
        "AIRFLOW__CORE__FERNET_KEY": place.secrets.fernet_key,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(place.home.passwords),
    }


def _is_ours(name: str) -> bool:
    return name.startswith(("AIRFLOW", "_AIRFLOW", "MODELWATCH_", "DEMO_"))
