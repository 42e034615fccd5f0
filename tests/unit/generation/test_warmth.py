from services.generation.warmth import COLD_START_S, Warmth


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_it_sleeps_until_it_is_asked_and_learns_how_long_waking_takes() -> None:
    clock = Clock()
    warmth = Warmth(scaledown_s=60, now=clock)
    assert (warmth.readiness().state, warmth.readiness().eta_s) == ("asleep", COLD_START_S)
    waking = warmth.asked()
    clock.now = 4
    assert (warmth.readiness().state, warmth.readiness().eta_s) == ("waking", COLD_START_S - 4)
    warmth.answered(waking, paint_s=1.0)
    assert warmth.readiness().state == "warm"
    clock.now = 4 + 61
    assert (warmth.readiness().state, warmth.readiness().eta_s) == ("asleep", (COLD_START_S + 3) / 2)


def test_calls_of_a_warm_model_teach_nothing_about_waking() -> None:
    clock = Clock()
    warmth = Warmth(scaledown_s=60, now=clock)
    warmth.answered(warmth.asked(), paint_s=0.0)
    learned = Warmth(scaledown_s=60, now=clock)
    clock.now = 30
    waking = warmth.asked()
    assert waking is None
    clock.now = 55
    warmth.answered(waking, paint_s=1.0)
    assert warmth.readiness().state == "warm"
    clock.now = 200
    assert warmth.readiness().eta_s == COLD_START_S / 2 != learned.readiness().eta_s


def test_containers_that_are_kept_are_warm_once_they_had_time_to_start() -> None:
    clock = Clock()
    warmth = Warmth(scaledown_s=60, now=clock)
    warmth.keeping(1, 300)
    assert warmth.readiness().state == "waking"
    clock.now = COLD_START_S + 1
    assert warmth.readiness().state == "warm"
    clock.now = 5000
    assert warmth.readiness().state == "warm"
    warmth.keeping(0, 300)
    assert warmth.readiness().state != "warm"


def test_after_a_failure_nothing_is_believed_to_be_warm() -> None:
    clock = Clock()
    warmth = Warmth(scaledown_s=60, now=clock)
    warmth.answered(warmth.asked(), paint_s=0.0)
    warmth.failed()
    assert warmth.readiness().state == "asleep"
