"""``python -m tests.study``: runs the study, prints what it saw, and ends with 1 when a promise was broken."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from tests.e2e.browsing import browser
from tests.study.product import REPOSITORY, Product, prepare_environment
from tests.study.report import Report

_DONE = "study-done"


def main() -> int:
    """Run every step in turn; what a run that was cut off did is found again, what a whole run did is made anew."""
    parser = argparse.ArgumentParser(prog="study", description=__doc__)
    parser.add_argument("--people", type=int, default=20_000, help="size of the synthetic health system")
    parser.add_argument("--home", type=Path, default=REPOSITORY / "build" / "study", help="folder that holds all state")
    parser.add_argument("--kill", action="store_true", help="kill the supervisor during a release, and start it again")
    options = parser.parse_args()
    if (options.home / _DONE).exists():
        shutil.rmtree(options.home)
    prepare_environment(options.home, options.people)
    report = Report()
    try:
        _run(report, options.kill)
    except Exception as error:  # an entry point: the table is printed whatever happened, and the status tells
        report.promise(f"the step went through ({type(error).__name__}: {error})", False)
    print(report.table())
    report.write()
    if report.broken:
        print("Broken:", *report.broken, sep="\n  ")
        return 1
    (options.home / _DONE).touch()
    return 0


def _run(report: Report, kill: bool) -> None:
    # Imported here: they read settings, which this process has just made.
    from tests.study import airlock, data, deploy, operation, pages, work

    with report.step("Start: synthesise, land, build, provision"):
        product = Product(report.say)
    try:
        with report.step("Land and build the warehouse"):
            data.check_warehouse(report)
        with report.step("Approve and provision a project"):
            data.check_extract(report)
        with browser() as chromium:
            with report.step("Sign in"):
                work.check_front_door(report, chromium)
            with report.step("Work in the notebook, and attack from it"):
                asked = work.work(report, chromium)
            with report.step("Leave by the airlock"):
                airlock.review(report, chromium, asked)
                if kill:
                    airlock.check_releasing(report, asked)
                    operation.check_cut_off(report, product)
                airlock.check_release(report, chromium, asked)
            with report.step("Look at every page"):
                pages.check_pages(report, chromium, asked)
        with report.step("Deploy the model"):
            deploy.deploy(report, asked)
        with report.step("Prove"):
            deploy.prove(report)
    finally:
        started = product.stop()
    with report.step("Stop, and start again"):
        operation.check_stopped(report, started)
        operation.check_second_start(report)


if __name__ == "__main__":
    raise SystemExit(main())
