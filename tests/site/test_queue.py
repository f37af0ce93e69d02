"""How the queue is set up."""

from faceverify_site.celery import app


def test_no_message_comes_to_a_second_worker_while_the_first_may_still_work_on_it():
    app.loader.import_default_modules()
    limits = [task.time_limit or app.conf.task_time_limit for task in app.tasks.values()]
    assert max(limits) == 7 * 24 * 3600
    assert app.conf.broker_transport_options["visibility_timeout"] >= max(limits) + 60
