# Copyright (c) 2026, the huaweicloud.asm contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One read: what is asked, and what each answer means; and how a single read survives passing faults."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

import pytest
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.api.client import Client, Document, with_retries
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.credentials import (
    PasswordCredentials,
    TokenCredentials,
)
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.errors import AsmError
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.login import authority
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.options.spec import Target
from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.sanitize import Cleaner
from ansible_collections.huaweicloud.asm.tests.unit.plugins.module_utils._asm.scripted import (
    Clock,
    ScriptedTransport,
    answer,
)

if TYPE_CHECKING:
    from ansible_collections.huaweicloud.asm.plugins.module_utils._asm.connection.transport import Answer

TARGET = Target("m-1", "bookinfo", "r-1")
URL = "https://asm.example/v2/meshes/m-1/namespaces/bookinfo/releases/r-1"
LIST_URL = "https://asm.example/v2/meshes/m-1/releases"
USER = PasswordCredentials("who", "s3cret", "account", "https://iam.example", None, "cn-north-4")
RELEASE = {"kind": "Release", "status": {"phase": "Running"}}


def client(transport: ScriptedTransport, credentials: Any = None, endpoint: str = "https://asm.example") -> Client:
    who = authority(credentials or TokenCredentials("t"), transport, Cleaner())
    return Client(endpoint, transport, who)


def refused(*answers: Answer | AsmError) -> AsmError:
    """The error of one read."""
    transport = ScriptedTransport(*answers)
    with pytest.raises(AsmError) as error:
        client(transport).read_release(TARGET, 10.0)
    assert len(transport.sent) == 1
    return error.value


def test_a_read_asks_once_for_the_release_and_returns_what_was_answered() -> None:
    transport = ScriptedTransport(answer(200, json.dumps(RELEASE), X_Request_Id="id-1"))
    document = client(transport).read_release(TARGET, 10.0)
    assert (document.content, document.request_id, document.url) == (RELEASE, "id-1", URL)
    (sent,) = transport.sent
    assert (sent.request.method, sent.request.url, sent.request.body) == ("GET", URL, None)
    assert (sent.request.headers["X-Auth-Token"], sent.deadline, set(sent.bounds)) == ("t", 10.0, {"decode"})


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ("r-1_x.y~z", "r-1_x.y~z"),
        ("a b", "a%20b"),
        ("a%2Fb", "a%252Fb"),
        ("a?b#c&d=e;f", "a%3Fb%23c%26d%3De%3Bf"),
        ("a:b@c", "a%3Ab%40c"),
        ("a\\b", "a%5Cb"),
        ("...", "..."),
        ("ä名", "%C3%A4%E5%90%8D"),
        ("%41", "%2541"),
        ("%2e%2e", "%252e%252e"),
    ],
)
@pytest.mark.parametrize("name", ["mesh_id", "namespace", "release_id"])
def test_each_id_is_one_segment_of_the_path(name: str, given: str, sent: str) -> None:
    ids = {"mesh_id": "m-1", "namespace": "bookinfo", "release_id": "r-1"}
    transport = ScriptedTransport(answer(200, "{}"))
    client(transport, endpoint="https://asm.example/base").read_release(Target(**{**ids, name: given}), 10.0)
    wanted = {**ids, name: sent}
    assert transport.sent[0].request.url == (
        f"https://asm.example/base/v2/meshes/{wanted['mesh_id']}/namespaces/{wanted['namespace']}"
        f"/releases/{wanted['release_id']}"
    )


ASM = json.dumps({"errorCode": "ASM.01404001", "errorMsg": "text"})
GATEWAY = json.dumps({"error_code": "APIGW.0101", "error_msg": "text", "request_id": "id-of-body"})
IAM = json.dumps({"error": {"code": 401, "message": "text", "title": "Unauthorized"}})
IAM_NEWER = json.dumps({"error_code": "IAM.0006", "error_msg": "text", "encoded_authorization_message": "long"})
HTML = "<html>text</html>"
BODIES = {"ASM": ASM, "gateway": GATEWAY, "IAM v3": IAM, "IAM v3.0": IAM_NEWER, "page": HTML, "nothing": ""}
CODES = {
    "ASM": "ASM.01404001",
    "gateway": "APIGW.0101",
    "IAM v3": "401",
    "IAM v3.0": "IAM.0006",
    "page": "",
    "nothing": "",
}

STATUSES = [
    (201, "protocol", False),
    (202, "protocol", False),
    (204, "protocol", False),
    (206, "protocol", False),
    (301, "endpoint", False),
    (302, "endpoint", False),
    (304, "endpoint", False),
    (307, "endpoint", False),
    (308, "endpoint", False),
    (400, "usage", False),
    (401, "credentials", False),
    (403, "denied", False),
    (405, "endpoint", False),
    (406, "endpoint", False),
    (409, "endpoint", False),
    (410, "endpoint", False),
    (499, "endpoint", False),
    (408, "server", True),
    (429, "throttled", True),
    (500, "server", True),
    (501, "server", True),
    (502, "server", True),
    (503, "server", True),
    (504, "server", True),
    (599, "server", True),
]


@pytest.mark.parametrize("who", BODIES)
@pytest.mark.parametrize(("status", "kind", "passing"), STATUSES)
def test_the_status_decides_whoever_answers(status: int, kind: str, passing: bool, who: str) -> None:
    error = refused(answer(status, BODIES[who], Location="https://evil.example"))
    assert (error.kind, error.passing, error.status, error.url) == (kind, passing, status, URL)
    assert (error.code, error.by_asm) == (CODES[who], who == "ASM")
    assert error.message == ("text" if CODES[who] else "")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(ASM, "not_found", id="ASM"),
        pytest.param('{"errorCode": "ASM.404"}', "not_found", id="ASM without a message"),
        pytest.param('{"errorCode": "ASM.404", "errorMsg": null}', "not_found", id="ASM with null as message"),
        pytest.param(GATEWAY, "endpoint", id="gateway"),
        pytest.param('{"error_code": "ASM.404", "error_msg": "no"}', "endpoint", id="gateway with a code like ASM's"),
        pytest.param('{"errorCode": "APIGW.0101"}', "endpoint", id="gateway in ASM's form"),
        pytest.param('{"errorCode": "asm.404"}', "endpoint", id="another prefix"),
        pytest.param('{"errorCode": "ASM"}', "endpoint", id="half of the prefix"),
        pytest.param('{"errorCode": null}', "endpoint", id="no code"),
        pytest.param('{"errorCode": 404}', "endpoint", id="a number"),
        pytest.param('{"errorCode": ["ASM.404"]}', "endpoint", id="a list"),
        pytest.param('[{"errorCode": "ASM.404"}]', "endpoint", id="in a list"),
        pytest.param('{"error": {"errorCode": "ASM.404"}}', "endpoint", id="inside of something else"),
        pytest.param('"ASM.404"', "endpoint", id="a text"),
        pytest.param('{"errorCode": "ASM.404"', "endpoint", id="half of the body"),
        pytest.param(IAM, "endpoint", id="IAM"),
        pytest.param(HTML, "endpoint", id="page"),
        pytest.param("<!-- ASM.404 -->", "endpoint", id="page that names ASM"),
        pytest.param("", "endpoint", id="nothing"),
        pytest.param("[" * 100_000, "endpoint", id="nested without end"),
        pytest.param(b"\xff\xfe", "endpoint", id="no text"),
    ],
)
def test_only_a_404_of_asm_itself_says_that_there_is_no_such_release(body: Any, kind: str) -> None:
    error = refused(answer(404, body))
    assert (error.kind, error.passing) == (kind, False)


@pytest.mark.parametrize(
    ("headers", "body", "found"),
    [
        pytest.param({"X_Request_Id": "a"}, GATEWAY, "a", id="header"),
        pytest.param({"X_IAM_Trace_Id": "b"}, GATEWAY, "b", id="header of IAM"),
        pytest.param({}, GATEWAY, "id-of-body", id="body of the gateway"),
        pytest.param({}, HTML, "", id="none"),
    ],
)
def test_the_id_of_a_refused_request_is_told(headers: dict[str, str], body: str, found: str) -> None:
    assert refused(answer(500, body, **headers)).request_id == found


NOW = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)
DATE = format_datetime(NOW, usegmt=True)


def in_seconds(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("status", [408, 429, 500, 503])
@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param("7", 7.0, id="seconds"),
        pytest.param(" 7 ", 7.0, id="seconds among blanks"),
        pytest.param("0", 0.0, id="none"),
        pytest.param("600", 600.0, id="many seconds"),
        pytest.param(in_seconds(90), 90.0, id="a date"),
        pytest.param(in_seconds(-90), 0.0, id="a date that is over"),
        pytest.param("Sunday, 01-Mar-26 12:01:00 GMT", 60.0, id="a date of an older form"),
        pytest.param("", None, id="empty"),
        pytest.param("-1", None, id="negative"),
        pytest.param("1.5", None, id="a fraction"),
        pytest.param("9" * 5000, None, id="without end"),
        pytest.param("٣", None, id="digits of another script"),
        pytest.param("soon", None, id="a word"),
        pytest.param("Sun, 99 Xxx 2026 99:99:99 GMT", None, id="a date that is none"),
    ],
)
def test_what_the_service_asks_to_wait_is_seconds_or_a_date_by_its_own_clock(
    status: int, value: str, seconds: float | None
) -> None:
    assert refused(answer(status, "", Retry_After=value, Date=DATE)).retry_after == seconds


@pytest.mark.parametrize("date", [{}, {"Date": "today"}])
def test_without_the_time_of_the_service_that_of_this_machine_counts(date: dict[str, str]) -> None:
    due = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=100), usegmt=True)
    found = refused(answer(503, "", Retry_After=due, **date)).retry_after
    assert found is not None
    assert 90 < found <= 100


@pytest.mark.parametrize("status", [204, 302, 400, 401, 403, 404, 405])
def test_a_final_answer_asks_nobody_to_wait(status: int) -> None:
    assert refused(answer(status, "", Retry_After="7")).retry_after is None


@pytest.mark.parametrize(
    ("body", "passing"),
    [
        pytest.param("", True, id="nothing"),
        pytest.param(HTML, True, id="a page"),
        pytest.param('{"kind": "Release"', True, id="broken off"),
        pytest.param('{"kind": "Release"} {}', True, id="more than one"),
        pytest.param(b'{"kind": "\xff"}', True, id="invalid UTF-8"),
        pytest.param('{"kind": "Release"}'.encode("utf-16"), True, id="UTF-16"),
        pytest.param("\ufeff{}", True, id="byte order mark"),
        pytest.param('{"a": NaN}', True, id="NaN"),
        pytest.param('{"a": Infinity}', True, id="Infinity"),
        pytest.param('{"a": -Infinity}', True, id="-Infinity"),
        pytest.param("[]", False, id="a list"),
        pytest.param("null", False, id="null"),
        pytest.param("1", False, id="a number"),
        pytest.param('"Release"', False, id="a text"),
        pytest.param('{"a": 1, "a": 1}', False, id="a name twice"),
        pytest.param('{"status": {"phase": "Failed", "phase": "Running"}}', False, id="a phase twice"),
        pytest.param('{"a": "\\ud83d"}', False, id="half of a surrogate pair"),
        pytest.param('{"\\uDE00": 1}', False, id="half of a surrogate pair in a name"),
        pytest.param('{"a": {"__ansible_type": "x"}}', False, id="a name of Ansible"),
        pytest.param('{"a": {"\\u005f_\\u0061nsible_type": "x"}}', False, id="a name of Ansible with escapes"),
        pytest.param('{"a": ' * 100_000 + "1" + "}" * 100_000, False, id="nested without end"),
    ],
)
def test_what_is_not_json_may_pass_and_what_is_other_json_does_not(body: Any, passing: bool) -> None:
    error = refused(answer(200, body, X_Request_Id="id-1"))
    assert (error.kind, error.passing, error.status, error.request_id) == ("protocol", passing, 200, "id-1")
    assert error.url


def test_a_whole_surrogate_pair_is_a_letter() -> None:
    body = '{"kind": "\\ud83d\\ude00"}'
    assert client(ScriptedTransport(answer(200, body))).read_release(TARGET, 10.0).content == {"kind": "\U0001f600"}


def refused_list(*answers: Answer | AsmError) -> AsmError:
    """The error of one read of all releases."""
    transport = ScriptedTransport(*answers)
    with pytest.raises(AsmError) as error:
        client(transport).read_releases("m-1", 10.0)
    assert len(transport.sent) == 1
    return error.value


def test_all_releases_of_a_mesh_are_one_request() -> None:
    content = {"kind": "ReleaseList", "items": []}
    transport = ScriptedTransport(answer(200, json.dumps(content), X_Request_Id="id-1"))
    document = client(transport).read_releases("m-1", 10.0)
    assert (document.content, document.request_id, document.url) == (content, "id-1", LIST_URL)
    (sent,) = transport.sent
    assert (sent.request.method, sent.request.url, sent.request.body) == ("GET", LIST_URL, None)
    assert (sent.request.headers["X-Auth-Token"], sent.deadline, set(sent.bounds)) == ("t", 10.0, {"decode"})


def test_the_id_of_a_mesh_is_one_segment_of_the_path_of_its_releases() -> None:
    transport = ScriptedTransport(answer(200, "{}"))
    client(transport, endpoint="https://asm.example/base").read_releases("a?b c%2F", 10.0)
    assert transport.sent[0].request.url == "https://asm.example/base/v2/meshes/a%3Fb%20c%252F/releases"


@pytest.mark.parametrize(("status", "kind", "passing"), STATUSES)
def test_the_status_decides_for_all_releases_as_it_does_for_one(status: int, kind: str, passing: bool) -> None:
    error = refused_list(answer(status, ASM))
    assert (error.kind, error.passing, error.status, error.url) == (kind, passing, status, LIST_URL)


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        pytest.param(answer(403, IAM_NEWER), "denied", "grant asm:mesh:listReleases to", id="no permission"),
        pytest.param(answer(404, ASM), "not_found", "ASM knows no such mesh", id="no such mesh"),
        pytest.param(answer(404, GATEWAY), "endpoint", "what answered is not ASM", id="404 of the gateway"),
        pytest.param(answer(400, ASM), "usage", "check mesh_id", id="wrong id"),
        pytest.param(answer(401, "{}"), "credentials", "the credentials were refused", id="401"),
        pytest.param(answer(200, HTML), "protocol", "the answer is not JSON", id="page"),
    ],
)
def test_a_refused_list_speaks_of_the_mesh_and_not_of_a_release(given: Answer, kind: str, said: str) -> None:
    error = refused_list(given)
    assert (error.kind, said in error.sentence(str)) == (kind, True)
    assert "release_id" not in error.sentence(str)


TWICE = "a name stands twice in one object of the answer"
NO_NUMBER = "a number of the answer is not JSON"
UNPORTABLE = "the answer holds what Ansible cannot hand on"
POISONS = {
    '{"labels": {"a": 1, "a": 1}}': TWICE,
    "1e999": NO_NUMBER,
    "9" * 5000: NO_NUMBER,
    "NaN": NO_NUMBER,
    "-Infinity": NO_NUMBER,
    '["see __ansible_vault"]': UNPORTABLE,
    '{"__ansible_type": 1}': UNPORTABLE,
    '"\\ud83d"': UNPORTABLE,
    '{"\\uDE00": 1}': UNPORTABLE,
}
"""What no read accepts, and why."""


def leniently_read(body: str) -> Document:
    return client(ScriptedTransport(answer(200, body))).read_releases("m-1", 10.0, leniently=True)


class TestAListThatIsReadLeniently:
    @pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison[:30])
    def test_leaves_the_items_beside_one_with_a_flaw(self, poison: str) -> None:
        found = leniently_read(
            f'{{"kind": "ReleaseList", "items": [{{"n": 0}}, {{"x": [{poison}]}}, null, {{"n": 3}}]}}'
        )
        assert found.flaws == {1: POISONS[poison]}
        assert (found.content["items"][0], found.content["items"][3]) == ({"n": 0}, {"n": 3})

    @pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison[:30])
    @pytest.mark.parametrize(
        "body",
        [
            pytest.param('{{"items": [{{}}], "x": {0}}}', id="beside the items"),
            pytest.param('{{"items": {{"x": {0}}}}}', id="in items that are no list"),
            pytest.param("[{0}]", id="in no object"),
        ],
    )
    def test_is_refused_for_what_stands_elsewhere(self, body: str, poison: str) -> None:
        with pytest.raises(AsmError) as error:
            leniently_read(body.format(poison))
        assert (error.value.kind, error.value.passing) == ("protocol", False)

    @pytest.mark.parametrize(
        ("body", "passing"),
        [
            pytest.param('{"items": [{}], "items": [{}]}', False, id="items twice"),
            pytest.param("[]", False, id="a list"),
            pytest.param(
                '{"items": [' + '{"a": ' * 100_000 + "1" + "}" * 100_000 + "]}", False, id="nested without end"
            ),
            pytest.param(HTML, True, id="a page"),
            pytest.param('{"items": [{"a": 1e999}', True, id="broken off"),
        ],
    )
    def test_is_refused_as_any_other(self, body: str, passing: bool) -> None:
        with pytest.raises(AsmError) as error:
            leniently_read(body)
        assert (error.value.kind, error.value.passing) == ("protocol", passing)

    def test_is_decoded_once_when_all_of_it_is_well(self, monkeypatch: pytest.MonkeyPatch) -> None:
        decode, decoded = json.loads, []

        def counted(text: str, **how: Any) -> Any:
            decoded.append(text)
            return decode(text, **how)

        monkeypatch.setattr(json, "loads", counted)
        assert leniently_read('{"items": [{}]}').flaws == {}
        assert len(decoded) == 1

    def test_takes_neither_value_of_a_name_that_stands_twice(self) -> None:
        found = leniently_read('{"items": [{"metadata": {"uid": "a", "name": "b", "name": "c"}}]}')
        assert found.content["items"] == [{"metadata": {"uid": "a"}}]

    @pytest.mark.parametrize("poison", POISONS, ids=lambda poison: poison[:30])
    def test_is_refused_for_any_flaw_when_it_is_read_strictly(self, poison: str) -> None:
        error = refused_list(answer(200, f'{{"kind": "ReleaseList", "items": [{{"x": {poison}}}]}}'))
        assert error.kind == "protocol"


def tokens(*statuses: int) -> tuple[ScriptedTransport, Client]:
    """A client that logs in, and the statuses of its logins (201) and reads."""
    answers = []
    for number, status in enumerate(statuses):
        body, headers = ("{}", {"X_Subject_Token": f"token-{number}"}) if status == 201 else ("{}", {})
        answers.append(answer(status, ASM if status in (404, 503) else body, **headers))
    transport = ScriptedTransport(*answers)
    return transport, client(transport, USER)


def sent(transport: ScriptedTransport) -> list[str]:
    """What was sent: `login`, or the token of a read."""
    return [
        "login" if each.request.method == "POST" else str(each.request.headers["X-Auth-Token"])
        for each in transport.sent
    ]


def test_a_token_of_this_run_is_renewed_once_after_a_401() -> None:
    transport, reader = tokens(201, 401, 201, 200)
    assert reader.read_release(TARGET, 10.0).content == {}
    assert sent(transport) == ["login", "token-0", "login", "token-2"]


def test_a_second_401_in_a_row_is_final() -> None:
    transport, reader = tokens(201, 401, 201, 401)
    with pytest.raises(AsmError) as error:
        reader.read_release(TARGET, 10.0)
    assert (error.value.kind, error.value.passing) == ("credentials", False)
    assert sent(transport) == ["login", "token-0", "login", "token-2"]


@pytest.mark.parametrize("good", [200, 404])
def test_after_an_answer_of_asm_in_between_a_token_is_renewed_again(good: int) -> None:
    transport, reader = tokens(201, 401, 201, good, 401, 201, 200)
    if good == 200:
        reader.read_release(TARGET, 10.0)
    else:
        with pytest.raises(AsmError, match="knows no such release"):
            reader.read_release(TARGET, 10.0)
    assert reader.read_release(TARGET, 10.0).content == {}
    assert sent(transport) == ["login", "token-0", "login", "token-2", "token-2", "login", "token-5"]


def test_a_fault_in_between_is_no_such_answer() -> None:
    transport, reader = tokens(201, 401, 201, 503, 401)
    for kind in ("server", "credentials"):
        with pytest.raises(AsmError) as error:
            reader.read_release(TARGET, 10.0)
        assert error.value.kind == kind
    assert sent(transport) == ["login", "token-0", "login", "token-2", "token-2"]


def test_a_login_that_is_refused_after_a_401_is_final_and_tried_once() -> None:
    transport, reader = tokens(201, 401, 401)
    with pytest.raises(AsmError) as error:
        reader.read_release(TARGET, 10.0)
    assert (error.value.kind, error.value.passing) == ("credentials", False)
    assert sent(transport) == ["login", "token-0", "login"]


def test_one_renewal_counts_for_one_release_and_for_all_of_them() -> None:
    transport, reader = tokens(201, 401, 201, 503, 401)
    with pytest.raises(AsmError, match="the service has failed"):
        reader.read_releases("m-1", 10.0)
    with pytest.raises(AsmError, match="the credentials were refused"):
        reader.read_release(TARGET, 10.0)
    assert sent(transport) == ["login", "token-0", "login", "token-2", "token-2"]


class Attempts:
    """Tries that fail in the given ways, then find something; each takes some seconds of the clock."""

    def __init__(self, *errors: AsmError, seconds: float = 0.0) -> None:
        self.clock = Clock()
        self.began: list[float] = []
        self.deadlines: list[float] = []
        self._errors = list(errors)
        self._seconds = seconds

    def __call__(self, deadline: float) -> str:
        self.began.append(self.clock() - 1000.0)
        self.deadlines.append(deadline - 1000.0)
        self.clock.seconds += self._seconds
        if self._errors:
            raise self._errors.pop(0)
        return "found"

    def run(self, request_timeout: float = 15, request_retries: int = 3, jitter: float = 1.0) -> str:
        return with_retries(self, request_timeout, request_retries, lambda: jitter, self.clock, self.clock.sleep)

    def fail(self, **bounds: Any) -> AsmError:
        with pytest.raises(AsmError) as error:
            self.run(**bounds)
        return error.value


def passing(retry_after: float | None = None) -> AsmError:
    return AsmError("server", "it failed", retry_after=retry_after)


def test_what_is_found_at_once_needs_no_pause() -> None:
    attempts = Attempts()
    assert attempts.run() == "found"
    assert (attempts.began, attempts.deadlines, attempts.clock.slept) == ([0.0], [60.0], [])


@pytest.mark.parametrize(
    ("errors", "pauses"),
    [
        pytest.param([passing()], [1.1], id="one fault"),
        pytest.param([passing(), passing(), passing()], [1.1, 2.2, 4.4], id="as many as there are further tries"),
        pytest.param([passing(7.0), passing()], [7.0, 2.2], id="as long as the service asks"),
    ],
)
def test_a_single_read_survives_passing_faults(errors: list[AsmError], pauses: list[float]) -> None:
    attempts = Attempts(*errors)
    assert attempts.run(jitter=1.1) == "found"
    assert attempts.clock.slept == pytest.approx(pauses)
    assert set(attempts.deadlines) == {60.0}


def test_after_as_many_further_tries_the_last_fault_is_final() -> None:
    last = passing()
    attempts = Attempts(passing(), passing(), passing(), last)
    assert attempts.fail() is last
    assert len(attempts.began) == 4


def test_without_further_tries_the_first_fault_is_final() -> None:
    attempts = Attempts(passing(0.0))
    attempts.fail(request_retries=0)
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


def test_a_final_error_is_not_tried_again() -> None:
    attempts = Attempts(AsmError("credentials", "refused"))
    assert attempts.fail().kind == "credentials"
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("retry_after", "request_timeout"),
    [
        pytest.param(60.0, 15, id="as long as the whole read may take"),
        pytest.param(119.0, 15, id="longer"),
        pytest.param(600.0, 60, id="longer than a pause ever is"),
    ],
)
def test_a_pause_beyond_the_bound_ends_a_single_read_at_once(retry_after: float, request_timeout: float) -> None:
    attempts = Attempts(passing(retry_after))
    attempts.fail(request_timeout=request_timeout)
    assert (len(attempts.began), attempts.clock.slept) == (1, [])


@pytest.mark.parametrize("seconds", [0.0, 1.0, 14.0, 15.0])
@pytest.mark.parametrize("retries", [0, 1, 3, 20])
def test_a_single_read_never_begins_a_try_past_its_bound(seconds: float, retries: int) -> None:
    attempts = Attempts(*[passing()] * 100, seconds=seconds)
    attempts.fail(request_retries=retries, jitter=1.1)
    assert len(attempts.began) <= retries + 1
    assert max(attempts.began) < 15 * (retries + 1)
    assert set(attempts.deadlines) == {15.0 * (retries + 1)}
