from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("verification", "0008_ask_for_liveness"),
    ]

    operations = [
        migrations.AlterField(
            model_name="verificationsession",
            name="purpose",
            field=models.CharField(
                choices=[("sign_in", "Sign In"), ("verify", "Verify"), ("step_up", "Step Up")], max_length=16
            ),
        ),
    ]
