"""Runs a client program as on a person's machine, but with an empty home and no way out of it."""

import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

NODE_MODULES = Path(__file__).parent / "node_modules"
DEADLINE_SECONDS = 90
NOBODY_LISTENS = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Seen:
    """What a client showed the person who asked."""

    text: str
    """The answer, as far as there is one."""
    error: str = ""
    """Why there is none; empty where the client reports success."""
    usage: tuple | None = None
    """Units of input and output that the client says it used."""
    report: dict | None = None
    """All that it says about its use, in its own words."""


@dataclass(frozen=True)
class Printed:
    status: int
    out: str
    err: str

    def unreadable(self):
        """What is seen where the program printed no answer in the form that it was asked for."""
        return Seen("", f"exit status {self.status}: {self.out}{self.err}")


class Program:
    """A program that is started anew for every question."""

    def __init__(self, command, environment, files=()):
        self._home = tempfile.TemporaryDirectory(prefix="anc-home-", ignore_cleanup_errors=True)
        self.home = Path(self._home.name)
        for name, content in files:
            path = self.home / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        self._process = subprocess.Popen(
            [str(it) for it in command],
            cwd=self.home,
            env=self._environment(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A group of its own, so that what it starts ends with it.
            start_new_session=True,
        )

    def _environment(self, more):
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "TMPDIR": str(self.home),
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            "HTTP_PROXY": NOBODY_LISTENS,
            "HTTPS_PROXY": NOBODY_LISTENS,
            "NO_PROXY": "127.0.0.1",
            **more,
        }

    def finish(self):
        """Waits for its end; a program that outstays the deadline fails the test."""
        try:
            out, err = self._process.communicate(timeout=DEADLINE_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            out, err = self._process.communicate()
            raise AssertionError(f"still running after {DEADLINE_SECONDS} s: {out}{err}") from None
        return Printed(self._process.returncode, out, err)

    def read(self, name):
        """A file that it left in its home, which is gone once the program is dropped."""
        return (self.home / name).read_text()

    def kill(self):
        os.killpg(self._process.pid, signal.SIGKILL)


def leave(program, world):
    """Kills a program once a part of its answer is on its way to it."""
    wait_until_answering(world)
    program.kill()
    program.finish()


def wait_until_answering(world):
    """Waits until the beginning of an answer is on its way to the client."""
    wait_until(world.requests)
    time.sleep(0.5)


def wait_until(holds, seconds=15):
    """Waits for something that another process does."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            raise AssertionError(f"did not come true within {seconds} s")
        time.sleep(0.05)
