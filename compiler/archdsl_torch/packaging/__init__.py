"""A network's class as a package of typed Python, with the test that it is the network of its spec."""
