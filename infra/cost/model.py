"""What a month of Capstan costs, and the same month elsewhere: quantities that were measured, times list prices.

Everything is dollars of the United States, at the prices of us-east-1, before taxes and discounts. A gigabyte is 2^30 bytes, as AWS bills.
"""

import json
import math
import re
from dataclasses import dataclass, fields
from pathlib import Path

HERE = Path(__file__).parent
GB, MIB = 2**30, 2**20
# Of S3's operations, by what a request costs ("Amazon S3 pricing", requests and data retrievals).
WRITES = {"PutObject", "CopyObject", "PostObject", "CreateMultipartUpload", "UploadPart", "UploadPartCopy", "CompleteMultipartUpload",
          "ListObjectsV2", "ListParts", "ListMultipartUploads"}
READS = {"GetObject", "HeadObject"}
BEHIND_THE_API = {"auth", "presign", "metadata", "share"}
DYNAMODB = {"GetItem", "PutItem", "UpdateItem", "DeleteItem", "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "Query"}


@dataclass(frozen=True)
class Workload:
    """A month. The defaults are a small team."""

    people: int = 10
    recordings: int = 100
    minutes: float = 5
    views: int = 500
    watched: float = 60
    mbps: float = 4
    keep: float = 12
    encoded: float = 10
    instant: str = "yes"
    renditions: str = ""
    db: str = "aurora"
    cdn: str = "no"
    store: str = "s3"
    arch: str = "arm64"

    def heights(self):
        return [int(height) for height in self.renditions.split(",") if height]


HELP = {
    "people": "who records and signs in",
    "recordings": "new recordings a month",
    "minutes": "length of each",
    "views": "views a month, of all recordings",
    "watched": "percent of a recording that a view gets to see",
    "mbps": "megabits a second of a recording; a 1080p screen has 2 to 6",
    "keep": "months that recordings are kept: the library holds that many months of them",
    "encoded": "percent of the recordings that must be encoded (Firefox records WebM); the others are published as they are",
    "instant": "yes: the app uploads while it records, two segments every two seconds; no: one file at the end",
    "renditions": "heights such as 720,480, or nothing",
    "db": "aurora (Serverless v2, which pauses), awake (with half an ACU at least), proxy (that behind RDS Proxy), rds (a db.t4g.small) "
          "or existing (paid for already)",
    "cdn": "no (from S3 itself), yes (CloudFront by the gigabyte) or plan (the cheapest flat-rate plan of CloudFront that holds it)",
    "store": "s3, or r2 (Cloudflare, which charges nothing for transfer)",
    "arch": "arm64 or x86_64",
}
CHOICES = {"instant": ["yes", "no"], "db": ["aurora", "awake", "proxy", "rds", "existing"], "cdn": ["no", "yes", "plan"], "store": ["s3", "r2"],
           "arch": ["arm64", "x86_64"]}


@dataclass(frozen=True)
class Row:
    """One line of the bill. `media` is what a video service does as well; the rest is the application around it."""

    part: str
    what: str
    quantity: float
    unit: str
    cost: float
    media: bool = False


def workload(words):
    """Reads `VIEWS=1000` and the like."""
    types, given = {field.name: field.type for field in fields(Workload)}, {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.lower()
        if not equals or name not in types:
            raise ValueError(f"{word} is none of {', '.join(name.upper() + '=…' for name in types)}")
        try:
            given[name] = types[name](text)
        except ValueError:
            raise ValueError(f"{name.upper()} must be a number, not {text}") from None
        if name in CHOICES and text not in CHOICES[name]:
            raise ValueError(f"{name.upper()} must be {' or '.join(CHOICES[name])}, not {text}")
        if not isinstance(given[name], str) and not (math.isfinite(given[name]) and given[name] >= 0):
            raise ValueError(f"{name.upper()} must not be negative, nor endless: {text}")
    if not re.fullmatch(r"(\d+(,\d+)*)?", given.get("renditions", "")):
        raise ValueError("RENDITIONS must be heights with commas between them, such as 720,480")
    asked = Workload(**given)
    if max(asked.watched, asked.encoded) > 100:
        raise ValueError("WATCHED and ENCODED are percents, so at most 100")
    if any(not 120 <= height <= 2160 for height in asked.heights()):
        raise ValueError("RENDITIONS must be heights of 120 to 2160 pixels with commas between them")
    if asked.store == "r2" and asked.cdn != "no":
        raise ValueError("CDN must be no with STORE=r2: the CDN in front of R2 is Cloudflare's, and costs nothing more")
    return asked


class Model:
    """Prices, and what was measured and assumed."""

    def __init__(self):
        self.constants = json.loads((HERE / "constants.json").read_text())
        self.prices, self.free = self.constants["prices"], self.constants["free"]
        self.assumed = {name: entry["value"] for name, entry in self.constants["assumed"].items()}
        self.measured = json.loads((HERE / "measured.json").read_text())

    def memory(self, function):
        """MiB of a function."""
        return self.assumed["transcode_memory_mib" if function == "transcode" else "http_memory_mib"]

    def usd(self, name):
        return self.prices[name]["usd"]

    def tiered(self, name, quantity):
        """A price that falls with the quantity."""
        cost, left = 0.0, quantity
        for width, price in self.prices[name]["tiers"]:
            taken = left if width is None else min(left, width)
            cost, left = cost + taken * price, left - taken
        return cost

    def took(self, name):
        """What was measured, by function: one of many, or one as it was."""
        entry = self.measured["figures"][name]
        return entry.get("one") or entry.get("took") or entry

    def gb_seconds(self, took, memory):
        """What Lambda bills: processor time as such a function gets it, and waiting."""
        wait = took.get("MySQL round trips", 0) * self.assumed["mysql_wait_s"]
        wait += sum(took.get(name, 0) for name in DYNAMODB) * self.assumed["dynamodb_wait_s"]
        wait += took.get("UploadPartCopy", 0) / 16 * self.assumed["s3_copy_wait_s"]
        wait += sum(took.get(name, 0) for name in (WRITES | READS) - {"UploadPartCopy"}) * self.assumed["s3_wait_s"]
        processor = (took.get("cpu_s", 0) + took.get("ffmpeg_cpu_s", 0)) * self.assumed["mib_per_vcpu"] / memory
        return (processor + wait) * memory / 1024


class Bill:
    """Collects a month's use, and prices it."""

    def __init__(self, model, asked):
        self.model, self.asked, self.rows = model, asked, []
        # By part and whether it is media; and how many requests viewers make, whoever answers them.
        self.uses, self.asked_for = {}, 0.0

    def use(self, part, by, times, media=True):
        """So many times what was measured."""
        used = self.uses.setdefault((part, media), {})

        def add(name, quantity):
            used[name] = used.get(name, 0.0) + times * quantity

        for who, took in by.items():
            if who in BEHIND_THE_API:
                add("api", took.get("invocations", 0))
            if who != "clients":
                add("gb_seconds", self.model.gb_seconds(took, self.model.memory(who)))
                add("invocations", took.get("invocations", 0))
                add("log_bytes", took.get("invocations", 0) * self.model.assumed["log_bytes_per_invocation"] + took.get("own log bytes", 0))
            add("writes", sum(took.get(name, 0) for name in WRITES))
            add("reads", sum(took.get(name, 0) for name in READS))
            add("write_units", took.get("write units", 0))
            add("read_units", took.get("read units", 0))
            add("round_trips", took.get("MySQL round trips", 0))

    def row(self, part, what, quantity, unit, cost, media=False):
        if quantity:
            self.rows.append(Row(part, what, quantity, unit, cost, media))

    def price(self):
        """The rows of what was used."""
        usd, r2 = self.model.usd, self.asked.store == "r2"
        for (part, media), used in self.uses.items():
            for name, what, unit, price in (
                    ("gb_seconds", "Lambda, duration", "GB-seconds", usd(f"lambda_{self.asked.arch}")),
                    ("invocations", "Lambda, requests", "requests", usd("lambda_request")),
                    ("api", "API Gateway", "requests", usd("http_api_request")),
                    ("writes", f"{'R2' if r2 else 'S3'}, writes and lists", "requests", usd("r2_write" if r2 else "s3_put")),
                    ("reads", f"{'R2' if r2 else 'S3'}, reads", "requests", usd("r2_read" if r2 else "s3_get")),
                    ("write_units", "DynamoDB, writes", "units", usd("dynamodb_write")),
                    ("read_units", "DynamoDB, reads", "units", usd("dynamodb_read")),
                    ("log_bytes", "CloudWatch, logs", "GB", usd("logs_ingested") + usd("logs_stored"))):
                quantity = used.get(name, 0.0) / (GB if name == "log_bytes" else 1)
                self.row(part, what, quantity, unit, quantity * price, media)

    def total(self, media=None):
        return sum(row.cost for row in self.rows if media is None or row.media == media)

    def round_trips(self):
        return sum(used.get("round_trips", 0.0) for used in self.uses.values())


def between(small, large, small_bytes, large_bytes, size):
    """What a recording of `size` bytes takes, on the line through two that were measured."""
    share, line = (size - small_bytes) / (large_bytes - small_bytes), {}
    for who in {*small, *large}:
        one, other = small.get(who, {}), large.get(who, {})
        line[who] = {name: max(0.0, one.get(name, 0) + (other.get(name, 0) - one.get(name, 0)) * share) for name in {*one, *other}}
    return line


def scaled(by, factor):
    return {who: {name: count * factor for name, count in took.items()} for who, took in by.items()}


def minus(by, other):
    return {who: {name: max(0.0, count - other.get(who, {}).get(name, 0)) for name, count in took.items()} for who, took in by.items()}
