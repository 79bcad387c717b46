"""What callers answer in the procedure `periksa`, step by step, and what its outcomes write on the ticket."""

from __future__ import annotations

from typing import Any

PHONE = "081234567890"
IDPEL, METER = "540520000001", "14000000001"
GAMBIR = "31.71.01.1001"

NAMED = {"nama": "Penelepon Satu", "sapaan": "Ibu"}
READINGS = {"08": 1, "70": 2, "71": 0, "41": 230.5, "44": 2.5, "45": 2.5, "46": 2.4, "37": 12.5, "47": 575}

# An answer to every step that asks something: at the place, willing, the number known, a first report.
ASKED: dict[str, Any] = {
    "nama": NAMED,
    "sapa": NAMED,
    "layar": "terlihat",
    "keterangan": {"tertera_periksa": True},
    "mcb": "on",
    "pernah_lapor": "belum",
    "identitas": "ada",
    "pelanggan": {"pelanggan": IDPEL},
    "verifikasi": "sama",
    "di_lokasi": "ya",
    "bersedia_dipandu": "bersedia",
    "dekati_meter": {"dekat_meter": True},
    **{f"kode_{code}": {f"kode_{code}": value} for code, value in READINGS.items()},
}
REPORTED: dict[str, Any] = {
    "alamat": {"alamat": {"street": "Jl. Contoh", "building_number": "7"}},
    "nomor_ini": "ya",
    "wa_sms": {"hubungi_telepon": True, "hubungi_wa": True, "hubungi_sms": True},
    "konfirmasi": "no",
    "jelas": "sudah",
    "nomor": "dicatat",
    "ctt": {"sudah_memahami": True},
}
OFF = ASKED | REPORTED | {"listrik": "padam"}
ON = ASKED | REPORTED | {"listrik": "menyala"}

# O1 to O10 of the SOP: what the caller answers otherwise.
BLANK = {"layar": "blank", "pelanggan_blank": {"pelanggan": IDPEL}}
NO_NUMBER = {
    "identitas": "tidak",
    "alamat": {"alamat": {"street": "Jl. Contoh"}, "area": GAMBIR},
}
AWAY_WILLING = {"di_lokasi": "tidak", "ada_orang": "ada", "minta_hubungi": "bersedia"}
AWAY_UNWILLING = {"di_lokasi": "tidak", "ada_orang": "ada", "minta_hubungi": "tidak_bersedia"}
AWAY_NOBODY = {"di_lokasi": "tidak", "ada_orang": "tidak_ada"}
NOT_GUIDED = {"bersedia_dipandu": "tidak_bersedia"}

UNIT_OF_GAMBIR = {"unit": "ULP Gambir", "posko": "Posko Gambir"}
AUTODISPATCH = {
    "tab": "GANGGUAN",
    "type": "Tetangga Tidak Turut Padam",
    "sub_type": "",
    "wo_type": "WO_AUTODISPATCH",
} | UNIT_OF_GAMBIR
DIAGNOSED = AUTODISPATCH | {"type": "PERIKSA", "wo_type": "KWH_PERIKSA"}
CLOSED = {"tab": "GANGGUAN", "type": "PERIKSA", "sub_type": "Info", "wo_type": "", "unit": "", "posko": ""}
