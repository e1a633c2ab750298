"""The `ssh` compute: instances on machines that are reached over SSH."""

from __future__ import annotations

import logging
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import dask
from distributed import Scheduler, Security
from distributed.deploy.spec import SpecCluster

from framework.domain.homes import at_home
from framework.engine.contract import Compute
from framework.engine.own_scheduler import (
    LOOPBACK,
    NO_DASHBOARD,
    OWN_CONFIG,
    scheduler_options,
    serve_dashboard,
)
from framework.engine.ssh_process import Host, SshProcess
from framework.errors import ConfigurationError, NoInstancesError, Problem

_HERE = "here"
_ADDRESS = re.compile(
    r"""(?:(?P<user>\S+)@)?
        (?:(?P<bare>[\da-fA-F]*:[\da-fA-F:.%\w]*:[\w.%]*)
          |(?:\[(?P<bracketed>[^\s\]]+)\]|(?P<name>[^\s:@\[\]]+))(?::(?P<port>\d{1,5}))?)""",
    re.VERBOSE,
)
_Place: TypeAlias = tuple[str, dict[str, Any]]


class SshCompute(Compute):
    """One instance on each host, all ended with the job.

    Between driver, scheduler and instances everything is encrypted and authenticated, by a
    certificate that is made for the job and travels over SSH.

    Args:
        hosts: The machines, `HOST`, `USER@HOST` or `USER@HOST:PORT`; one that is named twice has
            two instances.
        scheduler: Where Dask's scheduler runs: `here`, in the driver's process, or the host that
            everyone can reach, where the hosts can't reach the driver.
        host: The name or address of this machine that the hosts reach it by; all of its addresses
            where absent.
        interface: The network interface of this machine instead of that, such as `ib0`.
        username: The user there; else as ssh(1) has it.
        port: The port of SSH there; else as ssh(1) has it.
        known_hosts: The file with the hosts' keys; else as ssh(1) has it.
        identity_files: Files with private keys; else as ssh(1) has them, and its agent.
        connect_timeout: Seconds within which a host has to answer.
        remote_python: The Python there that has this package, in the same version.
        nthreads: Threads of each worker.
        worker_options: More for `distributed.Nanny` there, such as `local_directory`.
        death_timeout: Seconds after which a worker that has lost the scheduler ends itself.
        dashboard: Whether Dask's dashboard is served, on the loopback interface of this machine;
            it is only there where the scheduler is.
    """

    def __init__(  # noqa: PLR0913  what a user may write, each by its name
        self,
        *,
        hosts: Sequence[str],
        scheduler: str = _HERE,
        host: str | None = None,
        interface: str | None = None,
        username: str | None = None,
        port: int | None = None,
        known_hosts: str | None = None,
        identity_files: Sequence[str] = (),
        connect_timeout: float = 20.0,
        remote_python: str = "python3",
        nthreads: int = 1,
        worker_options: Mapping[str, Any] | None = None,
        death_timeout: float = 60.0,
        dashboard: bool = True,
    ) -> None:
        if not hosts:
            problem = Problem(key="compute.hosts", message="is empty: it names the machines")
            raise ConfigurationError(problem)
        self._hosts = tuple(_address(each) for each in hosts)
        self._scheduler = None if scheduler == _HERE else _address(scheduler)
        self._here = {"host": host, "interface": interface}
        self._options: dict[str, Any] = {
            "connect_timeout": connect_timeout,
            "login_timeout": connect_timeout,
            "keepalive_interval": 15,
        }
        given = {
            "username": username,
            "port": port,
            "known_hosts": _file("known_hosts", known_hosts) if known_hosts else None,
            "client_keys": [_file("identity_files", key) for key in identity_files] or None,
        }
        self._options |= {key: value for key, value in given.items() if value is not None}
        self._python = shlex.quote(remote_python)
        self._worker = {
            "nthreads": nthreads,
            "memory_limit": 0,
            "death_timeout": death_timeout,
            "dashboard_address": LOOPBACK,
            "protocol": "tls://",
            **(worker_options or {}),
        }
        self._dashboard = dashboard and self._scheduler is None

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """Starts a worker on as many hosts as there are instances."""
        return self._start(instances)

    @contextmanager
    def _start(self, instances: int) -> Iterator[Any]:
        security = Security.temporary()
        config = {**OWN_CONFIG, **({} if self._dashboard else NO_DASHBOARD)}
        with (
            dask.config.set(config),
            SpecCluster(
                workers={
                    place: {"cls": SshProcess, "options": self._on(host, "Nanny", security)}
                    for place, host in enumerate(self._hosts[:instances])
                },
                scheduler=self._scheduler_spec(security),
                security=security,
                silence_logs=logging.WARNING,
                name="ssh",
            ) as cluster,
        ):
            _check_any(cluster)
            if self._dashboard:
                serve_dashboard(cluster.scheduler)
            yield cluster

    def _scheduler_spec(self, security: Security) -> dict[str, Any]:
        if self._scheduler is None:
            return {
                "cls": Scheduler,
                "options": scheduler_options(self._here, security),
            }
        return {"cls": _SshScheduler, "options": self._on(self._scheduler, "Scheduler", security)}

    def _on(self, place: _Place, server: str, security: Security) -> dict[str, Any]:
        """What an `SshProcess` is made with."""
        host, options = place
        scheduler = {"protocol": "tls://", "port": 0, "dashboard_address": LOOPBACK}
        return {
            "host": Host(
                name=host, connect_options={**self._options, **options}, python=self._python
            ),
            "config": {**OWN_CONFIG, **_config_of(security)},
            "cls": f"distributed.{server}",
            "opts": scheduler if server == "Scheduler" else self._worker,
        }


class _SshScheduler(SshProcess):
    """Without a scheduler there is no cluster: what is wrong is an error."""

    async def start(self) -> None:
        await super().start()
        if self.error is not None:
            raise NoInstancesError(f"the scheduler could not be started: {self.error}")


def _config_of(security: Security) -> dict[str, Any]:
    """The same certificates as settings of Dask, which can be sent."""
    tls = "distributed.comm.tls"
    config = {"distributed.comm.require-encryption": True, f"{tls}.ca-file": security.tls_ca_file}
    for role in ("scheduler", "worker", "client"):
        of_role = security.get_tls_config_for_role(role)
        config |= {f"{tls}.{role}.{part}": of_role[part] for part in ("cert", "key")}
    return config


def _address(text: str) -> _Place:
    """`USER@HOST:PORT`, taken apart; an IPv6 address with a port is in brackets."""
    found = _ADDRESS.fullmatch(text)
    if found is None:
        message = f"{text!r} is no machine: write HOST, USER@HOST or USER@HOST:PORT"
        raise ConfigurationError(Problem(key="compute.hosts", message=message))
    options: dict[str, Any] = {"username": found["user"]} if found["user"] else {}
    if found["port"]:
        options["port"] = int(found["port"])
    return found["bare"] or found["bracketed"] or found["name"], options


def _file(key: str, path: str) -> str:
    there = Path(at_home(path))
    if not there.is_file():
        problem = Problem(key=f"compute.{key}", message=f"there is no file {path}")
        raise ConfigurationError(problem)
    return str(there)


def _check_any(cluster: SpecCluster) -> None:
    """Makes sure that at least one host can be used; of the others it was said."""
    errors = [worker.error for worker in cluster.workers.values()]
    if all(errors):
        raise NoInstancesError(f"no host can be used: {'; '.join(map(str, errors))}")
