"""trajsynth.tools.signature: schemas from annotations, arguments back into types."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from typing import Annotated, Any, Literal, TypedDict

import msgspec
import pydantic
import pytest

from trajsynth.schemas import unusable, violations
from trajsynth.tools.signature import read_signature


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Place:
    name: str
    tags: list[str] = dataclasses.field(default_factory=list)


class Options(TypedDict):
    deep: bool


class Query(pydantic.BaseModel):
    words: list[str]


class Opaque:
    pass


def everything(
    text: str,
    count: int = 3,
    maybe: str | None = None,
    words: list[str] = [],  # noqa: B006
    mode: Literal["a", "b"] = "a",
    colour: Colour = Colour.RED,
    place: Place | None = None,
    options: Options | None = None,
    model: Query | None = None,
    day: datetime.date | None = None,
    share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.5,
    said: Annotated[str, "from the annotation"] = "",
    opaque: Opaque | None = None,
    bare=None,  # noqa: ANN001
    *rest: int,
) -> None:
    """Do it.

    Args:
        text: from the docstring
        said: not shown
    """


def test_the_schema_says_what_the_signature_says() -> None:
    signature = read_signature(everything)
    schema = signature.parameters
    found = schema["properties"]
    assert signature.description == "Do it."
    assert (schema["required"], schema["additionalProperties"]) == (["text"], False)
    assert found["text"] == {"type": "string", "description": "from the docstring"}
    assert found["count"] == {"type": "integer", "default": 3}
    assert found["maybe"] == {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None}
    assert found["words"] == {"type": "array", "items": {"type": "string"}, "default": []}
    assert found["mode"]["enum"] == ["a", "b"]
    assert found["colour"] == {"$ref": "#/$defs/Colour", "default": "red"}
    assert found["share"] == {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5}
    assert found["said"]["description"] == "from the annotation"
    assert "rest" not in found
    assert unusable(schema) == ""


@pytest.mark.parametrize(
    ("arguments", "fits"),
    [
        ({"text": "a"}, True),
        ({"text": "a", "place": {"name": "x"}, "options": {"deep": True}, "day": "2020-01-02", "bare": [1]}, True),
        ({}, False),
        ({"text": "a", "other": 1}, False),
        ({"text": "a", "colour": "green"}, False),
        ({"text": "a", "place": {}}, False),
    ],
)
def test_the_schema_judges_arguments(arguments: dict[str, Any], fits: bool) -> None:
    assert (violations(read_signature(everything).parameters, arguments) == []) is fits


def test_arguments_become_what_the_signature_asks_for() -> None:
    def work(n: int, c: Colour, p: Place, q: Query, d: datetime.date, o: Opaque) -> None: ...

    bound = read_signature(_globalised(work)).bind(
        {"n": 5.0, "c": "blue", "p": {"name": "x"}, "q": {"words": ["a"]}, "d": "2020-01-02", "o": 7}
    )
    assert bound["c"] is Colour.BLUE
    assert bound["p"] == Place("x")
    assert bound["q"] == Query(words=["a"])
    assert bound["d"] == datetime.date(2020, 1, 2)
    assert (bound["n"], type(bound["n"]), bound["o"]) == (5, int, 7)


def _globalised(function: Any) -> Any:
    function.__globals__.update({"Colour": Colour})
    return function


def test_pydantic_models_are_described() -> None:
    def ask(query: Query) -> None: ...

    assert read_signature(ask).parameters["properties"]["query"]["required"] == ["words"]


def test_misfits_raise_value_errors() -> None:
    with pytest.raises(ValueError, match="Invalid enum value"):
        read_signature(everything).bind({"colour": "green"})


def test_keyword_arguments_leave_the_schema_open() -> None:
    def loose(a: str, **more: Any) -> None: ...

    assert read_signature(loose).parameters["additionalProperties"] is True


def test_a_method_without_its_object_cannot_be_a_tool() -> None:
    class Shelf:
        def find(self, title: str) -> str:
            return title

    assert set(read_signature(Shelf().find).parameters["properties"]) == {"title"}
    with pytest.raises(TypeError, match=r"Shelf.find is a method without its object"):
        read_signature(Shelf.find)


def test_positional_only_functions_cannot_be_tools() -> None:
    def stiff(a: str, /) -> None: ...

    with pytest.raises(TypeError, match="'a' is positional-only"):
        read_signature(stiff)
