# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where ASM and IAM are, and where a credential must never go."""

from __future__ import annotations

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.endpoints import (
    asm_endpoint,
    checked_endpoint,
    iam_endpoint,
    is_loopback_literal,
    region,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.request import ConnectionOptions
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Sanitizer


def connection(**given: str) -> ConnectionOptions:
    return ConnectionOptions(given, {})


@pytest.mark.parametrize("value", ["cn-north-4", "eu-west-101", "x", "0", "la-north-2"])
def test_a_region_is_lowercase_letters_digits_and_hyphens(value: str) -> None:
    assert region(connection(region=value), {}) == value


@pytest.mark.parametrize(
    "value",
    [
        "evil.example/x#",
        "a@evil.example:443?",
        "CN-North-4",
        "cn_north_4",
        "-cn",
        "cn-",
        "cn--north",
        "cn north",
        "cn-north-4\n",
        "cn-north-４",
        "ä",
        "{{ x }}",
        "a\\b",
        "%2e",
        "a" * 64,
    ],
)
@pytest.mark.parametrize("origin", ["region", "HW_REGION_NAME", "OS_REGION_NAME"])
def test_what_is_no_region_never_becomes_part_of_a_host(value: str, origin: str) -> None:
    given = connection(region=value) if origin == "region" else connection()
    environment = {} if origin == "region" else {origin: value}
    with pytest.raises(AsmError) as refused:
        asm_endpoint(given, environment)
    assert refused.value.kind == "usage"
    assert refused.value.problem.startswith(f"{origin} is ")
    assert refused.value.sentence(Sanitizer()).isprintable()


@pytest.mark.parametrize(
    ("endpoint", "kept"),
    [
        ("https://asm.example", "https://asm.example"),
        ("https://asm.example/", "https://asm.example"),
        ("https://ASM.example:8443/a/b/", "https://ASM.example:8443/a/b"),
        ("https://asm_1.example.", "https://asm_1.example."),
        (f"https://{'a' * 63}.example", f"https://{'a' * 63}.example"),
        ("https://10.0.0.1", "https://10.0.0.1"),
        ("https://[2001:db8::1]:443", "https://[2001:db8::1]:443"),
        ("https://asm.example/a%20b", "https://asm.example/a%20b"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://127.255.3.4", "http://127.255.3.4"),
        ("http://[::1]:8080", "http://[::1]:8080"),
        ("http://localhost:8080/x", "http://localhost:8080/x"),
        ("http://LocalHost", "http://LocalHost"),
    ],
)
def test_an_endpoint_is_scheme_host_port_and_path(endpoint: str, kept: str) -> None:
    assert checked_endpoint(endpoint, "endpoint") == kept


@pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("asm.example", id="no scheme"),
        pytest.param("//asm.example", id="no scheme but slashes"),
        pytest.param("ftp://asm.example", id="another scheme"),
        pytest.param("https:asm.example", id="no slashes"),
        pytest.param("https:///x", id="no host"),
        pytest.param("https://", id="nothing"),
        pytest.param("https://me@asm.example", id="user"),
        pytest.param("https://me:s3cret@asm.example", id="user and password"),
        pytest.param("https://asm.example:443@evil.example", id="a host as user"),
        pytest.param("https://asm.example?x", id="query"),
        pytest.param("https://asm.example/?", id="empty query"),
        pytest.param("https://asm.example#x", id="fragment"),
        pytest.param("https://asm.example\\@evil.example", id="backslash"),
        pytest.param("https://asm.example /x", id="blank"),
        pytest.param(" https://asm.example", id="blank before"),
        pytest.param("https://asm.example\n", id="newline"),
        pytest.param("https://asm.ex\tample", id="tab, which urlsplit drops"),
        pytest.param("https://asm.example\r\nX-Evil: 1", id="header"),
        pytest.param("https://asm.example/\x00", id="NUL"),
        pytest.param("https://äsm.example", id="not ASCII"),
        pytest.param("https://asm.example\u3002evil", id="a full stop of another script"),
        pytest.param("https://{{ host }}", id="Jinja"),
        pytest.param("https://asm..example", id="an empty label"),
        pytest.param(f"https://{'a' * 64}.example", id="a label of 64 characters"),
        pytest.param("https://" + "a." * 126 + "aa", id="a name of 254 characters"),
        pytest.param("https://-asm.example", id="a label that begins with a hyphen"),
        pytest.param("https://asm.example:", id="empty port"),
        pytest.param("https://asm.example:0", id="port 0"),
        pytest.param("https://asm.example:65536", id="port too large"),
        pytest.param("https://asm.example:http", id="port by name"),
        pytest.param("https://asm.example:+443", id="port with a sign"),
        pytest.param("https://asm.example:4_43", id="port with an underscore"),
        pytest.param("https://asm.example:-1", id="negative port"),
        pytest.param("https://a:b:443", id="two colons"),
        pytest.param("https://[::1", id="half a bracket"),
        pytest.param("https://[::1]x", id="more behind the bracket"),
        pytest.param("https://evil.example[::1]", id="more before the bracket"),
        pytest.param("http://evil.example[::1]", id="more before the bracket, over http"),
        pytest.param("https://[asm.example]", id="a name in brackets"),
        pytest.param("https://asm.example/../x", id="parent in the path"),
        pytest.param("https://asm.example/./x", id="dot in the path"),
        pytest.param("https://asm.example/a b", id="blank in the path"),
        pytest.param("http://asm.example", id="http to another host"),
        pytest.param("http://10.0.0.1", id="http to another address"),
        pytest.param("http://169.254.169.254", id="http to the metadata service"),
        pytest.param("http://127.0.0.1.evil.example", id="http to a name that begins like loopback"),
        pytest.param("http://localhost.evil.example", id="http to a name that begins like localhost"),
        pytest.param("http://localhost.", id="http to localhost with a dot"),
        pytest.param("http://127.1", id="http to a short form"),
        pytest.param("http://0x7f000001", id="http to a hexadecimal form"),
        pytest.param("http://2130706433", id="http to a decimal form"),
        pytest.param("http://0.0.0.0", id="http to any address"),
        pytest.param("http://[::]", id="http to any IPv6 address"),
        pytest.param("http://[::ffff:127.0.0.1]", id="http to a mapped address"),
    ],
)
def test_what_is_no_endpoint_is_refused_by_name_and_never_quoted_whole(endpoint: str) -> None:
    with pytest.raises(AsmError) as refused:
        checked_endpoint(endpoint, "OS_AUTH_URL")
    sentence = refused.value.sentence(Sanitizer())
    assert refused.value.kind == "usage"
    assert sentence.startswith("OS_AUTH_URL ")
    assert sentence.isprintable()
    assert "s3cret" not in sentence


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("::ffff:127.0.0.1", False),
        ("128.0.0.1", False),
        ("localhost.localdomain", False),
        ("", False),
    ],
)
def test_only_literals_of_this_machine_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback_literal(host) is loopback


@pytest.mark.parametrize(
    ("given", "environment", "found"),
    [
        pytest.param({"region": "a"}, {"HW_REGION_NAME": "b", "OS_REGION_NAME": "c"}, "a", id="option"),
        pytest.param({}, {"HW_REGION_NAME": "b", "OS_REGION_NAME": "c"}, "b", id="HW_"),
        pytest.param({}, {"HW_REGION_NAME": " ", "OS_REGION_NAME": "c"}, "c", id="OS_, as the other is empty"),
        pytest.param({}, {"HW_REGION_NAME": ""}, None, id="none"),
    ],
)
def test_the_region_comes_from_the_first_place_that_has_one(
    given: dict[str, str], environment: dict[str, str], found: str | None
) -> None:
    assert region(connection(**given), environment) == found


ALL_PLACES = {
    "HUAWEICLOUD_ASM_ENDPOINT": "https://own.example",
    "HUAWEICLOUD_SDK_REGION_ASM_CN_NORTH_4": "https://sdk.example",
    "HUAWEICLOUD_SDK_REGION_ASM_CN_NORTH_1": "https://elsewhere.example",
    "HW_REGION_NAME": "cn-north-4",
}


@pytest.mark.parametrize(
    ("given", "unset", "found"),
    [
        pytest.param({"endpoint": "https://option.example"}, [], "https://option.example", id="option"),
        pytest.param({}, [], "https://own.example", id="our own variable"),
        pytest.param({}, ["HUAWEICLOUD_ASM_ENDPOINT"], "https://sdk.example", id="the SDK's variable for the region"),
        pytest.param(
            {"region": "cn-north-1"}, ["HUAWEICLOUD_ASM_ENDPOINT"], "https://elsewhere.example", id="of another region"
        ),
        pytest.param(
            {"region": "af-south-1"},
            ["HUAWEICLOUD_ASM_ENDPOINT"],
            "https://asm.af-south-1.myhuaweicloud.com",
            id="the region's host",
        ),
        pytest.param(
            {"region": "eu-west-101"},
            ["HUAWEICLOUD_ASM_ENDPOINT"],
            "https://asm.eu-west-101.myhuaweicloud.eu",
            id="the host of a European region",
        ),
    ],
)
def test_the_endpoint_comes_from_the_first_place_that_has_one(
    given: dict[str, str], unset: list[str], found: str
) -> None:
    environment = {**ALL_PLACES, **dict.fromkeys(unset, " ")}
    assert asm_endpoint(connection(**given), environment) == found


@pytest.mark.parametrize("name", ["HUAWEICLOUD_ASM_ENDPOINT", "HUAWEICLOUD_SDK_REGION_ASM_CN_NORTH_4"])
def test_an_endpoint_of_the_environment_is_checked_like_an_option(name: str) -> None:
    with pytest.raises(AsmError, match=f"^{name} is http:// to ") as refused:
        asm_endpoint(connection(region="cn-north-4"), {name: "http://evil.example"})
    assert "is http:// to 'evil.example'; " in refused.value.sentence(Sanitizer())


def test_without_region_and_endpoint_the_ways_to_give_them_are_named() -> None:
    with pytest.raises(AsmError) as refused:
        asm_endpoint(connection(), {})
    assert refused.value.kind == "usage"
    for name in ("region", "endpoint", "HW_REGION_NAME", "OS_REGION_NAME", "HUAWEICLOUD_ASM_ENDPOINT"):
        assert name in refused.value.sentence(Sanitizer())


@pytest.mark.parametrize(
    ("found", "endpoint"),
    [
        ("cn-north-4", "https://iam.cn-north-4.myhuaweicloud.com"),
        ("eu-west-101", "https://iam.eu-west-101.myhuaweicloud.eu"),
        ("eu-west-0", "https://iam.eu-west-0.myhuaweicloud.com"),
    ],
)
def test_iam_is_in_the_region(found: str, endpoint: str) -> None:
    assert iam_endpoint(found) == endpoint
