"""Files for the stand-in for Slack: asked for, uploaded to their own address, and put into a thread."""

import itertools
from dataclasses import dataclass
from typing import Any

from demo.slack_limits import error

MAX_FILES = 10


@dataclass
class File:
    """A file between being asked for and being shared."""

    name: str
    length: int
    content: bytes | None = None
    is_shared: bool = False


class Files:
    """The files of one workspace; ``address`` is where the stand-in itself is reached."""

    def __init__(self) -> None:
        self.address = ""
        self.files: dict[str, File] = {}
        self._numbers = itertools.count(1)

    def ask(self, body: dict[str, Any]) -> dict[str, Any]:
        """`files.getUploadURLExternal`."""
        name, length = str(body.get("filename") or ""), int(body.get("length") or 0)
        if not name or length < 1:
            return error("invalid_arguments")
        number = f"F{next(self._numbers):010d}"
        self.files[number] = File(name, length)
        return {"ok": True, "upload_url": f"{self.address}upload/{number}", "file_id": number}

    def take(self, number: str, content: bytes) -> bool:
        """The bytes sent to a file's address; False when they are not as many as were announced."""
        file = self.files.get(number)
        if file is None or file.length != len(content):
            return False
        file.content = content
        return True

    def complete(self, wanted: list[dict[str, Any]]) -> list[dict[str, Any]] | str:
        """What `files.completeUploadExternal` shares, or Slack's error."""
        if not 0 < len(wanted) <= MAX_FILES:
            return "invalid_arguments"
        shared = []
        for one in wanted:
            file = self.files.get(str(one.get("id")))
            if file is None or file.content is None or file.is_shared:
                return "file_not_found"
            file.is_shared = True
            shared.append({"id": one["id"], "name": file.name, "title": one.get("title") or file.name})
        return shared
