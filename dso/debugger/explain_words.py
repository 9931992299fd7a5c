"""An explanation in ten lines that one can paste into a paper."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from dso.engine.words import power, price, usd

Facts = dict[str, Any]
When = Callable[[int], str]


def ten_lines(facts: Facts, when: When) -> list[tuple[str, str]]:
    """Label and sentence of each line.

    Parameters
    ----------
    facts : of `market_facts`.
    when : how an instant is written.
    """
    return [
        ("Market", _market(facts, when)),
        ("Price", _price(facts, when)),
        ("Margin", _margin(facts)),
        ("Wholesale", _wholesale(facts, when)),
        ("Wires", _wires(facts, when)),
        ("Rejected", _rejected(facts)),
        ("Degraded", _degraded(facts, when)),
        ("Deviation", _deviation(facts)),
        ("Money", _money(facts)),
        ("Books", _books(facts)),
    ]


def dearest(facts: Facts) -> Facts | None:
    """The interval and tariff with the highest price, of a tariff with a market if there is one."""
    rows = [r for r in facts["prices"] if r["bids"] is not None] or facts["prices"]
    return max(rows, key=lambda r: r["retail_usd_per_kwh"], default=None)


def _market(facts: Facts, when: When) -> str:
    name = facts["market"]
    rounds = _count(facts["rounds"], "round")
    role = f"refines {facts['refines']}" if facts["refines"] else "refines no other"
    if not facts["prices"]:
        return f"{name}: {role}; {rounds}; {facts['state']}, no price was published"
    first = facts["prices"][0]
    number = len({r["interval_start"] for r in facts["prices"]})
    length = f"{number} × {first['interval_s'] / 60:g} min"
    return f"{name}: {length} from {when(first['interval_start'])}; {role}; {rounds}; {facts['state']}"


def _price(facts: Facts, when: When) -> str:
    if not facts["prices"]:
        return "none was published; customers pay the expected one" if facts["priced_in"] else "none yet"
    parts = []
    for tariff in dict.fromkeys(r["tariff"] for r in facts["prices"]):
        rows = [r for r in facts["prices"] if r["tariff"] == tariff]
        most = max(rows, key=lambda r: r["retail_usd_per_kwh"])
        span = price([r["retail_usd_per_kwh"] for r in rows])
        if most["set_by"] == "rate":
            parts.append(f"{tariff} pays its rate, {span}")
            continue
        at = f"; dearest at {when(most['interval_start'])}" if len(rows) > 1 else ""
        parts.append(f"{tariff} pays {span}{_at_points(most)}{at}, set by {setter(most)}")
    state = facts["priced_in"][-1]["state"] if facts["priced_in"] else ""
    return "; ".join(parts) + (f" (in {state})" if state else "")


def _at_points(row: Facts) -> str:
    """What customers pay where they sit, if that differs."""
    found = row["points_usd_per_kwh"]
    return "" if found is None else f" at the head, {found[0]:.4f}–{found[1]:.4f} at its points"


def setter(row: Facts) -> str:
    """What set a price, in words."""
    without = (
        f"without it {row['unlimited_usd_per_kwh']:.4f}" if row["unlimited_usd_per_kwh"] is not None else ""
    )
    match row["set_by"]:
        case "limit":
            mu = (
                f"μ = {row['congestion_usd_per_kwh']:.4f}"
                if row["limit_kw"] is not None
                else "behind it only"
            )
            return f"{limit(row)} ({without}, {mu})"
        case "capacity":
            return f"the capacity of {row['element']}, {power(abs(row['limit_kw']))}, sold out ({without})"
        case "cap":
            return (
                f"the price cap, for {limit(row)} left {power(abs(row['curtailed_kw']))} unserved ({without})"
            )
        case "assumed price":
            return (
                f"the expected wholesale price of {row['wholesale_usd_per_kwh']:.4f}, no result having come"
            )
        case "wholesale":
            # Of a limit it would be said above: what is left is a part of supply.
            life = row["congestion_usd_per_kwh"]
            beside = f" and {life:.4f} for the substation's life" if abs(life) >= 5e-5 else ""
            return f"the wholesale price of {row['wholesale_usd_per_kwh']:.4f}{beside}"
        case "rate":
            return "the rate"
    return "default service"


def limit(row: Facts) -> str:
    """The limit that binds, in words."""
    if row["limit_kw"] is None:
        return f"the limit of {row['element']}"
    way = "export" if row["limit_kw"] < 0 else "import"
    return f"the {way} limit of {row['element']}, {power(abs(row['limit_kw']))}"


def margin(row: Facts) -> str:
    """The bids at a price, in words."""
    if row["bids"] is None:
        return "nobody bids in this tariff"
    nearest = row["margin"][0] if row["margin"] else None
    if not row["margin_bids"]:
        low, high = row["price_low_usd_per_kwh"], row["price_high_usd_per_kwh"]
        below = f"{low:.4f}" if low is not None else "any price"
        above = f"{high:.4f}" if high is not None else "any price"
        whose = f"; next customer {nearest['customer']}" if nearest else ""
        return f"none of {row['bids']} bids bends here: the same from {below} to {above}{whose}"
    cent = row["margin_kw_per_usd_per_kwh"] / 100
    much = f", {power(cent)} less for each cent more" if cent else ""
    assert nearest is not None  # one at the margin is the nearest
    bid = (
        f"customer {nearest['customer']}, {nearest['power_kw']:.2f} kW on a bid that bends at "
        f"{nearest['low_usd_per_kwh']:.4f} and {nearest['high_usd_per_kwh']:.4f}"
    )
    return f"{row['margin_bids']} of {row['bids']} bids bend here{much}; nearest {bid}"


def _margin(facts: Facts) -> str:
    row = dearest(facts)
    return "no price" if row is None else f"at {row['retail_usd_per_kwh']:.4f}: {margin(row)}"


def _wholesale(facts: Facts, when: When) -> str:
    expected = facts["expected_usd_per_kwh"]
    hoped = f"; expected {price(expected)}" if expected else ""
    if facts["results"]:
        last = facts["results"][-1]
        late = ", then assumed" if facts["price_assumed"] else ""
        said = f"refused: {last['text']}" if last["kind"] == "refused" else last["text"]
        return f"{said}, at {when(last['time_s'])}{late}{hoped}"
    return ("no result came" if facts["prices"] else "not bought yet") + hoped


def _wires(facts: Facts, when: When) -> str:
    bound = [r for r in facts["prices"] if r["element"] is not None]
    times = sorted({r["interval_start"] for r in bound})
    if not bound:
        said = facts["limits"]
        held = f"; the DO set {said[-1]['text']}, within which the final schedule is" if said else ""
        return f"no limit bound{held}"
    number = len({r["interval_start"] for r in facts["prices"]})
    many = f" in {len(times)} of {number} intervals from {when(times[0])}" if number > 1 else ""
    rent = sum(r["rent_usd_per_h"] * r["interval_s"] / 3600 for r in bound)
    short = {r["interval_start"]: r["curtailed_kw"] for r in bound if r["curtailed_kw"]}
    cut = f"; {power(list(short.values()))} rationed" if short else "; nobody rationed"
    return f"{_limits(bound)}, bound{many}; rent of the clearing {usd(rent)}{cut}"


def _limits(bound: list[Facts]) -> str:
    """The limits that bound: the first in words, the other elements by name."""
    others = [e for e in dict.fromkeys(r["element"] for r in bound) if e != bound[0]["element"]]
    return limit(bound[0]) + (f" and {', '.join(others)}" if others else "")


def _rejected(facts: Facts) -> str:
    rows = facts["rejections"]
    if not rows:
        return "nothing"
    reasons = Counter(r["reason"] for r in rows)
    parts = []
    for reason, count in reasons.most_common(3):
        who = next(r for r in rows if r["reason"] == reason)
        whose = f"customer {who['customer']}" if who["customer"] is not None else who["sender"]
        parts.append(f"{count} × {reason} ({'first ' if count > 1 else ''}{whose})")
    more = f"; {len(reasons) - 3} other reasons" if len(reasons) > 3 else ""
    return "; ".join(parts) + more


def _degraded(facts: Facts, when: When) -> str:
    count = Counter(r["reason"] for r in facts["degradations"])
    rows = []
    for reason, times in count.items():
        first = when(next(r["time_s"] for r in facts["degradations"] if r["reason"] == reason))
        rows.append(f"{times} × {reason} (first {first})" if times > 1 else f"{reason} ({first})")
    broken = [f"{r['error'].splitlines()[-1]} ({when(r['time_s'])})" for r in facts["errors"]]
    return "; ".join(dict.fromkeys([*broken, *rows])) or "nothing"


def _deviation(facts: Facts) -> str:
    found = facts["deviation"]
    if found is None:
        return "nothing delivered yet"
    amount, kwh = usd(found["amount_uusd"] / 1e6), found["energy_kwh"]
    if "position" not in found:
        markets = _count(found["markets"], "market")
        here = f"{found['position_kwh']:,.1f} kWh bought here"
        return f"{here}; {markets} bought {kwh:+,.1f} kWh later for {amount}"
    position = found["position"]
    source = f" of {position['market']} at {position['wholesale_usd_per_kwh']:.4f}" if position else ""
    return (
        f"{facts['readings']['head_kwh']:,.1f} kWh delivered, {found['position_kwh']:,.1f} were the position"
        f"{source}; {kwh:+,.1f} kWh for {amount}"
    )


def _money(facts: Facts) -> str:
    sums: Counter[str] = Counter()
    for row in facts["ledger"]:
        if not row["account"].startswith("lse:") and row["account"] != "rounding":
            whose = (
                f" [{row['account'].partition(':')[2]}]" if row["account"].startswith("customers:") else ""
            )
            sign = 1 if whose else -1
            sums[f"{row['kind']}{whose}"] += sign * row["amount_uusd"]
    return "; ".join(f"{kind} {usd(amount / 1e6)}" for kind, amount in sums.items()) or "nothing settled yet"


def _books(facts: Facts) -> str:
    total = sum(r["amount_uusd"] for r in facts["ledger"])
    postings = _count(sum(r["postings"] for r in facts["ledger"]), "posting")
    money = f"{postings} add up to {total} micro-dollars"
    read = facts["readings"]
    if not read["intervals"]:
        return money
    return (
        f"{money}; head {read['head_kwh']:,.1f} = meters {read['meter_kwh']:,.1f} + losses "
        f"{read['losses_kwh']:,.1f} + unaccounted {round(read['unaccounted_kwh'], 1) + 0.0:,.1f} kWh"
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
