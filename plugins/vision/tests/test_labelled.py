"""Pictures whose right answers are known: what measures are taken on."""

import numpy as np
from hub_vision.labelled import pages
from hub_vision.labelled import photos as views_of
from hub_vision.plugin import hub_tasks


def test_no_photo_that_is_measured_on_is_left_to_transforms(photos):
    [task] = [task for task in hub_tasks() if task.id == "image-classification"]
    names = [file.path for file in task.data]
    kept = names[len(names) - len(names) // 4 :]
    measured = views_of(tuple(photos / name for name in kept))
    assert len(measured) == 8 * len(kept)
    assert {label for _, label in measured} == {"Egyptian cat", "espresso"}
    assert views_of(tuple(photos / name for name in names if name not in kept)) == []
    assert len({view.tobytes() for view, _ in measured}) == len(measured)
    assert {(view.dtype, view.shape[2]) for view, _ in measured} == {(np.dtype(np.uint8), 3)}


def test_pages_are_the_same_each_time():
    one, other = pages(), pages()
    assert len(one) == 12
    assert len({text for _, text in one}) == 2
    assert all(np.array_equal(page, again) for (page, _), (again, _) in zip(one, other, strict=True))
