"""The DSO's own life: opening its books, watching its equipment, the last audit."""

from __future__ import annotations

from typing import Literal

from dso.engine.wires_records import write_feeder
from dso.engine.work import Work


class LifeWork(Work):
    """A handler's turn on the DSO itself."""

    def time(self, name: str) -> int | None:
        """The instants of the DSO's life."""
        if name == "next_limit_change":
            return self.world.distribution.network.next_change_s(self.now_s)
        return {"books_close": self.world.books_close_s()}[name]


def open_books(work: LifeWork) -> Literal["opened"]:
    """Introduce the parties: which tariffs there are, and who is enrolled."""
    world = work.world
    for tariff, retailer in world.retailers.items():
        work.row(
            "tariffs",
            tariff=tariff,
            mechanism=retailer.mechanism,
            customers=len(retailer.customers),
            fixed_usd_per_month=retailer.strategy.fixed_usd_per_month(),
        )
        work.row("enrolments", tariff=tariff, customers=[int(c) for c in retailer.customers])
    write_feeder(work)
    work.note(customers=world.customers, tariffs=list(world.names()))
    return "opened"


def announce_limits(work: LifeWork) -> Literal["limits_normal", "limits_reduced"]:
    """Tell every market that still delivers that some equipment carries less, or carries its load again."""
    told = [market for market, delivery in work.world.open_markets.items() if delivery.end_s > work.now_s]
    for market in told:
        work.post(market, "outage")
    reduced = work.world.distribution.network.reduced(work.now_s)
    work.note(told=len(told))
    work.say(
        "DO", "LSE", "equipment", f"{'carries less' if reduced else 'as usual'}, {len(told)} markets told"
    )
    return "limits_reduced" if reduced else "limits_normal"


def audit(work: LifeWork) -> Literal["sound", "unsound"]:
    """Money adds up to zero, energy to the head meter, and each interval was delivered exactly once."""
    world, sums = work.world, work.world.audit["run"]
    step_s = world.physical().interval_s
    count = (world.end_s - world.start_s) // step_s
    load_kwh = max(abs(sums.meter_kwh), 1e-12)
    findings = {
        "money_uusd": world.ledger.total_uusd(),
        "intervals_delivered": sums.delivered,
        "intervals_expected": count,
        "delivered_exactly_once": sums.delivered == count
        and sums.delivered_starts_s == step_s * count * (count - 1) // 2,
        "unaccounted_frac": abs(sums.unaccounted_kwh) / load_kwh,
        "worst_position_error_kwh": sums.worst_position_error_kwh,
        "markets_unbalanced": sums.unbalanced,
    }
    work.note(**findings)
    work.row(
        "audit",
        **findings,
        head_kwh=sums.head_kwh,
        meter_kwh=sums.meter_kwh,
        losses_kwh=sums.losses_kwh,
        unaccounted_kwh=sums.unaccounted_kwh,
        peak_kw=sums.peak_kw,
    )
    for account in sorted(world.ledger.balance_uusd):
        work.row(
            "balances",
            account=account,
            amount_uusd=world.ledger.balance_uusd[account],
            energy_kwh=world.ledger.energy_kwh[account],
        )
    sound = (
        findings["money_uusd"] == 0
        and bool(findings["delivered_exactly_once"])
        and float(findings["unaccounted_frac"]) <= world.settings.unaccounted_tolerance_frac
        and sums.unbalanced == 0
    )
    return "sound" if sound else "unsound"
