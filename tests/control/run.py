"""The control API against its own OpenAPI document: whatever is sent, no answer is a fault of the
server's, and every answer is of the form that the document promises. The relay is real, on a data
directory of its own; `ANC_BINARY` names it.
"""

import json
import os
import pathlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
DOCUMENT = HERE / "../../console/openapi.json"
EMAIL = "owner@example.com"
# Random calls that guess would keep the owner from signing in again.
GUESSING = [
    ("POST", "/api/v1/session"),
    ("POST", "/api/v1/session/second-step"),
    ("POST", "/api/v1/session/step-up"),
    ("POST", "/api/v1/factors/totp/confirm"),
    ("POST", "/api/v1/registrations/confirm"),
    ("POST", "/api/v1/password-resets/confirm"),
    ("POST", "/api/v1/setup"),
]
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "allow_header_conformance",
]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(base):
    try:
        with urllib.request.urlopen(f"{base}/api/v1/instance", timeout=2) as answer:
            return answer.status == 200
    except OSError:
        return False


def fuzz(document, base, environment, chosen, signed_in, examples):
    """One run over the operations whose place among GUESSING is as `chosen` says."""
    operations = [
        operation["operationId"]
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if ((method.upper(), path) in GUESSING) == chosen
    ]
    command = [
        pathlib.Path(sys.executable).with_name("schemathesis"), "run", DOCUMENT,
        "--url", base, "--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing",
        "--max-examples", str(examples), "--seed", "1", "--request-timeout", "30",
        "--suppress-health-check", "all", "--warnings", "off", "--continue-on-failure",
        "--no-color",
    ]
    for operation in operations:
        command += ["--include-operation-id", operation]
    environment = environment | {"ANC_SIGNED_IN": "1" if signed_in else "0"}
    return subprocess.run(command, env=environment, cwd=HERE, check=False).returncode == 0


def main():
    binary = os.environ["ANC_BINARY"]
    examples = int(os.environ.get("ANC_EXAMPLES", "12"))
    document = json.loads(DOCUMENT.read_text())
    password = secrets.token_hex(16)
    with tempfile.TemporaryDirectory() as data:
        setup = [binary, "setup", "--data", data, "--email", EMAIL, "--password-stdin"]
        subprocess.run(setup, input=password, text=True, check=True, stdout=subprocess.DEVNULL)
        port = free_port()
        base = f"http://127.0.0.1:{port}"
        log = open(pathlib.Path(data) / "log", "w+")
        serve = [binary, "serve", "--data", data, "--listen", f"127.0.0.1:{port}"]
        relay = subprocess.Popen(serve, stdout=log, stderr=subprocess.STDOUT)
        try:
            for _ in range(200):
                if answers(base):
                    break
                time.sleep(0.1)
            environment = os.environ | {
                "ANC_BASE": base,
                "ANC_EMAIL": EMAIL,
                "ANC_PASSWORD": password,
                "SCHEMATHESIS_HOOKS": "hooks",
                "PYTHONPATH": str(HERE),
                "PYTHONDONTWRITEBYTECODE": "1",
            }
            good = fuzz(document, base, environment, False, True, examples)
            good = fuzz(document, base, environment, True, False, examples) and good
            good = answers(base) and good
        finally:
            relay.terminate()
            relay.wait(60)
        log.seek(0)
        text = log.read()
        if "panicked" in text:
            print(text)
            good = False
        verify = [binary, "ledger", "verify", "--data", data]
        good = subprocess.run(verify, check=False).returncode == 0 and good
    count = sum(len(methods) for methods in document["paths"].values())
    print(f"{count} operations passed" if good else "1 operations failed")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
