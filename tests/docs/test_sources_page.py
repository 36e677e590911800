"""Every example on the page of the sources is one that modelwatch takes."""

import re
from datetime import UTC
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import TypeAdapter

from modelwatch.config import HttpSource
from modelwatch.config.sources import Pagination, Source
from modelwatch.domain import Schema
from modelwatch.settings import parse_connection
from modelwatch.sources import open_source
from modelwatch.sources.http_session import base_url

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGE = (DOCS / "sources.md").read_text(encoding="utf-8")
EXAMPLES = PAGE + (DOCS / "spark.md").read_text(encoding="utf-8")
SOURCES = [yaml.safe_load(text)["source"] for text in re.findall(r"```yaml\n(.*?)```", EXAMPLES, re.DOTALL)]
EXPORTED = re.findall(r"export AIRFLOW_CONN_(\w+)='(.+)'$", PAGE, re.MULTILINE)
ADDED = re.findall(r"airflow connections add (\w+) \\\n\s+--conn-json '(.+)'$", PAGE, re.MULTILINE)
KEYS = [yaml.safe_load(text) for text in re.findall(r"`((?:pagination|auth): .+?)`", PAGE)]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source["type"])
def test_every_example_is_a_source(source: dict[str, Any]) -> None:
    assert TypeAdapter(Source).validate_python(source)


@pytest.mark.parametrize("key", KEYS, ids=str)
def test_every_kind_of_paging_and_of_credentials_is_taken(key: dict[str, Any]) -> None:
    assert HttpSource.model_validate({"type": "http", "connection": "c", "path": "/", **key})


def test_no_kind_of_paging_or_of_credentials_is_left_out() -> None:
    kinds = {one.model_fields["type"].annotation for one in get_args(get_args(Pagination)[0])}
    shown = {key["pagination"]["type"] for key in KEYS if "pagination" in key}
    assert shown == {word for kind in kinds for word in get_args(kind)}
    assert [key["auth"] for key in KEYS if "auth" in key and isinstance(key["auth"], str)] == ["bearer", "basic"]
    assert {one for key in KEYS if isinstance(key.get("auth"), dict) for one in key["auth"]} == {
        "type",
        "header",
        "query",
    }


def test_the_forms_of_the_api_connection_are_one_and_the_same() -> None:
    forms = [text for name, text in [*EXPORTED, *ADDED] if name.lower() == "fraud_api"]
    connections = [parse_connection("fraud_api", text) for text in forms]
    assert len(forms) == 3
    assert {base_url(one) for one in connections} == {"https://api.example.com"}
    assert {one.password.replace("-", " ") for one in connections} == {"the token"}


@pytest.mark.parametrize(("name", "text"), EXPORTED, ids=[name for name, _ in EXPORTED])
def test_every_connection_opens_the_source_that_names_it(name: str, text: str) -> None:
    sources = [TypeAdapter(Source).validate_python(source) for source in SOURCES]
    (source,) = [one for one in sources if one.connection == name.lower()]
    assert open_source(source, Schema(columns=(), features={}), parse_connection(name.lower(), text), timezone=UTC)
