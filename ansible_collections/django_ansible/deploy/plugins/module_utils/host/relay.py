# Copyright: (c) 2026, The django-ansible-deploy authors
# MIT License (see LICENSE)
"""Where an application's requests wait while a link leads here, and from where each goes on, untouched, to where the link leads next.

systemd runs ``main`` for as long as requests are held; see slots/room.py. It starts as root to make its socket, then is the user that nginx's workers
are. When requests have waited for too long, they and those that come get a page instead of a place.
"""
from __future__ import annotations

import asyncio
import contextlib
import grp
import json
import os
import pwd
import signal
import socket

from ansible_collections.django_ansible.deploy.plugins.module_utils.host.waiting_room import waiting

LOOK = 0.02  # seconds between two looks at the link
BACKLOG = 4096
CHUNK = 65536
LAST_CALLERS = 1.0  # seconds in which those are still let in who followed the link just before it led elsewhere
USER = "www-data"
NEW = ".new"  # of the name that a socket has until it listens, and by which the kernel knows it for good
ENDING: list[int] = []  # signals to end that came before anybody could be let in
REFUSAL = (
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nCache-Control: no-store\r\nRetry-After: 10\r\n"
    "Connection: close\r\n\r\n"
)


def main(spec: str) -> None:
    """:param spec: a file with C(link), C(socket), C(seconds) and C(page), the path of what is shown when that time is over."""
    with open(spec, encoding="utf-8") as file:
        told = json.load(file)
    try:
        with open(told["page"], "rb") as file:
            page = file.read()
    except OSError:
        page = b"<!doctype html><title>Down for maintenance</title><p>Please come back in a moment.</p>\n"
    # Whoever has come by then would be turned away by an end without this.
    signal.signal(signal.SIGTERM, lambda number, frame: ENDING.append(number))
    listener = listen(told["socket"])
    # Whoever waits for this to be ready looks at that: a socket of that name may be one that was left.
    os.unlink(spec)
    if os.geteuid() == 0:
        found = pwd.getpwnam(USER)
        os.setgroups([])
        os.setgid(found.pw_gid)
        os.setuid(found.pw_uid)
    asyncio.run(Room(told["link"], told["socket"], told["seconds"], page).run(listener))


def listen(path: str) -> socket.socket:
    """A socket that nginx can reach and no other user. It has its name once it listens."""
    made = path + NEW
    with contextlib.suppress(FileNotFoundError):
        os.unlink(made)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(made)
    os.chmod(made, 0o660)
    if os.geteuid() == 0:
        os.chown(made, 0, grp.getgrnam(USER).gr_gid)
    listener.listen(BACKLOG)
    os.rename(made, path)
    return listener


class Room:
    """Those who wait.

    :param link: leads to *path* while requests are held, then to another socket.
    :param seconds: how long they wait, each time that the link comes to lead here.
    :param page: what they get afterwards.
    """

    def __init__(self, link: str, path: str, seconds: float, page: bytes) -> None:
        self.link, self.path, self.seconds, self.page = link, path, seconds, page
        self.callers: set[asyncio.Task] = set()
        self.came = False  # Whether the link has led here yet.

    async def run(self, listener: socket.socket) -> None:
        """Until it is told to end (SIGTERM) and nobody is there any more."""
        loop = asyncio.get_running_loop()
        self.open, ending = asyncio.Event(), asyncio.Event()
        # Nobody comes before the link leads here; until it has, it counts as closed, as of now.
        self.until = loop.time() + self.seconds
        loop.add_signal_handler(signal.SIGTERM, ending.set)
        if ENDING:
            ending.set()
        server = await asyncio.start_unix_server(self.admit, sock=listener)
        watching = asyncio.ensure_future(self.watch())
        await ending.wait()
        await asyncio.sleep(LAST_CALLERS)
        while waiting(self.path + NEW):
            await asyncio.sleep(LOOK)
        server.close()
        while self.callers:
            await asyncio.wait(self.callers)
        watching.cancel()

    async def watch(self) -> None:
        while True:
            with contextlib.suppress(OSError):
                here = os.readlink(self.link) == self.path
                if here and (self.open.is_set() or not self.came):
                    self.came = True
                    self.until = asyncio.get_running_loop().time() + self.seconds
                    self.open.clear()
                elif not here and self.came:
                    self.open.set()
            await asyncio.sleep(LOOK)

    async def admit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = asyncio.current_task()
        self.callers.add(caller)
        self.came = True
        try:
            with contextlib.suppress(OSError):
                if await self.waited():
                    await self.pass_on(reader, writer)
                else:
                    await self.refuse(reader, writer)
        finally:
            writer.close()
            self.callers.discard(caller)

    async def waited(self) -> bool:
        """Whether the link leads on within the time."""
        while not self.open.is_set():
            left = self.until - asyncio.get_running_loop().time()
            if left <= 0:
                return False
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.open.wait(), left)
        return True

    async def pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        their_reader, their_writer = await self.reach()
        asking = asyncio.ensure_future(pump(reader, their_writer))
        try:
            # The answer's end is the end: whoever asks keeps its own direction open.
            await pump(their_reader, writer)
        finally:
            asking.cancel()
            their_writer.close()

    async def reach(self):
        """Connects to where the link leads. All come there at once, and its queue may be full for a moment, which asyncio takes for a connection."""
        until = asyncio.get_running_loop().time() + self.seconds
        while True:
            there = socket.socket(socket.AF_UNIX)
            there.setblocking(False)
            try:
                there.connect(self.link)
                return await asyncio.open_unix_connection(sock=there)
            except OSError as error:
                there.close()
                if not isinstance(error, BlockingIOError) or asyncio.get_running_loop().time() >= until:
                    raise
            await asyncio.sleep(LOOK)

    async def refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(reader.read(CHUNK), 1)
        writer.write((REFUSAL % len(self.page)).encode() + self.page)
        await writer.drain()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Passes bytes on until there are no more, and says so."""
    with contextlib.suppress(OSError):
        while True:
            chunk = await reader.read(CHUNK)
            if not chunk:
                break
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
