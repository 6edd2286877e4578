"""Runs the conformance suite through both clients."""

from __future__ import annotations

import asyncio
import faulthandler
import sys
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.case import Case
from tests.conformance.clients import Api, Asyncio, Blocking
from tests.server import Server

CASES = Path(__file__).resolve().parents[4] / "tests" / "conformance"
SDK = "python"
RUN_SECONDS_MAX = 600


async def run_case(api: Api, shared: Server, case: dict[str, Any]) -> None:
    """Runs a case, with a server of its own where it wants one."""
    if "server" not in case:
        await Case(api, shared, case).run()
        return
    server = Server(*case["server"])
    try:
        await Case(api, server, case).run()
    finally:
        server.close()


async def run(api: Api, shared: Server, wanted: str) -> tuple[int, int, int]:
    """Runs all cases; counts those that passed, failed and were skipped."""
    passed = failed = skipped = 0
    for path in sorted(CASES.glob("*.yaml")):
        for case in yaml.safe_load(path.read_text())["cases"]:
            name = f"{path.name}: {case['name']}"
            if wanted not in name:
                continue
            if SDK in case.get("skip", {}):
                print(f"skipped {name}: {case['skip'][SDK]}", flush=True)
                skipped += 1
                continue
            try:
                await run_case(api, shared, case)
                passed += 1
            except Exception as error:
                failed += 1
                print(f"FAILED {name}: {api.name}: {type(error).__name__}: {error}", flush=True)
    return passed, failed, skipped


def main() -> None:
    """Runs the suite, or the cases whose names hold the first argument."""
    # A step that hangs is given up, but its thread would be waited for at the end.
    faulthandler.dump_traceback_later(RUN_SECONDS_MAX, exit=True)
    wanted = sys.argv[1] if len(sys.argv) > 1 else ""
    totals = [0, 0, 0]
    shared = Server()
    try:
        for api in (Blocking(), Asyncio()):
            counts = asyncio.run(run(api, shared, wanted))
            totals = [total + count for total, count in zip(totals, counts, strict=True)]
    finally:
        shared.close()
    passed, failed, skipped = totals
    print(f"conformance {SDK}: {passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(failed > 0 or passed == 0)


main()
