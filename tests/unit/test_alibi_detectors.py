"""alibi-detect's detectors: what they say where they are installed, and that nothing needs them where they are not."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from modelwatch.checks.alibi import needed_permutations
from modelwatch.checks.multivariate import Detector, Options, measure_multivariate
from modelwatch.domain import Measurement
from support.joint_rows import joint, kinds

INCLUDE = Path(__file__).resolve().parents[2] / "include"
TESTS = INCLUDE.parent / "tests"

WITHOUT = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("alibi_detect", "torch"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Blocked())
import importlib, pkgutil, modelwatch
for module in pkgutil.walk_packages(modelwatch.__path__, "modelwatch."):
    if "__main__" not in module.name and "migrations" not in module.name:
        importlib.import_module(module.name)
from modelwatch.checks.multivariate import Options, measure_multivariate
from modelwatch.errors import SettingsError
from support.joint_rows import joint, kinds
reference, current = joint(600, 1), joint(600, 2, rho=0.0)
for detector in ("domain_classifier", "classifier_drift", "mmd_drift"):
    try:
        found = measure_multivariate(reference, current, kinds(reference), Options(detector, 0.001, 0.99))
        print(*sorted(m.metric for m in found if m.value is not None))
    except SettingsError as error:
        print(error)
"""


def drift(detector: Detector, *, rho: float, n: int = 1_500, permutations: int | None = 500) -> Measurement:
    reference, current = joint(n, 1), joint(n, 2, rho=rho)
    options = Options(detector, alpha=0.001, confidence=0.99, permutations=permutations)
    return measure_multivariate(reference, current, kinds(reference), options)[1]


def test_everything_works_with_alibi_detect_and_torch_uninstalled_and_the_detectors_say_what_they_need() -> None:
    environ = os.environ | {"PYTHONPATH": os.pathsep.join([str(INCLUDE), str(TESTS)])}
    done = subprocess.run([sys.executable, "-c", WITHOUT], env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    own, classifier, mmd = done.stdout.splitlines()
    assert own == "auc_domain correlation_shift"
    assert classifier.startswith("multivariate.detector: classifier_drift needs alibi-detect (")
    assert classifier.endswith("pip install 'modelwatch[alibi]', or write detector: domain_classifier")
    assert mmd.startswith("multivariate.detector: mmd_drift needs alibi-detect and torch (")
    assert mmd.endswith("pip install 'modelwatch[torch]', or write detector: domain_classifier")


@pytest.mark.parametrize(("alpha", "count"), [(0.01, 500), (0.01 / 30, 12_000)])
def test_a_permutation_p_value_can_survive_the_correction(alpha: float, count: int) -> None:
    assert needed_permutations(alpha) == count


@pytest.mark.filterwarnings("ignore")
def test_alibis_classifier_finds_a_broken_correlation_and_leaves_a_quiet_window_alone() -> None:
    pytest.importorskip("alibi_detect", reason="alibi-detect is not installed: pip install 'modelwatch[alibi]'")
    broken, quiet = drift("classifier_drift", rho=0.0, n=4_000), drift("classifier_drift", rho=0.8, n=4_000)
    assert broken.metric == "auc_domain"
    assert broken.p_value is not None and broken.p_value < 1e-10
    assert broken.value is not None and broken.value > 0.55
    assert quiet.p_value is not None and quiet.p_value > 0.001
    assert quiet == drift("classifier_drift", rho=0.8, n=4_000)


@pytest.mark.filterwarnings("ignore")
def test_alibis_mmd_has_a_p_value_that_is_never_zero_and_repeats_itself() -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'modelwatch[torch]'")
    pytest.importorskip("alibi_detect", reason="alibi-detect is not installed: pip install 'modelwatch[alibi]'")
    reference, moved = joint(500, 1), joint(500, 2, shift=2.0)
    options = Options("mmd_drift", alpha=0.001, confidence=0.99, permutations=500)
    found, again = (measure_multivariate(reference, moved, kinds(reference), options)[1] for _ in range(2))
    assert found == again
    assert (found.metric, found.p_value) == ("mmd", 1 / 501)
    assert found.value is not None and found.value > 0.01
    assert "500 permutations" in (found.evidence or "")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("detector", ["classifier_drift", "mmd_drift"])
def test_few_rows_are_insufficient(detector: Detector) -> None:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'modelwatch[torch]'")
    pytest.importorskip("alibi_detect", reason="alibi-detect is not installed: pip install 'modelwatch[alibi]'")
    found = drift(detector, rho=0.8, n=60)
    assert (found.value, found.sufficient) == (None, False)
