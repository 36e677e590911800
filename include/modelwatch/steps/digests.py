"""The digest of a reference file, taken again only when the file may have changed."""

import hashlib
import json
import time
import uuid
from contextlib import suppress
from pathlib import Path

from modelwatch.settings import Settings
from modelwatch.sources import files

SETTLED_SECONDS = 2.0  # a file changed twice within its clock's tick has one time for two contents


def file_digest(uri: str, settings: Settings) -> str:
    """sha256 of the file's bytes; of a local file remembered with its size, times and number on the disk.

    Hashing a reference costs every task and every `check` more than reading its prepared form.

    Raises:
        DataError: it cannot be read.
    """
    path = Path(uri)
    if "://" in uri or not path.is_file():
        return files.digest(uri)
    stat = path.stat()
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()
    note = settings.home / "digests" / f"{name}.json"
    state = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    with suppress(OSError, ValueError, KeyError, TypeError):
        known = json.loads(note.read_text())
        if known["state"] == state:
            return str(known["sha256"])
    digest = files.digest(uri)
    if time.time() - stat.st_ctime > SETTLED_SECONDS:
        with suppress(OSError):  # a home that cannot be written to costs the time, not the result
            _write(note, json.dumps({"state": state, "sha256": digest}))
    return digest


def _write(note: Path, text: str) -> None:
    note.parent.mkdir(parents=True, exist_ok=True)
    partial = note.with_name(f"{note.name}.{uuid.uuid4().hex}.part")
    partial.write_text(text)
    partial.replace(note)
