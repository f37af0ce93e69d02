from django.db import migrations
from django.db.models import Max, OuterRef, Subquery


def note_earlier_use(apps, schema_editor):
    """As far as the records of attempts go back."""
    subjects = apps.get_model("enrollment", "Subject").objects
    matches = apps.get_model("verification", "Attempt").objects.filter(decision="match")
    last = matches.filter(subject=OuterRef("pk")).order_by().values("subject").annotate(last=Max("created_at"))
    subjects.filter(pk__in=matches.values("subject")).update(last_used_at=Subquery(last.values("last")))


class Migration(migrations.Migration):

    dependencies = [
        ('enrollment', '0015_note_last_use'),
        ('verification', '0014_note_begun_tries'),
    ]

    operations = [migrations.RunPython(note_earlier_use, migrations.RunPython.noop, elidable=True)]
