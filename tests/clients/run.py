"""Runs the tests of this folder, several at a time, and counts them."""

import os
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

HERE = Path(__file__).parent


def tests_of(suite):
    for it in suite:
        if isinstance(it, unittest.TestSuite):
            yield from tests_of(it)
        else:
            yield it


def outcome_of(test):
    """What went wrong in a test, and how long it took. Each test has a relay of its own."""
    result = unittest.TestResult()
    start = time.monotonic()
    test.run(result)
    wrong = [text for _, text in result.failures + result.errors]
    wrong += [f"skipped: {reason}" for _, reason in result.skipped]
    return "\n".join(wrong), time.monotonic() - start


def main(words):
    suite = unittest.defaultTestLoader.discover(str(HERE), top_level_dir=str(HERE))
    tests = [it for it in tests_of(suite) if all(word in it.id() for word in words)]
    failed = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        running = {pool.submit(outcome_of, test): test.id() for test in tests}
        for done in as_completed(running):
            wrong, seconds = done.result()
            failed += bool(wrong)
            print(f"{'FAILED' if wrong else 'ok':6} {seconds:5.1f} s  {running[done]}", flush=True)
            if wrong:
                print(wrong, flush=True)
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
