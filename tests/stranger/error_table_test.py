"""The table of errors in docs/api.md: every reason in it has a test here that provokes it over the wire."""

import re

from conftest import ROOT

# These need a GPU: tests/model_bench provokes them on one.
ON_A_GPU = {"GPU_OUT_OF_MEMORY", "GPU_FAULT"}


def reasons():
    table = (ROOT / "docs" / "api.md").read_text(encoding="utf-8").partition("\n## Errors\n")[2].partition("\n### ")[0]
    return set(re.findall(r"^\| `([A-Z_]+)` \|", table, re.MULTILINE))


def test_every_reason_is_provoked():
    folder = ROOT / "tests" / "stranger"
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*_test.py") if path.name != "error_table_test.py"]
    untested = {reason for reason in reasons() if not any(f'"{reason}"' in text for text in texts)}
    assert untested == ON_A_GPU
