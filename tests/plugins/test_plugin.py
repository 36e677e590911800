"""The plugin as Airflow loads it: what it registers, and what it costs the processes that show no pages."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
Loaded = tuple[dict[str, list[list[str]]], dict[str, str], list[str]]
LOAD = """
import json, sys
sys.path[:0] = [{include!r}, {plugins!r}]
from airflow._shared.plugins_manager.plugins_manager import _load_plugins_from_plugin_directory as load
plugins, errors = load({plugins!r})
views = [(p.name, [(v["destination"], v["href"], v["url_route"]) for v in p.external_views]) for p in plugins]
heavy = [m for m in ("fastapi", "modelwatch_ui.app", "modelwatch.pages", "scipy", "jinja2") if m in sys.modules]
print(json.dumps([views, errors, heavy]))
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    """The plugins folder loaded by Airflow in a process of its own, which shows no pages."""
    code = LOAD.format(include=str(ROOT / "include"), plugins=str(ROOT / "plugins"))
    environ = {"AIRFLOW_HOME": str(tmp_path_factory.mktemp("airflow")), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], env=environ, capture_output=True, text=True, check=True
    )
    views, errors, heavy = json.loads(done.stdout.splitlines()[-1])
    return dict(views), errors, heavy


def test_it_is_in_the_navigation_and_on_each_dag_and_run_with_relative_addresses(loaded: Loaded) -> None:
    views, errors, _ = loaded
    assert errors == {}
    assert sorted(views) == ["modelwatch_preload", "modelwatch_ui"]
    assert views["modelwatch_ui"] == [
        ["nav", "modelwatch/", "model-health"],
        ["dag", "modelwatch/dags/{DAG_ID}", "model-health-of-dag"],
        ["dag_run", "modelwatch/dags/{DAG_ID}/runs/{RUN_ID}", "model-health-of-run"],
    ]


def test_a_process_that_shows_no_pages_does_not_load_them(loaded: Loaded) -> None:
    _, _, heavy = loaded
    assert [name for name in heavy if name.startswith("modelwatch")] == []


def test_every_file_of_the_pages_but_the_plugin_is_left_alone_by_airflow() -> None:
    from pathspec import GitIgnoreSpec

    spec = GitIgnoreSpec.from_lines((ROOT / "plugins" / ".airflowignore").read_text().splitlines())
    files = [path.relative_to(ROOT / "plugins") for path in (ROOT / "plugins").rglob("*.py")]
    assert sorted(str(path) for path in files if not spec.match_file(path)) == [
        "modelwatch_preload.py",
        "modelwatch_ui/plugin.py",
    ]
