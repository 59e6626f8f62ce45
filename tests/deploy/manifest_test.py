"""The manifests: schemas, and what holds for every overlay."""

import json
import re
import shutil
import subprocess
import urllib.parse

import jsonschema
import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.prometheus_operator.v1 import PrometheusRule, ServiceMonitor

from conftest import OVERLAYS, ROOT, render, run

KUBERNETES = "1.37"
MODELS = {"ScaledObject": ScaledObject, "PrometheusRule": PrometheusRule, "ServiceMonitor": ServiceMonitor}
SCHEMAS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "tests" / "deploy" / "schemas").iterdir()}


def check_model(item):
    """The model refuses what is missing or of the wrong type; what it does not know is lost on the way through it."""
    model = MODELS[item["kind"]].model_validate(item)
    written = json.loads(model.model_dump_json(by_alias=True, exclude_unset=True, exclude_none=True))
    assert written == item


def check_schema(item):
    """Kubernetes' own kinds by their published schemas; a kind that has none is a failure."""
    if item["kind"] in MODELS:
        check_model(item)
    elif item["kind"] in SCHEMAS:
        jsonschema.validate(item, SCHEMAS[item["kind"]])
    else:
        kubernetes_validate.validate(item, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_fits_its_schema(overlays, overlay):
    assert overlays[overlay]
    for item in overlays[overlay]:
        check_schema(item)


@pytest.mark.parametrize("change", [
    lambda item: item["spec"].update(replica=2),
    lambda item: item["spec"]["template"]["spec"]["containers"][0]["readinessProbe"]["grpc"].update(port="grpc"),
])
def test_a_misspelt_or_mistyped_field_is_found(overlays, change):
    item = json.loads(json.dumps(the(overlays["gpu"], "StatefulSet")))
    change(item)
    with pytest.raises(kubernetes_validate.ValidationError):
        check_schema(item)


def test_a_kind_without_a_schema_is_found(overlays):
    item = {**the(overlays["gpu"], "Service"), "kind": "Servise"}
    with pytest.raises(kubernetes_validate.SchemaNotFoundError):
        check_schema(item)


@pytest.mark.parametrize("kind, field", [("ScaledObject", "pollInterval"), ("ServiceMonitor", "endpoint"),
                                         ("GRPCRoute", "timeouts"), ("BackendTrafficPolicy", "timeouts")])
def test_an_unknown_field_of_a_custom_kind_is_found(overlays, kind, field):
    item = json.loads(json.dumps(the(overlays["postgres-s3"], kind)))
    item["spec"][field] = "30s"
    with pytest.raises((AssertionError, jsonschema.ValidationError)):
        check_schema(item)


def test_probes_speak_no_tls(overlays):
    container = pod_of(overlays["tls"])["containers"][0]
    port = int(flags_of(overlays["tls"])["RUYI_HEALTH_LISTEN"].rsplit(":", 1)[1])
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["grpc"]["port"] == port


def the(items, kind, name=None):
    found = [item for item in items if item["kind"] == kind and name in (None, item["metadata"]["name"])]
    assert len(found) == 1, f"{len(found)} objects of kind {kind}"
    return found[0]


def pod_of(items):
    return the(items, "StatefulSet")["spec"]["template"]["spec"]


def flags_of(items):
    """The environment variables that the server is given."""
    reference = pod_of(items)["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    return the(items, "ConfigMap", reference)["data"]


def seconds(text, name):
    return int(re.search(name + r" = absl::Seconds\((\d+)\)", text)[1])


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_pod_has_the_time_that_its_drain_takes(overlays, overlay):
    app = ROOT / "server" / "app"
    limits, server, serve = ((app / name).read_text() for name in ("components.h", "server.cc", "serve.cc"))
    flush_timeout = seconds(serve, "kFlushTimeout")
    drain = (seconds(limits, "hand_back") + seconds(limits, "flush") + seconds(server, "kLastAnswers")
             + 2 * flush_timeout)  # the log, and as long again for the listener of the metrics
    pod = pod_of(overlays[overlay])
    pre_stop = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    needed = pre_stop + int(flags_of(overlays[overlay])["RUYI_DRAIN_TIMEOUT"]) + drain
    assert needed <= pod["terminationGracePeriodSeconds"] <= needed + 30


def variables_of_the_server(binaries):
    known = set(re.findall(r"Env:(\w+)", run(binaries / "ruyi-server", "--help")))
    assert known
    return known


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_variable_is_a_flag_of_the_server(overlays, binaries, overlay):
    assert set(flags_of(overlays[overlay])) - variables_of_the_server(binaries) == set()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_probes_ask_for_services_that_the_server_has(overlays, overlay):
    container = pod_of(overlays[overlay])["containers"][0]
    liveness = re.search(r'kLiveness\[\] = "(\w+)"', (ROOT / "server" / "app" / "health_service.h").read_text())[1]
    assert container["livenessProbe"]["grpc"]["service"] == liveness
    for probe in ("startupProbe", "readinessProbe"):
        assert container[probe]["grpc"]["service"] == "ruyi.v1.VideoService"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_and_references_meet(overlays, overlay):
    items = overlays[overlay]
    labels = the(items, "StatefulSet")["spec"]["template"]["metadata"]["labels"]
    for selector in (the(items, "StatefulSet")["spec"]["selector"]["matchLabels"],
                     the(items, "Service")["spec"]["selector"],
                     the(items, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
                     the(items, "NetworkPolicy", "ruyi-server")["spec"]["podSelector"]["matchLabels"]):
        assert selector.items() <= labels.items()
    assert the(items, "StatefulSet")["spec"]["serviceName"] == the(items, "Service")["metadata"]["name"]
    volumes = {volume["name"] for volume in pod_of(items)["volumes"]} | {"state"}
    for container in pod_of(items)["containers"] + pod_of(items).get("initContainers", []):
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes


def test_the_autoscaler_scales_what_is_there_and_leaves_its_number_alone(overlays):
    items = overlays["postgres-s3"]
    target = the(items, "ScaledObject")["spec"]["scaleTargetRef"]
    stateful_set = the(items, target["kind"], target["name"])
    assert "replicas" not in stateful_set["spec"]
    assert the(items, "GRPCRoute")["spec"]["rules"][0]["backendRefs"][0]["name"] == the(items, "Service")["metadata"]["name"]


def test_a_claim_takes_the_place_of_the_device_plugin(overlays):
    resources = pod_of(overlays["dra"])["containers"][0]["resources"]
    assert resources["claims"] == [{"name": "gpu"}]
    assert "nvidia.com/gpu" not in resources["limits"]


def render_with(tmp_path, overlay, components):
    """The objects of an overlay with other components."""
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    path = tmp_path / "deploy" / "overlays" / overlay / "kustomization.yaml"
    changed = {**yaml.safe_load(path.read_text()), "components": [f"../../components/{name}" for name in components]}
    path.write_text(yaml.safe_dump(changed))
    return render(path.parent)


@pytest.fixture
def with_weights_on_a_volume(tmp_path):
    return render_with(tmp_path, "gpu", ["weights-volume"])


def test_weights_may_lie_on_a_volume(with_weights_on_a_volume):
    for item in with_weights_on_a_volume:
        check_schema(item)
    models = [volume for volume in pod_of(with_weights_on_a_volume)["volumes"] if volume["name"] == "model"]
    assert models == [{"name": "model", "persistentVolumeClaim": {"claimName": "ruyi-weights", "readOnly": True}}]


@pytest.mark.parametrize("overlay, egress", [("gpu", []), ("tls", [53, 53, 5432, 443])])
def test_traces_find_their_way_to_the_collector_and_nowhere_else(overlays, binaries, tmp_path, overlay, egress):
    items = render_with(tmp_path, overlay, ["traces"])
    for item in items:
        check_schema(item)
    added = flags_of(items).items() - flags_of(overlays[overlay]).items()
    assert {name for name, _ in added} == {"OTEL_EXPORTER_OTLP_ENDPOINT"} <= variables_of_the_server(binaries)
    collector = urllib.parse.urlsplit(dict(added)["OTEL_EXPORTER_OTLP_ENDPOINT"])
    policy = the(items, "NetworkPolicy", "ruyi-server-traces")["spec"]
    assert policy["podSelector"] == the(items, "NetworkPolicy", "ruyi-server")["spec"]["podSelector"]
    names, traces = policy["egress"]
    assert names == {"ports": [{"port": 53, "protocol": "UDP"}, {"port": 53}]}
    namespace = {"kubernetes.io/metadata.name": collector.hostname.split(".")[1]}
    assert traces == {"to": [{"namespaceSelector": {"matchLabels": namespace}}], "ports": [{"port": collector.port}]}
    others = the(items, "NetworkPolicy", "ruyi-server")["spec"]["egress"]
    assert [port["port"] for rule in others for port in rule["ports"]] == egress


def test_pods_do_not_start_before_somebody_has_written_the_checksums(overlays, tmp_path):
    check = pod_of(overlays["gpu"])["initContainers"][0]
    weights = next(item["data"]["weights.sha256"] for item in overlays["gpu"]
                   if item["kind"] == "ConfigMap" and item["metadata"]["name"].startswith("ruyi-weights"))
    (tmp_path / "weights.sha256").write_text(weights)
    (tmp_path / "model").write_text("weights")
    command = [*check["command"][:-1], "weights.sha256"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    (tmp_path / "weights.sha256").write_text(weights + run("sha256sum", "model", cwd=tmp_path))
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    (tmp_path / "model").write_text("changed")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def download(tmp_path, sums):
    (tmp_path / "sums").write_text(sums)
    script = ROOT / "deploy" / "components" / "weights-volume" / "download.sh"
    return subprocess.run(["sh", script, tmp_path / "sums", tmp_path / "to"], capture_output=True, text=True, check=False,
                          env={"PATH": "/usr/bin:/bin", "WEIGHTS_URL": (tmp_path / "from").as_uri()})


def test_the_download_takes_what_has_the_right_checksum_and_nothing_else(tmp_path):
    (tmp_path / "from" / "vae").mkdir(parents=True)
    (tmp_path / "from" / "vae" / "file").write_text("weights")
    right = run("sha256sum", "vae/file", cwd=tmp_path / "from")
    assert download(tmp_path, "# comment\n" + right).returncode == 0
    assert (tmp_path / "to" / "vae" / "file").read_text() == "weights"
    (tmp_path / "from" / "vae" / "file").unlink()
    assert download(tmp_path, right).returncode == 0, "what is there already is not fetched again"
    (tmp_path / "from" / "other").write_text("changed")
    wrong = download(tmp_path, right.split()[0] + "  other\n")
    assert wrong.returncode == 1 and "another checksum" in wrong.stderr
    assert not (tmp_path / "to" / "other").exists()
