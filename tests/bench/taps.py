"""Stands between a function and what it asks, and counts: requests to S3 by operation, units of DynamoDB, commands of MySQL."""

import collections
import http.client
import json
import socket
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Of a client's packet in MySQL's protocol, which nothing answers: COM_QUIT, COM_STMT_SEND_LONG_DATA, COM_STMT_CLOSE.
UNANSWERED = {0x01, 0x18, 0x19}
BLOCK = 1 << 16


class Counts:
    """How often what was asked by whom."""

    def __init__(self):
        self.lock, self.kept = threading.Lock(), collections.defaultdict(collections.Counter)

    def add(self, who, what, how_many=1):
        with self.lock:
            self.kept[who][what] += how_many

    def copy(self):
        with self.lock:
            return {who: collections.Counter(counts) for who, counts in self.kept.items()}


def operation(method, path, query, headers):
    """The S3 operation of a request, as the API's reference names it."""
    whole_bucket = path.strip("/").count("/") == 0
    match method:
        case "POST" if "delete" in query: return "DeleteObjects"
        case "POST" if "uploads" in query: return "CreateMultipartUpload"
        case "POST" if "uploadId" in query: return "CompleteMultipartUpload"
        case "POST": return "PostObject"
        case "PUT" if "partNumber" in query: return "UploadPartCopy" if "x-amz-copy-source" in headers else "UploadPart"
        case "PUT": return "CopyObject" if "x-amz-copy-source" in headers else "PutObject"
        case "GET" if "uploadId" in query: return "ListParts"
        case "GET" if "uploads" in query: return "ListMultipartUploads"
        case "GET" if whole_bucket: return "ListObjectsV2"
        case "GET": return "GetObject"
        case "HEAD": return "HeadObject"
        case "DELETE": return "AbortMultipartUpload" if "uploadId" in query else "DeleteObject"
    return method


class Tap(BaseHTTPRequestHandler):
    """Hands requests on as they are: signatures are about the host that the function named."""

    protocol_version = "HTTP/1.1"

    def handle_one_request(self):
        self.raw_requestline = self.rfile.readline(BLOCK)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        self.hand_on(self.request_body())

    def request_body(self):
        if "chunked" not in self.headers.get("transfer-encoding", ""):
            return self.rfile.read(int(self.headers.get("content-length", 0)))
        body = b""
        while length := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(length)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def hand_on(self, body):
        server = self.server
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query, keep_blank_values=True)
        if server.service == "dynamodb":
            body = json.dumps({**json.loads(body), "ReturnConsumedCapacity": "TOTAL"}).encode()
        else:
            # Whoever has a signed address is a client and not the function that listens here.
            who = "clients" if "X-Amz-Signature" in query else server.who
            server.counts.add(who, operation(self.command, url.path, query, self.headers))
        upstream = http.client.HTTPConnection(*server.upstream())
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in ("content-length", "transfer-encoding", "connection", "expect"):
                upstream.putheader(name, value)
        if body or self.command in ("PUT", "POST"):
            upstream.putheader("content-length", str(len(body)))
        upstream.endheaders(body)
        answer = upstream.getresponse()
        content = answer.read() if server.service == "dynamodb" else None
        if content and answer.status == 200:
            self.consumed(json.loads(content))
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("transfer-encoding", "connection"):
                self.send_header(name, value)
        unknown = answer.getheader("content-length") is None and self.command != "HEAD" and answer.status not in (204, 304)
        if unknown:
            content = answer.read() if content is None else content
            self.send_header("content-length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            if content is not None:
                self.wfile.write(content)
            else:
                while block := answer.read(BLOCK):
                    self.wfile.write(block)
        upstream.close()

    def consumed(self, answer):
        """Units that DynamoDB says it took."""
        action = self.headers["x-amz-target"].split(".")[-1]
        told = answer.get("ConsumedCapacity", [])
        for capacity in told if isinstance(told, list) else [told]:
            kind = "read units" if action in ("GetItem", "BatchGetItem", "Query", "Scan", "TransactGetItems") else "write units"
            self.server.counts.add(self.server.who, f"{action}")
            self.server.counts.add(self.server.who, kind, capacity["CapacityUnits"])


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        # Browsers hang up on ranges that they no longer need.
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, address)


def http_tap(who, service, counts, upstream):
    """Listens on a free port; gives it."""
    server = Server(("127.0.0.1", 0), Tap)
    server.who, server.service, server.counts, server.upstream = who, service, counts, upstream
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


def mysql_tap(who, counts, upstream):
    """Listens on a free port; gives it. Counts what a client waits for an answer to."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve(client):
        server = socket.create_connection(upstream())
        threading.Thread(target=pump, args=(server, client), daemon=True).start()
        pump(client, server, commands(who, counts))

    def accept():
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def pump(source, sink, seen=lambda block: None):
    try:
        while block := source.recv(BLOCK):
            seen(block)
            sink.sendall(block)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def commands(who, counts):
    """Reads a client's packets: three bytes of length, one of sequence, which is 0 where a command begins."""
    waiting = bytearray()

    def seen(block):
        waiting.extend(block)
        while len(waiting) >= 5:
            length = int.from_bytes(waiting[:3], "little")
            if len(waiting) < 4 + length:
                return
            if waiting[3] == 0 and waiting[4] not in UNANSWERED:
                counts.add(who, "MySQL round trips")
            del waiting[:4 + length]

    return seen
