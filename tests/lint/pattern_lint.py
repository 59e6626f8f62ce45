"""Checks text against the [[patterns]] of rules.toml: each is a regular expression that may match in no file of a kind.

usage: pattern_lint.py ROOT
"""

import fnmatch
import re
import sys

from source_tree import SourceTree, report


def check_pattern(tree, pattern):
    expression = re.compile(pattern["regex"], re.MULTILINE)
    findings = []
    for path in tree.matching(*pattern["files"]):
        if any(fnmatch.fnmatchcase(path, exception) for exception in pattern.get("except", [])):
            continue
        text = tree.text(path)
        for match in expression.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            findings.append(f"{path}:{line}: '{match[0].strip()}': {pattern['message']}")
    return findings


def check_header(path, text):
    findings = []
    if not text.startswith("//"):
        findings.append(f"{path}:1: a header opens with a comment: what it is, what comes before and after it, "
                        "ownership, threads")
    if "\n#pragma once\n" not in text:
        findings.append(f"{path}:1: a header says #pragma once")
    return findings


def check(tree):
    findings = []
    for pattern in tree.rules["patterns"]:
        findings += check_pattern(tree, pattern)
    for path in tree.matching("*.h"):
        findings += check_header(path, tree.text(path))
    return findings


if __name__ == "__main__":
    report("pattern_lint", check(SourceTree(sys.argv[1])))
