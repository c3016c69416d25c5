from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0005_quality"),
    ]

    operations = [
        migrations.AddField(
            model_name="warehousebuild",
            name="shared",
            field=models.JSONField(default=list, help_text="How many persons each two providers share."),
        ),
    ]
