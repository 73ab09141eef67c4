"""The relay as people run it, set up by its own command line, in front of the scripted upstream."""

import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import tempfile
import urllib.parse
from pathlib import Path

ACCOUNT = "owner@example.com"
PRICE_INPUT, PRICE_OUTPUT = 3, 15
"""Dollars per million units of every scripted model: thousands of nano-dollars a unit."""

MODELS = {
    "openai": ["gpt-test"],
    "anthropic": ["claude-test", "claude-test-small"],
    "gemini": ["gemini-test"],
}


def nanos(amount):
    """A decimal string of dollars in nano-dollars."""
    whole, _, fraction = amount.partition(".")
    return int(whole + fraction.ljust(9, "0"))


def price_of(input_units, output_units):
    """What units of a scripted model cost, in nano-dollars."""
    return (input_units * PRICE_INPUT + output_units * PRICE_OUTPUT) * 1000


def _program(variable):
    path = os.environ.get(variable)
    if not path:
        raise RuntimeError(f"{variable} must name a built program; make clients sets it")
    return path


def _started(command, environment=None):
    """Starts a server and waits until it says where it listens."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    for line in process.stdout:
        if line.startswith("listening on "):
            return process, line.removeprefix("listening on ").strip()
    raise RuntimeError(f"{command[0]} ended before it listened")


def _free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def _ended(process):
    process.terminate()
    process.wait(timeout=45)
    process.stdout.close()


class World:
    """A relay with an owner, one channel for each provider's protocol, and Simulated."""

    def __init__(self, **settings):
        self.data = tempfile.mkdtemp(prefix="anc-clients-")
        self._upstream, self.upstream = _started([_program("ANC_UPSTREAM")])
        self._metrics = f"127.0.0.1:{_free_port()}"
        environment = {
            **os.environ,
            "ANC_LIMITS__FIRST_CONTENT_GRACE_SECONDS": "1",
            "ANC_LIMITS__KEEPALIVE_SECONDS": "1",
            "ANC_LOG_LEVEL": "error",
            "ANC_METRICS_LISTEN": self._metrics,
            **settings,
        }
        serve = [_program("ANC_BINARY"), "serve", "--data", self.data, "--listen", "127.0.0.1:0"]
        self._relay, self.origin = _started(serve, environment)
        self._set_up()

    def _set_up(self):
        owner = ["setup", "--email", ACCOUNT, "--password-stdin", "--balance", "50"]
        self.run(*owner, text="correct horse battery")
        self._add_channels("")
        for model in [model for models in MODELS.values() for model in models]:
            self.run("price", "set", model, "--input", PRICE_INPUT, "--output", PRICE_OUTPUT)
        self.run("channel", "add", "--name", "simulated", "--provider", "simulated")

    def _add_channels(self, suffix):
        for provider, models in MODELS.items():
            base_url = self.upstream + ("/v1" if provider == "openai" else "")
            channel = ["channel", "add", "--name", provider + suffix, "--provider", provider]
            address = ["--base-url", base_url, "--allow-private", "--key-stdin"]
            self.run(*channel, *address, "--models", ",".join(models), text="sk-upstream-key")

    def add_spare_channels(self):
        """A second channel for every model."""
        self._add_channels("-spare")

    def stop(self):
        _ended(self._relay)
        _ended(self._upstream)
        shutil.rmtree(self.data)

    def run(self, *arguments, text=""):
        """What a command of the relay prints."""
        command = [_program("ANC_BINARY"), *map(str, arguments), "--data", self.data]
        done = subprocess.run(command, input=text, text=True, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command[1:])}: {done.stderr or done.stdout}")
        return done.stdout.strip()

    def create_token(self, name, quota="5"):
        return self.run("token", "create", "--account", ACCOUNT, "--name", name, "--quota", quota)

    def used(self, name):
        """What a token has consumed, in nano-dollars."""
        return nanos(json.loads(self.run("token", "show", name, "--json"))["used_quota"])

    def verify(self):
        return self.run("ledger", "verify")

    def charges(self, name):
        """The finished requests of a token, oldest first, as the control API tells them."""
        token = json.loads(self.run("token", "show", name, "--json"))["id"]
        query = urllib.parse.urlencode({"token": token, "limit": 100})
        rows = self._control(f"/api/v1/usage?{query}")
        return list(reversed(rows["items"]))

    def _control(self, target):
        connection = http.client.HTTPConnection("relay")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(Path(self.data) / "control.sock"))
        try:
            connection.request("GET", target)
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def answered(self, outcome):
        """How many requests of clients ended with this code, charged or not."""
        connection = http.client.HTTPConnection(self._metrics)
        try:
            connection.request("GET", "/metrics")
            text = connection.getresponse().read().decode()
        finally:
            connection.close()
        counts = re.findall(rf'^anc_requests_total{{.*outcome="{outcome}".*}} (\d+)$', text, re.M)
        return sum(map(int, counts))

    def script(self, *steps):
        """Forgets earlier steps and requests, and tells the upstream what to do next."""
        self._upstream_call("POST", "/__reset")
        self._upstream_call("POST", "/__script", json.dumps(steps))

    def requests(self, path=""):
        """What the upstream was asked since `script`, of paths that contain `path`."""
        return [it for it in self._upstream_call("GET", "/__requests") if path in it["path"]]

    def _upstream_call(self, method, path, body=None):
        address = urllib.parse.urlsplit(self.upstream).netloc
        connection = http.client.HTTPConnection(address)
        try:
            connection.request(method, path, body)
            response = connection.getresponse()
            answer = json.load(response)
            if response.status != 200:
                raise RuntimeError(answer["error"])
            return answer
        finally:
            connection.close()
