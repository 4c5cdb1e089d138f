# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads without a gate: of targets, and of a whole mesh."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError, ProtocolError, UsageError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import Schedule
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.wait.reader import read_mesh, read_targets
from ansible_collections.huaweicloud.asm.tests.unit.plugins.documents import error_of_kind, not_found
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.observed import Seen, throttled
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.staged import item
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.wait.clients import (
    LIST,
    Call,
    FakeClient,
    Listed,
)

MALFORMED = [
    pytest.param({}, id="empty"),
    pytest.param(item("..", uid="a/b"), id="no id"),
    pytest.param(item("odd", namespace=""), id="no namespace"),
    pytest.param(item("odd", namespace=".."), id="another path"),
    pytest.param({**item("odd"), "status": None}, id="malformed when read"),
]


def read_call(client: FakeClient, *names: str, on_missing: str = "fail", namespace: str | None = None) -> Call:
    return Call(client, names, Schedule(), None, on_missing=on_missing, namespace=namespace)


def found_in(call: Call) -> list[tuple[str, str | None]]:
    """Return the name and the phase of each target."""
    reads = read_targets(call.context(), call.waiter())
    return [(read.target.name, read.release.phase if read.release else None) for read in reads]


def mesh_of(call: Call) -> list[tuple[str, str, str]]:
    """Return the namespace, the id and the phase of each release."""
    reads = read_mesh(call.context())
    return [(read.target.namespace, read.target.name, read.release.phase if read.release else "") for read in reads]


class TestTargets:
    def test_are_read_once_whatever_their_phases(self) -> None:
        client = FakeClient({"b": ["Failed"], "s": [""]}, [[item("a")]])
        assert found_in(read_call(client, "a", "b", "service:s")) == [("a", "Running"), ("b", "Failed"), ("s", "")]
        assert [name for _at, name in client.asked] == [LIST, "b", "s"]

    @pytest.mark.parametrize(("names"), [["b"], ["a", "b", "c"]])
    @pytest.mark.parametrize("on_missing", ["fail", "accept", "wait"])
    def test_that_do_not_exist_are_an_error_or_not_found(self, names: list[str], on_missing: str) -> None:
        call = read_call(FakeClient(listing=[[item("a"), item("c")]]), *names, on_missing=on_missing)
        if on_missing == "fail":
            with pytest.raises(AsmError) as raised:
                found_in(call)
            assert raised.value.kind == "not_found"
            assert raised.value.sentence(Sanitizer()).startswith("'b (bookinfo)'") is (len(names) > 1)
        else:
            assert dict(found_in(call)) == {**dict.fromkeys(names, "Running"), "b": None}

    @pytest.mark.parametrize("error", [error_of_kind("denied"), error_of_kind("credentials"), error_of_kind("server")])
    def test_an_error_names_the_release_and_ends_the_read(self, error: Seen) -> None:
        client = FakeClient({"a": ["Running"], "b": [error], "c": ["Running"]})
        with pytest.raises(AsmError) as raised:
            found_in(read_call(client, "service:a", "service:b", "service:c"))
        assert raised.value.sentence(Sanitizer()).startswith("'b (bookinfo)'")
        assert "c" not in [name for _at, name in client.asked]

    def test_an_error_of_the_list_ends_the_read(self) -> None:
        with pytest.raises(AsmError, match="an error of kind credentials"):
            found_in(read_call(FakeClient(listing=[error_of_kind("credentials")]), "a", "b"))

    def test_a_denied_list_is_replaced_by_single_reads(self) -> None:
        client = FakeClient({name: ["Running"] for name in "abc"}, [error_of_kind("denied")])
        call = read_call(client, "a", "b", "c")
        assert len(found_in(call)) == 3
        assert (client.times, len(call.warnings)) == ([0, 0, 2, 4], 1)

    @pytest.mark.parametrize(
        ("seen", "times"),
        [
            pytest.param([503, 503, "Running"], [0, 1, 3], id="retries"),
            pytest.param([503, 503, 503, 503], [0, 1, 3, 7], id="request_retries"),
            pytest.param([throttled(100), "Running"], [0], id="a Retry-After beyond the time of a read"),
            pytest.param([error_of_kind("tls")], [0], id="a final error"),
        ],
    )
    def test_transient_errors_are_retried(self, seen: list[Seen], times: list[float]) -> None:
        call = read_call(FakeClient({"a": seen}), "a")
        if seen[-1] == "Running" and len(times) == len(seen):
            assert found_in(call) == [("a", "Running")]
        else:
            with pytest.raises(AsmError):
                found_in(call)
        assert call.client.times == times


class TestMesh:
    items = (item("b"), item("a", "Failed", "shop"), item("a", "Creating"))

    @pytest.mark.parametrize(
        ("namespace", "found"),
        [
            (None, [("bookinfo", "uid-a", "Creating"), ("bookinfo", "uid-b", "Running"), ("shop", "uid-a", "Failed")]),
            ("shop", [("shop", "uid-a", "Failed")]),
            ("none", []),
        ],
    )
    def test_is_read_by_namespace_and_name(self, namespace: str | None, found: list[tuple[str, str, str]]) -> None:
        items = (*self.items[:1], item("a", "Failed", "shop", uid="uid-s"), *self.items[2:])
        expected = [(place, "uid-s" if place == "shop" else uid, phase) for place, uid, phase in found]
        client = FakeClient(listing=[items])
        assert mesh_of(read_call(client, namespace=namespace)) == expected
        assert len(client.asked) == 1

    def test_an_incomplete_item_is_read_singly_within_the_budget(self) -> None:
        bare = [{key: value for key, value in item(name).items() if key != "status"} for name in "ab"]
        without_workloads = item("c")
        del without_workloads["spec"]["grayDeployments"]
        client = FakeClient({f"uid-{name}": ["Running"] for name in "abc"}, [[*bare, without_workloads]])
        assert [phase for *_name, phase in mesh_of(read_call(client))] == ["Running"] * 3
        assert client.asked == [(0, LIST), (2, "uid-a"), (4, "uid-b"), (6, "uid-c")]

    def in_part(self, namespace: str | None) -> Call:
        """Return a read of four releases, of which the list shows only a part; two are as many as the time allows."""
        places = {"a": "bookinfo", **dict.fromkeys("bcd", "shop")}
        bare = [{**item(name, namespace=place), "status": None} for name, place in places.items()]
        client = FakeClient({f"uid-{name}": ["Running"] for name in "abcd"}, [bare])
        return Call(client, (), Schedule(wait_timeout=60, requests_per_minute=2), None, namespace=namespace)

    @pytest.mark.parametrize(("namespace", "cost"), [(None, "4 releases"), ("shop", "3 releases")])
    def test_single_reads_that_take_longer_than_a_deadline_are_not_begun(
        self, namespace: str | None, cost: str
    ) -> None:
        call = self.in_part(namespace)
        with pytest.raises(UsageError, match=f"shows {cost} only in part; .* longer than wait_timeout"):
            mesh_of(call)
        assert call.client.asked == [(0, LIST)]

    def test_only_releases_of_the_namespace_cost_time(self) -> None:
        assert len(mesh_of(self.in_part("bookinfo"))) == 1

    def test_an_item_that_cannot_be_read_is_an_error_that_names_it(self) -> None:
        bare = {key: value for key, value in item("a").items() if key != "status"}
        with pytest.raises(AsmError) as raised:
            mesh_of(read_call(FakeClient({"uid-a": [error_of_kind("denied")]}, [[bare]])))
        assert raised.value.sentence(Sanitizer()).startswith("'a (bookinfo)'")

    def test_an_item_that_is_gone_when_it_is_read_is_left_out(self) -> None:
        bare = {key: value for key, value in item("a").items() if key != "status"}
        call = read_call(FakeClient(listing=[[bare, item("b")]]), on_missing="accept")
        assert mesh_of(call) == [("bookinfo", "uid-b", "Running")]

    def test_items_of_another_mesh_are_ignored_with_a_warning(self) -> None:
        other = item("a")
        other["metadata"]["meshID"] = "other"
        call = read_call(FakeClient(listing=[[other, item("b")]]))
        assert mesh_of(call) == [("bookinfo", "uid-b", "Running")]
        assert len(call.warnings) == 1

    @pytest.mark.parametrize("malformed", MALFORMED)
    def test_a_malformed_item_is_skipped_with_a_warning(self, malformed: dict[str, Any]) -> None:
        client = FakeClient({"uid-odd": [error_of_kind("protocol")]}, [[malformed, item("b")]])
        call = read_call(client)
        assert mesh_of(call) == [("bookinfo", "uid-b", "Running")]
        assert [warning.partition(": ")[0] for warning in call.warnings] == ["a release of the list is skipped"]
        assert {name for _at, name in client.asked} <= {LIST, "uid-odd"}

    @pytest.mark.parametrize("malformed", MALFORMED)
    def test_a_list_of_malformed_items_only_is_an_error(self, malformed: dict[str, Any]) -> None:
        client = FakeClient({"uid-odd": [error_of_kind("protocol")]}, [[malformed]])
        with pytest.raises(ProtocolError):
            mesh_of(read_call(client))

    def test_an_item_with_an_odd_uid_is_read_by_its_name(self) -> None:
        bare = {**item("a", uid="../a"), "status": None}
        client = FakeClient({"a": ["Running"]}, [[bare]])
        assert mesh_of(read_call(client)) == [("bookinfo", "a", "Running")]

    @pytest.mark.parametrize("on_missing", ["fail", "accept"])
    def test_a_list_without_a_usable_item_is_an_error(self, on_missing: str) -> None:
        other = item("a")
        other["metadata"]["meshID"] = "other"
        with pytest.raises(ProtocolError, match="none of the 2 items of the list can be used: "):
            mesh_of(read_call(FakeClient(listing=[[other, other]]), on_missing=on_missing))

    @pytest.mark.parametrize(
        ("listing", "on_missing", "kind"),
        [
            (not_found(), "fail", "not_found"),
            (not_found(), "accept", ""),
            (error_of_kind("denied"), "accept", "denied"),
        ],
    )
    def test_an_error_of_the_list(self, listing: Listed, on_missing: str, kind: str) -> None:
        call = read_call(FakeClient(listing=[listing]), on_missing=on_missing)
        if not kind:
            assert mesh_of(call) == []
            return
        with pytest.raises(AsmError) as raised:
            mesh_of(call)
        assert raised.value.kind == kind
