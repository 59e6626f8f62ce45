"""Checks that every C++ source is formatted as .clang-format says.

usage: format_lint.py ROOT CLANG_FORMAT
"""

import pathlib
import re
import subprocess
import sys

from source_tree import SourceTree, report


def check(tree, clang_format):
    if not pathlib.Path(clang_format).exists():
        return [f"{clang_format} is missing: run scripts/setup"]
    sources = tree.cpp()
    if not sources:
        return []
    run = subprocess.run([clang_format, "--style=file", "--dry-run", "--Werror", *sources], cwd=tree.root,
                         capture_output=True, text=True, check=False)
    if run.returncode == 0:
        return []
    places = re.findall(r"^(\S+?):(\d+):\d+: error: .*clang-format", run.stderr, re.MULTILINE)
    first_in_file = {path: line for path, line in reversed(places)}
    if not first_in_file:
        return [run.stderr.strip()]
    return [f"{path}:{line}: format differs: .deps/venv/bin/clang-format -i {path}"
            for path, line in sorted(first_in_file.items())]


if __name__ == "__main__":
    report("format_lint", check(SourceTree(sys.argv[1]), sys.argv[2]))
