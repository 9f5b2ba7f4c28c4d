"""Which repositories are ours, by their files and config."""

import pytest
from hub_audio import claims

SILERO = (("silero_vad.onnx",), {})
PIPER = (("voice.onnx", "voice.onnx.json", "MODEL_CARD"), {})
WHISPER = (("model.safetensors", "config.json", "tokenizer.json", "vocab.json"), {"model_type": "whisper"})
CTRANSLATE2 = (("model.bin", "config.json", "tokenizer.json"), {"alignment_heads": [[1, 0]]})
WAV2VEC2 = (("model.safetensors", "vocab.json"), {"model_type": "wav2vec2", "architectures": ["Wav2Vec2ForCTC"]})
BERT = (("model.safetensors", "tokenizer.json", "config.json"), {"model_type": "bert"})


@pytest.mark.parametrize(
    ("claim", "its"),
    [
        (claims.silero, [SILERO]),
        (claims.piper, [PIPER]),
        (claims.whisper, [WHISPER, CTRANSLATE2]),
        (claims.ctc, [WAV2VEC2]),
    ],
)
def test_each_claims_its_own_and_no_other(claim, its):
    for each in (SILERO, PIPER, WHISPER, CTRANSLATE2, WAV2VEC2, BERT):
        assert claim(*each) is (each in its)
