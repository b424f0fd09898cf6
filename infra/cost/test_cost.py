"""Holds the bill to itself, and docs/COST.md to the bill."""

import dataclasses
import re
import unittest

import cost
from bill import bill, elsewhere, polls
from model import CHOICES, HELP, Model, Workload, workload

MODEL = Model()


def month(**changes):
    return bill(MODEL, Workload(**changes))


def gigabytes(a_month):
    """What is sent to viewers."""
    return sum(row.quantity for row in a_month.rows if "transfer to viewers" in row.what)


class Sums(unittest.TestCase):
    def test_the_sum_is_that_of_the_rows_that_are_shown(self):
        a_month = month()
        self.assertAlmostEqual(a_month.total(), sum(row.cost for row in a_month.rows))
        self.assertAlmostEqual(a_month.total(), a_month.total(media=True) + a_month.total(media=False))
        # A part that the tables do not know would be missing in them.
        self.assertEqual({row.part for row in a_month.rows} - set(cost.PARTS), set())

    def test_no_row_is_negative_or_bought_for_nothing(self):
        others = [{name: choice} for name, choices in CHOICES.items() if name != "store" for choice in choices]
        for changes in ({}, {"renditions": "720,480"}, *others):
            for row in month(**changes).rows:
                self.assertGreater(row.cost, 0, (changes, row))
                self.assertGreater(row.quantity, 0, (changes, row))

    def test_twice_the_views_are_twice_the_transfer(self):
        for cdn in CHOICES["cdn"]:
            self.assertAlmostEqual(gigabytes(month(views=2000, cdn=cdn)), 2 * gigabytes(month(views=1000, cdn=cdn)), msg=cdn)
        self.assertAlmostEqual(gigabytes(month(views=2000, store="r2")), 2 * gigabytes(month(views=1000, store="r2")))

    def test_transfer_is_the_bytes_that_are_watched(self):
        # Whoever sees all of it loads all of it, and no more than a tenth besides.
        minutes, mbps, views = 5, 4, 1000
        media = minutes * 60 * mbps * 1e6 / 8 * views / 2**30
        sent = gigabytes(month(minutes=minutes, mbps=mbps, views=views, watched=100))
        self.assertGreater(sent, media)
        self.assertLess(sent, 1.1 * media)

    def test_prices_fall_with_the_quantity_at_the_list_s_steps(self):
        self.assertAlmostEqual(MODEL.tiered("egress", 10), 0.90)
        self.assertAlmostEqual(MODEL.tiered("egress", 10240 + 100), 921.60 + 8.50)
        self.assertAlmostEqual(MODEL.tiered("cloudfront_egress", 51200), 870.40 + 3276.80)

    def test_nobody_and_nothing_costs_what_stands(self):
        a_month = month(people=0, recordings=0, views=0, db="awake")
        self.assertEqual({row.part for row in a_month.rows}, {"database", "standing"})
        stands = sum(row.cost for row in a_month.rows if row.part == "standing")
        self.assertAlmostEqual(month(people=0, recordings=0, views=0, db="existing").total(), stands - MODEL.usd("secret"))

    def test_a_database_that_pauses_costs_less_the_less_it_is_asked(self):
        def costs(**changes):
            return sum(row.cost for row in month(**changes).rows if row.part == "database")

        quiet, busy, always = costs(people=0, recordings=0, views=0), costs(views=5000), costs(views=5000, db="awake")
        self.assertLess(2 * quiet, busy)
        self.assertLess(1.1 * busy, always)

    def test_r2_sends_for_nothing(self):
        a_month = month(views=100_000, store="r2")
        self.assertLess(sum(row.cost for row in a_month.rows if row.part == "watching"), month(views=100_000).total() / 10)

    def test_a_page_asks_less_often_the_longer_it_is_quiet(self):
        self.assertEqual(polls(2), 0)
        self.assertEqual(polls(7), 2)
        self.assertEqual(polls(3600) - polls(1800), 90)

    def test_others_cost_what_their_price_lists_say(self):
        asked = Workload(recordings=10, minutes=10, keep=10, views=1000, watched=100)
        services = elsewhere(MODEL, asked)
        self.assertAlmostEqual(services["Cloudflare Stream"], 5 + 10)
        self.assertAlmostEqual(services["Mux Video, basic quality"], 1000 * 0.0024 + 10_000 * 0.0008)


class Constants(unittest.TestCase):
    def test_each_price_says_where_it_is_from_and_when(self):
        for name, entry in [*MODEL.prices.items(), *MODEL.free.items()]:
            for what in ("source", "page", "looked"):
                self.assertTrue(entry.get(what), (name, what))
            self.assertRegex(entry["looked"], r"^\d{4}-\d\d-\d\d$")
            self.assertIsInstance(entry["check"], bool, name)
            if "from memory" in entry["source"] + entry.get("note", ""):
                self.assertTrue(entry["check"], name)

    def test_each_assumption_says_why_and_each_measurement_how(self):
        for name, entry in MODEL.constants["assumed"].items():
            self.assertTrue(entry["why"] and entry["unit"], name)
        for what in ("source", "date", "machine"):
            self.assertTrue(MODEL.measured[what], what)
        for name, entry in MODEL.measured["figures"].items():
            self.assertTrue(entry["how"], name)

    def test_nothing_is_kept_that_the_model_does_not_use(self):
        used = "".join((cost.HERE / name).read_text() for name in ("model.py", "bill.py"))
        for name in MODEL.constants["assumed"]:
            self.assertIn(f'"{name}"', used)


class Words(unittest.TestCase):
    def test_every_parameter_is_explained_and_read(self):
        self.assertEqual(set(HELP), {field.name for field in dataclasses.fields(Workload)})
        asked = workload(["VIEWS=7", "MINUTES=1.5", "DB=existing", "RENDITIONS=720,480"])
        self.assertEqual((asked.views, asked.minutes, asked.db, asked.heights()), (7, 1.5, "existing", [720, 480]))

    def test_make_hands_every_parameter_on(self):
        makefile = (cost.HERE.parents[1] / "Makefile").read_text()
        handed = set(re.search(r"^COST := (.*)$", makefile, re.M)[1].split())
        # ARCH is a variable of other targets too, which has no default there.
        self.assertEqual(handed | {"ARCH"}, {field.name.upper() for field in dataclasses.fields(Workload)})

    def test_what_cannot_be_is_refused_with_its_name(self):
        for word, named in (("VIEWS=many", "VIEWS"), ("VIEWS=-1", "VIEWS"), ("MINUTES=nan", "MINUTES"), ("MINUTES=inf", "MINUTES"),
                            ("VIEW=1", "VIEW=1"), ("DB=oracle", "DB"),
                            ("WATCHED=101", "WATCHED"), ("RENDITIONS=9", "RENDITIONS"), ("RENDITIONS=720;480", "RENDITIONS")):
            with self.assertRaisesRegex(ValueError, named):
                workload([word])
        with self.assertRaisesRegex(ValueError, "CDN"):
            workload(["STORE=r2", "CDN=yes"])


class Docs(unittest.TestCase):
    def test_the_tables_of_the_document_are_the_program_s(self):
        self.assertEqual(cost.written(MODEL), cost.DOCS.read_text(), "run infra/cost/cost.py --docs")


if __name__ == "__main__":
    unittest.main()
