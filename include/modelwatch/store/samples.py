"""Artifacts between tasks and the kept samples, on any fsspec URL that every worker reaches."""

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import fsspec
import pyarrow.parquet as pq

from modelwatch.domain import Reject, Sample, Window, iso
from modelwatch.errors import StoreError


class Artifacts:
    """Files below one URL; a file is there whole or not at all."""

    def __init__(self, base_url: str) -> None:
        self._fs, self._base = fsspec.core.url_to_fs(base_url.rstrip("/"))

    def write_bytes(self, path: str, data: bytes) -> str:
        """Write (or replace) a file below the base and return its URI."""
        target = f"{self._base}/{path}"
        self._fs.makedirs(target.rpartition("/")[0], exist_ok=True)
        if "file" in self._protocols():
            # Object stores show a file only when it is complete; on a disk it takes a rename.
            partial = f"{target}.{hashlib.sha256(data).hexdigest()[:12]}.part"
            self._fs.pipe_file(partial, data)
            self._fs.mv(partial, target)
        else:
            self._fs.pipe_file(target, data)
        return str(self._fs.unstrip_protocol(target))

    def read_bytes(self, uri: str) -> bytes:
        """The file's bytes.

        Raises:
            StoreError: there is no such file, or it cannot be reached.
        """
        try:
            data: bytes = self._fs.cat_file(self._fs._strip_protocol(uri))  # noqa: SLF001  # fsspec's way to a path
        except OSError as error:
            message = f"{uri} cannot be read ({type(error).__name__}); clear fetch_sample to make it again"
            raise StoreError(message) from None
        return data

    def read_if_there(self, path: str) -> bytes | None:
        """The bytes of a file below the base, or None when there is none."""
        target = f"{self._base}/{path}"
        return self.read_bytes(target) if self._fs.exists(target) else None

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
            "rejects": [asdict(reject) for reject in sample.rejects],
        }
        return self.write_bytes(f"{folder}/sample.json", json.dumps(evidence, sort_keys=True).encode())

    def read_sample(self, uri: str) -> Sample:
        """The sample that `write_sample` wrote.

        Raises:
            StoreError: it is missing, or its rows are not the ones its digest was taken of.
        """
        evidence: Mapping[str, Any] = json.loads(self.read_bytes(uri))
        rows = self.read_bytes(evidence["rows"])
        if hashlib.sha256(rows).hexdigest() != evidence["sha256"]:
            message = f"{evidence['rows']} is not what its digest was taken of; clear fetch_sample to make it again"
            raise StoreError(message)
        return Sample(
            rows=pq.read_table(io.BytesIO(rows)),
            n_seen=evidence["n_seen"],
            n_duplicate=evidence["n_duplicate"],
            n_rejected=evidence["n_rejected"],
            n_total=evidence["n_total"],
            rejects=tuple(Reject(**reject) for reject in evidence["rejects"]),
        )

    def expire(self, before: datetime) -> int:
        """Delete the kept rows (not the evidence) written before that moment; returns how many files went."""
        expired = [
            path
            for path, info in self._fs.find(self._base, detail=True).items()
            if path.endswith("/sample.parquet") and self._fs.modified(info["name"]).timestamp() < before.timestamp()
        ]
        for path in expired:
            self._fs.rm_file(path)
        return len(expired)

    def _protocols(self) -> tuple[str, ...]:
        protocol = self._fs.protocol
        return (protocol,) if isinstance(protocol, str) else tuple(protocol)
