"""The pages behind Airflow's guard: its login, its access to the website, its rights on each Dag."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.base_auth_manager import ResourceMethod
from airflow.api_fastapi.auth.managers.models.base_user import BaseUser
from airflow.api_fastapi.auth.managers.models.resource_details import AccessView, DagAccessEntity, DagDetails
from airflow.api_fastapi.core_api.security import get_user, requires_access_view
from airflow.models.dag import DagModel
from airflow.utils.session import create_session
from fastapi import Depends, FastAPI, Request
from sqlalchemy import select

from modelwatch.history import Act
from modelwatch.settings import Settings
from modelwatch_ui import airflow_runs
from modelwatch_ui.app import build_app
from modelwatch_ui.viewer import AirflowRun, Schedule, Viewer

DAG_PREFIX = "monitor_"


def guarded_app() -> FastAPI:
    """The app for Airflow's API server; whoever is not logged in is sent to Airflow's login and back."""
    return build_app(
        settings_of_server,
        viewer=viewer_of_request,
        dependencies=[Depends(requires_access_view(AccessView.WEBSITE))],
        login_url=lambda request: get_auth_manager().get_url_login(next_url=_here(request)),
    )


def settings_of_server() -> Settings:
    """The settings, with the store's URL from its Airflow Connection when they name one."""
    settings = Settings.from_env()
    if settings.database_url or not settings.store_connection:
        return settings
    from airflow.models.connection import Connection as AirflowConnection

    from modelwatch.domain import Connection
    from modelwatch.store.engine import database_url

    found = AirflowConnection.get_connection_from_secrets(settings.store_connection)
    texts = {name: getattr(found, name) or "" for name in ("conn_type", "host", "schema", "login", "password")}
    connection = Connection(settings.store_connection, port=found.port, extra=found.extra_dejson, **texts)
    return replace(settings, database_url=database_url(connection))


def viewer_of_request(user: Annotated[BaseUser, Depends(get_user)]) -> Viewer:
    """The logged-in user with the rights the auth manager gives them."""

    def may(method: ResourceMethod, monitor: str, entity: DagAccessEntity | None = None) -> bool:
        dag_id = f"{DAG_PREFIX}{monitor}"
        details = DagDetails(id=dag_id, team_name=DagModel.get_team_name(dag_id))
        return get_auth_manager().is_authorized_dag(method=method, details=details, access_entity=entity, user=user)

    def run(monitor: str, run_id: str) -> AirflowRun | None:
        if not may("GET", monitor, DagAccessEntity.TASK_INSTANCE):
            return None
        return airflow_runs.run_of(f"{DAG_PREFIX}{monitor}", run_id)

    def acts(monitor: str, since: datetime) -> Sequence[Act]:
        return airflow_runs.acts_of(f"{DAG_PREFIX}{monitor}", since) if may("GET", monitor, DagAccessEntity.RUN) else ()

    return Viewer(
        name=user.get_name(),
        readable=lambda: _monitors(get_auth_manager().get_authorized_dag_ids(user=user, method="GET")),
        may_read=lambda monitor: may("GET", monitor),
        may_run=lambda monitor: may("POST", monitor, DagAccessEntity.RUN),
        schedules=_schedules,
        run=run,
        acts=acts,
        has_airflow=True,
    )


def _monitors(dag_ids: set[str]) -> set[str]:
    return {dag_id.removeprefix(DAG_PREFIX) for dag_id in dag_ids if dag_id.startswith(DAG_PREFIX)}


def _schedules() -> dict[str, Schedule]:
    query = select(DagModel.dag_id, DagModel.next_dagrun_create_after, DagModel.is_paused).where(
        DagModel.dag_id.startswith(DAG_PREFIX, autoescape=True)
    )
    with create_session() as session:
        return {
            dag_id.removeprefix(DAG_PREFIX): Schedule(next_run, bool(is_paused))
            for dag_id, next_run, is_paused in session.execute(query)
        }


def _here(request: Request) -> str:
    return f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
