from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("catalogue", "0006_shared_persons"),
    ]

    operations = [
        migrations.AddField(
            model_name="warehousebuild",
            name="after",
            field=models.PositiveBigIntegerField(default=0, help_text="Number of the build before it when it began."),
        ),
        migrations.AlterField(
            model_name="warehousebuild",
            name="inputs",
            field=models.CharField(max_length=64, help_text="Digest of all that it was made from, and of how."),
        ),
        migrations.AddConstraint(
            model_name="warehousebuild",
            constraint=models.UniqueConstraint(fields=["inputs", "after"], name="built_once"),
        ),
    ]
