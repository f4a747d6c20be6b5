"""A port that is told to a server stays the server's."""

import socket

import pytest

from tradewind.app.free_ports import free_port

HOST = "127.0.0.1"


def test_the_port_is_not_one_that_the_kernel_hands_out() -> None:
    port = free_port(HOST)
    with socket.socket() as chosen_by_kernel:
        chosen_by_kernel.bind((HOST, 0))
        assert port < 32_768 or port < chosen_by_kernel.getsockname()[1]
    with socket.socket() as server:
        server.bind((HOST, port))


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, free_port(HOST)))
        assert all(free_port(HOST) != taken.getsockname()[1] for _ in range(3))


def test_a_port_of_ipv6_is_found_where_there_is_one() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")
    with socket.socket(socket.AF_INET6) as server:
        server.bind(("::1", free_port("::1")))
