"""Artifacts between tasks: the same on a disk, in memory and on S3; whole or not there; their digest checked."""

import json
import os
import re
import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import fsspec
import pyarrow as pa
import pytest

from modelwatch.domain import Reject, Sample, Window
from modelwatch.errors import SettingsError, StoreError
from modelwatch.store.samples import Artifacts

WINDOW = Window(datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 3, 6, tzinfo=UTC))
FOLDER = "fraud/20260305T000000Z_20260306T000000Z/scheduled-1"
SAMPLE = Sample(
    rows=pa.table(
        {
            "request_id": ["a", "b"],
            "amount": [1.5, None],
            "requested_at": pa.array([WINDOW.start, WINDOW.end], pa.timestamp("us", "UTC")),
        }
    ),
    n_seen=5,
    n_duplicate=1,
    n_rejected=2,
    rejects=(Reject("amount", "not a number", 2, "'12,5'"),),
    n_total=7,
)


@pytest.fixture(scope="module")
def s3() -> Iterator[str]:
    """A bucket of a real S3 server in this process."""
    moto = pytest.importorskip("moto.server")
    server = moto.ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_DEFAULT_REGION": "us-east-1",
        }.items():
            patch.setenv(name, value)
        fsspec.filesystem("s3", skip_instance_cache=True).mkdir("samples")
        yield "s3://samples/kept"
    server.stop()


@pytest.fixture(params=["file", "memory", "s3"])
def base(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "s3":
        return f"{request.getfixturevalue('s3')}/{uuid.uuid4()}"
    return tmp_path.as_uri() if request.param == "file" else f"memory:///{uuid.uuid4()}"


def test_a_sample_is_read_as_it_was_written(base: str) -> None:
    uri = Artifacts(base).write_sample(FOLDER, SAMPLE, WINDOW)
    assert uri == f"{base}/{FOLDER}/sample.json"
    assert Artifacts(base).read_sample(uri) == SAMPLE


def test_the_same_sample_has_the_same_bytes(base: str) -> None:
    artifacts = Artifacts(base)
    uri = artifacts.write_sample(FOLDER, SAMPLE, WINDOW)
    first = artifacts.read_bytes(uri)
    assert artifacts.read_bytes(artifacts.write_sample(FOLDER, SAMPLE, WINDOW)) == first
    assert re.fullmatch("[0-9a-f]{64}", json.loads(first)["sha256"])


def test_a_changed_sample_is_refused(base: str) -> None:
    artifacts = Artifacts(base)
    uri = artifacts.write_sample(FOLDER, SAMPLE, WINDOW)
    rows = artifacts.read_bytes(f"{base}/{FOLDER}/sample.parquet")
    artifacts.write_bytes(f"{FOLDER}/sample.parquet", rows + b"x")
    with pytest.raises(StoreError, match=r"sample\.parquet is not what its digest.*re-run fetch_sample"):
        artifacts.read_sample(uri)


def test_a_missing_or_garbled_file_says_what_to_run(base: str) -> None:
    artifacts = Artifacts(base)
    assert artifacts.read_if_there("nothing.bin") is None
    with pytest.raises(StoreError, match=r"nothing\.json cannot be read.*re-run fetch_sample"):
        artifacts.read_sample(f"{base}/nothing.json")
    garbled = artifacts.write_bytes("garbled.json", b"{")
    with pytest.raises(StoreError, match=r"garbled\.json is not the evidence"):
        artifacts.read_sample(garbled)


def test_what_was_just_written_is_seen_by_who_looked_before(base: str) -> None:
    looking, writing = Artifacts(base), Artifacts(base)
    assert looking.read_if_there("cells.bin") is None
    writing.write_bytes("cells.bin", b"cells")
    assert looking.read_if_there("cells.bin") == b"cells"


def test_old_rows_expire_and_their_evidence_stays(base: str) -> None:
    artifacts = Artifacts(base)
    uri = artifacts.write_sample(FOLDER, SAMPLE, WINDOW)
    hashes = artifacts.write_bytes(f"{FOLDER}/parts/1/seen.bin", b"hashes of ids")
    artifacts.write_sample(FOLDER.replace("fraud", "credit"), SAMPLE, WINDOW)
    now = datetime.now(UTC)
    assert artifacts.expire(now - timedelta(hours=1)) == 0
    assert artifacts.expire(now + timedelta(hours=1), "fraud") == 2
    assert artifacts.expire(now + timedelta(hours=1), "no_such_monitor") == 0
    with pytest.raises(StoreError, match="re-run fetch_sample"):
        artifacts.read_sample(uri)
    with pytest.raises(StoreError):
        artifacts.read_bytes(hashes)
    assert json.loads(artifacts.read_bytes(uri))["n_seen"] == 5
    assert artifacts.read_sample(uri.replace("fraud", "credit")) == SAMPLE


def test_tasks_that_write_one_file_at_once_do_not_meet(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)
    failures: list[Exception] = []

    def write() -> None:
        artifacts = Artifacts(tmp_path.as_uri())
        barrier.wait()
        try:
            for _ in range(20):
                artifacts.write_bytes("reference/cells.bin", b"cells" * 1000)
        except StoreError as error:
            failures.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [path.name for path in (tmp_path / "reference").iterdir()] == ["cells.bin"]


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = Artifacts(tmp_path.as_uri())
    artifacts.write_bytes("a.bin", b"old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifacts._fs, "mv", full)
    with pytest.raises(StoreError, match=r"a\.bin cannot be written \(No space left on device\)"):
        artifacts.write_bytes("a.bin", b"new")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.bin", b"old")]


def test_a_folder_with_spaces_and_percents_is_one_folder(tmp_path: Path) -> None:
    base = tmp_path / "my samples 100%"
    artifacts = Artifacts(str(base))
    uri = artifacts.write_bytes("a b.bin", b"x")
    assert artifacts.read_bytes(uri) == b"x"
    assert os.listdir(base) == ["a b.bin"]  # noqa: PTH208  # plain names


def test_a_bucket_that_does_not_exist_is_named_and_not_created(s3: str) -> None:
    with pytest.raises(StoreError, match=r"s3://elsewhere/a\.bin cannot be written"):
        Artifacts("s3://elsewhere").write_bytes("a.bin", b"x")
    assert not fsspec.filesystem("s3", skip_instance_cache=True).exists("elsewhere")


def test_an_unknown_kind_of_storage_is_a_wrong_setting() -> None:
    with pytest.raises(SettingsError, match="MODELWATCH_SAMPLES_URL: 'teleport://x'"):
        Artifacts("teleport://x")
