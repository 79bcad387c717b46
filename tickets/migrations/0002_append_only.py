from django.db import migrations

from common.append_only import append_only

TABLES = ("ticketevent", "ticketrepeat", "ticketaccess", "servicepolicy", "incidentevent", "workorderevent")


class Migration(migrations.Migration):
    dependencies = [("tickets", "0001_initial")]

    operations = [append_only(f"tickets_{table}") for table in TABLES]
