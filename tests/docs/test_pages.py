"""What the pages promise is there: commands and their flags, settings, links, exit codes."""

import importlib.util
import re
from pathlib import Path

import pytest
import typer.main

from modelwatch.cli import app
from modelwatch.commands import EXIT_STATUS
from support.pages import PAGES, ROOT, Shown, shown_commands

COMMANDS = typer.main.get_group(app).commands
SHOWN = [one for page in PAGES for one in shown_commands(page)]
README = (ROOT / "README.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
DOCUMENTED = set(re.findall(r"^(?:# )?([A-Z][A-Z0-9_]+)=", EXAMPLE, re.MULTILINE))
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s]+)\)")


def options(command: str) -> set[str]:
    return {option for parameter in COMMANDS[command].params for option in parameter.opts}


@pytest.mark.parametrize("shown", SHOWN, ids=str)
def test_every_command_and_flag_that_a_page_shows_exists(shown: Shown) -> None:
    alternatives = [word for word in shown.words[0].split("|") if word]
    assert set(alternatives) <= COMMANDS.keys()
    flags = {word.strip("[]").partition("=")[0] for word in shown.words if word.startswith(("--", "[--"))}
    assert flags <= options(alternatives[0])


def test_every_make_target_and_module_that_a_page_shows_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    targets = set(re.findall(r"(?:^ {4}|`)make ([a-z]+)", text, re.MULTILINE))
    assert {"demo", "test", "up", "down"} <= targets
    assert targets <= set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    modules = set(re.findall(r"python -m ((?:demo|local|modelwatch)[\w.]*)", text))
    assert modules
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []


def test_the_readmes_table_has_every_command() -> None:
    assert set(re.findall(r"^\| `modelwatch (\w+)", README, re.MULTILINE)) == COMMANDS.keys()


@pytest.mark.parametrize("row", re.findall(r"^\| `modelwatch (\w+)(.*)$", README, re.MULTILINE), ids=lambda row: row[0])
def test_the_readmes_table_has_every_flag(row: tuple[str, str]) -> None:
    assert set(re.findall(r"--[a-z-]+", row[1])) == {option for option in options(row[0]) if option.startswith("--")}


def test_the_python_versions_of_the_readme_are_those_that_make_takes() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    first, last = re.findall(r"\(3, (\d+)\) <= sys\.version_info\[:2\] <= \(3, (\d+)\)", makefile)[0]
    assert int(last) == int(first) + 1
    assert f"(3.{first} or 3.{last})" in README


def test_the_exit_codes_of_every_verdict_are_as_the_readme_says() -> None:
    promised = re.search(
        r"Exit status: 0 (\w+) or (\w+), 1 (\w+), 2 .*?, 3 (not measured) or (insufficient)", README, re.DOTALL
    )
    assert promised
    zero, also_zero, one, three, also_three = promised.groups()
    names = {zero: 0, also_zero: 0, one: 1, three.replace(" ", "_"): 3, f"{also_three}_data": 3}
    assert names == EXIT_STATUS
    rows = re.findall(
        r"^\| `(\w+)` \| (\d) \|", (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {name: int(status) for name, status in rows} == EXIT_STATUS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def anchors(page: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_every_page_is_reached_from_the_readme() -> None:
    linked = {(ROOT / link.partition("#")[0]).resolve() for link in LINK.findall(README)}
    pages = {page for page in PAGES if page.parent == ROOT / "docs"}
    assert pages <= linked


def test_every_variable_that_code_or_pages_name_is_in_the_example() -> None:
    files = [*PAGES, *(ROOT / "include" / "modelwatch").rglob("*.py"), *(ROOT / "include" / "local").rglob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in files)
    named = set(re.findall(r"\b(?:MODELWATCH|DEMO)_[A-Z_]*[A-Z]\b", text))
    # Set by the start scripts alone; for the project's own tests; given by hand to the demo's servers.
    internal = {"MODELWATCH_PRELOAD", "MODELWATCH_SCREENSHOTS", "MODELWATCH_SHARED_DATA", "DEMO_SLACK_TOKEN"}
    assert {"MODELWATCH_HOME", "MODELWATCH_DATABASE_URL"} <= named
    assert named - internal <= DOCUMENTED


def test_every_variable_of_a_connection_stands_for_one_that_an_example_names() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = {name.lower() for name in re.findall(r"AIRFLOW_CONN_([A-Z][A-Z_]*[A-Z])", text)}
    monitors = [ROOT / "include" / "monitors" / "fraud.yaml", *PAGES]
    connections = set(
        re.findall(r"connection: (\w+)", "\n".join(path.read_text(encoding="utf-8") for path in monitors))
    )
    assert named <= connections | {"churn_api"}
