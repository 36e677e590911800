"""Airflow's simple auth manager with rights per Dag, which it lacks: what other auth managers do in production."""

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

HIDDEN_FROM = {"stranger": frozenset({"monitor_fraud"})}


class RestrictedAuthManager(SimpleAuthManager):
    """`stranger` may log in and see Airflow, but not the Dag of `fraud`."""

    def is_authorized_dag(self, *, user: Any, details: Any = None, **rest: Any) -> bool:
        hidden = HIDDEN_FROM.get(user.username, frozenset())
        if details is not None and details.id in hidden:
            return False
        return super().is_authorized_dag(user=user, details=details, **rest)
