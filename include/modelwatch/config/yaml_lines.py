"""YAML with the line of every key, and without YAML's silent traps (a key written twice)."""

from typing import Any

import yaml

Path = tuple[str | int, ...]


class YamlMistakes(Exception):  # several at once
    """The text is not a usable YAML mapping; ``problems`` says where and why."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("\n".join(problems))


def read_yaml(text: str) -> tuple[dict[str, Any], dict[Path, int]]:
    """The mapping and the 1-based line of each of its keys and items.

    Raises:
        YamlMistakes: broken YAML, not a mapping, or keys written twice.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise YamlMistakes([_broken(error)]) from None
    if node is None:
        raise YamlMistakes(["is empty; `modelwatch init` writes a first version"])
    if not isinstance(node, yaml.MappingNode):
        raise YamlMistakes(["line 1: a monitor file is a mapping of keys such as 'monitor: fraud'"])
    lines: dict[Path, int] = {}
    twice: list[str] = []
    _walk(node, (), lines, twice)
    if twice:
        raise YamlMistakes(twice)
    return content, lines


def line_of(path: Path, lines: dict[Path, int]) -> int:
    """The line of the place, or of the nearest place above it that stands in the file."""
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def _broken(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    problem = getattr(error, "problem", None) or "cannot be read"
    return f"{where}not valid YAML: {problem}; check indentation, colons and quotes"


def _walk(node: yaml.Node, path: Path, lines: dict[Path, int], twice: list[str]) -> None:
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            if name in seen:
                twice.append(f"line {line}: {'.'.join(map(str, (*path, name)))}: was set on line {seen[name]} already")
            seen[name] = line
            lines[*path, name] = line
            _walk(value, (*path, name), lines, twice)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[*path, index] = value.start_mark.line + 1
            _walk(value, (*path, index), lines, twice)
