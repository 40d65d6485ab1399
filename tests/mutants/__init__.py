"""Specs changed at random: what is told of them."""
