"""Jobs: unique ids, assignments that stay when a run grows, weights that are kept."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from generatefakes import make_config, make_questions
from hypothesis import given, settings
from hypothesis import strategies as st

from trajsynth.errors import InputError
from trajsynth.generate.jobs import Job, Slice, count, distinct, group_of, jobs
from trajsynth.types import Question

ARMS = [{"teacher": "a"}, {"teacher": "b", "invocation": "mcp"}, {"teacher": "b", "weight": 2}]


def listed(n: int, assign: str, samples: int, arms: list[dict[str, Any]] = ARMS, seed: int = 0) -> list[Job]:
    config = make_config(assign=assign, samples=samples, arms=arms, seed=seed)
    return list(jobs(make_questions(n), config))


@settings(max_examples=40)
@given(
    n=st.integers(0, 6),
    more=st.integers(0, 4),
    samples=st.integers(1, 4),
    raised=st.integers(0, 4),
    assign=st.sampled_from(["question", "sample", "grid"]),
    seed=st.integers(0, 5),
)
def test_a_grown_run_keeps_every_job_and_ids_are_unique(
    n: int, more: int, samples: int, raised: int, assign: str, seed: int
) -> None:
    before = listed(n, assign, samples, seed=seed)
    after = {job.id: job for job in listed(n + more, assign, samples + raised, seed=seed)}
    assert len({job.id for job in before}) == len(before)
    assert len(after) == count(n + more, make_config(assign=assign, samples=samples + raised, arms=ARMS))
    assert all(after[job.id] == job for job in before)


def test_ids_and_seeds_are_those_of_every_other_machine() -> None:
    job = listed(1, "question", 1, [{"teacher": "a"}])[0]
    assert (job.id, job.seed) == ("137e418cdf11fd05", 1313684497)


def test_question_mode_gives_all_samples_of_a_question_to_one_arm() -> None:
    by_question: dict[str, set[str]] = {}
    for job in listed(20, "question", 3):
        by_question.setdefault(job.question.id, set()).add(job.arm.name)
    assert all(len(arms) == 1 for arms in by_question.values())
    assert len(set.union(*by_question.values())) == 3


def test_sample_mode_counts_samples_per_question_across_arms() -> None:
    made = listed(1, "sample", 12)
    assert [job.sample for job in made] == list(range(12))
    assert len({job.arm.name for job in made}) > 1


def test_grid_mode_runs_every_arm_on_every_sample() -> None:
    made = listed(2, "grid", 2)
    assert len(made) == 12
    assert Counter((job.question.id, job.sample) for job in made) == dict.fromkeys(
        [("q0", 0), ("q0", 1), ("q1", 0), ("q1", 1)], 3
    )


def test_arms_are_drawn_by_weight_and_another_seed_draws_otherwise() -> None:
    share = Counter(job.arm.name for job in listed(4000, "question", 1))
    assert share["b/react/function_calling"] / 4000 == pytest.approx(0.5, abs=0.03)
    assert share["a/react/function_calling"] / 4000 == pytest.approx(0.25, abs=0.03)
    assert [j.arm for j in listed(50, "question", 1)] != [j.arm for j in listed(50, "question", 1, seed=1)]


def test_an_arm_added_later_takes_over_only_its_own_share() -> None:
    before = listed(400, "question", 1, ARMS[:2])
    after = listed(400, "question", 1, list(reversed(ARMS)))
    moved = [new.arm.name for old, new in zip(before, after, strict=True) if old.arm.name != new.arm.name]
    assert set(moved) == {"b/react/function_calling"}


def test_equal_arms_are_one_arm() -> None:
    arms = make_config(arms=[{"teacher": "a"}, {"teacher": "a", "weight": 2}]).all_arms()
    assert [arm.weight for arm in distinct(arms)] == [3]


def test_jobs_are_listed_lazily() -> None:
    def endless() -> Any:
        number = 0
        while True:
            yield Question(id=str(number), text="?")
            number += 1

    assert next(jobs(endless(), make_config())).question.id == "0"


def test_a_question_id_that_comes_twice_is_named() -> None:
    with pytest.raises(InputError, match="'q1' occurs twice"):
        list(jobs([*make_questions(3), *make_questions(2, start=1)], make_config()))


# ---- kinds ----

KINDS = [{"teacher": "a", "kinds": {"comparison": 0, "chain": 3}}, {"teacher": "b"}]


def of_kind(kind: str, n: int, start: int = 0) -> list[Question]:
    return [Question(id=f"{kind}{i}", text="?", meta={"kind": kind}) for i in range(start, n)]


@pytest.mark.parametrize("assign", ["question", "sample", "grid"])
def test_a_kind_of_weight_zero_is_kept_from_its_arm(assign: str) -> None:
    config = make_config(assign=assign, samples=2, arms=KINDS)
    questions = [*of_kind("comparison", 30), *of_kind("other", 30)]
    made = list(jobs(questions, config))
    assert {j.arm.teacher for j in made if j.question.meta["kind"] == "comparison"} == {"b"}
    assert {j.arm.teacher for j in made if j.question.meta["kind"] == "other"} == {"a", "b"}
    assert count(questions, config) == len(made)


def test_weights_hold_per_kind_and_other_fields_may_name_it() -> None:
    share = Counter(j.arm.teacher for j in jobs(of_kind("chain", 2000), make_config(arms=KINDS)))
    assert share["a"] / 2000 == pytest.approx(0.75, abs=0.03)
    config = make_config(arms=KINDS, kind_field="type")
    asked = [Question(id=str(i), text="?", meta={"type": "comparison", "kind": "chain"}) for i in range(20)]
    assert {j.arm.teacher for j in jobs(asked, config)} == {"b"}


def test_a_kind_no_arm_takes_makes_no_rollout() -> None:
    config = make_config(arms=KINDS[:1])
    assert list(jobs(of_kind("comparison", 3), config)) == []
    assert count(of_kind("comparison", 3), config) == 0


# ---- slices ----


@pytest.mark.parametrize("samples", [4, {"max": 4, "until": "pair"}])
@pytest.mark.parametrize("assign", ["question", "sample", "grid"])
def test_slices_part_the_jobs_among_them(assign: str, samples: Any) -> None:
    config = make_config(assign=assign, samples=samples, arms=ARMS)
    made = list(jobs(make_questions(40), config))
    parts = [[job for job in made if Slice(i, 3).has(job, config)] for i in (1, 2, 3)]
    assert sorted(job.id for part in parts for job in part) == sorted(job.id for job in made)
    assert all(len(part) > len(made) / 6 for part in parts)
    if not isinstance(samples, int):
        groups = [{group_of(job, config) for job in part} for part in parts]
        assert not groups[0] & groups[1] and not groups[1] & groups[2]


@pytest.mark.parametrize("text", ["3", "0/2", "3/2", "a/b", "1/0", "", "-1/2", "1/2/3"])
def test_a_shard_that_cannot_be_is_said(text: str) -> None:
    with pytest.raises(InputError, match="expected PART/PARTS such as 3/8"):
        Slice.parse(text)
    assert Slice.parse("3/8") == Slice(3, 8)
    assert Slice(3, 8).mark == "-s3of8"
