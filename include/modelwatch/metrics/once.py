"""What is derived from a reference is derived once, for it is compared with many windows."""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from modelwatch.profile.features import FeatureProfile
from modelwatch.profile.window import Profile

P = TypeVar("P", bound=FeatureProfile | Profile)
T = TypeVar("T")


def once_per_profile(derive: Callable[[P], T]) -> Callable[[P], T]:
    """Remember what a function derives from a profile for as long as the profile lives."""
    known: WeakKeyDictionary[P, T] = WeakKeyDictionary()

    @wraps(derive)
    def derived(profile: P) -> T:
        if profile not in known:
            known[profile] = derive(profile)
        return known[profile]

    return derived
