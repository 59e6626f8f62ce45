"""The Grafana board: its expressions parse, name metrics that there are, and run on a Prometheus that scraped the server."""

import contextlib
import json
import re
import subprocess
import time
import urllib.parse
import urllib.request

import promql_parser
import pytest
import yaml

from conftest import ROOT, run, tool
from programs import DEADLINE_S

MONITORING = ROOT / "deploy" / "components" / "monitoring"
BOARD = json.loads((MONITORING / "board.json").read_text())
RULES = yaml.safe_load((MONITORING / "prometheus_rule.yaml").read_text())["spec"]["groups"][0]["rules"]
VARIABLES = {"$__rate_interval": "1m"}
METRIC = re.compile(r"\b(?:ruyi_\w+)\b")
# They come with what they count, such as the first request that is refused, or with TLS or traces.
WITHOUT_A_SAMPLE = {"ruyi_requests_refused_total", "ruyi_calls_unauthorized_total", "ruyi_credential_reads_total",
                    "ruyi_tls_certificate_expiry_timestamp_seconds", "ruyi_spans_total"}


def expressions():
    """(where it is used, PromQL) of the board, the alerts and the autoscaler."""
    for panel in BOARD["panels"]:
        for target in panel["targets"]:
            expression = target["expr"]
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            yield panel["title"], expression
    for rule in RULES:
        yield rule["alert"], rule["expr"]
    scaled = yaml.safe_load((ROOT / "deploy" / "components" / "autoscaling" / "scaled_object.yaml").read_text())
    yield "ScaledObject", scaled["spec"]["triggers"][0]["metadata"]["query"]


EXPRESSIONS = list(expressions())


def fetch(url):
    with urllib.request.urlopen(url, timeout=DEADLINE_S) as answer:
        return answer.read().decode()


@pytest.fixture(scope="module")
def server(new_server, binaries, tmp_path_factory):
    """A server that has made a video."""
    started = new_server()
    run(binaries / "ruyi-client", "--server", started.address(), "generate", "--image", ROOT / "tests" / "data" / "photo.jpg",
        "--frames", "8", "--out", tmp_path_factory.mktemp("film") / "film.mp4")
    return started


@pytest.fixture(scope="module")
def metrics_address(server):
    return f"127.0.0.1:{server.ports()[1]}"


@pytest.fixture(scope="module")
def prometheus(metrics_address, tmp_path_factory):
    """The address of a Prometheus that has scraped the server twice."""
    folder = tmp_path_factory.mktemp("prometheus")
    (folder / "prometheus.yml").write_text(yaml.safe_dump({
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "ruyi-server", "static_configs": [
            {"targets": [metrics_address], "labels": {"namespace": "ruyi"}}]}]}))
    with subprocess.Popen([tool("prometheus"), f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                           "--web.listen-address=127.0.0.1:0", "--log.format=json"],
                          stderr=subprocess.PIPE, text=True) as process:
        try:
            address = next(json.loads(line)["address"] for line in process.stderr if '"Listening on"' in line)
            with contextlib.suppress(StopIteration):
                next(line for line in process.stderr if "ready to receive web requests" in line)
            await_samples(address)
            yield address
        finally:
            process.kill()


def query(address, expression):
    answer = json.loads(fetch(f"http://{address}/api/v1/query?" + urllib.parse.urlencode({"query": expression})))
    assert answer["status"] == "success", answer
    return answer["data"]["result"]


def await_samples(address):
    deadline = time.monotonic() + DEADLINE_S
    while not query(address, "count_over_time(ruyi_model_ready[1m]) >= 3"):
        assert time.monotonic() < deadline, "Prometheus did not scrape the server"


@pytest.mark.parametrize("where, expression", EXPRESSIONS, ids=[f"{where}-{i}" for i, (where, _) in enumerate(EXPRESSIONS)])
def test_an_expression_runs_and_names_metrics_that_there_are(prometheus, metrics_address, where, expression):
    promql_parser.parse(expression)
    there = set(METRIC.findall(fetch(f"http://{metrics_address}/metrics"))) | WITHOUT_A_SAMPLE
    assert set(METRIC.findall(expression)) - there == set(), where
    found = query(prometheus, expression)
    if where in {panel["title"] for panel in BOARD["panels"]} and not set(METRIC.findall(expression)) & WITHOUT_A_SAMPLE:
        assert found, f"{where} shows nothing: {expression}"


def test_names_of_metrics_that_come_late_are_those_of_the_source():
    source = "".join((ROOT / "server" / path).read_text() for path in ("metrics/job_metrics.cc", "app/access.cc",
                                                                         "tracing/span_exporter.cc"))
    assert all(f'"{name}"' in source for name in WITHOUT_A_SAMPLE)


def test_prometheus_finds_nothing_to_say_of_the_names(metrics_address):
    """Of ours; those of the library that serves them are not ours to name."""
    ours = "\n".join(line for line in fetch(f"http://{metrics_address}/metrics").splitlines() if "exposer_" not in line)
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=ours + "\n", capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_board_is_one_that_grafana_can_show():
    assert BOARD["uid"] and BOARD["title"]
    assert [variable["type"] for variable in BOARD["templating"]["list"]] == ["datasource"]
    ids = [panel["id"] for panel in BOARD["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in BOARD["panels"]:
        assert panel["datasource"]["uid"] == "${datasource}"
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["description"]


def test_every_metric_of_the_server_is_on_the_board(metrics_address):
    names = {line.split()[2] for line in fetch(f"http://{metrics_address}/metrics").splitlines() if line.startswith("# TYPE ruyi_")}
    shown = " ".join(expression for _, expression in EXPRESSIONS)
    assert [name for name in sorted(names) if name not in shown] == []


def test_the_board_is_part_of_the_fleet(overlays):
    board = next(item for item in overlays["postgres-s3"] if item["metadata"]["name"] == "ruyi-board")
    assert json.loads(board["data"]["board.json"]) == BOARD
    assert board["metadata"]["labels"]["grafana_dashboard"] == "1"
