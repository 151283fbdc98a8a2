"""What a package exports exists, is documented, and stands in order."""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path
from types import ModuleType

import pytest

import trajsynth

PACKAGE = Path(trajsynth.__file__).resolve().parent
PACKAGES = sorted(
    ".".join(("trajsynth", *path.parent.relative_to(PACKAGE).parts))
    for path in PACKAGE.rglob("__init__.py")
    if path.parent != PACKAGE
)


def order(name: str) -> tuple[int, str]:
    """CONSTANTS, then Classes, then functions, each by the alphabet: the order ruff keeps (RUF022)."""
    return (0 if name.isupper() else 1 if name[:1].isupper() else 2), name


def documented(name: str, value: object) -> bool:
    """Classes and functions carry a sentence of their own; a dataclass's generated signature is none."""
    if not (inspect.isclass(value) or inspect.isroutine(value) or isinstance(value, ModuleType)):
        return True
    return bool(value.__doc__) and not str(value.__doc__).startswith(f"{name}(")


@pytest.mark.parametrize("package", PACKAGES)
def test_exports(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__doc__, f"{package} says nothing about itself"
    names = list(getattr(module, "__all__", []))
    assert names == sorted(names, key=order)
    assert [name for name in names if not hasattr(module, name)] == []
    assert [name for name in names if not documented(name, getattr(module, name))] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_that_gathers_names_says_which(package: str) -> None:
    module = importlib.import_module(package)
    gathered = [
        name
        for name, value in vars(module).items()
        if getattr(value, "__module__", "").startswith(f"{package}.") and not name.startswith("_")
    ]
    assert not gathered or module.__all__, f"{package} takes {gathered} from its modules: say in __all__ what is public"


@pytest.mark.slow
def test_every_module_says_its_idea() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in sorted(PACKAGE.rglob("*.py"))
        if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert silent == []


def test_every_folder_of_modules_is_a_package() -> None:
    folders = {path.parent for path in PACKAGE.rglob("*.py")}
    assert [str(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []
