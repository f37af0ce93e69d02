from django.db import migrations, models
from django.db.models import Value
from django.db.models.functions import Concat

NAMES = {
    ("enrollment", "user"): "account",
    ("account", "emailaddress"): "address",
    ("mfa", "authenticator"): "second factor",
}


def unname(apps, schema_editor):
    """The admin's log keeps the names of people who were erased since no longer."""
    entries = apps.get_model("admin", "LogEntry").objects
    for (app, model), name in NAMES.items():
        rows = entries.filter(content_type__app_label=app, content_type__model=model)
        rows.update(object_repr=Concat(Value(f"{name} "), "object_id", output_field=models.CharField()))


class Migration(migrations.Migration):
    dependencies = [
        ("enrollment", "0012_record_account_changes"),
        ("admin", "0003_logentry_add_action_flag_choices"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(unname, migrations.RunPython.noop)]
