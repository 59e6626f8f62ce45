"""checkov on the manifests and hadolint on the Dockerfile: what they find, and that they would find it."""

import subprocess

import pytest
import yaml

from conftest import OVERLAYS, ROOT, run, tool

# What is left out, and why.
SKIPPED = {
    "CKV_K8S_11": "a limit of CPU slows the server down where the node has time to spare",
    "CKV_K8S_15": "tags of releases do not move, and pulling always makes the registry a part of every start",
    "CKV_K8S_35": "libpq reads a password file only with a mode that a Secret of a pod that is not root cannot have",
    "CKV_K8S_43": "the tag is an example: whoever installs writes a tag or a digest of their registry",
}


def checkov(folder):
    return subprocess.run([tool("checkov"), "--directory", folder, "--framework", "kubernetes", "--skip-download", "--compact",
                           "--quiet", "--skip-check", ",".join(SKIPPED)], capture_output=True, text=True, check=False)


@pytest.fixture
def manifests(overlays, tmp_path):
    """A folder with a file for each overlay."""
    assert OVERLAYS
    for name, items in overlays.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump_all(items))
    return tmp_path


def test_checkov_finds_nothing(manifests):
    done = checkov(manifests)
    assert done.returncode == 0, done.stdout


def test_checkov_finds_a_container_that_may_do_everything(manifests):
    path = manifests / "gpu.yaml"
    path.write_text(path.read_text().replace("allowPrivilegeEscalation: false", "privileged: true"))
    done = checkov(manifests)
    assert done.returncode == 1 and "CKV_K8S_16" in done.stdout


def test_hadolint_finds_nothing():
    run(tool("hadolint"), "--config", ROOT / "docker" / "hadolint.yaml", ROOT / "docker" / "Dockerfile")


def test_hadolint_finds_a_container_of_root(tmp_path):
    (tmp_path / "Dockerfile").write_text((ROOT / "docker" / "Dockerfile").read_text() + "USER root\n")
    done = subprocess.run([tool("hadolint"), "--config", ROOT / "docker" / "hadolint.yaml", tmp_path / "Dockerfile"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "DL3002" in done.stdout
