"""Real weights, behind the public API; and real sentences to classify."""

import zipfile

import pytest

from tests.conftest import CACHE, hub_home, pip, pull_once, run_hub, weights_home  # noqa: F401

_WHEEL, _SENTENCES = "gensim==4.4.0", "gensim/test/test_data/pang_lee_polarity.cor"


@pytest.fixture(scope="session")
def polarity():
    """200 sentences of film reviews, each with its label, `neg` or `pos` (Pang and Lee); fetched once."""
    from filelock import FileLock

    path = CACHE / "data" / "pang_lee_polarity.cor"
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(CACHE / "data.lock"):
        if not path.exists():
            path.write_bytes(_from_wheel(path.parent))
    lines = (line.split(" ", 1) for line in path.read_text(encoding="cp1252").splitlines() if line.strip())
    return [(text.strip(), label.removeprefix("__label__")) for label, text in lines]


def _from_wheel(folder):
    pip("download", "--quiet", "--no-deps", "--dest", str(folder), _WHEEL)
    [wheel] = folder.glob("gensim-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(_SENTENCES)
    wheel.unlink()
    return content


@pytest.fixture(scope="session")
def minilm_folder(weights_home):  # noqa: F811
    """The files of all-MiniLM-L6-v2, for tests that build on its weights."""
    import hub

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HUB_HOME", str(weights_home))
        pull_once(weights_home, "all-minilm-l6-v2:safetensors")
        return hub.pull("all-minilm-l6-v2:safetensors").path
