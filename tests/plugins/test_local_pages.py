"""`modelwatch ui`: the same pages without Airflow."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from support.free_port import free_port

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.xdist_group("pages")
def test_the_command_serves_the_pages_on_this_machine_until_it_is_stopped(database_url: str, tmp_path: Path) -> None:
    port = free_port()
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "include"),
        "MODELWATCH_HOME": str(tmp_path),
        "MODELWATCH_MONITORS_DIR": str(tmp_path),
        "MODELWATCH_DATABASE_URL": database_url,
    }
    command = [sys.executable, "-m", "modelwatch", "ui", "--port", str(port)]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == f"model health: http://127.0.0.1:{port}/ (Ctrl-C stops it)\n"
            assert "No model is watched yet" in _first_answer(f"http://127.0.0.1:{port}/")
        finally:
            process.send_signal(signal.SIGINT)
            assert process.wait(30) == 0


def _first_answer(url: str) -> str:
    session = requests.Session()
    session.trust_env = False
    deadline = time.monotonic() + 60
    while True:
        try:
            return session.get(url, timeout=10).text
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.2)
