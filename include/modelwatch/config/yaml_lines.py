"""YAML with the line of every key, and without YAML's silent traps (a key written twice)."""

from typing import Any

import yaml

from modelwatch.config.base import Place

MAX_PLACES = 100_000


class YamlMistakes(Exception):  # several at once
    """The text is not a usable YAML mapping; ``problems`` says where and why."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def read_yaml(text: str) -> tuple[dict[str, Any], dict[Place, int]]:
    """The mapping and the 1-based line of each of its keys and items.

    Raises:
        YamlMistakes: broken YAML, not a mapping, keys written twice, or dates that are none.
    """
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        places = _Places()
        places.walk(_mapping(node), ())
        content = loader.construct_document(node)
    except yaml.YAMLError as error:
        raise YamlMistakes([_broken(error)]) from None
    return content, places.lines


def line_of(place: Place, lines: dict[Place, int]) -> int:
    """The line of the place, or of the nearest place above it that stands in the file."""
    while place and place not in lines:
        place = place[:-1]
    return lines.get(place, 1)


def dotted(place: Place) -> str:
    """``features.amount``, ``fairness.intersections[0]``."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return text.removeprefix(".") or "the file"


def _mapping(node: yaml.Node | None) -> yaml.MappingNode:
    if node is None:
        raise YamlMistakes(["is empty; `modelwatch init` writes a first version"])
    if not isinstance(node, yaml.MappingNode):
        raise YamlMistakes(["line 1: a monitor file is a mapping of keys such as 'monitor: fraud'"])
    return node


def _broken(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or "it holds a character that is not text"
    return f"{where}not valid YAML: {problem}; check indentation, colons and quotes"


class _Places:
    """The lines of a document's keys and items, found while its mistakes are."""

    def __init__(self) -> None:
        self.lines: dict[Place, int] = {}
        self._above: set[int] = set()

    def walk(self, root: yaml.Node, place: Place) -> None:
        problems = list(self._problems(root, place))
        if problems:
            raise YamlMistakes(problems)

    def _problems(self, node: yaml.Node, place: Place) -> list[str]:
        where = f"line {node.start_mark.line + 1}: {dotted(place)}"
        if id(node) in self._above:
            return [f"{where}: refers to itself"]
        if len(self.lines) > MAX_PLACES:
            raise YamlMistakes([f"{where}: the file has more than {MAX_PLACES} entries; that is no monitor"])
        if isinstance(node, yaml.ScalarNode):
            return [] if _is_constructible(node) else [f"{where}: '{node.value}' is no date; put text in quotes"]
        self._above.add(id(node))
        of_kind = self._of_mapping if isinstance(node, yaml.MappingNode) else self._of_sequence
        problems = of_kind(node, place)
        self._above.discard(id(node))
        return problems

    def _of_mapping(self, node: yaml.Node, place: Place) -> list[str]:
        problems: list[str] = []
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            here = (*place, name)
            if name in seen:
                problems.append(f"line {line}: {dotted(here)}: was set on line {seen[name]} already")
            elif isinstance(key, yaml.ScalarNode) and not key.tag.endswith((":str", ":merge")):
                problems.append(f"line {line}: {dotted(here)}: YAML reads this name as a {_kind(key)}; write '{name}'")
            seen[name] = line
            self.lines[here] = line
            problems += self._problems(value, here)
        return problems

    def _of_sequence(self, node: yaml.Node, place: Place) -> list[str]:
        problems: list[str] = []
        for index, value in enumerate(node.value):
            self.lines[*place, index] = value.start_mark.line + 1
            problems += self._problems(value, (*place, index))
        return problems


def _kind(key: yaml.ScalarNode) -> str:
    kinds = {"bool": "true or false", "int": "number", "float": "number", "null": "null", "timestamp": "date"}
    return kinds.get(key.tag.rpartition(":")[2], "special value")


def _is_constructible(node: yaml.ScalarNode) -> bool:
    """False for a date such as 2026-13-45, which PyYAML takes for one and then cannot make."""
    if not node.tag.endswith(":timestamp"):
        return True
    try:
        yaml.SafeLoader("").construct_object(node)
    except ValueError:
        return False
    return True
