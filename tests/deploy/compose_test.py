"""docker/compose.yaml, as far as it can be checked without its images."""

import pathlib
import re

import pytest
import yaml

from conftest import ROOT, run, tool

FILE = ROOT / "docker" / "compose.yaml"
SERVICES = yaml.safe_load(FILE.read_text())["services"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_names_a_version_and_things_that_there_are(name):
    service = SERVICES[name]
    assert re.fullmatch(r"[\w./-]+:v?\d[\d.]*", service["image"]), "an image without a version changes by itself"
    assert set(service.get("depends_on", [])) <= set(SERVICES)
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (FILE.parent / source).is_file() or source in yaml.safe_load(FILE.read_text())["volumes"]
    for port in service.get("ports", []):
        assert port.startswith("127.0.0.1:"), "only this machine may reach it"


def test_the_server_knows_its_variables(binaries):
    known = set(re.findall(r"Env:(RUYI_\w+)", run(binaries / "ruyi-server", "--help")))
    used = {name for name in SERVICES["ruyi-server"]["environment"] if name.startswith("RUYI_")}
    assert used - known == set()


def test_the_server_is_the_image_that_docker_build_makes():
    version = re.search(r"^project\(ruyi VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
    assert SERVICES["ruyi-server"]["image"] == f"ruyi/cpu:{version}"


def test_no_password_is_written_down():
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|SECRET", name):
                assert re.fullmatch(r"\$\{\w+(:\?[^}]*)?\}", value)


def test_prometheus_takes_its_configuration():
    run(tool("promtool"), "check", "config", pathlib.Path("docker") / "prometheus.yml", cwd=ROOT)
