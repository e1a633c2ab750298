"""A real Dask cluster: a scheduler and workers as processes, each on a machine of its own if asked.

With `namespaces=True` each worker has a network namespace, linked to a bridge, and a mount
namespace with a `/tmp` of its own: it sees of this machine's `/tmp` only what it is shown.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import functools
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

HERE = Path(__file__).resolve().parent.parent.parent
HANGS_S = 100.0
_LOOK_S = 0.05
_MARKER = "TEST_CLUSTER"
_DASKS = ("distributed", "multiprocessing", "framework'] = None")

# In the sent program our package can't be imported, whatever is installed.
_WITHOUT_OURS = "import sys; sys.modules['framework'] = None\n"
_PROGRAM = "from distributed.cli.dask_{kind} import main; main()"

# Shows the folders given, and an otherwise empty /tmp, to the command behind `--`.
_PRIVATE_TMP = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
n=0
for folder; do
    test "$folder" = -- && break
    n=$((n + 1)); mkdir "/mnt/$n"; mount --bind "$folder" "/mnt/$n"
done
mount -t tmpfs tmpfs /tmp
n=0
while test "$1" != --; do
    n=$((n + 1)); mkdir -p "$1"; mount --bind "/mnt/$n" "$1"; shift
done
shift
umount -l /mnt
exec "$@"
"""


@functools.cache
def no_namespaces() -> str:
    """Why this machine has no namespaces for tests; empty where it has."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if shutil.which("ip") is None:
        return "no `ip` is installed: apt-get install iproute2"
    name = f"probe{secrets.token_hex(3)}"
    for words in (
        ["ip", "netns", "add", name],
        ["ip", "netns", "exec", name, "unshare", "-m", "true"],
    ):
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            return f"no network namespaces here: {done.stderr.strip()}"
    subprocess.run(["ip", "netns", "del", name], check=True)
    return ""


@dataclass(eq=False, kw_only=True)
class Process:
    """A scheduler or a worker.

    Attributes:
        name: A worker's number, as text.
        process: It, or the nanny above it.
        log: What it prints.
        host: The address that it listens on.
        link: The bridge's end of its network cable; empty without namespaces.
    """

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    host: str
    link: str = ""

    @property
    def tree(self) -> list[psutil.Process]:
        with contextlib.suppress(psutil.Error):
            top = psutil.Process(self.process.pid)
            return [top, *top.children(recursive=True)]
        return []

    def kill(self) -> None:
        """`kill -9` of Dask's own process; with a nanny, of that and of the worker."""
        for each in self.tree:
            with contextlib.suppress(psutil.Error):
                if _is_dasks(each):
                    each.send_signal(signal.SIGKILL)
        self.process.wait(HANGS_S)

    def freeze(self) -> None:
        """SIGSTOP of it, and of all that it has started."""
        for each in self.tree:
            with contextlib.suppress(psutil.Error):
                each.suspend()

    def thaw(self) -> None:
        for each in self.tree:
            with contextlib.suppress(psutil.Error):
                each.resume()

    def cut(self) -> None:
        """Pulls the network cable."""
        _ip("link", "set", self.link, "down")

    def mend(self) -> None:
        _ip("link", "set", self.link, "up")


@dataclass(kw_only=True)
class Cluster:
    """A running cluster.

    Attributes:
        folder: For logs and certificates.
        address: The scheduler's.
        workers: Those that were started, in order.
    """

    folder: Path
    env: Mapping[str, str]
    nthreads: int = 1
    tls: Mapping[str, str] = field(default_factory=dict)
    network: str = ""
    visible: Sequence[Path] = ()
    port: int = 0
    scheduler: Process | None = None
    workers: list[Process] = field(default_factory=list)
    _marker: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def host(self) -> str:
        return f"{self.network}.1" if self.network else "127.0.0.1"

    @property
    def address(self) -> str:
        return f"{'tls' if self.tls else 'tcp'}://{self.host}:{self.port}"

    @property
    def overrides(self) -> list[str]:
        """What a job needs to run here."""
        files = [f"compute.{name}={path}" for name, path in self.tls.items()]
        return ["compute=dask", f"compute.address={self.address}", *files]

    def start_scheduler(self) -> None:
        """Starts the scheduler, without our package; again where it was, once it is dead."""
        words = [
            "--host",
            self.host,
            "--port",
            str(self.port),
            "--dashboard-address",
            "127.0.0.1:0",
        ]
        self.scheduler = self._start("scheduler", self._program("scheduler", words, has_ours=False))
        self._wait(lambda: self.port_of(self.host, self.port), "the scheduler")

    @staticmethod
    def port_of(host: str, port: int) -> bool:
        with contextlib.suppress(OSError), socket.create_connection((host, port), 1):
            return True
        return False

    def add_worker(
        self, *, has_ours: bool = True, nanny: bool = False, wait: bool = True, **env: str
    ) -> Process:
        """Starts one more worker, and waits until it serves."""
        number = len(self.workers)
        link = _Link(self.network, number) if self.network else None
        host = link.host if link else "127.0.0.1"
        scratch = "/tmp" if link else str(self.folder)
        words = [self.address, "--nthreads", str(self.nthreads), "--host", host]
        words += ["--nanny" if nanny else "--no-nanny", "--local-directory", scratch]
        words += ["--dashboard-address", f"{host}:0"]
        program = self._program("worker", words, has_ours=has_ours)
        if link:
            program = [*link.command(self.visible), *program]
        worker = self._start(str(number), program, host=host, link=link, **env)
        self.workers.append(worker)
        if wait:
            self._wait(lambda: b"Starting established connection" in worker.log.read_bytes(), "it")
        return worker

    def _program(self, kind: str, words: Sequence[str], *, has_ours: bool) -> list[str]:
        files = [word for name, path in self.tls.items() for word in (_option(name), path)]
        protocol = ["--protocol", "tls"] if self.tls else []
        program = _PROGRAM.format(kind=kind)
        text = program if has_ours else _WITHOUT_OURS + program
        return [sys.executable, "-c", text, *words, *files, *protocol]

    def _start(self, name: str, program: list[str], *, host: str = "", link=None, **env) -> Process:
        log = self.folder / f"{name}.log"
        variables = {
            **os.environ,
            **self.env,
            _MARKER: self._marker,
            "PYTHONPATH": str(HERE),
            **env,
        }
        with log.open("ab") as output:
            process = subprocess.Popen(
                program,
                cwd="/",
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        name_of_link = link.name if link else ""
        return Process(name=name, process=process, log=log, host=host, link=name_of_link)

    def _wait(self, condition, what: str) -> None:
        deadline = time.monotonic() + HANGS_S
        while not condition():
            assert time.monotonic() < deadline, f"{what} does not start\n{self.logs()}"
            time.sleep(_LOOK_S)

    def logs(self) -> str:
        files = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')}" for file in files)

    def processes(self) -> list[psutil.Process]:
        """All that descend from the cluster's processes, and these."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                is_zombie = process.status() == psutil.STATUS_ZOMBIE
                if not is_zombie and process.environ().get(_MARKER) == self._marker:
                    found.append(process)
        return found

    def ours(self) -> list[str]:
        """Processes that jobs have started on the workers, and that are still there."""
        told = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if not _is_dasks(process):
                    told.append(f"{process.pid}: {process.cmdline()}")
        return told

    def survivors(self, within_s: float = 10.0) -> list[str]:
        """Those that are there when so much time has passed."""
        deadline = time.monotonic() + within_s
        while (left := self.ours()) and time.monotonic() < deadline:
            time.sleep(_LOOK_S)
        return left

    def close(self) -> None:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                process.kill()
        for each in (*self.workers, *([self.scheduler] if self.scheduler else [])):
            each.process.wait(HANGS_S)


class _Link:
    """A worker's network: a namespace, and a cable to the bridge."""

    def __init__(self, network: str, number: int) -> None:
        self._space = f"{_bridge(network)}-{number}"
        self.name = f"{_bridge(network)}h{number}"
        self.host = f"{network}.{number + 10}"
        inner = f"{_bridge(network)}w{number}"
        _ip("netns", "add", self._space)
        _ip("link", "add", self.name, "type", "veth", "peer", "name", inner, "netns", self._space)
        _ip("link", "set", self.name, "master", _bridge(network), "up")
        inside = ("-n", self._space)
        _ip(*inside, "addr", "add", f"{self.host}/24", "dev", inner)
        _ip(*inside, "link", "set", inner, "up")
        _ip(*inside, "link", "set", "lo", "up")

    def command(self, visible: Sequence[Path]) -> list[str]:
        words = [
            "ip",
            "netns",
            "exec",
            self._space,
            "unshare",
            "-m",
            "sh",
            "-c",
            _PRIVATE_TMP,
            "sh",
        ]
        return [*words, *map(str, visible), "--"]


def _bridge(network: str) -> str:
    return "tc" + "".join(network.split(".")[1:])


def _ip(*words: str) -> None:
    done = subprocess.run(["ip", *words], capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"


def _option(name: str) -> str:
    return {
        "tls_ca_file": "--tls-ca-file",
        "tls_client_cert": "--tls-cert",
        "tls_client_key": "--tls-key",
    }[name]


def _is_dasks(process: psutil.Process) -> bool:
    return any(word in part for part in process.cmdline() for word in _DASKS)


@contextmanager
def _network(wanted: bool) -> Iterator[str]:
    """A bridge of our own, as the first three numbers of its addresses."""
    if not wanted:
        yield ""
        return
    reason = no_namespaces()
    if reason:
        pytest.skip(reason)
    network = f"10.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}"
    bridge = _bridge(network)
    _ip("link", "add", bridge, "type", "bridge")
    try:
        _ip("addr", "add", f"{network}.1/24", "dev", bridge)
        _ip("link", "set", bridge, "up")
        yield network
    finally:
        spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
        for line in spaces.splitlines():
            if line.startswith(f"{bridge}-"):
                _ip("netns", "del", line.split()[0])
        _ip("link", "del", bridge)


def certificates(folder: Path) -> dict[str, str]:
    """A certificate that is its own authority, as the settings of a compute name it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *plain))
    cert = str(folder / "cert.pem")
    return {
        "tls_ca_file": cert,
        "tls_client_cert": cert,
        "tls_client_key": str(folder / "key.pem"),
    }


def _free_port(host: str) -> int:
    with socket.create_server((host, 0)) as server:
        port: int = server.getsockname()[1]
        return port


@contextmanager
def cluster(
    workers: int = 1,
    *,
    nthreads: int = 1,
    tls: bool = False,
    namespaces: bool = False,
    visible: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
) -> Iterator[Cluster]:
    """Starts a scheduler and workers; nothing of them is left afterwards.

    Args:
        workers: How many there are at first.
        nthreads: Threads of each.
        tls: Whether everything is encrypted.
        namespaces: Whether each worker is on a machine of its own, so to speak. Skips the test
            where this machine can't do that.
        visible: Folders that such workers see nevertheless, as a shared disk.
        env: More environment variables of theirs.
    """
    folder = Path(tempfile.mkdtemp(prefix="cluster-"))
    needed = {HERE, Path(sys.prefix), Path(sys.base_prefix), folder, *visible}
    shown = [path for path in sorted(needed) if str(path).startswith("/tmp/")]
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        network = stack.enter_context(_network(namespaces))
        made = Cluster(
            folder=folder,
            env=dict(env or {}),
            nthreads=nthreads,
            tls=certificates(folder) if tls else {},
            network=network,
            visible=shown,
        )
        stack.callback(made.close)
        made.port = _free_port(made.host)
        made.start_scheduler()
        for _ in range(workers):
            made.add_worker(wait=False)
        for worker in made.workers:
            made._wait(lambda w=worker: b"Starting established" in w.log.read_bytes(), worker.name)
        yield made
