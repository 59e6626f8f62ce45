"""ruyi.v1.AdminService, as an operator's own program calls it: every call, and every way in which each may end."""

import contextlib
import subprocess

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration

from caller import Caller
from identity_test import TokenCaller
from programs import DEADLINE_S
from weights import write_lora

CODE = grpc.StatusCode


class Admin(Caller):
    """Calls AdminService. The pictures and films of Caller are not there."""

    def __init__(self, address, stubs, photo, token=None):
        super().__init__(address, stubs, photo)
        self.admin = stubs.admin_pb2
        self._stub = stubs.admin_pb2_grpc.AdminServiceStub(self.channel)
        self._metadata = [("authorization", f"Bearer {token}")] if token else []

    def ask(self, call, **fields):
        """Makes the call of this name."""
        request = getattr(self.admin, call + "Request")(**fields)
        return getattr(self._stub, call)(request, timeout=DEADLINE_S, metadata=self._metadata)

    def refused(self, code, error_reason, call, /, **fields):
        return self.assert_refused(code, error_reason, lambda: self.ask(call, **fields))

    def status(self):
        return self.ask("GetServerStatus")

    def every_call(self):
        """Ways to make each call; none changes anything where it is refused."""
        calls = self.admin.DESCRIPTOR.services_by_name["AdminService"].methods
        return [lambda name=call.name: self.ask(name) for call in calls]


@pytest.fixture
def new_admin(stubs, photo):
    with contextlib.ExitStack() as exits:
        yield lambda server, token=None: exits.enter_context(
            contextlib.closing(Admin(server.admin_address(), stubs, photo, token)))


@pytest.fixture
def site_of(site, new_admin):
    """Starts a server, and returns it with a caller and an administrator."""
    def start(**flags):
        server, caller = site.start(**flags)
        return server, caller, new_admin(server)
    return start


def test_shows_the_server(site_of):
    _, caller, admin = site_of(queue_capacity=3)
    with caller.busy_worker(videos=2) as name:
        status = admin.status()
        assert status.version and status.model == "ruyi-tiny"
        assert status.state == admin.admin.SERVER_STATE_SERVING
        assert (status.queue.waiting, status.queue.running, status.queue.capacity) == (1, 1, 3)
        assert status.queue.predicted_work.seconds > 0
        assert status.jobs.reachable and status.artifacts.reachable and status.artifacts.used_bytes > 0
        (worker,) = status.workers
        assert worker.worker and worker.device == "cpu"
        assert worker.available_mib > 0 and worker.host_available_mib > 0 and worker.HasField("mode")
        assert worker.job.video.name == name
        assert worker.job.video.progress.phase == caller.video.PHASE_DENOISING
        assert worker.job.video.plan.reason and worker.job.video.plan.predicted_time
        assert (worker.job.tenant, worker.job.principal) == ("default", "anonymous")
        assert worker.job.worker == worker.worker
        (tenant,) = status.tenants
        assert (tenant.tenant, tenant.waiting, tenant.running, tenant.turn) == ("default", 1, 1, 1)
        assert tenant.waiting_work.seconds > 0 and not tenant.HasField("device_seconds_a_day")


def test_while_the_model_is_loaded(site_of):
    _, _, admin = site_of(await_ready=False, calibration_file="none")
    assert admin.status().state == admin.admin.SERVER_STATE_LOADING
    for call in ("Drain", "SetVramBudget", "LoadLora", "UnloadLora"):
        assert admin.refused(CODE.UNAVAILABLE, "MODEL_LOADING", call).retry_delay_s() > 0
    assert admin.ask("PauseQueue").paused
    assert not admin.ask("ResumeQueue").paused
    assert not admin.ask("ListJobs").jobs


def test_drain_ends_the_process(site_of):
    server, caller, admin = site_of(drain_timeout=0)
    name = caller.create_from(caller.long_request()).name
    caller.await_denoising(name)
    fields = admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "Drain", timeout=Duration(seconds=86401)).fields()
    assert fields.keys() == {"timeout"}
    admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "Drain", timeout=Duration(seconds=-1))
    report = admin.ask("Drain", timeout=Duration(seconds=3600))
    assert report.timeout.seconds == 3600 and report.waiting == 0
    assert [worker.job.video.name for worker in report.working] == [name]
    assert admin.status().state == admin.admin.SERVER_STATE_DRAINING
    caller.assert_refused(CODE.UNAVAILABLE, "DRAINING", caller.create)
    for call in ("SetVramBudget", "LoadLora", "UnloadLora"):
        admin.refused(CODE.UNAVAILABLE, "DRAINING", call)
    assert admin.ask("Drain").timeout == Duration()  # the server's --drain-timeout, which ends the hour
    assert server.exit_code() == 0
    changes = [line for line in server.log() if line["event"] == "admin_change"]
    assert [(line["action"], line["done"]) for line in changes] == [("drain", False)] * 2 + [("drain", True)] + [
        ("set_vram_budget", False), ("load_lora", False), ("unload_lora", False), ("drain", True)]


def test_a_signal_shortens_the_patience_of_a_drain(site_of):
    server, caller, admin = site_of(drain_timeout=0)
    caller.await_denoising(caller.create_from(caller.long_request()).name)
    admin.ask("Drain", timeout=Duration(seconds=3600))
    server.await_log("draining")
    assert server.terminate() == 0


def test_a_pause_outlives_the_process(site, new_admin, tmp_path):
    server, caller = site.start(state_dir=tmp_path / "state")
    assert new_admin(server).ask("PauseQueue").paused
    name = caller.create().name
    queued = next(event for event in caller.watch(name) if event.WhichOneof("event") == "queued")
    assert queued.queued.paused
    server.terminate()
    server, caller = site.start(state_dir=tmp_path / "state")
    admin = new_admin(server)
    assert admin.status().queue.paused
    assert caller.get(name).state == caller.state("QUEUED")
    assert not admin.ask("ResumeQueue").paused
    caller.await_end(name)


def test_vram_budgets(site_of):
    _, caller, admin = site_of()
    most = admin.status().workers[0].available_mib
    assert [worker.budget_mib for worker in admin.ask("SetVramBudget", mib=most // 2).workers] == [most // 2]
    assert caller.make().plan.budget_mib == most // 2
    for mib in (0, -1, (1 << 24) + 1):
        admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "SetVramBudget", mib=mib)
    admin.refused(CODE.NOT_FOUND, "NOT_FOUND", "SetVramBudget", device="cuda:7", mib=most)
    refusal = admin.refused(CODE.FAILED_PRECONDITION, "VRAM_BUDGET", "SetVramBudget", mib=1)
    least = int(refusal.metadata["least_mib"])
    assert admin.ask("SetVramBudget", mib=least, device="cpu").workers[0].budget_mib == least
    assert not admin.ask("SetVramBudget").workers[0].HasField("budget_mib")
    assert caller.make().plan.budget_mib >= most // 2


def test_priorities(site_of):
    _, caller, admin = site_of()
    high = caller.video.PRIORITY_HIGH
    with caller.busy_worker() as made:
        waits = caller.create().name
        assert admin.ask("SetJobPriority", name=waits, priority=high).video.priority == high
        assert caller.get(waits).priority == high
        admin.refused(CODE.FAILED_PRECONDITION, "VIDEO_ENDED", "SetJobPriority", name=made, priority=high)
        admin.refused(CODE.NOT_FOUND, "NOT_FOUND", "SetJobPriority", name="videos/none", priority=high)
        for wrong in ({"name": "none", "priority": high}, {"name": waits}, {"name": waits, "priority": 99}):
            admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "SetJobPriority", **wrong)


def test_lists(site_of):
    _, caller, admin = site_of()
    admin.ask("PauseQueue")
    names = [caller.create(labels={"shot": str(shot)}).name for shot in range(3)]
    page = admin.ask("ListJobs", page_size=2)
    rest = admin.ask("ListJobs", page_size=2, page_token=page.next_page_token)
    assert [job.video.name for job in [*page.jobs, *rest.jobs]] == names[::-1]
    assert not rest.next_page_token
    assert [job.video.name for job in admin.ask("ListJobs", labels={"shot": "1"}).jobs] == names[1:2]
    assert not admin.ask("ListJobs", states=[caller.state("RUNNING")]).jobs
    assert len(admin.ask("ListJobs", states=[caller.state("QUEUED")], tenant="default").jobs) == 3
    assert not admin.ask("ListJobs", tenant="film").jobs
    for wrong in ({"page_size": -1}, {"page_size": 1001}, {"page_token": "?"}, {"states": [99]}, {"tenant": "two words"},
                  {"labels": {str(number): "" for number in range(33)}}):
        admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "ListJobs", **wrong)


def test_cancel_tells_the_owner_why(site_of):
    server, caller, admin = site_of()
    with caller.busy_worker() as name:
        assert admin.ask("CancelJob", name=name, reason="the disk is full").video.state == caller.state("CANCELLING")
        failure = caller.await_failure(name)
        assert (failure.code, failure.reason) == (CODE.CANCELLED.value[0], "CANCELLED_BY_ADMIN")
        assert "the disk is full" in failure.status.message
        assert admin.ask("CancelJob", name=name, reason="again").video.state == caller.state("CANCELLED")
    for wrong in ({"name": "none", "reason": "why"}, {"name": name}, {"name": name, "reason": "x" * 257}):
        admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "CancelJob", **wrong)
    admin.refused(CODE.NOT_FOUND, "NOT_FOUND", "CancelJob", name="videos/none", reason="why")
    change = server.await_log("admin_change", action="cancel_job", done=True)
    assert change["details"] == {"job": name.partition("/")[2], "reason": "the disk is full"}
    assert (change["principal"], change["peer"]) == ("anonymous", "127.0.0.1")


def test_loras(site_of, tmp_path):
    _, caller, admin = site_of(lora_dir=tmp_path)
    style = caller.video.Acceleration(loras=[caller.video.Lora(name="style")])
    admin.refused(CODE.NOT_FOUND, "NOT_FOUND", "LoadLora", name="style")
    write_lora(tmp_path / "style.safetensors", 0.01)
    loaded = admin.ask("LoadLora", name="style")
    assert (loaded.name, len(loaded.sha256)) == ("style", 64)
    admin.ask("PauseQueue")
    accepted = caller.create(acceleration=style).name
    admin.ask("UnloadLora", name="style")
    admin.ask("UnloadLora", name="style")
    caller.assert_refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", lambda: caller.create(acceleration=style))
    admin.ask("ResumeQueue")
    assert caller.await_end(accepted).result.provenance.loras["style"] == loaded.sha256
    admin.ask("LoadLora", name="style")
    caller.create(acceleration=style)
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    assert admin.refused(CODE.INVALID_ARGUMENT, "INVALID_REQUEST", "LoadLora", name="torn").fields().keys() == {"name"}
    admin.refused(CODE.NOT_FOUND, "NOT_FOUND", "UnloadLora", name="none")


def test_only_administrators_may(request, site, new_admin, tmp_path, stubs, photo):
    tokens = tmp_path / "tokens.json"

    def new_token(*flags):
        made = subprocess.run([request.config.getoption("--bin") / "ruyi-server", "token", "new", "--tokens", tokens,
                               *flags], check=True, capture_output=True, text=True)
        return made.stdout.strip()

    user, ops = new_token("--tenant", "film"), new_token("--tenant", "ops", "--role", "admin")
    server, _ = site.start(tokens=tokens)
    for caller, code, reason in ((new_admin(server), CODE.UNAUTHENTICATED, "CREDENTIALS_MISSING"),
                                 (new_admin(server, "wrong"), CODE.UNAUTHENTICATED, "CREDENTIALS_INVALID"),
                                 (new_admin(server, user), CODE.PERMISSION_DENIED, "WRONG_ROLE")):
        for call in caller.every_call():
            caller.assert_refused(code, reason, call)
            if reason == "CREDENTIALS_INVALID":
                break  # more of them would be too many
    admin = new_admin(server, ops)
    with contextlib.closing(TokenCaller(server.address(), stubs, photo, user)) as owner:
        name = owner.create_from(owner.long_request()).name
        (job,) = admin.ask("ListJobs").jobs
        assert (job.video.name, job.tenant) == (name, "film")
        assert admin.ask("CancelJob", name=name, reason="maintenance").tenant == "film"
    change = server.await_log("admin_change")
    assert change["tenant"] == "ops" and change["principal"].startswith("token-")


def test_is_not_served_to_callers_of_the_api(server, stubs):
    with grpc.insecure_channel(server.address()) as channel:
        stub = stubs.admin_pb2_grpc.AdminServiceStub(channel)
        with pytest.raises(grpc.RpcError) as error:
            stub.GetServerStatus(stubs.admin_pb2.GetServerStatusRequest(), timeout=DEADLINE_S)
    assert error.value.code() == CODE.UNIMPLEMENTED
