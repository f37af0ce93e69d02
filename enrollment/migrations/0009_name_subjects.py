import uuid

from django.db import migrations, models


class Migration(migrations.Migration):
    """Apart from the one before: PostgreSQL alters no table whose rows changed in the same transaction."""

    dependencies = [
        ("enrollment", "0008_add_service_keys"),
    ]

    operations = [
        migrations.AlterField(
            model_name="subject",
            name="public_id",
            field=models.UUIDField(
                default=uuid.uuid4, editable=False, help_text="Known to backends.", unique=True
            ),
        ),
    ]
