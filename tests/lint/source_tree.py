"""The project's own files, as every lint reads them, and the way a lint reports."""

import fnmatch
import functools
import os
import pathlib
import sys
import tomllib

TOP_FOLDERS = ("client", "clients", "cmake", "core", "deploy", "docker", "docs", "models", "proto", "scripts", "server",
               "tests", ".ci")


class SourceTree:
    def __init__(self, root):
        self.root = pathlib.Path(root)

    @functools.cached_property
    def files(self):
        """Every file's path from the root, with '/', sorted."""
        found = [entry.name for entry in self.root.iterdir() if entry.is_file()]
        for top in TOP_FOLDERS:
            for folder, subfolders, names in os.walk(self.root / top):
                subfolders[:] = [name for name in subfolders if name != "__pycache__"]
                found += [pathlib.Path(folder, name).relative_to(self.root).as_posix() for name in names]
        return sorted(found)

    def matching(self, *patterns):
        """Files whose path matches one of the patterns; '*' also matches '/'."""
        return [path for path in self.files if any(fnmatch.fnmatchcase(path, pattern) for pattern in patterns)]

    def cpp(self):
        return self.matching("*.cc", "*.cu", "*.h")

    def text(self, path):
        return (self.root / path).read_text(encoding="utf-8")

    @functools.cached_property
    def rules(self):
        return tomllib.loads((pathlib.Path(__file__).parent / "rules.toml").read_text(encoding="utf-8"))


def report(name, findings):
    """Prints the findings and ends the program: 1 if there are any."""
    for finding in findings:
        print(finding)
    print(f"{name}: {len(findings)} finding(s)")
    sys.exit(1 if findings else 0)
