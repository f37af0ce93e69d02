from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("enrollment", "0009_name_subjects")]

    operations = [
        migrations.CreateModel(
            name="Heartbeat",
            fields=[
                (
                    "name",
                    models.CharField(
                        help_text="`beat`, or the queue's name.",
                        max_length=32,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "model_digest",
                    models.CharField(
                        blank=True,
                        help_text="Of the artifact that the worker has loaded and checked.",
                        max_length=64,
                    ),
                ),
            ],
        ),
    ]
