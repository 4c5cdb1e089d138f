# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wrong option is an error that names it, before anything is sent, and the same on both paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
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
    from collections.abc import Callable, Mapping, Sequence

    from ansible_collections.huaweicloud.asm.tests.playbook.harness import Ansible
    from ansible_collections.huaweicloud.asm.tests.simulator.process import Running

GATE = {"wait": True, "success_phases": ["Running"]}
LEFT_OUT = object()
"""As the value of an option: it is not given."""
NULL = None


@dataclass(frozen=True)
class Case:
    """Options that are added to those of a valid read, and words of the error."""

    name: str
    options: Mapping[str, Any]
    says: tuple[str, ...]
    kind: str = "usage"
    """`error.kind`."""


SEVERAL: Mapping[str, Any] = {
    "release_id": LEFT_OUT,
    "releases": [{"release_id": "reviews-canary"}, {"release_id": "ratings-canary"}],
}
MESH = {"release_id": LEFT_OUT, "namespace": LEFT_OUT}


def wrong(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, options, says)


def wrong_gate(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, {**GATE, **options}, says)


def no_credentials(name: str, options: Mapping[str, Any], *says: str) -> Case:
    return Case(name, {"token": LEFT_OUT, **options}, says, kind="credentials")


OF_THE_GATE = (
    wrong("mesh-empty", {"mesh_id": ""}, "mesh_id is empty"),
    wrong("namespace-blank", {"namespace": "  "}, "namespace is empty"),
    wrong("mesh-with-a-slash", {"mesh_id": "a/b"}, "mesh_id", "'a/b'"),
    wrong("namespace-of-dots", {"namespace": ".."}, "namespace", "'..'"),
    wrong("release-with-a-line-feed", {"release_id": "a\nb"}, "release_id", "control characters"),
    wrong("success-phases-without-wait", {"success_phases": ["Running"]}, "success_phases", "wait"),
    wrong("failure-phases-without-wait", {"failure_phases": ["Failed"]}, "failure_phases", "wait"),
    wrong("ready-without-wait", {"ready": True}, "ready", "wait"),
    wrong("version-without-wait", {"version": "v2"}, "version", "wait"),
    wrong("images-without-wait", {"images": ["a:b"]}, "images", "wait"),
    wrong("stable-for-without-wait", {"stable_for": 5}, "stable_for", "wait"),
    wrong("stall-timeout-without-wait", {"stall_timeout": 5}, "stall_timeout", "wait"),
    wrong("missing-after-without-wait", {"missing_after": ["Terminating"]}, "missing_after", "wait"),
    wrong("on-missing-wait-without-wait", {"on_missing": "wait"}, "on_missing", "wait"),
    wrong("wait-without-success-phases", {"wait": True}, "success_phases"),
    wrong_gate("no-success-phase", {"success_phases": []}, "success_phases"),
    wrong_gate("an-empty-success-phase", {"success_phases": ["Running", ""]}, "success_phases", "empty"),
    wrong_gate("a-blank-failure-phase", {"failure_phases": [" "]}, "failure_phases", "empty"),
    wrong_gate("an-empty-missing-after", {"missing_after": [""]}, "missing_after", "empty"),
    wrong_gate("an-empty-image", {"images": [""]}, "images", "empty"),
    wrong_gate("an-empty-version", {"version": ""}, "version is empty"),
    wrong_gate(
        "a-phase-in-both-lists", {"failure_phases": ["running "]}, "success_phases", "failure_phases", "Running"
    ),
    wrong_gate("accept-without-missing-after", {"on_missing": "accept"}, "on_missing", "missing_after"),
    wrong_gate("stable-for-as-long-as-the-wait", {"stable_for": 60, "wait_timeout": 60}, "stable_for", "wait_timeout"),
    wrong_gate("stable-for-negative", {"stable_for": -1}, "stable_for is -1"),
    wrong_gate("stall-timeout-negative", {"stall_timeout": -1}, "stall_timeout is -1"),
    wrong_gate("wait-timeout-zero", {"wait_timeout": 0}, "wait_timeout is 0"),
    wrong_gate("wait-timeout-negative", {"wait_timeout": -1}, "wait_timeout is -1"),
    wrong_gate("wait-sleep-zero", {"wait_sleep": 0}, "wait_sleep is 0"),
    wrong("no-mesh", {"mesh_id": LEFT_OUT}, "missing required arguments: mesh_id"),
    wrong("misspelt", {"stabel_for": 60}, "stabel_for", "stable_for"),
    wrong("no-number", {"wait_timeout": "soon"}, "'wait_timeout'", "int"),
    wrong("no-boolean", {"wait": "perhaps"}, "'wait'", "bool"),
    wrong("no-choice", {"on_missing": "shrug"}, "on_missing", "fail, accept, wait", "shrug"),
)


def entry(**more: Any) -> dict[str, Any]:
    """Return options with one entry in `releases`."""
    return {"release_id": LEFT_OUT, "releases": [{"release_id": "reviews-canary", **more}]}


def entries(*more: Mapping[str, Any]) -> dict[str, Any]:
    """Return options with these entries in `releases`."""
    return {"release_id": LEFT_OUT, "releases": list(more)}


def service(name: object) -> dict[str, Any]:
    """Return options with a service instead of a release."""
    return {"release_id": LEFT_OUT, "service": name}


OF_SEVERAL = (
    wrong("a-release-and-releases", {"releases": SEVERAL["releases"]}, "release_id", "releases"),
    wrong("a-release-and-a-service", {"service": "reviews"}, "release_id", "service"),
    wrong("a-service-and-releases", {**SEVERAL, "service": "reviews"}, "service", "releases"),
    # Only absence reads the mesh: these are templates that came out empty.
    wrong("an-empty-release", {"release_id": ""}, "release_id is empty"),
    wrong("an-empty-service", service(""), "service is empty"),
    wrong("a-blank-service", service("  "), "service is empty"),
    wrong("no-releases", entries(), "releases"),
    wrong("a-null-as-release", {"release_id": NULL}, "release_id"),
    wrong("a-null-as-service", service(NULL), "service"),
    wrong("a-null-as-releases", {"release_id": LEFT_OUT, "releases": NULL}, "releases"),
    wrong("a-null-in-releases", entries({"release_id": None}), "releases[0]"),
    wrong("a-null-entry", {"release_id": LEFT_OUT, "releases": [None]}, "releases[0]"),
    wrong("a-release-without-a-namespace", {"namespace": LEFT_OUT}, "namespace"),
    wrong("a-service-without-a-namespace", {**service("reviews"), "namespace": LEFT_OUT}, "namespace"),
    wrong("a-service-that-climbs", service("../../v3"), "service", "'../../v3'"),
    wrong("a-release-twice", entries({"release_id": "a"}, {"release_id": "b"}, {"release_id": "a"}), "bookinfo/a"),
    wrong("a-release-twice-by-its-namespace",
          entries({"release_id": "a"}, {"release_id": "a", "namespace": "bookinfo"}), "bookinfo/a"),
    wrong("a-service-twice", entries({"service": "a"}, {"service": "a"}), "bookinfo/a"),
    wrong("an-entry-with-both", entry(service="reviews"), "release_id", "service"),
    wrong("an-entry-with-neither", entries({"namespace": "bookinfo"}), "releases", "release_id", "service"),
    wrong("an-entry-without-a-namespace", {**SEVERAL, "namespace": LEFT_OUT}, "releases[0]", "namespace"),
    wrong("an-entry-with-a-blank-namespace", entry(namespace=" "), "releases[0].namespace is empty"),
    wrong("an-entry-that-climbs", entry(release_id="../../v3"), "releases[0].release_id", "'../../v3'"),
    wrong("an-entry-with-an-empty-id", entry(release_id=""), "releases[0].release_id is empty"),
    wrong("an-entry-with-an-empty-service", entries({"service": ""}), "releases[0].service is empty"),
    wrong("a-version-of-an-entry-without-wait", entry(version="v2"), "releases[0].version", "wait"),
    wrong("images-of-an-entry-without-wait", entry(images=["a:b"]), "releases[0].images", "wait"),
    wrong_gate("an-empty-version-of-an-entry", entry(version=""), "releases[0].version is empty"),
    wrong_gate("an-empty-image-of-an-entry", entry(images=[""]), "releases[0].images", "empty"),
    wrong("require-without-wait", {**SEVERAL, "require": "any"}, "require", "wait"),
    wrong_gate("require-of-one-release", {"require": "any"}, "require", "one release", "releases"),
    wrong_gate("require-none", {**SEVERAL, "require": "0"}, "require", "'0'"),
    wrong_gate("require-fewer-than-none", {**SEVERAL, "require": "-1"}, "require", "'-1'"),
    wrong_gate("require-most", {**SEVERAL, "require": "most"}, "require", "'most'", "all, any"),
    wrong_gate("require-more-than-there-are", {**SEVERAL, "require": "3"}, "require", "3", "2"),
    wrong_gate("a-gate-on-the-mesh", MESH, "wait", "release_id", "service", "releases"),
    wrong("no-request-a-minute", {**SEVERAL, "requests_per_minute": 0}, "requests_per_minute is 0"),
    wrong("a-misspelt-entry", entry(vresion="v2"), "vresion"),
    wrong("a-service-that-is-a-list", service(["reviews"]), "service"),
    *(wrong(f"{name}-of-version-1", {name: value}, name)
      for name, value in {"minimum": 1, "ignore_phases": ["Ended"], "name": ["reviews-canary"]}.items()),
)  # fmt: skip

OF_THE_CONNECTION = (
    wrong("request-timeout-zero", {"request_timeout": 0}, "request_timeout is 0"),
    wrong("request-retries-negative", {"request_retries": -1}, "request_retries is -1"),
    wrong("region-with-an-underscore", {"region": "cn_north_4"}, "region", "'cn_north_4'", "cn-north-4"),
    wrong("region-that-ends-the-host", {"region": "evil.example/"}, "region", "'evil.example/'"),
    wrong("region-empty", {"region": ""}, "region is empty"),
    wrong("endpoint-without-a-scheme", {"endpoint": "asm.example"}, "endpoint", "https://"),
    wrong("endpoint-of-another-scheme", {"endpoint": "ftp://asm.example"}, "endpoint", "https://"),
    wrong("endpoint-with-a-user", {"endpoint": "https://user@asm.example"}, "endpoint", "user name"),
    wrong("endpoint-with-a-query", {"endpoint": "https://asm.example/?a=b"}, "endpoint", "query"),
    wrong("endpoint-with-a-port-that-is-none", {"endpoint": "https://asm.example:99999"}, "endpoint", "port"),
    wrong("endpoint-in-the-clear", {"endpoint": "http://asm.example"}, "endpoint", "'asm.example'", "https://"),
    wrong("neither-endpoint-nor-region", {"endpoint": LEFT_OUT}, "region", "endpoint"),
    wrong(
        "iam-endpoint-in-the-clear",
        {
            "token": LEFT_OUT,
            "username": "invented-user",
            "password": "invented-password",
            "domain_name": "invented-account",
            "iam_endpoint": "http://iam.example",
        },
        "iam_endpoint",
        "https://",
    ),
    wrong(
        "a-login-without-a-place",
        {
            "token": LEFT_OUT,
            "username": "invented-user",
            "password": "invented-password",
            "domain_name": "invented-account",
        },
        "iam_endpoint",
        "region",
    ),
    wrong("token-empty", {"token": ""}, "token is empty"),
    wrong("token-with-a-blank", {"token": "two words"}, "token", "blank"),
    wrong("token-and-key", {"access_key": "AK", "secret_key": "SK"}, "token", "access_key"),
    wrong("token-and-user", {"username": "invented-user"}, "token", "username"),
    wrong("token-and-auth-type", {"auth_type": "aksk"}, "auth_type is aksk", "token"),
    wrong("token-and-agency", {"auth_type": "ecs_agency"}, "auth_type is ecs_agency", "token"),
    no_credentials(
        "no-credentials",
        {},
        *("token", "access_key", "secret_key", "username", "password", "domain_name"),
        *("HUAWEICLOUD_SDK_AK", "HW_AUTH_TOKEN", "OS_PASSWORD", "~/.huaweicloud/credentials", "ecs_agency"),
    ),
    no_credentials("no-credentials-of-the-kind", {"auth_type": "aksk"}, "aksk"),
    wrong("access-key-alone", {"token": LEFT_OUT, "access_key": "AK"}, "access_key", "secret_key"),
    wrong("secret-key-alone", {"token": LEFT_OUT, "secret_key": "SK"}, "secret_key", "access_key"),
    wrong("user-alone", {"token": LEFT_OUT, "username": "invented-user"}, "username", "password", "domain_name"),
    no_credentials("file-that-is-not-there", {"credentials_file": "/nonexistent/file"}, "'/nonexistent/file'"),
    Case("file-of-authorities-that-is-not-there", {"endpoint": "https://127.0.0.1:1", "ca_path": "/nonexistent/ca"},
         ("ca_path", "'/nonexistent/ca'")),
)  # fmt: skip

LOGIN = {
    "token": LEFT_OUT,
    "username": "invented-user",
    "password": "invented-password",
    "domain_name": "invented-account",
    "project_name": "invented-project",
}
KEY = {"token": LEFT_OUT, "access_key": "INVENTEDKEY", "secret_key": "invented-secret-key"}
HEADER = "x\r\nX-Injected: y"
PLACES = (
    "https://a@evil.example:443?",
    "https://evil.example#.myhuaweicloud.com",
    "https://evil.example\\.myhuaweicloud.com",
    "https://evil.example/?",
    "https://evil.example\r\nHost: evil.example",
    "https://[::1]evil.example",
    "https://evil.example/../..",
    "http://127.0.0.1@evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example",
    "//evil.example",
)
REGIONS = (
    "evil.example/x#",
    "a@evil.example:443?",
    "cn-north-4.evil.example",
    "cn-north-4\n",
    "Cn-North-4",
    "cn--north",
)

OF_AN_ATTACKER = (
    *(wrong(f"{name}-with-a-header", {name: HEADER}, name) for name in ("mesh_id", "namespace", "release_id", "token")),
    *(wrong(f"{name}-with-a-header", {**KEY, name: HEADER}, name)
      for name in ("access_key", "secret_key", "security_token", "project_id")),
    *(wrong(f"{name}-that-climbs", {name: "../../v3"}, name) for name in ("mesh_id", "namespace", "release_id")),
    *(wrong(f"region-{region!r}", {"endpoint": LEFT_OUT, "region": region}, "region", "cn-north-4")
      for region in REGIONS),
    *(wrong(f"endpoint-{place!r}", {"endpoint": place}, "endpoint", "https://") for place in PLACES),
    *(wrong(f"iam-endpoint-{place!r}", {**LOGIN, "iam_endpoint": place}, "iam_endpoint", "https://")
      for place in PLACES),
)  # fmt: skip


CHOSEN = [
    case
    for case in (*OF_THE_GATE, *OF_SEVERAL, *OF_THE_CONNECTION)
    if case.name
    in {
        *("no-mesh", "misspelt", "no-number", "an-entry-with-both", "wait-without-success-phases"),
        *("an-empty-release", "a-null-as-release", "success-phases-without-wait", "a-gate-on-the-mesh"),
        *("token-and-key", "no-credentials"),
    }
]
"""One of each kind; the unit tests have all."""


@pytest.mark.parametrize(
    "cases",
    [
        pytest.param(CHOSEN, id="chosen"),
        pytest.param(OF_THE_GATE, id="of-the-gate", marks=pytest.mark.slow),
        pytest.param(OF_SEVERAL, id="of-several", marks=pytest.mark.slow),
        pytest.param(OF_THE_CONNECTION, id="of-the-connection", marks=pytest.mark.slow),
        pytest.param(OF_AN_ATTACKER, id="of-an-attacker", marks=pytest.mark.slow),
    ],
)
def test_an_error_names_the_option_and_nothing_is_sent(
    ansible: Ansible, simulate: Callable[..., Running], subtests: pytest.Subtests, cases: Sequence[Case]
) -> None:
    simulator = simulate(scenario(release("reviews-canary", RUNNING)))
    good = reading(simulator, "reviews-canary")
    tasks = [
        {
            "name": case.name,
            MODULE: {name: value for name, value in {**good, **case.options}.items() if value is not LEFT_OUT},
            "ignore_errors": True,
        }
        for case in cases
    ]

    run = ansible.playbook(
        play(*tasks, strategy="free"),
        inventory=inventory(
            **{path: {"ansible_connection": name, "ansible_pipelining": True} for path, name in CONNECTIONS.items()}
        ),
        # Ansible lists the values of a boolean from a set, whose order differs between processes.
        environment={"PYTHONHASHSEED": "0"},
    )

    for case in cases:
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
