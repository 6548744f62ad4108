"""docker-compose.yml and deploy/kubernetes, as far as they can be judged without running them
(tests/compose/run does)."""
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

try:
    import yaml
except ImportError:
    yaml = None

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from support.servers import BUILD, ROOT  # noqa: E402

PROGRAMS = ("gateway", "publisher")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
    return done.stdout


def needs(program):
    if not shutil.which(program):
        raise unittest.SkipTest(f"{program} is not installed")


def variables(program):
    """The environment variables that the program knows."""
    return set(re.findall(r"\b(SLUICE_[A-Z0-9_]+)\b", run(BUILD / f"sluice-{program}", "--help")))


def seconds(text):
    return int(str(text).removesuffix("s"))


@unittest.skipUnless(yaml, "python3-yaml is not installed")
class Compose(unittest.TestCase):
    def setUp(self):
        self.services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]

    def test_docker_compose_takes_it(self):
        needs("docker-compose")
        run("docker-compose", "-f", "docker-compose.yml", "config", "-q")

    def test_every_service_is_confined_and_comes_back(self):
        for name, service in self.services.items():
            self.assertTrue(service["read_only"], name)
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"], name)
            self.assertEqual(service["restart"], "unless-stopped", name)

    def test_only_the_balancer_is_open_to_the_network(self):
        for name, service in self.services.items():
            for port in service.get("ports", []):
                open_to_all = not port.startswith("127.0.0.1:")
                self.assertEqual(open_to_all, port.endswith(":8080"), (name, port))

    def test_settings_exist_and_files_are_there(self):
        for program in PROGRAMS:
            self.assertLessEqual(set(self.services[program]["environment"]), variables(program))
        for service in self.services.values():
            for volume in service.get("volumes", []):
                if volume.startswith("./"):
                    self.assertTrue((ROOT / volume.split(":")[0]).exists(), volume)

    def test_a_gateway_has_time_to_drain(self):
        gateway = self.services["gateway"]
        self.assertGreater(seconds(gateway["stop_grace_period"]),
                           seconds(gateway["environment"]["SLUICE_DRAIN"]) + 5)


@unittest.skipUnless(yaml, "python3-yaml is not installed")
class Kubernetes(unittest.TestCase):
    def setUp(self):
        needs("kubectl")
        text = run("kubectl", "kustomize", "deploy/kubernetes")
        self.objects = [thing for thing in yaml.safe_load_all(text) if thing]

    def of_kind(self, kind):
        return {thing["metadata"]["name"]: thing for thing in self.objects if thing["kind"] == kind}

    def test_it_has_all_its_parts(self):
        kinds = {thing["kind"] for thing in self.objects}
        self.assertLessEqual({"Deployment", "Service", "HorizontalPodAutoscaler", "NetworkPolicy",
                              "PodDisruptionBudget", "ConfigMap"}, kinds)

    def test_every_container_is_confined(self):
        for name, deployment in self.of_kind("Deployment").items():
            pod = deployment["spec"]["template"]["spec"]
            self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
            for container in pod["containers"]:
                context = container["securityContext"]
                self.assertTrue(context["readOnlyRootFilesystem"], name)
                self.assertFalse(context["allowPrivilegeEscalation"], name)
                self.assertEqual(context["capabilities"], {"drop": ["ALL"]}, name)
                self.assertIn("memory", container["resources"]["limits"], name)

    def test_settings_exist(self):
        for name, config in self.of_kind("ConfigMap").items():
            program = next(p for p in PROGRAMS if p in name)
            self.assertLessEqual(set(config["data"]), variables(program))

    def test_the_grace_period_holds_the_pause_before_the_drain_and_the_drain(self):
        pod = self.of_kind("Deployment")["sluice-gateway"]["spec"]["template"]["spec"]
        pause = int(pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"][1])
        config = next(c for name, c in self.of_kind("ConfigMap").items() if "gateway" in name)
        drain = seconds(config["data"]["SLUICE_DRAIN"])
        self.assertGreater(pod["terminationGracePeriodSeconds"], pause + drain + 5)

    def test_selectors_meet_the_pods(self):
        pods = [d["spec"]["template"]["metadata"]["labels"] for d in
                self.of_kind("Deployment").values()]
        for kind, selector in (("Service", lambda s: s["selector"]),
                               ("PodDisruptionBudget", lambda s: s["selector"]["matchLabels"]),
                               ("NetworkPolicy", lambda s: s["podSelector"]["matchLabels"])):
            for name, thing in self.of_kind(kind).items():
                wanted = selector(thing["spec"]).items()
                self.assertTrue(any(wanted <= labels.items() for labels in pods), name)


if __name__ == "__main__":
    unittest.main()
