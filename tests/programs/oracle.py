"""The rule read a third time, slowly and without the code under test: straight from the file's text.

R-004-4: "yang membayar pemakaian listriknya pada tanggal 1 s.d 5 setiap bulan selama 5 bulan", outside
kogol 1, 2 and 3. It knows the 2021 program only.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

WIB = ZoneInfo("Asia/Jakarta")


def eligible(lines: list[str], units: set[str]) -> dict[str, tuple[str, str]]:
    """IDPEL to the tariff and unit of the May bill, for everybody who paid in time five times."""
    rows = [line.rstrip("\n").split(",") for line in lines]
    taken_back = {(row[0], row[1], row[9]) for row in rows if row[10] == "REVERSAL"}
    months: dict[str, dict[str, list[list[str]]]] = {}
    for row in rows:
        if row[10] == "PAYMENT" and (row[0], row[1], row[9]) not in taken_back and _counts(row, units):
            months.setdefault(row[0], {}).setdefault(row[1], []).append(row)
    winners = {}
    for idpel, paid in months.items():
        if all(f"2021-0{month}" in paid for month in range(1, 6)):
            last = max(paid["2021-05"], key=lambda row: row[9])
            winners[idpel] = (last[5], last[8])
    return winners


def _counts(row: list[str], units: set[str]) -> bool:
    if row[4] != "PASCABAYAR" or row[7] in ("1", "2", "3") or row[8] not in units:
        return False
    local = datetime.fromisoformat(row[2]).astimezone(WIB)
    return [local.year, local.month] == [int(part) for part in row[1].split("-")] and 1 <= local.day <= 5
