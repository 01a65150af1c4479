"""Messages over a socket pair, from senders that one can rely on and from others."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest

from penstock.runtime import channel as channel_module
from penstock.runtime.channel import Broken, Channel


@pytest.fixture
def pair() -> Iterator[tuple[Channel, socket.socket]]:
    """A channel, and the bare other end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours)
    yield channel, theirs
    channel.close()
    theirs.close()


@pytest.fixture
def ends(pair: tuple[Channel, socket.socket]) -> tuple[Channel, Channel]:
    """Two channels."""
    return pair[0], Channel(pair[1])


def test_a_message_arrives_as_it_was(ends: tuple[Channel, Channel]) -> None:
    one, other = ends
    sent = {"kind": "log", "line": 'São "x"\n\u2028\x00 \U0001f600', "n": [1, 2.5, None, True], "deep": {"a": {}}}
    one.send(sent)
    assert other.receive() == sent
    other.send({})
    assert one.receive() == {}


def test_messages_keep_their_order_however_the_bytes_are_cut(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    raw = b'{"n":1}\n{"n":2}\n{"n":3}\n'
    found = []
    for place in range(len(raw)):
        theirs.send(raw[place : place + 1])
        messages, is_open = channel.drain()
        assert is_open
        found += messages
    assert [one["n"] for one in found] == [1, 2, 3]


def test_a_look_waits_for_nothing(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    assert channel.drain() == ([], True)
    theirs.send(b'{"n":')
    assert channel.drain() == ([], True)
    theirs.send(b"1}\n")
    assert channel.drain() == ([{"n": 1}], True)


def test_what_was_said_before_the_end_is_heard(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.send(b'{"n":1}\n{"n":2}\n{"half')
    theirs.close()
    assert channel.drain() == ([{"n": 1}, {"n": 2}], False)
    assert channel.drain() == ([], False)
    assert channel.receive() is None


def test_receive_tells_the_end(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.send(b'{"n":1}\n{"half')
    theirs.close()
    assert channel.receive() == {"n": 1}
    assert channel.receive() is None


@pytest.mark.parametrize(
    "line",
    [b"no json", b"[1]", b'"text"', b"1", b"null", b"\xff\xfe", b"", b"{", b"[" * 100_000, b"9" * 5_000],
)
@pytest.mark.parametrize("how", ["drain", "receive"])
def test_what_is_no_message_is_broken(pair: tuple[Channel, socket.socket], line: bytes, how: str) -> None:
    channel, theirs = pair
    theirs.sendall(line + b"\n")
    with pytest.raises(Broken):
        getattr(channel, how)()


def test_a_line_without_end_is_broken(pair: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "LONGEST", 100_000)
    channel, theirs = pair
    sender = threading.Thread(target=flood, args=(theirs, b"x" * 300_000))
    sender.start()

    def look() -> None:
        while True:
            channel.drain()

    with pytest.raises(Broken, match="too long"):
        look()
    channel.close()
    sender.join()


def flood(end: socket.socket, raw: bytes) -> None:
    try:
        end.sendall(raw)
    except OSError:
        return  # the other side had enough


def test_many_short_messages_are_not_one_long_one(
    ends: tuple[Channel, Channel], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a sender that never stops does not keep the listener from everything else."""
    monkeypatch.setattr(channel_module, "LONGEST", 100_000)
    monkeypatch.setattr(channel_module, "AT_ONCE", 200_000)
    one, other = ends

    def talk() -> None:
        for number in range(20_000):
            other.send({"n": number, "line": "x" * 40})
        other.close()

    talker = threading.Thread(target=talk)
    talker.start()
    found, looks, is_open = [], [], True
    while is_open:
        messages, is_open = one.drain()
        looks.append(len(messages))
        found += messages
    talker.join()
    assert [message["n"] for message in found] == list(range(20_000))
    assert max(looks) * 60 < 300_000


def test_to_the_end_takes_everything(pair: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "AT_ONCE", 10)
    channel, theirs = pair
    for number in range(20):
        theirs.sendall(json.dumps({"n": number, "pad": "x" * 1000}).encode() + b"\n")
    theirs.close()
    messages, is_open = channel.drain(to_the_end=True)
    assert len(messages) == 20
    assert not is_open


def test_a_large_order_passes(ends: tuple[Channel, Channel]) -> None:
    one, other = ends
    sent = {"flow": "\u00e9\n" * 4_000_000}
    sender = threading.Thread(target=one.send, args=(sent,))
    sender.start()
    assert other.receive() == sent
    sender.join()


def test_messages_of_many_threads_do_not_mix(ends: tuple[Channel, Channel]) -> None:
    one, other = ends

    def talk(number: int) -> None:
        for turn in range(50):
            one.send({"who": number, "turn": turn, "pad": str(number) * 5_000})

    talkers = [threading.Thread(target=talk, args=(number,)) for number in range(8)]
    for talker in talkers:
        talker.start()
    found = [other.receive() for _ in range(400)]
    for talker in talkers:
        talker.join()
    turns: dict[int, list[int]] = {}
    for message in found:
        assert message is not None
        assert message["pad"] == str(message["who"]) * 5_000
        turns.setdefault(message["who"], []).append(message["turn"])
    assert turns == {number: list(range(50)) for number in range(8)}


def test_nobody_is_there_to_hear(pair: tuple[Channel, socket.socket]) -> None:
    channel, theirs = pair
    theirs.close()
    for _ in range(2):
        with pytest.raises(Broken):
            channel.send({"n": 1})


def test_one_who_does_not_read_is_not_waited_for_for_ever() -> None:
    """And after half a message no other follows, which would be read as its end."""
    ours, theirs = socket.socketpair()
    channel = Channel(ours, send_timeout_s=0.05)
    with pytest.raises(Broken):
        channel.send({"line": "x" * 10_000_000})
    with pytest.raises(Broken):
        channel.send({"n": 1})
    channel.close()
    while theirs.recv(1 << 20):
        pass
    theirs.close()


def test_a_closed_end_hears_nothing(ends: tuple[Channel, Channel]) -> None:
    one, other = ends
    one.close()
    assert one.fileno() == -1
    assert other.receive() is None
    with pytest.raises(Broken):
        one.send({})
