"""The images: built on a Debian that is made here, since there may be no registry, and run as a cluster would run them."""

import os
import re
import resource
import subprocess

import pytest
import yaml

from conftest import ROOT, render, run

BASE = "localhost/ruyi-base:bookworm"
VERSION = re.search(r"^project\(ruyi VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE)[1]
CPU = f"localhost/ruyi/cpu:{VERSION}"
CLIENT = f"localhost/ruyi/client:{VERSION}"
HARDENED = ("--read-only", "--cap-drop", "all", "--security-opt", "no-new-privileges")
# What Debian's slim images leave out.
SLIM = [f"--dpkgopt=path-exclude=/usr/share/{what}/*" for what in ("doc", "groff", "info", "linda", "lintian", "locale", "man")]


@pytest.fixture(scope="session", autouse=True)
def containers_conf(tmp_path_factory):
    """Limits that a machine without the right to raise them takes, and a runtime for control groups of either version."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    path = tmp_path_factory.mktemp("containers") / "containers.conf"
    path.write_text(f'[containers]\ndefault_ulimits = ["nofile={most}:{most}", "nproc=4096:4096"]\n[engine]\nruntime = "runc"\n')
    os.environ["CONTAINERS_CONF"] = str(path)


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """Of the images that are built, those without a name are removed at the end: stages, and what was built before."""
    if subprocess.run(["podman", "image", "exists", BASE], check=False).returncode != 0:
        tar = tmp_path_factory.mktemp("base") / "base.tar"
        run("mmdebstrap", "--quiet", "--variant=minbase", *SLIM,
            "--customize-hook=rm -rf $1/var/lib/apt/lists/* $1/var/cache/*", "bookworm", tar)
        run("podman", "import", tar, BASE)
    yield BASE
    run("podman", "image", "prune", "--force", "--filter", "label=ruyi.stage")


def build(target, base):
    run(ROOT / "docker" / "build", target, env={**os.environ, "RUYI_BASE": base, "RUYI_BUILDER": "podman",
                                                "RUYI_IMAGE_PREFIX": "localhost/ruyi"})


@pytest.fixture(scope="session")
def cpu(base):
    build("cpu", base)
    return CPU


@pytest.fixture(scope="session")
def client(base):
    build("client", base)
    return CLIENT


def shell(image, script):
    return run("podman", "run", "--rm", *HARDENED, "--network", "none", "--entrypoint", "sh", image, "-c", script)


@pytest.fixture(params=["cpu", "client"])
def image(request):
    return request.getfixturevalue(request.param)


def test_programs_run_as_a_user_without_rights_on_a_root_that_cannot_be_written(image):
    assert shell(image, "id -u; id -g").split() == ["10001", "10001"]
    assert "denied" in shell(image, "touch /opt/file 2>&1 || echo denied")


def test_neither_compiler_nor_python_is_there(image):
    assert shell(image, "command -v cc gcc g++ c++ clang python3 python pip || true") == ""


def test_every_library_is_found(image):
    assert "not found" not in shell(image, "ldd /opt/ruyi/bin/*")


def test_the_authorities_of_tls_are_there(image):
    assert int(shell(image, "grep -c BEGIN /etc/ssl/certs/ca-certificates.crt")) > 100


def test_there_is_no_library_that_nothing_loads(cpu):
    """Libraries of the packages beside the base are in the list of what the server loads."""
    listed = set((ROOT / "build" / "image" / "server" / "packages.txt").read_text().split())
    installed = set(shell(cpu, "dpkg-query --show --showformat='${Package}\\n'").split())
    of_base = set(shell(BASE, "dpkg-query --show --showformat='${Package}\\n'").split())
    assert installed - of_base == listed - of_base


def test_the_image_says_what_it_is_made_of(cpu):
    parts = shell(cpu, "cat /usr/share/ruyi/sbom.txt").splitlines()
    packages = set(shell(cpu, "dpkg-query --show --showformat='${binary:Package}\\n'").split())
    assert {part.split()[1] for part in parts if part.startswith("deb ")} == packages
    assert any(part.startswith("wheel torch ") for part in parts)


def test_an_image_is_no_larger_than_it_is_said_to_be(image):
    size_mb = int(run("podman", "image", "inspect", "--format", "{{.Size}}", image)) / 1e6
    said = re.search(rf"\| `{image.split('/')[2].split(':')[0]}` \| (\d+) MB", (ROOT / "docs" / "deployment.md").read_text())
    assert said and size_mb <= int(said[1]), f"{size_mb:.0f} MB"


@pytest.fixture
def container(cpu):
    """A running server with the demo model."""
    name = run("podman", "run", "--detach", *HARDENED, "--network", "none", "--env", "RUYI_INSECURE=true", cpu).strip()
    yield name
    subprocess.run(["podman", "rm", "--force", "--time", "0", name], check=False, capture_output=True)


def make_demo_video(client, folder, *network):
    """Lets the client's image make the demo video; it waits for a server that still loads."""
    folder.chmod(0o777)
    (folder / "photo.jpg").write_bytes((ROOT / "tests" / "data" / "photo.jpg").read_bytes())
    run("podman", "run", "--rm", *HARDENED, *network, "--volume", f"{folder}:/films", client,
        "generate", "--image", "/films/photo.jpg", "--camera", "left", "--seed", "7", "--out", "/films/demo.mp4")
    assert (folder / "demo.mp4").read_bytes()[4:8] == b"ftyp"


def test_the_demo_video_is_made_and_the_server_ends_with_code_0(container, client, tmp_path):
    make_demo_video(client, tmp_path, "--network", f"container:{container}")
    run("podman", "stop", "--time", "60", container)
    assert run("podman", "inspect", "--format", "{{.State.ExitCode}}", container).strip() == "0"


def test_what_exec_leaves_behind_is_reaped(container):
    run("podman", "exec", container, "sh", "-c", "(sleep 0.1 &) ; true")
    run("podman", "exec", container, "sh", "-c", "sleep 0.5; ! grep -l '^State:.*Z' /proc/[0-9]*/status")


def pod_for_podman(cpu):
    """The pod of the overlay cpu-demo, and of it what podman knows."""
    items = {item["kind"]: item for item in render(ROOT / "deploy" / "overlays" / "cpu-demo")}
    flags = next(item["data"] for item in render(ROOT / "deploy" / "overlays" / "cpu-demo") if item["kind"] == "ConfigMap")
    spec = items["StatefulSet"]["spec"]["template"]["spec"]
    container = spec["containers"][0]
    container["image"] = cpu
    del container["envFrom"]
    container["env"] = [{"name": name, "value": value} for name, value in flags.items()]
    for unknown in ("ports", "startupProbe", "readinessProbe", "livenessProbe", "lifecycle", "resources"):
        container.pop(unknown, None)
    spec["volumes"] = [{"name": "state", "emptyDir": {}}, {"name": "tmp", "emptyDir": {}}]
    for unknown in ("topologySpreadConstraints", "serviceAccountName"):
        del spec[unknown]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "ruyi"}, "spec": spec}


def test_the_pod_of_the_manifests_runs(cpu, client, tmp_path):
    (tmp_path / "pod.yaml").write_text(yaml.safe_dump(pod_for_podman(cpu)))
    run("podman", "play", "kube", "--network", "none", tmp_path / "pod.yaml")
    try:
        make_demo_video(client, tmp_path, "--pod", "ruyi")
    finally:
        run("podman", "play", "kube", "--down", tmp_path / "pod.yaml")
