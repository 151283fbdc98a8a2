"""From a reference on the command line to a checked Config, and from targets to objects."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from trajsynth import configload
from trajsynth.config import OpenAITeacher
from trajsynth.configload import PACKAGED, find, load, load_target, make_target, packaged, template
from trajsynth.errors import ConfigError

MINIMAL = "questions: {path: q.jsonl}\nteachers: {qwen: {base_urls: [http://x/v1]}}\n"


@pytest.fixture
def config_file(tmp_path: Path) -> Path:
    path = tmp_path / "night1.yaml"
    path.write_text(MINIMAL)
    return path


def test_kinds_and_name_are_filled_in(config_file: Path) -> None:
    loaded = load(config_file)
    assert loaded.config.name == "night1"
    assert isinstance(loaded.config.teachers["qwen"], OpenAITeacher)
    assert loaded.path == config_file
    assert loaded.source == {
        "questions": {"kind": "dataset", "path": "q.jsonl"},
        "teachers": {"qwen": {"kind": "openai", "base_urls": ["http://x/v1"]}},
    }


def test_overrides_apply_in_order(config_file: Path) -> None:
    loaded = load(config_file, ["samples=2", "samples=3", "teachers.qwen.model=m", "name=other"])
    assert loaded.config.samples == 3
    assert loaded.config.name == "other"
    assert loaded.source["teachers"]["qwen"]["model"] == "m"


def test_an_override_of_an_unknown_key_is_refused_like_any_other(config_file: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load(config_file, ["rollout.max_turn=3"])
    assert str(caught.value).startswith(f"{config_file}: rollout: unknown key 'max_turn'; did you mean 'max_turns'? ")


def test_faults_name_the_file_as_given_and_the_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("a: 1\na: 2\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml:2: key 'a' is given twice$"):
        load(str(path))
    path.write_bytes(b"a: \xff\n")
    with pytest.raises(ConfigError, match=r"bad\.yaml: not UTF-8 text \(byte 3\)"):
        load(path)


def test_cross_checks_are_part_of_loading(config_file: Path) -> None:
    with pytest.raises(ConfigError, match=r"arms\.0\.teacher: unknown teacher 'qwn'; did you mean 'qwen'\?"):
        load(config_file, ["arms=[{teacher: qwn}]"])


@pytest.mark.parametrize("name", packaged())
def test_packaged_configs_load_by_bare_name(name: str) -> None:
    for ref in (name, f"{name}.yaml"):
        assert load(ref).config.name == name


def test_quickstart_covers_three_teachers_and_both_invocations() -> None:
    config = load("quickstart").config
    assert {(arm.teacher, arm.invocation) for arm in config.all_arms()} == {
        (teacher, invocation) for teacher in config.teachers for invocation in ("function_calling", "mcp")
    }
    assert len(config.teachers) == 3
    assert set(config.build) == {"sft", "dpo"}


def test_a_file_goes_before_a_packaged_name_of_the_same_spelling(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert find("quickstart") == PACKAGED / "quickstart.yaml"
    (tmp_path / "quickstart").mkdir()
    assert find("quickstart") == PACKAGED / "quickstart.yaml"
    (tmp_path / "quickstart.yaml").write_text(MINIMAL)
    assert find("quickstart.yaml") == Path("quickstart.yaml")


@pytest.mark.parametrize(
    ("ref", "hint"),
    [
        ("qickstart", "did you mean 'quickstart'?"),
        ("nowhere/quickstrat.yaml", "did you mean 'quickstart'?"),
        ("{folder}/nigth1.yaml", "did you mean '{folder}/night1.yaml'?"),
        ("{folder}/night1", "did you mean '{folder}/night1.yaml'?"),
        ("{folder}/zzzzzzzz.yaml", "packaged: checkpoint, hotpotqa, openai-compatible, quickstart"),
        ("/no/such/folder/x.yaml", "packaged: checkpoint"),
        ("{folder}", "is a folder"),
    ],
)
def test_a_missing_file_says_what_was_meant(config_file: Path, ref: str, hint: str) -> None:
    folder = str(config_file.parent)
    with pytest.raises(ConfigError) as caught:
        load(ref.format(folder=folder))
    assert hint.format(folder=folder) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_points_editors_at_the_installed_schema(tmp_path: Path) -> None:
    text = template("quickstart")
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={(PACKAGED / 'config.schema.json').as_uri()}"
    copy = tmp_path / "mine.yaml"
    copy.write_text(text, encoding="utf-8")
    mine = load(copy).config
    assert msgspec.structs.replace(mine, name="quickstart") == load("quickstart").config


def test_targets() -> None:
    assert load_target("types:SimpleNamespace", "tool") is SimpleNamespace
    assert load_target("pathlib:Path.home", "tool") == Path.home
    assert make_target("types:SimpleNamespace", {"a": 1}, "tool") == SimpleNamespace(a=1)
    assert make_target("fractions:Fraction", {"numerator": 3}, "tool") == 3


@pytest.mark.parametrize(
    ("target", "args", "message"),
    [
        ("no_such_pkg.mod:X", {}, "teacher 'no_such_pkg.mod:X': cannot import 'no_such_pkg.mod': ModuleNotFoundError"),
        ("types:SimpleNamespac", {}, "'types' has no 'SimpleNamespac'; did you mean 'SimpleNamespace'?"),
        ("fractions:Fraction", {"nominator": 3}, "its args do not fit: got an unexpected keyword argument 'nominator'"),
        ("math:pi", {}, "float cannot be called"),
    ],
)
def test_a_target_that_fails_says_which_and_why(target: str, args: dict[str, int], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        make_target(target, args, "teacher")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_target_whose_module_does_not_parse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_target_module.py").write_text("def f(:\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError, match="SyntaxError"):
        load_target("broken_target_module:f", "filter")


def test_the_door_lists_what_it_offers() -> None:
    assert all(hasattr(configload, name) for name in configload.__all__)
