"""docs/redeploy.md: its workflow step is the call that the end-to-end test makes, its figures are of every case."""

import re

import yaml
from benchmarks.redeploy_cases import NAMED

from support.pipeline import PAGE, TRIGGER


def test_the_step_of_github_actions_makes_the_same_call() -> None:
    [block] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    [step] = yaml.safe_load(block)
    _, _, call = TRIGGER.partition("\n")
    assert step["run"].split() == call.split()
    assert {"NEW", "OLD", "SINCE", "REQUESTS", "AIRFLOW_URL", "AIRFLOW_TOKEN"} == set(step["env"])
    assert set(re.findall(r"\$([A-Z_]+)", call)) == set(step["env"])


def test_every_case_of_the_benchmark_has_its_figure() -> None:
    figures = PAGE.partition("<!-- measured by")[2].partition("<!-- end -->")[0]
    assert re.findall(r"^\| (\w+) \| \d", figures, re.MULTILINE) == list(NAMED)
