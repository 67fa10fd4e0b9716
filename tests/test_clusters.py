"""The recipes of docs/clusters.md: a script that bash takes, and a RayJob whose keys are KubeRay's."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from autoopt.cli import main

RECIPES = Path(__file__).parent.parent / "docs" / "clusters.md"


def block(language: str) -> str:
    """Return the block of code in a language."""
    return re.findall(rf"```{language}\n(.*?)```", RECIPES.read_text(encoding="utf8"), re.DOTALL)[0]


@pytest.fixture
def job() -> Any:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(block("yaml"))


def test_bash_takes_the_script():
    found = subprocess.run(["bash", "-n"], input=block("bash"), text=True, capture_output=True, check=False)

    assert (found.returncode, found.stderr) == (0, "")


def test_directives_of_slurm_stand_before_the_first_command():
    lines = block("bash").splitlines()
    first = next(place for place, line in enumerate(lines) if line and not line.startswith("#"))

    assert all(place < first for place, line in enumerate(lines) if line.startswith("#SBATCH"))


def test_the_job_has_a_head_and_workers_of_one_image_and_the_version_of_the_image(job):
    cluster = job["spec"]["rayClusterSpec"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]
    images = {group["template"]["spec"]["containers"][0]["image"] for group in groups}

    assert (job["apiVersion"], job["kind"], len(images)) == ("ray.io/v1", "RayJob", 1)
    assert f"rayproject/ray:{cluster['rayVersion']}-" in block("dockerfile")


def test_the_keys_of_the_job_are_those_of_kuberay(job):
    spec, cluster = job["spec"], job["spec"]["rayClusterSpec"]
    head, group = cluster["headGroupSpec"], cluster["workerGroupSpecs"][0]

    assert spec.keys() <= {
        "entrypoint",
        "shutdownAfterJobFinishes",
        "ttlSecondsAfterFinished",
        "rayClusterSpec",
    }
    assert cluster.keys() == {"rayVersion", "headGroupSpec", "workerGroupSpecs"}
    assert head.keys() == {"rayStartParams", "template"}
    assert group.keys() == {
        "groupName",
        "replicas",
        "minReplicas",
        "maxReplicas",
        "rayStartParams",
        "template",
    }
    assert all(isinstance(value, str) for value in head["rayStartParams"].values())


@pytest.mark.parametrize("language", ["bash", "yaml"])
def test_the_command_line_knows_the_flags(language):
    command = block(language).partition("autoopt tune")[2].partition("\n  shutdown")[0]
    known = {flag for option in main.commands["tune"].params for flag in option.opts}

    assert {"--workers", "--address"} <= set(re.findall(r"--[a-z]\S+", command)) <= known


def test_what_the_head_writes_lies_on_its_volume(job):
    pod = job["spec"]["rayClusterSpec"]["headGroupSpec"]["template"]["spec"]
    mounted = pod["containers"][0]["volumeMounts"][0]

    assert f"--directory {mounted['mountPath']} " in job["spec"]["entrypoint"]
    assert mounted["name"] == pod["volumes"][0]["name"]
