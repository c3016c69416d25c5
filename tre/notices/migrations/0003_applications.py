from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notices", "0002_landing_linkage_and_budgets"),
    ]

    operations = [
        migrations.AlterField(
            model_name="notice",
            name="kind",
            field=models.CharField(
                choices=[
                    ("review_wanted", "A request waits for review"),
                    ("third_wanted", "A request needs another checker"),
                    ("not_agreed", "Your review and others do not agree"),
                    ("blocked", "Your request is blocked"),
                    ("returned", "Your request is returned"),
                    ("approved", "Your request is approved"),
                    ("rejected", "Your request is rejected"),
                    ("halted", "The release of your request was halted"),
                    ("released", "Your request is released"),
                    ("expired", "Your request has expired"),
                    ("recalled", "What you took out was recalled"),
                    ("download_ends", "The time to download a release ends soon"),
                    ("import_review_wanted", "An import waits for review"),
                    ("import_blocked", "Your import is blocked"),
                    ("import_rejected", "Your import is refused"),
                    ("import_placed", "Your import is in the workspace"),
                    ("extract_ready", "A project's extract is ready"),
                    ("extract_ends", "A project's extract ends soon"),
                    ("agreement_ends", "A project's agreement ends soon"),
                    ("submission_landed", "A submission has landed"),
                    ("submission_refused", "A submission was refused"),
                    ("pairs_wait", "Doubtful pairs wait for a decision"),
                    ("budget_nearly", "A privacy budget is nearly spent"),
                    ("budget_spent", "A privacy budget is spent"),
                    ("application_approved", "A project's application is approved"),
                    ("application_declined", "A project's application is declined"),
                ],
                max_length=30,
            ),
        ),
    ]
