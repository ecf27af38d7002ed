"""Compares servers of ASGI applications by what a deploy needs of them: memory, throughput, and how they end what is open when they are told to stop.

Run where gunicorn, uvicorn-worker, uvicorn, granian, daphne, hypercorn and websockets are installed, with `wrk` on the path:
    python compare.py [name ...]
Prints a row of Markdown for each.
"""
import asyncio
import collections
import http.client
import os
import re
import signal
import subprocess
import sys
import time

import websockets

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.path.dirname(sys.executable)
PORT = 9001
GRACE = 5
SOCKETS, STREAMS = 100, 20
SERVERS = {
    "gunicorn, uvicorn-worker": f"gunicorn -b 127.0.0.1:{PORT} -w 2 --graceful-timeout {GRACE} -k uvicorn_worker.UvicornWorker echo:application",
    "uvicorn": f"uvicorn --port {PORT} --workers 2 --timeout-graceful-shutdown {GRACE} --no-access-log --log-level warning echo:application",
    "granian": f"granian --interface asgi --port {PORT} --workers 2 --workers-kill-timeout {GRACE} --no-access-log echo:application",
    "hypercorn": f"hypercorn -b 127.0.0.1:{PORT} -w 2 --graceful-timeout {GRACE} echo:application",
    "daphne": f"daphne -p {PORT} -v 0 echo:application",
}


def family(pid):
    children = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True).stdout.split()
    return [pid, *(other for child in children for other in family(int(child)))]


def memory(pid):
    """Proportional memory of a process and all below it, in MiB."""
    total = 0
    for one in family(pid):
        with open(f"/proc/{one}/smaps_rollup", encoding="ascii") as file:
            total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE)[1])
    return total / 1024


def answers():
    try:
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=1)
        connection.request("GET", "/")
        return connection.getresponse().status == 200
    except OSError:
        return False


def requests_a_second():
    said = subprocess.run(["wrk", "-t1", "-c32", "-d5s", f"http://127.0.0.1:{PORT}/"], capture_output=True, text=True).stdout
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


async def socket(codes, opened, told):
    try:
        async with websockets.connect(f"ws://127.0.0.1:{PORT}/", open_timeout=20, ping_interval=None) as client:
            opened.append(1)
            while True:
                await client.send("hello")
                await client.recv()
                await asyncio.sleep(0.25)
    except websockets.ConnectionClosed as closed:
        codes[closed.rcvd.code if closed.rcvd else 1006] += 1
        told.append(time.monotonic())
    except OSError as error:
        codes[type(error).__name__] += 1


async def get(path, ends):
    reader, writer = await asyncio.open_connection("127.0.0.1", PORT)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
    text = b""
    try:
        while part := await reader.read(65536):
            text += part
    except OSError:
        text += b"reset"
    whole = text.endswith(b"0\r\n\r\n") or text.endswith(b"hello ")
    ends["whole" if whole else "cut"] += 1
    writer.close()


async def stop(process):
    """Tells a server to stop that has all kinds of connections."""
    codes, opened, told, streams, slow = collections.Counter(), [], [], collections.Counter(), collections.Counter()
    clients = [asyncio.create_task(socket(codes, opened, told)) for _ in range(SOCKETS)]
    clients += [asyncio.create_task(get("/events", streams)) for _ in range(STREAMS)]
    deadline = time.monotonic() + 20
    while len(opened) < SOCKETS and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    await asyncio.sleep(1)
    full = memory(process.pid)
    clients += [asyncio.create_task(get("/slow", slow)) for _ in range(4)]
    await asyncio.sleep(0.5)
    start = time.monotonic()
    process.send_signal(signal.SIGTERM)
    while process.poll() is None and time.monotonic() - start < 30:
        await asyncio.sleep(0.05)
    ended = time.monotonic() - start if process.poll() is not None else None
    if ended is None:
        process.kill()
    await asyncio.wait(clients, timeout=5)
    return full, codes, max(told) - start if told else None, slow, streams, ended


def measure(name):
    process = subprocess.Popen([os.path.join(BIN, SERVERS[name].split()[0]), *SERVERS[name].split()[1:]], cwd=HERE, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        while not answers():
            time.sleep(0.1)
        time.sleep(2)
        idle, rate = memory(process.pid), requests_a_second()
        full, codes, told, slow, streams, ended = asyncio.run(stop(process))
    finally:
        for one in reversed(family(process.pid)):
            if process.poll() is None:
                os.kill(one, signal.SIGKILL)
    shown = ", ".join(f"{count} × {code}" for code, count in sorted(codes.items(), key=str))
    return [
        name, f"{idle:.0f}", f"{full:.0f}", f"{rate:,.0f}", shown or "none", "" if told is None else f"{told:.1f}", f"{slow['whole']} of {sum(slow.values())}",
        "not within 30" if ended is None else f"{ended:.1f}",
    ]


if __name__ == "__main__":
    print("| server | MiB, idle | MiB, with connections | requests/s | close codes | last told, s | requests of 2 s answered | ended after, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for name in sys.argv[1:] or SERVERS:
        print("|", " | ".join(measure(name)), "|", flush=True)
