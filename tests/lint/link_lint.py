"""Checks that the built programs that need no libtorch do not load it (rules.toml, [links]).

usage: link_lint.py ROOT BIN_FOLDER
"""

import fnmatch
import pathlib
import re
import subprocess
import sys

from source_tree import SourceTree, report

NEEDED = re.compile(r"\(NEEDED\).*\[(.+)\]")


def needed_libraries(program):
    run = subprocess.run(["readelf", "--dynamic", "--wide", str(program)], capture_output=True, text=True, check=False)
    return NEEDED.findall(run.stdout)


def check_needed(name, needed, links):
    """Messages when the program `name` needs a library that is not for it."""
    findings = []
    for library, allowed in links.items():
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in allowed):
            continue
        findings += [f"{name}: loads {entry}; only {', '.join(allowed)} may"
                     for entry in needed if entry.startswith(library)]
    return findings


def check(tree, bin_folder):
    programs = sorted(path for path in pathlib.Path(bin_folder).iterdir() if path.is_file())
    if not programs:
        return [f"{bin_folder} holds no program: build first"]
    findings = []
    for program in programs:
        findings += check_needed(program.name, needed_libraries(program), tree.rules["links"])
    return findings


if __name__ == "__main__":
    report("link_lint", check(SourceTree(sys.argv[1]), sys.argv[2]))
