"""A real SLURM on this machine: a controller and one node, with settings of its own."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

STARTS_S = 60.0
CORES = 4
_LOOK_S = 0.1
_PATH = f"{os.environ['PATH']}:/usr/sbin:/sbin"
_CONFIG = """\
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
SlurmctldPort={ports[0]}
SlurmdPort={ports[1]}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
KillWait=2
SlurmdParameters=config_overrides
NodeName={host} NodeAddr=127.0.0.1 CPUs={cores} RealMemory=4000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


@contextmanager
def slurm() -> Iterator[Path]:
    """Starts it; gives the file for `SLURM_CONF`. Skips where it can't run."""
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if not _found(name)]
    if missing:
        pytest.skip(f"no {missing[0]} (apt-get install slurmctld slurmd slurm-client munge)")
    if os.geteuid() != 0:
        pytest.skip("SLURM's daemons need root")
    # A path of its own: a socket's must be short.
    with tempfile.TemporaryDirectory(prefix="slurm-") as text, ExitStack() as stack:
        folder = Path(text)
        folder.chmod(0o755)
        for name in ("state", "spool", "munge"):
            (folder / name).mkdir(mode=0o700)
        config = _configure(folder)
        munge = [f"--{kind}-file={folder}/munge/{kind}" for kind in ("key", "pid", "log", "seed")]
        munge.append(f"--socket={folder}/munge/socket")
        key = folder / "munge" / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o400)
        daemons = (
            [
                "munged",
                "-F",
                "--force",
                f"--socket={folder}/munge/socket",
                f"--key-file={key}",
                *munge,
            ],
            ["slurmctld", "-D", "-f", str(config)],
            ["slurmd", "-D", "-f", str(config), "-N", socket.gethostname().partition(".")[0]],
        )
        for words in daemons:
            stack.enter_context(_daemon(words, folder / f"{words[0]}.log"))
            _wait_for(folder / "munge" / "socket")
        _wait_until_idle(config, folder)
        yield config


def _found(name: str) -> str | None:
    return shutil.which(name, path=_PATH)


def _configure(folder: Path) -> Path:
    with socket.socket() as one, socket.socket() as other:
        for each in (one, other):
            each.bind(("127.0.0.1", 0))
        ports = [each.getsockname()[1] for each in (one, other)]
    host = socket.gethostname().partition(".")[0]
    config = folder / "slurm.conf"
    config.write_text(_CONFIG.format(folder=folder, host=host, ports=ports, cores=CORES))
    return config


@contextmanager
def _daemon(words: list[str], log: Path) -> Iterator[None]:
    with log.open("wb") as said:
        process = subprocess.Popen(
            [_found(words[0]) or "", *words[1:]], stdout=said, stderr=said, start_new_session=True
        )
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STARTS_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(path: Path) -> None:
    deadline = time.monotonic() + STARTS_S
    while not path.exists() and time.monotonic() < deadline:
        time.sleep(_LOOK_S)


def _wait_until_idle(config: Path, folder: Path) -> None:
    deadline = time.monotonic() + STARTS_S
    said = ""
    while said != "idle":
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace") for path in folder.glob("*.log"))
            pytest.fail(f"SLURM's node is {said!r}\n{logs}")
        time.sleep(_LOOK_S)
        words = ["sinfo", "--noheader", "--format=%T"]
        env = {**os.environ, "SLURM_CONF": str(config)}
        done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
        said = done.stdout.strip()
