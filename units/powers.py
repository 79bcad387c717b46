"""Who may do what: the one table of roles and powers.

A power belongs to a *position* (a role at a unit, from, until), never to a person; being a superuser
gives none of them. This table is also the source of the permission tests.
"""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Role(TextChoices):
    """What somebody is at a unit."""

    CSO = "CSO", _("Agent (CSO)")
    SUPERVISOR = "SUPERVISOR", _("Supervisor")
    MANAGER_UP3 = "MANAGER_UP3", _("Manager UP3")
    SRM_NIAGA = "SRM_NIAGA", _("Senior Manager Niaga UID/UIW")
    VCC_OPERATOR = "VCC_OPERATOR", _("Command centre operator (VCC)")
    POSKO_OFFICER = "POSKO_OFFICER", _("Posko officer")
    PROGRAM_OFFICER = "PROGRAM_OFFICER", _("Program officer")
    SOP_AUTHOR = "SOP_AUTHOR", _("SOP author")
    SOP_APPROVER = "SOP_APPROVER", _("SOP approver")
    BACK_OFFICE = "BACK_OFFICE", _("Back office")
    CHANNEL = "CHANNEL", _("Channel system")


class Power(TextChoices):
    """What a position may allow. One name for one decision."""

    SEE_UNITS = "SEE_UNITS", _("see units and areas")
    MANAGE_UNITS = "MANAGE_UNITS", _("maintain units and the areas they serve")
    MANAGE_POSITIONS = "MANAGE_POSITIONS", _("appoint people to positions and end positions")
    SEE_CUSTOMERS = "SEE_CUSTOMERS", _("look up customers, masked")
    REVEAL_CUSTOMERS = "REVEAL_CUSTOMERS", _("reveal personal data, with a reason")
    EXPORT_CUSTOMERS = "EXPORT_CUSTOMERS", _("take customers out of the portal as a file, masked")
    MANAGE_CUSTOMERS = "MANAGE_CUSTOMERS", _("import and correct customers")
    SEE_ACCESS_LOG = "SEE_ACCESS_LOG", _("see who revealed personal data")
    CHECK_ALLOCATION = "CHECK_ALLOCATION", _("ask whether a meter may be promised")
    SEE_ALLOCATION = "SEE_ALLOCATION", _("see the matrix and the availability of every unit")
    SEE_CHECKS = "SEE_CHECKS", _("see the checks made and the unmet demand")
    SET_AVAILABILITY = "SET_AVAILABILITY", _("set which meters are available")
    DRAFT_MATRIX = "DRAFT_MATRIX", _("draft an allocation matrix")
    PUBLISH_MATRIX = "PUBLISH_MATRIX", _("publish an allocation matrix that another person drafted")
    SEE_TICKETS = "SEE_TICKETS", _("see tickets, work orders and their history")
    CREATE_TICKETS = "CREATE_TICKETS", _("record reports, repeat reports and photos")
    EDIT_TICKETS = "EDIT_TICKETS", _("correct what a report says")
    SPEAK_FOR_REPORTER = "SPEAK_FOR_REPORTER", _("cancel, confirm and rate in the reporter's name")
    HANDLE_TICKETS = "HANDLE_TICKETS", _("work on tickets: take them on, postpone and finish them")
    MERGE_TICKETS = "MERGE_TICKETS", _("merge tickets and take them apart")
    EXPORT_TICKETS = "EXPORT_TICKETS", _("export tickets")
    SUBMIT_DIAGNOSIS = "SUBMIT_DIAGNOSIS", _("submit a self-diagnosis")
    SEE_DIAGNOSES = "SEE_DIAGNOSES", _("see what the readings of a self-diagnosis mean and suggest")
    DECIDE_DIAGNOSIS = "DECIDE_DIAGNOSIS", _("approve a CTT or send an officer")
    DISPATCH_ORDERS = "DISPATCH_ORDERS", _("assign, take back and cancel work orders, and plan crews")
    WORK_ORDERS = "WORK_ORDERS", _("set out on, work on and finish work orders")
    DECLARE_INCIDENT = "DECLARE_INCIDENT", _("confirm and lead wide outages")
    MANAGE_CHANNELS = "MANAGE_CHANNELS", _("maintain webhooks and send them again")
    MANAGE_TARGETS = "MANAGE_TARGETS", _("maintain service targets, calendars and rules for tickets")
    MANAGE_REFERENCE = "MANAGE_REFERENCE", _("maintain tariffs, power steps and other reference data")
    SEE_SOP = "SEE_SOP", _("read published SOPs")
    AUTHOR_SOP = "AUTHOR_SOP", _("write SOPs and their procedures")
    APPROVE_SOP = "APPROVE_SOP", _("approve and withdraw SOPs that another person wrote")
    RUN_CALLS = "RUN_CALLS", _("run calls by a procedure")
    SEE_CALLS = "SEE_CALLS", _("see the calls of one's site and what can be learned from them")
    SEE_PROGRAMS = "SEE_PROGRAMS", _("see programs and a customer's standing")
    RUN_PROGRAMS = "RUN_PROGRAMS", _("draft programs, import payments, evaluate and announce")
    APPROVE_PROGRAMS = "APPROVE_PROGRAMS", _("approve programs, lists and draws that another person made")
    SEE_WINNERS = "SEE_WINNERS", _("see announced winners, masked")
    SEE_REWARDS = "SEE_REWARDS", _("see winners before they are announced, and what they get")
    SET_REWARDS = "SET_REWARDS", _("set and assign the rewards of a UP3")
    HAND_OVER_REWARDS = "HAND_OVER_REWARDS", _("contact winners and hand over rewards")


class Reach(TextChoices):
    """How far from the position's unit a power goes."""

    OWN = "OWN", _("this unit only")
    BELOW = "BELOW", _("this unit and every unit below it")
    EVERYWHERE = "EVERYWHERE", _("every unit")


OWN, BELOW, EVERYWHERE = Reach.OWN, Reach.BELOW, Reach.EVERYWHERE

_CHANNELS = {Power.SEE_UNITS: EVERYWHERE, Power.SEE_ALLOCATION: EVERYWHERE}
_READERS = _CHANNELS | {Power.SEE_SOP: EVERYWHERE}

POWERS: dict[Role, dict[Power, Reach]] = {
    Role.CSO: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.REVEAL_CUSTOMERS: BELOW,
        Power.CHECK_ALLOCATION: EVERYWHERE,
        Power.SEE_CHECKS: BELOW,
        Power.RUN_CALLS: BELOW,
        Power.SEE_TICKETS: EVERYWHERE,
        Power.CREATE_TICKETS: EVERYWHERE,
        Power.EDIT_TICKETS: EVERYWHERE,
        Power.SPEAK_FOR_REPORTER: EVERYWHERE,
        Power.SUBMIT_DIAGNOSIS: EVERYWHERE,
        Power.SEE_DIAGNOSES: EVERYWHERE,
        Power.SEE_PROGRAMS: EVERYWHERE,
        Power.SEE_WINNERS: BELOW,
    },
    Role.SUPERVISOR: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.REVEAL_CUSTOMERS: BELOW,
        Power.EXPORT_CUSTOMERS: BELOW,
        Power.SEE_ACCESS_LOG: BELOW,
        Power.CHECK_ALLOCATION: EVERYWHERE,
        Power.SEE_CHECKS: BELOW,
        Power.RUN_CALLS: BELOW,
        Power.SEE_CALLS: BELOW,
        Power.SEE_TICKETS: EVERYWHERE,
        Power.CREATE_TICKETS: EVERYWHERE,
        Power.EDIT_TICKETS: EVERYWHERE,
        Power.SPEAK_FOR_REPORTER: EVERYWHERE,
        Power.MERGE_TICKETS: EVERYWHERE,
        Power.EXPORT_TICKETS: BELOW,
        Power.SUBMIT_DIAGNOSIS: EVERYWHERE,
        Power.SEE_DIAGNOSES: EVERYWHERE,
        Power.SEE_PROGRAMS: EVERYWHERE,
        Power.SEE_WINNERS: BELOW,
    },
    Role.MANAGER_UP3: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.SEE_CHECKS: BELOW,
        Power.SET_AVAILABILITY: OWN,
        Power.SEE_TICKETS: BELOW,
        Power.HANDLE_TICKETS: BELOW,
        Power.MERGE_TICKETS: BELOW,
        Power.EXPORT_TICKETS: BELOW,
        Power.SEE_DIAGNOSES: BELOW,
        Power.DISPATCH_ORDERS: BELOW,
        Power.DECLARE_INCIDENT: BELOW,
        Power.SEE_PROGRAMS: EVERYWHERE,
        Power.SEE_WINNERS: BELOW,
        Power.SEE_REWARDS: BELOW,
        Power.SET_REWARDS: OWN,
        Power.HAND_OVER_REWARDS: OWN,
    },
    Role.SRM_NIAGA: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.SEE_CHECKS: BELOW,
        Power.SET_AVAILABILITY: BELOW,
        Power.SEE_TICKETS: BELOW,
        Power.EXPORT_TICKETS: BELOW,
        Power.DECLARE_INCIDENT: BELOW,
        Power.SEE_PROGRAMS: EVERYWHERE,
        Power.SEE_WINNERS: BELOW,
        Power.SEE_REWARDS: BELOW,
        Power.APPROVE_PROGRAMS: BELOW,
    },
    Role.VCC_OPERATOR: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.REVEAL_CUSTOMERS: BELOW,
        Power.SEE_TICKETS: BELOW,
        Power.EDIT_TICKETS: BELOW,
        Power.SPEAK_FOR_REPORTER: BELOW,
        Power.MERGE_TICKETS: BELOW,
        Power.EXPORT_TICKETS: BELOW,
        Power.SEE_DIAGNOSES: BELOW,
        Power.DECIDE_DIAGNOSIS: BELOW,
        Power.DISPATCH_ORDERS: BELOW,
        Power.DECLARE_INCIDENT: BELOW,
    },
    Role.POSKO_OFFICER: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.REVEAL_CUSTOMERS: BELOW,
        Power.SEE_TICKETS: BELOW,
        Power.HANDLE_TICKETS: BELOW,
        Power.MERGE_TICKETS: BELOW,
        Power.EXPORT_TICKETS: BELOW,
        Power.SEE_DIAGNOSES: BELOW,
        Power.DISPATCH_ORDERS: BELOW,
        Power.WORK_ORDERS: BELOW,
        Power.DECLARE_INCIDENT: BELOW,
    },
    Role.PROGRAM_OFFICER: _READERS
    | {
        Power.SEE_CUSTOMERS: BELOW,
        Power.SEE_PROGRAMS: EVERYWHERE,
        Power.SEE_WINNERS: BELOW,
        Power.SEE_REWARDS: BELOW,
        Power.RUN_PROGRAMS: BELOW,
        Power.HAND_OVER_REWARDS: BELOW,
    },
    Role.SOP_AUTHOR: _READERS | {Power.DRAFT_MATRIX: BELOW, Power.AUTHOR_SOP: BELOW, Power.SEE_CALLS: BELOW},
    Role.SOP_APPROVER: _READERS
    | {Power.PUBLISH_MATRIX: BELOW, Power.APPROVE_SOP: BELOW, Power.SEE_CALLS: BELOW},
    Role.BACK_OFFICE: _READERS
    | {
        Power.MANAGE_UNITS: BELOW,
        Power.MANAGE_POSITIONS: BELOW,
        Power.SEE_CUSTOMERS: BELOW,
        Power.REVEAL_CUSTOMERS: BELOW,
        Power.EXPORT_CUSTOMERS: BELOW,
        Power.MANAGE_CUSTOMERS: BELOW,
        Power.SEE_ACCESS_LOG: BELOW,
        Power.SEE_CHECKS: BELOW,
        Power.DRAFT_MATRIX: BELOW,
        Power.PUBLISH_MATRIX: BELOW,
        Power.MANAGE_REFERENCE: BELOW,
        Power.AUTHOR_SOP: BELOW,
        Power.APPROVE_SOP: BELOW,
        Power.SEE_CALLS: BELOW,
        Power.SEE_TICKETS: BELOW,
        Power.EXPORT_TICKETS: BELOW,
        Power.SEE_DIAGNOSES: BELOW,
        Power.MANAGE_TARGETS: BELOW,
        Power.MANAGE_CHANNELS: BELOW,
    },
    # A channel sees the tickets that it made: head office, its seat, is nobody's posko.
    Role.CHANNEL: _CHANNELS
    | {
        Power.CHECK_ALLOCATION: EVERYWHERE,
        Power.SEE_TICKETS: OWN,
        Power.CREATE_TICKETS: EVERYWHERE,
        Power.SPEAK_FOR_REPORTER: EVERYWHERE,
        Power.SUBMIT_DIAGNOSIS: EVERYWHERE,
    },
}


def roles_with(power: Power) -> dict[Role, Reach]:
    """The roles that hold `power`, each with its reach."""
    return {role: powers[power] for role, powers in POWERS.items() if power in powers}
