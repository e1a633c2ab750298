"""Connecting to a scheduler: in bounded time, and quietly."""

from __future__ import annotations

import logging
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import Future as Started
from contextlib import contextmanager
from typing import Any

from distributed import Client
from distributed.comm import get_address_host_port
from distributed.versions import VersionMismatchWarning

from framework.engine.contract import Compute
from framework.errors import JobError

_GIVE_UP_S = 2.0
_OTHER_SCHEMES = {"tcp": "one with TLS (tls://)", "tls": "one without TLS (tcp://)"}
_DASKS_LOGGERS = ("distributed", "distributed.client", "tornado.application")


@contextmanager
def connected(compute: Compute, cluster: Any) -> Iterator[Client]:
    """A client of a cluster.

    Raises:
        JobError: There is no scheduler, or none that answers.
    """
    with warnings.catch_warnings():
        # What matters of it is said for each worker, in one line.
        warnings.simplefilter("ignore", VersionMismatchWarning)
        try:
            client = _connect(compute, cluster)
        except (OSError, ValueError) as error:
            reason = f"{_reason(error)}{_other_scheme(cluster, error)}"
            raise JobError(f"no Dask scheduler can be reached: {reason}") from error
    with _less_said(compute), client:
        yield client


def _connect(compute: Compute, cluster: Any) -> Client:
    """Connects, or gives up in time: Dask waits for ever where somebody listens, but is silent."""
    timeout_s = compute.connect_timeout_s
    connected: Started[Client] = Started()

    def connect() -> None:
        try:
            options = {"security": compute.security, "timeout": timeout_s}
            connected.set_result(Client(cluster, set_as_default=False, **options))
        except Exception as error:  # noqa: BLE001  the thread that waits raises it
            connected.set_exception(error)

    threading.Thread(target=connect, name="connecting", daemon=True).start()
    try:
        return connected.result(timeout_s + _GIVE_UP_S)
    except TimeoutError as error:
        if connected.done():
            raise
        raise OSError(f"{cluster} takes connections, but says nothing") from error


@contextmanager
def _less_said(compute: Compute) -> Iterator[None]:
    """Leaves out what Dask logs of lost connections, with tracebacks: the job says it in a line."""
    loggers = () if compute.is_in_process else map(logging.getLogger, _DASKS_LOGGERS)
    handlers = [handler for logger in loggers for handler in logger.handlers]
    for handler in handlers:
        handler.addFilter(_is_news)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(_is_news)


def _is_news(record: logging.LogRecord) -> bool:
    return record.exc_info is None and not str(record.msg).startswith("Failed to reconnect")


def _other_scheme(cluster: Any, error: BaseException) -> str:
    """A hint where somebody listens, who may want TLS, or may have none: Dask's words don't say."""
    scheme = str(cluster).partition("://")[0]
    if scheme not in _OTHER_SCHEMES or isinstance(error.__cause__, ssl.SSLCertVerificationError):
        return ""
    try:
        socket.create_connection(get_address_host_port(cluster), timeout=_GIVE_UP_S).close()
    except OSError:
        return ""
    return f". Somebody listens there: is it a scheduler, and not rather {_OTHER_SCHEMES[scheme]}?"


def _reason(error: BaseException) -> str:
    root = error
    while root.__cause__ is not None:
        root = root.__cause__
    return f"{error} ({root})" if str(root) not in str(error) else str(error)
