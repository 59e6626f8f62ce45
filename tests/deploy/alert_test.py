"""The alerts: promtool's own checks and unit tests, and a part in the runbook for each."""

import re

import pytest
import yaml

from conftest import ROOT, run, tool

RULE = ROOT / "deploy" / "components" / "monitoring" / "prometheus_rule.yaml"
TESTS = ROOT / "tests" / "deploy" / "rules_test.yaml"


def alerts():
    return [rule for group in yaml.safe_load(RULE.read_text())["spec"]["groups"] for rule in group["rules"]]


@pytest.fixture
def rules(tmp_path):
    """A folder with the rules as Prometheus reads them, and their unit tests. Promtool compares annotations too: what
    they say to people is left out."""
    for rule in (spec := yaml.safe_load(RULE.read_text())["spec"])["groups"][0]["rules"]:
        del rule["annotations"]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec))
    (tmp_path / "tests.yaml").write_text(TESTS.read_text())
    return tmp_path


def test_prometheus_reads_the_rules(tmp_path):
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(yaml.safe_load(RULE.read_text())["spec"]))
    run(tool("promtool"), "check", "rules", tmp_path / "rules.yaml")


def test_alerts_come_when_they_should_and_only_then(rules):
    run(tool("promtool"), "test", "rules", rules / "tests.yaml")


def test_every_alert_has_a_unit_test_that_sees_it_come_and_one_that_does_not():
    seen = {}
    for test in yaml.safe_load(TESTS.read_text())["tests"]:
        for check in test["alert_rule_test"]:
            seen.setdefault(check["alertname"], set()).add(bool(check["exp_alerts"]))
    assert seen == {alert["alert"]: {True, False} for alert in alerts()}


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: alert["alert"])
def test_every_alert_has_its_part_in_the_runbook(alert):
    path, anchor = re.fullmatch(r"https://[^#]*/(docs/[^#]*)#(.*)", alert["annotations"]["runbook_url"]).groups()
    headings = re.findall(r"^#+ (.*)$", (ROOT / path).read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
    assert alert["labels"]["severity"] in ("critical", "warning")
