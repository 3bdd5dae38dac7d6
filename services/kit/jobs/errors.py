"""What can be wrong with a wish about a job."""

from services.kit.problems import Conflict


class JobFinished(Conflict):
    """The job has finished; it can no longer be cancelled."""

    title = "The job has finished"


class JobNotResumable(Conflict):
    """Only a job that failed, was cancelled or is paused can be resumed, and only while no other one does the same."""

    title = "The job cannot be resumed now"
