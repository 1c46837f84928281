"""Benchmarks: gapstudy beside its peers, one script a subject; see README.md."""
