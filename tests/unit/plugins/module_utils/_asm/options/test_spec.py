# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options there are, which go together, and what is refused before anything is sent."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    Conditions,
    Named,
    Options,
    Selection,
    Several,
    Target,
    argument_spec,
    is_phase,
    is_segment,
    parse,
    with_defaults,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner

IDS = {"mesh_id": "m-1", "namespace": "bookinfo", "release_id": "r-1"}
GATE = {**IDS, "wait": True, "success_phases": ["Running"]}
MESH = {"mesh_id": "m-1"}
LIST = {**MESH, "namespace": "bookinfo", "releases": [{"release_id": "r-1"}, {"release_id": "r-2"}]}
WAIT = {"wait": True, "success_phases": ["Running"]}
LIST_GATE = {**LIST, **WAIT}
SELECTION_GATE = {**MESH, **WAIT, "minimum": 2}


def parsed(parameters: dict[str, Any], variables: dict[str, Any] | None = None) -> Options:
    return parse(with_defaults(parameters), variables)


def refusal(parameters: dict[str, Any], variables: dict[str, Any] | None = None) -> str:
    """The sentence with which the options are refused."""
    with pytest.raises(AsmError) as refused:
        parsed(parameters, variables)
    assert refused.value.kind == "usage"
    assert not refused.value.passing
    assert not refused.value.url
    assert refused.value.remedy
    return refused.value.sentence(Cleaner())


def several(parameters: dict[str, Any]) -> Several:
    """Several releases, as the options ask for them."""
    target = parsed(parameters).target
    assert isinstance(target, Several)
    return target


def test_a_read_needs_nothing_but_the_three_ids() -> None:
    options = parsed(IDS)
    assert options.target == Target("m-1", "bookinfo", "r-1")
    assert options.conditions is None
    assert (options.on_missing, options.request_timeout, options.request_retries) == ("fail", 15, 3)
    assert not options.manifests
    assert (dict(options.connection.given), options.connection.auth_type) == ({}, "auto")
    assert options.connection.validate_certs


def test_a_gate_needs_success_phases_as_well_and_has_the_defaults_that_are_documented() -> None:
    assert parsed(GATE).conditions == Conditions(success_phases=("Running",))


def test_every_condition_arrives() -> None:
    given: dict[str, Any] = {
        "success_phases": [" Running ", "Done"],
        "failure_phases": ["Failed"],
        "ready": True,
        "version": "1.10",
        "images": ["reviews:2"],
        "stable_for": 30,
        "stall_timeout": 60,
        "on_missing": "accept",
        "missing_after": ["Finishing "],
        "wait_timeout": 100,
        "wait_sleep": 5,
        "request_timeout": 7,
        "request_retries": 0,
    }
    assert parsed({**GATE, **given}).conditions == Conditions(
        **{
            **given,
            "success_phases": ("Running", "Done"),
            "failure_phases": ("Failed",),
            "images": ("reviews:2",),
            "missing_after": ("Finishing",),
        }
    )


def test_what_is_null_has_its_default() -> None:
    assert parsed({**GATE, **{option.name: None for option in OPTIONS if option.name not in GATE}}) == parsed(GATE)


@pytest.mark.parametrize("name", ["mesh_id", "namespace", "release_id"])
@pytest.mark.parametrize(
    "value", ["", " ", "\t", ".", "..", "a/b", "../x", "/", "a\nb", "a\x00", "\x85", "a\r\nX-Evil: 1", "\udc80"]
)
def test_an_id_that_is_no_segment_of_a_path_is_refused_by_name(name: str, value: str) -> None:
    sentence = refusal({**IDS, name: value})
    assert sentence.startswith(f"{name} is ")
    assert sentence.isprintable()


@pytest.mark.parametrize("value", ["...", "a b", "a%2Fb", "ä?#&=;:@", "\\", "名", "a.b"])
def test_an_odd_id_is_left_to_the_service(value: str) -> None:
    assert parsed({**IDS, "release_id": value}).target == Target("m-1", "bookinfo", value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("success_phases", ["Running"]),
        ("success_phases", []),
        ("failure_phases", ["Failed"]),
        ("ready", True),
        ("version", "1.10"),
        ("version", ""),
        ("images", ["reviews:2"]),
        ("stable_for", 1),
        ("stall_timeout", 1),
        ("missing_after", ["Running"]),
        ("on_missing", "wait"),
    ],
)
def test_nobody_believes_that_a_gate_was_there_without_wait(name: str, value: Any) -> None:
    sentence = refusal({**IDS, name: value})
    assert sentence.startswith(name)
    assert "needs wait: true" in sentence


@pytest.mark.parametrize("on_missing", ["fail", "accept"])
def test_what_a_404_means_can_be_said_without_wait(on_missing: str) -> None:
    assert parsed({**IDS, "on_missing": on_missing}).on_missing == on_missing


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param({"success_phases": None}, "success_phases", id="no success phases"),
        pytest.param({"success_phases": []}, "success_phases", id="an empty list of them"),
        pytest.param({"success_phases": ["Running", " "]}, "success_phases", id="an empty success phase"),
        pytest.param({"success_phases": [""]}, "success_phases", id="only an empty success phase"),
        pytest.param({"failure_phases": [""]}, "failure_phases", id="an empty failure phase"),
        pytest.param({"on_missing": "accept", "missing_after": [" "]}, "missing_after", id="an empty last phase"),
        pytest.param({"images": [""]}, "images", id="an empty image"),
        pytest.param({"version": " "}, "version", id="an empty version"),
        pytest.param({"failure_phases": ["Running"]}, "success_phases and failure_phases", id="overlap"),
        pytest.param({"failure_phases": [" rUNNING "]}, "success_phases and failure_phases", id="overlap but for case"),
        pytest.param({"stable_for": 600}, "stable_for", id="stable as long as the wait"),
        pytest.param({"stable_for": 5, "wait_timeout": 4}, "stable_for", id="stable for longer than the wait"),
        pytest.param({"on_missing": "accept"}, "missing_after", id="accept without missing_after"),
        pytest.param({"on_missing": "accept", "missing_after": []}, "missing_after", id="accept with none"),
    ],
)
def test_a_gate_that_makes_no_sense_is_refused_by_name(given: dict[str, Any], named: str) -> None:
    assert named in refusal({**GATE, **given})


@pytest.mark.parametrize("wait", [False, True])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wait_timeout", 0),
        ("wait_sleep", 0),
        ("request_timeout", 0),
        ("wait_timeout", -1),
        ("wait_sleep", -1),
        ("request_timeout", -1),
        ("request_retries", -1),
        ("requests_per_minute", 0),
        ("requests_per_minute", -1),
        ("requests_per_minute", 10**7),
        ("stable_for", -1),
        ("stall_timeout", -1),
        ("wait_timeout", 10**400),
        ("wait_sleep", 10**10),
        ("request_timeout", 10**7),
        ("request_retries", 10**400),
        ("stable_for", 10**400),
        ("stall_timeout", 10**400),
    ],
)
def test_a_time_that_no_clock_can_keep_is_refused_by_name(name: str, value: int, wait: bool) -> None:
    sentence = refusal({**(GATE if wait else IDS), name: value})
    assert sentence.startswith(f"{name} is ")
    assert len(sentence) < 200


def test_the_least_times_are_accepted() -> None:
    least: dict[str, Any] = {"wait_timeout": 1, "wait_sleep": 1, "request_timeout": 1, "request_retries": 0}
    conditions = parsed({**GATE, **least}).conditions
    assert conditions == Conditions(success_phases=("Running",), **least)


class TestTheWaysToSayWhich:
    def test_exclude_each_other_and_only_service_and_name_go_together(self) -> None:
        assert several({**MESH, "service": ["reviews"], "name": ["canary"]}).releases == Selection(
            None, ("reviews",), ("canary",)
        )

    @pytest.mark.parametrize("gate", [{}, WAIT], ids=["a read", "a gate"])
    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"release_id": "r-1", "releases": [{"release_id": "r-1"}]}, "release_id and releases"),
            ({"release_id": "r-1", "releases": []}, "release_id and releases"),
            ({"release_id": "r-1", "service": ["reviews"]}, "release_id and service"),
            ({"release_id": "r-1", "name": ["canary"]}, "release_id and name"),
            ({"release_id": "", "name": []}, "release_id and name"),
            ({"releases": [{"release_id": "r-1"}], "service": ["reviews"]}, "releases and service"),
            ({"releases": [{"release_id": "r-1"}], "name": []}, "releases and name"),
            ({"releases": [], "service": ["a"], "name": ["b"]}, "releases and service and name"),
        ],
    )
    def test_exclude_each_other(self, given: dict[str, Any], named: str, gate: dict[str, Any]) -> None:
        sentence = refusal({**MESH, "namespace": "bookinfo", **gate, **given})
        assert sentence == f"{named} exclude each other; say in one way which releases are meant"

    @pytest.mark.parametrize("way", [LIST, MESH], ids=["a list", "a selection"])
    @pytest.mark.parametrize("mesh_id", [" ", "a/b"])
    def test_all_need_a_mesh(self, way: dict[str, Any], mesh_id: str) -> None:
        assert refusal({**way, "mesh_id": mesh_id}).startswith("mesh_id is ")


class TestReleases:
    def test_need_nothing_but_their_ids(self) -> None:
        assert several(LIST) == Several(
            "m-1", (Named("bookinfo", "r-1"), Named("bookinfo", "r-2")), require=None, minimum=2
        )

    def test_keep_what_is_their_own_in_their_order(self) -> None:
        entries: list[dict[str, Any]] = [
            {"release_id": "r-2", "namespace": "shop", "version": "1.10", "images": ["reviews:2", "sidecar:1"]},
            {"release_id": "r-1", "namespace": None, "version": None, "images": None},
            {"release_id": "r-2"},
        ]
        assert several({**LIST_GATE, "releases": entries}).releases == (
            Named("shop", "r-2", "1.10", ("reviews:2", "sidecar:1")),
            Named("bookinfo", "r-1"),
            Named("bookinfo", "r-2"),
        )

    def test_need_no_namespace_of_the_task_when_each_has_its_own(self) -> None:
        entries = [{"release_id": "r-1", "namespace": "shop"}]
        assert several({**MESH, "releases": entries}).releases == (Named("shop", "r-1"),)

    def test_leave_version_and_images_of_the_task_to_the_conditions_of_all(self) -> None:
        options = parsed({**LIST_GATE, "version": "2", "images": ["reviews:2"]})
        assert options.conditions == Conditions(("Running",), version="2", images=("reviews:2",))
        assert isinstance(options.target, Several)
        assert options.target.releases == (Named("bookinfo", "r-1"), Named("bookinfo", "r-2"))

    @pytest.mark.parametrize(
        ("releases", "said"),
        [
            pytest.param([], "releases is empty", id="none"),
            pytest.param([{"release_id": " "}], "releases[0].release_id is empty", id="an empty id"),
            pytest.param([{"release_id": None}], "releases[0].release_id is missing", id="a null id"),
            pytest.param(
                [{"release_id": "a"}, {"release_id": "b/c"}], "releases[1].release_id is 'b/c'", id="no segment"
            ),
            pytest.param(
                [{"release_id": "a", "namespace": ""}], "releases[0].namespace is empty", id="an empty namespace"
            ),
            pytest.param(
                [{"release_id": "a", "namespace": ".."}], "releases[0].namespace is '..'", id="an ill namespace"
            ),
            pytest.param([{"release_id": "a", "version": ""}], "releases[0].version is empty", id="an empty version"),
            pytest.param(
                [{"release_id": "a"}, {"release_id": "b", "images": [" "]}],
                "releases[1].images has an empty entry",
                id="an empty image",
            ),
            pytest.param(
                [{"release_id": "a"}, {"release_id": "b", "images": []}], "releases[1].images is empty", id="no images"
            ),
            pytest.param(
                [{"release_id": "a"}, {"release_id": "b"}, {"release_id": "a"}],
                "releases has 'bookinfo/a' twice",
                id="twice",
            ),
            pytest.param(
                [{"release_id": "a", "version": "1"}, {"release_id": "a", "version": "2", "namespace": "bookinfo"}],
                "releases has 'bookinfo/a' twice",
                id="twice, once with the namespace of the task",
            ),
        ],
    )
    def test_that_make_no_sense_are_refused_by_their_place(self, releases: list[dict[str, Any]], said: str) -> None:
        assert refusal({**LIST_GATE, "releases": releases}).startswith(f"{said}; ")

    def test_without_any_namespace_are_refused_by_its_name(self) -> None:
        assert refusal({**MESH, "releases": [{"release_id": "a"}]}).startswith("releases[0].namespace is missing; ")

    @pytest.mark.parametrize(
        ("name", "value"), [("version", "1.10"), ("version", ""), ("images", ["reviews:2"]), ("images", [])]
    )
    def test_hold_no_gate_of_their_own_without_wait(self, name: str, value: Any) -> None:
        sentence = refusal({**LIST, "releases": [{"release_id": "a"}, {"release_id": "b", name: value}]})
        assert sentence == f"releases[1].{name} needs wait: true; without it no gate is held"

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"minimum": 1}, "minimum"),
            ({"minimum": 2}, "minimum"),
            ({"ignore_phases": ["Terminated"]}, "ignore_phases"),
            ({"ignore_phases": []}, "ignore_phases"),
            ({"minimum": 1, "ignore_phases": ["Terminated"]}, "minimum, ignore_phases"),
        ],
    )
    def test_go_with_nothing_that_is_of_a_selection(self, given: dict[str, Any], named: str) -> None:
        assert refusal({**LIST_GATE, **given}).startswith(f"{named} and releases exclude each other; ")


class TestASelection:
    @pytest.mark.parametrize(
        ("given", "selection"),
        [
            pytest.param({}, Selection(), id="the whole mesh"),
            pytest.param({"namespace": "bookinfo"}, Selection("bookinfo"), id="a namespace"),
            pytest.param({"service": ["reviews"]}, Selection(services=("reviews",)), id="a service"),
            pytest.param({"name": ["a", "b"]}, Selection(names=("a", "b")), id="names"),
            pytest.param(
                {"namespace": "bookinfo", "service": ["reviews", "ratings"], "name": ["a"]},
                Selection("bookinfo", ("reviews", "ratings"), ("a",)),
                id="all",
            ),
        ],
    )
    def test_is_narrowed_by_what_is_given(self, given: dict[str, Any], selection: Selection) -> None:
        assert several({**MESH, **given}) == Several("m-1", selection)
        assert several({**SELECTION_GATE, **given}) == Several("m-1", selection, minimum=2)

    def test_has_phases_that_leave_a_release_out_and_a_budget(self) -> None:
        given = {"ignore_phases": [" Terminated", "Done"], "requests_per_minute": 7}
        assert several({**SELECTION_GATE, **given}) == Several(
            "m-1", Selection(), minimum=2, ignore_phases=("Terminated", "Done"), requests_per_minute=7
        )

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            pytest.param({"service": []}, "service is empty", id="no service"),
            pytest.param({"name": []}, "name is empty", id="no name"),
            pytest.param({"service": ["reviews"], "name": []}, "name is empty", id="a service and no name"),
            pytest.param({"service": ["reviews", " "]}, "service has an empty entry", id="an empty service"),
            pytest.param({"name": [""]}, "name has an empty entry", id="an empty name"),
            pytest.param({"namespace": ""}, "namespace is empty", id="an empty namespace"),
            pytest.param({"namespace": "a/b"}, "namespace is 'a/b'", id="an ill namespace"),
        ],
    )
    @pytest.mark.parametrize("gate", [MESH, SELECTION_GATE], ids=["a read", "a gate"])
    def test_by_nothing_is_refused_by_name(self, gate: dict[str, Any], given: dict[str, Any], said: str) -> None:
        assert refusal({**gate, **given}).startswith(f"{said}; ")

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            pytest.param({"minimum": None}, "a selection that waits needs minimum", id="no minimum"),
            pytest.param({"minimum": None, "require": "3"}, "a selection that waits needs minimum", id="only require"),
            pytest.param({"minimum": 0}, "minimum is 0", id="a minimum of none"),
            pytest.param({"minimum": -1}, "minimum is -1", id="less than none"),
            pytest.param({"minimum": 0, "require": "3"}, "minimum is 0", id="none, whatever is required"),
            pytest.param({"ignore_phases": [""]}, "ignore_phases has an empty entry", id="an empty phase"),
        ],
    )
    def test_that_nothing_might_satisfy_holds_no_gate(self, given: dict[str, Any], said: str) -> None:
        assert refusal({**SELECTION_GATE, **given}).startswith(f"{said}; ")

    @pytest.mark.parametrize(
        ("require", "minimum", "there"),
        [("all", 2, 2), ("any", 2, 2), ("2", 2, 2), ("5", 2, 5), ("5", 7, 7), ("1", 1, 1)],
    )
    def test_needs_as_many_as_are_required_to_be_there(self, require: str, minimum: int, there: int) -> None:
        assert several({**SELECTION_GATE, "require": require, "minimum": minimum}).minimum == there


class TestRequire:
    @pytest.mark.parametrize(
        ("require", "count"),
        [
            (None, None),
            ("all", None),
            (" ALL ", None),
            ("any", 1),
            ("Any", 1),
            ("1", 1),
            ("2", 2),
            (" 2 ", 2),
            ("02", 2),
        ],
    )
    def test_is_all_any_or_a_number(self, require: str | None, count: int | None) -> None:
        assert several({**LIST_GATE, "require": require}).require == count
        assert several({**SELECTION_GATE, "require": require}).require == count

    @pytest.mark.parametrize(
        "require",
        [
            "0",
            "00",
            "-1",
            "+1",
            "some",
            "all of them",
            "",
            " ",
            "\uff12",
            "\u0662",
            "\u00b2",
            "1.0",
            "1e0",
            "1_0",
            "9" * 10,
        ],
    )
    @pytest.mark.parametrize("gate", [LIST_GATE, SELECTION_GATE], ids=["a list", "a selection"])
    def test_that_is_no_number_from_1_is_refused(self, gate: dict[str, Any], require: str) -> None:
        assert refusal({**gate, "require": require}) == (
            f"require is '{require}'; it must be all, any, or a number of releases from 1"
        )

    @pytest.mark.parametrize("require", ["3", "999999999"])
    def test_above_the_number_of_releases_is_refused(self, require: str) -> None:
        assert refusal({**LIST_GATE, "require": require}).startswith(f"require is {require}, and releases has 2; ")

    @pytest.mark.parametrize(
        ("given", "named"),
        [
            ({"require": "any"}, "require"),
            ({"require": "1"}, "require"),
            ({"minimum": 1}, "minimum"),
            ({"ignore_phases": ["Terminated"]}, "ignore_phases"),
            ({"ignore_phases": []}, "ignore_phases"),
            ({"require": "any", "minimum": 1}, "require, minimum"),
        ],
    )
    def test_makes_no_sense_for_one_release_nor_does_what_is_of_a_selection(
        self, given: dict[str, Any], named: str
    ) -> None:
        for one in (IDS, GATE):
            assert refusal({**one, **given}).startswith(f"{named} and release_id exclude each other; ")

    @pytest.mark.parametrize(
        ("way", "given"),
        [
            (LIST, {"require": "any"}),
            (LIST, {"require": "2"}),
            (MESH, {"require": "any"}),
            (MESH, {"minimum": 1}),
            (MESH, {"ignore_phases": ["Terminated"]}),
            (MESH, {"ignore_phases": []}),
        ],
    )
    def test_holds_no_gate_without_wait_nor_does_what_is_of_a_selection(
        self, way: dict[str, Any], given: dict[str, Any]
    ) -> None:
        (name,) = given
        assert refusal({**way, **given}) == f"{name} needs wait: true; without it no gate is held"


@pytest.mark.parametrize("way", [LIST, LIST_GATE, MESH, SELECTION_GATE])
def test_what_is_null_has_its_default_for_several_releases_too(way: dict[str, Any]) -> None:
    assert parsed({**way, **{option.name: None for option in OPTIONS if option.name not in way}}) == parsed(way)


@pytest.mark.parametrize(
    ("value", "segment"),
    [
        *((each, True) for each in ("a", "...", "a b", "a%2Fb", "\\", "名")),
        *((each, False) for each in ("", " ", ".", "..", "a/b", "a\nb", "\x7f", "\udc80")),
    ],
)
def test_a_segment_of_a_path_leads_nowhere_else(value: str, segment: bool) -> None:
    assert is_segment(value) is segment


TEXTS = [option.name for option in CONNECTION_OPTIONS if option.type in ("str", "path") and not option.choices]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("value", ["", " "])
def test_a_connection_option_given_as_an_empty_text_is_refused_by_name(name: str, value: str) -> None:
    assert refusal({**IDS, name: value}).startswith(f"{name} is empty")
    assert refusal(IDS, {name: value}).startswith(f"huaweicloud_asm_{name} is empty")


@pytest.mark.parametrize("name", TEXTS)
def test_options_and_variables_of_the_connection_stay_apart(name: str) -> None:
    connection = parsed({**IDS, name: "a"}, {name: "b"}).connection
    assert (connection.given[name], connection.variables[name]) == ("a", "b")


@pytest.mark.parametrize(
    ("phase", "matches"),
    [
        ("Running", True),
        (" rUNNING\n", True),
        ("Runnin", False),
        ("Running2", False),
        ("", False),
        (" ", False),
        (None, False),
        (True, False),
        (["Running"], False),
        ({"Running": 1}, False),
    ],
)
def test_phases_are_compared_stripped_and_without_case_and_what_is_no_phase_matches_nothing(
    phase: object, matches: bool
) -> None:
    assert is_phase(phase, ["Done", " running "]) is matches


def test_an_empty_phase_matches_nothing_not_even_an_empty_one() -> None:
    assert not is_phase("", ["", " "])


def test_the_argument_spec_says_only_what_differs_from_the_default() -> None:
    spec = argument_spec()
    assert list(spec) == [option.name for option in OPTIONS]
    assert spec["mesh_id"] == {"type": "str", "required": True}
    assert spec["failure_phases"] == {"type": "list", "default": [], "elements": "str"}
    assert spec["on_missing"] == {"type": "str", "default": "fail", "choices": ["fail", "accept", "wait"]}
    assert spec["token"] == {"type": "str", "no_log": True}
    assert spec["releases"] == {
        "type": "list",
        "elements": "dict",
        "options": {
            "namespace": {"type": "str"},
            "release_id": {"type": "str", "required": True},
            "version": {"type": "str"},
            "images": {"type": "list", "elements": "str"},
        },
    }
    assert [name for name, argument in spec.items() if argument.get("required")] == ["mesh_id"]


def test_an_argument_spec_that_was_changed_changes_no_other() -> None:
    argument_spec()["on_missing"]["choices"].append("x")
    assert argument_spec()["on_missing"]["choices"] == ["fail", "accept", "wait"]
