"""Bills, from the ledger only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from dso.engine.work import Work
from dso.engine.world import BillingPeriod
from dso.ledger import array_to_uusd, lse_account
from dso.messages import CustomerPostings, FloatArray, IntArray, Posting, Rejection, ValueExchange
from dso.operators.load_serving import LoadServingEntity

FIXED = "fixed charge"


@dataclass(frozen=True, slots=True)
class BillingSubject:
    """One tariff's billing period."""

    tariff: str
    period: BillingPeriod
    corrections: int = 0
    pending: tuple[Mapping[str, Any], ...] = ()  # late readings not yet corrected
    billed_uusd: int = 0


class BillingWork(Work):
    """A handler's turn on a billing period."""

    @property
    def subject(self) -> BillingSubject:
        """The period and its tariff."""
        subject: BillingSubject = self.machine.subject
        return subject

    @property
    def retailer(self) -> LoadServingEntity:
        """The LSE that bills."""
        return self.world.retailers[self.subject.tariff]

    @property
    def period_index(self) -> int:
        """Index of the period in the ledger."""
        return self.world.ledger.period_of(self.subject.period.start_s)

    def set(self, **changes: Any) -> None:
        """Replace a part of what is known of the period."""
        self.machine.subject = replace(self.machine.subject, **changes)

    def time(self, name: str) -> int | None:
        """The instants of a billing period."""
        period = self.subject.period
        return {
            "period_end": period.end_s,
            "bill_date": self.world.bill_date_s(period),
            "correction_close": self.world.correction_close_s(period),
        }[name]

    def charge(self, kind: str, customers: IntArray, usd: FloatArray, kwh: FloatArray) -> None:
        """Post an exchange between customers and their LSE, dated to the period's start."""
        amounts = array_to_uusd(usd)
        tariff, period = self.subject.tariff, self.subject.period
        block = CustomerPostings(tariff, customers, amounts, kwh)
        received = Posting(lse_account(tariff), -int(amounts.sum()), -float(kwh.sum()))
        self.exchange(
            ValueExchange(self.now_s, self.machine.name, period.start_s, kind, (received,), block)
        )


def charge_fixed(work: BillingWork) -> Literal["charged"]:
    """Post what each customer owes for being connected, in proportion to the part of the month studied."""
    usd = work.retailer.strategy.fixed_usd_per_month() * work.subject.period.month_share
    own = work.retailer.customers
    if usd and len(own):
        work.charge(FIXED, own, np.full(len(own), usd), np.zeros(len(own)))
    work.note(fixed_usd_per_customer=round(usd, 6))
    return "charged"


def bill(work: BillingWork) -> Literal["billed", "nothing_due"]:
    """Write each customer's invoice: one line for each kind of exchange of the period."""
    ledger, subject, index = work.world.ledger, work.subject, work.period_index
    kinds = ledger.kinds_of(subject.tariff, index)
    own = work.retailer.customers
    if not kinds or not len(own):
        return "nothing_due"
    accounts = [ledger.accounts[(subject.tariff, index, kind)] for kind in kinds]
    total = 0
    for customer in own:
        lines = [
            {"kind": kind, "energy_kwh": float(a.energy_kwh[customer]), "amount_uusd": int(a.amount_uusd[customer])}
            for kind, a in zip(kinds, accounts, strict=True)
        ]
        amount = sum(int(line["amount_uusd"]) for line in lines)
        total += amount
        work.row(
            "invoices",
            invoice=f"{subject.period.label}-{customer:06d}-{subject.corrections}",
            customer=int(customer),
            tariff=subject.tariff,
            period=subject.period.label,
            period_start=subject.period.start_s,
            period_end=subject.period.end_s,
            correction=subject.corrections,
            lines=lines,
            total_uusd=amount,
        )
    work.set(billed_uusd=total)
    work.note(invoices=len(own), total_usd=total / 1e6)
    return "billed"


def check_bills(work: BillingWork) -> Literal["consistent", "inconsistent"]:
    """The invoices of the period must add up to what the ledger holds for it."""
    ledger, subject = work.world.ledger, work.subject
    held = sum(
        int(ledger.accounts[(subject.tariff, work.period_index, kind)].amount_uusd.sum())
        for kind in ledger.kinds_of(subject.tariff, work.period_index)
    )
    work.note(ledger_uusd=held, invoices_uusd=subject.billed_uusd)
    return "consistent" if held == subject.billed_uusd else "inconsistent"


def receive_correction(work: BillingWork, payload: Mapping[str, Any]) -> None:
    """Late meter data: whose, what was billed, what it was, and the price of that interval."""
    try:
        row = {
            "customer": int(payload["customer"]),
            "was_kwh": float(payload["was_kwh"]),
            "is_kwh": float(payload["is_kwh"]),
            "price_usd_per_kwh": float(payload["price_usd_per_kwh"]),
        }
    except (KeyError, TypeError, ValueError) as error:
        work.reject(Rejection(work.machine.name, "feeder", None, f"correction cannot be read: {error}"))
        return
    if not np.isfinite([row["was_kwh"], row["is_kwh"], row["price_usd_per_kwh"]]).all():
        work.reject(Rejection(work.machine.name, "feeder", int(row["customer"]), "correction must be finite"))
    elif row["customer"] not in work.retailer.customers:
        why = f"customer {row['customer']} is not enrolled in {work.subject.tariff}"
        work.reject(Rejection(work.machine.name, "feeder", int(row["customer"]), why))
    else:
        work.set(pending=(*work.subject.pending, row))


def correct(work: BillingWork) -> Literal["corrected"]:
    """Post the reversal of what was billed and the right amount beside it; history stays as it is."""
    strategy, nothing = work.retailer.strategy, np.zeros(1)
    for row in work.subject.pending:
        customer = np.array([row["customer"]])
        price = row["price_usd_per_kwh"]
        was, now = np.array([row["was_kwh"]]), np.array([row["is_kwh"]])
        work.charge("reversal", customer, -strategy.delivery_usd(was, nothing, price), -was)
        work.charge("correction", customer, strategy.delivery_usd(now, nothing, price), now)
    count = len(work.subject.pending)
    work.set(pending=(), corrections=work.subject.corrections + 1)
    work.note(corrections=count)
    return "corrected"
