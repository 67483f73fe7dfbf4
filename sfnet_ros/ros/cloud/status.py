"""What the diagnostics say of the semantic cloud node."""

from __future__ import annotations

from dataclasses import asdict

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

from sfnet_ros.ros.cloud.worker import CloudCounts


def cloud_status(
    lifecycle: str, last_error: str, complaint: str, counts: CloudCounts, before: CloudCounts
) -> DiagnosticStatus:
    """Judge the node; the status has no name yet.

    Args:
        lifecycle: State of the lifecycle.
        last_error: Why the last step of the lifecycle failed; '' is no failure.
        complaint: Why nothing is published; '' while frames come.
        counts: What became of the frames by now.
        before: What had become of them when the last status was made.
    """
    refused = counts.refused - before.refused
    if last_error:
        level, message = DiagnosticStatus.ERROR, last_error
    elif complaint:
        level, message = DiagnosticStatus.WARN, complaint
    elif refused:
        level, message = DiagnosticStatus.WARN, f'{refused} refused since the last status: {counts.last_refusal}'
    else:
        served = counts.served - before.served
        is_active = lifecycle == 'active'
        level, message = (
            DiagnosticStatus.OK,
            f'active, {served} served since the last status' if is_active else lifecycle,
        )
    values = [
        KeyValue(key=f'frames {name}' if name != 'last_refusal' else 'last error', value=str(value))
        for name, value in asdict(counts).items()
    ]
    return DiagnosticStatus(level=level, message=message, values=[KeyValue(key='lifecycle', value=lifecycle), *values])
