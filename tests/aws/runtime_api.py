"""Lambda's Runtime API, as far as a function's binary can tell: starts it, hands it events, takes its answers.

One `Instance` is one process and takes one event at a time; a `Function` has as many as are asked for at once.
"""

import itertools
import json
import os
import queue
import subprocess
import tempfile
import threading
import time
import uuid
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

API = "/2018-06-01/runtime"


class Died(Exception):
    """The binary ended, or asked for no event in time."""


class FunctionError(Exception):
    """The function answered with an error, as Lambda hands it on."""

    def __init__(self, payload):
        super().__init__(payload.get("errorMessage"))
        self.payload = payload
        self.type = payload.get("errorType")


class Instance:
    def __init__(self, binary, arn, environment):
        self.arn = arn
        self.events = queue.Queue()
        self.answers = queue.Queue()
        self.is_ready = threading.Event()
        # A file, so that what was written before an answer is there with it.
        self.log = tempfile.TemporaryFile("w+")
        self.server = _server(self)
        host, port = self.server.server_address
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [binary],
            env={**environment, "AWS_LAMBDA_RUNTIME_API": f"{host}:{port}"},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    @property
    def lines(self):
        size = os.fstat(self.log.fileno()).st_size
        return os.pread(self.log.fileno(), size, 0).decode().splitlines()

    def wait_until_ready(self, seconds=20):
        """Until the binary asks for its first event."""
        until = time.monotonic() + seconds
        while not self.is_ready.wait(0.05):
            if self.process.poll() is not None or time.monotonic() > until:
                raise Died("\n".join(self.lines) or f"{self.process.args} asks for no event")

    def invoke(self, event, time_left):
        """The answer to an event; `time_left` (s) is what the function is told, not what it is held to."""
        self.wait_until_ready()
        self.events.put((event, str(uuid.uuid4()), time_left))
        while True:
            try:
                kind, payload = self.answers.get(timeout=0.2)
                break
            except queue.Empty:
                if self.process.poll() is not None:
                    raise Died("\n".join(self.lines)) from None
        if kind != "response":
            raise FunctionError(payload)
        return payload

    def took(self):
        """Seconds of processor since its start, and the most memory that it held, in MB, as Linux tells them."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        peak_kib = int(status.partition("VmHWM:")[2].split()[0])
        return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), peak_kib * 1024 / 1_000_000

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.server.shutdown()
        self.server.server_close()


def _server(instance):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def do_GET(self):
            instance.is_ready.set()
            event, request_id, time_left = instance.events.get()
            body = json.dumps(event).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Lambda-Runtime-Aws-Request-Id", request_id)
            self.send_header("Lambda-Runtime-Deadline-Ms", str(int((time.time() + time_left) * 1000)))
            self.send_header("Lambda-Runtime-Invoked-Function-Arn", instance.arn)
            self.send_header("Lambda-Runtime-Trace-Id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            body = self._body()
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()
            kind = self.path.rsplit("/", 1)[-1]
            instance.answers.put((kind, json.loads(body) if body else None))

        def _body(self):
            if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


class Function:
    """A deployed function. `time_left` is what its runs are told that they have, in seconds."""

    def __init__(self, name, binary, arn, environment, instances_max=4):
        self.name = name
        self.arn = arn
        self.time_left = 900
        self._make = lambda: Instance(binary, arn, {**environment, "PATH": os.environ["PATH"]})
        self._idle = []
        self._all = []
        self._free = threading.BoundedSemaphore(instances_max)
        self._lock = threading.Lock()

    @contextmanager
    def _instance(self):
        with self._free:
            with self._lock:
                instance = self._idle.pop() if self._idle else None
            if instance is None:
                instance = self._make()
                self._all.append(instance)
            try:
                yield instance
            except Died:
                raise
            except BaseException:
                self._idle.append(instance)
                raise
            else:
                self._idle.append(instance)

    def invoke(self, event):
        with self._instance() as instance:
            return instance.invoke(event, self.time_left)

    def lines(self):
        """What it logged, as JSON where it is."""
        for line in itertools.chain.from_iterable(list(instance.lines) for instance in self._all):
            try:
                yield json.loads(line)
            except ValueError:
                yield {"unreadable": line}

    def metrics(self, name):
        """The values of a figure, in the order of its runs."""
        found = [line for line in self.lines() if name in line and "_aws" in line]
        return [line[name] for line in found]

    def took(self):
        """Seconds of processor of all its instances, and the most memory that one of them held, in MB."""
        took = [instance.took() for instance in self._all]
        return sum(processor for processor, _ in took), max((peak for _, peak in took), default=0)

    def stop(self):
        for instance in self._all:
            instance.stop()
