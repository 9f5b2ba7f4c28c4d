"""Chat templates, against transformers where it is installed; and what a template must not do."""

import json

import pytest
from hub_text.generation.template import ChatTemplate, read_template

from hub.errors import InferenceError, InputError
from plugins.text.tests.tokenizers_made import byte_level

USER = {"role": "user", "content": "Is 1 < 2? „Ja“ & <b>"}
TALK = [{"role": "system", "content": " Be brief. "}, USER, {"role": "assistant", "content": "Yes."}, USER]
TOKENS = {"bos_token": "<s>", "eos_token": "</s>"}

# The shapes that published templates take.
TEMPLATES = {
    "chatml": (
        "{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>'"
        " + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
    ),
    "trimmed-blocks": """{{- bos_token }}
{%- set ns = namespace(first=true) %}
{% for message in messages %}
    {% if message.role == 'system' %}
        {{- '[SYS]' ~ message.content | trim ~ '[/SYS]' }}
        {% continue %}
    {% endif %}
    {%- if ns.first %}{% set ns.first = false %}{{ 'first ' }}{% endif %}
    {{- message.role + ': ' + message.content + eos_token -}}
{% endfor %}
{% if add_generation_prompt %}
assistant:
{% endif %}
""",
    "json-and-tools": (
        "{% if tools is not none %}{{ tools | tojson }}{% endif %}{% if documents %}docs{% endif %}"
        "{% for m in messages %}{{ m | tojson }}{{ m | tojson(indent=2) }}{% endfor %}"
    ),
    "generation-mark": (
        "{% for m in messages %}{% if m.role == 'assistant' %}{% generation %}{{ m.content }}{% endgeneration %}"
        "{% else %}{{ m.content }}{% endif %}{% if loop.index == 3 %}{% break %}{% endif %}{% endfor %}"
    ),
    "undefined": "{{ messages[0].tool_calls }}{% if messages[0].tool_calls is defined %}x{% endif %}{{ nothing }}",
    "dict": "{% set d = dict(a=1) %}{{ d.a }}{{ strftime_now('%Y') | length }}",
}


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("messages", [TALK, TALK[1:], [USER]])
def test_a_conversation_is_rendered_as_transformers_does(name, messages):
    transformers = pytest.importorskip("transformers", reason="transformers is what it is compared with")
    peer = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_level(), chat_template=TEMPLATES[name], **TOKENS)
    expected = peer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert ChatTemplate(TEMPLATES[name], TOKENS, "here").render(messages) == expected


@pytest.mark.parametrize("content", ["The answer is", "The answer is ", "  spaced"])
def test_the_last_message_of_the_assistant_is_left_open(content):
    messages = [USER, {"role": "assistant", "content": content}]
    text = ChatTemplate(TEMPLATES["chatml"], TOKENS, "here").render(messages)
    assert text.endswith(f"<|im_start|>assistant\n{content}")
    transformers = pytest.importorskip("transformers", reason="transformers is what it is compared with")
    peer = transformers.PreTrainedTokenizerFast(tokenizer_object=byte_level(), chat_template=TEMPLATES["chatml"])
    assert text == peer.apply_chat_template(messages, tokenize=False, continue_final_message=True)


def test_what_a_template_puts_behind_an_answer_is_known():
    assert ChatTemplate(TEMPLATES["chatml"], {}, "here").ending() == "<|im_end|>\n"
    assert ChatTemplate("{{ raise_exception('no') }}", {}, "here").ending() == ""


def test_a_conversation_that_the_template_refuses_is_the_callers_mistake():
    template = ChatTemplate("{{ raise_exception('roles must alternate') }}", {}, "here")
    with pytest.raises(InputError, match="roles must alternate"):
        template.render([USER])


def test_an_answer_that_the_template_leaves_out_cannot_be_continued():
    with pytest.raises(InputError, match="leaves out the last message"):
        ChatTemplate("nothing", {}, "here").render([USER, {"role": "assistant", "content": "Yes"}])


@pytest.mark.parametrize(
    "attack",
    [
        "{{ ''.__class__.__mro__ }}",
        "{{ messages.append(1) }}",
        "{{ messages[0].update({'role': 'x'}) }}",
        "{% set n = namespace(__init__=1) %}",
        "{% set n = namespace() %}{% set n.__class__ = 1 %}",
        "{{ raise_exception.__globals__['os'] }}",
        "{{ dict.__base__.__subclasses__() }}",
        "{{ range(1000000000) | length }}",
        "{% include 'x' %}",
        "{{ messages[0].content.nothing.more }}",
    ],
)
def test_a_template_reaches_nothing_and_a_failing_one_is_named(attack):
    with pytest.raises(InferenceError, match="here"):
        ChatTemplate(attack, {}, "here").render([USER])


def test_a_template_that_is_none_is_named():
    with pytest.raises(InferenceError, match=r"here cannot be read.*endfor"):
        ChatTemplate("{% for x in y %}", {}, "here")


def test_the_file_of_its_own_comes_before_the_json_files(tmp_path):
    assert read_template(tmp_path) is None
    config = {
        "chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d{{ bos_token }}"}]
    }
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({**config, "bos_token": {"content": "<s>"}}))
    assert read_template(tmp_path).render([USER]) == "d<s>"
    (tmp_path / "chat_template.json").write_text('{"chat_template": "p"}')
    assert read_template(tmp_path).render([USER]) == "p"
    (tmp_path / "chat_template.jinja").write_text("j{{ eos_token }}")
    (tmp_path / "special_tokens_map.json").write_text('{"eos_token": "</s>"}')
    assert read_template(tmp_path).render([USER]) == "j</s>"
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(InferenceError, match=r"chat_template\.jinja cannot be read"):
        read_template(tmp_path)
