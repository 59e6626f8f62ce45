"""Checks the documents against the tree and the built programs: links and file names exist, flags are in --help, every
flag of the programs is documented, every RUYI_ variable is known to the code.

usage: docs_lint.py ROOT BIN_FOLDER
"""

import pathlib
import re
import shlex
import subprocess
import sys

from source_tree import TOP_FOLDERS, SourceTree, report

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CODE_SPAN = re.compile(r"`([^`\n]+)`")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"^(?:%s)/[\w./*-]*$" % "|".join(re.escape(folder) for folder in TOP_FOLDERS))
FLAG = re.compile(r"(?<![\w-])--[a-z][a-z0-9-]*")
VARIABLE = re.compile(r"\bRUYI_[A-Z][A-Z0-9_]*\b")


class Programs:
    """The flags that the built programs and the scripts know."""

    def __init__(self, tree, bin_folder):
        self._tree = tree
        self._flags = {name: self._read_help(pathlib.Path(bin_folder) / name, subcommands)
                       for name, subcommands in tree.rules["docs"]["programs"].items()}
        for script in tree.matching("scripts/*"):
            self._flags[script] = set(FLAG.findall(tree.text(script)))

    @staticmethod
    def _read_help(program, subcommands):
        text = ""
        for subcommand in subcommands:
            command = [str(program), *subcommand.split(), "--help"]
            text += subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False).stdout
        return set(FLAG.findall(text))

    def flags(self, name):
        return self._flags[name]

    def named_by(self, command):
        """The known program that a command line starts, or None."""
        try:
            words = shlex.split(command, comments=True)
        except ValueError:
            words = command.split()
        for word in words:
            for name in self._flags:
                if word == name or word.endswith("/" + name):
                    return name
        return None

    def all_flags(self):
        return set().union(*self._flags.values())


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_links(tree, path, text):
    folder = (tree.root / path).parent
    for match in LINK.finditer(text):
        target = match[1].split("#")[0]
        if target and "://" not in target and not (folder / target).exists():
            yield f"{path}:{line_of(text, match.start())}: link to {target}, which does not exist"


def check_paths(tree, path, text):
    for match in CODE_SPAN.finditer(text):
        if PATH.match(match[1]) and not any(tree.root.glob(match[1].rstrip("/"))):
            yield f"{path}:{line_of(text, match.start())}: names {match[1]}, which does not exist"


def commands(text):
    """(position, command line) of every code span that is a command or a flag, and of every line in a fence."""
    for fence in FENCE.finditer(text):
        joined = fence[0].replace("\\\n", "  ")
        for line in joined.splitlines()[1:-1]:
            yield fence.start(), line.removeprefix("$ ")
    for span in CODE_SPAN.finditer(FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)):
        yield span.start(), span[1]


def check_flags(tree, programs, path, text):
    foreign = tree.rules["docs"].get("foreign_flags", [])
    for position, command in commands(text):
        program = programs.named_by(command)
        if program is not None:
            known = programs.flags(program)
        elif command.startswith("--"):
            known = programs.all_flags()
        else:
            continue
        for flag in FLAG.findall(command):
            if flag not in known and flag not in foreign:
                yield f"{path}:{line_of(text, position)}: {flag} is no flag of {program or 'our programs'}"


def check_variables(tree, path, text):
    known = set()
    sources = ("scripts/*", "deploy/*", "*.cmake", "*CMakeLists.txt", "server/*.cc", "server/*.h", "client/*.cc", "client/*.h")
    for source in tree.matching(*sources):
        known |= set(VARIABLE.findall(tree.text(source)))
    for match in VARIABLE.finditer(text):
        if match[0] not in known:
            yield f"{path}:{line_of(text, match.start())}: no source knows {match[0]}"


def check_complete(tree, programs):
    for program, path in tree.rules["docs"]["complete"].items():
        documented = set(FLAG.findall(tree.text(path))) | {"--help"}
        for flag in sorted(programs.flags(program) - documented):
            yield f"{path}: does not explain {flag} of {program}"


def check(tree, bin_folder):
    programs = Programs(tree, bin_folder)
    findings = []
    for path in tree.matching(*tree.rules["docs"]["files"]):
        text = tree.text(path)
        findings += check_links(tree, path, text)
        findings += check_paths(tree, path, FENCE.sub("", text))
        findings += check_flags(tree, programs, path, text)
        findings += check_variables(tree, path, text)
    return findings + list(check_complete(tree, programs))


if __name__ == "__main__":
    report("docs_lint", check(SourceTree(sys.argv[1]), sys.argv[2]))
