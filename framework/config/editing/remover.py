"""What `delete` does to the files of `conf/`."""

from __future__ import annotations

from pathlib import Path

from framework.config.editing.addresses import Address
from framework.config.editing.defaults import default_of
from framework.config.editing.disk import remove_file, remove_folder
from framework.config.editing.locking import locked
from framework.config.editing.versions import remove_version
from framework.config.registry import Registry
from framework.errors import UsageError


class Remover:
    """Removes entries of one `conf/`.

    Args:
        config: Its `config.yaml`.
    """

    def __init__(self, config: Path) -> None:
        self._folder = config.parent
        self._registry = Registry(config)

    def check(self, address: Address) -> list[str]:
        """Makes sure that an entry can be deleted.

        Returns:
            What would go with it, in words.

        Raises:
            NotFoundError: It is not there.
            UsageError: It is its endpoint's default deployment.
        """
        self._require(address)
        if address.endpoint is not None:
            self._refuse_default(address.endpoint, address.name)
        if address.version is not None:
            self._registry.version_path(address.name, address.version, address.kind)
        elif address.is_versioned:
            older = list(self._registry.versions(address.name, address.kind))[1:]
            return [f"version {version}" for version in older]
        if address.kind != "endpoint":
            return []
        deployments = self._registry.names("deployment", address.name)
        return [f"deployment {name}" for name in deployments]

    def delete(self, address: Address) -> None:
        """Removes an entry: an endpoint with its deployments, all versions unless one is named.

        What depends on an entry goes before it, so that a delete that was cut short can be
        repeated.

        Raises:
            NotFoundError: It is not there.
            UsageError: It is its endpoint's default deployment, or can't be removed.
        """
        self._require(address)
        with locked(self._folder):
            self.check(address)
            if address.version is not None:
                remove_version(
                    self._registry,
                    address.name,
                    address.kind,
                    address.version,
                    conf=self._folder,
                )
                return
            if address.kind == "endpoint":
                self._delete_deployments(address.name)
            if address.is_versioned:
                self._delete_older(address)
            self._delete_files(address.name, *address.group)
            if address.endpoint is not None:
                remove_folder(self._folder.joinpath(*address.group), conf=self._folder)

    def _require(self, address: Address) -> None:
        if self._registry.find(address.name, *address.group) is None:
            raise self._registry.not_found(address.name, *address.group)

    def _refuse_default(self, endpoint: str, deployment: str) -> None:
        if default_of(self._registry, endpoint) != deployment:
            return
        names = self._registry.names("deployment", endpoint)
        another = next((each for each in names if each != deployment), "OTHER")
        raise UsageError(
            f"deployment {deployment!r} is the default of endpoint {endpoint!r}: make another one "
            f"the default (python -m framework endpoint update {endpoint} --set "
            f"defaults.deployment_name={another}), or delete the endpoint with all its "
            f"deployments (python -m framework endpoint delete {endpoint})"
        )

    def _delete_deployments(self, endpoint: str) -> None:
        for name in self._registry.names("deployment", endpoint):
            self._delete_files(name, "deployment", endpoint)
        remove_folder(self._folder / "deployment" / endpoint, conf=self._folder)

    def _delete_older(self, address: Address) -> None:
        for path in list(self._folder.joinpath(address.kind).iterdir()):
            is_version = path.stem.rpartition("@")[0] == address.name
            if is_version and path.suffix in {".yaml", ".yml"}:
                remove_file(path, conf=self._folder)

    def _delete_files(self, name: str, *group: str) -> None:
        """Both files of a name, should it have one of each suffix."""
        while (path := self._registry.find(name, *group)) is not None:
            remove_file(path, conf=self._folder)
