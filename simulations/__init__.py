"""Seeded simulations of the statistics: do intervals cover, do tests keep their level?

``python -m simulations`` (or ``nox -s simulate``) runs every scenario and writes ``docs/simulations.md``. A scenario is
one entry of a module's ``SCENARIOS``: a function that makes up data with a known truth and estimates once.
"""
