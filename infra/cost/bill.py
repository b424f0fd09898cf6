"""A month's bill, part by part, and what the media of it cost elsewhere."""

import math

from model import GB, Bill, between, minus, scaled

SECONDS = 60
# An HLS rendition's picture beside its height: 16 to 9.
PIXELS = {720: 1280 * 720, 480: 854 * 480}
SHORT, PLAIN = "mp4 20 s", ("mp4 60 s", "mp4 300 s")


def bill(model, asked):
    month = Bill(model, asked)
    recordings(model, asked, month)
    watching(model, asked, month)
    people(model, asked, month)
    by_the_clock(model, asked, month)
    month.price()
    library(model, asked, month)
    transfer(model, asked, month)
    database(model, asked, month)
    standing(model, asked, month)
    return month


def recording_bytes(asked):
    return asked.minutes * SECONDS * asked.mbps * 1e6 / 8


def published(model, names, size):
    """What publishing takes, and all that is derived without `RENDITIONS`."""
    small, large = (model.measured["figures"][name]["bytes"] for name in names)
    return between(*(model.took(name) for name in names), small, large, size)


def recordings(model, asked, month):
    coded = asked.recordings * asked.encoded / 100
    names = ("instant 60 s", "instant 300 s") if asked.instant == "yes" else PLAIN
    # Segments come by the second, whatever they weigh: on the line of lengths, not of bytes.
    size = asked.minutes * SECONDS / 60 * model.measured["figures"][names[0]]["bytes"] if asked.instant == "yes" else recording_bytes(asked)
    month.use("recording", published(model, names, size), asked.recordings - coded)
    month.use("recording", scaled(model.took("webm 20 s"), asked.minutes * SECONDS / 20), coded)
    if asked.heights():
        # Beyond what the same recording takes without them; by pixels, where other heights were measured.
        figure = model.measured["figures"]["mp4 20 s, renditions 720 and 480"]
        plain = published(model, PLAIN, figure["bytes"])
        pixels = sum(height * height * 16 / 9 for height in asked.heights()) / sum(PIXELS.values())
        more = scaled(minus(figure["took"], plain), pixels * asked.minutes * SECONDS / 20)
        month.use("recording", more, asked.recordings)


def polls(seconds):
    """How often a page asks for new comments, meanwhile: after three seconds, and each time a seventh later, up to twenty."""
    wait, at, count = 3.0, 0.0, 0
    while True:
        at += wait
        if at > seconds:
            return count
        count, wait = count + 1, min(wait * 1.15, 20.0)


def watching(model, asked, month):
    """A view in a browser with an empty cache, and what its page asks for besides."""
    seen = model.measured["figures"]["view in Chromium"]["seen"]
    seconds = asked.minutes * SECONDS * asked.watched / 100
    quarters = 1 + sum(asked.watched >= mark for mark in (25, 50, 75, 95))
    missed = 1 - model.assumed["cdn_hit_share"] if asked.cdn != "no" else 1
    for what, entry in seen.items():
        times = entry["requests"]
        if "analytics" in what:
            name, times = "beacon", quarters
        elif "/comments" in what:
            name, times = "comments, nothing new", polls(seconds)
        elif "/static/" in what:
            # Named by their content, so a CDN keeps them.
            name = "static file"
        elif "videoType=" in what:
            name = "playlist"
        elif "GET /s/" in what:
            name = "share page"
        elif what.startswith("S3 "):
            name = None
        else:
            name = "storyboard" if "storyboard" in what else "poster"
        month.asked_for += asked.views * times
        took = model.took(name) if name else {"clients": {"GetObject": 1}}
        month.use("watching", took, asked.views * times * (missed if name in (None, "static file") else 1))


def view_bytes(model, asked):
    """Bytes that a view is sent: of the site, and of media."""
    seen = model.measured["figures"]["view in Chromium"]["seen"]
    site = sum(entry["bytes"] for what, entry in seen.items() if not what.startswith("S3 ") and "/comments" not in what)
    site += polls(asked.minutes * SECONDS * asked.watched / 100) * model.assumed["api_overhead_bytes"]
    pictures = sum(entry["bytes"] for what, entry in seen.items() if what.startswith("S3 ") and "mp4" not in what)
    ahead = model.assumed["buffered_ahead_s"] / SECONDS
    minutes = min(asked.minutes, asked.minutes * asked.watched / 100 + ahead)
    per_minute = asked.mbps * 1e6 / 8 * SECONDS
    small = model.assumed["small_screens"] if asked.heights() else 0.0
    if small:
        per_minute = per_minute * (1 - small) + small * min(per_minute, rendition_mbps(model, asked) * 1e6 / 8 * SECONDS)
    return site, pictures + minutes * per_minute


def rendition_mbps(model, asked):
    """Of the smallest rendition that was asked for, as far as it was measured: its share of the recording's bits."""
    height = min(asked.heights(), key=lambda height: abs(height - 720))
    return asked.mbps * min(1.0, (height / 1080) ** 2 * model.assumed["bits_of_fewer_pixels"])


def transfer(model, asked, month):
    site, media = view_bytes(model, asked)
    site, media = site * asked.views / GB, media * asked.views / GB
    if asked.store == "r2":
        month.row("watching", "API Gateway, transfer to viewers", site, "GB", model.tiered("egress", site), True)
        month.row("watching", "R2, transfer to viewers", media, "GB", 0.0, True)
        # What is encoded or put together from segments goes through a function; what S3 would copy to itself, R2 does.
        through = 1.0 if asked.instant == "yes" else asked.encoded / 100
        sent = asked.recordings * through * recording_bytes(asked) / GB
        month.row("recording", "transfer from Lambda to R2", sent, "GB", model.tiered("egress", sent), True)
    elif asked.cdn == "no":
        month.row("watching", "S3 and API Gateway, transfer to viewers", site + media, "GB", model.tiered("egress", site + media), True)
    elif asked.cdn == "yes":
        month.row("watching", "CloudFront, transfer to viewers", site + media, "GB", model.tiered("cloudfront_egress", site + media), True)
        month.row("watching", "CloudFront, requests", month.asked_for, "requests", month.asked_for * model.usd("cloudfront_request"), True)
    else:
        fits = [plan for plan in model.prices["cloudfront_plans"]["plans"] if plan[2] >= month.asked_for and plan[3] >= site + media]
        if not fits:
            sent = f"{site + media:,.0f} GB and {month.asked_for:,.0f} requests"
            raise ValueError(f"no flat-rate plan of CloudFront holds {sent} a month: CDN=yes does")
        month.row("watching", f"CloudFront, plan {fits[0][0]}, transfer to viewers", site + media, "GB", float(fits[0][1]), True)


def people(model, asked, month):
    month.use("people", model.took("login"), asked.people * model.assumed["logins_per_person"], media=False)
    month.use("people", model.took("library by a program"), asked.people * model.assumed["library_loads_per_person"], media=False)
    mails = asked.people * (model.assumed["logins_per_person"] + model.assumed["digests_per_person"])
    month.row("people", "SES, mails", mails, "mails", mails * model.usd("ses_mail"))


def by_the_clock(model, asked, month):
    """What schedules start, when there is nothing to do: less often where it would wake the database."""
    hours = model.assumed["days_per_month"] * 24
    for name, an_hour in (("transcode", 12), ("notify", 30), ("mail", 60)):
        often = model.assumed["wakes_per_hour"] / 2 if asked.db == "aurora" and name != "mail" else an_hour
        month.use("standing", model.took(f"schedule of {name}"), hours * often, media=False)


def library(model, asked, month):
    """What lies in the bucket: uploads, what is played, pictures."""
    figure = model.measured["figures"]["mp4 60 s"]
    kept = lambda where: sum(size for name, size in figure["stored"].items() if where in name)
    size, months = recording_bytes(asked), asked.recordings * asked.keep
    r2 = asked.store == "r2"
    price = model.usd("r2_storage" if r2 else "s3_storage")
    name = "R2" if r2 else "S3"
    # A recording in segments has no upload of its own; the segments go after fourteen days.
    raw = (1 - asked.encoded / 100) * (0 if asked.instant == "yes" else 1) + asked.encoded / 100
    for what, gb in ((f"{name}, what is played", months * size / GB),
                     (f"{name}, uploads as they came", months * size * raw / GB),
                     (f"{name}, segments for fourteen days", asked.recordings * size * (14 / 30) * (1 - raw) / GB),
                     (f"{name}, posters, storyboards and previews", months * kept("thumbnails/") / GB)):
        month.row("library", what, gb, "GB", gb * price, True)
    if asked.heights():
        hls = model.measured["figures"]["mp4 20 s, renditions 720 and 480"]
        beside = sum(size for name, size in hls["stored"].items() if "/hls/" in name) / hls["bytes"]
        pixels = sum(height * height * 16 / 9 for height in asked.heights()) / sum(PIXELS.values())
        gb = months * size * (1 + (beside - 1) * pixels) / GB
        month.row("library", f"{name}, renditions", gb, "GB", gb * price, True)


def awake(model, asked):
    """Hours of a month in which a database that may pause does not: something came within the time that it waits for more."""
    assumed = model.assumed
    hours, working = assumed["hours_per_month"], assumed["working_hours"]
    came = asked.views + asked.recordings + asked.people * assumed["library_loads_per_person"]
    stays = asked.minutes * SECONDS * max(asked.watched / 100, 0.01) * asked.views + asked.minutes * SECONDS * asked.recordings
    each = (assumed["pause_after_s"] + (stays / came if came else 0)) / 3600
    at_night, day, night = assumed["share_at_night"], working, hours - working

    def share(came_then, of):
        return 1 - math.exp(-came_then / of * each - assumed["wakes_per_hour"] * assumed["pause_after_s"] / 3600)

    return day * share(came * (1 - at_night), day) + night * share(came * at_night, night)


def database(model, asked, month):
    usd, assumed = model.usd, model.assumed
    hours, trips = assumed["hours_per_month"], month.round_trips()
    if asked.db in ("aurora", "awake", "proxy"):
        acu = assumed["acu_idle"] * (awake(model, asked) if asked.db == "aurora" else hours)
        acu += trips / assumed["acu_round_trips_per_second"] / 3600
        month.row("database", "Aurora Serverless v2", acu, "ACU-hours", acu * usd("aurora_acu_hour"))
        month.row("database", "Aurora, storage", assumed["database_gb"], "GB", assumed["database_gb"] * usd("aurora_storage"))
        ios = trips * assumed["ios_per_round_trip"]
        month.row("database", "Aurora, input and output", ios, "requests", ios * usd("aurora_io"))
    if asked.db == "proxy":
        month.row("database", "RDS Proxy", 8 * hours, "ACU-hours", 8 * hours * usd("rds_proxy_acu_hour"))
    if asked.db == "rds":
        month.row("database", "db.t4g.small", hours, "hours", hours * usd("rds_t4g_small_hour"))
        month.row("database", "RDS, storage", 20, "GB", 20 * usd("rds_storage"))


def standing(model, asked, month):
    assumed, usd = model.assumed, model.usd
    secrets = assumed["secrets"]
    secrets += assumed["secrets_of_database"] if asked.db in ("aurora", "awake", "proxy") else 0
    secrets += assumed["secrets_of_cdn"] if asked.cdn != "no" else 0
    for what, count, unit, price in (("Secrets Manager", secrets, "secrets", "secret"), ("CloudWatch, alarms", assumed["alarms"], "alarms", "alarm"),
                                     ("CloudWatch, metrics", assumed["custom_metrics"], "metrics", "custom_metric"),
                                     ("CloudWatch, dashboard", assumed["dashboards"], "dashboards", "dashboard")):
        month.row("standing", what, count, unit, count * usd(price))


def elsewhere(model, asked):
    """The media of the same month at services that take it over: minutes encoded, kept and delivered."""
    usd = model.usd
    made = asked.recordings * asked.minutes
    kept, delivered = made * asked.keep, asked.views * asked.minutes * asked.watched / 100
    outputs = [2 if height >= 720 else 1 for height in [1080, *asked.heights()]]
    size = recording_bytes(asked) * asked.recordings * asked.keep / GB
    sent = sum(view_bytes(model, asked)) * asked.views / GB
    around = 2 * size * usd("s3_storage") + model.tiered("cloudfront_egress", sent)
    return {
        "Mux Video, basic quality": made * usd("mux_input") + kept * usd("mux_storage") + delivered * usd("mux_delivery"),
        "Cloudflare Stream": math.ceil(kept / 1000) * usd("stream_storage") + delivered * usd("stream_delivery"),
        "MediaConvert basic, S3, CloudFront": made * sum(outputs) * usd("mediaconvert_basic") + around,
        "MediaConvert professional, S3, CloudFront": made * sum(outputs) * usd("mediaconvert_pro") + around,
    }


def free_tier(model, month):
    """What AWS's free tiers, which the sums leave out, would take off at most."""
    def quantity(*names):
        return sum(row.quantity for row in month.rows if any(name in row.what for name in names))

    free, usd, asked = model.free, model.usd, month.asked
    amount = lambda name: free[name]["amount"]
    off = min(quantity("Lambda, duration"), amount("lambda_gb_seconds")) * usd(f"lambda_{asked.arch}")
    off += min(quantity("Lambda, requests"), amount("lambda_requests")) * usd("lambda_request")
    off += min(quantity("CloudWatch, logs"), amount("logs")) * usd("logs_ingested")
    off += min(quantity("CloudWatch, alarms"), amount("alarms")) * usd("alarm")
    off += min(quantity("CloudWatch, metrics"), amount("metrics")) * usd("custom_metric")
    off += min(quantity("CloudWatch, dashboard"), amount("dashboards")) * usd("dashboard")
    if asked.cdn == "yes":
        off += model.tiered("cloudfront_egress", min(quantity("CloudFront, transfer"), amount("cloudfront_egress")))
        off += min(quantity("CloudFront, requests"), amount("cloudfront_requests")) * usd("cloudfront_request")
    elif asked.cdn == "no":
        off += model.tiered("egress", min(quantity("S3 and API Gateway, transfer", "API Gateway, transfer", "from Lambda to R2"), amount("egress")))
    return off
