"""A server for tests: the real program, started as a user would start it."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from pathlib import Path

PROGRAM = os.environ.get("TENANTRY_BIN", "tenantry")
START_SECONDS_MAX = 30
STOP_SECONDS_MAX = 30


def temporary_directory() -> Path:
    """A directory in memory, where there is one."""
    shm = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="tenantry-python-", dir=shm if shm.is_dir() else None))


class Server:
    """One server with a data directory of its own."""

    fixtures = Path(__file__).resolve().parents[3] / "tests" / "fixtures"

    def __init__(self, *flags: str) -> None:
        self._flags = flags
        self._dir = temporary_directory()
        self._listen = "127.0.0.1:0"
        self._process: subprocess.Popen[bytes] | None = None
        self._later: threading.Timer | None = None
        try:
            self.start()
        except BaseException:
            self.close()
            raise

    @property
    def address(self) -> str:
        """The host and port."""
        return self._listen

    @property
    def endpoint(self) -> str:
        """The endpoint in plaintext."""
        return f"http://{self._listen}"

    @property
    def token(self) -> str:
        """The first admin's token."""
        return (self._dir / "data" / "admin.token").read_text().strip()

    @property
    def log(self) -> str:
        """What it has written to standard error."""
        return (self._dir / "log").read_text(errors="replace")

    def start(self) -> None:
        """Starts it, after the first time at the same address."""
        command = [PROGRAM, "serve", "--data-dir", str(self._dir / "data")]
        with (self._dir / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--listen", self._listen, *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        self._listen = self._address()

    def _address(self) -> str:
        assert self._process is not None
        assert self._process.stdout is not None
        output, deadline = b"", time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < deadline:
            readable, _, _ = select.select([self._process.stdout], [], [], 1)
            if not readable:
                continue
            more = os.read(self._process.stdout.fileno(), 4096)
            output += more
            for line in output.decode().splitlines(keepends=True):
                if line.startswith("listening on ") and line.endswith("\n"):
                    return line.split()[2]
            if not more:
                break
        raise RuntimeError(f"the server did not start: {self.log[-2000:]}")

    def start_after(self, seconds: float) -> None:
        """Starts it behind the next steps."""
        self._later = threading.Timer(seconds, self.start)
        self._later.start()

    def stop(self) -> None:
        """Lets it end by itself."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._later is not None:
            self._later.join()
        if self._process is None:
            return
        process, self._process = self._process, None
        process.send_signal(how)
        try:
            process.wait(STOP_SECONDS_MAX)
        finally:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def close(self) -> None:
        """Ends it and forgets its data."""
        self.kill()
        shutil.rmtree(self._dir, ignore_errors=True)
