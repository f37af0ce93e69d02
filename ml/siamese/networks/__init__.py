"""The family of networks, one file each. Add a network by adding its file and its line here."""

from ml.siamese.networks import contrastive48, koch4096, mobilefacenet
from ml.siamese.networks.base import NetworkSpec

NETWORKS: dict[str, NetworkSpec] = {
    spec.name: spec for spec in (mobilefacenet.SPEC, contrastive48.SPEC, koch4096.SPEC)
}

__all__ = ["NETWORKS", "NetworkSpec"]
