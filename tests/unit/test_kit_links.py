from urllib.parse import parse_qsl, urlsplit

import pytest

from engine.core import labs
from pages.kit.links import field_key, permalink, preset_query
from pages.kit.words import command_line, python_lines
from tests.tiny_lab import COUNT, LAB, WALK, Count


def test_experiments_share_a_parameter_unless_their_defaults_differ():
    assert field_key(LAB, COUNT, "seed") == field_key(LAB, WALK, "seed") == "tiny.seed"
    assert field_key(LAB, COUNT, "steps") == "tiny.steps"
    assert field_key(LAB, WALK, "steps") == "tiny.walk.steps"


def test_a_permalink_names_what_differs_from_the_default():
    config = Count(steps=9, loud=True, name="a & b=c")
    parts = urlsplit(permalink(LAB, COUNT, config, {"view": "map"}))
    assert parts.path == "tiny"
    assert dict(parse_qsl(parts.query)) == {
        "tiny.view": "map",
        "tiny.steps": "9",
        "tiny.loud": "true",
        "tiny.name": "a & b=c",
    }
    assert permalink(LAB, COUNT, Count()) == "tiny"


@pytest.mark.parametrize("lab", labs().values(), ids=lambda lab: lab.name)
def test_every_preset_is_a_valid_link(lab):
    for preset in lab.presets:
        pairs = preset_query(lab, preset)
        assert all(key.startswith(f"{lab.name}.") for key in pairs)


def test_python_lines_give_the_same_config():
    config = Count(steps=9, loud=True, name="it's")
    calls = {}
    lines = python_lines(LAB, COUNT, config)
    call = next(line for line in lines.splitlines() if "engine.run(" in line)
    import ast

    node = ast.parse(call).body[0].value
    calls = {keyword.arg: ast.literal_eval(keyword.value) for keyword in node.keywords}
    assert Count(**calls) == config
    assert [ast.literal_eval(argument) for argument in node.args] == ["tiny", "count"]


def test_the_command_line_quotes_for_the_shell():
    import shlex

    parts = shlex.split(command_line(LAB, COUNT, Count(name="a; rm -rf b")))
    assert parts[-2:] == ["--name", "a; rm -rf b"]
