"""The market maths: curves, clearing, joint limits, limits of wires, wholesale bids. Pure functions, load
positive, kW and USD/kWh.
"""

from dso.market.aggregate import aggregate
from dso.market.book import BidFault, Book, faults
from dso.market.clearing import Clearing, Outcome, awards, clear
from dso.market.consensus import Consensus, agree, agree_all
from dso.market.curve import Curve
from dso.market.imports import Imports
from dso.market.joint import JointClearing, clear_jointly, share_award
from dso.market.network import NetworkClearing, clear_network, demand_at
from dso.market.polynomial import PolynomialCurve
from dso.market.wholesale_bid import BlockBid, QuadraticBid, as_blocks, as_quadratic, from_quadratic

__all__ = [
    "BidFault",
    "BlockBid",
    "Book",
    "Clearing",
    "Consensus",
    "Curve",
    "Imports",
    "JointClearing",
    "NetworkClearing",
    "Outcome",
    "PolynomialCurve",
    "QuadraticBid",
    "aggregate",
    "agree",
    "agree_all",
    "as_blocks",
    "as_quadratic",
    "awards",
    "clear",
    "clear_jointly",
    "clear_network",
    "demand_at",
    "faults",
    "from_quadratic",
    "share_award",
]
