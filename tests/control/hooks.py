"""Signs the owner in again whenever a call of the run has ended their session."""

import json
import os
import time
import urllib.error
import urllib.request

import schemathesis

BASE = os.environ["ANC_BASE"]
CREDENTIALS = {"email": os.environ["ANC_EMAIL"], "password": os.environ["ANC_PASSWORD"]}
# A step-up lasts five minutes.
FRESH_SECONDS = 200

state = {"cookie": "", "since": 0.0}


def request(method, path, cookie="", body=None):
    """Status and cookie of a call; the console's header is on it."""
    call = urllib.request.Request(f"{BASE}/api/v1{path}", method=method)
    call.add_header("x-anc-console", "1")
    if cookie:
        call.add_header("cookie", cookie)
    data = None
    if body is not None:
        call.add_header("content-type", "application/json")
        data = json.dumps(body).encode()
    try:
        with urllib.request.urlopen(call, data, timeout=30) as answer:
            return answer.status, (answer.headers.get("set-cookie") or "").split(";")[0]
    except urllib.error.HTTPError as error:
        return error.code, ""


def cookie():
    """A session that lives and has been stepped up lately."""
    old = time.monotonic() - state["since"] > FRESH_SECONDS
    if old or request("GET", "/session", state["cookie"])[0] != 200:
        for _ in range(60):
            status, made = request("POST", "/session", body=CREDENTIALS)
            if status == 200:
                state["cookie"], state["since"] = made, time.monotonic()
                return made
            time.sleep(1)
        raise RuntimeError("the owner cannot sign in any more")
    return state["cookie"]


@schemathesis.hook
def before_call(context, case, kwargs):
    case.headers = case.headers or {}
    case.headers["x-anc-console"] = "1"
    if os.environ.get("ANC_SIGNED_IN") == "1":
        case.headers.pop("authorization", None)
        case.headers["cookie"] = cookie()
