"""Customers, the agents that act for them, and the plant that stands in for a feeder, all as arrays.

Agents see forecasts, prices and measurements; the plant sees set-points. They share nothing else.
"""
