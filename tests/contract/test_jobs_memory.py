import pytest

from firmground.testing.jobs import JobsContract, MemoryJobs


class TestMemoryJobs(JobsContract):
    @pytest.fixture
    def jobs(self) -> MemoryJobs:
        return MemoryJobs()
