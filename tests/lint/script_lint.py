"""Checks every shell script: bash can parse it, shellcheck finds nothing, it is executable.

usage: script_lint.py ROOT SHELLCHECK
"""

import os
import pathlib
import subprocess
import sys

from source_tree import SourceTree, report


def is_shell_script(path):
    with open(path, "rb") as file:
        return file.readline().startswith(b"#!/usr/bin/env bash")


def check_script(root, path, shellcheck):
    findings = []
    if not os.access(root / path, os.X_OK):
        findings.append(f"{path}: is not executable")
    for command in (["bash", "-n", path], [shellcheck, "--format=gcc", path]):
        run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            findings += (run.stdout + run.stderr).strip().splitlines()
    return findings


def check(tree, shellcheck):
    if not pathlib.Path(shellcheck).exists():
        return [f"{shellcheck} is missing: run scripts/setup"]
    findings = []
    for path in tree.matching("scripts/*", "tests/*", "docker/*", "deploy/*", ".ci/*"):
        if is_shell_script(tree.root / path):
            findings += check_script(tree.root, path, shellcheck)
    return findings


if __name__ == "__main__":
    report("script_lint", check(SourceTree(sys.argv[1]), sys.argv[2]))
