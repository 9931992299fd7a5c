"""What a run came to, on one page."""

from __future__ import annotations

from typing import Any

from dso.clock import iso
from dso.run_file import RunReader


def page_of(reader: RunReader) -> dict[str, Any]:
    """The page's figures as plain data, units in the names."""
    return {
        "run": str(reader.path),
        "study": reader.facts.get("name", ""),
        "finished": reader.finished,
        "seed": int(reader.facts.get("seed", 0)),
        "energy": _energy(reader),
        "prices": _prices(reader),
        "procurement": _procurement(reader),
        "bills": _bills(reader),
        "accounts_usd": {r["account"]: r["amount_uusd"] / 1e6 for r in _balances(reader)},
        "degraded": _degraded(reader),
        "rejections": _rejections(reader),
        "audit": reader.row("SELECT * FROM audit"),
        "markets": {
            r["series"]: r["n"] for r in reader.rows("SELECT series, COUNT(*) n FROM markets GROUP BY series")
        },
        "steps": reader.row("SELECT COUNT(*) n FROM journal")["n"],
    }


def _energy(reader: RunReader) -> dict[str, Any]:
    total = reader.row(
        "SELECT SUM(head_kwh) head_kwh, SUM(meter_kwh) meter_kwh, SUM(losses_kwh) losses_kwh, "
        "SUM(unaccounted_kwh) unaccounted_kwh, COUNT(*) intervals FROM readings"
    )
    peak = reader.row(
        "SELECT interval_start, head_kwh * 3600.0 / interval_s AS kw FROM readings ORDER BY kw DESC LIMIT 1"
    )
    return {**total, "peak_kw": peak.get("kw"), "peak_at": iso(peak["interval_start"]) if peak else None}


def _prices(reader: RunReader) -> list[dict[str, Any]]:
    return reader.rows(
        "SELECT p.tariff, m.series, MIN(retail_usd_per_kwh) lowest_usd_per_kwh, AVG(retail_usd_per_kwh) "
        "average_usd_per_kwh, MAX(retail_usd_per_kwh) highest_usd_per_kwh, MIN(wholesale_usd_per_kwh) "
        "lowest_wholesale_usd_per_kwh, MAX(wholesale_usd_per_kwh) highest_wholesale_usd_per_kwh, "
        "MAX(congestion_usd_per_kwh) highest_congestion_usd_per_kwh FROM prices p "
        "JOIN markets m ON m.market = p.market GROUP BY p.tariff, m.series ORDER BY p.tariff, m.series"
    )


def _procurement(reader: RunReader) -> list[dict[str, Any]]:
    """What each LSE bought, day-ahead and in real time."""
    return reader.rows(
        "SELECT substr(l.account, 5) tariff, m.series, SUM(l.energy_kwh) energy_kwh, "
        "SUM(l.amount_uusd) / 1e6 cost_usd FROM ledger l JOIN markets m ON m.market = l.market "
        "WHERE l.kind = 'wholesale energy' AND l.account LIKE 'lse:%' GROUP BY l.account, m.series "
        "ORDER BY l.account, m.series"
    )


def _bills(reader: RunReader) -> list[dict[str, Any]]:
    """Bills by tariff, and what is left to its LSE."""
    rows = reader.rows(
        "SELECT tariff, COUNT(DISTINCT customer) customers, SUM(total_uusd) / 1e6 total_usd, "
        "MIN(total_uusd) / 1e6 lowest_usd, AVG(total_uusd) / 1e6 average_usd, MAX(total_uusd) / 1e6 highest_usd "
        "FROM invoices GROUP BY tariff ORDER BY tariff"
    )
    kwh = {
        r["tariff"]: r["kwh"]
        for r in reader.rows(
            "SELECT substr(account, 11) tariff, SUM(energy_kwh) kwh FROM ledger "
            "WHERE account LIKE 'customers:%' GROUP BY account"
        )
    }
    kept = {r["account"]: -r["amount_uusd"] / 1e6 for r in _balances(reader)}
    for row in rows:
        row["energy_kwh"] = kwh.get(row["tariff"], 0.0)
        row["average_usd_per_kwh"] = row["total_usd"] / row["energy_kwh"] if row["energy_kwh"] else None
        row["lse_surplus_usd"] = kept.get(f"lse:{row['tariff']}")
    return rows


def _balances(reader: RunReader) -> list[dict[str, Any]]:
    return reader.rows(
        "SELECT account, SUM(amount_uusd) amount_uusd FROM ledger GROUP BY account ORDER BY account"
    )


def _degraded(reader: RunReader) -> list[dict[str, Any]]:
    rows = reader.rows(
        "SELECT reason, COUNT(*) times, MIN(time_s) first_s, MIN(machine) machine FROM degradations "
        "GROUP BY reason ORDER BY times DESC, reason"
    )
    return [
        {"reason": r["reason"], "times": r["times"], "first": iso(r["first_s"]), "where": r["machine"]}
        for r in rows
    ]


def _rejections(reader: RunReader) -> list[dict[str, Any]]:
    return reader.rows(
        "SELECT reason, COUNT(*) times FROM rejections GROUP BY reason ORDER BY times DESC, reason"
    )


def print_page(page: dict[str, Any]) -> None:
    """Print the page on the terminal."""
    from rich.console import Console

    console = Console(highlight=False)
    state = "" if page["finished"] else "  (unfinished: go on with --resume)"
    console.print(f"\n[bold]{page['study']}[/bold]{state}  ·  {page['run']}  ·  seed {page['seed']}")
    counts = ", ".join(f"{n} {series}" for series, n in page["markets"].items())
    console.print(f"{counts} markets in {page['steps']:,} steps\n")
    _print_energy(console, page["energy"])
    _print_tables(page)
    _print_ends(console, page)


def _print_energy(console: Any, energy: dict[str, Any]) -> None:
    if not energy["intervals"]:
        console.print("nothing was delivered yet")
        return
    console.print(
        f"Energy   {energy['head_kwh'] / 1e3:,.2f} MWh at the head of the feeder, {energy['meter_kwh'] / 1e3:,.2f} "
        f"metered, {energy['losses_kwh'] / 1e3:,.2f} lost, {energy['unaccounted_kwh']:.1e} kWh unaccounted for"
    )
    console.print(f"Peak     {energy['peak_kw'] / 1e3:,.3f} MW at {energy['peak_at']}")


def _print_tables(page: dict[str, Any]) -> None:
    from dso.cli.output import table

    table(
        "Prices [USD/kWh]",
        ("tariff", "series", "lowest", "average", "highest", "wholesale", "congestion up to"),
        [
            (
                r["tariff"], r["series"], *(f"{r[f'{k}_usd_per_kwh']:.4f}" for k in ("lowest", "average", "highest")),
                f"{r['lowest_wholesale_usd_per_kwh']:.4f} – {r['highest_wholesale_usd_per_kwh']:.4f}",
                f"{r['highest_congestion_usd_per_kwh']:.4f}",
            )
            for r in page["prices"]
        ],
        right=(2, 3, 4, 5, 6),
    )  # fmt: skip
    table(
        "Procurement",
        ("tariff", "series", "MWh", "USD", "USD/MWh"),
        [
            (r["tariff"], r["series"], f"{r['energy_kwh'] / 1e3:,.3f}", f"{r['cost_usd']:,.2f}", _per_mwh(r))
            for r in page["procurement"]
        ],
        right=(2, 3, 4),
    )
    table(
        "Bills [USD]",
        ("tariff", "customers", "MWh", "lowest", "average", "highest", "sum", "USD/kWh", "LSE surplus"),
        [
            (
                r["tariff"], r["customers"], f"{r['energy_kwh'] / 1e3:,.2f}",
                *(f"{r[f'{k}_usd']:,.2f}" for k in ("lowest", "average", "highest", "total")),
                f"{r['average_usd_per_kwh']:.4f}" if r["average_usd_per_kwh"] else "",
                f"{r['lse_surplus_usd']:,.2f}",
            )
            for r in page["bills"]
        ],
        right=range(1, 9),
    )  # fmt: skip


def _per_mwh(row: dict[str, Any]) -> str:
    return f"{row['cost_usd'] / row['energy_kwh'] * 1e3:,.2f}" if row["energy_kwh"] else ""


def _print_ends(console: Any, page: dict[str, Any]) -> None:
    audit = page["audit"]
    if page["degraded"]:
        console.print("[bold]Degraded[/bold]")
        for row in page["degraded"]:
            console.print(f"  {row['times']:>5} ×  {row['reason']}  (first {row['first']}, {row['where']})")
    else:
        console.print("Degraded   nothing")
    for row in page["rejections"]:
        console.print(f"  {row['times']:>5} ×  rejected: {row['reason']}")
    if audit:
        once = "once each" if audit["delivered_exactly_once"] else "NOT once each"
        console.print(
            f"Audit      money adds up to {audit['money_uusd']} micro-dollars; {audit['intervals_delivered']} of "
            f"{audit['intervals_expected']} intervals delivered, {once}; unaccounted for "
            f"{audit['unaccounted_frac']:.1e} of load; Σ LSEs off the wholesale award by "
            f"{audit['worst_position_error_kwh']:.1e} kWh at most"
        )
