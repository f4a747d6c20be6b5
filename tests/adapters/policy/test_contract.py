"""What both who decide promise: the same answers to the same questions, and no yes where nobody can be asked."""

import socket
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.adapters.policy.questions import actions, questions
from tests.engines import address
from tradewind.adapters.policy import opa
from tradewind.adapters.policy.opa import OpaPolicy, PolicyAway, push
from tradewind.adapters.policy.rego import PolicyFault, RegoPolicy
from tradewind.app.free_ports import free_port
from tradewind.ports.policy import Policy, question

HOST = "127.0.0.1"
MATRIX_WITHIN_S = 1200
"""Of 16,000 questions each takes 5 ms of a processor in process, and four times that on a machine that is shared."""


@pytest.fixture(
    params=[
        pytest.param("rego", marks=pytest.mark.adapter("rego")),
        pytest.param("opa", marks=pytest.mark.engine("opa")),
    ]
)
def policy(request: pytest.FixtureRequest) -> Policy:
    if request.param == "rego":
        return RegoPolicy()
    url = address("OPA_URL")
    push(url)
    return OpaPolicy(url)


def test_the_owner_cancels_while_nothing_is_promised(policy: Policy) -> None:
    facts = {"owner": True, "status": "RESERVED"}
    assert policy.allows(question("orders.cancel", ["customer"], [], **facts))
    assert not policy.allows(question("orders.cancel", ["customer"], [], **{**facts, "owner": False}))
    assert not policy.allows(question("orders.cancel", ["customer"], [], **{**facts, "status": "PAID"}))


def test_what_no_rule_says_yes_to_is_not_allowed(policy: Policy) -> None:
    assert not policy.allows(question("never.heard_of", ["customer", "support"], []))
    assert not policy.allows({"action": "orders.get", "roles": [], "scopes": [], "resource": {}})


def test_the_same_question_has_the_same_answer(policy: Policy) -> None:
    asked = question("orders.get", ["support"], [])
    assert [policy.allows(asked) for _ in range(3)] == [True] * 3


@pytest.mark.engine("opa")
@pytest.mark.timeout(MATRIX_WITHIN_S)
def test_the_same_rules_decide_alike_in_process_and_on_opa_over_the_whole_matrix() -> None:
    url = address("OPA_URL")
    push(url)
    here, there = RegoPolicy(remember=1), OpaPolicy(url)
    asked = list(questions())
    answers = [(one, here.allows(one), there.allows(one)) for one in asked]
    yes = sum(ours for _, ours, _ in answers)
    print(f"\n{len(asked)} questions about {len(actions())} actions: {yes} allowed")
    assert [one for one, ours, theirs in answers if ours is not theirs] == []
    assert 0 < yes < len(asked)


class Scripted(BaseHTTPRequestHandler):
    """A server that answers as it is told."""

    protocol_version = "HTTP/1.1"
    answers: list[tuple[int, bytes]]
    asked: list[bytes]

    def do_POST(self) -> None:
        self.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[type[Scripted]]:
    script = type("Script", (Scripted,), {"answers": [], "asked": []})
    http = ThreadingHTTPServer((HOST, free_port(HOST)), script)
    script.url = f"http://{HOST}:{http.server_port}"  # type: ignore[attr-defined]
    Thread(target=http.serve_forever, daemon=True).start()
    yield script
    http.shutdown()
    http.server_close()


ASKED = question("orders.get", ["support"], [])


@pytest.mark.parametrize("answer", [b'{"result": "yes"}', b"[]", b"nonsense", b'{"result": null}'])
def test_what_is_no_decision_is_a_fault_and_no_yes(server: Any, answer: bytes) -> None:
    server.answers = [(200, answer)]
    with pytest.raises(PolicyFault):
        OpaPolicy(server.url).allows(ASKED)


@pytest.mark.parametrize(
    ("status", "answer"),
    [(500, b""), (503, b""), pytest.param(200, b'{"warning": {"code": "api_usage_warning"}}', id="no rules")],
)
def test_a_server_in_trouble_decides_nothing_and_is_left_in_peace_for_a_while(
    server: Any, status: int, answer: bytes
) -> None:
    """One that was started again, and to which nobody has brought the rules yet, knows of no such question."""
    server.answers = [(status, answer)]
    policy = OpaPolicy(server.url)
    for _ in range(3):
        with pytest.raises(PolicyAway):
            policy.allows(ASKED)
    assert len(server.asked) == 1


def test_where_nothing_listens_nothing_is_allowed() -> None:
    policy = OpaPolicy(f"http://{HOST}:{free_port(HOST)}")
    with pytest.raises(PolicyAway):
        policy.allows(ASKED)


def test_a_server_that_is_silent_is_not_waited_for() -> None:
    with socket.socket() as silent:
        silent.bind((HOST, free_port(HOST)))
        silent.listen()
        with pytest.raises(PolicyAway):
            OpaPolicy(f"http://{HOST}:{silent.getsockname()[1]}").allows(ASKED)


def test_a_decision_holds_for_a_while_and_is_then_asked_for_again(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = [100.0]
    monkeypatch.setattr("tradewind.adapters.policy.opa.time.monotonic", lambda: moment[0])
    server.answers = [(200, b'{"result": true}'), (200, b'{"result": false}')]
    policy = OpaPolicy(server.url)
    assert [policy.allows(ASKED), policy.allows(ASKED)] == [True, True]
    moment[0] += opa.LASTS_S
    assert not policy.allows(ASKED)
    assert len(server.asked) == 2
