from django.db import migrations, models


def number(apps, schema_editor):
    """Number what landed before there were numbers, in the order in which it was written down."""
    for place, submission in enumerate(apps.get_model("catalogue", "Submission").objects.order_by("landed", "pk"), 1):
        submission.number = place
        submission.save(update_fields=["number"])


class Migration(migrations.Migration):
    dependencies = [("catalogue", "0001_initial")]

    operations = [
        migrations.AlterModelOptions(name="submission", options={"ordering": ("-number",)}),
        migrations.AddField(model_name="submission", name="number", field=models.PositiveIntegerField(null=True)),
        migrations.RunPython(number, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="submission",
            name="number",
            field=models.PositiveIntegerField(help_text="Its place in the order of landing.", unique=True),
        ),
    ]
