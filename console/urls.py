"""Shell pages of the agent screens."""

from django.urls import path

from console import calls, views

app_name = "console"
urlpatterns = [
    path("", views.home, name="home"),
    path("alokasi/", views.check, name="check"),
    path("panggilan/", calls.desk, name="calls"),
]
