"""The page of the monitor file: every key of the models, its default and its allowed words; and its example loads."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import pytest
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic.fields import FieldInfo

from modelwatch.config import Monitor, load_monitor
from modelwatch.config.thresholds import OF_CATEGORICAL, OF_NUMERIC

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "monitor-file.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| `([^`]+)`(?: \((\w+)\))? \| (.+?) \| (.+?) \| (.+?) \|$", re.MULTILINE)
DOCUMENTED = {(key, variant): (allowed, default) for key, variant, allowed, default, _ in ROW.findall(PAGE)}
# What a mapping's own names are called on the page.
NAMES = {"features": "<name>", "thresholds": "<metric>"}
# Explained in a section or a sentence of its own rather than in a row: the rows are those of its parts.
SECTIONS = {"source", "columns", "decision", "label", "reference", "sample", "features", "fairness", "thresholds",
            "labels", "alerts", "alerts.digest", "alerts.open_after", "multivariate", "performance", }  # fmt: skip

# The same levels as those of all features, and the same source as that of the requests.
SAME = {"features.<name>.thresholds", "labels.source"}

Key = tuple[str, str]


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a field's type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from models_in(get_args(annotation)[0])
    elif origin in (Union, UnionType, dict, list):
        for part in get_args(annotation):
            yield from models_in(part)


def words_in(annotation: Any) -> Iterator[str]:
    """The words that a field's type allows."""
    if get_origin(annotation) is Literal:
        yield from (word for word in get_args(annotation) if isinstance(word, str))
        return
    for part in get_args(annotation):
        if not isinstance(part, FieldInfo):
            yield from words_in(part)


def variant_of(model: type[BaseModel]) -> str:
    """The `type` that chooses this model among others, empty when it is not chosen by one word."""
    kind = model.model_fields.get("type")
    words = list(words_in(kind.annotation)) if kind else []
    return words[0] if len(words) == 1 else ""


def keys(model: type[BaseModel], prefix: str = "", variant: str = "") -> Iterator[tuple[Key, FieldInfo]]:
    """Every key below a model with its field; a mapping's entries stand under the page's name for them."""
    for name, field in model.model_fields.items():
        path = f"{prefix}{name}"
        yield (path, variant), field
        below = f"{path}.{NAMES[name]}." if get_origin(field.annotation) is dict and name in NAMES else f"{path}."
        for part in models_in(field.annotation):
            if path not in SAME:
                yield from keys(part, below, variant_of(part) or variant)


KEYS = {key: field for key, field in keys(Monitor) if key[0] not in SECTIONS}


def row_of(key: Key) -> tuple[str, str] | None:
    """The key's row; one without a type holds for all of them."""
    path, variant = key
    return DOCUMENTED.get((path, variant)) or DOCUMENTED.get((path, ""))


def default_of(field: FieldInfo) -> Any:
    """A field's default as the file would have it."""
    value = field.get_default(call_default_factory=True)
    annotation = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    return TypeAdapter(annotation).dump_python(value, mode="json")


def test_the_walk_finds_keys_at_every_depth() -> None:
    paths = {path for path, _ in KEYS}
    assert {
        "monitor",
        "sample.rows",
        "features.<name>.type",
        "alerts.slack.mention",
        "thresholds.<metric>.alert",
    } <= paths
    assert {("source.query", "http"), ("source.query", "sql"), ("source.pagination.limit", "offset")} <= KEYS.keys()
    assert ("source.auth.header", "api_key") in KEYS


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key[0]}({key[1]})")
def test_every_key_is_on_the_page_with_its_default_and_its_words(key: Key) -> None:
    field, row = KEYS[key], row_of(key)
    assert row is not None
    allowed, default = row
    if key[0].endswith(".type") and key[1]:
        assert f"`{key[1]}`" in allowed
        return
    if field.is_required():
        assert default == "*required*"
    else:
        written = re.fullmatch(r"`(.*)`", default)
        assert written and yaml.safe_load(written[1] or "''") == default_of(field)
    for word in words_in(field.annotation):
        assert f"`{word}`" in allowed or f"type: {word}" in allowed


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key[0]}({key[1]})")
def test_every_limit_of_a_number_is_on_the_page(key: Key) -> None:
    row = row_of(key)
    assert row is not None
    for rule in KEYS[key].metadata:
        for name in ("gt", "ge", "lt", "le"):
            limit = getattr(rule, name, None)
            assert limit is None or re.search(rf"(?<!\d){limit:g}(?!\d)", row[0]), name


def test_no_key_is_on_the_page_that_does_not_exist() -> None:
    paths = {path for path, _ in KEYS}
    known = KEYS.keys() | {(path, "") for path in paths}
    assert DOCUMENTED.keys() - known == set()


def test_sections_that_stand_for_a_key_are_on_the_page() -> None:
    for section in SECTIONS:
        assert any(path.startswith(f"{section}.") for path, _ in DOCUMENTED), section


def test_the_metrics_of_a_features_own_thresholds_are_the_ones_named() -> None:
    sentence = re.search(
        r"A numeric feature may have thresholds for (.+?); a categorical one for (.+?)\.\n", PAGE, re.DOTALL
    )
    assert sentence
    assert [re.findall(r"`(\w+)`", part) for part in sentence.groups()] == [list(OF_NUMERIC), list(OF_CATEGORICAL)]


def test_the_example_loads_and_shows_every_part(tmp_path: Path) -> None:
    example = re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    assert example
    path = tmp_path / "fraud.yaml"
    path.write_text(example[1], encoding="utf-8")
    assert load_monitor(path).monitor == "fraud"
    assert set(yaml.safe_load(example[1])) == set(Monitor.model_fields)
