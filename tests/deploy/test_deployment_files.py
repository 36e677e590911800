"""The files that install and deploy the project agree with each other and with what the code reads."""

import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yaml").read_text()
SERVICES: Mapping[str, Mapping[str, Any]] = yaml.safe_load(COMPOSE)["services"]
START = (ROOT / "include" / "local" / "start").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
DOCUMENTED = dict(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=(.*)$", EXAMPLE, re.MULTILINE))
SECRET = re.compile(r"PASSWORD|SECRET|KEY|_CONN_(?!ID)|STORAGE_USER")


def tool(name: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
    program = Path(sys.executable).parent / name
    return subprocess.run([program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)


def locked() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    return {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}


def declared(*extras: str) -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    texts = project["dependencies"] + [text for extra in extras for text in project["optional-dependencies"][extra]]
    return {canonicalize_name(one.name): one for one in map(Requirement, texts)}


def test_the_dockerfile_passes_hadolint() -> None:
    result = tool("hadolint", "Dockerfile")
    assert result.returncode == 0, result.stdout


def test_the_compose_file_follows_the_compose_specification() -> None:
    result = tool("check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yaml")
    assert result.returncode == 0, result.stdout


def test_every_variable_of_the_compose_file_is_documented() -> None:
    used = set(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)", COMPOSE))
    assert used
    assert used <= DOCUMENTED.keys()


def test_every_setting_that_modelwatch_or_a_start_script_reads_is_documented() -> None:
    sources = [(ROOT / "include" / "modelwatch" / "settings.py").read_text(), START]
    sources += [path.read_text() for path in (ROOT / "include" / "local").glob("*.py")]
    read = set(re.findall(r"MODELWATCH_[A-Z_]+[A-Z]", "\n".join(sources))) - {"MODELWATCH_PRELOAD"}
    assert "MODELWATCH_HOME" in read
    assert read <= DOCUMENTED.keys()


def test_every_documented_variable_is_used() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "include").rglob("*.py"))
    unused = [name for name in DOCUMENTED if name not in COMPOSE + START + code]
    assert unused == []


def test_no_secret_has_a_value_in_the_example() -> None:
    secrets = {name: value for name, value in DOCUMENTED.items() if SECRET.search(name)}
    assert len(secrets) >= 10
    assert [name for name, value in secrets.items() if value and not value.startswith('{"conn_type"')] == []
    assert 'password":"..."' in EXAMPLE.replace("xoxb-", "")


def test_no_secret_has_a_default_in_the_compose_file() -> None:
    used = dict(re.findall(r"(?<!\$)\$\{([A-Z0-9_]+)(:?[-?][^}]*)?\}", COMPOSE))
    secrets = {name: default for name, default in used.items() if SECRET.search(name)}
    assert secrets.pop("DEMO_API_KEY") == ":-"  # compose asks for it without the demo too; the start script insists
    assert {default[:2] for default in secrets.values()} == {":?"}
    assert "DEMO_API_KEY:?" in START


@pytest.mark.parametrize("name", SERVICES)
def test_an_image_is_pinned_by_version(name: str) -> None:
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert image
    assert re.search(r"\d+[.-]\d+", tag), f"{image}: {tag or 'no tag'}"
    assert "latest" not in tag


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_gets_no_privileges(name: str) -> None:
    service = SERVICES[name]
    assert not service.get("privileged")
    assert "cap_add" not in service
    assert "network_mode" not in service
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert not [volume for volume in service.get("volumes", []) if volume.startswith(("/", ".", "~"))]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_that_stays_says_whether_it_is_healthy(name: str) -> None:
    runs_once = SERVICES[name]["restart"] == "on-failure:3"
    assert runs_once or SERVICES[name]["healthcheck"]["test"][0].startswith("CMD")


def test_ports_are_open_on_this_machine_only() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_our_services_start_through_the_same_script_as_on_one_machine() -> None:
    ours = {name: service for name, service in SERVICES.items() if service["image"].startswith("modelwatch")}
    assert 'ENTRYPOINT ["/opt/modelwatch/include/local/start"]' in (ROOT / "Dockerfile").read_text()
    for service in ours.values():
        assert "entrypoint" not in service
        assert re.search(rf"^  (?:[a-z -]+\| )?{service['command'][0]}(?: \|[a-z |-]+)?\)", START, re.MULTILINE)
    assert {"scheduler", "api-server", "dag-processor", "worker", "migrate", "demo-api"} <= ours.keys()


def test_the_image_runs_without_root() -> None:
    users = re.findall(r"^USER (\S+)", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert users
    assert users[-1] not in ("0", "root")


def test_the_start_script_lists_the_services_it_knows() -> None:
    program = ROOT / "include" / "local" / "start"
    result = subprocess.run([program, "scheduller"], capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "scheduler" in result.stderr


def test_the_lock_file_satisfies_every_declared_dependency() -> None:
    versions = locked()
    for name, requirement in declared("airflow", "alibi", "demo", "dev", "embedded", "s3", "ui").items():
        assert name in versions, f"{name} is not locked; run `make lock`"
        assert requirement.specifier.contains(versions[name], prereleases=True), f"{name}; run `make lock`"


def test_the_deployment_installs_what_the_project_declares() -> None:
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    listed = {canonicalize_name(Requirement(line).name) for line in lines if line and line[0] not in "#-"}
    assert listed == declared("airflow", "alibi", "s3", "demo").keys() | {"setuptools"}
    assert "-c requirements.lock" in lines


def test_the_image_takes_a_python_the_project_supports() -> None:
    version = re.search(r"^FROM python:(\d+\.\d+)\.", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert version
    assert Requirement(f"x{requires}").specifier.contains(version[1])
