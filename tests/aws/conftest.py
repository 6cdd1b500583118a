"""One stack for each file of tests: deployed to moto, its functions our binaries."""

import logging

import pytest
import stack  # noqa: F401  (finds the modules of infra/deploy)

# moto tells of each state that finds no cursor, and of each resource that its CloudFormation leaves out.
logging.disable(logging.WARNING)
logging.getLogger("moto").setLevel(logging.CRITICAL)


@pytest.fixture(scope="module")
def cloud():
    # Only now: tests of the template alone need neither moto nor the binaries.
    from cloud import Cloud

    deployed = Cloud({"ScanSegments": "3"})
    yield deployed
    deployed.close()
