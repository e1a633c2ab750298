"""The `dask` compute: a cluster that is there already, by its scheduler's address."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from distributed.security import Security

from framework.engine.contract import Compute

_PLAIN = "tcp"
_TLS = "tls"


class DaskCompute(Compute):
    """Instances are workers of a running Dask cluster. Nothing is left there after the job.

    Args:
        address: The scheduler's, such as `tls://10.0.0.5:8786`; `tcp://` where there is no scheme.
        tls_ca_file: The certificate of the authority that signed the scheduler's.
        tls_client_cert: The certificate that the driver shows.
        tls_client_key: Its key.
        require_encryption: Refuses connections that are not encrypted; given with TLS files or a
            `tls://` address, it is true.
        connect_timeout: Seconds within which the scheduler has to answer.
    """

    is_shared = True

    def __init__(
        self,
        *,
        address: str,
        tls_ca_file: str | None = None,
        tls_client_cert: str | None = None,
        tls_client_key: str | None = None,
        require_encryption: bool | None = None,
        connect_timeout: float = 15.0,
    ) -> None:
        files = {
            "tls_ca_file": tls_ca_file,
            "tls_client_cert": tls_client_cert,
            "tls_client_key": tls_client_key,
        }
        self._files = {name: _existing(name, path) for name, path in files.items() if path}
        self.address = _checked(address, has_tls=bool(self._files or require_encryption))
        self._is_encrypted = self.address.startswith(f"{_TLS}://")
        if require_encryption is False and self._is_encrypted:
            raise ValueError(f"require_encryption is false, and address {self.address} encrypts")
        if connect_timeout <= 0:
            raise ValueError(f"connect_timeout must be above 0, is {connect_timeout:g}")
        self._connect_timeout_s = float(connect_timeout)
        if self._is_encrypted:
            self._check_files()

    def cluster(self, instances: int) -> AbstractContextManager[Any]:
        """The scheduler's address: nothing is started."""
        return self._found()

    @contextmanager
    def _found(self) -> Iterator[str]:
        yield self.address

    def _check_files(self) -> None:
        try:
            context = Security(**self._files).get_connection_args("client")["ssl_context"]
        except OSError as error:  # that of TLS, too
            files = ", ".join(self._files.values())
            raise ValueError(f"no TLS with {files}: {error}") from error
        if context is None:
            raise ValueError(
                f"address {self.address} needs tls_ca_file, tls_client_cert and tls_client_key"
            )

    @property
    def security(self) -> Security | None:
        """With the TLS files, beside what Dask's own configuration says."""
        if not self._is_encrypted:
            return None
        return Security(require_encryption=True, **self._files)

    @property
    def connect_timeout_s(self) -> float:
        """Seconds within which the scheduler has to answer."""
        return self._connect_timeout_s


def _existing(name: str, path: str) -> str:
    if not Path(path).is_file():
        raise ValueError(f"{name}: there is no file {path}")
    return path


def _checked(address: str, *, has_tls: bool) -> str:
    """The address with its scheme.

    Raises:
        ValueError: It is none that can be connected to.
    """
    default = _TLS if has_tls else _PLAIN
    full = address.strip() if "://" in address else f"{default}://{address.strip()}"
    parts = urlsplit(full)
    if parts.scheme not in {_PLAIN, _TLS}:
        raise ValueError(
            f"address {address!r} must begin with tcp:// or tls://, the scheduler's own address"
        )
    if parts.scheme == _PLAIN and has_tls:
        raise ValueError(f"address {address!r} is not encrypted: write tls:// to use TLS")
    try:
        port = parts.port
    except ValueError:
        port = None
    if not parts.hostname or not port or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError(
            f"address {address!r} must be a host and a port, as in {default}://host:8786"
        )
    return full.rstrip("/")
