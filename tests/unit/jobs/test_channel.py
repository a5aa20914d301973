"""The channel: whole messages both ways, ends that are noticed, both ways of handing it over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client

import pytest

from motestudio.jobs.channel import MAX_MESSAGE, VARIABLE, ChannelClosed, Offer, connect_to_parent

ECHO = """
import os, sys
from motestudio.jobs.channel import ChannelClosed, connect_to_parent
channel = connect_to_parent()
channel.send(str("MOTE_CHANNEL" in os.environ).encode())
try:
    while (data := channel.recv(10)) is not None:
        channel.send(data[::-1])
except ChannelClosed:
    sys.exit(5)
"""


@pytest.fixture(params=[True, False], ids=["inherited", "connected"])
def pair(request):
    offer = Offer(inherit=request.param)
    environment = os.environ | offer.environment
    child = subprocess.Popen([sys.executable, "-c", ECHO], env=environment, pass_fds=offer.pass_fds)
    channel = offer.accept(10, lambda: child.poll() is None)
    yield channel, child
    channel.close()
    offer.lifeline.close()
    child.kill()
    child.wait()


def test_messages_of_any_size_come_whole_and_in_order(pair):
    channel, _ = pair
    assert channel.recv(10) == b"False"
    for size in (0, 1, 70_000, 5_000_000):
        data = os.urandom(size)
        sender = threading.Thread(target=channel.send, args=(data,))
        sender.start()
        assert channel.recv(10) == data[::-1]
        sender.join()


def test_no_message_in_time_is_none_and_nothing_is_lost(pair):
    channel, _ = pair
    channel.recv(10)
    began = time.monotonic()
    assert channel.recv(0.1) is None
    assert 0.05 < time.monotonic() - began < 1.0
    assert channel.recv(0) is None
    channel.send(b"abc")
    assert channel.recv(10) == b"cba"


def test_a_child_that_dies_is_noticed_after_its_last_message(pair):
    channel, child = pair
    assert channel.recv(10) == b"False"
    channel.send(b"ab")
    time.sleep(0.3)
    child.kill()
    child.wait()
    assert channel.recv(5) == b"ba"
    with pytest.raises(ChannelClosed):
        channel.recv(5)
    assert channel.closed
    with pytest.raises(ChannelClosed):
        channel.send(b"x")


def test_a_child_notices_that_the_parent_closed(pair):
    channel, child = pair
    channel.recv(10)
    channel.close()
    assert child.wait(5) == 5


def test_closing_wakes_a_thread_that_waits(pair):
    channel, _ = pair
    channel.recv(10)
    ends = []

    def wait():
        try:
            channel.recv()
        except ChannelClosed:
            ends.append("closed")

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.05)
    channel.close()
    thread.join(2)
    assert ends == ["closed"]


def test_a_message_over_the_limit_is_refused_before_it_is_sent(pair):
    channel, _ = pair
    with pytest.raises(ValueError, match="limit"):
        channel.send(bytes(MAX_MESSAGE + 1))
    assert channel.recv(10) == b"False"


def test_nobody_connecting_is_noticed_in_time():
    began = time.monotonic()
    with pytest.raises(ChannelClosed):
        Offer(inherit=False).accept(0.2, lambda: True)
    with pytest.raises(ChannelClosed):
        Offer(inherit=False).accept(30, lambda: False)
    assert time.monotonic() - began < 5


def test_a_stranger_without_the_key_is_not_let_in():
    offer = Offer(inherit=False)
    address = json.loads(offer.environment[VARIABLE])["address"]

    def knock():
        try:
            Client(address, authkey=b"guess")
        except (AuthenticationError, OSError, EOFError):
            heard.append("refused")

    heard = []
    thread = threading.Thread(target=knock)
    thread.start()
    with pytest.raises(ChannelClosed):
        offer.accept(1, lambda: True)
    thread.join(2)
    assert heard == ["refused"]


@pytest.mark.parametrize("value", ["", "{", "[]", '{"fd": 99999}', '{"address": "/nowhere", "key": "zz"}'])
def test_a_program_that_was_not_started_by_the_studio_says_so(monkeypatch, value):
    monkeypatch.setenv(VARIABLE, value)
    with pytest.raises(ChannelClosed):
        connect_to_parent()
    assert VARIABLE not in os.environ
