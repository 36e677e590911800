"""Spark's Connection, and what is said where Spark is not; its counting is in tests/spark."""

import importlib.util
import json
import socket
from datetime import UTC

import pytest

from modelwatch.config import SparkSource
from modelwatch.domain import Connection
from modelwatch.errors import SettingsError, SourceConfigError, SourceTimeout
from modelwatch.settings import parse_connection
from modelwatch.sources import open_source
from modelwatch.sources.spark import SparkRequests, _remote
from support.rows import SCHEMA

SOURCE = SparkSource(type="spark", table="requests")


def test_a_connection_as_airflow_has_it_is_spark_connects_url() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        content = {"conn_type": "spark_connect", "host": "sc://127.0.0.1", "port": port, "login": "mw"}
        given = parse_connection("lake", json.dumps({**content, "password": "a;b", "extra": {"use_ssl": True}}))
        assert _remote(given) == f"sc://127.0.0.1:{port}/;user_id=mw;token=a%3Bb;use_ssl=true"


def test_a_server_that_is_away_is_told_at_once_and_without_the_token() -> None:
    nobody = Connection("lake", "spark_connect", host="127.0.0.1", port=1, password="hunter2")
    with pytest.raises(SourceTimeout, match=r"connection 'lake' cannot be reached at 127\.0\.0\.1:1") as caught:
        _remote(nobody)
    assert "hunter2" not in str(caught.value)


@pytest.mark.skipif(importlib.util.find_spec("pyspark") is not None, reason="pyspark is installed here")
def test_without_pyspark_the_message_names_the_extra() -> None:
    with pytest.raises(SettingsError, match=r"pip install 'modelwatch\[spark\]'"):
        SparkRequests(SOURCE, None).count(None)  # type: ignore[arg-type]


def test_spark_has_no_pages() -> None:
    with pytest.raises(SourceConfigError, match="counted where it lies"):
        open_source(SOURCE, SCHEMA, None, timezone=UTC)
