"""moto hands a state machine its start as a datetime; Step Functions hands it a text, which a state can compare."""

from moto.stepfunctions.parser.backend import execution_worker


def install():
    data = execution_worker.ExecutionData

    def with_text(**details):
        details["StartTime"] = f"{details['StartTime']:%Y-%m-%dT%H:%M:%SZ}"
        return data(**details)

    execution_worker.ExecutionData = with_text
