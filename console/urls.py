"""Shell pages of the agent screens."""

from django.urls import path, re_path

from console import calls, reading, tickets, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("alokasi/", views.check, name="check"),
    path("laporan/", tickets.report, name="report"),
    path("tiket/", tickets.search, name="tickets"),
    re_path(r"^tiket/(?P<number>[GK][0-9]{12})/$", tickets.ticket, name="ticket"),
    re_path(r"^tiket/(?P<number>[GK][0-9]{12})/koreksi/$", tickets.correction, name="correction"),
    re_path(r"^tiket/(?P<number>[GK][0-9]{12})/pembacaan/$", tickets.readings, name="readings"),
    path("vcc/", tickets.command_centre, name="vcc"),
    path("posko/", tickets.board, name="board"),
    path("sop/", reading.shelf, name="sops"),
    re_path(r"^sop/(?P<slug>[a-z0-9_-]{1,60})/(?P<number>[0-9]{1,6})/$", reading.version, name="sop"),
    path("panggilan/", calls.desk, name="calls"),
]
