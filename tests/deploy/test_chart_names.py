"""Names that YAML would take for something else: they stay text, or are refused. None of them can add to an object."""

from pathlib import Path
from typing import Any, Final

import kubernetes_validate
import pytest

from tests.support.chart import KUBERNETES, MINIMAL, OF_OTHERS, given, objects, refusal

_ODD: Final[dict[str, Any]] = {
    "fullnameOverride": "no",
    "tokens": {"no": {"secret": "123", "key": "1e3"}, "12345": {"secret": "1.0", "key": "true"}},
    "imagePullSecrets": [{"name": "0"}],
    "priorityClassName": "1",
    "runtimeClassName": "2",
    "schedulerName": "3",
    "serviceAccount": {"create": True, "name": "4"},
    "topologySpread": ["zone", "true"],
    "commonLabels": {"on": "off"},
    "podAnnotations": {"yes": "no"},
    "env": [{"name": "TIKTOK_ACCESS_TOKEN", "value": "true"}],
    "podMonitor": {"enabled": True, "interval": "15s"},
    "prometheusRule": {"enabled": True},
    "dashboard": {"enabled": True},
    "check": {"beforeUpgrade": True},
    "podDisruptionBudget": {"maxUnavailable": "50%"},
    "keda": {
        "enabled": True,
        "bootstrapServers": "1",
        "consumerGroup": "no",
        "topics": ["true"],
        "authenticationRef": {"name": "1"},
    },
}


@pytest.mark.parametrize("release", ["ads", "2024", "true", "0x1", "1e3", "my.ads"])
@pytest.mark.parametrize("more", [{"files": {"no": "a", "1.0": "b"}}, {"config": "", "existingConfigMap": "123"}])
def test_a_name_stays_text_whatever_yaml_makes_of_it(tmp_path: Path, release: str, more: dict[str, Any]) -> None:
    found = objects(given(tmp_path, **_ODD, **more), release=release)

    for each in found:
        if each["kind"] not in OF_OTHERS:
            kubernetes_validate.validate(each, KUBERNETES[1], strict=True)
        assert all(isinstance(text, str) for text in each["metadata"]["labels"].values()), each["kind"]
        assert isinstance(each["metadata"]["name"], str)
    [scaled] = [each["spec"] for each in found if each["kind"] == "ScaledObject"]
    assert scaled["scaleTargetRef"]["name"] == "no"
    assert scaled["triggers"][0]["authenticationRef"]["name"] == "1"


@pytest.mark.parametrize(
    ("values", "where"),
    [
        ({"tokens": {"shop": {"secret": "s", "key": "k, path: ../../etc"}}}, "tokens.shop.key"),
        ({"tokens": {"shop": {"secret": "a: b", "key": "k"}}}, "tokens.shop.secret"),
        ({"tokens": {"..": {"secret": "s", "key": "k"}}}, "tokens"),
        ({"tokens": {"..data": {"secret": "s", "key": "k"}}}, "tokens"),
        ({"files": {"..": "a"}}, "files"),
        ({"env": [{"name": "A", "value": True}]}, "env.0.value"),
        ({"env": [{"name": "A B", "value": ""}]}, "env.0.name"),
        ({"config": "", "existingConfigMap": "a}, x: {"}, "existingConfigMap"),
        ({"priorityClassName": "a b"}, "priorityClassName"),
        ({"runtimeClassName": "Upper"}, "runtimeClassName"),
        ({"schedulerName": "a\nb: c"}, "schedulerName"),
        ({"serviceAccount": {"name": "a b"}}, "serviceAccount.name"),
        ({"topologySpread": ["a b"]}, "topologySpread.0"),
        ({"image": {"repository": "a b"}}, "image.repository"),
        ({"image": {"tag": "a b"}}, "image.tag"),
        ({"podDisruptionBudget": {"maxUnavailable": "x y: z"}}, "podDisruptionBudget.maxUnavailable"),
        ({"podDisruptionBudget": {"maxUnavailable": -1}}, "podDisruptionBudget.maxUnavailable"),
        ({"volumes": [{"name": "a b", "emptyDir": {}}]}, "volumes.0.name"),
        ({"keda": {"authenticationRef": {"name": "a, kind: x"}}}, "keda.authenticationRef.name"),
    ],
)
def test_what_is_no_name_is_refused(tmp_path: Path, values: dict[str, Any], where: str) -> None:
    why = refusal(given(tmp_path, **values))

    assert f"- {where}: " in why
    assert "template: " not in why


@pytest.mark.parametrize("release", ["1ads", "my.ads", "2024"])
def test_a_release_whose_name_cannot_be_that_of_a_service_is_refused(release: str) -> None:
    why = refusal(MINIMAL, release=release)

    assert f"fullnameOverride: the Service would be named {release}-tiktok-consumer, which Kubernetes refuses" in why
