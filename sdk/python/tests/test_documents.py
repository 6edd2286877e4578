"""What the documents show works: each page as one program, and the example."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import tenantry.aio
import tenantry.client
from tests.server import Server

ROOT = Path(__file__).resolve().parents[3]
FENCE = re.compile(r"^```python test\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_MAX = 60
# What a page's reader has at hand.
HEAD = """
import os
ENDPOINT, TOKEN = os.environ["TENANTRY_ENDPOINT"], os.environ["TENANTRY_TOKEN"]
"""


def run(program: Path, server: Server) -> str:
    """Runs a program as a user would; what it printed."""
    environment = {**os.environ, "TENANTRY_ENDPOINT": server.endpoint}
    environment["TENANTRY_TOKEN"] = server.token
    done = subprocess.run(
        [sys.executable, "-W", "error", str(program)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_page(own_server: Server, tmp_path: Path) -> None:
    snippets = FENCE.findall((ROOT / "docs" / "python.md").read_text())
    assert len(snippets) > 10
    program = tmp_path / "page.py"
    program.write_text("\n".join([HEAD, *snippets]))
    assert "globex" in run(program, own_server)


def test_the_shop(own_server: Server) -> None:
    shop = ROOT / "examples" / "shop"
    program = shop / "python" / "shop.py"
    assert run(program, own_server) == (shop / "expected.txt").read_text()
    assert len(program.read_text().splitlines()) < 150


def test_both_clients_have_the_same_methods() -> None:
    for kind in ("Client", "Database", "Databases", "Rows", "SchemaCalls", "Tokens", "Transaction"):
        assert public(getattr(tenantry.client, kind)) == public(getattr(tenantry.aio, kind))


def public(kind: type) -> dict[str, list[str]]:
    """The methods of a class and their parameters. `cancellation` is for threads alone."""
    methods = {key: getattr(kind, key) for key in dir(kind) if not key.startswith("_")}
    return {
        key: [name for name in inspect.signature(of).parameters if name != "cancellation"]
        for key, of in methods.items()
        if callable(of)
    }
