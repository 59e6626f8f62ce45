"""Checks every #include of C++ sources against the table of rooms in rules.toml.

usage: include_lint.py ROOT
"""

import re
import sys

from source_tree import SourceTree, report

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Rooms:
    def __init__(self, rules):
        self._libraries = rules["libraries"]
        self._rooms = rules["rooms"]

    def of(self, path):
        """The room with the longest name that holds the path, or None. A room may be one file."""
        holding = [room for room in self._rooms if path == room or path.startswith(room + "/")]
        return max(holding, key=len, default=None)

    def reachable(self, room):
        """The room and every room that it may include, directly or through another."""
        reached, waiting = set(), [room]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting += self._rooms[name].get("rooms", [])
        return reached

    def library_of(self, header):
        for library, prefixes in self._libraries.items():
            if any(header.startswith(prefix) for prefix in prefixes):
                return library
        return None

    def allows_library(self, room, library):
        return library in self._rooms[room].get("libraries", []) or library in self._libraries_of_subject(room)

    def _libraries_of_subject(self, room):
        subject = self._rooms[room].get("tests")
        return self._rooms[subject].get("libraries", []) if subject else []


def check_include(tree, rooms, path, header):
    """A message when the file `path` may not include `header`, else None."""
    room = rooms.of(path)
    if room is None:
        return "lies in no room of tests/lint/rules.toml"
    if header in tree.rules["forbidden_headers"]:
        return f'may not include "{header}": {tree.rules["forbidden_headers"][header]}'
    library = rooms.library_of(header)
    if library is not None:
        if rooms.allows_library(room, library):
            return None
        return f'may not include "{header}": {room} does not use {library}'
    if "/" not in header or header.startswith(tuple(tree.rules["system_headers"])):
        return None
    other = rooms.of(header)
    if other is None:
        return f'includes "{header}", which is in no room and no known library'
    return None if other in rooms.reachable(room) else f'may not include "{header}": {room} does not use {other}'


def includes(text):
    for number, line in enumerate(text.splitlines(), 1):
        if match := INCLUDE.match(line):
            yield number, match[2]


def check(tree):
    rooms = Rooms(tree.rules)
    findings = []
    for path in tree.cpp():
        for number, header in includes(tree.text(path)):
            if message := check_include(tree, rooms, path, header):
                findings.append(f"{path}:{number}: {message}")
    return findings


if __name__ == "__main__":
    report("include_lint", check(SourceTree(sys.argv[1])))
