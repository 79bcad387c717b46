"""Shell pages of the agent screens."""

from django.urls import path, re_path

from console import calls, tickets, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("alokasi/", views.check, name="check"),
    path("laporan/", tickets.report, name="report"),
    path("tiket/", tickets.search, name="tickets"),
    re_path(r"^tiket/(?P<number>[GK][0-9]{12})/$", tickets.ticket, name="ticket"),
    path("vcc/", tickets.command_centre, name="vcc"),
    path("posko/", tickets.board, name="board"),
    path("panggilan/", calls.desk, name="calls"),
]
