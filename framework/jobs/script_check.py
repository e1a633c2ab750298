"""Whether a scoring script can be run, found out without running it."""

from __future__ import annotations

import ast
import os
import traceback
import warnings
from pathlib import Path

from framework.errors import ScriptError

_SHOWN = 5


def check_script(code: Path, scoring_script: str) -> None:
    """Makes sure that the script is there, is Python, and has a `run`.

    Raises:
        ScriptError: It isn't, or hasn't; a syntax error comes with the user's own traceback.
    """
    path = code / scoring_script
    if not code.is_dir():
        raise ScriptError(f"code_configuration.code: {code} is not a folder")
    if Path(scoring_script).is_absolute() or os.path.normpath(scoring_script).startswith(".."):
        raise ScriptError(
            f"code_configuration.scoring_script: {scoring_script} has to be a path below {code}"
        )
    if not path.is_file():
        raise ScriptError(
            f"code_configuration.scoring_script: {scoring_script} is not in {code}{_hint(code)}"
        )
    tree = _parse(path)
    if not _may_define(tree, "run"):
        raise ScriptError(f"{path}: the scoring script has no function run(mini_batch)")


def _hint(code: Path) -> str:
    scripts = sorted(path.name for path in code.glob("*.py"))
    if not scripts:
        return ", which has no Python file"
    more = ", ..." if len(scripts) > _SHOWN else ""
    return f"; there is {', '.join(scripts[:_SHOWN])}{more}"


def _parse(path: Path) -> ast.Module:
    try:
        with warnings.catch_warnings(action="ignore"):  # the scorer process's log has them
            return ast.parse(path.read_bytes(), filename=str(path))
    except SyntaxError as error:
        raise ScriptError(
            f"{path}, line {error.lineno}: {error.msg}",
            user_traceback="".join(traceback.format_exception_only(error)),
        ) from None
    except (OSError, ValueError) as error:
        raise ScriptError(f"{path}: can't be read: {error}") from error


def _may_define(tree: ast.Module, name: str) -> bool:
    """Whether the module binds a name, as far as that shows without running it."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=found) | ast.ClassDef(name=found) if found == name:
                return True
            case ast.Name(id=found, ctx=ast.Store()) if found == name:
                return True
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                if any((alias.asname or alias.name) in {name, "*"} for alias in aliases):
                    return True
    return False
