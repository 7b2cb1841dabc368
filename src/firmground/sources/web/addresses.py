"""Which network addresses a source may connect to.

A name on the web may lead anywhere: to this machine, to the network it stands in, to the service that gives a rented machine its keys. So
every address is looked at when it is about to be used, whoever named it. Open is only what the whole internet can reach, and what a
workspace names knowingly.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_UNICAST = ip_network("2000::/3")
"""All that IPv6 routes in public; every special form lies outside, or is named below."""
_NAT64 = ip_network("64:ff9b::/96")
_CLOSED = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",  # shared by customers of a provider; some clouds keep their metadata there
            "127.0.0.0/8",
            "168.63.129.16/32",  # a cloud's own services, at an address that looks public
            "169.254.0.0/16",  # link-local, metadata of machines
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
            "2001::/23",  # Teredo, benchmarks and other protocols
            "2001:db8::/32",
            "2002::/16",  # 6to4 holds any IPv4 address
            "3fff::/20",
        ),
    )
)


class Addresses:
    """Decides; `allow` are networks besides the public internet."""

    def __init__(self, allow: Sequence[str] = ()) -> None:
        self._allow: tuple[Network, ...] = tuple(ip_network(each) for each in allow)

    def permit(self, written: str) -> bool:
        """Whether to connect to this address. What is no address in its plain form is none."""
        try:
            address = plain(ip_address(written))
        except ValueError:
            return False
        if any(address in network for network in self._allow if network.version == address.version):
            return True
        if any(address in network for network in _CLOSED if network.version == address.version):
            return False
        return address.version == 4 or address in _UNICAST


def plain(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it leads to nothing else."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def is_private(network: str) -> bool:
    """Whether it lies within what is closed to begin with: the only thing that naming it can open. ValueError for what is no network."""
    named = ip_network(network)
    if isinstance(named, IPv6Network):
        return named.prefixlen >= 7 and not named.overlaps(_UNICAST)
    return any(isinstance(closed, IPv4Network) and named.subnet_of(closed) for closed in _CLOSED)
