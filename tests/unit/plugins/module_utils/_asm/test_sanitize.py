# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is not to be shown is not shown, and what is shown does nothing to whoever reads it."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import (
    SHOWN_CHARACTERS,
    Sanitizer,
    identifier,
    listed,
    printable,
    shortened,
    throughout,
    untemplated,
)


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        pytest.param("Ruñning 2/3 ✓", "Ruñning 2/3 ✓", id="letters of any script stay"),
        pytest.param("a\nb", "a\\u000ab", id="newline"),
        pytest.param("a\r\tb", "a\\u000d\\u0009b", id="carriage return and tab"),
        pytest.param("\x1b[2J", "\\u001b[2J", id="terminal escape"),
        pytest.param("\x00", "\\u0000", id="NUL"),
        pytest.param("\x7f", "\\u007f", id="delete"),
        pytest.param("\x9b2J", "\\u009b2J", id="C1 control"),
        pytest.param("a\u202eb\u2066c\u200f", "a\\u202eb\\u2066c\\u200f", id="bidi controls"),
        pytest.param("a\u2028b\u2029c", "a\\u2028b\\u2029c", id="line and paragraph separators"),
        pytest.param("\u200b\ufeff", "\\u200b\\ufeff", id="zero width"),
        pytest.param("\udc80", "\\udc80", id="half of a surrogate pair"),
        pytest.param("##[error]x", "# #[error]x", id="Azure formatting command"),
        pytest.param(
            "a ##vso[task.complete result=Failed;]", "a # #vso[task.complete result=Failed;]", id="Azure command"
        ),
        pytest.param("##VSO[task.complete]", "# #VSO[task.complete]", id="Azure command in upper case"),
        pytest.param("###[error]", "## #[error]", id="Azure command behind another #"),
        pytest.param("a##teamcity[publish '/']", "a# #teamcity[publish '/']", id="TeamCity command"),
        pytest.param("::add-mask::x", ": :add-mask: :x", id="GitHub command"),
        pytest.param("::error file=a::x", ": :error file=a: :x", id="GitHub command with a property"),
        pytest.param(
            "::error file=C:1,line=2::", ": :error file=C:1,line=2::", id="GitHub command with a colon inside"
        ),
        pytest.param("::stop-commands", ": :stop-commands", id="GitHub command whose end is in another text"),
        pytest.param("http://[::1]:80", "http://[::1]:80", id="an address is no command"),
        pytest.param("# [x] #1 a:b", "# [x] #1 a:b", id="what only looks like a command stays"),
    ],
)
def test_foreign_text_is_harmless_on_one_line(foreign: str, shown: str) -> None:
    assert printable(foreign) == shown
    assert Sanitizer()(foreign) == shown


def test_an_object_becomes_printable_throughout() -> None:
    foreign = {"a\x1b": "b\n", "c": [{"##[d]": "e", "f": 1}, None, True]}

    assert throughout(printable, foreign) == {"a\\u001b": "b\\u000a", "c": [{"# #[d]": "e", "f": 1}, None, True]}


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        pytest.param("{{ lookup('pipe', 'id') }}", "{ { lookup('pipe', 'id') }}", id="an expression"),
        pytest.param("a{%if%}", "a{ %if%}", id="a statement"),
        pytest.param("{#a#}", "{ #a#}", id="a comment"),
        pytest.param("{{{", "{ { { ", id="one behind another"),
        pytest.param("{}} %} { { ", "{}} %} { { ", id="what opens nothing stays"),
        pytest.param("#jinja2:a:1\n[[ x ]]", "# jinja2:a:1\n[[ x ]]", id="a header"),
        pytest.param(" \ufeff#JINJA2:a:1", " \ufeff# JINJA2:a:1", id="a header that trim and lower would make"),
        pytest.param("'\\x7b\\u007b x }}'", "'\\ x7b\\ u007b x }}'", id="a literal that spells a template"),
        pytest.param("'{' \"{ x }}\"", "'{ ' \"{ x }}\"", id="a literal that joins a template"),
        pytest.param("'#' 'jinja2:'", "'# ' 'jinja2:'", id="a literal that joins a header"),
        pytest.param("$ANSIBLE_VAULT;1.1", "$ ANSIBLE_VAULT;1.1", id="a vaulted text"),
        pytest.param("__ansible_vault", "__ ansible_vault", id="a key of Ansible's JSON"),
        pytest.param("reviews-canary (bookinfo) is Running, 3/3 ready; #2 {a: $b}", None, id="a normal text stays"),
    ],
)
def test_nothing_is_a_template(foreign: str, shown: str | None) -> None:
    shown = foreign if shown is None else shown
    assert throughout(untemplated, {foreign: [foreign, {"a": foreign}, 1, None]}) == {
        shown: [shown, {"a": shown}, 1, None]
    }


@pytest.mark.parametrize("beginning", ["{{", "{%", "{#", "#jinja2:"])
def test_joined_texts_begin_no_template(beginning: str) -> None:
    for cut in range(len(beginning)):
        parts: list[str] = throughout(untemplated, [beginning[:cut], beginning[cut:]])
        assert beginning not in "".join(parts)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee"),
        ("book_info/uid-a:reached:running:3", "book_info/uid-a:reached:running:3"),
        ("{{ x }}", "%7B%7B%20x%20%7D%7D"),
        ("#jinja2:'\\\n", "%23jinja2:%27%5C%0A"),
    ],
)
def test_identifiers_hold_a_few_signs_only(text: str, shown: str) -> None:
    assert identifier(text) == shown


@pytest.mark.parametrize("length", [SHOWN_CHARACTERS - 1, SHOWN_CHARACTERS])
def test_what_fits_is_not_cut(length: int) -> None:
    assert shortened("x" * length) == "x" * length


@pytest.mark.parametrize("text", ["x" * (SHOWN_CHARACTERS + 1), "\n" * SHOWN_CHARACTERS, "\x1b" + "x" * 10**6])
def test_what_is_too_long_once_it_is_escaped_is_cut_and_says_so(text: str) -> None:
    shown = Sanitizer()(text)
    assert len(shown) == SHOWN_CHARACTERS
    assert shown.endswith("…")


def test_a_list_in_a_sentence_is_never_empty() -> None:
    assert listed(["a", "b"]) == "a, b"
    assert listed([]) == "nothing"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("before {} after", id="inside"),
        pytest.param("{}", id="alone"),
        pytest.param("{}{}", id="twice"),
        pytest.param("x" * (SHOWN_CHARACTERS - 5) + "{}", id="across the end of what is shown"),
        pytest.param("\n\n{}", id="behind what is escaped"),
    ],
)
@pytest.mark.parametrize("secret", ["s3cret-token", "se\ncret", "##vso[secret]", "::secret::", "s€cret"])
def test_a_secret_is_struck_before_anything_is_cut_or_escaped(text: str, secret: str) -> None:
    sanitizer = Sanitizer()
    sanitizer.learn(secret)
    shown = sanitizer(text.replace("{}", secret))
    assert "cret" not in shown
    assert "secr" not in shown


def test_of_a_secret_that_begins_with_another_nothing_is_left() -> None:
    sanitizer = Sanitizer()
    sanitizer.learn(*("s3cret"[:length] for length in range(2, 7)))
    assert sanitizer("is s3cret, s3c") == "is ********, ********"


@pytest.mark.parametrize(
    "secret", ['Pa"ssw0rd', "Pa\\ssw0rd", "Pässw0rd", "Pa\tssw0rd", "Pa+ss/w0rd=", "Pa%ssw0rd", "\udcffssw0rd"]
)
def test_a_secret_is_struck_in_json_and_in_a_url(secret: str) -> None:
    sanitizer = Sanitizer()
    sanitizer.learn(secret)
    body = {"password": secret}
    for text in (json.dumps(body), json.dumps(body, ensure_ascii=False), quote(secret, "", errors="surrogatepass")):
        assert "ss" not in sanitizer(text).replace("password", "")


def test_what_is_no_secret_is_not_learned() -> None:
    sanitizer = Sanitizer()
    sanitizer.learn(None, "")
    assert sanitizer("abc") == "abc"


def test_a_secret_is_struck_at_any_depth() -> None:
    sanitizer = Sanitizer()
    sanitizer.learn("s3cret")
    redacted = sanitizer.redact({"a": [{"b": "is s3cret"}], "c": 1, "d": None, "e": True})
    assert redacted == {"a": [{"b": "is ********"}], "c": 1, "d": None, "e": True}


def test_a_secret_is_struck_in_the_keys_of_a_foreign_object() -> None:
    sanitizer = Sanitizer()
    sanitizer.learn("s3cret")
    redacted = sanitizer.redact_keys({"is s3cret": [{"s3cret": "s3cret!", "b": 1}]})
    assert redacted == {"is ********": [{"VALUE_SPECIFIED_IN_NO_LOG_PARAMETER": "********!", "b": 1}]}
