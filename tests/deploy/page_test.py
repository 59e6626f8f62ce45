"""The operator's page in headless Chromium, as its readers see it, in front of a server with the demo model."""

import subprocess
import time

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select

from certificates import Authority
from conftest import ROOT, run
from programs import DEADLINE_S, clean_environment

PHOTO = ROOT / "tests" / "data" / "photo.jpg"
SHORT = ("--size", "160x96", "--frames", "8", "--steps", "1")
LONG = ("--size", "160x96", "--frames", "24", "--steps", "100", "--preview", "5")  # as long as this model can be kept busy
MARKUP = "<script>document.title='run'</script><img src=x>"
PAGE_OF_JOBS = 50


def start_browser():
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-proxy-server", "--force-device-scale-factor=1"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))


class Page:
    """The page in a browser, and what can be seen and done there."""

    def __init__(self, driver):
        self.driver = driver

    def open(self, server):
        self.driver.get(server.page_url())

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector="body"):
        return self.find(selector).text

    def evaluate(self, expression):
        return self.driver.execute_script(f"return {expression}")

    def await_true(self, condition, what):
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} never came; the page says:\n{self.text()}"
            time.sleep(0.05)  # a loop that asks at once would take a core from the server

    def await_text(self, text, selector="body"):
        self.await_true(lambda: text in self.text(selector), f"'{text}'")

    def await_preview(self):
        self.await_true(lambda: self.evaluate("document.querySelector('article img[src]')?.naturalWidth > 0"), "a preview")

    def click(self, selector):
        self.await_true(lambda: self.find(selector).is_enabled(), selector)
        self.find(selector).click()

    def set_size(self, width, height):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride",
                                    {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})

    def set_colours(self, scheme):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia",
                                    {"features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def complaints(self):
        """What the browser says of the page since it was asked last: violations of the policy, errors of the script."""
        return [entry["message"] for entry in self.driver.get_log("browser")]


@pytest.fixture(scope="module")
def driver():
    browser = start_browser()
    yield browser
    browser.quit()


@pytest.fixture
def page(driver):
    """An empty window, in which nothing may go wrong but what the test takes away from complaints()."""
    driver.get("about:blank")
    shown = Page(driver)
    shown.set_size(1000, 900)
    shown.set_colours("light")
    shown.complaints()
    yield shown
    assert shown.complaints() == []


class Client:
    """ruyi-client, for what the page does not do."""

    def __init__(self, binaries, server):
        self._program = binaries / "ruyi-client"
        self._server = server

    def create(self, *arguments):
        """Sends a request and returns the id of the video."""
        said = run(self._program, "--server", self._server.address(), "create", "--image", PHOTO, *arguments,
                   env=clean_environment())
        return said.split("videos/", 1)[1].split()[0].strip('",')

    def cancel(self, video):
        run(self._program, "--server", self._server.address(), "cancel", f"videos/{video}", env=clean_environment())

    def is_paused(self):
        return "; PAUSED" in run(self._program, "--server", self._server.admin_address(), "admin", "status", env=clean_environment())


@pytest.fixture
def new_site(new_server, binaries):
    """Starts a server with its client; its jobs end with the test."""
    servers = []

    def start(**flags):
        servers.append(new_server(**flags))
        return servers[-1], Client(binaries, servers[-1])
    yield start
    for server in servers:
        server.kill()


def test_shows_queue_devices_and_jobs(page, new_site):
    server, client = new_site()
    page.open(server)
    page.await_text("serving · ruyi-tiny")
    page.await_text("There are none.", "#no-jobs")
    made = client.create(*LONG, "--label", f"shot={MARKUP}")
    waits = client.create(*SHORT)
    page.await_text("denoising,", "#jobs")
    page.await_preview()
    assert "1 of 16" in page.text("#queue") and "predicted work" in page.text("#queue")
    assert page.text("#devices").startswith("cpu") and f"videos/{made}" in page.text("#devices") and "MiB" in page.text("#devices")
    jobs = page.text("#jobs")
    assert f"videos/{made}" in jobs and f"videos/{waits}" in jobs and "queued" in jobs
    assert "Plan: " in jobs and "MiB and" in jobs and "predicted: " in jobs
    assert page.find("progress").get_attribute("aria-label") == f"denoising of videos/{made}"
    # What a caller writes stays text.
    assert f"shot={MARKUP}" in jobs
    assert page.evaluate("document.querySelectorAll('article script, article img[src=x]').length") == 0
    assert page.driver.title == "ruyi-server"
    client.cancel(made)
    page.await_text("There are none.", "#no-jobs")
    Select(page.find("#states")).select_by_value("")
    page.await_text(f"videos/{made}", "#jobs")
    page.await_text("cancelled", "#jobs")


def test_pages_of_jobs(page, new_site):
    server, client = new_site(queue_capacity=2 * PAGE_OF_JOBS)
    page.open(server)
    page.click("#pause")
    page.await_text("paused", "#queue")
    first = client.create(*SHORT)
    page.await_text(f"videos/{first}", "#jobs")
    assert not page.find("#older").is_displayed()
    for _ in range(PAGE_OF_JOBS):
        last = client.create(*SHORT)
    page.await_text(f"videos/{last}", "#jobs")
    assert f"videos/{first}" not in page.text("#jobs")
    page.await_true(lambda: page.find("#older").is_displayed(), "older jobs")
    page.click("#older")
    page.await_text(f"videos/{first}", "#jobs")
    assert f"videos/{last}" not in page.text("#jobs") and not page.find("#older").is_displayed()
    page.click("#newest")
    page.await_text(f"videos/{last}", "#jobs")


def test_pauses_and_resumes_by_keyboard(page, new_site):
    server, client = new_site()
    page.open(server)
    page.await_true(lambda: page.find("#pause").is_enabled(), "the queue")
    assert not page.find("#resume").is_enabled()
    page.driver.switch_to.active_element.send_keys(Keys.TAB)
    assert page.evaluate("document.activeElement.id") == "pause"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.driver.switch_to.active_element.send_keys(Keys.ENTER)
    page.await_text("paused", "#queue")
    assert client.is_paused()
    page.click("#resume")
    page.await_text("runs", "#queue")
    assert not client.is_paused()


def test_drain_asks_first(page, new_site):
    server, client = new_site()
    page.open(server)
    page.click("#drain")
    assert page.find("#ask").is_displayed() and page.evaluate("document.activeElement.id") == "ask-no"
    page.driver.switch_to.active_element.send_keys(Keys.ESCAPE)
    page.await_true(lambda: not page.find("#ask").is_displayed(), "the end of the question")
    page.click("#drain")
    page.click("#ask-no")
    assert not page.find("#ask").is_displayed()
    assert client.create(*SHORT), "the server goes on"
    assert not any(entry["event"] == "admin_change" for entry in server.log())
    page.click("#drain")
    page.click("#ask-yes")
    assert server.exit_code() == 0
    assert server.await_log("admin_change")["action"] == "drain"
    page.await_true(lambda: "The server" in page.text("#trouble"), "the end of the server")
    assert all("ERR_CONNECTION" in line for line in page.complaints())


def test_says_that_the_server_does_not_answer(page, new_site):
    server, _ = new_site()
    page.open(server)
    page.await_text("serving")
    server.kill()
    page.await_text("The server does not answer. What is shown is what it said last.", "#trouble")
    assert "serving · ruyi-tiny" in page.text("#server")
    assert all("ERR_CONNECTION" in line for line in page.complaints())


def test_says_that_a_store_is_away(page, new_site):
    server, _ = new_site()
    page.open(server)
    page.await_text("serving")
    # As the server answers then: tests/server/page/operator_page_test.cc.
    page.driver.execute_script("""
        window.fetch = async () => new Response(JSON.stringify({
            state: "serving", model: "m", build: "b", uptime_s: 1, workers: [], job_store: "the database is away", artifact_store: ""}));
    """)
    page.await_text("The store of jobs is away: the database is away.", "#trouble")
    assert not page.find("#pause").is_enabled() and not page.find("#resume").is_enabled()
    assert page.find("#no-devices").is_displayed()


def test_says_why_a_change_was_not_made(page, new_site):
    server, client = new_site()
    page.open(server)
    page.await_text("serving")
    page.driver.execute_script("""
        const real = window.fetch;
        window.asked = 0;
        window.fetch = async (path, options) => {
            if (options.method === "POST") return new Response(JSON.stringify({message: "the disk is full"}), {status: 503});
            window.asked += 1;
            return real(path, options);
        };
    """)
    page.click("#pause")
    page.await_text("the disk is full", "#trouble")
    asked = page.evaluate("window.asked")
    page.await_true(lambda: page.evaluate("window.asked") >= asked + 3, "later answers")  # status, jobs, status
    assert "the disk is full" in page.text("#trouble")
    assert not client.is_paused()


def new_token(binaries, tokens, role):
    made = subprocess.run([binaries / "ruyi-server", "token", "new", "--tokens", tokens, "--tenant", "t", "--role", role],
                          check=True, capture_output=True, text=True, env=clean_environment())
    return made.stdout.strip()


def sign_in(page, token):
    page.await_true(lambda: page.find("#token").is_displayed(), "the form")
    page.find("#token").send_keys(token, Keys.ENTER)


def test_signs_in_with_a_token(page, new_site, binaries, tmp_path):
    tokens = tmp_path / "tokens.json"
    user, admin = (new_token(binaries, tokens, role) for role in ("user", "admin"))
    server, _ = new_site(tokens=tokens)
    page.open(server)
    page.await_text("This server asks for a token", "#trouble")
    assert page.text("#queue") == "" and not page.find("#pause").is_enabled()
    sign_in(page, "nonsense")
    page.await_text("token", "#trouble")
    page.await_true(lambda: "asks for a token" not in page.text("#trouble"), "the refusal")
    sign_in(page, user)
    page.await_text("only administrators", "#trouble")
    sign_in(page, admin)
    page.await_text("serving · ruyi-tiny")
    assert not page.find("#credentials").is_displayed() and not page.find("#trouble").is_displayed()
    page.click("#pause")
    page.await_text("paused", "#queue")
    assert server.await_log("admin_change")["tenant"] == "t"
    refused = [entry for entry in server.log() if entry["event"] == "call_refused"]
    assert len(refused) == 3, "it asks again only when it has another token"
    assert len(page.evaluate("document.cookie")) == 0 and page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert all("status of 40" in line for line in page.complaints())


def test_asks_for_no_token_that_there_cannot_be(page, new_site, tmp_path):
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.sign("server", "DNS:localhost,IP:127.0.0.1")
    server, _ = new_site(tls_cert=certificate, tls_key=key, tls_client_ca=authority.certificate)
    page.open(server)
    page.await_text("Start it with --tokens or --jwt-jwks", "#trouble")
    assert not page.find("#credentials").is_displayed() and not page.find("#drain").is_enabled()
    assert page.evaluate("asks") is False, "it does not ask again"
    assert [entry["reason"] for entry in server.entries() if entry["event"] == "call_refused"] == ["WRONG_ROLE"]
    assert all("status of 403" in line for line in page.complaints())


def test_light_and_dark(page, new_site, request):
    server, client = new_site()
    page.set_size(900, 830)
    page.open(server)
    made = client.create(*LONG, "--label", "shot=harbour-2")
    client.create(*SHORT, "--label", "shot=harbour-3", "--priority", "high")
    page.await_preview()
    pictures = {}
    for scheme in ("light", "dark"):
        page.set_colours(scheme)
        ground, text = (page.evaluate(f"getComputedStyle(document.body).{name}") for name in ("backgroundColor", "color"))
        pictures[scheme] = (ground, text, page.driver.get_screenshot_as_png())
        if folder := request.config.getoption("--pictures"):
            (folder / f"page-{scheme}.png").write_bytes(pictures[scheme][2])
    assert all(light != dark for light, dark in zip(pictures["light"], pictures["dark"], strict=True))
    client.cancel(made)


def test_fits_a_small_window(page, new_site):
    server, client = new_site()
    page.set_size(400, 800)
    page.open(server)
    made = client.create(*LONG, "--label", "shot=" + "x" * 60)
    page.await_text("denoising,", "#jobs")
    page.await_preview()
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.click("#drain")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400
    page.click("#ask-no")
    client.cancel(made)


def test_other_pages_are_kept_out(page, new_site):
    server, client = new_site()
    page.driver.get("data:text/html,<title>other</title>")
    for headers in ("{}", "{'Content-Type': 'application/json'}"):  # the second one asks the server first whether it may
        page.driver.execute_async_script(f"""
            const done = arguments[0];
            fetch("{server.page_url()}api/pause", {{method: "POST", headers: {headers}, body: "{{}}"}}).then(done, done);
        """)
    read = page.driver.execute_async_script(f"""
        const done = arguments[0];
        fetch("{server.page_url()}api/status").then((answer) => done("read"), () => done("kept out"));
    """)
    assert read == "kept out"
    assert not client.is_paused()
    assert not any(entry["event"] == "admin_change" for entry in server.log())
    assert page.complaints() != [], "the browser tells of what it kept from the other page"
