"""The people: how they look, and how they are photographed."""

import random
from dataclasses import dataclass, field, replace

import numpy as np

from .camera import Camera, Light
from .makehuman import Colour, MakeHuman
from .mesh import Floats, Mesh

SMILE = "expression/units/caucasian/mouth-corner-puller"
NARROW_EYES = ("expression/units/caucasian/eye-left-slit", "expression/units/caucasian/eye-right-slit")


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    macro: dict[str, float]
    """Weights of MakeHuman's whole bodies, by origin, sex and age."""
    details: dict[str, float]
    """Weights of the targets of a face."""
    skin: str
    hair: str
    hair_colour: Colour
    brows: str
    clothes: str
    clothes_colour: Colour
    eyes: str = "brown_eye.png"
    tone: Colour = (1.0, 1.0, 1.0)

    def like(self, other: "Person", part: float) -> "Person":
        """With a part of somebody else's features, and their hair."""
        features = {
            name: (1 - part) * mine.get(name, 0.0) + part * theirs.get(name, 0.0)
            for mine, theirs in ((self.macro | self.details, other.macro | other.details),)
            for name in mine | theirs
        }
        return replace(self, macro=features, details={}, hair=other.hair, hair_colour=other.hair_colour)


@dataclass(frozen=True)
class Shot:
    """One picture of somebody: how they hold their head (in degrees), and the light."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    smile: float = 0.0
    light: Light = field(default_factory=Light)


def sides(name: str, weight: float) -> dict[str, float]:
    """A target that there is for the left and for the right."""
    folder, _, target = name.partition("/")
    return {f"{folder}/l-{target}": weight, f"{folder}/r-{target}": weight}


def body(origins: dict[str, float], sex: str, old: float, weight: str = "averageweight") -> dict[str, float]:
    """MakeHuman's macro targets; `old` from 0 (25 years) to 1 (90)."""
    ages = {"young": 1 - old, "old": old}
    return {
        f"macrodetails/{origin}-{sex}-{age}": share * part
        for origin, share in origins.items()
        for age, part in ages.items()
    } | {f"macrodetails/universal-{sex}-{age}-averagemuscle-{weight}": part for age, part in ages.items()}


def posed(packages: MakeHuman, person: Person, shot: Shot) -> list[Mesh]:
    """A person's meshes, turned; the middle between the eyes lies at the origin, a little higher."""
    expression = {SMILE: shot.smile} | dict.fromkeys(NARROW_EYES, 0.25 * shot.smile)
    vertices = packages.vertices(person.macro | person.details | expression)
    brow_colour: Colour = tuple(np.array(person.hair_colour) * 0.6)
    meshes = [
        packages.body(vertices, person.skin, person.tone),
        packages.worn(vertices, "eyes/Low-Poly", picture=person.eyes),
        packages.worn(vertices, f"clothes/{person.clothes}", person.clothes_colour),
        packages.worn(vertices, f"eyebrows/{person.brows}", brow_colour),
        packages.worn(vertices, "eyelashes/eyelashes02"),
        packages.worn(vertices, f"hair/{person.hair}", person.hair_colour),
    ]
    eyes = meshes[1].vertices.mean(axis=0)
    turn, neck = rotation(shot), np.array([0.0, eyes[1] - 1.6, 0.0])
    return [each.moved((each.vertices - neck) @ turn.T + neck - (0, eyes[1] - 0.35, 0)) for each in meshes]


def rotation(shot: Shot) -> Floats:
    """Of a head, about its neck."""
    yaw, pitch, roll = np.radians([shot.yaw, shot.pitch, shot.roll])
    about_y = [[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]]
    about_x = [[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]]
    about_z = [[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]]
    return np.array(about_z) @ np.array(about_x) @ np.array(about_y)


def photographed(packages: MakeHuman, person: Person, shot: Shot, camera: Camera) -> Floats:
    """Height × width × 4, linear."""
    return camera.picture(posed(packages, person, shot), shot.light)


def shots(name: str, count: int) -> list[Shot]:
    """As different as pictures of one person are, and always the same for one name."""
    chance = random.Random(name)
    return [some_shot(chance, number) for number in range(count)]


def some_shot(chance: random.Random, number: int) -> Shot:
    """A shot; the lamp changes sides from one to the next."""
    side = 1 if number % 2 else -1
    warm = chance.uniform(-0.12, 0.12)
    return Shot(
        yaw=chance.uniform(-16, 16),
        pitch=chance.uniform(-6, 6),
        roll=chance.uniform(-6, 6),
        smile=chance.uniform(0.0, 0.9),
        light=Light(
            key=(side * chance.uniform(0.3, 0.8), chance.uniform(0.35, 0.8), 0.9),
            key_colour=(0.95 + warm, 0.92, 0.9 - warm),
        ),
    )


CAUCASIAN, AFRICAN, ASIAN = "caucasian", "african", "asian"

CHIARA = Person(
    body({CAUCASIAN: 1.0}, "female", 0.08),
    {"head/head-oval": 0.6, "nose/nose-hump-incr": 0.4, "nose/nose-scale-vert-incr": 0.3}
    | {"mouth/mouth-scale-horiz-incr": 0.3, "chin/chin-width-decr": 0.4},
    skin="young_lightskinned_female_diffuse",
    hair="long01",
    hair_colour=(0.030, 0.016, 0.010),
    brows="eyebrow002",
    clothes="female_casualsuit01",
    clothes_colour=(0.30, 0.05, 0.06),
)

CAST = {
    "anna": Person(
        body({CAUCASIAN: 1.0}, "female", 0.0),
        {"head/head-round": 0.7, "nose/nose-curve-concave": 0.6, "nose/nose-point-up": 0.5}
        | {"nose/nose-scale-vert-decr": 0.4, "chin/chin-prominent-incr": 0.3}
        | sides("cheek/cheek-volume-incr", 0.6)
        | sides("eyes/eye-scale-incr", 0.5),
        skin="young_lightskinned_female_diffuse2",
        hair="ponytail01",
        hair_colour=(0.42, 0.25, 0.10),
        brows="eyebrow001",
        clothes="female_sportsuit01",
        clothes_colour=(0.55, 0.52, 0.45),
        eyes="lightblue_eye.png",
    ),
    "ben": Person(
        body({AFRICAN: 1.0}, "male", 0.05),
        {"head/head-rectangular": 0.5},
        skin="young_darkskinned_male_diffuse",
        hair="short04",
        hair_colour=(0.012, 0.010, 0.009),
        brows="eyebrow004",
        clothes="male_casualsuit02",
        clothes_colour=(0.45, 0.30, 0.06),
        tone=(1.5, 1.45, 1.4),
    ),
    "chiara": CHIARA,
    "daisuke": Person(
        body({ASIAN: 1.0}, "male", 0.15),
        {"head/head-square": 0.5},
        skin="young_lightskinned_male_diffuse3",
        hair="short02",
        hair_colour=(0.014, 0.012, 0.012),
        brows="eyebrow008",
        clothes="male_casualsuit04",
        clothes_colour=(0.04, 0.09, 0.16),
    ),
    "elif": Person(
        body({CAUCASIAN: 0.65, AFRICAN: 0.35}, "female", 0.25),
        {"head/head-square": 0.7, "nose/nose-hump-incr": 0.6, "nose/nose-scale-horiz-incr": 0.5}
        | {"nose/nose-scale-vert-incr": 0.4, "mouth/mouth-scale-horiz-incr": 0.4}
        | {"chin/chin-width-incr": 0.5, "eyebrows/eyebrows-trans-down": 0.5}
        | sides("eyes/eye-scale-decr", 0.4)
        | sides("cheek/cheek-bones-incr", 0.5),
        skin="middleage_lightskinned_female_diffuse2",
        hair="short02",
        hair_colour=(0.035, 0.014, 0.008),
        brows="eyebrow010",
        clothes="female_casualsuit02",
        clothes_colour=(0.03, 0.16, 0.12),
        tone=(0.80, 0.70, 0.60),
    ),
    "frank": Person(
        body({CAUCASIAN: 1.0}, "male", 0.6),
        {"head/head-fat-incr": 0.4, "nose/nose-volume-incr": 0.5},
        skin="old_lightskinned_male_diffuse",
        hair="short01",
        hair_colour=(0.30, 0.29, 0.28),
        brows="eyebrow009",
        clothes="male_casualsuit06",
        clothes_colour=(0.20, 0.24, 0.30),
        eyes="grey_eye.png",
    ),
}
