"""A real sshd on a free port of this machine, with keys and settings of its own."""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

STARTS_S = 30.0
_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Sshd:
    """Where it listens, and what lets one in.

    Attributes:
        port: On 127.0.0.1.
        username: Who may log in.
        client_key: The file with the private key.
        known_hosts: The file with the server's public key.
    """

    port: int
    username: str
    client_key: Path
    known_hosts: Path


def sshd_program() -> str:
    """Where sshd is; skips where it is not."""
    path = shutil.which("sshd", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    if path is None or shutil.which("ssh-keygen") is None:
        pytest.skip("no sshd on this machine (apt-get install openssh-server)")
    return path


@contextmanager
def sshd(folder: Path) -> Iterator[Sshd]:
    """Starts it, and stops it with its sessions."""
    program = sshd_program()
    folder.chmod(0o700)
    for key in ("host", "client"):
        make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / key)]
        subprocess.run(make, check=True)
    shutil.copy(folder / "client.pub", folder / "authorized_keys")
    port = _free_port()
    (folder / "known_hosts").write_text(
        f"[127.0.0.1]:{port} {(folder / 'host.pub').read_text()}", encoding="utf-8"
    )
    (folder / "config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder / 'host'}\n"
        f"AuthorizedKeysFile {folder / 'authorized_keys'}\nPidFile none\nUsePAM no\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nStrictModes no\n"
        f"PermitRootLogin prohibit-password\nMaxStartups 100\n",
        encoding="utf-8",
    )
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # it will not start without
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "-e", "-f", str(folder / "config")], stderr=log, start_new_session=True
        )
    try:
        _wait_until_it_listens(port, process, folder / "log")
        yield Sshd(
            port=port,
            username=getpass.getuser(),
            client_key=folder / "client",
            known_hosts=folder / "known_hosts",
        )
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTS_S
    while True:
        with socket.socket() as probe:
            if not probe.connect_ex(("127.0.0.1", port)):
                return
        if process.poll() is not None or time.monotonic() > deadline:
            pytest.fail(f"sshd did not start: {log.read_text(errors='replace')}")
        time.sleep(_LOOK_S)
