"""Run directories of Osiris 0.5.7 (`run_logs/<profile>/<name>/<run>`): local, through its E2B proxy, and the old nested form.

``names``   the tables of what is called otherwise, or set aside, each with its reason
``files``   which files there are, and what each is        ``records``  its lines as events and metrics of ours
``ending``  how steps and run ended, and what contradicts it    ``marks``   what is wrong with a run by itself
``layout``  tells such a directory, by what lies at its ``paths``    ``run_directory``  all of it as a reading

Nothing is known of Osiris but what it documents and what its runs leave on a disk.
"""
