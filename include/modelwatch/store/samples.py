"""Artifacts between tasks and the kept samples, on any fsspec URL that every worker reaches."""

import hashlib
import io
import json
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import Any

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from modelwatch.domain import Reject, Sample, Window, iso
from modelwatch.errors import SettingsError, StoreError

# Object stores know no folders; asked for one, some look for the bucket or create it, which a task may not do.
WITHOUT_FOLDERS = frozenset({"s3", "s3a", "gs", "gcs", "abfs", "abfss", "az", "adl", "memory"})


# What is of single requests, and goes when its time is over: their rows, and the hashes of their ids.
OF_REQUESTS = ("/sample.parquet", "/seen.bin")


def reference_path(digest: str, what: str = "bin") -> str:
    """Where the fitted reference of this digest, or what is kept beside it, lies below the base."""
    return f"reference/{digest}.{what}"


class Artifacts:
    """Files below one URL; a file is there whole or not at all."""

    def __init__(self, base_url: str) -> None:
        try:
            self._fs, self._base = fsspec.core.url_to_fs(base_url.rstrip("/"))
        except (ImportError, ValueError) as error:
            message = f"MODELWATCH_SAMPLES_URL: '{base_url}' cannot be used: {error}"
            raise SettingsError(message) from None
        protocol = self._fs.protocol
        self._protocols = {protocol} if isinstance(protocol, str) else set(protocol)

    def write_bytes(self, path: str, data: bytes) -> str:
        """Write (or replace) a file below the base and return its URI.

        Raises:
            StoreError: it cannot be written.
        """
        target = f"{self._base}/{path}"
        uri = str(self._fs.unstrip_protocol(target))
        try:
            if not self._protocols & WITHOUT_FOLDERS:
                self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
            if "file" in self._protocols:
                self._write_whole(target, data)
            else:
                self._fs.pipe_file(target, data)
        except Exception as error:  # every kind of storage has errors of its own
            message = f"{uri} cannot be written ({_why(error)}); is MODELWATCH_SAMPLES_URL right and writable?"
            raise StoreError(message) from error
        return uri

    def read_bytes(self, uri: str) -> bytes:
        """The file's bytes.

        Raises:
            StoreError: there is no such file, or it cannot be reached.
        """
        try:
            data: bytes = self._fs.cat_file(self._fs._strip_protocol(uri))  # noqa: SLF001  # fsspec's way to a path
        except Exception as error:  # every kind of storage has errors of its own
            shared = "; with several workers MODELWATCH_SAMPLES_URL must be a URL that all of them reach"
            where = shared if "file" in self._protocols else ""
            message = f"{uri} cannot be read ({_why(error)}); re-run fetch_sample to make it again{where}"
            raise StoreError(message) from error
        return data

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of a file below the base, or None when there is none."""
        target = f"{self._base}/{path}"
        return self.read_bytes(target) if self._fs.exists(target) else None

    def read_if_kept(self, uri: str) -> bytes | None:
        """The bytes of a file that may have been kept long enough, or None."""
        return self.read_bytes(uri) if self._fs.exists(self._fs._strip_protocol(uri)) else None  # noqa: SLF001

    def write_sample(self, folder: str, sample: Sample, window: Window) -> str:
        """Write the sample's rows and its evidence; returns the evidence's URI. Same sample, same bytes."""
        buffer = io.BytesIO()
        pq.write_table(sample.rows, buffer, compression="zstd")
        rows = buffer.getvalue()
        rows_uri = self.write_bytes(f"{folder}/sample.parquet", rows)
        evidence = {
            "window": [iso(window.start), iso(window.end)],
            "rows": rows_uri,
            "sha256": hashlib.sha256(rows).hexdigest(),
            "n_seen": sample.n_seen,
            "n_duplicate": sample.n_duplicate,
            "n_rejected": sample.n_rejected,
            "n_total": sample.n_total,
            "n_counted": sample.n_counted,
            "rejects": [asdict(reject) for reject in sample.rejects],
        }
        return self.write_bytes(f"{folder}/sample.json", json.dumps(evidence, sort_keys=True).encode())

    def read_sample(self, uri: str) -> Sample:
        """The sample that `write_sample` wrote.

        Raises:
            StoreError: it is missing, or its rows are not the ones its digest was taken of.
        """
        evidence = self._evidence(uri)
        rows = self.read_bytes(evidence["rows"])
        if hashlib.sha256(rows).hexdigest() != evidence["sha256"]:
            message = f"{evidence['rows']} is not what its digest was taken of; re-run fetch_sample to make it again"
            raise StoreError(message)
        return Sample(
            rows=read_rows(rows),
            n_seen=evidence["n_seen"],
            n_duplicate=evidence["n_duplicate"],
            n_rejected=evidence["n_rejected"],
            n_total=evidence["n_total"],
            n_counted=evidence.get("n_counted"),
            rejects=tuple(Reject(**reject) for reject in evidence["rejects"]),
        )

    def expire(self, before: datetime, folder: str = "", *, of: tuple[str, ...] = OF_REQUESTS) -> int:
        """Delete what is of single requests, written before that moment, below the folder; returns how many files went.

        What is no request's own (evidence, counts, measurements) stays.
        """
        expired = [
            path
            for path in self._fs.find(f"{self._base}/{folder}".rstrip("/"))
            if path.endswith(of) and self._fs.modified(path).timestamp() < before.timestamp()
        ]
        for path in expired:
            with suppress(FileNotFoundError):  # another run of the monitor was quicker
                self._fs.rm_file(path)
        return len(expired)

    def _write_whole(self, target: str, data: bytes) -> None:
        """Object stores show a file only when it is complete; on a disk it takes a rename."""
        partial = f"{target}.{uuid.uuid4().hex}.part"  # tasks that write the same file at once must not meet
        try:
            self._fs.pipe_file(partial, data)
            self._fs.mv(partial, target)
        except BaseException:
            with suppress(OSError):
                self._fs.rm_file(partial)
            raise

    def _evidence(self, uri: str) -> Mapping[str, Any]:
        try:
            evidence: Mapping[str, Any] = json.loads(self.read_bytes(uri))
        except ValueError:
            message = f"{uri} is not the evidence of a sample; re-run fetch_sample to make it again"
            raise StoreError(message) from None
        return evidence


def _why(error: Exception) -> str:
    known = error.strerror if isinstance(error, OSError) else None
    return known or str(error) or type(error).__name__


def read_rows(data: bytes) -> pa.Table:
    """The rows of a parquet file, read in this thread alone.

    One of arrow's threads that lets go of a Python object while the interpreter ends takes the process down.
    """
    return pq.ParquetFile(pa.BufferReader(data), pre_buffer=False).read(use_threads=False)
