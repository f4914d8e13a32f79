"""Asks a server for each feature with python-socketio, and prints one line of JSON about each.

python features.py URL sync|asyncio TRANSPORT default|msgpack stock|remedy features|chaos
"""

import asyncio
import json
import os
import queue
import sys
import threading
import time
import uuid

import socketio
from socketio.exceptions import SocketIOError

PATIENCE = 10
CONNECT_PATIENCE = 30
RETURN_PATIENCE = 20
CHAOS_PATIENCE = 3
CHAOS_SECONDS = 240
SETTINGS = {"reconnection_delay": 0.2, "reconnection_delay_max": 1, "randomization_factor": 0}


class Sync:
    """One client with threads."""

    def __init__(self, server, namespaces=None):
        self.server = server
        self.namespaces = namespaces
        self.heard = {}
        self.client = self.create()
        for event in ["connect", "said", "answered", "bytes", "one", "told", "left"]:
            self.listen(event)
        self.answer("question", lambda value: value * 2)

    def create(self):
        return socketio.Client(serializer=self.server["serializer"], **SETTINGS)

    def listen(self, event):
        inbox = self.heard[event] = queue.Queue()
        self.client.on(event, lambda *args: inbox.put(args))

    def answer(self, event, handler):
        self.client.on(event, handler)

    def run(self, result):
        return result

    def connect(self):
        self.run(self.client.connect(
            self.server["url"], transports=[self.server["transport"]], wait_timeout=CONNECT_PATIENCE,
            auth={"token": "secret"}, **({"namespaces": self.namespaces} if self.namespaces else {})))
        return self

    def emit(self, event, *args):
        self.run(self.client.emit(event, args))

    def call(self, event, *args, namespace=None, patience=PATIENCE):
        return self.run(self.client.call(event, args, namespace=namespace, timeout=patience))

    def next(self, event, patience=PATIENCE):
        try:
            return self.heard[event].get(timeout=patience)
        except queue.Empty:
            raise AssertionError(f"heard no {event}") from None

    def leave(self):
        self.run(self.client.disconnect())


class Async(Sync):
    """One client on an event loop, which a thread runs."""

    loop = asyncio.new_event_loop()

    def create(self):
        return socketio.AsyncClient(serializer=self.server["serializer"], **SETTINGS)

    def run(self, result):
        return asyncio.run_coroutine_threadsafe(result, self.loop).result(CONNECT_PATIENCE + 5)


def expect(got, wanted):
    if got != wanted:
        raise AssertionError(f"expected {wanted!r}, got {got!r}")


def connects(open_client):
    expect(open_client().call("token"), "secret")


def events(open_client):
    client = open_client()
    client.emit("say", "a", {"b": [1, None, "ä"]})
    expect(client.next("said"), ("a", {"b": [1, None, "ä"]}))


def acknowledgements(open_client):
    expect(list(open_client().call("echo", "x", 2)), ["x", 2])


def questions(open_client):
    client = open_client()
    client.emit("ask")
    expect(client.next("answered"), (42,))


def bytes_sent(open_client):
    expect(open_client().call("take bytes", b"\x01\x02\xff"), [1, 2, 255])


def bytes_heard(open_client):
    client = open_client()
    client.emit("give bytes")
    expect(client.next("bytes"), (b"\x01\x02\xff",))


def forty_at_once(open_client):
    client = open_client()
    client.emit("burst", 40)
    expect([client.next("one")[0] for _ in range(40)], list(range(1, 41)))


def rooms(open_client):
    one, other = open_client(), open_client()
    room = str(uuid.uuid4())
    for client in (one, other):
        expect(client.call("join", room), "joined")
    other.emit("tell", room)
    expect(one.next("told"), ("hello",))
    other.call("echo", 1, 2)
    expect(other.heard["told"].empty(), True)


def namespaces(open_client):
    expect(open_client(["/admin"]).call("where", namespace="/admin"), "/admin")


def goodbye(open_client):
    watcher, leaver = open_client(), open_client()
    watcher.call("join", "watchers")
    leaver.call("echo", 1, 2)
    leaver.leave()
    watcher.next("left")


def comes_back(open_client, event):
    client = open_client()
    client.next("connect")
    client.emit(event)
    client.next("connect", RETURN_PATIENCE)
    expect(list(client.call("echo", "x", 2)), ["x", 2])


def sixty_in_chaos(open_client):
    """Says each again until it is acknowledged, as an app does whose messages count. It comes back by itself."""
    deadline = time.monotonic() + CHAOS_SECONDS

    def insist(act, done):
        while True:
            try:
                return act()
            except SocketIOError as error:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{done} of 60 acknowledged, then {error!r}") from None
                time.sleep(0.1)

    client = insist(open_client, 0)
    for number in range(60):
        answer = insist(lambda: client.call("echo", number, 0, patience=CHAOS_PATIENCE), number)
        expect(list(answer), [number, 0])


CHAOS = {"sixty in chaos": sixty_in_chaos}
FEATURES = {
    "connect": connects,
    "events": events,
    "acknowledgements": acknowledgements,
    "questions": questions,
    "bytes sent": bytes_sent,
    "bytes heard": bytes_heard,
    "forty at once": forty_at_once,
    "rooms": rooms,
    "namespaces": namespaces,
    "goodbye": goodbye,
    "server close": lambda open_client: comes_back(open_client, "hang up"),
    "crash": lambda open_client: comes_back(open_client, "crash"),
}


def main():
    url, kind, transport, serializer, packets, asked = sys.argv[1:]
    if packets == "remedy":
        import text_packets

        text_packets.install()
    server = {"url": url, "transport": transport, "serializer": serializer}
    if kind == "asyncio":
        threading.Thread(target=Async.loop.run_forever, daemon=True).start()
    create = Async if kind == "asyncio" else Sync
    for name, play in (CHAOS if asked == "chaos" else FEATURES).items():
        clients = []

        def open_client(wanted=None):
            clients.append(create(server, wanted))
            return clients[-1].connect()

        try:
            play(open_client)
            outcome = {"feature": name, "works": True}
        except Exception as error:
            outcome = {"feature": name, "works": False, "word": f"{type(error).__name__}: {error}"}
        print(json.dumps(outcome), flush=True)
        for client in clients:
            threading.Thread(target=client.leave, daemon=True).start()
    os._exit(0)


main()
