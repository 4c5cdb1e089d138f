# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is refused before anything is sent, and what the accepted options mean."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.raw import (
    QUOTE_IT,
    check_raw,
    suggestion,
    typed,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import (
    Conditions,
    ConnectionOptions,
    GateOptions,
    ReleaseTarget,
    Request,
    Schedule,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import (
    CONNECTION_OPTIONS,
    OPTIONS,
    SECRET_OPTIONS,
    SOURCE_OPTIONS,
    Option,
    argument_rules,
    argument_spec,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.validation import parse, sanitizer_for

MESH = {"mesh_id": "m"}
ONE = {**MESH, "namespace": "n", "release_id": "r"}
WAIT = {"wait": True, "success_phases": ["Running"]}
GATE = {**ONE, **WAIT}
TWO = {**MESH, "namespace": "n", "releases": [{"release_id": "a"}, {"service": "b"}]}
TWO_GATE = {**TWO, **WAIT}

CONDITIONS = [each for each in OPTIONS if each.name == "on_missing" or (each.needs_gate and each.name != "require")]

VALIDATOR = ArgumentSpecValidator(argument_spec(), **argument_rules())


def request(given: dict[str, Any], variables: dict[str, Any] | None = None) -> Request:
    """Return the request that options of a task become."""
    return parse(typed(check_raw(given), VALIDATOR, sanitizer_for(given)), variables)


def refusal(given: dict[str, Any], variables: dict[str, Any] | None = None) -> str:
    """Return the sentence that refuses options of a task."""
    with pytest.raises(UsageError) as refused:
        request(given, variables)
    return refused.value.sentence(sanitizer_for(given))


def gate(given: dict[str, Any]) -> GateOptions:
    """Return the gate of a task."""
    found = request(given).gate
    assert found is not None
    return found


class TestTargets:
    @pytest.mark.parametrize(
        ("given", "targets", "is_single"),
        [
            pytest.param(ONE, [ReleaseTarget("m", "n", "r")], True, id="release_id"),
            pytest.param(
                {**MESH, "namespace": "n", "service": "s"},
                [ReleaseTarget("m", "n", service="s")],
                True,
                id="service",
            ),
            pytest.param(
                {**MESH, "namespace": "n", "releases": [{"release_id": "a"}, {"service": "b", "namespace": "x"}]},
                [ReleaseTarget("m", "n", "a"), ReleaseTarget("m", "x", service="b")],
                False,
                id="releases",
            ),
            pytest.param({**MESH, "namespace": "n"}, [], False, id="whole mesh"),
        ],
    )
    def test_exactly_one_way_names_them(
        self, given: dict[str, Any], targets: list[ReleaseTarget], is_single: bool
    ) -> None:
        found = request(given)

        assert list(found.targets) == targets
        assert found.is_single is is_single

    def test_the_same_id_in_two_namespaces_is_two_targets(self) -> None:
        given = {**MESH, "namespace": "n", "releases": [{"release_id": "a"}, {"release_id": "a", "namespace": "x"}]}

        assert [target.namespace for target in request(given).targets] == ["n", "x"]

    @pytest.mark.parametrize("wait", [{}, WAIT], ids=["read", "gate"])
    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"release_id": "r", "service": "s"}, "parameters are mutually exclusive: release_id|service|releases"),
            ({"service": "s", "releases": []}, "parameters are mutually exclusive: release_id|service|releases"),
            ({"release_id": ""}, "release_id is empty; "),
            ({"release_id": " "}, "release_id is empty; "),
            ({"service": ""}, "service is empty; "),
            ({"releases": []}, "releases is empty; "),
            ({"release_id": None}, "release_id is null; "),
            ({"service": None}, "service is null; "),
            ({"releases": None}, "releases is null; "),
            ({"namespace": None}, "namespace is null; "),
            ({"namespace": "", "release_id": "r"}, "namespace is empty; "),
            ({"releases": [{}]}, "one of the following is required: release_id, service"),
            (
                {"releases": [{"release_id": "a", "service": "b"}]},
                "parameters are mutually exclusive: release_id|service",
            ),
            ({"releases": [{"service": ""}]}, "releases[0].service is empty; "),
            ({"releases": [{"release_id": None, "service": "a"}]}, "releases[0].release_id is null; "),
            ({"releases": [{"release_id": "a", "namespace": None}]}, "releases[0].namespace is null; "),
            ({"releases": [{"release_id": "a"}, {"release_id": "a"}]}, "releases has 'n/a' twice; "),
            (
                {"releases": [{"service": "a"}, {"service": "a", "namespace": "n"}]},
                "releases has 'n/a' twice; ",
            ),
        ],
        ids=str,
    )
    def test_only_absence_reads_the_mesh(self, given: dict[str, Any], said: str, wait: dict[str, Any]) -> None:
        assert refusal({**MESH, "namespace": "n", **wait, **given}).startswith(said)

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"release_id": "r"}, "missing parameter(s) required by 'release_id': namespace"),
            ({"service": "s"}, "missing parameter(s) required by 'service': namespace"),
            ({"releases": [{"service": "s"}]}, "releases[0].namespace is missing; "),
        ],
        ids=str,
    )
    def test_every_target_needs_a_namespace(self, given: dict[str, Any], said: str) -> None:
        assert refusal({**MESH, **given}).startswith(said)

    @pytest.mark.parametrize("name", ["mesh_id", "namespace", "release_id"])
    @pytest.mark.parametrize(
        "value", [".", "..", "a/b", "../x", "/", "a\nb", "a\x00", "\x85", "a\r\nX-Evil: 1", "\udc80"]
    )
    def test_an_id_is_one_segment_of_a_path(self, name: str, value: str) -> None:
        said = refusal({**ONE, name: value})

        assert said.startswith(f"{name} is ")
        assert said.isprintable()

    @pytest.mark.parametrize("value", ["...", "a b", "a%2Fb", "ä?#&=;:@", "\\", "名", "a.b"])
    def test_other_ids_are_left_to_the_service(self, value: str) -> None:
        assert request({**ONE, "release_id": value}).targets[0].name == value


class TestGate:
    def test_a_read_has_none(self) -> None:
        assert request(ONE).gate is None

    def test_has_the_documented_defaults(self) -> None:
        assert gate(GATE) == GateOptions((Conditions(("Running",)),), 1)
        assert request(GATE).schedule == Schedule()

    def test_has_every_condition(self) -> None:
        given = {
            "success_phases": [" Running ", "Done"],
            "failure_phases": ["Failed"],
            "ready": True,
            "version": "1.10",
            "images": ["reviews:2"],
            "stable_for": 30,
            "stall_timeout": 60,
            "on_missing": "accept",
            "missing_after": ["Finishing "],
        }

        assert gate({**GATE, **given}).conditions == (
            Conditions(
                ("Running", "Done"), ("Failed",), True, "1.10", ("reviews:2",), 30, 60, "accept", ("Finishing",)
            ),
        )

    def test_has_every_condition_of_the_table(self) -> None:
        assert [each.name for each in CONDITIONS] == [field.name for field in fields(Conditions)]

    @pytest.mark.parametrize("option", CONDITIONS, ids=lambda option: option.name)
    def test_has_the_value_of_each_condition(self, option: Option) -> None:
        values = {"list": ["x"], "str": option.choices[-1] if option.choices else "x", "bool": True, "int": 7}
        value = values[option.type]
        (found,) = gate({**GATE, option.name: value}).conditions
        (default,) = gate(GATE).conditions

        assert getattr(found, option.name) == (tuple(value) if isinstance(value, list) else value)
        assert getattr(found, option.name) != getattr(default, option.name)

    def test_an_entry_may_have_a_version_and_images_of_its_own(self) -> None:
        releases = [{"release_id": "a"}, {"release_id": "b", "version": "2", "images": ["y"]}]
        found = gate({**TWO_GATE, "releases": releases, "version": "1", "images": ["x"]}).conditions

        assert [(each.version, each.images) for each in found] == [("1", ("x",)), ("2", ("y",))]

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (WAIT, "wait is True but any of the following are missing: release_id, service, releases"),
            ({**ONE, "wait": True}, "wait is True but all of the following are missing: success_phases"),
        ],
        ids=["no release", "no phase"],
    )
    def test_names_releases_and_phases(self, given: dict[str, Any], said: str) -> None:
        assert refusal({**MESH, **given}) == said

    def test_without_a_release_is_refused_even_by_parse_alone(self) -> None:
        with pytest.raises(UsageError, match="names no release"):
            parse({**MESH, **WAIT})

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"success_phases": ["Running"]}, "success_phases needs"),
            ({"success_phases": []}, "success_phases needs"),
            ({"failure_phases": ["Failed"]}, "failure_phases needs"),
            ({"ready": True}, "ready needs"),
            ({"version": "1.10"}, "version needs"),
            ({"version": ""}, "version needs"),
            ({"images": []}, "images needs"),
            ({"stable_for": 1}, "stable_for needs"),
            ({"stall_timeout": 1}, "stall_timeout needs"),
            ({"missing_after": []}, "missing_after needs"),
            ({"require": "any"}, "require needs"),
            ({"on_missing": "wait"}, "on_missing: wait needs"),
            ({"ready": True, "on_missing": "wait"}, "ready, on_missing: wait need"),
        ],
        ids=str,
    )
    def test_options_need_wait(self, given: dict[str, Any], said: str) -> None:
        for read in (MESH, ONE, TWO):
            assert refusal({**read, **given}) == f"{said} wait: true; without it the task only reads"

    @pytest.mark.parametrize("own", [{"version": "1"}, {"images": []}], ids=str)
    def test_options_of_an_entry_need_wait(self, own: dict[str, Any]) -> None:
        given = {**MESH, "namespace": "n", "releases": [{"release_id": "a"}, {"release_id": "b", **own}]}

        assert refusal(given).startswith(f"releases[1].{next(iter(own))} needs wait: true; ")

    @pytest.mark.parametrize("given", [{"failure_phases": []}, {"require": "all"}, {"stable_for": 0}], ids=str)
    def test_options_at_their_default_need_no_wait(self, given: dict[str, Any]) -> None:
        assert request({**ONE, **given}) == request(ONE)

    @pytest.mark.parametrize("on_missing", ["fail", "accept"])
    def test_a_read_may_accept_a_404(self, on_missing: str) -> None:
        assert request({**ONE, "on_missing": on_missing}).on_missing == on_missing

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"success_phases": []}, "success_phases is empty; "),
            ({"success_phases": ["Running", " "]}, "success_phases has an empty entry; "),
            ({"failure_phases": [""]}, "failure_phases has an empty entry; "),
            ({"missing_after": []}, "missing_after is empty; "),
            ({"on_missing": "accept", "missing_after": [" "]}, "missing_after has an empty entry; "),
            ({"on_missing": "accept"}, "on_missing: accept needs missing_after; "),
            ({"images": []}, "images is empty; "),
            ({"images": [""]}, "images has an empty entry; "),
            ({"version": " "}, "version is empty; "),
            ({"failure_phases": ["Running"]}, "success_phases and failure_phases overlap: 'Running'; "),
            ({"failure_phases": [" rUNNING "]}, "success_phases and failure_phases overlap: 'Running'; "),
            ({"stable_for": 600}, "stable_for (600 s) is not less than wait_timeout (600 s); "),
            ({"stable_for": 5, "wait_timeout": 4}, "stable_for (5 s) is not less than wait_timeout (4 s); "),
            ({"require": "any"}, "require is given for one release; "),
            ({"require": 1}, "require is given for one release; "),
        ],
        ids=str,
    )
    def test_conditions_that_make_no_sense_are_refused(self, given: dict[str, Any], said: str) -> None:
        assert refusal({**GATE, **given}).startswith(said)

    @pytest.mark.parametrize("own", [{"version": " "}, {"images": []}, {"images": [""]}], ids=str)
    def test_an_entry_has_no_empty_condition(self, own: dict[str, Any]) -> None:
        said = refusal({**TWO_GATE, "releases": [{"release_id": "a", **own}]})

        assert said.startswith(f"releases[0].{next(iter(own))} ")
        assert "empty" in said

    @pytest.mark.parametrize(
        ("require", "required"),
        [("all", 2), (" ALL ", 2), ("any", 1), ("Any", 1), ("1", 1), (2, 2), (" 2 ", 2), ("02", 2)],
    )
    def test_require_is_all_any_or_a_number(self, require: Any, required: int) -> None:
        assert gate({**TWO_GATE, "require": require}).required == required

    @pytest.mark.parametrize(
        "require", ["0", "-1", "+1", "some", "", " ", "\uff12", "\u0662", "\u00b2", "1.0", "1e0", "1_0", "9" * 10]
    )
    def test_require_is_nothing_else(self, require: str) -> None:
        said = refusal({**TWO_GATE, "require": require})

        assert said == f"require is '{require}'; it must be all, any, or a number of releases from 1"

    @pytest.mark.parametrize("require", ["3", "999999999"])
    def test_require_is_at_most_the_number_of_releases(self, require: str) -> None:
        assert refusal({**TWO_GATE, "require": require}).startswith(f"require is {require}, and releases has 2; ")


@pytest.mark.parametrize("option", [each for each in OPTIONS if each.type == "int"], ids=lambda option: option.name)
def test_a_number_keeps_its_bounds(option: Option) -> None:
    assert option.least is not None
    for given in (ONE, GATE):
        said = refusal({**given, option.name: option.least - 1})
        assert said == f"{option.name} is {option.least - 1}; it must be {option.least} or more"
        assert (
            refusal({**given, option.name: 10**400}) == f"{option.name} is too large; it must be {option.most} or less"
        )


@pytest.mark.parametrize("value", [float("inf"), "many"])
def test_an_option_of_another_type_is_refused(value: Any) -> None:
    assert refusal({**ONE, "wait_timeout": value})


TEXTS = [option.name for option in CONNECTION_OPTIONS if option.type in ("str", "path") and not option.choices]


class TestConnection:
    def test_has_only_what_was_given(self) -> None:
        found = request({**ONE, "region": "r", "request_timeout": 7, "validate_certs": False}, {"token": "t"})

        assert found.connection == ConnectionOptions({"region": "r"}, {"token": "t"}, "auto", False, 7)

    @pytest.mark.parametrize("name", TEXTS)
    def test_an_empty_text_is_refused(self, name: str) -> None:
        with pytest.raises(UsageError, match=f"^{name} is empty"):
            parse({**ONE, name: " "})
        assert refusal(ONE, {name: ""}).startswith(f"huaweicloud_asm_{name} is empty; ")

    @pytest.mark.parametrize(
        "given",
        [
            {"token": "hidden-1", "access_key": "hidden-2", "secret_key": "hidden-3"},
            {"token": "hidden-1", "username": "u", "password": "hidden-2", "domain_name": "d"},
            {"access_key": "hidden-1"},
            {"secret_key": "hidden-1"},
            {"security_token": "hidden-1"},
            {"username": "u", "password": "hidden-1"},
            {"password": "hidden-1"},
        ],
        ids="+".join,
    )
    def test_one_whole_set_is_given_and_no_secret_is_shown(self, given: dict[str, Any]) -> None:
        assert "hidden" not in refusal({**ONE, **given})


NOT_TEXT: list[tuple[Any, str]] = [
    (1.1, "a number (1.1)"),
    (7, "a number (7)"),
    (float("nan"), "a number (nan)"),
    (16**5000, "a number"),
    (True, "a boolean (true)"),
    (date(2024, 12, 10), "a date (2024-12-10)"),
    (datetime(2024, 12, 10, 1, 2, 3), "a date (2024-12-10 01:02:03)"),  # noqa: DTZ001
]
"""What YAML and native Jinja make of text that is not quoted, and what an error calls it."""


class TestText:
    @pytest.mark.parametrize(("value", "described"), NOT_TEXT, ids=[described for _value, described in NOT_TEXT])
    @pytest.mark.parametrize(
        ("place", "given"),
        [
            ("version", lambda value: {"version": value}),
            ("success_phases[1]", lambda value: {"success_phases": ["Running", value]}),
            ("images", lambda value: {"images": value}),
            ("releases[0].version", lambda value: {"releases": [{"release_id": "a", "version": value}]}),
            ("releases[0].service", lambda value: {"releases": [{"service": value}]}),
            ("releases[0].images[1]", lambda value: {"releases": [{"release_id": "a", "images": ["b", value]}]}),
        ],
        ids=lambda each: each if isinstance(each, str) else "",
    )
    def test_a_number_a_boolean_or_a_date_is_refused(self, place: str, given: Any, value: Any, described: str) -> None:
        assert refusal(given(value)) == f"{place} is {described}, and must be text; {QUOTE_IT}"

    @pytest.mark.parametrize("option", SOURCE_OPTIONS + OPTIONS, ids=lambda option: option.name)
    def test_every_option_that_is_text_refuses_a_number(self, option: Option) -> None:
        if option.type in ("str", "path", "list") and not option.accepts_number:
            with pytest.raises(UsageError):
                check_raw({option.name: 1.1}, [option])
        elif option.accepts_number:
            assert check_raw({option.name: 1.1}, [option]) == {option.name: 1.1}

    @pytest.mark.parametrize("name", SECRET_OPTIONS)
    def test_a_secret_is_not_shown(self, name: str) -> None:
        assert refusal({name: 4711}) == f"{name} is a number, and must be text; {QUOTE_IT}"

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"version": ["1.10"]}, "version is a list, and must be text; give text"),
            ({"mesh_id": {"a": 1}}, "mesh_id is a mapping, and must be text; give text"),
            ({"version": b"1.10"}, "version is binary data, and must be text; give text"),
            ({"images": {"a": 1}}, "images is a mapping; give text or a list of text"),
            ({"images": b"a"}, "images is binary data; give text or a list of text"),
            ({"images": [None]}, "images[0] is null, and must be text; give text"),
            ({"releases": '[{"release_id": "a"}]'}, "releases is text; give a list of mappings"),
            ({"releases": {"release_id": "a"}}, "releases is a mapping; give a list of mappings"),
            ({"releases": ["a"]}, "releases[0] is text; give a mapping"),
            ({"stable_for": True}, "stable_for is a boolean (true); give a whole number"),
            ({"wait_timeout": "soon"}, "wait_timeout is 'soon'; give a whole number"),
            ({"wait_timeout": ""}, "wait_timeout is ''; give a whole number"),
            ({"wait_timeout": "7.5"}, "wait_timeout is '7.5'; give a whole number"),
            ({"wait_timeout": "1e30"}, "wait_timeout is '1e30'; give a whole number"),
            ({"wait_timeout": 7.5}, "wait_timeout is a number (7.5); give a whole number"),
            ({"wait_timeout": float("inf")}, "wait_timeout is a number (inf); give a whole number"),
            ({"wait_timeout": float("nan")}, "wait_timeout is a number (nan); give a whole number"),
            ({"wait_timeout": date(2024, 12, 10)}, "wait_timeout is a date (2024-12-10); give a whole number"),
            ({"wait_timeout": [60]}, "wait_timeout is a list; give a whole number"),
            ({"ready": "maybe"}, "ready is 'maybe'; give true or false"),
            ({"ready": ""}, "ready is ''; give true or false"),
            ({"wait": 2}, "wait is a number (2); give true or false"),
            ({"validate_certs": [True]}, "validate_certs is a list; give true or false"),
            ({"manifests": {}}, "manifests is a mapping; give true or false"),
            (
                {"wait": "$ANSIBLE_VAULT;1.1;AES256\n6162"},
                "wait is still encrypted with Ansible Vault; give the vault password or vault ID",
            ),
            (
                {"version": "$ANSIBLE_VAULT;1.1;AES256\n6162"},
                "version is still encrypted with Ansible Vault; give the vault password or vault ID",
            ),
        ],
        ids=str,
    )
    def test_any_other_type_is_refused_without_its_value(self, given: dict[str, Any], said: str) -> None:
        assert refusal(given) == said

    @pytest.mark.parametrize("secret", ["4711", 4711], ids=["text", "number"])
    def test_secrets_of_any_type_are_learnt(self, secret: object) -> None:
        assert "4711" not in sanitizer_for({}, {"password": secret})("version is a number (4711)")


class TestRaw:
    def test_nulls_that_name_no_release_are_left_out(self) -> None:
        nulls = {option.name: None for option in OPTIONS if not option.names_release}
        releases = [{"release_id": "a", "version": None, "images": None}]

        assert check_raw({**nulls, "releases": releases}) == {"releases": [{"release_id": "a"}]}

    def test_text_is_left_as_given(self) -> None:
        given = {"version": "1.10", "images": ["a", ""], "success_phases": "a,b", "missing_after": ""}

        assert check_raw(given) == given

    @pytest.mark.parametrize("value", [60, "60", " 60 ", "+60", 60.0, "60.0", "6e1"])
    def test_a_whole_number_may_be_text_or_have_a_fraction_of_zero(self, value: object) -> None:
        assert check_raw({"wait_timeout": value}) == {"wait_timeout": 60}

    @pytest.mark.parametrize(("value", "is_true"), [(True, True), ("yes", True), (1, True), ("Off", False), (0, False)])
    def test_a_boolean_may_be_text_or_a_number(self, value: object, is_true: bool) -> None:
        assert check_raw({"ready": value}) == {"ready": is_true}

    @pytest.mark.parametrize("value", [("a",), {"a"}, frozenset({"a"})], ids=lambda value: type(value).__name__)
    def test_a_list_may_be_a_tuple_or_a_set(self, value: object) -> None:
        assert check_raw({"images": value}) == {"images": ["a"]}

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            ({"stabel_for": 1}, "unknown option stabel_for; did you mean stable_for?"),
            ({"qqq": 1}, "unknown option qqq; see the documentation for the names of all options"),
            ({"minimum": 2}, "unknown option minimum; see the documentation for the names of all options"),
            ({"a b\n": 1}, "unknown option 'a b\\u000a'; see the documentation for the names of all options"),
            ({"releases": [{"verison": "1"}]}, "unknown option releases[0].verison; did you mean version?"),
        ],
        ids=str,
    )
    def test_an_unknown_option_is_refused_with_the_nearest_name(self, given: dict[str, Any], said: str) -> None:
        assert refusal(given) == said

    def test_an_error_has_the_name_and_the_hint_of_its_place(self) -> None:
        with pytest.raises(UsageError) as refused:
            check_raw({"region": 1}, hint="quote it twice", prefix="huaweicloud_asm_")

        assert refused.value.sentence(str) == (
            "huaweicloud_asm_region is a number (1), and must be text; quote it twice"
        )

    def test_a_suggestion_is_near(self) -> None:
        assert suggestion("success_phase", ["failure_phases", "success_phases"]) == "success_phases"
        assert suggestion("x", ["success_phases"]) == ""
