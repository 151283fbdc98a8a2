"""Which tools go to which role, and what the lead is told of its agents."""

from __future__ import annotations

import pytest

from trajsynth.config import AgentRole, MiroFlowParadigm
from trajsynth.configcheck import ROLES
from trajsynth.paradigms.roles import BUILT_IN, MAIN, Team, share_out
from trajsynth.types import Toolset, ToolSpec


def spec(path: str) -> ToolSpec:
    server, _, tool = path.rpartition("/")
    return ToolSpec(name=f"{server}__{tool}", server=server, tool=tool)


def shares(tools: str, settings: MiroFlowParadigm | None = None) -> dict[str, list[str]]:
    found = share_out(tuple(map(spec, tools.split())), settings or MiroFlowParadigm())
    return {name: [f"{s.server}/{s.tool}" for s in share] for name, share in found.items()}


def test_the_config_knows_the_roles_that_are_built_in() -> None:
    assert set(BUILT_IN) == ROLES == set(MiroFlowParadigm().roles)


@pytest.mark.parametrize(
    ("tools", "expected"),
    [
        ("corpus/search corpus/open", {"main": ["agents/browsing"], "browsing": ["corpus/search", "corpus/open"]}),
        ("sandbox/run_python", {"main": ["agents/coding"], "coding": ["sandbox/run_python"]}),
        ("files/search_files", {"main": ["agents/reading"], "reading": ["files/search_files"]}),
        ("x/web_search", {"main": ["agents/browsing"], "browsing": ["x/web_search"]}),
        ("x/add", {"main": ["x/add"]}),
        ("", {"main": []}),
    ],
)
def test_a_tool_goes_to_the_role_that_knows_its_server_or_its_name(tools: str, expected: dict[str, list[str]]) -> None:
    assert shares(tools) == expected


def test_the_config_decides() -> None:
    roles = {
        "browsing": AgentRole(),
        "maths": AgentRole(description="calculates", tools=["x", "corpus__find"]),
        "unused": AgentRole(description="does nothing", tools=["nothing*"]),
    }
    settings = MiroFlowParadigm(roles=roles, tools=["*/nothing", "x__add"])
    assert shares("corpus/search corpus/find x/add y/sub", settings) == {
        "main": ["agents/browsing", "agents/maths", "x/add"],
        "browsing": ["corpus/search", "corpus/find"],
        "maths": ["corpus/find", "x/add"],
    }


def test_the_same_list_is_shared_out_once_and_a_changed_one_anew() -> None:
    team = Team(MiroFlowParadigm())
    tools: Toolset = (spec("corpus/search"),)
    assert team.shares(tools)[MAIN] is team.shares(tools)[MAIN]
    assert len(team.shares((*tools, spec("x/add")))[MAIN]) == 2


def test_the_lead_reads_what_an_agent_is_good_for_and_works_with() -> None:
    lead = share_out((spec("corpus/search"), spec("corpus/open")), MiroFlowParadigm())[MAIN][0]
    assert (lead.name, lead.server, lead.tool) == ("agents__browsing", "agents", "browsing")
    assert "search, open" in lead.description
    assert lead.parameters["required"] == ["task"]


def test_prompts_hold_no_open_blanks() -> None:
    roles = {"coding": AgentRole(), "maths": AgentRole(description="calculates", tools=["*"])}
    team = Team(MiroFlowParadigm(roles=roles))
    for name in (MAIN, "coding", "maths"):
        assert "{" not in team.instructions(name)
    assert "Your first message is the plan" in team.instructions(MAIN)
    assert "Your first message is the plan" not in Team(MiroFlowParadigm(planner=False)).instructions(MAIN)
    assert "calculates." in team.instructions("maths")
