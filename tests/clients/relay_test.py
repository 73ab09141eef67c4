"""A test with a relay of its own, whose books must hold when it is over."""

import unittest

from programs import wait_until
from world import World, price_of

TOKEN = "client"


class RelayTest(unittest.TestCase):
    quota = "5"

    def setUp(self):
        self.world = World()
        self.addCleanup(self.world.stop)
        self.secret = self.world.create_token(TOKEN, self.quota)

    def tearDown(self):
        self.assertIn("The books hold.", self.world.verify())

    def charges(self, count):
        """The token's charges; waits for those of answers that the client has left."""
        wait_until(lambda: len(self.world.charges(TOKEN)) >= count)
        charges = self.world.charges(TOKEN)
        self.assertEqual(len(charges), count, charges)
        self.assert_used(sum(price_of(*_units(charge)) for charge in charges))
        return charges

    def assert_used(self, nanos):
        self.assertEqual(self.world.used(TOKEN), nanos)

    def assert_cancelled(self):
        """The provider got one request, and was told soon that nobody wants its answer."""
        wait_until(lambda: [it["client_gone"] for it in self.world.requests()] == [True], seconds=2)

    def assert_exact(self, charge, usage):
        """A charge for what the provider reported, which is what the client saw."""
        self.assertEqual((charge["end_reason"], charge["estimated"]), ("complete", False))
        self.assertEqual(_units(charge), usage)

    def assert_counted(self, charge, end_reason):
        """A charge for what the relay counted itself."""
        self.assertEqual((charge["end_reason"], charge["estimated"]), (end_reason, True))
        input_units, output_units = _units(charge)
        self.assertGreater(input_units, 0)
        self.assertGreater(output_units, 0)


def _units(charge):
    return charge["units"]["input"], charge["units"]["output"]
