"""The same app without Airflow, on this machine only: what `modelwatch ui` starts."""

from collections.abc import Callable

import uvicorn

from modelwatch.settings import Settings
from modelwatch_ui.app import build_app

ADDRESS = "127.0.0.1"


def serve(settings: Settings, *, port: int, say: Callable[[str], None]) -> None:
    """Serve until interrupted; there is no login, so nobody but this machine is answered."""
    say(f"model health: http://{ADDRESS}:{port}/ (Ctrl-C stops it)")
    uvicorn.run(build_app(lambda: settings), host=ADDRESS, port=port, log_level="warning", server_header=False)
