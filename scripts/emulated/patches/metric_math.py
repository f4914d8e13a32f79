"""CloudFormation makes no alarms on metric math.

Made on the first of the metrics instead: what such an alarm says is not judged here, that it comes and goes is.
"""

from ministack.services.cloudformation import provisioners


def is_needed():
    try:
        provisioners._cw_metric_alarm_record("probe", {"Metrics": [{"Id": "m", "Expression": "SUM(METRICS())"}]})
    except ValueError as refused:
        return "Metrics" in str(refused)
    return False


def apply():
    to_record = provisioners._cw_metric_alarm_record

    def from_first_metric(name, props):
        first = next((one["MetricStat"] for one in props.get("Metrics", []) if "MetricStat" in one), None)
        if first is None:
            return to_record(name, props)
        plain = {key: value for key, value in props.items() if key != "Metrics"}
        metric = first["Metric"]
        return to_record(
            name,
            {
                **plain,
                "Namespace": metric["Namespace"],
                "MetricName": metric["MetricName"],
                "Dimensions": metric.get("Dimensions", []),
                "Statistic": first["Stat"],
                "Period": first["Period"],
            },
        )

    provisioners._cw_metric_alarm_record = from_first_metric
