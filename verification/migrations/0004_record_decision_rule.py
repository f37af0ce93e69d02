from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('verification', '0003_add_identifications'),
    ]

    operations = [
        migrations.AddField(
            model_name='attempt',
            name='rule',
            field=models.CharField(blank=True, choices=[('template_mean', 'mean of the anchors'), ('best_anchor', 'best anchor'), ('share_of_anchors', 'share of anchors')], max_length=32, verbose_name='decision rule'),
        ),
    ]
