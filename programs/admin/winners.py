"""Winners and rewards, as their UP3 works with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AutocompleteSelectFilter
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from common.admin import ScopedAdmin, dialog, holds, leave_for, tell_refusal
from common.errors import DomainError
from common.keyset import KeysetAdmin
from common.moments import short_moment
from customers.rules import mask_name
from programs import rules
from programs.models import Contact, Reward, Winner
from programs.services import rewards
from units.models import Unit
from units.powers import Power

# A status without an entry would show as its code.
COLOURS = dict.fromkeys(Winner.Status.values, "") | {"HANDED_OVER": "success", "TOLD": "info"}


class ContactForm(BaseDialogForm):
    method = forms.ChoiceField(label=_("How"), choices=Contact.Method.choices, widget=UnfoldAdminSelectWidget)
    reached = forms.BooleanField(label=_("Reached"), required=False, widget=UnfoldBooleanWidget)
    override = forms.BooleanField(
        label=_("Although the deadline has passed"), required=False, widget=UnfoldBooleanWidget
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=UnfoldAdminTextInputWidget
    )


class HandOverForm(BaseDialogForm):
    code = forms.CharField(label=_("Pick-up code"), max_length=40, widget=UnfoldAdminTextInputWidget)
    identity = forms.ChoiceField(
        label=_("Identity shown"), choices=Winner.Identity.choices, widget=UnfoldAdminSelectWidget
    )
    identity_last4 = forms.RegexField(
        r"^[0-9]{4}\Z", label=_("Its last four digits"), widget=UnfoldAdminTextInputWidget
    )


class RewardChoiceForm(BaseDialogForm):
    """The rewards of the winner's own UP3."""

    reward = forms.ModelChoiceField(Reward.objects.none(), label=_("Reward"), widget=UnfoldAdminSelectWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        winners = Winner.objects.visible_to(self.request.user)
        number = str(self.object_id)
        winner = winners.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
        if winner:
            own = Reward.objects.filter(program=winner.program_id, unit=winner.unit_id)
            self.fields["reward"].queryset = own


@admin.register(Reward)
class RewardAdmin(ScopedAdmin):
    """What each UP3 gives, and how many are left. Only its own manager sets them."""

    see, change = Power.SEE_REWARDS, Power.SET_REWARDS
    list_display = ("name", "unit", "program", "stock", "assigned")
    list_filter = ("program", ("unit", AutocompleteSelectFilter))
    list_filter_submit = True
    list_select_related = ("unit", "program")
    search_fields = ("name",)
    fields = ("program", "unit", "name", "stock")
    actions_detail = ("assign_to_waiting",)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "unit":
            own = Unit.objects.filter(request.user.within(Power.SET_REWARDS, field=""))
            kwargs["queryset"] = own.filter(kind="UP3")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Reward | None = None) -> tuple[str, ...]:
        return ("program", "unit") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Reward | None = None) -> bool:
        return request.user.may(Power.SET_REWARDS, obj.unit if obj else None)

    def has_assign_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """An action is asked about with the key of a row, not with the row."""
        reward = self.get_object(request, str(object_id)) if object_id else None
        return reward is not None and self.has_change_permission(request, reward)

    def save_model(self, request: HttpRequest, obj: Reward, form: Any, change: bool) -> None:
        saved = rewards.set_reward(
            program=obj.program,
            unit=obj.unit,
            name=obj.name,
            stock=obj.stock,
            by=request.user,
            at=timezone.now(),
            reward=obj if change else None,
        )
        obj.pk = saved.pk

    @action(
        description=_("Assign to winners without a reward"),
        icon="redeem",
        permissions=["assign"],
        dialog=dialog(
            _("Assign to winners without a reward"),
            _("As far as the stock goes, in the order of the draw."),
            submit=_("Assign"),
        ),
    )
    def assign_to_waiting(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        reward = self.seen_or_404(request, object_id)
        try:
            count = rewards.assign_to_waiting(reward=reward, by=request.user, at=timezone.now())
            messages.success(request, _("%(count)d winners have this reward now.") % {"count": count})
        except DomainError as refusal:
            tell_refusal(request, refusal)
        return leave_for(request, reverse("admin:programs_reward_change", args=[object_id]))


@admin.register(Winner)
class WinnerAdmin(KeysetAdmin):
    """Winners, masked: tell them, give them a reward, hand it over once."""

    see = Power.SEE_WINNERS
    list_display = ("masked_idpel", "masked_name", "unit", "tariff", "rank", "state", "reward", "told_at")
    list_filter = ("program", "status", ("unit", AutocompleteSelectFilter), "tariff")
    list_filter_submit = True
    list_select_related = ("customer", "unit", "reward", "program")
    search_fields = ("customer__idpel__exact",)
    search_help_text = _("IDPEL, all 12 digits")
    fields = (
        "program", ("masked_idpel", "masked_name"), ("unit", "tariff", "rank"), ("status", "reward"),
        "told_at", ("handed_over_at", "handed_over_by"), ("identity", "identity_last4"), "contact_list",
    )  # fmt: skip
    readonly_fields = ("masked_idpel", "masked_name", "contact_list")
    actions_detail = ("reach", "contact", "assign", "show_code", "hand_over", "not_collected", "unlock")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Only what the stage allows. An act that came too late is still explained, not forbidden."""
        actions = super().get_actions_detail(request, object_id)
        winner = self.get_object(request, str(object_id))
        acts = rewards.open_acts(winner, timezone.now()) if winner else set()
        return [action for action in actions if action.path in acts]

    def list_key(self, request: HttpRequest) -> str:
        """In the order in which they were drawn."""
        return "pk"

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        """The reward only for those who see to it (R-004-7)."""
        return _seen_by(request, self.list_display)

    def get_fields(self, request: HttpRequest, obj: Winner | None = None) -> tuple[Any, ...]:
        return _seen_by(request, self.fields)

    @display(description="IDPEL")
    def masked_idpel(self, winner: Winner) -> str:
        return rules.mask_idpel(winner.customer.idpel)

    @display(description=_("name"))
    def masked_name(self, winner: Winner) -> str:
        return mask_name(winner.customer.name)

    @display(description=_("status"), label=COLOURS)
    def state(self, winner: Winner) -> tuple[str, str]:
        return winner.status, winner.get_status_display()

    @display(description=_("contacts"))
    def contact_list(self, winner: Winner) -> str:
        rows = winner.contacts.select_related("by")[:10]
        return " · ".join(
            f"{short_moment(row.at)} {row.get_method_display()} {row.by}: "
            + str(_("reached") if row.reached else _("not reached"))
            for row in rows
        ) or "–"  # fmt: skip

    def has_hand_over_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.HAND_OVER_REWARDS)

    def has_set_rewards_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.SET_REWARDS)

    def has_run_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return holds(request, Power.RUN_PROGRAMS)

    @action(
        description=_("Contact details"),
        icon="contact_phone",
        permissions=["hand_over"],
        dialog=dialog(_("Contact details"), _("That they were shown is kept on record.")),
    )
    def reach(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Whom to call, in full, in the dialog itself."""
        winner = self.seen_or_404(request, object_id)
        context: dict[str, Any] = {"winner": winner}
        try:
            context |= rewards.reveal_winner(winner=winner, by=request.user)
        except DomainError as refusal:
            context["refusal"] = refusal.message
        return render(request, "admin/programs/reach.html", context)

    @action(
        description=_("Tell"),
        icon="call",
        permissions=["hand_over"],
        dialog=dialog(_("Tell"), _("Keep to the health protocol."), form=ContactForm),
    )
    def contact(self, request: HttpRequest, form: ContactForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, rewards.contact_winner, **_values(form))

    @action(
        description=_("Assign a reward"),
        icon="redeem",
        permissions=["set_rewards"],
        dialog=dialog(_("Assign a reward"), form=RewardChoiceForm),
    )
    def assign(self, request: HttpRequest, form: RewardChoiceForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, rewards.assign_reward, **_values(form))

    @action(
        description=_("Show the pick-up code"),
        icon="key",
        permissions=["hand_over"],
        dialog=dialog(_("Show the pick-up code"), _("That it was shown is kept on record.")),
    )
    def show_code(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        def show(**values: Any) -> None:
            code = rewards.show_code(**values)
            messages.info(request, _("Pick-up code: %(code)s") % {"code": f"{code[:4]}-{code[4:]}"})

        return self._do(request, object_id, show)

    @action(
        description=_("Hand over"),
        icon="handshake",
        permissions=["hand_over"],
        dialog=dialog(_("Hand over"), form=HandOverForm),
    )
    def hand_over(self, request: HttpRequest, form: HandOverForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, rewards.hand_over, **_values(form))

    @action(
        description=_("Not collected"),
        icon="event_busy",
        permissions=["hand_over"],
        dialog=dialog(_("Not collected"), _("The reward goes back; a reserve moves up.")),
    )
    def not_collected(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, rewards.mark_not_collected)

    @action(
        description=_("Unlock the code"),
        icon="lock_open",
        permissions=["run"],
        dialog=dialog(_("Unlock the code")),
    )
    def unlock(self, request: HttpRequest, form: BaseDialogForm, object_id: str) -> HttpResponse:
        return self._do(request, object_id, rewards.unlock_code)

    def _do(
        self, request: HttpRequest, object_id: str, service: Callable[..., Any], **values: Any
    ) -> HttpResponse:
        """Call a service for a winner in sight; say what came of it."""
        winner = self.seen_or_404(request, object_id)

        def verb() -> None:
            service(winner=winner, by=request.user, at=timezone.now(), **values)

        return self.act(request, winner, verb, _("Done."))


def _seen_by(request: HttpRequest, names: tuple[Any, ...]) -> tuple[Any, ...]:
    if holds(request, Power.SEE_REWARDS):
        return names
    return tuple("status" if name == ("status", "reward") else name for name in names
                 if name not in ("reward", "contact_list"))  # fmt: skip


def _values(form: forms.Form) -> dict[str, Any]:
    """What was typed, without the mark that the dialog itself brings."""
    return {name: value for name, value in form.cleaned_data.items() if not name.startswith("_")}
