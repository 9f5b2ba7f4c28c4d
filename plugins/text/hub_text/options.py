"""The call options of this package's model plugins. Imports nothing but the contract."""

from __future__ import annotations

from hub.plugin import Option

__all__ = [
    "CLASSIFICATION",
    "EMBEDDING",
    "FILLING",
    "GENERATION",
    "RANKING",
    "TOKENS",
    "ZERO_SHOT",
]

_BATCH_SIZE = Option(name="batch_size", type=int, default=32, min=1, help="Texts that are computed together.")
_TRUNCATE = Option(
    name="truncate",
    type=bool,
    default=False,
    help="Cut texts that are longer than the model takes, and say so; otherwise they are refused.",
)

GENERATION = (
    Option(name="max_tokens", type=int, min=1, help="Tokens to generate; without it until the model ends."),
    Option(name="temperature", type=float, default=0.0, min=0, max=10, help="0 takes the likeliest token each time."),
    Option(name="top_p", type=float, default=1.0, min=0, max=1, help="Keep the likeliest tokens of this total."),
    Option(name="top_k", type=int, default=0, min=0, help="Keep this many of the likeliest tokens; 0 keeps all."),
    Option(name="seed", type=int, min=0, max=2**32 - 2, help="The same seed gives the same answer again."),
    Option(name="stop", type=str, many=True, help="Text that ends the answer and is not part of it."),
    Option(name="system", type=str, help="Instruction put before the conversation."),
    Option(name="schema", type=dict, help="JSON Schema that the answer must satisfy."),
    Option(name="raw", type=bool, default=False, help="Continue the text as it stands, without the chat template."),
    Option(
        name="presence_penalty",
        type=float,
        default=0.0,
        min=-2,
        max=2,
        help="Make tokens that came already less likely, or more likely below 0.",
    ),
    Option(
        name="frequency_penalty",
        type=float,
        default=0.0,
        min=-2,
        max=2,
        help="The same, for each time that a token came.",
    ),
    Option(name="logit_bias", type=dict, help="Added to the logits of tokens: their ids, with numbers, as JSON."),
    Option(
        name="top_logprobs",
        type=int,
        min=0,
        max=20,
        help="Tell the log-probability of each token, and of so many of the likeliest at its place.",
    ),
    Option(name="tools", type=dict, many=True, help="Function that may be called, as chat templates take it; JSON."),
    Option(
        name="tool_choice",
        type=str,
        default="auto",
        help="auto, none, required, or the name of the function that is to be called.",
    ),
    Option(name="parallel_tool_calls", type=bool, default=True, help="Let several functions be called at once."),
)
EMBEDDING = (
    Option(name="normalize", type=bool, help="Scale vectors to length 1; without it as the model's files say."),
    _BATCH_SIZE,
    _TRUNCATE,
)
CLASSIFICATION = (
    Option(name="top_k", type=int, default=5, min=0, help="Give this many labels, the best first; 0 gives all."),
    Option(
        name="function_to_apply",
        type=str,
        choices=("softmax", "sigmoid", "none"),
        help="How scores are made of logits; without it as the model's config says.",
    ),
    _BATCH_SIZE,
    _TRUNCATE,
)
TOKENS = (
    Option(
        name="aggregation_strategy",
        type=str,
        default="simple",
        choices=("none", "simple", "first", "average", "max"),
        help="How tokens are joined: not at all, neighbours of one label, or words first, by one of three scores.",
    ),
    Option(name="ignore_labels", type=str, many=True, default=["O"], help="Labels that are left out."),
    _BATCH_SIZE,
    _TRUNCATE,
)
FILLING = (
    Option(name="top_k", type=int, default=5, min=0, help="Give this many words, the best first; 0 gives all."),
    Option(name="targets", type=str, many=True, help="Choose among these words alone."),
    Option(name="batch_size", type=int, default=8, min=1, help="Texts that are computed together."),
    _TRUNCATE,
)
ZERO_SHOT = (
    Option(
        name="candidate_labels",
        type=str,
        many=True,
        help="Labels to choose from; one text may name several between commas.",
    ),
    Option(
        name="hypothesis_template",
        type=str,
        default="This example is {}.",
        help="Sentence that says a label, with {} where it goes.",
    ),
    Option(name="multi_label", type=bool, default=False, help="Score each label for itself: several may hold."),
    _BATCH_SIZE,
    _TRUNCATE,
)
RANKING = (
    Option(name="documents", type=str, many=True, help="Texts to sort, where the input is a query alone."),
    Option(name="top_k", type=int, default=0, min=0, help="Give this many documents, the best first; 0 gives all."),
    Option(name="return_documents", type=bool, default=True, help="Give the text of each document too."),
    Option(name="raw_scores", type=bool, default=False, help="Give logits as scores."),
    _BATCH_SIZE,
    _TRUNCATE,
)
