"""Distance on the ground, and the box to look into first."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS_M = 6_371_000
METRES_PER_DEGREE = 111_195


@dataclass(frozen=True)
class Box:
    """Bounds in degrees that hold every point within the radius, and some more."""

    south: float
    north: float
    west: float
    east: float


def distance_m(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Metres between two points, on a sphere (haversine); off by at most half a percent."""
    phi_a, phi_b = radians(lat_a), radians(lat_b)
    half_phi = (phi_b - phi_a) / 2
    half_lambda = radians(lon_b - lon_a) / 2
    chord = sin(half_phi) ** 2 + cos(phi_a) * cos(phi_b) * sin(half_lambda) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(min(1.0, chord)))


def box_around(lat: float, lon: float, radius_m: float) -> Box:
    """The box for a search of everything within `radius_m`."""
    height = radius_m / METRES_PER_DEGREE * 1.01
    width = height / max(0.01, cos(radians(lat)))
    return Box(south=lat - height, north=lat + height, west=lon - width, east=lon + width)
