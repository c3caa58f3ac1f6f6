"""Campaigns against this project: kills at random moments, mutated files, everything twice, long work in little memory.

A campaign is a module with a function ``run`` that returns what was tried, what survived, and rows that say it in
detail. ``python3 lab.py reliability`` runs them and renews reports/reliability.md.
"""
