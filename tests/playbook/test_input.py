# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong option is an error that names it, before anything is sent, and the same on both paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.huaweicloud.asm.tests.playbook.plays import (
    CONNECTIONS,
    MODULE,
    RUNNING,
    TOKEN,
    inventory,
    play,
    reading,
    release,
    scenario,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pytest
    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

GATE = {"wait": True, "success_phases": ["Running"]}
LEFT_OUT = object()
"""As the value of an option: it is not given."""


@dataclass(frozen=True)
class Case:
    """Options that are added to those of a valid read, and words of the error."""

    name: str
    options: Mapping[str, Any]
    says: tuple[str, ...]
    kind: str = "usage"
    """`error.kind`."""


MESH = {"release_id": LEFT_OUT, "namespace": LEFT_OUT}


def wrong(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, options, says)


def wrong_gate(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, {**GATE, **options}, says)


def no_credentials(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, {"token": LEFT_OUT, **options}, says, kind="credentials")


OF_THE_GATE = (
    wrong("success-phases-without-wait", {"success_phases": ["Running"]}, "success_phases", "wait"),
    wrong("wait-without-success-phases", {"wait": True}, "success_phases"),
    wrong("no-mesh", {"mesh_id": LEFT_OUT}, "missing required arguments: mesh_id"),
    wrong("misspelt", {"stabel_for": 60}, "stabel_for", "stable_for"),
    wrong("no-number", {"wait_timeout": "soon"}, "wait_timeout is 'soon'"),
)

OF_THE_TARGET = (
    # Only absence reads the mesh: these are templates that came out empty.
    wrong("an-empty-release", {"release_id": ""}, "release_id is empty"),
    wrong("a-null-as-release", {"release_id": None}, "release_id"),
    wrong(
        "an-entry-with-both",
        {"release_id": LEFT_OUT, "releases": [{"release_id": "a", "service": "b"}]},
        *("release_id", "service"),
    ),
    wrong_gate("a-gate-on-the-mesh", MESH, "wait", "release_id", "service", "releases"),
)

OF_THE_CONNECTION = (
    wrong("token-and-key", {"access_key": "AK", "secret_key": "SK"}, "token", "access_key"),
    no_credentials(
        "no-credentials",
        {},
        *("token", "access_key", "secret_key", "username", "password", "domain_name"),
        *("HUAWEICLOUD_SDK_AK", "HW_AUTH_TOKEN", "OS_PASSWORD", "~/.huaweicloud/credentials", "ecs_agency"),
    ),
)

CASES = (*OF_THE_GATE, *OF_THE_TARGET, *OF_THE_CONNECTION)
"""One of each kind; the unit tests have all."""


def test_an_error_names_the_option_and_nothing_is_sent(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests
) -> None:
    simulator = simulate(scenario(release("reviews-canary", RUNNING)))
    good = reading(simulator, "reviews-canary")
    tasks = [
        {
            "name": case.name,
            MODULE: {name: value for name, value in {**good, **case.options}.items() if value is not LEFT_OUT},
            "ignore_errors": True,
        }
        for case in CASES
    ]

    run = ansible.playbook(
        play(*tasks, strategy="free"),
        inventory=inventory(
            **{path: {"ansible_connection": name, "ansible_pipelining": True} for path, name in CONNECTIONS.items()}
        ),
    )

    for case in CASES:
        with subtests.test(case=case.name):
            left, right = (run.task(case.name, path) for path in CONNECTIONS)
            assert (left.outcome, right.outcome) == ("ignored", "ignored"), left
            assert [words for words in case.says if words not in left.result["msg"]] == [], left.result["msg"]
            assert left.result.get("error", {}).get("kind") == case.kind
            assert TOKEN not in left.result["msg"]
            for key in ("msg", "error", "gate", "found", "phase", "release", "releases", "workloads"):
                expected = left.result.get(key)
                if key == "gate" and expected is not None:
                    # Its time differs.
                    expected = {**expected, "elapsed": right.result["gate"]["elapsed"]}
                assert right.result.get(key) == expected, key
    with subtests.test("no connection"):
        assert simulator.summary()["accepted"] == 0
