"""What an agent does on the screen of the check."""

from playwright.sync_api import Page

GAMBIR = ("DKI JAKARTA", "KOTA ADM. JAKARTA PUSAT", "GAMBIR", "GAMBIR")
LEVELS = ("Provinsi:", "Kabupaten:", "Kecamatan:", "Desa:")


def choose_place(page: Page, *names: str) -> None:
    """Walk down the cascade, each level as soon as it is open."""
    for label, name in zip(LEVELS, names, strict=False):
        level = page.get_by_label(label, exact=True)
        level.locator("option", has_text=name).first.wait_for(state="attached")
        level.select_option(label=name)


def fill_in_check(page: Page, *, power: str = "2200") -> None:
    """Everything the SOP asks for a new connection in Gambir, PASCABAYAR and R1; not sent yet."""
    choose_place(page, *GAMBIR)
    page.get_by_label("Daya:", exact=True).select_option(power)
    page.get_by_label("Tarif:", exact=True).select_option("R1")
    page.locator("[name=product][value=PASCABAYAR]").check()
