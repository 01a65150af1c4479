"""Reads YAML of a small kind: one document of mappings, lists and texts. What YAML has besides is refused with its place:
aliases (which can make a few lines into gigabytes), tags, several documents, keys that are no text, keys given twice."""

from __future__ import annotations

from typing import Any, NoReturn

import yaml

from penstock.lang.document.file.nodes import Comment, Mapping, Mark, Node, Scalar, Sequence

DEEPEST = 100
"""How deeply a file nests at most; conditions nest 30 deep and take two levels each."""
# The parser in C where the wheel has it: a hundred components are read in a few milliseconds.
_PARSER: Any = yaml.CLoader if yaml.__with_libyaml__ else yaml.SafeLoader


class NotYaml(ValueError):
    """A text that is not YAML of this kind; a value for the reader, never seen outside this room."""

    def __init__(self, message: str, line: int | None = None, column: int | None = None) -> None:
        place = "" if line is None else f"line {line}, column {column}: "
        super().__init__(f"{place}{message}")
        self.line = line
        self.column = column
        self.message = message


def decode(data: bytes) -> str:
    """Return the text of a file. Raises NotYaml where it is not UTF-8."""
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8", "replace")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        message = f"the byte 0x{data[error.start]:02X} is not UTF-8; save the file as UTF-8"
        raise NotYaml(message, line, column) from None


def parse(text: str) -> Node | None:
    """Return the tree of a text, or None where it holds nothing. Raises NotYaml with the reason and its place."""
    _check_characters(text)
    try:
        return _Composer(_PARSER(text)).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = _said(error.problem or error.context or "it cannot be read", text, mark)
        raise NotYaml(said, *_place(mark)) from None
    except yaml.YAMLError as error:
        raise NotYaml(str(error).split("\n")[0]) from None


def _check_characters(text: str) -> None:
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isprintable():
            continue
        for column, char in enumerate(line, start=1):
            if (
                (char < " " and char not in "\t\r")
                or char == "\x7f"
                or "\ud800" <= char <= "\udfff"
                or char in "\ufffe\uffff"
            ):
                raise NotYaml(f"the character U+{ord(char):04X} may not stand in a file", number, column)


def _place(mark: Any) -> tuple[int | None, int | None]:
    return (None, None) if mark is None else (mark.line + 1, mark.column + 1)


def _said(problem: str, text: str, mark: Any) -> str:
    lines = text.split("\n")
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())] or "\\t" in problem:
        return "a tab stands where a line is indented; YAML is indented with spaces"
    if "mapping values are not allowed" in problem:
        return "a colon stands inside a text; put the text in quotes"
    if "expected <block end>" in problem or "did not find expected key" in problem:
        return "this line is indented differently from its neighbours, or a text needs quotes"
    return problem


class _Composer:
    def __init__(self, parser: Any) -> None:
        self.parser = parser

    def document(self) -> Node | None:
        node: Node | None = None
        seen = False
        while True:
            event = self.parser.get_event()
            if isinstance(event, yaml.StreamEndEvent):
                return node
            if isinstance(event, yaml.DocumentStartEvent):
                if seen:
                    _refuse(event, "a second document begins here; a file holds one")
                if event.version is not None or event.tags:
                    _refuse(event, "a '%' directive has no place in a package file")
                seen = True
                node = self.node(self.parser.get_event(), 0)
                if isinstance(node, Scalar) and node.plain and node.text == "":
                    node = None

    def node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            _refuse(event, f"'*{event.anchor}' repeats another part of the file; write it out, aliases are not read")
        if event.anchor is not None:
            _refuse(event, f"'&{event.anchor}' names a part of the file; anchors are not read, write the part out")
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            _refuse(event, f"the tag '{tag}' has no place in a package file; leave it out")
        if depth > DEEPEST:
            _refuse(event, "this is nested too deeply")
        mark = _mark(event)
        match event:
            case yaml.ScalarEvent():
                return Scalar(event.value, event.style in (None, ""), mark)
            case yaml.SequenceStartEvent():
                return Sequence(tuple(self.items(depth)), mark)
            case _:
                return Mapping(tuple(self.entries(depth)), mark)

    def items(self, depth: int) -> list[Node]:
        made: list[Node] = []
        while not isinstance(event := self.parser.get_event(), yaml.SequenceEndEvent):
            made.append(self.node(event, depth + 1))
        return made

    def entries(self, depth: int) -> list[tuple[Scalar, Node]]:
        made: list[tuple[Scalar, Node]] = []
        first: dict[str, int] = {}
        while not isinstance(event := self.parser.get_event(), yaml.MappingEndEvent):
            key = self.node(event, depth + 1)
            if not isinstance(key, Scalar):
                _refuse(event, "a key must be a text")
            if key.text in first:
                _refuse(event, f"the key '{key.text[:60]}' stands twice, first in line {first[key.text]}")
            first[key.text] = key.mark.line
            made.append((key, self.node(self.parser.get_event(), depth + 1)))
        return made


def _mark(event: Any) -> Mark:
    mark = event.start_mark
    return Mark(mark.line + 1, mark.column + 1, mark.index)


def _refuse(event: Any, message: str) -> NoReturn:
    raise NotYaml(message, *_place(event.start_mark))


def comments(text: str) -> list[Comment]:
    """Return the comments of a text that `parse` reads: what stands between its tokens and begins with `#`."""
    found: list[Comment] = []
    end = 0
    scanner: Any = yaml.SafeLoader(text)
    while scanner.check_token():
        token = scanner.get_token()
        start = token.start_mark.index
        found += _between(text, end, start)
        end = max(end, token.end_mark.index)
        if isinstance(token, yaml.ScalarToken) and token.style in ("|", ">"):
            # A comment may stand behind the sign that begins a block of text.
            header = text.find("\n", start)
            found += _between(text, start, header if header != -1 else len(text))
    found += _between(text, end, len(text))
    return found


def _between(text: str, start: int, end: int) -> list[Comment]:
    made = []
    at = start
    while at < end:
        if text[at] == "#":
            stop = text.find("\n", at)
            stop = len(text) if stop == -1 else stop
            begin = text.rfind("\n", 0, at) + 1
            mark = Mark(text.count("\n", 0, at) + 1, at - begin + 1, at)
            made.append(Comment(text[at:stop].rstrip(), not text[begin:at].strip(), mark))
            at = stop
        at += 1
    return made
