"""A Python function's signature as JSON Schema, and JSON arguments back into what the signature asks for.

Types come from the annotations (everything msgspec can describe, pydantic models), descriptions from
`Annotated[..., "text"]` or the docstring. Tests: tests/tools/test_tools_signature.py.
"""

from __future__ import annotations

import contextlib
import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
import orjson

from trajsynth.tools.docstrings import read_docstring

_KEYWORD = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True, slots=True)
class Signature:
    """What a function offers and how it is called."""

    description: str
    parameters: dict[str, Any]
    """JSON Schema, closed unless the function takes `**kwargs`."""
    types: dict[str, Any]
    """Of the arguments whose types the schema could describe."""

    def bind(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments with dates, enums, dataclasses ... made from their JSON form; ValueError where they misfit."""
        return {name: _convert(value, self.types.get(name, Any)) for name, value in arguments.items()}


def read_signature(function: Callable[..., Any]) -> Signature:
    """Schema, description and types of a function; raises TypeError for one that takes positional-only arguments, and
    for a method without its object."""
    docs = read_docstring(inspect.getdoc(function))
    signature = inspect.signature(function)
    if inspect.isfunction(function) and next(iter(signature.parameters), "") in ("self", "cls"):
        raise TypeError(f"{function.__qualname__} is a method without its object; name the method of an instance")
    hints = _hints(function)
    properties: dict[str, Any] = {}
    required: list[str] = []
    definitions: dict[str, Any] = {}
    described: dict[str, Any] = {}
    for name, parameter in signature.parameters.items():
        if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            raise TypeError(f"argument {name!r} is positional-only; tools are called with named arguments")
        if parameter.kind not in _KEYWORD:
            continue
        schema = _schema(hints.get(name, Any), definitions)
        if schema:
            described[name] = hints[name]
        properties[name] = _described(schema, hints.get(name), docs.arguments.get(name, ""))
        if parameter.default is inspect.Parameter.empty:
            required.append(name)
        else:
            _add_default(properties[name], parameter.default)
    open_ended = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in signature.parameters.values())
    schema = {"type": "object", "properties": properties, "additionalProperties": open_ended}
    if required:
        schema["required"] = required
    if definitions:
        schema["$defs"] = definitions
    return Signature(docs.summary, schema, described)


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        return typing.get_type_hints(target, include_extras=True)
    except (NameError, TypeError):  # names only type checkers see
        return {}


def _described(schema: dict[str, Any], hint: Any, documented: str) -> dict[str, Any]:
    notes = [note for note in getattr(hint, "__metadata__", ()) if not isinstance(note, msgspec.Meta)]
    texts = [note if isinstance(note, str) else getattr(note, "description", None) for note in notes]
    description = next((text for text in texts if isinstance(text, str) and text), documented)
    return {**schema, "description": description} if description else schema


def _schema(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    """Schema of one type; a type nobody can describe takes anything."""
    model = getattr(_bare(hint), "model_json_schema", None)
    if callable(model):  # pydantic
        schema = dict(model(ref_template="#/$defs/{model}"))
        definitions.update(schema.pop("$defs", {}))
        return schema
    try:
        (schema,), named = msgspec.json.schema_components([hint], ref_template="#/$defs/{name}")
    except (TypeError, RuntimeError):
        return {}
    definitions.update(named)
    return schema


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is typing.Annotated else hint


def _add_default(schema: dict[str, Any], default: Any) -> None:
    with contextlib.suppress(TypeError, ValueError):  # a default JSON cannot say stays unsaid
        schema["default"] = orjson.loads(msgspec.json.encode(default))


def _convert(value: Any, hint: Any) -> Any:
    model = getattr(_bare(hint), "model_validate", None)
    if callable(model):
        return model(value)
    if isinstance(value, float) and value.is_integer() and _bare(hint) is int:
        return int(value)
    return msgspec.convert(value, hint)  # raises ValidationError, a ValueError that says where
