"""Files in object storage that speaks S3."""

import socket
from collections.abc import Iterator
from pathlib import Path

import fsspec
import pytest

from modelwatch.domain import Connection
from modelwatch.errors import SourceConfigError, SourceTimeout
from support.request_files import ROWS, pages, table, values, write


@pytest.fixture(scope="module")
def storage() -> Iterator[Connection]:
    """A server that speaks S3, with a bucket."""
    import boto3  # type: ignore[import-untyped]
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "id", "aws_secret_access_key": "hunter2", "region_name": "us-east-1"}
    boto3.client("s3", endpoint_url=endpoint, **keys).create_bucket(Bucket="requests")
    yield Connection("storage", "aws", extra={"key": "id", "secret": "hunter2", "endpoint_url": endpoint})
    server.stop()


def test_object_storage_is_read_with_the_connections_options(storage: Connection, tmp_path: Path) -> None:
    for suffix in ("parquet", "csv", "jsonl"):
        local = write(tmp_path / f"day.{suffix}", table())
        with fsspec.open(f"s3://requests/2026/day.{suffix}", "wb", **storage.extra) as file:
            file.write(local.read_bytes())
        assert values(pages(f"s3://requests/2026/*.{suffix}", storage)) == ROWS
    with pytest.raises(SourceConfigError, match="there is no file that matches"):
        pages("s3://requests/2027/*.parquet", storage)
    with pytest.raises(SourceConfigError, match="there is no such file"):
        pages("s3://requests/2026/other.parquet", storage)


def test_storage_that_is_away_or_refuses_is_told_apart(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        endpoint = f"http://127.0.0.1:{taken.getsockname()[1]}"
        extra = {
            "key": "id",
            "secret": "hunter2",
            "endpoint_url": endpoint,
            "config_kwargs": {"retries": {"max_attempts": 1}},
        }
        for name in ("day.parquet", "*.parquet"):
            with pytest.raises(SourceTimeout, match="cannot be reached") as error:
                pages(f"s3://requests/{name}", Connection("storage", "aws", extra=extra))
            assert "hunter2" not in str(error.value)
