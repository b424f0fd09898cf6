"""Prints what a month costs.

    make cost VIEWS=1000 MINUTES=5
    python3 infra/cost/cost.py help
    python3 infra/cost/cost.py --docs     writes the tables of docs/COST.md anew
    python3 infra/cost/cost.py --check    says whether they are as it would write them
"""

import math
import re
import sys
from dataclasses import fields

from bill import bill, elsewhere, free_tier
from model import HELP, HERE, READS, WRITES, Model, Workload, workload

DOCS = HERE.parents[1] / "docs" / "COST.md"
TEAMS = {
    "Ten people": Workload(),
    "Two hundred people": Workload(people=200, recordings=3000, views=30_000),
    "A public million": Workload(people=20, recordings=100, minutes=3, views=1_000_000),
}
PARTS = ["recording", "watching", "library", "people", "database", "standing"]
TURNS = {
    "as it is": {},
    "`CDN=yes`: CloudFront by the gigabyte": {"cdn": "yes"},
    "`CDN=plan`: a flat-rate plan of CloudFront": {"cdn": "plan"},
    "`STORE=r2`: media in Cloudflare R2": {"store": "r2"},
    "`RENDITIONS=720,480`": {"renditions": "720,480"},
    "`RENDITIONS=720,480`, and `CDN=yes`": {"renditions": "720,480", "cdn": "yes"},
    "`DB=awake`: Aurora that never pauses": {"db": "awake"},
    "`DB=rds`: a db.t4g.small": {"db": "rds"},
    "`DB=existing`: a database that is there": {"db": "existing"},
    "`DB=proxy`: that behind RDS Proxy": {"db": "proxy"},
    "`ARCH=x86_64`": {"arch": "x86_64"},
    "`INSTANT=no`: uploads at the end": {"instant": "no"},
    "`MBPS=2`: half the bytes": {"mbps": 2},
}


def money(cost):
    return f"${cost:,.2f}"


def number(quantity):
    """As many digits as say something."""
    if quantity >= 100:
        return f"{quantity:,.0f}"
    return f"{quantity:.{max(0, 2 - math.floor(math.log10(quantity)))}f}" if quantity else "0"


def table(head, rows):
    """Markdown, in columns that a terminal shows as well; those of numbers are set to the right."""
    cells = [head, *rows]
    right = {at for at in range(len(head)) if all(re.match(r"\**\$?[\d.,]*\**$", row[at]) for row in rows) and at}
    widths = [max(len(row[at]) for row in cells) for at in range(len(head))]
    lines = ["| " + " | ".join(cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths))) + " |"
             for row in cells]
    rule = "|" + "|".join("-" * (width + 1) + ":" if at in right else "-" * (width + 2) for at, width in enumerate(widths)) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def rows_of(month):
    """The bill, part by part."""
    lines = []
    for part in PARTS:
        rows = [row for row in month.rows if row.part == part]
        if rows:
            lines.append([f"**{part}**", "", "", f"**{money(sum(row.cost for row in rows))}**"])
            lines += [[row.what, number(row.quantity), row.unit, money(row.cost)] for row in rows]
    return table(["what", "quantity", "unit", "a month"], [*lines, ["**sum**", "", "", f"**{money(month.total())}**"]])


def beside(model, asked, month):
    """The media of the same month, elsewhere."""
    rows = [["Capstan: media", money(month.total(media=True))]]
    rows += [[name, money(cost)] for name, cost in elsewhere(model, asked).items()]
    return table(["media alone", "a month"], rows)


def report(model, asked):
    month = bill(model, asked)
    given = " ".join(f"{field.name.upper()}={getattr(asked, field.name)}" for field in fields(asked))
    print(f"{given}\n\n{rows_of(month)}\n\n{beside(model, asked, month)}\n")
    print(f"Capstan is {money(month.total())} with accounts, pages, database and alarms; the others are media alone.")
    print(f"AWS's free tiers, where the account still has them to itself, would take off up to {money(free_tier(model, month))}.")
    print("Dollars, us-east-1, list prices without taxes, from infra/cost/constants.json. What it means: docs/COST.md; all parameters: make cost HELP=1.")


def docs(model):
    """The tables of docs/COST.md by the name of their place."""
    months = {name: bill(model, asked) for name, asked in TEAMS.items()}
    names = list(TEAMS)
    workloads = [[f"`{field.name.upper()}`", HELP[field.name], *(str(getattr(TEAMS[name], field.name)) or "none" for name in names)]
                 for field in fields(Workload)]
    parts = [[part, *(money(sum(row.cost for row in months[name].rows if row.part == part)) for name in names)] for part in PARTS]
    parts.append(["**sum**", *(f"**{money(months[name].total())}**" for name in names)])
    sent = {name: sum(row.cost for row in months[name].rows if "transfer to viewers" in row.what) for name in names}
    parts.append(["of it transfer to viewers", *(money(sent[name]) for name in names)])
    parts.append(["free tiers would take off up to", *(money(free_tier(model, months[name])) for name in names)])
    services = {name: elsewhere(model, TEAMS[name]) for name in names}
    others = [["Capstan: media", *(money(months[name].total(media=True)) for name in names)]]
    others += [[service, *(money(services[name][service]) for name in names)] for service in services[names[0]]]
    turns = [[name, *(money(bill(model, Workload(**{**vars(TEAMS[team]), **change})).total()) for team in names)] for name, change in TURNS.items()]
    prices = [[name, price_text(entry), entry["per"], entry["stored"], "**check**" if entry["check"] else ""] for name, entry in model.prices.items()]
    return {
        "workloads": table(["parameter", "what", *names], workloads),
        "months": table(["part", *names], parts),
        "rows": rows_of(months[names[1]]),
        "others": table(["media alone", *names], others),
        "turns": table(["what is turned", *names], turns),
        "measured": measured(model),
        "prices": table(["price", "dollars", "per", "as of", ""], prices),
        "assumed": table(["assumption", "value", "unit", "why"],
                         [[name, str(entry["value"]), entry["unit"], entry["why"]] for name, entry in model.constants["assumed"].items()]),
    }


def price_text(entry):
    if "tiers" in entry:
        return ", then ".join(f"{price:g}" for _, price in entry["tiers"])
    if "plans" in entry:
        return ", ".join(f"{price}" for _, price, *_ in entry["plans"])
    return f"{entry['usd']:.10f}".rstrip("0").rstrip(".") or "0"


def measured(model):
    """What was counted, in a few columns."""
    told, rows = model.measured, []
    machine = (f"On {told['date']}, by `{told['source']}`, functions of the profile `{told['programs']}`, "
               f"{told['machine']['cpus']} CPUs ({told['machine']['processor']}).")
    for name, entry in model.measured["figures"].items():
        took = model.took(name)
        functions = [who for who in took if who != "clients"]
        count = lambda names: sum(counts.get(one, 0) for counts in took.values() for one in names)
        counted = [1000 * count(["cpu_s", "ffmpeg_cpu_s"]), count(["invocations"]), count(WRITES), count(READS), count(["write units"]),
                   count(["read units"]), count(["MySQL round trips"])]
        rows.append([name, number(sum(model.gb_seconds(took[who], model.memory(who)) for who in functions)), *map(number, counted)])
    head = ["once", "GB-seconds", "processor, ms", "invocations", "S3 writes", "S3 reads", "DynamoDB writes", "reads", "MySQL"]
    return machine + "\n\n" + table(head, rows)


def written(model):
    """docs/COST.md as it should be."""
    text = DOCS.read_text()
    for name, content in docs(model).items():
        place = re.compile(rf"(<!-- {name}: written by infra/cost/cost.py --docs -->\n).*?(<!-- /{name} -->)", re.S)
        if not place.search(text):
            raise ValueError(f"{DOCS} has no place for {name}")
        text = place.sub(lambda found: found[1] + content + "\n" + found[2], text)
    return text


def main(words):
    model = Model()
    if words and words[0] in ("help", "--help", "-h"):
        print(__doc__)
        print(table(["parameter", "default", "what"], [[field.name.upper(), str(field.default), HELP[field.name]] for field in fields(Workload)]))
    elif words == ["--docs"]:
        DOCS.write_text(written(model))
    elif words == ["--check"]:
        if written(model) != DOCS.read_text():
            raise ValueError("the tables of docs/COST.md are not what infra/cost/cost.py --docs writes: run it")
    else:
        report(model, workload(words))


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except ValueError as error:
        sys.exit(f"cost: {error}")
